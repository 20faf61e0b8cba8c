/* Seeds that a margin needs, and margins that seeds can show: see plan_seeds.h. */
#include "cli/plan_seeds.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/try.h"
#include "bench/bench.h"
#include "cli/print.h"

jem_status seeds_settings(sweetspot_options *o, cli_list *set)
{
    jem_status st;
    int kept = 0;
    const option_group groups[] = {{"sweetspot", sweetspot_settings, o}, {.options = NULL}};

    TRY(options_defaults(groups));
    for (int i = 0; i < set->count; i++) {
        if (strncmp(set->values[i], "sweetspot.", strlen("sweetspot.")) == 0)
            TRY(options_assign(groups, set->values[i]));
        else
            set->values[kept++] = set->values[i];
    }
    set->count = kept;
done:
    return st;
}

/* ---- by a pilot */

static jem_status print_plan(const spot_plan *needed, bool json)
{
    jem_status st;
    char *text = NULL;
    strbuf lines = STRBUF_INIT;

    if (!json) {
        spot_plan_table(&lines, needed);
        return cli_print_lines(&lines);
    }
    TRY(spot_plan_json(&text, needed));
    puts(text);
done:
    mem_free(text);
    return st;
}

jem_status seeds_from_pilot(const cli_lists *lists, const seeds_request *q, const alpha_list *alphas,
                            sweetspot_options *o, bool json)
{
    jem_status st;
    const measures *known[MEASURES_MAX + 1];
    const spot_design_request asked = {q->margin, alphas ? alphas->values : NULL, alphas ? alphas->count : 0};
    sweetspot_list list = SWEETSPOT_LIST_INIT;
    spot_plan needed = {.designs = NULL};
    study *s = NULL;

    benchmark_meanings(known, lists->benchmarks);
    o->measures = known;
    TRY(pool_new(&o->threads, 0));
    TRY(study_read(&s, q->study));
    TRY(sweetspots_find(&list, s, o));
    for (int64_t i = 0; i < s->warning_count; i++) log_warning("%s", s->warnings[i]);
    if (list.count == 0) {
        st = jem_error(JEM_EDATA, "%s: no benchmark has scores at two values of alpha; a pilot needs some, and two "
                                  "seeds at one of them", s->path);
        goto done;
    }
    TRY(spot_plan_find(&needed, &list, &asked, o));
    TRY(print_plan(&needed, json));
done:
    spot_plan_clear(&needed);
    sweetspot_list_clear(&list);
    study_free(s);
    pool_free(o->threads);
    o->threads = NULL;
    return st;
}

/* ---- of a design */

jem_status seeds_margin_find(seeds_margin *out, const seeds_request *q, const alpha_list *alphas,
                             sweetspot_options *o)
{
    jem_status st;
    seeds_margin m = {.alphas = alphas->count, .sd = q->sd, .level = o->level, .variance = (stats_variance)o->variance};

    if (q->seeds == CLI_NONE || isnan(q->sd))
        return cli_usage_error(&command_plan, "the margin that a sweep could show needs --seeds N and --sd S", "");
    TRY(MEM_NEW(m.seeds, m.alphas));
    TRY(alpha_seeds_parse(m.seeds, alphas, &q->seeds_at, q->seeds));
    for (int64_t i = 0; i < m.alphas; i++) m.networks += m.seeds[i];
    TRY(pool_new(&o->threads, 0));
    TRY(spot_margin_find(&m.margin, m.seeds, m.alphas, q->sd, o));
    *out = m;
    m = (seeds_margin){.seeds = NULL};
done:
    seeds_margin_clear(&m);
    pool_free(o->threads);
    o->threads = NULL;
    return st;
}

void seeds_margin_clear(seeds_margin *m)
{
    mem_free(m->seeds);
    *m = (seeds_margin){.seeds = NULL};
}

void seeds_margin_print(const seeds_margin *m)
{
    int64_t least = m->seeds[0], most = m->seeds[0];
    for (int64_t i = 1; i < m->alphas; i++) {
        if (m->seeds[i] < least) least = m->seeds[i];
        if (m->seeds[i] > most) most = m->seeds[i];
    }
    cli_print("\nSweet spot: %lld networks at %lld alphas (", (long long)m->networks, (long long)m->alphas);
    if (least < most) cli_print("%lld to ", (long long)least);
    cli_print("%lld seeds) whose scores spread by %g could show a margin of %.3g over both ends, %.3g where one end is "
              "far below (p <= %.3g with power .8, variances %s)\n", (long long)most, m->sd, m->margin.both, m->margin.far,
              1 - m->level, stats_variance_text(m->variance));
}

json_t *seeds_margin_json(const seeds_margin *m)
{
    json_t *seeds = json_array();
    for (int64_t i = 0; i < m->alphas; i++) json_array_append_new(seeds, json_integer((json_int_t)m->seeds[i]));
    return json_pack("{s:f s:f s:f s:f s:f s:s s:I s:o}", "sd", m->sd, "margin", m->margin.both, "margin_far",
                     m->margin.far, "power", 0.8, "level", m->level, "variance", stats_variance_text(m->variance), "networks",
                     (json_int_t)m->networks, "seeds", seeds);
}
