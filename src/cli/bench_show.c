/* Listings and tables of jem bench: see bench_show.h. */
#include "cli/bench_show.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/json.h"
#include "base/try.h"
#include "bench/bench.h"
#include "study/bench_settings.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "measure/standing.h"

/* ---- the list */

static void print_line(void *ctx, const char *line)
{
    (void)ctx;
    cli_print("    %s\n", line);
}

static void print_recorded_answers(void)
{
    puts(
        "recorded answers (--answers FILE, or a folder with one file per image set):\n"
        "    trials     CSV with model-vs-human's columns; --observer NAME where several answered\n"
        "    logits     npy [n][classes] or CSV; rows that sum to 1 are probabilities\n"
        "    distances  CSV: set, name, patch, distance\n"
        "    maps       npy [n][height][width]\n"
        "    scalars    npy [n], or [instances][n] of which the mean is scored, or CSV: name, "
        "value\n"
        "    features   npy [n][dim], with --kind features\n"
        "    npz is npy, too: of several arrays each is called by its image set\n"
        "    docs/formats.md has the details; FILE.names beside FILE.npy names its rows\n");
}

jem_status bench_list(const benchmark *const *list)
{
    jem_status st;
    bench_settings s;

    TRY(bench_settings_init(&s, list));
    for (const benchmark *const *b = list; *b; b++) {
        if ((*b)->generative) continue;
        cli_print("%s\n    measures  %s\n    source    %s\n    needs     %s\n    data      %s\n\n",
                  (*b)->name, (*b)->measures, (*b)->source, (*b)->needs, (*b)->data);
    }
    print_recorded_answers();
    puts("keys for --set KEY=VALUE:");
    options_help(s.groups, print_line, NULL);
done:
    bench_settings_clear(&s);
    return st;
}

jem_status bench_list_json(const benchmark *const *list)
{
    json_t *all = json_array();
    int failed = 0;

    for (const benchmark *const *b = list; *b; b++) {
        if ((*b)->generative) continue;
        failed |= json_array_append_new(all, json_pack("{s:s s:s s:s s:s s:s}", "name", (*b)->name,
                                                       "measures", (*b)->measures, "source",
                                                       (*b)->source, "needs", (*b)->needs, "data",
                                                       (*b)->data));
    }
    if (!failed) json_dumpf(all, stdout, JSON_INDENT(1));
    if (!failed) puts("");
    json_decref(all);
    return failed ? jem_error(JEM_ENOMEM, "bench list: out of memory") : JEM_OK;
}

/* ---- scores */

static bool same_model(const score *a, const score *b)
{
    const char *x = a->model ? a->model : "", *y = b->model ? b->model : "";
    return strcmp(x, y) == 0 && a->seed == b->seed &&
           (a->alpha == b->alpha || (isnan(a->alpha) && isnan(b->alpha)));
}

static const measure *meaning_of(const measures **of, const score *s, const measures *const *meanings)
{
    *of = measures_find(meanings, s->benchmark);
    return *of ? measure_find(*of, s->metric) : NULL;
}

/* Is what the score is held against a bound instead of what people reach? */
static bool is_bound(const score *s, const measures *const *meanings)
{
    const measures *of;
    const measure *m = meaning_of(&of, s, meanings);
    return m && !isnan(s->ceiling) && reference_is_bound(of, m, s->ceiling);
}

static void show_heading(const score_list *l, const score *s, const measures *const *meanings)
{
    bool bounds = false;
    for (int64_t i = 0; i < l->count; i++)
        bounds |= same_model(&l->scores[i], s) && is_bound(&l->scores[i], meanings);
    cli_print("%s", s->model ? s->model : "-");
    if (!isnan(s->alpha)) cli_print("  alpha %g", s->alpha);
    if (s->seed >= 0) cli_print("  seed %" PRId64, s->seed);
    cli_print("\n  %-15s %-30s %-18s %-24s %11s %11s %11s %8s %9s\n", "benchmark", "metric",
              "dataset", "condition", "value", "low", "high", "n", bounds ? "reference" : "people");
}

static void show_row(const score_list *l, const score *s, const measures *const *meanings)
{
    char value[CLI_CELL], low[CLI_CELL], high[CLI_CELL], people[CLI_CELL];
    const measures *of;
    const measure *m = meaning_of(&of, s, meanings);
    cli_print("  %-15s %s %-28s %-18s %-24s %11s %11s %11s %8" PRId64 " %9s%s%s\n", s->benchmark,
              !m ? " " : m->lower_is_better ? "↓" : "↑", s->metric, s->dataset ? s->dataset : "-",
              s->condition ? s->condition : "-", cli_cell(value, s->value), cli_cell(low, s->low),
              cli_cell(high, s->high), s->n, cli_cell(people, s->ceiling),
              is_bound(s, meanings) ? " (bound)" : "",
              standing_chance(l, of, s) == CHANCE_AT ? "  at chance" : "");
}

void bench_show_table(const score_list *l, const measures *const *meanings)
{
    for (int64_t i = 0; i < l->count; i++) {
        int64_t before = 0;
        while (!same_model(&l->scores[before], &l->scores[i])) before++;
        if (before < i) continue; /* shown with the first score of this model */
        if (i > 0) cli_print("\n");
        show_heading(l, &l->scores[i], meanings);
        for (int64_t k = i; k < l->count; k++)
            if (same_model(&l->scores[k], &l->scores[i])) show_row(l, &l->scores[k], meanings);
    }
}

static jem_status put_text(const char *key, const char *text)
{
    if (!text) {
        cli_print("\"%s\": null", key);
        return JEM_OK;
    }
    json_t *string = json_plain_string(text);
    char *quoted = string ? json_dumps(string, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;
    json_decref(string);
    if (!quoted) return jem_error(JEM_ENOMEM, "out of memory");
    cli_print("\"%s\": ", key);
    fputs(quoted, stdout);
    free(quoted);
    return JEM_OK;
}

static void put_number(const char *key, double x)
{
    char text[NUMBER_TEXT_MAX];
    cli_print("\"%s\": %s, ", key, isfinite(x) ? number_text(text, x) : "null");
}

static void put_count(const char *key, int64_t n, bool given)
{
    if (given)
        cli_print("\"%s\": %" PRId64 ", ", key, n);
    else
        cli_print("\"%s\": null, ", key);
}

static jem_status put_score(const score *s, chance_state chance)
{
    jem_status st;
    const struct {
        const char *key, *text;
    } first[] = {{"benchmark", s->benchmark}, {"metric", s->metric}, {"model", s->model}};

    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        TRY(put_text(first[i].key, first[i].text));
        fputs(", ", stdout);
    }
    put_number("alpha", s->alpha);
    put_count("seed", s->seed, s->seed >= 0);
    TRY(put_text("dataset", s->dataset));
    fputs(", ", stdout);
    TRY(put_text("condition", s->condition));
    fputs(", ", stdout);
    put_number("value", s->value);
    put_number("low", s->low);
    put_number("high", s->high);
    put_count("n", s->n, s->n > 0);
    put_number("ceiling", s->ceiling);
    TRY(put_text("formula", s->formula));
    fputs(", ", stdout);
    TRY(put_text("data_hash", s->data_hash));
    cli_print(", \"at_chance\": %s",
              chance == CHANCE_UNKNOWN ? "null" : chance == CHANCE_AT ? "true" : "false");
done:
    return st;
}

jem_status bench_show_json(const score_list *l, const measures *const *meanings)
{
    jem_status st = JEM_OK;
    for (int64_t i = 0; i < l->count; i++) {
        fputs(i ? ",\n {" : "[{", stdout);
        const score *s = &l->scores[i];
        TRY(put_score(s, standing_chance(l, measures_find(meanings, s->benchmark), s)));
        fputs("}", stdout);
    }
    puts(l->count ? "]" : "[]");
done:
    return st;
}
