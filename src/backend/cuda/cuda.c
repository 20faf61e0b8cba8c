/* The GPU backend's descriptor, and its kernels: a step with its weights in the device's
 * memory, run by enqueueing launches.
 *
 * Values lie in NHWC with channels padded to a multiple of 8 ("room"), which tensor cores
 * want; from the pooling on they are float32.  A rectifier's mask is its value, which stays
 * where it is until the backward pass: the GPU has the memory, and cuDNN reads it as it
 * writes a gradient, so that no pass over a value is left that only rectifies. */
#include "backend/cuda/cuda.h"

#include <stdio.h>

#include "backend/cuda/columns.h"
#include "backend/ref/ref.h"
#include "base/mem.h"
#include "base/try.h"

static jem_status supports(jem_dtype precision)
{
    if (precision == JEM_F32 || precision == JEM_BF16) return JEM_OK;
    return jem_error(JEM_EUSAGE, "a GPU computes in f32 or bf16; for f64 use the device ref");
}

static format choose_format(const op *o, format src, jem_dtype precision, bool gradient)
{
    const int64_t room = (o->dst.c + 7) / 8 * 8;
    (void)gradient;
    switch (o->kind) {
    case OP_INPUT:
        return (format){precision, room};
    case OP_LINEAR:
    case OP_POOL:
        return (format){JEM_F32, room};
    case OP_MEAN_POOL: /* maps go on to convolutions */
        return (format){o->dst.h * o->dst.w == 1 ? JEM_F32 : src.dtype, room};
    default:
        return (format){src.dtype, room};
    }
}

static size_t mask_bytes(format f, shape s, int64_t n)
{
    (void)f, (void)s, (void)n;
    return 0; /* never asked: masks_are_values */
}

static bool fuses_backward(const step *s)
{
    return s->op.kind == OP_CONV2D && !(s->lrelu && s->op.cap > 0);
}

/* Groups of whole octets are cuDNN's; it has no use for less. */
static bool has_octets(const op *o)
{
    return o->groups <= 1 || (o->src.c % (8 * o->groups) == 0 && o->dst.c % (8 * o->groups) == 0);
}

static bool fuses_copy(const step *s)
{
    return has_octets(&s->op);
}

static const cuda_impl *choose_impl(const step *s)
{
    switch (s->kind) {
    case STEP_LOAD:
    case STEP_STORE:
        return &cuda_port_impl;
    case STEP_COPY:
    case STEP_ACCUMULATE:
        return &cuda_octet_impl;
    default:
        break;
    }
    switch (s->op.kind) {
    case OP_CONV2D: return has_octets(&s->op) ? &cuda_conv_impl : &cuda_direct_impl;
    case OP_CONV_TRANSPOSED: return &cuda_direct_impl;
    case OP_LINEAR: return &cuda_linear_impl;
    case OP_POOL:
    case OP_UPSAMPLE: return &cuda_window_impl;
    case OP_CONCAT: return &cuda_concat_impl;
    case OP_MAX_POOL:
    case OP_MEAN_POOL: return &cuda_pool_impl;
    case OP_AFFINE:
    case OP_SIGMOID:
    case OP_GATE:
    case OP_SHIFT:
    case OP_ONES: return &cuda_pixel_impl;
    case OP_ADD_VECTOR: return &cuda_add_vector_impl;
    case OP_NOISE: return &cuda_dropout_impl;
    case OP_CONCAT_ELU: return &cuda_elu_impl;
    case OP_SCALE: return &cuda_scale_impl;
    case OP_NORM: return &cuda_norm_impl;
    case OP_DROPOUT: return s->train ? &cuda_dropout_impl : &cuda_octet_impl;
    case OP_ATTENTION: return &cuda_attention_impl;
    case OP_TOKENS: return &cuda_tokens_impl;
    default: return &cuda_octet_impl;
    }
}

/* ---- what the implementations share */

void cuda_book(cuda_kernel *k, int i, size_t bytes)
{
    k->at[i] = k->scratch;
    k->scratch += (bytes + 255) / 256 * 256;
}

value cuda_value(const cuda_bound *b, const slot *s)
{
    return (value){s->offset < 0 ? NULL : b->arena + s->offset, s->f.dtype == JEM_BF16, 0};
}

extent cuda_extent(const slot *s, int64_t n)
{
    return (extent){n, s->s.h, s->s.w, s->s.c, s->f.block};
}

jem_status cuda_move(value dst, value src, int64_t octets, bool accumulate)
{
    const octet_map a = {.dst = dst, .src = src, .op = OCTET_COPY, .accumulate = accumulate};
    return launch_octet(&a, octets);
}

jem_status cuda_book_columns(cuda_kernel *k, int i, bool bf16)
{
    const columns_shape s = {cuda_rows(&k->s.src, k->s.n), cuda_room(&k->s.src), bf16};
    jem_status st;
    TRY(columns_parts(&k->parts, &s));
    cuda_book(k, i, (size_t)(k->parts * s.room) * sizeof(double));
done:
    return st;
}

jem_status cuda_sum_columns(const columns_map *a, int64_t channels)
{
    jem_status st;
    TRY(launch_columns(a, a->part_count * (a->room / 8)));
    TRY(launch_columns_fold(a, COLUMN_LOTS * a->room));
    TRY(launch_columns_end(a, channels));
done:
    return st;
}

float *cuda_outside(const cuda_bound *b, int i, float *outside)
{
    return gpu_owns(outside) ? outside : cuda_scratch(b, i);
}

jem_status cuda_hand_out(const cuda_bound *b, int i, float *outside, int64_t count)
{
    if (gpu_owns(outside)) return JEM_OK;
    return gpu_copy(outside, cuda_scratch(b, i), (size_t)count * sizeof *outside);
}

/* ---- weight norm */

jem_status cuda_reserve_weights(cuda_kernel *k)
{
    const op *o = &k->s.op;
    if (!o->normed) return JEM_OK;
    return gpu_alloc(&k->made, (size_t)(o->dst.c * cuda_row_weights(o)) * sizeof *k->made);
}

static direction_map direction_of(const cuda_kernel *k, float *w, float *dg)
{
    const op *o = &k->s.op;
    return (direction_map){.v = k->params + o->weight, .g = k->params + o->gain, .w = w, .dg = dg,
                           .each = cuda_row_weights(o)};
}

jem_status cuda_weights(float **out, const cuda_kernel *k)
{
    const op *o = &k->s.op;
    *out = o->normed ? k->made : (float *)(uintptr_t)(k->params + o->weight);
    if (!o->normed) return JEM_OK;
    const direction_map a = direction_of(k, k->made, NULL);
    return launch_direction(&a, o->dst.c);
}

jem_status cuda_turn_gradient(const cuda_bound *b, float *dw, int i, float *dparams)
{
    const op *o = &b->k->s.op;
    float *dg = dparams + o->gain;
    jem_status st;
    if (!o->normed) return JEM_OK;
    const direction_map a = direction_of(b->k, dw, cuda_outside(b, i, dg));
    TRY(launch_direction_back(&a, o->dst.c));
    TRY(cuda_hand_out(b, i, dg, o->dst.c));
done:
    return st;
}

/* ---- the table */

static void kernel_free(void *kernel)
{
    cuda_kernel *k = kernel;
    if (!k) return;
    gpu_free(k->made);
    gpu_free(k->packed);
    gpu_free(k->bias);
    mem_free(k);
}

static jem_status kernel_new(void **kernel, const step *s, void *shared)
{
    jem_status st;
    cuda_kernel *k = NULL;

    (void)shared;
    TRY(MEM_NEW(k, 1));
    k->s = *s;
    k->impl = choose_impl(s);
    if (k->impl->prepare) TRY(k->impl->prepare(k));
    *kernel = k;
    k = NULL;
done:
    kernel_free(k);
    return st;
}

static jem_status kernel_load(void *kernel, const void *params)
{
    cuda_kernel *k = kernel;
    k->params = params;
    return k->impl->load ? k->impl->load(k) : JEM_OK;
}

static size_t kernel_scratch(const void *kernel)
{
    return ((const cuda_kernel *)kernel)->scratch;
}

static size_t kernel_packed(const void *kernel)
{
    return ((const cuda_kernel *)kernel)->packed_bytes;
}

static void kernel_describe(const void *kernel, char *text, size_t size)
{
    const cuda_kernel *k = kernel;
    if (k->conv)
        conv_describe(k->conv, text, size);
    else
        snprintf(text, size, "%s", k->impl->name);
}

static jem_status bound_new(void **bound, void *kernel, char *arena, void *scratch)
{
    jem_status st;
    cuda_bound *b = NULL;
    TRY(MEM_NEW(b, 1));
    *b = (cuda_bound){kernel, arena, scratch};
    *bound = b;
done:
    return st;
}

static void bound_free(void *bound)
{
    mem_free(bound);
}

static jem_status run(void *bound, const step_io *io, int phase, int part)
{
    const cuda_bound *b = bound;
    (void)phase, (void)part;
    return b->k->impl->run(b, io);
}

const backend backend_cuda = {
    .name = "cuda",
    .about = "a GPU: cuDNN, cuBLAS and own kernels, f32 or bf16",
    .supports = supports,
    .choose_format = choose_format,
    .mask_bytes = mask_bytes,
    .masks_are_values = true,
    .fuses_conv = true,
    .fuses_backward = fuses_backward,
    .fuses_copy = fuses_copy,
    .kernel_new = kernel_new,
    .kernel_free = kernel_free,
    .kernel_load = kernel_load,
    .kernel_scratch = kernel_scratch,
    .kernel_describe = kernel_describe,
    .kernel_packed = kernel_packed,
    .bound_new = bound_new,
    .bound_free = bound_free,
    .run = run,
    /* on the host's arrays; those of a resident training are cuda_energy's */
    .langevin = ref_langevin,
    .logsumexp = ref_logsumexp,
    .adam = ref_adam,
    .sgd = ref_sgd,
    .sum_squares = ref_sum_squares,
    .device = &cuda_device,
    .energy = &cuda_energy,
};
