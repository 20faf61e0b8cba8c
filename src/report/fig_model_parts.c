/* Parts of a benchmark, models side by side: see fig_model_parts.h. */
#include "report/fig_model_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "record/image_name.h"
#include "record/image_sets.h"
#include "report/marks.h"

typedef struct part_spec {
    const char *file, *title, *about, *benchmark, *metrics[2], *titles[2], *units[2];
    const char *dataset; /* NULL: the parts are data sets; else conditions of this one */
    int count;
    const char *(*name)(int i);
} part_spec;

static const char *set_name(int i) { return mvh_sets[i].name; }
static const char *category_name(int i) { return category_names[i]; }

static const part_spec part_specs[] = {
    {"model-vs-human-sets", "model-vs-human, set by set",
     "Accuracy and error consistency of each model on each set of images; diamonds are people, open squares ResNet-50 "
     "as published.", "model-vs-human",
     {"accuracy", "error_consistency"}, {"Accuracy", "Error consistency"}, {"share right", "κ with people"}, NULL, MVH_SETS, set_name},
    {"cue-conflict-categories", "Shape or texture, category by category",
     "Share of decisions for the shape on images of each shape category; diamonds are people.", "cue-conflict",
     {"shape_bias", NULL}, {"Shape bias", NULL}, {"shape / (shape + texture)", NULL}, "cue-conflict", CATEGORY_COUNT, category_name},
};

static score_wanted part_of(const part_spec *spec, int metric, int part)
{
    return (score_wanted){spec->benchmark, spec->metrics[metric], spec->dataset ? spec->dataset : spec->name(part),
                    spec->dataset ? spec->name(part) : NULL};
}

/* The first of a network's runs stands for the others. */
static bool is_run_of(const model_entry *e, const study_run *r) { return e->network ? r == e->network : !r->beside; }

/* Does it have any part? */
static bool has_parts(const part_spec *spec, const model_entry *e)
{
    for (int part = 0; part < spec->count; part++) {
        const score_wanted w = part_of(spec, 0, part);
        if (e->model && model_answer(&e->from->answers, e->model, &w)) return true;
        for (int64_t i = 0; !e->model && i < e->from->runs->count; i++)
            if (is_run_of(e, &e->from->runs->runs[i]) &&
                trend_score(&e->from->runs->runs[i], w.benchmark, w.dataset, w.metric, w.condition)) return true;
    }
    return false;
}

/* Whose parts are drawn: studies, and as many models as colours tell apart. */
typedef struct part_entries {
    int64_t count;
    const model_entry **of; /* [count] owned */
    int *key;         /* [count] of the legend; owned */
    bool left_out;
} part_entries;

static jem_status choose_entries(part_entries *chosen, dot_chart *c, const part_spec *spec, const model_list *entries)
{
    jem_status st;
    TRY(MEM_NEW(chosen->of, entries->count + 1));
    TRY(MEM_NEW(chosen->key, entries->count + 1));
    for (int64_t i = 0; i < entries->count; i++) {
        const model_entry *e = &entries->entries[i];
        if (!has_parts(spec, e)) continue;
        if (!model_is_study(e) && c->key_count == DOT_KEYS_MAX) {
            chosen->left_out = true;
            continue;
        }
        chosen->key[chosen->count] = c->key_count;
        chosen->of[chosen->count++] = e;
        if (model_is_study(e)) continue;
        c->key_inks[c->key_count] = series_colour(c->key_count);
        c->keys[c->key_count++] = model_own_name(e);
    }
done:
    return st;
}

/* Models of which others published this part: open squares. */
static jem_status add_published(figure *f, const score_wanted *w, int panel, const measures *of)
{
    jem_status st = JEM_OK;
    dot_chart *c = f->ctx;

    for (const published_score *p = of->published; p && p->metric; p++) {
        if (strcmp(p->metric, w->metric) != 0 || strcmp(p->model, "human") == 0 ||
            !str_same(p->dataset, published_dataset(of, w->dataset)) || !str_same(p->condition, w->condition))
            continue;
        const dot d = {.row = c->row_count, .panel = panel, .x = p->value, .alpha = NAN, .low = NAN, .high = NAN, .shape = DOT_SQUARE,
                       .ink = MUTED};
        TRY(dot_chart_add(c, &d));
        model_tsv_line(&f->tsv, w, p->model, NAN, (const double[]){p->value, NAN, NAN}, p->source);
    }
done:
    return st;
}

static jem_status add_part(figure *f, const part_spec *spec, int part, const score_rows *rows,
                           const part_entries *entries, const measures *of)
{
    jem_status st = JEM_OK;
    dot_chart *c = f->ctx;
    const int64_t before = c->dot_count;

    for (int k = 0; k < c->panel_count; k++) {
        const score_wanted w = part_of(spec, k, part);
        for (int64_t i = 0; i < entries->count; i++) {
            const double shift = entries->count > 1 ? 0.4 * ((double)i / (double)(entries->count - 1) - 0.5) : 0;
            trend t;
            TRY(model_scores(&t, entries->of[i], &w, of));
            model_tsv_trend(&f->tsv, &w, entries->of[i], &t);
            for (int64_t p = 0; p < t.count; p++) t.points[p].low = t.points[p].high = t.points[p].sem = NAN;
            st = model_dots(c, &t, (dot){.row = c->row_count, .panel = k, .shape = DOT_DISC, .shift = shift,
                                       .ink = series_colour(entries->key[i])},
                          measure_find(of, spec->metrics[k]));
            trend_clear(&t);
            if (st != JEM_OK) goto done;
        }
        dot people = people_dot(rows, &w);
        people.row = c->row_count;
        people.panel = k;
        people.low = people.high = NAN;
        if (c->dot_count == before) continue;
        TRY(add_published(f, &w, k, of));
        TRY(dot_chart_add(c, &people));
    }
    if (c->dot_count > before) TRY(dot_chart_add_row(c, spec->name(part), GROUP_OWN));
done:
    return st;
}

static jem_status figure_of_parts(figure_list *list, const score_rows *rows, const model_list *entries,
                                  const part_spec *spec, const measures *of)
{
    jem_status st;
    dot_chart *c = NULL;
    part_entries chosen = {.count = 0};
    figure f = {.file = spec->file, .section = measure_people, .title = spec->title, .about = spec->about,
                .lay_out = dot_chart_lay_out, .draw = dot_chart_draw, .free_ctx = dot_chart_free};

    TRY(MEM_NEW(c, 1));
    f.ctx = c;
    TRY(choose_entries(&chosen, c, spec, entries));
    for (int k = 0; k < 2 && spec->metrics[k]; k++) {
        const measure *m = measure_find(of, spec->metrics[k]);
        dot_panel *p = &c->panels[c->panel_count++];
        *p = (dot_panel){.unit = spec->units[k], .least = m ? m->least : -INFINITY,
                         .most = m ? m->most : INFINITY, .people = NAN, .chance = NAN};
        snprintf(p->title, sizeof p->title, "%s", spec->titles[k]);
    }
    model_tsv_header(&f.tsv);
    for (int part = 0; part < spec->count; part++) TRY(add_part(&f, spec, part, rows, &chosen, of));
    if (c->row_count < 2) goto done; /* one part is the whole */
    if (chosen.left_out)
        log_warning("%s: colours tell %d models apart; the others are left out, the table of jem table has them",
                    spec->file, DOT_KEYS_MAX);
    st = figure_list_add(list, &f);
done:
    mem_free(chosen.of);
    mem_free(chosen.key);
    figure_clear(&f);
    return st;
}

jem_status figures_of_model_parts(figure_list *list, const score_rows *rows, const model_list *entries,
                                  const measures *const *known)
{
    jem_status st = JEM_OK;
    for (size_t i = 0; i < sizeof part_specs / sizeof *part_specs; i++) {
        const measures *of = measures_find(known, part_specs[i].benchmark);
        if (of) TRY(figure_of_parts(list, rows, entries, &part_specs[i], of));
    }
done:
    return st;
}
