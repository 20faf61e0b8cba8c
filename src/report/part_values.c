/* Networks beside a study in the parts of a benchmark: see part_values.h. */
#include "report/part_values.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/plain.h"
#include "base/try.h"
#include "report/marks.h"

void part_values_clear(part_values *v)
{
    mem_free(v->values);
    model_list_clear(&v->beside);
    *v = (part_values){.networks = 0};
}

const part_value *part_values_get(const part_values *v, int network, int part)
{
    return &v->values[network * v->parts + part];
}

void part_values_mark(draw *d, const part_values *v, int network, int part, int shape, double x, double y, colour ink)
{
    const part_value *p = part_values_get(v, network, part);
    char note[256], number[40];
    if (isnan(p->at)) return;
    trend_number(number, sizeof number, p->at);
    plain_format(note, sizeof note, "%s: %s", v->names[network], number);
    draw_note(d, DRAW_ALPHA(NAN), note);
    draw_mark(d, shape, x, y, 3, p->at_chance ? PAPER : ink, p->at_chance ? ink : faded(INK, 0.7));
    draw_unnote(d);
}

/* *any: does the network have one of the parts?  Its values go to to [count]. */
static jem_status collect_one(part_value *to, bool *any, const model_entry *e, const score_wanted *parts, int count,
                              const measures *of)
{
    *any = false;
    for (int i = 0; i < count; i++) {
        trend t;
        const jem_status st = model_scores(&t, e, &parts[i], of);
        if (st != JEM_OK) return st;
        to[i] = t.count ? (part_value){t.points->mean, t.points->at_chance} : (part_value){NAN, false};
        *any = *any || t.count;
        trend_clear(&t);
    }
    return JEM_OK;
}

jem_status part_values_collect(part_values *v, study *s, const score_wanted *parts, int count, const measures *of)
{
    jem_status st;
    const score_source from = {.path = s->path, .runs = s};
    part_value *values = NULL;

    TRY(model_list_beside(&v->beside, &from));
    TRY(MEM_NEW(v->values, PART_NETWORKS_MAX * count));
    TRY(MEM_NEW(values, count));
    v->parts = count;
    for (int64_t i = 0; i < v->beside.count; i++) {
        bool any;
        TRY(collect_one(values, &any, &v->beside.entries[i], parts, count, of));
        if (!any) continue;
        if (v->networks == PART_NETWORKS_MAX) {
            TRY(study_warn(s, "Of the networks beside the study %d have room in the parts of \"%s\"; scores.tsv has the rest.",
                           PART_NETWORKS_MAX, parts->benchmark));
            break;
        }
        v->names[v->networks] = v->beside.entries[i].name;
        memcpy(v->values + v->networks * count, values, (size_t)count * sizeof *values);
        v->networks++;
    }
done:
    mem_free(values);
    return st;
}
