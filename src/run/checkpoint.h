/* One checkpoint: all that a training needs to go on with the same bits.
 *
 *   RUN/checkpoints/000001484.safetensors   the state after 1484 iterations
 *
 *   <parameter>             weights, as in a weights file
 *   adam.m.<p>, adam.v.<p>  moments of the trained parameters, or
 *   sgd.m.<p>               their momentum
 *   ema.<parameter>         averaged weights, if train.ema is set
 *   the objective's state   of chains: replay_buffer [N,C,H,W], replay_buffer.age [N], and
 *                           noise_bank [n,C,H,W] if sampler.start is encoded_noise
 *   train.window            of the unfinished row of metrics.csv (metrics.h)
 *   metadata                jem.checksum, jem.iteration, jem.alpha, jem.seed,
 *                           jem.best.{epoch,iteration,score,judge}, jem.due, jem.scheduled,
 *                           jem.data_hash, those of health.h and rescue.h, and whose it is
 *                           (run_identity.h)
 *
 * Random numbers need no state: they follow from seed and iteration. */
#ifndef RUN_CHECKPOINT_H
#define RUN_CHECKPOINT_H

#include "run/metrics.h"
#include "run/run_info.h"
#include "train/health.h"
#include "train/trainer.h"

enum { CHECKPOINT_JUDGE = 128 };

/* What a checkpoint holds beside the trainer. */
typedef struct checkpoint_state {
    metrics_window window;
    best_epoch best;
    char judge[CHECKPOINT_JUDGE]; /* what gave best its score (selection_judge); "": an older version did not say */
    health_state health;
    bool due;           /* validation and log after the last iteration are still to be done */
    bool scheduled;     /* false: written because of a signal; never rolled back to */
    uint64_t data_hash; /* of the training images */
    const run_identity *identity; /* borrowed: what files carry and must carry; NULL: nothing */
} checkpoint_state;

/* Written atomically.  JEM_EDIVERGED if a value is not finite: then nothing is written. */
jem_status checkpoint_save(const trainer *t, const checkpoint_state *s, const char *path);
/* Into a trainer of the same settings.  JEM_EDATA if the file is damaged (its checksum
 * does not match or is missing) or does not fit, JEM_EUSAGE if it belongs to another run or
 * to other settings than s->identity says: trainer and state are then untouched. */
jem_status checkpoint_load(trainer *t, checkpoint_state *s, const char *path);

/* The same in parts, for the background writer.  Pointers lead into the trainer. */
typedef struct checkpoint_view {
    const graph *graph;
    int64_t n;                     /* parameters */
    float *params;                 /* [n] */
    float *m, *v;                  /* [n] the optimiser's; v NULL: SGD */
    float *ema;                    /* [n]; NULL: none */
    const trainer *t;              /* whose objective adds its state */
    int64_t iteration, seed;
    double alpha;
    rescue_state rescue;
    checkpoint_state state;
} checkpoint_view;
/* Borrows from the trainer. */
checkpoint_view checkpoint_look(const trainer *t, const checkpoint_state *s);
/* JEM_EDIVERGED naming the part that holds a value that is not finite. */
jem_status checkpoint_check(const checkpoint_view *v);
/* Without the check. */
jem_status checkpoint_write(const checkpoint_view *v, const char *path);

#endif
