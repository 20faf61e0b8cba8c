/* What a training needs before it begins: memory, disk, arithmetic, time; and where the time of a step goes.
 *
 *   jem_estimate_options o = JEM_ESTIMATE_INIT;
 *   o.images = 50000, o.classes = 10, o.shape = "3x32x32";       of data that are not there yet
 *   jem_plan plan = JEM_PLAN_INIT;
 *   if (jem_plan_training(&plan, "cifar10.yaml", &o) == JEM_OK)
 *       printf("%.1f MiB\n", (double)plan.memory_bytes / 1048576);
 *
 * Nothing is written. */
#ifndef JEM_ESTIMATE_H
#define JEM_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is asked about; NULL and 0 mean: nothing is said. */
typedef struct jem_estimate_options {
    size_t size;            /* of this struct; JEM_ESTIMATE_INIT sets it */
    const char *const *set; /* "key=value" */
    int set_count;
    int64_t images, classes; /* of data that are not there: where data.path is not set */
    const char *shape;       /* "3x32x32": channels, height, width */
    double seconds;          /* how long steps are timed; 0: a plan says nothing of time, a speed takes 10 */
    const double *alphas;    /* [alpha_count] of a plan's sweep; NULL: the settings' alpha */
    int64_t alpha_count;
    const char *folder;      /* where the run would go, whose disk is looked at; NULL: the working directory */
    const char *device_model; /* a plan's times on one GPU of that kind, which need not be here, by a cost model: "h200",
                                "h100", "a100", "l40s", "b200", "rtx4090".  NULL: this machine's, as `seconds` says */
} jem_estimate_options;

#define JEM_ESTIMATE_INIT {sizeof(jem_estimate_options), NULL, 0, 0, 0, NULL, 0, NULL, 0, NULL, NULL}

/* What a training at an alpha computes and takes; NaN where it was not timed. */
typedef struct jem_plan_alpha {
    double alpha;
    double step_flops; /* of a step, for one image of the batch */
    double forwards;   /* the same in forward passes */
    double step_s, images_per_s, validation_s, epoch_s, run_s; /* on this machine, as busy as it is now, or on device_model */
} jem_plan_alpha;

typedef struct jem_plan {
    const char *network;   /* model.name */
    int64_t parameters;    /* trained ones */
    double forward_flops;  /* of one image */
    int64_t train, val, test; /* images */
    bool assumed;          /* that many were said, or are usual; the data are not there */
    int64_t batch, iterations_per_epoch, iterations;
    int64_t memory_bytes, memory_available; /* of the process at its peak; of the machine now, whatever device_model is */
    int64_t disk_bytes, disk_free;          /* of one run's folder; where it would go */
    const char *fits;      /* "" if memory (device_model's) and disk suffice; else what does not, and what would help */
    int64_t alphas;
    jem_plan_alpha *alpha; /* [alphas] */
    const char *json;      /* all this and more, layer by layer, item by item: as `jem plan --json` */
    void *owner;           /* of texts and alphas */
} jem_plan;

#define JEM_PLAN_INIT {NULL, 0, 0, 0, 0, 0, false, 0, 0, 0, 0, 0, 0, 0, NULL, 0, NULL, NULL, NULL}

/* *out: jem_plan_clear.  config: a YAML file, a run, NULL for the defaults; o may be NULL.  JEM_EUSAGE if nothing says how
 * large the data are, and as jem_train; JEM_EDATA if they do not fill a batch.  A machine that is too small is no error:
 * see `fits`; then nothing is timed. */
JEM_API jem_status jem_plan_training(jem_plan *out, const char *config, const jem_estimate_options *o);
JEM_API void jem_plan_clear(jem_plan *p); /* NULL and JEM_PLAN_INIT are fine */

typedef struct jem_speed {
    double peak_flops_per_s; /* of matrix products on all threads, as measured */
    double step_s;           /* a training step of the whole batch */
    double images_per_s;     /* of training */
    double inference_per_s;  /* images of which logits are computed */
    const char *json;        /* layer by layer: as `jem speed --json` */
    void *owner;
} jem_speed;

#define JEM_SPEED_INIT {0, 0, 0, 0, NULL, NULL}

/* *out: jem_speed_clear.  Runs real steps; o->alphas is not used.  Fails as jem_plan_training. */
JEM_API jem_status jem_speed_measure(jem_speed *out, const char *config, const jem_estimate_options *o);
JEM_API void jem_speed_clear(jem_speed *s); /* NULL and JEM_SPEED_INIT are fine */

#ifdef __cplusplus
}
#endif
#endif
