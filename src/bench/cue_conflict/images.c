/* Reading the images of shape against texture, and checking that all are there. */
#include "bench/cue_conflict/images.h"

#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/mvh_pictures.h"
#include "record/image_name.h"

enum {
    PLANE = CUE_SMALL_SIZE * CUE_SMALL_SIZE,
    RECORD_BYTES = 2 + 3 * PLANE, /* shape, texture (255: none), red, green, blue */
    NO_TEXTURE = 255,
    IMAGES_PER_PAIR = 5
};

static bool has_texture(const mvh_set *set) { return strcmp(set->name, "cue-conflict") == 0; }

static bool is_digits(const char *text, size_t size)
{
    return size > 0 && strspn(text, "0123456789") >= size;
}

/* The id begins with the category's name and a number, and in cue-conflict ends with a
 * texture's. */
static jem_status read_id(int32_t *texture, const char *id, int32_t shape, const mvh_set *set)
{
    const char *name = category_names[shape];
    size_t letters = strlen(name), stem = strcspn(id, ".");
    size_t end = has_texture(set) ? strcspn(id, "-") : stem;
    int found = -1;
    if (strncmp(id, name, letters) != 0 || end <= letters ||
        !is_digits(id + letters, end - letters))
        return jem_error(JEM_EDATA,
                         "%s: '%s' among the shapes of category %s; expected a name "
                         "such as %s7%s.png",
                         set->name, id, name, name, has_texture(set) ? "-elephant1" : "");
    if (has_texture(set)) {
        jem_status st = image_texture(&found, id);
        if (st != JEM_OK) return jem_error_context(st, "%s", set->name);
        /* nothing but shape, "-" and texture */
        if (strchr(id + end + 1, '-'))
            return jem_error(JEM_EDATA, "%s: '%s' has two textures", set->name, id);
    }
    if (strcmp(id + stem, ".png") != 0)
        return jem_error(JEM_EDATA, "%s: '%s' does not end in .png", set->name, id);
    *texture = found;
    return JEM_OK;
}

/* Copies id and path (which may be NULL). */
static jem_status add_image(cue_images *c, const char *id, const char *path, const uint8_t *planes,
                            int32_t shape)
{
    jem_status st;
    cue_image one = {.planes = planes, .shape = shape};

    if (c->count == c->set->images)
        return jem_error(JEM_EDATA, "%s: more than its %lld images", c->set->name,
                         (long long)c->set->images);
    TRY(read_id(&one.texture, id, shape, c->set));
    TRY(MEM_GROW(c->items, c->count, c->capacity));
    TRY(mem_strdup(&one.id, id));
    if (path) TRY(mem_strdup(&one.path, path));
    c->items[c->count++] = one;
    return JEM_OK;
done:
    mem_free(one.id);
    return st;
}

static int compare_ids(const void *a, const void *b)
{
    const cue_image *p = a, *q = b;
    return strcmp(p->id, q->id);
}

static jem_status check_whole(const cue_images *c)
{
    int pairs[CATEGORY_COUNT][CATEGORY_COUNT] = {{0}};
    static const char remedy[] = "cue-conflict.subset=true scores what is there";
    if (c->count != c->set->images)
        return jem_error(JEM_EDATA, "%s: %lld images instead of %lld; %s", c->set->name,
                         (long long)c->count, (long long)c->set->images, remedy);
    if (!has_texture(c->set)) return JEM_OK;
    for (int64_t i = 0; i < c->count; i++) pairs[c->items[i].shape][c->items[i].texture]++;
    for (int s = 0; s < CATEGORY_COUNT; s++)
        for (int t = 0; t < CATEGORY_COUNT; t++)
            if (pairs[s][t] != IMAGES_PER_PAIR)
                return jem_error(JEM_EDATA,
                                 "%s: %d images of shape %s with texture %s instead of %d; %s",
                                 c->set->name, pairs[s][t], category_names[s], category_names[t],
                                 IMAGES_PER_PAIR, remedy);
    return JEM_OK;
}

/* Sorts and checks; on success *out takes over all of *c. */
static jem_status finish(cue_images *out, cue_images *c, bool whole)
{
    if (c->count == 0) return jem_error(JEM_EDATA, "%s: no images", c->set->name);
    qsort(c->items, (size_t)c->count, sizeof *c->items, compare_ids);
    for (int64_t i = 1; i < c->count; i++)
        if (strcmp(c->items[i - 1].id, c->items[i].id) == 0)
            return jem_error(JEM_EDATA, "%s: image %s occurs twice", c->set->name, c->items[i].id);
    if (whole) {
        jem_status st = check_whole(c);
        if (st != JEM_OK) return st;
    }
    *out = *c;
    *c = (cue_images)CUE_IMAGES_INIT;
    return JEM_OK;
}

/* ---- the three places they come from */

bool cue_images_have_files(const char *folder, const mvh_set *set)
{
    bool there = false;
    for (int c = 0; c < CATEGORY_COUNT && !there; c++) {
        char *path = NULL;
        there = str_format(&path, "%s/%s/%s", folder, set->name, category_names[c]) == JEM_OK &&
                dir_exists(path);
        mem_free(path);
    }
    return there;
}

jem_status cue_images_read_files(cue_images *out, const char *folder, const mvh_set *set,
                                 bool whole)
{
    jem_status st;
    cue_images c = CUE_IMAGES_INIT;
    mvh_pictures found = MVH_PICTURES_INIT;

    c.set = set;
    TRY(mvh_pictures_read(&found, folder, set));
    for (int64_t i = 0; i < found.count; i++) {
        const mvh_picture *p = &found.items[i];
        TRY(add_image(&c, p->id, p->path, NULL, p->category));
    }
    TRY(finish(out, &c, whole));
done:
    mvh_pictures_clear(&found);
    cue_images_clear(&c);
    return st;
}

bool cue_images_have_records(const char *folder, const mvh_set *set)
{
    char *path = NULL;
    bool there =
        str_format(&path, "%s/%s-32.bin", folder, set->name) == JEM_OK && file_exists(path);
    mem_free(path);
    return there;
}

/* One line of records-32.tsv: set, record, shape, texture, imagename. */
static jem_status add_record(cue_images *c, const field_reader *r, int64_t records)
{
    int64_t record;
    jem_status st = field_reader_integer(&record, r, 1);
    if (st != JEM_OK) return st;
    int shape = category_find(r->fields[2]), texture = category_find(r->fields[3]);
    if (shape < 0)
        return jem_error(JEM_EDATA, "%s:%lld: '%s' is not one of the %d categories", r->path,
                         (long long)r->line, r->fields[2], CATEGORY_COUNT);
    if (record < 0 || record >= records)
        return jem_error(JEM_EDATA, "%s:%lld: there is no record %lld of %s, only %lld", r->path,
                         (long long)r->line, (long long)record, c->set->name, (long long)records);
    const uint8_t *bytes = (const uint8_t *)c->records + record * RECORD_BYTES;
    if (bytes[0] != shape || bytes[1] != (texture < 0 ? NO_TEXTURE : texture))
        return jem_error(JEM_EDATA,
                         "%s:%lld: record %lld of %s-32.bin has shape %d and texture %d, not %s "
                         "and %s",
                         r->path, (long long)r->line, (long long)record, c->set->name, bytes[0],
                         bytes[1], r->fields[2], r->fields[3]);
    st = add_image(c, r->fields[4], NULL, bytes + 2, shape);
    return st == JEM_OK ? st : jem_error_context(st, "%s:%lld", r->path, (long long)r->line);
}

static jem_status add_records(cue_images *c, const char *tsv, int64_t records)
{
    jem_status st;
    field_reader r = FIELD_READER_INIT;
    int more;
    enum { COLUMNS = 5 };

    TRY(field_reader_open(&r, tsv, '\t'));
    TRY(field_reader_next(&r, &more));
    if (!more || r.count != COLUMNS || strcmp(r.fields[0], "set") != 0) {
        st = jem_error(JEM_EDATA, "%s: expected the columns set, record, shape, texture, imagename",
                       tsv);
        goto done;
    }
    for (;;) {
        TRY(field_reader_next(&r, &more));
        if (!more) break;
        TRY(field_reader_expect(&r, COLUMNS));
        if (strcmp(r.fields[0], c->set->name) == 0) TRY(add_record(c, &r, records));
    }
done:
    field_reader_clear(&r);
    return st;
}

jem_status cue_images_read_records(cue_images *out, const char *folder, const mvh_set *set,
                                   bool whole)
{
    jem_status st;
    cue_images c = CUE_IMAGES_INIT;
    char *path = NULL, *tsv = NULL;
    size_t size = 0;
    const size_t expected = (size_t)set->images * RECORD_BYTES;

    c.set = set;
    TRY(str_format(&path, "%s/%s-32.bin", folder, set->name));
    TRY(str_format(&tsv, "%s/records-32.tsv", folder));
    TRY(file_read(&c.records, &size, path, expected + RECORD_BYTES));
    if (size % RECORD_BYTES != 0 || (whole && size != expected)) {
        st = jem_error(JEM_EDATA, "%s: %zu bytes instead of %lld records of %d", path, size,
                       (long long)set->images, RECORD_BYTES);
        goto done;
    }
    TRY(add_records(&c, tsv, (int64_t)(size / RECORD_BYTES)));
    TRY(finish(out, &c, whole));
done:
    mem_free(tsv);
    mem_free(path);
    cue_images_clear(&c);
    return st;
}

jem_status cue_images_of_people(cue_images *out, const mvh_people *people, bool whole)
{
    jem_status st;
    cue_images c = CUE_IMAGES_INIT;

    c.set = people->set;
    for (int64_t i = 0; i < people->all.images; i++)
        TRY(add_image(&c, people->all.image[i], NULL, NULL, people->category[i]));
    TRY(finish(out, &c, whole));
done:
    cue_images_clear(&c);
    return st;
}

void cue_images_clear(cue_images *c)
{
    for (int64_t i = 0; i < c->count; i++) {
        mem_free(c->items[i].id);
        mem_free(c->items[i].path);
    }
    mem_free(c->items);
    mem_free(c->records);
    *c = (cue_images)CUE_IMAGES_INIT;
}

/* ---- pixels */

jem_status cue_image_read(image *out, const cue_image *c)
{
    if (c->path) return mvh_picture_read(out, c->path);
    if (!c->planes) return jem_error(JEM_EDATA, "%s: only its name is known", c->id);
    image m = IMAGE_INIT;
    jem_status st = image_init(&m, CUE_SMALL_SIZE, CUE_SMALL_SIZE, 3);
    if (st != JEM_OK) return st;
    for (int i = 0; i < PLANE; i++)
        for (int k = 0; k < 3; k++) m.pixels[3 * i + k] = c->planes[k * PLANE + i];
    *out = m;
    return JEM_OK;
}
