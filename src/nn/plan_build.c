/* From a graph to steps and buffers: what plan_analysis.c has chosen, in the graph's order.
 *
 * Rectifiers work in place where nobody needs their input any more.
 *
 * In forward mode every step that computes a value comes with one that computes
 * its tangent, in buffers that begin and end with the value's. */
#include "base/mem.h"
#include "base/try.h"
#include "nn/plan_builder.h"

/* ---- buffers and steps */

int plan_new_buffer(builder *b, int64_t bytes)
{
    plan *p = b->p;
    if (!b->st) b->st = MEM_GROW(p->buffers, p->buffer_count, p->buffer_room);
    if (b->st) return 0;
    p->buffers[p->buffer_count] = (buffer){.bytes = bytes, .first = p->step_count,
                                           .last = p->step_count};
    return p->buffer_count++;
}

int plan_new_value(builder *b, shape s, format f)
{
    return plan_new_buffer(b, format_count(f, s, b->p->slice) * (int64_t)jem_dtype_size(f.dtype));
}

static slot tangent_slot(const builder *b, int i)
{
    return slot_of(b->tangent[i], shape_at(b, i), b->value_format[i]);
}

static void touch(builder *b, int64_t buffer_number)
{
    if (buffer_number < 0) return;
    buffer *t = &b->p->buffers[buffer_number];
    if (t->last < b->p->step_count) t->last = b->p->step_count;
}

step plan_step_of(const plan *p, step s)
{
    s.n = p->slice;
    s.train = p->train || op_always_couples(&s.op);
    s.split = p->split;
    s.lean = p->lean;
    s.direct = p->direct;
    return s;
}

void plan_emit(builder *b, step s, step_need need)
{
    plan *p = b->p;
    slot *sources = NULL;
    if (!b->st) b->st = MEM_GROW(p->steps, p->step_count, p->step_room);
    if (!b->st && s.sources) b->st = MEM_NEW(sources, s.source_count);
    if (b->st) return;
    s = plan_step_of(p, s);
    s.meeting_offset = b->meeting[s.op.id];
    touch(b, s.dst.offset);
    touch(b, s.src.offset);
    touch(b, s.src2.offset);
    touch(b, s.mask_offset);
    if (s.copied) touch(b, s.copy.offset);
    for (int k = 0; k < s.source_count; ++k) {
        sources[k] = s.sources[k];
        touch(b, sources[k].offset);
    }
    s.sources = sources;
    p->steps[p->step_count++] = (planned_step){.s = s, .need = need, .sources = sources};
}

step plan_new_step(step_kind kind, const op *o, slot dst, slot src)
{
    return (step){.kind = kind, .op = *o, .dst = dst, .src = src, .src2 = no_slot,
                  .mask_offset = -1, .meeting_offset = -1};
}

void plan_add_sources(builder *b, step *s, int i, const int *at)
{
    const node *n = node_at(b, i);
    if (op_rule_of(&n->op)->sources == 1) return;
    for (int k = 0; k < n->src_count; ++k) {
        const int source = n->src[k];
        b->sources[k] = slot_of(at ? at[source] : -1, shape_at(b, source), b->value_format[source]);
    }
    s->sources = b->sources;
    s->source_count = n->src_count;
}

void plan_take_over(const builder *b, step *s, int by)
{
    const op *o = &node_at(b, by)->op;
    if (s->op.kind != OP_NORM) return;
    s->silu = o->kind == OP_SILU;
    s->lrelu = o->kind == OP_LRELU;
    if (s->lrelu) s->op.slope = o->slope;
}

void plan_emit_port(builder *b, step_kind kind, port at, int i, slot s, step_need need)
{
    step io = plan_new_step(kind, &node_at(b, i)->op, kind == STEP_LOAD ? s : no_slot,
                            kind == STEP_LOAD ? no_slot : s);
    io.port = at;
    plan_emit(b, io, need);
}

/* Is the value of `i` dead once `user` has run, so that it may be overwritten? */
static bool dies_at(const builder *b, int i, int user)
{
    return b->last_user[i] <= user && !b->kept[i] && !b->saved[i] && i != 0;
}

/* ---- forward */

static void add_mask(builder *b, int lrelu, step *s)
{
    bool backward = has_backward(b) && b->needs_grad[lrelu];
    if (!backward && !b->p->tangent) return;
    if (b->p->b->masks_are_values) {
        b->mask[lrelu] = b->value[lrelu];
        return;
    }
    size_t bytes = b->p->b->mask_bytes(b->value_format[lrelu], shape_at(b, lrelu), b->p->slice);
    b->mask[lrelu] = plan_new_buffer(b, (int64_t)bytes);
    if (!b->st && backward) b->p->buffers[b->mask[lrelu]].last = STEP_FOREVER;
    s->mask_offset = b->mask[lrelu];
}

/* Gives `made` a place for its value (and tangent): that of `reused`, or if -1 its own. */
static void place(builder *b, int made, int reused)
{
    const shape s = shape_at(b, made);
    const format f = b->value_format[made];

    b->value[made] = reused >= 0 ? b->value[reused] : plan_new_value(b, s, f);
    if (b->p->tangent)
        b->tangent[made] = reused >= 0 ? b->tangent[reused] : plan_new_value(b, s, f);
}

/* The step *s of a convolution, which makes node i, makes a rectifier's value along with it. */
static void add_copy(builder *b, int i, step *s)
{
    const int by = b->rectified[i];
    if (by < 0) return;
    place(b, by, -1);
    s->copied = true;
    s->copy = value_slot(b, by);
    s->op.slope = node_at(b, by)->op.slope;
    add_mask(b, by, s);
}

/* The tangent of a rectified value, in place, by the mask that the value's step wrote: a
 * diagonal Jacobian is its own transpose. */
static void emit_rectified_tangent(builder *b, int lrelu, slot src)
{
    step t = plan_new_step(STEP_BACKWARD_DATA, &node_at(b, lrelu)->op, tangent_slot(b, lrelu), src);
    t.mask_offset = b->mask[lrelu];
    plan_emit(b, t, NEED_TANGENT);
}

/* The tangent of node i at `made`: the operator's own step on the tangents of its sources if it
 * is linear, else a step for each source, which adds what changes with that one alone. */
static void emit_tangent(builder *b, int i, int made, step value)
{
    const node *n = node_at(b, i);
    const op_derivative d = derivative_at(b, i);
    const bool curved = op_is_curved(&n->op);
    step t = value;

    t.dst = tangent_slot(b, made);
    t.src2 = no_slot;
    t.lrelu = false;
    t.mask_offset = -1;
    if (curved)
        t.kind = d == DERIVATIVE_DIAGONAL ? STEP_BACKWARD_DATA : STEP_TANGENT;
    else
        t.op.bias = -1;
    for (int k = 0; k < (curved ? n->src_count : 1); ++k) {
        t.src = tangent_slot(b, n->src[k]);
        if (curved)
            t.src2 = k == 0 ? value.src : value_slot(b, n->src[k]);
        else if (n->src_count > 1)
            t.src2 = tangent_slot(b, n->src[1]);
        plan_add_sources(b, &t, i, curved ? b->value : b->tangent);
        t.source = k;
        if (k > 0) t.accumulate = true;
        plan_emit(b, t, NEED_TANGENT);
    }
}

/* Emits `value`, the step that computes node i (into `made`, which may be a node that takes
 * it over), and its tangent: before it where that needs an input that the step may overwrite. */
static void emit_forward(builder *b, int i, int made, step value)
{
    const bool masked = derivative_at(b, i) == DERIVATIVE_MASK;
    const slot src = b->p->tangent ? tangent_slot(b, node_at(b, i)->src[0]) : no_slot;

    if (b->p->tangent && !masked) emit_tangent(b, i, made, value);
    plan_add_sources(b, &value, i, b->value);
    plan_emit(b, value, NEED_ALWAYS);
    if (b->p->tangent && masked) emit_rectified_tangent(b, made, src);
    if (b->p->tangent && value.lrelu) emit_rectified_tangent(b, made, tangent_slot(b, made));
}

/* The value of `source` for node i: a bf16 copy where only i's products are bf16. */
static slot source_slot(builder *b, int i, int source)
{
    const slot stored = value_slot(b, source);
    slot copy = stored;

    copy.f.dtype = plan_product_dtype(b, i);
    if (same_format(copy.f, stored.f)) return stored;
    copy.offset = plan_new_value(b, copy.s, copy.f);
    plan_emit(b, plan_new_step(STEP_COPY, &node_at(b, i)->op, copy, stored), NEED_ALWAYS);
    return copy;
}

/* conv followed by lrelu, as one step that writes the lrelu's value. */
static void forward_conv_lrelu(builder *b, int conv, int lrelu)
{
    const slot src = source_slot(b, conv, node_at(b, conv)->src[0]);
    place(b, lrelu, -1);
    step s = plan_new_step(STEP_FORWARD, &node_at(b, conv)->op, value_slot(b, lrelu), src);
    s.lrelu = true;
    s.op.slope = node_at(b, lrelu)->op.slope;
    s.op.cap = node_at(b, lrelu)->op.cap;
    add_mask(b, lrelu, &s);
    emit_forward(b, conv, lrelu, s);
}

/* Does `from` or a node between it and `to` read the value of `i`? */
static bool used_between(const builder *b, int i, int from, int to)
{
    for (int k = from; k < to; ++k)
        if (reads(b, k, i)) return true;
    return false;
}

/* conv followed by a sum: accumulates onto the other summand. */
static void forward_conv_add(builder *b, int conv, int sum)
{
    const node *n = node_at(b, sum);
    int other = n->src[0] == conv ? n->src[1] : n->src[0];
    bool in_place = dies_at(b, other, sum) && !used_between(b, other, conv, sum);

    place(b, sum, in_place ? other : -1);
    if (!in_place) {
        plan_emit(b, plan_new_step(STEP_COPY, &n->op, value_slot(b, sum), value_slot(b, other)),
                  NEED_ALWAYS);
        step t = plan_new_step(STEP_COPY, &n->op, tangent_slot(b, sum), tangent_slot(b, other));
        if (b->p->tangent) plan_emit(b, t, NEED_TANGENT);
    }
    step s = plan_new_step(STEP_FORWARD, &node_at(b, conv)->op, value_slot(b, sum),
                           source_slot(b, conv, node_at(b, conv)->src[0]));
    s.accumulate = true;
    add_copy(b, sum, &s);
    emit_forward(b, conv, sum, s);
}

/* Node i into `made`: itself, or the SiLU or rectifier that takes over this norm. */
static void forward_node(builder *b, int i, int made)
{
    const node *n = node_at(b, i);
    const op_rule *rule = op_rule_of(&n->op);
    bool in_place = rule->overwrites && rule->overwrites(&n->op) && dies_at(b, n->src[0], i) &&
                    same_format(b->value_format[made], b->value_format[n->src[0]]);

    const slot src = source_slot(b, i, n->src[0]);
    place(b, made, in_place ? n->src[0] : -1);
    step s = plan_new_step(STEP_FORWARD, &n->op, value_slot(b, made), src);
    plan_take_over(b, &s, made);
    if (n->src_count > 1) s.src2 = value_slot(b, n->src[1]);
    if (rule->derivative == DERIVATIVE_MASK) add_mask(b, i, &s);
    add_copy(b, i, &s);
    emit_forward(b, i, made, s);
}

/* The 3x3 convolution `conv` of the upsampling `up`, or the tangent of that, from `src`. */
static void emit_quad(builder *b, int up, int conv, slot dst, slot src, step_need need)
{
    op product = node_at(b, conv)->op, gather = node_at(b, up)->op;

    product.src = src.s;
    product.dst = (shape){4 * product.dst.c, src.s.h + 1, src.s.w + 1};
    product.kernel_h = product.kernel_w = 2;
    if (need == NEED_TANGENT) product.bias = -1;
    gather.src = product.dst;
    gather.dst = dst.s;
    format f = b->p->b->choose_format(&product, src.f, b->p->precision, false);
    f.dtype = dst.f.dtype;
    slot four = slot_of(plan_new_value(b, product.dst, f), product.dst, f);
    step s = plan_new_step(STEP_FORWARD, &product, four, src);
    s.quad = true;
    plan_emit(b, s, need);
    s = plan_new_step(STEP_FORWARD, &gather, dst, four);
    s.quad = true;
    plan_emit(b, s, need);
}

static void forward_upsampled_conv(builder *b, int up, int conv)
{
    int small = node_at(b, up)->src[0];
    const slot src = source_slot(b, conv, small);
    place(b, conv, -1);
    if (b->p->tangent)
        emit_quad(b, up, conv, tangent_slot(b, conv), tangent_slot(b, small), NEED_TANGENT);
    emit_quad(b, up, conv, value_slot(b, conv), src, NEED_ALWAYS);
}

static void build_forward(builder *b)
{
    const graph *g = b->p->g;
    const int end = plan_forward_end(b->p);

    place(b, 0, -1);
    plan_emit_port(b, STEP_LOAD, PORT_X, 0, value_slot(b, 0), NEED_ALWAYS);
    if (b->p->tangent) plan_emit_port(b, STEP_LOAD, PORT_TX, 0, tangent_slot(b, 0), NEED_TANGENT);

    for (int i = 1; i < end && !b->st; ++i) {
        if (node_at(b, i)->src_count == 0) continue; /* another node does its work: plan_fold.c */
        int into = b->fused_into[i];
        if (into >= 0 && node_at(b, i)->op.kind == OP_UPSAMPLE) {
            forward_upsampled_conv(b, i, into);
            continue; /* to the convolution, which has its value already */
        }
        if (into >= 0 && node_at(b, into)->op.kind == OP_LRELU && node_at(b, i)->op.kind == OP_CONV2D)
            forward_conv_lrelu(b, i, into);
        else if (into >= 0 && node_at(b, into)->op.kind == OP_ADD)
            forward_conv_add(b, i, into);
        else if (b->value[i] < 0)
            forward_node(b, i, into >= 0 ? into : i);
        if (b->st) return;
        int made = into >= 0 ? into : i;
        if (b->kept[made] || (b->saved[made] && has_backward(b)))
            b->p->buffers[b->value[made]].last = STEP_FOREVER;
    }
    if (b->p->features_only) return;
    plan_emit_port(b, STEP_STORE, PORT_LOGITS, g->output, value_slot(b, g->output), NEED_ALWAYS);
    if (b->p->tangent)
        plan_emit_port(b, STEP_STORE, PORT_TLOGITS, g->output, tangent_slot(b, g->output),
                       NEED_TANGENT);
    if (b->saved[0] && !b->st) b->p->buffers[b->value[0]].last = STEP_FOREVER;
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
        plan_emit_port(b, STEP_STORE, PORT_FEATURE, n, value_slot(b, n), NEED_ALWAYS);
    }
}

static int most_sources(const graph *g)
{
    int most = 0;
    for (int i = 0; i < g->node_count; ++i)
        if (g->nodes[i].src_count > most) most = g->nodes[i].src_count;
    return most;
}

static jem_status builder_init(builder *b, plan *p)
{
    jem_status st;
    int n = p->g->node_count;

    *b = (builder){.p = p};
    TRY(MEM_NEW(b->users, n));
    TRY(MEM_NEW(b->last_user, n));
    TRY(MEM_NEW(b->fused_into, n));
    TRY(MEM_NEW(b->rectified, n));
    TRY(MEM_NEW(b->kept, n));
    TRY(MEM_NEW(b->saved, n));
    TRY(MEM_NEW(b->needs_grad, n));
    TRY(MEM_NEW(b->value, n));
    TRY(MEM_NEW(b->tangent, n));
    TRY(MEM_NEW(b->grad, n));
    TRY(MEM_NEW(b->mask, n));
    TRY(MEM_NEW(b->value_format, n));
    TRY(MEM_NEW(b->grad_format, n));
    TRY(MEM_NEW(b->meeting, n));
    TRY(MEM_NEW(b->sources, most_sources(p->g)));
    for (int i = 0; i < n; ++i) {
        const op *o = &p->g->nodes[i].op;
        const bool couples = p->train ? op_rule_of(o)->couples && op_rule_of(o)->couples(o) : op_always_couples(o);
        const bool meets = couples && p->b->meeting_bytes;
        b->meeting[i] = meets ? (int64_t)p->meeting_bytes : -1;
        if (meets) p->meeting_bytes += p->b->meeting_bytes(o) * (size_t)plan_slices(p);
    }
done:
    return st;
}

static void builder_clear(builder *b)
{
    mem_free(b->users);
    mem_free(b->last_user);
    mem_free(b->fused_into);
    mem_free(b->rectified);
    mem_free(b->kept);
    mem_free(b->saved);
    mem_free(b->needs_grad);
    mem_free(b->value);
    mem_free(b->tangent);
    mem_free(b->grad);
    mem_free(b->mask);
    mem_free(b->value_format);
    mem_free(b->grad_format);
    mem_free(b->meeting);
    mem_free(b->sources);
}

jem_status plan_build(plan *p, const char *const *features)
{
    jem_status st;
    builder b = {0};

    TRY(builder_init(&b, p));
    keep_features(&b, features);
    if (!b.st) plan_analyse(&b);
    if (!b.st) build_forward(&b);
    p->forward_end = p->step_count;
    if (!b.st && has_backward(&b)) plan_build_backward(&b);
    p->backward_end = p->step_count;
    if (!b.st) store_features(&b);
    st = b.st;
done:
    builder_clear(&b);
    return st;
}
