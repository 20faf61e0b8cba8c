/* The table of scores as Markdown and as LaTeX: see score_table.h. */
#include <math.h>
#include <string.h>

#include "base/fields.h"
#include "base/utf8.h"
#include "report/score_table.h"

/* A language: how its own signs are written, and what stands around cells. */
typedef struct markup {
    void (*text)(strbuf *out, const char *text);
    const char *cell, *end;         /* before the cells of a line but the first; behind them */
    const char *start;              /* before the first */
    const char *number[2], *bold[2], *plus_minus;
    const char *alpha, *dagger, *chance, *none, *level;
} markup;

/* ---- text */

/* A backslash before any punctuation is Markdown's for the sign itself. */
static void markdown_text(strbuf *out, const char *text)
{
    for (; *text; text++) {
        const size_t n = strcspn(text, "\\`*_[]<>|~&$#");
        plain_printf(out, "%.*s", (int)n, text);
        text += n;
        if (!*text) break;
        plain_printf(out, "\\%.1s", text);
    }
}

static const char *latex_sign(int32_t c)
{
    static const struct {
        int32_t c;
        const char *as;
    } signs[] = {
        {'\\', "\\textbackslash{}"}, {'{', "\\{"}, {'}', "\\}"}, {'$', "\\$"}, {'&', "\\&"},
        {'#', "\\#"}, {'_', "\\_"}, {'%', "\\%"}, {'^', "\\textasciicircum{}"},
        {'~', "\\textasciitilde{}"}, {'<', "\\textless{}"}, {'>', "\\textgreater{}"},
        {'|', "\\textbar{}"}, {'[', "{[}"}, {'*', "{*}"}, /* behind \\ they would be its arguments */
        {0xb1, "$\\pm$"}, {0xb2, "$^2$"}, {0xd7, "$\\times$"}, {0x3b1, "$\\alpha$"}, {0x3ba, "$\\kappa$"},
        {0x3c1, "$\\rho$"}, {0x2013, "--"}, {0x2019, "'"},
    };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (signs[i].c == c) return signs[i].as;
    return NULL;
}

/* Letters that every engine and encoding can set: accented ones of Western Europe. */
static bool latex_has(int32_t c)
{
    return (c >= ' ' && c < 0x7f) ||
           (c >= 0xc0 && c <= 0xff && c != 0xd0 && c != 0xd7 && c != 0xde && c != 0xf0 && c != 0xf7 && c != 0xfe);
}

static void latex_text(strbuf *out, const char *text)
{
    strbuf plain = STRBUF_INIT;

    plain_printf(&plain, "%s", text);
    if (strbuf_status(&plain) != JEM_OK) out->status = plain.status;
    const char *s = plain.data, *end = s ? s + plain.used : s;
    while (s < end) {
        const char *from = s, *sign;
        const int32_t c = utf8_next(&s, end);
        if ((sign = latex_sign(c)))
            plain_printf(out, "%s", sign);
        else if (latex_has(c))
            plain_printf(out, "%.*s", (int)(s - from), from);
        else
            plain_printf(out, "U+%04X", (unsigned)c);
    }
    strbuf_clear(&plain);
}

static const markup markdown = {
    .text = markdown_text, .start = "| ", .cell = " | ", .end = " |", .number = {"", ""},
    .bold = {"**", "**"}, .plus_minus = " ± ", .alpha = "α = ", .dagger = "†", .chance = "‡", .none = "–", .level = "95 %"};

static const markup latex = {
    .text = latex_text, .start = "", .cell = " & ", .end = " \\\\", .number = {"$", "$"},
    .bold = {"\\mathbf{", "}"}, .plus_minus = " \\pm ", .alpha = "$\\alpha$ = ", .dagger = "$^\\dagger$", .chance = "$^\\ddagger$",
    .none = "--", .level = "95\\,\\%"};

/* ---- cells */

/* Two digits of the standard error, three decimals without one. */
static int decimals_of(double sem, double mean)
{
    if (sem > 0) return (int)fmin(6, fmax(0, 1 - floor(log10(sem))));
    return fabs(mean) < 10 ? 3 : fabs(mean) < 1000 ? 1 : 0;
}

static void put_value(strbuf *out, double x, int decimals)
{
    if (fabs(x) < 1e9)
        plain_printf(out, "%.*f", decimals, x);
    else
        plain_printf(out, "%.3e", x);
}

static void put_cell(strbuf *out, const markup *k, const score_cell *c)
{
    if (!c->seeds) {
        plain_printf(out, "%s", c->given ? k->none : "");
        return;
    }
    const int decimals = decimals_of(c->sem, c->mean);
    const bool math = k->number[0][0] != '\0';
    plain_printf(out, "%s%s", k->number[0], c->maybe_best ? k->bold[0] : "");
    put_value(out, c->mean, decimals);
    if (c->maybe_best && math) plain_printf(out, "%s", k->bold[1]);
    if (c->seeds > 1) {
        plain_printf(out, "%s", k->plus_minus);
        put_value(out, c->sem, decimals);
    }
    plain_printf(out, "%s%s%s", c->maybe_best && !math ? k->bold[1] : "", k->number[1], c->at_chance ? k->chance : "");
}

/* "Error consistency", or the metric with its data set and condition where nobody says more. */
static void put_metric(strbuf *out, const markup *k, const score_line *l)
{
    const score_row *row = l->first;
    const score *s = row->score;
    const bool titled = row->meaning && row->meaning->title[0];

    k->text(out, titled ? row->meaning->title : s->metric);
    if (!(titled && score_row_is_shown(row)) && (s->dataset || s->condition)) {
        strbuf_add(out, " (");
        if (s->dataset) k->text(out, s->dataset);
        if (s->dataset && s->condition) strbuf_add(out, ", ");
        if (s->condition) k->text(out, s->condition);
        strbuf_add(out, ")");
    }
    if (l->unequal) plain_printf(out, "%s", k->dagger);
}

static void put_line(strbuf *out, const score_table *t, const markup *k, const score_line *l)
{
    const score_row *row = l->first;

    plain_printf(out, "%s", k->start);
    k->text(out, row->of ? row->of->name : row->score->benchmark);
    plain_printf(out, "%s", k->cell);
    put_metric(out, k, l);
    plain_printf(out, "%s", k->cell);
    k->text(out, row->model);
    if (t->rows->sources > 1) {
        plain_printf(out, "%s", k->cell);
        k->text(out, t->rows->source[row->source].path);
    }
    for (int64_t c = 0; c < t->columns; c++) {
        plain_printf(out, "%s", k->cell);
        put_cell(out, k, &l->cell[c]);
    }
    plain_printf(out, "%s", k->cell);
    put_cell(out, k, &(score_cell){.seeds = !isnan(row->reference), .mean = row->reference, .sem = NAN});
    plain_printf(out, "%s\n", k->end);
}

static void put_header(strbuf *out, const score_table *t, const markup *k)
{
    char text[NUMBER_TEXT_MAX];

    plain_printf(out, "%sBenchmark%sScore%sModel", k->start, k->cell, k->cell);
    if (t->rows->sources > 1) plain_printf(out, "%sFolder", k->cell);
    for (int64_t c = 0; c < t->columns; c++)
        if (isnan(t->alpha[c]))
            plain_printf(out, "%sno alpha", k->cell);
        else
            plain_printf(out, "%s%s%s", k->cell, k->alpha, number_text(text, t->alpha[c]));
    plain_printf(out, "%sReference%s\n", k->cell, k->end);
}

static bool has_reference(const score_table *t)
{
    for (int64_t i = 0; i < t->count; i++)
        if (!isnan(t->lines[i].first->reference)) return true;
    return false;
}

static bool has_none(const score_table *t)
{
    for (int64_t i = 0; i < t->count * t->columns; i++)
        if (t->cells[i].given && !t->cells[i].seeds) return true;
    return false;
}

static void put_caption(strbuf *out, const score_table *t, const markup *k)
{
    if (t->most && t->least == t->most)
        plain_printf(out, "Mean and standard error over %lld seeds; where there is one seed its value.",
                     (long long)t->most);
    else if (t->most)
        plain_printf(out, "Mean and standard error over %lld to %lld seeds; where there is one seed its value.",
                     (long long)t->least, (long long)t->most);
    else
        strbuf_add(out, "One seed each.");
    if (t->any_best)
        plain_printf(out, " Bold: the values of alpha that may be the best of their row (Hsu's set at the "
                          "level of %s, by the spread of seeds), where two values of alpha or more have two "
                          "seeds each.", k->level);
    if (t->any_unequal)
        plain_printf(out, " %s: runs that were rescued, or have other settings or lengths, are among these, so "
                          "that nothing is set in bold.", k->dagger);
    if (t->any_chance) plain_printf(out, " %s: a network behind it decides no better than by chance.", k->chance);
    if (has_none(t)) plain_printf(out, " %s: the score is no finite number.", k->none);
    if (has_reference(t)) strbuf_add(out, " Reference: what people reach.");
}

/* ---- tables */

static int64_t count_words(const score_table *t) { return t->rows->sources > 1 ? 4 : 3; }

void score_table_markdown(strbuf *out, const score_table *t)
{
    put_header(out, t, &markdown);
    for (int64_t c = 0; c < count_words(t); c++) strbuf_add(out, "|---");
    for (int64_t c = 0; c < t->columns + 1; c++) strbuf_add(out, "|---:");
    strbuf_add(out, "|\n");
    for (int64_t i = 0; i < t->count; i++) put_line(out, t, &markdown, &t->lines[i]);
    strbuf_add(out, "\n");
    put_caption(out, t, &markdown);
    strbuf_add(out, "\n");
}

void score_table_latex(strbuf *out, const score_table *t)
{
    strbuf_add(out, "\\begin{table}\n\\centering\n\\small\n\\caption{");
    put_caption(out, t, &latex);
    strbuf_add(out, "}\n\\begin{tabular}{");
    for (int64_t c = 0; c < count_words(t); c++) strbuf_add(out, "l");
    for (int64_t c = 0; c < t->columns + 1; c++) strbuf_add(out, "r");
    strbuf_add(out, "}\n\\hline\n");
    put_header(out, t, &latex);
    strbuf_add(out, "\\hline\n");
    for (int64_t i = 0; i < t->count; i++) put_line(out, t, &latex, &t->lines[i]);
    strbuf_add(out, "\\hline\n\\end{tabular}\n\\end{table}\n");
}
