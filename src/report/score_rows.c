/* The tidy table of scores, read and written: see score_rows.h. */
#include "report/score_rows.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/try.h"
#include "sweetspot/trend.h"

/* ---- what a score means */

bool score_row_is_people(const score_row *row)
{
    return row->run ? !trend_is_own(row->run, row->score) : strcmp(row->model, "human") == 0;
}

bool score_row_is_shown(const score_row *row)
{
    return row->meaning && measure_shows(row->meaning, row->score->dataset, row->score->condition);
}

static const measure_spot *find_spot(const measures *of, const measure *meaning)
{
    for (const measure_spot *s = of->spots; s && s->title; s++)
        for (int m = 0; m < s->count; m++)
            if (s->score[m] == meaning) return s;
    return NULL;
}

/* What people reach on this very data set and condition, else what the measure says of them. */
static double reference_of(const score_row *row)
{
    const score *s = row->score;
    if (!row->of) return NAN;
    const char *set = published_dataset(row->of, s->dataset);
    const double published = published_value(row->of, s->metric, set, s->condition, "human");
    if (!isnan(published)) return published;
    return score_row_is_shown(row) && row->spot && row->spot->alignment ? row->meaning->human : NAN;
}

static void find_meaning(score_row *row, const measures *const *list)
{
    row->place[0] = row->place[1] = INT64_MAX;
    for (int64_t b = 0; list[b] && !row->of; b++)
        if (strcmp(list[b]->benchmark, row->score->benchmark) == 0) row->of = list[b], row->place[0] = b;
    row->meaning = row->of ? measure_find(row->of, row->score->metric) : NULL;
    if (row->meaning) {
        row->place[1] = row->meaning - row->of->scores;
        row->spot = find_spot(row->of, row->meaning);
    }
    row->reference = reference_of(row);
}

/* ---- reading */

static jem_status add_scores(score_rows *r, int64_t source, const study_run *run,
                             const score_list *scores, const measures *const *list)
{
    jem_status st = JEM_OK;

    for (int64_t i = 0; i < scores->count; i++) {
        const score *s = &scores->scores[i];
        score_row row = {.score = s, .run = run, .source = source, .alpha = s->alpha, .seed = s->seed,
                         .model = s->model ? s->model : run ? run->model : "", .number = r->count};
        if (run && trend_is_own(run, s)) {
            if (!isnan(run->alpha)) row.alpha = run->alpha;
            if (run->seed >= 0) row.seed = run->seed;
        }
        find_meaning(&row, list);
        row.at_chance = standing_chance(scores, row.of, s);
        TRY(MEM_GROW(r->rows, r->count, r->capacity));
        r->rows[r->count++] = row;
    }
done:
    return st;
}

static jem_status read_source(score_rows *r, int64_t number, const measures *const *list)
{
    jem_status st;
    score_source *from = &r->source[number];
    bool answers = false;

    TRY(score_folder_is_answers(&answers, from->path));
    if (answers) {
        TRY(score_list_load(&from->answers, from->path));
        TRY(add_scores(r, number, NULL, &from->answers, list));
        goto done;
    }
    TRY(study_read_scored(&from->runs, from->path));
    for (int64_t i = 0; i < from->runs->count; i++)
        TRY(add_scores(r, number, &from->runs->runs[i], &from->runs->runs[i].scores, list));
done:
    return st;
}

static int compare_texts(const char *a, const char *b) { return strcmp(a ? a : "", b ? b : ""); }

static int compare_keys(const score_row *a, const score_row *b)
{
    const score *s = a->score, *t = b->score;
    int order = 0;

    if (a->place[0] != b->place[0]) return a->place[0] < b->place[0] ? -1 : 1;
    if ((order = strcmp(s->benchmark, t->benchmark))) return order;
    if (a->place[1] != b->place[1]) return a->place[1] < b->place[1] ? -1 : 1;
    if ((order = strcmp(s->metric, t->metric))) return order;
    if ((order = compare_texts(s->dataset, t->dataset))) return order;
    if ((order = compare_texts(s->condition, t->condition))) return order;
    if ((order = strcmp(a->model, b->model))) return order;
    return a->source < b->source ? -1 : a->source > b->source;
}

static int compare_rows(const void *x, const void *y)
{
    const score_row *a = x, *b = y;
    const int order = compare_keys(a, b);

    if (order) return order;
    if (isnan(a->alpha) != isnan(b->alpha)) return isnan(a->alpha) ? 1 : -1;
    if (!isnan(a->alpha) && a->alpha != b->alpha) return a->alpha < b->alpha ? -1 : 1;
    if (a->seed != b->seed) return a->seed < b->seed ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

static bool same_number(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

/* What the folders of two runs both say about people. */
static bool is_repeated(const score_row *a, const score_row *b)
{
    return a->run && b->run && a->run != b->run && score_row_is_people(a) && score_row_is_people(b) &&
           compare_keys(a, b) == 0 && same_number(a->score->value, b->score->value) &&
           same_number(a->score->low, b->score->low) && same_number(a->score->high, b->score->high);
}

static void drop_repeated(score_rows *r)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < r->count; i++)
        if (!kept || !is_repeated(&r->rows[kept - 1], &r->rows[i])) r->rows[kept++] = r->rows[i];
    r->count = kept;
}

jem_status score_rows_read(score_rows *out, const char *const *paths, int64_t count,
                           const measures *const *list)
{
    jem_status st;
    score_rows r = SCORE_ROWS_INIT;

    TRY(MEM_NEW(r.source, count));
    for (int64_t i = 0; i < count; i++) {
        r.source[r.sources++] = (score_source){.path = paths[i], .answers = SCORE_LIST_INIT};
        const int64_t before = r.count;
        TRY(read_source(&r, i, list));
        if (r.count > before) continue;
        st = jem_error(JEM_EDATA, "%s: there are no scores; jem eval and jem bench make them", paths[i]);
        goto done;
    }
    if (r.count) qsort(r.rows, (size_t)r.count, sizeof *r.rows, compare_rows);
    drop_repeated(&r);
    *out = r;
    r = (score_rows)SCORE_ROWS_INIT;
done:
    score_rows_clear(&r);
    return st;
}

void score_rows_clear(score_rows *r)
{
    for (int64_t i = 0; i < r->sources; i++) {
        study_free(r->source[i].runs);
        score_list_clear(&r->source[i].answers);
    }
    mem_free(r->source);
    mem_free(r->rows);
    *r = (score_rows)SCORE_ROWS_INIT;
}

const char *score_row_folder(const score_rows *r, const score_row *row)
{
    return row->run ? row->run->path : r->source[row->source].path;
}

/* ---- CSV */

/* What steers a terminal, line breaks among it, is made plain; so quotes and commas alone are left. */
static void put_text(strbuf *out, const char *text)
{
    if (!text) return;
    if (!strpbrk(text, ",\"")) {
        plain_printf(out, "%s", text);
        return;
    }
    strbuf_add(out, "\"");
    for (size_t n = strcspn(text, "\""); ; text += n + 1, n = strcspn(text, "\"")) {
        plain_printf(out, "%.*s", (int)n, text);
        if (!text[n]) break;
        strbuf_add(out, "\"\"");
    }
    strbuf_add(out, "\"");
}

static void put_number(strbuf *out, double x)
{
    char text[NUMBER_TEXT_MAX];
    if (!isnan(x)) plain_printf(out, "%s", number_text(text, x));
}

void score_rows_csv(strbuf *out, const score_rows *r)
{
    strbuf_add(out, "benchmark,metric,dataset,condition,model,alpha,seed,value,low,high,n,reference,at_chance,folder\n");
    for (int64_t i = 0; i < r->count; i++) {
        const score_row *row = &r->rows[i];
        const score *s = row->score;
        const char *const texts[] = {s->benchmark, s->metric, s->dataset, s->condition, row->model};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
            put_text(out, texts[k]);
            strbuf_add(out, ",");
        }
        put_number(out, row->alpha);
        strbuf_add(out, ",");
        if (row->seed >= 0) plain_printf(out, "%lld", (long long)row->seed);
        const double numbers[] = {s->value, s->low, s->high, s->n > 0 ? (double)s->n : NAN, row->reference};
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
            strbuf_add(out, ",");
            put_number(out, numbers[k]);
        }
        if (row->at_chance == CHANCE_UNKNOWN)
            strbuf_add(out, ",,");
        else
            plain_printf(out, ",%s,", row->at_chance == CHANCE_AT ? "true" : "false");
        put_text(out, score_row_folder(r, row));
        strbuf_add(out, "\n");
    }
}

/* ---- JSON */

static json_t *chance_or_null(chance_state c)
{
    return c == CHANCE_UNKNOWN ? json_null() : json_boolean(c == CHANCE_AT);
}

static json_t *count_or_null(int64_t n, int64_t least)
{
    return n >= least ? json_integer((json_int_t)n) : json_null();
}

static json_t *row_json(const score_rows *r, const score_row *row)
{
    const score *s = row->score;
    return json_pack("{s:o s:o s:o s:o s:o s:o s:o s:o s:o s:o s:o s:o s:o s:o}", //
                     "benchmark", json_text_or_null(s->benchmark), "metric", json_text_or_null(s->metric),
                     "dataset", json_text_or_null(s->dataset), "condition", json_text_or_null(s->condition),
                     "model", json_text_or_null(row->model[0] ? row->model : NULL), //
                     "alpha", json_number_or_null(row->alpha), "seed", count_or_null(row->seed, 0),
                     "value", json_number_or_null(s->value), "low", json_number_or_null(s->low), "high",
                     json_number_or_null(s->high), "n", count_or_null(s->n, 1), "reference",
                     json_number_or_null(row->reference), "at_chance", chance_or_null(row->at_chance), "folder", json_text_or_null(score_row_folder(r, row)));
}

jem_status score_rows_json(char **text, const score_rows *r)
{
    json_t *root = json_array();
    for (int64_t i = 0; i < r->count; i++)
        if (json_array_append_new(root, row_json(r, &r->rows[i])) != 0) {
            json_decref(root); /* no memory */
            root = NULL;
            break;
        }
    jem_status st = json_text(text, root, JSON_INDENT(2));
    json_decref(root);
    return st;
}
