/* From a graph to steps and buffers.
 *
 * Forward, what can be is fused: a convolution whose only user is a leaky
 * rectifier writes the rectified value; a convolution whose only user is a sum
 * adds onto the other summand's buffer.  Rectifiers work in place where nobody
 * needs their input any more.
 *
 * Backward runs over the nodes in reverse.  A node's gradient lives in a buffer
 * that several nodes may share (a sum hands its gradient to both summands
 * without a copy); writing into a buffer that a node still has to read makes a
 * copy first.  Input gradients need no activations at all, only one bit per
 * rectified element. */
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "nn/plan_internal.h"

typedef struct builder {
    plan *p;
    jem_status st; /* first failure; later calls do nothing */
    /* per node */
    int *users, *last_user;
    int *fused_into; /* the LRELU or ADD node that takes over this convolution, or -1 */
    bool *kept, *saved, *needs_grad;
    int *value, *grad, *mask; /* buffer numbers, -1: none */
    format *value_format, *grad_format;
} builder;

static const node *node_at(const builder *b, int i)
{
    return &b->p->g->nodes[i];
}

static shape shape_at(const builder *b, int i)
{
    return node_at(b, i)->op.dst;
}

/* ---- buffers and steps */

static int new_buffer(builder *b, int64_t bytes)
{
    plan *p = b->p;
    if (!b->st) b->st = MEM_GROW(p->buffers, p->buffer_count, p->buffer_room);
    if (b->st) return 0;
    p->buffers[p->buffer_count] = (buffer){.bytes = bytes, .first = p->step_count,
                                           .last = p->step_count};
    return p->buffer_count++;
}

static int new_value(builder *b, shape s, format f)
{
    return new_buffer(b, format_count(f, s, b->p->batch) * (int64_t)jem_dtype_size(f.dtype));
}

static slot slot_of(int buffer_number, shape s, format f)
{
    return (slot){buffer_number, s, f};
}

static slot value_slot(const builder *b, int i)
{
    return slot_of(b->value[i], shape_at(b, i), b->value_format[i]);
}

static slot grad_slot(const builder *b, int i)
{
    return slot_of(b->grad[i], shape_at(b, i), b->grad_format[i]);
}

static const slot no_slot = {.offset = -1};

static void touch(builder *b, int64_t buffer_number)
{
    if (buffer_number < 0) return;
    buffer *t = &b->p->buffers[buffer_number];
    if (t->last < b->p->step_count) t->last = b->p->step_count;
}

static void emit(builder *b, step s, step_need need)
{
    plan *p = b->p;
    if (!b->st) b->st = MEM_GROW(p->steps, p->step_count, p->step_room);
    if (b->st) return;
    s.n = p->batch;
    s.train = p->train;
    touch(b, s.dst.offset);
    touch(b, s.src.offset);
    touch(b, s.src2.offset);
    touch(b, s.mask_offset);
    p->steps[p->step_count++] = (planned_step){.s = s, .need = need};
}

static step new_step(step_kind kind, const op *o, slot dst, slot src)
{
    return (step){.kind = kind, .op = *o, .dst = dst, .src = src, .src2 = no_slot,
                  .mask_offset = -1};
}

/* ---- analysis */

static bool has_backward(const builder *b)
{
    return b->p->backward_input || b->p->backward_params;
}

static void analyse(builder *b)
{
    const plan *p = b->p;
    for (int i = 0; i < p->g->node_count; ++i) {
        const node *n = node_at(b, i);
        b->value[i] = b->grad[i] = b->mask[i] = b->fused_into[i] = -1;
        b->last_user[i] = i;
        format src = i ? b->value_format[n->src[0]] : (format){p->precision, 1};
        format src_grad = i ? b->grad_format[n->src[0]] : src;
        b->value_format[i] = p->b->choose_format(&n->op, src, p->precision, false);
        b->grad_format[i] = p->b->choose_format(&n->op, src_grad, p->precision, true);
        b->needs_grad[i] = i ? n->op.weight >= 0 && p->backward_params : p->backward_input;
        for (int k = 0; k < 2 && n->src[k] >= 0; ++k) {
            b->users[n->src[k]]++;
            b->last_user[n->src[k]] = i;
            if (b->needs_grad[n->src[k]]) b->needs_grad[i] = true;
        }
        bool for_params = p->backward_params && n->op.weight >= 0;
        bool for_data = has_backward(b) && (n->op.kind == OP_CONCAT_ELU || n->op.kind == OP_NORM);
        if (for_params || for_data) b->saved[n->src[0]] = true;
    }
    b->kept[p->g->output] = true;
}

static bool same_format(format a, format b)
{
    return a.dtype == b.dtype && a.block == b.block;
}

/* May `node` (a convolution used once) hand its result straight to `user`? */
static bool can_fuse(const builder *b, int conv, int user)
{
    return b->p->b->fuses_conv && node_at(b, conv)->op.kind == OP_CONV2D && b->users[conv] == 1 &&
           !b->kept[conv] && !b->saved[conv] && b->fused_into[conv] < 0 &&
           same_format(b->value_format[conv], b->value_format[user]);
}

static void choose_fusions(builder *b)
{
    for (int i = 1; i < b->p->g->node_count; ++i) {
        const node *n = node_at(b, i);
        int a = n->src[0], c = n->src[1];
        if (n->op.kind == OP_LRELU && can_fuse(b, a, i)) b->fused_into[a] = i;
        if (n->op.kind == OP_ADD && a != c) {
            int later = a > c ? a : c; /* the other summand exists when it runs */
            if (can_fuse(b, later, i)) b->fused_into[later] = i;
        }
    }
}

/* Is the value of `i` dead once `user` has run, so that it may be overwritten? */
static bool dies_at(const builder *b, int i, int user)
{
    return b->last_user[i] <= user && !b->kept[i] && !b->saved[i] && i != 0;
}

/* ---- forward */

static void add_mask(builder *b, int lrelu, step *s)
{
    if (!has_backward(b) || !b->needs_grad[lrelu]) return;
    size_t bytes = b->p->b->mask_bytes(b->value_format[lrelu], shape_at(b, lrelu), b->p->batch);
    b->mask[lrelu] = new_buffer(b, (int64_t)bytes);
    if (!b->st) b->p->buffers[b->mask[lrelu]].last = STEP_FOREVER;
    s->mask_offset = b->mask[lrelu];
}

/* conv followed by lrelu, as one step that writes the lrelu's value. */
static void forward_conv_lrelu(builder *b, int conv, int lrelu)
{
    b->value[lrelu] = new_value(b, shape_at(b, lrelu), b->value_format[lrelu]);
    step s = new_step(STEP_FORWARD, &node_at(b, conv)->op, value_slot(b, lrelu),
                      value_slot(b, node_at(b, conv)->src[0]));
    s.lrelu = true;
    s.op.slope = node_at(b, lrelu)->op.slope;
    add_mask(b, lrelu, &s);
    emit(b, s, NEED_ALWAYS);
}

/* Does a node strictly between `from` and `to` read the value of `i`? */
static bool used_between(const builder *b, int i, int from, int to)
{
    for (int k = from + 1; k < to; ++k)
        if (node_at(b, k)->src[0] == i || node_at(b, k)->src[1] == i) return true;
    return false;
}

/* conv followed by a sum: accumulates onto the other summand. */
static void forward_conv_add(builder *b, int conv, int sum)
{
    const node *n = node_at(b, sum);
    int other = n->src[0] == conv ? n->src[1] : n->src[0];

    if (dies_at(b, other, sum) && !used_between(b, other, conv, sum)) {
        b->value[sum] = b->value[other];
    } else {
        b->value[sum] = new_value(b, shape_at(b, sum), b->value_format[sum]);
        emit(b, new_step(STEP_COPY, &n->op, value_slot(b, sum), value_slot(b, other)), NEED_ALWAYS);
    }
    step s = new_step(STEP_FORWARD, &node_at(b, conv)->op, value_slot(b, sum),
                      value_slot(b, node_at(b, conv)->src[0]));
    s.accumulate = true;
    emit(b, s, NEED_ALWAYS);
}

static void forward_node(builder *b, int i)
{
    const node *n = node_at(b, i);
    bool in_place = (n->op.kind == OP_LRELU || n->op.kind == OP_ADD) && dies_at(b, n->src[0], i) &&
                    same_format(b->value_format[i], b->value_format[n->src[0]]);

    b->value[i] = in_place ? b->value[n->src[0]]
                           : new_value(b, shape_at(b, i), b->value_format[i]);
    step s = new_step(STEP_FORWARD, &n->op, value_slot(b, i), value_slot(b, n->src[0]));
    if (n->src[1] >= 0) s.src2 = value_slot(b, n->src[1]);
    if (n->op.kind == OP_LRELU) add_mask(b, i, &s);
    emit(b, s, NEED_ALWAYS);
}

static void build_forward(builder *b)
{
    const graph *g = b->p->g;

    b->value[0] = new_value(b, shape_at(b, 0), b->value_format[0]);
    step load = new_step(STEP_LOAD, &node_at(b, 0)->op, value_slot(b, 0), no_slot);
    load.port = PORT_X;
    emit(b, load, NEED_ALWAYS);

    for (int i = 1; i < g->node_count && !b->st; ++i) {
        int into = b->fused_into[i];
        if (into >= 0 && node_at(b, into)->op.kind == OP_LRELU)
            forward_conv_lrelu(b, i, into);
        else if (into >= 0)
            forward_conv_add(b, i, into);
        else if (b->value[i] < 0)
            forward_node(b, i);
        if (b->st) return;
        int made = into >= 0 ? into : i;
        if (b->kept[made] || (b->saved[made] && has_backward(b)))
            b->p->buffers[b->value[made]].last = STEP_FOREVER;
    }
    step store = new_step(STEP_STORE, &node_at(b, g->output)->op, no_slot, value_slot(b, g->output));
    store.port = PORT_LOGITS;
    emit(b, store, NEED_ALWAYS);
    if (b->saved[0] && !b->st) b->p->buffers[b->value[0]].last = STEP_FOREVER;
}

/* ---- backward */

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
    b->grad[i] = new_value(b, shape_at(b, i), b->grad_format[i]);
    emit(b, new_step(STEP_COPY, &node_at(b, i)->op, grad_slot(b, i), old), NEED_ALWAYS);
}

static step_need need_for(const builder *b, int source)
{
    return source == 0 && b->p->backward_params ? NEED_DX : NEED_ALWAYS;
}

/* grad[source] += (or =) transpose of node i applied to grad[i]. */
static void backward_data(builder *b, int i, int source)
{
    const op *o = &node_at(b, i)->op;
    bool first = b->grad[source] < 0;
    bool rectifier = o->kind == OP_LRELU;
    step_need need = need_for(b, source);

    if (!first) own_grad(b, source, i);
    if (first && rectifier && !shared(b, i, i) &&
        same_format(b->grad_format[source], b->grad_format[i]))
        b->grad[source] = b->grad[i]; /* in place */
    else if (first)
        b->grad[source] = new_value(b, shape_at(b, source), b->grad_format[source]);

    slot total = grad_slot(b, source), dst = total;
    if (!first && !rectifier) /* most backends cannot add here: through a buffer */
        dst.offset = new_value(b, shape_at(b, source), b->grad_format[source]);
    step s = new_step(STEP_BACKWARD_DATA, o, dst, grad_slot(b, i));
    s.accumulate = !first && rectifier;
    if (o->kind == OP_CONCAT_ELU || o->kind == OP_NORM) s.src2 = value_slot(b, source);
    if (rectifier) s.mask_offset = b->mask[i];
    emit(b, s, need);
    if (!first && !rectifier) emit(b, new_step(STEP_ACCUMULATE, o, total, dst), need);
}

/* A sum passes its gradient on as it is. */
static void backward_add(builder *b, int i)
{
    const node *n = node_at(b, i);
    for (int k = 0; k < 2; ++k) {
        int source = n->src[k];
        if (!b->needs_grad[source]) continue;
        if (b->grad[source] < 0) {
            b->grad[source] = b->grad[i];
        } else {
            slot addend = grad_slot(b, i);
            own_grad(b, source, i + 1);
            emit(b, new_step(STEP_ACCUMULATE, &n->op, grad_slot(b, source), addend),
                 need_for(b, source));
        }
    }
}

static void backward_node(builder *b, int i)
{
    const node *n = node_at(b, i);

    if (b->p->backward_params && n->op.weight >= 0) {
        step s = new_step(STEP_BACKWARD_PARAMS, &n->op, no_slot, grad_slot(b, i));
        s.src2 = value_slot(b, n->src[0]);
        emit(b, s, NEED_DPARAMS);
    }
    if (n->op.kind == OP_ADD)
        backward_add(b, i);
    else if (b->needs_grad[n->src[0]])
        backward_data(b, i, n->src[0]);
}

static void build_backward(builder *b)
{
    const graph *g = b->p->g;

    b->grad[g->output] = new_value(b, shape_at(b, g->output), b->grad_format[g->output]);
    step load = new_step(STEP_LOAD, &node_at(b, g->output)->op, grad_slot(b, g->output), no_slot);
    load.port = PORT_DLOGITS;
    emit(b, load, NEED_ALWAYS);
    for (int i = g->output; i > 0 && !b->st; --i)
        if (b->grad[i] >= 0) backward_node(b, i);
    if (b->p->backward_input && b->grad[0] >= 0) {
        step store = new_step(STEP_STORE, &node_at(b, 0)->op, no_slot, grad_slot(b, 0));
        store.port = PORT_DX;
        emit(b, store, NEED_DX);
    }
}

/* ---- all of it */

static void keep_features(builder *b, const char *const *features)
{
    plan *p = b->p;
    int count = 0;
    while (features && features[count]) ++count;
    b->st = MEM_NEW(p->features, count);
    for (int i = 0; i < count && !b->st; ++i) {
        int n = graph_find(p->g, features[i]);
        if (n < 0) {
            b->st = jem_error(JEM_EUSAGE, "this network has no feature '%s'", features[i]);
            return;
        }
        p->features[p->feature_count++] = n;
        b->kept[n] = true;
    }
}

static void store_features(builder *b)
{
    for (int i = 0; i < b->p->feature_count; ++i) {
        int n = b->p->features[i];
        step s = new_step(STEP_STORE, &node_at(b, n)->op, no_slot, value_slot(b, n));
        s.port = PORT_FEATURE;
        emit(b, s, NEED_ALWAYS);
    }
}

static jem_status builder_init(builder *b, plan *p)
{
    jem_status st;
    int n = p->g->node_count;

    *b = (builder){.p = p};
    TRY(MEM_NEW(b->users, n));
    TRY(MEM_NEW(b->last_user, n));
    TRY(MEM_NEW(b->fused_into, n));
    TRY(MEM_NEW(b->kept, n));
    TRY(MEM_NEW(b->saved, n));
    TRY(MEM_NEW(b->needs_grad, n));
    TRY(MEM_NEW(b->value, n));
    TRY(MEM_NEW(b->grad, n));
    TRY(MEM_NEW(b->mask, n));
    TRY(MEM_NEW(b->value_format, n));
    TRY(MEM_NEW(b->grad_format, n));
done:
    return st;
}

static void builder_clear(builder *b)
{
    mem_free(b->users);
    mem_free(b->last_user);
    mem_free(b->fused_into);
    mem_free(b->kept);
    mem_free(b->saved);
    mem_free(b->needs_grad);
    mem_free(b->value);
    mem_free(b->grad);
    mem_free(b->mask);
    mem_free(b->value_format);
    mem_free(b->grad_format);
}

jem_status plan_build(plan *p, const char *const *features)
{
    jem_status st;
    builder b = {0};

    TRY(builder_init(&b, p));
    keep_features(&b, features);
    if (!b.st) analyse(&b);
    if (!b.st) choose_fusions(&b);
    if (!b.st) build_forward(&b);
    p->forward_end = p->step_count;
    if (!b.st && has_backward(&b)) build_backward(&b);
    p->backward_end = p->step_count;
    if (!b.st) store_features(&b);
    st = b.st;
done:
    builder_clear(&b);
    return st;
}
