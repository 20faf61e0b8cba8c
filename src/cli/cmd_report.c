/* jem report: one page and its figures from the files of a study or a run. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/bench.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/report_follow.h"
#include "record/grid.h"
#include "report/report.h"

typedef struct report_flags {
    cli_list folders, beside;
    const char *out, *figure, *width;
    bool follow;
} report_flags;

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

static const cli_argument arguments[] = {
    {"STUDY|RUN|OUT", offsetof(report_flags, folders), .several = true,
     .help = "a folder of runs, a run, or what `jem bench --answers FILE --out OUT` wrote; several side by side"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--beside", CLI_LIST, offsetof(report_flags, beside), "STUDY2",
     .help = "a study with another dimension of the projection, to compare gloss with"},
    {"-o", CLI_TEXT, offsetof(report_flags, out), "PAGE.html",
     .help = "the page (report.html there, of several folders models.html), or the file of --figure", .other = "--out"},
    {"--figure", CLI_TEXT, offsetof(report_flags, figure), "NAME",
     .help = "one, as .svg, .pdf, .png, numbers as .tsv; `list`: the names; sweetspot:NAME, people:NAME: of one benchmark"},
    {"--width", CLI_TEXT, offsetof(report_flags, width), "WIDTH",
     .help = "of that file, in mm: 89mm (a column of many journals), 183mm (two; so unless given)"},
    {"--follow", CLI_SWITCH, offsetof(report_flags, follow),
     .help = "write the page anew while the study trains: progress, verdicts, curves, samples; it reloads itself"},
    {.name = NULL},
};

/* "89mm", "89 mm" or "89" */
static jem_status parse_width(double *mm, const char *text)
{
    char number[32];
    *mm = REPORT_WIDTH_MM;
    if (!text) return JEM_OK;
    size_t n = strlen(text);
    if (n > 2 && strcmp(text + n - 2, "mm") == 0) n -= 2;
    while (n > 0 && text[n - 1] == ' ') n--;
    if (n >= sizeof number) n = sizeof number - 1;
    snprintf(number, sizeof number, "%.*s", (int)n, text);
    return cli_real(mm, number, "--width (in mm)", REPORT_WIDTH_LEAST_MM, REPORT_WIDTH_MOST_MM);
}

/* One figure, or the names of all. */
static jem_status run_figure(const report_flags *f, const report_call *call)
{
    jem_status st;
    strbuf names = STRBUF_INIT;
    double width, height;

    TRY(parse_width(&width, f->width));
    if (strcmp(f->figure, "list") == 0) {
        TRY(report_figures(&names, call));
        st = cli_print_lines(&names);
        goto done;
    }
    if (!f->out) {
        st = jem_error(JEM_EUSAGE, "report: --figure %s needs -o FILE.pdf (or .svg, .png, .tsv)", f->figure);
        goto done;
    }
    TRY(make_folder_of(f->out));
    TRY(report_draw(&height, call, f->figure, f->out, width));
    if (height > 0) log_info("%s: %.0f mm wide, %.0f mm high", f->out, width, height);
    if (height > REPORT_PAGE_MM)
        log_warning("%s is %.0f mm high: pages of many journals end at %d mm; a wider one is lower", f->out,
                    height, REPORT_PAGE_MM);
    puts(f->out);
done:
    strbuf_clear(&names);
    return st;
}

static jem_status check_flags(const report_flags *f, const report_call *call)
{
    if (f->follow && (f->figure || call->other_count || call->beside_count))
        return jem_error(JEM_EUSAGE, "report: --follow writes the page of one study or run: leave out %s",
                         f->figure ? "--figure" : call->other_count ? "the other folders" : "--beside");
    if (f->width && !f->figure)
        return jem_error(JEM_EUSAGE, "report: --width is of one figure: give --figure NAME, too");
    return JEM_OK;
}

static jem_status run_report(const cli_lists *lists, int argc, char **argv)
{
    jem_status st;
    report_flags f;
    char *page = NULL, *line = NULL, **folders = NULL;
    int count = 0;
    report_result result;
    const measures *known[MEASURES_MAX + 1];

    TRY(cli_parse(&f, &command_report, argc, argv));
    benchmark_meanings(known, lists->benchmarks);
    TRY(grid_studies_of_all(&folders, &count, f.folders.values, f.folders.count));
    report_call call = {.folder = folders[0],
                        .measures = known,
                        .beside_count = f.beside.count,
                        .beside = f.beside.values,
                        .other_count = count - 1,
                        .others = (const char *const *)folders + 1,
                        .grid = f.folders.count == 1 && grid_is(f.folders.values[0])};
    TRY(check_flags(&f, &call));
    if (f.figure) {
        st = run_figure(&f, &call);
        goto done;
    }
    if (f.out)
        TRY(mem_strdup(&page, f.out));
    else
        TRY(report_default_page(&page, f.folders.values, f.folders.count));
    TRY(report_command(&line, f.folders.values, f.folders.count, f.beside.values, f.beside.count, page));
    if (f.out) TRY(make_folder_of(page));
    call.page = page;
    call.command = line;
    TRY(f.follow ? report_follow(&result, &call) : report_write(&result, &call));
    log_info("%lld %s, %lld figures in %s, %lld warnings", (long long)result.runs,
             call.other_count ? "folders" : "runs", (long long)result.figures, result.folder, (long long)result.warnings);
    puts(page);
done:
    strings_free(folders, count);
    mem_free(line);
    mem_free(page);
    return st;
}

const command command_report = {
    .name = "report",
    .about = "draw every figure and write one page: of a study along alpha, or of models (recorded answers, runs, "
             "studies) beside people and each other; or one figure for print",
    .arguments = arguments,
    .options = options,
    .examples = {"report answers/resnet50 answers/vgg16 -o models.html",
                 "report studies/gloss --figure sweetspot -o sweetspot.pdf --width 89mm"},
    .run = run_report,
};
