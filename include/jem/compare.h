/* Differences between models on the images and people that they have in common: all others against the first.
 *
 *   const char *models[] = {"answers/resnet50", "STUDY@0.3", "runs/a"};
 *   jem_comparisons found = JEM_COMPARISONS_INIT;
 *   if (jem_compare(&found, models, 3, NULL) == JEM_OK)
 *       for (int64_t i = 0; i < found.count; i++)
 *           printf("%s of %s: %+g, p = %g\n", found.rows[i].measure, found.rows[i].model, found.rows[i].difference,
 *                  found.rows[i].p);
 *
 * The numbers are those of `jem compare`. */
#ifndef JEM_COMPARE_H
#define JEM_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A score of one model against the first one's.  Texts are owned by the list. */
typedef struct jem_comparison {
    const char *benchmark, *metric;
    const char *measure;                /* for people: "shape bias" */
    const char *model, *against;        /* names: "vgg16", "gloss@0.3" */
    double value, value_against;        /* means over the common images */
    double difference, low, high;       /* value - value_against, with its interval */
    double p, p_holm;                   /* of no difference; corrected over primary ones, else NaN */
    double df;                          /* of Student's t; NaN where nothing varies */
    double variance_training, variance_images, variance_people; /* whose sum is the square of its standard error */
    int64_t images, people;             /* in common; 0: not drawn */
    bool primary, lower_is_better;
    const char *verdict;                /* of the model: "better", "worse", "not shown" */
} jem_comparison;

/* What could not be compared. */
typedef struct jem_comparison_gap {
    const char *benchmark, *metric, *measure, *model;
    const char *reason; /* a phrase without a full stop */
} jem_comparison_gap;

typedef struct jem_comparisons {
    int64_t count;
    jem_comparison *rows; /* comparisons with people first */
    int64_t gaps;
    jem_comparison_gap *gap;
    double level;
    int64_t primaries; /* that are corrected over */
    void *owner;
} jem_comparisons;

#define JEM_COMPARISONS_INIT {0, NULL, 0, NULL, 0, 0, NULL}

/* NULL and 0 mean the defaults. */
typedef struct jem_compare_options {
    size_t size;        /* of this struct; JEM_COMPARE_INIT sets it */
    int64_t rounds;     /* of the bootstrap of images and people; 0: 10,000 */
    uint64_t seed;      /* of its draws */
    double level;       /* of intervals; 0: .95 */
    int64_t threads;    /* 0: all processors; changes no bit */
    const char *figure; /* a file .svg, .pdf or .png that is drawn, too, 183 mm wide */
} jem_compare_options;

#define JEM_COMPARE_INIT {sizeof(jem_compare_options), 0, 0, 0, 0, NULL}

/* *out: jem_comparisons_clear.  models [count], two or more: runs, a study's runs at an alpha ("STUDY@0.3"), folders
 * of recorded answers' scores.  o may be NULL.  JEM_EDATA for what is none of these, a study of several alphas without
 * @ALPHA, and where nothing can be compared, with the first reason. */
JEM_API jem_status jem_compare(jem_comparisons *out, const char *const *models, int64_t count,
                               const jem_compare_options *o);
JEM_API void jem_comparisons_clear(jem_comparisons *c); /* NULL and JEM_COMPARISONS_INIT are fine */

#ifdef __cplusplus
}
#endif
#endif
