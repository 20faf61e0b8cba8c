/* A small network on hand-made scenes, ready to be evaluated. */
#ifndef BENCH_EVAL_RIG_H
#define BENCH_EVAL_RIG_H

#include "support/check.h"
#include "support/wrn_spec.h"

#include "base/log.h"
#include "base/mem.h"
#include "bench/benchmarks.h"
#include "bench/eval.h"
#include "model/init.h"

enum { SIDE = 16, COUNT = 3 * SIDE * SIDE, TRAIN = 72, TEST = 36, BUFFER = 24 };

typedef struct rig {
    char dir[64];
    model *m;
    splits data;
    data_options options;
    sampler_options sampler;
    eval_options eval;
    float *replay;
    eval_subject subject;
} rig;

static char last_warning[1024];

static void keep_warning(log_level level, const char *line)
{
    if (level == LOG_WARNING) snprintf(last_warning, sizeof last_warning, "%s", line);
}

/* Scene i: light field i % 6 shifts the red level, bump is the contrast of a stripe,
 * gloss (label) adds a bright spot. */
static dataset *scenes(int64_t n, uint32_t part)
{
    static const char *const names[] = {"matte", "glossy"};
    dataset *d = NULL;
    double *light = NULL, *bump = NULL;
    const rng_stream s = {7, RNG_TEST, part, 0};
    check_ok(dataset_new(&d, n, 3, SIDE, SIDE, false));
    check_ok(dataset_name_classes(d, names, 2));
    check_ok(dataset_add_column(d, "light", &light));
    check_ok(dataset_add_column(d, "bump", &bump));
    for (int64_t i = 0; i < n; i++) {
        light[i] = (double)(i % 6);
        bump[i] = (double)rng_below(&s, (uint32_t)i, 0, 60);
        d->labels[i] = (int32_t)(i / 6 % 2);
        for (int64_t k = 0; k < COUNT; k++) {
            double v = 60 + (k / 256 == 0 ? 25 * light[i] : 0) + (k % 4 < 2 ? bump[i] : 0);
            if (d->labels[i] && k % 256 < 40) v = 250;
            v += rng_below(&s, (uint32_t)i, (uint32_t)(k + 1), 6);
            d->pixels[i * COUNT + k] = (uint8_t)(v < 255 ? v : 255);
        }
    }
    dataset_seal(d);
    return d;
}

static void make_model(rig *r)
{
    const model_spec spec = wrn_spec(
        (model_spec){.name = "wrn-10-1", .classes = 2, .channels = 3, .height = SIDE, .width = SIDE},
        (wrn_settings){.pool = POOL_ADAPTIVE, .proj = 12});
    engine_spec engine;
    const option_group groups[] = {{"engine", engine_options, &engine}, {NULL, NULL, NULL}};
    check_ok(options_defaults(groups));
    engine.threads = 2;
    check_ok(model_new(&r->m, &spec, &engine));
    params_init(model_params(r->m), model_graph(r->m), 5);
    check_ok(model_params_changed(r->m));
}

static inline rig *rig_new(double alpha)
{
    rig *r = NULL;
    check_ok(MEM_NEW(r, 1));
    check_tmp(r->dir, sizeof r->dir);
    make_model(r);
    r->data = (splits){scenes(TRAIN, 0), scenes(12, 1), scenes(TEST, 2)};
    const option_group groups[] = {{"data", data_option_table, &r->options},
                                   {"sampler", sampler_option_table, &r->sampler},
                                   {"eval", eval_option_table, &r->eval},
                                   {NULL, NULL, NULL}};
    check_ok(options_defaults(groups));
    check_ok(options_set(groups, "data.kind", "gloss", "test"));
    check_ok(options_set(groups, "eval.steps", "[0, 2, 4]", "test"));
    check_ok(options_set(groups, "eval.samples", "16", "test"));
    check_ok(MEM_NEW(r->replay, BUFFER * COUNT));
    const rng_stream s = {8, RNG_TEST, 0, 0};
    rng_fill_uniform(r->replay, BUFFER * COUNT, -1, 1, &s, 0);
    bool buffer = alpha > 0;
    r->subject = (eval_subject){.folder = r->dir, .m = r->m, .alpha = alpha,
                                .learned_labels = alpha < 1, .seed = 3,
                                .data = &r->data, .data_options = &r->options,
                                .replay = buffer ? r->replay : NULL,
                                .replay_count = buffer ? BUFFER : 0, .sampler = &r->sampler,
                                .step_size = 1, .command = "jem eval test"};
    last_warning[0] = '\0';
    log_set_sink(keep_warning);
    return r;
}

static inline void rig_free(rig *r)
{
    log_set_sink(NULL);
    splits_free(&r->data);
    model_free(r->m);
    mem_free(r->replay);
    check_tmp_remove(r->dir);
    mem_free(r);
}

static inline const score *need(const score_list *l, const char *of, const char *metric,
                         const char *condition)
{
    const score *s = score_list_find(l, of, metric, condition);
    if (!s) fail_msg("no score %s %s %s", of, metric, condition ? condition : "");
    return s;
}

#endif
