/* Trials about rendered scenes: a row per question and test scene, from which the score follows. */
#ifndef BENCH_SCENE_TRIALS_H
#define BENCH_SCENE_TRIALS_H

#include "record/record.h"

enum { SCENE_NAME_MAX = 64 };

/* Who answered about which scenes. */
typedef struct scene_rows {
    const char *who;
    int64_t n;                                                     /* test scenes */
    void (*name)(char name[SCENE_NAME_MAX], const void *ctx, int64_t i); /* of scene i's picture */
    const void *ctx;
} scene_rows;

/* Appends rows of a question whose answers are classes: [n] each. */
jem_status scene_trials_labels(trial_list *list, const scene_rows *r, const char *question, const int32_t *answer,
                               const int32_t *truth);
/* Of "relief", whose answers are numbers. */
jem_status scene_trials_heights(trial_list *list, const scene_rows *r, const double *yhat, const double *y);

#endif
