/* A study as jobs of a Slurm cluster, which schedules them: an array whose tasks train the runs that are not
 * finished (sweep_task.h), then one job each for jem eval, jem bench and jem report, whatever has become of the
 * tasks before.
 *
 *   STUDY/slurm/submit.sh    calls sbatch: what `jem sweep --slurm` runs, and who changed it runs by hand
 *   STUDY/slurm/array.sh     a task: trains its run, and puts it in the queue again if it was saved or may do
 *                            better next time
 *   STUDY/slurm/eval.sh, bench.sh, report.sh
 *   STUDY/slurm/jem          how jobs call the program; kept once it is there, for those who change it
 *   STUDY/slurm/jobs         "array 12", "eval 13", ...: what was submitted last
 *   STUDY/slurm/tasks        "0 alpha-0.00-seed-1", ...: whose tasks these are
 *   STUDY/slurm/cancelled    no task goes into the queue again
 *   STUDY/logs/slurm-JOB_TASK.log  what the scripts said; the trainings' words are in the runs' own logs */
#ifndef STUDY_SLURM_H
#define STUDY_SLURM_H

#include "base/strbuf.h"
#include "study/launcher.h"
#include "study/sweep_run.h"

/* What somebody asks for: launch_options.own of launcher_slurm. */
typedef struct slurm_options {
    const char *const *args; /* [arg_count] options of sbatch for every job: "--partition=gpu" */
    int arg_count;
    int64_t at_once;         /* tasks at a time at most; 0: as many as Slurm gives */
    bool write_only;         /* the scripts are written and nothing is submitted */
    bool dry;                /* not even written: they are told */
    void (*tell)(void *ctx, const char *text); /* a sentence, or whole lines: a script */
    void *ctx;
} slurm_options;

/* Its submit writes the scripts and runs submit.sh.  JEM_EUSAGE for options that jem gives itself; JEM_EIO if sbatch
 * refuses. */
extern const launcher launcher_slurm;

/* JEM_EUSAGE while a job of the study is in the queue: its runs would be begun twice.  No Slurm where the study
 * has jobs: a warning. */
jem_status slurm_check_idle(const char *study);
/* Adds to the reasons of runs that wait what the queue says of them: "Slurm: PENDING (Resources)".  Does nothing if
 * the study has no jobs; a queue that does not answer is warned of. */
void slurm_add_states(sweep_run *runs, int count, const char *study);
/* Takes what waits out of the queue and has what runs saved; asked for once more, ends all at once.  JEM_EUSAGE if
 * the study has no jobs; JEM_EIO. */
jem_status slurm_cancel(const char *study, const slurm_options *o);

/* ---- the scripts */

/* What they are made of; all is borrowed. */
typedef struct slurm_job {
    const char *study;       /* absolute */
    const char *program;     /* absolute: jem */
    const char *const *args; /* [arg_count] of slurm_options */
    int arg_count;
    int64_t at_once;
    int64_t memory_mb;       /* of a task; 0: sbatch is not told */
    int64_t minutes;         /* of a task; 0: sbatch is not told */
    const char *const *set;  /* [set_count] that tasks get */
    int set_count;
    const sweep_run *runs;   /* [count]; tasks are those that wait, and their numbers the places here */
    int count;
} slurm_job;

/* Their texts, for a shell whatever the names; errors stick to the strbuf. */
void slurm_submit_script(strbuf *text, const slurm_job *j);
void slurm_array_script(strbuf *text, const slurm_job *j);
void slurm_step_script(strbuf *text, const slurm_job *j, const char *const *words); /* jem WORD ... */
void slurm_report_script(strbuf *text, const slurm_job *j); /* of the study, then of the grid that it is in */
void slurm_program_script(strbuf *text, const slurm_job *j);
void slurm_task_list(strbuf *text, const slurm_job *j);

/* JEM_EUSAGE for an option that is none, or that jem gives itself. */
jem_status slurm_check_args(const char *const *args, int count);
/* The value of "--NAME=VALUE" among them, the last one; NULL: not given. */
const char *slurm_arg(const char *const *args, int count, const char *name);

/* ---- calls */

/* *out <- what the program (argv[0], found in PATH) prints, owned.  JEM_EIO if it is not there or ends with
 * anything but 0; what it complains of is seen as it comes. */
jem_status slurm_call(char **out, const char *const *argv);

/* ---- what a task needs */

/* j->memory_mb and minutes, of those that args do not say, from jem plan with a margin; tells both.  The time is
 * measured on this machine: of tasks with a GPU none is said, and their memory is that of a CPU's, which holds what a
 * GPU would, and 4 GB for its driver and libraries. */
jem_status slurm_needs(slurm_job *j, const launch_batch *b, const slurm_options *o);

#endif
