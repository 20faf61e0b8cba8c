/* jem compare: differences between models over the images and people that they have in common. */
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/pool.h"
#include "base/try.h"
#include "bench/bench.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "compare/compare.h"
#include "report/fig_compare.h"
#include "stats/bootstrap.h"

typedef struct compare_flags {
    cli_list models;
    int64_t rounds, seed, threads;
    double level;
    bool json;
    const char *out;
} compare_flags;

#define AT(field) offsetof(compare_flags, field)

_Static_assert(STATS_BOOTSTRAP_ROUNDS == 10000, "what the table below says");

static const cli_argument arguments[] = {
    {"RUN|STUDY@ALPHA|OUT", AT(models), .several = true,
     .help = "runs, a study's runs at an alpha, recorded answers' scores: all against the first"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--rounds", CLI_INT, AT(rounds), "N", .help = "rounds of the bootstrap of images and people", .min = 100,
     .max = 10000000, .default_text = "10000"},
    {"--seed", CLI_INT, AT(seed), "N", .help = "of its draws", .max = 1e15, .default_text = "0"},
    {"--level", CLI_REAL, AT(level), "P", .help = "of intervals; 1 - P is shown as p at most", .min = 0.5,
     .max = 0.9999, .default_text = "0.95"},
    {"--threads", CLI_INT, AT(threads), "N", .help = "threads: one per processor unless given", .min = 1,
     .max = 1024},
    {"--json", CLI_SWITCH, AT(json), NULL, .help = "print JSON"},
    {"-o", CLI_TEXT, AT(out), "FIG.svg|pdf|png", .help = "a figure, too, 183 mm wide", .other = "--out"},
    {.name = NULL},
};

static jem_status print_list(const compare_list *list, const compare_models *models, bool json)
{
    jem_status st;
    char *text = NULL;
    strbuf lines = STRBUF_INIT;

    if (!json) {
        compare_text(&lines, list, models);
        return cli_print_lines(&lines);
    }
    TRY(compare_json(&text, list, models));
    puts(text);
done:
    mem_free(text);
    return st;
}

static jem_status run_compare(const cli_lists *lists, int argc, char **argv)
{
    jem_status st;
    compare_flags f;
    compare_models models = COMPARE_MODELS_INIT;
    compare_list list = COMPARE_LIST_INIT;
    pool *threads = NULL;
    const measures *known[MEASURES_MAX + 1];

    TRY(cli_parse(&f, &command_compare, argc, argv));
    if (f.models.count < 2) return cli_usage_error(&command_compare, "one model is no comparison:", f.models.values[0]);
    benchmark_meanings(known, lists->benchmarks);
    TRY(pool_new(&threads, f.threads == CLI_NONE ? 0 : (int)f.threads));
    TRY(compare_models_read(&models, f.models.values, f.models.count));
    TRY(compare_find(&list, &models,
                     &(compare_options){.rounds = f.rounds, .seed = f.seed, .level = f.level, .threads = threads,
                                        .measures = known}));
    if (f.out) TRY(fig_compare_write(f.out, &list, &models));
    TRY(print_list(&list, &models, f.json));
done:
    compare_list_clear(&list);
    compare_models_clear(&models);
    pool_free(threads);
    return st;
}

const command command_compare = {
    .name = "compare",
    .about = "differences between models on the images and people they have in common",
    .arguments = arguments,
    .options = options,
    .examples = {"compare answers/resnet50 studies/gloss@0.3", "compare runs/a runs/b answers/vgg -o difference.pdf"},
    .run = run_compare,
};
