/* jem sweetspot: is an alpha between the ends closer to people than both, benchmark by benchmark? */
#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/try.h"
#include "bench/bench.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "record/grid.h"
#include "report/fig_sweetspot.h"
#include "stats/bootstrap.h"
#include "sweetspot/sweetspot.h"

/* STUDY/sweetspot.tsv and the figure with its numbers in STUDY/figures. */
static jem_status write_files(const study *s, const sweetspot_list *list)
{
    jem_status st;
    char *path = NULL, *suffix = NULL;
    strbuf summary = STRBUF_INIT;

    sweetspots_tsv(&summary, list);
    TRY(strbuf_status(&summary));
    TRY(spot_only_suffix(&suffix, &list->only));
    TRY(str_format(&path, "%s/sweetspot%s.tsv", s->path, suffix));
    TRY(file_write(path, summary.data, summary.used));
    TRY(fig_sweetspot_write(s, list));
    log_info("%s; %s/figures/sweetspot%s.svg, .pdf, .png, .tsv", path, s->path, suffix);
done:
    strbuf_clear(&summary);
    mem_free(path);
    mem_free(suffix);
    return st;
}

static jem_status print_list(const sweetspot_list *list, bool json)
{
    jem_status st;
    char *text = NULL;
    strbuf lines = STRBUF_INIT;

    if (!json) {
        sweetspots_table(&lines, list);
        return cli_print_lines(&lines);
    }
    TRY(sweetspots_json(&text, list));
    puts(text);
done:
    mem_free(text);
    return st;
}

_Static_assert(STATS_BOOTSTRAP_ROUNDS == 10000, "what the table below says");

typedef struct sweetspot_flags {
    const char *folder;
    int64_t rounds, seed, threads;
    double level;
    bool json;
    cli_list set;
} sweetspot_flags;

static const cli_argument arguments[] = {
    {"STUDY", offsetof(sweetspot_flags, folder),
     .help = "a folder of runs with scores at two values of alpha at least"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--rounds", CLI_INT, offsetof(sweetspot_flags, rounds), "N",
     .help = "rounds of the bootstrap of images: sweetspot.rounds",
     .min = 100, .max = 10000000},
    {"--seed", CLI_INT, offsetof(sweetspot_flags, seed), "N",
     .help = "seed of all draws: sweetspot.seed", .max = 1e15},
    {"--level", CLI_REAL, offsetof(sweetspot_flags, level), "P",
     .help = "level of the set and the bound: sweetspot.level",
     .min = 0.5, .max = 0.9999},
    CLI_SET(sweetspot_flags, set, "sweetspot.*"),
    {"--threads", CLI_INT, offsetof(sweetspot_flags, threads), "N",
     .help = "threads: one per processor unless given", .min = 1,
     .max = 1024},
    {"--json", CLI_SWITCH, offsetof(sweetspot_flags, json), NULL, .help = "print JSON"},
    {.name = NULL},
};

/* The settings, then the options that are short for them. */
static jem_status take_options(sweetspot_options *o, const sweetspot_flags *f)
{
    jem_status st;
    const option_group groups[] = {{"sweetspot", sweetspot_settings, o}, {.options = NULL}};

    TRY(options_defaults(groups));
    for (int i = 0; i < f->set.count; i++) TRY(options_assign(groups, f->set.values[i]));
    if (f->rounds != CLI_NONE) o->rounds = f->rounds;
    if (f->seed != CLI_NONE) o->seed = f->seed;
    if (!isnan(f->level)) o->level = f->level;
done:
    return st;
}

static jem_status find_and_print(const char *folder, const sweetspot_options *o, bool json)
{
    sweetspot_list list = SWEETSPOT_LIST_INIT;
    study *s = NULL;
    jem_status st;

    TRY(study_read(&s, folder));
    TRY(sweetspots_find(&list, s, o));
    for (int64_t i = 0; i < s->warning_count; i++) log_warning("%s", s->warnings[i]);
    TRY(sweetspots_check(&list, s));
    if (dir_check_writable(s->path) == JEM_OK)
        TRY(write_files(s, &list));
    else
        log_warning("%s; sweetspot.tsv and its figure are left out", jem_error_message());
    TRY(print_list(&list, json));
done:
    sweetspot_list_clear(&list);
    study_free(s);
    return st;
}

/* Of a grid each study by itself, under its folder's name. */
static jem_status run_sweetspot(const cli_lists *lists, int argc, char **argv)
{
    sweetspot_flags f;
    sweetspot_options o = {.rounds = 0};
    const measures *known[MEASURES_MAX + 1];
    char **studies = NULL;
    int count = 0;
    jem_status st;

    TRY(cli_parse(&f, &command_sweetspot, argc, argv));
    benchmark_meanings(known, lists->benchmarks);
    o.measures = known;
    TRY(take_options(&o, &f));
    TRY(grid_studies(&studies, &count, f.folder));
    if (f.json && count > 1) {
        st = jem_error(JEM_EUSAGE, "%s: is a grid of %d studies; --json is of one, as %s", f.folder, count, studies[0]);
        goto done;
    }
    TRY(pool_new(&o.threads, f.threads == CLI_NONE ? 0 : (int)f.threads));
    for (int i = 0; i < count; i++) {
        if (i > 0) puts("");
        if (count > 1) cli_print("%s\n", studies[i]);
        TRY(find_and_print(studies[i], &o, f.json));
    }
done:
    strings_free(studies, count);
    pool_free(o.threads);
    return st;
}

const command command_sweetspot = {
    .name = "sweetspot",
    .about = "is an alpha in between closer to people than both ends, and how sure is that",
    .arguments = arguments,
    .options = options,
    .examples = {"sweetspot studies/gloss", "sweetspot studies/gloss --set sweetspot.variance=pooled --json"},
    .run = run_sweetspot,
};
