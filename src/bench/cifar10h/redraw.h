/* How the score is drawn again: mean cross-entropy over images, beside it that of one half of people with the other. */
#ifndef BENCH_CIFAR10H_REDRAW_H
#define BENCH_CIFAR10H_REDRAW_H

#include "measure/trials.h"

/* Of trials/cifar10h.csv. */
#define CIFAR10H_SPLIT_HALF_COLUMN "split_half_human"

extern const trial_rule cifar10h_trials;

#endif
