/* From a folder to a page. */
#include "report/report.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "report/figures.h"
#include "report/page.h"

/* all[0] is the study of the page. */
static jem_status make_figures(figure_list *list, study *const *all, int count,
                               const measures *const *known)
{
    jem_status st;
    study *s = all[0];
    TRY(figures_of_sweetspots(list, s, known));
    TRY(figures_of_people(list, s, known));
    TRY(figures_of_scores(list, s, known));
    TRY(figures_of_dimensions(list, all, count, known));
    TRY(figures_of_details(list, s, known));
    TRY(figures_of_calibration(list, s));
    TRY(figures_of_energies(list, s));
    TRY(figures_of_samples(list, s));
    TRY(figures_of_pictures(list, s));
    TRY(figures_of_training(list, s));
done:
    return st;
}

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

/* In the study, or beside the page if that cannot be written. */
static jem_status choose_folder(char folder[PATH_MAX], const study *s, const char *page)
{
    const char *slash = strrchr(page, '/');
    char beside[PATH_MAX];
    jem_status st = ready_folder(folder, s->path);

    if (st != JEM_EIO) return st;
    log_warning("%s; figures are written beside the page", jem_error_message());
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

/* *count grows with each study that was read; what is wrong with those beside it the first
 * one tells. */
static jem_status read_studies(study *all[STUDIES_MAX], int *count, const report_call *call)
{
    jem_status st;

    TRY(study_read(&all[0], call->folder));
    *count = 1;
    if (1 + call->beside_count > STUDIES_MAX)
        return jem_error(JEM_EUSAGE, "%d studies beside %s: at most %d", call->beside_count,
                         call->folder, STUDIES_MAX - 1);
    for (int i = 0; i < call->beside_count; i++) {
        TRY(study_read(&all[*count], call->beside[i]));
        const study *other = all[(*count)++];
        for (int64_t k = 0; k < other->warning_count; k++)
            TRY(study_warn(all[0], "%s: %s", other->path, other->warnings[k]));
    }
done:
    return st;
}

jem_status report_write(report_result *out, const report_call *call)
{
    jem_status st;
    study *all[STUDIES_MAX] = {NULL};
    int count = 0;
    figure_list figures = FIGURE_LIST_INIT;
    strbuf html = STRBUF_INIT;
    report_result result = {.runs = 0};

    TRY(read_studies(all, &count, call));
    study *s = all[0];
    TRY(choose_folder(result.folder, s, call->page));
    TRY(make_figures(&figures, all, count, call->measures));
    TRY(write_figures(&result, &figures));
    TRY(page_write(&html, s, &figures, call->command,
                   &(page_place){call->page, result.folder, call->measures}));
    TRY(file_write(call->page, html.data, html.used));
    for (int64_t i = 0; i < s->warning_count; i++) log_warning("%s", s->warnings[i]);
    result.runs = s->count;
    result.warnings = s->warning_count;
    *out = result;
done:
    strbuf_clear(&html);
    figure_list_clear(&figures);
    for (int i = 0; i < count; i++) study_free(all[i]);
    return st;
}
