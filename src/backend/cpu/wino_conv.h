/* 3x3 convolutions of stride 1 in float32 by Winograd's minimal filtering, F(4x4, 3x3).
 *
 * Sixteen results of one channel are a bilinear form of a 6x6 patch d and the kernel g:
 *
 *     Y = A^T [ (G g G^T) * (B^T d B) ] A        * element by element
 *
 * Sums over channels go inside the brackets: 36 matrix products [tiles x in] [in x out]
 * instead of 144 multiplications per tile and pair of channels.  Lavin and Gray 2016; the
 * interpolation points are 0, +-sqrt(1/2), +-sqrt(2) and infinity, which more than halve the error of
 * the usual 0, +-1, +-2 (perf/winograd_points_f32.py).  To data is the same with the kernel turned.
 *
 * Per element, with u = 2^-24 and absolute values taken element by element,
 *     |error| <= (in channels + 24) u * |A^T| [sum over channels of |G||g||G^T| * |B^T||d||B|] |A|
 * (each of the four transforms rounds at most 6 times per term, products and sums as direct
 * ones do); typically it is twice the error of a direct float32 sum.
 */
#ifndef BACKEND_CPU_WINO_CONV_H
#define BACKEND_CPU_WINO_CONV_H

#include "backend/backend.h"

enum { WINO_TILE = 4, WINO_PATCH = 6, WINO_PRODUCTS = WINO_PATCH * WINO_PATCH };

typedef struct wino_kernels wino_kernels;

typedef struct wino_conv {
    bool forward;
    shape in, out;             /* what is read and written */
    int64_t images;
    int64_t pad_top;           /* rows and columns of zeros before the image read */
    int64_t tiles_y, tiles_x, tiles; /* of an image; of all images */
    int64_t lanes;             /* floats per vector of this processor */
    int64_t in_room, out_room; /* channels, made whole vectors */
    int64_t panels;            /* of output channels in the transformed weights */
    int64_t pass;              /* output channels whose products are kept at a time */
    int64_t block, blocks;     /* tiles whose patches are kept transformed at a time */
    int64_t in_stride, out_stride; /* floats from one product's matrix to the next's */
    const wino_kernels *kernels; /* of this processor */
} wino_conv;

/* Where a result goes. */
typedef struct wino_output {
    float *values;     /* [images, h, w, c] */
    const float *bias; /* [c], or NULL */
    bool accumulate;   /* onto what is there */
    bool lrelu;        /* forward: rectify and write mask, if any; to data: multiply by the
                          derivative that mask tells */
    float slope;
    uint8_t *mask;     /* bits of result > 0, in memory order */
} wino_output;

/* What is computed, per tile as the loops of wino_kernel.h are written: 264 FLOPs for each channel
 * of a patch, 160 for each of a result or its gradient.  Transforms of weights, which all images
 * share, are not counted. */
conv_shares wino_shares(const wino_conv *c);

/* Can the step run here?  3x3 convolutions of stride 1, forward and to data, float32 in NHWC
 * on both sides, on processors that have kernels for it. */
bool wino_supports(const step *s);

/* Sizes for a step that wino_supports; nothing is allocated.  A split step gets smaller blocks. */
void wino_conv_init(wino_conv *c, const step *s);

int64_t wino_weight_bytes(const wino_conv *c); /* of the transformed weights */
int64_t wino_block_bytes(const wino_conv *c);  /* of scratch for one block at a time */

/* Transforms panel `panel` of weights, of the flat vector, [out, in, 3, 3]; packed: of all
 * panels, 64-aligned. */
void wino_pack_weights(const wino_conv *c, const step *s, const float *weights, float *packed, int64_t panel);

/* Computes the tiles of block `block`; values: [images, h, w, c] of c->in; scratch 64-aligned. */
void wino_run(const wino_conv *c, const float *values, const float *packed, float *scratch,
              int64_t block, const wino_output *out);

/* ---- gradients to the weights: STEP_BACKWARD_PARAMS of the same convolutions, channels in
 * multiples of sixteen.  Sums over tiles stand where above sums over channels do. */

bool wino_gradient_supports(const step *s); /* both maps float32 in NHWC, and not direct */
/* Sizes for such a step: c->in is the input, c->out the result whose gradient is given. */
void wino_gradient_init(wino_conv *c, const step *s);
int64_t wino_gradient_bytes(const wino_conv *c); /* of scratch memory */

/* values: [images, h, w, c] of the input, gradients: of the output; weights [out, in, 3, 3] and
 * bias [out], NULL if there is none, are overwritten. */
void wino_gradient_run(const wino_conv *c, const float *values, const float *gradients, float *scratch,
                       float *weights, float *bias);

/* ---- wino_kernel.h compiled for one kind of processor */
struct wino_kernels {
    int64_t lanes;
    void (*run)(const wino_conv *c, const float *values, const float *packed, float *scratch,
                int64_t block, const wino_output *out);
    void (*pack)(const wino_conv *c, const step *s, const float *weights, float *packed, int64_t panel);
    void (*gradient)(const wino_conv *c, const float *values, const float *gradients, float *scratch,
                     float *weights, float *bias);
};

#endif
