/* The first lines of jem bench: see bench_headline.h. */
#include "cli/bench_headline.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "base/utf8.h"
#include "bench/subject.h"
#include "measure/standing.h"
#include "sweetspot/trend.h"

/* A score of one network, or of all that differ in their seed alone. */
typedef struct headline {
    const measures *of;
    const measure *what;
    const score *first;
    int64_t seeds, at_chance;
    double sum, squares; /* of values from the first one's */
} headline;

typedef struct headlines {
    headline *line;
    int64_t count, capacity;
} headlines;

enum { BENCHMARK, SCORE, MODEL, NETWORK, VALUE, INTERVAL, PEOPLE, STANDING, COLUMNS };
typedef struct cells {
    char *text[COLUMNS]; /* owned */
} cells;

/* ---- which lines */

static bool is_models(const headline_request *q, const score *s)
{
    return !isnan(s->alpha) || s->seed >= 0 || str_same(s->model, q->answers) ||
           str_same(s->model, subject_autoencoder_name);
}

static bool same_network(const score *a, const score *b)
{
    return str_same(a->model, b->model) && str_same(a->dataset, b->dataset) &&
           (a->alpha == b->alpha || (isnan(a->alpha) && isnan(b->alpha)));
}

static jem_status add(headlines *all, const headline_request *q, const measures *of,
                      const measure *what, const score *s)
{
    jem_status st = JEM_OK;
    const bool at_chance = standing_chance(q->scores, of, s) == CHANCE_AT;

    for (int64_t i = 0; i < all->count; i++) {
        headline *h = &all->line[i];
        if (h->what != what || !same_network(h->first, s)) continue;
        const double from_first = s->value - h->first->value;
        h->seeds++;
        h->at_chance += at_chance;
        h->sum += from_first;
        h->squares += from_first * from_first;
        return JEM_OK;
    }
    TRY(MEM_GROW(all->line, all->count, all->capacity));
    all->line[all->count++] = (headline){
        .of = of, .what = what, .first = s, .seeds = 1, .at_chance = at_chance};
done:
    return st;
}

static jem_status add_scores(headlines *all, const headline_request *q, const measures *of,
                             const measure *what)
{
    jem_status st = JEM_OK;
    for (int64_t i = 0; i < q->scores->count; i++) {
        const score *s = &q->scores->scores[i];
        if (strcmp(s->benchmark, of->benchmark) == 0 && strcmp(s->metric, what->metric) == 0 &&
            measure_shows(what, s->dataset, s->condition) && is_models(q, s))
            TRY(add(all, q, of, what, s));
    }
done:
    return st;
}

/* Comparisons with people; where a benchmark has none, the first of its scores that there are. */
static jem_status find(headlines *all, const headline_request *q)
{
    jem_status st = JEM_OK;
    for (const measures *const *m = q->meanings; *m; m++) {
        const int64_t before = all->count;
        for (const measure *s = (*m)->scores; s->metric; s++)
            if (measure_compares(*m, s)) TRY(add_scores(all, q, *m, s));
        for (const measure *s = (*m)->scores; s->metric && all->count == before; s++)
            TRY(add_scores(all, q, *m, s));
    }
done:
    return st;
}

/* ---- what they say */

static double mean_of(const headline *h)
{
    return h->first->value + h->sum / (double)h->seeds;
}

static jem_status network_text(char **out, const headline *h)
{
    const score *s = h->first;
    char alpha[32] = "", seed[32] = "";
    if (!isnan(s->alpha)) snprintf(alpha, sizeof alpha, "alpha %g", s->alpha);
    if (h->seeds > 1)
        snprintf(seed, sizeof seed, "%" PRId64 " seeds", h->seeds);
    else if (s->seed >= 0)
        snprintf(seed, sizeof seed, "seed %" PRId64, s->seed);
    return str_format(out, "%s%s%s", alpha, *alpha && *seed ? ", " : "", seed);
}

static jem_status interval_text(char **out, const headline *h)
{
    const double n = (double)h->seeds;
    char low[40], high[40];

    if (h->seeds > 1) {
        const double variance = fmax(h->squares - h->sum * h->sum / n, 0) / (n - 1);
        trend_number(low, sizeof low, sqrt(variance / n));
        return str_format(out, "± %s", low);
    }
    if (!isfinite(h->first->low) || !isfinite(h->first->high)) return mem_strdup(out, "-");
    trend_number(low, sizeof low, h->first->low);
    trend_number(high, sizeof high, h->first->high);
    return str_format(out, "%s to %s", low, high);
}

static bool is_bound(const headline *h)
{
    return reference_is_bound(h->of, h->what, people_reach(h->of, h->what, h->first));
}

static jem_status people_text(char **out, const headline *h)
{
    char number[40];
    const double reach = people_reach(h->of, h->what, h->first);
    if (isnan(reach)) return mem_strdup(out, "-");
    trend_number(number, sizeof number, reach);
    return str_format(out, "%s%s", number, is_bound(h) ? " (bound)" : "");
}

static jem_status neighbour_text(char **out, const char *word, const published_score *p)
{
    char number[40];
    if (!p) return mem_strdup(out, "");
    trend_number(number, sizeof number, p->value);
    return str_format(out, ", %s %s %s", word, p->model, number);
}

static jem_status standing_text(char **out, const headline *h)
{
    jem_status st;
    char *above = NULL, *below = NULL;
    const standing at = standing_of(h->of, h->what, mean_of(h));

    if (h->what->needs_head && h->first->alpha == 1)
        return mem_strdup(out, "no classifier was trained");
    if (h->at_chance == h->seeds) return mem_strdup(out, "at chance");
    if (h->at_chance > 0)
        return str_format(out, "%" PRId64 " of %" PRId64 " at chance", h->at_chance, h->seeds);
    if (at.of == 1 || isnan(mean_of(h))) return mem_strdup(out, "-");
    TRY(neighbour_text(&above, "after", at.above));
    TRY(neighbour_text(&below, "before", at.below));
    TRY(str_format(out, "number %" PRId64 " of %" PRId64 "%s%s", at.rank, at.of, above, below));
done:
    mem_free(above);
    mem_free(below);
    return st;
}

static jem_status fill(cells *c, const headline *h)
{
    jem_status st;
    char number[40];

    trend_number(number, sizeof number, mean_of(h));
    TRY(mem_strdup(&c->text[BENCHMARK], h->of->name));
    TRY(str_format(&c->text[SCORE], "%s %s", h->what->lower_is_better ? "↓" : "↑", h->what->title));
    TRY(mem_strdup(&c->text[MODEL], h->first->model ? h->first->model : ""));
    TRY(network_text(&c->text[NETWORK], h));
    TRY(mem_strdup(&c->text[VALUE], isnan(mean_of(h)) ? "undefined" : number));
    TRY(interval_text(&c->text[INTERVAL], h));
    TRY(people_text(&c->text[PEOPLE], h));
    TRY(standing_text(&c->text[STANDING], h));
done:
    return st;
}

/* "95 %", "± s.e.", or both. */
static jem_status head(cells *c, const headlines *all, double level)
{
    jem_status st;
    bool one = false, several = false, bounds = false;

    for (int64_t i = 0; i < all->count; i++) {
        one |= all->line[i].seeds == 1;
        several |= all->line[i].seeds > 1;
        bounds |= is_bound(&all->line[i]);
    }
    TRY(mem_strdup(&c->text[BENCHMARK], "benchmark"));
    TRY(mem_strdup(&c->text[SCORE], "score (↑ ↓ better)"));
    TRY(mem_strdup(&c->text[MODEL], "model"));
    TRY(mem_strdup(&c->text[NETWORK], "network"));
    TRY(mem_strdup(&c->text[VALUE], several ? "mean" : "value"));
    TRY(str_format(&c->text[INTERVAL], one && several ? "%g %%, or ± s.e." : one ? "%g %% interval" : "± s.e.",
                   100 * level));
    TRY(mem_strdup(&c->text[PEOPLE], bounds ? "reference" : "people"));
    TRY(mem_strdup(&c->text[STANDING], "among published models"));
done:
    return st;
}

/* ---- the table */

/* Is a column of the lines [count] all the same (and not worth one)? */
static bool is_common(const cells *row, int64_t count, int column)
{
    for (int64_t i = 1; i < count; i++)
        if (strcmp(row[i].text[column], row[0].text[column]) != 0) return false;
    return true;
}

static void put(strbuf *out, const char *text, int width)
{
    plain_printf(out, "%s", text);
    for (int i = utf8_length(text); i < width; i++) strbuf_add(out, " ");
}

/* row [1 + count]: the head first.  A benchmark's name and its score's stand in the first of their lines. */
static void put_table(strbuf *out, const cells *row, int64_t count)
{
    int width[COLUMNS] = {0};
    bool shown[COLUMNS];

    for (int k = 0; k < COLUMNS; k++) {
        shown[k] = (k != MODEL && k != NETWORK) || !is_common(row + 1, count, k);
        for (int64_t i = 0; i <= count; i++) {
            const int length = utf8_length(row[i].text[k]);
            width[k] = length > width[k] ? length : width[k];
        }
    }
    const char *of = shown[MODEL] ? "" : row[1].text[MODEL];
    const char *which = shown[NETWORK] ? "" : row[1].text[NETWORK];
    if (*of || *which) plain_printf(out, "%s%s%s\n", of, *of && *which ? "  " : "", which);
    for (int64_t i = 0; i <= count; i++) {
        const bool again = i > 1 && strcmp(row[i].text[SCORE], row[i - 1].text[SCORE]) == 0 &&
                           strcmp(row[i].text[BENCHMARK], row[i - 1].text[BENCHMARK]) == 0;
        for (int k = 0; k < COLUMNS; k++) {
            if (!shown[k]) continue;
            strbuf_add(out, "  ");
            put(out, again && k <= SCORE ? "" : row[i].text[k], k == STANDING ? 0 : width[k]);
        }
        strbuf_add(out, "\n");
    }
}

jem_status bench_headlines(strbuf *out, int64_t *lines, const headline_request *q)
{
    jem_status st;
    headlines all = {.count = 0};
    cells *row = NULL;

    TRY(find(&all, q));
    *lines = all.count;
    if (all.count == 0) goto done;
    TRY(MEM_NEW(row, all.count + 1));
    TRY(head(&row[0], &all, q->level));
    for (int64_t i = 0; i < all.count; i++) TRY(fill(&row[1 + i], &all.line[i]));
    put_table(out, row, all.count);
    TRY(strbuf_status(out));
done:
    for (int64_t i = 0; row && i <= all.count; i++)
        for (int k = 0; k < COLUMNS; k++) mem_free(row[i].text[k]);
    mem_free(row);
    mem_free(all.line);
    return st;
}
