/* Looking measures and published scores up: see measure.h. */
#include "measure/measure.h"

#include <string.h>

#include "base/fields.h"

const char measure_people[] = "People";

static bool same(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

const measures *measures_find(const measures *const *list, const char *benchmark)
{
    for (; *list; list++)
        if (strcmp((*list)->benchmark, benchmark) == 0) return *list;
    return NULL;
}

const measure *measure_find(const measures *m, const char *metric)
{
    for (const measure *s = m->scores; s->metric; s++)
        if (strcmp(s->metric, metric) == 0) return s;
    return NULL;
}

double published_value(const measures *m, const char *metric, const char *dataset,
                       const char *condition, const char *model)
{
    for (const published_score *p = m->published; p && p->metric; p++)
        if (same(p->metric, metric) && same(p->dataset, dataset) &&
            same(p->condition, condition) && same(p->model, model))
            return p->value;
    return NAN;
}

bool published_is_model(const published_score *p, const measures *m, const measure *s)
{
    /* a set named like its benchmark is the headline's */
    const char *set = s->dataset && strcmp(s->dataset, m->benchmark) != 0 ? s->dataset : NULL;
    return same(p->metric, s->metric) && same(p->dataset, set) &&
           same(p->condition, s->condition) && strcmp(p->model, "human") != 0;
}

void published_tsv(strbuf *out, const measures *const *list)
{
    char value[NUMBER_TEXT_MAX];
    strbuf_add(out, "benchmark\tmetric\tdataset\tcondition\tmodel\tvalue\tsource\n");
    for (; *list; list++)
        for (const published_score *p = (*list)->published; p && p->metric; p++)
            plain_printf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", (*list)->benchmark, p->metric,
                         p->dataset ? p->dataset : "", p->condition ? p->condition : "", p->model,
                         number_text(value, p->value), p->source);
}
