/* Running statistics of batch norms in a flat parameter vector.
 *
 * A forward pass in training mode leaves the batch's mean and variance where the
 * parameters have the running ones, and these become kept running + (1 - kept) batch, kept the
 * graph's running_kept: 0.1 in the JEM code, JEM++ and SADA-JEM (PyTorch's momentum 0.9). */
#ifndef MODEL_RUNNING_H
#define MODEL_RUNNING_H

#include "nn/graph.h"

/* Elements of the flat vector that are running statistics: at [as many as are returned] <- where each is; NULL:
 * they are only counted. */
int64_t running_list(int64_t *at, const graph *g);

/* running <- kept running + (1 - kept) batch, at the graph's running statistics alone. */
void running_merge(float *running, const float *batch, const graph *g);
/* dst <- src there. */
void running_copy(float *dst, const float *src, const graph *g);

/* What a sequence of passes does to the running statistics r, whatever they are at its
 * beginning: r <- kept r + sum. */
typedef struct running_trace {
    float *sum;   /* flat vector */
    float *batch; /* flat vector: of the latest pass */
    float kept;   /* 1: no pass yet */
} running_trace;

/* No pass yet; sum and batch are the caller's vectors, as long as the parameters. */
void running_trace_begin(running_trace *t, const graph *g);
/* One pass, whose statistics are in t->batch. */
void running_trace_pass(running_trace *t, const graph *g);
/* running <- what the passes make of it, at the graph's running statistics alone. */
void running_trace_apply(const running_trace *t, float *running, const graph *g);

#endif
