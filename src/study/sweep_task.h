/* One run of a study that a sweep has written: what a batch system's job trains. */
#ifndef STUDY_SWEEP_TASK_H
#define STUDY_SWEEP_TASK_H

#include "run/loop.h"

typedef struct sweep_task_request {
    const config_lists *lists;
    const char *study;
    const char *task;               /* the run's number (sweep_study_read), or its name */
    const char *const *set;         /* [set_count] "key=value" of keys that decide no result */
    int set_count;
    const volatile sig_atomic_t *stop;
    train_watch watch;
    char **place;                   /* as train_request */
} sweep_task_request;

/* Begins the run or goes on with it, with the settings of STUDY/config.yaml and, as a sweep's local trainings, until
 * the end of train_run, whose codes it has.  JEM_EUSAGE for settings that are not the study's, for no such run, and
 * while a change for all runs is half done; JEM_EDIVERGED, before anything is trained, if another run has diverged
 * and the next sweep changes something for all (sweep_rescue.h). */
jem_status sweep_task(const sweep_task_request *q);

#endif
