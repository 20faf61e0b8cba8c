/* Studies: a JEM for every alpha and seed, in folders of runs; and the scores of any folders as one table.
 *
 *   const double alphas[] = {0, 0.5, 1};
 *   jem_sweep_options o = JEM_SWEEP_INIT;
 *   o.alphas = alphas, o.alpha_count = 3, o.seeds = 3;
 *   jem_sweep("cifar10.yaml", "STUDY", &o);            the same call goes on where it stopped
 *
 *   STUDY/config.yaml  study.json  alpha-0.50-seed-1/ ...  logs/
 *
 * A grid is a folder of studies, one for each combination of some settings' values; what takes a study by its folder
 * takes a grid where it says so. */
#ifndef JEM_STUDY_H
#define JEM_STUDY_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"
#include "jem/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- runs */

typedef enum jem_run_state {
    JEM_RUN_WAITING,
    JEM_RUN_RUNNING,
    JEM_RUN_FINISHED,
    JEM_RUN_INTERRUPTED, /* saved; the same sweep goes on with it */
    JEM_RUN_DIVERGED,
    JEM_RUN_FAILED
} jem_run_state;

/* A run of a study. */
typedef struct jem_study_run {
    const char *name; /* of its folder in the study's: "alpha-0.50-seed-1" */
    double alpha;
    int64_t seed;
    jem_run_state state;
    jem_train_status status; /* how far it is, as last told; NaN and 0 where nothing is; reason: also of its end */
} jem_study_run;

typedef struct jem_study_runs {
    int64_t count;
    jem_study_run *rows; /* [count]; texts are the list's, too */
    void *owner;
} jem_study_runs;

#define JEM_STUDY_RUNS_INIT {0, NULL, NULL}

/* *out <- how every run of the study stands, whoever trains it, from its files alone: jem_study_runs_clear.
 * JEM_EDATA for a folder that is no study. */
JEM_API jem_status jem_study_runs_read(jem_study_runs *out, const char *study);
JEM_API void jem_study_runs_clear(jem_study_runs *r); /* NULL and JEM_STUDY_RUNS_INIT are fine */

/* The folders of a grid's studies; of another folder itself. */
typedef struct jem_folders {
    int64_t count;
    const char **paths; /* [count], owned by the list */
    void *owner;
} jem_folders;

#define JEM_FOLDERS_INIT {0, NULL, NULL}

/* *out: jem_folders_clear.  JEM_EDATA for a damaged grid.json. */
JEM_API jem_status jem_grid_studies(jem_folders *out, const char *folder);
JEM_API void jem_folders_clear(jem_folders *f); /* NULL and JEM_FOLDERS_INIT are fine */

/* ---- training them */

/* Called about once a second and whenever a state changes, on the thread that called jem_sweep; runs [count]
 * are borrowed for the call.  eta_s: until all are done; NaN: not known. */
typedef void (*jem_sweep_watch)(void *ctx, const jem_study_run *runs, int64_t count, double eta_s);

/* Zero everywhere behind the size means the defaults. */
typedef struct jem_sweep_options {
    size_t size;                       /* of this struct; JEM_SWEEP_INIT sets it */
    const char *const *set;            /* "key=value", as jem_train_options */
    int set_count;
    const double *alphas;              /* [alpha_count] in 0 to 1; NULL: 0, 0.1, ... 1 */
    int64_t alpha_count;
    int64_t seeds;                     /* runs of each alpha, with seeds from the settings' on; 0: 1 */
    const int64_t *seeds_at;           /* [alpha_count] of each alpha by itself; NULL: `seeds` of all */
    int64_t slots;                     /* trainings at a time, which share the processors; 0: 1 */
    const char *const *grid;           /* "key=v1,v2": a study for each combination; "key=v1,v2+KEY=VALUE"
                                          sets KEY beside v2 alone; none: `study` is one */
    int grid_count;
    const char *declared;              /* a study.yaml with the primary scores, named before training; or NULL */
    const char *rescue;                /* "study": what a run that diverges needs is changed for all; "run": for it
                                          alone; NULL: as the study was begun, a new one by "study" */
    const volatile sig_atomic_t *stop; /* polled; nonzero: save, return JEM_EINTERRUPTED */
    jem_sweep_watch watch;             /* may be NULL */
    void *watch_ctx;
    const jem_data *data;              /* as of jem_train_options, kept in STUDY-data/; NULL: data.* of the settings */
} jem_sweep_options;

#define JEM_SWEEP_INIT \
    {sizeof(jem_sweep_options), NULL, 0, NULL, 0, 0, NULL, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL}

/* Trains all runs of the study in the folder `study`, as threads of this process; finished ones are skipped, unfinished
 * ones go on.  config: a YAML file, NULL: the defaults; `o` may be NULL.  Runs are those of `jem sweep` to the bit.
 *   JEM_EUSAGE        settings as of jem_train; a folder that is another study's, or that another sweep works on
 *   JEM_EINTERRUPTED  *stop was set: all runs under way are saved
 *   another code      of the first run that failed; the others are done, and the message names all that failed */
JEM_API jem_status jem_sweep(const char *config, const char *study, const jem_sweep_options *o);

/* ---- scores */

/* One score of a run, of recorded answers or of people.  Texts are owned by the table. */
typedef struct jem_table_row {
    const char *benchmark, *metric;
    const char *dataset, *condition; /* NULL: none */
    const char *model;               /* "human" for people; "" where nothing says */
    double alpha;                    /* NaN: none */
    int64_t seed;                    /* -1: none */
    double value, low, high;         /* NaN: no interval */
    int64_t n;                       /* images behind it; 0: not said */
    double reference;                /* what people reach; NaN: not known */
    int at_chance;                   /* the network decides no better than by chance: 1; 0: better; -1: not known */
    const char *folder;              /* of the run or the answers */
} jem_table_row;

typedef struct jem_table {
    int64_t count;
    jem_table_row *rows; /* by benchmark, metric, dataset, condition, model, folder, alpha, seed */
    void *owner;
} jem_table;

#define JEM_TABLE_INIT {0, NULL, NULL}

/* *out <- all scores of `count` folders: runs, studies, grids, recorded answers; jem_table_clear.  Rows about people,
 * which every run repeats, are there once.  JEM_EDATA for a folder that is none of these, or without a score. */
JEM_API jem_status jem_table_read(jem_table *out, const char *const *folders, int64_t count);
JEM_API void jem_table_clear(jem_table *t); /* NULL and JEM_TABLE_INIT are fine */

#ifdef __cplusplus
}
#endif
#endif
