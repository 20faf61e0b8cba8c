/* Training steps in a device's memory: see resident.h. */
#include "train/resident.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

static const char *refuses(const trainer *t)
{
    const eq8_batch *s = &eq8_state_of(t)->batch;
    const int64_t together = model_graph(t->m)->together;
    const bool parted = together > 0 && together < s->o.generative_batch && !resident_chains_train(t);
    return s->negative >= 0 && parted ? "norms over fewer images than there are chains" : NULL;
}

/* ---- memory */

jem_status resident_array(void *out, resident *r, int64_t count, size_t size)
{
    void *p = NULL;
    jem_status st;
    if (r->array_count == ARRAYS_MAX) return jem_error(JEM_EINTERNAL, "too many arrays");
    TRY(r->d->alloc(&p, (size_t)count * size));
    r->arrays[r->array_count++] = p;
    memcpy(out, &p, sizeof p);
done:
    return st;
}

static void close_resident(void *own)
{
    resident *r = own;
    if (!r) return;
    r->d->graph_free(r->step);
    executor_clear(&r->other);
    executor_clear(&r->labelled);
    executor_clear(&r->chain);
    for (int i = 0; i < r->array_count; i++) r->d->free(r->arrays[i]);
    mem_free(r->order_host);
    mem_free(r->next_x);
    mem_free(r->next_y);
    mem_free(r);
}

/* For batches of n. */
static jem_status executor_for(executor *x, const model *m, int use, int64_t n)
{
    jem_status st;
    plan *p = NULL;
    workspace *ws;
    TRY(model_compile(&p, m, use, n));
    TRY(executor_init(x, p, 1));
    TRY(executor_workspace(&ws, x, 0)); /* now: nothing is allocated later */
done:
    return st;
}

static jem_status make_executors(resident *r, const trainer *t)
{
    const eq8_batch *s = &eq8_state_of(t)->batch;
    const int64_t n = s->o.generative_batch;
    jem_status st = JEM_OK;
    const int chain = resident_chains_train(t) ? MODEL_CHAIN_TRAIN : MODEL_CHAIN;
    if (s->negative >= 0) TRY(executor_for(&r->chain, t->m, chain, n));
    if (s->labelled >= 0) TRY(executor_for(&r->labelled, t->m, MODEL_TRAIN, s->o.batch));
    r->generative = s->labelled >= 0 && s->o.batch == n ? &r->labelled : &r->other;
    if (s->positive >= 0 && r->generative == &r->other)
        TRY(executor_for(&r->other, t->m, MODEL_TRAIN, n));
done:
    return st;
}

/* Which parameters decay, where not all do. */
static jem_status make_decays(resident *r, const trainer *t)
{
    jem_status st;
    uint8_t *decays = NULL;
    if (!t->optimizer.g || t->optimizer.o.weight_decay == 0) return JEM_OK;
    TRY(MEM_NEW(decays, t->optimizer.n));
    optimizer_decays(decays, &t->optimizer);
    TRY(ARRAY(r->decays, t->optimizer.n));
    TRY(r->d->copy(r->decays, decays, (size_t)t->optimizer.n));
done:
    mem_free(decays);
    return st;
}

static jem_status make_starts(resident *r, const trainer *t)
{
    const class_gaussian *g = &eq8_state_of(t)->chains.starts;
    const int64_t mean = g->classes * g->size, root = g->classes * (g->size * (g->size + 1) / 2);
    jem_status st = JEM_OK;
    if (!g->root) return JEM_OK;
    TRY(ARRAY(r->mean, mean));
    TRY(r->d->copy(r->mean, g->mean, (size_t)mean * sizeof *r->mean));
    TRY(ARRAY(r->root, root));
    TRY(r->d->copy(r->root, g->root, (size_t)root * sizeof *r->root));
    TRY(ARRAY(r->own_class, eq8_state_of(t)->chains.n));
done:
    return st;
}

/* Of batch norms. */
static jem_status make_running(resident *r, const trainer *t)
{
    const graph *g = model_graph(t->m);
    jem_status st = JEM_OK;
    int64_t *at = NULL;
    r->running_count = running_list(NULL, g);
    if (r->running_count == 0) return JEM_OK;
    TRY(MEM_NEW(at, r->running_count));
    running_list(at, g);
    TRY(ARRAY(r->running_at, r->running_count));
    TRY(r->d->copy(r->running_at, at, (size_t)r->running_count * sizeof *at));
    TRY(ARRAY(r->running, r->running_count));
    TRY(ARRAY(r->chain_sum, r->running_count));
    TRY(ARRAY(r->average, r->running_count));
    TRY(ARRAY(r->batch_stats, t->optimizer.n));
    TRY(ARRAY(r->running_sums, 3 * ENERGY_SUMS));
done:
    mem_free(at);
    return st;
}

static jem_status make_state(resident *r, const trainer *t)
{
    const replay_buffer *replay = &eq8_state_of(t)->chains.replay;
    const int64_t n = t->optimizer.n, images = replay->size * shape_count(replay->image);
    jem_status st;
    TRY(ARRAY(r->m, n));
    if (t->optimizer.v) TRY(ARRAY(r->v, n));
    TRY(make_decays(r, t));
    TRY(make_starts(r, t));
    TRY(make_running(r, t));
    if (t->ema) TRY(ARRAY(r->ema, n));
    if (replay->images) {
        TRY(ARRAY(r->replay, images));
        TRY(ARRAY(r->age, replay->size));
    }
    r->host_newer = true;
done:
    return st;
}

static jem_status make_step_arrays(resident *r, const trainer *t)
{
    const eq8_batch *s = &eq8_state_of(t)->batch;
    const int64_t size = model_input_count(t->m), k = model_classes(t->m), n = t->optimizer.n;
    const int64_t b = s->o.batch, g = s->o.generative_batch, most = b > g ? b : g;
    jem_status st;
    TRY(ARRAY(r->x, s->rows * size));
    TRY(ARRAY(r->logits, most * k));
    TRY(ARRAY(r->cotangent, most * k));
    TRY(ARRAY(r->lse, s->rows + g)); /* chains write theirs behind */
    TRY(ARRAY(r->y, b));
    TRY(ARRAY(r->hit, b));
    TRY(ARRAY(r->loss_terms, b));
    if (s->labelled >= 0) TRY(ARRAY(r->grad_d, n));
    if (s->positive >= 0) {
        TRY(ARRAY(r->grad_g, n));
        TRY(ARRAY(r->grad_part, n));
        TRY(ARRAY(r->start, g * size));
        TRY(ARRAY(r->grad, g * size));
        TRY(ARRAY(r->index, g));
        TRY(ARRAY(r->fresh, g));
        TRY(ARRAY(r->bad, g));
        TRY(ARRAY(r->moved, 2 * g));
        TRY(ARRAY(r->moved_parts, 2 * g * ENERGY_MOVED_PARTS));
        if (eq8_state_of(t)->chains.class) TRY(ARRAY(r->chain_class, g));
    }
    TRY(ARRAY(r->sums, 3 * ENERGY_SUMS));
    TRY(ARRAY(r->sum_parts, (int64_t)3 * ENERGY_SUMS * ENERGY_SUM_PARTS));
    TRY(ARRAY(r->numbers, 1));
    TRY(ARRAY(r->report, 2));
    if (t->sharpness.kind != SHARPNESS_NONE) {
        TRY(ARRAY(r->kept, n));
        TRY(ARRAY(r->square, 1));
    }
done:
    return st;
}

static jem_status open_resident(void **out, trainer *t)
{
    jem_status st;
    resident *r = NULL;
    TRY(MEM_NEW(r, 1));
    r->d = model_backend(t->m)->device;
    r->energy = model_backend(t->m)->energy;
    r->next = r->order_epoch[0] = r->order_epoch[1] = -1;
    r->schedule_step_size = NAN;
    TRY(make_state(r, t));
    TRY(make_step_arrays(r, t));
    TRY(resident_make_data(r, t));
    TRY(make_executors(r, t));
    *out = r;
    r = NULL;
done:
    close_resident(r);
    return st;
}

/* ---- the state between host and device */

static void changed(void *own)
{
    resident *r = own;
    r->host_newer = true;
    r->device_newer = 0;
}

typedef struct mirror {
    void *device, *host;
    size_t bytes;
    int part;
} mirror;

enum { MIRRORS = 5 };

static void list_mirrors(mirror list[MIRRORS], const resident *r, const trainer *t)
{
    const size_t n = (size_t)t->optimizer.n * sizeof(float);
    const replay_buffer *replay = &eq8_state_of(t)->chains.replay;
    const size_t images = (size_t)(replay->size * shape_count(replay->image)) * sizeof(float);
    const mirror all[MIRRORS] = {
        {r->m, t->optimizer.m, n, TRAINER_MOMENTS},
        {r->v, t->optimizer.v, n, TRAINER_MOMENTS},
        {r->ema, t->ema, n, TRAINER_WEIGHTS},
        {r->replay, replay->images, images, TRAINER_OBJECTIVE},
        {r->age, replay->age, (size_t)replay->size * sizeof(int32_t), TRAINER_OBJECTIVE}};
    memcpy(list, all, sizeof all);
}

/* A checkpoint may have brought another one, of another size. */
static jem_status send_bank(resident *r, const noise_bank *b)
{
    const int64_t count = b->n * b->channels * b->height * b->width;
    jem_status st = JEM_OK;
    if (!b->latents) return JEM_OK;
    if (r->banked != b->n) {
        r->d->graph_free(r->step);
        r->step = NULL;
        TRY(ARRAY(r->bank, count));
        r->banked = b->n;
    }
    TRY(r->d->copy(r->bank, b->latents, (size_t)count * sizeof *r->bank));
done:
    return st;
}

static jem_status send_state(resident *r, const trainer *t)
{
    mirror list[MIRRORS];
    jem_status st = JEM_OK;
    if (!r->host_newer) return JEM_OK;
    TRY(send_bank(r, &eq8_state_of(t)->chains.bank));
    list_mirrors(list, r, t);
    for (int i = 0; i < MIRRORS; i++)
        if (list[i].device) TRY(r->d->copy(list[i].device, list[i].host, list[i].bytes));
    r->host_newer = false;
done:
    return st;
}

static jem_status fetch(void *own, trainer *t, int parts)
{
    resident *r = own;
    mirror list[MIRRORS];
    jem_status st = JEM_OK;
    list_mirrors(list, r, t);
    for (int i = 0; i < MIRRORS; i++)
        if (list[i].device && (list[i].part & parts & r->device_newer))
            TRY(r->d->copy(list[i].host, list[i].device, list[i].bytes));
    if (parts & r->device_newer & TRAINER_WEIGHTS) TRY(model_fetch_params(t->m));
    r->device_newer &= ~parts;
done:
    return st;
}

/* The host's vector of new running statistics <- the device's list. */
static jem_status fetch_running(resident *r, const trainer *t)
{
    jem_status st;
    int64_t *at = NULL;
    float *list = NULL;
    TRY(MEM_NEW(at, r->running_count));
    TRY(MEM_NEW(list, r->running_count));
    running_list(at, model_graph(t->m));
    TRY(r->d->copy(list, r->running, (size_t)r->running_count * sizeof *list));
    for (int64_t i = 0; i < r->running_count; i++) eq8_state_of(t)->batch.running[at[i]] = list[i];
done:
    mem_free(at);
    mem_free(list);
    return st;
}

/* What the last step computed into the batch: to say what was not finite. */
static jem_status fetch_step(resident *r, trainer *t)
{
    eq8_batch *s = &eq8_state_of(t)->batch;
    const size_t n = (size_t)t->optimizer.n * sizeof(float);
    jem_status st;
    TRY(r->d->copy(s->lse, r->lse, (size_t)s->rows * sizeof *s->lse));
    TRY(r->d->copy(s->x, r->x, (size_t)(s->rows * model_input_count(t->m)) * sizeof *s->x));
    if (s->grad_d) TRY(r->d->copy(s->grad_d, r->grad_d, n));
    if (s->grad_g) TRY(r->d->copy(s->grad_g, r->grad_g, n));
    if (r->running) TRY(fetch_running(r, t));
done:
    return st;
}

/* ---- one step */

/* Another graph where a rescue has changed the number of Langevin steps. */
static jem_status follow_steps(resident *r, const trainer *t)
{
    jem_status st = JEM_OK;
    if (r->steps == eq8_state_of(t)->chains.sampler.steps) return JEM_OK;
    r->d->graph_free(r->step);
    r->step = NULL;
    r->steps = eq8_state_of(t)->chains.sampler.steps;
    if (eq8_state_of(t)->batch.negative >= 0) TRY(ARRAY(r->schedule, 2 * r->steps));
    r->schedule_step_size = NAN;
done:
    return st;
}

/* lambda and sigma of every step of a chain. */
static jem_status send_schedule(resident *r, const trainer *t, double step_size)
{
    jem_status st;
    float *schedule = NULL;
    if (eq8_state_of(t)->batch.negative < 0 || r->schedule_step_size == step_size) return JEM_OK;
    TRY(MEM_NEW(schedule, 2 * r->steps));
    for (int64_t i = 0; i < r->steps; i++) {
        const langevin_update u = sgld_update(&eq8_state_of(t)->chains.sampler, step_size, i);
        schedule[2 * i] = u.step_size;
        schedule[2 * i + 1] = u.noise_std;
    }
    TRY(r->d->copy(r->schedule, schedule, (size_t)(2 * r->steps) * sizeof *schedule));
    r->schedule_step_size = step_size;
done:
    mem_free(schedule);
    return st;
}

static jem_status send_numbers(resident *r, const trainer *t, const step_report *s)
{
    const adam_update adam = optimizer_adam(&t->optimizer, s->lr, t->iteration + 1);
    const adam_factors factors = adam_factors_of(&adam);
    const bool sgd = t->optimizer.o.kind == OPTIMIZER_SGD;
    const batcher *b[2] = {&t->labelled, &t->generative};
    energy_numbers n = {.seed = (uint64_t)t->cfg->seed,
                        .chain_seed = eq8_state_of(t)->chains.seed,
                        .iteration = (uint32_t)t->iteration,
                        .rate = sgd ? (float)s->lr : factors.rate,
                        .root = factors.root,
                        .energy_l2 = eq8_state_of(t)->batch.o.energy_l2,
                        .dropout = eq8_dropout_of(t)};
    for (int i = 0; i < 2; i++) n.first[i] = t->iteration % batcher_per_epoch(b[i]) * b[i]->batch;
    return r->d->copy(r->numbers, &n, sizeof n);
}

static void fill_report(objective_report *r, const energy_report *d)
{
    eq8_report e = eq8_report_of(r);
    e.loss = d->loss;
    e.chain = (sgld_report){d->movement, d->clipped};
    e.lse_min = d->lse_min;
    e.lse_max = d->lse_max;
    eq8_report_put(r, &e);
}

/* JEM_EDIVERGED: what a step met that was not finite. */
static jem_status refuse_step(resident *r, trainer *t, const energy_report *d, const objective_report *own)
{
    objective_report met = *own;
    eq8_report e = eq8_report_of(&met);
    jem_status st;
    if (d->bad_image >= 0)
        return jem_error(JEM_EDIVERGED,
                         "the energy's gradient is not finite for image %d in step %d of its "
                         "Langevin chain; use a smaller sampler.step_size or train.lr",
                         (int)d->bad_image, (int)d->bad_step);
    e.loss = d->loss;
    eq8_report_put(&met, &e);
    TRY(fetch_step(r, t));
    st = eq8_refuse(t, &met);
done:
    return st;
}

static jem_status run_step(step_report *s, void *own, trainer *t)
{
    resident *r = own;
    const int last = r->kept ? 1 : 0; /* report: whose direction was taken */
    energy_report d[2];
    float *theta;
    jem_status st;

    TRY(model_check_stop(t->m, 0));
    TRY(model_resident(t->m, &theta));
    TRY(send_state(r, t));
    TRY(follow_steps(r, t));
    TRY(send_schedule(r, t, s->step_size));
    TRY(send_numbers(r, t, s));
    TRY(resident_send_data(r, t));
    TRY(resident_capture(r, t, theta));
    TRY(r->d->graph_launch(r->step));
    /* failed: made again, and told, by that step */
    if (!r->images) (void)resident_prepare_batch(r, t, t->iteration + 1);
    TRY(r->d->copy(d, r->report, sizeof d));
    fill_report(&s->own, &d[0]);
    if (!d[last].fine) {
        st = refuse_step(r, t, &d[d[0].fine ? last : 0], &s->own);
        goto done;
    }
    r->device_newer = TRAINER_ALL;
    model_resident_changed(t->m);
done:
    return st;
}

const objective_device eq8_on_device = {
    .refuses = refuses, .open = open_resident, .close = close_resident, .changed = changed,
    .step = run_step, .fetch = fetch,
};
