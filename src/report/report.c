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

/* What figures are made of: all[0] is the study of the page. */
typedef struct figure_source {
    study *const *all;
    int count;
    const measures *const *known;
} figure_source;

static jem_status make_sweetspots(figure_list *list, const figure_source *f)
{
    return figures_of_sweetspots(list, f->all[0], f->known);
}

static jem_status make_people(figure_list *list, const figure_source *f)
{
    return figures_of_people(list, f->all[0], f->known);
}

static jem_status make_scores(figure_list *list, const figure_source *f)
{
    return figures_of_scores(list, f->all[0], f->known);
}

static jem_status make_dimensions(figure_list *list, const figure_source *f)
{
    return figures_of_dimensions(list, f->all, f->count, f->known);
}

static jem_status make_details(figure_list *list, const figure_source *f)
{
    return figures_of_details(list, f->all[0], f->known);
}

static jem_status make_calibration(figure_list *list, const figure_source *f)
{
    return figures_of_calibration(list, f->all[0]);
}

static jem_status make_energies(figure_list *list, const figure_source *f)
{
    return figures_of_energies(list, f->all[0]);
}

static jem_status make_samples(figure_list *list, const figure_source *f)
{
    return figures_of_samples(list, f->all[0]);
}

static jem_status make_pictures(figure_list *list, const figure_source *f)
{
    return figures_of_pictures(list, f->all[0]);
}

static jem_status make_training(figure_list *list, const figure_source *f)
{
    return figures_of_training(list, f->all[0]);
}

/* In the order of the page; figures of one maker follow one another. */
static const struct figure_kind {
    const char *name, *about; /* name NULL: that of every benchmark */
    jem_status (*make)(figure_list *list, const figure_source *f);
} kinds[] = {
    {"sweetspot", "where along alpha each benchmark is best, and how sure that is", make_sweetspots},
    {"people", "closeness to people against another ability, with published models", make_people},
    {NULL, "the scores of this benchmark", make_scores},
    {"gloss-dimensions-people", "gloss and people, by dimensions of the projection (--beside)", make_dimensions},
    {"gloss-dimensions", "light field and relief, by dimensions of the projection (--beside)", make_dimensions},
    {"scenes-dimensions", "the same on a run's own test scenes (--beside)", make_dimensions},
    {"model-vs-human-sets", "accuracy and error consistency, set by set", make_details},
    {"cue-conflict-categories", "shape or texture, category by category", make_details},
    {"cue-conflict-steps", "shape bias along Langevin steps", make_details},
    {"reliability", "reliability diagrams", make_calibration},
    {"energy-histograms", "log-sum-exp of data, samples and noise", make_energies},
    {"samples-buffer", "samples from the replay buffer", make_samples},
    {"samples-shared-start", "samples from one shared start", make_samples},
    {"samples-classes", "class-conditional samples", make_samples},
    {"pictures-refined", "one picture refined under each alpha; -2 and -3: further ones", make_pictures},
    {"pictures-trajectory", "noise on its way under each alpha; -2 and -3: further ones", make_pictures},
    {"pictures-first-epoch", "the same under the weights of the first epoch; -2 and -3", make_pictures},
    {"pictures-clickme", "where people and models look", make_pictures},
    {"training", "training curves", make_training},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Is it the figure's name, or that of a further one of its kind ("-2")?  A benchmark has any name that
 * is nobody else's. */
static bool may_make(const struct figure_kind *k, const char *name)
{
    if (k->name) return strncmp(name, k->name, strlen(k->name)) == 0;
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].name && strcmp(kinds[i].name, name) == 0) return false;
    return true;
}

/* only: the name of the figure that is wanted; NULL: all.  Others may be made, too. */
static jem_status make_figures(figure_list *list, const figure_source *from, const char *only)
{
    jem_status st = JEM_OK;
    for (int i = 0; i < KINDS; i++) {
        bool wanted = !only;
        const int first = i;
        for (; i + 1 < KINDS && kinds[i + 1].make == kinds[first].make; i++) continue;
        for (int k = first; k <= i && !wanted; k++) wanted = may_make(&kinds[k], only);
        if (wanted) TRY(kinds[first].make(list, from));
    }
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

static void warn_all(const study *s)
{
    for (int64_t i = 0; i < s->warning_count; i++) log_warning("%s", s->warnings[i]);
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
    TRY(make_figures(&figures, &(figure_source){all, count, call->measures}, NULL));
    TRY(write_figures(&result, &figures));
    TRY(page_write(&html, s, &figures, call->command,
                   &(page_place){call->page, result.folder, call->measures}));
    TRY(file_write(call->page, html.data, html.used));
    warn_all(s);
    result.runs = s->count;
    result.warnings = s->warning_count;
    *out = result;
done:
    strbuf_clear(&html);
    figure_list_clear(&figures);
    for (int i = 0; i < count; i++) study_free(all[i]);
    return st;
}

/* ---- one figure */

static const double px_per_mm = 96 / 25.4;

/* Reads what the call names and makes its figures; `only` as in make_figures. */
static jem_status read_and_make(figure_list *list, study *all[STUDIES_MAX], int *count,
                                const report_call *call, const char *only)
{
    jem_status st;
    TRY(read_studies(all, count, call));
    TRY(make_figures(list, &(figure_source){all, *count, call->measures}, only));
    warn_all(all[0]);
done:
    return st;
}

static figure *find_figure(const figure_list *list, const char *name)
{
    for (int64_t i = 0; i < list->count; i++)
        if (strcmp(list->figures[i].file, name) == 0) return &list->figures[i];
    return NULL;
}

/* Names those that can be drawn. */
static jem_status refuse_name(const report_call *call, const char *name)
{
    jem_status st;
    study *all[STUDIES_MAX] = {NULL};
    int count = 0;
    figure_list figures = FIGURE_LIST_INIT;
    strbuf names = STRBUF_INIT;

    TRY(read_studies(all, &count, call));
    TRY(make_figures(&figures, &(figure_source){all, count, call->measures}, NULL));
    for (int64_t i = 0; i < figures.count; i++)
        if (!figures.figures[i].missing)
            plain_printf(&names, "%s%s", names.used ? ", " : "", figures.figures[i].file);
    TRY(strbuf_status(&names));
    st = jem_error(JEM_EUSAGE, "%s has no figure '%s'; it has %s", call->folder, name,
                   names.used ? names.data : "none");
done:
    strbuf_clear(&names);
    figure_list_clear(&figures);
    for (int i = 0; i < count; i++) study_free(all[i]);
    return st;
}

jem_status report_draw(double *height_mm, const report_call *call, const char *name, const char *path,
                       double width_mm)
{
    jem_status st;
    study *all[STUDIES_MAX] = {NULL};
    int count = 0;
    figure_list figures = FIGURE_LIST_INIT;
    const double width = width_mm * px_per_mm;

    TRY(read_and_make(&figures, all, &count, call, name));
    figure *f = find_figure(&figures, name);
    if (!f) {
        st = refuse_name(call, name);
    } else if (f->missing) {
        st = jem_error(JEM_EDATA, "%s: figure '%s': %s", call->folder, name, f->missing);
    } else {
        f->lay_out(f, width);
        TRY(draw_file(path, width, f->height, f->draw, f->ctx));
        *height_mm = f->height / px_per_mm;
    }
done:
    figure_list_clear(&figures);
    for (int i = 0; i < count; i++) study_free(all[i]);
    return st;
}

jem_status report_figures(strbuf *out, const report_call *call)
{
    jem_status st;
    study *all[STUDIES_MAX] = {NULL};
    int count = 0;
    figure_list figures = FIGURE_LIST_INIT;

    TRY(read_and_make(&figures, all, &count, call, NULL));
    for (int64_t i = 0; i < figures.count; i++)
        if (!figures.figures[i].missing)
            plain_printf(out, "%s\t%s\n", figures.figures[i].file, figures.figures[i].title);
    st = strbuf_status(out);
done:
    figure_list_clear(&figures);
    for (int i = 0; i < count; i++) study_free(all[i]);
    return st;
}

void report_figure_names(strbuf *out, const measures *const *list)
{
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].name)
            plain_printf(out, "%-24s %s\n", kinds[i].name, kinds[i].about);
        else
            for (const measures *const *m = list; *m; m++)
                plain_printf(out, "%-24s %s\n", (*m)->benchmark, (*m)->title);
}
