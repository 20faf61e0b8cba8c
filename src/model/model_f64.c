/* Models in double precision: see model_f64.h. */
#include "model/model_f64.h"

#include <math.h>

#include "base/mem.h"
#include "base/try.h"
#include "nn/executor.h"

typedef struct evaluation {
    model *m;
    const model_f64_call *call;
    double *logits, *cotangent; /* [n][classes] */
    int64_t first;              /* image of the call that a pass begins with */
} evaluation;

/* p [k] <- softmax v; the log-sum-exp.  What is not finite comes out as it is. */
static double softmax(double *p, const double *v, int64_t k)
{
    double most = v[0], sum = 0;
    for (int64_t j = 1; j < k; j++) most = v[j] > most ? v[j] : most;
    if (!isfinite(most)) most = 0;
    for (int64_t j = 0; j < k; j++) sum += p[j] = exp(v[j] - most);
    for (int64_t j = 0; j < k; j++) p[j] /= sum;
    return most + log(sum);
}

static jem_status copy_values(const evaluation *e, const executor_chunk *c, int64_t first, const plan_call *pass)
{
    jem_status st = JEM_OK;
    const graph *g = model_graph(e->m);
    for (int i = 0; e->call->names && e->call->names[i]; i++) {
        const int64_t size = shape_count(g->nodes[graph_find(g, e->call->names[i])].op.dst);
        TRY(plan_feature(c->ws, pass, e->call->names[i], e->call->values[i] + first * size));
    }
done:
    return st;
}

static jem_status evaluate_chunk(void *ctx, const executor_chunk *c)
{
    jem_status st;
    const evaluation *e = ctx;
    const model_f64_call *call = e->call;
    const int64_t k = model_classes(e->m), size = model_input_count(e->m);
    const plan_call pass = {.count = c->count};
    const int64_t first = e->first + c->first;
    double *logits = e->logits ? e->logits + first * k : NULL, *cotangent = e->cotangent + first * k;

    TRY(model_check_stop(e->m, c->thread));
    TRY(plan_forward(c->ws, &pass, call->x + first * size, logits));
    TRY(copy_values(e, c, first, &pass));
    for (int64_t i = 0; logits && i < c->count; i++) {
        const double lse = softmax(cotangent + i * k, logits + i * k, k);
        if (call->lse) call->lse[first + i] = lse;
        for (int64_t j = 0; call->y && j < k; j++) cotangent[i * k + j] = j == call->y[first + i] ? 1 : 0;
    }
    if (call->grad) TRY(plan_backward(c->ws, &pass, cotangent, call->grad + first * size, NULL));
done:
    return st;
}

/* Images e->first .. e->first + n - 1, `batch` at a time, 0: as suits. */
static jem_status evaluate_images(evaluation *e, plan_options o, const double *params, int64_t batch, int64_t n)
{
    jem_status st;
    const graph *g = model_graph(e->m);
    const backend *ref = NULL;
    executor x = {.p = NULL};

    if (n < 1) return JEM_OK;
    TRY(backend_find(&ref, "ref"));
    o.batch = batch;
    if (batch == 0) TRY(executor_choose_chunk(&o.batch, g, ref, &o, n));
    TRY(executor_compile(&x, g, ref, &o, pool_threads(model_pool(e->m))));
    TRY(plan_load(x.p, params));
    TRY(executor_run(&x, model_pool(e->m), n, evaluate_chunk, e));
done:
    executor_clear(&x);
    return st;
}

jem_status model_evaluate_f64(model *m, const model_f64_call *call)
{
    jem_status st;
    const graph *g = model_graph(m);
    const bool of_logits = call->logits || call->lse || call->grad;
    plan_options o = {.precision = JEM_F64, .backward_input = call->grad != NULL, .features = call->names,
                      .features_only = !of_logits};
    evaluation e = {.m = m, .call = call};
    double *params = NULL;
    const int64_t together = g->together, rest = together ? call->n % together : 0;

    for (int i = 0; call->names && call->names[i]; i++) TRY(model_feature(m, call->names[i], NULL, 0, NULL, NULL));
    if (of_logits) TRY(model_check_logits(m));
    if (call->n < 1) return JEM_OK;
    TRY(model_fetch_params(m));
    TRY(MEM_NEW(params, g->param_elements));
    for (int64_t i = 0; i < g->param_elements; i++) params[i] = (double)model_params(m)[i];
    if (call->logits)
        e.logits = call->logits;
    else if (of_logits)
        TRY(MEM_NEW(e.logits, call->n * model_classes(m)));
    TRY(MEM_NEW(e.cotangent, call->n * model_classes(m)));
    TRY(evaluate_images(&e, o, params, together, call->n - rest));
    e.first = call->n - rest;
    TRY(evaluate_images(&e, o, params, rest, rest)); /* that norms couple with none of those before */
done:
    if (e.logits != call->logits) mem_free(e.logits);
    mem_free(e.cotangent);
    mem_free(params);
    return st;
}
