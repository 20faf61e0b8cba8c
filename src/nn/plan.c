/* Compiling plans and running them. */
#include "nn/plan.h"

#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "nn/plan_internal.h"

struct workspace {
    const plan *p;
    char *arena, *scratch;
    void **bound; /* one per step */
};

static jem_status prepare_kernels(plan *p)
{
    jem_status st = JEM_OK;
    for (int i = 0; i < p->step_count; ++i) {
        TRY(p->b->kernel_new(&p->steps[i].kernel, &p->steps[i].s));
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
    TRY(b->supports(o->precision));
    TRY(MEM_NEW(p, 1));
    *p = (plan){.g = g, .b = b, .batch = o->batch, .precision = o->precision,
                .backward_input = o->backward_input, .backward_params = o->backward_params,
                .train = o->train};
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
    for (int i = 0; i < p->step_count; ++i)
        if (p->steps[i].kernel) p->b->kernel_free(p->steps[i].kernel);
    mem_free(p->steps);
    mem_free(p->buffers);
    mem_free(p->features);
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
    size_t bytes = 0;
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

jem_status plan_load(plan *p, const void *params)
{
    jem_status st = JEM_OK;
    for (int i = 0; i < p->step_count; ++i) TRY(p->b->kernel_load(p->steps[i].kernel, params));
done:
    return st;
}

jem_status workspace_new(workspace **out, const plan *p)
{
    jem_status st;
    workspace *w = NULL;

    TRY(MEM_NEW(w, 1));
    w->p = p;
    TRY(MEM_NEW(w->arena, p->arena_bytes));
    TRY(MEM_NEW(w->scratch, p->scratch_bytes));
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
    mem_free(w->arena);
    mem_free(w->scratch);
    mem_free(w);
}

static step_io io_for(const plan_call *call)
{
    return (step_io){.count = call->count, .dropout = call->dropout, .image0 = call->image0,
                     .batch_stats = call->batch_stats};
}

static bool wanted(step_need need, const step_io *io)
{
    return need == NEED_ALWAYS || (need == NEED_DX && io->dx) ||
           (need == NEED_DPARAMS && io->dparams);
}

static jem_status run_steps(workspace *w, int from, int to, const step_io *io)
{
    jem_status st = JEM_OK;
    const plan *p = w->p;
    for (int i = from; i < to; ++i)
        if (wanted(p->steps[i].need, io)) TRY(p->b->run(w->bound[i], io));
done:
    return st;
}

jem_status plan_forward(workspace *w, const plan_call *call, const void *x, void *logits)
{
    step_io io = io_for(call);
    if (call->count < 1 || call->count > w->p->batch)
        return jem_error(JEM_EINTERNAL, "%lld images for a plan of %lld", (long long)call->count,
                         (long long)w->p->batch);
    io.x = x;
    io.logits = logits;
    return run_steps(w, 0, w->p->forward_end, &io);
}

jem_status plan_backward(workspace *w, const plan_call *call, const void *dlogits, void *dx,
                         void *dparams)
{
    step_io io = io_for(call);
    io.dlogits = dlogits;
    io.dx = dx;
    io.dparams = dparams;
    if ((dx && !w->p->backward_input) || (dparams && !w->p->backward_params))
        return jem_error(JEM_EINTERNAL, "this plan was not compiled for the gradient asked for");
    return run_steps(w, w->p->forward_end, w->p->backward_end, &io);
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
