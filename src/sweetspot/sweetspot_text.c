/* Sweet spots as a table for people, as TSV and as JSON. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fields.h"
#include "base/json.h"
#include "base/mem.h"
#include "sweetspot/sweetspot.h"
#include "sweetspot/trend.h"

/* ---- the table */

enum { COLUMNS = 10, CELL = 192 };
typedef struct row {
    char cell[COLUMNS][CELL];
} row;

/* Characters, not bytes. */
static int width_of(const char *text)
{
    int n = 0;
    for (; *text; text++) n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static void interval_text(char *out, size_t size, stats_interval i)
{
    if (isnan(i.low))
        snprintf(out, size, "–");
    else if (i.low == i.high)
        snprintf(out, size, "%g", i.low);
    else
        snprintf(out, size, "%g–%g", i.low, i.high);
}

/* Value of every metric at alpha number a: "0.831, 0.575". */
static void value_text(char *out, size_t size, const sweetspot *p, int64_t a)
{
    char number[40];
    size_t used = 0;
    for (int m = 0; m < p->line->count; m++) {
        trend_number(number, sizeof number, p->value[m * p->alphas + a]);
        int n = snprintf(out + used, size - used, "%s%s", m ? ", " : "", number);
        used += (size_t)n;
    }
}

static void end_text(char *out, size_t size, const sweetspot *p, int64_t a)
{
    if (isnan(p->loss[a]))
        snprintf(out, size, "left out");
    else
        value_text(out, size, p, a);
}

/* One sign per alpha, its height the share of rounds in which it is best. */
static void bars(char *out, size_t size, const sweetspot *p)
{
    static const char *const heights[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    size_t used = 0;
    out[0] = '\0';
    for (int64_t a = 0; a < p->alphas && used + 4 < size; a++) {
        double share = p->rounds ? p->share[a] : a == p->at.best;
        int height = (int)ceil(share * 8);
        const char *sign = height < 1 ? "·" : heights[height > 8 ? 7 : height - 1];
        used += (size_t)snprintf(out + used, size - used, "%s", sign);
    }
}

static void fill_row(row *r, const sweetspot *p)
{
    const measure_spot *line = p->line;
    int k = 0;
    snprintf(r->cell[k++], CELL, "%s", line->title);
    snprintf(r->cell[k++], CELL, "%s", line->measure);
    snprintf(r->cell[k++], CELL, "%g", p->alpha[p->at.best]);
    interval_text(r->cell[k++], CELL, p->at.interval);
    if (p->rounds)
        snprintf(r->cell[k++], CELL, "%.3f", p->at.inside);
    else
        snprintf(r->cell[k++], CELL, "–");
    value_text(r->cell[k++], CELL, p, p->at.best);
    end_text(r->cell[k++], CELL, p, 0);
    end_text(r->cell[k++], CELL, p, p->alphas - 1);
    bars(r->cell[k++], CELL, p);
    snprintf(r->cell[k], CELL, "%s", p->basis);
}

static void put_row(strbuf *out, const row *r, const int *width)
{
    for (int k = 0; k < COLUMNS; k++) {
        plain_printf(out, "%s", r->cell[k]);
        for (int i = width_of(r->cell[k]); k + 1 < COLUMNS && i < width[k] + 2; i++)
            strbuf_add(out, " ");
    }
    strbuf_add(out, "\n");
}

/* "0.8 of CIFAR-10H in the paper", for those that have one. */
static void put_paper(strbuf *out, const sweetspot_list *list)
{
    const char *comma = "";
    for (int64_t i = 0; i < list->count; i++) {
        const measure_spot *line = list->spots[i].line;
        char text[CELL];
        if (isnan(line->paper_low)) continue;
        interval_text(text, sizeof text, (stats_interval){line->paper_low, line->paper_high});
        if (!*comma) strbuf_add(out, "\nbest alpha in the paper: ");
        plain_printf(out, "%s%s %s", comma, line->title, text);
        comma = ", ";
    }
    if (*comma) strbuf_add(out, "\n");
}

void sweetspots_table(strbuf *out, const sweetspot_list *list)
{
    static const row head = {{"benchmark", "measure", "best alpha", "interval", "P(inside)",
                              "at best", "at first", "at last", "rounds won", "drawn"}};
    int width[COLUMNS];
    row r;

    for (int k = 0; k < COLUMNS; k++) width[k] = width_of(head.cell[k]);
    for (int64_t i = 0; i < list->count; i++) {
        fill_row(&r, &list->spots[i]);
        for (int k = 0; k < COLUMNS; k++)
            if (width_of(r.cell[k]) > width[k]) width[k] = width_of(r.cell[k]);
    }
    put_row(out, &head, width);
    for (int64_t i = 0; i < list->count; i++) {
        bool own = !list->spots[i].line->alignment;
        if (own && i > 0 && list->spots[i - 1].line->alignment) strbuf_add(out, "\n");
        if (own && (i == 0 || list->spots[i - 1].line->alignment))
            strbuf_add(out, "not comparisons with people:\n");
        fill_row(&r, &list->spots[i]);
        put_row(out, &r, width);
    }
    plain_printf(out,
                 "\ninterval: where the best alpha lies in %g %% of the rounds of a bootstrap; "
                 "P(inside): share of rounds in\nwhich some alpha between the ends beats both "
                 "ends; rounds won: by each alpha, ascending\n",
                 100 * list->spots[0].level);
    put_paper(out, list);
}

/* ---- TSV */

static void put_number(strbuf *out, double x)
{
    char text[NUMBER_TEXT_MAX];
    plain_printf(out, "\t%s", number_text(text, x));
}

static void put_metrics(strbuf *out, const measure_spot *line)
{
    for (int m = 0; m < line->count; m++)
        plain_printf(out, "%s%s", m ? "+" : "", line->score[m]->metric);
}

void sweetspots_tsv(strbuf *out, const sweetspot_list *list)
{
    strbuf_add(out, "benchmark\tmetric\tbest_alpha\tlow\thigh\tinside\tmargin\tmargin_low\t"
                    "margin_high\tpaper_low\tpaper_high\tlevel\trounds\tseeds\timages\tpeople\t"
                    "drawn\treference\n");
    for (int64_t i = 0; i < list->count; i++) {
        const sweetspot *p = &list->spots[i];
        const double numbers[] = {p->alpha[p->at.best],    p->at.interval.low,
                                  p->at.interval.high,     p->at.inside,
                                  p->at.margin,            p->at.margin_interval.low,
                                  p->at.margin_interval.high, p->line->paper_low,
                                  p->line->paper_high,     p->level};
        plain_printf(out, "%s\t", p->of->benchmark);
        put_metrics(out, p->line);
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) put_number(out, numbers[k]);
        plain_printf(out, "\t%lld\t%lld\t%lld\t%lld\t%s\t%s\n", (long long)p->rounds,
                     (long long)p->seed_numbers, (long long)p->images, (long long)p->people,
                     p->basis, p->line->source);
    }
}

void sweetspots_curves_tsv(strbuf *out, const sweetspot_list *list)
{
    strbuf_add(out, "benchmark\tmetric\talpha\tvalue\tsem\tseeds\tloss\tshare\n");
    for (int64_t i = 0; i < list->count; i++) {
        const sweetspot *p = &list->spots[i];
        for (int m = 0; m < p->line->count; m++)
            for (int64_t a = 0; a < p->alphas; a++) {
                plain_printf(out, "%s\t%s", p->of->benchmark, p->line->score[m]->metric);
                put_number(out, p->alpha[a]);
                put_number(out, p->value[m * p->alphas + a]);
                put_number(out, p->sem[m * p->alphas + a]);
                plain_printf(out, "\t%lld", (long long)p->seeds[a]);
                put_number(out, p->loss[a]);
                put_number(out, p->share[a]);
                strbuf_add(out, "\n");
            }
    }
}

/* ---- JSON */

static json_t *number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

static json_t *curve_json(const sweetspot *p)
{
    json_t *curve = json_array();
    for (int64_t a = 0; a < p->alphas; a++) {
        json_t *values = json_object(), *sems = json_object();
        for (int m = 0; m < p->line->count; m++) {
            json_object_set_new(values, p->line->score[m]->metric, number(p->value[m * p->alphas + a]));
            json_object_set_new(sems, p->line->score[m]->metric, number(p->sem[m * p->alphas + a]));
        }
        json_array_append_new(
            curve, json_pack("{s:f s:o s:o s:I s:o s:o}", "alpha", p->alpha[a], "value", values,
                             "sem", sems, "seeds", (json_int_t)p->seeds[a], "loss",
                             number(p->loss[a]), "share", number(p->share[a])));
    }
    return curve;
}

static json_t *spot_json(const sweetspot *p)
{
    const measure_spot *line = p->line;
    json_t *metrics = json_array(), *human = json_array();
    for (int m = 0; m < line->count; m++) {
        json_array_append_new(metrics, json_string(line->score[m]->metric));
        json_array_append_new(human, number(line->score[m]->human));
    }
    json_t *o = json_pack(
        "{s:s s:o s:s s:f s:o s:o s:o s:o s:o s:o}", "benchmark", p->of->benchmark, "metrics",
        metrics, "measure", line->measure, "best_alpha", p->alpha[p->at.best], "low",
        number(p->at.interval.low), "high", number(p->at.interval.high), "inside",
        number(p->at.inside), "margin", number(p->at.margin), "margin_low",
        number(p->at.margin_interval.low), "margin_high", number(p->at.margin_interval.high));
    json_t *more = json_pack(
        "{s:o s:b s:b s:s s:o s:o s:f s:I s:I s:I s:I s:I s:s s:o}", "human", human, "lowest_is_best",
        line->score[0]->lower_is_better, "alpha_1_left_out", line->skip_one, "source", line->source, "paper_low",
        number(line->paper_low), "paper_high", number(line->paper_high), "level", p->level,
        "rounds", (json_int_t)p->rounds, "undefined_rounds", (json_int_t)p->at.undefined, "seeds",
        (json_int_t)p->seed_numbers, "images", (json_int_t)p->images, "people",
        (json_int_t)p->people, "drawn", p->basis, "curve",
        curve_json(p));
    if (json_object_update(o, more) != 0) { /* no memory */
        json_decref(o);
        o = NULL;
    }
    json_decref(more);
    return o;
}

jem_status sweetspots_json(char **text, const sweetspot_list *list)
{
    json_t *root = json_array();
    for (int64_t i = 0; i < list->count; i++)
        if (json_array_append_new(root, spot_json(&list->spots[i])) != 0) {
            json_decref(root); /* no memory */
            root = NULL;
            break;
        }
    jem_status st = json_text(text, root, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    json_decref(root);
    return st;
}
