/* Decisions on the cue-conflict images in numbers, with bootstrap intervals. */
#ifndef BENCH_CUE_CONFLICT_SCORES_H
#define BENCH_CUE_CONFLICT_SCORES_H

#include "bench/bench.h"
#include "record/image_name.h"
#include "stats/bootstrap.h"
#include "stats/shape_bias.h"

typedef enum cue_value {
    CUE_BIAS,             /* shape / (shape + texture) of all trials */
    CUE_CATEGORY_MEAN,    /* mean of the biases of the shape categories that have one */
    CUE_OBSERVER_MEAN,    /* mean of the observers' biases */
    CUE_ACCURACY,         /* share of all images answered with their shape */
    CUE_SHAPE_OR_TEXTURE, /* share of conflict images answered with either */
    CUE_BY_CATEGORY,      /* bias of each shape category, trials pooled */
    CUE_BY_TEXTURE = CUE_BY_CATEGORY + CATEGORY_COUNT, /* of each texture category, likewise */
    CUE_OBSERVERS_BY_CATEGORY = CUE_BY_TEXTURE + CATEGORY_COUNT, /* mean of observers' */
    CUE_VALUES = CUE_OBSERVERS_BY_CATEGORY + CATEGORY_COUNT
} cue_value;

/* Observers who saw the same images. */
typedef struct cue_answers {
    int64_t observers, images;
    const int32_t *shape, *texture; /* [images] */
    const int32_t *answer;          /* [observers][images]; -1: none */
} cue_answers;

typedef struct cue_counts {
    stats_shape_counts total, by_shape[CATEGORY_COUNT], by_texture[CATEGORY_COUNT];
} cue_counts;

typedef struct cue_scores {
    cue_counts counts;        /* of all observers */
    double value[CUE_VALUES]; /* NaN where undefined */
    stats_interval interval[CUE_VALUES]; /* {NaN, NaN}: none */
} cue_scores;

/* Intervals from draws of observers and images; common NULL: none.  JEM_EDATA for a
 * category that does not exist. */
jem_status cue_scores_compute(cue_scores *out, const cue_answers *a, const bench_options *common,
                              pool *threads);

#endif
