/* Lists of scores, and scores.json and scores.tsv. */
#include <jansson.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/try.h"
#include "record/run_facts.h"
#include "base/fields.h"
#include "record/record.h"

/* Every field of a score in the order of the file: one table writes and reads. */
typedef enum field_kind { TEXT, REAL, COUNT } field_kind;
typedef struct score_field {
    const char *key;
    field_kind kind;
    size_t offset;
    int64_t absent; /* COUNT: the value that stands for null */
} score_field;
static const score_field score_fields[] = {
    {"benchmark", TEXT, offsetof(score, benchmark), 0},
    {"metric", TEXT, offsetof(score, metric), 0},
    {"model", TEXT, offsetof(score, model), 0},
    {"alpha", REAL, offsetof(score, alpha), 0},
    {"seed", COUNT, offsetof(score, seed), -1},
    {"dataset", TEXT, offsetof(score, dataset), 0},
    {"condition", TEXT, offsetof(score, condition), 0},
    {"value", REAL, offsetof(score, value), 0},
    {"low", REAL, offsetof(score, low), 0},
    {"high", REAL, offsetof(score, high), 0},
    {"n", COUNT, offsetof(score, n), 0},
    {"ceiling", REAL, offsetof(score, ceiling), 0},
    {"formula", TEXT, offsetof(score, formula), 0},
    {"data_hash", TEXT, offsetof(score, data_hash), 0},
    {"command", TEXT, offsetof(score, command), 0},
};
enum { FIELDS = sizeof score_fields / sizeof *score_fields };

/* In one file: each new score is compared with all before it.  Bytes are ample for them. */
enum { SCORES_MAX = 10000, FILE_MAX = 16 << 20 };

static const char *const tsv_columns[] = {"benchmark", "metric", "model",     "alpha",
                                          "seed",      "value",  "condition", "dataset",
                                          "low",       "high",   "n",         "ceiling"};
enum { TSV_COLUMNS = sizeof tsv_columns / sizeof *tsv_columns };

static const score_field *find_field(const char *key)
{
    for (int i = 0; i < FIELDS; i++)
        if (strcmp(score_fields[i].key, key) == 0) return &score_fields[i];
    return NULL;
}

static const char **text_of(score *s, const score_field *f)
{
    return (const char **)(void *)((char *)s + f->offset);
}

static const char *get_text(const score *s, const score_field *f)
{
    return *(const char *const *)(const void *)((const char *)s + f->offset);
}

static double get_real(const score *s, const score_field *f)
{
    return *(const double *)(const void *)((const char *)s + f->offset);
}

static int64_t get_count(const score *s, const score_field *f)
{
    return *(const int64_t *)(const void *)((const char *)s + f->offset);
}

/* ---- lists */

static void clear_strings(score *s)
{
    for (int i = 0; i < FIELDS; i++) {
        if (score_fields[i].kind != TEXT) continue;
        union {
            const char *text;
            void *block;
        } owned = {.text = get_text(s, &score_fields[i])};
        mem_free(owned.block);
        *text_of(s, &score_fields[i]) = NULL;
    }
}

static jem_status copy_score(score *to, const score *from)
{
    score copy = *from;
    for (int i = 0; i < FIELDS; i++)
        if (score_fields[i].kind == TEXT) *text_of(&copy, &score_fields[i]) = NULL;
    for (int i = 0; i < FIELDS; i++) {
        const char *text = score_fields[i].kind == TEXT ? get_text(from, &score_fields[i]) : NULL;
        char *owned;
        if (!text) continue;
        jem_status st = mem_strdup(&owned, text);
        if (st != JEM_OK) {
            clear_strings(&copy);
            return st;
        }
        *text_of(&copy, &score_fields[i]) = owned;
    }
    *to = copy;
    return JEM_OK;
}

/* Of the texts and the seed; alpha is left out: 0 and -0 are the same key. */
static uint64_t keys_hash(const score *s)
{
    const char *const texts[] = {s->benchmark, s->metric, s->model, s->dataset, s->condition};
    uint64_t hash = (uint64_t)s->seed;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i]) hash = XXH64(texts[i], strlen(texts[i]), hash + i);
    return hash;
}

static bool same_keys(const score *a, const score *b)
{
    return a->keys_hash == b->keys_hash && str_same(a->benchmark, b->benchmark) &&
           str_same(a->metric, b->metric) && str_same(a->model, b->model) &&
           str_same(a->dataset, b->dataset) && str_same(a->condition, b->condition) &&
           a->seed == b->seed && (a->alpha == b->alpha || (isnan(a->alpha) && isnan(b->alpha)));
}

jem_status score_list_append(score_list *list, const score *s)
{
    jem_status st;
    score copy;
    int64_t place = 0;

    if (!s->benchmark || !s->metric)
        return jem_error(JEM_EDATA, "a score needs a benchmark and a metric");
    TRY(MEM_GROW(list->scores, list->count, list->capacity));
    TRY(copy_score(&copy, s));
    copy.keys_hash = keys_hash(s);
    while (place < list->count && !same_keys(&list->scores[place], &copy)) place++;
    if (place < list->count)
        clear_strings(&list->scores[place]);
    else
        list->count++;
    list->scores[place] = copy;
done:
    return st;
}

const score *score_list_find(const score_list *list, const char *benchmark, const char *metric,
                             const char *condition)
{
    for (int64_t i = 0; i < list->count; i++) {
        const score *s = &list->scores[i];
        if (strcmp(s->benchmark, benchmark) == 0 && strcmp(s->metric, metric) == 0 &&
            (!condition || str_same(s->condition, condition)))
            return s;
    }
    return NULL;
}

void score_list_clear(score_list *list)
{
    for (int64_t i = 0; i < list->count; i++) clear_strings(&list->scores[i]);
    mem_free(list->scores);
    *list = (score_list)SCORE_LIST_INIT;
}

/* ---- scores.json */

static jem_status read_value(score *s, const score_field *f, const json_t *value, const char *path,
                             size_t entry)
{
    char *place = (char *)s + f->offset;
    if (json_is_null(value)) return JEM_OK;
    if (f->kind == TEXT && json_is_string(value))
        *text_of(s, f) = json_string_value(value);
    else if (f->kind == REAL && json_is_number(value))
        *(double *)(void *)place = json_number_value(value);
    else if (f->kind == COUNT && json_is_integer(value))
        *(int64_t *)(void *)place = json_integer_value(value);
    else
        return jem_error(JEM_EDATA, "%s: score %zu: \"%s\" must be %s or null", path, entry, f->key,
                         f->kind == TEXT   ? "a string"
                         : f->kind == REAL ? "a number"
                                           : "a whole number");
    return JEM_OK;
}

/* A run's own test scenes were once scored under the name of the benchmark, "gloss". */
static void rename_old(score *s)
{
    static const char by_eval[] = "jem eval ";
    if (str_same(s->benchmark, "gloss") && s->command &&
        strncmp(s->command, by_eval, strlen(by_eval)) == 0)
        s->benchmark = "scenes";
}

static jem_status read_score(score_list *list, json_t *object, const char *path, size_t entry)
{
    score s = SCORE_INIT;
    const char *key;
    json_t *value;

    if (!json_is_object(object))
        return jem_error(JEM_EDATA, "%s: score %zu is not an object", path, entry);
    json_object_foreach(object, key, value)
    {
        const score_field *f = find_field(key);
        if (!f) return jem_error(JEM_EDATA, "%s: score %zu: unknown key \"%s\"", path, entry, key);
        jem_status st = read_value(&s, f, value, path, entry);
        if (st != JEM_OK) return st;
    }
    rename_old(&s);
    /* the report calls files after it */
    jem_status st = s.benchmark ? name_check(s.benchmark, "benchmark") : JEM_OK;
    if (st == JEM_OK) st = score_list_append(list, &s);
    return st == JEM_OK ? st : jem_error_context(st, "%s: score %zu", path, entry);
}

jem_status score_list_read(score_list *list, const char *path)
{
    jem_status st;
    json_t *root = NULL;
    score_list read = SCORE_LIST_INIT; /* all of the file or nothing */

    TRY(json_read(&root, path, FILE_MAX));
    if (!json_is_array(root) || json_array_size(root) > SCORES_MAX) {
        st = jem_error(JEM_EDATA, "%s: expected an array of at most %d scores", path, SCORES_MAX);
        goto done;
    }
    for (size_t i = 0; i < json_array_size(root); i++)
        TRY(read_score(&read, json_array_get(root, i), path, i + 1));
    if (list->count == 0) {
        score_list_clear(list);
        *list = read;
        read = (score_list)SCORE_LIST_INIT;
    }
    for (int64_t i = 0; i < read.count; i++) TRY(score_list_append(list, &read.scores[i]));
done:
    score_list_clear(&read);
    json_decref(root);
    return st;
}

static jem_status write_text(file_writer *w, const char *text)
{
    json_t *string = json_plain_string(text);
    char *quoted = NULL;
    jem_status st = json_text(&quoted, string, JSON_ENCODE_ANY);
    if (st == JEM_OK) st = file_writer_put(w, quoted, strlen(quoted));
    mem_free(quoted);
    json_decref(string);
    return st;
}

static jem_status write_value(file_writer *w, const score *s, const score_field *f)
{
    char text[NUMBER_TEXT_MAX];
    if (f->kind == TEXT && get_text(s, f)) return write_text(w, get_text(s, f));
    if (f->kind == REAL && isfinite(get_real(s, f)))
        return file_writer_printf(w, "%s", number_text(text, get_real(s, f)));
    if (f->kind == COUNT && get_count(s, f) != f->absent)
        return file_writer_printf(w, "%lld", (long long)get_count(s, f));
    return file_writer_put(w, "null", 4);
}

jem_status score_list_write(const score_list *list, const char *path)
{
    jem_status st;
    file_writer w = FILE_WRITER_INIT;

    TRY(file_writer_open(&w, path));
    TRY(file_writer_put(&w, "[", 1));
    for (int64_t i = 0; i < list->count; i++) {
        TRY(file_writer_printf(&w, "%s\n {", i ? "," : ""));
        for (int f = 0; f < FIELDS; f++) {
            TRY(file_writer_printf(&w, "%s\"%s\": ", f ? ", " : "", score_fields[f].key));
            TRY(write_value(&w, &list->scores[i], &score_fields[f]));
        }
        TRY(file_writer_put(&w, "}", 1));
    }
    TRY(file_writer_put(&w, "\n]\n", 3));
    TRY(file_writer_commit(&w));
done:
    file_writer_abort(&w);
    return st;
}

/* ---- scores.tsv */

static jem_status write_tsv_field(file_writer *w, const score *s, const score_field *f)
{
    char text[NUMBER_TEXT_MAX];
    if (f->kind == TEXT) return field_write(w, get_text(s, f) ? get_text(s, f) : "", '\t');
    if (f->kind == COUNT && get_count(s, f) != f->absent)
        return file_writer_printf(w, "%lld", (long long)get_count(s, f));
    if (f->kind == REAL && !isnan(get_real(s, f)))
        return file_writer_printf(w, "%s", number_text(text, get_real(s, f)));
    return JEM_OK;
}

jem_status score_list_write_tsv(const score_list *list, const char *path)
{
    jem_status st;
    file_writer w = FILE_WRITER_INIT;

    TRY(file_writer_open(&w, path));
    for (int c = 0; c < TSV_COLUMNS; c++)
        TRY(file_writer_printf(&w, "%s%c", tsv_columns[c], c + 1 < TSV_COLUMNS ? '\t' : '\n'));
    for (int64_t i = 0; i < list->count; i++)
        for (int c = 0; c < TSV_COLUMNS; c++) {
            TRY(write_tsv_field(&w, &list->scores[i], find_field(tsv_columns[c])));
            TRY(file_writer_put(&w, c + 1 < TSV_COLUMNS ? "\t" : "\n", 1));
        }
    TRY(file_writer_commit(&w));
done:
    file_writer_abort(&w);
    return st;
}

/* ---- in the folder of a run */

jem_status score_list_load(score_list *list, const char *run)
{
    jem_status st;
    char *path = NULL;

    TRY(str_format(&path, "%s/scores/scores.json", run));
    if (file_exists(path)) TRY(score_list_read(list, path));
done:
    mem_free(path);
    return st;
}

/* Drops the scores of a benchmark that commands wrote which scored this model on it. */
static jem_status drop_scorings(score_list *list, const char *benchmark, const char *model)
{
    jem_status st;
    bool *dropped = NULL;
    int64_t kept = 0;

    TRY(MEM_NEW(dropped, list->count));
    for (int64_t i = 0; i < list->count; i++) {
        const score *s = &list->scores[i];
        if (dropped[i] || !str_same(s->benchmark, benchmark) || !str_same(s->model, model))
            continue;
        for (int64_t k = 0; k < list->count; k++)
            if (str_same(list->scores[k].benchmark, benchmark) &&
                str_same(list->scores[k].command, s->command))
                dropped[k] = true;
    }
    for (int64_t i = 0; i < list->count; i++) {
        if (dropped[i])
            clear_strings(&list->scores[i]);
        else
            list->scores[kept++] = list->scores[i];
    }
    list->count = kept;
done:
    mem_free(dropped);
    return st;
}

/* benchmark NULL: no scoring is dropped. */
static jem_status save(const score_list *list, const char *run, const char *benchmark,
                       const char *model)
{
    jem_status st;
    score_list merged = SCORE_LIST_INIT;
    char *dir = NULL, *json = NULL, *tsv = NULL;

    TRY(str_format(&dir, "%s/scores", run));
    TRY(str_format(&json, "%s/scores.json", dir));
    TRY(str_format(&tsv, "%s/scores.tsv", dir));
    TRY(dir_ready(dir));
    TRY(score_list_load(&merged, run));
    if (benchmark) TRY(drop_scorings(&merged, benchmark, model));
    for (int64_t i = 0; i < list->count; i++) TRY(score_list_append(&merged, &list->scores[i]));
    TRY(score_list_write(&merged, json));
    TRY(score_list_write_tsv(&merged, tsv));
done:
    score_list_clear(&merged);
    mem_free(tsv);
    mem_free(json);
    mem_free(dir);
    return st;
}

jem_status score_list_save(const score_list *list, const char *run)
{
    return save(list, run, NULL, NULL);
}

jem_status score_list_replace(const score_list *list, const char *run, const char *benchmark,
                              const char *model)
{
    return save(list, run, benchmark, model);
}

jem_status score_folder_is_answers(bool *yes, const char *path)
{
    jem_status st;
    char *scores = NULL, *run = NULL;

    TRY(str_format(&scores, "%s/scores/scores.json", path));
    TRY(str_format(&run, "%s/run.json", path));
    *yes = file_exists(scores) && (!file_exists(run) || run_folder_is_imported(path));
done:
    mem_free(scores);
    mem_free(run);
    return st;
}
