/* Steps of Eq. 8 in a device's memory, replay buffer included: what objective_eq8.c computes. */
#include "train/resident_eq8.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

/* ---- memory */

/* Norms of images that a network takes together outside of training may be over fewer than there are chains. */
static jem_status make_chains(resident *r, const trainer *t, int64_t n)
{
    const bool train = resident_chains_train(t);
    const int64_t together = model_graph(t->m)->together, each = !train && together > 0 && together < n ? together : n;
    const int use = train ? MODEL_CHAIN_TRAIN : MODEL_CHAIN;
    jem_status st;
    TRY(resident_executor(&r->chain, t->m, use, each));
    if (n % each > 0) TRY(resident_executor(&r->chain_rest, t->m, use, n % each));
done:
    return st;
}

static jem_status make_executors(resident *r, const trainer *t)
{
    const eq8_batch *s = &eq8_state_of(t)->batch;
    const int64_t n = s->o.generative_batch;
    jem_status st = JEM_OK;
    if (s->negative >= 0) TRY(make_chains(r, t, n));
    if (s->labelled >= 0) TRY(resident_executor(&r->labelled, t->m, MODEL_TRAIN, s->o.batch));
    r->generative = s->labelled >= 0 && s->o.batch == n ? &r->labelled : &r->other;
    if (s->positive >= 0 && r->generative == &r->other)
        TRY(resident_executor(&r->other, t->m, MODEL_TRAIN, n));
done:
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

static jem_status make_buffer(resident *r, const trainer *t)
{
    const replay_buffer *replay = &eq8_state_of(t)->chains.replay;
    jem_status st = JEM_OK;
    if (!replay->images) return JEM_OK;
    TRY(ARRAY(r->replay, replay->size * shape_count(replay->image)));
    TRY(ARRAY(r->age, replay->size));
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
    if (s->labelled >= 0) TRY(ARRAY(r->y, b));
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
done:
    return st;
}

static jem_status open_eq8(void **out, trainer *t)
{
    const eq8_batch *s = &eq8_state_of(t)->batch;
    jem_status st;
    resident *r = NULL;
    TRY(resident_open(&r, t));
    r->schedule_step_size = NAN;
    r->labelled_row = s->labelled;
    r->generative_row = s->positive != s->labelled ? s->positive : -1;
    r->data_rows = s->negative >= 0 ? s->negative : s->rows; /* x- comes last */
    TRY(make_buffer(r, t));
    TRY(make_starts(r, t));
    TRY(make_running(r, t));
    TRY(make_step_arrays(r, t));
    TRY(resident_make_data(r, t));
    TRY(make_executors(r, t));
    *out = r;
    r = NULL;
done:
    resident_close(r);
    return st;
}

/* ---- one step */

/* A checkpoint may have brought another one, of another size. */
static jem_status send_bank(resident *r, const noise_bank *b)
{
    const int64_t count = b->n * b->channels * b->height * b->width;
    jem_status st = JEM_OK;
    if (!b->latents || !r->host_newer) return JEM_OK;
    if (r->banked != b->n) {
        resident_drop_graph(r);
        TRY(ARRAY(r->bank, count));
        r->banked = b->n;
    }
    TRY(r->d->copy(r->bank, b->latents, (size_t)count * sizeof *r->bank));
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

/* Another graph where a rescue has changed the number of Langevin steps. */
static jem_status follow_steps(resident *r, const trainer *t)
{
    jem_status st = JEM_OK;
    if (r->steps == eq8_state_of(t)->chains.sampler.steps) return JEM_OK;
    resident_drop_graph(r);
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
    const energy_numbers numbers = {.chain_seed = eq8_state_of(t)->chains.seed,
                                    .energy_l2 = eq8_state_of(t)->batch.o.energy_l2,
                                    .dropout = eq8_dropout_of(t)};
    resident *r = own;
    energy_report d[2];
    float *theta;
    jem_status st;

    TRY(send_bank(r, &eq8_state_of(t)->chains.bank));
    TRY(resident_begin_step(&theta, r, t));
    TRY(follow_steps(r, t));
    TRY(send_schedule(r, t, s->step_size));
    TRY(resident_send_numbers(r, t, s, &numbers));
    TRY(resident_send_data(r, t));
    TRY(resident_capture(r, t, theta, &resident_eq8_graph));
    TRY(resident_launch(d, r, t));
    fill_report(&s->own, &d[0]);
    if (resident_verdict(r, d)->fine)
        resident_stepped(r, t);
    else
        st = refuse_step(r, t, resident_verdict(r, d), &s->own);
done:
    return st;
}

const objective_device eq8_on_device = {
    .open = open_eq8, .close = resident_close, .changed = resident_changed,
    .step = run_step, .fetch = resident_fetch,
};
