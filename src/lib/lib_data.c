/* jem/data.h: what it promises, by the functions of data/. */
#include "jem/data.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "bench/data_facts.h"
#include "data/dataset.h"
#include "data/gloss/render.h"
#include "data/shards/pack.h"
#include "lib/lib_call.h"
#include "train/config.h"

/* data.* with their defaults and what `o` sets. */
static jem_status resolve(data_options *d, const jem_data_options *o)
{
    jem_status st;
    const option_group groups[] = {{"data", data_option_table, d}, {NULL, NULL, NULL}};
    const char *const origin = "jem_data_load";
    char number[24];

    TRY(options_defaults(groups));
    TRY(options_set(groups, "data.kind", o->kind ? o->kind : "", origin));
    TRY(options_set(groups, "data.path", o->path ? o->path : "", origin));
    snprintf(number, sizeof number, "%lld", (long long)o->side);
    TRY(options_set(groups, "data.size", number, origin));
    snprintf(number, sizeof number, "%lld", (long long)o->limit);
    TRY(options_set(groups, "data.limit", number, origin));
done:
    return st;
}

static jem_status to_tensors(jem_data *out, const dataset *d)
{
    jem_status st;
    jem_data made = JEM_DATA_INIT;
    int64_t *index = NULL;

    TRY(jem_tensor_init(&made.images, JEM_F32, 4,
                        (int64_t[]){d->n, d->channels, d->height, d->width}));
    TRY(jem_tensor_init(&made.labels, JEM_I32, 1, &d->n));
    TRY(MEM_NEW(index, d->n));
    for (int64_t i = 0; i < d->n; i++) index[i] = i;
    TRY(dataset_floats(made.images.data, d, index, d->n));
    memcpy(made.labels.data, d->labels, (size_t)d->n * sizeof *d->labels);
    made.classes = d->classes;
    *out = made;
    made = (jem_data)JEM_DATA_INIT;
done:
    jem_data_clear(&made);
    mem_free(index);
    return st;
}

jem_status jem_data_load(jem_data *out, const jem_data_options *asked)
{
    LIB_CALL;
    jem_status st;
    data_options *d = NULL; /* large: not on the stack */
    splits s = {NULL, NULL, NULL};
    jem_data_options whole = JEM_DATA_OPTIONS_INIT;
    const jem_data_options *o = &whole;

    HOST_NEED(out);
    if (!asked) return jem_error(JEM_EUSAGE, "%s: o is NULL", __func__);
    TRY(lib_options(&whole, sizeof whole, asked, __func__, "JEM_DATA_OPTIONS_INIT"));
    if ((unsigned)o->part > JEM_DATA_TEST)
        return jem_error(JEM_EUSAGE, "%s: o->part = %d is no jem_data_part", __func__, (int)o->part);
    TRY(MEM_NEW(d, 1));
    TRY(resolve(d, o));
    TRY(data_load(&s, d, CONFIG_SPLIT_SEED));
    TRY(to_tensors(out, o->part == JEM_DATA_TRAIN ? s.train
                        : o->part == JEM_DATA_VAL ? s.val
                                                  : s.test));
done:
    splits_free(&s);
    mem_free(d);
    return st;
}

void jem_data_clear(jem_data *d)
{
    if (!d) return;
    jem_tensor_clear(&d->images);
    jem_tensor_clear(&d->labels);
    d->classes = 0;
}

/* ---- what a folder holds */

/* What a jem_data_facts owns. */
typedef struct checked {
    data_facts found;
    char *trouble;
} checked;

void jem_data_facts_clear(jem_data_facts *f)
{
    checked *own = f ? f->owner : NULL;
    if (!f) return;
    if (own) {
        data_facts_clear(&own->found);
        mem_free(own->trouble);
    }
    mem_free(own);
    *f = (jem_data_facts)JEM_DATA_FACTS_INIT;
}

static jem_data_facts facts_of(checked *own, bool whole)
{
    const data_facts *f = &own->found;
    return (jem_data_facts){.kind = f->kind,
                            .benchmark = f->benchmark,
                            .whole = whole,
                            .trouble = own->trouble,
                            .text = f->text.used ? f->text.data : "",
                            .train = f->train,
                            .val = f->val,
                            .test = f->test,
                            .channels = f->channels,
                            .height = f->height,
                            .width = f->width,
                            .classes = f->classes,
                            .class_names = (const char *const *)f->class_names,
                            .class_images = f->class_images,
                            .noise = f->noise,
                            .owner = own};
}

jem_status jem_data_check(jem_data_facts *out, const char *kind, const char *path, const jem_check_options *asked)
{
    LIB_CALL;
    jem_status st;
    jem_check_options o = JEM_CHECK_INIT;
    jem_data_facts made = JEM_DATA_FACTS_INIT;
    checked *own = NULL;
    char side[24];

    HOST_NEED(out);
    HOST_NEED(path);
    TRY(lib_options(&o, sizeof o, asked, __func__, "JEM_CHECK_INIT"));
    snprintf(side, sizeof side, "%lld", (long long)o.side);
    TRY(MEM_NEW(own, 1));
    own->found = (data_facts)DATA_FACTS_INIT;
    made.owner = own;
    const jem_status read =
        data_facts_read(&own->found, &(data_question){.sources = data_source_list,
                                                      .benchmarks = benchmark_list,
                                                      .kind = kind,
                                                      .path = path,
                                                      .size = side,
                                                      .labels = o.labels,
                                                      .asked = __func__});
    if (read != JEM_OK && read != JEM_EDATA) {
        st = read;
        goto done;
    }
    TRY(mem_strdup(&own->trouble, read == JEM_OK ? "" : jem_error_message()));
    *out = facts_of(own, read == JEM_OK);
    made = (jem_data_facts)JEM_DATA_FACTS_INIT;
done:
    jem_data_facts_clear(&made);
    return st;
}

jem_status jem_data_part_at(jem_data_part_facts *out, const jem_data_facts *f, int64_t i)
{
    LIB_CALL;
    static const jem_part_state states[] = {[BENCH_WHOLE] = JEM_PART_WHOLE,
                                            [BENCH_UNPUBLISHED] = JEM_PART_UNPUBLISHED,
                                            [BENCH_MISSING] = JEM_PART_MISSING,
                                            [BENCH_DAMAGED] = JEM_PART_DAMAGED};
    HOST_NEED(out);
    HOST_NEED(f);
    const checked *own = f->owner;
    const int64_t count = own ? own->found.part_count : 0;
    if (i < 0 || i >= count)
        return jem_error(JEM_EUSAGE, "%s: part %lld of %lld", __func__, (long long)i, (long long)count);
    const bench_part *p = &own->found.parts[i].found;
    return lib_hand_out(out,
                        &(const jem_data_part_facts){.size = sizeof *out,
                                                     .name = p->name,
                                                     .state = states[p->state],
                                                     .images = p->images,
                                                     .published_images = p->published_images,
                                                     .people = p->people,
                                                     .published_people = p->published_people,
                                                     .bad = p->bad,
                                                     .line = p->line},
                        __func__, "JEM_DATA_PART_FACTS_INIT");
}

jem_status jem_data_render(const char *folder, const jem_render_options *asked)
{
    LIB_CALL;
    enum { SCENES = 1000, SIDE = 128 };
    jem_status st;
    jem_render_options o = JEM_RENDER_INIT;
    pool *threads = NULL;

    HOST_NEED(folder);
    TRY(lib_options(&o, sizeof o, asked, __func__, "JEM_RENDER_INIT"));
    TRY(lib_threads(&threads, o.threads, __func__));
    TRY(gloss_render_set(&(gloss_set_call){.dir = folder,
                                           .n = o.n ? o.n : SCENES,
                                           .size = o.side ? o.side : SIDE,
                                           .seed = o.seed,
                                           .threads = threads,
                                           .stop = o.stop}));
done:
    pool_free(threads);
    return st;
}

/* ---- packing */

static void tell(void *ctx, int64_t done, int64_t pictures)
{
    const jem_pack_options *o = ctx;
    lib_call plain;
    lib_call_back_begin(&plain);
    o->watch(o->watch_ctx, done, pictures);
    lib_call_back_end(&plain);
}

jem_status jem_data_pack(const char *folder, const char *out, const jem_pack_options *asked)
{
    LIB_CALL;
    enum { SIDE = 64 };
    jem_status st;
    jem_pack_options o = JEM_PACK_INIT;
    shard_index x = SHARD_INDEX_INIT;

    HOST_NEED(folder);
    HOST_NEED(out);
    TRY(lib_options(&o, sizeof o, asked, __func__, "JEM_PACK_INIT"));
    TRY(pictures_pack(&x, &(picture_packing){.folder = folder,
                                             .labels = o.labels,
                                             .out = out,
                                             .side = o.side ? o.side : SIDE,
                                             .kernel = o.bicubic ? IMAGE_BICUBIC : IMAGE_BILINEAR,
                                             .skip_damaged = o.skip_damaged,
                                             .per_shard = o.per_shard,
                                             .threads = o.threads,
                                             .stop = o.stop,
                                             .watch = {o.watch ? tell : NULL, &o}}));
done:
    shard_index_clear(&x);
    return st;
}
