/* The grid of alphas and seeds as a folder of runs.
 *
 *   STUDY/config.yaml              the settings that its runs share (sweep_config.h)
 *   STUDY/study.yaml, declared.json  primary scores, where somebody named them, and since when (record/declared.h)
 *   STUDY/study.json               what was asked for, and the state of every run
 *   STUDY/rescue.json, set-aside/  what was changed for all of them (sweep_rescue.h)
 *   STUDY/alpha-0.50-seed-1/       one run each
 *   STUDY/logs/alpha-0.50-seed-1.log  what its training said
 *
 * Every training is a process of its own, which a launcher starts, so many at a time.  Finished runs are
 * skipped and unfinished ones resumed, so the same sweep can be asked for until it is done.  A run
 * that fails does not stop the others; data that cannot be read are found before any run begins. */
#ifndef STUDY_SWEEP_H
#define STUDY_SWEEP_H

#include "study/launcher.h"
#include "study/sweep_rescue.h"
#include "study/sweep_study.h"

/* What somebody who looks on is told; every entry may be NULL. */
typedef struct sweep_watch {
    void *ctx;
    /* Once, before any run is begun: some may be finished already. */
    jem_status (*begin)(void *ctx, const sweep_run *runs, int count);
    /* About ten times a second; `changed`: a state has changed.  eta_s may be NaN. */
    void (*update)(void *ctx, const sweep_run *runs, int count, double eta_s, bool changed);
    void (*message)(void *ctx);  /* a message follows (base/log.h) */
    void (*stopping)(void *ctx); /* *stop was seen; the runs are being saved */
    void (*pause)(void *ctx);    /* trainings are held until it returns */
} sweep_watch;

typedef struct sweep_request {
    const config_lists *lists;
    sweep_plan plan;
    const char *out;         /* STUDY */
    const char *declared;    /* a study.yaml that is brought along, or NULL */
    int64_t slots;           /* trainings at a time */
    sweep_rescue rescue;     /* who is, when a run diverges */
    const launcher *launcher;
    launch_options launch;   /* its slots are filled in */
    bool dry;                /* with a launcher that submits: nothing is written */
    const volatile sig_atomic_t *stop; /* becomes nonzero to stop */
    volatile sig_atomic_t *pause;      /* becomes nonzero to hold everything for a while; NULL: never */
    sweep_watch watch;
} sweep_request;

/*   JEM_EINTERRUPTED  *stop was set, and all runs under way are saved
 *   another code      of the first run that failed; the others are done, the message names all of them
 *   JEM_EUSAGE        the folder is another study's, or another sweep works on it */
jem_status sweep_runs(const sweep_request *q);

#endif
