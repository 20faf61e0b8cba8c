/* jem sweetspot: where along alpha each benchmark of a study comes closest to people. */
#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/shell_line.h"
#include "base/try.h"
#include "cli/cli.h"
#include "report/fig_sweetspot.h"
#include "sweetspot/sweetspot.h"
#include "stats/bootstrap.h"

/* STUDY/sweetspot.tsv and the figure with its numbers in STUDY/figures. */
static jem_status write_files(const study *s, const sweetspot_list *list)
{
    jem_status st;
    char *path = NULL;
    strbuf summary = STRBUF_INIT;

    sweetspots_tsv(&summary, list);
    TRY(strbuf_status(&summary));
    TRY(str_format(&path, "%s/sweetspot.tsv", s->path));
    TRY(file_write(path, summary.data, summary.used));
    TRY(fig_sweetspot_write(s, list));
    log_info("%s; %s/figures/sweetspot.svg, .pdf, .png, .tsv", path, s->path);
done:
    strbuf_clear(&summary);
    mem_free(path);
    return st;
}

static jem_status print_list(const sweetspot_list *list, bool json)
{
    char *text = NULL;
    strbuf lines = STRBUF_INIT;
    jem_status st;

    if (json) {
        TRY(sweetspots_json(&text, list));
        puts(text);
    } else {
        sweetspots_table(&lines, list);
        TRY(strbuf_status(&lines));
        fputs(lines.data, stdout);
    }
done:
    strbuf_clear(&lines);
    mem_free(text);
    return st;
}

static jem_status nothing_to_find(const study *s)
{
    char *eval = NULL, *bench = NULL;
    jem_status st;

    TRY(shell_line(&eval, (const char *[]){"jem", "eval", s->path, NULL}));
    TRY(shell_line(&bench, (const char *[]){"jem", "bench", "all", s->path, NULL}));
    st = jem_error(JEM_EDATA, "%s: no benchmark has scores at two values of alpha; make them with %s or "
                              "%s", s->path, eval, bench);
done:
    mem_free(eval);
    mem_free(bench);
    return st;
}

static jem_status run_sweetspot(const cli_lists *lists, int argc, char **argv)
{
    const char *folder = NULL, *rounds = NULL, *seed = NULL, *level = NULL, *threads = NULL;
    bool json = false;
    const cli_flag flags[] = {{"--rounds", &rounds, NULL, NULL}, {"--seed", &seed, NULL, NULL},
                              {"--level", &level, NULL, NULL},   {"--threads", &threads, NULL, NULL},
                              {"--json", NULL, &json, NULL},     {NULL, NULL, NULL, NULL}};
    sweetspot_options o = {.rounds = STATS_BOOTSTRAP_ROUNDS, .level = 0.95};
    sweetspot_list list = SWEETSPOT_LIST_INIT;
    study *s = NULL;
    int64_t number = 0, workers = 0;
    jem_status st;

    (void)lists; /* records alone */
    TRY(cli_parse(argc, argv, &command_sweetspot, flags, &folder, 1, 1));
    if (rounds) TRY(cli_int(&o.rounds, rounds, "--rounds", 100, 10000000));
    if (seed) TRY(cli_int(&number, seed, "--seed", 0, INT64_C(1000000000000000)));
    if (level) TRY(cli_real(&o.level, level, "--level", 0.5, 0.9999));
    if (threads) TRY(cli_int(&workers, threads, "--threads", 1, 1024));
    o.seed = (uint64_t)number;
    TRY(pool_new(&o.threads, (int)workers));
    TRY(study_read(&s, folder));
    int64_t read_warnings = s->warning_count;
    TRY(sweetspots_find(&list, s, &o));
    for (int64_t i = read_warnings; i < s->warning_count; i++) log_warning("%s", s->warnings[i]);
    if (list.count == 0) {
        st = nothing_to_find(s);
        goto done;
    }
    if (dir_check_writable(s->path) == JEM_OK)
        TRY(write_files(s, &list));
    else
        log_warning("%s; sweetspot.tsv and its figure are left out", jem_error_message());
    TRY(print_list(&list, json));
done:
    sweetspot_list_clear(&list);
    study_free(s);
    pool_free(o.threads);
    return st;
}

const command command_sweetspot = {
    .name = "sweetspot",
    .usage = "sweetspot STUDY [--rounds N] [--seed N] [--level P] [--threads N] [--json]",
    .about = "where along alpha each benchmark comes closest to people, and how sure that is",
    .run = run_sweetspot,
};
