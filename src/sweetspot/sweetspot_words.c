/* What was found, in words: no word of probability stands without a p. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sweetspot/sweetspot.h"

/* ---- numbers */

/* That many decimals, without the 0 before the point. */
static void bare(char *out, size_t size, int decimals, double x)
{
    char text[48];
    if (fabs(x) < 1e6)
        snprintf(text, sizeof text, "%.*f", decimals, fabs(x));
    else
        snprintf(text, sizeof text, "%.2e", fabs(x));
    snprintf(out, size, "%s%.15s", x < 0 && strpbrk(text, "123456789") ? "−" : "",
             text[0] == '0' && text[1] == '.' ? text + 1 : text);
}

void sweetspot_number(char *out, size_t size, double x)
{
    if (!isfinite(x))
        snprintf(out, size, "–");
    else
        bare(out, size, 3, x);
}

void sweetspot_p(char *out, size_t size, double p)
{
    if (isnan(p))
        snprintf(out, size, "–");
    else if (p < 0.001)
        snprintf(out, size, "< .001");
    else
        bare(out, size, p < 0.1 ? 3 : 2, p);
}

/* "p = .004", "p < .001" */
static void equation(char *out, size_t size, double p)
{
    char text[24];
    sweetspot_p(text, sizeof text, p);
    snprintf(out, size, "p %s%s", text[0] == '<' ? "" : "= ", text);
}

void sweetspot_alphas(strbuf *out, const double *alpha, const bool *take, int64_t n)
{
    const char *comma = "";
    strbuf_add(out, "{");
    for (int64_t i = 0; i < n; i++) {
        if (!take[i]) continue;
        plain_printf(out, "%s%g", comma, alpha[i]);
        comma = ", ";
    }
    strbuf_add(out, "}");
}

const char *sweetspot_measure(const sweetspot *p)
{
    return p->score < 0 ? "distance in their plane" : measure_spot_name(p->line, p->score);
}

/* ---- one line */

static void seeds_text(char *out, size_t size, const sweetspot *p)
{
    if (p->fewest == p->most)
        snprintf(out, size, "%lld seeds", (long long)p->most);
    else
        snprintf(out, size, "%lld to %lld seeds", (long long)p->fewest, (long long)p->most);
}

/* "0.6 beats 0 and 0.9 by .021 (cross-validated .018, at least .006); best alpha within {0.4, 0.5}" */
static void say_advantage(strbuf *out, const sweetspot *p)
{
    char margin[24], twin[24], low[24];
    sweetspot_number(margin, sizeof margin, p->at.margin);
    sweetspot_number(twin, sizeof twin, p->margin_cv);
    sweetspot_number(low, sizeof low, p->at.margin_low);
    plain_printf(out, "%g beats %g and %g by %s (cross-validated %s, at least %s); best alpha within ",
                 p->alpha[p->at.leader], p->alpha[0], p->alpha[p->alphas - 1], margin, twin, low);
    sweetspot_alphas(out, p->alpha, p->at.in_set, p->alphas);
}

static void say_not_shown(strbuf *out, const sweetspot *p)
{
    char text[40], seeds[40], margin[24], low[24], high[24];
    if (p->at.leader < 0) {
        plain_printf(out, "not shown: no alpha between %g and %g was scored", p->alpha[0],
                     p->alpha[p->alphas - 1]);
        return;
    }
    if (!p->at.varies) {
        strbuf_add(out, "not shown: the scores of each alpha are all equal, so nothing is known of noise");
        return;
    }
    equation(text, sizeof text, p->at.p);
    plain_printf(out, "not shown (%s", text);
    if (p->at.p <= 1 - p->level && p->drop_name) {
        sweetspot_p(text, sizeof text, p->at.p_drop);
        plain_printf(out, ", but %s without %s: it hangs on one run", text, p->drop_name);
    }
    seeds_text(seeds, sizeof seeds, p);
    sweetspot_number(margin, sizeof margin, p->at.detectable);
    sweetspot_number(low, sizeof low, p->at.detectable_range.low);
    sweetspot_number(high, sizeof high, p->at.detectable_range.high);
    plain_printf(out, "); with %s a margin of %s (%s to %s) would have been", seeds, margin, low, high);
}

static void say_one_seed(strbuf *out, const sweetspot *p)
{
    char text[40];
    if (p->images && p->at.leader >= 0) {
        equation(text, sizeof text, p->at.p);
        plain_printf(out, "one seed (%s from images alone", text);
        strbuf_add(out, "): these networks only, which says nothing about training again");
    } else {
        strbuf_add(out, "one seed, and no images to draw: nothing is known of noise");
    }
}

static void say_unequal(strbuf *out, const sweetspot *p)
{
    const char *comma = "";
    char text[40];
    strbuf_add(out, "without equal settings: ");
    for (int64_t i = 0; i < p->unequal_count; i++, comma = ", ")
        plain_printf(out, "%s%s", comma, p->unequal[i]);
    equation(text, sizeof text, p->p_equal);
    if (isnan(p->p_equal))
        strbuf_add(out, "; fewer than three alphas are left without them");
    else
        plain_printf(out, "; without their alphas %s", text);
}

/* "; nearest to .431 of people in these files (.390 printed)" */
static void say_reference(strbuf *out, const sweetspot *p)
{
    char found[24], printed[24];
    for (int m = 0; m < p->line->count; m++) {
        if (p->score >= 0 && m != p->score) continue;
        sweetspot_number(found, sizeof found, p->human[m]);
        sweetspot_number(printed, sizeof printed, p->line->score[m]->human);
        plain_printf(out, "; nearest to %s", found);
        if (p->from_files[m]) plain_printf(out, " of people in these files (printed: %s)", printed);
    }
}

/* "; runs at 0.95 have no such score: the ends are not the study's" */
static void say_beyond(strbuf *out, const sweetspot *p)
{
    const char *mark = "; runs at ";
    for (int e = 0; e < 2; e++) {
        if (isnan(p->beyond[e])) continue;
        plain_printf(out, "%s%g", mark, p->beyond[e]);
        mark = " and ";
    }
    if (mark[0] == ';') return;
    strbuf_add(out, " have no such score: the ends are not the study's");
}

/* ---- what was named before */

/* "before training (2026-11-30T14:03:05Z)" */
static void say_when(strbuf *out, const declared *d)
{
    if (!d->date)
        strbuf_add(out, "no sweep knows when");
    else if (d->runs == 0)
        plain_printf(out, "before training (%s)", d->date);
    else
        plain_printf(out, "after %lld run%s had begun (%s)", (long long)d->runs, d->runs == 1 ? "" : "s", d->date);
    if (d->changed) strbuf_add(out, ", and study.yaml was edited since");
}

/* "; named before training (...): shape_bias, rule best, layer pool, latent 64" */
static void say_declared(strbuf *out, const sweetspot *p)
{
    static const char *const rule[] = {"best", "distance"};
    const declared_score *e = declaration_find(p->declared, p->of);
    if (!p->primary || !e) {
        strbuf_add(out, "; exploratory: not named in study.yaml");
        return;
    }
    strbuf_add(out, "; named ");
    say_when(out, &p->declared->kept);
    plain_printf(out, ": %s, rule %s", e->score, rule[e->rule]);
    if (e->layer[0]) plain_printf(out, ", layer %s", e->layer);
    if (e->latent) plain_printf(out, ", latent %lld", (long long)e->latent);
    if (p->other_latent)
        plain_printf(out, " (%lld networks have another latent size)", (long long)p->other_latent);
}

void sweetspot_words(strbuf *out, const sweetspot *p)
{
    char text[40], drop[24];
    equation(text, sizeof text, p->at.p);
    sweetspot_p(drop, sizeof drop, p->at.p_drop);
    switch (p->verdict) {
    case SPOT_ONE_SEED: say_one_seed(out, p); break;
    case SPOT_NOT_SHOWN: say_not_shown(out, p); break;
    case SPOT_SHOWN:
    case SPOT_UNEQUAL:
        plain_printf(out, "%s (%s, without any one run %s%s): ", spot_verdict_text(p->verdict), text,
                     drop[0] == '<' ? "" : "at most ", drop);
        say_advantage(out, p);
        break;
    }
    if (p->most == 2 && p->variance != STATS_VARIANCE_EACH && p->at.varies && p->at.leader >= 0)
        strbuf_add(out, "; equal variances assumed");
    if (p->distance) say_reference(out, p);
    if (p->unequal_count) {
        strbuf_add(out, "; ");
        say_unequal(out, p);
    }
    if (isfinite(p->accuracy[0] + p->accuracy[1] + p->accuracy[2]) && p->at.leader >= 0) {
        plain_printf(out, "; accuracy %.2f, %.2f, %.2f at %g, %g, %g", p->accuracy[0], p->accuracy[1],
                     p->accuracy[2], p->alpha[0], p->alpha[p->at.leader], p->alpha[p->alphas - 1]);
    }
    say_beyond(out, p);
    if (p->declared) say_declared(out, p);
}

/* ---- all benchmarks */

/* ", by at least .006 (Cue conflict, shape bias) and ..." */
static void say_bounds(strbuf *out, const sweetspot_list *list)
{
    const char *comma = "";
    for (int64_t i = 0; i < list->count; i++) {
        const sweetspot *p = &list->spots[i];
        char low[24];
        if (p->verdict != SPOT_SHOWN || !(p->p_holm <= 1 - list->level + 1e-12)) continue;
        sweetspot_number(low, sizeof low, p->at.margin_low);
        plain_printf(out, "%s%s (%s, %s; ends %g and %g)", comma, low, p->line->title,
                     sweetspot_measure(p), p->alpha[0], p->alpha[p->alphas - 1]);
        comma = ", ";
    }
}

/* The lower end is the discriminative one where it is 0 everywhere. */
static const char *ends_text(const sweetspot_list *list)
{
    for (int64_t i = 0; i < list->count; i++)
        if (list->spots[i].primary && (list->spots[i].alpha[0] > 0 || !isnan(list->spots[i].beyond[1])))
            return "the smallest and the largest alpha that were scored";
    return "the discriminative end and the most generative end with a trained head";
}

static void say_claim(strbuf *out, const sweetspot_list *list)
{
    char level[24], p[40];
    const char *ends = ends_text(list);
    sweetspot_p(level, sizeof level, 1 - list->level);
    if (list->shown == 0) {
        plain_printf(out, "In none of %lld benchmark%s (Holm, %s) did an intermediate alpha exceed both %s, "
                          "whichever network is left out.",
                     (long long)list->primaries, list->primaries == 1 ? "" : "s", level, ends);
        return;
    }
    plain_printf(out, "In %lld of %lld benchmark%s (Holm, %s) an intermediate alpha exceeded both %s, "
                      "whichever network is left out, by at least ",
                 (long long)list->shown, (long long)list->primaries, list->primaries == 1 ? "" : "s", level, ends);
    say_bounds(out, list);
    if (list->serves_count > 0 && list->primaries > 1) {
        equation(p, sizeof p, list->serves_p);
        strbuf_add(out, "; alphas {");
        for (int64_t i = 0; i < list->serves_count; i++)
            plain_printf(out, "%s%g", i ? ", " : "", list->serves[i]);
        plain_printf(out, "} did so in all of them (%s)", p);
    }
    strbuf_add(out, ".");
}

void sweetspots_sentence(strbuf *out, const sweetspot_list *list)
{
    if (list->primaries == 0) return;
    say_claim(out, list);
    if (!list->declared) return;
    strbuf_add(out, " Primary scores were named ");
    say_when(out, &list->declared->kept);
    strbuf_add(out, ".");
}
