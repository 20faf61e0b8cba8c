/* RUN/run.json: what a run is, how far it got, what happened, which files belong to it. */
#ifndef RUN_RUN_INFO_H
#define RUN_RUN_INFO_H

#include <stdint.h>

#include "jem/status.h"
#include "run/run_identity.h"
#include "train/rescue.h"

typedef enum run_status {
    RUN_RUNNING, /* or ended without notice: can be resumed */
    RUN_INTERRUPTED,
    RUN_DIVERGED,
    RUN_FINISHED
} run_status;
const char *run_status_name(run_status s); /* "running", as run.json has it */

/* The epoch that is kept; iteration 0: none yet. */
typedef struct best_epoch {
    int64_t iteration;
    double epoch;
    double score; /* higher is better; NaN: none could be computed */
} best_epoch;

enum { RUN_INFO_FILES = 16, RUN_INFO_NAME = 64, RUN_INFO_CHECKSUM = 33 };

/* A line of the manifest. */
typedef struct run_info_file {
    char name[RUN_INFO_NAME];         /* below RUN */
    char checksum[RUN_INFO_CHECKSUM]; /* safetensors.h */
    int64_t bytes, iteration;
} run_info_file;

/* Where a run on latents came from: what may encode pictures for it and decode its samples. */
typedef struct run_latents {
    char vae[RUN_INFO_CHECKSUM]; /* the autoencoder's hash; "": the run is on pictures */
    double scale;                /* latent_scale */
    int64_t picture;             /* side of the pictures that were encoded */
} run_latents;

typedef struct run_info {
    run_status status;
    char id[RUN_IDENTITY_TEXT], settings_hash[RUN_IDENTITY_TEXT]; /* "": of an older version */
    char version[32];
    char model[64];
    double alpha;
    int64_t seed;
    int64_t classes, channels, height, width, params;
    uint64_t data_hash; /* of the training images and labels */
    int64_t rank, ranks; /* share of each batch that it trained on (data.rank, data.ranks) */
    run_latents latents;
    int64_t iteration, iterations; /* done, planned */
    double epoch;
    best_epoch best;
    char selected_by[32]; /* "val_accuracy"; "val_nll", "fid", "fd_pix" (negated); "last" */
    double wall_s;
    char *const *class_names; /* [classes]: what is written; borrowed from the data, NULL: none */
    char message[512];    /* why it stopped, if it diverged */
    rescue_state rescue;  /* its events alone are stored */
    int64_t log_bytes;    /* of metrics.csv when this was written, and their hash; "": unknown */
    char log_hash[RUN_IDENTITY_TEXT];
    int file_count;
    run_info_file files[RUN_INFO_FILES]; /* checkpoints and selected weights */
} run_info;

/* `path` is the file's.  JEM_EDATA if it is missing or not a run's. */
jem_status run_info_read(run_info *info, const char *path);
/* *names <- the names of the classes in order (strings_free), which run_info_read leaves out; *count 0:
 * they have none, or an older version wrote the file. */
jem_status run_info_class_names(char ***names, int *count, const char *path);
/* Atomically.  A number that is not finite is stored as null. */
jem_status run_info_write(const run_info *info, const char *path);

#endif
