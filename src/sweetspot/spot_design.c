/* Designs from a pilot's noise: see spot_design.h. */
#include "sweetspot/spot_design.h"

#include <math.h>
#include <jansson.h>
#include <stdio.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/try.h"

/* The alphas of the further study that have the score, and which are its ends. */
static void take_alphas(spot_design *d, const spot_design_request *q)
{
    const sweetspot *p = d->spot;
    bool needs_head = false;

    d->alphas = p->alphas;
    d->low = p->alpha[0];
    d->high = p->alpha[p->alphas - 1];
    if (!q->alpha) return;
    for (int m = 0; m < p->line->count; m++) needs_head = needs_head || p->line->score[m]->needs_head;
    d->alphas = 0;
    for (int64_t i = 0; i < q->alphas; i++) {
        const double alpha = q->alpha[i];
        if (needs_head && alpha >= 1) continue;
        d->low = d->alphas ? fmin(d->low, alpha) : alpha;
        d->high = d->alphas ? fmax(d->high, alpha) : alpha;
        d->alphas++;
    }
}

/* Why the pilot says nothing; NULL: it does. */
static const char *lacks(const spot_design *d)
{
    const stats_best_alpha *at = &d->spot->at;
    if (d->alphas < 3) return "no alpha lies between the ends";
    if (isnan(at->spread)) return "the pilot has one seed at each alpha: nothing is known of training again";
    if (!(at->spread > 0)) return "the pilot's scores of each alpha are all equal: nothing is known of noise";
    return NULL;
}

/* *seeds <- 0 where 1,000 are not enough. */
static jem_status seeds_for(int64_t *seeds, const stats_alpha_design *design, double margin,
                            const stats_best_alpha_options *o)
{
    jem_status st = stats_alpha_networks(seeds, margin, design, o);
    if (st != JEM_EDATA) return st;
    *seeds = 0;
    return JEM_OK;
}

static jem_status find_design(spot_design *out, const sweetspot *pilot, const spot_design_request *q,
                              const stats_best_alpha_options *so)
{
    jem_status st = JEM_OK;
    const stats_best_alpha *at = &pilot->at;
    const double margin = q->margin / at->spread;
    spot_design d = {.spot = pilot};

    take_alphas(&d, q);
    const stats_alpha_design design = {.alphas = d.alphas, .images = at->images / at->spread};
    const char *why = lacks(&d);
    if (why) {
        snprintf(d.trouble, sizeof d.trouble, "%s", why);
        goto end;
    }
    TRY(seeds_for(&d.seeds, &design, margin, so));
    if (d.seeds == 0) {
        snprintf(d.trouble, sizeof d.trouble, "1,000 seeds at each alpha are not enough: images alone leave a standard "
                 "error of %.3g; more images would help", at->images * sqrt(2));
        goto end;
    }
    TRY(stats_alpha_fewest(&d.ends, &d.between, d.seeds, margin, &design, so));
    /* the margin that the pilot could show is as uncertain as its spread */
    const double low = at->detectable_range.low / at->detectable, high = at->detectable_range.high / at->detectable;
    d.seeds_low = d.seeds_high = d.seeds;
    if (!(low < high)) goto end;
    TRY(seeds_for(&d.seeds_low, &design, margin / low, so));
    TRY(seeds_for(&d.seeds_high, &design, margin / high, so));
end:
    *out = d;
done:
    return st;
}

jem_status spot_plan_find(spot_plan *out, const sweetspot_list *pilot, const spot_design_request *q,
                          const sweetspot_options *o)
{
    jem_status st;
    bool people = false;
    const stats_best_alpha_options so = sweetspot_statistics(o);
    spot_plan plan = {.margin = q->margin, .level = so.level, .variance = so.variance};

    for (int64_t i = 0; i < pilot->count; i++) people = people || pilot->spots[i].primary;
    TRY(MEM_NEW(plan.designs, pilot->count + 1));
    for (int64_t i = 0; i < pilot->count; i++) {
        if (people && !pilot->spots[i].primary) continue;
        TRY(find_design(&plan.designs[plan.count], &pilot->spots[i], q, &so));
        plan.count++;
    }
    *out = plan;
    plan = (spot_plan){.designs = NULL};
done:
    spot_plan_clear(&plan);
    return st;
}

void spot_plan_clear(spot_plan *p)
{
    mem_free(p->designs);
    *p = (spot_plan){.designs = NULL};
}

/* ---- shown */

static int64_t networks_of(const spot_design *d) { return 2 * d->ends + (d->alphas - 2) * d->between; }

static void put_design(strbuf *out, const spot_design *d)
{
    const stats_best_alpha *at = &d->spot->at;
    plain_printf(out, "%s, %s (%lld alphas, ends %g and %g): ", d->spot->line->title, sweetspot_measure(d->spot),
                 (long long)d->alphas, d->low, d->high);
    if (d->trouble[0]) {
        plain_printf(out, "%s\n", d->trouble);
        return;
    }
    plain_printf(out, "%lld seeds at each alpha (%lld to ", (long long)d->seeds, (long long)d->seeds_low);
    if (d->seeds_high)
        plain_printf(out, "%lld", (long long)d->seeds_high);
    else
        strbuf_add(out, "more than 1,000");
    plain_printf(out, "), %lld networks", (long long)(d->seeds * d->alphas));
    if (d->between < d->seeds)
        plain_printf(out, "; fewest: %lld at each end and %lld between, %lld networks", (long long)d->ends,
                     (long long)d->between, (long long)networks_of(d));
    plain_printf(out, "; spread between seeds %.3g", at->spread);
    if (at->images > 0) plain_printf(out, ", of images %.3g", at->images);
    if (d->spot->unequal_count)
        plain_printf(out, "; %lld runs of the pilot have other settings", (long long)d->spot->unequal_count);
    strbuf_add(out, "\n");
}

/* What is enough for every line: --seeds-at with all ends. */
static void put_common(strbuf *out, const spot_plan *p)
{
    int64_t ends = 0, between = 0;
    for (int64_t i = 0; i < p->count; i++) {
        if (p->designs[i].ends > ends) ends = p->designs[i].ends;
        if (p->designs[i].between > between) between = p->designs[i].between;
    }
    if (ends == 0) return;
    plain_printf(out, "\n%sjem sweep", p->count > 1 ? "for all of them: " : "");
    if (ends > between) {
        const char *mark = " --seeds-at ";
        for (int64_t i = 0; i < p->count; i++)
            for (int e = 0; e < 2; e++) {
                const double end = e ? p->designs[i].high : p->designs[i].low;
                bool said = false;
                for (int64_t k = 0; k < i && !said; k++) said = p->designs[k].low == end || p->designs[k].high == end;
                if (said) continue;
                plain_printf(out, "%s%g", mark, end);
                mark = ",";
            }
        plain_printf(out, ":%lld", (long long)ends);
    }
    plain_printf(out, " --seeds %lld ...\n", (long long)between);
}

void spot_plan_table(strbuf *out, const spot_plan *p)
{
    plain_printf(out, "seeds that show a margin of %g over both ends (p <= %.3g with power .8, variances %s; "
                      "in brackets for the 5 and 95 %% points of the pilot's spread); that it is there without any one run, "
                      "too, takes more:\n\n", p->margin, 1 - p->level,
                 stats_variance_text(p->variance));
    for (int64_t i = 0; i < p->count; i++) put_design(out, &p->designs[i]);
    put_common(out, p);
}

static json_t *count_or_null(int64_t n) { return n ? json_integer((json_int_t)n) : json_null(); }

static json_t *design_json(const spot_design *d)
{
    const stats_best_alpha *at = &d->spot->at;
    return json_pack("{s:s s:s s:[f,f] s:I s:o s:o s:o s:o s:o s:o s:o s:o s:o}", "benchmark",
                     d->spot->of->benchmark, "measure", sweetspot_measure(d->spot), "ends", d->low, d->high,
                     "alphas", (json_int_t)d->alphas, "spread", json_number_or_null(at->spread), "images",
                     json_number_or_null(at->images), "seeds", count_or_null(d->seeds), "seeds_low",
                     count_or_null(d->seeds_low), "seeds_high", count_or_null(d->seeds_high), "seeds_ends",
                     count_or_null(d->ends), "seeds_between", count_or_null(d->between), "networks",
                     count_or_null(networks_of(d)), "trouble",
                     json_text_or_null(d->trouble[0] ? d->trouble : NULL));
}

jem_status spot_plan_json(char **text, const spot_plan *p)
{
    json_t *designs = json_array();
    for (int64_t i = 0; i < p->count; i++) json_array_append_new(designs, design_json(&p->designs[i]));
    json_t *root = (int64_t)json_array_size(designs) < p->count
                       ? NULL /* no memory */
                       : json_pack("{s:f s:f s:f s:s s:O}", "margin", p->margin, "power", 0.8, "level", p->level,
                                   "variance", stats_variance_text(p->variance), "designs", designs);
    jem_status st = json_text(text, root, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    json_decref(designs);
    json_decref(root);
    return st;
}

/* ---- without a pilot */

jem_status spot_margin_find(spot_margin *out, const int64_t *networks, int64_t alphas, double sd,
                            const sweetspot_options *o)
{
    jem_status st;
    spot_margin unit;
    int64_t most = 0;
    const stats_best_alpha_options so = sweetspot_statistics(o);

    if (alphas < 3)
        return jem_error(JEM_EUSAGE, "a margin needs an alpha between two ends, so three alphas; here are %lld",
                         (long long)alphas);
    for (int64_t i = 0; i < alphas; i++)
        if (networks[i] > most) most = networks[i];
    if (most < 2)
        return jem_error(JEM_EUSAGE, "one seed at each alpha says nothing of training again; two are the least");
    TRY(stats_alpha_detectable(&unit.both, networks, &(stats_alpha_design){alphas, 0, false}, &so));
    TRY(stats_alpha_detectable(&unit.far, networks, &(stats_alpha_design){alphas, 0, true}, &so));
    *out = (spot_margin){unit.both * sd, unit.far * sd};
done:
    return st;
}
