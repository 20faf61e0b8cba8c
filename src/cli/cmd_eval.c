/* jem eval: scores, trials and pictures of one run or of all runs of a study (study/evaluate.h). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/run_latents.h"
#include "cli/run_steps.h"
#include "cli/startup.h"
#include "run/import.h"
#include "study/evaluate.h"

static void show(const score_list *l)
{
    cli_print("%-15s %-15s %-26s %12s %12s %12s %8s\n", "benchmark", "metric", "condition", "value",
              "low", "high", "n");
    for (int64_t i = 0; i < l->count; i++) {
        const score *s = &l->scores[i];
        char value[CLI_CELL], low[CLI_CELL], high[CLI_CELL];
        cli_print("%-15s %-15s %-26s %12s %12s %12s %8" PRId64 "\n", s->benchmark, s->metric,
                  s->condition ? s->condition : "-", cli_cell(value, s->value),
                  cli_cell(low, s->low), cli_cell(high, s->high), s->n);
    }
}

static void show_run(void *ctx, const run *r, const score_list *scores)
{
    (void)ctx;
    if (import_made(r))
        cli_print("%s  imported\n", r->path);
    else
        cli_print("%s  alpha %g  seed %" PRId64 "\n", r->path, r->cfg.alpha, r->cfg.seed);
    show(scores);
}

typedef struct eval_flags {
    const char *folder, *features_of;
    cli_list set;
    latent_flags latents;
    int64_t threads, seed;
    bool force;
} eval_flags;

#define AT(field) offsetof(eval_flags, field)

static const cli_argument arguments[] = {
    {"RUN|STUDY", AT(folder), .help = "a trained run, or a folder of them"},
    {.name = NULL},
};

static const cli_option options[] = {
    CLI_SET(eval_flags, set, "eval.*, engine.*, or data.path"),
    {"--features-of", CLI_TEXT, AT(features_of), "RUN0",
     .help = "a run with alpha = 0, in whose features Frechet distances are taken, too"},
    {"--seed", CLI_INT, AT(seed), "N", .help = "seed of all draws: eval.seed", .max = 1e15},
    CLI_ON_DEVICE(eval_flags, set),
    CLI_THREADS(eval_flags, threads, RUN_THREADS_MAX),
    {"--force", CLI_SWITCH, AT(force), NULL,
     .help = "evaluate again what has these scores already"},
    LATENT_OPTIONS(eval_flags, latents),
    {.name = NULL},
};

/* eval.* is for the evaluation, anything else for the run (which refuses most). */
static jem_status sort_assignments(eval_options *of_eval, cli_list *of_run, const cli_list *set)
{
    const option_group groups[] = {{"eval", eval_option_table, of_eval}, {NULL, NULL, NULL}};
    jem_status st;
    TRY(options_defaults(groups));
    of_run->count = 0;
    for (int i = 0; i < set->count; i++) {
        if (strncmp(set->values[i], "eval.", 5) == 0)
            TRY(options_assign(groups, set->values[i]));
        else
            of_run->values[of_run->count++] = set->values[i];
    }
done:
    return st;
}

static jem_status eval_command(const cli_lists *lists, int argc, char **argv)
{
    eval_flags f = {.folder = NULL}; /* a cache of latents has no row */
    eval_options of_eval;
    cli_list of_run;
    char threads[RUN_THREADS], *typed = NULL;
    latent_codec codec = LATENT_CODEC_INIT;
    jem_status st;

    TRY(cli_parse(&f, &command_eval, argc, argv));
    TRY(sort_assignments(&of_eval, &of_run, &f.set));
    run_threads(&of_run, threads, f.threads);
    if (f.seed != CLI_NONE) of_eval.seed = f.seed;
    TRY(run_command_line(&typed, argc, argv));
    const volatile sig_atomic_t *stop = cli_catch_signals();
    TRY(run_latents_open(&codec, &f.latents, f.threads, NULL));
    TRY(evaluate_runs(&(evaluate_request){.lists = &lists->settings, .benchmarks = lists->benchmarks,
                                          .path = f.folder, .options = &of_eval,
                                          .assignments = of_run.values, .assignment_count = of_run.count,
                                          .codec = &codec, .features_of = f.features_of, .force = f.force,
                                          .stop = stop, .command = typed, .done = show_run}));
done:
    latent_codec_clear(&codec);
    mem_free(typed);
    return st;
}

const command command_eval = {
    .name = "eval",
    .about = "measure accuracy, calibration, energies, features and samples; write them to the "
             "runs' folders",
    .arguments = arguments,
    .options = options,
    .examples = {"eval studies/gloss", "eval runs/a --features-of runs/classifier --set eval.limit=1000 --force"},
    .run = eval_command,
};
