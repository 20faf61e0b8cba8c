/* Gradients to the weights of convolutions on the matrix unit (AMX), sums in float32.
 *
 * The sums run over positions, so that both factors lie along these: of the image read, channel by
 * channel, V[block][image][plane][16 channels][position]; of the result's gradient pairs of
 * neighbours for sixteen channels at a time, Z[block][image][pair][16 channels][2].  Rows of both are equally
 * long, with zeros in Z where V has its border, so that the positions that one tap of the kernel
 * multiplies are those of Z further on by a constant, and 32 positions of any rows are one product:
 *
 *     M[tap][c][k] = sum over images and positions p of V[plane][c][p + offset of the tap] Z[p][k]
 *
 * With a stride s there are s x s planes, of every s-th row and column. */
#ifndef BACKEND_CPU_BF16_AMX_WEIGHTS_H
#define BACKEND_CPU_BF16_AMX_WEIGHTS_H

#include "backend/backend.h"

enum { AMX_MAX_TAPS = 49 };

typedef struct bf16_amx_weights {
    op o;
    int64_t images;
    int64_t in_blocks, out_blocks; /* of sixteen channels */
    int64_t pitch, rows;           /* of a plane of V */
    int64_t steps;                 /* products of 32 positions for an image */
    int64_t plane, image;          /* bytes of V: a channel's plane; a block of an image */
    int64_t z_image;               /* bytes of Z: a block of an image */
    int taps;
    int64_t tap_at[AMX_MAX_TAPS];  /* bytes from the start of an image's block of V */
} bf16_amx_weights;

/* Can the step (BACKWARD_PARAMS of a convolution) run here? */
bool bf16_amx_weights_supports(const step *s);
/* Sizes for a step that bf16_amx_weights_supports; nothing is allocated. */
void bf16_amx_weights_init(bf16_amx_weights *w, const step *s);
int64_t bf16_amx_weights_scratch(const bf16_amx_weights *w); /* bytes */
/* dweights [out, in, k, k], dbias [out] (NULL: none) <- gradients; x bf16 [images, h, w, c] and dy of
 * the result's shape; scratch 64-aligned. */
void bf16_amx_weights_run(const bf16_amx_weights *w, float *dweights, float *dbias, const uint16_t *x,
                          const uint16_t *dy, void *scratch);

#endif
