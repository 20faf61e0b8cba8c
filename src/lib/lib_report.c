/* jem/report.h: the page of a study or a run, over report/. */
#include "jem/report.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/shell_line.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "lib/lib_call.h"
#include "report/report.h"

jem_status jem_report(const char *folder, const char *page)
{
    LIB_CALL;
    jem_status st;
    char *path = NULL, *command = NULL;
    report_result result;
    const measures *known[MEASURES_MAX + 1];

    HOST_NEED(folder);
    if (page)
        TRY(mem_strdup(&path, page));
    else
        TRY(str_format(&path, "%s/report.html", folder));
    TRY(shell_line(&command, (const char *[]){"jem", "report", folder, "-o", path, NULL}));
    benchmark_meanings(known, benchmark_list);
    TRY(report_write(&result, &(report_call){.folder = folder,
                                             .page = path,
                                             .command = command,
                                             .measures = known}));
done:
    mem_free(command);
    mem_free(path);
    return st;
}
