/* The seam between a network and the machine that computes it.
 *
 * nn/ turns a graph into a plan: a list of steps over buffers ("slots") whose
 * places in one arena are fixed when the plan is compiled.  A backend chooses
 * the format of each slot, prepares a kernel per step, and runs it.  Nothing
 * above this line knows which backend runs; nothing here knows what a residual
 * network is.
 *
 *   kernel   one step prepared once: shared by all threads, immutable while
 *            steps run; holds weights packed the way the step wants them
 *   bound    a kernel tied to the buffers of one workspace: one thread's own
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/host_device.h"
#include "base/rng.h"
#include "energy/langevin.h"
#include "energy/optimizers.h"
#include "jem/status.h"
#include "jem/tensor.h"

/* One image of a value: a vector has h = w = 1. */
typedef struct shape {
    int64_t c, h, w;
} shape;

static inline int64_t shape_count(shape s)
{
    return s.c * s.h * s.w;
}

/* How n images of a value lie in memory: [n][ceil(c/block)][h][w][block],
 * channels beyond c are zero.  block = 1 is plain NCHW, block = c is NHWC,
 * block = 16 is oneDNN's nChw16c. */
typedef struct format {
    jem_dtype dtype; /* JEM_F32, JEM_F64 or JEM_BF16 */
    int64_t block;
} format;

static inline int64_t format_count(format f, shape s, int64_t n)
{
    return n * ((s.c + f.block - 1) / f.block) * f.block * s.h * s.w;
}

/* Position of element (n, c, y, x). */
static inline int64_t format_index(format f, shape s, int64_t n, int64_t c, int64_t y, int64_t x)
{
    int64_t blocks = (s.c + f.block - 1) / f.block;
    return (((n * blocks + c / f.block) * s.h + y) * s.w + x) * f.block + c % f.block;
}

typedef enum op_kind {
    OP_INPUT,
    OP_CONV2D,     /* kernel_h x kernel_w, zero padding, bias (none if bias is -1) */
    OP_LINEAR,     /* over the value flattened channel-major (C,H,W) */
    OP_LRELU,      /* y = x > 0 ? x : slope * x; derivative at 0 is slope.  With a cap > 0, which
                      wants slope 0: y = min(y, cap), derivative at the cap is 0 */
    OP_ADD,        /* two sources of one shape */
    OP_POOL,       /* windows kernel_h x kernel_w at that stride, sum * scale */
    OP_CONCAT_ELU, /* elu([x, -x]) along channels */
    OP_NORM,
    OP_DROPOUT,
    OP_SILU,      /* y = x * sigmoid(x) */
    OP_UPSAMPLE,  /* twice the height and width, nearest neighbour */
    OP_ATTENTION, /* source: queries, keys, values of C channels each, T = h*w positions; for each of op_heads
                     runs of D channels softmax(q k^T / sqrt(D)) v */
    OP_CONCAT,    /* sources of one height and width, one after another along channels */
    OP_MAX_POOL,  /* largest of a window (op_window); its gradient goes to the first of them */
    OP_MEAN_POOL, /* mean of a window (op_window) */
    OP_AFFINE,    /* y = affine[c][0] x + affine[c][1] in channel c */
    OP_CONV_TRANSPOSED, /* y[o, s p + u - pad_top, s q + v - pad_left] += w[o,i,u,v] x[i,p,q], with stride s,
                     where that lies in the output; and the bias.  No groups */
    OP_ELU,       /* y = x > 0 ? x : exp(x) - 1 */
    OP_SIGMOID,   /* y = max(sigmoid(x), least); derivative 0 where that is `least` */
    OP_GATE,      /* channels [0,C) times the sigmoids of channels [C,2C) */
    OP_NOISE,     /* y = x z, z standard normal, in every mode: step_io.dropout, keyed as dropout's draws */
    OP_ADD_VECTOR,/* the first source + the second, a vector, at every position */
    OP_SHIFT,     /* rows move pad_top down, columns pad_left to the right; zeros come in */
    OP_ONES,      /* the source and behind it one more channel, of ones */
    OP_GELU,      /* y = x * Phi(x), the distribution function of a standard normal (exact: erf) */
    OP_SCALE,     /* y = weight[c] * x in channel c */
    OP_TOKENS     /* position t of a row is the source's t - 1, the first one bias[c]; plus weight[t][c].  A bias of -1:
                     neither is there, the first is 0 */
} op_kind;
enum { OP_KINDS = OP_TOKENS + 1 };

typedef enum norm_kind {
    NORM_NONE, NORM_BATCH, NORM_INSTANCE, NORM_LAYER, NORM_ACT, NORM_GROUP,
    NORM_CHANNELS /* over the channels at each position of an image */
} norm_kind;

typedef struct op {
    op_kind kind;
    shape src, dst; /* of the first source, and of the output */
    int64_t kernel_h, kernel_w, stride;
    /* Rows and columns around the source: zeros to convolutions, nothing to pools. */
    int64_t pad_top, pad_left, pad_bottom, pad_right;
    double slope, cap, scale, rate; /* lrelu; the same, 0: none; pool; dropout */
    double least;                   /* sigmoid */
    bool whole; /* DROPOUT: of whole images (drop path) instead of elements */
    norm_kind norm;
    /* NORM_GROUP: channels c/groups at a time share their statistics.  CONV2D: output channels
     * dst.c/groups at a time see src.c/groups of the source; 0 is 1.  ATTENTION: heads; 0 is 1. */
    int64_t groups;
    double eps;
    /* First elements in the flat parameter vector, -1 if absent.  Norms:
     * weight and bias per channel (SCALE: weight; TOKENS: weight of every position and channel,
     * bias of the first position); for NORM_BATCH also running mean and
     * variance; NORM_ACT: y = weight * (x + bias). */
    int64_t weight, bias, mean, var;
    /* Weight norm of CONV2D, CONV_TRANSPOSED, LINEAR: the flat vector has directions V where the
     * weights are, with `gain` at g, one per output channel: w = g V / |V|.  Plans load what they make of them
     * and turn gradients around (nn/weight_norm.h): backends see weights, but for those with a device, which do both. */
    bool normed;
    int64_t gain;
    bool folded; /* CONV2D: does the work of the batch norm behind it, too; weights and bias are the plan's own */
    const double (*affine)[2]; /* OP_AFFINE: [src.c], borrowed */
    uint32_t id; /* node number: keys the random numbers of dropout */
} op;

/* Source channels that one output channel of a convolution sees. */
static inline int64_t op_group_channels(const op *o)
{
    return o->src.c / (o->groups > 1 ? o->groups : 1);
}

static inline int64_t op_heads(const op *o)
{
    return o->groups > 1 ? o->groups : 1;
}

/* The same number of rows and columns on all sides? */
static inline bool op_even_pads(const op *o)
{
    return o->pad_top == o->pad_bottom && o->pad_left == o->pad_right && o->pad_top == o->pad_left;
}

/* Elements [begin, end) of a side of the source that element i of the output is made of. */
typedef struct op_range {
    int64_t begin, end;
} op_range;

/* Of MAX_POOL and MEAN_POOL: kernel elements every `stride`, as far as they lie in the source; a
 * stride of 0 shares the side out (adaptive pooling): [floor(i n/m), ceil((i+1) n/m)). */
HOST_DEVICE op_range op_window(int64_t i, int64_t in, int64_t out, int64_t kernel, int64_t stride,
                               int64_t pad)
{
    const int64_t first = i * stride - pad, end = first + kernel;
    op_range r = {first < 0 ? 0 : first, end > in ? in : end};
    if (stride > 0) return r;
    r.begin = i * in / out;
    r.end = ((i + 1) * in + out - 1) / out;
    return r;
}

static inline op_range op_rows(const op *o, int64_t p)
{
    return op_window(p, o->src.h, o->dst.h, o->kernel_h, o->stride, o->pad_top);
}

static inline op_range op_columns(const op *o, int64_t q)
{
    return op_window(q, o->src.w, o->dst.w, o->kernel_w, o->stride, o->pad_left);
}

typedef enum step_kind {
    STEP_LOAD,       /* dst <- outside array (plain NCHW) */
    STEP_STORE,      /* outside array (plain NCHW) <- src */
    STEP_COPY,       /* dst <- src */
    STEP_ACCUMULATE, /* dst <- dst + src */
    STEP_FORWARD,    /* dst <- op(src, src2), or of `sources` */
    STEP_BACKWARD_DATA,  /* dst <- (d op / d source)^T src */
    STEP_BACKWARD_PARAMS, /* outside dparams <- gradient, from src = gradient of
                             the op's output and src2 = the op's input */
    STEP_TANGENT /* dst <- (d op / d source) src, src2 = the op's input; of NORM, CONCAT_ELU,
                    ATTENTION, MAX_POOL, GATE and ONES.  The others need no such step: they are linear up to a
                    bias (STEP_FORWARD with bias -1), or their Jacobian is diagonal
                    (STEP_BACKWARD_DATA): op_derivative in nn/ops.h. */
} step_kind;

/* Which outside array a LOAD or STORE means. */
typedef enum port {
    PORT_X,       /* in:  [n, c, h, w] */
    PORT_LOGITS,  /* out: the graph's output, [n, k] or [n, c, h, w] */
    PORT_DLOGITS, /* in:  cotangent of the output */
    PORT_DX,      /* out: [n, c, h, w] */
    PORT_FEATURE, /* out: the named value, by step_io.feature */
    PORT_TX,      /* in:  tangent of the input */
    PORT_TLOGITS  /* out: tangent of the output */
} port;

/* A buffer of the arena as one step sees it. */
typedef struct slot {
    int64_t offset; /* bytes from the start of the arena; -1: no such operand */
    shape s;
    format f;
} slot;

typedef struct step {
    step_kind kind;
    op op;
    int64_t n;       /* images per execution */
    bool train;      /* norms use batch statistics, dropout drops */
    bool accumulate; /* dst is added to instead of overwritten */
    bool lrelu;      /* FORWARD of a convolution, add or norm: leaky rectification of the
                        result with op.slope before it is written.  BACKWARD_DATA of a
                        convolution: the result times the derivative at the masked bits.  BACKWARD
                        steps of a norm: they are those of lrelu(norm(x)), without a mask */
    bool summed;     /* BACKWARD_DATA of a norm that couples images: its BACKWARD_PARAMS came before, with
                        the same gradient, and has left its sums at meeting_offset */
    bool split;      /* worth cutting into parts that several threads run at once */
    bool direct;     /* convolutions by the sums of products that define them only */
    bool lean;       /* of a lean plan: weights are packed for every run instead of being kept so */
    /* A 3x3 convolution of an upsampled map in two forward steps.  Each of the four pixels (the
     * quad) that pixel (y,x) of the small map becomes sees 2x2 pixels of it, by a kernel of sums of
     * the 3x3 kernel's elements.  CONV2D: op is that 2x2 convolution of the small map with
     * zeros around it, four times the channels, while op.weight and op.bias are the 3x3 one's;
     * UPSAMPLE: dst(2y+i, 2x+j) <- src(y+i, x+j), channels 2i+j of its four. */
    bool quad;
    bool silu;       /* of a NORM_GROUP: the step is that of silu(norm(x)) */
    bool copied;     /* FORWARD of a convolution without lrelu: `copy` gets the leaky rectification, with
                        op.slope, of what dst then holds */
    port port;
    slot dst, src, src2, copy;
    /* Of an op on two sources or any number (else NULL, 0): all of them, or their tangents, [source_count];
     * borrowed as long as the kernel lives.  Steps that need no values have offset -1 there and
     * the shapes alone. */
    const slot *sources;
    int source_count;
    int source; /* BACKWARD_DATA, TANGENT: the one that this step is about */
    int64_t meeting_offset; /* of an op that couples images: where its memory begins in
                               step_io.meeting, backend.meeting_bytes for each slice; -1: none */
    /* One bit per element (in memory order of the rectified value): x > 0.
     * FORWARD with lrelu (or of OP_LRELU) writes it if present, BACKWARD_DATA
     * of OP_LRELU or with lrelu reads it. Backends choose the encoding; see mask_bytes. */
    int64_t mask_offset; /* -1: none */
    /* BACKWARD_DATA of NORM, CONCAT_ELU, SILU, GELU, ATTENTION, MAX_POOL, AFFINE, ELU, SIGMOID, GATE, ONES: the op's
     * input is src2. */
} step;

/* Of a concatenation's step about one source: where that begins among the output's channels. */
static inline int64_t step_first_channel(const step *s)
{
    int64_t first = 0;
    for (int i = 0; i < s->source; ++i) first += s->sources[i].s.c;
    return first;
}

/* What changes from call to call. */
typedef struct step_io {
    const void *x;
    void *logits;
    const void *dlogits;
    void *dx;
    const void *tx;
    void *tlogits;
    const void *params; /* flat parameter vector */
    void *dparams;      /* flat gradient: entries of the steps run are overwritten */
    void *feature;
    int64_t count;      /* valid images, <= n: LOAD zero-fills the rest, STORE skips it */
    rng_stream dropout; /* stream of dropout masks and of noise (sub is set per node) */
    const rng_stream *dropout_at; /* in a device's memory: read there when the step runs, so that a captured
                                     graph draws anew at every launch; NULL: `dropout` */
    uint32_t image0;    /* number of the first image in its batch */
    /* A batch whose images an op couples may be cut into slices, each of which goes through the
     * steps by itself and waits for the others where they meet (backend.meets). */
    int slice, slices;  /* which of them this one is: 0 .. slices - 1 */
    int64_t total;      /* valid images of all slices */
    void *meeting;      /* memory that all slices see; kept from one pass to the next */
    void *batch_stats;  /* train mode NORM_BATCH: batch mean and unbiased variance at the
                           op's mean and var offsets; NULL: not wanted */
} step_io;

typedef struct device device;             /* device.h */
typedef struct energy_steps energy_steps; /* energy_steps.h */

/* What an algorithm computes, as shares of the FLOPs that define a convolution: products
 * (1/4 for Winograd's F(4x4, 3x3)), and what it takes to bring maps into the form of these
 * products and back. */
typedef struct conv_shares {
    double products, transforms;
} conv_shares;

typedef struct backend {
    const char *name;
    const char *about;

    /* JEM_EUSAGE with the reason if this machine cannot compute at `precision`
     * (JEM_F64, JEM_F32 or JEM_BF16 products). */
    jem_status (*supports)(jem_dtype precision);

    /* Format of the output of `o` (or of its gradient); `src` is the format of
     * the op's first source, to follow where the op does not care. */
    format (*choose_format)(const op *o, format src, jem_dtype precision, bool gradient);
    size_t (*mask_bytes)(format f, shape s, int64_t n);
    /* The mask of a rectifier is its value, kept until the backward pass; mask_bytes is not
     * asked, and mask_offset leads backward steps to that value (of dst's format). */
    bool masks_are_values;
    /* May a forward convolution add to its destination and rectify in one step, and a
     * group norm be followed by SiLU in one step? */
    bool fuses_conv;
    /* Are batch norms by running statistics to be folded into the convolutions before them (host memory,
     * float32 parameters: nn/plan_fold.c)? */
    bool folds_norms;
    /* May this forward step of a norm rectify (step.lrelu)?  NULL: never. */
    bool (*fuses_norm)(const step *s);
    /* May this forward step of a convolution write a rectified copy as well (step.copied), where
     * masks_are_values?  NULL: never. */
    bool (*fuses_copy)(const step *s);
    /* Are `quad` steps faster than an upsampling followed by `conv`?  NULL: there are none. */
    bool (*fuses_upsample)(const step *conv);
    /* Would this convolution of float32 numbers be faster as one from bf16 to float32?  NULL:
     * there are none of two types, and plan_options.wide has no effect. */
    bool (*prefers_bf16)(const step *conv);
    /* May BACKWARD_DATA of a convolution add to its destination and multiply by a rectifier's
     * derivative, as `s` asks?  NULL: never. */
    bool (*fuses_backward)(const step *s);

    /* shared: kernel of an earlier forward step with the same weights that is loaded before
     * and freed after this one, which may share what it keeps packed; NULL: there is none. */
    jem_status (*kernel_new)(void **kernel, const step *s, void *shared);
    void (*kernel_free)(void *kernel);
    /* Repacks the step's weights from the flat vector (elements: double for
     * F64 plans, else float).  Called when no step runs. */
    jem_status (*kernel_load)(void *kernel, const void *params);
    size_t (*kernel_scratch)(const void *kernel); /* bytes; shared by the steps of a workspace */
    /* For people, both optional (NULL: the backend has nothing to tell): the algorithm
     * as text, such as "jit:avx512_core", and the bytes of weights kept packed. */
    void (*kernel_describe)(const void *kernel, char *text, size_t size);
    size_t (*kernel_packed)(const void *kernel);
    /* What the algorithm of a convolution computes.  NULL: all products that define it. */
    conv_shares (*kernel_shares)(const void *kernel);
    /* Before the first kernel_load: the kernel may compute with what `owner` keeps packed, the
     * kernel of the same step for another number of images, always loaded before this one.  No
     * bit depends on whether it does.  NULL: never. */
    void (*kernel_share)(void *kernel, void *owner);

    jem_status (*bound_new)(void **bound, void *kernel, char *arena, void *scratch);
    void (*bound_free)(void *bound);
    /* A step runs in phases, one after another, and a phase in parts, which may run at the
     * same time on any threads: how many depends on the step alone, so that threads change
     * no bit.  kernel_parts is 0 after the last phase; NULL: one phase of one part. */
    int (*kernel_parts)(const void *kernel, int phase);
    jem_status (*run)(void *bound, const step_io *io, int phase, int part); /* allocates nothing */
    /* For batches in slices, all three or none (NULL: a batch whose images are coupled is one
     * slice).  Bytes of step_io.meeting for each slice of an op that couples images in training. */
    size_t (*meeting_bytes)(const op *o);
    /* The phase that may begin when all slices have done the one before it; -1: there is none. */
    int (*meets)(const void *kernel);
    /* From now on the bound kernel works in this arena, of the same size. */
    void (*bound_move)(void *bound, char *arena);

    /* Elementary steps of energy models on arrays in the backend's memory; all plain NCHW float32.
     * Sums are in double and in a fixed order; the arithmetic is that of energy/. */

    /* x <- clip(x + lambda g + sigma z), or as u->clamped says.  noise: n standard normal values, or
     * NULL for none. */
    void (*langevin)(float *x, const float *g, const float *noise, int64_t n,
                     const langevin_update *u);
    /* lse[i] <- log sum_k exp logits[i,k]; softmax[i,k] (may alias logits).
     * softmax may be NULL. */
    void (*logsumexp)(float *lse, float *softmax, const float *logits, int64_t n, int64_t k);
    /* theta, m, v <- one Adam step with gradient a*g + b*h (h may be NULL). */
    void (*adam)(float *theta, float *m, float *v, const float *g, const float *h, double a,
                 double b, int64_t n, const adam_update *u);
    /* m <- momentum m + (a*g + b*h + weight_decay theta), theta <- theta - lr m. */
    void (*sgd)(float *theta, float *m, const float *g, const float *h, double a, double b,
                int64_t n, const sgd_update *u);
    double (*sum_squares)(const float *x, int64_t n);

    /* Memory of its own and steps that stay there (device.h); NULL: the host's memory is all
     * there is.  With one, a workspace's arena and scratch lie in that memory, and every array
     * of step_io, of kernel_load and of the elementary steps above may lie in it or in the
     * host's: steps on device arrays alone return before they are computed, and each of the
     * host's makes the call wait. */
    const device *device;
    /* The steps of a training in that memory; NULL where there is none. */
    const energy_steps *energy;
} backend;

/* ---- the list of backends (backends.c) */
extern const backend backend_ref;
extern const backend backend_cpu;

/* Those that are part of the program; NULL-terminated, preferred first. */
const backend *const *backends(void);
/* name: "cpu", "ref", "cuda" or "cuda:N" (GPU number N, as CUDA_VISIBLE_DEVICES counts), or
 * "auto": what the environment variable JEM_DEVICE says, else a GPU if one can be used, else
 * the cpu.  A GPU's backend lies in a library of its own (device_library.h).  JEM_EUSAGE if
 * there is no such backend or it cannot be used: the message says why. */
jem_status backend_find(const backend **out, const char *name);

#endif
