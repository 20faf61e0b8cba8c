/* The networks that one line of the table of sweet spots is about: their scores and trials. */
#ifndef SWEETSPOT_SPOT_RUNS_H
#define SWEETSPOT_SPOT_RUNS_H

#include "measure/covariance.h"
#include "record/study.h"
#include "sweetspot/spot_only.h"

typedef struct spot_network {
    const study_run *run; /* borrowed */
    const char *model;    /* of its score; borrowed */
    int64_t at;           /* place of its alpha */
    double value[SPOT_SCORES_MAX];
} spot_network;

typedef struct spot_runs {
    const measures *of;
    const measure_spot *line;
    int64_t alphas;
    double *alpha;         /* [alphas] ascending */
    int64_t *networks;     /* [alphas] */
    int64_t count;         /* of all networks */
    spot_network *network; /* [count] alpha after alpha, in each by seed */
    double human[SPOT_SCORES_MAX];    /* the reference of each score: what people reach by the rows about
                                         them among the scores, or where there are none as printed */
    bool from_files[SPOT_SCORES_MAX]; /* the former */
    double beyond[2];      /* smallest and largest alpha of runs below and above the ends that lack the score; NaN: none */
    int64_t with_trials;   /* networks whose trials can be drawn again beside the others' */
    trial_draws draws;     /* a column per network; 0 columns unless every one has trials: what is
                              shared is known of all or of none */
} spot_runs;

/* Is the run one of those that are looked at? */
bool spot_is_taken(const study_run *r, const spot_only *only);

/* Those taken runs of the study whose scores are finite; without alpha = 1 where a score needs a trained head.  Trials
 * that do not fit the score become a warning of the study, and so do runs that are left out because their score
 * is no number or of other data. */
jem_status spot_runs_find(spot_runs *out, const measures *of, const measure_spot *line,
                          const spot_only *only, study *s);
void spot_runs_clear(spot_runs *r); /* a zeroed one is fine */

/* How scores are turned so that larger is better: y = offset[i] + weight[i] . value at alpha i. */
typedef struct spot_scale {
    double *offset;                     /* [alphas] */
    double (*weight)[SPOT_SCORES_MAX];  /* [alphas] */
    double reference;                   /* of y, where nearest is best; NaN: largest is */
} spot_scale;

/* y of a network at alpha i with these values [line->count]. */
double spot_scaled(const spot_scale *scale, const spot_runs *r, int64_t i, const double *value);

/* covariance [count][count] <- G of alpha_noise.h: of all networks' y when images are drawn anew,
 * and people where they are part of the score (measure/covariance.h).  Where nearest is best and people's
 * value is from the same files, it is drawn with them: G is of y less the draw's. */
jem_status spot_covariance(double *covariance, const spot_runs *r, const spot_scale *scale,
                           const trial_bootstrap *by);

/* *margin <- the advantage over the nearer end of the alpha that is best in other networks and in one
 * half of the images, in the networks left out and the other half: not flattered by the choice.
 * Without trials in other networks alone; NaN where there is nothing to leave out. */
jem_status spot_margin_cv(double *margin, const spot_runs *r, const spot_scale *scale,
                          const trial_bootstrap *by);

#endif
