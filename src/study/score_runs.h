/* A benchmark, or all whose data are there, on a run, on every run of a study, on recorded answers.
 * Scores and trials of a run go to its folder. */
#ifndef STUDY_SCORE_RUNS_H
#define STUDY_SCORE_RUNS_H

#include <signal.h>

#include "latent/latent_space.h"
#include "study/bench_settings.h"
#include "study/failures.h"
#include "train/config.h"

typedef struct scoring_request {
    const config_lists *lists;
    const benchmark *const *benchmarks; /* that there are */
    const char *benchmark;             /* the name of one, or "all" */
    const char *path;                  /* RUN or STUDY; NULL: a network, answers, the autoencoder, or nobody */
    const char *model, *weights;       /* a network by name and its file, without a run; NULL: none */
    const char *answers, *kind;        /* recorded answers, and what they are ("auto") */
    const subject *subject;            /* the caller's own, borrowed, in place of answers; NULL: none */
    const char *observer;              /* whose trials they are; NULL: only one's */
    const char *out;                   /* folder for a network's or answers' scores and trials; NULL: none */
    const char *mapping, *humans;      /* bench.h; NULL: none */
    const char *data;                  /* the benchmark's folder, of all: the folder with theirs; NULL: */
    const char *data_root;             /* a folder with folders of data, or NULL */
    bench_settings *settings;          /* as asked for; runs on data of a benchmark change them */
    const char *const *given;          /* [given_count] assignments to them that were asked for */
    int given_count;
    const char *const *of_run;         /* [of_run_count] assignments for runs: engine.*, data.path */
    int of_run_count;
    latent_codec *codec;               /* of runs on latents */
    pool *threads;
    const volatile sig_atomic_t *stop; /* becomes nonzero to stop; may be NULL */
    const char *command;               /* what is recorded as having made the scores */
} scoring_request;

typedef struct scoring_result {
    score_list scores; /* of everything that was scored */
    char answers[64];  /* what the recorded answers' subject is called; "": there are none */
    int scored;        /* how many scorings that were */
    failures failed;   /* runs of a study, and benchmarks of all, whose data were damaged */
} scoring_result;
#define SCORING_RESULT_INIT {SCORE_LIST_INIT, "", 0, FAILURES_INIT}
void scoring_result_clear(scoring_result *r);

/* What was scored before a failure that ends all, or a stop (JEM_EINTERRUPTED), is in the result and,
 * of runs, in their folders. */
jem_status score_runs(scoring_result *out, const scoring_request *q);

#endif
