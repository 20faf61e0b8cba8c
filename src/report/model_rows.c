/* Whose scores stand beside each other, with their dots and numbers: see model_rows.h. */
#include "report/model_rows.h"

#include <math.h>
#include <string.h>

#include "base/fields.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/plain.h"
#include "base/try.h"
#include "measure/standing.h"
#include "report/marks.h"

/* ---- who is there */

static const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static bool is_people(const char *model) { return model && strcmp(model, "human") == 0; }

/* Of a reference that is nobody's answers. */
static bool is_bound(const char *model) { return strcmp(model, "oracle") == 0 || strcmp(model, "uniform") == 0; }

bool model_is_person(const char *model) { return model && strncmp(model, "subject-", 8) == 0; }

void model_list_clear(model_list *list)
{
    for (int64_t i = 0; i < list->count; i++) mem_free(list->entries[i].name);
    mem_free(list->entries);
    *list = (model_list){.count = 0};
}

bool model_is_study(const model_entry *e) { return e->from->runs && !e->network; }

/* What scores call the network of a run, where that is not what it was trained as: an autoencoder's probe. */
static const char *network_name(const study_run *r)
{
    for (int64_t k = 0; k < r->scores.count; k++) {
        const score *s = &r->scores.scores[k];
        if (s->model && trend_is_own(r, s) && strcmp(s->model, r->model) != 0) return s->model;
    }
    return r->model[0] ? r->model : r->name;
}

const char *model_own_name(const model_entry *e)
{
    return e->model ? e->model : e->network ? network_name(e->network) : path_name(e->from->path);
}

/* The name may have a folder beside it. */
void model_say_probe(strbuf *says, const char *name)
{
    static const char note[] = PROBE_NAME " is the autoencoder alone, answering by a linear layer on its latents; that is jem's choice: "
                               "the paper does not say how it answers.";
    if (strncmp(name, PROBE_NAME, strlen(PROBE_NAME)) != 0 || (says->used && strstr(says->data, note))) return;
    plain_printf(says, "%s%s", says->used ? " " : "", note);
}

static jem_status add_entry(model_list *list, const score_source *from, const char *model, const study_run *network)
{
    jem_status st;
    TRY(MEM_GROW(list->entries, list->count, list->capacity));
    list->entries[list->count] = (model_entry){.from = from, .model = model, .network = network};
    TRY(mem_strdup(&list->entries[list->count].name, model_own_name(&list->entries[list->count])));
    list->count++;
done:
    return st;
}

static jem_status add_beside(model_list *list, const score_source *from)
{
    jem_status st = JEM_OK;
    for (int64_t i = 0; i < from->runs->count; i++)
        if (study_beside_first(from->runs, i)) TRY(add_entry(list, from, NULL, &from->runs->runs[i]));
done:
    return st;
}

static bool has_entry(const model_list *list, const score_source *from, const char *model)
{
    for (int64_t i = 0; i < list->count; i++)
        if (list->entries[i].from == from && list->entries[i].model && strcmp(list->entries[i].model, model) == 0)
            return true;
    return false;
}

/* Is it called as the study that it stands beside?  Weights of the same kind of network, from elsewhere. */
static bool is_called_as_study(const model_entry *e)
{
    const study_run *first = e->network ? &e->from->runs->runs[0] : NULL;
    return first && !first->beside && strcmp(model_own_name(e), first->model) == 0;
}

/* Names that several have get the folder beside them. */
static jem_status tell_apart(model_list *list)
{
    jem_status st = JEM_OK;
    for (int64_t i = 0; i < list->count; i++) {
        model_entry *e = &list->entries[i];
        int64_t same = is_called_as_study(e);
        for (int64_t k = 0; k < list->count; k++) same += strcmp(model_own_name(&list->entries[k]), model_own_name(e)) == 0;
        if (same < 2) continue;
        mem_free(e->name);
        e->name = NULL;
        TRY(str_format(&e->name, "%s (%s)", model_own_name(e), e->network ? e->network->name : e->from->path));
    }
done:
    return st;
}

jem_status model_list_find(model_list *list, const score_rows *rows)
{
    jem_status st = JEM_OK;
    for (int64_t i = 0; i < rows->sources; i++) {
        const score_source *from = &rows->source[i];
        if (from->runs && !from->runs->runs[0].beside) TRY(add_entry(list, from, NULL, NULL));
        if (from->runs) TRY(add_beside(list, from));
        for (int64_t k = 0; k < from->answers.count; k++) {
            const char *model = from->answers.scores[k].model;
            if (!model || is_people(model) || is_bound(model) || model_is_person(model) || has_entry(list, from, model))
                continue;
            TRY(add_entry(list, from, model, NULL));
        }
    }
    TRY(tell_apart(list));
done:
    return st;
}

jem_status model_list_beside(model_list *list, const score_source *from)
{
    jem_status st;
    TRY(add_beside(list, from));
    TRY(tell_apart(list));
done:
    return st;
}

jem_status model_list_with_beside(model_list *list, const score_source *from)
{
    jem_status st;
    TRY(add_entry(list, from, NULL, NULL));
    TRY(model_list_beside(list, from));
    list->entries[0].name[0] = '\0';
done:
    return st;
}

/* ---- their scores */

bool score_is_wanted(const score *s, const score_wanted *w)
{
    return str_same(s->benchmark, w->benchmark) && str_same(s->metric, w->metric) &&
           (!w->dataset || str_same(s->dataset, w->dataset)) && str_same(s->condition, w->condition);
}

const score *model_answer(const score_list *list, const char *model, const score_wanted *w)
{
    for (int64_t i = 0; i < list->count; i++)
        if (str_same(list->scores[i].model, model) && score_is_wanted(&list->scores[i], w)) return &list->scores[i];
    return NULL;
}

jem_status model_scores(trend *t, const model_entry *e, const score_wanted *w, const measures *of)
{
    jem_status st;
    if (e->network) {
        st = trend_collect_beside(t, e->from->runs, e->network,
                                  &(trend){w->benchmark, w->dataset, w->metric, w->condition, w->metric, 0, NULL});
        for (int v = 0; t->count && v < t->points->seeds; v++)
            if (standing_chance(&t->points->runs[v]->scores, of, t->points->scores[v]) == CHANCE_AT) t->points->at_chance = true;
        return st;
    }
    if (!e->model) {
        st = trend_collect_in(t, e->from->runs, w->benchmark, w->dataset, w->metric, w->condition);
        if (st == JEM_OK) trend_mark_chance(t, e->from->runs, of);
        return st;
    }
    *t = (trend){.benchmark = w->benchmark, .metric = w->metric, .dataset = w->dataset, .condition = w->condition};
    const score *s = model_answer(&e->from->answers, e->model, w);
    if (!s || !isfinite(s->value)) return JEM_OK;
    TRY(MEM_NEW(t->points, 1));
    t->points[t->count++] = (trend_point){.alpha = NAN, .mean = s->value, .sem = NAN, .low = s->low,
                                          .high = s->high, .seeds = 1, .values = {s->value},
                                          .at_chance = standing_chance(&e->from->answers, of, s) == CHANCE_AT};
done:
    return st;
}

dot people_dot(const score_rows *rows, const score_wanted *w)
{
    dot d = {.x = NAN, .alpha = NAN, .low = NAN, .high = NAN, .shape = DOT_DIAMOND, .ink = people_ink};
    for (int64_t i = 0; i < rows->count; i++) {
        const score_row *row = &rows->rows[i];
        if (!score_is_wanted(row->score, w)) continue;
        if (score_row_is_people(row) && is_people(row->score->model) && isfinite(row->score->value)) {
            d.x = row->score->value;
            d.low = row->score->low;
            d.high = row->score->high;
            return d;
        }
        if (isnan(d.x) && isfinite(row->score->ceiling)) d.x = row->score->ceiling;
    }
    for (int64_t i = 0; i < rows->count && isnan(d.x); i++)
        if (score_is_wanted(rows->rows[i].score, w)) d.x = rows->rows[i].reference;
    return d;
}

/* Did training reach what the score is of? */
static bool is_trained(const measure *m, double alpha) { return !(m && m->needs_head && alpha >= 1); }

jem_status model_dots(dot_chart *c, const trend *t, dot at, const measure *m)
{
    jem_status st = JEM_OK;
    for (int64_t i = 0; i < t->count; i++) {
        const trend_point *p = &t->points[i];
        const bool several = t->count > 1, along = !isnan(p->alpha);
        dot d = at;
        d.x = p->mean;
        d.alpha = p->alpha;
        d.hollow = p->at_chance;
        d.low = d.high = NAN;
        if (!several && isfinite(p->sem)) d.low = p->mean - p->sem, d.high = p->mean + p->sem;
        if (!several && !isfinite(p->sem)) d.low = p->low, d.high = p->high;
        d.ink = !along ? at.ink : is_trained(m, p->alpha) ? alpha_colour(p->alpha) : faded(MUTED, 0.6);
        if (several) d.shift = at.shift + (p->alpha - 0.5) * 0.4;
        c->has_alpha |= along;
        TRY(dot_chart_add(c, &d));
    }
done:
    return st;
}

/* ---- numbers */

void model_tsv_header(strbuf *tsv)
{
    strbuf_add(tsv, "benchmark\tmetric\tdataset\tcondition\tmodel\talpha\tvalue\tlow\thigh\tsource\n");
}

void model_tsv_line(strbuf *tsv, const score_wanted *w, const char *model, double alpha, const double value[3],
                     const char *source)
{
    char text[4][NUMBER_TEXT_MAX];
    plain_printf(tsv, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", w->benchmark, w->metric,
                 w->dataset ? w->dataset : "", w->condition ? w->condition : "", model,
                 number_text(text[0], alpha), number_text(text[1], value[0]), number_text(text[2], value[1]),
                 number_text(text[3], value[2]), source);
}

void model_tsv_trend(strbuf *tsv, const score_wanted *w, const model_entry *e, const trend *t)
{
    for (int64_t i = 0; i < t->count; i++) {
        const trend_point *p = &t->points[i];
        const bool error = isfinite(p->sem);
        const double value[] = {p->mean, error ? p->mean - p->sem : p->low, error ? p->mean + p->sem : p->high};
        model_tsv_line(tsv, w, e->name, p->alpha, value, e->from->path);
    }
}
