/* The 17 image sets of model-vs-human (Geirhos et al., NeurIPS 2021). */
#ifndef RECORD_IMAGE_SETS_H
#define RECORD_IMAGE_SETS_H

#include <stdbool.h>
#include <stdint.h>

/* The twelve with conditions come first. */
enum { MVH_SETS = 17, MVH_PARAMETRIC = 12, MVH_CONDITIONS_MAX = 8 };

typedef struct mvh_set {
    const char *name;   /* of its folder: "colour" */
    const char *code;   /* second piece of its images' names: "cl" */
    int64_t people;     /* in the published trials */
    int64_t images;     /* seen by each of them */
    bool in_categories; /* pictures lie in CATEGORY/, else in dnn/session-N/ */
    const char *conditions[MVH_CONDITIONS_MAX + 1]; /* weakest distortion first; none: {NULL} */
    /* Not in the scores: the undistorted condition, and those where people are right on
     * less than a fifth of the images. */
    const char *excluded[MVH_CONDITIONS_MAX + 1];
} mvh_set;
extern const mvh_set mvh_sets[MVH_SETS];

const mvh_set *mvh_set_find(const char *name); /* NULL if there is none */
int64_t mvh_conditions(const mvh_set *set);    /* 0 for a set without */
bool mvh_kept(const mvh_set *set, int64_t condition); /* is it in the scores: not `excluded`? */
/* Place of a condition, however it is written; -1 if the set has no such one, 0 for every
 * text in a set without conditions. */
int64_t mvh_condition_find(const mvh_set *set, const char *text);

#endif
