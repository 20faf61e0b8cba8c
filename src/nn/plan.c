/* A plan's life (plan.h): compiled into kernels, loaded with parameters, bound to workspaces; what its
 * steps are is plan_build.c's, how they run plan_run.c's. */
#include "nn/plan.h"

#include "backend/device.h"
#include "base/mem.h"
#include "base/try.h"
#include "nn/ops.h"
#include "nn/plan_internal.h"

/* Kernel of the first forward step with the weights of step i, if that comes before. */
static void *shared_kernel(const plan *p, int i)
{
    const step *s = &p->steps[i].s;
    for (int k = 0; k < i && s->kind == STEP_FORWARD && s->op.weight >= 0; ++k)
        if (p->steps[k].s.kind == STEP_FORWARD && p->steps[k].s.op.weight == s->op.weight)
            return p->steps[k].kernel;
    return NULL;
}

int64_t plan_first_param(const plan *p, int i)
{
    const step *s = &p->steps[i].s;
    return s->kind == STEP_BACKWARD_PARAMS ? p->g->nodes[s->op.id].op.weight : 0;
}

size_t plan_elements_bytes(const plan *p, int64_t n)
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
    if (o->features_only && (o->tangent || o->backward_input || o->backward_params))
        return jem_error(JEM_EINTERNAL, "a plan for features alone has no derivatives");
    TRY(b->supports(o->precision));
    TRY(MEM_NEW(p, 1));
    *p = (plan){.g = g, .b = b, .batch = o->batch, .precision = o->precision,
                .backward_input = o->backward_input, .backward_params = o->backward_params,
                .tangent = o->tangent, .split = o->split,
                .lean = o->lean, .wide = o->wide && o->precision == JEM_BF16 && b->prefers_bf16,
                .direct = o->direct, .train = o->train, .features_only = o->features_only};
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

int plan_slices_of(const plan *p, int64_t count)
{
    return (int)((count + p->slice - 1) / p->slice);
}

int plan_slices(const plan *p)
{
    return plan_slices_of(p, p->batch);
}

int plan_layer_count(const plan *p)
{
    return p->layer_count;
}

int64_t plan_largest_layer(const plan *p)
{
    return p->largest_layer;
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
    size_t bytes = p->made ? plan_elements_bytes(p, p->g->param_elements) : 0;
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
    return l->p->b->kernel_load(l->p->steps[i].kernel, l->params + plan_elements_bytes(l->p, plan_first_param(l->p, i)));
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
        TRY(mem_alloc(&h->part, plan_elements_bytes(p, p->largest_layer), 1));
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
