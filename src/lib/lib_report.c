/* jem/report.h: the page of a study or a run, over report/. */
#include "jem/report.h"

#include <limits.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "lib/lib_call.h"
#include "record/grid.h"
#include "report/report.h"

static jem_status write_report(const char *const *given, int count, const jem_report_options *o)
{
    jem_status st;
    char *page = NULL, *command = NULL, **folders = NULL;
    int all = 0;
    report_result result;
    const measures *known[MEASURES_MAX + 1];

    TRY(grid_studies_of_all(&folders, &all, given, count));
    if (o->page)
        TRY(mem_strdup(&page, o->page));
    else
        TRY(report_default_page(&page, given, count));
    TRY(report_command(&command, given, count, o->beside, o->beside_count, page));
    benchmark_meanings(known, benchmark_list);
    TRY(report_write(&result, &(report_call){.folder = folders[0],
                                             .page = page,
                                             .command = command,
                                             .measures = known,
                                             .beside = o->beside,
                                             .beside_count = o->beside_count,
                                             .others = (const char *const *)folders + 1,
                                             .other_count = all - 1,
                                             .grid = count == 1 && grid_is(given[0])}));
done:
    strings_free(folders, all);
    mem_free(command);
    mem_free(page);
    return st;
}

jem_status jem_report(const char *folder, const char *page)
{
    LIB_CALL;
    jem_report_options o = JEM_REPORT_INIT;

    HOST_NEED(folder);
    o.page = page;
    return write_report(&folder, 1, &o);
}

jem_status jem_report_all(const char *const *folders, int64_t count, const jem_report_options *asked)
{
    LIB_CALL;
    jem_status st;
    jem_report_options o = JEM_REPORT_INIT;

    HOST_NEED(folders);
    if (count < 1 || count > INT_MAX)
        return jem_error(JEM_EUSAGE, "%s: count = %lld folders; name one or more", __func__, (long long)count);
    TRY(lib_check_texts(folders, (int)count, "folders", __func__));
    TRY(lib_options(&o, sizeof o, asked, __func__, "JEM_REPORT_INIT"));
    TRY(lib_check_texts(o.beside, o.beside_count, "o->beside", __func__));
    TRY(write_report(folders, (int)count, &o));
done:
    return st;
}
