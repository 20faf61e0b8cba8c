/* What a folder of data holds: see data_facts.h. */
#include "bench/data_facts.h"

#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "data/shards/set.h"
#include "data/sources/imagenet.h"
#include "tensor/npz.h"

void data_facts_clear(data_facts *f)
{
    for (int64_t i = 0; i < f->part_count; i++) {
        mem_free(f->parts[i].name);
        mem_free(f->parts[i].line);
    }
    mem_free(f->parts);
    strings_free(f->class_names, f->class_names ? (int)f->classes : 0);
    mem_free(f->class_images);
    mem_free(f->kind);
    strbuf_clear(&f->text);
    *f = (data_facts)DATA_FACTS_INIT;
}

/* The kind of a folder with an index; one that cannot be read says so to whoever reads it. */
static const char *indexed_kind(const char *path)
{
    shard_index x = SHARD_INDEX_INIT;
    const shard_kind kind = shard_index_read(&x, path) == JEM_OK ? x.format.kind : SHARD_LATENTS;
    shard_index_clear(&x);
    return shard_words_of(kind)->kind;
}

/* The kind whose characteristic file the folder has; any other is read as
 * pictures by class. */
static jem_status guess_kind(const char **kind, const char *path)
{
    static const char *const signs[][2] = {{"scene_log.csv", "gloss"},
                                           {"data_batch_1.bin", "cifar10"},
                                           {"test_batch.bin", "cifar10"},
                                           {"images.npy", "npy"},
                                           {"train_x.npy", "npy"}};
    *kind = npz_is(path) ? "npy" : shard_index_exists(path) ? indexed_kind(path) : "folder";
    for (size_t k = 0; k < sizeof signs / sizeof *signs; k++) {
        char *file = NULL;
        jem_status st = str_format(&file, "%s/%s", path, signs[k][0]);
        if (st != JEM_OK) return st;
        bool found = file_exists(file);
        mem_free(file);
        if (found) {
            *kind = signs[k][1];
            return JEM_OK;
        }
    }
    return JEM_OK;
}

/* ---- images to train on */

static void count_labels(int64_t *counts, const dataset *d)
{
    for (int64_t i = 0; d && i < d->n; i++) counts[d->labels[i]]++;
}

static jem_status take_names(data_facts *f, char *const *names)
{
    jem_status st = JEM_OK;
    if (!names) return JEM_OK;
    TRY(MEM_NEW(f->class_names, f->classes));
    for (int64_t k = 0; k < f->classes; k++) TRY(mem_strdup(&f->class_names[k], names[k]));
done:
    return st;
}

static jem_status take_images(data_facts *f, const char *path, const splits *s)
{
    jem_status st;
    const dataset *d = s->train;

    f->train = d->n;
    f->val = s->val ? s->val->n : 0;
    f->test = s->test ? s->test->n : 0;
    f->channels = d->channels;
    f->height = d->height;
    f->width = d->width;
    f->classes = d->classes;
    TRY(take_names(f, d->class_names));
    TRY(MEM_NEW(f->class_images, d->classes));
    count_labels(f->class_images, d);
    count_labels(f->class_images, s->val);
    count_labels(f->class_images, s->test);
    plain_printf(&f->text, "%s: %s\n", path, f->kind);
    plain_printf(&f->text, "images   %" PRId64 " (%" PRId64 " train, %" PRId64 " validation, %" PRId64 " test)\n",
                 f->train + f->val + f->test, f->train, f->val, f->test);
    plain_printf(&f->text, "shape    %" PRId64 " x %" PRId64 " x %" PRId64 " (%s)\n", d->channels, d->height, d->width,
                 dataset_is_8bit(d) ? "8 bit" : "float");
    plain_printf(&f->text, "classes  %" PRId64 "\n", d->classes);
    for (int64_t k = 0; k < d->classes; k++)
        plain_printf(&f->text, "  %8" PRId64 "  %s\n", f->class_images[k], d->class_names ? d->class_names[k] : "");
    for (int k = 0; k < d->column_count; k++)
        plain_printf(&f->text, "%s%s", k ? ", " : "columns  ", d->columns[k].name);
    if (d->column_count) strbuf_add(&f->text, "\n");
done:
    return st;
}

/* *n <- pictures of noise in a folder of latents, all verified; loading the data reads none. */
static jem_status check_noise(int64_t *n, const char *dir)
{
    jem_status st;
    shard_index x = SHARD_INDEX_INIT;
    shard_set *s = NULL;

    TRY(shard_index_read(&x, dir));
    TRY(shard_part_check_done(&x, SHARD_NOISE, dir));
    TRY(shard_set_open(&s, &x, SHARD_NOISE, dir));
    *n = shard_set_count(s);
done:
    shard_set_free(s);
    shard_index_clear(&x);
    return st;
}

/* All of the packed pictures, which loading the data does not read. */
static jem_status verify_packed(const char *dir)
{
    jem_status st;
    shard_index x = SHARD_INDEX_INIT;

    TRY(shard_index_read(&x, dir));
    TRY(shard_part_verify(&x, SHARD_TRAIN, dir));
    TRY(shard_part_verify(&x, SHARD_VAL, dir));
done:
    shard_index_clear(&x);
    return st;
}

static jem_status read_images(data_facts *f, const data_question *q)
{
    data_options o = {.sources = q->sources};
    splits s = {NULL, NULL, NULL};
    jem_status st;
    const option_group groups[] = {{"data", data_option_table, &o}, {NULL, NULL, NULL}};

    TRY(options_defaults(groups));
    if (q->size) TRY(options_set(groups, "data.size", q->size, q->asked));
    TRY(options_set(groups, "data.kind", f->kind, q->asked));
    TRY(options_set(groups, "data.path", q->path, q->asked));
    TRY(data_load(&s, &o, 0));
    if (dataset_latents(s.train))
        TRY(check_noise(&f->noise, q->path));
    else if (s.train->shards)
        TRY(verify_packed(q->path));
    TRY(take_images(f, q->path, &s));
    if (f->noise > 0)
        plain_printf(&f->text, "noise    %" PRId64 " encoded pictures of it, to begin chains at\n", f->noise);
done:
    splits_free(&s);
    return st;
}

/* ---- ImageNet */

/* "1281167 pictures, 732 to 1300 per class" */
static jem_status take_list(data_facts *f, const char *name, const image_list *l)
{
    jem_status st;
    int64_t *counts = NULL, least, most = 0;

    TRY(MEM_NEW(counts, f->classes));
    for (int64_t i = 0; i < l->n; i++) counts[l->labels[i]]++;
    least = counts[0];
    for (int64_t k = 0; k < f->classes; k++) {
        if (counts[k] < least) least = counts[k];
        if (counts[k] > most) most = counts[k];
        f->class_images[k] += counts[k];
    }
    plain_printf(&f->text, "%-8s %" PRId64 " pictures, %" PRId64 " to %" PRId64 " per class\n", name, l->n, least, most);
done:
    mem_free(counts);
    return st;
}

static jem_status read_imagenet(data_facts *f, const data_question *q)
{
    jem_status st;
    imagenet m = IMAGENET_INIT;
    char *folder = NULL;

    TRY(path_trim(&folder, q->path));
    TRY(imagenet_list(&m, folder, q->labels, false));
    TRY(imagenet_try_pictures(&m));
    f->classes = m.class_count;
    f->train = m.train.n;
    f->val = m.val.n;
    TRY(take_names(f, m.classes));
    TRY(MEM_NEW(f->class_images, f->classes));
    plain_printf(&f->text, "%s: imagenet\n", q->path);
    plain_printf(&f->text, "classes  %d, %s (0) to %s (%d)%s\n", m.class_count, m.classes[0], m.classes[m.class_count - 1],
                 m.class_count - 1, m.wordnet ? ": ImageNet's WordNet ids" : "");
    TRY(take_list(f, "train", &m.train));
    if (m.val.n > 0) TRY(take_list(f, "val", &m.val));
    strbuf_add(&f->text, "the first picture of every class can be read; jem data pack and jem data encode read all\n");
done:
    imagenet_clear(&m);
    mem_free(folder);
    return st;
}

/* ---- any */

static void add_line(void *ctx, const char *line)
{
    data_facts *f = ctx;
    plain_printf(&f->text, "%s\n", line);
}

static jem_status add_part(void *ctx, const bench_part *part)
{
    jem_status st;
    data_facts *f = ctx;

    TRY(MEM_GROW(f->parts, f->part_count, f->part_room));
    data_part *own = &f->parts[f->part_count++];
    *own = (data_part){.found = *part};
    TRY(mem_strdup(&own->name, part->name));
    TRY(mem_strdup(&own->line, part->line));
    own->found.name = own->name;
    own->found.line = own->line;
    if (part->line[0]) add_line(f, part->line);
done:
    return st;
}

/* gloss names both a kind of images and a benchmark: the images come with scene_log.csv. */
static bool means_images(const data_question *q)
{
    const char *found = NULL;
    for (const data_source *const *s = q->sources; *s; s++)
        if (strcmp((*s)->name, q->kind) == 0)
            return guess_kind(&found, q->path) == JEM_OK && strcmp(found, q->kind) == 0;
    return false;
}

jem_status data_facts_read(data_facts *out, const data_question *q)
{
    jem_status st = JEM_OK;
    const char *kind = q->kind;
    const benchmark *b = kind ? benchmark_find(q->benchmarks, kind, NULL) : NULL;

    if (!kind) TRY(guess_kind(&kind, q->path));
    TRY(mem_strdup(&out->kind, kind));
    if (b && !means_images(q)) {
        out->benchmark = true;
        TRY(b->check(q->path, &(const bench_finder){add_part, add_line, out}));
        plain_printf(&out->text, "%s: all that %s needs is there\n", q->path, b->name);
    } else {
        TRY(strcmp(kind, "imagenet") == 0 ? read_imagenet(out, q) : read_images(out, q));
    }
    st = strbuf_status(&out->text);
done:
    return st;
}
