/* Learning rate over the iterations of a training. */
#ifndef TRAIN_SCHEDULE_H
#define TRAIN_SCHEDULE_H

#include "train/config.h"

/* Rate of `iteration` (from 0) of `total`: lr * it/W while it <= W (so the first
 * iteration has rate 0, as in the JEM code), then constant, lr/2 (1 + cos(pi (it-W)/(total-W)))
 * or lr times a factor for each milestone m with it >= m total, or lr factor^(it-W). */
double schedule_lr(const train_options *o, int64_t iteration, int64_t total);

#endif
