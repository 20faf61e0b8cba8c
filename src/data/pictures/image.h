/* 8-bit pictures in PNG and JPEG files, and resizing. */
#ifndef DATA_PICTURES_IMAGE_H
#define DATA_PICTURES_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/pictures/image_kernel.h"
#include "jem/status.h"

typedef struct image {
    int64_t height, width, channels; /* channels 1, 3 or 4 */
    uint8_t *pixels;                 /* [height][width][channels], owned */
} image;
#define IMAGE_INIT {0, 0, 0, NULL}

/* A black picture in place of whatever *m was, which is not freed.  JEM_ENOMEM */
jem_status image_init(image *m, int64_t height, int64_t width, int64_t channels);
void image_clear(image *m); /* IMAGE_INIT is fine */

/* Decodes a PNG or JPEG (told apart by content) to RGB: grey is repeated,
 * alpha dropped, 16 bits cut to 8.  At most 16384 pixels a side,
 * and 56 MiB with three times the file for what decoding takes.  JEM_EDATA. */
jem_status image_read(image *out, const char *path);
/* The same from memory; `name` opens messages. */
jem_status image_decode(image *out, const void *bytes, size_t size, const char *name);
/* An 8-bit PNG file in memory: *bytes [*size], owned (mem_free). */
jem_status image_encode_png(char **bytes, size_t *size, const image *m);
/* The same on disk, written atomically. */
jem_status image_write_png(const image *m, const char *path);

/* *out <- one channel of brightness, of a picture of three: Pillow's convert("L"), which leaves grey
 * pictures as they are.  *coloured is set if this one was none. */
jem_status image_to_grey(image *out, const image *m, bool *coloured);

/* Antialiased bilinear, bit-exact with Pillow on 8-bit pictures. */
jem_status image_resize(image *out, const image *src, int64_t height, int64_t width);
/* Shorter side to `size`, longer in proportion, then the central square:
 * torchvision's Resize and CenterCrop. */
jem_status image_resize_square(image *out, const image *src, int64_t size);

/* A photograph as ImageNet's classifiers are shown it: shorter side to size * 256 / 224, longer in proportion,
 * then the central square of `size`.  Bilinear, as image_resize. */
jem_status image_photograph(image *out, const image *src, int64_t size);

/* image_resize with a kernel of choice, antialiased and bit-exact with Pillow as well.  JEM_EDATA
 * for a side of 0 or above IMAGE_SIDE_MAX (codec.h). */
jem_status image_resize_by(image *out, const image *src, int64_t height, int64_t width,
                           image_kernel kernel);
/* image_resize_square with a kernel of choice. */
jem_status image_resize_square_by(image *out, const image *src, int64_t size, image_kernel kernel);

/* planar [c][height][width] <- the picture's levels, from 0 to 255 and not rounded: each channel resized
 * as Pillow resizes pictures of mode F, bit for bit, then clipped (Parmar et al. 2022).  Fails as
 * image_resize_by. */
jem_status image_resize_floats(float *planar, const image *src, int64_t height, int64_t width,
                               image_kernel kernel);

/* planar [c][h][w] 8 bit <- picture, and back from floats in [-1,1] (rounded,
 * clamped). */
void image_to_planar(uint8_t *planar, const image *m);
void image_from_planar(image *m, const uint8_t *planar); /* m has its size already */
void image_from_floats(image *m, const float *planar); /* m has its size already */

/* Lays out n pictures [n][c][h][w] floats in [-1,1] (c = 1 or 3) as a grid with
 * `columns` columns, each magnified `zoom` times, 2-pixel gaps. */
jem_status image_grid(image *out, const float *x, int64_t n, int64_t c, int64_t h, int64_t w,
                      int64_t columns, int64_t zoom);

#endif
