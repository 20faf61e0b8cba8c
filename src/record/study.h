/* All that a report knows of a study or of a single run, read from its folders. */
#ifndef RECORD_STUDY_H
#define RECORD_STUDY_H

#include <stdbool.h>

#include "record/record.h"

typedef struct study_run {
    char *path, *name;                 /* name: the folder's own */
    double alpha;                      /* 0 to 1, NaN if nothing says, or of a run beside the study: */
    bool beside;                       /* of imported weights, or of another network than the study has along
                                          alpha: a baseline that was scored here */
    double trained_alpha;              /* of such a run; NaN if nothing says, or imported */
    int64_t seed;                      /* -1 if nothing says */
    int64_t rank, ranks;               /* which share of each batch it saw; 0 ranks: all of it */
    int64_t classes;                   /* 0 if unknown */
    int64_t proj;                      /* dimensions of the gloss head (model.proj); 0: none */
    char *status;                      /* "finished", "running", "interrupted", "diverged" */
    char *message;                     /* why it diverged; may be "" */
    char **rescues;                    /* whole sentences: what went wrong and was changed */
    int64_t rescue_count;
    char *class_names;                 /* of the first ten: "cat, dog"; "" where they have none */
    char *model, *version, *data_hash, *settings_hash; /* "" if unknown */
    int64_t iteration, iterations;     /* done and planned; 0 if unknown */
    double wall_s;
    char *config; /* text of config.yaml */
    score_list scores;
    table log;                   /* metrics.csv; no columns if absent */
    table reliability, energies; /* scores/reliability.tsv, energy_hist.tsv */
} study_run;

typedef struct study {
    char *path;
    bool single; /* the folder is itself a run */
    int64_t count;
    study_run *runs; /* by alpha, then seed, then name */
    char **warnings; /* whole sentences for the page */
    bool *warning_passes; /* [warning_count]: it is about what is not done yet, and no news while the study trains */
    int64_t warning_count;
} study;

/* Reads a run, or every run that is a subfolder.  The study's network is the one that has the most alphas; runs of
 * others, and imported ones, stand beside it.  What is missing or broken within a
 * run becomes a warning; JEM_EDATA if there is no run at all. */
jem_status study_read(study **out, const char *path);
/* Are both beside their study and, seeds apart, the same network, trained in the same way? */
bool study_beside_alike(const study_run *a, const study_run *b);
/* Is run number `at` beside the study, and no run before it like it? */
bool study_beside_first(const study *s, int64_t at);
/* study_read, logging its warnings, where path might have been a folder of recorded answers' scores
 * (score_folder_is_answers), too: JEM_EDATA for a folder that is neither says so. */
jem_status study_read_scored(study **out, const char *path);
void study_free(study *s); /* NULL is fine */
/* One sentence more for the page, unless it is there already; what is longer than 2047 bytes is cut.  JEM_ENOMEM */
jem_status study_warn(study *s, const char *fmt, ...) JEM_PRINTF(2, 3);

#endif
