/* Models on threads: plans per use, workspaces per worker, chunks of batches. */
#include "model/model.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "backend/device.h"
#include "base/mem.h"
#include "base/signal_hold.h"
#include "base/try.h"
#include "model/init.h"
#include "nn/executor.h"

/* One thread's memory for one use, beside its workspace. */
typedef struct worker {
    float *logits, *cotangent, *x, *grad;
    float *dlayer;
} worker;

/* A compiled plan and its threads' memory; the uses, then one for features. */
typedef struct engine {
    executor x;
    worker *workers;
    bool stale; /* parameters changed since the plan last loaded them */
    bool shares; /* packed weights of the chains' plan, which is never cleared then */
} engine;

enum { ENGINE_FEATURE = MODEL_USES, ENGINES, FEATURES_MAX = 64 };

struct model {
    model_spec spec;
    engine_spec engine_spec;
    graph *g;
    const backend *b;
    pool *workers;
    float *params;
    float *resident;           /* the same in the device's memory; NULL: not needed so far */
    bool host_newer, resident_newer; /* one of the two, or neither, knows more than the other */
    engine engines[ENGINES];
    engine other[ENGINES]; /* for batches of the size before, where a pass holds them whole */
    bool timed;       /* see model_time_steps */
    int kept[FEATURES_MAX]; /* the nodes that ENGINE_FEATURE was compiled for; -1 behind the last */
    const volatile sig_atomic_t *stop; /* borrowed; NULL: nothing stops it */
    atomic_bool stopping;              /* what *stop was when worker 0 looked last */
};

static void engine_clear(engine *e, int threads)
{
    for (int i = 0; e->workers && i < threads; ++i) {
        worker *w = &e->workers[i];
        mem_free(w->logits);
        mem_free(w->cotangent);
        mem_free(w->x);
        mem_free(w->grad);
        mem_free(w->dlayer);
    }
    mem_free(e->workers);
    executor_clear(&e->x);
    *e = (engine){0};
}

void model_free(model *m)
{
    if (!m) return;
    for (int i = 0; m->workers && i < ENGINES; ++i) {
        engine_clear(&m->engines[i], pool_threads(m->workers));
        engine_clear(&m->other[i], pool_threads(m->workers));
    }
    pool_free(m->workers);
    if (m->resident) m->b->device->free(m->resident);
    mem_free(m->params);
    graph_free(m->g);
    mem_free(m);
}

jem_status model_new(model **out, const model_spec *spec, const engine_spec *engine_of)
{
    jem_status st;
    model *m = NULL;

    TRY(MEM_NEW(m, 1));
    m->spec = *spec;
    m->engine_spec = *engine_of;
    TRY(backend_find(&m->b, engine_of->device));
    if (m->b->device) m->b->device->set_repeatable(engine_of->deterministic);
    TRY(pool_new(&m->workers, m->b->device ? 1 : (int)engine_of->threads));
    TRY(model_spec_build(&m->g, spec));
    TRY(MEM_NEW(m->params, m->g->param_elements));
    *out = m;
    m = NULL;
done:
    model_free(m);
    return st;
}

const model_spec *model_get_spec(const model *m)
{
    return &m->spec;
}

const engine_spec *model_get_engine(const model *m)
{
    return &m->engine_spec;
}

const graph *model_graph(const model *m)
{
    return m->g;
}

const backend *model_backend(const model *m)
{
    return m->b;
}

pool *model_pool(const model *m)
{
    return m->workers;
}

int64_t model_input_count(const model *m)
{
    return shape_count(m->g->nodes[0].op.dst);
}

int64_t model_classes(const model *m)
{
    return m->spec.classes;
}

int64_t model_output_count(const model *m)
{
    return shape_count(m->g->nodes[m->g->output].op.dst);
}

jem_status model_check_logits(const model *m)
{
    if (m->spec.network->logits) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s has no logits: it says nothing of classes and has no energy", m->spec.name);
}

int64_t model_params_count(const model *m)
{
    return m->g->param_elements;
}

const char *const *model_stages(const model *m)
{
    return m->spec.network->stages;
}

const char *model_first_head(const model *m)
{
    return m->spec.network->heads[0];
}

const char *model_last_head(const model *m)
{
    const char *last = NULL;
    for (const char *const *h = m->spec.network->heads; *h; ++h)
        if (graph_find(m->g, *h) >= 0) last = *h;
    return last;
}

float *model_params(model *m)
{
    return m->params;
}

static void all_stale(model *m)
{
    for (int i = 0; i < ENGINES; ++i) m->engines[i].stale = m->other[i].stale = true;
}

jem_status model_params_changed(model *m)
{
    all_stale(m);
    m->host_newer = true;
    m->resident_newer = false;
    return JEM_OK;
}

/* ---- parameters on a device */

static size_t params_bytes(const model *m)
{
    return (size_t)m->g->param_elements * sizeof *m->params;
}

jem_status model_resident(model *m, float **params)
{
    const device *d = m->b->device;
    jem_status st = JEM_OK;
    if (!m->resident) {
        TRY(d->alloc(&m->resident, params_bytes(m)));
        m->host_newer = true;
    }
    if (m->host_newer) TRY(d->copy(m->resident, m->params, params_bytes(m)));
    m->host_newer = false;
    *params = m->resident;
done:
    return st;
}

void model_resident_changed(model *m)
{
    all_stale(m);
    m->resident_newer = true;
}

jem_status model_fetch_params(model *m)
{
    jem_status st = JEM_OK;
    if (m->resident_newer) TRY(m->b->device->copy(m->params, m->resident, params_bytes(m)));
    m->resident_newer = false;
done:
    return st;
}

jem_status model_compile(plan **out, const model *m, int use, int64_t n)
{
    engine_spec exact = m->engine_spec;
    exact.chunk = n;
    return engine_plan(out, m->g, m->b, &exact, use, n, NULL);
}

static jem_status load(model *m, engine *e)
{
    float *params;
    jem_status st;
    if (!m->b->device) return plan_load_on(e->x.p, m->params, m->workers);
    TRY(model_resident(m, &params));
    TRY(plan_load_resident(e->x.p, params));
done:
    return st;
}

/* ---- engines */

/* `outputs`: passes bring them. */
static jem_status worker_init(worker *w, const model *m, const plan *p, bool outputs)
{
    int64_t n = plan_batch(p), k = model_output_count(m), size = model_input_count(m);
    jem_status st = JEM_OK;

    if (outputs) TRY(MEM_NEW(w->logits, n * k));
    if (outputs) TRY(MEM_NEW(w->cotangent, n * k));
    TRY(MEM_NEW(w->x, n * size));
    TRY(MEM_NEW(w->grad, n * size));
    if (plan_layer_count(p) > 0) TRY(MEM_NEW(w->dlayer, plan_largest_layer(p)));
done:
    return st;
}

static jem_status compile(engine *e, model *m, int use, int64_t n, const char *const *features)
{
    jem_status st;
    int threads = pool_threads(m->workers);
    plan *p = NULL;
    workspace *ws;

    TRY(engine_plan(&p, m->g, m->b, &m->engine_spec, use, n, features));
    TRY(executor_init(&e->x, p, threads));
    e->shares = use != MODEL_CHAIN && m->engines[MODEL_CHAIN].x.p && !m->b->device && m->g->together == 0;
    if (e->shares) plan_share_weights(p, m->engines[MODEL_CHAIN].x.p);
    if (m->timed) TRY(executor_time_steps(&e->x));
    TRY(MEM_NEW(e->workers, threads));
    for (int i = 0; i < (plan_slices(p) > 1 ? 1 : threads); ++i) { /* slices share one */
        TRY(executor_workspace(&ws, &e->x, i)); /* now: nothing is allocated later */
        TRY(worker_init(&e->workers[i], m, p, features == NULL));
    }
    TRY(pool_order_lines(m->workers, MODEL_SUMS * plan_layer_count(p)));
    e->stale = true;
done:
    if (st) engine_clear(e, threads);
    return st;
}

static jem_status load_if_stale(model *m, engine *e)
{
    jem_status st = JEM_OK;
    if (e->stale) TRY(load(m, e));
    e->stale = false;
done:
    return st;
}

/* Makes engine `use` ready for batches of n. */
static jem_status ensure(model *m, int use, int64_t n, const char *const *features)
{
    jem_status st = JEM_OK;
    engine *e = &m->engines[use];

    if (e->x.p && (m->g->together > 0 || engine_whole_batch(m->g, use)) && plan_batch(e->x.p) != n) {
        const engine before = *e; /* labelled and generative batches may take turns */
        *e = m->other[use];
        m->other[use] = before;
        if (e->x.p && plan_batch(e->x.p) != n) engine_clear(e, pool_threads(m->workers));
    }
    /* A device is used better by one large chunk than by several. */
    if (e->x.p && m->b->device && m->engine_spec.chunk == 0 &&
        plan_batch(e->x.p) < executor_device_chunk(m->g, n))
        engine_clear(e, pool_threads(m->workers));
    if (!e->x.p) TRY(compile(e, m, use, n, features));
    if (e->stale && e->shares) TRY(load_if_stale(m, &m->engines[MODEL_CHAIN]));
    TRY(load_if_stale(m, e));
done:
    return st;
}

/* ---- running chunks */

void model_set_stop(model *m, const volatile sig_atomic_t *stop)
{
    m->stop = stop;
    atomic_store(&m->stopping, stop && *stop); /* other workers may look before worker 0 does */
}

const volatile sig_atomic_t *model_get_stop(const model *m)
{
    return m->stop;
}

jem_status model_check_stop(model *m, int worker_number)
{
    /* A flag that a signal handler sets may be read by the thread that it interrupts
     * only; the others are told. */
    if (worker_number == 0) signal_let_in();
    if (worker_number == 0) atomic_store(&m->stopping, m->stop && *m->stop);
    if (!atomic_load(&m->stopping)) return JEM_OK;
    return jem_error(JEM_EINTERRUPTED, "stopped by a signal");
}

typedef struct run_context {
    model *m;
    engine *e;
    model_chunk_fn fn;
    void *ctx;
    int64_t first; /* image of the call that its first chunk begins with */
    int64_t size;  /* of the call's chunks but the last; 0: that of the plan */
} run_context;

static jem_status run_chunk(void *ctx, const executor_chunk *x)
{
    const run_context *r = ctx;
    const worker *w = &r->e->workers[x->thread];
    const int64_t size = r->size ? r->size : plan_batch(r->e->x.p);
    model_chunk c = {.ws = x->ws, .first = r->first + x->first, .count = x->count, .size = size,
                     .index = (int)(r->first / size) + x->index, .worker = x->thread,
                     .logits = w->logits, .cotangent = w->cotangent, .x = w->x, .grad = w->grad,
                     .dlayer = w->dlayer};
    jem_status st = model_check_stop(r->m, x->thread);
    return st == JEM_OK ? r->fn(r->ctx, &c) : st;
}

/* Images that norms couple: so many together in each chunk, and the rest in a plan of its own size. */
static jem_status run_together(run_context *r, int use, int64_t n, const char *const *features)
{
    jem_status st = JEM_OK;
    const int64_t size = r->m->g->together, rest = n % size;

    r->size = size;
    if (n > rest) {
        TRY(ensure(r->m, use, size, features));
        TRY(executor_run(&r->e->x, r->m->workers, n - rest, run_chunk, r));
    }
    if (rest > 0) {
        r->first = n - rest;
        TRY(ensure(r->m, use, rest, features));
        TRY(executor_run(&r->e->x, r->m->workers, rest, run_chunk, r));
    }
done:
    return st;
}

static jem_status run_engine(model *m, int use, int64_t n, const char *const *features,
                             model_chunk_fn fn, void *ctx)
{
    jem_status st;
    run_context r = {.m = m, .e = &m->engines[use], .fn = fn, .ctx = ctx};

    if (n < 1) return JEM_OK;
    if (m->g->together > 0 && !engine_whole_batch(m->g, use)) return run_together(&r, use, n, features);
    TRY(ensure(m, use, n, features));
    TRY(executor_run(&r.e->x, m->workers, n, run_chunk, &r));
done:
    return st;
}

jem_status model_run(model *m, model_use use, int64_t n, model_chunk_fn fn, void *ctx)
{
    return run_engine(m, (int)use, n, NULL, fn, ctx);
}

/* ---- gradients */

/* One chunk's pass for one sum. */
typedef struct layer_sum {
    pool *workers; /* NULL: slices, which come in their turn */
    float *total;
    int line; /* of the first layer: each has its own */
    int turn;
} layer_sum;

static bool add_layer(void *ctx, int layer, int64_t first, int64_t count, const void *dlayer)
{
    const layer_sum *s = ctx;
    float *restrict total = s->total + first;
    const float *restrict part = dlayer;

    if (s->workers && !pool_order_enter(s->workers, s->line + layer, s->turn)) return false;
    for (int64_t k = 0; k < count; ++k) total[k] += part[k];
    if (s->workers) pool_order_leave(s->workers, s->line + layer, s->turn);
    return true;
}

jem_status model_add_gradient(model *m, const model_chunk *chunk, const plan_call *call,
                              const model_sum *sum)
{
    const plan *p = m->engines[MODEL_TRAIN].x.p;
    const int layers = plan_layer_count(p);
    layer_sum s = {.workers = plan_slices(p) > 1 ? NULL : m->workers, .total = sum->total,
                   .line = sum->number * layers, .turn = sum->turn};
    const plan_sink sink = {chunk->dlayer, add_layer, &s};
    return plan_backward_layers(chunk->ws, call, chunk->cotangent, &sink);
}

/* ---- times */

jem_status model_time_steps(model *m)
{
    jem_status st = JEM_OK;
    m->timed = true;
    for (int i = 0; i < ENGINES; ++i) {
        TRY(executor_time_steps(&m->engines[i].x));
        TRY(executor_time_steps(&m->other[i].x));
    }
done:
    return st;
}

void model_visit_times(const model *m, model_use use,
                       void (*visit)(void *ctx, const plan *p, int i, plan_time t), void *ctx)
{
    const engine *engines[2] = {&m->engines[use], &m->other[use]};
    for (int k = 0; k < 2; ++k) {
        const executor *x = &engines[k]->x;
        for (int i = 0; x->p && i < plan_step_count(x->p); ++i) visit(ctx, x->p, i, executor_time(x, i));
    }
}

/* ---- evaluation */

typedef struct evaluation {
    const model *m;
    const float *x;
    const int32_t *y;
    const model_loss *loss;
    float *logits, *lse, *grad;
} evaluation;

/* What the gradient of is wanted: log-sum-exp, whose softmax is there; one logit; a loss. */
static void set_cotangent(const evaluation *e, const model_chunk *c, int64_t k)
{
    if (e->loss) e->loss->cotangent(e->loss->ctx, c->cotangent, c->logits, c->first, c->count);
    for (int64_t i = 0; e->y && i < c->count; ++i)
        for (int64_t j = 0; j < k; ++j)
            c->cotangent[i * k + j] = e->y[c->first + i] == j ? 1.0f : 0.0f;
}

static jem_status evaluate_chunk(void *ctx, const model_chunk *c)
{
    jem_status st;
    const evaluation *e = ctx;
    int64_t k = e->m->spec.classes, size = model_input_count(e->m);
    const backend *b = e->m->b;
    plan_call call = {.count = c->count};

    TRY(plan_forward(c->ws, &call, e->x + c->first * size, c->logits));
    b->logsumexp(e->lse ? e->lse + c->first : c->x, c->cotangent, c->logits, c->count, k);
    if (e->logits)
        memcpy(e->logits + c->first * k, c->logits, (size_t)(c->count * k) * sizeof *c->logits);
    if (e->grad) {
        set_cotangent(e, c, k);
        TRY(plan_backward(c->ws, &call, c->cotangent, e->grad + c->first * size, NULL));
    }
done:
    return st;
}

jem_status model_evaluate(model *m, const float *x, int64_t n, const int32_t *y, float *logits,
                          float *lse, float *grad)
{
    evaluation e = {m, x, y, NULL, logits, lse, grad};
    const jem_status st = model_check_logits(m);
    if (st) return st;
    return model_run(m, grad ? MODEL_CHAIN : MODEL_INFER, n, evaluate_chunk, &e);
}

jem_status model_loss_gradient(model *m, const float *x, int64_t n, const model_loss *loss,
                               float *logits, float *grad)
{
    evaluation e = {m, x, NULL, loss, logits, NULL, grad};
    const jem_status st = model_check_logits(m);
    if (st) return st;
    return model_run(m, MODEL_CHAIN, n, evaluate_chunk, &e);
}

typedef struct feature_request {
    const model *m;
    const char *const *names;
    const int *nodes;
    const float *x;
    float *const *dst;
} feature_request;

static jem_status features_chunk(void *ctx, const model_chunk *c)
{
    jem_status st;
    const feature_request *f = ctx;
    plan_call call = {.count = c->count};

    TRY(plan_forward(c->ws, &call, f->x + c->first * model_input_count(f->m), NULL));
    for (int i = 0; f->names[i]; ++i) {
        const int64_t count = shape_count(f->m->g->nodes[f->nodes[i]].op.dst);
        TRY(plan_feature(c->ws, &call, f->names[i], f->dst[i] + c->first * count));
    }
done:
    return st;
}

static jem_status find_feature(int *at, const model *m, const char *name)
{
    *at = graph_find(m->g, name);
    if (*at >= 0) return JEM_OK;
    char names[512];
    graph_list_names(m->g, names, sizeof names);
    return jem_error(JEM_EUSAGE, "%s has no feature '%s'; it has %s", m->spec.name, name, names);
}

jem_status model_features(model *m, const char *const *names, const float *x, int64_t n, float *const *dst)
{
    jem_status st = JEM_OK;
    int nodes[FEATURES_MAX], count = 0;

    for (; names[count]; ++count) {
        assert(count + 1 < FEATURES_MAX);
        TRY(find_feature(&nodes[count], m, names[count]));
    }
    nodes[count++] = -1;
    if (memcmp(m->kept, nodes, (size_t)count * sizeof *nodes) != 0) {
        engine_clear(&m->engines[ENGINE_FEATURE], pool_threads(m->workers));
        engine_clear(&m->other[ENGINE_FEATURE], pool_threads(m->workers));
        memcpy(m->kept, nodes, (size_t)count * sizeof *nodes);
    }
    feature_request f = {m, names, nodes, x, dst};
    st = run_engine(m, ENGINE_FEATURE, n, names, features_chunk, &f);
done:
    return st;
}

jem_status model_feature(model *m, const char *name, const float *x, int64_t n, float *dst, shape *s)
{
    jem_status st;
    int at;

    TRY(find_feature(&at, m, name));
    if (s) *s = m->g->nodes[at].op.dst;
    if (dst) st = model_features(m, (const char *const[]){name, NULL}, x, n, &dst);
done:
    return st;
}
