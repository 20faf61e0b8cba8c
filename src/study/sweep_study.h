/* STUDY/study.json: what a sweep was asked for and how every run stands. */
#ifndef STUDY_SWEEP_STUDY_H
#define STUDY_SWEEP_STUDY_H

#include "study/sweep_run.h"

/* What was asked for; all is borrowed. */
typedef struct sweep_plan {
    const char *config_path; /* NULL: the defaults */
    const char *const *set; /* [set_count] "KEY=VALUE" */
    int set_count;
    const double *alphas; /* [alpha_count] */
    int alpha_count;
    const int64_t *seeds; /* [alpha_count] runs of each, with seeds from the settings' on */
} sweep_plan;

/* Replaces FOLDER/study.json atomically.  Runs of an earlier sweep that are not among
 * `runs` keep their entries. */
jem_status sweep_study_write(const sweep_plan *p, const sweep_run *runs, int count,
                             const char *folder);

/* The runs that the file lists, in its order, without their states: *runs [*count] owned (mem_free).  A run's
 * number is its place there, from 0.  JEM_EDATA for a folder that is no study, and for a damaged file. */
jem_status sweep_study_read(sweep_run **runs, int *count, const char *folder);

#endif
