/* Equal settings: what one run of a study needs so as not to diverge is changed for all of them.
 *
 *   STUDY/rescue.json      which run diverged, where and why, and what was changed for all
 *   STUDY/set-aside/N/     the runs as they were before the change number N
 *
 * Trainings of such a study stop at the first divergence (rescue.tries is 0 in STUDY/config.yaml); the
 * sweep takes the next of rescue.rules, train/rescue.h, changes the study's settings by it, and all runs
 * begin anew.  `noise` is no change of settings and is passed over. */
#ifndef STUDY_SWEEP_RESCUE_H
#define STUDY_SWEEP_RESCUE_H

#include "train/config.h"

/* Who is rescued when a run diverges. */
typedef enum sweep_rescue {
    SWEEP_RESCUE_AS_BEGUN, /* as the study's first sweep had it; of a new one SWEEP_RESCUE_STUDY */
    SWEEP_RESCUE_STUDY,    /* the study: one change for all */
    SWEEP_RESCUE_RUN       /* the run alone goes on with a change: another experiment than the others */
} sweep_rescue;

/* The settings that rules change, and how often they may. */
typedef struct rescue_base {
    double lr, energy_l2;
    int64_t steps, tries;
} rescue_base;

typedef struct study_rescue {
    bool of_study;    /* false: each run by itself, and nothing below counts */
    char *path;       /* STUDY/rescue.json */
    rescue_base base; /* as they were asked for */
    rescue_state state; /* its events: back_to is 0 */
    char *run[RESCUE_TRIES_MAX]; /* [state.count] that diverged */
    bool pending;     /* runs from before the last change may still be there */
} study_rescue;

/* How the study's runs are rescued, and its settings as they have become: changes `cfg`, unless it is the
 * study's own already, and ends what an earlier sweep left half done; else writes nothing.  JEM_EUSAGE if
 * the study was begun the other way, or with other settings than cfg's; JEM_EDATA for a damaged file. */
jem_status study_rescue_open(study_rescue *r, sweep_rescue wanted, config *cfg, const char *study);
/* What STUDY/rescue.json says, and nothing is changed; without it r->of_study is false. */
jem_status study_rescue_look(study_rescue *r, const char *study);
/* Writes the file if it is not there: before the first run begins. */
jem_status study_rescue_keep(const study_rescue *r);
/* May a change help that nobody has tried yet? */
bool study_rescue_left(const study_rescue *r, const config *cfg);
/* One more change because run `name`, whose alpha cfg has, diverged at an iteration for a reason: cfg and
 * the study's files take it over, and all runs of the study, of which none is at work, are set aside. */
jem_status study_rescue_next(study_rescue *r, config *cfg, const char *study, const char *name,
                             int64_t iteration, const char *reason);
void study_rescue_clear(study_rescue *r); /* a zeroed one is fine; files stay */

#endif
