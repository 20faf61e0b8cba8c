/* STUDY/study.json: what a sweep was asked for and how every run stands. */
#ifndef CLI_SWEEP_STUDY_H
#define CLI_SWEEP_STUDY_H

#include "cli/alpha_list.h"
#include "cli/cli.h"
#include "cli/sweep_table.h"

/* What the user asked for; the texts are borrowed. */
typedef struct sweep_plan {
    const char *config_path;
    cli_list set;
    alpha_list alphas;
    int64_t seeds;
} sweep_plan;

/* Replaces FOLDER/study.json atomically.  Runs of an earlier sweep that are not among
 * `runs` keep their entries. */
jem_status sweep_study_write(const sweep_plan *p, const sweep_run *runs, int count,
                             const char *folder);

#endif
