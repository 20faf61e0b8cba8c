/* The work of a sweep: see sweep.h. */
#include "study/sweep.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/dir_lock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "record/declared.h"
#include "study/failures.h"
#include "study/sweep_config.h"

enum { RUNS_MAX = 10000 };

static const double tick_s = 0.1;

typedef struct sweep {
    const sweep_request *q;
    config cfg;
    sweep_config kept;
    study_rescue rescue;
    uint64_t data_hash; /* for run_confirm_data; 0: not read */
    sweep_run *runs;    /* [count], seed by seed */
    int count;
    int64_t slots;
    void *launched;     /* of the launcher */
    double *load;       /* [slots] for sweep_eta_s */
    dir_held *lock;     /* of the folder while this sweep works on it */
    bool made;          /* this sweep made that folder */
} sweep;

static void tell(const sweep *s, void (*what)(void *ctx))
{
    if (what) what(s->q->watch.ctx);
}

static void tell_update(const sweep *s, double eta_s, bool changed)
{
    const sweep_watch *w = &s->q->watch;
    if (w->update) w->update(w->ctx, s->runs, s->count, eta_s, changed);
}

/* ---- the grid */

/* Runs of one name would share a folder: the first seeds of two alphas, since every alpha has one. */
static jem_status check_names(const sweep *s)
{
    for (int i = 0; i < s->q->plan.alpha_count; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(s->runs[i].name, s->runs[k].name) == 0)
                return jem_error(JEM_EUSAGE, "alphas: two runs would have the name %s",
                                 s->runs[i].name);
    return JEM_OK;
}

static jem_status plan_runs(sweep *s)
{
    jem_status st;
    const sweep_plan *p = &s->q->plan;
    int64_t all = 0, most = 0;
    for (int i = 0; i < p->alpha_count; i++) {
        all += p->seeds[i];
        if (p->seeds[i] > most) most = p->seeds[i];
    }
    if (all > RUNS_MAX) return jem_error(JEM_EUSAGE, "sweep: more than %d runs", RUNS_MAX);
    TRY(MEM_NEW(s->runs, all));
    for (int64_t k = 0; k < most; k++)
        for (int i = 0; i < p->alpha_count; i++) {
            if (k >= p->seeds[i]) continue;
            sweep_run *r = &s->runs[s->count++];
            r->alpha = p->alphas[i];
            r->seed = s->cfg.seed + k;
            sweep_run_name(r);
        }
    TRY(check_names(s));
done:
    return st;
}

/* ---- one run */

typedef struct run_settings {
    char alpha[64], seed[64];
} run_settings;

static run_settings settings_of(const sweep_run *r)
{
    run_settings t;
    snprintf(t.alpha, sizeof t.alpha, "alpha=%.9g", r->alpha);
    snprintf(t.seed, sizeof t.seed, "seed=%lld", (long long)r->seed);
    return t;
}

/* Finished, or impossible to begin: then no process is needed to learn it. */
static jem_status look_at_run(sweep *s, sweep_run *r)
{
    jem_status st;
    char *folder = NULL;
    run_claim claim;
    run_settings own = settings_of(r);
    TRY(options_assign(config_groups(&s->cfg), own.alpha));
    TRY(options_assign(config_groups(&s->cfg), own.seed));
    TRY(str_format(&folder, "%s/%s", s->q->out, r->name));
    jem_status claimed = run_claim_folder(&claim, folder, &s->cfg);
    if (claimed == JEM_OK && claim == RUN_DONE)
        claimed = run_confirm_data(&s->data_hash, folder, &s->cfg);
    if (claimed != JEM_OK)
        sweep_run_failed(r, claimed, jem_error_message());
    else if (claim == RUN_DONE)
        TRY(sweep_run_recall(r, folder));
done:
    mem_free(folder);
    return st;
}

/* As a user would type it: jem train --resume --set ... --out STUDY/RUN -- STUDY/config.yaml */
static void put_words(const char **words, const launch *l)
{
    int n = 0;
    words[n++] = "train";
    words[n++] = "--resume";
    for (int i = 0; i < l->set_count; i++) {
        words[n++] = "--set";
        words[n++] = l->set[i];
    }
    words[n++] = "--out";
    words[n++] = l->out;
    words[n++] = "--";
    words[n++] = l->config;
    words[n] = NULL;
}

static jem_status start_run(sweep *s, int number, bool *busy)
{
    jem_status st;
    sweep_run *r = &s->runs[number];
    char *folder = NULL, *log = NULL;
    const char *set[SWEEP_CONFIG_SET + 2], *words[2 * SWEEP_CONFIG_SET + 16];
    run_settings own = settings_of(r);
    int n = 0;

    TRY(str_format(&folder, "%s/%s", s->q->out, r->name));
    TRY(str_format(&log, "%s/logs/%s.log", s->q->out, r->name));
    for (; n < s->kept.count; n++) set[n] = s->kept.set[n];
    set[n++] = own.alpha;
    set[n++] = own.seed;
    const launch l = {.name = r->name, .words = words, .log = log, .lists = s->q->lists,
                      .config = s->kept.path, .out = folder, .set = set, .set_count = n};
    put_words(words, &l);
    TRY(s->q->launcher->start(s->launched, number, &l, busy));
    if (*busy) goto done;
    r->state = SWEEP_RUNNING;
    r->reported = false;
    sweep_run_reason(r, "");
done:
    mem_free(folder);
    mem_free(log);
    return st;
}

/* ---- what the launcher tells */

static void take_report(void *ctx, int number, const train_status *now)
{
    sweep *s = ctx;
    sweep_run_report(&s->runs[number], now);
}

/* What nothing is known to have been wrong with stands as its folder says, wherever the study lies now. */
static jem_status look_at_end(sweep *s, sweep_run *r)
{
    jem_status st;
    char *study = NULL, *folder = NULL;
    bool moved;

    TRY(dir_where(&study, &moved, s->lock));
    TRY(str_format(&folder, "%s/%s", study, r->name));
    TRY(sweep_run_recall(r, folder));
done:
    mem_free(study);
    mem_free(folder);
    return st;
}

static void take_end(void *ctx, int number, const launch_end *e)
{
    sweep *s = ctx;
    sweep_run *r = &s->runs[number];
    jem_status st;

    if (e->code != JEM_OK)
        sweep_run_failed(r, e->code, e->reason);
    else if ((st = look_at_end(s, r)) != JEM_OK)
        sweep_run_failed(r, st, jem_error_message());
}

/* ---- all runs */

static int count_state(const sweep *s, sweep_state state)
{
    int n = 0;
    for (int i = 0; i < s->count; i++) n += s->runs[i].state == state;
    return n;
}

/* Starts waiting runs while there are vacant slots; returns if a state changed. */
static bool start_runs(sweep *s)
{
    bool changed = false;
    int64_t vacant = s->slots - count_state(s, SWEEP_RUNNING);
    for (int i = 0; i < s->count && vacant > 0; i++) {
        sweep_run *r = &s->runs[i];
        bool busy = false;
        if (r->state != SWEEP_WAITING) continue;
        jem_status st = start_run(s, i, &busy);
        if (st != JEM_OK) sweep_run_failed(r, st, jem_error_message());
        if (busy) sweep_run_reason(r, "an earlier process is still saving it");
        changed |= r->state != SWEEP_WAITING;
        vacant -= r->state == SWEEP_RUNNING;
    }
    return changed;
}

/* A full disk for a moment must not cost days of training: the next change of state
 * writes study.json again. */
static void write_study(sweep *s)
{
    if (sweep_study_write(&s->q->plan, s->runs, s->count, s->q->out) == JEM_OK) return;
    tell(s, s->q->watch.message);
    log_warning("%s", jem_error_message());
}

/* Trainings at work hold their folders; further ones would be begun by the study's old path. */
static jem_status check_place(const sweep *s)
{
    jem_status st;
    char *now = NULL;
    bool moved;

    TRY(dir_where(&now, &moved, s->lock));
    if (moved)
        st = jem_error(JEM_EIO, "%s: lies in %s now; its runs that were at work went on there, no further "
                       "one is begun; go on in the folder %s", s->q->out, now, now);
done:
    mem_free(now);
    return st;
}

static void pause_all(sweep *s)
{
    const launcher *l = s->q->launcher;
    *s->q->pause = 0;
    if (l->pause) l->pause(s->launched, true);
    tell(s, s->q->watch.pause);
    if (l->pause) l->pause(s->launched, false);
}

/* ---- a change for all */

static jem_status open_launcher(sweep *s, int waiting)
{
    jem_status st;
    launch_options o = s->q->launch;

    s->slots = s->q->slots < waiting ? s->q->slots : waiting > 0 ? waiting : 1;
    o.slots = (int)s->slots;
    mem_free(s->load);
    s->load = NULL;
    TRY(MEM_NEW(s->load, s->slots));
    TRY(s->q->launcher->open(&s->launched, &o));
done:
    return st;
}

/* Asks all trainings to end, and waits for them. */
static void end_trainings(sweep *s)
{
    const launch_watch news = {s, take_report, take_end};

    s->q->launcher->stop(s->launched);
    while (count_state(s, SWEEP_RUNNING) > 0) {
        s->q->launcher->poll(s->launched, &news, tick_s);
        tell_update(s, NAN, false);
    }
}

static void wait_again(sweep_run *r)
{
    r->state = SWEEP_WAITING;
    r->code = JEM_OK;
    r->reported = false;
    sweep_run_reason(r, "");
}

/* What the run needs is changed for all runs, of which none is at work; they begin anew. */
static jem_status change_for_all(sweep *s, const sweep_run *r)
{
    jem_status st;
    char *folder = NULL;
    run_info info;
    run_settings own = settings_of(r);

    TRY(check_place(s));
    TRY(str_format(&folder, "%s/%s", s->q->out, r->name));
    TRY(run_read_info(&info, folder));
    TRY(options_assign(config_groups(&s->cfg), own.alpha));
    TRY(study_rescue_next(&s->rescue, &s->cfg, s->q->out, r->name, info.iteration, info.message));
    const rescue_event *e = &s->rescue.state.events[s->rescue.state.count - 1];
    tell(s, s->q->watch.message);
    log_warning("%s diverged at iteration %lld: %s; for all runs of the study: %s; they begin anew, and what "
                "they were lies in %s/set-aside/%d", r->name, (long long)e->iteration, e->reason, e->change,
                s->q->out, s->rescue.state.count);
    for (int i = 0; i < s->count; i++) wait_again(&s->runs[i]);
done:
    mem_free(folder);
    return st;
}

static jem_status rescue_study(sweep *s, const sweep_run *r)
{
    jem_status st;

    end_trainings(s);
    TRY(change_for_all(s, r));
    s->q->launcher->close(s->launched); /* which was told to stop */
    s->launched = NULL;
    TRY(open_launcher(s, s->count));
done:
    return st;
}

/* A run that has diverged where a change is left; NULL: none. */
static const sweep_run *needs_change(const sweep *s)
{
    for (int i = 0; i < s->count; i++)
        if (s->runs[i].state == SWEEP_DIVERGED && study_rescue_left(&s->rescue, &s->cfg)) return &s->runs[i];
    return NULL;
}

/* *changed: states have. */
static jem_status rescue_if_needed(sweep *s, bool *changed)
{
    const sweep_run *r = needs_change(s);
    if (!r) return JEM_OK;
    *changed = true;
    return rescue_study(s, r);
}

/* *stopped: *stop ended it.  In a study that is moved no further run is begun. */
static jem_status train_all(bool *stopped_out, sweep *s)
{
    jem_status st = JEM_OK;
    const sweep_request *q = s->q;
    const launch_watch news = {s, take_report, take_end};
    bool stopped = false, changed = true, beginning = true;

    while (count_state(s, SWEEP_RUNNING) > 0 ||
           (!stopped && beginning && count_state(s, SWEEP_WAITING) > 0)) {
        if (q->pause && *q->pause) pause_all(s);
        if (!stopped && q->stop && *q->stop) {
            stopped = true;
            q->launcher->stop(s->launched);
            tell(s, q->watch.stopping);
        }
        beginning = beginning && check_place(s) == JEM_OK;
        if (!stopped && beginning && start_runs(s)) changed = true;
        if (changed) write_study(s);
        tell_update(s, sweep_eta_s(s->runs, s->count, s->load, (int)s->slots), changed);
        changed = q->launcher->poll(s->launched, &news, tick_s) > 0;
        if (changed && !stopped) TRY(rescue_if_needed(s, &changed));
    }
    tell_update(s, NAN, true);
    *stopped_out = stopped;
done:
    return st;
}

/* A run that somebody else interrupted has not done what it should; one that was
 * stopped with the sweep has. */
static bool has_failed(const sweep_run *r, bool stopped)
{
    return r->state > SWEEP_FINISHED && !(stopped && r->state == SWEEP_INTERRUPTED);
}

/* Names the runs that failed, each with its reason; the first one's code. */
static jem_status report_failures(const sweep *s, bool stopped)
{
    failures f = FAILURES_INIT;
    jem_status st = JEM_OK;

    f.of = s->count;
    for (int i = 0; i < s->count; i++) {
        const sweep_run *r = &s->runs[i];
        if (has_failed(r, stopped)) failures_note(&f, r->name, r->code, r->reason);
    }
    TRY(failures_end(&f, "failed"));
done:
    return st == JEM_OK ? st : jem_error(st, "%s; see %s/logs", jem_error_message(), s->q->out);
}

/* Reads the data once: what is wrong with them, or with where they are, is wrong for every run. */
static jem_status check_data(sweep *s)
{
    jem_status st = JEM_OK;
    splits data = {NULL, NULL, NULL};
    if (s->data_hash != 0) return JEM_OK;
    TRY(data_load(&data, &s->cfg.data, CONFIG_SPLIT_SEED));
    s->data_hash = data.train->hash;
done:
    splits_free(&data);
    return st;
}

/* Two sweeps at work on one study would begin the same runs twice. */
static jem_status lock_study(sweep *s)
{
    bool busy;
    jem_status st = dir_lock(&s->lock, &busy, s->q->out);
    if (st == JEM_OK && busy)
        st = jem_error(JEM_EUSAGE,
                       "%s: another sweep is at work there; wait for it or choose another folder",
                       s->q->out);
    return st;
}

static jem_status write_files(sweep *s)
{
    jem_status st;
    const sweep_request *q = s->q;
    char *logs = NULL;

    TRY(str_format(&logs, "%s/logs", q->out));
    TRY(dir_make(logs));
    TRY(sweep_study_write(&q->plan, s->runs, s->count, q->out));
    TRY(declared_keep(q->out, q->declared, s->kept.begun));
    TRY(sweep_config_keep(&s->kept, &s->cfg)); /* beside study.json, which makes it no run's */
    TRY(study_rescue_keep(&s->rescue));
done:
    mem_free(logs);
    return st;
}

static jem_status begin(sweep *s)
{
    jem_status st;
    const sweep_request *q = s->q;
    TRY(config_load(&s->cfg, q->lists, q->plan.config_path, q->plan.set, q->plan.set_count));
    TRY(plan_runs(s));
    s->made = !dir_exists(q->out);
    TRY(dir_make(q->out));
    TRY(lock_study(s)); /* before the first write: a second sweep changes nothing */
    TRY(study_rescue_open(&s->rescue, q->rescue, &s->cfg, q->out));
    TRY(sweep_config_check(&s->kept, &s->cfg, q->out));
    TRY(declared_check(q->out, q->declared, s->kept.begun));
    if (!q->dry) TRY(file_remove_leftovers(q->out));
    if (sweep_config_sets(&s->kept, "data.path")) TRY(check_data(s));
    for (int i = 0; i < s->count; i++) TRY(look_at_run(s, &s->runs[i]));
    int waiting = count_state(s, SWEEP_WAITING);
    if (waiting > 0) TRY(check_data(s));
    if (q->watch.begin) TRY(q->watch.begin(q->watch.ctx, s->runs, s->count));
    if (!q->launcher->submit) TRY(open_launcher(s, waiting));
    if (!q->dry) TRY(write_files(s));
done:
    return st;
}

/* To a launcher that trains while nobody waits. */
static jem_status submit_all(sweep *s)
{
    jem_status st;
    const sweep_request *q = s->q;
    const sweep_run *diverged = needs_change(s);

    if (diverged && !q->dry) {
        TRY(change_for_all(s, diverged));
        TRY(sweep_study_write(&q->plan, s->runs, s->count, q->out));
    }
    TRY(q->launcher->submit(&q->launch, &(launch_batch){.study = q->out, .cfg = &s->cfg,
                                                        .set = (const char *const *)s->kept.set,
                                                        .set_count = s->kept.count, .runs = s->runs,
                                                        .count = s->count}));
    st = report_failures(s, false);
done:
    return st;
}

static jem_status run_all(sweep *s)
{
    jem_status st;
    TRY(begin(s));
    if (s->q->launcher->submit) return submit_all(s);
    bool stopped = false;
    TRY(train_all(&stopped, s));
    TRY(sweep_study_write(&s->q->plan, s->runs, s->count, s->q->out));
    tell(s, s->q->watch.message);
    st = report_failures(s, stopped);
    if (stopped || count_state(s, SWEEP_WAITING) > 0) TRY(check_place(s));
    if (stopped)
        st = jem_error(JEM_EINTERRUPTED,
                       "interrupted and saved, %d of %d runs are finished; the same command goes on",
                       count_state(s, SWEEP_FINISHED), s->count);
done:
    return st;
}

jem_status sweep_runs(const sweep_request *q)
{
    sweep *s = NULL;
    jem_status st;

    TRY(MEM_NEW(s, 1));
    s->q = q;
    st = run_all(s);
done:
    if (s) {
        if (q->launcher->close) q->launcher->close(s->launched);
        sweep_config_clear(&s->kept);
        study_rescue_clear(&s->rescue);
        if (s->made && s->lock) dir_remove_empty(s->lock); /* nothing was begun */
        dir_unlock(s->lock);
        mem_free(s->runs);
        mem_free(s->load);
    }
    mem_free(s);
    return st;
}
