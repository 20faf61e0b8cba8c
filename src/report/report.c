/* From a folder to a page. */
#include "report/report.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/shell_line.h"
#include "base/try.h"
#include "report/page.h"
#include "report/page_models.h"
#include "report/report_source.h"

static jem_status write_figure(const figure *f, const char *folder)
{
    jem_status st;
    char *stem = NULL, *tsv = NULL;

    TRY(str_format(&stem, "%s/%s", folder, f->file));
    TRY(str_format(&tsv, "%s.tsv", stem));
    TRY(draw_files(stem, f->width, f->height, f->draw, f->ctx));
    if (f->tsv.used) TRY(file_write(tsv, f->tsv.data, f->tsv.used));
done:
    mem_free(tsv);
    mem_free(stem);
    return st;
}

/* folder <- that of the figures in `place`, ready. */
static jem_status ready_folder(char folder[PATH_MAX], const char *place)
{
    jem_status st;

    if (snprintf(folder, PATH_MAX, "%s/figures", place) >= PATH_MAX)
        return jem_error(JEM_EIO, "%s: the path is too long; choose a shorter one", place);
    TRY(file_remove_leftovers(place));
    TRY(dir_ready(folder));
    TRY(dir_check_writable(folder));
done:
    return st;
}

/* In the study, or beside the page if that cannot be written; of models beside the page. */
static jem_status choose_folder(char folder[PATH_MAX], const report_source *s, const char *page)
{
    const char *slash = strrchr(page, '/');
    char beside[PATH_MAX];
    jem_status st = s->models ? JEM_EIO : ready_folder(folder, s->all[0]->path);

    if (st != JEM_EIO) return st;
    if (!s->models) log_warning("%s; figures are written beside the page", jem_error_message());
    snprintf(beside, sizeof beside, "%.*s", slash ? (int)(slash - page) : 1, slash ? page : ".");
    return ready_folder(folder, beside);
}

static jem_status write_figures(report_result *result, const figure_list *list)
{
    jem_status st = JEM_OK;

    for (int64_t i = 0; i < list->count; i++) {
        if (list->figures[i].missing) continue;
        TRY(write_figure(&list->figures[i], result->folder));
        result->figures++;
    }
done:
    return st;
}

static jem_status write_page(strbuf *html, const report_source *s, const figure_list *figures,
                             const report_call *call, const char *folder)
{
    const page_place place = {call->page, folder, call->measures, call->live};
    if (s->models) return page_models_write(html, &s->rows, figures, call->command, &place);
    return page_write(html, s->all[0], figures, call->command, &place);
}

/* On a page of a study under way nothing is said of what it does not have yet. */
static void drop_missing(figure_list *list)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < list->count; i++)
        if (list->figures[i].missing)
            figure_clear(&list->figures[i]);
        else
            list->figures[kept++] = list->figures[i];
    list->count = kept;
}

jem_status report_default_page(char **page, const char *const *folders, int count)
{
    return count == 1 ? str_format(page, "%s/report.html", folders[0]) : mem_strdup(page, "models.html");
}

jem_status report_command(char **line, const char *const *folders, int count, const char *const *beside, int beside_count,
                          const char *page)
{
    jem_status st;
    const char **words = NULL;
    int n = 0;

    TRY(MEM_NEW(words, count + 2 * beside_count + 5));
    words[n++] = "jem";
    words[n++] = "report";
    for (int i = 0; i < count; i++) words[n++] = folders[i];
    for (int i = 0; i < beside_count; i++) {
        words[n++] = "--beside";
        words[n++] = beside[i];
    }
    words[n++] = "-o";
    words[n++] = page;
    TRY(shell_line(line, words));
done:
    mem_free(words);
    return st;
}

jem_status report_write(report_result *out, const report_call *call)
{
    jem_status st;
    report_source s;
    figure_list figures = FIGURE_LIST_INIT;
    strbuf html = STRBUF_INIT;
    report_result result = {.runs = 0};

    TRY(report_source_read(&s, call));
    if (!call->live) TRY(choose_folder(result.folder, &s, call->page));
    TRY(report_source_figures(&figures, &s, NULL));
    if (call->live)
        drop_missing(&figures);
    else
        TRY(write_figures(&result, &figures));
    TRY(write_page(&html, &s, &figures, call, result.folder));
    TRY(file_write(call->page, html.data, html.used));
    if (!call->live) report_source_warn(&s);
    result.runs = s.models ? s.rows.sources : s.all[0]->count;
    result.warnings = s.models ? 0 : s.all[0]->warning_count;
    *out = result;
done:
    strbuf_clear(&html);
    figure_list_clear(&figures);
    report_source_clear(&s);
    return st;
}

/* ---- one figure */

static const double px_per_mm = 96 / 25.4;

static figure *find_figure(const figure_list *list, const char *name)
{
    for (int64_t i = 0; i < list->count; i++)
        if (strcmp(list->figures[i].file, name) == 0) return &list->figures[i];
    return NULL;
}

/* Names those that can be drawn. */
static jem_status refuse_name(const report_source *s, const report_call *call, const char *name)
{
    jem_status st;
    figure_list figures = FIGURE_LIST_INIT;
    strbuf names = STRBUF_INIT;

    TRY(report_source_figures(&figures, s, NULL));
    for (int64_t i = 0; i < figures.count; i++)
        if (!figures.figures[i].missing)
            plain_printf(&names, "%s%s", names.used ? ", " : "", figures.figures[i].file);
    TRY(strbuf_status(&names));
    st = jem_error(JEM_EUSAGE, "%s%s has no figure '%s'; there are: %s", call->folder,
                   call->other_count ? " with what is beside it" : "", name, names.used ? names.data : "none");
done:
    strbuf_clear(&names);
    figure_list_clear(&figures);
    return st;
}

/* The drawing, or what it shows as numbers. */
static jem_status write_one(double *height_mm, figure *f, const char *path, double width)
{
    jem_status st;

    *height_mm = 0;
    if (str_ends_with(path, ".tsv"))
        return f->tsv.used ? file_write(path, f->tsv.data, f->tsv.used)
                           : jem_error(JEM_EDATA, "%s: figure '%s' is of pictures and has no numbers; write it as .svg, .pdf "
                                       "or .png", path, f->file);
    f->most_height = REPORT_PAGE_MM * px_per_mm;
    f->lay_out(f, width);
    TRY(draw_file(path, width, f->height, f->draw, f->ctx));
    *height_mm = f->height / px_per_mm;
done:
    return st;
}

jem_status report_draw(double *height_mm, const report_call *call, const char *name, const char *path,
                       double width_mm)
{
    jem_status st;
    report_source s;
    figure_list figures = FIGURE_LIST_INIT;
    const double width = width_mm * px_per_mm;
    const char *part = strchr(name, ':');
    char *whole = NULL;

    s = (report_source){.count = 0};
    TRY(str_format(&whole, "%.*s", part ? (int)(part - name) : (int)strlen(name), name));
    TRY(report_source_read(&s, call));
    TRY(report_source_figures(&figures, &s, whole));
    figure *f = find_figure(&figures, whole);
    if (!f) {
        st = refuse_name(&s, call, name);
    } else if (f->missing) {
        st = jem_error(JEM_EDATA, "%s: figure '%s': %s", call->folder, name, f->missing);
    } else if (part && !(f->take_part && f->take_part(f, part + 1))) {
        st = jem_error(JEM_EUSAGE, "%s: figure '%s' has no part '%s'%s", call->folder, whole, part + 1,
                       f->take_part ? "; its parts are the benchmarks that it shows (`jem bench list`)" : " nor others");
    } else {
        TRY(write_one(height_mm, f, path, width));
        report_source_warn(&s);
    }
done:
    mem_free(whole);
    figure_list_clear(&figures);
    report_source_clear(&s);
    return st;
}

jem_status report_figures(strbuf *out, const report_call *call)
{
    jem_status st;
    report_source s;
    figure_list figures = FIGURE_LIST_INIT;

    TRY(report_source_read(&s, call));
    TRY(report_source_figures(&figures, &s, NULL));
    for (int64_t i = 0; i < figures.count; i++)
        if (!figures.figures[i].missing)
            plain_printf(out, "%s\t%s\n", figures.figures[i].file, figures.figures[i].title);
    st = strbuf_status(out);
done:
    figure_list_clear(&figures);
    report_source_clear(&s);
    return st;
}
