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

/* What is reported of the folders that were named: those and, of a grid, its studies. */
typedef struct lib_report {
    char **folders;
    int count;
    const measures *known[MEASURES_MAX + 1];
    report_call call;
} lib_report;

static void lib_report_clear(lib_report *r)
{
    strings_free(r->folders, r->count);
}

static jem_status lib_report_init(lib_report *r, const char *const *given, int count, const jem_report_options *o)
{
    jem_status st;

    *r = (lib_report){.count = 0};
    TRY(grid_studies_of_all(&r->folders, &r->count, given, count));
    benchmark_meanings(r->known, benchmark_list);
    r->call = (report_call){.folder = r->folders[0],
                            .measures = r->known,
                            .beside = o->beside,
                            .beside_count = o->beside_count,
                            .others = (const char *const *)r->folders + 1,
                            .other_count = r->count - 1,
                            .grid = count == 1 && grid_is(given[0])};
done:
    return st;
}

static jem_status write_report(const char *const *given, int count, const jem_report_options *o)
{
    jem_status st;
    char *page = NULL, *command = NULL;
    lib_report r;
    report_result result;

    TRY(lib_report_init(&r, given, count, o));
    if (o->page)
        TRY(mem_strdup(&page, o->page));
    else
        TRY(report_default_page(&page, given, count));
    TRY(report_command(&command, given, count, o->beside, o->beside_count, page));
    r.call.page = page;
    r.call.command = command;
    TRY(report_write(&result, &r.call));
done:
    lib_report_clear(&r);
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

/* *o <- of folders [count] and the caller's options. */
static jem_status take(jem_report_options *o, const char *const *folders, int64_t count, const jem_report_options *asked,
                       const char *function)
{
    jem_status st;

    *o = (jem_report_options)JEM_REPORT_INIT;
    if (count < 1 || count > INT_MAX)
        return jem_error(JEM_EUSAGE, "%s: count = %lld folders; name one or more", function, (long long)count);
    TRY(lib_check_texts(folders, (int)count, "folders", function));
    TRY(lib_options(o, sizeof *o, asked, function, "JEM_REPORT_INIT"));
    TRY(lib_check_texts(o->beside, o->beside_count, "o->beside", function));
done:
    return st;
}

jem_status jem_report_all(const char *const *folders, int64_t count, const jem_report_options *asked)
{
    LIB_CALL;
    jem_status st;
    jem_report_options o;

    HOST_NEED(folders);
    TRY(take(&o, folders, count, asked, __func__));
    TRY(write_report(folders, (int)count, &o));
done:
    return st;
}

jem_status jem_report_figure(const char *const *folders, int64_t count, const char *name, const char *file,
                             double width_mm, const jem_report_options *asked)
{
    LIB_CALL;
    jem_status st;
    jem_report_options o;
    lib_report r = {.count = 0};
    double height;

    HOST_NEED(folders);
    HOST_NEED(name);
    HOST_NEED(file);
    TRY(take(&o, folders, count, asked, __func__));
    if (width_mm != 0 && !(width_mm >= REPORT_WIDTH_LEAST_MM && width_mm <= REPORT_WIDTH_MOST_MM))
        return jem_error(JEM_EUSAGE, "%s: width_mm = %g; choose %d to %d, or 0 for %d", __func__, width_mm,
                         REPORT_WIDTH_LEAST_MM, REPORT_WIDTH_MOST_MM, REPORT_WIDTH_MM);
    TRY(lib_report_init(&r, folders, (int)count, &o));
    TRY(report_draw(&height, &r.call, name, file, width_mm > 0 ? width_mm : REPORT_WIDTH_MM));
done:
    lib_report_clear(&r);
    return st;
}
