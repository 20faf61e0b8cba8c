/* Batch norms by running statistics, folded into the convolutions before them.
 *
 *   y = gamma (W x + b - mean) / s + beta,  s = sqrt(var + eps)
 *     = (gamma/s W) x + (beta + (b - mean) gamma/s)
 *
 * Where nothing else reads the convolution, and neither parameters get gradients nor statistics are the batch's, the
 * norm's node becomes the convolution with these weights, and the convolution's computes nothing.  The weights lie in
 * a flat vector of the plan's own, at the places of those that they are made of; so do those of weight norm, at the
 * places of their directions. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "nn/ops.h"
#include "nn/plan_internal.h"
#include "nn/weight_norm.h"

static bool may_fold(const plan *p)
{
    return !p->train && !p->backward_params && p->b->folds_norms;
}

static int users_of(const graph *g, int i)
{
    int users = 0;
    for (int k = i + 1; k < g->node_count; ++k)
        for (int j = 0; j < g->nodes[k].src_count; ++j) users += g->nodes[k].src[j] == i;
    return users;
}

static bool is_named(const graph *g, int i, const char *const *features)
{
    for (; features && *features; ++features)
        if (graph_find(g, *features) == i) return true;
    return false;
}

/* Is node i a norm that the convolution before it can do the work of? */
static bool folds(const graph *g, int i, const char *const *features)
{
    const node *n = &g->nodes[i];
    if (n->op.kind != OP_NORM || n->op.norm != NORM_BATCH || op_always_couples(&n->op)) return false;
    const int conv = n->src[0];
    return g->nodes[conv].op.kind == OP_CONV2D && conv != g->output && users_of(g, conv) == 1 &&
           !is_named(g, conv, features);
}

/* The norm's node computes what both did; the step's op.id stays the convolution's. */
static void fold_node(plan *p, graph *own, int i)
{
    const op norm = own->nodes[i].op;
    node *conv = &own->nodes[own->nodes[i].src[0]];
    op both = conv->op;

    both.dst = norm.dst;
    if (both.bias < 0) both.bias = norm.bias;
    both.folded = true;
    p->folds[p->fold_count++] = (fold){.conv = conv->op, .norm = norm, .bias = both.bias};
    own->nodes[i].op = both;
    own->nodes[i].src = conv->src;
    conv->op.kind = OP_INPUT;
    conv->op.normed = false;
    conv->src_count = 0;
}

static bool has_weight_norm(const graph *g)
{
    for (int i = 0; i < g->node_count; ++i)
        if (g->nodes[i].op.normed) return true;
    return false;
}

static size_t element_bytes(const plan *p)
{
    return p->precision == JEM_F64 ? sizeof(double) : sizeof(float);
}

jem_status plan_fold_norms(plan *p, const char *const *features)
{
    jem_status st = JEM_OK;
    const graph *g = p->g;
    graph *own = NULL;
    int count = 0;

    for (int i = 1; may_fold(p) && i < g->node_count; ++i) count += folds(g, i, features);
    const bool normed = has_weight_norm(g) && !p->b->device; /* a device's kernels load directions and gains */
    if (count > 0 || normed) TRY(mem_alloc(&p->made, (size_t)g->param_elements, element_bytes(p)));
    if (count == 0) return JEM_OK;
    TRY(MEM_NEW(own, 1));
    p->own = own;
    *own = *g;
    own->nodes = NULL;
    TRY(MEM_NEW(own->nodes, g->node_count));
    memcpy(own->nodes, g->nodes, (size_t)g->node_count * sizeof *own->nodes);
    TRY(MEM_NEW(p->folds, count));
    for (int i = 1; i < g->node_count; ++i)
        if (folds(g, i, features)) fold_node(p, own, i);
    p->g = own;
done:
    return st;
}

/* `to` has what weights are without the norm. */
static void fold_weights(float *to, const fold *f, const float *params)
{
    const int64_t each = op_group_channels(&f->conv) * f->conv.kernel_h * f->conv.kernel_w;

    for (int64_t c = 0; c < f->conv.dst.c; ++c) {
        const double scale = (double)params[f->norm.weight + c] / sqrt((double)params[f->norm.var + c] + f->norm.eps);
        const double bias = f->conv.bias >= 0 ? (double)params[f->conv.bias + c] : 0;
        float *w = to + f->conv.weight + c * each;
        for (int64_t k = 0; k < each; ++k) w[k] = (float)(scale * (double)w[k]);
        to[f->bias + c] = (float)((double)params[f->norm.bias + c] + (bias - (double)params[f->norm.mean + c]) * scale);
    }
}

static void *at(const plan *p, const void *vector, int64_t element)
{
    return (char *)(uintptr_t)vector + (size_t)element * element_bytes(p);
}

static weight_norm norm_of(const plan *p, const op *o)
{
    return (weight_norm){p->precision == JEM_F64 ? JEM_F64 : JEM_F32, o->dst.c, op_weights(o)};
}

const void *plan_made(plan *p, const void *params)
{
    p->given = params;
    if (!p->made) return params;
    memcpy(p->made, params, (size_t)p->g->param_elements * element_bytes(p));
    for (int i = 0; i < p->g->node_count; ++i) {
        const op *o = &p->g->nodes[i].op;
        const weight_norm n = norm_of(p, o);
        if (o->normed)
            weight_norm_apply(&n, at(p, p->made, o->weight), at(p, params, o->weight), at(p, params, o->gain));
    }
    for (int i = 0; i < p->fold_count; ++i) fold_weights(p->made, &p->folds[i], params);
    return p->made;
}

void plan_turn_gradient(const plan *p, const op *o, void *dparams, int64_t first)
{
    if (!o->normed || p->b->device) return;
    const weight_norm n = norm_of(p, o);
    weight_norm_gradient(&n, at(p, dparams, o->weight - first), at(p, dparams, o->gain - first),
                         at(p, p->given, o->weight), at(p, p->given, o->gain));
}

void plan_fold_clear(plan *p)
{
    if (p->own) mem_free(p->own->nodes);
    mem_free(p->own);
    mem_free(p->folds);
    mem_free(p->made);
}
