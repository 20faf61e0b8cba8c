/* Between the files of the backend: a step prepared, and bound to a workspace. */
#ifndef CUDA_CUDA_H
#define CUDA_CUDA_H

#include "backend/backend.h"
#include "backend/cuda/conv.h"
#include "backend/cuda/gpu.h"
#include "backend/cuda/kernels.h"

enum { CUDA_BOOKINGS = 12 };

typedef struct cuda_impl cuda_impl;

typedef struct cuda_kernel {
    step s;
    const cuda_impl *impl;
    const conv *conv;
    void *packed;        /* device memory: the weights as the step wants them */
    float *bias;         /* the same, with zeros for channels that memory alone has */
    float *made;         /* the same: weights of weight norm in the flat vector's order; NULL: there is none */
    size_t packed_bytes;
    int64_t parts;       /* of sums over rows: cuda_book_columns */
    const float *params; /* device memory, borrowed from kernel_load */
    size_t scratch;      /* bytes in all; what is where: */
    size_t at[CUDA_BOOKINGS];
} cuda_kernel;

typedef struct cuda_bound {
    const cuda_kernel *k;
    char *arena, *scratch;
} cuda_bound;

/* How a kind of step is done. */
struct cuda_impl {
    const char *name;
    jem_status (*prepare)(cuda_kernel *k); /* books scratch, allocates `packed`; NULL: nothing to do */
    jem_status (*load)(cuda_kernel *k);    /* packs weights; NULL: there are none */
    jem_status (*run)(const cuda_bound *b, const step_io *io);
};
extern const cuda_impl cuda_port_impl, cuda_octet_impl, cuda_window_impl, cuda_elu_impl, cuda_concat_impl,
    cuda_dropout_impl, cuda_scale_impl, cuda_conv_impl, cuda_direct_impl, cuda_linear_impl, cuda_norm_impl,
    cuda_attention_impl, cuda_tokens_impl, cuda_pixel_impl, cuda_add_vector_impl, cuda_pool_impl;

/* Scratch number `i` of the kernel gets `bytes`. */
void cuda_book(cuda_kernel *k, int i, size_t bytes);
static inline void *cuda_scratch(const cuda_bound *b, int i)
{
    return b->scratch + b->k->at[i];
}

/* The operand of a step in the workspace's device memory. */
value cuda_value(const cuda_bound *b, const slot *s);
extent cuda_extent(const slot *s, int64_t n); /* its shape for n images */
static inline int64_t cuda_rows(const slot *s, int64_t n) /* images times positions */
{
    return n * s->s.h * s->s.w;
}
static inline int64_t cuda_room(const slot *s)
{
    return s->f.block;
}

/* Weights of one output channel of a layer. */
static inline int64_t cuda_row_weights(const op *o)
{
    if (o->kind == OP_LINEAR) return shape_count(o->src);
    return (o->kind == OP_CONV2D ? op_group_channels(o) : o->src.c) * o->kernel_h * o->kernel_w;
}
/* Room for weights that weight norm makes, if the layer has it. */
jem_status cuda_reserve_weights(cuda_kernel *k);
/* *out <- the layer's weights in the flat vector's order, made of directions and gains where it has weight norm. */
jem_status cuda_weights(float **out, const cuda_kernel *k);
/* dw, in device memory and that order, <- the gradient to directions, and dparams + op.gain <- that to gains, by way
 * of scratch `i` (op.dst.c floats); nothing happens without weight norm. */
jem_status cuda_turn_gradient(const cuda_bound *b, float *dw, int i, float *dparams);

/* dst <- src, or dst <- dst + src, of one shape, whatever their types. */
jem_status cuda_move(value dst, value src, int64_t octets, bool accumulate);

/* Scratch `i` gets room for the parts of sums over the rows of a value like src, bf16 or float32. */
jem_status cuda_book_columns(cuda_kernel *k, int i, bool bf16);
/* a->sums[0 .. channels) <- sums over rows. */
jem_status cuda_sum_columns(const columns_map *a, int64_t channels);

/* Where a step writes `count` floats that belong at `outside`: there, or in scratch `i` (of so
 * many) if that is the host's memory; cuda_hand_out then brings them there. */
float *cuda_outside(const cuda_bound *b, int i, float *outside);
/* Waits where it brings them to the host; enqueues nothing where they are at `outside` already. */
jem_status cuda_hand_out(const cuda_bound *b, int i, float *outside, int64_t count);

/* Convolution algorithms by rule instead of by measurement (device.h). */
bool cuda_repeatable(void);

/* GPU and libraries, for people: cuda_entry.c. */
const char *cuda_describe(void);
/* Opens what the GPU's own memory and kernels are not enough for (cuDNN, cuBLAS) and names it
 * in `text`: cuda_parts.c, emulation/gpu_host.c. */
jem_status cuda_open_parts(char *text, size_t size);

extern const device cuda_device;
extern const energy_steps cuda_energy;
extern const backend backend_cuda;

#endif
