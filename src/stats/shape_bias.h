/* Shape or texture?  Decisions on cue-conflict images (Geirhos et al., ICLR 2019). */
#ifndef STATS_SHAPE_BIAS_H
#define STATS_SHAPE_BIAS_H

#include <stdint.h>

#include "jem/status.h"

typedef struct stats_shape_counts {
    int64_t conflicts; /* images whose shape and texture differ; others do not count */
    int64_t shape;     /* answered with the shape's category */
    int64_t texture;   /* answered with the texture's; conflicts - shape - texture: neither */
} stats_shape_counts;

/* *total (and by_shape, by_texture [categories], may be NULL) <- counts of n images.  shape,
 * texture [n] in 0 .. categories-1; answer [n] the same or -1 for none.  index (may be
 * NULL) makes it a resample: image i is index[i].  JEM_EDATA for a category that does
 * not exist. */
jem_status stats_shape_count(stats_shape_counts *total, stats_shape_counts *by_shape,
                             stats_shape_counts *by_texture, const int32_t *shape, const int32_t *texture,
                             const int32_t *answer, const int64_t *index, int64_t n,
                             int64_t categories);

/* shape / (shape + texture).  JEM_EDATA with the counts where both are 0. */
jem_status stats_shape_bias(double *out, const stats_shape_counts *counts);

/* Plain mean of the bias over the categories in which it is defined; *defined (may be
 * NULL) is their number.  JEM_EDATA where that is 0. */
jem_status stats_shape_bias_mean(double *out, int64_t *defined, const stats_shape_counts *by_shape,
                                 int64_t categories);

#endif
