/* A report written anew while its study trains: see report_follow.h. */
#include "cli/report_follow.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/dir_lock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path_expand.h"
#include "base/try.h"
#include "cli/startup.h"
#include "record/run_facts.h"
#include "study/sweep_status.h"

/* A pause takes SHARE times what writing took, at least EVERY_S.  A study that nobody trains is followed for PATIENCE_S: a sweep
 * holds it from one run to the next, so somebody stopped it. */
enum { EVERY_S = 10, SHARE = 9, PATIENCE_S = 20 };

/* How the study, or the run, stands. */
typedef struct state {
    sweep_run *runs;
    report_run *shown;
    int count;
    double eta_s;
    int unfinished; /* so many wait or were interrupted */
    bool idle;      /* and nobody trains any */
} state;

static void state_clear(state *s)
{
    mem_free(s->runs);
    mem_free(s->shown);
    *s = (state){.count = 0};
}

/* A run by itself, wherever it lies. */
static jem_status read_one(state *s, const char *folder)
{
    jem_status st;
    char *whole = NULL, *path = NULL;
    run_facts f = RUN_FACTS_INIT;

    TRY(path_absolute(&whole, folder));
    TRY(str_format(&path, "%s/run.json", whole));
    TRY(run_facts_read(&f, path));
    TRY(MEM_NEW(s->runs, 1));
    char *slash = strrchr(whole, '/');
    snprintf(s->runs->name, sizeof s->runs->name, "%s", slash + 1);
    s->runs->alpha = f.alpha;
    s->runs->seed = f.seed;
    *slash = '\0';
    TRY(sweep_status_of(s->runs, whole));
    s->count = 1;
done:
    run_facts_clear(&f);
    mem_free(path);
    mem_free(whole);
    return st;
}

static jem_status read_state(state *s, const char *folder)
{
    jem_status st;
    char *path = NULL;
    double *load = NULL;
    int slots = 0;

    *s = (state){.count = 0};
    TRY(str_format(&path, "%s/study.json", folder));
    TRY(file_exists(path) ? sweep_status_read(&s->runs, &s->count, folder) : read_one(s, folder));
    TRY(MEM_NEW(s->shown, s->count));
    for (int i = 0; i < s->count; i++) {
        const sweep_run *r = &s->runs[i];
        slots += r->state == SWEEP_RUNNING;
        s->unfinished += r->state == SWEEP_WAITING || r->state == SWEEP_INTERRUPTED;
        s->shown[i] = (report_run){.name = r->name, .state = sweep_state_name(r->state), .reason = r->reason,
                                   .verdict = r->reported ? verdict_name(r->now.verdict) : "", .alpha = r->alpha,
                                   .iteration = r->now.iteration, .iterations = r->now.iterations,
                                   .val_accuracy = r->reported ? r->now.val_accuracy : NAN,
                                   .images_per_s = r->reported ? r->now.images_per_s : NAN,
                                   .eta_s = r->reported ? r->now.eta_s : NAN};
    }
    s->idle = !slots && !dir_is_held(folder);
    if (slots == 0) slots = 1;
    TRY(MEM_NEW(load, slots));
    s->eta_s = sweep_eta_s(s->runs, s->count, load, slots);
done:
    mem_free(load);
    mem_free(path);
    if (st != JEM_OK) state_clear(s);
    return st;
}

/* Has every run ended, and does nobody hold the study to begin others? */
static bool is_over(const state *s) { return s->idle && !s->unfinished; }

/* Are jobs of its array in a queue, as far as anybody knows who does not ask it? */
static bool is_queued(const char *folder)
{
    char *jobs = NULL, *cancelled = NULL;
    const bool queued = str_format(&jobs, "%s/slurm/jobs", folder) == JEM_OK &&
                        str_format(&cancelled, "%s/slurm/cancelled", folder) == JEM_OK && file_exists(jobs) && !file_exists(cancelled);
    mem_free(jobs);
    mem_free(cancelled);
    return queued;
}

static bool has_begun(const state *s)
{
    for (int i = 0; i < s->count; i++)
        if (s->runs[i].state != SWEEP_WAITING) return true;
    return false;
}

/* Began, and now nobody is at work or about to be. */
static bool is_abandoned(const state *s, const char *folder) { return s->idle && has_begun(s) && !is_queued(folder); }

static void pause_until(double then_s, const volatile sig_atomic_t *stop)
{
    while (!*stop && clock_s() < then_s) nanosleep(&(struct timespec){0, 100000000}, NULL);
}

/* One page of a study under way. */
static jem_status write_live(const state *s, const report_call *call, int every_s)
{
    const report_live live = {.reload_s = every_s, .eta_s = s->eta_s, .count = s->count, .runs = s->shown,
                              .unfinished = s->unfinished, .idle = s->idle};
    report_call with = *call;
    report_result result;

    with.live = &live;
    if (!has_begun(s)) return JEM_OK;
    return report_write(&result, &with);
}

jem_status report_follow(report_result *out, const report_call *call)
{
    jem_status st;
    state s = {.count = 0};
    const volatile sig_atomic_t *stop = cli_catch_signals();
    double took_s = 0, idle_since_s = NAN;
    bool said = false;

    for (;;) {
        state_clear(&s);
        TRY(read_state(&s, call->folder));
        if (*stop || is_over(&s)) break;
        const double began_s = clock_s();
        if (!is_abandoned(&s, call->folder))
            idle_since_s = NAN;
        else if (isnan(idle_since_s))
            idle_since_s = began_s;
        if (began_s - idle_since_s >= PATIENCE_S) {
            log_warning("nobody trains %s any more: %d of its %d runs are unfinished; follow it again when they go on",
                        call->folder, s.unfinished, s.count);
            break;
        }
        const double every_s = fmax(EVERY_S, SHARE * took_s);
        TRY(write_live(&s, call, (int)ceil(every_s)));
        took_s = clock_s() - began_s;
        if (!said) log_info("%s is written every %.0f s while %s trains; Ctrl-C ends that", call->page, every_s, call->folder);
        said = true;
        pause_until(began_s + took_s + fmax(EVERY_S, SHARE * took_s), stop);
    }
    st = report_write(out, call);
done:
    state_clear(&s);
    return st;
}
