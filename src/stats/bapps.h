/* Perceptual similarity against human judgements: the two scores of BAPPS (Zhang,
 * Isola, Efros, Shechtman & Wang, CVPR 2018) and average precision.
 *
 * Distances are compared as they are, with no tolerance: round them to the precision
 * they were produced in (float) before they come here. */
#ifndef STATS_BAPPS_H
#define STATS_BAPPS_H

#include <stdint.h>

#include "jem/status.h"

/* Two-alternative forced choice: score [n] per triplet.  d0, d1 [n] are the model's
 * distances of p0 and p1 from the reference, judge [n] the share of people who
 * found p1 closer:
 *   1 - judge where d0 < d1, judge where d1 < d0, 1/2 where they are equal.
 * The score of a subset is the mean.  JEM_EDATA for n < 1, a distance that is not
 * finite, a judge outside [0,1]. */
jem_status stats_two_afc(double *score, const double *d0, const double *d1, const double *judge,
                         int64_t n);

/* What people score themselves: judge^2 + (1-judge)^2 per triplet, the chance that two
 * people agree.  JEM_EDATA as above. */
jem_status stats_two_afc_human(double *score, const double *judge, int64_t n);
/* What a model scores that always sides with the majority: max(judge, 1-judge). */
jem_status stats_two_afc_oracle(double *score, const double *judge, int64_t n);

/* Just noticeable differences: area under precision over recall when pairs are called
 * "same" in order of distance; same [n] in [0,1] is the share of people who did.
 * Precision is replaced by its upper envelope from the right (the area method of
 * PASCAL VOC 2010, not the 11-point one).  Equal distances stay in file order;
 * *ties (may be NULL) counts the pairs whose distance equals that of the pair before
 * them.  JEM_EDATA for n < 1, a distance that is not finite, same outside [0,1],
 * nobody ever answering "same" (recall is then undefined). */
jem_status stats_jnd_map(double *out, int64_t *ties, const double *distance, const double *same,
                         int64_t n);

/* order [n] <- pairs in ascending order of distance.  JEM_EDATA for one that is not finite. */
jem_status stats_jnd_order(int64_t *order, const double *distance, int64_t n);
/* stats_jnd_map of a resample: pair i taken times[i] times (times NULL: once each), its copies one
 * after another.  NaN where no one answered "same" in it. */
double stats_jnd_resampled(const int64_t *order, const double *same, const int64_t *times,
                           int64_t n);

/* Average precision sum (R_k - R_{k-1}) P_k over distinct scores, highest first, tied
 * rows entering together and no envelope (scikit-learn's average_precision_score).
 * positive [n] is 0 or 1.  JEM_EDATA for NaN or without a positive row. */
jem_status stats_average_precision(double *out, const double *score, const uint8_t *positive,
                                   int64_t n);

#endif
