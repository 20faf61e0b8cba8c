/* One step of training, in the order of the JEM code: learning rate, batches, what the objective says of
 * them, optimiser. */
#include "train/trainer.h"

#include <math.h>
#include <string.h>

#include "backend/device.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "train/init_weights.h"
#include "train/norm_init.h"
#include "train/schedule.h"

void trainer_set_rescue(trainer *t, const rescue_state *s)
{
    t->rescue = *s;
    if (t->objective->rescued) t->objective->rescued(t);
}

/* Iteration 0, but for moments and the objective's state; `resumed`: something else follows. */
static jem_status begin(trainer *t, bool resumed)
{
    rescue_state none = rescue_none();
    jem_status st;
    trainer_set_rescue(t, &none);
    t->iteration = 0;
    model_spec_init(model_params(t->m), model_graph(t->m), &t->cfg->model, (uint64_t)t->cfg->seed);
    if (!resumed) TRY(init_weights_load(t->m, t->cfg));
    if (t->ema) memcpy(t->ema, model_params(t->m), (size_t)t->optimizer.n * sizeof(float));
    trainer_changed(t);
    TRY(model_params_changed(t->m));
done:
    return st;
}

void trainer_wait_for_reader(const trainer *t)
{
    if (t->reader.wait) t->reader.wait(t->reader.ctx);
}

jem_status trainer_fetch(trainer *t, int parts)
{
    if (!t->on_device) return JEM_OK;
    trainer_wait_for_reader(t);
    return t->objective->device->fetch(t->on_device, t, parts);
}

void trainer_changed(trainer *t)
{
    if (t->on_device) t->objective->device->changed(t->on_device);
}

/* Steps in the device's memory, where there is one and the objective has them. */
static jem_status begin_on_device(trainer *t)
{
    const device *d = model_backend(t->m)->device;
    const objective_device *o = t->objective->device;
    if (!d) return JEM_OK;
    log_info("computing on %s", d->describe());
    if (o) return o->open(&t->on_device, t);
    log_info("the GPU runs the network, the host all else of a step, because of the objective");
    return JEM_OK;
}

jem_status trainer_reset(trainer *t)
{
    optimizer_reset(&t->optimizer);
    if (t->objective->reset) t->objective->reset(t);
    return begin(t, false);
}

/* Labels that are all the same teach nothing, and every answer is right. */
static jem_status check_classes(const config *cfg, const dataset *d)
{
    char name[CLASS_TEXT];
    if (d->classes > 1 || !config_learns_labels(cfg)) return JEM_OK;
    class_text(name, 0, d->class_names);
    return jem_error(JEM_EDATA, "the training images are all of one class, %s, and there is nothing to tell apart: add "
                     "images of another, or train with alpha = 1", name);
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
    TRY(config_objective(&t->objective, cfg));
    TRY(check_classes(cfg, data->train));
    TRY(batcher_init(&t->labelled, data->train, &cfg->data, o->batch, seed, false));
    TRY(batcher_init(&t->generative, data->train, &cfg->data, config_generative_batch(o), seed, true));
    TRY(optimizer_init(&t->optimizer, &o->optimizer, n));
    if (o->weight_decay_of == OPTIMIZER_DECAY_LAYERS) optimizer_spare_norms(&t->optimizer, model_graph(m));
    TRY(sharpness_init(&t->sharpness, o->sharpness, o->rho, n));
    if (o->ema > 0) TRY(MEM_NEW(t->ema, n));
    TRY(t->objective->init(t, kept));
    t->per_epoch = batcher_per_epoch(&t->generative);
    t->iterations = o->iterations > 0 ? o->iterations : o->epochs * t->per_epoch;

    TRY(begin(t, kept != NULL));
    TRY(begin_on_device(t));
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
                                const char *kept)
{
    return init(t, cfg, data, m, kept);
}

jem_status trainer_keep(const trainer *t, const char *path)
{
    return t->objective->keep ? t->objective->keep(t, path) : JEM_OK;
}

void trainer_clear(trainer *t)
{
    if (t->on_device) t->objective->device->close(t->on_device);
    if (t->objective) t->objective->clear(t);
    batcher_clear(&t->labelled);
    batcher_clear(&t->generative);
    optimizer_clear(&t->optimizer);
    sharpness_clear(&t->sharpness);
    mem_free(t->ema);
    memset(t, 0, sizeof *t);
}

static void average_weights(trainer *t)
{
    const float *theta = model_params(t->m);
    float keep = (float)t->cfg->train.ema;
    if (!t->ema) return;
    for (int64_t i = 0; i < t->optimizer.n; i++)
        t->ema[i] = weight_average(t->ema[i], theta[i], keep);
}

/* Sharpness-aware: the direction once more, of the same images, uphill of the parameters. */
static jem_status look_uphill(direction *d, const step_report *r, trainer *t)
{
    float *theta = model_params(t->m);
    jem_status st, back;
    trainer_wait_for_reader(t);
    sharpness_ascend(&t->sharpness, theta, d);
    st = model_params_changed(t->m);
    if (st == JEM_OK) st = t->objective->gradients_again(d, r, t);
    sharpness_return(&t->sharpness, theta);
    back = model_params_changed(t->m);
    return st == JEM_OK ? back : st;
}

/* ActNorm layers take their first values from the first batch x, unless the weights were given. */
static jem_status begin_norms(trainer *t, const float *x, int64_t n)
{
    if (t->iteration > 0 || t->cfg->train.init[0]) return JEM_OK;
    trainer_wait_for_reader(t);
    return norm_init_from_data(t->m, x, n);
}

/* Losses at the present parameters, and in *d what to descend; JEM_EDIVERGED if not all is
 * finite. */
static jem_status compute(step_report *s, direction *d, trainer *t)
{
    const float *x;
    int64_t n;
    jem_status st;
    TRY(t->objective->draw(&x, &n, t));
    TRY(begin_norms(t, x, n));
    TRY(t->objective->gradients(s, d, t));
    if (t->sharpness.kind != SHARPNESS_NONE) TRY(look_uphill(d, s, t));
done:
    return st;
}

/* The steps that change the state; all values are known to be finite. */
static jem_status update(trainer *t, const step_report *s, const direction *d)
{
    jem_status st;
    trainer_wait_for_reader(t);
    TRY(optimizer_step(&t->optimizer, model_backend(t->m), model_pool(t->m), model_params(t->m), d,
                       s->lr, t->iteration + 1));
    if (t->objective->stepped) t->objective->stepped(t);
    TRY(model_params_changed(t->m));
    average_weights(t);
done:
    return st;
}

/* The host draws the first batch for ActNorm layers alone. */
static jem_status step_on_device(step_report *s, trainer *t)
{
    const float *x;
    int64_t n;
    jem_status st;
    if (t->iteration == 0 && graph_has_norm(model_graph(t->m), NORM_ACT)) {
        TRY(t->objective->draw(&x, &n, t));
        TRY(begin_norms(t, x, n));
    }
    TRY(t->objective->device->step(s, t->on_device, t));
done:
    return st;
}

static jem_status step_on_host(step_report *s, trainer *t)
{
    direction d;
    jem_status st;
    TRY(compute(s, &d, t));
    TRY(update(t, s, &d));
done:
    return st;
}

jem_status trainer_step(step_report *r, trainer *t)
{
    double share = (double)t->iteration / (double)t->iterations;
    step_report s;
    jem_status st;
    t->objective->begin(&s, t, share);
    s.lr = schedule_lr(&t->cfg->train, t->iteration, t->iterations) * t->rescue.rate_factor;
    st = t->on_device ? step_on_device(&s, t) : step_on_host(&s, t);
    if (st == JEM_EDIVERGED)
        return jem_error_context(st, "training diverged in iteration %lld",
                                 (long long)t->iteration + 1);
    if (st != JEM_OK) return st;
    t->iteration++;
    *r = s;
    return JEM_OK;
}

batch_times trainer_times(const trainer *t)
{
    const batch_times a = batcher_times(&t->labelled), b = batcher_times(&t->generative);
    return (batch_times){a.made_s + b.made_s, a.waited_s + b.waited_s};
}

const replay_buffer *trainer_samples(const trainer *t)
{
    return t->objective->samples ? t->objective->samples(t) : NULL;
}
