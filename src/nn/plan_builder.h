/* A plan under construction: what plan_analysis.c, plan_build.c and plan_backward.c share. */
#ifndef NN_PLAN_BUILDER_H
#define NN_PLAN_BUILDER_H

#include "nn/ops.h"
#include "nn/plan_internal.h"

typedef struct builder {
    plan *p;
    jem_status st; /* first failure; later calls do nothing */
    /* per node */
    int *users, *last_user;
    int *fused_into; /* the LRELU or ADD node that takes over this convolution, the SILU
                        or LRELU node that takes over this norm, the CONV2D node that takes over
                        this upsampling, or -1 */
    int *rectified; /* the LRELU node whose value is written along with this one, or -1 */
    bool *kept, *saved, *needs_grad;
    int *value, *tangent, *grad, *mask; /* buffer numbers, -1: none */
    format *value_format, *grad_format;
    int64_t *meeting; /* where each node's memory begins that slices share; -1: it has none */
    slot *sources; /* of the step that is made now: plan_add_sources */
} builder;

static inline const node *node_at(const builder *b, int i)
{
    return &b->p->g->nodes[i];
}

static inline shape shape_at(const builder *b, int i)
{
    return node_at(b, i)->op.dst;
}

static inline slot slot_of(int buffer_number, shape s, format f)
{
    return (slot){buffer_number, s, f};
}

static inline slot value_slot(const builder *b, int i)
{
    return slot_of(b->value[i], shape_at(b, i), b->value_format[i]);
}

static inline slot grad_slot(const builder *b, int i)
{
    return slot_of(b->grad[i], shape_at(b, i), b->grad_format[i]);
}

static inline bool same_format(format a, format b)
{
    return a.dtype == b.dtype && a.block == b.block;
}

static inline op_derivative derivative_at(const builder *b, int i)
{
    return op_rule_of(&node_at(b, i)->op)->derivative;
}

static inline bool has_backward(const builder *b)
{
    return b->p->backward_input || b->p->backward_params;
}

/* Does node k read the value of i? */
static inline bool reads(const builder *b, int k, int i)
{
    const node *n = node_at(b, k);
    for (int j = 0; j < n->src_count; ++j)
        if (n->src[j] == i) return true;
    return false;
}

static const slot no_slot = {.offset = -1};

/* Number of a new buffer, alive from the step that is emitted next; 0 after a failure (b->st). */
int plan_new_buffer(builder *b, int64_t bytes);
int plan_new_value(builder *b, shape s, format f); /* the same for all images of a value */

/* Without a second source and a mask. */
step plan_new_step(step_kind kind, const op *o, slot dst, slot src);
/* `s` as this plan runs it: images, threads, weights. */
step plan_step_of(const plan *p, step s);
/* Gives the step *s of node i slots for its sources, unless its operator works on just one: with
 * the buffers `at` [node_count], NULL: without. */
void plan_add_sources(builder *b, step *s, int i, const int *at);
/* What node `by`, a norm's own or one that takes it over, makes of the norm's step *s. */
void plan_take_over(const builder *b, step *s, int by);
/* Appends a step and keeps the buffers it names alive until then. */
void plan_emit(builder *b, step s, step_need need);
/* Between the slot and the outside array of node i that `at` means. */
void plan_emit_port(builder *b, step_kind kind, port at, int i, slot s, step_need need);

/* Fills what b says about nodes, but for kept (given), buffers and meetings. */
void plan_analyse(builder *b);
/* The node behind the last one that forward passes have to compute. */
int plan_forward_end(const plan *p);
/* What convolution i multiplies. */
jem_dtype plan_product_dtype(const builder *b, int i);

/* The steps of the backward pass, behind those of the forward one. */
void plan_build_backward(builder *b);

#endif
