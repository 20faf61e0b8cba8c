/* How near the replay buffer is to the training images, as Frechet distances; biased for few images,
 * so both numbers of images go with them.
 *
 *   FID      of Inception's features, where its weights are given (fid/)
 *   FD-pix   of pooled pixels: a weight-free check
 *   FD-own   of the penultimate features of a given classifier trained on the same data */
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "bench/generation/measure.h"
#include "bench/generation/pictures.h"
#include "bench/predict.h"
#include "fid/fid_kept.h"
#include "stats/frechet.h"
#include "stats/pooled_pixels.h"

/* *features <- [n][*dim], owned. */
typedef jem_status (*features_fn)(double **features, int64_t *dim, const bench_request *q,
                                  const image_source *s);

static jem_status pooled(double **features, int64_t *dim, const bench_request *q, const image_source *s)
{
    jem_status st;
    shape m = s->image;
    double *f = NULL;
    float *x = NULL;

    (void)q;
    *dim = stats_pooled_pixels_dim(m.c, m.h, m.w);
    TRY(MEM_NEW(f, s->n * *dim));
    TRY(MEM_NEW(x, shape_count(m)));
    for (int64_t i = 0; i < s->n; i++) {
        TRY(s->fill(s, x, i, 1));
        stats_pooled_pixels(f + i * *dim, x, m.c, m.h, m.w);
    }
    *features = f;
    f = NULL;
done:
    mem_free(f);
    mem_free(x);
    return st;
}

static jem_status penultimate(double **features, int64_t *dim, const bench_request *q,
                              const image_source *s)
{
    return predict_features(features, dim, generative_of(q), true, s);
}

/* A distance: its metric, its name in the log, the features and what they are called, after
 * their number. */
static jem_status distance(const bench_request *q, const char *metric, const char *name, features_fn features,
                          const char *article, const char *what)
{
    jem_status st;
    const generative *g = generative_of(q);
    const image_source samples = source_array(g->replay, g->replay_count, g->image, 0);
    const image_source train = source_dataset(g->data->train, 0);
    int64_t dim = 0;
    double *a = NULL, *b = NULL;
    char formula[400];
    bench_score r = {.benchmark = "generation", .metric = metric, .n = samples.n,
                .interval = {NAN, NAN}, .formula = formula};

    TRY(features(&a, &dim, q, &samples));
    TRY(features(&b, &dim, q, &train));
    TRY(stats_frechet_features(&r.value, a, samples.n, b, train.n, dim));
    snprintf(formula, sizeof formula,
             "Frechet distance on %s%lld %s: %lld images of the replay buffer, %lld training images",
             article, (long long)dim, what, (long long)samples.n, (long long)train.n);
    TRY(generative_add(q, &r));
    log_info("%s %.4g: %lld images of the replay buffer against %lld training images", name, r.value,
             (long long)samples.n, (long long)train.n);
done:
    mem_free(a);
    mem_free(b);
    return st;
}

static jem_status inception_distance(const bench_request *q)
{
    jem_status st;
    const generative *g = generative_of(q);
    const shape m = g->image;
    fid_statistics samples = FID_STATISTICS_INIT;
    fid_pictures p;
    char formula[600], reference[320];
    bench_score r = {.benchmark = "generation", .metric = "fid", .n = g->replay_count,
                     .interval = {NAN, NAN}, .formula = formula};

    if (dataset_latents(g->data->train))
        return jem_error(JEM_EDATA, "it lives on latents; jem sample decodes some, jem fid compares a folder of them");
    TRY(fid_pictures_of_values(&p, g->replay, g->replay_count, m.c, m.h, m.w));
    TRY(fid_describe(&samples, g->fid, &p, "FID: replay buffer"));
    if (!g->fid_reference->mean) /* once for all runs that share them */
        TRY(fid_describe_kept(g->fid_reference, g->fid, g->data->train, "FID: training images"));
    TRY(fid_distance(&r.value, &samples, g->fid_reference));
    if (g->fid_reference_name)
        snprintf(reference, sizeof reference, "the statistics in %.240s", g->fid_reference_name);
    else
        snprintf(reference, sizeof reference, "%lld training images", (long long)g->fid_reference->n);
    snprintf(formula, sizeof formula, "Clean-FID (Inception v3, weights %.16s): %lld images of the replay buffer, %s",
             g->fid->hash, (long long)r.n, reference);
    TRY(generative_add(q, &r));
    log_info("FID %.5g: %lld images of the replay buffer against %s", r.value, (long long)r.n, reference);
done:
    fid_statistics_clear(&samples);
    return st;
}

static jem_status run(const bench_request *q)
{
    char what[256];
    const generative *g = generative_of(q);
    jem_status st = JEM_OK;

    if (g->replay)
        TRY(generative_tolerate(
            q, "FD-pix", distance(q, "fd_pix", "FD-pix", pooled, "", "pooled pixels")));
    if (g->replay && g->classifier) {
        snprintf(what, sizeof what, "penultimate features of %s", g->classifier);
        TRY(distance(q, "fd_own", "FD-own", penultimate, "the ", what));
    }
    if (g->replay && g->fid) TRY(generative_tolerate(q, "FID", inception_distance(q)));
    TRY(generation_pictures(q));
done:
    return st;
}

const benchmark bench_generation = {
    .name = "generation",
    .measures = "Frechet distances between samples and data; pictures of samples and chains",
    .meaning = &generation_measures,
    .generative = true,
    .run = run,
};
