/* Convolutions on the matrix unit (AMX) of recent Xeons, forward and to data.
 *
 * The unit multiplies 16 x 32 by 32 x 16 bf16 tiles into 16 x 16 float32 sums.  A tile of
 * the left operand is sixteen positions of an image whose 32 numbers lie one after the
 * other; in NHWC the taps of one kernel row do, so tiles are read straight from a copy of
 * the image with a border of zeros, and no matrix of patches is ever formed:
 *
 *     sum[position, channel] = sum over products (a, b) of
 *                              tile at corner(position) + a  times  weights at b
 *
 * A convolution is a list of such products per class of output positions.  Forward has
 * one class; to data with stride s, the s^2 residues each see other taps.  Products are of
 * bf16 numbers, sums in float32.
 */
#ifndef BACKEND_CPU_AMX_CONV_H
#define BACKEND_CPU_AMX_CONV_H

#include "backend/backend.h"

/* One product: bytes from a position's corner in the bordered image, and from the weights
 * of a group of sixteen output channels. */
typedef struct amx_product {
    int32_t a, b;
} amx_product;

/* Output positions that see the same taps: rows y0, y0 + out_step, ..., columns likewise. */
typedef struct amx_class {
    int64_t y0, x0, rows, cols;
    int first, count; /* its products */
} amx_class;

enum { AMX_MAX_KERNEL = 7, AMX_MAX_STRIDE = 2 };

typedef struct amx_conv {
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
    int64_t group_bytes;          /* weights of sixteen output channels */
    int64_t groups;
    amx_class classes[AMX_MAX_STRIDE * AMX_MAX_STRIDE];
    int class_count;
    amx_product *products;
    int product_count;
} amx_conv;

/* Where a result goes. */
typedef struct amx_output {
    uint16_t *values;  /* bf16 [images, h, w, c] */
    const float *bias; /* [16 * groups], or NULL */
    bool accumulate;   /* onto what is there */
    /* Forward: the result (sum + values) is rectified, and mask, if any, is written: bits of
     * result > 0.  To data: the sum is multiplied by the derivative that mask tells. */
    bool lrelu;
    float slope;
    uint16_t *mask;
} amx_output;

/* Can this processor, and may this process, use the unit? */
bool amx_available(void);

/* Can the step run here?  Square convolutions up to 7x7 with stride 1 or 2, forward and to
 * data, bf16 in NHWC on both sides. */
bool amx_supports(const step *s);

/* Products and sizes for a step that amx_supports; free with amx_conv_clear. */
jem_status amx_conv_init(amx_conv *c, const step *s);
void amx_conv_clear(amx_conv *c);

/* Bytes of the bordered copy and of the packed weights. */
int64_t amx_image_bytes(const amx_conv *c);
int64_t amx_weight_bytes(const amx_conv *c);

/* weights: of the flat vector, [out, in, k, k]; packed: amx_weight_bytes, 64-aligned. */
void amx_pack_weights(const amx_conv *c, const step *s, const float *weights, void *packed);

/* values: bf16 [images, h, w, c] of c->in; scratch: amx_image_bytes, 64-aligned. */
void amx_run(const amx_conv *c, const uint16_t *values, const void *packed, void *scratch,
             const amx_output *out);

#endif
