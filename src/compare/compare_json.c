/* Comparisons as JSON: docs/formats.md has the keys. */
#include "base/json.h"
#include "compare/compare.h"

static json_t *model_json(const compare_model *m)
{
    json_t *networks = json_array();
    for (int64_t j = 0; j < m->count; j++)
        json_array_append_new(networks, json_text_or_null(m->network[j].path));
    return json_pack("{s:o s:o s:o s:b}", "name", json_text_or_null(m->name), "networks", networks, "alpha",
                     json_number_or_null(m->network[0].alpha), "recorded", m->runs == NULL);
}

/* What comparisons and what was left out begin with. */
static json_t *score_json(const measures *of, const measure_spot *line, int which, const char *model)
{
    const measure *m = line->score[which];
    return json_pack("{s:s s:s s:s s:s s:o s:o s:o}", "benchmark", of->benchmark, "metric", m->metric, "title",
                     line->title, "measure", measure_spot_name(line, which), "dataset",
                     json_text_or_null(m->dataset), "condition", json_text_or_null(m->condition), "model",
                     json_text_or_null(model));
}

static json_t *row_json(const comparison *c, const compare_list *list, const compare_models *models)
{
    json_t *row = score_json(c->of, c->line, c->score, models->model[c->model].name);
    json_t *more = json_pack(
        "{s:o s:o s:o s:o s:o s:o s:o s:o s:o s:b s:b s:s s:I s:I s:I s:I s:I s:o s:o s:o}", //
        "against", json_text_or_null(models->model[0].name), "value", json_number_or_null(c->other), "value_against",
        json_number_or_null(c->first), "difference", json_number_or_null(c->gap.value), "low",
        json_number_or_null(c->gap.interval.low), "high", json_number_or_null(c->gap.interval.high), "p",
        json_number_or_null(c->gap.p), "p_holm", json_number_or_null(c->p_holm), "df",
        json_number_or_null(c->gap.df), "primary", c->primary, "lower_is_better",
        c->line->score[c->score]->lower_is_better, "verdict",
        compare_verdict_text(compare_verdict_of(c, list->level)), "networks",
        (json_int_t)models->model[c->model].count, "networks_against", (json_int_t)models->model[0].count, "images",
        (json_int_t)c->shared_images, "images_most", (json_int_t)c->most_images, "people",
        (json_int_t)c->shared_people, "variance_training", json_number_or_null(c->training), "variance_images",
        json_number_or_null(c->images), "variance_people", json_number_or_null(c->people));
    if (json_object_update(row, more) != 0) {
        json_decref(row);
        row = NULL;
    }
    json_decref(more);
    return row;
}

static json_t *gap_json(const comparison_gap *g, const compare_models *models)
{
    json_t *gap = score_json(g->of, g->line, g->score, models->model[g->model].name);
    json_object_set_new(gap, "reason", json_text_or_null(g->reason));
    return gap;
}

jem_status compare_json(char **text, const compare_list *list, const compare_models *models)
{
    json_t *named = json_array(), *rows = json_array(), *gaps = json_array();
    for (int64_t i = 0; i < models->count; i++) json_array_append_new(named, model_json(&models->model[i]));
    for (int64_t i = 0; i < list->count; i++) json_array_append_new(rows, row_json(&list->rows[i], list, models));
    for (int64_t i = 0; i < list->gaps; i++) json_array_append_new(gaps, gap_json(&list->gap[i], models));
    json_t *root = json_pack("{s:f s:I s:o s:o s:o}", "level", list->level, "corrected_over",
                             (json_int_t)list->primaries, "models", named, "comparisons", rows, "left_out", gaps);
    jem_status st = json_text(text, root, JSON_INDENT(2));
    json_decref(root);
    return st;
}
