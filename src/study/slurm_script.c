/* The scripts of a study's jobs (slurm.h): texts alone.  Nothing in them is computed from names: what
 * somebody called a folder, or typed as an option, stands in quotes (base/shell_line.h). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/shell_line.h"
#include "study/slurm.h"

enum { NUMBER = 64, WORDS_MAX = 1024 };

static void put(strbuf *t, const char *text)
{
    strbuf_put(t, text, strlen(text));
}

static void put_words(strbuf *t, const char *const *words)
{
    char *line = NULL;
    const jem_status st = shell_line(&line, words);
    if (st == JEM_OK)
        put(t, line);
    else if (t->status == JEM_OK)
        t->status = st;
    mem_free(line);
}

static void put_word(strbuf *t, const char *word)
{
    put_words(t, (const char *[]){word, NULL});
}

/* " --NAME=VALUE" */
static void put_option(strbuf *t, const char *name, int64_t value)
{
    char text[NUMBER];
    snprintf(text, sizeof text, " %s=%" PRId64, name, value);
    put(t, text);
}

static void put_head(strbuf *t, const slurm_job *j, const char *what)
{
    strbuf_add(t, "#!/bin/bash\n# ");
    put(t, what);
    strbuf_add(t, "\n# Written by jem " JEM_VERSION "; `jem sweep --slurm` writes it anew, `bash slurm/submit.sh` uses it as it is.\nstudy=");
    put_word(t, j->study);
    strbuf_add(t, "\n");
}

/* ---- submit.sh */

/* "0-3,7": the places of runs that wait. */
static void put_indices(strbuf *t, const slurm_job *j)
{
    bool first = true;
    char text[NUMBER];

    for (int i = 0, last; i < j->count; i = last + 1) {
        last = i;
        if (j->runs[i].state != SWEEP_WAITING) continue;
        while (last + 1 < j->count && j->runs[last + 1].state == SWEEP_WAITING) last++;
        snprintf(text, sizeof text, last > i ? "%s%d-%d" : "%s%d", first ? "" : ",", i, last);
        put(t, text);
        first = false;
    }
}

static void put_args(strbuf *t, const slurm_job *j)
{
    for (int i = 0; i < j->arg_count; i++) {
        strbuf_add(t, " ");
        put_word(t, j->args[i]);
    }
}

/* A job after the one whose number is in $before, however that ended. */
static void put_follower(strbuf *t, const slurm_job *j, const char *name)
{
    put(t, name);
    strbuf_add(t, "=$(submit --job-name=jem-");
    put(t, name);
    strbuf_add(t, " --output=logs/slurm-%j.log");
    if (j->memory_mb) put_option(t, "--mem", j->memory_mb);
    put_args(t, j);
    strbuf_add(t, " --dependency=afterany:$before slurm/");
    put(t, name);
    strbuf_add(t, ".sh)\nbefore=$");
    put(t, name);
    strbuf_add(t, "\necho \"");
    put(t, name);
    strbuf_add(t, " $before\" >>slurm/jobs\n");
}

void slurm_submit_script(strbuf *t, const slurm_job *j)
{
    put_head(t, j, "Submits an array of one task per unfinished run, then what follows it.");
    strbuf_add(t, "set -eu -o pipefail\ncd -- \"$study\"\nrm -f slurm/jobs slurm/cancelled\n"
                  "submit() { sbatch --parsable --requeue --open-mode=append \"$@\" | cut -d';' -f1; }\n\n"
                  "# USR1 comes two minutes before the time limit: the run is saved and goes into the queue again.\n"
                  "before=$(submit --job-name=jem-train --array=");
    put_indices(t, j);
    if (j->at_once > 0) {
        char text[NUMBER];
        snprintf(text, sizeof text, "%%%" PRId64, j->at_once);
        put(t, text);
    }
    strbuf_add(t, " --output=logs/slurm-%A_%a.log --signal=USR1@120");
    if (j->memory_mb) put_option(t, "--mem", j->memory_mb);
    if (j->minutes) put_option(t, "--time", j->minutes);
    put_args(t, j);
    strbuf_add(t, " slurm/array.sh)\necho \"array $before\" >slurm/jobs\n"
                  "# afterany: what has been trained is evaluated, also where a task failed.\n");
    put_follower(t, j, "eval");
    put_follower(t, j, "bench");
    put_follower(t, j, "report");
    strbuf_add(t, "cat slurm/jobs\n");
}

/* ---- jobs */

static void put_call(strbuf *t)
{
    strbuf_add(t, "srun --ntasks=1 --cpus-per-task=\"$threads\" sh \"$study/slurm/jem\"");
}

void slurm_array_script(strbuf *t, const slurm_job *j)
{
    char place[NUMBER];

    put_head(t, j, "One run of the study: the task's number is its place in study.json.");
    strbuf_add(t, "runs=(");
    for (int i = 0; i < j->count; i++) {
        if (j->runs[i].state != SWEEP_WAITING) continue;
        snprintf(place, sizeof place, "\n    [%d]=", i);
        put(t, place);
        put_word(t, j->runs[i].name);
    }
    strbuf_add(t, ")\nname=${runs[$SLURM_ARRAY_TASK_ID]}\nthreads=${SLURM_CPUS_PER_TASK:-1}\nlog=$study/logs/$name.log\n"
                  "[ -e \"$study/slurm/cancelled\" ] && exit 5\n\n"
                  "# The training saves and ends with 5; this shell outlives the signal and decides what follows.\n"
                  "trap : TERM USR1\n");
    put_call(t);
    strbuf_add(t, " sweep --task \"$name\" --set \"engine.threads=$threads\"");
    for (int i = 0; i < j->set_count; i++) {
        if (strncmp(j->set[i], "engine.threads=", strlen("engine.threads=")) == 0) continue;
        strbuf_add(t, " --set ");
        put_word(t, j->set[i]);
    }
    strbuf_add(t, " --out \"$study\" >>\"$log\" 2>&1\ncode=$?\n\n"
                  "# How often a task may go into the queue again.\n"
                  "case $code in\n"
                  "    5|8) most=100 ;;                # saved: a time limit, preemption, a lost peer\n"
                  "    1|6|7|12[89]|13?|14?) most=3 ;; # no memory, no disk, killed: may do better elsewhere\n"
                  "    *) most=0 ;;                    # finished; or data and settings, which stay as they are\n"
                  "esac\n"
                  "id=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\n"
                  "[ -e \"$study/slurm/cancelled\" ] && most=0\n"
                  "# A job that somebody cancelled, or Slurm has put back itself, is not RUNNING any more.\n"
                  "if [ \"${SLURM_RESTART_COUNT:-0}\" -lt $most ] && [ \"$(squeue -h -j \"$id\" -o %T)\" = RUNNING ]; then\n"
                  "    echo \"slurm: exit code $code: task $id goes into the queue again\" | tee -a \"$log\"\n"
                  "    scontrol requeue \"$id\" && sleep 60 # which ends this shell\n"
                  "fi\n"
                  "exit $code\n");
}

void slurm_step_script(strbuf *t, const slurm_job *j, const char *const *words)
{
    put_head(t, j, "What follows the trainings.");
    strbuf_add(t, "[ -e \"$study/slurm/cancelled\" ] && exit 5\nthreads=${SLURM_CPUS_PER_TASK:-1}\n");
    put_call(t);
    strbuf_add(t, " ");
    put_words(t, words);
    strbuf_add(t, "\n");
}

void slurm_report_script(strbuf *t, const slurm_job *j)
{
    slurm_step_script(t, j, (const char *[]){"report", j->study, NULL});
    strbuf_add(t, "code=$?\n# Of a grid the studies side by side, as far as they are by now.\ngrid=$(dirname \"$study\")\n"
                  "[ -e \"$grid/grid.json\" ] && ");
    put_call(t);
    strbuf_add(t, " report \"$grid\"\nexit $code\n");
}

void slurm_program_script(strbuf *t, const slurm_job *j)
{
    strbuf_add(t, "# How the study's jobs call jem.  Load a module here, or put a container before it; jem keeps what is here.\n"
                  "exec ");
    put_word(t, j->program);
    strbuf_add(t, " \"$@\"\n");
}

void slurm_task_list(strbuf *t, const slurm_job *j)
{
    char number[NUMBER];
    for (int i = 0; i < j->count; i++) {
        if (j->runs[i].state != SWEEP_WAITING) continue;
        snprintf(number, sizeof number, "%d ", i);
        put(t, number);
        put(t, j->runs[i].name);
        strbuf_add(t, "\n");
    }
}

/* ---- options of sbatch */

const char *slurm_arg(const char *const *args, int count, const char *name)
{
    const size_t n = strlen(name);
    const char *value = NULL;
    for (int i = 0; i < count; i++)
        if (strncmp(args[i], name, n) == 0 && args[i][n] == '=') value = args[i] + n + 1;
    return value;
}

jem_status slurm_check_args(const char *const *args, int count)
{
    static const char *const own[] = {"--array", "--wrap", "--chdir", "--parsable", "--output", "--open-mode",
                                      "--dependency", "--job-name"};
    for (int i = 0; i < count; i++) {
        if (strncmp(args[i], "--", 2) != 0 || !args[i][2])
            return jem_error(JEM_EUSAGE, "--slurm-arg %s: expected an option of sbatch in its long form, as "
                             "--slurm-arg=--partition=gpu", args[i]);
        for (size_t k = 0; k < sizeof own / sizeof *own; k++) {
            const size_t n = strlen(own[k]);
            if (strncmp(args[i], own[k], n) == 0 && (args[i][n] == '=' || !args[i][n]))
                return jem_error(JEM_EUSAGE, "--slurm-arg %s: jem gives %s itself; for another one write the scripts "
                                 "with --slurm=write and change them", args[i], own[k]);
        }
    }
    return JEM_OK;
}
