/* A scale that many people and a model apply to the same images: how well the model
 * predicts people, and how well people predict each other (gloss ratings of Storrs,
 * Anderson & Fleming, Nature Human Behaviour 2021).
 *
 * rating [observers][images] is each observer's mean rating of each image. */
#ifndef STATS_RATINGS_H
#define STATS_RATINGS_H

#include <stdint.h>

#include "jem/status.h"
#include "stats/bootstrap.h"

/* mean [images] <- mean over the observers. */
void stats_rating_mean(double *mean, const double *rating, int64_t observers, int64_t images);

/* What people reach among themselves.  `rmse` values are on ratings scaled to 0..1. */
typedef struct stats_rating_ceiling {
    double leave_one_out; /* mean r of one observer with the mean of the others: lower bound */
    double with_own;      /* ... with the mean of all: upper bound */
    double pairwise, pairwise_min, pairwise_max; /* r over pairs of observers */
    double odd_even;       /* r of the mean of observers 0, 2, .. with that of 1, 3, .. */
    double spearman_brown; /* 2 r / (1 + r) of it */
    double leave_one_out_rmse, with_own_rmse;
} stats_rating_ceiling;

/* one_out [observers] (may be NULL) <- r of each observer with the mean of the others.
 * lowest and highest are the ends of the scale (1 and 6).  JEM_EDATA for fewer than
 * two observers, or an observer (named by number) who rates all images alike. */
jem_status stats_rating_noise(stats_rating_ceiling *out, double *one_out, const double *rating,
                              int64_t observers, int64_t images, double lowest, double highest);

typedef struct stats_rating_fit {
    double pearson, spearman; /* with the mean rating */
    double r2, rmse;          /* after scaling: model by its own minimum and maximum, ratings by
                                 the ends of the scale, both to 0..1 */
    double observer_pearson, observer_rmse; /* the same with each observer, then averaged */
} stats_rating_fit;

/* model [images]: larger means glossier, on any scale.  Average the predictions of
 * several instances of a model before, not the correlations after.  JEM_EDATA when the
 * predictions, or an observer's ratings, do not vary: a correlation is then undefined. */
jem_status stats_rating_compare(stats_rating_fit *out, const double *model, const double *rating,
                                int64_t observers, int64_t images, double lowest, double highest);

/* *out <- Pearson correlation of model with the mean rating in a bootstrap draw with factor
 * 0 = observers and factor 1 = images; NaN where nothing varies in it. */
jem_status stats_rating_resampled(double *out, const double *model, const double *rating,
                                  const stats_draw *draw, int64_t images);

/* *out <- stats_rating_compare in such a draw; all NaN where something does not vary. */
jem_status stats_rating_fit_resampled(stats_rating_fit *out, const double *model,
                                      const double *rating, const stats_draw *draw, int64_t images,
                                      double lowest, double highest);

#endif
