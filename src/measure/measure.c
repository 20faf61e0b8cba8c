/* Looking measures and published scores up: see measure.h. */
#include "measure/measure.h"

#include <string.h>

#include "base/fields.h"
#include "base/file.h"

const char measure_people[] = "People";

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

const char *measure_spot_name(const measure_spot *line, int score)
{
    return line->count == 1 ? line->measure : line->score[score]->title;
}

bool measure_shows(const measure *m, const char *dataset, const char *condition)
{
    return (!m->dataset || str_same(m->dataset, dataset)) && str_same(m->condition, condition);
}

const char *published_dataset(const measures *m, const char *dataset)
{
    return str_same(dataset, m->benchmark) ? NULL : dataset;
}

double published_value(const measures *m, const char *metric, const char *dataset,
                       const char *condition, const char *model)
{
    for (const published_score *p = m->published; p && p->metric; p++)
        if (str_same(p->metric, metric) && str_same(p->dataset, dataset) &&
            str_same(p->condition, condition) && str_same(p->model, model))
            return p->value;
    return NAN;
}

bool published_is_model(const published_score *p, const measures *m, const measure *s)
{
    return str_same(p->metric, s->metric) &&
           str_same(p->dataset, published_dataset(m, s->dataset)) &&
           str_same(p->condition, s->condition) && strcmp(p->model, "human") != 0;
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
