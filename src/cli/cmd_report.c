/* jem report: one page and its figures from the files of a study or a run. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/shell_line.h"
#include "base/try.h"
#include "bench/bench.h"
#include "cli/cli.h"
#include "report/report.h"

/* *line <- the call as it is printed on the page; owned. */
static jem_status command_line(char **line, const char *folder, const cli_list *beside,
                               const char *page)
{
    const char *words[2 * CLI_LIST_MAX + 8] = {"jem", "report", folder};
    int n = 3;

    for (int i = 0; i < beside->count; i++) {
        words[n++] = "--beside";
        words[n++] = beside->values[i];
    }
    words[n++] = "-o";
    words[n++] = page;
    return shell_line(line, words);
}

/* Before the work, which a folder that cannot be made would cost. */
static jem_status make_folder_of(const char *page)
{
    const char *slash = strrchr(page, '/');
    char *dir = NULL;
    jem_status st;

    if (!slash || slash == page) return JEM_OK;
    TRY(str_format(&dir, "%.*s", (int)(slash - page), page));
    TRY(dir_make(dir));
done:
    mem_free(dir);
    return st;
}

typedef struct report_flags {
    const char *folder, *out;
    cli_list beside;
} report_flags;

static const cli_argument arguments[] = {
    {"STUDY|RUN", offsetof(report_flags, folder), .help = "a folder of runs, or one run"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--beside", CLI_LIST, offsetof(report_flags, beside), "STUDY2",
     .help = "a study with another dimension of the projection, to compare gloss with"},
    {"-o", CLI_TEXT, offsetof(report_flags, out), "PAGE.html",
     .help = "the page, whose figures go to its folder: STUDY/report.html unless given", .other = "--out"},
    {.name = NULL},
};

static jem_status run_report(const cli_lists *lists, int argc, char **argv)
{
    jem_status st;
    report_flags f;
    char *page = NULL, *line = NULL;
    report_result result;
    const measures *known[MEASURES_MAX + 1];

    TRY(cli_parse(&f, &command_report, argc, argv));
    if (f.out)
        TRY(mem_strdup(&page, f.out));
    else
        TRY(str_format(&page, "%s/report.html", f.folder));
    TRY(command_line(&line, f.folder, &f.beside, page));
    if (f.out) TRY(make_folder_of(page));
    benchmark_meanings(known, lists->benchmarks);
    TRY(report_write(&result, &(report_call){.folder = f.folder,
                                             .page = page,
                                             .command = line,
                                             .measures = known,
                                             .beside_count = f.beside.count,
                                             .beside = f.beside.values}));
    log_info("%lld runs, %lld figures in %s, %lld warnings", (long long)result.runs,
             (long long)result.figures, result.folder, (long long)result.warnings);
    puts(page);
done:
    mem_free(line);
    mem_free(page);
    return st;
}

const command command_report = {
    .name = "report",
    .about = "draw every figure and write one page (default STUDY/report.html); with gloss of "
             "studies with other dimensions of the projection beside it",
    .arguments = arguments,
    .options = options,
    .examples = {"report studies/gloss", "report studies/gloss --beside studies/gloss-proj-8 -o page.html"},
    .run = run_report,
};
