/* Reading what each image of a run's trials contributes to its scores. */
#include "sweetspot/spot_trials.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/try.h"
#include "base/fields.h"
#include "record/image_name.h"

enum { PEOPLE_MAX = 64 };

void spot_items_clear(spot_items *items)
{
    for (int64_t i = 0; i < items->count; i++) {
        mem_free(items->name[i]);
        if (items->people) mem_free(items->people[i]);
    }
    mem_free(items->name);
    mem_free(items->people);
    mem_free(items->term);
    mem_free(items->ratings);
    *items = (spot_items)SPOT_ITEMS_INIT;
}

bool spot_items_match(const spot_items *a, const spot_items *b)
{
    if (a->count != b->count || a->raters != b->raters) return false;
    for (int64_t i = 0; i < a->count; i++) {
        if (strcmp(a->name[i], b->name[i]) != 0) return false;
        if (a->people && strcmp(a->people[i], b->people[i]) != 0) return false;
    }
    return a->raters == 0 || memcmp(a->ratings, b->ratings,
                                    (size_t)(a->raters * a->count) * sizeof *a->ratings) == 0;
}

/* ---- columns */

/* What is read of a row besides its image; NULL: nothing. */
typedef struct layout {
    int terms;
    const char *people; /* column with what people said */
    const char *set;    /* column that names begin with */
} layout;
static const layout layouts[] = {
    [SPOT_RIGHT] = {1, NULL, NULL},  [SPOT_SHAPE_BIAS] = {2, NULL, NULL},
    [SPOT_NUMBER] = {2, NULL, NULL}, [SPOT_R2] = {3, NULL, NULL},
    [SPOT_RATINGS] = {1, NULL, NULL}, [SPOT_BAPPS] = {1, "category", NULL},
    [SPOT_KAPPA] = {1, "people", "set"},
};

typedef struct columns {
    int64_t image, condition, value, category, people, set, counted, width;
} columns;

static int64_t find_column(const field_reader *r, const char *name)
{
    for (int64_t i = 0; name && i < r->count; i++)
        if (strcmp(r->fields[i], name) == 0) return i;
    return -1;
}

static jem_status find_columns(columns *c, const field_reader *r, const sweetspot_spec *spec)
{
    const layout *l = &layouts[spec->kind];
    const char *value = spec->column ? spec->column : "object_response";
    *c = (columns){.image = find_column(r, "imagename"),
                   .condition = find_column(r, "condition"),
                   .value = find_column(r, value),
                   .category = find_column(r, "category"),
                   .people = find_column(r, l->people),
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
static bool is_wanted(const field_reader *r, const columns *c, const sweetspot_spec *spec)
{
    const char *condition = r->fields[c->condition];
    if (spec->question && strcmp(condition, spec->question) != 0) return false;
    if (c->set >= 0 && strcmp(r->fields[c->counted], "1") != 0) return false;
    if (spec->kind != SPOT_BAPPS) return true;
    return strcmp(condition, "2afc/traditional") == 0 || strcmp(condition, "2afc/cnn") == 0 ||
           strcmp(condition, "jnd/traditional") == 0 || strcmp(condition, "jnd/cnn") == 0;
}

/* ---- terms */

static jem_status read_number(double *out, const field_reader *r, int64_t field)
{
    jem_status st = field_reader_number(out, r, field);
    if (st == JEM_OK && isinf(*out))
        return jem_error(JEM_EDATA, "%s:%lld: field %lld is not finite", r->path,
                         (long long)r->line, (long long)field + 1);
    return st;
}

static jem_status read_defined(double *out, const field_reader *r, int64_t field)
{
    jem_status st = read_number(out, r, field);
    if (st == JEM_OK && isnan(*out))
        return jem_error(JEM_EDATA, "%s:%lld: field %lld is no number", r->path,
                         (long long)r->line, (long long)field + 1);
    return st;
}

static jem_status shape_or_texture(double *term, const char *answer, const char *category,
                                   const char *image)
{
    int texture;
    jem_status st = image_texture(&texture, image);
    if (st != JEM_OK) return st;
    int response = category_find(answer), shape = category_find(category);
    bool conflict = shape != texture;
    term[0] = conflict && response == shape;
    term[1] = conflict && (response == shape || response == texture);
    return JEM_OK;
}

/* In 2AFC the score of the triplet, in JND the distance of the pair. */
static jem_status bapps_term(double *term, const field_reader *r, const columns *c)
{
    jem_status st;
    const char *closer = r->fields[c->value];
    double share;

    TRY(read_defined(&share, r, c->category));
    if (!(share >= 0 && share <= 1))
        return jem_error(JEM_EDATA, "%s:%lld: %g is no share of people", r->path,
                         (long long)r->line, share);
    if (strncmp(r->fields[c->condition], "jnd/", 4) == 0) return read_defined(term, r, c->value);
    if (strcmp(closer, "p0") == 0)
        *term = 1 - share;
    else if (strcmp(closer, "p1") == 0)
        *term = share;
    else if (strcmp(closer, "tie") == 0)
        *term = 0.5;
    else
        st = jem_error(JEM_EDATA, "%s:%lld: '%s' is none of p0, p1 and tie", r->path,
                       (long long)r->line, closer);
done:
    return st;
}

static jem_status fill_terms(double *term, const field_reader *r, const columns *c,
                             const sweetspot_spec *spec)
{
    jem_status st = JEM_OK;
    const char *value = r->fields[c->value], *category = r->fields[c->category];
    switch (spec->kind) {
    case SPOT_NO_TRIALS: break;
    case SPOT_RIGHT:
    case SPOT_KAPPA: term[0] = strcmp(value, category) == 0; break;
    case SPOT_SHAPE_BIAS:
        st = shape_or_texture(term, value, category, r->fields[c->image]);
        break;
    case SPOT_NUMBER:
        TRY(read_number(&term[0], r, c->value));
        term[1] = !isnan(term[0]);
        term[0] = isnan(term[0]) ? 0 : spec->unit > 0 ? term[0] / spec->unit : term[0];
        break;
    case SPOT_R2:
        TRY(read_defined(&term[0], r, c->value));
        TRY(read_defined(&term[1], r, c->category));
        break;
    case SPOT_RATINGS: st = read_defined(&term[0], r, c->value); break;
    case SPOT_BAPPS: st = bapps_term(term, r, c); break;
    }
done:
    return st;
}

/* (yhat, y) becomes (error^2, y, y^2) with y centred, so that no differences of large numbers
 * arise. */
static void finish_r2(spot_items *items)
{
    double mean = 0;
    for (int64_t i = 0; i < items->count; i++)
        mean += items->term[3 * i + 1] / (double)items->count;
    for (int64_t i = 0; i < items->count; i++) {
        double *t = items->term + 3 * i, error = t[1] - t[0];
        t[0] = error * error;
        t[1] -= mean;
        t[2] = t[1] * t[1];
    }
}

/* ---- by name */

typedef struct item {
    char *name, *people;
    double term[SPOT_TERMS_MAX];
} item;

static int by_name(const void *a, const void *b)
{
    const item *p = a, *q = b;
    return strcmp(p->name, q->name);
}

static jem_status sort_items(spot_items *items, const char *path)
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
    for (int64_t i = 1; i < items->count; i++)
        if (strcmp(list[i - 1].name, list[i].name) == 0) {
            st = jem_error(JEM_EDATA, "%s: image %s occurs twice", path, list[i].name);
            goto done;
        }
done:
    mem_free(list);
    return st;
}

/* One digit, 0 or 1, for each of the people of a set, as many on all of its images. */
static jem_status check_people(const spot_items *items, const char *path)
{
    for (int64_t i = 0; i < items->count; i++) {
        const char *who = items->people[i];
        size_t set = strcspn(items->name[i], "/") + 1, n = strspn(who, "01");
        bool first = i == 0 || strncmp(items->name[i - 1], items->name[i], set) != 0;
        if (n == 0 || n > PEOPLE_MAX || who[n] ||
            (!first && n != strlen(items->people[i - 1])))
            return jem_error(JEM_EDATA,
                             "%s: people of %s are '%s'; expected 1 or 0 for each of at most %d, "
                             "as many as on the other images of the set",
                             path, items->name[i], who, PEOPLE_MAX);
    }
    return JEM_OK;
}

static jem_status add_row(spot_items *items, const field_reader *r, const columns *c,
                          const sweetspot_spec *spec)
{
    jem_status st;
    char *name = NULL, *people = NULL;
    const char *set = c->set >= 0 ? r->fields[c->set] : "";

    TRY(fill_terms(items->term + items->count * items->terms, r, c, spec));
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

static jem_status read_rows(spot_items *items, field_reader *r, const sweetspot_spec *spec)
{
    jem_status st;
    columns c;
    int64_t rows, fields;
    int more;

    TRY(field_reader_next(r, &more));
    TRY(find_columns(&c, r, spec));
    items->terms = layouts[spec->kind].terms;
    field_reader_rest(r, &rows, &fields);
    TRY(MEM_NEW(items->name, rows));
    if (c.people >= 0) TRY(MEM_NEW(items->people, rows));
    TRY(MEM_NEW(items->term, rows * items->terms));
    for (;;) {
        TRY(field_reader_next(r, &more));
        if (!more) break;
        TRY(field_reader_expect(r, c.width));
        if (is_wanted(r, &c, spec)) TRY(add_row(items, r, &c, spec));
    }
    if (spec->kind == SPOT_R2) finish_r2(items);
    TRY(sort_items(items, r->path));
    if (spec->kind == SPOT_KAPPA) TRY(check_people(items, r->path));
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
static int64_t find_item(const spot_items *items, const char *condition, const char *image)
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

/* RUN/trials/gloss-human.csv: session = observer, a rating of every image from each. */
static jem_status read_ratings(spot_items *items, const char *run)
{
    jem_status st;
    char *path = NULL;
    trial_list list = TRIAL_LIST_INIT;

    TRY(str_format(&path, "%s/trials/gloss-human.csv", run));
    if (!file_exists(path)) {
        st = jem_error(JEM_EDATA, "%s is missing, which belongs to gloss.csv", path);
        goto done;
    }
    TRY(trial_list_read(&list, path));
    items->raters = list.count / items->count;
    if (items->raters < 1 || list.count % items->count != 0) {
        st = jem_error(JEM_EDATA, "%s: %lld ratings of %lld images", path, (long long)list.count,
                       (long long)items->count);
        goto done;
    }
    TRY(MEM_NEW(items->ratings, list.count));
    for (int64_t i = 0; i < list.count; i++) items->ratings[i] = NAN;
    for (int64_t i = 0; i < list.count; i++) {
        const trial *t = &list.trials[i];
        int64_t at = find_item(items, t->condition, t->imagename);
        bool placed = at >= 0 && t->session >= 1 && t->session <= items->raters;
        double *own = placed ? &items->ratings[(t->session - 1) * items->count + at] : NULL;
        char *end = NULL;
        if (own && isnan(*own)) *own = strtod(t->object_response, &end);
        if (!end || *end || !isfinite(*own)) {
            st = jem_error(JEM_EDATA,
                           "%s: rating %lld ('%s' of %s by observer %lld): expected one number "
                           "from each observer for each image of gloss.csv",
                           path, (long long)i + 1, t->object_response, t->imagename,
                           (long long)t->session);
            goto done;
        }
    }
done:
    trial_list_clear(&list);
    mem_free(path);
    return st;
}

jem_status spot_items_read(spot_items *out, const sweetspot_spec *spec, const char *run,
                           const char *model)
{
    jem_status st;
    char *path = NULL;
    field_reader r = FIELD_READER_INIT;
    spot_items items = SPOT_ITEMS_INIT;

    *out = items;
    if (spec->kind == SPOT_NO_TRIALS) return JEM_OK;
    TRY(trials_path(&path, spec->trials, run, model));
    if (!file_exists(path)) goto done;
    TRY(field_reader_open(&r, path, ','));
    TRY(read_rows(&items, &r, spec));
    if (spec->kind == SPOT_RATINGS && items.count > 0) TRY(read_ratings(&items, run));
    *out = items;
    items = (spot_items)SPOT_ITEMS_INIT;
done:
    spot_items_clear(&items);
    field_reader_clear(&r);
    mem_free(path);
    return st;
}
