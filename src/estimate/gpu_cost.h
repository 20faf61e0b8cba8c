/* What a training step takes on a GPU that is not here: a cost model.
 *
 * A convolution or linear layer over n images takes
 *
 *   launch + max(FLOPs / (peak efficiency c / (c + half)), bytes / (bandwidth share))
 *
 * with c the channels that its products are written to: a matrix unit is fed the worse, the fewer there are. Everything
 * else takes launch + bytes / (bandwidth share), and nothing where it rides on a convolution (docs/gpu.md).  Peak and bandwidth
 * are those that the maker publishes; the four constants were fitted to steps measured on one H200
 * (perf/gpu_cost_fit.c), and are taken over to other GPUs as they are. */
#ifndef ESTIMATE_GPU_COST_H
#define ESTIMATE_GPU_COST_H

#include "estimate/forecast.h"

typedef struct gpu_model {
    const char *name;  /* "h200" */
    const char *title; /* "H200 SXM" */
    double bf16, f32;  /* FLOP/s of dense products, accumulated in float32; f32 without TF32 */
    double bandwidth;  /* bytes/s */
    int64_t memory;    /* bytes */
    bool measured;     /* jem's steps were timed on one */
} gpu_model;

extern const gpu_model gpu_models[]; /* ends with a NULL name */
/* The one of that name; JEM_EUSAGE with the names there are. */
jem_status gpu_model_find(const gpu_model **out, const char *name);

/* A training step of CIFAR-10 in bf16 with 20 Langevin steps, as timed on the H200. */
typedef struct gpu_step {
    const char *network;
    int64_t batch;
    double alpha, seconds;
} gpu_step;
extern const gpu_step gpu_steps_measured[]; /* ends with a NULL network */

typedef struct gpu_constants {
    double efficiency; /* share of the peak that products with many channels reach */
    double half;       /* channels at which they reach half of that */
    double launch_s;   /* start and end of a kernel */
    double share;      /* of the published bandwidth */
} gpu_constants;
extern const gpu_constants gpu_constants_fitted;
/* The largest error of a step that was left out of the fit, relative. */
extern const double gpu_cost_error;

typedef struct gpu_forecast {
    step_times times;     /* a whole step and the forward passes of a validation; low_s and high_s: with gpu_cost_error */
    int64_t memory;       /* bytes of the device while it trains; counted, never compared with one */
    const char *host_why; /* why a step is not one captured graph, after "because of": then the host's part is missing in
                             the times; NULL: it is one.  Static text */
} gpu_forecast;

/* c->model holds the data's sizes.  Fails as model_spec_build. */
jem_status gpu_cost(gpu_forecast *out, const gpu_model *m, const gpu_constants *k, const config *c, const data_facts *d);

#endif
