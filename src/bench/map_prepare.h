/* Maps of importance, brought to the size at which ClickMe compares them (Fel et al.
 * 2022).  Arrays [height][width], double so that no tie is made or broken on the way. */
#ifndef BENCH_MAP_PREPARE_H
#define BENCH_MAP_PREPARE_H

#include <stdint.h>

#include "jem/status.h"

enum { CLICKME_SIDE_IN = 256, CLICKME_SIDE = 224 };

/* Bilinear resize with half-pixel centres and no antialiasing (TensorFlow 2): output i
 * reads the input at t = (i + 0.5) n_in / n_out - 0.5 between floor t and ceil t, held at
 * the borders; rows, then columns.  Sides of at least 1. */
jem_status map_resize(double *out, int64_t height, int64_t width, const double *in,
                      int64_t in_height, int64_t in_width);

/* ClickMe's blur: 10 x 10 taps of sigma 10 whose centre is tap (4, 5), so that the result
 * moves one pixel left; zeros beyond the borders darken them. */
jem_status map_blur_clickme(double *out, const double *in, int64_t height, int64_t width);

/* out [224][224] <- a heat map of 256 x 256 levels: resized to 64 x 64, blurred, resized
 * to 224 x 224. */
jem_status map_prepare_clickme(double *out, const uint8_t *heat);

#endif
