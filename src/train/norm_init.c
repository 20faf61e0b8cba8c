/* Data-dependent initialisation of ActNorm: see norm_init.h.
 *
 * Each layer's input depends on the layers before it, so layers are set one after
 * another, with a forward pass in between.  A copy of the graph names the inputs so
 * that a plan keeps them. */
#include "train/norm_init.h"

#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/try.h"
#include "nn/executor.h"

enum { NORM_NAME = 32 };

typedef struct norm_job {
    graph *g;
    executor x; /* on one thread */
    const char **names; /* NULL-terminated: the input of each ActNorm in order */
    char (*own)[NORM_NAME];
    int *nodes;         /* the ActNorms */
    int count;
    float *logits, *value;
} norm_job;

static jem_status name_inputs(norm_job *j)
{
    jem_status st;
    TRY(MEM_NEW(j->names, j->g->node_count + 1));
    TRY(MEM_NEW(j->own, j->g->node_count));
    TRY(MEM_NEW(j->nodes, j->g->node_count));
    for (int i = 0; i < j->g->node_count; i++) {
        const node *q = &j->g->nodes[i];
        if (q->op.kind != OP_NORM || q->op.norm != NORM_ACT) continue;
        if (!j->g->nodes[q->src[0]].name) {
            snprintf(j->own[j->count], NORM_NAME, "norm_input.%d", i);
            graph_name(j->g, q->src[0], j->own[j->count]);
        }
        j->names[j->count] = j->g->nodes[q->src[0]].name;
        j->nodes[j->count++] = i;
    }
done:
    return st;
}

/* Unbiased deviation over images and positions, in double. */
static void fit_norm(float *params, const op *o, const float *x, int64_t n)
{
    int64_t area = o->src.h * o->src.w, count = n * area;
    for (int64_t c = 0; c < o->src.c; c++) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < area; k++)
                sum += (double)x[(i * o->src.c + c) * area + k];
        double mean = sum / (double)count;
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < area; k++) {
                double d = (double)x[(i * o->src.c + c) * area + k] - mean;
                squares += d * d;
            }
        double std = count > 1 ? sqrt(squares / (double)(count - 1)) : 0;
        params[o->bias + c] = (float)-mean;
        params[o->weight + c] = (float)(1.0 / (std + 1e-6));
    }
}

static jem_status fit_all(norm_job *j, model *m, const float *x, int64_t n)
{
    plan_options po = {.batch = n, .precision = JEM_F32, .features = j->names};
    plan_call call = {.count = n};
    int64_t largest = 0;
    workspace *w = NULL;
    jem_status st;

    for (int i = 0; i < j->count; i++) {
        int64_t c = shape_count(j->g->nodes[j->nodes[i]].op.src);
        if (c > largest) largest = c;
    }
    TRY(MEM_NEW(j->logits, n * model_classes(m)));
    TRY(MEM_NEW(j->value, n * largest));
    TRY(executor_compile(&j->x, j->g, model_backend(m), &po, 1));
    TRY(executor_workspace(&w, &j->x, 0));
    for (int i = 0; i < j->count; i++) {
        TRY(plan_load(j->x.p, model_params(m)));
        TRY(plan_forward(w, &call, x, j->logits));
        TRY(plan_feature(w, &call, j->names[i], j->value));
        fit_norm(model_params(m), &j->g->nodes[j->nodes[i]].op, j->value, n);
    }
    TRY(model_params_changed(m));
done:
    return st;
}

jem_status norm_init_from_data(model *m, const float *x, int64_t n)
{
    norm_job j = {0};
    jem_status st;
    if (!graph_has_norm(model_graph(m), NORM_ACT)) return JEM_OK;
    TRY(model_spec_build(&j.g, model_get_spec(m)));
    TRY(name_inputs(&j));
    TRY(fit_all(&j, m, x, n));
done:
    executor_clear(&j.x);
    graph_free(j.g);
    mem_free(j.names);
    mem_free(j.own);
    mem_free(j.nodes);
    mem_free(j.logits);
    mem_free(j.value);
    return st;
}
