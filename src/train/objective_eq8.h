/* Eq. 8 (energy/eq8.h) as an objective, and what it is at alpha = 0, the plain classifier: the same
 * step without chains.  What its parts share, and what tests look at. */
#ifndef TRAIN_OBJECTIVE_EQ8_H
#define TRAIN_OBJECTIVE_EQ8_H

#include <string.h>

#include "train/chains.h"
#include "train/eq8_batch.h"
#include "train/trainer.h"

extern const objective objective_eq8, objective_classifier;

/* NaN where a part is not active. */
typedef struct eq8_report {
    eq8_result loss;
    double lse_gap;          /* LSE(x+) - LSE(x-): in rows of the log */
    sgld_report chain;
    double diffusion;        /* how far noise alone would have moved the chains */
    double lse_min, lse_max; /* over x+ and x- and the labelled images */
    double buffer_age;       /* in rows: mean number of chains since an entry's fresh start */
    double buffer_diversity; /* in rows: standard deviation over entries, per element, against that
                                of fresh starts */
} eq8_report;

/* The objective's part of a report, out of it and into it. */
static inline eq8_report eq8_report_of(const objective_report *r)
{
    eq8_report e;
    memcpy(&e, r->values, sizeof e);
    return e;
}

static inline void eq8_report_put(objective_report *r, const eq8_report *e)
{
    memcpy(r->values, e, sizeof *e);
}

typedef struct eq8_state {
    eq8_batch batch;
    chains chains; /* empty at alpha = 0 */
} eq8_state;

/* The state of a trainer whose objective is one of the two. */
static inline eq8_state *eq8_state_of(const trainer *t)
{
    return t->own;
}

/* The stream of the step's dropout masks. */
static inline rng_stream eq8_dropout_of(const trainer *t)
{
    return (rng_stream){(uint64_t)t->cfg->seed, RNG_DROPOUT, (uint32_t)t->iteration, 0};
}

/* JEM_EDIVERGED, saying what of the step is not finite. */
jem_status eq8_refuse(const trainer *t, const objective_report *r);

extern const health_rule eq8_rules[];          /* eq8_health.c */
extern const objective_device eq8_on_device;   /* resident_eq8.c */

#endif
