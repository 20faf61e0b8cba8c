/* RUN/checkpoint.safetensors: all a training needs to go on with the same bits.
 *
 *   <parameter>             weights, as in a weights file
 *   adam.m.<p>, adam.v.<p>  moments of the trained parameters
 *   ema.<parameter>         averaged weights, if train.ema is set
 *   replay_buffer [N,C,H,W], replay_buffer.age [N]      if alpha > 0
 *   train.window [13]       sums of the unfinished row of metrics.csv
 *   metadata                jem.iteration, jem.best.{epoch,iteration,score}
 *
 * Random numbers need no state: they follow from seed and iteration. */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H

#include "train/metrics.h"
#include "train/run_info.h"
#include "train/trainer.h"

/* Written atomically: on failure the previous checkpoint is intact. */
jem_status checkpoint_save(const trainer *t, const metrics_window *w, const best_epoch *best,
                           const char *path);
/* Into a trainer of the same settings.  JEM_EDATA if the file does not fit. */
jem_status checkpoint_load(trainer *t, metrics_window *w, best_epoch *best, const char *path);

#endif
