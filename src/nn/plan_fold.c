/* Batch norms by running statistics, folded into the convolutions before them.
 *
 *   y = gamma (W x + b - mean) / s + beta,  s = sqrt(var + eps)
 *     = (gamma/s W) x + (beta + (b - mean) gamma/s)
 *
 * Where nothing else reads the convolution, and neither parameters get gradients nor statistics are the batch's, the
 * norm's node becomes the convolution with these weights, and the convolution's computes nothing.  The weights lie in
 * a flat vector of the plan's own, at the places of those that they are made of. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "nn/plan_internal.h"

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
    if (n->op.kind != OP_NORM || n->op.norm != NORM_BATCH) return false;
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
    conv->src_count = 0;
}

jem_status plan_fold_norms(plan *p, const char *const *features)
{
    jem_status st = JEM_OK;
    const graph *g = p->g;
    graph *own = NULL;
    int count = 0;

    for (int i = 1; may_fold(p) && i < g->node_count; ++i) count += folds(g, i, features);
    if (count == 0) return JEM_OK;
    TRY(MEM_NEW(own, 1));
    p->own = own;
    *own = *g;
    own->nodes = NULL;
    TRY(MEM_NEW(own->nodes, g->node_count));
    memcpy(own->nodes, g->nodes, (size_t)g->node_count * sizeof *own->nodes);
    TRY(MEM_NEW(p->folds, count));
    TRY(MEM_NEW(p->folded, g->param_elements));
    for (int i = 1; i < g->node_count; ++i)
        if (folds(g, i, features)) fold_node(p, own, i);
    p->g = own;
done:
    return st;
}

static void fold_weights(float *to, const fold *f, const float *params)
{
    const int64_t each = op_group_channels(&f->conv) * f->conv.kernel_h * f->conv.kernel_w;

    for (int64_t c = 0; c < f->conv.dst.c; ++c) {
        const double scale = (double)params[f->norm.weight + c] / sqrt((double)params[f->norm.var + c] + f->norm.eps);
        const double bias = f->conv.bias >= 0 ? (double)params[f->conv.bias + c] : 0;
        const float *w = params + f->conv.weight + c * each;
        for (int64_t k = 0; k < each; ++k) to[f->conv.weight + c * each + k] = (float)(scale * (double)w[k]);
        to[f->bias + c] = (float)((double)params[f->norm.bias + c] + (bias - (double)params[f->norm.mean + c]) * scale);
    }
}

const float *plan_folded(plan *p, const float *params)
{
    memcpy(p->folded, params, (size_t)p->g->param_elements * sizeof *params);
    for (int i = 0; i < p->fold_count; ++i) fold_weights(p->folded, &p->folds[i], params);
    return p->folded;
}

void plan_fold_clear(plan *p)
{
    if (p->own) mem_free(p->own->nodes);
    mem_free(p->own);
    mem_free(p->folds);
    mem_free(p->folded);
}
