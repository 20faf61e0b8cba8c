/* bf16 convolutions by own loops, forward and to data: products of bf16 numbers, sums in float32.
 *
 * A convolution is a list of products per class of output positions:
 *
 *     sum[position, channel] = sum over products (a, b) of
 *                              numbers at corner(position) + a  times  weights at b
 *
 * In NHWC the taps of one kernel row lie one after the other, so positions are read straight
 * from a copy of the image with a border of zeros, and no matrix of patches is ever formed.
 * Forward has one class; to data with stride s, the s^2 residues each see other taps.  The
 * products are formed sixteen positions by sixteen channels at a time (bf16_unit.h).
 *
 * 3x3 convolutions of stride 1 go through Winograd's F(4, 3) along the rows where that pays
 * (bf16_winograd.h): the copy then holds six planes of transformed numbers, each plane is a 3x1
 * convolution, and four results come of the six sums.  Half the products; the products' rounding
 * errors grow about threefold.
 */
#ifndef BACKEND_CPU_BF16_CONV_H
#define BACKEND_CPU_BF16_CONV_H

#include "backend/backend.h"
#include "backend/cpu/x86/bf16_unit.h"

/* Output positions that see the same taps: rows y0, y0 + out_step, ..., columns likewise. */
typedef struct bf16_class {
    int64_t y0, x0, rows, cols;
    int first, count; /* its products */
} bf16_class;

enum { BF16_MAX_KERNEL = 7, BF16_MAX_STRIDE = 2 };

typedef struct bf16_conv {
    const bf16_unit *unit;
    bool forward;
    shape in, out;                /* what is read and written */
    int64_t images;
    int64_t in_step, out_step;
    int64_t pad_top, pad_left;    /* border of zeros around the image read, in pixels */
    int64_t padded_rows, pitch;   /* of the bordered image, in pixels */
    int64_t pixel;                /* numbers per pixel there: channels, made even */
    /* Narrow images fill a tile with `lanes` bands of rows side by side: the copy holds the
     * bands' pixels in turn, so that a tile's positions still are one stride apart. */
    int64_t lanes;
    int64_t band, band_rows;      /* rows of positions, and of the bordered image, per band */
    int64_t row_bytes, image_bytes;
    /* Winograd: a position is four pixels of the result, planes are WINOGRAD_PLANES, and a
     * position's numbers and weights of one plane lie apart from the next plane's by these
     * bytes.  Otherwise there is one plane. */
    bool winograd;
    int64_t planes, plane_bytes, plane_weights;
    int64_t group_bytes;          /* weights of sixteen output channels */
    int64_t groups;
    bf16_class classes[BF16_MAX_STRIDE * BF16_MAX_STRIDE];
    int class_count;
    bf16_product *products;
    int product_count;
} bf16_conv;

/* Where a result goes. */
typedef struct bf16_output {
    uint16_t *values;  /* bf16 [images, h, w, c] */
    const float *bias; /* [16 * groups], or NULL */
    bool accumulate;   /* onto what is there */
    /* Forward: the result (sum + values) is rectified, and mask, if any, is written: bits of
     * result > 0.  To data: the sum is multiplied by the derivative that mask tells. */
    bool lrelu;
    float slope;
    uint16_t *mask;
} bf16_output;

/* Can the step run here?  Square convolutions up to 7x7 with stride 1 or 2, forward and to
 * data, bf16 in NHWC on both sides, where the processor has a unit for them. */
bool bf16_supports(const step *s);

/* Products and sizes for a step that bf16_supports; free with bf16_conv_clear. */
jem_status bf16_conv_init(bf16_conv *c, const step *s);
void bf16_conv_clear(bf16_conv *c); /* a zeroed one is fine */

/* Bytes of one image's bordered (or transformed) copy. */
int64_t bf16_image_bytes(const bf16_conv *c);
int64_t bf16_weight_bytes(const bf16_conv *c); /* of the packed weights */

/* weights: of the flat vector, [out, in, k, k]; packed: bf16_weight_bytes, 64-aligned. */
void bf16_pack_weights(const bf16_conv *c, const step *s, const float *weights, void *packed);

/* values: bf16 [images, h, w, c] of c->in; scratch: bf16_image_bytes, 64-aligned. */
void bf16_run(const bf16_conv *c, const uint16_t *values, const void *packed, void *scratch,
              const bf16_output *out);

#endif
