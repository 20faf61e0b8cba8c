/* Timing steps before a training: see profile.h. */
#include "estimate/profile.h"

#include <math.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/stopwatch.h"
#include "base/try.h"
#include "train/eq8_batch.h"
#include "train/objective.h"
#include "train/trainer.h"
#include "train/validate.h"

/* ---- noise as data */

static jem_status noise_set(dataset **out, const data_facts *d, int64_t n, uint32_t part)
{
    jem_status st;
    dataset *s = NULL;
    const rng_stream stream = {0, RNG_TEST, part, 0};
    TRY(dataset_new(&s, n, d->channels, d->height, d->width, true));
    s->classes = d->classes;
    for (int64_t i = 0; i < n; i++) {
        float *x = s->values + i * dataset_row_size(s);
        s->labels[i] = (int32_t)(i % d->classes);
        for (int64_t k = 0; k < dataset_row_size(s); k++)
            x[k] = 2 * rng_unit(&stream, (uint32_t)i, (uint32_t)k) - 1;
    }
    *out = s;
    s = NULL;
done:
    dataset_free(s);
    return st;
}

jem_status profile_noise(splits *out, const config *cfg, const data_facts *d)
{
    jem_status st;
    splits s = {NULL, NULL, NULL};
    int64_t generative = config_generative_batch(&cfg->train), batch = cfg->train.batch;
    TRY(noise_set(&s.train, d, 2 * (generative > batch ? generative : batch), 0));
    TRY(noise_set(&s.val, d, d->val < VALIDATE_BATCH ? d->val : VALIDATE_BATCH, 1));
    TRY(noise_set(&s.test, d, 0, 2));
    *out = s;
    s = (splits){NULL, NULL, NULL};
done:
    splits_free(&s);
    return st;
}

/* ---- parts */

jem_status profile_open(profile *g, const config *cfg, const splits *data, const data_facts *d)
{
    jem_status st;
    model_outline o = MODEL_OUTLINE_INIT;

    *g = (profile){.cfg = cfg, .data = data, .facts = d};
    TRY(model_outline_init(&o, &cfg->model, &cfg->engine, cfg->train.batch,
                           config_generative_batch(&cfg->train)));
    /* A pass of training that holds a whole batch keeps one thread busy whatever its size. */
    int64_t chunk = o.uses[MODEL_CHAIN].chunk;
    if (!o.couples_images && o.uses[MODEL_TRAIN].chunk > chunk) chunk = o.uses[MODEL_TRAIN].chunk;
    g->round = o.threads * chunk;
    TRY(model_new(&g->m, &cfg->model, &cfg->engine));
    model_spec_init(model_params(g->m), model_graph(g->m), &cfg->model, (uint64_t)cfg->seed);
    TRY(model_params_changed(g->m));
done:
    model_outline_clear(&o);
    return st;
}

void profile_close(profile *g)
{
    model_free(g->m);
    g->m = NULL;
}

/* n training images; owned. */
static jem_status take_images(float **x, const profile *g, int64_t n)
{
    jem_status st;
    int64_t size = model_input_count(g->m);
    TRY(MEM_NEW(*x, n * size));
    for (int64_t i = 0; i < n; i++) TRY(dataset_floats(*x + i * size, g->data->train, &i, 1));
done:
    return st;
}

/* After warming up: *watch begins, as do the times of the model's steps if they are wanted. */
static jem_status begin_timing(stopwatch *watch, const profile *g)
{
    jem_status st = JEM_OK;
    if (g->by_step) TRY(model_time_steps(g->m));
    *watch = stopwatch_now();
done:
    return st;
}

static double alone(const stopwatch *took, const profile *g)
{
    return stopwatch_alone_s(took, pool_threads(model_pool(g->m)), machine_processors());
}

/* Of `count` repeats since *watch began. */
static repeated end_timing(const stopwatch *watch, const profile *g, int64_t count)
{
    const stopwatch took = stopwatch_since(watch);
    return (repeated){took.wall_s / (double)count, alone(&took, g) / (double)count, count};
}

/* Any network's passes, whatever its output means. */
typedef struct bare_pass {
    model *m;
    const float *x;
    float *total; /* of the gradient to parameters; NULL: forward alone */
} bare_pass;

static jem_status bare_chunk(void *ctx, const model_chunk *k)
{
    const bare_pass *p = ctx;
    const plan_call call = {.count = k->count};
    const model_sum sum = {.total = p->total, .number = 0, .turn = k->index};
    jem_status st;
    TRY(plan_forward(k->ws, &call, p->x + k->first * model_input_count(p->m), k->logits));
    for (int64_t i = 0; p->total && i < k->count * model_output_count(p->m); i++) k->cotangent[i] = 1e-3f;
    if (p->total) TRY(model_add_gradient(p->m, k, &call, &sum));
done:
    return st;
}

jem_status profile_inference(repeated *out, const profile *g, int64_t n, double seconds)
{
    jem_status st;
    float *x = NULL;
    stopwatch watch;
    int64_t count = 0;
    TRY(take_images(&x, g, n));
    bare_pass p = {g->m, x, NULL};
    TRY(model_run(g->m, MODEL_INFER, n, bare_chunk, &p));
    TRY(begin_timing(&watch, g));
    for (; count == 0 || clock_s() - watch.wall_s < seconds; count++)
        TRY(model_run(g->m, MODEL_INFER, n, bare_chunk, &p));
    *out = end_timing(&watch, g, count);
done:
    mem_free(x);
    return st;
}

jem_status profile_chain(repeated *out, const profile *g, int64_t n, double seconds)
{
    jem_status st;
    sampler_options one = g->cfg->sampler;
    sgld_call call = {.options = &one, .step_size = one.step_size,
                      .noise = {0, RNG_CHAIN_NOISE, 0, 0}};
    running_trace trace = {NULL, NULL, 1};
    float *x = NULL;
    stopwatch watch;
    int64_t count = 0;
    one.steps = 1;
    if (one.batch_norm == BATCH_NORM_BATCH && graph_couples_images(model_graph(g->m))) {
        TRY(MEM_NEW(trace.sum, model_params_count(g->m)));
        TRY(MEM_NEW(trace.batch, model_params_count(g->m)));
        call.trace = &trace;
    }
    TRY(take_images(&x, g, n));
    TRY(sgld_chain(g->m, &call, x, n));
    TRY(begin_timing(&watch, g));
    for (; count == 0 || clock_s() - watch.wall_s < seconds; count++)
        TRY(sgld_chain(g->m, &call, x, n));
    *out = end_timing(&watch, g, count);
done:
    mem_free(x);
    mem_free(trace.sum);
    mem_free(trace.batch);
    return st;
}

/* `batch` labelled images, and generative ones in proportion. */
static void scale_batches(train_options *o, int64_t batch)
{
    int64_t generative = o->generative_batch * batch / o->batch;
    if (o->generative_batch > 0) o->generative_batch = generative > 0 ? generative : 1;
    o->batch = batch;
}

/* Of a network without logits. */
static jem_status profile_bare_gradients(repeated *out, const profile *g, int64_t batch, double seconds)
{
    jem_status st;
    bare_pass p = {g->m, NULL, NULL};
    float *x = NULL;
    stopwatch watch;
    int64_t count = 0;

    TRY(take_images(&x, g, batch < g->data->train->n ? batch : g->data->train->n));
    p.x = x;
    batch = batch < g->data->train->n ? batch : g->data->train->n;
    TRY(MEM_NEW(p.total, model_params_count(g->m)));
    TRY(model_run(g->m, MODEL_TRAIN, batch, bare_chunk, &p));
    TRY(begin_timing(&watch, g));
    for (; count == 0 || clock_s() - watch.wall_s < seconds; count++)
        TRY(model_run(g->m, MODEL_TRAIN, batch, bare_chunk, &p));
    *out = end_timing(&watch, g, count);
done:
    mem_free(x);
    mem_free(p.total);
    return st;
}

jem_status profile_gradients(repeated *out, const profile *g, int64_t batch, double seconds)
{
    jem_status st;
    if (config_reads_output(g->cfg)) return profile_bare_gradients(out, g, batch, seconds);
    train_options scaled = g->cfg->train;
    eq8_batch o = {.rows = 0};
    eq8_result result;
    const rng_stream dropout = {0, RNG_DROPOUT, 0, 0};
    stopwatch watch;
    int64_t count = 0;

    scale_batches(&scaled, batch);
    const eq8_batch_options options = {.batch = batch, .alpha = config_runs_chains(g->cfg) ? g->cfg->alpha : 0,
                                       .share_batch = scaled.share_batch,
                                       .generative_batch = scaled.generative_batch,
                                       .loss = scaled.loss};
    TRY(eq8_batch_init(&o, g->m, &options));
    const int64_t size = model_input_count(g->m), all = g->data->train->n;
    for (int64_t i = 0; i < o.rows; i++) {
        const int64_t image = i % all;
        TRY(dataset_floats(o.x + i * size, g->data->train, &image, 1));
    }
    TRY(eq8_batch_gradients(&result, &o, g->m, dropout));
    TRY(begin_timing(&watch, g));
    for (; count == 0 || clock_s() - watch.wall_s < seconds; count++)
        TRY(eq8_batch_gradients(&result, &o, g->m, dropout));
    *out = end_timing(&watch, g, count);
done:
    eq8_batch_clear(&o);
    return st;
}

/* Steps of the real trainer with `batch` images and chains of `steps`, for about `seconds`,
 * after one that compiles and touches its memory for the first time. */
static jem_status time_steps(step_times *t, const profile *g, int64_t batch, int64_t steps,
                             double seconds)
{
    jem_status st;
    config *cfg = NULL;
    trainer tr;
    step_report did;
    bool open = false;
    stopwatch sum = {0, 0, 0};

    *t = (step_times){.batch = batch, .low_s = INFINITY};
    TRY(MEM_NEW(cfg, 1));
    *cfg = *g->cfg;
    scale_batches(&cfg->train, batch);
    cfg->sampler.steps = steps;
    cfg->sampler.start = START_UNIFORM; /* as fast, and nothing to be fitted */
    TRY(trainer_init(&tr, cfg, g->data, g->m));
    open = true;
    double begin = clock_s();
    for (int i = 0; t->steps == 0 || clock_s() - begin < seconds; i++) {
        const stopwatch watch = stopwatch_now();
        st = trainer_step(&did, &tr);
        if (st == JEM_EDIVERGED && t->steps > 0) { /* as fast as one that does not */
            st = JEM_OK;
            break;
        }
        if (st != JEM_OK) goto done;
        const stopwatch took = stopwatch_since(&watch);
        if (i == 0) continue;
        stopwatch_add(&sum, &took);
        t->low_s = fmin(t->low_s, took.wall_s);
        t->high_s = fmax(t->high_s, took.wall_s);
        t->steps++;
    }
    t->step_s = sum.wall_s / t->steps;
    t->alone_s = alone(&sum, g) / t->steps;
done:
    if (open) trainer_clear(&tr);
    mem_free(cfg);
    return st;
}

/* t(B, L) = fixed + B (gradients + L chain), with chain known and the rest from two small batches
 * n and 2n with L = 1. */
static double compose(const config *cfg, double n, double one_s, double two_s, double chain_s)
{
    const double batch = (double)cfg->train.batch;
    const double steps_left = config_runs_chains(cfg) ? (double)cfg->sampler.steps - 1 : 0;
    const double more = two_s < one_s ? 0 : two_s - one_s; /* NaN stays NaN */
    return one_s + (batch - n) * more / n + batch * steps_left * chain_s / n;
}

/* A step that takes too long to be timed as a whole; `chain` is a Langevin step of n images. */
static jem_status compose_step(step_times *t, const profile *g, int64_t n, const repeated *chain,
                               double seconds)
{
    jem_status st;
    step_times one, two;
    TRY(time_steps(&one, g, n, 1, seconds / 3));
    TRY(time_steps(&two, g, 2 * n, 1, seconds * 2 / 3));
    *t = one;
    t->step_s = compose(g->cfg, (double)n, one.step_s, two.step_s, chain->seconds);
    t->alone_s = compose(g->cfg, (double)n, one.alone_s, two.alone_s, chain->alone_s);
    t->low_s = t->high_s = t->step_s;
done:
    return st;
}

jem_status profile_steps(step_times *t, const profile *g, double seconds)
{
    jem_status st;
    const train_options *o = &g->cfg->train;
    int64_t n = g->round < o->batch ? g->round : o->batch;
    bool generative = config_runs_chains(g->cfg);
    double forwards = forecast_flops(g->cfg, 1).forwards;
    repeated one;

    TRY(generative ? profile_chain(&one, g, n, 0.1 * seconds)
                   : profile_inference(&one, g, n, 0.1 * seconds));
    double image_s = one.seconds / (double)n;
    double expected_s = (double)o->batch * image_s * forwards / (generative ? 2 : 1);
    if (3 * expected_s <= seconds || 2 * n >= o->batch)
        TRY(time_steps(t, g, o->batch, g->cfg->sampler.steps, 0.9 * seconds));
    else
        TRY(compose_step(t, g, n, &one, 0.9 * seconds));
done:
    return st;
}

/* FD-pix of as many pictures as the buffer holds; which ones does not matter. */
static jem_status time_pixel_distance(repeated *out, const profile *g)
{
    jem_status st;
    pixel_distance p = PIXEL_DISTANCE_INIT;
    const data_facts *f = g->facts;
    const shape image = {f->channels, f->height, f->width};
    int64_t n = g->cfg->sampler.buffer_size, size = shape_count(image);
    int64_t most = ((int64_t)1 << 24) / size + 2, few = n < most ? n : most;
    const rng_stream stream = {0, RNG_TEST, 3, 0};
    float *x = NULL;
    double distance;

    *out = (repeated){0, 0, 0};
    if (!config_runs_chains(g->cfg) || n < 2) return JEM_OK;
    TRY(MEM_NEW(x, few * size));
    for (int64_t i = 0; i < few; i++) rng_fill_normal(x + i * size, size, &stream, (uint32_t)i);
    TRY(pixel_distance_init(&p, g->data->train, few));
    const stopwatch watch = stopwatch_now();
    TRY(pixel_distance_measure(&distance, &p, x, few, image));
    *out = end_timing(&watch, g, 1);
    out->seconds *= (double)n / (double)few;
    out->alone_s *= (double)n / (double)few;
done:
    pixel_distance_clear(&p);
    mem_free(x);
    return st;
}

static jem_status time_validation(step_times *t, const profile *g, double limit)
{
    jem_status st;
    repeated r = {0, 0, 0}, pixels;
    int64_t all = g->data->train->n, n = g->round < all ? g->round : all;
    int64_t batch = VALIDATE_BATCH < all ? VALIDATE_BATCH : all;

    if (g->facts->val > 0) {
        TRY(profile_inference(&r, g, n, 0));
        if (r.seconds * 2 * (double)batch < limit * (double)n) {
            n = batch;
            TRY(profile_inference(&r, g, n, limit / 2));
        }
    }
    TRY(time_pixel_distance(&pixels, g));
    const double times = (double)g->facts->val / (double)n;
    t->validation_s = times * r.seconds + pixels.seconds;
    t->validation_alone_s = times * r.alone_s + pixels.alone_s;
done:
    return st;
}

jem_status profile_training(step_times *out, const config *cfg, const splits *data, const data_facts *d,
                    double seconds)
{
    jem_status st;
    step_times t = {.steps = 0};
    profile g;

    TRY(profile_open(&g, cfg, data, d));
    TRY(profile_steps(&t, &g, 0.8 * seconds));
    TRY(time_validation(&t, &g, 0.2 * seconds));
    *out = t;
done:
    profile_close(&g);
    return st;
}
