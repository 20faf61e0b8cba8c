/* The index of a folder of shards as JSON. */
#include "data/shards/index.h"

#include <limits.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/plain.h"
#include "base/try.h"

static const size_t index_size_max = (size_t)256 << 20;

const char *const shard_part_names[SHARD_PARTS] = {"train", "val", "noise"};

static void part_clear(shard_part *p)
{
    for (int64_t i = 0; i < p->shard_count; i++) mem_free(p->shards[i].file);
    for (int64_t i = 0; i < p->skipped_count; i++) {
        mem_free(p->skipped[i].file);
        mem_free(p->skipped[i].reason);
    }
    mem_free(p->shards);
    mem_free(p->skipped);
}

void shard_index_clear(shard_index *x)
{
    strings_free(x->classes, x->class_count);
    for (int i = 0; i < SHARD_PARTS; i++) part_clear(&x->parts[i]);
    *x = (shard_index)SHARD_INDEX_INIT;
}

shard_format shard_part_format(const shard_index *x, int part)
{
    shard_format f = x->format;
    if (part == SHARD_NOISE) f.flip = false;
    return f;
}

jem_status shard_part_check_done(const shard_index *x, int part, const char *dir)
{
    const shard_part *p = &x->parts[part];

    if (p->done == p->images) return JEM_OK;
    const shard_words *w = shard_words_of(x->format.kind);
    return jem_error(JEM_EDATA,
                     "%s: only %lld of %lld pictures of its part %s are %s: run the same "
                     "%s again to go on", dir, (long long)p->done,
                     (long long)p->images, shard_part_names[part], w->done, w->command);
}

jem_status shard_index_check_kind(const shard_index *x, shard_kind kind, const char *dir)
{
    const shard_words *has = shard_words_of(x->format.kind), *wanted = shard_words_of(kind);

    if (x->format.kind == kind) return JEM_OK;
    return jem_error(JEM_EDATA, "%s: holds %s, not %s: set data.kind to %s, or make %s with %s", dir,
                     has->rows, wanted->rows, has->kind, wanted->rows, wanted->command);
}

jem_status shard_index_name_classes(shard_index *x, char *const *names, int count)
{
    jem_status st;
    char **copies = NULL;
    int made = 0;

    TRY(MEM_NEW(copies, count));
    for (; made < count; made++) TRY(plain_utf8(&copies[made], names[made]));
    x->classes = copies;
    x->class_count = count;
    copies = NULL;
done:
    if (copies) strings_free(copies, made);
    return st;
}

jem_status shard_part_add_shard(shard_part *p, const char *file, int64_t rows,
                                 const char *checksum)
{
    jem_status st;
    shard_entry s = {.rows = rows};

    TRY(MEM_GROW(p->shards, p->shard_count, p->shard_room));
    TRY(mem_strdup(&s.file, file));
    memcpy(s.checksum, checksum, sizeof s.checksum - 1);
    p->shards[p->shard_count++] = s;
done:
    return st;
}

jem_status shard_part_skip(shard_part *p, const char *file, const char *reason)
{
    jem_status st;
    shard_skipped s = {NULL, NULL};

    TRY(MEM_GROW(p->skipped, p->skipped_count, p->skipped_room));
    TRY(plain_utf8(&s.file, file));
    TRY(plain_utf8(&s.reason, reason));
    p->skipped[p->skipped_count++] = s;
    return JEM_OK;
done:
    mem_free(s.file);
    return st;
}

/* ---- writing */

static json_t *shards_json(const shard_part *p)
{
    json_t *list = json_array();
    for (int64_t i = 0; list && i < p->shard_count; i++) {
        const shard_entry *s = &p->shards[i];
        if (json_array_append_new(list, json_pack("{s:s, s:I, s:s}", "file", s->file, "rows",
                                                  (json_int_t)s->rows, "checksum", s->checksum))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *skipped_json(const shard_part *p)
{
    json_t *list = json_array();
    for (int64_t i = 0; list && i < p->skipped_count; i++)
        if (json_array_append_new(list, json_pack("{s:s, s:s}", "file", p->skipped[i].file, "reason",
                                                  p->skipped[i].reason))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *part_json(const shard_part *p)
{
    return json_pack("{s:I, s:I, s:s, s:o, s:o}", "images", (json_int_t)p->images, "done",
                     (json_int_t)p->done, "listing", p->listing, "shards", shards_json(p),
                     "skipped", skipped_json(p));
}

static json_t *parts_json(const shard_index *x)
{
    const int count = x->format.kind == SHARD_LATENTS ? SHARD_PARTS : SHARD_NOISE;
    json_t *parts = json_object();
    for (int i = 0; parts && i < count; i++)
        if (json_object_set_new(parts, shard_part_names[i], part_json(&x->parts[i]))) {
            json_decref(parts);
            return NULL;
        }
    return parts;
}

static json_t *classes_json(const shard_index *x)
{
    json_t *list = json_array();
    for (int i = 0; list && i < x->class_count; i++)
        if (json_array_append_new(list, json_string(x->classes[i]))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

bool shard_index_exists(const char *dir)
{
    char *path = NULL;
    if (str_format(&path, "%s/index.json", dir)) return false;
    bool found = file_exists(path);
    mem_free(path);
    return found;
}

/* The keys of the index but for classes and parts. */
static json_t *format_json(const shard_format *f)
{
    const char *format = shard_words_of(f->kind)->format;

    if (f->kind == SHARD_PICTURES)
        return json_pack("{s:s, s:I, s:I, s:I, s:I, s:s}", "format", format, "picture",
                         (json_int_t)f->picture, "channels", (json_int_t)f->channels, "height",
                         (json_int_t)f->height, "width", (json_int_t)f->width, "resize",
                         image_kernel_name(f->resize));
    return json_pack("{s:s, s:s, s:f, s:I, s:I, s:I, s:I, s:b, s:s}", "format", format, "vae", f->vae,
                     "latent_scale", f->scale, "picture", (json_int_t)f->picture, "channels",
                     (json_int_t)f->channels, "height", (json_int_t)f->height, "width",
                     (json_int_t)f->width, "flip", (int)f->flip, "dtype", jem_dtype_name(f->dtype));
}

static json_t *index_json(const shard_index *x)
{
    json_t *root = format_json(&x->format);

    if (root && json_object_set_new(root, "classes", classes_json(x)) == 0 &&
        json_object_set_new(root, "parts", parts_json(x)) == 0)
        return root;
    json_decref(root);
    return NULL;
}

jem_status shard_index_write(const shard_index *x, const char *dir)
{
    jem_status st;
    char *path = NULL, *text = NULL;
    json_t *root = index_json(x);

    TRY(str_format(&path, "%s/index.json", dir));
    TRY(json_text(&text, root, JSON_INDENT(1) | JSON_REAL_PRECISION(17)));
    TRY(file_write(path, text, strlen(text)));
done:
    json_decref(root);
    mem_free(text);
    mem_free(path);
    return st;
}

/* ---- reading: every claim is checked */

/* The value of a key of the wanted kind; failures stay in r->st. */
typedef struct reader {
    const char *path;
    jem_status st;
} reader;

static void bad_key(reader *r, const char *key, const char *expected)
{
    if (r->st) return;
    r->st = jem_error(JEM_EDATA, "%s: '%s' is missing or not %s: the file is damaged or not jem's; "
                                 "make the set again", r->path, key, expected);
}

static int64_t get_integer(reader *r, const json_t *object, const char *key, int64_t least,
                           int64_t most)
{
    const json_t *v = json_object_get(object, key);
    if (json_is_integer(v) && json_integer_value(v) >= least && json_integer_value(v) <= most)
        return json_integer_value(v);
    bad_key(r, key, "a number in its range");
    return least;
}

static const char *get_string(reader *r, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text) return text;
    bad_key(r, key, "a text");
    return "";
}

/* Exactly `digits` hexadecimal digits into text[digits + 1]. */
static void get_hash(reader *r, char *text, size_t digits, const json_t *object, const char *key)
{
    const char *value = get_string(r, object, key);
    if (strlen(value) != digits || strspn(value, "0123456789abcdef") != digits)
        bad_key(r, key, "a hash");
    else
        memcpy(text, value, digits + 1);
}

static const json_t *get_array(reader *r, const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    if (!json_is_array(v)) bad_key(r, key, "a list");
    return v;
}

/* Another version's format is none that is damaged. */
static void read_kind(reader *r, shard_format *f, const json_t *root)
{
    const char *format = get_string(r, root, "format");

    for (int k = 0; k < SHARD_KINDS; k++) {
        if (strcmp(format, shard_words_of((shard_kind)k)->format) != 0) continue;
        f->kind = (shard_kind)k;
        return;
    }
    if (!r->st)
        r->st = jem_error(JEM_EDATA, "%s: 'format' is '%.40s'; this version of jem reads '%s' and '%s': make "
                                     "the set again with it, or use the version that wrote it", r->path,
                          format, shard_words_of(SHARD_LATENTS)->format,
                          shard_words_of(SHARD_PICTURES)->format);
}

static void read_sizes(reader *r, shard_format *f, const json_t *root)
{
    f->picture = get_integer(r, root, "picture", 1, 1 << 16);
    f->channels = get_integer(r, root, "channels", 1, 1 << 16);
    f->height = get_integer(r, root, "height", 1, 1 << 16);
    f->width = get_integer(r, root, "width", 1, 1 << 16);
}

static void read_pictures(reader *r, shard_format *f, const json_t *root)
{
    const char *resize = get_string(r, root, "resize");

    read_sizes(r, f, root);
    if (f->channels != 3) bad_key(r, "channels", "3");
    if (f->height != f->picture) bad_key(r, "height", "that of 'picture'");
    if (f->width != f->picture) bad_key(r, "width", "that of 'picture'");
    f->dtype = JEM_U8;
    f->resize = strcmp(resize, image_kernel_name(IMAGE_BICUBIC)) == 0 ? IMAGE_BICUBIC : IMAGE_BILINEAR;
    if (strcmp(resize, image_kernel_name(f->resize)) != 0) bad_key(r, "resize", "bilinear or bicubic");
}

static void read_latents(reader *r, shard_format *f, const json_t *root)
{
    const json_t *scale = json_object_get(root, "latent_scale");
    const char *dtype = get_string(r, root, "dtype");

    get_hash(r, f->vae, SHARD_VAE_SIZE - 1, root, "vae");
    f->scale = json_number_value(scale);
    if (!(f->scale > 0)) bad_key(r, "latent_scale", "a number above 0");
    read_sizes(r, f, root);
    f->flip = json_is_true(json_object_get(root, "flip"));
    if (!json_is_boolean(json_object_get(root, "flip"))) bad_key(r, "flip", "true or false");
    f->dtype = strcmp(dtype, "f16") == 0 ? JEM_F16 : JEM_F32;
    if (f->dtype == JEM_F32 && strcmp(dtype, "f32") != 0) bad_key(r, "dtype", "f16 or f32");
}

static jem_status read_classes(reader *r, shard_index *x, const json_t *root)
{
    jem_status st = JEM_OK;
    const json_t *list = get_array(r, root, "classes");

    if (json_array_size(list) < 1 || json_array_size(list) > INT_MAX)
        bad_key(r, "classes", "a list of names");
    if (r->st) return r->st;
    TRY(MEM_NEW(x->classes, json_array_size(list)));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (!name) bad_key(r, "classes", "a list of names");
        TRY(r->st);
        TRY(mem_strdup(&x->classes[i], name));
        x->class_count++;
    }
done:
    return st;
}

static jem_status read_part(reader *r, shard_part *p, const json_t *object)
{
    jem_status st = JEM_OK;
    const json_t *shards = get_array(r, object, "shards"), *skipped;
    int64_t rows = 0;

    skipped = get_array(r, object, "skipped");
    p->images = get_integer(r, object, "images", 0, INT32_MAX);
    p->done = get_integer(r, object, "done", 0, p->images);
    get_hash(r, p->listing, sizeof p->listing - 1, object, "listing");
    for (size_t i = 0; i < json_array_size(shards); i++) {
        const json_t *s = json_array_get(shards, i);
        const char *file = get_string(r, s, "file");
        char checksum[SHARD_CHECKSUM_SIZE] = "";
        get_hash(r, checksum, sizeof checksum - 1, s, "checksum");
        int64_t n = get_integer(r, s, "rows", 0, p->done - rows);
        if (r->st == JEM_OK && name_check(file, "shard") != JEM_OK)
            r->st = jem_error_context(JEM_EDATA, "%s", r->path);
        TRY(r->st);
        TRY(shard_part_add_shard(p, file, n, checksum));
        rows += n;
    }
    for (size_t i = 0; i < json_array_size(skipped); i++) {
        const json_t *s = json_array_get(skipped, i);
        const char *file = get_string(r, s, "file"), *reason = get_string(r, s, "reason");
        TRY(r->st);
        TRY(shard_part_skip(p, file, reason));
    }
    if (rows + p->skipped_count != p->done) bad_key(r, "done", "the number of pictures done");
    TRY(r->st);
done:
    return st;
}

jem_status shard_index_read(shard_index *out, const char *dir)
{
    jem_status st;
    shard_index x = SHARD_INDEX_INIT;
    char *path = NULL;
    json_t *root = NULL;
    reader r = {NULL, JEM_OK};

    TRY(str_format(&path, "%s/index.json", dir));
    TRY(json_read(&root, path, index_size_max));
    r.path = path;
    read_kind(&r, &x.format, root);
    if (x.format.kind == SHARD_PICTURES)
        read_pictures(&r, &x.format, root);
    else
        read_latents(&r, &x.format, root);
    TRY(read_classes(&r, &x, root));
    const int parts = x.format.kind == SHARD_LATENTS ? SHARD_PARTS : SHARD_NOISE;
    for (int i = 0; i < parts; i++) {
        const json_t *part = json_object_get(json_object_get(root, "parts"), shard_part_names[i]);
        if (part || i != SHARD_NOISE) TRY(read_part(&r, &x.parts[i], part)); /* older sets have none */
    }
    *out = x;
    x = (shard_index)SHARD_INDEX_INIT;
done:
    shard_index_clear(&x);
    json_decref(root);
    mem_free(path);
    return st;
}
