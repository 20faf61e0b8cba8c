/* A plan's life (plan.h): compiled into kernels, loaded with parameters, bound to workspaces, run
 * and timed; what its steps are is plan_build.c's. */
#include "nn/plan.h"

#include <string.h>

#include "backend/device.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stopwatch.h"
#include "base/try.h"
#include "nn/ops.h"
#include "nn/plan_internal.h"

struct workspace {
    const plan *p;
    char *arena, *scratch;
    void **bound; /* one per step */
    pool *helpers; /* borrowed; NULL: the caller alone */
    plan_time *times; /* one per step; NULL: not timed */
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

size_t plan_workspace_bytes(const plan *p)
{
    return (size_t)p->arena_bytes + p->scratch_bytes;
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
    return computes ? (double)p->batch * op_flops(&s->op) : 0;
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

jem_status plan_load_resident(plan *p, const void *params)
{
    jem_status st = JEM_OK;
    for (int i = 0; i < p->step_count; ++i)
        TRY(p->b->kernel_load(p->steps[i].kernel,
                              (const char *)params + elements_bytes(p, first_param(p, i))));
done:
    return st;
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
    const device *d = p->b->device;
    const size_t bytes = (size_t)p->g->param_elements * sizeof(float);
    jem_status st = JEM_OK;

    params = plan_made(p, params);
    if (!d) return plan_load_resident(p, params);
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

jem_status workspace_new(workspace **out, const plan *p)
{
    jem_status st;
    workspace *w = NULL;

    TRY(MEM_NEW(w, 1));
    w->p = p;
    TRY(arena_new(&w->arena, p->b, (size_t)p->arena_bytes));
    TRY(arena_new(&w->scratch, p->b, p->scratch_bytes));
    TRY(MEM_NEW(w->bound, p->step_count));
    for (int i = 0; i < p->step_count; ++i)
        TRY(p->b->bound_new(&w->bound[i], p->steps[i].kernel, w->arena, w->scratch));
    *out = w;
    w = NULL;
done:
    workspace_free(w);
    return st;
}

void workspace_free(workspace *w)
{
    if (!w) return;
    for (int i = 0; w->bound && i < w->p->step_count; ++i)
        if (w->bound[i]) w->p->b->bound_free(w->bound[i]);
    mem_free(w->bound);
    mem_free(w->times);
    arena_free(w->p->b, w->arena);
    arena_free(w->p->b, w->scratch);
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
    for (int i = 0; st == JEM_OK && i < n; ++i) w->times[i] = (plan_time){0};
    return st;
}

const plan_time *workspace_times(const workspace *w)
{
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

static jem_status run_step(workspace *w, int i, const step_io *io)
{
    jem_status st = JEM_OK;
    const backend *b = w->p->b;
    const void *kernel = w->p->steps[i].kernel;
    step_call c = {b, w->bound[i], io, 0};

    if (!b->kernel_parts) return run_part(&c, 0, 0);
    for (int parts; (parts = b->kernel_parts(kernel, c.phase)) > 0; ++c.phase) {
        if (w->helpers && parts > 1)
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
    return w->p->b->device || w->helpers ? clock_s() : thread_clock_s();
}

static jem_status time_step(workspace *w, int i, const step_io *io)
{
    jem_status st;
    const device *d = w->p->b->device;
    const double start = step_clock_s(w);
    TRY(run_step(w, i, io));
    if (d) TRY(d->wait());
    const double took = step_clock_s(w) - start;
    plan_time *t = &w->times[i];
    t->fastest = t->runs == 0 || took < t->fastest ? took : t->fastest;
    t->runs++;
    if (took <= 3 * t->fastest) {
        t->seconds += took;
        t->counted++;
    }
done:
    return st;
}

/* If the call wants it. */
static jem_status run_wanted(workspace *w, int i, const step_io *io)
{
    if (!wanted(w->p->steps[i].need, io)) return JEM_OK;
    return w->times ? time_step(w, i, io) : run_step(w, i, io);
}

/* Step i of the backward pass, with gradients of parameters in io->dparams, from first_param on. */
static jem_status run_backward(workspace *w, int i, const step_io *io)
{
    const step *s = &w->p->steps[i].s;
    jem_status st;
    TRY(run_wanted(w, i, io));
    if (s->kind == STEP_BACKWARD_PARAMS && io->dparams)
        plan_turn_gradient(w->p, &w->p->g->nodes[s->op.id].op, io->dparams, first_param(w->p, i));
done:
    return st;
}

static jem_status run_steps(workspace *w, int from, int to, const step_io *io)
{
    jem_status st = JEM_OK;
    for (int i = from; i < to; ++i) TRY(run_wanted(w, i, io));
done:
    return st;
}

static jem_status run_forward(workspace *w, const step_io *io)
{
    if (io->count < 1 || io->count > w->p->batch)
        return jem_error(JEM_EINTERNAL, "%lld images for a plan of %lld", (long long)io->count,
                         (long long)w->p->batch);
    return run_steps(w, 0, w->p->forward_end, io);
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

jem_status plan_backward(workspace *w, const plan_call *call, const void *dlogits, void *dx,
                         void *dparams)
{
    jem_status st = JEM_OK;
    const plan *p = w->p;
    step_io io = io_for(call);
    io.dlogits = dlogits;
    io.dx = dx;
    if ((dx && !p->backward_input) || (dparams && !p->backward_params))
        return jem_error(JEM_EINTERNAL, "this plan was not compiled for the gradient asked for");
    for (int i = p->forward_end; i < p->backward_end; ++i) {
        io.dparams = dparams ? (char *)dparams + elements_bytes(p, first_param(p, i)) : NULL;
        TRY(run_backward(w, i, &io));
    }
done:
    return st;
}

jem_status plan_backward_layers(workspace *w, const plan_call *call, const void *dlogits,
                                const plan_sink *sink)
{
    jem_status st = JEM_OK;
    const plan *p = w->p;
    bool more = true;
    step_io io = io_for(call);
    io.dlogits = dlogits;
    io.dparams = sink->part;
    if (!p->backward_params)
        return jem_error(JEM_EINTERNAL, "this plan was not compiled for gradients to parameters");
    for (int i = p->forward_end, layer = 0; i < p->backward_end && more; ++i) {
        const step *s = &p->steps[i].s;
        TRY(run_backward(w, i, &io));
        if (s->kind == STEP_BACKWARD_PARAMS)
            more = sink->take(sink->ctx, layer++, first_param(p, i), op_params(&s->op));
    }
done:
    return st;
}

jem_status plan_feature(workspace *w, const plan_call *call, const char *name, void *dst)
{
    step_io io = io_for(call);
    const plan *p = w->p;
    io.feature = dst;
    for (int i = 0; i < p->feature_count; ++i) {
        int at = p->backward_end + i;
        if (strcmp(p->g->nodes[p->features[i]].name, name) == 0)
            return run_steps(w, at, at + 1, &io);
    }
    return jem_error(JEM_EINTERNAL, "feature '%s' was not kept when the plan was compiled", name);
}
