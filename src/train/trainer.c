/* One step of training, in the order of the JEM code: learning rate, batches,
 * chains with the parameters before the update, gradients, divergence check,
 * optimiser.  The study's Algorithm 1. */
#include "train/trainer.h"

#include <math.h>
#include <string.h>

#include "backend/device.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "model/init.h"
#include "train/norm_init.h"
#include "train/resident.h"
#include "train/schedule.h"

static jem_status choose_noise(trainer *t, chain_start *start)
{
    const dataset *d = t->data->train;
    noise_bank *b = &t->bank;
    jem_status st;
    TRY(noise_bank_read(b, &t->cfg->data));
    if (b->channels != d->channels || b->height != d->height || b->width != d->width)
        return jem_error(JEM_EDATA, "%s: its encoded noise is of another shape than the training's "
                                    "latents", t->cfg->data.path);
    log_info("starts of chains: %lld pictures of noise, encoded", (long long)b->n);
    *start = noise_bank_start(b);
done:
    return st;
}

static jem_status fit_starts(trainer *t)
{
    const dataset *d = t->data->train;
    jem_status st;
    double begin = clock_s();
    TRY(class_gaussian_fit(&t->starts, d, model_pool(t->m)));
    log_info("starts of chains: a Gaussian for each of %lld classes, fitted to %lld images in %.1f s",
             (long long)d->classes, (long long)d->n, clock_s() - begin);
    t->starts_new = true;
done:
    return st;
}

/* As they were kept, or fitted. */
static jem_status choose_gaussians(trainer *t, const char *kept, chain_start *start)
{
    jem_status st = JEM_EDATA;
    if (kept && file_exists(kept)) {
        st = class_gaussian_load(&t->starts, t->data->train, kept);
        if (st == JEM_EDATA) log_warning("%s; fitted anew", jem_error_message());
    }
    if (st == JEM_EDATA) st = fit_starts(t);
    if (st == JEM_OK) *start = class_gaussian_start(&t->starts);
    return st;
}

static jem_status choose_start(trainer *t, const char *kept, chain_start *start)
{
    switch (t->cfg->sampler.start) {
    case START_ENCODED_NOISE: return choose_noise(t, start);
    case START_CLASS_GAUSSIAN: return choose_gaussians(t, kept, start);
    default: *start = chain_start_uniform; return JEM_OK;
    }
}

/* `kept`: of a training that goes on, the file of its starts; else NULL. */
static jem_status init_chains(trainer *t, const char *kept)
{
    const config *c = t->cfg;
    int64_t b = config_generative_batch(&c->train);
    shape image = {c->model.channels, c->model.height, c->model.width};
    chain_start start;
    jem_status st;
    TRY(choose_start(t, kept, &start));
    TRY((kept ? replay_buffer_init_unfilled : replay_buffer_init)(
        &t->replay, &c->sampler, image, c->model.classes, &start, (uint64_t)c->seed));
    TRY(MEM_NEW(t->start, b * shape_count(image)));
    TRY(MEM_NEW(t->index, b));
    TRY(MEM_NEW(t->fresh, b));
    if (c->sampler.class_conditional) TRY(MEM_NEW(t->chain_class, b));
done:
    return st;
}

void trainer_set_rescue(trainer *t, const rescue_state *s)
{
    const config *c = t->cfg;
    t->rescue = *s;
    t->sampler = c->sampler;
    t->sampler.steps = rescue_steps(s, c->sampler.steps);
    t->objective.o.energy_l2 = rescue_energy_l2(s, c->train.energy_l2);
    t->chain_seed = rescue_seed(s, (uint64_t)c->seed);
    t->replay.seed = t->chain_seed;
}

/* Iteration 0, but for moments and buffer. */
static jem_status begin(trainer *t)
{
    rescue_state none = rescue_none();
    trainer_set_rescue(t, &none);
    t->iteration = 0;
    params_init(model_params(t->m), model_graph(t->m), (uint64_t)t->cfg->seed);
    if (t->ema) memcpy(t->ema, model_params(t->m), (size_t)t->optimizer.n * sizeof(float));
    trainer_changed(t);
    return model_params_changed(t->m);
}

void trainer_wait_for_reader(const trainer *t)
{
    if (t->reader.wait) t->reader.wait(t->reader.ctx);
}

jem_status trainer_fetch(trainer *t, int parts)
{
    if (!t->resident) return JEM_OK;
    trainer_wait_for_reader(t);
    return resident_fetch(t->resident, t, parts);
}

void trainer_changed(trainer *t)
{
    if (t->resident) resident_state_changed(t->resident);
}

/* Steps in the device's memory, where there is one and it knows all that is asked for. */
static jem_status begin_resident(trainer *t)
{
    const device *d = model_backend(t->m)->device;
    if (!d) return JEM_OK;
    const char *refused = resident_refuses(t);
    log_info("computing on %s", d->describe());
    if (!refused) return resident_new(&t->resident, t);
    log_info("the GPU runs the network, the host all else of a step, because of %s", refused);
    return JEM_OK;
}

jem_status trainer_reset(trainer *t)
{
    optimizer_reset(&t->optimizer);
    if (t->replay.images) replay_buffer_refill(&t->replay, (uint64_t)t->cfg->seed);
    return begin(t);
}

static jem_status init(trainer *t, const config *cfg, const splits *data, model *m,
                       const char *kept)
{
    jem_status st;
    const train_options *o = &cfg->train;
    uint64_t seed = (uint64_t)cfg->seed;
    int64_t n = model_params_count(m);

    memset(t, 0, sizeof *t);
    t->cfg = cfg;
    t->data = data;
    t->m = m;
    TRY(batcher_init(&t->labelled, data->train, &cfg->data, o->batch, seed, false));
    TRY(batcher_init(&t->generative, data->train, &cfg->data, config_generative_batch(o), seed, true));
    objective_options oo = {.batch = o->batch, .alpha = cfg->alpha,
                            .label_smoothing = o->label_smoothing, .energy_l2 = o->energy_l2,
                            .share_batch = o->share_batch,
                            .generative_batch = o->generative_batch, .loss = o->loss};
    TRY(objective_init(&t->objective, m, &oo));
    TRY(optimizer_init(&t->optimizer, &o->optimizer, n));
    TRY(sharpness_init(&t->sharpness, o->sharpness, o->rho, n));
    if (o->ema > 0) TRY(MEM_NEW(t->ema, n));
    if (eq8_has_loss_g(cfg->alpha)) TRY(init_chains(t, kept));
    t->per_epoch = batcher_per_epoch(&t->generative);
    t->iterations = o->iterations > 0 ? o->iterations : o->epochs * t->per_epoch;

    TRY(begin(t));
    TRY(begin_resident(t));
    return JEM_OK;
done:
    trainer_clear(t);
    return st;
}

jem_status trainer_init(trainer *t, const config *cfg, const splits *data, model *m)
{
    return init(t, cfg, data, m, NULL);
}

jem_status trainer_init_resumed(trainer *t, const config *cfg, const splits *data, model *m,
                                const char *starts)
{
    return init(t, cfg, data, m, starts);
}

jem_status trainer_keep_starts(const trainer *t, const char *path)
{
    return t->starts_new ? class_gaussian_save(&t->starts, t->data->train, path) : JEM_OK;
}

void trainer_clear(trainer *t)
{
    resident_free(t->resident);
    batcher_clear(&t->labelled);
    batcher_clear(&t->generative);
    objective_clear(&t->objective);
    optimizer_clear(&t->optimizer);
    sharpness_clear(&t->sharpness);
    replay_buffer_clear(&t->replay);
    class_gaussian_clear(&t->starts);
    noise_bank_clear(&t->bank);
    mem_free(t->ema);
    mem_free(t->start);
    mem_free(t->index);
    mem_free(t->fresh);
    mem_free(t->chain_class);
    memset(t, 0, sizeof *t);
}

static jem_status draw_batches(trainer *t)
{
    objective *s = &t->objective;
    int64_t size = model_input_count(t->m);
    jem_status st = JEM_OK;
    if (s->labelled >= 0)
        TRY(batcher_get(&t->labelled, t->iteration, s->x + s->labelled * size, s->y));
    if (s->positive >= 0 && s->positive != s->labelled)
        TRY(batcher_get(&t->generative, t->iteration, s->x + s->positive * size, NULL));
done:
    return st;
}

/* x- <- the ends of chains from the replay buffer. */
static jem_status draw_chains(trainer *t, step_report *r)
{
    const sampler_options *o = &t->sampler;
    int64_t n = t->objective.o.generative_batch, size = model_input_count(t->m);
    bool coupled = o->batch_norm == BATCH_NORM_BATCH && t->objective.chain.sum;
    uint64_t seed = t->chain_seed;
    uint32_t it = (uint32_t)t->iteration;
    float *x = t->objective.x + t->objective.negative * size;
    sgld_call call = {.options = o,
                      .step_size = r->step_size,
                      .noise = {seed, RNG_CHAIN_NOISE, it, 0},
                      .y = t->chain_class,
                      .trace = coupled ? &t->objective.chain : NULL};
    jem_status st;

    if (t->chain_class) {
        rng_stream classes = {seed, RNG_REPLAY_INDEX, it, 1};
        for (int64_t i = 0; i < n; i++)
            t->chain_class[i] = (int32_t)rng_below(&classes, (uint32_t)i, 0,
                                                   (uint32_t)t->replay.classes);
    }
    replay_buffer_draw(&t->replay, t->iteration, t->chain_class, n, t->index, x, t->fresh);
    memcpy(t->start, x, (size_t)(n * size) * sizeof *x);
    TRY(sgld_chain(t->m, &call, x, n));
    r->chain = sgld_measure(o, x, t->start, n, size);
    r->diffusion = sgld_diffusion(o, r->step_size, size);
done:
    return st;
}

/* ---- nothing that is not finite may reach the state */

static int64_t not_finite(const float *x, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) count += !isfinite(x[i]);
    return count;
}

static void describe(char *text, size_t size, const char *what, const float *x, int64_t n)
{
    int64_t bad = x ? not_finite(x, n) : 0;
    size_t used = strlen(text);
    if (bad > 0)
        snprintf(text + used, size - used, "%s%lld of %lld values of %s", used ? ", " : "",
                 (long long)bad, (long long)n, what);
}

static jem_status refuse(const trainer *t, const step_report *r)
{
    const objective *s = &t->objective;
    int64_t n = model_params_count(t->m), rows = s->o.generative_batch * model_input_count(t->m);
    char text[512] = "";
    describe(text, sizeof text, "LSE", s->lse, s->rows);
    describe(text, sizeof text, "grad l_D", s->grad_d, n);
    describe(text, sizeof text, "grad l_G", s->grad_g, n);
    describe(text, sizeof text, "the running statistics", s->running, n);
    if (s->negative >= 0)
        describe(text, sizeof text, "x-", s->x + s->negative * model_input_count(t->m), rows);
    return jem_error(JEM_EDIVERGED, "%s%s; l_D %g, l_G %g, |grad l_D| %g, |grad l_G| %g",
                     *text ? "not finite: " : "", *text ? text : "a gradient too large to be used",
                     r->loss.loss_d, r->loss.loss_g, r->loss.g_d, r->loss.g_g);
}

static jem_status check_finite(const trainer *t, const step_report *r)
{
    const objective *s = &t->objective;
    const eq8_terms terms = objective_terms(s);
    bool fine = eq8_usable(&r->loss, &terms, r->lse_min, r->lse_max, r->chain.movement);
    if (s->running)
        fine = fine &&
               isfinite(model_backend(t->m)->sum_squares(s->running, model_params_count(t->m)));
    return fine ? JEM_OK : refuse(t, r);
}

static void average_weights(trainer *t)
{
    const float *theta = model_params(t->m);
    float keep = (float)t->cfg->train.ema;
    if (!t->ema) return;
    for (int64_t i = 0; i < t->optimizer.n; i++)
        t->ema[i] = weight_average(t->ema[i], theta[i], keep);
}

/* The whole step on the device. */
static jem_status step_on_device(step_report *s, trainer *t)
{
    bool fine = false;
    jem_status st;
    TRY(resident_step(s, &fine, t->resident, t));
    if (t->objective.negative >= 0)
        s->diffusion = sgld_diffusion(&t->sampler, s->step_size, model_input_count(t->m));
    if (!fine) {
        TRY(resident_fetch_step(t->resident, t));
        st = refuse(t, s);
    }
    t->iteration += fine;
done:
    if (st == JEM_EDIVERGED)
        return jem_error_context(st, "training diverged in iteration %lld",
                                 (long long)t->iteration + 1);
    return st;
}

/* Sharpness-aware: gradients once more, of the same images, uphill of the parameters. */
static jem_status sharpness_gradients(trainer *t, eq8_result *l, rng_stream dropout)
{
    float *theta = model_params(t->m);
    const direction d = objective_direction(&t->objective, l);
    jem_status st, back;
    trainer_wait_for_reader(t);
    sharpness_ascend(&t->sharpness, theta, &d);
    st = model_params_changed(t->m);
    if (st == JEM_OK) st = objective_gradients_again(l, &t->objective, t->m, dropout);
    sharpness_return(&t->sharpness, theta);
    back = model_params_changed(t->m);
    return st == JEM_OK ? back : st;
}

/* Images of the first part of a step: labelled ones, or x+. */
static int64_t first_rows(const objective *s)
{
    return s->labelled >= 0 ? s->o.batch : s->o.generative_batch;
}

/* Losses at the present parameters, and in *d what to descend; JEM_EDIVERGED if not all is
 * finite. */
static jem_status compute(step_report *s, direction *d, trainer *t)
{
    rng_stream dropout = {(uint64_t)t->cfg->seed, RNG_DROPOUT, (uint32_t)t->iteration, 0};
    const eq8_terms terms = objective_terms(&t->objective);
    eq8_result uphill;
    jem_status st;
    TRY(draw_batches(t));
    if (t->iteration == 0) {
        trainer_wait_for_reader(t);
        TRY(norm_init_from_data(t->m, t->objective.x, first_rows(&t->objective)));
    }
    if (t->objective.negative >= 0) TRY(draw_chains(t, s));
    TRY(objective_gradients(&s->loss, &t->objective, t->m, dropout));
    eq8_range(&s->lse_min, &s->lse_max, &terms);
    TRY(check_finite(t, s));
    uphill = s->loss;
    if (t->sharpness.kind != SHARPNESS_NONE) {
        step_report there = *s;
        TRY(sharpness_gradients(t, &uphill, dropout));
        there.loss = uphill;
        TRY(check_finite(t, &there));
    }
    *d = objective_direction(&t->objective, &uphill);
done:
    if (st == JEM_EDIVERGED)
        return jem_error_context(st, "training diverged in iteration %lld",
                                 (long long)t->iteration + 1);
    return st;
}

/* The steps that change the state; all values are known to be finite. */
static jem_status update(trainer *t, const step_report *s, const direction *d)
{
    jem_status st;
    trainer_wait_for_reader(t);
    TRY(optimizer_step(&t->optimizer, model_backend(t->m), model_pool(t->m), model_params(t->m), d,
                       s->lr, t->iteration + 1));
    if (t->objective.negative >= 0)
        replay_buffer_store(&t->replay, t->index,
                            t->objective.x + t->objective.negative * model_input_count(t->m),
                            t->fresh, t->objective.o.generative_batch);
    objective_update_running(&t->objective, t->m);
    TRY(model_params_changed(t->m));
    average_weights(t);
    t->iteration++;
done:
    return st;
}

jem_status trainer_step(step_report *r, trainer *t)
{
    double fraction = (double)t->iteration / (double)t->iterations;
    step_report s = {.chain = {NAN, NAN}, .diffusion = NAN};
    direction d;
    jem_status st;
    s.step_size = t->objective.negative >= 0 ? sgld_step_size(&t->sampler, fraction) : NAN;
    s.lr = schedule_lr(&t->cfg->train, t->iteration, t->iterations) * t->rescue.rate_factor;
    if (t->resident) {
        TRY(step_on_device(&s, t));
    } else {
        TRY(compute(&s, &d, t));
        TRY(update(t, &s, &d));
    }
    *r = s;
done:
    return st;
}
