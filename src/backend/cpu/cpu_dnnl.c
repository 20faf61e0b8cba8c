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

/* `rows` of n images of a slot. */
static jem_status slot_desc(dnnl_memory_desc_t *md, const step *s, slot v, int64_t n, int64_t rows)
{
    jem_status st = JEM_OK;
    dnnl_dims_t dims = {n, v.s.c, rows, v.s.w};
    dnnl_format_tag_t tag = v.f.block == v.s.c ? dnnl_nhwc : dnnl_nchw;

    if (s->op.kind == OP_LINEAR) {
        dnnl_dims_t flat = {n, shape_count(v.s)};
        DNNL_TRY(dnnl_memory_desc_init_by_tag(md, 2, flat, data_type(v.f.dtype), dnnl_nc));
    } else {
        DNNL_TRY(dnnl_memory_desc_init_by_tag(md, 4, dims, data_type(v.f.dtype), tag));
    }
done:
    return st;
}

/* Weights as they lie in the flat vector, and the same in any layout. */
static jem_status weight_descs(dnnl_memory_desc_t *plain, dnnl_memory_desc_t *any,
                               dnnl_memory_desc_t *bias, const op *o, dnnl_data_type_t type)
{
    jem_status st = JEM_OK;
    dnnl_dims_t conv = {o->dst.c, o->src.c, o->kernel_h, o->kernel_w};
    dnnl_dims_t linear = {o->dst.c, shape_count(o->src)};
    bool is_conv = o->kind == OP_CONV2D;
    int nd = is_conv ? 4 : 2;
    int64_t *dims = is_conv ? conv : linear;

    DNNL_TRY(dnnl_memory_desc_init_by_tag(plain, nd, dims, dnnl_f32, is_conv ? dnnl_oihw : dnnl_oi));
    DNNL_TRY(dnnl_memory_desc_init_by_tag(any, nd, dims, type, dnnl_format_tag_any));
    DNNL_TRY(dnnl_memory_desc_init_by_tag(bias, 1, dims, dnnl_f32, dnnl_x));
done:
    return st;
}

/* Accumulation and rectification ride on the forward primitive. */
static jem_status make_attributes(dnnl_primitive_attr_t *attr, const step *s)
{
    jem_status st = JEM_OK;
    dnnl_post_ops_t ops = NULL;

    DNNL_TRY(dnnl_primitive_attr_create(attr));
    DNNL_TRY(dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user));
    DNNL_TRY(dnnl_post_ops_create(&ops));
    if (s->kind == STEP_FORWARD && s->accumulate) DNNL_TRY(dnnl_post_ops_append_sum(ops, 1.0f));
    if (s->kind == STEP_FORWARD && s->lrelu)
        DNNL_TRY(dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_relu, (float)s->op.slope, 0.0f));
    DNNL_TRY(dnnl_primitive_attr_set_post_ops(*attr, ops));
done:
    if (ops) dnnl_post_ops_destroy(ops);
    return st;
}

typedef struct layer_descs {
    dnnl_memory_desc_t src, dst, weights, bias; /* src, dst: values or gradients */
    dnnl_dims_t stride, pad, pad_end;
} layer_descs;

static jem_status forward_desc(dnnl_primitive_desc_t *pd, const op *o, const layer_descs *d,
                               dnnl_prop_kind_t prop, dnnl_primitive_attr_t attr,
                               dnnl_engine_t engine)
{
    jem_status st = JEM_OK;
    const dnnl_memory_desc_t *bias = o->bias >= 0 ? &d->bias : NULL;
    dnnl_convolution_desc_t conv;
    dnnl_inner_product_desc_t linear;

    if (o->kind == OP_CONV2D) {
        DNNL_TRY(dnnl_convolution_forward_desc_init(&conv, prop, dnnl_convolution_direct, &d->src,
                                                    &d->weights, bias, &d->dst, d->stride, d->pad,
                                                    d->pad_end));
        DNNL_TRY(dnnl_primitive_desc_create(pd, &conv, attr, engine, NULL));
    } else {
        DNNL_TRY(dnnl_inner_product_forward_desc_init(&linear, prop, &d->src, &d->weights, bias,
                                                      &d->dst));
        DNNL_TRY(dnnl_primitive_desc_create(pd, &linear, attr, engine, NULL));
    }
done:
    return st;
}

static jem_status backward_desc(dnnl_primitive_desc_t *pd, const step *s, const layer_descs *d,
                                dnnl_primitive_attr_t attr, dnnl_engine_t engine)
{
    jem_status st = JEM_OK;
    const op *o = &s->op;
    bool to_data = s->kind == STEP_BACKWARD_DATA;
    dnnl_convolution_desc_t conv;
    dnnl_inner_product_desc_t linear;
    dnnl_primitive_desc_t hint = NULL;
    const void *desc = o->kind == OP_CONV2D ? (const void *)&conv : (const void *)&linear;

    /* gradients of weights, and of what products of bf16 come from, may be f32 */
    layer_descs forward = *d;
    forward.weights.data_type = d->dst.data_type;
    forward.src.data_type = d->dst.data_type;
    TRY(forward_desc(&hint, o, &forward, dnnl_forward_training, NULL, engine));
    if (o->kind == OP_CONV2D && to_data)
        DNNL_TRY(dnnl_convolution_backward_data_desc_init(&conv, dnnl_convolution_direct, &d->src,
                                                          &d->weights, &d->dst, d->stride, d->pad,
                                                          d->pad_end));
    else if (o->kind == OP_CONV2D)
        DNNL_TRY(dnnl_convolution_backward_weights_desc_init(&conv, dnnl_convolution_direct, &d->src,
                                                             &d->weights, &d->bias, &d->dst,
                                                             d->stride, d->pad, d->pad_end));
    else if (to_data)
        DNNL_TRY(dnnl_inner_product_backward_data_desc_init(&linear, &d->src, &d->weights, &d->dst));
    else
        DNNL_TRY(dnnl_inner_product_backward_weights_desc_init(&linear, &d->src, &d->weights,
                                                               &d->bias, &d->dst));
    DNNL_TRY(dnnl_primitive_desc_create(pd, desc, attr, engine, hint));
done:
    if (hint) dnnl_primitive_desc_destroy(hint);
    return st;
}

/* Reordering between the flat vector's weights and the primitive's. */
static jem_status make_pack(dnnl_state *x, bool from_flat)
{
    jem_status st = JEM_OK;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    const dnnl_memory_desc_t *from = from_flat ? &x->plain_weights : &x->weights;
    const dnnl_memory_desc_t *to = from_flat ? &x->weights : &x->plain_weights;

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
    const int64_t first = larger(0, in + o->pad - o->kernel_h + 1);
    band b = {.in = in, .in_rows = count, .out = first, .pad = in - first + o->pad};
    b.out_rows = smaller(o->dst.h, in + count + o->pad) - first;
    b.pad_end = b.out_rows + o->kernel_h - 1 - count - b.pad;
    return b;
}

band cpu_band_of(const step *s, int i)
{
    const op *o = &s->op;
    const int64_t rows = band_rows(s), all = cut_shape(s).h, in = o->src.h, out = i * rows;
    if (rows == all) return (band){0, in, 0, o->dst.h, o->pad, o->pad_end};

    const int64_t count = smaller(rows, all - out);
    if (s->kind == STEP_BACKWARD_DATA) return backward_band(o, out, count);
    const int64_t first = out * o->stride - o->pad;
    const int64_t end = (out + count - 1) * o->stride - o->pad + o->kernel_h;
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

/* The primitive for `p->of`; its weights are laid out as `weights` says, which may be "any". */
static jem_status create_piece(piece *p, const cpu_kernel *k, dnnl_state *x,
                               dnnl_memory_desc_t *weights)
{
    jem_status st;
    const step *s = &k->s;
    const op *o = &s->op;
    const int64_t n = x->bands > 1 ? 1 : s->n;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    layer_descs d = {.weights = *weights, .bias = x->bias, .stride = {o->stride, o->stride},
                     .pad = {p->of.pad, o->pad}, .pad_end = {p->of.pad_end, o->pad_end}};
    /* Gradient steps read the gradient of the output (src) and write or read
     * what belongs to the input. */
    slot input = s->kind == STEP_FORWARD         ? s->src
                 : s->kind == STEP_BACKWARD_DATA ? s->dst
                                                 : s->src2;
    slot output = s->kind == STEP_FORWARD ? s->dst : s->src;

    TRY(slot_desc(&d.src, s, input, n, p->of.in_rows));
    TRY(slot_desc(&d.dst, s, output, n, p->of.out_rows));
    TRY(make_attributes(&attr, s));
    if (s->kind == STEP_FORWARD)
        TRY(forward_desc(&pd, o, &d, dnnl_forward_inference, attr, x->engine));
    else
        TRY(backward_desc(&pd, s, &d, attr, x->engine));
    DNNL_TRY(dnnl_primitive_create(&p->primitive, pd));
    p->source = d.src;
    p->dest = d.dst;
    *weights = *dnnl_primitive_desc_query_md(
        pd, s->kind == STEP_BACKWARD_PARAMS ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
    p->scratchpad = *dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
done:
    if (pd) dnnl_primitive_desc_destroy(pd);
    if (attr) dnnl_primitive_attr_destroy(attr);
    return st;
}

static void clear_pieces(dnnl_state *x)
{
    for (int i = 0; i < MAX_BANDS; ++i)
        if (x->pieces[i].primitive) dnnl_primitive_destroy(x->pieces[i].primitive);
    memset(x->pieces, 0, sizeof x->pieces);
    x->piece_count = 0;
}

/* One primitive per shape of band, in weights that the first one chose. */
static jem_status create_pieces(const cpu_kernel *k, dnnl_state *x, dnnl_memory_desc_t weights)
{
    jem_status st = JEM_OK;
    const int64_t rows = band_rows(&k->s);

    x->bands = (int)((cut_shape(&k->s).h + rows - 1) / rows);
    for (int i = 0; i < x->bands; ++i) {
        const band b = cpu_band_of(&k->s, i);
        x->piece_of[i] = x->piece_count - 1; /* neighbours are alike if any two are */
        if (i > 0 && same_shape(&b, &x->pieces[x->piece_count - 1].of)) continue;
        piece *p = &x->pieces[x->piece_of[i] = x->piece_count++];
        p->of = b;
        TRY(create_piece(p, k, x, &weights));
        if (round_up(dnnl_memory_desc_get_size(&p->scratchpad)) > x->pad_bytes)
            x->pad_bytes = round_up(dnnl_memory_desc_get_size(&p->scratchpad));
    }
    x->weights = weights;
done:
    if (st) clear_pieces(x);
    return st;
}

/* The sibling's packed weights if this kernel can compute with them, else an own layout. */
static jem_status create_primitives(cpu_kernel *k, dnnl_state *x)
{
    jem_status st;
    const step *s = &k->s;
    const dnnl_state *lender = k->sibling && k->sibling->impl == k->impl && !x->packs_late ? k->sibling->state : NULL;
    dnnl_memory_desc_t any;
    dnnl_data_type_t type = s->kind == STEP_BACKWARD_PARAMS ? dnnl_f32 : data_type(s->src.f.dtype);

    DNNL_TRY(dnnl_engine_create(&x->engine, dnnl_cpu, 0));
    TRY(weight_descs(&x->plain_weights, &any, &x->bias, &s->op, type));
    x->borrows_weights = lender && create_pieces(k, x, lender->weights) == JEM_OK;
    if (!x->borrows_weights) st = create_pieces(k, x, any);
done:
    return st;
}

static jem_status make_weights(cpu_kernel *k, dnnl_state *x)
{
    jem_status st = JEM_OK;

    DNNL_TRY(dnnl_memory_create(&x->bias_memory, &x->bias, x->engine, DNNL_MEMORY_NONE));
    if (x->packs_late) goto done;
    if (x->borrows_weights) {
        x->packed_weights = ((const dnnl_state *)k->sibling->state)->packed_weights;
        goto done;
    }
    k->packed = dnnl_memory_desc_get_size(&x->weights);
    DNNL_TRY(dnnl_memory_create(&x->packed_weights, &x->weights, x->engine, DNNL_MEMORY_ALLOCATE));
    DNNL_TRY(dnnl_memory_create(&x->flat_weights, &x->plain_weights, x->engine, DNNL_MEMORY_NONE));
    DNNL_TRY(dnnl_stream_create(&x->pack_stream, x->engine, dnnl_stream_default_flags));
done:
    return st;
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
    TRY(create_primitives(k, x));
    TRY(make_pack(x, !to_params));
    x->quad_at = to_params || x->packs_late ? round_up(dnnl_memory_desc_get_size(&x->weights)) : 0;
    x->pad_at = x->quad_at;
    if (k->s.quad) {
        TRY(MEM_NEW(x->quad_bias, k->s.op.dst.c));
        if (x->packs_late) x->pad_at += round_up(dnnl_memory_desc_get_size(&x->plain_weights));
    }
    k->scratch = x->pad_at + (x->bands > 1 ? (size_t)(x->bands * k->s.n) : 1) * x->pad_bytes;
    if (!to_params) TRY(make_weights(k, x));
done:
    omp_set_num_threads(threads);
    return st;
}

void cpu_dnnl_release(cpu_kernel *k)
{
    dnnl_state *x = k->state;
    if (!x) return;
    if (x->packed_weights && !x->borrows_weights) dnnl_memory_destroy(x->packed_weights);
    if (x->bias_memory) dnnl_memory_destroy(x->bias_memory);
    if (x->flat_weights) dnnl_memory_destroy(x->flat_weights);
    if (x->pack_stream) dnnl_stream_destroy(x->pack_stream);
    if (x->pack) dnnl_primitive_destroy(x->pack);
    clear_pieces(x);
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
    if (x->borrows_weights || x->packs_late) return JEM_OK;
    p += k->s.op.weight;
    if (k->s.quad) {
        TRY(mem_alloc(&quad, 1, dnnl_memory_desc_get_size(&x->plain_weights)));
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
