/* How near the replay buffer is to the training images, as Frechet distances that are not FID;
 * biased for few images, so both numbers of images go with them (models.md F.4).
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

static jem_status pooled(double **features, const image_source *s)
{
    jem_status st;
    shape m = s->image;
    int64_t dim = stats_pooled_pixels_dim(m.c, m.h, m.w);
    double *f = NULL;
    float *x = NULL;

    TRY(MEM_NEW(f, s->n * dim));
    TRY(MEM_NEW(x, shape_count(m)));
    for (int64_t i = 0; i < s->n; i++) {
        s->fill(s, x, i, 1);
        stats_pooled_pixels(f + i * dim, x, m.c, m.h, m.w);
    }
    *features = f;
    f = NULL;
done:
    mem_free(f);
    mem_free(x);
    return st;
}

static jem_status measure_own(evaluation *e)
{
    jem_status st;
    const eval_subject *s = e->s;
    const image_source samples = source_array(s->replay, s->replay_count, e->image, 0);
    const image_source train = source_dataset(s->data->train, 0);
    int64_t dim = 0;
    double *a = NULL, *b = NULL;
    char formula[400];
    result r = {.benchmark = "generation", .metric = "fd_own", .n = samples.n,
                .interval = {NAN, NAN}, .formula = formula};

    TRY(predict_features(&a, &dim, s->features_of, "features", &samples));
    TRY(predict_features(&b, &dim, s->features_of, "features", &train));
    TRY(stats_frechet_features(&r.value, a, samples.n, b, train.n, dim));
    snprintf(formula, sizeof formula,
             "Frechet distance on the %lld penultimate features of %s: %lld images of the replay "
             "buffer, %lld training images",
             (long long)dim, s->features_name, (long long)samples.n, (long long)train.n);
    TRY(evaluation_add(e, &r));
    log_info("FD-own %.4g: %lld images of the replay buffer against %lld training images",
             r.value, (long long)samples.n, (long long)train.n);
done:
    mem_free(a);
    mem_free(b);
    return st;
}

static jem_status measure_pixels(evaluation *e)
{
    jem_status st;
    const eval_subject *s = e->s;
    const image_source samples = source_array(s->replay, s->replay_count, e->image, 0);
    const image_source train = source_dataset(s->data->train, 0);
    int64_t dim = stats_pooled_pixels_dim(e->image.c, e->image.h, e->image.w);
    double *a = NULL, *b = NULL;
    char formula[200];
    result r = {.benchmark = "generation", .metric = "fd_pix", .n = samples.n,
                .interval = {NAN, NAN}, .formula = formula};

    TRY(pooled(&a, &samples));
    TRY(pooled(&b, &train));
    TRY(stats_frechet_features(&r.value, a, samples.n, b, train.n, dim));
    snprintf(formula, sizeof formula,
             "Frechet distance on %lld pooled pixels: %lld images of the replay buffer, %lld "
             "training images",
             (long long)dim, (long long)samples.n, (long long)train.n);
    TRY(evaluation_add(e, &r));
    log_info("FD-pix %.4g: %lld images of the replay buffer against %lld training images",
             r.value, (long long)samples.n, (long long)train.n);
done:
    mem_free(a);
    mem_free(b);
    return st;
}

jem_status eval_generation(evaluation *e)
{
    if (!e->s->replay) return JEM_OK;
    jem_status st = evaluation_tolerate(e, "FD-pix", measure_pixels(e));
    if (st == JEM_OK && e->s->features_of) st = measure_own(e);
    return st;
}
