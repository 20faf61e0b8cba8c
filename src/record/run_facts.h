/* What RUN/run.json says in plain words and numbers: the one reader of that file.  run/run_info.h
 * demands that it is whole; the report takes what is there. */
#ifndef RECORD_RUN_FACTS_H
#define RECORD_RUN_FACTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "jem/status.h"

/* A roll-back of the training. */
typedef struct run_rescue {
    int64_t iteration, back_to;  /* where it diverged; where it went on from */
    const char *reason, *change; /* borrowed from the facts; "" if it says none */
} run_rescue;

typedef struct run_facts {
    /* Texts are borrowed from `root`, "" where there is none. */
    const char *status;           /* "finished", "running", "interrupted", "diverged" */
    const char *message;          /* why it diverged */
    const char *id, *settings_hash, *data_hash, *log_hash; /* hexadecimal digits */
    const char *version, *model, *selected_by;
    double alpha, epoch, wall_s;  /* NaN: unknown, or null */
    double best_epoch, best_score;
    int64_t seed;                 /* -1: unknown */
    int64_t classes, channels, height, width, params, iteration, iterations, best_iteration; /* 0: unknown */
    int64_t rank, ranks;          /* 0 of 1, unless it trained on a share of each batch */
    int64_t log_bytes;
    int64_t rescue_count, class_count;
    run_rescue *rescues;          /* [rescue_count] */
    const char **class_names;     /* [class_count]; "" for what is no text; 0: not said */
    const char *lacks;            /* the first key that every run.json has and this one lacks, or has as
                                     another kind of value; NULL: it is whole */
    json_t *root;                 /* all of it */
} run_facts;
#define RUN_FACTS_INIT                                                                             \
    {                                                                                              \
        .root = NULL                                                                               \
    }

/* JEM_EDATA, naming `path`, if it is missing, larger than 4 MiB, or no JSON object. */
jem_status run_facts_read(run_facts *out, const char *path);
void run_facts_clear(run_facts *f); /* RUN_FACTS_INIT is fine */

/* Was the run in this folder made of weights that others trained?  It has RUN_IMPORTED beside run.json then, and its
 * alpha and seed say nothing. */
bool run_folder_is_imported(const char *folder);
#define RUN_IMPORTED "import.json"

/* run.json has at most so many bytes. */
enum { RUN_FACTS_MAX_BYTES = 4 << 20 };

#endif
