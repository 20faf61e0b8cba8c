/* Looking at a model without making it: see outline.h. */
#include "model/outline.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

/* ---- layers of the graph */

static const param *param_at(const graph *g, int64_t offset)
{
    for (int i = 0; i < g->param_count && offset >= 0; i++)
        if (g->params[i].offset == offset) return &g->params[i];
    return NULL;
}

/* "f.conv1" of "f.conv1.weight". */
static void name_layer(layer_outline *l, const graph *g, const node *n)
{
    const param *weight = param_at(g, n->op.weight);
    const char *name = weight ? weight->name : n->name;
    const char *dot = weight ? strrchr(name, '.') : NULL;
    size_t length = dot ? (size_t)(dot - name) : name ? strlen(name) : 0;
    snprintf(l->name, sizeof l->name, "%.*s", (int)length, name ? name : "");
}

void layer_outline_of(layer_outline *l, const graph *g, int i)
{
    const node *n = &g->nodes[i];
    *l = (layer_outline){.node = i};
    name_layer(l, g, n);
    op_label(l->kind, sizeof l->kind, &n->op);
    l->out = n->op.dst;
    l->params = op_params(&n->op);
    l->flops = op_flops(&n->op);
}

/* ---- what plans say */

static void keep_algorithm(layer_outline *l, const plan *p, int i, int use)
{
    const step *s = plan_step(p, i);
    if (s->kind == STEP_FORWARD && use == MODEL_INFER) {
        size_t used = strlen(l->kind);
        snprintf(l->kind + used, sizeof l->kind - used, "%s%s", s->accumulate ? " + sum" : "",
                 s->lrelu ? " + lrelu" : s->silu ? " + silu" : "");
        l->dtype = s->dst.f.dtype;
        plan_step_algorithm(p, i, l->forward, sizeof l->forward);
    }
    if (s->kind == STEP_BACKWARD_DATA && use == MODEL_CHAIN) /* in training mode: the same */
        plan_step_algorithm(p, i, l->to_input, sizeof l->to_input);
    if (s->kind == STEP_BACKWARD_PARAMS && use == MODEL_TRAIN)
        plan_step_algorithm(p, i, l->to_weights, sizeof l->to_weights);
}

/* `layer_of`: each node's place in o->layers, or -1. */
static void describe_steps(model_outline *o, const int *layer_of, const plan *p, int use)
{
    for (int i = 0; i < plan_step_count(p); i++) {
        const step *s = plan_step(p, i);
        int layer = layer_of[s->op.id];
        bool computes = s->kind == STEP_FORWARD || s->kind == STEP_BACKWARD_DATA ||
                        s->kind == STEP_BACKWARD_PARAMS;
        if (computes && layer >= 0) keep_algorithm(&o->layers[layer], p, i, use);
    }
}

/* `chain`: the plan of MODEL_CHAIN, whose packed weights p shares in the end. */
static void measure(use_outline *u, const model_outline *o, const graph *g, plan *p,
                    const plan *chain)
{
    size_t threads = (size_t)o->threads, chunk = (size_t)plan_batch(p);
    size_t row = 2 * (size_t)(shape_count(g->nodes[g->output].op.dst) + shape_count(g->nodes[0].op.dst));
    u->chunk = plan_batch(p);
    const bool slices = plan_slices(p) > 1; /* on all threads in one workspace */
    const size_t workspaces = slices ? 1 : threads, shared = slices ? (threads - 1) * plan_thread_bytes(p) : 0;
    u->workspaces += workspaces * (plan_workspace_bytes(p) + chunk * row * sizeof(float)) + shared;
    u->gradients += threads * (size_t)plan_largest_layer(p) * sizeof(float);
    u->packed += plan_packed_bytes(p);
    plan_share_weights(p, chain);
    u->packed_beside_chain += plan_packed_bytes(p);
    u->kernels += plan_step_count(p);
}

/* ---- the whole */

static jem_status list_layers(model_outline *o, int **layer_of, const graph *g)
{
    jem_status st;
    TRY(MEM_NEW(*layer_of, g->node_count));
    TRY(MEM_NEW(o->layers, g->node_count));
    for (int i = 0; i < g->node_count; i++) {
        const op *at = &g->nodes[i].op;
        (*layer_of)[i] = op_is_layer(at) ? o->layer_count : -1;
        if (op_is_layer(at)) layer_outline_of(&o->layers[o->layer_count++], g, i);
        if (at->kind == OP_NORM && at->norm == NORM_ACT) {
            int64_t count = shape_count(at->src);
            o->norm_inputs += count;
            if (count > o->norm_largest) o->norm_largest = count;
        }
    }
done:
    return st;
}

static jem_status count_threads(int *threads, const engine_spec *engine)
{
    pool *p = NULL;
    jem_status st = pool_new(&p, (int)engine->threads);
    if (st == JEM_OK) *threads = pool_threads(p);
    pool_free(p);
    return st;
}

jem_status model_outline_init(model_outline *out, const model_spec *spec, const engine_spec *engine,
                              int64_t batch, int64_t generative)
{
    jem_status st;
    model_outline o = {.spec = *spec};
    const backend *b = NULL;
    graph *g = NULL;
    plan *p = NULL, *chain = NULL;
    int *layer_of = NULL;

    TRY(backend_find(&b, engine->device));
    if (b->device)
        o.threads = 1;
    else
        TRY(count_threads(&o.threads, engine));
    TRY(model_spec_build(&g, spec));
    o.elements = g->param_elements;
    o.trained = graph_trained_elements(g);
    o.flops = graph_flops(g);
    o.couples_images = graph_couples_images(g);
    TRY(list_layers(&o, &layer_of, g));
    TRY(engine_plan(&chain, g, b, engine, MODEL_CHAIN, batch, NULL));
    for (int use = 0; use < MODEL_USES; use++) {
        bool both = use == MODEL_TRAIN && engine_whole_batch(g, use) && generative != batch;
        if (both) {
            TRY(engine_plan(&p, g, b, engine, use, generative, NULL));
            measure(&o.uses[use], &o, g, p, chain);
            plan_free(p);
            p = NULL;
        }
        TRY(engine_plan(&p, g, b, engine, use, use == MODEL_CHAIN_TRAIN ? generative : batch, NULL));
        measure(&o.uses[use], &o, g, p, chain);
        if (b->device) o.uses[use].workspaces = o.uses[use].packed = o.uses[use].packed_beside_chain = 0;
        describe_steps(&o, layer_of, p, use);
        plan_free(p);
        p = NULL;
    }
    *out = o;
    o.layers = NULL;
done:
    model_outline_clear(&o);
    plan_free(p);
    plan_free(chain);
    graph_free(g);
    mem_free(layer_of);
    return st;
}

void model_outline_clear(model_outline *o)
{
    mem_free(o->layers);
    o->layers = NULL;
    o->layer_count = 0;
}
