/* How the scores of several networks vary together when images are drawn anew, and people where
 * they are part of the score: jointly for all networks, so that what they share shows. */
#ifndef MEASURE_COVARIANCE_H
#define MEASURE_COVARIANCE_H

#include "measure/trials.h"

/* What is looked at in a draw: numbers [count] made of the scores of all columns. */
typedef struct trial_numbers {
    int64_t count;
    int scores; /* of a column */
    /* value: as trial_draws says, of this draw */
    jem_status (*make)(double *number, const void *ctx, const double *value, const stats_draw *draw);
    const void *ctx;
} trial_numbers;

typedef struct trial_bootstrap {
    int64_t rounds;
    uint64_t seed;
    pool *threads;
} trial_bootstrap;

/* images, people [count][count] <- covariances of the numbers by the two sources, whose sum is
 * that of both.  With G_i, G_p, G_ip of draws of images alone, of people alone, and of both (which
 * have their interaction once, once and thrice):
 *
 *   images = G_i        people = b/(b-1) (G_p - (G_ip - G_i - G_p))
 *
 * so that the interaction counts once; b people.  people is 0 where none are drawn.  JEM_EDATA where
 * too few draws have all numbers. */
jem_status trial_covariance(double *images, double *people, const trial_draws *d, const trial_numbers *of,
                            const trial_bootstrap *by);

#endif
