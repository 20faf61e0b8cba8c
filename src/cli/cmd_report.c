/* jem report: one page and its figures from the files of a study or a run. */
#include <stdio.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
#include "report/report.h"


static jem_status run_report(int argc, char **argv)
{
    jem_status st;
    const char *folder = NULL, *out = NULL;
    const cli_flag flags[] = {
        {"-o", &out, NULL, NULL}, {"--out", &out, NULL, NULL}, {NULL, NULL, NULL, NULL}};
    char *page = NULL, *line = NULL;
    report_result result;

    TRY(cli_parse(argc, argv, &command_report, flags, &folder, 1, 1));
    if (out)
        TRY(mem_strdup(&page, out));
    else
        TRY(str_format(&page, "%s/report.html", folder));
    TRY(str_format(&line, "jem report %s -o %s", folder, page));
    TRY(report_write(&result, folder, page, line));
    fprintf(stderr, "%lld runs, %lld figures in %s/figures, %lld warnings\n",
            (long long)result.runs, (long long)result.figures, folder, (long long)result.warnings);
    printf("%s\n", page);
done:
    mem_free(line);
    mem_free(page);
    return st;
}

const command command_report = {
    .name = "report",
    .usage = "report STUDY|RUN [-o PAGE.html]",
    .about = "draw every figure and write one page (default STUDY/report.html)",
    .run = run_report,
};
