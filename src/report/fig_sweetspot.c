/* The sweet spots of a study in one picture: for each line every network's score along alpha, and
 * below it how much an alpha is above the nearer end at least. */
#include "report/fig_sweetspot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "report/axes.h"
#include "report/figures.h"

/* A cell of the grid, from its top: title, verdict, scores, advantage, alpha. */
enum {
    COLUMNS = 3,
    CELL = 344,
    KEY = 44,
    OWN = 30,
    TITLE_Y = 16,
    WORDS_Y = 31,
    SCORES_Y = 44,
    SCORES_HEIGHT = 150,
    LEAST_Y = 212,
    LEAST_HEIGHT = 72,
    LEFT_ROOM = 58,
    RIGHT_ROOM = 18
};

/* ---- scales */

/* Lines come in two groups, each of which begins a row: comparisons with people, and the others. */
static int64_t count_group(const sweetspot_list *list, bool alignment)
{
    int64_t n = 0;
    for (int64_t i = 0; i < list->count; i++) n += list->spots[i].line->alignment == alignment;
    return n;
}

static int64_t rows_of(int64_t cells) { return (cells + COLUMNS - 1) / COLUMNS; }

void fig_sweetspot_size(double *width, double *height, const sweetspot_list *list)
{
    const int64_t people = count_group(list, true), own = count_group(list, false);
    *width = FIGURE_WIDTH;
    *height = KEY + (double)(rows_of(people) + rows_of(own)) * CELL + (people && own ? OWN : 0);
}

static double reference_of(const sweetspot *p)
{
    return p->score < 0 || !p->line->alignment ? NAN : p->human[p->score];
}

/* Scores of all networks; the people's level too where it is not so far that it would press them flat. */
static void scores_range(axes *a, const sweetspot *p)
{
    const double human = reference_of(p);
    a->y0 = INFINITY;
    a->y1 = -INFINITY;
    for (int64_t j = 0; j < p->networks; j++) {
        a->y0 = fmin(a->y0, p->network[j]);
        a->y1 = fmax(a->y1, p->network[j]);
    }
    const double span = fmax(a->y1 - a->y0, 1e-9);
    if (human >= a->y0 - 1.5 * span && human <= a->y1 + 1.5 * span) {
        a->y0 = fmin(a->y0, human);
        a->y1 = fmax(a->y1, human);
    }
    axes_pad(&a->y0, &a->y1, -INFINITY, INFINITY);
}

/* Limits far below 0 say no more than that they are: the scale ends two advantages below. */
static void least_range(axes *a, const sweetspot *p)
{
    double top = 0, bottom = 0, lowest = 0;
    for (int64_t i = 0; i < p->alphas; i++) {
        if (isfinite(p->at.advantage[i])) top = fmax(top, p->at.advantage[i]);
        if (isfinite(p->at.least[i])) top = fmax(top, p->at.least[i]), lowest = fmin(lowest, p->at.least[i]);
    }
    for (int64_t i = 0; i < p->alphas; i++)
        if (isfinite(p->at.detectable)) bottom = -1.5 * fmax(top, p->at.detectable);
    a->y0 = bottom < 0 ? fmax(bottom, lowest) : lowest;
    a->y1 = top;
    axes_pad(&a->y0, &a->y1, -INFINITY, INFINITY);
}

static axes plot_at(double left, double top, double width, double height)
{
    return (axes){.left = left + LEFT_ROOM, .top = top, .width = width - LEFT_ROOM - RIGHT_ROOM,
                  .height = height, .x0 = -0.03, .x1 = 1.03, .x_is_alpha = true};
}

/* ---- marks */

/* From half way to the alpha before to half way to the next. */
static void draw_band(draw *d, const axes *a, const sweetspot *p)
{
    for (int64_t i = 0; i < p->alphas; i++) {
        const double low = i ? (p->alpha[i - 1] + p->alpha[i]) / 2 : p->alpha[i] - 0.02;
        const double high = i + 1 < p->alphas ? (p->alpha[i] + p->alpha[i + 1]) / 2 : p->alpha[i] + 0.02;
        if (!p->at.in_set[i]) continue;
        const double x = axes_x(a, fmax(low, a->x0)), end = axes_x(a, fmin(high, a->x1));
        draw_rectangle(d, x, a->top, end - x, a->height, faded(series_colour(2), 0.14));
    }
}

/* Value at alpha i of what the dots show. */
static double mean_at(const sweetspot *p, int64_t i)
{
    double sum = 0;
    int64_t n = 0;
    for (int64_t j = 0; j < p->networks; j++)
        if (p->among[j] == p->alpha[i]) sum += p->network[j], n++;
    return sum / (double)n;
}

static void draw_scores(draw *d, const axes *a, const sweetspot *p)
{
    for (int64_t i = 0; i + 1 < p->alphas; i++)
        draw_segment(d, axes_x(a, p->alpha[i]), axes_y(a, mean_at(p, i)), axes_x(a, p->alpha[i + 1]),
                     axes_y(a, mean_at(p, i + 1)), 1.4, 0,
                     faded(alpha_colour((p->alpha[i] + p->alpha[i + 1]) / 2), 0.6));
    for (int64_t j = 0; j < p->networks; j++) {
        const colour c = alpha_colour(p->among[j]);
        draw_disc(d, axes_x(a, p->among[j]), axes_y(a, p->network[j]), 3, faded(c, 0.75), c);
    }
}

static void draw_least(draw *d, const axes *a, const sweetspot *p)
{
    const double zero = axes_y(a, 0);
    draw_segment(d, a->left, zero, a->left + a->width, zero, 1.2, 0, INK);
    draw_clip(d, a->left - 4, a->top - 4, a->width + 8, a->height + 8);
    for (int64_t i = 0; i < p->alphas; i++) {
        const double x = axes_x(a, p->alpha[i]);
        const colour c = alpha_colour(p->alpha[i]);
        if (!isfinite(p->at.advantage[i])) continue;
        const double y = axes_y(a, p->at.advantage[i]), least = axes_y(a, p->at.least[i]);
        draw_segment(d, x, y, x, isfinite(least) ? least : y, 1.4, 0, faded(c, 0.8));
        draw_disc(d, x, y, 2.4, (colour){1, 1, 1, 1}, c);
        if (isfinite(least)) draw_segment(d, x - 4, least, x + 4, least, 1.8, 0, c);
    }
    draw_unclip(d);
}

/* Ends in "…" where it would be wider than the room. */
static void draw_fitting(draw *d, double x, double y, double room, text_style style, const char *text)
{
    char line[256];
    snprintf(line, sizeof line, "%s", text);
    for (size_t n = strlen(line); n > 4 && draw_text_width(d, style, line) > room;) {
        n--;
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) n--;
        snprintf(line + n, sizeof line - n, "…");
    }
    draw_text(d, x, y, style, line);
}

/* "shown, p = .004 (without any one run at most .021)" */
static void draw_verdict(draw *d, double x, double y, double room, const sweetspot *p)
{
    char text[160], number[24], drop[24];
    text_style style = style_of(LABEL_SIZE, LEFT, BASELINE, MUTED);
    sweetspot_p(number, sizeof number, p->at.p);
    sweetspot_p(drop, sizeof drop, p->at.p_drop);
    if (p->verdict == SPOT_ONE_SEED && !p->images)
        snprintf(text, sizeof text, "one seed: nothing is known of noise");
    else if (p->verdict == SPOT_ONE_SEED)
        snprintf(text, sizeof text, "one seed, p %s%s from images alone", number[0] == '<' ? "" : "= ", number);
    else if (p->at.leader < 0)
        snprintf(text, sizeof text, "no alpha between the ends");
    else
        snprintf(text, sizeof text, "%s, p %s%s (without any one run %s)", spot_verdict_text(p->verdict),
                 number[0] == '<' ? "" : "= ", number, drop);
    style.bold = p->verdict == SPOT_SHOWN;
    if (style.bold) style.ink = INK;
    draw_fitting(d, x, y, room, style, text);
}

/* The best alpha of the paper, or its range, above the upper plot. */
static void draw_paper(draw *d, const axes *a, const measure_spot *line)
{
    const double y = a->top + 5, low = axes_x(a, line->paper_low), high = axes_x(a, line->paper_high);
    if (isnan(line->paper_low)) return;
    if (low == high) {
        draw_disc(d, low, y, 3, faded(MUTED, 0), MUTED);
        return;
    }
    draw_segment(d, low, y, high, y, 1.2, 0, MUTED);
    draw_segment(d, low, y - 3, low, y + 3, 1.2, 0, MUTED);
    draw_segment(d, high, y - 3, high, y + 3, 1.2, 0, MUTED);
}

static void draw_panel(draw *d, const sweetspot *p, double left, double top, double width)
{
    char title[160];
    const double room = width - RIGHT_ROOM - 8, human = reference_of(p);
    axes scores = plot_at(left, top + SCORES_Y, width, SCORES_HEIGHT);
    axes least = plot_at(left, top + LEAST_Y, width, LEAST_HEIGHT);
    text_style bold = style_of(TITLE_SIZE, LEFT, BASELINE, INK);

    bold.bold = true;
    snprintf(title, sizeof title, "%s, %s", p->line->title, sweetspot_measure(p));
    draw_fitting(d, left + 8, top + TITLE_Y, room, bold, title);
    draw_verdict(d, left + 8, top + WORDS_Y, room, p);
    scores_range(&scores, p);
    scores.bare_x = true;
    scores.y_label = p->score < 0 ? "distance to people" : "score";
    draw_band(d, &scores, p);
    axes_draw(d, &scores);
    if (human >= scores.y0 && human <= scores.y1) axes_reference(d, &scores, human, "people");
    draw_scores(d, &scores, p);
    draw_paper(d, &scores, p->line);
    least_range(&least, p);
    least.x_label = "α";
    least.y_label = "advantage";
    draw_band(d, &least, p);
    axes_draw(d, &least);
    draw_least(d, &least, p);
}

static void draw_key(draw *d, double level)
{
    char text[80];
    const text_style style = style_of(TICK_SIZE, LEFT, MIDDLE, MUTED);
    const double y = 16;
    double x = 24;
    draw_disc(d, x, y, 3, faded(alpha_colour(0.3), 0.75), alpha_colour(0.3));
    draw_text(d, x + 8, y, style, "a network");
    x += 86;
    draw_rectangle(d, x, y - 6, 14, 12, faded(series_colour(2), 0.14));
    snprintf(text, sizeof text, "can be the best α (%g %%)", 100 * level);
    draw_text(d, x + 20, y, style, text);
    x += 180;
    draw_segment(d, x, y - 7, x, y + 7, 1.4, 0, alpha_colour(0.5));
    draw_disc(d, x, y - 7, 2.4, (colour){1, 1, 1, 1}, alpha_colour(0.5));
    draw_segment(d, x - 4, y + 7, x + 4, y + 7, 1.8, 0, alpha_colour(0.5));
    snprintf(text, sizeof text, "advantage over the nearer end, and its simultaneous lower %g %% limit",
             100 * level);
    draw_text(d, x + 10, y, style, text);
    x += 400;
    draw_disc(d, x, y, 3, faded(MUTED, 0), MUTED);
    draw_text(d, x + 9, y, style, "best α in the paper");
}

jem_status fig_sweetspot_draw(draw *d, const void *ctx)
{
    const sweetspot_list *list = ctx;
    const double width = FIGURE_WIDTH / (double)COLUMNS;
    double top = KEY;
    int64_t at = 0;

    draw_key(d, list->level);
    for (int group = 0; group < 2; group++) {
        const int64_t cells = count_group(list, group == 0);
        if (group == 1 && cells > 0 && at > 0) {
            draw_segment(d, 24, top + 6, FIGURE_WIDTH - 24, top + 6, 1, 0, GRID);
            draw_text(d, 24, top + 20, style_of(TICK_SIZE, LEFT, BASELINE, MUTED),
                      "not comparisons with people");
            top += OWN;
        }
        for (int64_t i = 0; i < cells; i++)
            draw_panel(d, &list->spots[at + i], (double)(i % COLUMNS) * width,
                       top + (double)(i / COLUMNS) * CELL, width);
        at += cells;
        top += (double)rows_of(cells) * CELL;
    }
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

static jem_status spot_table(strbuf *html, const sweetspot_list *list)
{
    jem_status st = JEM_OK;
    strbuf words = STRBUF_INIT, sentence = STRBUF_INIT;

    strbuf_add(html, "<table><thead><tr><th>benchmark</th><th>best α</th><th>can be best</th>"
                     "<th class=\"text\">above both ends</th><th class=\"text\">drawn</th>"
                     "<th class=\"text\">compared with</th></tr></thead><tbody>");
    for (int64_t i = 0; i < list->count; i++) {
        const sweetspot *p = &list->spots[i];
        strbuf_clear(&words);
        sweetspot_alphas(&words, p->alpha, p->at.in_set, p->alphas);
        TRY(strbuf_status(&words));
        html_printf(html, "<tr><th>%s, %s</th><td>%g</td><td>%s</td>", p->line->title,
                    sweetspot_measure(p), p->alpha[p->at.best], words.data);
        strbuf_clear(&words);
        sweetspot_words(&words, p);
        TRY(strbuf_status(&words));
        html_printf(html, "<td class=\"text\">%s</td><td class=\"text\">%s</td><td class=\"text\">%s</td></tr>",
                    words.data, p->basis, p->line->source);
    }
    strbuf_add(html, "</tbody></table>");
    sweetspots_sentence(&sentence, list);
    TRY(strbuf_status(&sentence));
    if (sentence.used) html_printf(html, "<p>%s</p>", sentence.data);
done:
    strbuf_clear(&words);
    strbuf_clear(&sentence);
    return st;
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
    sweetspot_options o = SWEETSPOT_OPTIONS_INIT;
    sweetspot_list *spots = NULL;
    figure f = {.file = "sweetspot",
                .section = "Sweet spot",
                .title = "Where along α each benchmark is best",
                .about = "A dot is a network. An α between the ends is closer to people than both if its "
                         "advantage over the nearer end is positive at least: the bar's foot is the lower "
                         "limit that holds for all α at once. p is the chance of such an advantage where "
                         "all α in between equal the better end; it must hold without any one run, too. "
                         "The band holds the best α.",
                .draw = fig_sweetspot_draw,
                .free_ctx = free_list};

    o.measures = known;
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
    TRY(spot_table(&f.table, spots));
    sweetspots_curves_tsv(&f.tsv, spots);
    st = figure_list_add(list, &f);
done:
    pool_free(o.threads);
    if (st != JEM_OK) figure_clear(&f);
    return st;
}
