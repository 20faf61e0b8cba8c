/* How near the replay buffer is to the training images, as Frechet distances that are not FID;
 * biased for few images, so both numbers of images go with them.
 *
 *   FD-pix   of pooled pixels: a weight-free check
 *   FD-own   of the penultimate features of a given classifier trained on the same data */
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "eval/eval_parts.h"
#include "eval/predict.h"
#include "stats/frechet.h"
#include "stats/pooled_pixels.h"

/* *features <- [n][*dim], owned. */
typedef jem_status (*features_fn)(double **features, int64_t *dim, const evaluation *e,
                                  const image_source *s);

static jem_status pooled(double **features, int64_t *dim, const evaluation *e, const image_source *s)
{
    jem_status st;
    shape m = s->image;
    double *f = NULL;
    float *x = NULL;

    (void)e;
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

static jem_status penultimate(double **features, int64_t *dim, const evaluation *e,
                              const image_source *s)
{
    return predict_features(features, dim, e->s->features_of,
                            model_first_head(e->s->features_of), s);
}

/* A distance: its metric, its name in the log, the features and what they are called, after
 * their number. */
static jem_status measure(evaluation *e, const char *metric, const char *name, features_fn features,
                          const char *article, const char *what)
{
    jem_status st;
    const eval_subject *s = e->s;
    const image_source samples = source_array(s->replay, s->replay_count, e->image, 0);
    const image_source train = source_dataset(s->data->train, 0);
    int64_t dim = 0;
    double *a = NULL, *b = NULL;
    char formula[400];
    result r = {.benchmark = "generation", .metric = metric, .n = samples.n,
                .interval = {NAN, NAN}, .formula = formula};

    TRY(features(&a, &dim, e, &samples));
    TRY(features(&b, &dim, e, &train));
    TRY(stats_frechet_features(&r.value, a, samples.n, b, train.n, dim));
    snprintf(formula, sizeof formula,
             "Frechet distance on %s%lld %s: %lld images of the replay buffer, %lld training images",
             article, (long long)dim, what, (long long)samples.n, (long long)train.n);
    TRY(evaluation_add(e, &r));
    log_info("%s %.4g: %lld images of the replay buffer against %lld training images", name, r.value,
             (long long)samples.n, (long long)train.n);
done:
    mem_free(a);
    mem_free(b);
    return st;
}

jem_status eval_generation(evaluation *e)
{
    char what[256];
    if (!e->s->replay) return JEM_OK;
    jem_status st = evaluation_tolerate(
        e, "FD-pix", measure(e, "fd_pix", "FD-pix", pooled, "", "pooled pixels"));
    if (st != JEM_OK || !e->s->features_of) return st;
    snprintf(what, sizeof what, "penultimate features of %s", e->s->features_name);
    return measure(e, "fd_own", "FD-own", penultimate, "the ", what);
}
