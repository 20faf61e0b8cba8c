/* jem report: one page and its figures from the files of a study or a run. */
#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
#include "report/report.h"

/* *line <- the call as it is printed on the page; owned. */
static jem_status command_line(char **line, const char *folder, const cli_list *beside,
                               const char *page)
{
    jem_status st;
    char *others = NULL, *more = NULL;

    TRY(mem_strdup(&others, ""));
    for (int i = 0; i < beside->count; i++) {
        TRY(str_format(&more, "%s --beside %s", others, beside->values[i]));
        mem_free(others);
        others = more;
    }
    TRY(str_format(line, "jem report %s%s -o %s", folder, others, page));
done:
    mem_free(others);
    return st;
}

static jem_status run_report(int argc, char **argv)
{
    jem_status st;
    const char *folder = NULL, *out = NULL;
    cli_list beside = {0};
    const cli_flag flags[] = {{"-o", &out, NULL, NULL},
                              {"--out", &out, NULL, NULL},
                              {"--beside", NULL, NULL, &beside},
                              {NULL, NULL, NULL, NULL}};
    char *page = NULL, *line = NULL;
    report_result result;

    TRY(cli_parse(argc, argv, &command_report, flags, &folder, 1, 1));
    if (out)
        TRY(mem_strdup(&page, out));
    else
        TRY(str_format(&page, "%s/report.html", folder));
    TRY(command_line(&line, folder, &beside, page));
    TRY(report_write(&result, &(report_call){.folder = folder,
                                             .page = page,
                                             .command = line,
                                             .beside_count = beside.count,
                                             .beside = beside.values}));
    log_info("%lld runs, %lld figures in %s/figures, %lld warnings", (long long)result.runs,
             (long long)result.figures, folder, (long long)result.warnings);
    puts(page);
done:
    mem_free(line);
    mem_free(page);
    return st;
}

const command command_report = {
    .name = "report",
    .usage = "report STUDY|RUN [--beside STUDY2 ...] [-o PAGE.html]",
    .about = "draw every figure and write one page (default STUDY/report.html); with gloss of "
             "studies with other dimensions of the projection beside it",
    .run = run_report,
};
