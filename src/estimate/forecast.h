/* What a training will take, estimated before it begins: memory, disk, arithmetic, time.
 *
 * Pure arithmetic on the settings, the model's outline and the size of the data; only the
 * times start from measured steps (profile.h).  docs/performance.md says how well the
 * figures agree with real runs. */
#ifndef ESTIMATE_FORECAST_H
#define ESTIMATE_FORECAST_H

#include "base/machine.h"
#include "model/outline.h"
#include "train/config.h"

/* ---- the data */

typedef struct data_facts {
    int64_t train, val, test; /* images */
    int64_t channels, height, width, classes;
    int64_t noise;            /* starts in the bank of encoded noise (noise_bank.h) */
    int64_t file_bytes;       /* of what stays in files, of all three parts */
    int64_t bytes;            /* of all three parts in memory */
    int64_t loading_bytes;    /* while they are read and split; at least `bytes` */
} data_facts;

/* Of the settings' data, which are read already.  JEM_EDATA, JEM_EUSAGE as noise_bank_count. */
jem_status data_facts_of(data_facts *out, const config *cfg, const splits *s);
/* Of `images` images of 8 bits (floats: 32) per value that will be split as `o` says.  The
 * CIFAR-10 kind has a test part of its own, a fifth of `images`, beside them; kinds
 * packed and latents (16 bits) stay in their files. */
data_facts data_facts_declared(const data_options *o, int64_t images, int64_t channels,
                               int64_t height, int64_t width, int64_t classes, bool floats);

/* Iterations per epoch, a pass over the training images as x+; at least 1. */
int64_t forecast_per_epoch(const config *cfg, const data_facts *d);
/* Iterations of the whole training, without train.max_minutes. */
int64_t forecast_iterations(const config *cfg, const data_facts *d);

/* ---- memory */

/* When something is in memory; the peak is the largest sum over the items of one of the
 * phases before PHASE_RESTORE. */
typedef enum forecast_phase {
    PHASE_LOAD,     /* reading and splitting the data */
    PHASE_BEGIN,    /* buffers are made; the data are described for FD-pix */
    PHASE_TRAIN,    /* steps, with a checkpoint being written */
    PHASE_VALIDATE,
    PHASE_RESTORE, /* reading a checkpoint after a divergence: may never happen, and does not
                      count for the peak */
    FORECAST_PHASES
} forecast_phase;
const char *forecast_phase_name(forecast_phase p); /* "reading the data", for people; static */

typedef struct forecast_item {
    const char *name; /* static text */
    int64_t bytes;
    unsigned phases;  /* bit 1 << forecast_phase for each */
} forecast_item;

enum { FORECAST_ITEMS_MAX = 24 };
typedef struct memory_forecast {
    forecast_item items[FORECAST_ITEMS_MAX];
    int count;
    int64_t phases[FORECAST_PHASES]; /* sums */
    forecast_phase peak;
    int64_t bytes; /* of that phase: the largest resident set of the process */
    int64_t untouched; /* address space beside it: stacks, buffers of linear algebra */
} memory_forecast;

/* `o` must be of cfg->model and cfg->engine. */
void forecast_memory(memory_forecast *out, const config *cfg, const model_outline *o,
                     const data_facts *d);

/* The machine's memory; where a limit counts what is mapped, without what stays untouched. */
jem_status forecast_machine(machine_memory *out, const memory_forecast *m);

/* JEM_ENOMEM naming the largest item and what would help if the machine has less than
 * that; `most` is the memory that counts (machine_memory.available or .total). */
jem_status forecast_check_memory(const memory_forecast *m, const config *cfg, int64_t most);
/* The same of have->available or have->total, naming the process's limit if that is why. */
jem_status forecast_check_machine(const memory_forecast *m, const config *cfg,
                                  const machine_memory *have, int64_t most);

/* ---- disk */

typedef struct disk_forecast {
    forecast_item items[FORECAST_ITEMS_MAX]; /* phases: 0 */
    int count;
    int64_t bytes;
} disk_forecast;
/* The run folder when it is largest, in bytes; `o` as for forecast_memory. */
void forecast_disk(disk_forecast *out, const config *cfg, const model_outline *o,
                   const data_facts *d);
/* JEM_EIO if the folder's file system has less than that. */
jem_status forecast_check_disk(const disk_forecast *d, const char *folder, int64_t room);

/* What `jem train` asks before it begins: a warning is logged if memory or disk are
 * scarce; JEM_ENOMEM if the training exceeds all the memory there is or may be used.
 * cfg->model holds the data's sizes. */
jem_status forecast_before_training(const config *cfg, const splits *data, const char *folder);

/* ---- arithmetic of one step, in FLOPs per image of the batch.  With F for a forward pass
 * of one image, a backward pass to the input or to the parameters costs F each.
 * With r generative images (x+, x-) per labelled one and s = 2 evaluations of the gradients
 * where they are sharpness-aware, else 1:
 *   chain            r sampler.steps (F + F)
 *   l_G              x+ and x-: s r 2 (F + 2F); if x+ is the labelled batch, its forward pass
 *                    counts there
 *   l_D              s (F + 2F)                                                        */
typedef struct step_flops {
    double chain, generative, discriminative, total;
    double forwards; /* total / F: "forward equivalents" */
} step_flops;
/* forward_flops: F, model_outline.flops. */
step_flops forecast_flops(const config *cfg, double forward_flops);

/* ---- time */

/* Measured (profile.h); NaN where nothing was. */
typedef struct step_times {
    double step_s;       /* one training step of the whole batch */
    double alone_s;      /* the least that this is without other programs; NaN: unknown */
    double low_s, high_s;
    int steps;           /* how many were timed; 0: none */
    int64_t batch;       /* of the timed steps: smaller than the run's where that was too slow */
    double validation_s; /* one validation, with FD-pix */
    double validation_alone_s;
} step_times;

typedef struct time_forecast {
    double alpha;
    double step_s, validation_s;
    double images_per_s, flops_per_s;
    double epoch_s;   /* with one validation */
    double run_s;     /* as long as the machine is as it was while steps were timed */
    double run_alone_s; /* the least that this is without other programs; NaN: unknown */
    bool capped;      /* train.max_minutes ends it earlier */
} time_forecast;
/* Steps and validations times their numbers; NaN where t has NaN. */
time_forecast forecast_time(const config *cfg, const data_facts *d, const step_flops *f,
                            const step_times *t);

#endif
