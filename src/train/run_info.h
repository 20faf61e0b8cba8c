/* RUN/run.json: what a run is and how far it got. */
#ifndef TRAIN_RUN_INFO_H
#define TRAIN_RUN_INFO_H

#include <stdint.h>

#include "jem/status.h"

typedef enum run_status {
    RUN_RUNNING, /* or ended without notice: can be resumed */
    RUN_INTERRUPTED,
    RUN_DIVERGED,
    RUN_FINISHED
} run_status;
const char *run_status_name(run_status s);

/* The epoch that is kept; iteration 0: none yet. */
typedef struct best_epoch {
    int64_t iteration;
    double epoch;
    double score; /* higher is better */
} best_epoch;

typedef struct run_info {
    run_status status;
    char version[32];
    char model[64];
    double alpha;
    int64_t seed;
    int64_t classes, channels, height, width, params;
    uint64_t data_hash; /* of the training images and labels */
    int64_t iteration, iterations; /* done, planned */
    double epoch;
    best_epoch best;
    char selected_by[32]; /* "val_accuracy", "fd_pix" (negated), "last" */
    double wall_s;
    char message[512];    /* why it stopped, if it diverged */
} run_info;

/* `path` is the file's.  JEM_EDATA if it is missing or not a run's. */
jem_status run_info_read(run_info *info, const char *path);
jem_status run_info_write(const run_info *info, const char *path);

#endif
