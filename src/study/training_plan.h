/* What a training, or a sweep over alpha, needs before it begins: memory, disk, time. */
#ifndef STUDY_TRAINING_PLAN_H
#define STUDY_TRAINING_PLAN_H

#include "base/stopwatch.h"
#include "estimate/gpu_cost.h"
#include "estimate/profile.h"

/* One alpha of the sweep, or that of the run. */
typedef struct plan_alpha {
    double alpha;
    step_flops flops;
    step_times times;   /* steps 0: not timed; on_gpu: foretold */
    time_forecast time;
} plan_alpha;

typedef struct training_plan {
    config cfg;              /* alpha: the one that needs the most memory */
    data_facts data;
    bool assumed;            /* the data are not there: sizes as declared */
    model_outline outline;
    memory_forecast memory;
    disk_forecast disk;      /* of one run */
    machine_memory machine;
    int64_t room;            /* free bytes where the run would go */
    const char *folder;      /* there; borrowed */
    const gpu_model *gpu;    /* whose times are foretold; NULL: they are this machine's */
    int64_t gpu_memory;      /* bytes there, at the alpha that needs most */
    const char *gpu_host_why; /* as gpu_forecast.host_why */
    plan_alpha *alphas;      /* [alpha_count] owned */
    int alpha_count;
} training_plan;

/* What is known at once.  p->cfg, data and assumed are set; alphas [count]: those of the sweep, NULL:
 * cfg's.  folder: where the run would go. */
jem_status training_plan_estimate(training_plan *p, const double *alphas, int count, const char *folder);
/* Times of all alphas on one GPU that need not be here (gpu_cost.h). */
jem_status training_plan_on_gpu(training_plan *p, const gpu_model *gpu);
/* JEM_ENOMEM or JEM_EIO, with what would help, if the machine (the GPU where times are its own) or the disk is too small. */
jem_status training_plan_check(const training_plan *p);
/* Runs steps of each kind of alpha for `seconds` together, and foretells the times of all. */
jem_status training_plan_time(training_plan *p, const splits *data, double seconds);
void training_plan_clear(training_plan *p); /* a zeroed one is fine */

#endif
