/* oneDNN 2 and 3 through one set of names.  They differ in how a tensor and a layer are described;
 * everything else of the C API is alike and used as it is.  onednn.c alone knows the difference. */
#ifndef BACKEND_CPU_ONEDNN_H
#define BACKEND_CPU_ONEDNN_H

#include <dnnl.h>
#include <stdbool.h>

#include "base/try.h"

/* A tensor's description: one pointer for both; oneDNN's functions that only read one take it. */
#if DNNL_VERSION_MAJOR < 3
typedef dnnl_memory_desc_t onednn_md;
#else
typedef struct dnnl_memory_desc onednn_md;
#endif

/* *md, owned <- a tensor of dims [nd] laid out as `tag` says.  JEM_EINTERNAL if oneDNN refuses. */
jem_status onednn_md_new(onednn_md **md, int nd, const dnnl_dim_t *dims, dnnl_data_type_t type,
                         dnnl_format_tag_t tag);
/* *md, owned <- the same as `from`, which may be oneDNN's own. */
jem_status onednn_md_copy(onednn_md **md, const onednn_md *from);
void onednn_md_free(onednn_md *md); /* NULL is fine */

/* A convolution (direct) or an inner product; src, weights, bias and dst are values or their
 * gradients, whichever the direction asks for.  Borrows. */
typedef struct onednn_layer {
    bool is_conv;
    const onednn_md *src, *weights, *bias, *dst; /* bias NULL: none */
    dnnl_dims_t stride, pad, pad_end;            /* of convolutions */
} onednn_layer;

/* A primitive descriptor, owned by the caller.  JEM_EINTERNAL if oneDNN has none for the layer. */
jem_status onednn_forward(dnnl_primitive_desc_t *pd, const onednn_layer *l, dnnl_prop_kind_t prop,
                          dnnl_primitive_attr_t attr, dnnl_engine_t engine);
/* The same of the gradient to the layer's input; `hint` is a forward one of the same layer. */
jem_status onednn_to_data(dnnl_primitive_desc_t *pd, const onednn_layer *l, const_dnnl_primitive_desc_t hint,
                          dnnl_primitive_attr_t attr, dnnl_engine_t engine);
/* The same of the gradients to weights and bias. */
jem_status onednn_to_weights(dnnl_primitive_desc_t *pd, const onednn_layer *l, const_dnnl_primitive_desc_t hint,
                             dnnl_primitive_attr_t attr, dnnl_engine_t engine);

/* Epilogue of a primitive, in order of appending: dst is added to ... */
jem_status onednn_append_sum(dnnl_post_ops_t ops);
/* ... negative results are multiplied by slope. */
jem_status onednn_append_lrelu(dnnl_post_ops_t ops, float slope);
/* ... it is brought into [0, cap]. */
jem_status onednn_append_clip(dnnl_post_ops_t ops, float cap);

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

#endif
