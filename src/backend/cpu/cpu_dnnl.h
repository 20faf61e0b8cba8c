/* What the two files of steps by oneDNN share: kernels (cpu_dnnl.c) and their execution
 * (cpu_dnnl_run.c). */
#ifndef BACKEND_CPU_DNNL_H
#define BACKEND_CPU_DNNL_H

#include "backend/cpu/cpu.h"
#include "backend/cpu/onednn.h"

/* From the OpenMP runtime that oneDNN is linked with; its header ships with one
 * compiler only. */
extern void omp_set_num_threads(int threads);
extern int omp_get_max_threads(void); /* what to set again after a change */

/* Rows [out, out + out_rows) of an image's output, and what they need; to data, rows
 * [in, in + in_rows) of its input's gradient and what they need. */
typedef struct band {
    int64_t in, in_rows, out, out_rows;
    int64_t pad, pad_end; /* rows of zeros above and below; the columns' are the op's */
} band;

typedef struct piece {
    band of; /* the first of the bands that it computes */
    dnnl_primitive_t primitive;
    onednn_md *source, *dest, *scratchpad; /* owned */
} piece;

enum { MAX_BANDS = 16, BAND_PIXELS = 512 };

typedef struct dnnl_state {
    dnnl_engine_t engine;
    piece pieces[MAX_BANDS];
    int piece_count, bands, piece_of[MAX_BANDS]; /* bands per image; 1: all images at once */
    dnnl_primitive_t pack; /* weights to or from the flat vector */
    onednn_md *weights, *plain_weights, *bias; /* owned */
    dnnl_memory_t packed_weights, bias_memory, flat_weights; /* forward and backward data */
    float *quad_bias;     /* of quad steps, owned */
    bool shares_weights; /* packed_weights are those of k->shared */
    bool packs_late;      /* into the scratch memory, in a phase before the others */
    dnnl_stream_t pack_stream;
    size_t quad_at;           /* summed kernels in the scratch memory, if packed late */
    size_t pad_at, pad_bytes; /* the scratchpad: of the first part; of each */
    /* A linear layer works on plain float32.  Where its input, or the gradient of that, lies
     * otherwise: that slot, while the kernel's step has the plain one at flat_at of the scratch
     * memory. */
    bool flattens;
    slot map;
    size_t flat_at;
} dnnl_state;

/* Entries of cpu_dnnl_impl. */

/* Makes k->state for k->s and books k->scratch.  JEM_EINTERNAL with what oneDNN refused, or
 * JEM_ENOMEM; release then frees what there is. */
jem_status cpu_dnnl_prepare(cpu_kernel *k);
void cpu_dnnl_release(cpu_kernel *k); /* one without a state is fine */
/* Packs the step's weights from the flat vector, which stays borrowed for the bias and for what is
 * packed late.  Nothing for gradients to the weights.  JEM_EINTERNAL, JEM_ENOMEM. */
jem_status cpu_dnnl_load(cpu_kernel *k, const void *params);
/* text <- oneDNN's name of the implementation: "jit:avx512_core". */
void cpu_dnnl_describe(const cpu_kernel *k, char *text, size_t size);

/* Band i of an image. */
band cpu_band_of(const step *s, int i);
/* What the convolution of a quad step has for weights [4 out,in,2,2], from params [out,in,3,3]. */
void cpu_quad_weights(float *weights, const op *o, const float *params);
/* oneDNN takes pointers to non-const data even for what it only reads. */
void *cpu_dnnl_readable(const float *p);

#endif
