/* The page: explanation, key results, figures, runs. */
#include "report/marks.h"
#include "report/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/path_expand.h"
#include "base/shell_line.h"
#include "base/try.h"
#include "measure/standing.h"
#include "report/page_hands.h"
#include "report/page_link.h"
#include "report/page_parts.h"
#include "report/page_style.h"
#include "report/page_summary.h"
#include "sweetspot/trend.h"

/* ---- head */

void page_open(strbuf *h, const char *name, int reload_s)
{
    strbuf_add(h,
               "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
    page_hands_policy(h);
    strbuf_add(h,
               "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n");
    if (reload_s) html_printf(h, "<meta http-equiv=\"refresh\" content=\"%d\">\n", reload_s);
    html_printf(h, "<title>%s – jem report</title>\n<style>\n", name);
    strbuf_put(h, page_style, strlen(page_style));
    page_hands_style(h);
    strbuf_add(h, "</style></head>\n<body><main>\n");
}

static void write_head(strbuf *h, const study *s, const char *name, int reload_s)
{
    page_open(h, name, reload_s);
    html_printf(h, "<h1>Joint energy-based models along α</h1>\n<p class=\"quiet\">%s <b>%s</b></p>\n",
                s->single ? "Run" : "Study", name);
    strbuf_add(
        h, "<p class=\"lead\">Each network here is a classifier and a model of its images at once: "
           "its logits <i>f(x)</i> give class probabilities, and their log-sum-exp LSE(<i>x</i>) = "
           "−<i>E(x)</i> says how probable an image is. One number, "
           "α, sets how much training cares for which: the loss is "
           "α·<i>c</i>·<i>l</i><sub>G</sub> + "
           "(1−α)·<i>l</i><sub>D</sub>, where <i>l</i><sub>G</sub> raises "
           "LSE of data over that of the model’s own samples, <i>l</i><sub>D</sub> is "
           "cross-entropy, and <i>c</i> gives both gradients the same length. Everything else is "
           "equal between the networks.</p>\n");
    strbuf_add(h, "<div class=\"scale\" style=\"background:linear-gradient(90deg");
    for (int i = 0; i <= 10; i++) {
        const colour c = alpha_colour(i / 10.0);
        html_printf(h, ",rgb(%.0f,%.0f,%.0f)", 255 * c.r, 255 * c.g, 255 * c.b);
    }
    strbuf_add(h, ")\"></div><div class=\"ends\"><span>α = 0: purely "
                  "discriminative, p(y|x)</span><span>α = 1: purely generative, "
                  "p(x)</span></div>\n");
    strbuf_add(h,
               "<p>The figures show scores against α. A point is the mean over seeds; "
               "whisker and band are its standard error, drawn only where there are at least two "
               "seeds; small dots are the seeds. Dashed lines are reference levels. The table "
               "below a figure holds its numbers; with one seed, the small print is the 95 % "
               "interval of the score.</p>\n");
}

/* ---- key results */

/* The first condition with this prefix in any run; NULL where the prefix is NULL. */
static bool find_condition(const char **condition, const study *s, const char *benchmark,
                           const measure *m)
{
    *condition = NULL;
    for (int64_t i = 0; i < s->count; i++)
        for (int64_t j = 0; j < s->runs[i].scores.count; j++) {
            const score *sc = &s->runs[i].scores.scores[j];
            if (strcmp(sc->benchmark, benchmark) != 0 || strcmp(sc->metric, m->metric) != 0)
                continue;
            if (!m->card_condition) return true;
            if (!sc->condition ||
                strncmp(sc->condition, m->card_condition, strlen(m->card_condition)) != 0)
                continue;
            *condition = sc->condition;
            return true;
        }
    return false;
}

static void write_card(strbuf *h, const measure *m, const trend *t)
{
    char value[40], spread[40];
    const trend_point *p = trend_best(t, !m->lower_is_better, m->needs_head);
    if (!p) return;
    colour c = alpha_colour(p->alpha);
    trend_number(value, sizeof value, p->mean);
    html_printf(h, "<div class=\"card\" data-alpha=\"%g\" style=\"border-color:rgb(%.0f,%.0f,%.0f)\"><b>%s",
                p->alpha, 255 * c.r, 255 * c.g, 255 * c.b, value);
    if (isfinite(p->sem)) {
        trend_number(spread, sizeof spread, p->sem);
        html_printf(h, " <small>± %s</small>", spread);
    }
    html_printf(h, "</b><span>%s", m->card);
    if (t->condition && m->card_condition)
        html_printf(h, " against %s", t->condition + strlen(m->card_condition));
    html_printf(h, "</span><span>at α = %g</span></div>\n", p->alpha);
}

/* The best values of one benchmark. */
static jem_status write_best(strbuf *h, const study *s, const measures *of)
{
    jem_status st = JEM_OK;
    for (const measure *m = of->scores; m->metric; m++) {
        const char *condition;
        trend t;
        if (!m->card || !find_condition(&condition, s, of->benchmark, m)) continue;
        TRY(trend_collect(&t, s, of->benchmark, m->metric, condition));
        write_card(h, m, &t);
        trend_clear(&t);
    }
done:
    return st;
}

/* While a study trains nothing is said of what it has not done yet. */
static bool is_shown(const study *s, int64_t warning, const report_live *live)
{
    return !live || !s->warning_passes[warning];
}

static int64_t count_warnings(const study *s, const report_live *live)
{
    int64_t n = 0;
    for (int64_t i = 0; i < s->warning_count; i++) n += is_shown(s, i, live);
    return n;
}

static jem_status write_cards(strbuf *h, const study *s, const page_place *place)
{
    const int64_t warnings = count_warnings(s, place->live);
    int64_t finished = 0;
    for (int64_t i = 0; i < s->count; i++) finished += strcmp(s->runs[i].status, "finished") == 0;
    html_printf(h,
                "<div class=\"cards\"><div class=\"card\"><b>%lld <small>of %lld</small></b>"
                "<span>runs finished</span><span>%lld warning%s</span></div>\n",
                (long long)finished, (long long)(place->live ? place->live->count : s->count), (long long)warnings,
                warnings == 1 ? "" : "s");
    for (const measures *const *known = place->measures; *known; known++) {
        jem_status st = write_best(h, s, *known);
        if (st != JEM_OK) return st;
    }
    strbuf_add(h, "</div>\n");
    return JEM_OK;
}

static void write_warnings(strbuf *h, const study *s, const report_live *live)
{
    if (!count_warnings(s, live)) return;
    strbuf_add(h, "<div class=\"warnings\"><b>Read the numbers with this in mind</b><ul>");
    for (int64_t i = 0; i < s->warning_count; i++)
        if (is_shown(s, i, live)) html_printf(h, "<li>%s</li>", s->warnings[i]);
    strbuf_add(h, "</ul></div>\n");
}

/* ---- figures */

static const char *const sections[] = {
    "Sweet spot", "People", "Classification",   "Material perception",
    "Samples",    "Energy", "Other benchmarks", "Training"};
enum { SECTIONS = sizeof sections / sizeof *sections };

/* Links to the files of a figure; `folder` as it is found from the page. */
static jem_status write_files(strbuf *h, const figure *f, const char *folder)
{
    static const char *const endings[] = {".svg", ".pdf", ".png", ".tsv"};
    jem_status st = JEM_OK;
    char *path = NULL;

    strbuf_add(h, "<p class=\"files\">");
    for (int i = 0; i < (f->tsv.used ? 4 : 3); i++) {
        mem_free(path);
        TRY(str_format(&path, "%s/%s%s", folder, f->file, endings[i]));
        if (i > 0) html_printf(h, "%s", i < 3 ? ", " : "; numbers: ");
        html_link(h, path, i > 0 ? endings[i] : path);
    }
    strbuf_add(h, "</p>");
done:
    mem_free(path);
    return st;
}

/* number: from 1 on among those that are drawn. */
static jem_status write_figure(strbuf *h, figure *f, int64_t number, const char *folder)
{
    if (f->missing) {
        html_printf(h, "<h3>%s</h3>\n<p class=\"missing\">Not available: %s</p>\n", f->title, f->missing);
        return JEM_OK;
    }
    html_printf(h, "<h3 id=\"figure-%lld\"><span class=\"number\">Figure %lld.</span> %s</h3>\n",
                (long long)number, (long long)number, f->title);
    if (f->says.used) html_printf(h, "<p class=\"says\">%s</p>\n", f->says.data);
    html_printf(h, "<p>%s</p>\n<figure aria-labelledby=\"figure-%lld\">", f->about, (long long)number);
    char ids[24];
    snprintf(ids, sizeof ids, "f%lld", (long long)number);
    jem_status st = figure_plots(h, f, ids, FIGURE_WIDTH);
    if (st != JEM_OK) return st;
    if (f->table.used) {
        strbuf_add(h, "<div class=\"numbers\">");
        strbuf_put(h, f->table.data, f->table.used);
        strbuf_add(h, "</div>");
    }
    if (folder) st = write_files(h, f, folder);
    strbuf_add(h, "</figure>\n");
    return st;
}

static bool has_section(const figure_list *figures, const char *section)
{
    for (int64_t i = 0; i < figures->count; i++)
        if (strcmp(figures->figures[i].section, section) == 0) return true;
    return false;
}

void page_contents(strbuf *h, const figure_list *figures, const char *last)
{
    strbuf_add(h, "<nav>");
    for (int k = 0; k < SECTIONS; k++)
        if (has_section(figures, sections[k]))
            html_printf(h, "<a href=\"#s%d\">%s</a>", k, sections[k]);
    html_printf(h, "<a href=\"#runs\">%s</a></nav>\n", last);
}

jem_status page_sections(strbuf *h, const figure_list *figures, const char *folder)
{
    int64_t number = 0;
    for (int k = 0; k < SECTIONS; k++) {
        if (!has_section(figures, sections[k])) continue;
        html_printf(h, "<h2 id=\"s%d\">%s</h2>\n", k, sections[k]);
        for (int64_t i = 0; i < figures->count; i++) {
            if (strcmp(figures->figures[i].section, sections[k]) != 0) continue;
            figure *f = &figures->figures[i];
            number += !f->missing;
            jem_status st = write_figure(h, f, number, folder);
            if (st != JEM_OK) return st;
        }
    }
    return JEM_OK;
}

/* ---- runs */

static void write_entry(strbuf *h, const char *name, const char *value)
{
    if (!value || !*value) return;
    html_printf(h, "<dt>%s</dt><dd>%s</dd>", name, value);
}

void page_commands(strbuf *h, const score_list *list)
{
    for (int64_t i = 0; i < list->count; i++) {
        const char *command = list->scores[i].command;
        bool seen = !command;
        for (int64_t j = 0; j < i && !seen; j++)
            seen = list->scores[j].command && strcmp(list->scores[j].command, command) == 0;
        if (!seen) html_printf(h, "%s\n", command);
    }
}

/* How this run came about. */
static jem_status write_commands(strbuf *h, const study_run *r)
{
    jem_status st;
    char *relative = NULL, *settings = NULL, *train = NULL;

    TRY(str_format(&relative, "%s/config.yaml", r->path));
    TRY(path_absolute(&settings, relative));
    TRY(shell_line(&train, (const char *[]){"jem", "train", settings, "--out", "NEW-FOLDER", NULL}));
    html_printf(h, "<pre># the same training again\n%s\n# its scores\n", train);
    page_commands(h, &r->scores);
    strbuf_add(h, "</pre>");
done:
    mem_free(relative);
    mem_free(settings);
    mem_free(train);
    return st;
}

void page_scores(strbuf *h, const score_list *list, bool how)
{
    char value[40], low[40], high[40];
    if (!list->count) return;
    strbuf_add(h, "<div class=\"numbers\"><table><thead><tr><th>score</th><th>condition</th>"
                  "<th>value</th><th>95 % interval</th><th>images</th>");
    if (how) strbuf_add(h, "<th class=\"text\">how</th>");
    strbuf_add(h, "</tr></thead><tbody>");
    for (int64_t i = 0; i < list->count; i++) {
        const score *s = &list->scores[i];
        trend_number(value, sizeof value, s->value);
        html_printf(h, "<tr><th>%s %s</th><td>%s</td><td>%s</td><td>", s->benchmark, s->metric,
                    s->condition ? s->condition : "", isfinite(s->value) ? value : "–");
        if (isfinite(s->low) && isfinite(s->high)) {
            trend_number(low, sizeof low, s->low);
            trend_number(high, sizeof high, s->high);
            html_printf(h, "%s–%s", low, high);
        }
        strbuf_add(h, "</td><td>");
        if (s->n) html_printf(h, "%lld", (long long)s->n);
        strbuf_add(h, "</td>");
        if (how) html_printf(h, "<td class=\"text\">%s</td>", s->formula ? s->formula : "");
        strbuf_add(h, "</tr>");
    }
    strbuf_add(h, "</tbody></table></div>");
}

static size_t line_length(const char *text) { return strcspn(text, "\n"); }

/* Do the texts have as many lines? */
static bool is_as_long(const char *a, const char *b)
{
    while ((a = strchr(a, '\n')) && (b = strchr(b, '\n'))) a++, b++;
    return !a && !strchr(b, '\n');
}

/* The settings of a run: of all but the first those that are other than its. */
static void write_config(strbuf *h, const study_run *r, const study_run *first)
{
    const char *own = r->config, *usual = first->config;
    if (r == first || !is_as_long(own, usual)) {
        html_printf(h, "<pre>%s</pre>", own);
        return;
    }
    html_printf(h, "<p>The settings of %s, but for</p>\n<pre>", first->name);
    for (; *own; own += *own == '\n', usual += *usual == '\n') {
        const size_t n = line_length(own), m = line_length(usual);
        if (n != m || memcmp(own, usual, n) != 0) html_printf(h, "%.*s\n", (int)n, own);
        own += n, usual += m;
    }
    strbuf_add(h, "</pre>");
}

/* `path` as it is found from the page. */
static jem_status write_run(strbuf *h, const study_run *r, const study_run *first, const char *path)
{
    char text[64];
    jem_status st;
    const colour c = isnan(r->alpha) ? MUTED : alpha_colour(r->alpha);
    strbuf_add(h, "<details");
    if (!isnan(r->alpha)) html_printf(h, " data-alpha=\"%g\"", r->alpha);
    html_printf(h, "><summary><span class=\"dot\" style=\"background:rgb(%.0f,%.0f,%.0f)\"></span>%s<i>", 255 * c.r, 255 * c.g,
                255 * c.b, r->name);
    if (r->beside) html_printf(h, "beside the study: %s, ", r->model[0] ? r->model : "another network");
    if (r->beside && r->seed < 0) strbuf_add(h, "imported, ");
    const double alpha = r->beside ? r->trained_alpha : r->alpha;
    if (!isnan(alpha)) html_printf(h, "α = %g, ", alpha);
    if (r->seed >= 0) html_printf(h, "seed %lld, ", (long long)r->seed);
    html_printf(h, "%s, %lld iterations", r->status, (long long)r->iteration);
    if (isfinite(r->wall_s)) html_printf(h, ", %.1f min", r->wall_s / 60);
    if (r->rescue_count)
        html_printf(h, ", rescued %lld time%s", (long long)r->rescue_count,
                    r->rescue_count == 1 ? "" : "s");
    strbuf_add(h, "</i></summary>\n<dl>");
    strbuf_add(h, "<dt>folder</dt><dd>");
    html_link(h, path, path);
    strbuf_add(h, "</dd>");
    write_entry(h, "network", r->model);
    snprintf(text, sizeof text, "%s%s", r->version[0] ? "jem " : "", r->version);
    write_entry(h, "trained by", text);
    write_entry(h, "hash of the training data", r->data_hash);
    for (int64_t i = 0; i < r->scores.count; i++)
        if (r->scores.scores[i].data_hash) {
            write_entry(h, "hash of the test data", r->scores.scores[i].data_hash);
            break;
        }
    write_entry(h, "note", r->message);
    for (int64_t i = 0; i < r->rescue_count; i++) write_entry(h, "rescued", r->rescues[i]);
    strbuf_add(h, "</dl>\n");
    TRY(write_commands(h, r));
    page_scores(h, &r->scores, r == first); /* how is the same for all */
    write_config(h, r, first);
    strbuf_add(h, "</details>\n");
done:
    return st;
}

static jem_status write_runs(strbuf *h, const study *s, const char *folder)
{
    jem_status st = JEM_OK;
    char *path = NULL;

    strbuf_add(h, "<h2 id=\"runs\">Runs</h2>\n<p>The command, the data and every setting behind "
                  "each point.</p>\n");
    for (int64_t i = 0; i < s->count; i++) {
        mem_free(path);
        TRY(page_path(&path, folder, s->runs[i].path));
        TRY(write_run(h, &s->runs[i], &s->runs[0], path));
    }
done:
    mem_free(path);
    return st;
}

void page_close(strbuf *h, const char *command)
{
    html_printf(h,
                "<p class=\"quiet\">Made by jem " JEM_VERSION " with <code>%s</code>. This page "
                "loads nothing; its one script is its own.</p>\n</main>\n",
                command);
    page_hands_script(h);
    strbuf_add(h, "</body></html>\n");
}

jem_status page_write(strbuf *html, const study *s, const figure_list *figures, const char *command,
                      const page_place *place)
{
    jem_status st;
    const char *slash = strrchr(s->path, '/');
    char *folder = NULL, *drawn = NULL;

    TRY(page_folder(&folder, place->page));
    TRY(page_path(&drawn, folder, place->figures));
    write_head(html, s, slash && slash[1] ? slash + 1 : s->path, place->live ? place->live->reload_s : 0);
    page_summary(html, s, place->measures);
    page_contents(html, figures, "Runs");
    page_hands_alphas(html, s);
    if (place->live) page_live(html, place->live);
    TRY(write_cards(html, s, place));
    write_warnings(html, s, place->live);
    TRY(page_sections(html, figures, place->live ? NULL : drawn));
    TRY(write_runs(html, s, folder));
    page_close(html, command);
    TRY(strbuf_status(html));
done:
    mem_free(folder);
    mem_free(drawn);
    return st;
}
