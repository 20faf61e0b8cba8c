/* Convolutions and linear layers by oneDNN.
 *
 * Each step is one primitive with a scratchpad that the caller owns: oneDNN's
 * own scratchpad belongs to the thread that created the primitive, and other
 * threads execute it.  Primitives are made and run with one OpenMP thread. */
#include <dnnl.h>
#include <stdio.h>
#include <string.h>

#include "backend/cpu/cpu.h"
#include "base/mem.h"
#include "base/try.h"

/* From the OpenMP runtime that oneDNN is linked with; its header ships with one
 * compiler only. */
extern void omp_set_num_threads(int threads);
extern int omp_get_max_threads(void);

typedef struct dnnl_state {
    dnnl_engine_t engine;
    dnnl_primitive_t primitive, pack; /* pack: weights to or from the flat vector */
    dnnl_memory_desc_t source, dest, weights, plain_weights, bias, scratchpad;
    dnnl_memory_t packed_weights, bias_memory, flat_weights; /* forward and backward data */
    dnnl_stream_t pack_stream;
    int64_t pad_at; /* where the scratchpad begins in the scratch memory */
} dnnl_state;

enum { MAX_ARGS = 5 };

typedef struct dnnl_binding {
    dnnl_stream_t stream;
    dnnl_memory_t memory[MAX_ARGS];
    dnnl_exec_arg_t args[MAX_ARGS];
    int arg_count;
    /* backward to parameters: packed gradient -> flat vector */
    dnnl_memory_t flat_weights, flat_bias;
    dnnl_exec_arg_t pack_args[2];
} dnnl_binding;

#define DNNL_TRY(call)                                                                   \
    do {                                                                                 \
        dnnl_status_t dnnl_st = (call);                                                  \
        if (dnnl_st == dnnl_out_of_memory) {                                             \
            st = jem_error(JEM_ENOMEM, "oneDNN is out of memory");                       \
            goto done;                                                                   \
        }                                                                                \
        if (dnnl_st != dnnl_success) {                                                   \
            st = jem_error(JEM_EINTERNAL, "oneDNN refused %s (status %d)", #call, dnnl_st); \
            goto done;                                                                   \
        }                                                                                \
    } while (0)

static dnnl_data_type_t data_type(jem_dtype dtype)
{
    return dtype == JEM_BF16 ? dnnl_bf16 : dnnl_f32;
}

static jem_status slot_desc(dnnl_memory_desc_t *md, const step *s, slot v)
{
    jem_status st = JEM_OK;
    dnnl_dims_t dims = {s->n, v.s.c, v.s.h, v.s.w};
    dnnl_format_tag_t tag = v.f.block == v.s.c ? dnnl_nhwc : dnnl_nchw;

    if (s->op.kind == OP_LINEAR) {
        dnnl_dims_t flat = {s->n, shape_count(v.s)};
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
} layer_descs;

static jem_status forward_desc(dnnl_primitive_desc_t *pd, const op *o, const layer_descs *d,
                               dnnl_prop_kind_t prop, dnnl_primitive_attr_t attr,
                               dnnl_engine_t engine)
{
    jem_status st = JEM_OK;
    dnnl_dims_t stride = {o->stride, o->stride}, pad = {o->pad, o->pad};
    dnnl_convolution_desc_t conv;
    dnnl_inner_product_desc_t linear;

    if (o->kind == OP_CONV2D) {
        DNNL_TRY(dnnl_convolution_forward_desc_init(&conv, prop, dnnl_convolution_direct, &d->src,
                                                    &d->weights, &d->bias, &d->dst, stride, pad, pad));
        DNNL_TRY(dnnl_primitive_desc_create(pd, &conv, attr, engine, NULL));
    } else {
        DNNL_TRY(dnnl_inner_product_forward_desc_init(&linear, prop, &d->src, &d->weights, &d->bias,
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
    dnnl_dims_t stride = {o->stride, o->stride}, pad = {o->pad, o->pad};
    dnnl_convolution_desc_t conv;
    dnnl_inner_product_desc_t linear;
    dnnl_primitive_desc_t hint = NULL;
    const void *desc = o->kind == OP_CONV2D ? (const void *)&conv : (const void *)&linear;

    layer_descs forward = *d; /* weight gradients are f32 even where weights are bf16 */
    forward.weights.data_type = d->dst.data_type;
    TRY(forward_desc(&hint, o, &forward, dnnl_forward_training, NULL, engine));
    if (o->kind == OP_CONV2D && to_data)
        DNNL_TRY(dnnl_convolution_backward_data_desc_init(&conv, dnnl_convolution_direct, &d->src,
                                                          &d->weights, &d->dst, stride, pad, pad));
    else if (o->kind == OP_CONV2D)
        DNNL_TRY(dnnl_convolution_backward_weights_desc_init(&conv, dnnl_convolution_direct, &d->src,
                                                             &d->weights, &d->bias, &d->dst, stride,
                                                             pad, pad));
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

static int64_t round_up(int64_t n)
{
    return (n + 63) / 64 * 64;
}

static jem_status create_primitive(cpu_kernel *k, dnnl_state *x)
{
    jem_status st;
    const step *s = &k->s;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    layer_descs d;
    /* Gradient steps read the gradient of the output (src) and write or read
     * what belongs to the input. */
    slot input = s->kind == STEP_FORWARD         ? s->src
                 : s->kind == STEP_BACKWARD_DATA ? s->dst
                                                 : s->src2;
    slot output = s->kind == STEP_FORWARD ? s->dst : s->src;
    dnnl_data_type_t weight_type =
        s->kind == STEP_BACKWARD_PARAMS ? dnnl_f32 : data_type(output.f.dtype);

    DNNL_TRY(dnnl_engine_create(&x->engine, dnnl_cpu, 0));
    TRY(slot_desc(&d.src, s, input));
    TRY(slot_desc(&d.dst, s, output));
    TRY(weight_descs(&x->plain_weights, &d.weights, &d.bias, &s->op, weight_type));
    TRY(make_attributes(&attr, s));
    if (s->kind == STEP_FORWARD)
        TRY(forward_desc(&pd, &s->op, &d, dnnl_forward_inference, attr, x->engine));
    else
        TRY(backward_desc(&pd, s, &d, attr, x->engine));
    DNNL_TRY(dnnl_primitive_create(&x->primitive, pd));
    x->source = d.src;
    x->dest = d.dst;
    x->bias = d.bias;
    x->weights = *dnnl_primitive_desc_query_md(
        pd, s->kind == STEP_BACKWARD_PARAMS ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
    x->scratchpad = *dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
done:
    if (pd) dnnl_primitive_desc_destroy(pd);
    if (attr) dnnl_primitive_attr_destroy(attr);
    return st;
}

static jem_status prepare(cpu_kernel *k)
{
    jem_status st;
    dnnl_state *x = NULL;
    int threads = omp_get_max_threads();
    bool to_params = k->s.kind == STEP_BACKWARD_PARAMS;

    omp_set_num_threads(1);
    TRY(MEM_NEW(x, 1));
    k->state = x;
    TRY(create_primitive(k, x));
    TRY(make_pack(x, !to_params));
    x->pad_at = to_params ? round_up((int64_t)dnnl_memory_desc_get_size(&x->weights)) : 0;
    k->scratch = (size_t)(x->pad_at + (int64_t)dnnl_memory_desc_get_size(&x->scratchpad));
    if (!to_params) {
        k->packed = dnnl_memory_desc_get_size(&x->weights);
        DNNL_TRY(dnnl_memory_create(&x->packed_weights, &x->weights, x->engine, DNNL_MEMORY_ALLOCATE));
        DNNL_TRY(dnnl_memory_create(&x->bias_memory, &x->bias, x->engine, DNNL_MEMORY_NONE));
        DNNL_TRY(dnnl_memory_create(&x->flat_weights, &x->plain_weights, x->engine, DNNL_MEMORY_NONE));
        DNNL_TRY(dnnl_stream_create(&x->pack_stream, x->engine, dnnl_stream_default_flags));
    }
done:
    omp_set_num_threads(threads);
    return st;
}

static void release(cpu_kernel *k)
{
    dnnl_state *x = k->state;
    if (!x) return;
    if (x->packed_weights) dnnl_memory_destroy(x->packed_weights);
    if (x->bias_memory) dnnl_memory_destroy(x->bias_memory);
    if (x->flat_weights) dnnl_memory_destroy(x->flat_weights);
    if (x->pack_stream) dnnl_stream_destroy(x->pack_stream);
    if (x->pack) dnnl_primitive_destroy(x->pack);
    if (x->primitive) dnnl_primitive_destroy(x->primitive);
    if (x->engine) dnnl_engine_destroy(x->engine);
    mem_free(x);
}

/* The libraries take pointers to non-const data even for what they only read. */
static void *readable(const float *p)
{
    union {
        const float *in;
        void *out;
    } u = {p};
    return u.out;
}

static jem_status load(cpu_kernel *k, const void *params)
{
    jem_status st = JEM_OK;
    dnnl_state *x = k->state;
    const float *p = params;

    if (k->s.kind == STEP_BACKWARD_PARAMS) return JEM_OK;
    DNNL_TRY(dnnl_memory_set_data_handle(x->flat_weights, readable(p + k->s.op.weight)));
    dnnl_exec_arg_t args[2] = {{DNNL_ARG_FROM, x->flat_weights}, {DNNL_ARG_TO, x->packed_weights}};
    DNNL_TRY(dnnl_primitive_execute(x->pack, x->pack_stream, 2, args));
    DNNL_TRY(dnnl_stream_wait(x->pack_stream));
    DNNL_TRY(dnnl_memory_set_data_handle(x->bias_memory, readable(p + k->s.op.bias)));
done:
    return st;
}

/* The name oneDNN gives the implementation it chose. */
static void describe(const cpu_kernel *k, char *text, size_t size)
{
    const dnnl_state *x = k->state;
    const_dnnl_primitive_desc_t pd = NULL;
    const char *info = NULL;

    if (dnnl_primitive_get_primitive_desc(x->primitive, &pd) != dnnl_success ||
        dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &info) != dnnl_success)
        info = k->impl->name;
    snprintf(text, size, "%s", info);
}

/* ---- one workspace's memory objects */

static jem_status bind_memory(cpu_bound *b, int arg, const dnnl_memory_desc_t *md, void *at)
{
    jem_status st = JEM_OK;
    dnnl_binding *v = b->state;
    const dnnl_state *x = b->k->state;
    int i = v->arg_count;

    DNNL_TRY(dnnl_memory_create(&v->memory[i], md, x->engine, at));
    v->args[i] = (dnnl_exec_arg_t){arg, v->memory[i]};
    v->arg_count++;
done:
    return st;
}

static void share_memory(cpu_bound *b, int arg, dnnl_memory_t memory)
{
    dnnl_binding *v = b->state;
    v->args[v->arg_count++] = (dnnl_exec_arg_t){arg, memory};
}

static jem_status bind_to_params(cpu_bound *b)
{
    jem_status st;
    dnnl_binding *v = b->state;
    const dnnl_state *x = b->k->state;
    const step *s = &b->k->s;

    TRY(bind_memory(b, DNNL_ARG_SRC, &x->source, cpu_at(b, s->src2)));
    TRY(bind_memory(b, DNNL_ARG_DIFF_DST, &x->dest, cpu_at(b, s->src)));
    TRY(bind_memory(b, DNNL_ARG_DIFF_WEIGHTS, &x->weights, b->scratch));
    v->pack_args[0] = (dnnl_exec_arg_t){DNNL_ARG_FROM, v->memory[v->arg_count - 1]};
    DNNL_TRY(dnnl_memory_create(&v->flat_weights, &x->plain_weights, x->engine, DNNL_MEMORY_NONE));
    v->pack_args[1] = (dnnl_exec_arg_t){DNNL_ARG_TO, v->flat_weights};
    DNNL_TRY(dnnl_memory_create(&v->flat_bias, &x->bias, x->engine, DNNL_MEMORY_NONE));
    share_memory(b, DNNL_ARG_DIFF_BIAS, v->flat_bias);
done:
    return st;
}

static jem_status bind(cpu_bound *b)
{
    jem_status st;
    const dnnl_state *x = b->k->state;
    const step *s = &b->k->s;
    dnnl_binding *v = NULL;

    TRY(MEM_NEW(v, 1));
    b->state = v;
    DNNL_TRY(dnnl_stream_create(&v->stream, x->engine, dnnl_stream_default_flags));
    if (s->kind == STEP_FORWARD) {
        TRY(bind_memory(b, DNNL_ARG_SRC, &x->source, cpu_at(b, s->src)));
        TRY(bind_memory(b, DNNL_ARG_DST, &x->dest, cpu_at(b, s->dst)));
        share_memory(b, DNNL_ARG_WEIGHTS, x->packed_weights);
        share_memory(b, DNNL_ARG_BIAS, x->bias_memory);
    } else if (s->kind == STEP_BACKWARD_DATA) {
        TRY(bind_memory(b, DNNL_ARG_DIFF_SRC, &x->source, cpu_at(b, s->dst)));
        TRY(bind_memory(b, DNNL_ARG_DIFF_DST, &x->dest, cpu_at(b, s->src)));
        share_memory(b, DNNL_ARG_WEIGHTS, x->packed_weights);
    } else {
        TRY(bind_to_params(b));
    }
    TRY(bind_memory(b, DNNL_ARG_SCRATCHPAD, &x->scratchpad, b->scratch + x->pad_at));
done:
    return st;
}

static void unbind(cpu_bound *b)
{
    dnnl_binding *v = b->state;
    if (!v) return;
    for (int i = 0; i < MAX_ARGS; ++i)
        if (v->memory[i]) dnnl_memory_destroy(v->memory[i]);
    if (v->flat_weights) dnnl_memory_destroy(v->flat_weights);
    if (v->flat_bias) dnnl_memory_destroy(v->flat_bias);
    if (v->stream) dnnl_stream_destroy(v->stream);
    mem_free(v);
}

static jem_status run(cpu_bound *b, const step_io *io)
{
    jem_status st = JEM_OK;
    dnnl_binding *v = b->state;
    const dnnl_state *x = b->k->state;
    const step *s = &b->k->s;
    bool to_params = s->kind == STEP_BACKWARD_PARAMS;

    omp_set_num_threads(1); /* of the calling thread */
    if (to_params) {
        float *d = io->dparams;
        DNNL_TRY(dnnl_memory_set_data_handle(v->flat_weights, d + s->op.weight));
        DNNL_TRY(dnnl_memory_set_data_handle(v->flat_bias, d + s->op.bias));
    }
    DNNL_TRY(dnnl_primitive_execute(x->primitive, v->stream, v->arg_count, v->args));
    if (to_params) DNNL_TRY(dnnl_primitive_execute(x->pack, v->stream, 2, v->pack_args));
    if (s->mask_offset >= 0) /* a rectified value has the sign of its input */
        cpu_mask_from_sign(b->arena + s->mask_offset, cpu_at(b, s->dst),
                           cpu_slot_count(b->k, s->dst), s->dst.f.dtype);
done:
    return st;
}

const cpu_impl cpu_dnnl_impl = {
    .name = "dnnl",
    .prepare = prepare,
    .release = release,
    .load = load,
    .bind = bind,
    .unbind = unbind,
    .run = run,
    .describe = describe,
};
