/* The CPU backend: oneDNN for the products, own vector code between them.
 *
 * Spatial values stay in NHWC from the input to the pooling: oneDNN's direct
 * kernels are as fast there as in its blocked layouts, and the matrix units that
 * bf16 profits from want it (docs/history/performance.md).  Vectors are plain.
 * A part of a step runs on the calling thread alone: parallelism lies above, over images
 * or over the parts of a step that is worth splitting. */
#include <stdio.h>

#include "backend/cpu/cpu.h"
#include "backend/cpu/cpu_arch.h"
#include "backend/cpu/wino_conv.h"
#include "backend/ref/ref.h"
#include "base/machine.h"
#include "base/mem.h"
#include "base/try.h"

static jem_status supports(jem_dtype precision)
{
    if (precision == JEM_F32) return JEM_OK;
    if (precision == JEM_BF16) {
        if (cpu_arch_bf16()) return JEM_OK;
        return jem_error(JEM_EUSAGE, "precision bf16 needs a processor with AVX-512; use f32");
    }
    return jem_error(JEM_EUSAGE, "the cpu backend computes in f32 or bf16; for %s use "
                     "the device ref", jem_dtype_name(precision));
}

static format choose_format(const op *o, format src, jem_dtype precision, bool gradient)
{
    const format plain = {JEM_F32, 1};
    const format nhwc = {precision, o->dst.c};

    (void)gradient;
    switch (o->kind) {
    case OP_INPUT:
    case OP_CONV2D:
    case OP_CONV_TRANSPOSED:
    case OP_ATTENTION:
        return nhwc;
    case OP_MEAN_POOL: /* windows that share the map out make vectors */
        if (o->stride == 0) return plain;
        return (format){src.dtype, src.block == o->src.c ? o->dst.c : 1};
    case OP_CONCAT: /* plain or NHWC as the first source */
    case OP_CONCAT_ELU:
    case OP_GATE:
    case OP_ONES:
        return (format){src.dtype, src.block == o->src.c ? o->dst.c : 1};
    case OP_LINEAR:
    case OP_POOL:
        return plain;
    default:
        return src;
    }
}

/* One bit per element, padded to whole vectors. */
static size_t mask_bytes(format f, shape s, int64_t n)
{
    return (size_t)(format_count(f, s, n) + 511) / 512 * 64;
}

/* By shape, precision and processor alone: what a step computes to the bit depends on nothing else. */
static const cpu_impl *choose_conv(const step *s)
{
    const bool capped = s->kind == STEP_FORWARD && s->lrelu && s->op.cap > 0, grouped = s->op.groups > 1;
    const cpu_impl *bf16 = capped || grouped ? NULL : cpu_arch_bf16_conv(s);
    if (bf16) return bf16;
    if (cpu_depthwise_supports(s)) return &cpu_depthwise_impl;
    if (capped || grouped) return &cpu_dnnl_impl;
    if (wino_supports(s)) return &cpu_wino_impl;
    if (wino_gradient_supports(s)) return &cpu_wino_gradient_impl;
    return &cpu_dnnl_impl;
}

/* Batch norms, and group norms but for their parameters. */
static bool norm_in_nhwc(const step *s)
{
    const slot *slots[] = {&s->dst, &s->src, &s->src2};
    if (s->op.norm == NORM_GROUP) return s->kind != STEP_BACKWARD_PARAMS;
    for (int i = 0; i < 3; ++i)
        if (slots[i]->offset >= 0 && slots[i]->f.block != s->op.src.c &&
            s->op.src.h * s->op.src.w > 1)
            return false;
    return s->op.norm == NORM_BATCH;
}

/* Is the map that the windows lie in in NHWC? */
static bool has_nhwc_map(const step *s)
{
    const slot *map = s->kind == STEP_BACKWARD_DATA ? &s->dst : &s->src;
    return map->f.block == s->op.src.c;
}

/* Is every operand a map in NHWC, or a vector? */
static bool side_by_side(const step *s)
{
    const slot *slots[] = {&s->dst, &s->src, &s->src2};
    for (int i = 0; i < 3; ++i)
        if (slots[i]->offset >= 0 && slots[i]->f.block != slots[i]->s.c && slots[i]->s.h * slots[i]->s.w > 1)
            return false;
    return true;
}

/* The same of floats? */
static bool has_nhwc_floats(const step *s)
{
    const slot *slots[] = {&s->dst, &s->src, &s->src2};
    for (int i = 0; i < 3; ++i)
        if (slots[i]->offset >= 0 && slots[i]->f.dtype != JEM_F32) return false;
    return side_by_side(s);
}

/* Does a batch norm take the statistics of the batch?  Tangents go the way of group norms. */
static bool by_batch(const step *s)
{
    return s->op.norm == NORM_BATCH && s->train && s->kind != STEP_TANGENT;
}

/* A map whose pixels are a multiple of four: cpu_dropout.c.  Vectors are the reference's. */
static bool drops_nhwc(const step *s)
{
    const int64_t pixels = s->dst.s.h * s->dst.s.w;
    return s->train && !s->accumulate && pixels % 4 == 0 && has_nhwc_floats(s);
}

static const cpu_impl *choose_impl(const step *s)
{
    bool blocked_source = s->src.offset >= 0 && s->src.f.block > 1;

    switch (s->kind) {
    case STEP_LOAD:
    case STEP_STORE:
        return &cpu_layout_impl;
    case STEP_COPY:
    case STEP_ACCUMULATE:
        return &cpu_elementwise_impl;
    default:
        break;
    }
    switch (s->op.kind) {
    case OP_CONV2D:
        return choose_conv(s);
    case OP_LINEAR:
        return &cpu_dnnl_impl;
    case OP_LRELU:
    case OP_ADD:
        return &cpu_elementwise_impl;
    case OP_POOL:
        return blocked_source || s->dst.f.block > 1 ? &cpu_layout_impl : &cpu_ref_impl;
    case OP_UPSAMPLE:
    case OP_CONCAT:
    case OP_AFFINE:
        return &cpu_layout_impl;
    case OP_MAX_POOL:
    case OP_MEAN_POOL:
        return has_nhwc_map(s) ? &cpu_windows_impl : &cpu_ref_impl;
    case OP_SILU:
    case OP_GELU:
        return &cpu_activation_impl;
    case OP_SCALE:
        return side_by_side(s) ? &cpu_channels_impl : &cpu_ref_impl;
    case OP_ATTENTION:
        return &cpu_attention_impl;
    case OP_TOKENS:
        return side_by_side(s) ? &cpu_tokens_impl : &cpu_ref_impl;
    case OP_CONV_TRANSPOSED:
        return &cpu_transposed_impl;
    case OP_ELU:
    case OP_CONCAT_ELU:
    case OP_GATE:
    case OP_ADD_VECTOR:
    case OP_SHIFT:
    case OP_ONES:
        return s->kind != STEP_TANGENT && has_nhwc_floats(s) ? &cpu_pixel_impl : &cpu_ref_impl;
    case OP_DROPOUT:
        return drops_nhwc(s) ? &cpu_dropout_impl : &cpu_ref_impl;
    case OP_NORM:
        if (by_batch(s)) return &cpu_batch_norm_impl;
        if (s->op.norm == NORM_CHANNELS && s->kind != STEP_TANGENT && side_by_side(s)) return &cpu_channels_impl;
        return norm_in_nhwc(s) ? &cpu_norm_impl : &cpu_ref_impl;
    default:
        return &cpu_ref_impl;
    }
}

static bool fuses_backward(const step *s)
{
    return choose_impl(s) != &cpu_dnnl_impl;
}

static bool fuses_norm(const step *s)
{
    return by_batch(s) && s->op.cap == 0;
}

static size_t meeting_bytes(const op *o)
{
    return o->norm == NORM_BATCH ? cpu_batch_norm_bytes(o) : 0;
}

/* Winograd's algorithm needs fewer products than both. */
static bool fuses_upsample(const step *conv)
{
    return choose_impl(conv) != &cpu_wino_impl;
}

static bool prefers_bf16(const step *conv)
{
    return cpu_arch_matrix_unit() || choose_impl(conv) != &cpu_wino_impl;
}

/* More than oneDNN takes to generate a kernel's code: it writes to what it did not get. */
static const size_t code_room = 32u << 20;

static jem_status kernel_new(void **kernel, const step *s, void *shared)
{
    jem_status st;
    cpu_kernel *k = NULL;

    TRY(MEM_NEW(k, 1));
    k->impl = choose_impl(s);
    k->s = *s;
    k->shared = shared;
    k->shares = (conv_shares){1, 0};
    if (k->impl->prepare) {
        TRY(machine_check_room(code_room, "generating a layer's code"));
        st = k->impl->prepare(k);
        if (st) {
            k->impl->release(k);
            goto done;
        }
    }
    *kernel = k;
    k = NULL;
done:
    mem_free(k);
    return st;
}

static void kernel_free(void *kernel)
{
    cpu_kernel *k = kernel;
    if (k->impl->release) k->impl->release(k);
    mem_free(k);
}

static jem_status kernel_load(void *kernel, const void *params)
{
    cpu_kernel *k = kernel;
    k->params = params;
    return k->impl->load ? k->impl->load(k, params) : JEM_OK;
}

static size_t kernel_scratch(const void *kernel)
{
    return ((const cpu_kernel *)kernel)->scratch;
}

static void kernel_describe(const void *kernel, char *text, size_t size)
{
    const cpu_kernel *k = kernel;
    if (k->impl->describe)
        k->impl->describe(k, text, size);
    else
        snprintf(text, size, "%s", k->impl->name);
}

static size_t kernel_packed(const void *kernel)
{
    return ((const cpu_kernel *)kernel)->packed;
}

static conv_shares kernel_shares(const void *kernel)
{
    return ((const cpu_kernel *)kernel)->shares;
}

static void kernel_share(void *kernel, void *owner)
{
    cpu_kernel *k = kernel, *from = owner;
    if (!k->impl->shares || k->impl != from->impl || k->packed == 0 || k->packed != from->packed) return;
    k->owner = from;
    k->packed = 0;
}

static void bound_free(void *bound)
{
    cpu_bound *b = bound;
    if (b->k->impl->unbind) b->k->impl->unbind(b);
    mem_free(b);
}

static jem_status bound_new(void **bound, void *kernel, char *arena, void *scratch)
{
    jem_status st;
    cpu_bound *b = NULL;

    TRY(MEM_NEW(b, 1));
    *b = (cpu_bound){.k = kernel, .arena = arena, .scratch = scratch};
    if (b->k->impl->bind) TRY(b->k->impl->bind(b));
    *bound = b;
    b = NULL;
done:
    if (b) bound_free(b);
    return st;
}

static int meets(const void *kernel)
{
    const cpu_kernel *k = kernel;
    return k->impl->meets ? k->impl->meets(k) : -1;
}

static void bound_move(void *bound, char *arena)
{
    cpu_bound *b = bound;
    if (b->arena == arena) return;
    if (b->k->impl->move) b->k->impl->move(b, arena);
    b->arena = arena;
}

static int kernel_parts(const void *kernel, int phase)
{
    const cpu_kernel *k = kernel;
    return k->impl->parts ? k->impl->parts(k, phase) : phase == 0;
}

static jem_status run(void *bound, const step_io *io, int phase, int part)
{
    cpu_bound *b = bound;
    return b->k->impl->run(b, io, phase, part);
}

/* ---- steps left to the reference loops */

static jem_status ref_prepare(cpu_kernel *k)
{
    slot s = k->s.dst.offset >= 0 ? k->s.dst : k->s.src;
    if (s.f.dtype != JEM_F32)
        return jem_error(JEM_EUSAGE, "norm layers, dropout, noise and gates need engine.precision f32");
    return JEM_OK;
}

static void ref_release(cpu_kernel *k)
{
    (void)k;
}

static jem_status ref_run(cpu_bound *b, const step_io *io, int phase, int part)
{
    step_io with_params = *io;
    (void)phase, (void)part;
    with_params.params = b->k->params;
    return ref_run_f32(&b->k->s, b->arena, &with_params);
}

const cpu_impl cpu_ref_impl = {
    .name = "ref",
    .prepare = ref_prepare,
    .release = ref_release,
    .run = ref_run,
};

const backend backend_cpu = {
    .name = "cpu",
    .about = "oneDNN convolutions, f32 or bf16",
    .supports = supports,
    .choose_format = choose_format,
    .mask_bytes = mask_bytes,
    .fuses_conv = true,
    .folds_norms = true,
    .fuses_norm = fuses_norm,
    .fuses_upsample = fuses_upsample,
    .prefers_bf16 = prefers_bf16,
    .fuses_backward = fuses_backward,
    .kernel_new = kernel_new,
    .kernel_free = kernel_free,
    .kernel_load = kernel_load,
    .kernel_scratch = kernel_scratch,
    .kernel_describe = kernel_describe,
    .kernel_packed = kernel_packed,
    .kernel_shares = kernel_shares,
    .kernel_share = kernel_share,
    .bound_new = bound_new,
    .bound_free = bound_free,
    .kernel_parts = kernel_parts,
    .run = run,
    .meeting_bytes = meeting_bytes,
    .meets = meets,
    .bound_move = bound_move,
    .langevin = ref_langevin,
    .logsumexp = ref_logsumexp,
    .adam = ref_adam,
    .sgd = ref_sgd,
    .sum_squares = ref_sum_squares,
};
