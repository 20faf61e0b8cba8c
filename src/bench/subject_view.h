/* How pictures become what a trained network takes, and how what it says about its input
 * is said about pixels: on pixels themselves, or through an autoencoder. */
#ifndef BENCH_SUBJECT_VIEW_H
#define BENCH_SUBJECT_VIEW_H

#include "bench/subject.h"

/* What happened to pictures since a view was made; scores say it. */
typedef struct view_changes {
    bool resized;
    bool grey; /* colours were lost: the network looks at one channel */
} view_changes;

typedef struct view_ops {
    /* x [n, input of the network] <- pictures. */
    jem_status (*load)(void *ctx, float *x, const stimulus *s, int64_t n);
    /* map [height][width of the view] <- importance of pixels, from the gradient at x. */
    jem_status (*importance)(void *ctx, double *map, const float *x, const float *grad,
                             const saliency_request *how);
    /* *out <- the picture that x [input of the network] stands for. */
    jem_status (*show)(void *ctx, image *out, const float *x);
    void (*describe)(const void *ctx, char *text, size_t size); /* "" or what scores must say */
    void (*free)(void *ctx);
} view_ops;

typedef struct view {
    int64_t height, width; /* of the pictures that the network looks at */
    shape input;           /* of the network */
    const view_ops *ops;
    void *ctx;             /* owned: ops->free */
} view;

/* Pictures in network units. */
jem_status view_of_pixels(view *out, const model *m);
/* Latents of pictures of side x side (0: as the run was trained on). */
jem_status view_of_latents(view *out, const latent_space *s, int64_t side);
void view_clear(view *v); /* a zeroed one is fine */

/* *out <- a copy of the stimulus' picture in this size: shorter side, then centre crop, with the margin of
 * image_photograph for networks of photographs; grey where size.c is 1.  JEM_EDATA names the stimulus. */
jem_status view_picture(image *out, view_changes *done, const stimulus *s, shape size, bool photograph);

/* map [pixels] <- of grad [channels][pixels]: the largest |value| of a pixel, or their mean. */
void view_reduce(double *map, const float *grad, int64_t channels, int64_t pixels, bool mean);

#endif
