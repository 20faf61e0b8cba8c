/* jem sweep: the grid of alphas and seeds as a folder of runs (study/sweep.h), with a table of them
 * on the terminal meanwhile. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/bench.h"
#include "cli/alpha_list.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/startup.h"
#include "cli/sweep_show.h"
#include "record/grid.h"
#include "study/slurm.h"
#include "study/status_line.h"
#include "study/sweep.h"
#include "study/sweep_grid.h"
#include "study/sweep_status.h"
#include "study/sweep_task.h"
#include "sweetspot/declaration.h"

/* As typed. */
typedef struct sweep_flags {
    const char *config, *out, *alpha, *rescue, *declared, *status, *task, *slurm, *cancel;
    cli_list set, seeds_at, slurm_args, grid;
    int64_t seeds, slots, status_fd, at_once;
    bool dry;
} sweep_flags;

static const cli_argument arguments[] = {
    {"CONFIG.yaml", offsetof(sweep_flags, config), .help = "the settings that all runs share"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--alpha", CLI_TEXT, offsetof(sweep_flags, alpha), "0:1:0.1|0,0.5,1",
     .help = "FROM:TO:STEP, or some values",
     .default_text = ALPHAS_USUAL},
    {"--seeds", CLI_INT, offsetof(sweep_flags, seeds), "N",
     .help = "runs of each alpha, with seeds from the settings' on",
     .default_text = "1", .min = 1, .max = ALPHA_SEEDS_MAX},
    {"--seeds-at", CLI_LIST, offsetof(sweep_flags, seeds_at), "ALPHAS:N",
     .help = "as many of these alphas: 0,1:6 (`jem plan --sweep` says how many are needed)"},
    {"--grid", CLI_LIST, offsetof(sweep_flags, grid), "KEY=V1,V2",
     .help = "a study for each value of a setting, each combination of several; V2+KEY2=V brings another along"},
    {"--slots", CLI_INT, offsetof(sweep_flags, slots), "N",
     .help = "trainings at a time, which share the processors",
     .default_text = "1", .min = 1, .max = 4096},
    {"--rescue", CLI_TEXT, offsetof(sweep_flags, rescue), "study|run",
     .help = "what a run that diverges needs is changed for all, or for it alone; study unless begun otherwise"},
    {"--study", CLI_TEXT, offsetof(sweep_flags, declared), "FILE",
     .help = "the primary score of each benchmark, named before training: kept as STUDY/study.yaml"},
    {"--task", CLI_TEXT, offsetof(sweep_flags, task), "N",
     .help = "train run N of the study alone, by its place in study.json (from 0) or its name", .alone = true},
    {"--status", CLI_TEXT, offsetof(sweep_flags, status), "STUDY",
     .help = "print how its runs stand, whoever trains them, and nothing else", .alone = true},
    {"--slurm", CLI_TEXT, offsetof(sweep_flags, slurm), "write",
     .help = "submit the unfinished runs as a Slurm array, then eval, bench and report; =write: the scripts alone",
     .bare = "submit"},
    {"--slurm-arg", CLI_LIST, offsetof(sweep_flags, slurm_args), "OPTION",
     .help = "of sbatch: --slurm-arg=--partition=gpu --slurm-arg=--gres=gpu:1"},
    {"--tasks-at-once", CLI_INT, offsetof(sweep_flags, at_once), "N",
     .help = "trainings of the array at a time, at most", .min = 1, .max = 100000},
    {"--dry-run", CLI_SWITCH, offsetof(sweep_flags, dry), NULL,
     .help = "with --slurm: tell what would be submitted, and write nothing"},
    {"--cancel", CLI_TEXT, offsetof(sweep_flags, cancel), "STUDY",
     .help = "have the study's Slurm jobs saved and ended; once more: at once", .alone = true},
    CLI_STATUS_FD(sweep_flags, status_fd),
    CLI_SET(sweep_flags, set, "the settings"),
    CLI_ON_DEVICE(sweep_flags, set),
    {"--out", CLI_TEXT, offsetof(sweep_flags, out), "STUDY",
     .help = "the study's folder", .other = "-o", .required = true},
    {.name = NULL},
};

/* ---- looking on */

static volatile sig_atomic_t pause_wanted;

static void want_pause(int number)
{
    (void)number;
    pause_wanted = 1;
}

/* Until there are trainings to save or to hold, signals do what they always do. */
static jem_status begin(void *ctx, const sweep_run *runs, int count)
{
    sweep_show *s = ctx;
    sweep_show_clear(s); /* of the grid's study before */
    cli_catch_signals();
    if (signal(SIGTSTP, want_pause) == SIG_IGN) signal(SIGTSTP, SIG_IGN);
    return sweep_show_init(s, runs, count);
}

static void update(void *ctx, const sweep_run *runs, int count, double eta_s, bool changed)
{
    sweep_show *s = ctx;
    if (*cli_stop_flag()) cli_stop_goes_on(); /* the trainings have limits of their own */
    sweep_show_update(s, runs, count, eta_s, changed);
}

static void message(void *ctx)
{
    sweep_show *s = ctx;
    sweep_show_leave(s);
}

static void stopping(void *ctx)
{
    message(ctx);
    log_info("sweep: %s: stopping; the runs are being saved", cli_stop_signal());
}

/* Ctrl-Z reaches this process alone, since trainings are groups of their own. */
static void pause_here(void *ctx)
{
    message(ctx);
    raise(SIGSTOP);
}

/* ---- Slurm */

/* A script, or what it said, is a result; a sentence is talk. */
static void tell(void *ctx, const char *text)
{
    strbuf lines = STRBUF_INIT;
    (void)ctx;
    if (!strchr(text, '\n')) {
        log_info("%s", text);
        return;
    }
    strbuf_put(&lines, text, strlen(text));
    cli_print_lines(&lines);
}

static jem_status read_slurm(slurm_options *o, const sweep_flags *f)
{
    *o = (slurm_options){.args = f->slurm_args.values, .arg_count = f->slurm_args.count,
                         .at_once = f->at_once == CLI_NONE ? 0 : f->at_once, .dry = f->dry, .tell = tell};
    if (!f->slurm) {
        if (f->slurm_args.count || f->at_once != CLI_NONE || f->dry)
            return cli_usage_error(&command_sweep, "--slurm-arg, --tasks-at-once and --dry-run need --slurm", "");
        return JEM_OK;
    }
    o->write_only = strcmp(f->slurm, "write") == 0;
    if (!o->write_only && strcmp(f->slurm, "submit") != 0)
        return cli_usage_error(&command_sweep, "--slurm is submit or write, not", f->slurm);
    return slurm_check_args(o->args, o->arg_count);
}

/* ---- the command */

static jem_status read_rescue(sweep_rescue *out, const char *word)
{
    *out = !word                      ? SWEEP_RESCUE_AS_BEGUN
           : strcmp(word, "study") == 0 ? SWEEP_RESCUE_STUDY
                                      : SWEEP_RESCUE_RUN;
    if (!word || *out == SWEEP_RESCUE_STUDY || strcmp(word, "run") == 0) return JEM_OK;
    return cli_usage_error(&command_sweep, "--rescue is study or run, not", word);
}

static jem_status train_runs(const sweep_flags *f, const alpha_list *alphas, const int64_t *seeds,
                             sweep_rescue rescue, const cli_lists *lists)
{
    sweep_show show = SWEEP_SHOW_INIT;
    slurm_options slurm;
    jem_status st;

    TRY(read_slurm(&slurm, f));
    const sweep_request q = {
        .lists = &lists->settings,
        .plan = {.config_path = f->config,
                 .set = f->set.values,
                 .set_count = f->set.count,
                 .alphas = alphas->values,
                 .alpha_count = alphas->count,
                 .seeds = seeds},
        .out = f->out,
        .declared = f->declared,
        .slots = f->slots,
        .rescue = rescue,
        .launcher = f->slurm ? &launcher_slurm : &launcher_local,
        .launch = {.own = &slurm, .in_child = cli_release_signals},
        .dry = f->dry,
        .stop = cli_stop_flag(),
        .pause = &pause_wanted,
        .watch = {&show, begin, update, message, stopping, pause_here},
    };
    st = sweep_studies(&q, f->grid.values, f->grid.count);
    sweep_show_clear(&show);
done:
    return st;
}

static jem_status check_declared(const sweep_flags *f, const cli_lists *lists)
{
    const measures *known[MEASURES_MAX + 1];
    benchmark_meanings(known, lists->benchmarks);
    return declaration_check(f->declared, f->out, known);
}

/* Without CONFIG.yaml: the study has its settings, and its alphas and seeds. */
static jem_status train_task(const sweep_flags *f, const cli_lists *lists)
{
    jem_status st;
    char *place = NULL;
    int status_fd = (int)f->status_fd;
    sweep_task_request q = {.lists = &lists->settings, .study = f->out, .task = f->task, .set = f->set.values,
                            .set_count = f->set.count, .stop = cli_catch_signals(), .place = &place};

    if (f->config) return cli_usage_error(&command_sweep, "--task N --out STUDY takes the study's settings; leave out", f->config);
    if (!f->out) return cli_usage_error(&command_sweep, "--task N needs --out STUDY", "");
    if (f->status_fd != CLI_NONE) TRY(status_line_watch(&q.watch, &status_fd));
    TRY(sweep_task(&q));
    puts(place);
done:
    mem_free(place);
    return st;
}

/* What the rest takes on as many slots as are at work now. */
static jem_status show_study(const char *study)
{
    enum { COLUMNS = 250, ROWS = 120 }; /* of a file or a pipe: the most that a table has */
    jem_status st;
    sweep_run *runs = NULL;
    strbuf lines = STRBUF_INIT;
    char *text = NULL;
    double *load = NULL;
    int count = 0, slots = 0;

    if (!dir_exists(study)) {
        cli_print("not begun\n");
        return JEM_OK;
    }
    TRY(sweep_status_read(&runs, &count, study));
    slurm_add_states(runs, count, study);
    for (int i = 0; i < count; i++) slots += runs[i].state == SWEEP_RUNNING;
    if (slots == 0) slots = 1;
    TRY(MEM_NEW(text, SWEEP_TABLE_MAX));
    TRY(MEM_NEW(load, slots));
    sweep_table(text, runs, count, sweep_eta_s(runs, count, load, slots), COLUMNS, ROWS);
    strbuf_put(&lines, text, strlen(text));
    TRY(cli_print_lines(&lines));
done:
    strbuf_clear(&lines);
    mem_free(load);
    mem_free(text);
    mem_free(runs);
    return st;
}

static jem_status for_each_study(const char *folder, jem_status (*fn)(const char *study))
{
    jem_status st;
    char **studies = NULL;
    int count = 0;

    TRY(grid_studies(&studies, &count, folder));
    for (int i = 0; i < count; i++) {
        if (i > 0) puts("");
        if (count > 1) cli_print("%s\n", studies[i]);
        TRY(fn(studies[i]));
    }
done:
    strings_free(studies, count);
    return st;
}

static jem_status cancel_study(const char *study)
{
    return slurm_cancel(study, &(slurm_options){.tell = tell});
}

static jem_status sweep_command(const cli_lists *lists, int argc, char **argv)
{
    sweep_flags f;
    alpha_list *alphas = NULL;
    int64_t *seeds = NULL;
    sweep_rescue rescue;
    jem_status st;

    TRY(cli_parse(&f, &command_sweep, argc, argv));
    if (f.status) return for_each_study(f.status, show_study);
    if (f.cancel) return for_each_study(f.cancel, cancel_study);
    if (f.task) return train_task(&f, lists);
    TRY(read_rescue(&rescue, f.rescue));
    TRY(MEM_NEW(alphas, 1));
    TRY(alpha_list_parse(alphas, f.alpha));
    TRY(MEM_NEW(seeds, alphas->count));
    TRY(alpha_seeds_parse(seeds, alphas, &f.seeds_at, f.seeds));
    TRY(check_declared(&f, lists));
    TRY(train_runs(&f, alphas, seeds, rescue, lists));
    puts(f.out);
done:
    mem_free(seeds);
    mem_free(alphas);
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
