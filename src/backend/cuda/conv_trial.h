/* A convolution with what computes it, and which of several candidates is the fastest. */
#ifndef CUDA_CONV_TRIAL_H
#define CUDA_CONV_TRIAL_H

#include "backend/cuda/conv_cache.h"
#include "backend/cuda/conv_graph.h"
#include "backend/cuda/conv_hopper.h"

struct conv {
    conv_problem p;
    conv_kind kind;
    conv_plan plan;  /* cuDNN's */
    hopper_plan own; /* ours */
    double us;       /* 0: not timed */
    size_t product;  /* bytes of scratch for the product, before the plan's own */
    conv *next;
};

enum { CANDIDATES_MAX = 2 * CONV_PLANS_MAX + HOPPER_PLANS_MAX };

/* Times candidates for one problem on random values.  *best: index of the fastest that agrees
 * with the first, which makes the product alone if any does; -1: none runs. */
jem_status conv_fastest(int *best, conv *list, int count);

#endif
