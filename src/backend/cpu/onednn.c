/* The one file that knows oneDNN's versions.  In version 2 a tensor's description is a struct and
 * a layer is described before a primitive descriptor is made of it; in version 3 descriptions are
 * opaque, owned by oneDNN, and primitive descriptors are made in one call. */
#include "backend/cpu/onednn.h"

#include "base/mem.h"

#if DNNL_VERSION_MAJOR < 3

jem_status onednn_md_new(onednn_md **md, int nd, const dnnl_dim_t *dims, dnnl_data_type_t type,
                         dnnl_format_tag_t tag)
{
    jem_status st;
    onednn_md new;

    DNNL_TRY(dnnl_memory_desc_init_by_tag(&new, nd, dims, type, tag));
    st = onednn_md_copy(md, &new);
done:
    return st;
}

jem_status onednn_md_copy(onednn_md **md, const onednn_md *from)
{
    jem_status st = MEM_NEW(*md, 1);
    if (st == JEM_OK) **md = *from;
    return st;
}

void onednn_md_free(onednn_md *md)
{
    mem_free(md);
}

jem_status onednn_forward(dnnl_primitive_desc_t *pd, const onednn_layer *l, dnnl_prop_kind_t prop,
                          dnnl_primitive_attr_t attr, dnnl_engine_t engine)
{
    jem_status st = JEM_OK;
    dnnl_convolution_desc_t conv;
    dnnl_inner_product_desc_t linear;

    if (l->is_conv)
        DNNL_TRY(dnnl_convolution_forward_desc_init(&conv, prop, dnnl_convolution_direct, l->src,
                                                    l->weights, l->bias, l->dst, l->stride, l->pad,
                                                    l->pad_end));
    else
        DNNL_TRY(dnnl_inner_product_forward_desc_init(&linear, prop, l->src, l->weights, l->bias,
                                                      l->dst));
    DNNL_TRY(dnnl_primitive_desc_create(pd, l->is_conv ? (void *)&conv : (void *)&linear, attr,
                                        engine, NULL));
done:
    return st;
}

jem_status onednn_to_data(dnnl_primitive_desc_t *pd, const onednn_layer *l, const_dnnl_primitive_desc_t hint,
                          dnnl_primitive_attr_t attr, dnnl_engine_t engine)
{
    jem_status st = JEM_OK;
    dnnl_convolution_desc_t conv;
    dnnl_inner_product_desc_t linear;

    if (l->is_conv)
        DNNL_TRY(dnnl_convolution_backward_data_desc_init(&conv, dnnl_convolution_direct, l->src,
                                                          l->weights, l->dst, l->stride, l->pad,
                                                          l->pad_end));
    else
        DNNL_TRY(dnnl_inner_product_backward_data_desc_init(&linear, l->src, l->weights, l->dst));
    DNNL_TRY(dnnl_primitive_desc_create(pd, l->is_conv ? (void *)&conv : (void *)&linear, attr,
                                        engine, hint));
done:
    return st;
}

jem_status onednn_to_weights(dnnl_primitive_desc_t *pd, const onednn_layer *l, const_dnnl_primitive_desc_t hint,
                             dnnl_primitive_attr_t attr, dnnl_engine_t engine)
{
    jem_status st = JEM_OK;
    dnnl_convolution_desc_t conv;
    dnnl_inner_product_desc_t linear;

    if (l->is_conv)
        DNNL_TRY(dnnl_convolution_backward_weights_desc_init(&conv, dnnl_convolution_direct, l->src,
                                                             l->weights, l->bias, l->dst, l->stride,
                                                             l->pad, l->pad_end));
    else
        DNNL_TRY(dnnl_inner_product_backward_weights_desc_init(&linear, l->src, l->weights, l->bias,
                                                               l->dst));
    DNNL_TRY(dnnl_primitive_desc_create(pd, l->is_conv ? (void *)&conv : (void *)&linear, attr,
                                        engine, hint));
done:
    return st;
}

jem_status onednn_append_sum(dnnl_post_ops_t ops)
{
    jem_status st = JEM_OK;
    DNNL_TRY(dnnl_post_ops_append_sum(ops, 1.0f));
done:
    return st;
}

jem_status onednn_append_lrelu(dnnl_post_ops_t ops, float slope)
{
    jem_status st = JEM_OK;
    DNNL_TRY(dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_relu, slope, 0.0f));
done:
    return st;
}

jem_status onednn_append_clip(dnnl_post_ops_t ops, float cap)
{
    jem_status st = JEM_OK;
    DNNL_TRY(dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_clip, 0.0f, cap));
done:
    return st;
}

#else

jem_status onednn_md_new(onednn_md **md, int nd, const dnnl_dim_t *dims, dnnl_data_type_t type,
                         dnnl_format_tag_t tag)
{
    jem_status st = JEM_OK;
    DNNL_TRY(dnnl_memory_desc_create_with_tag(md, nd, dims, type, tag));
done:
    return st;
}

jem_status onednn_md_copy(onednn_md **md, const onednn_md *from)
{
    jem_status st = JEM_OK;
    DNNL_TRY(dnnl_memory_desc_clone(md, from));
done:
    return st;
}

void onednn_md_free(onednn_md *md)
{
    if (md) dnnl_memory_desc_destroy(md);
}

jem_status onednn_forward(dnnl_primitive_desc_t *pd, const onednn_layer *l, dnnl_prop_kind_t prop,
                          dnnl_primitive_attr_t attr, dnnl_engine_t engine)
{
    jem_status st = JEM_OK;

    if (l->is_conv)
        DNNL_TRY(dnnl_convolution_forward_primitive_desc_create(
            pd, engine, prop, dnnl_convolution_direct, l->src, l->weights, l->bias, l->dst,
            l->stride, NULL, l->pad, l->pad_end, attr));
    else
        DNNL_TRY(dnnl_inner_product_forward_primitive_desc_create(
            pd, engine, prop, l->src, l->weights, l->bias, l->dst, attr));
done:
    return st;
}

jem_status onednn_to_data(dnnl_primitive_desc_t *pd, const onednn_layer *l, const_dnnl_primitive_desc_t hint,
                          dnnl_primitive_attr_t attr, dnnl_engine_t engine)
{
    jem_status st = JEM_OK;

    if (l->is_conv)
        DNNL_TRY(dnnl_convolution_backward_data_primitive_desc_create(
            pd, engine, dnnl_convolution_direct, l->src, l->weights, l->dst, l->stride, NULL,
            l->pad, l->pad_end, hint, attr));
    else
        DNNL_TRY(dnnl_inner_product_backward_data_primitive_desc_create(
            pd, engine, l->src, l->weights, l->dst, hint, attr));
done:
    return st;
}

jem_status onednn_to_weights(dnnl_primitive_desc_t *pd, const onednn_layer *l, const_dnnl_primitive_desc_t hint,
                             dnnl_primitive_attr_t attr, dnnl_engine_t engine)
{
    jem_status st = JEM_OK;

    if (l->is_conv)
        DNNL_TRY(dnnl_convolution_backward_weights_primitive_desc_create(
            pd, engine, dnnl_convolution_direct, l->src, l->weights, l->bias, l->dst, l->stride,
            NULL, l->pad, l->pad_end, hint, attr));
    else
        DNNL_TRY(dnnl_inner_product_backward_weights_primitive_desc_create(
            pd, engine, l->src, l->weights, l->bias, l->dst, hint, attr));
done:
    return st;
}

jem_status onednn_append_sum(dnnl_post_ops_t ops)
{
    jem_status st = JEM_OK;
    DNNL_TRY(dnnl_post_ops_append_sum(ops, 1.0f, 0, dnnl_data_type_undef));
done:
    return st;
}

jem_status onednn_append_lrelu(dnnl_post_ops_t ops, float slope)
{
    jem_status st = JEM_OK;
    DNNL_TRY(dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_relu, slope, 0.0f));
done:
    return st;
}

jem_status onednn_append_clip(dnnl_post_ops_t ops, float cap)
{
    jem_status st = JEM_OK;
    DNNL_TRY(dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_clip, 0.0f, cap));
done:
    return st;
}

#endif
