/* Reading what a report is about, and which figures that has: see report_source.h. */
#include "report/report_source.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "report/fig_models.h"

static jem_status make_sweetspots(figure_list *list, const report_source *f)
{
    return figures_of_sweetspots(list, f->all[0], f->known);
}

static jem_status make_people(figure_list *list, const report_source *f)
{
    return figures_of_people(list, f->all[0], f->known);
}

static jem_status make_scores(figure_list *list, const report_source *f)
{
    return figures_of_scores(list, f->all[0], f->known);
}

static jem_status make_dimensions(figure_list *list, const report_source *f)
{
    return figures_of_dimensions(list, f->all, f->count, f->known);
}

static jem_status make_details(figure_list *list, const report_source *f)
{
    return figures_of_details(list, f->all[0], f->known);
}

static jem_status make_calibration(figure_list *list, const report_source *f)
{
    return figures_of_calibration(list, f->all[0]);
}

static jem_status make_robustness(figure_list *list, const report_source *f)
{
    return figures_of_robustness(list, f->all[0], f->known);
}

static jem_status make_energies(figure_list *list, const report_source *f)
{
    return figures_of_energies(list, f->all[0]);
}

static jem_status make_samples(figure_list *list, const report_source *f)
{
    return figures_of_samples(list, f->all[0]);
}

static jem_status make_pictures(figure_list *list, const report_source *f)
{
    return figures_of_pictures(list, f->all[0]);
}

static jem_status make_training(figure_list *list, const report_source *f)
{
    return figures_of_training(list, f->all[0]);
}

/* In the order of the page; figures of one maker follow one another. */
static const struct figure_kind {
    const char *name, *about; /* name NULL: that of every benchmark */
    jem_status (*make)(figure_list *list, const report_source *f);
} kinds[] = {
    {"sweetspot", "where along alpha each benchmark is best, and how sure that is", make_sweetspots},
    {"sweetspot-to-0.9", "the same for alphas up to 0.9", make_sweetspots},
    {"sweetspot-matched", "the same among networks as accurate as the discriminative end", make_sweetspots},
    {"people", "closeness to people against another ability, with published models", make_people},
    {NULL, "the scores of this benchmark", make_scores},
    {"gloss-dimensions-people", "gloss and people, by dimensions of the projection (--beside)", make_dimensions},
    {"gloss-dimensions", "light field and relief, by dimensions of the projection (--beside)", make_dimensions},
    {"scenes-dimensions", "the same on a run's own test scenes (--beside)", make_dimensions},
    {"model-vs-human-sets", "accuracy and error consistency, set by set", make_details},
    {"cue-conflict-categories", "shape or texture, category by category", make_details},
    {"cue-conflict-steps", "shape bias along Langevin steps", make_details},
    {"reliability", "reliability diagrams", make_calibration},
    {"robustness-radii", "accuracy over the radius of attacks", make_robustness},
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

/* Of runs along alpha.  Others than `only` may be made, too. */
static jem_status make_along_alpha(figure_list *list, const report_source *from, const char *only)
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

jem_status report_source_figures(figure_list *list, const report_source *from, const char *only)
{
    jem_status st;

    if (!from->models) return make_along_alpha(list, from, only);
    TRY(figures_of_grid_spots(list, from->all, from->count, from->known));
    TRY(figures_of_grid(list, from->all, from->count, from->known));
    TRY(figures_of_models(list, &from->rows, from->known));
done:
    return st;
}

/* ---- reading */

/* What is wrong with studies beside the first one, that tells. */
static jem_status read_studies(report_source *s, const report_call *call)
{
    jem_status st;

    TRY(study_read(&s->all[0], call->folder));
    s->count = 1;
    if (1 + call->beside_count > STUDIES_MAX)
        return jem_error(JEM_EUSAGE, "%d studies beside %s: at most %d", call->beside_count,
                         call->folder, STUDIES_MAX - 1);
    for (int i = 0; i < call->beside_count; i++) {
        TRY(study_read(&s->all[s->count], call->beside[i]));
        const study *other = s->all[s->count++];
        for (int64_t k = 0; k < other->warning_count; k++)
            TRY(study_warn(s->all[0], "%s: %s", other->path, other->warnings[k]));
    }
done:
    return st;
}

static jem_status read_models(report_source *s, const report_call *call)
{
    jem_status st;
    const char **folders = NULL;

    if (call->beside_count)
        return jem_error(JEM_EUSAGE, "beside %s: gloss is compared by the dimension of the projection; name one study "
                                     "and no recorded answers with it", call->beside[0]);
    TRY(MEM_NEW(folders, 1 + call->other_count));
    folders[0] = call->folder;
    for (int i = 0; i < call->other_count; i++) folders[1 + i] = call->others[i];
    TRY(score_rows_read(&s->rows, folders, 1 + call->other_count, call->measures));
    if (call->grid && call->other_count < STUDIES_MAX)
        for (int i = 0; i <= call->other_count; i++) {
            TRY(study_read(&s->all[i], folders[i]));
            s->count++;
        }
done:
    mem_free(folders);
    return st;
}

jem_status report_source_read(report_source *s, const report_call *call)
{
    jem_status st;

    *s = (report_source){.known = call->measures, .rows = SCORE_ROWS_INIT, .models = true};
    if (call->other_count == 0) TRY(score_folder_is_answers(&s->models, call->folder));
    st = s->models ? read_models(s, call) : read_studies(s, call);
done:
    return st;
}

void report_source_clear(report_source *s)
{
    for (int i = 0; i < s->count; i++) study_free(s->all[i]);
    score_rows_clear(&s->rows);
}

void report_source_warn(const report_source *s)
{
    for (int64_t i = 0; s->count && i < s->all[0]->warning_count; i++) log_warning("%s", s->all[0]->warnings[i]);
}

void report_figure_names(strbuf *out, const measures *const *list)
{
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].name)
            plain_printf(out, "%-24s %s\n", kinds[i].name, kinds[i].about);
        else
            for (const measures *const *m = list; *m; m++)
                plain_printf(out, "%-24s %s\n", (*m)->benchmark, (*m)->title);
    strbuf_add(out, "grid-sweetspots          of a grid: where along alpha each of its studies is best\n");
    strbuf_add(out, "grid-NAME                of a grid: scores of benchmark NAME along alpha, a line for each study\n");
    strbuf_add(out, "NAME-along-alpha         of several folders: scores of benchmark NAME along alpha, with the other models\n");
}
