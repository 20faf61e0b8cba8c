/* Perceptual distance over the feature maps of a network (LPIPS; Zhang et al. 2018, eq. 1): without
 * learned weights, or calibrated by those of its authors. */
#ifndef STATS_LPIPS_H
#define STATS_LPIPS_H

#include <stdint.h>

/* One layer's maps of two images: a, b [channels][pixels], pixels = height x width
 * (channel c of pixel p is at c * pixels + p). */
typedef struct lpips_layer {
    const float *a, *b;
    int64_t channels, pixels;
    const float *weights; /* [channels] of squared differences; NULL: 1 each */
} lpips_layer;

/* d = sum over layers of the mean over pixels of the weighted sum over channels of the squares of
 * a/(|a|+1e-10) - b/(|b|+1e-10), where |.| is the length of a pixel's channels.  Summed in double and rounded to float once:
 * distances are compared in the precision they are given in.  0 for equal maps; NaN if
 * a feature is not finite. */
float lpips_distance(const lpips_layer *layers, int64_t count);

#endif
