/* A plan's life (plan.h): compiled into kernels, loaded with parameters, bound to workspaces, run
 * and timed; what its steps are is plan_build.c's. */
#include "nn/plan.h"

#include <stdatomic.h>
#include <string.h>

#include "backend/device.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stopwatch.h"
#include "base/try.h"
#include "nn/ops.h"
#include "nn/plan_internal.h"

/* What one thread computes with. */
typedef struct hand {
    char *scratch;
    void **bound; /* one per step */
    void *part;   /* [plan_largest_layer]: a slice's gradient to a layer's parameters */
    plan_time *times; /* one per step; NULL: not timed */
} hand;

struct workspace {
    const plan *p;
    char *arena;   /* of all slices, one after another */
    char *meeting; /* what they tell one another; NULL: nothing */
    hand *hands;   /* [hand_count] */
    int hand_count;
    pool *helpers; /* borrowed; NULL: the caller alone */
    plan_time *times; /* of all hands; NULL: not timed */
};

/* Kernel of the first forward step with the weights of step i, if that comes before. */
static void *shared_kernel(const plan *p, int i)
{
    const step *s = &p->steps[i].s;
    for (int k = 0; k < i && s->kind == STEP_FORWARD && s->op.weight >= 0; ++k)
        if (p->steps[k].s.kind == STEP_FORWARD && p->steps[k].s.op.weight == s->op.weight)
            return p->steps[k].kernel;
    return NULL;
}

/* Where the flat vectors of step i begin: at the layer's own parameters if it forms their
 * gradient, because its op counts from there. */
static int64_t first_param(const plan *p, int i)
{
    const step *s = &p->steps[i].s;
    return s->kind == STEP_BACKWARD_PARAMS ? p->g->nodes[s->op.id].op.weight : 0;
}

static size_t elements_bytes(const plan *p, int64_t n)
{
    return (size_t)n * (p->precision == JEM_F64 ? sizeof(double) : sizeof(float));
}

static jem_status prepare_kernels(plan *p)
{
    jem_status st = JEM_OK;
    for (int i = 0; i < p->step_count; ++i) {
        TRY(p->b->kernel_new(&p->steps[i].kernel, &p->steps[i].s, shared_kernel(p, i)));
        size_t scratch = p->b->kernel_scratch(p->steps[i].kernel);
        if (scratch > p->scratch_bytes) p->scratch_bytes = scratch;
    }
done:
    return st;
}

static int64_t slice_of(const plan *p, const plan_options *o)
{
    const bool meets = p->b->meeting_bytes && o->train && !o->tangent && !o->split && graph_couples_images(p->g);
    return meets && o->slice > 0 && o->slice < o->batch ? o->slice : o->batch;
}

jem_status plan_compile(plan **out, const graph *g, const backend *b, const plan_options *o)
{
    jem_status st;
    plan *p = NULL;

    if (o->batch < 1) return jem_error(JEM_EUSAGE, "a plan needs at least one image per execution");
    if (o->tangent && (o->backward_input || o->backward_params))
        return jem_error(JEM_EINTERNAL, "a plan for tangents cannot be one for gradients as well");
    TRY(b->supports(o->precision));
    TRY(MEM_NEW(p, 1));
    *p = (plan){.g = g, .b = b, .batch = o->batch, .precision = o->precision,
                .backward_input = o->backward_input, .backward_params = o->backward_params,
                .tangent = o->tangent, .split = o->split,
                .lean = o->lean, .wide = o->wide && o->precision == JEM_BF16 && b->prefers_bf16,
                .direct = o->direct, .train = o->train};
    p->slice = slice_of(p, o);
    TRY(plan_fold_norms(p, o->features));
    TRY(plan_build(p, o->features));
    TRY(plan_place_buffers(p));
    TRY(prepare_kernels(p));
    *out = p;
    p = NULL;
done:
    plan_free(p);
    return st;
}

void plan_free(plan *p)
{
    if (!p) return;
    for (int i = p->step_count - 1; i >= 0; --i) /* those that share weights last */
        if (p->steps[i].kernel) p->b->kernel_free(p->steps[i].kernel);
    if (p->params) p->b->device->free(p->params);
    for (int i = 0; i < p->step_count; ++i) mem_free(p->steps[i].sources);
    mem_free(p->steps);
    mem_free(p->buffers);
    mem_free(p->features);
    plan_fold_clear(p);
    mem_free(p);
}

int64_t plan_batch(const plan *p)
{
    return p->batch;
}

/* Slices of a call with so many images. */
static int slices_of(const plan *p, int64_t count)
{
    return (int)((count + p->slice - 1) / p->slice);
}

int plan_slices(const plan *p)
{
    return slices_of(p, p->batch);
}

size_t plan_workspace_bytes(const plan *p)
{
    return (size_t)p->arena_bytes * (size_t)plan_slices(p) + p->meeting_bytes + p->scratch_bytes;
}

size_t plan_thread_bytes(const plan *p)
{
    return p->scratch_bytes;
}

size_t plan_packed_bytes(const plan *p)
{
    size_t bytes = p->made ? elements_bytes(p, p->g->param_elements) : 0;
    for (int i = 0; p->b->kernel_packed && i < p->step_count; ++i)
        bytes += p->b->kernel_packed(p->steps[i].kernel);
    return bytes;
}

int plan_step_count(const plan *p)
{
    return p->step_count;
}

const step *plan_step(const plan *p, int i)
{
    return &p->steps[i].s;
}

void plan_step_algorithm(const plan *p, int i, char *text, size_t size)
{
    text[0] = '\0';
    if (p->b->kernel_describe) p->b->kernel_describe(p->steps[i].kernel, text, size);
}

double plan_step_flops(const plan *p, int i)
{
    const step *s = &p->steps[i].s;
    const bool computes = s->kind == STEP_FORWARD || s->kind == STEP_BACKWARD_DATA ||
                          s->kind == STEP_BACKWARD_PARAMS;
    return computes ? (double)p->slice * op_flops(&s->op) : 0;
}

static conv_shares step_shares(const plan *p, int i)
{
    return p->b->kernel_shares ? p->b->kernel_shares(p->steps[i].kernel) : (conv_shares){1, 0};
}

double plan_step_products(const plan *p, int i)
{
    return step_shares(p, i).products * plan_step_flops(p, i);
}

double plan_step_transforms(const plan *p, int i)
{
    return step_shares(p, i).transforms * plan_step_flops(p, i);
}

/* Parameters on their way into the kernels. */
typedef struct loading {
    plan *p;
    const char *params;
} loading;

static jem_status load_kernel(void *ctx, int i, int worker)
{
    const loading *l = ctx;
    (void)worker;
    return l->p->b->kernel_load(l->p->steps[i].kernel, l->params + elements_bytes(l->p, first_param(l->p, i)));
}

/* The first time one after another: kernels that share what others keep packed learn where that is. */
static jem_status load_kernels(plan *p, const void *params, pool *threads)
{
    jem_status st = JEM_OK;
    loading l = {p, params};
    if (p->loaded && threads) return pool_run(threads, p->step_count, load_kernel, &l);
    for (int i = 0; i < p->step_count; ++i) TRY(load_kernel(&l, i, 0));
    p->loaded = true;
done:
    return st;
}

jem_status plan_load_resident(plan *p, const void *params)
{
    return load_kernels(p, params, NULL);
}

/* Do two steps multiply by the same weights in the same way? */
static bool same_weights(const step *a, const step *b)
{
    return a->kind == b->kind && (a->kind == STEP_FORWARD || a->kind == STEP_BACKWARD_DATA) &&
           a->op.weight >= 0 && a->op.weight == b->op.weight && a->op.folded == b->op.folded;
}

void plan_share_weights(plan *p, const plan *owner)
{
    if (!p->b->kernel_share || owner->b != p->b || owner->precision != p->precision) return;
    for (int i = 0; i < p->step_count; ++i)
        for (int k = 0; k < owner->step_count; ++k)
            if (same_weights(&p->steps[i].s, &owner->steps[k].s))
                p->b->kernel_share(p->steps[i].kernel, owner->steps[k].kernel);
}

jem_status plan_load(plan *p, const void *params)
{
    return plan_load_on(p, params, NULL);
}

jem_status plan_load_on(plan *p, const void *params, pool *threads)
{
    const device *d = p->b->device;
    const size_t bytes = (size_t)p->g->param_elements * sizeof(float);
    jem_status st = JEM_OK;

    params = plan_made(p, params);
    if (!d) return load_kernels(p, params, threads);
    if (!p->params) TRY(d->alloc(&p->params, bytes));
    TRY(d->copy(p->params, params, bytes));
    TRY(plan_load_resident(p, p->params));
done:
    return st;
}

/* Memory that the backend computes in. */
static jem_status arena_new(void *out, const backend *b, size_t bytes)
{
    return b->device ? b->device->alloc(out, bytes) : mem_alloc(out, bytes, 1);
}

static void arena_free(const backend *b, void *p)
{
    if (b->device)
        b->device->free(p);
    else
        mem_free(p);
}

static void hand_clear(hand *h, const plan *p)
{
    for (int i = 0; h->bound && i < p->step_count; ++i)
        if (h->bound[i]) p->b->bound_free(h->bound[i]);
    mem_free(h->bound);
    mem_free(h->part);
    mem_free(h->times);
    arena_free(p->b, h->scratch);
}

static jem_status hand_init(hand *h, const plan *p, char *arena)
{
    jem_status st;

    TRY(arena_new(&h->scratch, p->b, p->scratch_bytes));
    TRY(MEM_NEW(h->bound, p->step_count));
    for (int i = 0; i < p->step_count; ++i)
        TRY(p->b->bound_new(&h->bound[i], p->steps[i].kernel, arena, h->scratch));
    if (plan_slices(p) > 1 && p->backward_params)
        TRY(mem_alloc(&h->part, elements_bytes(p, p->largest_layer), 1));
done:
    return st;
}

jem_status workspace_new_shared(workspace **out, const plan *p, int threads)
{
    jem_status st;
    workspace *w = NULL;
    const int slices = plan_slices(p);

    TRY(MEM_NEW(w, 1));
    w->p = p;
    TRY(arena_new(&w->arena, p->b, (size_t)p->arena_bytes * (size_t)slices));
    if (p->meeting_bytes > 0) TRY(arena_new(&w->meeting, p->b, p->meeting_bytes));
    w->hand_count = slices > 1 ? threads : 1;
    TRY(MEM_NEW(w->hands, w->hand_count));
    for (int i = 0; i < w->hand_count; ++i) TRY(hand_init(&w->hands[i], p, w->arena));
    *out = w;
    w = NULL;
done:
    workspace_free(w);
    return st;
}

jem_status workspace_new(workspace **out, const plan *p)
{
    return workspace_new_shared(out, p, 1);
}

void workspace_free(workspace *w)
{
    if (!w) return;
    for (int i = 0; w->hands && i < w->hand_count; ++i) hand_clear(&w->hands[i], w->p);
    mem_free(w->hands);
    mem_free(w->times);
    arena_free(w->p->b, w->arena);
    arena_free(w->p->b, w->meeting);
    mem_free(w);
}

void workspace_set_helpers(workspace *w, pool *helpers)
{
    w->helpers = helpers;
}

jem_status workspace_time_steps(workspace *w)
{
    const int n = w->p->step_count;
    jem_status st = w->times ? JEM_OK : MEM_NEW(w->times, n);
    for (int k = 0; st == JEM_OK && k < w->hand_count; ++k) {
        hand *h = &w->hands[k];
        if (!h->times) st = MEM_NEW(h->times, n);
        for (int i = 0; st == JEM_OK && i < n; ++i) h->times[i] = (plan_time){0};
    }
    return st;
}

/* Of one more hand. */
static void add_time(plan_time *sum, const plan_time *t)
{
    if (sum->runs == 0 || (t->runs > 0 && t->fastest < sum->fastest)) sum->fastest = t->fastest;
    sum->seconds += t->seconds;
    sum->counted += t->counted;
    sum->runs += t->runs;
}

const plan_time *workspace_times(const workspace *w)
{
    for (int i = 0; w->times && i < w->p->step_count; ++i) {
        w->times[i] = (plan_time){0};
        for (int k = 0; k < w->hand_count; ++k) add_time(&w->times[i], &w->hands[k].times[i]);
    }
    return w->times;
}

static step_io io_for(const plan_call *call)
{
    return (step_io){.count = call->count, .dropout = call->dropout, .image0 = call->image0,
                     .batch_stats = call->batch_stats};
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
    const int64_t first = first_param(w->p, (int)(at - w->p->steps));

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
    const size_t in = elements_bytes(p, first * shape_count(p->g->nodes[0].op.dst));
    const size_t out = elements_bytes(p, first * shape_count(p->g->nodes[p->g->output].op.dst));
    step_io io = *t->io;

    io.total = io.count;
    io.slice = slice;
    io.slices = slices_of(p, io.total);
    io.meeting = t->w->meeting;
    io.count = io.total - first < p->slice ? io.total - first : p->slice;
    if (slice == 0) return io;
    io.image0 += (uint32_t)first;
    io.x = further_on(io.x, in);
    io.logits = further(io.logits, out);
    io.dlogits = further_on(io.dlogits, out);
    io.dx = further(io.dx, in);
    io.feature = further(io.feature, elements_bytes(p, first * shape_count(p->steps[t->begin.step].s.src.s)));
    return io;
}

/* Where the step's gradient to parameters goes; NULL: it is not wanted. */
static void *dparams_of(const stretch *t, const hand *h, int i)
{
    if (t->sink) return h->part ? h->part : t->sink->part;
    return t->io->dparams ? (char *)t->io->dparams + elements_bytes(t->w->p, first_param(t->w->p, i)) : NULL;
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
        plan_turn_gradient(p, &p->g->nodes[p->steps[i].s.op.id].op, io.dparams, first_param(p, i));
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
    const int slices = slices_of(w->p, io->count);
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

int plan_layer_count(const plan *p)
{
    return p->layer_count;
}

int64_t plan_largest_layer(const plan *p)
{
    return p->largest_layer;
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
            memset((float *)dparams + first_param(p, i), 0, (size_t)op_params(&s->op) * sizeof(float));
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
