/* Sweet spots as a table for people, and as TSV. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fields.h"
#include "base/utf8.h"
#include "sweetspot/sweetspot.h"
#include "sweetspot/trend.h"

/* ---- the table */

enum { COLUMNS = 9, CELL = 192 };
typedef struct row {
    char cell[COLUMNS][CELL];
} row;

/* What is compared at alpha number a: "0.831", in the plane "0.831, 0.575". */
static void value_text(char *out, size_t size, const sweetspot *p, int64_t a)
{
    char number[40];
    size_t used = 0;
    for (int m = 0; m < p->line->count; m++) {
        if (p->score >= 0 && m != p->score) continue;
        trend_number(number, sizeof number, p->value[m * p->alphas + a]);
        used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", number);
    }
}

static void end_text(char *out, size_t size, const sweetspot *p, int64_t a)
{
    char value[80];
    value_text(value, sizeof value, p, a);
    snprintf(out, size, "%s (%g)", value, p->alpha[a]);
}

/* One sign per alpha: whether it may be the best, and the best. */
static void marks(char *out, size_t size, const sweetspot *p)
{
    size_t used = 0;
    out[0] = '\0';
    for (int64_t a = 0; a < p->alphas && used + 4 < size; a++)
        used += (size_t)snprintf(out + used, size - used, "%s",
                                 a == p->at.best ? "█" : p->at.in_set[a] ? "▄" : "·");
}

static void fill_row(row *r, const sweetspot *p)
{
    int k = 0;
    snprintf(r->cell[k++], CELL, "%s", p->line->title);
    snprintf(r->cell[k++], CELL, "%s", sweetspot_measure(p));
    snprintf(r->cell[k++], CELL, "%g", p->alpha[p->at.best]);
    marks(r->cell[k++], CELL, p);
    value_text(r->cell[k++], CELL, p, p->at.best);
    end_text(r->cell[k++], CELL, p, 0);
    end_text(r->cell[k++], CELL, p, p->alphas - 1);
    snprintf(r->cell[k++], CELL, "%s", spot_verdict_text(p->verdict));
    snprintf(r->cell[k], CELL, "%s", p->basis);
}

static void put_row(strbuf *out, const row *r, const int *width)
{
    for (int k = 0; k < COLUMNS; k++) {
        plain_printf(out, "%s", r->cell[k]);
        for (int i = utf8_length(r->cell[k]); k + 1 < COLUMNS && i < width[k] + 2; i++)
            strbuf_add(out, " ");
    }
    strbuf_add(out, "\n");
}

/* Is it the first that is no comparison with people? */
static bool begins_own(const sweetspot_list *list, int64_t i)
{
    return !list->spots[i].line->alignment && (i == 0 || list->spots[i - 1].line->alignment);
}

static void put_words(strbuf *out, const sweetspot_list *list)
{
    char text[24];
    for (int64_t i = 0; i < list->count; i++) {
        const sweetspot *p = &list->spots[i];
        plain_printf(out, "%s, %s: ", p->line->title, sweetspot_measure(p));
        sweetspot_words(out, p);
        if (p->line->alignment && !p->primary && !p->declared) strbuf_add(out, "; exploratory");
        if (list->primaries > 1 && isfinite(p->p_holm)) {
            sweetspot_p(text, sizeof text, p->p_holm);
            plain_printf(out, "; over %lld benchmarks p %s%s", (long long)list->primaries,
                         text[0] == '<' ? "" : "= ", text);
        }
        strbuf_add(out, "\n");
    }
}

/* "0.8 of CIFAR-10H in the paper", for those that have one. */
static void put_paper(strbuf *out, const sweetspot_list *list)
{
    const char *comma = "";
    const measure_spot *last = NULL;
    for (int64_t i = 0; i < list->count; i++) {
        const measure_spot *line = list->spots[i].line;
        if (isnan(line->paper_low) || line == last) continue;
        last = line;
        if (!*comma) strbuf_add(out, "\nbest alpha in the paper: ");
        plain_printf(out, "%s%s %g", comma, line->title, line->paper_low);
        if (line->paper_high > line->paper_low) plain_printf(out, "–%g", line->paper_high);
        comma = ", ";
    }
    if (*comma) strbuf_add(out, "\n");
}

/* Which networks are looked at, if it is not all. */
static void put_only(strbuf *out, const sweetspot_list *list)
{
    strbuf words = STRBUF_INIT;
    spot_only_words(&words, &list->only);
    if (words.used) plain_printf(out, "only networks with %s\n\n", words.data);
    strbuf_clear(&words);
}

void sweetspots_table(strbuf *out, const sweetspot_list *list)
{
    static const row head = {{"benchmark", "measure", "best alpha", "can be best", "at best",
                              "lower end", "upper end", "above both ends", "drawn"}};
    int width[COLUMNS];
    row r;

    put_only(out, list);
    for (int k = 0; k < COLUMNS; k++) width[k] = utf8_length(head.cell[k]);
    for (int64_t i = 0; i < list->count; i++) {
        fill_row(&r, &list->spots[i]);
        for (int k = 0; k < COLUMNS; k++)
            if (utf8_length(r.cell[k]) > width[k]) width[k] = utf8_length(r.cell[k]);
    }
    put_row(out, &head, width);
    for (int64_t i = 0; i < list->count; i++) {
        if (begins_own(list, i)) {
            if (i > 0) strbuf_add(out, "\n");
            strbuf_add(out, "not comparisons with people:\n");
        }
        fill_row(&r, &list->spots[i]);
        put_row(out, &r, width);
    }
    plain_printf(out, "\ncan be best (▄, █ the best mean): together they hold the best alpha with at least "
                      "%g %%\n\n", 100 * list->level);
    put_words(out, list);
    if (list->primaries) strbuf_add(out, "\n");
    sweetspots_sentence(out, list);
    if (list->primaries) strbuf_add(out, "\n");
    put_paper(out, list);
}

/* ---- TSV */

static void put_number(strbuf *out, double x)
{
    char text[NUMBER_TEXT_MAX];
    plain_printf(out, "\t%s", number_text(text, x));
}

static void put_metric(strbuf *out, const sweetspot *p)
{
    char metric[256];
    spot_metric(metric, sizeof metric, p->line, p->score);
    plain_printf(out, "%s", metric);
}

void sweetspots_tsv(strbuf *out, const sweetspot_list *list)
{
    strbuf_add(out, "benchmark\tmetric\trule\tlower_end\tupper_end\tbest_alpha\tbest_set\tp\tp_drop\tp_holm\t"
                    "margin\tmargin_cv\tmargin_low\tdetectable\tdetectable_low\tdetectable_high\tp_equal\t"
                    "paper_low\tpaper_high\tlevel\tseeds\timages\tpeople\tverdict\tdrawn\treference\n");
    for (int64_t i = 0; i < list->count; i++) {
        const sweetspot *p = &list->spots[i];
        const double numbers[] = {p->at.p, p->at.p_drop, p->p_holm, p->at.margin, p->margin_cv,
                                  p->at.margin_low, p->at.detectable, p->at.detectable_range.low,
                                  p->at.detectable_range.high, p->p_equal, p->line->paper_low,
                                  p->line->paper_high, p->level};
        plain_printf(out, "%s\t", p->of->benchmark);
        put_metric(out, p);
        plain_printf(out, "\t%s", p->distance ? "distance" : "best");
        put_number(out, p->alpha[0]);
        put_number(out, p->alpha[p->alphas - 1]);
        put_number(out, p->alpha[p->at.best]);
        strbuf_add(out, "\t");
        sweetspot_alphas(out, p->alpha, p->at.in_set, p->alphas);
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) put_number(out, numbers[k]);
        plain_printf(out, "\t%lld\t%lld\t%lld\t%s\t%s\t%s\n", (long long)p->most, (long long)p->images,
                     (long long)p->people, spot_verdict_text(p->verdict), p->basis, p->line->source);
    }
}

/* "\t0.61;0.62": the score of each network of this alpha. */
static void put_networks(strbuf *out, const sweetspot *p, double alpha)
{
    char text[NUMBER_TEXT_MAX];
    const char *mark = "";
    strbuf_add(out, "\t");
    for (int64_t j = 0; j < p->networks; j++) {
        if (p->among[j] != alpha) continue;
        plain_printf(out, "%s%s", mark, number_text(text, p->network[j]));
        mark = ";";
    }
}

void sweetspots_curves_tsv(strbuf *out, const sweetspot_list *list)
{
    strbuf_add(out, "benchmark\tmetric\talpha\tvalue\tsem\tseeds\tadvantage\tleast\tp\tin_set\tnetworks\n");
    for (int64_t i = 0; i < list->count; i++) {
        const sweetspot *p = &list->spots[i];
        const int m = p->score < 0 ? 0 : p->score;
        for (int64_t a = 0; a < p->alphas; a++) {
            double value = p->value[m * p->alphas + a], sem = p->sem[m * p->alphas + a];
            if (p->score < 0) {
                const double gap = value - p->human[0];
                const double other = p->value[p->alphas + a] - p->human[1];
                value = hypot(gap, other);
                sem = NAN;
            }
            plain_printf(out, "%s\t", p->of->benchmark);
            put_metric(out, p);
            put_number(out, p->alpha[a]);
            put_number(out, value);
            put_number(out, sem);
            plain_printf(out, "\t%lld", (long long)p->seeds[a]);
            put_number(out, p->at.advantage[a]);
            put_number(out, p->at.least[a]);
            put_number(out, p->at.p_alpha[a]);
            plain_printf(out, "\t%d", p->at.in_set[a]);
            put_networks(out, p, p->alpha[a]);
            strbuf_add(out, "\n");
        }
    }
}
