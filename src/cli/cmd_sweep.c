/* jem sweep: the grid of alphas and seeds as a folder of runs.
 *
 *   STUDY/config.yaml              the settings that its runs share (sweep_config.h)
 *   STUDY/study.json               what was asked for, and the state of every run
 *   STUDY/alpha-0.50-seed-1/       one run each
 *   STUDY/logs/alpha-0.50-seed-1.log  what its training said
 *
 * Every training is a process of its own; --slots says how many at a time.  Finished
 * runs are skipped and unfinished ones resumed, so the same command can be given
 * until it is done.  A run that fails does not stop the others; data that cannot be read are found
 * before any run begins. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/dir_lock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
#include "cli/startup.h"
#include "cli/sweep_config.h"
#include "cli/sweep_show.h"
#include "cli/sweep_slots.h"
#include "cli/sweep_study.h"

enum { RUNS_MAX = 10000 };

static const double tick_s = 0.1;

/* As typed. */
typedef struct sweep_flags {
    const char *config, *out, *alpha;
    cli_list set;
    int64_t seeds, slots;
} sweep_flags;

static const cli_argument arguments[] = {
    {"CONFIG.yaml", offsetof(sweep_flags, config), .help = "the settings that all runs share"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--alpha", CLI_TEXT, offsetof(sweep_flags, alpha), "0:1:0.1|0,0.5,1", .help = "FROM:TO:STEP, or some values",
     .default_text = "0:1:0.1"},
    {"--seeds", CLI_INT, offsetof(sweep_flags, seeds), "N", .help = "runs of each alpha, with seeds from the settings' on",
     .default_text = "1", .min = 1, .max = 1000},
    {"--slots", CLI_INT, offsetof(sweep_flags, slots), "N", .help = "trainings at a time, which share the processors",
     .default_text = "1", .min = 1, .max = 4096},
    CLI_SET(sweep_flags, set, "the settings"),
    CLI_ON_DEVICE(sweep_flags, set),
    {"--out", CLI_TEXT, offsetof(sweep_flags, out), "STUDY", .help = "the study's folder", .other = "-o", .required = true},
    {.name = NULL},
};

typedef struct sweep {
    const char *out;
    sweep_plan plan;
    config cfg;
    sweep_config kept;
    uint64_t data_hash; /* for run_confirm_data; 0: not read */
    sweep_run *runs; /* [count], seed by seed */
    int count;
    int64_t slot_count;
    sweep_slots *slots;
    double *load;    /* [slot_count] for sweep_eta_s */
    sweep_show show;
    dir_held *lock;  /* of the folder while this sweep works on it */
    bool made;       /* this sweep made that folder */
} sweep;

/* ---- the grid */

/* alpha-0.50-seed-1; more digits where two do not tell alphas apart. */
static void run_name(char *name, double alpha, int64_t seed)
{
    bool cents = fabs(alpha * 100 - round(alpha * 100)) < 1e-9;
    snprintf(name, SWEEP_NAME, cents ? "alpha-%.2f-seed-%lld" : "alpha-%.6f-seed-%lld", alpha,
             (long long)seed);
}

/* Runs of one name would share a folder. */
static jem_status check_names(const sweep *s)
{
    for (int i = 0; i < s->plan.alphas.count; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(s->runs[i].name, s->runs[k].name) == 0)
                return jem_error(JEM_EUSAGE, "--alpha: two runs would have the name %s",
                                 s->runs[i].name);
    return JEM_OK;
}

static jem_status plan_runs(sweep *s)
{
    jem_status st;
    const sweep_plan *p = &s->plan;
    if (p->seeds * p->alphas.count > RUNS_MAX)
        return jem_error(JEM_EUSAGE, "sweep: more than %d runs", RUNS_MAX);
    TRY(MEM_NEW(s->runs, p->seeds * p->alphas.count));
    for (int64_t k = 0; k < p->seeds; k++)
        for (int i = 0; i < p->alphas.count; i++) {
            sweep_run *r = &s->runs[s->count++];
            r->alpha = p->alphas.values[i];
            r->seed = s->cfg.seed + k;
            run_name(r->name, r->alpha, r->seed);
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

static void note_failure(sweep_run *r, jem_status st)
{
    r->state = st == JEM_EDIVERGED ? SWEEP_DIVERGED : SWEEP_FAILED;
    r->code = st;
    sweep_run_reason(r, jem_error_message());
}

/* What an earlier sweep left to be said of a finished run. */
static jem_status recall_run(sweep_run *r, const char *folder)
{
    jem_status st;
    char *path = NULL;
    run_info info;

    TRY(str_format(&path, "%s/run.json", folder));
    TRY(run_info_read(&info, path));
    bool classified = strcmp(info.selected_by, "val_accuracy") == 0;
    sweep_run_report(r, &(train_status){.iteration = info.iteration,
                                        .iterations = info.iterations,
                                        .epoch = info.epoch,
                                        .eta_s = NAN,
                                        .val_accuracy = classified ? info.best.score : NAN,
                                        .rescues = info.rescue.count});
    r->state = SWEEP_FINISHED;
done:
    mem_free(path);
    return st;
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
    TRY(str_format(&folder, "%s/%s", s->out, r->name));
    jem_status claimed = run_claim_folder(&claim, folder, &s->cfg);
    if (claimed == JEM_OK && claim == RUN_DONE)
        claimed = run_confirm_data(&s->data_hash, folder, &s->cfg);
    if (claimed != JEM_OK)
        note_failure(r, claimed);
    else if (claim == RUN_DONE)
        TRY(recall_run(r, folder));
done:
    mem_free(folder);
    return st;
}

/* As a user would type it: jem train --resume --set ... --out STUDY/RUN -- STUDY/config.yaml */
static jem_status start_run(sweep *s, sweep_run *r, bool *busy)
{
    jem_status st;
    char *folder = NULL, *log = NULL, status_fd[16];
    const char *argv[2 * SWEEP_CONFIG_SET + 16];
    run_settings own = settings_of(r);
    int n = 0;

    TRY(str_format(&folder, "%s/%s", s->out, r->name));
    TRY(str_format(&log, "%s/logs/%s.log", s->out, r->name));
    snprintf(status_fd, sizeof status_fd, "%d", SLOT_STATUS_FD);
    argv[n++] = "jem";
    argv[n++] = "train";
    argv[n++] = "--resume";
    argv[n++] = "--status-fd";
    argv[n++] = status_fd;
    for (int i = 0; i < s->kept.count; i++) {
        argv[n++] = "--set";
        argv[n++] = s->kept.set[i];
    }
    argv[n++] = "--set";
    argv[n++] = own.alpha;
    argv[n++] = "--set";
    argv[n++] = own.seed;
    argv[n++] = "--out";
    argv[n++] = folder;
    argv[n++] = "--";
    argv[n++] = s->kept.path;
    argv[n] = NULL;
    TRY(sweep_slots_start(s->slots, r, argv, log, busy));
done:
    mem_free(folder);
    mem_free(log);
    return st;
}

/* ---- all runs */

/* Starts waiting runs while there are vacant slots; returns if a state changed. */
static bool start_runs(sweep *s)
{
    bool changed = false;
    for (int i = 0; i < s->count && sweep_slots_vacant(s->slots); i++) {
        sweep_run *r = &s->runs[i];
        bool busy = false;
        if (r->state != SWEEP_WAITING) continue;
        jem_status st = start_run(s, r, &busy);
        if (st != JEM_OK) note_failure(r, st);
        if (busy) sweep_run_reason(r, "an earlier process is still saving it");
        changed |= r->state != SWEEP_WAITING;
    }
    return changed;
}

static int count_state(const sweep *s, sweep_state state)
{
    int n = 0;
    for (int i = 0; i < s->count; i++) n += s->runs[i].state == state;
    return n;
}

/* A full disk for a moment must not cost days of training: the next change of state
 * writes study.json again. */
static void write_study(sweep *s)
{
    if (sweep_study_write(&s->plan, s->runs, s->count, s->out) == JEM_OK) return;
    sweep_show_leave(&s->show);
    log_warning("%s", jem_error_message());
}

static volatile sig_atomic_t pause_wanted;

static void want_pause(int number)
{
    (void)number;
    pause_wanted = 1;
}

/* Ctrl-Z reaches this process alone, since trainings are groups of their own. */
static void pause_all(sweep *s)
{
    pause_wanted = 0;
    sweep_slots_signal(s->slots, SIGSTOP);
    sweep_show_leave(&s->show);
    raise(SIGSTOP);
    sweep_slots_signal(s->slots, SIGCONT);
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
                       "one is begun; go on with the same command and --out %s", s->out, now, now);
done:
    mem_free(now);
    return st;
}

/* Returns true if a signal stopped it.  In a study that is moved no further run is begun. */
static bool train_all(sweep *s)
{
    const volatile sig_atomic_t *stop = cli_catch_signals();
    bool stopped = false, changed = true, beginning = true;
    if (signal(SIGTSTP, want_pause) == SIG_IGN) signal(SIGTSTP, SIG_IGN);
    while (sweep_slots_running(s->slots) > 0 ||
           (!stopped && beginning && count_state(s, SWEEP_WAITING) > 0)) {
        if (pause_wanted) pause_all(s);
        if (stopped) cli_stop_goes_on(); /* the trainings have limits of their own */
        if (!stopped && *stop) {
            stopped = true;
            sweep_slots_stop(s->slots);
            sweep_show_leave(&s->show);
            log_info("sweep: %s: stopping; the runs are being saved", cli_stop_signal());
        }
        beginning = beginning && check_place(s) == JEM_OK;
        if (!stopped && beginning && start_runs(s)) changed = true;
        if (changed) write_study(s);
        sweep_show_update(&s->show, s->runs, s->count,
                          sweep_eta_s(s->runs, s->count, s->load, (int)s->slot_count), changed);
        changed = sweep_slots_wait(s->slots, tick_s) > 0;
    }
    sweep_show_update(&s->show, s->runs, s->count, NAN, true);
    return stopped;
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
    char names[1024] = "";
    size_t used = 0;
    int failed = 0;
    jem_status first = JEM_OK;
    for (int i = 0; i < s->count; i++) {
        const sweep_run *r = &s->runs[i];
        if (!has_failed(r, stopped)) continue;
        if (failed++ == 0) first = r->code;
        log_warning("%s: %s", r->name, r->reason);
        if (used < sizeof names - 1)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                     r->name);
    }
    if (failed == 0) return JEM_OK;
    return jem_error(first, "%d of %d runs failed: %s; see %s/logs", failed, s->count, names,
                     s->out);
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
    jem_status st = dir_lock(&s->lock, &busy, s->out);
    if (st == JEM_OK && busy)
        st = jem_error(JEM_EUSAGE,
                       "%s: another sweep is at work there; wait for it or choose another --out",
                       s->out);
    return st;
}

static jem_status begin(sweep *s, const cli_lists *lists)
{
    jem_status st;
    char *logs = NULL;
    TRY(config_load(&s->cfg, &lists->settings, s->plan.config_path, s->plan.set.values, s->plan.set.count));
    TRY(plan_runs(s));
    s->made = !dir_exists(s->out);
    TRY(dir_make(s->out));
    TRY(lock_study(s)); /* before the first write: a second sweep changes nothing */
    TRY(sweep_config_check(&s->kept, &s->cfg, s->out));
    TRY(file_remove_leftovers(s->out));
    if (sweep_config_sets(&s->kept, "data.path")) TRY(check_data(s));
    for (int i = 0; i < s->count; i++) TRY(look_at_run(s, &s->runs[i]));
    int waiting = count_state(s, SWEEP_WAITING);
    if (waiting > 0) TRY(check_data(s));
    TRY(str_format(&logs, "%s/logs", s->out));
    TRY(dir_make(logs));
    TRY(sweep_show_init(&s->show, s->runs, s->count));
    if (s->slot_count > waiting) s->slot_count = waiting > 0 ? waiting : 1;
    TRY(MEM_NEW(s->load, s->slot_count));
    TRY(sweep_slots_new(&s->slots, (int)s->slot_count));
    TRY(sweep_study_write(&s->plan, s->runs, s->count, s->out));
    TRY(sweep_config_keep(&s->kept, &s->cfg)); /* beside study.json, which makes it no run's */
done:
    mem_free(logs);
    return st;
}

static jem_status run_all(sweep *s, const cli_lists *lists)
{
    jem_status st;
    TRY(begin(s, lists));
    bool stopped = train_all(s);
    TRY(sweep_study_write(&s->plan, s->runs, s->count, s->out));
    sweep_show_leave(&s->show);
    st = report_failures(s, stopped);
    if (stopped || count_state(s, SWEEP_WAITING) > 0) TRY(check_place(s));
    if (stopped)
        st = jem_error(JEM_EINTERRUPTED,
                       "interrupted and saved, %d of %d runs are finished; the same command goes on",
                       count_state(s, SWEEP_FINISHED), s->count);
done:
    return st;
}

static jem_status read_arguments(sweep *s, int argc, char **argv)
{
    sweep_flags f;
    jem_status st;
    TRY(cli_parse(&f, &command_sweep, argc, argv));
    s->out = f.out;
    s->plan.config_path = f.config;
    s->plan.set = f.set;
    s->plan.seeds = f.seeds;
    s->slot_count = f.slots;
    TRY(alpha_list_parse(&s->plan.alphas, f.alpha));
done:
    return st;
}

static jem_status sweep_command(const cli_lists *lists, int argc, char **argv)
{
    sweep *s = NULL;
    jem_status st;

    TRY(MEM_NEW(s, 1));
    TRY(read_arguments(s, argc, argv));
    TRY(run_all(s, lists));
    puts(s->out);
done:
    if (s) {
        sweep_slots_free(s->slots);
        sweep_config_clear(&s->kept);
        sweep_show_clear(&s->show);
        if (s->made && s->lock) dir_remove_empty(s->lock); /* nothing was begun */
        dir_unlock(s->lock);
        mem_free(s->runs);
        mem_free(s->load);
    }
    mem_free(s);
    return st;
}

const command command_sweep = {
    .name = "sweep",
    .about = "train every alpha and seed, --slots at a time; skips finished runs, resumes "
             "unfinished ones",
    .arguments = arguments,
    .options = options,
    .examples = {"sweep gloss.yaml --out studies/gloss",
                 "sweep gloss.yaml --alpha 0,0.5,1 --seeds 3 --slots 4 --set train.epochs=20 --out studies/small"},
    .run = sweep_command,
};
