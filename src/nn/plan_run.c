/* Running plans (plan.h): a batch's slices go through the steps, on any threads, and meet where the
 * network couples their images. */
#include <stdatomic.h>
#include <string.h>

#include "backend/device.h"
#include "base/log.h"
#include "base/stopwatch.h"
#include "base/try.h"
#include "nn/ops.h"
#include "nn/plan_internal.h"

static step_io io_for(const plan_call *call)
{
    return (step_io){.count = call->count, .dropout = call->dropout, .image0 = call->image0,
                     .batch_stats = call->batch_stats, .dropout_at = call->dropout_at};
}

static bool wanted(step_need need, const step_io *io)
{
    return need == NEED_ALWAYS || (need == NEED_DX && io->dx) ||
           (need == NEED_DPARAMS && io->dparams) || (need == NEED_TANGENT && io->tx);
}

/* ---- a stretch of steps between two meetings, for each slice */

typedef struct place {
    int step, phase;
} place;

typedef struct stretch {
    workspace *w;
    const step_io *io;     /* the batch's */
    const plan_sink *sink; /* NULL: gradients to parameters are not wanted, or go to io->dparams */
    place begin, end;
    atomic_bool over;      /* the sink wants no more */
} stretch;

typedef struct step_call {
    const backend *b;
    void *bound;
    const step_io *io;
    int phase;
} step_call;

static jem_status run_part(void *ctx, int part, int worker)
{
    const step_call *c = ctx;
    (void)worker;
    return c->b->run(c->bound, c->io, c->phase, part);
}

/* Phases [first, end) of step i, end -1: all that follow.  *done <- was the last among them? */
static jem_status run_phases(bool *done, const workspace *w, const hand *h, int i, const step_io *io, int first, int end)
{
    jem_status st = JEM_OK;
    const backend *b = w->p->b;
    const void *kernel = w->p->steps[i].kernel;
    const bool together = w->helpers && plan_slices(w->p) == 1;
    step_call c = {b, h->bound[i], io, first};

    *done = true;
    if (!b->kernel_parts) return run_part(&c, 0, 0);
    for (int parts; (parts = b->kernel_parts(kernel, c.phase)) > 0; ++c.phase) {
        *done = c.phase != end;
        if (!*done) break;
        if (together && parts > 1)
            TRY(pool_run(w->helpers, parts, run_part, &c));
        else
            for (int part = 0; part < parts; ++part) TRY(run_part(&c, part, 0));
    }
done:
    return st;
}

/* Where a step is this thread's alone, its processor time, which other programs do not lengthen. */
static double step_clock_s(const workspace *w)
{
    const bool together = w->helpers && plan_slices(w->p) == 1;
    return w->p->b->device || together ? clock_s() : thread_clock_s();
}

static jem_status time_phases(bool *done, const workspace *w, const hand *h, int i, const step_io *io, int first, int end)
{
    jem_status st;
    const device *d = w->p->b->device;
    const double start = step_clock_s(w);
    TRY(run_phases(done, w, h, i, io, first, end));
    if (d) TRY(d->wait());
    const double took = step_clock_s(w) - start;
    plan_time *t = &h->times[i];
    if (!*done) { /* the rest of this run comes behind a meeting */
        t->seconds += took;
        goto done;
    }
    t->fastest = t->runs == 0 || took < t->fastest ? took : t->fastest;
    t->runs++;
    if (took <= 3 * t->fastest) {
        t->seconds += took;
        t->counted++;
    }
done:
    return st;
}

/* The step's gradient goes to the sink; slices wait for their turn. */
static void give(stretch *t, const planned_step *at, int slice, const void *part)
{
    const workspace *w = t->w;
    const bool in_turn = w->helpers && plan_slices(w->p) > 1;
    const int64_t first = plan_first_param(w->p, (int)(at - w->p->steps));

    if (in_turn && !pool_order_enter(w->helpers, at->layer, slice)) return;
    if (!t->sink->take(t->sink->ctx, at->layer, first, op_params(&at->s.op), part)) atomic_store(&t->over, true);
    if (in_turn) pool_order_leave(w->helpers, at->layer, slice);
}

static void *further(void *p, size_t bytes)
{
    return p ? (char *)p + bytes : NULL;
}

static const void *further_on(const void *p, size_t bytes)
{
    return p ? (const char *)p + bytes : NULL;
}

/* What of the batch is one slice's. */
static step_io io_of_slice(const stretch *t, int slice)
{
    const plan *p = t->w->p;
    const int64_t first = slice * p->slice;
    const size_t in = plan_elements_bytes(p, first * shape_count(p->g->nodes[0].op.dst));
    const size_t out = plan_elements_bytes(p, first * shape_count(p->g->nodes[p->g->output].op.dst));
    step_io io = *t->io;

    io.total = io.count;
    io.slice = slice;
    io.slices = plan_slices_of(p, io.total);
    io.meeting = t->w->meeting;
    io.count = io.total - first < p->slice ? io.total - first : p->slice;
    if (slice == 0) return io;
    io.image0 += (uint32_t)first;
    io.x = further_on(io.x, in);
    io.logits = further(io.logits, out);
    io.dlogits = further_on(io.dlogits, out);
    io.dx = further(io.dx, in);
    io.feature = further(io.feature, plan_elements_bytes(p, first * shape_count(p->steps[t->begin.step].s.src.s)));
    return io;
}

/* Where the step's gradient to parameters goes; NULL: it is not wanted. */
static void *dparams_of(const stretch *t, const hand *h, int i)
{
    if (t->sink) return h->part ? h->part : t->sink->part;
    return t->io->dparams ? (char *)t->io->dparams + plan_elements_bytes(t->w->p, plan_first_param(t->w->p, i)) : NULL;
}

static jem_status run_slice(void *ctx, int slice, int worker)
{
    jem_status st = JEM_OK;
    stretch *t = ctx;
    const workspace *w = t->w;
    const plan *p = w->p;
    const hand *h = &w->hands[worker];
    step_io io = io_of_slice(t, slice);
    bool done;

    for (int i = t->begin.step; i < t->end.step + (t->end.phase > 0) && !atomic_load(&t->over); ++i) {
        const int first = i == t->begin.step ? t->begin.phase : 0, end = i == t->end.step ? t->end.phase : -1;
        io.dparams = dparams_of(t, h, i);
        if (!wanted(p->steps[i].need, &io)) continue;
        if (plan_slices(p) > 1) p->b->bound_move(h->bound[i], w->arena + slice * p->arena_bytes);
        TRY((h->times ? time_phases : run_phases)(&done, w, h, i, &io, first, end));
        if (!done || p->steps[i].s.kind != STEP_BACKWARD_PARAMS) continue;
        plan_turn_gradient(p, &p->g->nodes[p->steps[i].s.op.id].op, io.dparams, plan_first_param(p, i));
        if (t->sink) give(t, &p->steps[i], slice, io.dparams);
    }
done:
    return st;
}

/* Where slices meet next behind `from`, or {to, 0}. */
static place next_meeting(const plan *p, place from, int to)
{
    for (int i = from.step; i < to && plan_slices(p) > 1; ++i) {
        const int phase = p->b->meets(p->steps[i].kernel);
        if (phase > (i == from.step ? from.phase : -1)) return (place){i, phase};
    }
    return (place){to, 0};
}

/* Steps [from, to), as far as the call wants them. */
static jem_status run_steps(workspace *w, int from, int to, const step_io *io, const plan_sink *sink)
{
    jem_status st = JEM_OK;
    const int slices = plan_slices_of(w->p, io->count);
    stretch t = {.w = w, .io = io, .sink = sink, .end = {from, 0}};

    while (t.end.step < to && !atomic_load(&t.over)) {
        t.begin = t.end;
        t.end = next_meeting(w->p, t.begin, to);
        if (w->helpers && plan_slices(w->p) > 1)
            TRY(pool_run(w->helpers, slices, run_slice, &t));
        else
            for (int k = 0; k < slices; ++k) TRY(run_slice(&t, k, 0));
    }
done:
    return st;
}

static jem_status run_forward(workspace *w, const step_io *io)
{
    if (io->count < 1 || io->count > w->p->batch)
        return jem_error(JEM_EINTERNAL, "%lld images for a plan of %lld", (long long)io->count,
                         (long long)w->p->batch);
    return run_steps(w, 0, w->p->forward_end, io, NULL);
}

jem_status plan_forward(workspace *w, const plan_call *call, const void *x, void *logits)
{
    step_io io = io_for(call);
    io.x = x;
    io.logits = logits;
    return run_forward(w, &io);
}

jem_status plan_tangent(workspace *w, const plan_call *call, const void *x, const void *tx,
                        void *logits, void *tlogits)
{
    step_io io = io_for(call);
    io.x = x;
    io.tx = tx;
    io.logits = logits;
    io.tlogits = tlogits;
    if (!w->p->tangent)
        return jem_error(JEM_EINTERNAL, "this plan was not compiled for tangents");
    return run_forward(w, &io);
}

/* Steps of the backward pass; slices give their gradients to a sink in turn. */
static jem_status run_backward(workspace *w, const step_io *io, const plan_sink *sink)
{
    jem_status st = JEM_OK;
    if (w->helpers && plan_slices(w->p) > 1) TRY(pool_order_lines(w->helpers, w->p->layer_count));
    TRY(run_steps(w, w->p->forward_end, w->p->backward_end, io, sink));
done:
    return st;
}

/* ctx: the flat vector. */
static bool add_to_flat(void *ctx, int layer, int64_t first, int64_t count, const void *part)
{
    float *to = (float *)ctx + first;
    const float *from = part;
    (void)layer;
    for (int64_t k = 0; k < count; ++k) to[k] += from[k];
    return true;
}

/* A plan in slices adds up what each has; precisions with slices have float32 parameters. */
static jem_status backward_in_slices(workspace *w, step_io *io, void *dparams)
{
    const plan *p = w->p;
    const plan_sink sum = {.take = add_to_flat, .ctx = dparams};
    for (int i = p->forward_end; i < p->backward_end; ++i) {
        const step *s = &p->steps[i].s;
        if (s->kind == STEP_BACKWARD_PARAMS)
            memset((float *)dparams + plan_first_param(p, i), 0, (size_t)op_params(&s->op) * sizeof(float));
    }
    return run_backward(w, io, &sum);
}

jem_status plan_backward(workspace *w, const plan_call *call, const void *dlogits, void *dx,
                         void *dparams)
{
    const plan *p = w->p;
    step_io io = io_for(call);
    io.dlogits = dlogits;
    io.dx = dx;
    if ((dx && !p->backward_input) || (dparams && !p->backward_params))
        return jem_error(JEM_EINTERNAL, "this plan was not compiled for the gradient asked for");
    if (dparams && plan_slices(p) > 1) return backward_in_slices(w, &io, dparams);
    io.dparams = dparams;
    return run_backward(w, &io, NULL);
}

jem_status plan_backward_layers(workspace *w, const plan_call *call, const void *dlogits,
                                const plan_sink *sink)
{
    step_io io = io_for(call);
    io.dlogits = dlogits;
    if (!w->p->backward_params)
        return jem_error(JEM_EINTERNAL, "this plan was not compiled for gradients to parameters");
    return run_backward(w, &io, sink);
}

jem_status plan_feature(workspace *w, const plan_call *call, const char *name, void *dst)
{
    step_io io = io_for(call);
    const plan *p = w->p;
    io.feature = dst;
    for (int i = 0; i < p->feature_count; ++i) {
        int at = p->backward_end + i;
        if (strcmp(p->g->nodes[p->features[i]].name, name) == 0)
            return run_steps(w, at, at + 1, &io, NULL);
    }
    return jem_error(JEM_EINTERNAL, "feature '%s' was not kept when the plan was compiled", name);
}
