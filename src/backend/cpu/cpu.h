/* Inside the cpu backend: a kernel is one of a few implementations of a step. */
#ifndef BACKEND_CPU_H
#define BACKEND_CPU_H

#include "backend/backend.h"

typedef struct cpu_kernel cpu_kernel;
typedef struct cpu_bound cpu_bound;

/* How one class of steps is computed.  Entries may be NULL where there is
 * nothing to do. */
typedef struct cpu_impl {
    const char *name;
    jem_status (*prepare)(cpu_kernel *k); /* fills k->state and k->scratch */
    void (*release)(cpu_kernel *k);
    jem_status (*load)(cpu_kernel *k, const void *params);
    jem_status (*bind)(cpu_bound *b); /* fills b->state */
    void (*unbind)(cpu_bound *b);
    int (*parts)(const cpu_kernel *k, int phase); /* NULL: one phase of one part */
    jem_status (*run)(cpu_bound *b, const step_io *io, int phase, int part);
    int (*meets)(const cpu_kernel *k); /* backend.meets; NULL: never */
    void (*move)(cpu_bound *b, char *arena); /* before b->arena changes; NULL: that is all */
    void (*describe)(const cpu_kernel *k, char *text, size_t size); /* NULL: the name says it */
    bool shares; /* load takes what k->owner has packed, which depends on the layer alone */
} cpu_impl;

struct cpu_kernel {
    const cpu_impl *impl;
    step s;
    cpu_kernel *shared; /* of the same plan, with the same weights: backend.kernel_new */
    cpu_kernel *owner;  /* of another plan, whose packed weights these are: backend.kernel_share; NULL: none */
    size_t scratch, packed; /* bytes */
    conv_shares shares;     /* {1, 0} unless prepare says otherwise */
    const float *params;
    void *state;
};

struct cpu_bound {
    cpu_kernel *k;
    char *arena, *scratch;
    void *state;
};

static inline void *cpu_at(const cpu_bound *b, slot s)
{
    return b->arena + s.offset;
}

static inline int64_t cpu_slot_count(const cpu_kernel *k, slot s)
{
    return format_count(s.f, s.s, k->s.n);
}

/* Bit i of mask <- values[i] > 0, and below the cap unless that is 0. */
void cpu_mask_of(void *mask, const void *values, int64_t n, jem_dtype dtype, float cap);

/* bf16 is the upper half of a float; rounding is to nearest, ties to even. */
static inline float cpu_from_bf16(uint16_t v)
{
    union {
        uint32_t bits;
        float value;
    } u = {(uint32_t)v << 16};
    return u.value;
}

static inline uint16_t cpu_to_bf16(float v)
{
    union {
        float value;
        uint32_t bits;
    } u = {v};
    return (uint16_t)((u.bits + 0x7fff + (u.bits >> 16 & 1)) >> 16);
}

/* Element i of a buffer of either type. */
static inline float cpu_get(const void *v, int64_t i, jem_dtype dtype)
{
    return dtype == JEM_F32 ? ((const float *)v)[i] : cpu_from_bf16(((const uint16_t *)v)[i]);
}

static inline void cpu_put(void *v, int64_t i, float x, jem_dtype dtype)
{
    if (dtype == JEM_F32)
        ((float *)v)[i] = x;
    else
        ((uint16_t *)v)[i] = cpu_to_bf16(x);
}

/* dst, laid out as v says <- `count` images of plain NCHW; zeros for the others of n. */
void cpu_from_plain(char *dst, slot v, int64_t n, int64_t count, const float *x);
/* x, plain NCHW <- `count` images laid out as v says. */
void cpu_to_plain(float *x, const char *src, slot v, int64_t count);

extern const cpu_impl cpu_wino_impl;          /* 3x3 convolutions in float32 */
extern const cpu_impl cpu_wino_gradient_impl; /* and their gradients to weights */
extern const cpu_impl cpu_depthwise_impl;     /* gradients to weights of depthwise ones */
bool cpu_depthwise_supports(const step *s);
extern const cpu_impl cpu_dnnl_impl;        /* convolutions, linear layers: oneDNN */
extern const cpu_impl cpu_elementwise_impl; /* rectifiers, sums, copies */
extern const cpu_impl cpu_layout_impl;      /* load, store, pool and upsampling in NHWC */
extern const cpu_impl cpu_windows_impl;     /* largest values and means of windows in NHWC */
extern const cpu_impl cpu_norm_impl;        /* group norms, with SiLU or without; batch norms */
extern const cpu_impl cpu_batch_norm_impl;  /* batch norms by the batch's statistics, in slices */
size_t cpu_batch_norm_bytes(const op *o);   /* backend.meeting_bytes */
extern const cpu_impl cpu_channels_impl;    /* norms over channels, trained scales */
extern const cpu_impl cpu_activation_impl;  /* SiLU, GELU */
extern const cpu_impl cpu_attention_impl;
extern const cpu_impl cpu_tokens_impl;      /* what it is over, in NHWC */
extern const cpu_impl cpu_pixel_impl;       /* ELUs, gates, shifts, vectors on maps in NHWC */
extern const cpu_impl cpu_dropout_impl;     /* in NHWC */
extern const cpu_impl cpu_transposed_impl;  /* transposed convolutions in NHWC */
extern const cpu_impl cpu_ref_impl;         /* everything else: the reference loops */

#endif
