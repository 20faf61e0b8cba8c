/* The sweet spots of a study in one picture. */
#include "report/fig_sweetspot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "report/axes.h"
#include "report/figures.h"
#include "sweetspot/trend.h"
#include "stats/bootstrap.h"

/* The alpha axis that arrows and lanes share, and the columns beside it. */
enum {
    NAME_X = 24,
    AXIS_X = 200,
    AXIS_WIDTH = 460,
    BEST_X = 712,
    SCORE_X = 795,
    INSIDE_X = 878,
    DRAWN_X = 925,
    ARROW_LEVEL = 19,
    BAR_HEIGHT = 16,
    LANE = 54,
    BAR_MOST = 32
};

static double alpha_x(double alpha) { return AXIS_X + alpha * AXIS_WIDTH; }

/* ---- arrows onto the scale */

/* One arrow per alpha, with the names of all benchmarks that are best there. */
typedef struct arrow {
    double alpha, text_width;
    int level; /* of the text above the scale, from 0 */
    char text[160];
} arrow;

enum { ARROWS_MAX = 16, LEVELS_MAX = 6 };

static bool is_shown(const sweetspot_list *list, const sweetspot *p)
{
    if (p->line->alignment) return true;
    for (int64_t i = 0; i < list->count; i++)
        if (list->spots[i].line->alignment) return false;
    return true; /* no comparison with people at all: then the others */
}

static int collect_arrows(arrow *arrows, const sweetspot_list *list)
{
    int count = 0;
    for (int64_t i = 0; i < list->count; i++) {
        const sweetspot *p = &list->spots[i];
        double alpha = p->alpha[p->at.best];
        int at = 0;
        if (!is_shown(list, p)) continue;
        while (at < count && arrows[at].alpha < alpha) at++;
        if (at < count && arrows[at].alpha == alpha) {
            size_t used = strlen(arrows[at].text);
            snprintf(arrows[at].text + used, sizeof arrows[at].text - used, ", %s",
                     p->line->title);
            continue;
        }
        if (count == ARROWS_MAX) continue;
        memmove(&arrows[at + 1], &arrows[at], (size_t)(count - at) * sizeof *arrows);
        arrows[at] = (arrow){.alpha = alpha};
        snprintf(arrows[at].text, sizeof arrows[at].text, "%s", p->line->title);
        count++;
    }
    return count;
}

static double text_left(const arrow *a)
{
    double left = alpha_x(a->alpha) - a->text_width / 2;
    return fmin(fmax(left, NAME_X), FIGURE_WIDTH - NAME_X - a->text_width);
}

/* A text goes as low as the texts left of it and their arrows allow.  Its width is a guess
 * on the safe side, so that the size of the figure does not ask for fonts.  Returns the
 * highest level. */
static int place_arrows(arrow *arrows, int count)
{
    int most = 0;
    for (int i = 0; i < count; i++) {
        arrow *a = &arrows[i];
        a->text_width = 6.6 * (double)strlen(a->text);
        for (a->level = 0; a->level < LEVELS_MAX - 1; a->level++) {
            bool free = true;
            for (int j = 0; j < i && free; j++) {
                const arrow *b = &arrows[j];
                bool beside = text_left(a) > text_left(b) + b->text_width + 12;
                bool crossed = b->level > a->level && text_left(a) < alpha_x(b->alpha) + 6;
                free = (b->level != a->level || beside) && !crossed;
            }
            if (free) break;
        }
        if (a->level > most) most = a->level;
    }
    return most;
}

static void draw_arrow(draw *d, const arrow *a, double tip)
{
    double x = alpha_x(a->alpha), foot = tip - 26 - a->level * ARROW_LEVEL;
    colour c = alpha_colour(a->alpha);
    const double px[] = {x - 5, x + 5, x}, py[] = {tip - 9, tip - 9, tip};
    draw_segment(d, x, foot, x, tip - 8, 2, 0, c);
    draw_area(d, px, py, 3, c);
    text_style style = style_of(LABEL_SIZE, CENTRE, BASELINE, INK);
    style.bold = true;
    draw_text(d, text_left(a) + a->text_width / 2, foot - 5, style, a->text);
}

static void draw_scale(draw *d, double top)
{
    enum { STEPS = 100 };
    for (int i = 0; i < STEPS; i++)
        draw_rectangle(d, alpha_x((double)i / STEPS), top, (double)AXIS_WIDTH / STEPS + 0.5,
                       BAR_HEIGHT, alpha_colour((i + 0.5) / STEPS));
    for (int i = 0; i <= 10; i++) {
        char text[16];
        double x = alpha_x(i / 10.0);
        snprintf(text, sizeof text, "%g", i / 10.0);
        draw_segment(d, x, top + BAR_HEIGHT, x, top + BAR_HEIGHT + 4, 1, 0, MUTED);
        draw_text(d, x, top + BAR_HEIGHT + 7, style_of(TICK_SIZE, CENTRE, TOP, MUTED), text);
    }
    double middle = top + BAR_HEIGHT / 2.0;
    text_style left = style_of(LABEL_SIZE, RIGHT, MIDDLE, INK);
    text_style right = style_of(LABEL_SIZE, LEFT, MIDDLE, INK);
    draw_text(d, AXIS_X - 12, middle, left, "discriminative  p(y|x)");
    draw_text(d, alpha_x(1) + 12, middle, right, "p(x)  generative");
    draw_text(d, AXIS_X - 12, top + BAR_HEIGHT + 7, style_of(TICK_SIZE, RIGHT, TOP, MUTED), "α");
}

/* ---- lanes */

static double bar_width(const sweetspot *p)
{
    double gap = 1;
    for (int64_t a = 1; a < p->alphas; a++) gap = fmin(gap, p->alpha[a] - p->alpha[a - 1]);
    return fmin(0.66 * gap * AXIS_WIDTH, 26);
}

/* On a patch of the page's colour, since a grid line passes there. */
static void draw_share(draw *d, double x, double y, const char *text)
{
    const text_style style = style_of(8, CENTRE, BASELINE, MUTED);
    double width = draw_text_width(d, style, text) + 2;
    draw_rectangle(d, x - width / 2, y - 7, width, 8, (colour){1, 1, 1, 1});
    draw_text(d, x, y, style, text);
}

static void draw_shares(draw *d, const sweetspot *p, double base)
{
    double width = bar_width(p);
    for (int64_t a = 0; a < p->alphas; a++) {
        double x = alpha_x(p->alpha[a]), height = BAR_MOST * p->share[a];
        if (isnan(p->loss[a])) { /* left out of the comparison */
            draw_text(d, x, base - 3, style_of(TICK_SIZE, CENTRE, BASELINE, MUTED), "×");
            continue;
        }
        if (!(p->share[a] > 0)) continue;
        draw_rectangle(d, x - width / 2, base - height, width, height,
                       faded(alpha_colour(p->alpha[a]), a == p->at.best ? 1 : 0.55));
        if (p->share[a] < 0.005) continue;
        char text[16];
        snprintf(text, sizeof text, "%.0f %%", 100 * p->share[a]);
        if (width >= 20) draw_share(d, x, base - height - 3, text);
    }
}

/* The paper's best alpha, or its range, as a bracket below the lane. */
static void draw_paper(draw *d, const measure_spot *line, double base)
{
    double y = base + 12, low = alpha_x(line->paper_low), high = alpha_x(line->paper_high);
    if (isnan(line->paper_low)) return;
    if (low == high) {
        draw_disc(d, low, y, 3, faded(MUTED, 0), MUTED);
        return;
    }
    draw_segment(d, low, y, high, y, 1.2, 0, MUTED);
    draw_segment(d, low, y - 3, low, y + 3, 1.2, 0, MUTED);
    draw_segment(d, high, y - 3, high, y + 3, 1.2, 0, MUTED);
}

static void draw_best(draw *d, const sweetspot *p, double base)
{
    double x = alpha_x(p->alpha[p->at.best]);
    colour c = alpha_colour(p->alpha[p->at.best]);
    if (isfinite(p->at.interval.low)) {
        double low = alpha_x(p->at.interval.low), high = alpha_x(p->at.interval.high);
        draw_segment(d, low - 1, base + 4, high + 1, base + 4, 3, 0, faded(c, 0.8));
    }
    draw_disc(d, x, base + 4, 4.2, c, c);
}

static void metrics_text(char *out, size_t size, const sweetspot *p, int64_t a)
{
    char number[40];
    size_t used = 0;
    for (int m = 0; m < p->line->count; m++) {
        trend_number(number, sizeof number, p->value[m * p->alphas + a]);
        used += (size_t)snprintf(out + used, size - used, "%s%s", m ? ", " : "", number);
    }
}

static void human_text(char *out, size_t size, const measure_spot *line)
{
    size_t used = (size_t)snprintf(out, size, line->alignment ? "people " : "most ");
    for (int m = 0; m < line->count; m++)
        used += (size_t)snprintf(out + used, size - used, "%s%g", m ? ", " : "", line->score[m]->human);
}

static void draw_numbers(draw *d, const sweetspot *p, double base)
{
    char text[64];
    text_style bold = style_of(TITLE_SIZE, CENTRE, BASELINE, INK);
    text_style small = style_of(TICK_SIZE, CENTRE, BASELINE, MUTED);
    text_style small_ink = style_of(LABEL_SIZE, CENTRE, BASELINE, INK);
    bold.bold = true;
    snprintf(text, sizeof text, "%g", p->alpha[p->at.best]);
    draw_text(d, BEST_X, base - 10, bold, text);
    if (isfinite(p->at.interval.low)) {
        snprintf(text, sizeof text, "%g – %g", p->at.interval.low, p->at.interval.high);
        draw_text(d, BEST_X, base + 5, small,
                  p->at.interval.low < p->at.interval.high ? text : "always");
    }
    bold.bold = false;
    metrics_text(text, sizeof text, p, p->at.best);
    draw_text(d, SCORE_X, base - 10, p->line->count > 1 ? small_ink : bold, text);
    human_text(text, sizeof text, p->line);
    draw_text(d, SCORE_X, base + 5, small, text);
    if (isfinite(p->at.inside)) {
        snprintf(text, sizeof text, p->at.inside >= 0.9995 ? ">0.999" : "%.3f", p->at.inside);
        draw_text(d, INSIDE_X, base - 4, bold, text);
    } else {
        draw_text(d, INSIDE_X, base - 4, small, "–");
    }
}

/* "60 images, 3 seeds; 1 of 5 runs by score" on a line each. */
static void draw_basis(draw *d, const sweetspot *p, double base)
{
    enum { LINE = 13 };
    text_style style = style_of(TICK_SIZE, LEFT, BASELINE, MUTED);
    char line[160];
    int lines = 1;
    for (const char *c = p->basis; *c; c++) lines += *c == ',' || *c == ';';
    double y = base - 3 - LINE * (lines - 1) / 2.0;
    for (const char *text = p->basis; *text; y += LINE) {
        size_t length = strcspn(text, ",;");
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        draw_text(d, DRAWN_X, y, style, line);
        text += length;
        text += strspn(text, ",; ");
    }
}

static void draw_lane(draw *d, const sweetspot *p, double base)
{
    text_style name = style_of(TITLE_SIZE, LEFT, BASELINE, INK);
    name.bold = true;
    draw_text(d, NAME_X, base - 10, name, p->line->title);
    draw_text(d, NAME_X, base + 5, style_of(LABEL_SIZE, LEFT, BASELINE, MUTED), p->line->measure);
    for (int i = 0; i <= 10; i++)
        draw_segment(d, alpha_x(i / 10.0), base - BAR_MOST, alpha_x(i / 10.0), base, 1, 0,
                     faded(GRID, 0.6));
    draw_segment(d, AXIS_X, base, alpha_x(1), base, 1, 0, MUTED);
    draw_shares(d, p, base);
    draw_paper(d, p->line, base);
    draw_best(d, p, base);
    draw_numbers(d, p, base);
    draw_basis(d, p, base);
}

static void draw_heads(draw *d, double y, double level)
{
    char text[48];
    text_style style = style_of(TICK_SIZE, CENTRE, BASELINE, MUTED);
    snprintf(text, sizeof text, "%g %% interval", 100 * level);
    draw_text(d, BEST_X, y - 13, style, "best α");
    draw_text(d, BEST_X, y, style, text);
    draw_text(d, SCORE_X, y - 13, style, "score");
    draw_text(d, SCORE_X, y, style, "reference");
    draw_text(d, INSIDE_X, y - 13, style, "P(inside");
    draw_text(d, INSIDE_X, y, style, "beats ends)");
    style.h = LEFT;
    draw_text(d, DRAWN_X, y, style, "drawn");
}

static void draw_key(draw *d, double y)
{
    text_style style = style_of(TICK_SIZE, LEFT, MIDDLE, MUTED);
    double x = AXIS_X;
    draw_rectangle(d, x, y - 5, 9, 10, faded(alpha_colour(0.5), 0.55));
    draw_text(d, x + 14, y, style, "share of rounds in which α is best");
    x += 190;
    draw_segment(d, x, y, x + 18, y, 3, 0, faded(alpha_colour(0.5), 0.8));
    draw_disc(d, x + 9, y, 4.2, alpha_colour(0.5), alpha_colour(0.5));
    draw_text(d, x + 24, y, style, "best α and its interval");
    x += 150;
    draw_disc(d, x + 3, y, 3, faded(MUTED, 0), MUTED);
    draw_text(d, x + 12, y, style, "best α in the paper");
    x += 130;
    draw_text(d, x, y, style, "×  left out: classifier never trained");
}

/* ---- the whole */

enum { MARGIN = 24, HEADS = 30, GAP = 24, KEY = 34, OWN = 30 };

/* The arrows, placed; *top <- where the scale begins below them. */
static int make_arrows(arrow *arrows, double *top, const sweetspot_list *list)
{
    int count = collect_arrows(arrows, list);
    *top = MARGIN + 26 + place_arrows(arrows, count) * ARROW_LEVEL;
    return count;
}

static bool begins_own(const sweetspot_list *list, int64_t i)
{
    return i > 0 && !list->spots[i].line->alignment && list->spots[i - 1].line->alignment;
}

void fig_sweetspot_size(double *width, double *height, const sweetspot_list *list)
{
    arrow arrows[ARROWS_MAX];
    double top;
    make_arrows(arrows, &top, list);
    *width = FIGURE_WIDTH;
    *height = top + BAR_HEIGHT + GAP + HEADS + (double)list->count * LANE + KEY;
    for (int64_t i = 0; i < list->count; i++) *height += begins_own(list, i) ? OWN : 0;
}

jem_status fig_sweetspot_draw(draw *d, const void *ctx)
{
    const sweetspot_list *list = ctx;
    arrow arrows[ARROWS_MAX];
    double top;
    int count = make_arrows(arrows, &top, list);

    draw_scale(d, top);
    for (int i = 0; i < count; i++) draw_arrow(d, &arrows[i], top - 1);
    double y = top + BAR_HEIGHT + GAP + HEADS;
    if (list->count) draw_heads(d, y, list->spots[0].level);
    for (int64_t i = 0; i < list->count; i++) {
        if (begins_own(list, i)) {
            y += OWN;
            draw_segment(d, NAME_X, y - 8, FIGURE_WIDTH - NAME_X, y - 8, 1, 0, GRID);
            draw_text(d, NAME_X, y + 6, style_of(TICK_SIZE, LEFT, BASELINE, MUTED),
                      "not comparisons with people");
        }
        y += LANE;
        draw_lane(d, &list->spots[i], y - 12);
    }
    draw_key(d, y + KEY / 2.0);
    return JEM_OK;
}

jem_status fig_sweetspot_write(const study *s, const sweetspot_list *list)
{
    jem_status st;
    char *folder = NULL, *stem = NULL, *path = NULL;
    strbuf tsv = STRBUF_INIT;
    double width, height;

    fig_sweetspot_size(&width, &height, list);
    TRY(str_format(&folder, "%s/figures", s->path));
    TRY(str_format(&stem, "%s/sweetspot", folder));
    TRY(str_format(&path, "%s.tsv", stem));
    TRY(dir_ready(folder));
    TRY(draw_files(stem, width, height, fig_sweetspot_draw, list));
    sweetspots_curves_tsv(&tsv, list);
    TRY(strbuf_status(&tsv));
    TRY(file_write(path, tsv.data, tsv.used));
done:
    strbuf_clear(&tsv);
    mem_free(path);
    mem_free(stem);
    mem_free(folder);
    return st;
}

/* ---- in the page */

static void free_list(void *ctx)
{
    sweetspot_list *list = ctx;
    sweetspot_list_clear(list);
    mem_free(list);
}

static void spot_table(strbuf *html, const sweetspot_list *list)
{
    strbuf_add(html, "<table><thead><tr><th>benchmark</th><th>best α</th><th>interval</th>"
                     "<th>P(inside beats ends)</th><th>margin</th><th class=\"text\">compared with</th></tr>"
                     "</thead><tbody>");
    for (int64_t i = 0; i < list->count; i++) {
        const sweetspot *p = &list->spots[i];
        html_printf(html, "<tr><th>%s, %s</th><td>%g</td>", p->line->title, p->line->measure,
                    p->alpha[p->at.best]);
        if (p->rounds)
            html_printf(html, "<td>%g – %g</td><td>%.3f</td>", p->at.interval.low,
                        p->at.interval.high, p->at.inside);
        else
            strbuf_add(html, "<td class=\"none\">–</td><td class=\"none\">–</td>");
        if (isfinite(p->at.margin))
            html_printf(html, "<td>%.3g", p->at.margin);
        else
            strbuf_add(html, "<td>–");
        if (isfinite(p->at.margin_interval.low))
            html_printf(html, "<small>%.3g – %.3g</small>", p->at.margin_interval.low,
                        p->at.margin_interval.high);
        html_printf(html, "</td><td class=\"text\">%s</td></tr>", p->line->source);
    }
    strbuf_add(html, "</tbody></table>");
}

static int64_t count_alphas(const study *s)
{
    int64_t count = 0;
    for (int64_t i = 0; i < s->count; i++)
        count += !isnan(s->runs[i].alpha) && (!i || s->runs[i].alpha != s->runs[i - 1].alpha);
    return count;
}

jem_status figures_of_sweetspots(figure_list *list, study *s, const measures *const *known)
{
    jem_status st;
    sweetspot_options o = {
        .rounds = STATS_BOOTSTRAP_ROUNDS, .level = 0.95, .measures = known};
    sweetspot_list *spots = NULL;
    figure f = {.file = "sweetspot",
                .section = "Sweet spot",
                .title = "Where along α each benchmark is best",
                .about = "An arrow points to the α whose score, averaged over seeds, comes "
                         "closest to the human reference. The bars say how often each α wins "
                         "when images and seeds are drawn again with replacement, the same "
                         "draw for every α. P(inside) is the share of these rounds in which "
                         "some α between the ends beats both; the margin is by how much.",
                .draw = fig_sweetspot_draw,
                .free_ctx = free_list};

    if (count_alphas(s) < 3) {
        TRY(str_format(&f.missing, "A sweet spot needs runs at three values of alpha or more."));
        return figure_list_add(list, &f);
    }
    TRY(MEM_NEW(spots, 1));
    f.ctx = spots;
    TRY(pool_new(&o.threads, 0));
    TRY(sweetspots_find(spots, s, &o));
    fig_sweetspot_size(&f.width, &f.height, spots);
    if (!spots->count)
        TRY(str_format(&f.missing, "No benchmark was scored at two values of alpha or more."));
    spot_table(&f.table, spots);
    sweetspots_curves_tsv(&f.tsv, spots);
    st = figure_list_add(list, &f);
done:
    pool_free(o.threads);
    if (st != JEM_OK) figure_clear(&f);
    return st;
}
