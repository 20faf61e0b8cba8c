/* Reading what each image of a run's trials contributes to its scores. */
#include "measure/trials.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/try.h"

void trial_items_clear(trial_items *items)
{
    for (int64_t i = 0; i < items->count; i++) {
        mem_free(items->name[i]);
        if (items->people) mem_free(items->people[i]);
    }
    mem_free(items->name);
    mem_free(items->people);
    mem_free(items->term);
    mem_free(items->ratings);
    *items = (trial_items)TRIAL_ITEMS_INIT;
}

bool trial_items_match(const trial_items *a, const trial_items *b)
{
    if (a->count != b->count || a->raters != b->raters) return false;
    for (int64_t i = 0; i < a->count; i++) {
        if (strcmp(a->name[i], b->name[i]) != 0) return false;
        if (a->people && strcmp(a->people[i], b->people[i]) != 0) return false;
    }
    return a->raters == 0 || memcmp(a->ratings, b->ratings,
                                    (size_t)(a->raters * a->count) * sizeof *a->ratings) == 0;
}

void trial_items_keep(trial_items *items, const trial_items *other)
{
    int64_t kept = 0;
    const int64_t count = items->count;
    for (int64_t i = 0, k = 0; i < count; i++) {
        while (k < other->count && strcmp(other->name[k], items->name[i]) < 0) k++;
        if (k == other->count || strcmp(other->name[k], items->name[i]) != 0) {
            mem_free(items->name[i]);
            if (items->people) mem_free(items->people[i]);
            continue;
        }
        items->name[kept] = items->name[i];
        if (items->people) items->people[kept] = items->people[i];
        for (int t = 0; t < items->terms; t++)
            items->term[kept * items->terms + t] = items->term[i * items->terms + t];
        for (int64_t r = 0; r < items->raters; r++) /* rows close up below */
            items->ratings[r * count + kept] = items->ratings[r * count + i];
        kept++;
    }
    for (int64_t r = 1; r < items->raters; r++)
        memmove(items->ratings + r * kept, items->ratings + r * count, (size_t)kept * sizeof *items->ratings);
    items->count = kept;
}

/* ---- columns */

typedef struct columns {
    int64_t image, condition, value, category, people, among, set, counted, width;
} columns;

static int64_t find_column(const field_reader *r, const char *name)
{
    for (int64_t i = 0; name && i < r->count; i++)
        if (strcmp(r->fields[i], name) == 0) return i;
    return -1;
}

static jem_status find_columns(columns *c, const field_reader *r, const measure_spot *spot)
{
    const trial_rule *l = spot->rule;
    const char *value = spot->column ? spot->column : "object_response";
    *c = (columns){.image = find_column(r, "imagename"),
                   .condition = find_column(r, "condition"),
                   .value = find_column(r, value),
                   .category = find_column(r, "category"),
                   .people = find_column(r, l->people),
                   .among = find_column(r, l->among),
                   .set = find_column(r, l->set),
                   .counted = find_column(r, "counted"),
                   .width = r->count};
    if (c->image < 0 || c->condition < 0 || c->value < 0 || c->category < 0)
        return jem_error(JEM_EDATA,
                         "%s: expected the columns imagename, condition, %s and category", r->path,
                         value);
    if ((l->people && c->people < 0) || (l->set && (c->set < 0 || c->counted < 0)))
        return jem_error(JEM_EDATA, "%s: expected the columns set, counted and people", r->path);
    return JEM_OK;
}

/* Rows about something else: another question, an image set that is in no mean, a condition
 * that does not count. */
static bool is_wanted(const field_reader *r, const columns *c, const measure_spot *spot)
{
    const char *condition = r->fields[c->condition];
    if (spot->question && strcmp(condition, spot->question) != 0) return false;
    if (c->set >= 0 && strcmp(r->fields[c->counted], "1") != 0) return false;
    return !spot->rule->wanted || spot->rule->wanted(condition);
}

/* ---- terms */

jem_status trial_number(double *out, const trial_row *row, int64_t field)
{
    const field_reader *r = row->reader;
    jem_status st = field_reader_number(out, r, field);
    if (st == JEM_OK && isinf(*out))
        return jem_error(JEM_EDATA, "%s:%lld: field %lld is not finite", r->path,
                         (long long)r->line, (long long)field + 1);
    return st;
}

jem_status trial_defined(double *out, const trial_row *row, int64_t field)
{
    const field_reader *r = row->reader;
    jem_status st = trial_number(out, row, field);
    if (st == JEM_OK && isnan(*out))
        return jem_error(JEM_EDATA, "%s:%lld: field %lld is no number", r->path,
                         (long long)r->line, (long long)field + 1);
    return st;
}

/* ---- by name */

typedef struct item {
    char *name, *people;
    double term[TRIAL_TERMS_MAX];
} item;

static int by_name(const void *a, const void *b)
{
    const item *p = a, *q = b;
    return strcmp(p->name, q->name);
}

/* Of items in order: rows of one image become their mean, or are an error. */
static jem_status join_repeated(trial_items *items, bool averages, const char *path)
{
    int64_t kept = 0, rows = 0; /* rows: of the last item that was kept */
    const int terms = items->terms;

    for (int64_t i = 0; i < items->count; i++) {
        const double *own = items->term + i * terms;
        const bool again = kept > 0 && strcmp(items->name[kept - 1], items->name[i]) == 0;
        if (again && !averages)
            return jem_error(JEM_EDATA, "%s: image %s occurs twice", path, items->name[i]);
        if (again) {
            double *mean = items->term + (kept - 1) * terms;
            rows++;
            for (int t = 0; t < terms; t++) mean[t] += (own[t] - mean[t]) / (double)rows;
            mem_free(items->name[i]);
            if (items->people) mem_free(items->people[i]);
            continue;
        }
        items->name[kept] = items->name[i];
        if (items->people) items->people[kept] = items->people[i];
        memmove(items->term + kept * terms, own, (size_t)terms * sizeof *own);
        kept++;
        rows = 1;
    }
    items->count = kept;
    return JEM_OK;
}

static jem_status sort_items(trial_items *items, bool averages, const char *path)
{
    jem_status st;
    item *list = NULL;
    size_t size = (size_t)items->terms * sizeof *items->term;

    TRY(MEM_NEW(list, items->count));
    for (int64_t i = 0; i < items->count; i++) {
        list[i].name = items->name[i];
        list[i].people = items->people ? items->people[i] : NULL;
        memcpy(list[i].term, items->term + i * items->terms, size);
    }
    qsort(list, (size_t)items->count, sizeof *list, by_name);
    for (int64_t i = 0; i < items->count; i++) {
        items->name[i] = list[i].name;
        if (items->people) items->people[i] = list[i].people;
        memcpy(items->term + i * items->terms, list[i].term, size);
    }
    st = join_repeated(items, averages, path);
done:
    mem_free(list);
    return st;
}

static jem_status add_row(trial_items *items, const field_reader *r, const columns *c,
                          const measure_spot *spot)
{
    jem_status st;
    char *name = NULL, *people = NULL;
    const trial_row row = {.reader = r,
                           .value = r->fields[c->value],
                           .category = r->fields[c->category],
                           .condition = r->fields[c->condition],
                           .image = r->fields[c->image],
                           .value_field = c->value,
                           .category_field = c->category,
                           .among_field = c->among,
                           .unit = spot->unit};
    const char *set = c->set >= 0 ? r->fields[c->set] : "";

    TRY(spot->rule->term(items->term + items->count * items->terms, &row));
    TRY(str_format(&name, "%s%s%s/%s", set, *set ? "/" : "", r->fields[c->condition],
                   r->fields[c->image]));
    if (items->people) {
        TRY(mem_strdup(&people, r->fields[c->people]));
        items->people[items->count] = people;
    }
    items->name[items->count++] = name;
    name = NULL;
done:
    mem_free(name);
    return st;
}

static jem_status read_rows(trial_items *items, field_reader *r, const measure_spot *spot, const char *run)
{
    jem_status st;
    columns c;
    int64_t rows, fields;
    int more;

    TRY(field_reader_next(r, &more));
    TRY(find_columns(&c, r, spot));
    items->terms = spot->rule->terms;
    field_reader_rest(r, &rows, &fields);
    TRY(MEM_NEW(items->name, rows));
    if (c.people >= 0) TRY(MEM_NEW(items->people, rows));
    TRY(MEM_NEW(items->term, rows * items->terms));
    for (;;) {
        TRY(field_reader_next(r, &more));
        if (!more) break;
        TRY(field_reader_expect(r, c.width));
        if (is_wanted(r, &c, spot)) TRY(add_row(items, r, &c, spot));
    }
    if (spot->rule->gathered) spot->rule->gathered(items);
    TRY(sort_items(items, spot->rule->averages, r->path));
    if (spot->rule->ordered && items->count > 0) TRY(spot->rule->ordered(items, r->path, run));
done:
    return st;
}

/* ---- files */

/* RUN/trials/NAME.csv.  In the names of model-vs-human's files "_" separates fields; others are
 * plain. */
static jem_status trials_path(char **path, const char *name, const char *run, const char *model)
{
    const char *star = strchr(name, '*');
    char who[NAME_MOST + 1];
    if (!star) return str_format(path, "%s/trials/%s.csv", run, name);
    name_make(who, sizeof who, model ? model : "", ".-");
    return str_format(path, "%s/trials/%.*s%s%s.csv", run, (int)(star - name), name, who, star + 1);
}

/* Place of an image; -1: none. */
int64_t trial_find(const trial_items *items, const char *condition, const char *image)
{
    char name[512];
    int64_t low = 0, high = items->count - 1;
    snprintf(name, sizeof name, "%s/%s", condition, image);
    while (low <= high) {
        int64_t middle = low + (high - low) / 2;
        int order = strcmp(items->name[middle], name);
        if (order == 0) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle - 1;
    }
    return -1;
}

jem_status trial_items_read(trial_items *out, const measure_spot *spot, const char *run,
                           const char *model)
{
    jem_status st;
    char *path = NULL;
    field_reader r = FIELD_READER_INIT;
    trial_items items = TRIAL_ITEMS_INIT;

    *out = items;
    if (!spot->rule) return JEM_OK;
    TRY(trials_path(&path, spot->trials, run, model));
    if (!file_exists(path)) goto done;
    TRY(field_reader_open(&r, path, ','));
    TRY(read_rows(&items, &r, spot, run));
    *out = items;
    items = (trial_items)TRIAL_ITEMS_INIT;
done:
    trial_items_clear(&items);
    field_reader_clear(&r);
    mem_free(path);
    return st;
}
