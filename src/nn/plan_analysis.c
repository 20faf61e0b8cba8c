/* What is known of a graph before its steps are built: formats of values, who reads them, and which
 * nodes one step computes.
 *
 * Forward, what can be is fused: a convolution whose only user is a leaky
 * rectifier writes the rectified value; a convolution whose only user is a sum
 * adds onto the other summand's buffer; either writes what a rectifier makes of its result as
 * well where others read that, too; a group norm whose only user is a SiLU
 * hands on the rectified value, and the gradient goes through both at once, as it does through a
 * batch norm in training and the rectifier behind it.
 * Batch norms have been folded into convolutions before (plan_fold.c).
 * A 3x3 convolution of an upsampled map works on the small one (`quad` steps). */
#include "nn/plan_builder.h"

/* ---- formats */

/* The step of convolution i if it multiplied numbers of `dtype`. */
static step product_step(const builder *b, int i, jem_dtype dtype)
{
    const op *o = &node_at(b, i)->op;
    const format src = {dtype, o->src.c}, dst = {dtype, o->dst.c};
    return plan_step_of(b->p, plan_new_step(STEP_FORWARD, o, slot_of(0, o->dst, dst),
                                            slot_of(0, o->src, src)));
}

/* Would a wide plan's node i rather multiply bf16 numbers? */
static bool wants_bf16(const builder *b, int i)
{
    const step s = product_step(b, i, JEM_F32);
    return s.op.kind == OP_CONV2D && b->p->b->prefers_bf16(&s);
}

/* Does every user of node i want bf16 numbers? */
static bool feeds_bf16(const builder *b, int i)
{
    int users = 0;
    for (int k = i + 1; k < b->p->g->node_count; ++k) {
        if (!reads(b, k, i)) continue;
        if (!wants_bf16(b, k)) return false;
        ++users;
    }
    return users > 0;
}

static void choose_formats(builder *b, int i)
{
    const plan *p = b->p;
    const node *n = node_at(b, i);
    format value = i ? b->value_format[n->src[0]] : (format){p->precision, 1};
    format grad = i ? b->grad_format[n->src[0]] : value;

    value = p->b->choose_format(&n->op, value, p->precision, false);
    grad = p->b->choose_format(&n->op, grad, p->precision, true);
    if (p->wide) {
        const bool narrow = op_rule_of(&n->op)->narrows && feeds_bf16(b, i);
        value.dtype = narrow ? JEM_BF16 : JEM_F32;
        grad.dtype = JEM_F32;
    }
    b->value_format[i] = value;
    b->grad_format[i] = grad;
}

jem_dtype plan_product_dtype(const builder *b, int i)
{
    const jem_dtype stored = b->value_format[node_at(b, i)->src[0]].dtype;
    const bool derivatives = b->p->tangent || has_backward(b);
    return b->p->wide && !derivatives && wants_bf16(b, i) ? JEM_BF16 : stored;
}

static void analyse(builder *b)
{
    const plan *p = b->p;
    for (int i = 0; i < p->g->node_count; ++i) {
        const node *n = node_at(b, i);
        b->value[i] = b->tangent[i] = b->grad[i] = b->mask[i] = b->fused_into[i] = b->rectified[i] = -1;
        b->last_user[i] = i;
        choose_formats(b, i);
        b->needs_grad[i] = i ? n->op.weight >= 0 && p->backward_params : p->backward_input;
        for (int k = 0; k < n->src_count; ++k) {
            b->users[n->src[k]]++;
            b->last_user[n->src[k]] = i;
            if (b->needs_grad[n->src[k]]) b->needs_grad[i] = true;
            if (has_backward(b) && op_is_curved(&n->op)) b->saved[n->src[k]] = true;
        }
        if (p->backward_params && n->op.weight >= 0) b->saved[n->src[0]] = true;
        if (p->b->masks_are_values && derivative_at(b, i) == DERIVATIVE_MASK && has_backward(b) &&
            b->needs_grad[i])
            b->saved[i] = true;
    }
    b->kept[p->g->output] = true;
}

/* ---- fusions */

/* May `node` (a convolution used once) hand its result straight to `user`? */
static bool can_fuse(const builder *b, int conv, int user)
{
    return b->p->b->fuses_conv && node_at(b, conv)->op.kind == OP_CONV2D && b->users[conv] == 1 &&
           !b->kept[conv] && !b->saved[conv] && b->fused_into[conv] < 0 &&
           same_format(b->value_format[conv], b->value_format[user]);
}

/* The gradient goes through norm and SiLU at once as well and needs the norm's input only;
 * gradients to the norm's parameters would want the value in between. */
static bool can_fuse_norm(const builder *b, int norm)
{
    const op *o = &node_at(b, norm)->op;
    return b->p->b->fuses_conv && o->kind == OP_NORM && o->norm == NORM_GROUP &&
           b->users[norm] == 1 && !b->kept[norm] && !b->p->backward_params;
}

/* Does node i do the work of the upsampling that it works on? */
static bool can_fuse_upsample(const builder *b, int i)
{
    const op *o = &node_at(b, i)->op;
    int up = node_at(b, i)->src[0];
    const bool fits = o->kind == OP_CONV2D && o->kernel_h == 3 && o->kernel_w == 3 && o->stride == 1 &&
                      o->pad_top == 1 && o->pad_left == 1 && o->pad_bottom == 1 &&
                      o->pad_right == 1 && o->groups <= 1 && o->bias >= 0 && node_at(b, up)->op.kind == OP_UPSAMPLE;
    const bool free = b->users[up] == 1 && !b->kept[up] && b->fused_into[i] < 0;

    if (!fits || !free || has_backward(b) || !b->p->b->fuses_upsample) return false;
    const step s = product_step(b, i, plan_product_dtype(b, i));
    return b->p->b->fuses_upsample(&s);
}

/* May `norm`, used once, rectify as node i does?  The gradient goes through both at once as well. */
static bool can_rectify(const builder *b, int norm, int i)
{
    const step s = plan_step_of(b->p, plan_new_step(STEP_FORWARD, &node_at(b, norm)->op, no_slot, no_slot));
    return s.op.kind == OP_NORM && b->p->b->fuses_norm && b->users[norm] == 1 && !b->kept[norm] && !b->p->tangent &&
           node_at(b, i)->op.cap == 0 && same_format(b->value_format[norm], b->value_format[i]) &&
           b->p->b->fuses_norm(&s);
}

int plan_forward_end(const plan *p)
{
    int end = 1;
    if (!p->features_only) return p->g->node_count;
    for (int i = 0; i < p->feature_count; ++i)
        if (p->features[i] >= end) end = p->features[i] + 1;
    return end;
}

/* The convolution whose step makes the value of node i; -1: there is none. */
static int convolution_of(const builder *b, int i)
{
    if (node_at(b, i)->op.kind == OP_CONV2D) return i;
    for (int k = 1; k < i; ++k)
        if (b->fused_into[k] == i && node_at(b, k)->op.kind == OP_CONV2D) return k;
    return -1;
}

/* May the step that makes its source write the value of rectifier i, too? */
static bool can_copy(const builder *b, int i)
{
    const backend *to = b->p->b;
    const int source = node_at(b, i)->src[0], conv = convolution_of(b, source);
    if (!to->fuses_copy || !to->masks_are_values || b->p->tangent || conv < 0) return false;
    const step s = plan_step_of(b->p, plan_new_step(STEP_FORWARD, &node_at(b, conv)->op, no_slot, no_slot));
    return b->fused_into[source] < 0 && b->rectified[source] < 0 && node_at(b, i)->op.cap == 0 &&
           i < plan_forward_end(b->p) && same_format(b->value_format[source], b->value_format[i]) &&
           to->fuses_copy(&s);
}

static void choose_fusions(builder *b)
{
    for (int i = 1; i < b->p->g->node_count; ++i) {
        const node *n = node_at(b, i);
        int a = n->src[0];
        if (n->op.kind == OP_LRELU && (can_fuse(b, a, i) || can_rectify(b, a, i))) b->fused_into[a] = i;
        if (n->op.kind == OP_SILU && can_fuse_norm(b, a)) b->fused_into[a] = i;
        if (n->op.kind == OP_ADD && a != n->src[1]) {
            int later = a > n->src[1] ? a : n->src[1]; /* the other summand exists when it runs */
            if (can_fuse(b, later, i)) b->fused_into[later] = i;
        }
    }
    for (int i = 1; i < b->p->g->node_count; ++i) /* only where nothing else was found */
        if (can_fuse_upsample(b, i)) b->fused_into[node_at(b, i)->src[0]] = i;
    for (int i = 1; i < b->p->g->node_count; ++i)
        if (node_at(b, i)->op.kind == OP_LRELU && can_copy(b, i)) b->rectified[node_at(b, i)->src[0]] = i;
}

void plan_analyse(builder *b)
{
    analyse(b);
    choose_fusions(b);
}
