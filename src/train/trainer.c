/* One step of training, in the order of the JEM code: learning rate, batches,
 * chains with the parameters before the update, gradients, divergence check,
 * optimiser.  The study's Algorithm 1. */
#include "train/trainer.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "model/init.h"
#include "train/norm_init.h"
#include "train/schedule.h"

static const double divergence_limit = 1e4; /* on |l_G| */

static jem_status init_chains(trainer *t)
{
    const config *c = t->cfg;
    int64_t b = c->train.batch;
    shape image = {c->model.channels, c->model.height, c->model.width};
    jem_status st;
    TRY(replay_buffer_init(&t->replay, &c->sampler, image, c->model.classes,
                           &chain_start_uniform, (uint64_t)c->seed));
    TRY(MEM_NEW(t->start, b * shape_count(image)));
    TRY(MEM_NEW(t->index, b));
    TRY(MEM_NEW(t->fresh, b));
    if (c->sampler.class_conditional) TRY(MEM_NEW(t->chain_class, b));
done:
    return st;
}

jem_status trainer_init(trainer *t, const config *cfg, const splits *data, model *m)
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
    TRY(batcher_init(&t->generative, data->train, &cfg->data, o->batch, seed, true));
    objective_options oo = {o->batch, cfg->alpha, o->label_smoothing, o->energy_l2,
                            o->share_batch};
    TRY(objective_init(&t->objective, m, &oo));
    TRY(adam_init(&t->adam, n));
    if (o->ema > 0) TRY(MEM_NEW(t->ema, n));
    if (cfg->alpha > 0) TRY(init_chains(t));
    t->per_epoch = batcher_per_epoch(&t->labelled);
    t->iterations = o->iterations > 0 ? o->iterations : o->epochs * t->per_epoch;

    params_init(model_params(m), model_graph(m), seed);
    TRY(model_params_changed(m));
    if (t->ema) memcpy(t->ema, model_params(m), (size_t)n * sizeof *t->ema);
    return JEM_OK;
done:
    trainer_clear(t);
    return st;
}

void trainer_clear(trainer *t)
{
    batcher_clear(&t->labelled);
    batcher_clear(&t->generative);
    objective_clear(&t->objective);
    adam_clear(&t->adam);
    replay_buffer_clear(&t->replay);
    mem_free(t->ema);
    mem_free(t->start);
    mem_free(t->index);
    mem_free(t->fresh);
    mem_free(t->chain_class);
    memset(t, 0, sizeof *t);
}

static void draw_batches(trainer *t)
{
    objective *s = &t->objective;
    int64_t size = model_input_count(t->m);
    if (s->labelled >= 0)
        batcher_get(&t->labelled, t->iteration, s->x + s->labelled * size, s->y);
    if (s->positive >= 0 && s->positive != s->labelled)
        batcher_get(&t->generative, t->iteration, s->x + s->positive * size, NULL);
}

/* x- <- the ends of chains from the replay buffer. */
static jem_status draw_chains(trainer *t, step_report *r)
{
    const sampler_options *o = &t->cfg->sampler;
    int64_t n = t->cfg->train.batch, size = model_input_count(t->m);
    uint64_t seed = (uint64_t)t->cfg->seed;
    uint32_t it = (uint32_t)t->iteration;
    float *x = t->objective.x + t->objective.negative * size;
    sgld_call call = {.options = o,
                      .step_size = r->step_size,
                      .noise = {seed, RNG_CHAIN_NOISE, it, 0},
                      .y = t->chain_class};
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
done:
    return st;
}

static jem_status check_divergence(const trainer *t, const objective_result *l)
{
    bool finite = (t->objective.positive < 0 || isfinite(l->loss_g + l->g_g)) &&
                  (t->objective.labelled < 0 || isfinite(l->loss_d + l->g_d));
    if (finite && !(fabs(l->loss_g) > divergence_limit)) return JEM_OK;
    return jem_error(JEM_EDIVERGED,
                     "training diverged in iteration %lld: l_D %g, l_G %g, |grad l_D| %g, "
                     "|grad l_G| %g; start again with another seed, a lower train.lr or more "
                     "sampler.steps",
                     (long long)t->iteration, l->loss_d, l->loss_g, l->g_d, l->g_g);
}

static void average_weights(trainer *t)
{
    const float *theta = model_params(t->m);
    float keep = (float)t->cfg->train.ema;
    if (!t->ema) return;
    for (int64_t i = 0; i < t->adam.n; i++)
        t->ema[i] = keep * t->ema[i] + (1.0f - keep) * theta[i];
}

jem_status trainer_step(step_report *r, trainer *t)
{
    const train_options *o = &t->cfg->train;
    double fraction = (double)t->iteration / (double)t->iterations;
    rng_stream dropout = {(uint64_t)t->cfg->seed, RNG_DROPOUT, (uint32_t)t->iteration, 0};
    step_report s = {.chain = {NAN, NAN}, .step_size = sgld_step_size(&t->cfg->sampler, fraction)};
    jem_status st;

    s.lr = schedule_lr(o, t->iteration, t->iterations);
    draw_batches(t);
    if (t->iteration == 0) TRY(norm_init_from_data(t->m, t->objective.x, o->batch));
    if (t->objective.negative >= 0) TRY(draw_chains(t, &s));
    TRY(objective_gradients(&s.loss, &t->objective, t->m, dropout));
    TRY(check_divergence(t, &s.loss));
    if (t->objective.negative >= 0)
        replay_buffer_store(&t->replay, t->index,
                            t->objective.x + t->objective.negative * model_input_count(t->m),
                            t->fresh, o->batch);
    direction d = objective_direction(&t->objective, &s.loss);
    adam_update u = {s.lr, o->beta1, o->beta2, o->adam_eps, t->iteration + 1};
    TRY(adam_step(&t->adam, model_backend(t->m), model_pool(t->m), model_params(t->m), &d, &u));
    objective_update_running(&t->objective, t->m);
    TRY(model_params_changed(t->m));
    average_weights(t);
    t->iteration++;
    *r = s;
done:
    return st;
}
