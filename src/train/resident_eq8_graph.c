/* A training step of Eq. 8 as a graph of the device: batches, chains, gradients, verdict, update, in
 * the order of objective_eq8.c and eq8_batch.c. */
#include <math.h>

#include "base/try.h"
#include "train/resident_eq8.h"

static jem_status cotangent(resident *r, const trainer *t, cotangent_kind kind, int64_t row, int64_t n,
                            const int32_t *y)
{
    const energy_cotangent a = {.logits = r->logits,
                                .cotangent = r->cotangent,
                                .lse = r->lse + row,
                                .y = y,
                                .loss_terms = r->loss_terms,
                                .hit = r->hit,
                                .numbers = r->numbers,
                                .n = n,
                                .k = model_classes(t->m),
                                .batch = (double)n,
                                .label_smoothing = eq8_state_of(t)->batch.o.label_smoothing,
                                .kind = (int32_t)kind};
    return r->energy->cotangent(&a);
}

/* x <- where the step's chains begin. */
static jem_status begin_chains(resident *r, const trainer *t, float *x)
{
    const chains *c = &eq8_state_of(t)->chains;
    const int64_t size = model_input_count(t->m);
    const energy_start s = {.x = x, .start = r->start, .replay = r->replay, .bank = r->bank,
                            .z = r->root ? r->grad : NULL, /* free so far */
                            .own_class = r->own_class, .index = r->index, .fresh = r->fresh,
                            .chain_class = r->chain_class, .bad = r->bad, .numbers = r->numbers,
                            .n = c->n, .size = size, .entries = c->replay.size,
                            .classes = c->replay.classes, .banked = r->banked,
                            .gaussians = c->starts.classes, .reinit_prob = c->replay.reinit_prob};
    const energy_gaussian g = {.x = x, .start = r->start, .mean = r->mean, .root = r->root, .z = r->grad,
                               .fresh = r->fresh, .own_class = r->own_class, .n = c->n, .size = size};
    jem_status st;
    TRY(r->energy->start(&s));
    if (r->root) TRY(r->energy->gaussian(&g));
done:
    return st;
}

/* ---- running statistics of batch norms: eq8_batch.c, coupled_passes */

/* list <- kept list + rest of what the latest pass has measured. */
static jem_status merge_pass(resident *r, float *list, float kept, float rest)
{
    const energy_mix m = {.dst = list, .src = r->batch_stats, .src_at = r->running_at, .n = r->running_count,
                          .kept = kept, .rest = rest};
    return r->running ? r->energy->mix(&m) : JEM_OK;
}

/* The new ones begin as those that the parameters have. */
static jem_status begin_running(resident *r, const float *theta)
{
    const energy_mix m = {.dst = r->running, .src = theta, .src_at = r->running_at, .n = r->running_count, .rest = 1};
    return r->running ? r->energy->mix(&m) : JEM_OK;
}

/* What all steps of the chains did to them. */
static jem_status merge_chains(resident *r, const trainer *t)
{
    energy_mix m = {.dst = r->running, .src = r->chain_sum, .n = r->running_count, .kept = 1, .rest = 1};
    if (!r->running || !resident_chains_train(t) || r->steps == 0) return JEM_OK;
    for (int64_t i = 0; i < r->steps; i++) m.kept *= model_graph(t->m)->running_kept;
    return r->energy->mix(&m);
}

/* Into parameters and averages, if the step was fine. */
static jem_status end_running(resident *r, const trainer *t, float *theta, const energy_report *report)
{
    const float keep = (float)t->cfg->train.ema;
    const energy_mix running = {.dst = theta, .src = r->running, .dst_at = r->running_at, .report = report,
                                .n = r->running_count, .rest = 1};
    const energy_mix average = {.dst = r->ema, .src = r->average, .dst_at = r->running_at, .report = report,
                                .n = r->running_count, .rest = 1};
    const energy_mix add = {.dst = r->average, .src = r->running, .n = r->running_count, .kept = keep, .rest = 1 - keep};
    jem_status st = JEM_OK;
    if (!r->running) return JEM_OK;
    TRY(r->energy->mix(&running));
    if (!r->ema) goto done;
    TRY(r->energy->mix(&add));
    TRY(r->energy->mix(&average));
done:
    return st;
}

/* Their averages as they were before the update took all of them on. */
static jem_status keep_averages(resident *r)
{
    const energy_mix m = {.dst = r->average, .src = r->ema, .src_at = r->running_at, .n = r->running_count, .rest = 1};
    return r->running && r->ema ? r->energy->mix(&m) : JEM_OK;
}

/* ---- */

/* grad <- the slope of chains first .. first + count - 1 at x, all chains. */
static jem_status slope(resident *r, const trainer *t, const executor *at, const float *x, int64_t first)
{
    const int64_t size = model_input_count(t->m), count = plan_batch(at->p);
    const plan_call call = {.count = count, .batch_stats = resident_chains_train(t) ? r->batch_stats : NULL};
    jem_status st;
    TRY(plan_forward(at->ws[0], &call, x + first * size, r->logits));
    TRY(cotangent(r, t, r->chain_class ? COTANGENT_CLASS : COTANGENT_LSE, eq8_state_of(t)->batch.rows + first,
                  count, r->chain_class ? r->chain_class + first : NULL));
    TRY(plan_backward(at->ws[0], &call, r->cotangent, r->grad + first * size, NULL));
done:
    return st;
}

/* Of all chains: together, or so many at a time as norms take. */
static jem_status slopes(resident *r, const trainer *t, const float *x)
{
    const int64_t n = eq8_state_of(t)->chains.n, each = plan_batch(r->chain.p), rest = n % each;
    jem_status st = JEM_OK;
    for (int64_t first = 0; first < n - rest; first += each) TRY(slope(r, t, &r->chain, x, first));
    if (rest > 0) TRY(slope(r, t, &r->chain_rest, x, n - rest));
done:
    return st;
}

static jem_status walk(resident *r, const trainer *t)
{
    const sampler_options *o = &eq8_state_of(t)->chains.sampler;
    const int64_t n = eq8_state_of(t)->chains.n, size = model_input_count(t->m);
    float *x = r->x + eq8_state_of(t)->batch.negative * size;
    const float kept = model_graph(t->m)->running_kept;
    energy_langevin l = {.x = x, .g = r->grad, .schedule = r->schedule, .bad = r->bad,
                         .numbers = r->numbers, .n = n, .size = size,
                         .clip_min = o->clip ? (float)o->clip_min : -INFINITY,
                         .clip_max = o->clip ? (float)o->clip_max : INFINITY,
                         .clamped = o->update == UPDATE_CLAMPED};
    const energy_moved moved = {.x = x, .start = r->start, .moved = r->moved,
                                .parts = r->moved_parts, .n = n, .size = size,
                                .low = (float)o->clip_min, .high = (float)o->clip_max};
    jem_status st;
    TRY(begin_chains(r, t, x));
    for (l.t = 0; l.t < r->steps; l.t++) {
        TRY(slopes(r, t, x));
        if (resident_chains_train(t)) TRY(merge_pass(r, r->chain_sum, l.t > 0 ? kept : 0, 1 - kept));
        TRY(r->energy->langevin(&l));
    }
    TRY(r->energy->moved(&moved));
done:
    return st;
}

/* Forward, then backward once for each loss of these rows. */
typedef struct pass {
    const executor *at;
    int64_t row;
    cotangent_kind kinds[2];
    float *gradients[2];
    int count;
    bool frozen; /* running statistics stay as they are */
} pass;

static jem_status run_pass(resident *r, const trainer *t, const pass *p)
{
    const int64_t n = plan_batch(p->at->p);
    const float kept = model_graph(t->m)->running_kept;
    const plan_call call = {.count = n, .image0 = (uint32_t)p->row, .dropout_at = &r->numbers->dropout,
                            .batch_stats = p->frozen ? NULL : r->batch_stats};
    jem_status st;
    TRY(plan_forward(p->at->ws[0], &call, r->x + p->row * model_input_count(t->m), r->logits));
    for (int i = 0; i < p->count; i++) {
        TRY(cotangent(r, t, p->kinds[i], p->row, n, r->y));
        TRY(plan_backward(p->at->ws[0], &call, r->cotangent, NULL, p->gradients[i]));
    }
    if (!p->frozen) TRY(merge_pass(r, r->running, kept, 1 - kept));
done:
    return st;
}

/* x+, x-, then the labelled images unless they are x+, each among their own kind. */
static jem_status differentiate(resident *r, const trainer *t, bool frozen)
{
    const eq8_batch *s = &eq8_state_of(t)->batch;
    const bool shared = s->positive >= 0 && s->positive == s->labelled;
    const energy_add add = {r->grad_g, r->grad_part, t->optimizer.n};
    const pass labelled = {&r->labelled, s->labelled, {COTANGENT_LABELLED, COTANGENT_POSITIVE},
                           {r->grad_d, r->grad_g}, shared ? 2 : 1, frozen};
    const pass positive = {r->generative, s->positive, {COTANGENT_POSITIVE, COTANGENT_LSE},
                           {r->grad_g, NULL}, 1, frozen};
    const pass negative = {r->generative, s->negative, {COTANGENT_NEGATIVE, COTANGENT_LSE},
                           {r->grad_part, NULL}, 1, frozen};
    jem_status st = JEM_OK;
    if (s->positive >= 0) {
        TRY(run_pass(r, t, shared ? &labelled : &positive));
        if (!frozen) TRY(merge_chains(r, t));
        TRY(run_pass(r, t, &negative));
        TRY(r->energy->add(&add));
    }
    if (s->labelled >= 0 && !shared) TRY(run_pass(r, t, &labelled));
done:
    return st;
}

/* Into report `which`. */
static jem_status judge(resident *r, const trainer *t, int which)
{
    const eq8_batch *s = &eq8_state_of(t)->batch;
    const bool both = s->labelled >= 0 && s->positive >= 0;
    const energy_norms norms = {.g = s->labelled >= 0 ? r->grad_d : r->grad_g,
                                .h = both ? r->grad_g : NULL,
                                .sums = r->sums,
                                .parts = r->sum_parts,
                                .n = t->optimizer.n};
    const energy_norms running = {.g = r->running, .sums = r->running_sums, .parts = r->sum_parts,
                                  .n = r->running_count};
    energy_finish f = {.report = r->report + which, .before = which ? r->report : NULL, .terms = eq8_batch_terms(s), .sums = r->sums,
                       .moved = s->positive >= 0 ? r->moved : NULL, .bad = r->bad,
                       .running = r->running_sums, .numbers = r->numbers, .size = model_input_count(t->m), .alpha = s->o.alpha,
                       .clips = eq8_state_of(t)->chains.sampler.clip, .plain_sum = s->o.loss == LOSS_SUM};
    jem_status st;
    f.terms.lse = r->lse;
    f.terms.loss_terms = r->loss_terms;
    f.terms.hit = r->hit;
    TRY(r->energy->norms(&norms));
    if (r->running) TRY(r->energy->norms(&running));
    TRY(r->energy->finish(&f));
done:
    return st;
}

/* The report's direction is a times this ... */
static const float *gradient_a(const resident *r, const trainer *t)
{
    return eq8_state_of(t)->batch.positive >= 0 ? r->grad_g : r->grad_d;
}

/* ... and b times that, if there is a second one. */
static const float *gradient_b(const resident *r, const trainer *t)
{
    const eq8_batch *s = &eq8_state_of(t)->batch;
    return s->labelled >= 0 && s->positive >= 0 ? r->grad_d : NULL;
}

static jem_status load_parameters(resident *r, const float *theta)
{
    const executor *all[] = {&r->chain, &r->chain_rest, &r->labelled, &r->other};
    jem_status st = JEM_OK;
    for (int i = 0; i < 4; i++)
        if (all[i]->p) TRY(plan_load_resident(all[i]->p, theta));
done:
    return st;
}

/* Sharpness-aware: the gradients once more, of the same images, uphill of the parameters. */
static jem_status look_uphill(resident *r, const trainer *t, float *theta)
{
    jem_status st;
    TRY(resident_ascend(r, t, theta, gradient_a(r, t), gradient_b(r, t)));
    TRY(load_parameters(r, theta));
    TRY(differentiate(r, t, true));
    TRY(judge(r, t, 1));
    TRY(resident_return(r, t, theta));
done:
    return st;
}

static jem_status update(resident *r, const trainer *t, float *theta)
{
    const eq8_batch *s = &eq8_state_of(t)->batch;
    const energy_report *last = r->report + resident_last(r);
    const energy_store store = {.replay = r->replay, .age = r->age,
                                .x = r->x + s->negative * model_input_count(t->m),
                                .index = r->index, .fresh = r->fresh, .report = last,
                                .n = s->o.generative_batch, .size = model_input_count(t->m)};
    jem_status st;
    TRY(keep_averages(r));
    TRY(resident_update(r, t, theta, gradient_a(r, t), gradient_b(r, t)));
    TRY(end_running(r, t, theta, last));
    if (s->negative >= 0) TRY(r->energy->store(&store));
done:
    return st;
}

/* A step up to its report: the state stays as it is. */
static jem_status look(resident *r, const trainer *t, float *theta)
{
    const eq8_batch *s = &eq8_state_of(t)->batch;
    jem_status st;
    TRY(load_parameters(r, theta));
    TRY(resident_draw(r, t));
    if (s->negative >= 0) TRY(walk(r, t));
    TRY(begin_running(r, theta));
    TRY(differentiate(r, t, false));
    TRY(judge(r, t, 0));
    if (r->kept) TRY(look_uphill(r, t, theta));
done:
    return st;
}

const resident_graph resident_eq8_graph = {look, update};
