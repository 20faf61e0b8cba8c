/* The backward half of a plan.
 *
 * It runs over the nodes in reverse.  A node's gradient lives in a buffer
 * that several nodes may share (a sum hands its gradient to both summands
 * without a copy); writing into a buffer that a node still has to read makes a
 * copy first.  Input gradients need no activations at all, only one bit per
 * rectified element. */
#include "nn/plan_builder.h"

/* Does a node other than `i`, still to be visited after `current`, read the
 * gradient buffer of `i`? */
static bool shared(const builder *b, int i, int current)
{
    for (int k = 0; k < current; ++k)
        if (k != i && b->grad[k] == b->grad[i]) return true;
    return false;
}

/* Makes the gradient of `i` safe to write while visiting `current`. */
static void own_grad(builder *b, int i, int current)
{
    if (b->st || !shared(b, i, current)) return;
    slot old = grad_slot(b, i);
    b->grad[i] = plan_new_value(b, shape_at(b, i), b->grad_format[i]);
    plan_emit(b, plan_new_step(STEP_COPY, &node_at(b, i)->op, grad_slot(b, i), old), NEED_ALWAYS);
}

static step_need need_for(const builder *b, int source)
{
    return source == 0 && b->p->backward_params ? NEED_DX : NEED_ALWAYS;
}

/* Does convolution i multiply bf16 numbers while its gradient is float32? */
static bool narrows(const builder *b, int i)
{
    return b->p->wide && node_at(b, i)->op.kind == OP_CONV2D &&
           b->value_format[node_at(b, i)->src[0]].dtype == JEM_BF16;
}

/* grad[i] for the transpose of node i: a bf16 copy where its products want one. */
static slot incoming_grad(builder *b, int i)
{
    const slot whole = grad_slot(b, i);
    slot copy = whole;

    if (!narrows(b, i)) return whole;
    copy.f.dtype = JEM_BF16;
    copy.offset = plan_new_value(b, copy.s, copy.f);
    plan_emit(b, plan_new_step(STEP_COPY, &node_at(b, i)->op, copy, whole), NEED_ALWAYS);
    return copy;
}

/* The step grad[source] += (or =) transpose of convolution i applied to grad[i], times the
 * derivative of `lrelu` (a node, -1: none); false if the backend cannot do it in one. */
static bool fused_backward(builder *b, int i, int source, int lrelu)
{
    const slot total = slot_of(0, shape_at(b, source), b->grad_format[source]);
    step s = plan_new_step(STEP_BACKWARD_DATA, &node_at(b, i)->op, total, grad_slot(b, i));

    s.accumulate = b->grad[source] >= 0;
    s.lrelu = lrelu >= 0;
    if (s.op.kind != OP_CONV2D || (!s.accumulate && !s.lrelu) || !b->p->b->fuses_backward ||
        narrows(b, i))
        return false;
    if (s.lrelu) {
        s.op.slope = node_at(b, lrelu)->op.slope;
        s.op.cap = node_at(b, lrelu)->op.cap;
        s.mask_offset = b->mask[lrelu];
    }
    s = plan_step_of(b->p, s);
    if (!b->p->b->fuses_backward(&s)) return false;
    if (s.accumulate)
        own_grad(b, source, i + 1); /* what is read may not be what is written */
    else
        b->grad[source] = plan_new_value(b, shape_at(b, source), b->grad_format[source]);
    s.dst = grad_slot(b, source);
    plan_emit(b, s, need_for(b, source));
    return true;
}

/* grad[source] += (or =) transpose of the Jacobian with respect to source k of node `of` applied
 * to grad[i]; that node is i, or the norm which i, a SiLU or rectifier, takes over. */
static void backward_data(builder *b, int i, int of, int k)
{
    const op *o = &node_at(b, of)->op;
    const int source = node_at(b, of)->src[k];
    bool first = b->grad[source] < 0;
    bool rectifier = op_rule_of(o)->derivative == DERIVATIVE_MASK;
    step_need need = need_for(b, source);
    const slot incoming = incoming_grad(b, i);

    if (!first) own_grad(b, source, k + 1 < node_at(b, of)->src_count ? i + 1 : i); /* read again for the next source */
    if (first && rectifier && !shared(b, i, i) &&
        same_format(b->grad_format[source], b->grad_format[i]))
        b->grad[source] = b->grad[i]; /* in place */
    else if (first)
        b->grad[source] = plan_new_value(b, shape_at(b, source), b->grad_format[source]);

    slot total = grad_slot(b, source), dst = total;
    if (!first && !rectifier) /* most backends cannot add here: through a buffer */
        dst.offset = plan_new_value(b, shape_at(b, source), b->grad_format[source]);
    step s = plan_new_step(STEP_BACKWARD_DATA, o, dst, incoming);
    s.accumulate = !first && rectifier;
    plan_take_over(b, &s, i);
    s.summed = b->p->backward_params && !b->p->backward_input && o->weight >= 0;
    s.source = k;
    plan_add_sources(b, &s, of, op_is_curved(o) ? b->value : NULL);
    if (op_is_curved(o)) s.src2 = value_slot(b, source);
    if (rectifier) s.mask_offset = b->mask[i];
    plan_emit(b, s, need);
    if (!first && !rectifier) plan_emit(b, plan_new_step(STEP_ACCUMULATE, o, total, dst), need);
}

/* Convolution i together with the rectifier before it, or onto a gradient that is there. */
static bool backward_in_one(builder *b, int i)
{
    int source = node_at(b, i)->src[0];
    bool rectified = node_at(b, source)->op.kind == OP_LRELU && b->users[source] == 1 && b->mask[source] >= 0;

    return (rectified && fused_backward(b, i, node_at(b, source)->src[0], source)) ||
           fused_backward(b, i, source, -1);
}

/* A sum passes its gradient on as it is. */
static void pass_on(builder *b, int i)
{
    const node *n = node_at(b, i);
    for (int k = 0; k < n->src_count; ++k) {
        int source = n->src[k];
        if (!b->needs_grad[source]) continue;
        if (b->grad[source] < 0) {
            b->grad[source] = b->grad[i];
        } else {
            slot addend = grad_slot(b, i);
            own_grad(b, source, i + 1);
            plan_emit(b, plan_new_step(STEP_ACCUMULATE, &n->op, grad_slot(b, source), addend),
                      need_for(b, source));
        }
    }
}

/* The gradient to the parameters of node `of`, from grad[i] as above.  The step's op counts them from
 * the first one, as if the flat vectors began there (plan_first_param), so that it can be written
 * by itself. */
static void backward_params(builder *b, int i, int of)
{
    const node *n = node_at(b, of);
    step s = plan_new_step(STEP_BACKWARD_PARAMS, &n->op, no_slot, grad_slot(b, i));
    int64_t *const offsets[] = {&s.op.weight, &s.op.bias, &s.op.mean, &s.op.var};

    for (int k = 0; k < 4; ++k)
        if (*offsets[k] >= 0) *offsets[k] -= n->op.weight;
    if (s.op.normed) s.op.gain -= n->op.weight;
    plan_take_over(b, &s, i);
    s.src2 = value_slot(b, n->src[0]);
    plan_emit(b, s, NEED_DPARAMS);
    if (b->st) return;
    b->p->steps[b->p->step_count - 1].layer = b->p->layer_count++;
    if (op_params(&n->op) > b->p->largest_layer) b->p->largest_layer = op_params(&n->op);
}

static void backward_node(builder *b, int i)
{
    const int before = node_at(b, i)->src[0];
    const bool takes_norm = node_at(b, before)->op.kind == OP_NORM && b->fused_into[before] == i;
    const int of = takes_norm ? before : i;

    if (b->p->backward_params && node_at(b, of)->op.weight >= 0) backward_params(b, i, of);
    if (derivative_at(b, i) == DERIVATIVE_PASSED) {
        pass_on(b, i);
        return;
    }
    for (int k = 0; k < node_at(b, of)->src_count; ++k)
        if (b->needs_grad[node_at(b, of)->src[k]] && !backward_in_one(b, i))
            backward_data(b, i, of, k);
}

void plan_build_backward(builder *b)
{
    const graph *g = b->p->g;

    b->grad[g->output] = plan_new_value(b, shape_at(b, g->output), b->grad_format[g->output]);
    plan_emit_port(b, STEP_LOAD, PORT_DLOGITS, g->output, grad_slot(b, g->output), NEED_ALWAYS);
    for (int i = g->output; i > 0 && !b->st; --i)
        if (b->grad[i] >= 0) backward_node(b, i);
    if (b->p->backward_input && b->grad[0] >= 0)
        plan_emit_port(b, STEP_STORE, PORT_DX, 0, grad_slot(b, 0), NEED_DX);
}
