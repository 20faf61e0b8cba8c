/* Langevin steps on a picture, and what the model thinks on the way.  The step size is the training's,
 * held constant: the number of steps varies (the study's section 4.4).  A model on latents moves the
 * picture's latent. */
#ifndef STUDY_REFINE_PICTURE_H
#define STUDY_REFINE_PICTURE_H

#include "bench/subject_view.h"
#include "run/run.h"

typedef struct refine_request {
    const char *picture;     /* path of a PNG or JPEG */
    const int64_t *steps;    /* [stops] numbers of steps after which is looked, ascending */
    int64_t stops;
    int64_t chosen_class;    /* whose logit is climbed; -1: log-sum-exp is */
    int64_t seed;
} refine_request;

/* Owned; chains of all stops have the same noise. */
typedef struct refinement {
    float *x;   /* [stops][input of the view] where they are */
    float *lse; /* [stops] minus their energies */
    double *p;  /* [stops][classes] probabilities */
} refinement;
#define REFINEMENT_INIT {NULL, NULL, NULL}
void refinement_clear(refinement *f); /* REFINEMENT_INIT is fine */

/* v: how pictures reach the run's model. */
jem_status refine_picture(refinement *out, const refine_request *q, const run *r, const view *v);

#endif
