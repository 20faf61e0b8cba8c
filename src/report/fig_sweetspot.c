/* The sweet spots of a study in one picture: for each line every network's score along alpha, and
 * below it how much an alpha is above the nearer end at least. */
#include "report/fig_sweetspot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/plain.h"
#include "base/try.h"
#include "report/axes.h"
#include "report/figures.h"
#include "report/labels.h"
#include "report/marks.h"
#include "sweetspot/trend.h"

/* A cell of the grid, from its top: title (in narrow cells two lines), verdict, scores, advantage, alpha. */
enum {
    COLUMNS = 3,
    CELL_LEAST = 165,
    NARROW = 300, /* cells below have lower plots */
    OWN = 30,
    TITLE_Y = 16,
    LINE = 15,
    WORDS_GAP = 13, /* below the verdict */
    PLOTS_GAP = 18,
    FOOT = 46,
    LEFT_ROOM = 58,
    RIGHT_ROOM = 18
};

/* The lines of a study on a canvas. */
typedef struct spot_chart {
    const study *of;
    const sweetspot_list *list;
    sweetspot_list *owned; /* NULL: the list is another's */
    int64_t hidden;        /* so many of its lines, behind the others, are not of the part that is drawn */
    int columns;
    double width, cell, key;               /* of the canvas, of a column; height of what is above the lines */
    strbuf only;                           /* which networks, if not all */
    double caption;                        /* height of that */
    double scores_height, least_height;
    double cell_height;
    bool narrow;
} spot_chart;

/* ---- scales */

/* Lines come in two groups, each of which begins a row: comparisons with people, and the others. */
static int64_t count_group(const sweetspot_list *list, bool alignment)
{
    int64_t n = 0;
    for (int64_t i = 0; i < list->count; i++) n += list->spots[i].line->alignment == alignment;
    return n;
}

/* ---- layout */

/* Parts of the key, from left to right and down where they find no room. */
enum { CAPTION = 20 };
enum { KEY_NETWORK, KEY_BAND, KEY_LEAST, KEY_PAPER, KEYS, KEY_ROW = 20, KEY_LEFT = 24 };
static const double key_width[KEYS] = {86, 180, 400, 120};

/* *x, *y <- where key k stands. */
static void key_place(double *x, double *y, int k, const spot_chart *c)
{
    const double width = c->width;
    *x = KEY_LEFT;
    *y = c->caption + 16;
    for (int i = 0; i < KEYS; i++) {
        if (*x > KEY_LEFT && *x + key_width[i] > width) {
            *x = KEY_LEFT;
            *y += KEY_ROW + (i > KEY_LEAST && key_width[KEY_LEAST] > width - KEY_LEFT ? LINE : 0);
        }
        if (i == k) return;
        *x += key_width[i];
    }
}

static int64_t rows_of(const spot_chart *c, int64_t cells) { return (cells + c->columns - 1) / c->columns; }

static double lay_out(spot_chart *c, double width)
{
    const int64_t people = count_group(c->list, true), own = count_group(c->list, false);
    double x, y;

    c->columns = (int)fmax(1, fmin(COLUMNS, floor(width / CELL_LEAST)));
    if (c->hidden) c->columns = (int)fmin(c->columns, (double)(people > own ? people : own)); /* one alone has all of it */
    c->width = width;
    c->cell = width / c->columns;
    c->narrow = c->cell < NARROW;
    c->scores_height = c->narrow ? 104 : 150;
    c->least_height = c->narrow ? 56 : 72;
    c->cell_height = TITLE_Y + LINE * (c->narrow ? 2 : 1) + WORDS_GAP + c->scores_height + PLOTS_GAP +
                     c->least_height + FOOT;
    c->caption = c->only.used ? CAPTION : 0;
    key_place(&x, &y, KEYS - 1, c);
    c->key = y + 28;
    return c->key + (double)(rows_of(c, people) + rows_of(c, own)) * c->cell_height + (people && own ? OWN : 0);
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

static void draw_scores(draw *d, const axes *a, const study *of, const sweetspot *p)
{
    for (int64_t i = 0; i + 1 < p->alphas; i++)
        draw_segment(d, axes_x(a, p->alpha[i]), axes_y(a, mean_at(p, i)), axes_x(a, p->alpha[i + 1]),
                     axes_y(a, mean_at(p, i + 1)), 1.4, 0,
                     faded(alpha_colour((p->alpha[i] + p->alpha[i + 1]) / 2), 0.6));
    for (int64_t j = 0; j < p->networks; j++) {
        const double alpha = p->among[j];
        char note[256];
        plain_format(note, sizeof note, "%s, %s\nα = %g, seed %lld: %.4g", p->line->title, sweetspot_measure(p), alpha,
                     (long long)p->seed_of[j], p->network[j]);
        draw_note(d, &(draw_subject){.alpha = alpha, .seed = p->seed_of[j]}, note);
        (p->at_chance[j] ? draw_chance_mark : draw_alpha_mark)(d, alpha, trend_place(of, alpha), axes_x(a, alpha),
                                                               axes_y(a, p->network[j]), 3);
        draw_unnote(d);
    }
}

/* An advantage below the scale: an arrow at its foot. */
static void draw_below(draw *d, double x, double foot, colour c)
{
    draw_area(d, (const double[]){x - 4, x + 4, x}, (const double[]){foot - 7, foot - 7, foot - 1}, 3, c);
}

static void draw_least(draw *d, const axes *a, const sweetspot *p)
{
    const double zero = axes_y(a, 0);
    draw_segment(d, a->left, zero, a->left + a->width, zero, 1.2, 0, INK);
    draw_clip(d, a->left - 4, a->top - 4, a->width + 8, a->height + 7);
    for (int64_t i = 0; i < p->alphas; i++) {
        const double x = axes_x(a, p->alpha[i]);
        const colour c = alpha_colour(p->alpha[i]);
        if (!isfinite(p->at.advantage[i])) continue;
        const double y = axes_y(a, p->at.advantage[i]), least = axes_y(a, p->at.least[i]);
        char note[160];
        plain_format(note, sizeof note, "α = %g: advantage over the nearer end %.3g, at least %.3g", p->alpha[i],
                     p->at.advantage[i], p->at.least[i]);
        draw_note(d, DRAW_ALPHA(p->alpha[i]), note);
        if (p->at.advantage[i] < a->y0) {
            draw_below(d, x, a->top + a->height, c);
            draw_unnote(d);
            continue;
        }
        draw_segment(d, x, y, x, isfinite(least) ? least : y, 1.4, 0, faded(c, 0.8));
        draw_disc(d, x, y, 2.4, PAPER, c);
        if (isfinite(least)) draw_segment(d, x - 4, least, x + 4, least, 1.8, 0, c);
        draw_unnote(d);
    }
    draw_unclip(d);
}

/* "shown, p = .004 (without any one run at most .021)", or as much of it as there is room for. */
static void draw_verdict(draw *d, double x, double y, double room, const sweetspot *p)
{
    char text[160], number[24], drop[24];
    text_style style = style_of(LABEL_SIZE, LEFT, BASELINE, MUTED);
    sweetspot_p(number, sizeof number, p->at.p);
    sweetspot_p(drop, sizeof drop, p->at.p_drop);
    if (p->verdict == SPOT_ONE_SEED && !p->images)
        snprintf(text, sizeof text, "one seed: nothing is known of noise");
    else if (p->verdict == SPOT_ONE_SEED)
        snprintf(text, sizeof text, "one seed, p %s%s (images alone)", number[0] == '<' ? "" : "= ", number);
    else if (p->at.leader < 0)
        snprintf(text, sizeof text, "no alpha between the ends");
    else
        snprintf(text, sizeof text, "%s, p %s%s (without any one run %s)", spot_verdict_text(p->verdict),
                 number[0] == '<' ? "" : "= ", number, drop);
    style.bold = p->verdict == SPOT_SHOWN;
    if (style.bold) style.ink = INK;
    const size_t brief = strcspn(text, "(");
    if (text[brief] && draw_text_width(d, style, text) > room) text[brief] = '\0';
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

/* Off the networks, their line and what the paper says. */
static void name_people(draw *d, const axes *a, const sweetspot *p, double human)
{
    label_list labels = label_list_in(a);
    label_reserve(&labels, a->left, a->top, a->width, 10); /* draw_paper */
    label_reserve_level(&labels, axes_y(a, human));
    for (int64_t i = 0; i + 1 < p->alphas; i++)
        label_reserve_line(&labels, axes_x(a, p->alpha[i]), axes_y(a, mean_at(p, i)), axes_x(a, p->alpha[i + 1]),
                           axes_y(a, mean_at(p, i + 1)));
    for (int64_t j = 0; j < p->networks; j++)
        label_reserve(&labels, axes_x(a, p->among[j]) - 5, axes_y(a, p->network[j]) - 5, 10, 10);
    label_along(d, &labels, axes_y(a, human), "people");
}

/* Returns where the verdict ends. */
static double draw_heading(draw *d, const spot_chart *c, const sweetspot *p, double left, double top)
{
    char title[160];
    const double room = c->cell - RIGHT_ROOM - 8, x = left + 8;
    text_style bold = style_of(c->narrow ? LABEL_SIZE : TITLE_SIZE, LEFT, BASELINE, INK);
    double y = top + TITLE_Y;

    bold.bold = true;
    if (c->narrow) {
        draw_fitting(d, x, y, room, bold, p->line->title);
        y += LINE;
        draw_fitting(d, x, y, room, style_of(LABEL_SIZE, LEFT, BASELINE, INK), sweetspot_measure(p));
    } else {
        snprintf(title, sizeof title, "%s, %s", p->line->title, sweetspot_measure(p));
        draw_fitting(d, x, y, room, bold, title);
    }
    y += LINE;
    draw_verdict(d, x, y, room, p);
    return y;
}

static void draw_panel(draw *d, const spot_chart *c, const sweetspot *p, double left, double top)
{
    const double human = reference_of(p), from = draw_heading(d, c, p, left, top) + WORDS_GAP;
    axes scores = plot_at(left, from, c->cell, c->scores_height);
    axes least = plot_at(left, from + c->scores_height + PLOTS_GAP, c->cell, c->least_height);

    scores_range(&scores, p);
    scores.bare_x = true;
    scores.y_label = p->score < 0 ? "distance to people" : "score";
    draw_band(d, &scores, p);
    axes_draw(d, &scores);
    axes_reference(d, &scores, human);
    draw_scores(d, &scores, c->of, p);
    draw_paper(d, &scores, p->line);
    name_people(d, &scores, p, human);
    least_range(&least, p);
    least.x_label = "α";
    least.y_label = "advantage";
    draw_band(d, &least, p);
    axes_draw(d, &least);
    draw_least(d, &least, p);
}

static void draw_key(draw *d, const spot_chart *c)
{
    char text[80];
    const double level = c->list->level;
    const text_style style = style_of(TICK_SIZE, LEFT, MIDDLE, MUTED);
    double x, y;
    key_place(&x, &y, KEY_NETWORK, c);
    draw_alpha_mark(d, 0.3, 0, x, y, 3);
    draw_text(d, x + 8, y, style, "a network");
    key_place(&x, &y, KEY_BAND, c);
    draw_rectangle(d, x, y - 6, 14, 12, faded(series_colour(2), 0.14));
    snprintf(text, sizeof text, "can be the best α (%g %%)", 100 * level);
    draw_text(d, x + 20, y, style, text);
    key_place(&x, &y, KEY_LEAST, c);
    draw_segment(d, x, y - 7, x, y + 7, 1.4, 0, alpha_colour(0.5));
    draw_disc(d, x, y - 7, 2.4, PAPER, alpha_colour(0.5));
    draw_segment(d, x - 4, y + 7, x + 4, y + 7, 1.8, 0, alpha_colour(0.5));
    const bool folded = key_width[KEY_LEAST] > c->width - KEY_LEFT;
    snprintf(text, sizeof text, "and its simultaneous lower %g %% limit", 100 * level);
    draw_text(d, x + 10, y, style, "advantage over the nearer end,");
    draw_text(d, x + 10 + (folded ? 0 : draw_text_width(d, style, "advantage over the nearer end, ")),
              y + (folded ? LINE : 0), style, text);
    key_place(&x, &y, KEY_PAPER, c);
    draw_disc(d, x, y, 3, faded(MUTED, 0), MUTED);
    draw_text(d, x + 9, y, style, "best α in the paper");
}

/* "Only networks with α up to 0.9" */
static void draw_caption(draw *d, const spot_chart *c)
{
    char text[160];
    text_style style = style_of(LABEL_SIZE, LEFT, BASELINE, INK);
    if (c->caption == 0) return;
    snprintf(text, sizeof text, "Only networks with %.130s", c->only.data);
    style.size = c->narrow && c->columns < COLUMNS ? TICK_SIZE : LABEL_SIZE;
    draw_fitting(d, KEY_LEFT, CAPTION - 4, c->width - KEY_LEFT, style, text);
}

static jem_status draw_spots(draw *d, const void *ctx)
{
    const spot_chart *c = ctx;
    const sweetspot_list *list = c->list;
    double top = c->key;
    int64_t at = 0;

    draw_caption(d, c);
    draw_key(d, c);
    for (int group = 0; group < 2; group++) {
        const int64_t cells = count_group(list, group == 0);
        if (group == 1 && cells > 0 && at > 0) {
            draw_segment(d, KEY_LEFT, top + 6, c->width - KEY_LEFT, top + 6, 1, 0, GRID);
            draw_text(d, KEY_LEFT, top + 20, style_of(TICK_SIZE, LEFT, BASELINE, MUTED),
                      "not comparisons with people");
            top += OWN;
        }
        for (int64_t i = 0; i < cells; i++)
            draw_panel(d, c, &list->spots[at + i], (double)(i % c->columns) * c->cell,
                       top + (double)(i / c->columns) * c->cell_height);
        at += cells;
        top += (double)rows_of(c, cells) * c->cell_height;
    }
    return JEM_OK;
}

jem_status fig_sweetspot_write(const study *s, const sweetspot_list *list)
{
    jem_status st;
    char *folder = NULL, *stem = NULL, *path = NULL, *suffix = NULL;
    strbuf tsv = STRBUF_INIT;
    spot_chart c = {.of = s, .list = list, .only = STRBUF_INIT};

    spot_only_words(&c.only, &list->only);
    TRY(strbuf_status(&c.only));
    const double height = lay_out(&c, FIGURE_WIDTH);
    TRY(spot_only_suffix(&suffix, &list->only));
    TRY(str_format(&folder, "%s/figures", s->path));
    TRY(str_format(&stem, "%s/sweetspot%s", folder, suffix));
    TRY(str_format(&path, "%s.tsv", stem));
    TRY(dir_ready(folder));
    TRY(draw_files(stem, FIGURE_WIDTH, height, draw_spots, &c));
    sweetspots_curves_tsv(&tsv, list);
    TRY(strbuf_status(&tsv));
    TRY(file_write(path, tsv.data, tsv.used));
done:
    strbuf_clear(&tsv);
    strbuf_clear(&c.only);
    mem_free(suffix);
    mem_free(path);
    mem_free(stem);
    mem_free(folder);
    return st;
}

/* ---- in the page */

static void free_chart(void *ctx)
{
    spot_chart *c = ctx;
    if (c->owned) {
        c->owned->count += c->hidden;
        sweetspot_list_clear(c->owned);
    }
    mem_free(c->owned);
    strbuf_clear(&c->only);
    mem_free(c);
}

/* The lines of one benchmark. */
static bool take_benchmark(figure *f, const char *part)
{
    spot_chart *c = f->ctx;
    sweetspot *spots = c->owned->spots;
    int64_t kept = 0;
    for (int64_t i = 0; i < c->owned->count; i++) {
        const sweetspot p = spots[i];
        if (strcmp(p.of->benchmark, part) != 0) continue;
        memmove(spots + kept + 1, spots + kept, (size_t)(i - kept) * sizeof *spots);
        spots[kept++] = p;
    }
    c->hidden = c->owned->count - kept;
    c->owned->count = kept;
    return kept > 0;
}

static void lay_out_spots(figure *f, double width)
{
    f->width = width;
    f->height = lay_out(f->ctx, width);
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
        html_printf(html, "<tr><th>%s, %s</th><td>%g</td><td class=\"set\">%s</td>", p->line->title,
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

/* "An α between the ends is above both in 2 of 7 measures: Gloss, r with human ratings (α = 0.4), ..." */
static void say_shown(strbuf *to, const sweetspot_list *list)
{
    int64_t shown = 0, repeated = 0;
    for (int64_t i = 0; i < list->count; i++) {
        repeated += list->spots[i].verdict != SPOT_ONE_SEED;
        shown += list->spots[i].verdict == SPOT_SHOWN;
    }
    if (!repeated) {
        if (list->count) plain_printf(to, "With one seed each nothing is known of training again, so nothing is shown.");
        return;
    }
    plain_printf(to, "An α between the ends is shown to be above both in %lld of %lld measures", (long long)shown,
                 (long long)repeated);
    const char *between = ": ";
    for (int64_t i = 0; i < list->count; i++) {
        const sweetspot *p = &list->spots[i];
        if (p->verdict != SPOT_SHOWN) continue;
        plain_printf(to, "%s%s, %s (α = %g)", between, p->line->title, sweetspot_measure(p), p->alpha[p->at.leader]);
        between = "; ";
    }
    strbuf_add(to, ".");
}

static int64_t count_alphas(const study *s)
{
    int64_t count = 0;
    for (int64_t i = 0; i < s->count; i++)
        count += !isnan(s->runs[i].alpha) && (!i || s->runs[i].alpha != s->runs[i - 1].alpha);
    return count;
}

/* A look at the study: at all of it, or at a part. */
typedef struct spot_view {
    const char *file, *title, *about;
    double most_alpha, accuracy_within;
} spot_view;

static const spot_view spot_views[] = {
    {"sweetspot", "Where along α each benchmark is best",
     "A dot is a network, hollow where it decides at chance. An α between the ends is closer to people than both if its advantage over the nearer "
     "end is positive at least: the bar's foot is the lower limit that holds for all α at once. p is the chance "
     "of such an advantage where all α in between equal the better end; it must hold without any one run, too. "
     "The band holds the best α.",
     1, 1},
    {"sweetspot-to-0.9", "The same for α up to 0.9",
     "Without α above 0.9, whose classifier learns little or nothing: the upper end is the largest α that is left. Does "
     "an α in between lead only because the last ones fall behind?",
     0.9, 1},
    {"sweetspot-matched", "The same at matched accuracy",
     "Only networks whose test accuracy is near that of the discriminative end, as the figure says: does an α in "
     "between lead among networks that classify equally well? They are chosen by what came out, so this describes these "
     "networks; an α of which few are left is an α of few seeds.",
     1, 0.05},
};

/* Nothing of a part that is the whole, or in which nothing is left to compare. */
static jem_status figure_of_view(figure_list *list, study *s, const measures *const *known, const spot_view *view)
{
    jem_status st;
    sweetspot_options o = SWEETSPOT_OPTIONS_INIT;
    const spot_only only = spot_only_of(s, view->most_alpha, view->accuracy_within);
    const bool whole = view == spot_views;
    spot_chart *c = NULL;
    figure f = {.file = view->file, .section = "Sweet spot", .title = view->title, .about = view->about,
                .lay_out = lay_out_spots, .take_part = take_benchmark, .draw = draw_spots, .free_ctx = free_chart};

    o.measures = known;
    o.most_alpha = view->most_alpha;
    o.accuracy_within = view->accuracy_within;
    if (!whole && !spot_only_leaves_out(&only, s)) return JEM_OK;
    TRY(MEM_NEW(c, 1));
    f.ctx = c;
    c->of = s;
    TRY(MEM_NEW(c->owned, 1));
    c->list = c->owned;
    TRY(pool_new(&o.threads, 0));
    st = sweetspots_find(c->owned, s, &o);
    if (st == JEM_EUSAGE || st == JEM_EDATA) { /* a study.yaml that means nothing */
        if (whole) TRY(str_format(&f.missing, "%s.", jem_error_message()));
        st = !whole ? JEM_OK : figure_list_add(list, &f);
        goto done;
    }
    if (st != JEM_OK) goto done;
    if (!whole && !c->list->count) goto done;
    if (!c->list->count)
        TRY(str_format(&f.missing, "No benchmark was scored at two values of alpha or more."));
    spot_only_words(&c->only, &c->list->only);
    TRY(strbuf_status(&c->only));
    TRY(spot_table(&f.table, c->list));
    sweetspots_curves_tsv(&f.tsv, c->list);
    say_shown(&f.says, c->list);
    st = figure_list_add(list, &f);
done:
    pool_free(o.threads);
    figure_clear(&f);
    return st;
}

jem_status figures_of_sweetspots(figure_list *list, study *s, const measures *const *known)
{
    jem_status st = JEM_OK;
    figure f = {.file = spot_views[0].file, .section = "Sweet spot", .title = spot_views[0].title};

    if (count_alphas(s) < 3) {
        TRY(str_format(&f.missing, "A sweet spot needs runs at three values of alpha or more."));
        return figure_list_add(list, &f);
    }
    for (size_t i = 0; i < sizeof spot_views / sizeof *spot_views; i++)
        TRY(figure_of_view(list, s, known, &spot_views[i]));
done:
    return st;
}
