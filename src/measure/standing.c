/* Scores among published models and against people: see standing.h. */
#include "measure/standing.h"

#include <string.h>

#include "base/file.h"

/* Published values have six digits at most: what differs by less is as good. */
static bool is_better(const measure *s, double a, double b)
{
    return (s->lower_is_better ? b - a : a - b) > 1e-6;
}

standing standing_of(const measures *m, const measure *s, double value)
{
    standing at = {.rank = 1, .of = 1};

    for (const published_score *p = m->published; p && p->metric; p++) {
        if (!published_is_model(p, m, s)) continue;
        at.of++;
        if (is_better(s, p->value, value)) {
            at.rank++;
            if (!at.above || is_better(s, at.above->value, p->value)) at.above = p;
        } else if (!at.below || is_better(s, p->value, at.below->value)) {
            at.below = p;
        }
    }
    return at;
}

bool measure_compares(const measures *m, const measure *s)
{
    for (const measure_spot *spot = m->spots; spot && spot->title; spot++)
        for (int i = 0; spot->alignment && i < spot->count; i++)
            if (spot->score[i] == s) return true;
    return false;
}

static double published_human(const measures *m, const measure *s)
{
    return published_value(m, s->metric, published_dataset(m, s->dataset), s->condition, "human");
}

double people_reach(const measures *m, const measure *s, const score *of)
{
    if (isfinite(of->ceiling)) return of->ceiling;
    const double published = published_human(m, s);
    if (!isnan(published)) return published;
    return measure_compares(m, s) ? s->human : NAN;
}

bool reference_is_bound(const measures *m, const measure *s, double value)
{
    return s->human_is_bound && (value == s->human || isnan(published_human(m, s)));
}

static bool of_same_data(const score *a, const score *b, bool whole)
{
    return strcmp(a->benchmark, b->benchmark) == 0 && str_same(a->model, b->model) &&
           (a->alpha == b->alpha || (isnan(a->alpha) && isnan(b->alpha))) && a->seed == b->seed &&
           str_same(a->dataset, b->dataset) && (whole || str_same(a->condition, b->condition));
}

chance_state standing_chance(const score_list *list, const measures *m, const score *of)
{
    const measure *s = m ? measure_find(m, of->metric) : NULL;

    if (!s || !s->chance.metric) return CHANCE_UNKNOWN;
    for (int64_t i = 0; i < list->count; i++) {
        const score *own = &list->scores[i];
        if (strcmp(own->metric, s->chance.metric) == 0 && of_same_data(own, of, s->chance.whole) && isfinite(own->low))
            return own->low <= s->chance.at ? CHANCE_AT : CHANCE_ABOVE;
    }
    return CHANCE_UNKNOWN;
}
