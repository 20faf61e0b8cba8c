/* A convolution and its epilogue as a cuDNN operation graph, and the plans that could compute
 * it.  Needs a handle, or only the description of a GPU: plans can then be looked
 * for, but not run, where there is none (tests). */
#ifndef CUDA_CONV_GRAPH_H
#define CUDA_CONV_GRAPH_H

#include "backend/cuda/conv.h"
#include "backend/cuda/libraries.h"

typedef struct conv_place {
    const cudnn_functions *f;
    cudnnHandle_t handle;                /* NULL: ... */
    cudnnBackendDescriptor_t properties; /* ... those of a GPU */
} conv_place;

/* jem_status of a cuDNN failure, with cuDNN's own words. */
jem_status conv_error(const cudnn_functions *f, cudnnStatus_t s, const char *what);

/* How much of the problem one plan does: all of it, or only the product. */
typedef enum conv_extent { CONV_FUSED, CONV_BARE } conv_extent;

typedef struct conv_graph conv_graph;
/* *out, owned; `where` is copied, what it names must outlive the graph.  conv_error if cuDNN
 * refuses a part of it. */
jem_status conv_graph_new(conv_graph **out, const conv_place *where, const conv_problem *p,
                          conv_extent how);
void conv_graph_free(conv_graph *g); /* NULL is fine */

typedef struct conv_plan {
    cudnnBackendDescriptor_t plan, config; /* owned */
    int64_t engine, scratch;               /* number for people; bytes */
    uint64_t key;                          /* of engine and knobs: to find it again */
} conv_plan;
enum { CONV_PLANS_MAX = 24 };

/* The admissible plans in cuDNN's order of preference, at most `max`; none is no failure.
 * Admissible: deterministic, and for float32 without tensor cores or smaller types.  only: the
 * plan with this key alone; 0: any.  Each may take a second: some are compiled here. */
jem_status conv_graph_plans(conv_plan *list, int *count, int max, uint64_t only,
                            const conv_graph *g);
void conv_plan_clear(const cudnn_functions *f, conv_plan *plan); /* a zeroed one is fine */

/* Runs a plan on the handle's stream.  Arrays as in conv_call; `product` replaces dst where
 * the extent is CONV_BARE. */
jem_status conv_plan_run(const conv_place *where, const conv_plan *plan, const conv_problem *p,
                         const conv_call *call, void *product, conv_extent how);

#endif
