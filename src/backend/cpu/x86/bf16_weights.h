/* Gradients to the weights of convolutions by dot products of bf16 numbers, sums in float32.
 *
 * The two factors of a product lie along positions: pairs of neighbours of a row, for sixteen
 * channels at a time [pair][16 channels][2].  With numbers V[plane] of the image read and Z of the
 * result's gradient
 *
 *     M[plane][ky][c][k] = sum over images, rows y and pairs of
 *                          V[plane][stride y + ky][pair][c] . Z[plane][y][pair][k]
 *
 * Directly a plane is a column kx of the kernel, V its shifted pixels, all planes share one Z,
 * and M is the gradient.  By Winograd's F(4, 3) (bf16_winograd.h), of which this is the transpose,
 * V = B^T d, Z = A dy and the gradient is G^T M: half the products.
 */
#ifndef BACKEND_CPU_BF16_WEIGHTS_H
#define BACKEND_CPU_BF16_WEIGHTS_H

#include "backend/backend.h"

typedef struct bf16_weights {
    op o;
    int64_t images;
    bool winograd;
    int planes, z_planes;
    int64_t in_blocks, out_blocks; /* of sixteen channels */
    int64_t pairs;                 /* of positions, per row */
    int64_t rows;                  /* of an image read, with its border */
    int64_t v_image, z_image;      /* bytes of one image, one plane, one block */
} bf16_weights;

/* Can the step (BACKWARD_PARAMS of a convolution) run here? */
bool bf16_weights_supports(const step *s);

/* Sizes for a step that bf16_weights_supports; nothing is allocated. */
void bf16_weights_init(bf16_weights *w, const step *s);

int64_t bf16_weights_scratch(const bf16_weights *w); /* bytes */

/* dweights [out, in, k, k], dbias [out] <- gradients; x bf16 [images, h, w, c] and dy of the
 * result's shape; scratch 64-aligned. */
void bf16_weights_run(const bf16_weights *w, float *dweights, float *dbias, const uint16_t *x,
                      const uint16_t *dy, void *scratch);

#endif
