/* The weights of an antialiased resize along one axis, as Pillow has them (src/libImaging/Resample.c):
 * the kernel is stretched where the axis shrinks, and each output's weights sum to 1. */
#ifndef DATA_PICTURES_RESIZE_FILTER_H
#define DATA_PICTURES_RESIZE_FILTER_H

#include "data/pictures/image.h"

/* Output i is the sum of weight[i * taps + k] * input[first[i] + k], k < count[i]. */
typedef struct resize_filter {
    int64_t taps; /* most that an output has */
    int64_t *first, *count;
    double *weight; /* [outputs][taps] */
} resize_filter;

/* For n_in samples and n_out outputs, both above 0.  JEM_ENOMEM; a zeroed *f may be cleared then. */
jem_status resize_filter_init(resize_filter *f, int64_t n_in, int64_t n_out, image_kernel kernel);
void resize_filter_clear(resize_filter *f); /* a zeroed one is fine */

#endif
