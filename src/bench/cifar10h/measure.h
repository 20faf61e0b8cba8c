/* What the scores mean: see measure.c. */
#ifndef BENCH_CIFAR10H_MEASURE_H
#define BENCH_CIFAR10H_MEASURE_H

#include "measure/measure.h"

/* Cross-entropy of the paper's independent groups of people, nats; it gives no recipe. */
#define CIFAR10H_PAPER_CEILING 0.55
#define CIFAR10H_PAPER_TEXT MEASURE_TEXT(CIFAR10H_PAPER_CEILING) " nats"

extern const measures cifar10h_measures;

#endif
