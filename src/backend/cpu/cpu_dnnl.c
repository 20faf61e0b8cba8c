/* Convolutions and linear layers by oneDNN: kernels, which hold primitives and packed
 * weights.
 *
 * Each step is one primitive with a scratchpad that the caller owns: oneDNN's
 * own scratchpad belongs to the thread that created the primitive, and other
 * threads execute it.  Primitives are made and run with one OpenMP thread.
 *
 * A convolution that is worth splitting, forward or to data, is cut into bands of rows, which in
 * NHWC are contiguous: one primitive per shape of band, all with the same weights. */
#include "backend/cpu/cpu_dnnl.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static dnnl_data_type_t data_type(jem_dtype dtype)
{
    return dtype == JEM_BF16 ? dnnl_bf16 : dnnl_f32;
}

/* What belongs to the input: gradient steps read the gradient of the output (src). */
static const slot *input_slot(const step *s)
{
    return s->kind == STEP_FORWARD ? &s->src : s->kind == STEP_BACKWARD_DATA ? &s->dst : &s->src2;
}

/* `rows` of n images of a slot, which may hold another type than it says: see backward_desc. */
static jem_status slot_desc(onednn_md **md, const step *s, slot v, int64_t n, int64_t rows,
                            jem_dtype dtype)
{
    dnnl_dims_t dims = {n, v.s.c, rows, v.s.w}, flat = {n, shape_count(v.s)};

    if (s->op.kind == OP_LINEAR) return onednn_md_new(md, 2, flat, data_type(dtype), dnnl_nc);
    return onednn_md_new(md, 4, dims, data_type(dtype), v.f.block == v.s.c ? dnnl_nhwc : dnnl_nchw);
}

/* Weights in oneDNN's axes. */
static jem_status weight_desc(onednn_md **md, const op *o, dnnl_data_type_t type, bool flat)
{
    const int64_t in = op_group_channels(o), groups = o->src.c / in;
    dnnl_dims_t conv = {o->dst.c, in, o->kernel_h, o->kernel_w};
    dnnl_dims_t grouped = {groups, o->dst.c / groups, in, o->kernel_h, o->kernel_w};
    dnnl_dims_t linear = {o->dst.c, shape_count(o->src)};
    bool is_conv = o->kind == OP_CONV2D;

    /* as they lie in the flat vector, or in any layout */
    if (is_conv && groups > 1)
        return onednn_md_new(md, 5, grouped, type, flat ? dnnl_goihw : dnnl_format_tag_any);
    dnnl_format_tag_t tag = !flat ? dnnl_format_tag_any : is_conv ? dnnl_oihw : dnnl_oi;
    return onednn_md_new(md, is_conv ? 4 : 2, is_conv ? conv : linear, type, tag);
}

/* Accumulation and rectification are the forward primitive's epilogue. */
static jem_status make_attributes(dnnl_primitive_attr_t *attr, const step *s)
{
    jem_status st;
    dnnl_post_ops_t ops = NULL;

    DNNL_TRY(dnnl_primitive_attr_create(attr));
    DNNL_TRY(dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user));
    DNNL_TRY(dnnl_post_ops_create(&ops));
    if (s->kind == STEP_FORWARD && s->accumulate) TRY(onednn_append_sum(ops));
    if (s->kind == STEP_FORWARD && s->lrelu)
        TRY(s->op.cap > 0 ? onednn_append_clip(ops, (float)s->op.cap)
                          : onednn_append_lrelu(ops, (float)s->op.slope));
    DNNL_TRY(dnnl_primitive_attr_set_post_ops(*attr, ops));
    st = JEM_OK;
done:
    if (ops) dnnl_post_ops_destroy(ops);
    return st;
}

/* Reordering between the flat vector's weights and the primitive's. */
static jem_status make_pack(dnnl_state *x, bool from_flat)
{
    jem_status st = JEM_OK;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    const onednn_md *from = from_flat ? x->plain_weights : x->weights;
    const onednn_md *to = from_flat ? x->weights : x->plain_weights;

    DNNL_TRY(dnnl_primitive_attr_create(&attr));
    DNNL_TRY(dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user));
    DNNL_TRY(dnnl_reorder_primitive_desc_create(&pd, from, x->engine, to, x->engine, attr));
    DNNL_TRY(dnnl_primitive_create(&x->pack, pd));
    if (dnnl_memory_desc_get_size(dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0)) > 0)
        st = jem_error(JEM_EINTERNAL, "oneDNN wants scratch memory for a weight reorder");
done:
    if (pd) dnnl_primitive_desc_destroy(pd);
    if (attr) dnnl_primitive_attr_destroy(attr);
    return st;
}

static size_t round_up(size_t n)
{
    return (n + 63) / 64 * 64;
}

/* ---- bands */

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What is cut into bands: the map that the step writes. */
static shape cut_shape(const step *s)
{
    return s->kind == STEP_BACKWARD_DATA ? s->op.src : s->op.dst;
}

/* Rows of a full band; all rows where the step is not to be split. */
static int64_t band_rows(const step *s)
{
    const shape cut = cut_shape(s);
    const bool can = s->kind == STEP_FORWARD || (s->kind == STEP_BACKWARD_DATA && s->op.stride == 1);
    if (!s->split || s->op.kind != OP_CONV2D || !can || s->mask_offset >= 0) return cut.h;
    int64_t bands = larger(1, smaller(MAX_BANDS, cut.h * cut.w / BAND_PIXELS));
    return (cut.h + bands - 1) / bands;
}

/* Rows [in, in + count) of the input's gradient, for stride 1: all rows of the output that see
 * them, and the zeros that make it so. */
static band backward_band(const op *o, int64_t in, int64_t count)
{
    const int64_t first = larger(0, in + o->pad_top - o->kernel_h + 1);
    band b = {.in = in, .in_rows = count, .out = first, .pad = in - first + o->pad_top};
    b.out_rows = smaller(o->dst.h, in + count + o->pad_top) - first;
    b.pad_end = b.out_rows + o->kernel_h - 1 - count - b.pad;
    return b;
}

band cpu_band_of(const step *s, int i)
{
    const op *o = &s->op;
    const int64_t rows = band_rows(s), all = cut_shape(s).h, in = o->src.h, out = i * rows;
    if (rows == all) return (band){0, in, 0, o->dst.h, o->pad_top, o->pad_bottom};

    const int64_t count = smaller(rows, all - out);
    if (s->kind == STEP_BACKWARD_DATA) return backward_band(o, out, count);
    const int64_t first = out * o->stride - o->pad_top;
    const int64_t end = (out + count - 1) * o->stride - o->pad_top + o->kernel_h;
    band b = {.in = larger(0, first), .out = out, .out_rows = count, .pad = larger(0, -first),
              .pad_end = larger(0, end - in)};
    b.in_rows = smaller(in, end) - b.in;
    return b;
}

static bool same_shape(const band *a, const band *b)
{
    return a->in_rows == b->in_rows && a->out_rows == b->out_rows && a->pad == b->pad &&
           a->pad_end == b->pad_end;
}

/* ---- a kernel: primitives and packed weights */

/* A gradient's primitive is chosen beside a forward one of the same layer.  Gradients of weights,
 * and of what products of bf16 come from, may be f32: the forward one has the type of dst in all. */
static jem_status backward_desc(dnnl_primitive_desc_t *pd, const step *s, const onednn_layer *l,
                                const onednn_md *forward_src, dnnl_primitive_attr_t attr,
                                dnnl_engine_t engine)
{
    jem_status st;
    onednn_layer forward = *l;
    onednn_md *weights = NULL;
    dnnl_primitive_desc_t hint = NULL;

    TRY(weight_desc(&weights, &s->op, data_type(s->src.f.dtype), false));
    forward.src = forward_src;
    forward.weights = weights;
    TRY(onednn_forward(&hint, &forward, dnnl_forward_training, NULL, engine));
    st = s->kind == STEP_BACKWARD_DATA ? onednn_to_data(pd, l, hint, attr, engine)
                                       : onednn_to_weights(pd, l, hint, attr, engine);
done:
    if (hint) dnnl_primitive_desc_destroy(hint);
    onednn_md_free(weights);
    return st;
}

static jem_status piece_desc(dnnl_primitive_desc_t *pd, const piece *p, const step *s,
                             const onednn_layer *l, int64_t n, slot input, dnnl_engine_t engine)
{
    jem_status st;
    dnnl_primitive_attr_t attr = NULL;
    onednn_md *forward_src = NULL;

    TRY(make_attributes(&attr, s));
    if (s->kind == STEP_FORWARD) {
        TRY(onednn_forward(pd, l, dnnl_forward_inference, attr, engine));
    } else {
        TRY(slot_desc(&forward_src, s, input, n, p->of.in_rows, s->src.f.dtype));
        TRY(backward_desc(pd, s, l, forward_src, attr, engine));
    }
done:
    if (attr) dnnl_primitive_attr_destroy(attr);
    onednn_md_free(forward_src);
    return st;
}

/* The primitive for `p->of`; its weights are laid out as `weights` says, which may be "any".
 * *chosen <- how they are, owned. */
static jem_status create_piece(piece *p, onednn_md **chosen, const cpu_kernel *k,
                               const dnnl_state *x, const onednn_md *weights)
{
    jem_status st;
    const step *s = &k->s;
    const op *o = &s->op;
    const int64_t n = x->bands > 1 ? 1 : s->n;
    dnnl_primitive_desc_t pd = NULL;
    const bool to_params = s->kind == STEP_BACKWARD_PARAMS;
    slot input = *input_slot(s);
    slot output = s->kind == STEP_FORWARD ? s->dst : s->src;

    TRY(slot_desc(&p->source, s, input, n, p->of.in_rows, input.f.dtype));
    TRY(slot_desc(&p->dest, s, output, n, p->of.out_rows, output.f.dtype));
    onednn_layer l = {.is_conv = o->kind == OP_CONV2D, .src = p->source, .weights = weights,
                      .bias = o->bias >= 0 ? x->bias : NULL,
                      .dst = p->dest, .stride = {o->stride, o->stride},
                      .pad = {p->of.pad, o->pad_left}, .pad_end = {p->of.pad_end, o->pad_right}};
    TRY(piece_desc(&pd, p, s, &l, n, input, x->engine));
    DNNL_TRY(dnnl_primitive_create(&p->primitive, pd));
    TRY(onednn_md_copy(&p->scratchpad,
                       dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0)));
    TRY(onednn_md_copy(chosen, dnnl_primitive_desc_query_md(
        pd, to_params ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0)));
done:
    if (pd) dnnl_primitive_desc_destroy(pd);
    return st;
}

static void clear_pieces(dnnl_state *x)
{
    for (int i = 0; i < x->piece_count; ++i) {
        piece *p = &x->pieces[i];
        if (p->primitive) dnnl_primitive_destroy(p->primitive);
        onednn_md_free(p->source);
        onednn_md_free(p->dest);
        onednn_md_free(p->scratchpad);
    }
    memset(x->pieces, 0, sizeof x->pieces);
    x->piece_count = 0;
    onednn_md_free(x->weights);
    x->weights = NULL;
}

/* One primitive per shape of band, in weights that the first one chose. */
static jem_status create_pieces(const cpu_kernel *k, dnnl_state *x, const onednn_md *weights)
{
    jem_status st = JEM_OK;
    const int64_t rows = band_rows(&k->s);

    x->bands = (int)((cut_shape(&k->s).h + rows - 1) / rows);
    for (int i = 0; i < x->bands; ++i) {
        const band b = cpu_band_of(&k->s, i);
        x->piece_of[i] = x->piece_count - 1; /* neighbours are alike if any two are */
        if (i > 0 && same_shape(&b, &x->pieces[x->piece_count - 1].of)) continue;
        piece *p = &x->pieces[x->piece_of[i] = x->piece_count++];
        onednn_md *chosen = NULL;
        p->of = b;
        TRY(create_piece(p, &chosen, k, x, x->weights ? x->weights : weights));
        onednn_md_free(x->weights);
        x->weights = chosen;
        if (round_up(dnnl_memory_desc_get_size(p->scratchpad)) > x->pad_bytes)
            x->pad_bytes = round_up(dnnl_memory_desc_get_size(p->scratchpad));
    }
done:
    if (st) clear_pieces(x);
    return st;
}

/* The packed weights of k->shared if this kernel can compute with them, else an own layout. */
static jem_status create_primitives(cpu_kernel *k, dnnl_state *x)
{
    jem_status st;
    const step *s = &k->s;
    const dnnl_state *owner = k->shared && k->shared->impl == k->impl && !x->packs_late ? k->shared->state : NULL;
    onednn_md *any = NULL;
    const bool to_params = s->kind == STEP_BACKWARD_PARAMS;

    DNNL_TRY(dnnl_engine_create(&x->engine, dnnl_cpu, 0));
    TRY(weight_desc(&x->plain_weights, &s->op, dnnl_f32, true));
    TRY(weight_desc(&any, &s->op, to_params ? dnnl_f32 : data_type(s->src.f.dtype), false));
    TRY(onednn_md_new(&x->bias, 1, &s->op.dst.c, dnnl_f32, dnnl_x));
    x->shares_weights = owner && create_pieces(k, x, owner->weights) == JEM_OK;
    if (!x->shares_weights) TRY(create_pieces(k, x, any));
done:
    onednn_md_free(any);
    return st;
}

static jem_status make_weights(cpu_kernel *k, dnnl_state *x)
{
    jem_status st = JEM_OK;

    DNNL_TRY(dnnl_memory_create(&x->bias_memory, x->bias, x->engine, DNNL_MEMORY_NONE));
    if (x->packs_late) goto done;
    if (x->shares_weights) {
        x->packed_weights = ((const dnnl_state *)k->shared->state)->packed_weights;
        goto done;
    }
    k->packed = dnnl_memory_desc_get_size(x->weights);
    DNNL_TRY(dnnl_memory_create(&x->packed_weights, x->weights, x->engine, DNNL_MEMORY_ALLOCATE));
    DNNL_TRY(dnnl_memory_create(&x->flat_weights, x->plain_weights, x->engine, DNNL_MEMORY_NONE));
    DNNL_TRY(dnnl_stream_create(&x->pack_stream, x->engine, dnnl_stream_default_flags));
done:
    return st;
}

/* The elements of a map in NHWC have another order than the layer's weights. */
static bool has_to_flatten(const op *o, const slot *input)
{
    const bool interleaved = input->f.block > 1 && input->s.h * input->s.w > 1;
    return o->kind == OP_LINEAR && (interleaved || input->f.dtype != JEM_F32);
}

static void book_flat(cpu_kernel *k, dnnl_state *x)
{
    step *s = &k->s;
    slot *input = s->kind == STEP_FORWARD ? &s->src : s->kind == STEP_BACKWARD_DATA ? &s->dst : &s->src2;

    x->map = *input;
    x->flattens = has_to_flatten(&s->op, input);
    if (x->flattens) input->f = (format){JEM_F32, 1};
}

jem_status cpu_dnnl_prepare(cpu_kernel *k)
{
    jem_status st;
    dnnl_state *x = NULL;
    int threads = omp_get_max_threads();
    bool to_params = k->s.kind == STEP_BACKWARD_PARAMS;

    omp_set_num_threads(1);
    TRY(MEM_NEW(x, 1));
    k->state = x;
    x->packs_late = k->s.lean && !to_params;
    book_flat(k, x);
    TRY(create_primitives(k, x));
    TRY(make_pack(x, !to_params));
    x->quad_at = to_params || x->packs_late ? round_up(dnnl_memory_desc_get_size(x->weights)) : 0;
    x->pad_at = x->quad_at;
    if (k->s.quad) {
        TRY(MEM_NEW(x->quad_bias, k->s.op.dst.c));
        if (x->packs_late) x->pad_at += round_up(dnnl_memory_desc_get_size(x->plain_weights));
    }
    x->flat_at = x->pad_at + (x->bands > 1 ? (size_t)(x->bands * k->s.n) : 1) * x->pad_bytes;
    k->scratch = x->flat_at;
    if (x->flattens) k->scratch += (size_t)cpu_slot_count(k, *input_slot(&k->s)) * sizeof(float);
    if (!to_params) TRY(make_weights(k, x));
done:
    omp_set_num_threads(threads);
    return st;
}

void cpu_dnnl_release(cpu_kernel *k)
{
    dnnl_state *x = k->state;
    if (!x) return;
    if (x->packed_weights && !x->shares_weights) dnnl_memory_destroy(x->packed_weights);
    if (x->bias_memory) dnnl_memory_destroy(x->bias_memory);
    if (x->flat_weights) dnnl_memory_destroy(x->flat_weights);
    if (x->pack_stream) dnnl_stream_destroy(x->pack_stream);
    if (x->pack) dnnl_primitive_destroy(x->pack);
    clear_pieces(x);
    onednn_md_free(x->plain_weights);
    onednn_md_free(x->bias);
    if (x->engine) dnnl_engine_destroy(x->engine);
    mem_free(x->quad_bias);
    mem_free(x);
}

void *cpu_dnnl_readable(const float *p)
{
    union {
        const float *in;
        void *out;
    } u = {p};
    return u.out;
}

/* Sums over the kernel's rows (columns) that meet row u of the 2x2 pixels which pixel i of the
 * two sees: 0 | 1, 2 for the first pixel, 0, 1 | 2 for the second. */
void cpu_quad_weights(float *weights, const op *o, const float *params)
{
    static const int begin[2][2] = {{0, 1}, {0, 2}}, end[2][2] = {{1, 3}, {2, 3}};
    const int64_t pairs = o->dst.c / 4 * o->src.c;

    for (int which = 0; which < 4; ++which)
        for (int64_t p = 0; p < pairs; ++p)
            for (int at = 0; at < 4; ++at) {
                float sum = 0;
                for (int r = begin[which / 2][at / 2]; r < end[which / 2][at / 2]; ++r)
                    for (int c = begin[which % 2][at % 2]; c < end[which % 2][at % 2]; ++c)
                        sum += params[p * 9 + r * 3 + c];
                weights[(which * pairs + p) * 4 + at] = sum;
            }
}

static jem_status load_bias(cpu_kernel *k, const float *bias)
{
    jem_status st = JEM_OK;
    dnnl_state *x = k->state;
    const int64_t one = k->s.op.dst.c / 4;

    for (int64_t c = 0; k->s.quad && c < 4 * one; ++c) x->quad_bias[c] = bias[c % one];
    DNNL_TRY(dnnl_memory_set_data_handle(x->bias_memory,
                                         k->s.quad ? x->quad_bias : cpu_dnnl_readable(bias)));
done:
    return st;
}

jem_status cpu_dnnl_load(cpu_kernel *k, const void *params)
{
    jem_status st = JEM_OK;
    dnnl_state *x = k->state;
    const float *p = params;
    float *quad = NULL;

    if (k->s.kind == STEP_BACKWARD_PARAMS) return JEM_OK;
    if (k->s.op.bias >= 0) TRY(load_bias(k, p + k->s.op.bias));
    if (x->shares_weights || x->packs_late) return JEM_OK;
    p += k->s.op.weight;
    if (k->s.quad) {
        TRY(mem_alloc(&quad, 1, dnnl_memory_desc_get_size(x->plain_weights)));
        cpu_quad_weights(quad, &k->s.op, p);
        p = quad;
    }
    DNNL_TRY(dnnl_memory_set_data_handle(x->flat_weights, cpu_dnnl_readable(p)));
    dnnl_exec_arg_t args[2] = {{DNNL_ARG_FROM, x->flat_weights}, {DNNL_ARG_TO, x->packed_weights}};
    DNNL_TRY(dnnl_primitive_execute(x->pack, x->pack_stream, 2, args));
    DNNL_TRY(dnnl_stream_wait(x->pack_stream));
done:
    mem_free(quad);
    return st;
}

/* The name oneDNN gives the implementation it chose. */
void cpu_dnnl_describe(const cpu_kernel *k, char *text, size_t size)
{
    const dnnl_state *x = k->state;
    const_dnnl_primitive_desc_t pd = NULL;
    const char *info = NULL;

    if (dnnl_primitive_get_primitive_desc(x->pieces[0].primitive, &pd) != dnnl_success ||
        dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &info) != dnnl_success)
        info = k->impl->name;
    snprintf(text, size, "%s", info);
}
