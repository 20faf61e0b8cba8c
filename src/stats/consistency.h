/* Do two observers err on the same images?  Error consistency (Geirhos, Meding &
 * Wichmann, NeurIPS 2020) and its averages as in model-vs-human (Geirhos et al.,
 * NeurIPS 2021).
 *
 * An observer is a row of bytes, 1 = right, 0 = wrong (no answer is wrong); all rows
 * list the same images in the same order, condition after condition:
 * condition c holds images start[c] .. start[c+1]-1, start [conditions+1].  Leave out
 * the conditions that the benchmark excludes.  A set without conditions has one. */
#ifndef STATS_CONSISTENCY_H
#define STATS_CONSISTENCY_H

#include <stdint.h>

#include "jem/status.h"
#include "stats/bootstrap.h"

/* Two observers on one condition. */
typedef struct stats_consistency {
    int64_t n;
    double accuracy_a, accuracy_b;
    double observed; /* share of images on which both are right or both wrong */
    double expected; /* the same by chance: pa pb + (1-pa)(1-pb) */
    double kappa;    /* (observed - expected) / (1 - expected); 1 where observed is 1 */
} stats_consistency;

/* JEM_EDATA for n < 1.  kappa lies in [-1, 1]: 0 for what two independent observers of
 * these accuracies would share, also where one of them is always right or always
 * wrong; expected = 1 happens only with observed = 1, so nothing is divided by 0. */
jem_status stats_consistency_pair(stats_consistency *out, const uint8_t *a, const uint8_t *b,
                                  int64_t n);
/* From the table of counts: both right, only a, only b, neither. */
jem_status stats_consistency_counts(stats_consistency *out, int64_t both, int64_t only_a,
                                    int64_t only_b, int64_t neither);

/* A model's, or the people's own, agreement with the people of a set. */
typedef struct stats_agreement {
    double accuracy;            /* right trials / trials, all conditions pooled */
    double accuracy_difference; /* (pa - pb)^2          } mean over conditions for each  */
    double observed;            /* observed consistency } pair, then over people (model) */
    double kappa;               /* error consistency    } or unordered pairs (people)    */
} stats_agreement;

/* All that agreement is made of: on how many images of each condition two rows are both
 * right.  A pair of rows a <= b has its place in the order (0,0) (0,1) .. (1,1) ..; a row
 * paired with itself counts what it has right. */
typedef struct stats_joint {
    int64_t rows, conditions;
    const int64_t *images; /* [conditions] */
    const int64_t *both;   /* [conditions][stats_joint_pairs(rows)] */
} stats_joint;
int64_t stats_joint_pairs(int64_t rows); /* rows (rows + 1) / 2 */

/* Agreement of row `model` with the rows 0 .. people-1.  times [people], which sum to `people`: how
 * often each person was drawn; NULL: once each. */
stats_agreement stats_joint_model(const stats_joint *j, int64_t model, int64_t people,
                                  const double *times);
/* Agreement of those with one another.  Of a person drawn twice, the pair with themselves is
 * left out (it would count as perfect agreement); where no other pair remains, all but accuracy
 * are NaN. */
stats_agreement stats_joint_people(const stats_joint *j, int64_t people, const double *times);

/* both [pairs] <- counts over the images first .. first+n-1; row [rows] are rows of bytes. */
void stats_joint_count(int64_t *both, const uint8_t *const *row, int64_t rows, int64_t first,
                       int64_t n);

/* The same for many resamples of some images: a line of bytes per image says of every pair
 * whether both are right, so that a resample is the sum of its lines. */
typedef struct stats_joint_table {
    int64_t pairs, words; /* of eight bytes per line */
    uint64_t *lines;      /* [images][words] */
} stats_joint_table;
/* row [rows][images]; lines are owned.  It takes a byte per image and pair: JEM_ENOMEM. */
jem_status stats_joint_table_init(stats_joint_table *t, const uint8_t *const *row, int64_t rows,
                                  int64_t images);
void stats_joint_table_clear(stats_joint_table *t); /* a zeroed one is fine */
/* both [pairs] <- counts over the images first + index[0 .. n-1]. */
void stats_joint_resample(int64_t *both, const stats_joint_table *t, int64_t first,
                          const int64_t *index, int64_t n);

/* ---- all of it in one call, for one model and one draw */

/* People who saw the same images. */
typedef struct stats_observers {
    int64_t observers, conditions;
    const int64_t *start; /* [conditions+1], ascending from 0 */
    const uint8_t *right; /* [observers][start[conditions]] */
} stats_observers;

/* draw NULL: the data.  Else a bootstrap draw with factor 0 = observers and factor
 * 1 + c = the images of condition c.  JEM_EDATA for an empty condition or no observer. */
jem_status stats_agreement_model(stats_agreement *out, const uint8_t *model,
                                 const stats_observers *people, const stats_draw *draw);
/* The same of people with one another.  JEM_EDATA, too, without a draw for fewer than two. */
jem_status stats_agreement_people(stats_agreement *out, const stats_observers *people,
                                  const stats_draw *draw);

/* Sizes of those factors: sizes [1 + conditions]. */
void stats_agreement_factors(int64_t *sizes, const stats_observers *people);

/* Unweighted mean over data sets. */
jem_status stats_agreement_mean(stats_agreement *out, const stats_agreement *sets, int64_t n);

#endif
