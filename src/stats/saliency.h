/* Does a network look where people look?  Rank correlation of saliency maps with
 * ClickMe maps (Linsley et al. 2019; Fel et al., NeurIPS 2022).  A map is `pixels`
 * values in any fixed order, already prepared and of one size. */
#ifndef STATS_SALIENCY_H
#define STATS_SALIENCY_H

#include <stdint.h>

#include "base/pool.h"
#include "jem/status.h"

/* How well people predict each other, by which scores are divided (Fel et al. 2022). */
#define STATS_CLICKME_CEILING 0.65753
#define STATS_CLICKME_CEILING_TEXT "0.65753"

/* rho [n] <- Spearman correlation, with average ranks for ties, of each human map and
 * model map, [n][pixels] both; NaN where either map is constant.  People's maps are double: a float
 * copy of a prepared one makes ties and breaks others.  JEM_EDATA with the
 * image for a value that is not finite, or fewer than 2 pixels.  threads may be NULL. */
jem_status stats_saliency_spearman(double *rho, const double *human, const float *model, int64_t n,
                                   int64_t pixels, pool *threads);

typedef struct stats_alignment {
    double mean;      /* of the defined correlations */
    double alignment; /* mean / ceiling: not clipped, may be negative or above 1 */
    int64_t images, undefined;
} stats_alignment;

/* JEM_EDATA for no image, or when more than 1 % of them are undefined. */
jem_status stats_saliency_alignment(stats_alignment *out, const double *rho, int64_t n,
                                    double ceiling);

/* Overlap of the strongest tenth: pixels strictly above each map's 90th percentile
 * (linear interpolation).  iou = both / (either + 1e-9), dice = 2 both / (a + b + 1e-9):
 * 0 for a map too flat to have such pixels.  JEM_EDATA for values that are not finite. */
jem_status stats_saliency_overlap(double *iou, double *dice, const double *human,
                                  const float *model, int64_t pixels);

#endif
