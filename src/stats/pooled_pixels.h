/* Images as a handful of colours: the weight-free features behind FD-pix. */
#ifndef STATS_POOLED_PIXELS_H
#define STATS_POOLED_PIXELS_H

#include <stdint.h>

/* Number of features of a [c][h][w] image: c times 8x8 cells, or fewer where a side
 * has fewer than 8 pixels. */
int64_t stats_pooled_pixels_dim(int64_t c, int64_t h, int64_t w);

/* f [dim] <- means of x [c][h][w] over the cells of that grid, channel by channel. */
void stats_pooled_pixels(double *f, const float *x, int64_t c, int64_t h, int64_t w);

#endif
