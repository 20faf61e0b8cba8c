/* Sweet spots as JSON: docs/formats.md has the keys. */
#include <jansson.h>
#include <stdio.h>

#include "base/json.h"
#include "base/try.h"
#include "sweetspot/sweetspot.h"

static json_t *metric_json(const sweetspot *p)
{
    char text[256];
    spot_metric(text, sizeof text, p->line, p->score);
    return json_string(text);
}

/* What study.yaml says of the line; null where it names another, or is not there. */
static json_t *declared_json(const sweetspot *p)
{
    const declared_score *e = p->declared && p->primary ? declaration_find(p->declared, p->of) : NULL;
    if (!e) return json_null();
    const declared *kept = &p->declared->kept;
    return json_pack("{s:o s:I s:b s:o s:s s:o s:I s:I}", "date", json_text_or_null(kept->date), "runs_begun",
                     (json_int_t)kept->runs, "edited_since", kept->changed, "score", json_plain_string(e->score), "rule",
                     e->rule ? "distance" : "best", "layer", json_text_or_null(e->layer[0] ? e->layer : NULL),
                     "latent", (json_int_t)e->latent, "other_latent", (json_int_t)p->other_latent);
}

static json_t *curve_json(const sweetspot *p)
{
    json_t *curve = json_array();
    for (int64_t a = 0; a < p->alphas; a++) {
        json_t *values = json_object(), *sems = json_object();
        for (int m = 0; m < p->line->count; m++) {
            if (p->score >= 0 && m != p->score) continue;
            const char *metric = p->line->score[m]->metric;
            json_object_set_new(values, metric, json_number_or_null(p->value[m * p->alphas + a]));
            json_object_set_new(sems, metric, json_number_or_null(p->sem[m * p->alphas + a]));
        }
        json_array_append_new(
            curve, json_pack("{s:f s:o s:o s:I s:o s:o s:o s:b}", "alpha", p->alpha[a], "value", values,
                             "sem", sems, "seeds", (json_int_t)p->seeds[a], "advantage",
                             json_number_or_null(p->at.advantage[a]), "least", json_number_or_null(p->at.least[a]), "p",
                             json_number_or_null(p->at.p_alpha[a]), "in_set", p->at.in_set[a]));
    }
    return curve;
}

static json_t *set_json(const sweetspot *p)
{
    json_t *set = json_array();
    for (int64_t a = 0; a < p->alphas; a++)
        if (p->at.in_set[a]) json_array_append_new(set, json_real(p->alpha[a]));
    return set;
}

static json_t *names_json(const sweetspot *p)
{
    json_t *names = json_array();
    for (int64_t i = 0; i < p->unequal_count; i++)
        json_array_append_new(names, json_text_or_null(p->unequal[i]));
    return names;
}

static json_t *human_json(const sweetspot *p)
{
    json_t *human = json_array();
    for (int m = 0; m < p->line->count; m++)
        if (p->score < 0 || m == p->score)
            json_array_append_new(human, json_number_or_null(p->human[m]));
    return human;
}

/* The claim. */
static json_t *claim_json(const sweetspot *p)
{
    return json_pack(
        "{s:s s:o s:[f,f] s:f s:o s:o s:o s:o s:o s:o s:o s:I s:s}", "benchmark", p->of->benchmark,
        "metric", metric_json(p), "ends", p->alpha[0], p->alpha[p->alphas - 1], "best_alpha",
        p->alpha[p->at.best], "best_set", set_json(p), "p", json_number_or_null(p->at.p), "p_drop",
        json_number_or_null(p->at.p_drop), "margin", json_number_or_null(p->at.margin), "margin_cv", json_number_or_null(p->margin_cv),
        "margin_low", json_number_or_null(p->at.margin_low), "detectable", json_number_or_null(p->at.detectable), "seeds",
        (json_int_t)p->most, "verdict", spot_verdict_text(p->verdict));
}

/* What it rests on. */
static json_t *basis_json(const sweetspot *p)
{
    return json_pack(
        "{s:s s:s s:s s:b s:o s:o s:o s:o s:o s:o s:I s:I s:I s:I s:f s:s s:o s:s s:o s:[[o,o],[o,o]] s:o s:o}", "measure",
        sweetspot_measure(p), "rule", p->distance ? "distance" : "best", "variance",
        stats_variance_text(p->variance), "primary", p->primary, "p_holm", json_number_or_null(p->p_holm), "detectable_low",
        json_number_or_null(p->at.detectable_range.low), "detectable_high", json_number_or_null(p->at.detectable_range.high),
        "p_equal", json_number_or_null(p->p_equal), "unequal", names_json(p), "human", human_json(p), "fewest_seeds",
        (json_int_t)p->fewest, "networks", (json_int_t)p->networks, "images", (json_int_t)p->images,
        "people", (json_int_t)p->people, "level", p->level, "drawn", p->basis, "paper",
        json_pack("[o,o]", json_number_or_null(p->line->paper_low), json_number_or_null(p->line->paper_high)), "source",
        p->line->source, "left_out", json_text_or_null(p->drop_name), "two_lines",
        json_number_or_null(p->below.slope), json_number_or_null(p->below.error), json_number_or_null(p->above.slope), json_number_or_null(p->above.error), "curve",
        curve_json(p), "declared", declared_json(p));
}

static json_t *spot_json(const sweetspot *p, const char *only)
{
    json_t *o = claim_json(p), *more = basis_json(p);
    if (json_object_update(o, more) != 0 || json_object_set_new(o, "only", json_text_or_null(only)) != 0) { /* no memory, or a name that is no text */
        json_decref(o);
        o = NULL;
    }
    json_decref(more);
    return o;
}

jem_status sweetspots_json(char **text, const sweetspot_list *list)
{
    jem_status st;
    json_t *root = json_array();
    strbuf only = STRBUF_INIT;

    spot_only_words(&only, &list->only);
    TRY(strbuf_status(&only));
    for (int64_t i = 0; i < list->count; i++)
        if (json_array_append_new(root, spot_json(&list->spots[i], only.data)) != 0) {
            json_decref(root); /* no memory */
            root = NULL;
            break;
        }
    st = json_text(text, root, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
done:
    strbuf_clear(&only);
    json_decref(root);
    return st;
}
