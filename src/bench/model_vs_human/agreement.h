/* Accuracy and consistency of a subject with people, and of people with each other, on
 * one set of model-vs-human, with bootstrap intervals. */
#ifndef BENCH_MODEL_VS_HUMAN_AGREEMENT_H
#define BENCH_MODEL_VS_HUMAN_AGREEMENT_H

#include "bench/bench.h"
#include "bench/mvh_sets.h"
#include "stats/consistency.h"

typedef enum mvh_who { MVH_SUBJECT, MVH_PEOPLE, MVH_WHO } mvh_who;
typedef enum mvh_metric {
    MVH_ACCURACY,
    MVH_ACCURACY_DIFFERENCE,
    MVH_OBSERVED,
    MVH_KAPPA,
    MVH_METRICS
} mvh_metric;
extern const char *const mvh_metric_names[MVH_METRICS]; /* "error_consistency" */

typedef struct mvh_values {
    double of[MVH_WHO][MVH_METRICS]; /* NaN: undefined, or there is no subject */
} mvh_values;

/* What numbers are given for: the set with its kept conditions, each condition, and all
 * conditions pooled as if they were one (scopes of a set without conditions: the set). */
typedef struct mvh_scope {
    const char *condition; /* NULL: the set; "all": pooled */
    int64_t images;
    mvh_values value;
    stats_interval interval[MVH_WHO][MVH_METRICS];
} mvh_scope;
enum { MVH_SCOPES_MAX = MVH_CONDITIONS_MAX + 2 };

typedef struct mvh_agreement {
    int64_t scopes;
    mvh_scope scope[MVH_SCOPES_MAX]; /* the set first */
} mvh_agreement;

/* right [images of p]: the subject's answers, 1 = right; NULL: there is none.
 * exclusions: leave out the conditions that mvh_kept() names.  People and images of each
 * condition are drawn; rounds [common.rounds] <- the set's values in each round, for means
 * over sets.  Sets with different `stream` have independent draws. */
jem_status mvh_agreement_compute(mvh_agreement *out, mvh_values *rounds, const mvh_people *p,
                                 const uint8_t *right, bool exclusions, int64_t stream,
                                 const bench_options *common, pool *threads);

/* interval <- percentiles over common->rounds rounds of one value; round r is rounds[r * stride],
 * so that several scopes may lie side by side.  {NaN, NaN} where none is defined. */
jem_status mvh_interval(stats_interval *interval, const mvh_values *rounds, int64_t stride,
                        mvh_who who, mvh_metric metric, const bench_options *common);

#endif
