/* Jobs of a study in Slurm's queue (slurm.h): squeue says how they stand, scancel ends them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "study/slurm.h"

enum { JOBS_MAX = 8, NAME = 16, LARGEST = 16 << 20 };

/* STUDY/slurm/jobs. */
typedef struct job {
    char name[NAME], id[NAME];
} job;
typedef struct jobs {
    job list[JOBS_MAX];
    int count;
} jobs;

static jem_status read_text(char **text, const char *study, const char *name)
{
    jem_status st;
    char *path = NULL;
    size_t size;

    TRY(str_format(&path, "%s/slurm/%s", study, name));
    if (file_exists(path)) TRY(file_read(text, &size, path, LARGEST));
done:
    mem_free(path);
    return st;
}

/* None where the study was never submitted. */
static jem_status read_jobs(jobs *out, const char *study)
{
    jem_status st;
    char *text = NULL, *rest = NULL;

    *out = (jobs){.count = 0};
    TRY(read_text(&text, study, "jobs"));
    for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
        job *j = &out->list[out->count];
        if (out->count == JOBS_MAX || sscanf(line, "%15[a-z] %15[0-9]", j->name, j->id) != 2) {
            st = jem_error(JEM_EDATA, "%s/slurm/jobs: '%s' is no line 'array 12'; remove the file if no job of the study "
                           "is in the queue", study, line);
            goto done;
        }
        out->count++;
    }
done:
    mem_free(text);
    return st;
}

static const job *find_job(const jobs *all, const char *id)
{
    for (int i = 0; i < all->count; i++)
        if (strcmp(all->list[i].id, id) == 0) return &all->list[i];
    return NULL;
}

/* The user's whole queue, a line per task: a job that Slurm has forgotten is no error then. */
static jem_status read_queue(char **text)
{
    return slurm_call(text, (const char *[]){"squeue", "-h", "-r", "--me", "-o", "%F %K %T %r", NULL});
}

/* "12 3 PENDING (Resources)"; array tasks of jobs without have "N/A". */
typedef struct queued {
    char id[NAME], task[NAME], state[2 * NAME], why[4 * NAME];
} queued;

static bool read_queued(queued *q, const char *line)
{
    return sscanf(line, "%15s %15s %31s %63[^\n]", q->id, q->task, q->state, q->why) == 4;
}

jem_status slurm_check_idle(const char *study)
{
    jem_status st;
    jobs all;
    char *text = NULL, *rest = NULL;
    queued q;

    TRY(read_jobs(&all, study));
    if (all.count == 0) goto done;
    if (read_queue(&text) != JEM_OK) {
        log_warning("%s; whether jobs of %s are still in the queue is not known", jem_error_message(), study);
        goto done;
    }
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        const job *found = read_queued(&q, line) ? find_job(&all, q.id) : NULL;
        if (!found) continue;
        st = jem_error(JEM_EUSAGE, "%s: its job %s (%s) is %s; wait for it (jem sweep --status %s) or end it (jem sweep "
                       "--cancel %s)", study, found->id, found->name, q.state, study, study);
        goto done;
    }
done:
    mem_free(text);
    return st;
}

/* ---- states of tasks */

/* The run of task number `task`; NULL: none that is listed. */
static sweep_run *run_of_task(sweep_run *runs, int count, char *const *names, int tasks, const char *task)
{
    char *end;
    const long number = strtol(task, &end, 10);
    if (*end || number < 0 || number >= tasks || !names[number]) return NULL;
    for (int i = 0; i < count; i++)
        if (strcmp(runs[i].name, names[number]) == 0) return &runs[i];
    return NULL;
}

/* names [*count] <- of the tasks in STUDY/slurm/tasks by their numbers; NULL where there is none. */
static jem_status read_tasks(char ***names, int *count, const char *study, int most)
{
    jem_status st;
    char *text = NULL, *rest = NULL, **read = NULL, name[SWEEP_NAME];
    int number;

    TRY(MEM_NEW(read, most));
    TRY(read_text(&text, study, "tasks"));
    for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
        if (sscanf(line, "%d %63s", &number, name) != 2 || number < 0 || number >= most || read[number]) continue;
        TRY(mem_strdup(&read[number], name));
    }
    *names = read;
    *count = most;
    read = NULL;
done:
    strings_free(read, read ? most : 0);
    mem_free(text);
    return st;
}

static void add_state(sweep_run *r, const queued *q)
{
    char text[2 * SWEEP_REASON];
    if (r->state == SWEEP_RUNNING || r->state == SWEEP_FINISHED) return;
    snprintf(text, sizeof text, "%s%sSlurm: %s (%s)", r->reason, r->reason[0] ? "; " : "", q->state, q->why);
    sweep_run_reason(r, text);
    /* Saved, or killed: the queue has it, so that it waits. */
    if (r->state == SWEEP_INTERRUPTED) r->state = SWEEP_WAITING;
}

static jem_status add_states(sweep_run *runs, int count, const char *study)
{
    jem_status st;
    jobs all;
    char *text = NULL, *rest = NULL, **names = NULL;
    int tasks = 0;
    queued q;

    TRY(read_jobs(&all, study));
    if (all.count == 0) goto done;
    TRY(read_tasks(&names, &tasks, study, count));
    TRY(read_queue(&text));
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        const job *j = read_queued(&q, line) ? find_job(&all, q.id) : NULL;
        if (!j || strcmp(j->name, "array") != 0) continue;
        sweep_run *r = run_of_task(runs, count, names, tasks, q.task);
        if (r) add_state(r, &q);
    }
done:
    strings_free(names, tasks);
    mem_free(text);
    return st;
}

void slurm_add_states(sweep_run *runs, int count, const char *study)
{
    if (add_states(runs, count, study) != JEM_OK) log_warning("%s", jem_error_message());
}

/* ---- an end */

static jem_status is_queued(bool *yes, const char *id)
{
    char *text = NULL, *rest = NULL;
    queued q;
    const jem_status st = read_queue(&text);

    *yes = false;
    for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest))
        *yes = *yes || (read_queued(&q, line) && strcmp(q.id, id) == 0);
    mem_free(text);
    return st;
}

/* `how`: an option of scancel, or NULL.  It refuses jobs that have ended. */
static jem_status cancel(const jobs *all, const char *how)
{
    jem_status st = JEM_OK;
    char *said = NULL;
    bool there;

    for (int i = all->count; i-- > 0;) { /* what follows the array first, which would begin now */
        const char *id = all->list[i].id;
        TRY(is_queued(&there, id));
        if (!there) continue;
        mem_free(said);
        said = NULL;
        TRY(slurm_call(&said, (const char *[]){"scancel", how ? how : id, how ? id : NULL, NULL}));
    }
done:
    mem_free(said);
    return st;
}

jem_status slurm_cancel(const char *study, const slurm_options *o)
{
    jem_status st;
    jobs all;
    char *path = NULL;

    TRY(read_jobs(&all, study));
    if (all.count == 0) {
        st = jem_error(JEM_EUSAGE, "%s: has no jobs: it was not submitted with jem sweep --slurm", study);
        goto done;
    }
    TRY(str_format(&path, "%s/slurm/cancelled", study));
    if (file_exists(path)) {
        TRY(cancel(&all, NULL));
        o->tell(o->ctx, "ended at once; what was saved before is kept");
        goto done;
    }
    TRY(file_write(path, "", 0));
    TRY(cancel(&all, "--state=PENDING"));
    TRY(cancel(&all, "--signal=USR1"));
    o->tell(o->ctx, "what was waiting is out of the queue; what runs saves and ends (the same command again ends it at once); "
                    "the same jem sweep --slurm goes on");
done:
    mem_free(path);
    return st;
}
