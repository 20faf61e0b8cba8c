/* The memory of persistent chains: N images in float32.
 *
 * A training step draws the starts of its chains from here (some begin afresh)
 * and stores where the chains ended.  With classes > 0 the buffer is cut into one
 * slice of N/classes entries per class.  Source: Grathwohl et al. 2020, JEM code. */
#ifndef SAMPLE_REPLAY_BUFFER_H
#define SAMPLE_REPLAY_BUFFER_H

#include "backend/backend.h"
#include "sample/sgld.h"
#include "tensor/safetensors.h"

/* Where Langevin chains begin: the distribution of fresh starts and of the buffer's first contents.
 * A bank of given images or encodings can stand here as well as noise. */
typedef struct chain_start {
    /* x [n][size] <- the starts of chains first .. first + n - 1 of stream s, all of class y;
     * -1: of whatever class the stream says.  The same for any n. */
    void (*fill)(const void *ctx, float *x, int64_t n, int64_t size, int32_t y,
                 const rng_stream *s, uint32_t first);
    const void *ctx; /* borrowed */
    int64_t classes; /* a new replay buffer holds as many of each; 0: starts know no classes */
} chain_start;

/* Uniform on [-1, 1], every element independent (JEM code). */
extern const chain_start chain_start_uniform;

typedef struct replay_buffer {
    int64_t size;       /* N */
    shape image;
    int64_t classes;    /* slices; 0: one pool */
    double reinit_prob;
    chain_start start;
    uint64_t seed;
    float *images;      /* [size][c][h][w] */
    int32_t *age;       /* [size]: chains since the entry's fresh start */
    double start_deviation; /* of fresh starts, as replay_buffer_diversity measures it */
} replay_buffer;
#define REPLAY_BUFFER_INIT {0, {0, 0, 0}, 0, 0, {NULL, NULL, 0}, 0, NULL, NULL, 0}

/* Allocates and fills the buffer with starts, by class where starts know classes.
 * JEM_EUSAGE if then, or for a class-conditional sampler, the size is no multiple of
 * `classes`. */
jem_status replay_buffer_init(replay_buffer *r, const sampler_options *o, shape image,
                              int64_t classes, const chain_start *start, uint64_t seed);
/* The same for a buffer that is going to be restored, or refilled, before anything else: it
 * draws only the starts that start_deviation is measured on. */
jem_status replay_buffer_init_unfilled(replay_buffer *r, const sampler_options *o, shape image,
                                       int64_t classes, const chain_start *start, uint64_t seed);
void replay_buffer_clear(replay_buffer *r); /* REPLAY_BUFFER_INIT is fine */

/* Fills the buffer with the starts of `seed` again, as if it were new. */
void replay_buffer_refill(replay_buffer *r, uint64_t seed);

/* Starts of n chains for `iteration`: index [n], with replacement; x [n][c][h][w];
 * fresh [n] says which began anew.  y [n] picks the slices of a class-conditional
 * buffer and is NULL otherwise.  A pure function of (seed, iteration, contents). */
void replay_buffer_draw(const replay_buffer *r, int64_t iteration, const int32_t *y, int64_t n,
                        int64_t *index, float *x, bool *fresh);

/* Stores the chains' ends in order: where an index occurs twice the last one stays. */
void replay_buffer_store(replay_buffer *r, const int64_t *index, const float *x,
                         const bool *fresh, int64_t n);

/* Mean number of chains since an entry's fresh start; NaN for an empty buffer. */
double replay_buffer_mean_age(const replay_buffer *r);
/* How different the images are: standard deviation over entries, quadratic mean over
 * elements, against that of fresh starts.  Near 0 all are alike.  From 256 entries at
 * fixed places; NaN for fewer than two. */
double replay_buffer_diversity(const replay_buffer *r);

/* Tensors "replay_buffer" [N,C,H,W] and "replay_buffer.age" [N]; the buffer must live
 * until the writer has saved. */
jem_status replay_buffer_save(const replay_buffer *r, safetensors_writer *w);
/* Into a buffer of the same size; JEM_EDATA if the file's does not fit. */
jem_status replay_buffer_restore(replay_buffer *r, const safetensors *f);

#endif
