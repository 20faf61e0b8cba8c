/* What each image of a trial file contributes to a score. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "record/fields.h"
#include "record/image_name.h"
#include "report/sweetspot.h"

void spot_items_clear(spot_items *items)
{
    for (int64_t i = 0; i < items->count; i++) mem_free(items->name[i]);
    mem_free(items->name);
    mem_free(items->term);
    *items = (spot_items)SPOT_ITEMS_INIT;
}

/* ---- terms of an image, and what follows from their sums */

int spot_terms(spot_trials kind)
{
    return kind == SPOT_RIGHT ? 1 : kind == SPOT_PEARSON ? 5 : 2;
}

/* Sums of a centred x and y, so that differences of large numbers do not arise. */
static double pearson(const double *sums, double n)
{
    double x = sums[0] / n, y = sums[1] / n;
    double xx = sums[2] - n * x * x, yy = sums[3] - n * y * y, xy = sums[4] - n * x * y;
    double least = 1e-12; /* of the spread: below it is rounding */
    if (!(xx > least * sums[2]) || !(yy > least * sums[3])) return NAN;
    return xy / sqrt(xx * yy);
}

double spot_metric(spot_trials kind, const double *sums, int64_t n)
{
    if (kind == SPOT_PEARSON) return pearson(sums, (double)n);
    double whole = kind == SPOT_RIGHT ? (double)n : sums[1];
    return whole > 0 ? sums[0] / whole : NAN;
}

/* Places of the columns that are read. */
typedef struct columns {
    int64_t image, condition, value, category, width;
} columns;

static int64_t find_column(const field_reader *r, const char *name)
{
    for (int64_t i = 0; i < r->count; i++)
        if (strcmp(r->fields[i], name) == 0) return i;
    return -1;
}

static jem_status find_columns(columns *c, const field_reader *r, const sweetspot_spec *spec)
{
    const char *value = spec->column ? spec->column : "object_response";
    *c = (columns){find_column(r, "imagename"), find_column(r, "condition"), find_column(r, value),
                   find_column(r, "category"), r->count};
    if (c->image < 0 || c->condition < 0 || c->value < 0 || c->category < 0)
        return jem_error(JEM_EDATA,
                         "%s: expected the columns imagename, condition, %s and category", r->path,
                         value);
    return JEM_OK;
}

static jem_status read_number(double *out, const field_reader *r, int64_t field)
{
    jem_status st = field_reader_number(out, r, field);
    if (st == JEM_OK && isinf(*out))
        return jem_error(JEM_EDATA, "%s:%lld: field %lld is not finite", r->path,
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

static jem_status fill_terms(double *term, const field_reader *r, const columns *c,
                             const sweetspot_spec *spec)
{
    jem_status st = JEM_OK;
    const char *value = r->fields[c->value], *category = r->fields[c->category];
    switch (spec->kind) {
    case SPOT_NO_TRIALS: break;
    case SPOT_RIGHT: term[0] = strcmp(value, category) == 0; break;
    case SPOT_SHAPE_BIAS:
        st = shape_or_texture(term, value, category, r->fields[c->image]);
        break;
    case SPOT_NUMBER:
        TRY(read_number(&term[0], r, c->value));
        term[1] = !isnan(term[0]);
        term[0] = isnan(term[0]) ? 0 : spec->unit > 0 ? term[0] / spec->unit : term[0];
        break;
    case SPOT_PEARSON:
        TRY(read_number(&term[0], r, c->value));
        TRY(read_number(&term[1], r, c->category));
        break;
    }
done:
    return st;
}

/* x and y become centred and their products are formed. */
static void finish_pearson(spot_items *items)
{
    double mean[2] = {0, 0};
    for (int64_t i = 0; i < items->count; i++)
        for (int k = 0; k < 2; k++) mean[k] += items->term[5 * i + k] / (double)items->count;
    for (int64_t i = 0; i < items->count; i++) {
        double *t = items->term + 5 * i;
        t[0] -= mean[0];
        t[1] -= mean[1];
        t[2] = t[0] * t[0];
        t[3] = t[1] * t[1];
        t[4] = t[0] * t[1];
    }
}

/* ---- by name */

typedef struct item {
    char *name;
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
        memcpy(list[i].term, items->term + i * items->terms, size);
    }
    qsort(list, (size_t)items->count, sizeof *list, by_name);
    for (int64_t i = 0; i < items->count; i++) {
        items->name[i] = list[i].name;
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

static jem_status read_rows(spot_items *items, field_reader *r, const sweetspot_spec *spec)
{
    jem_status st;
    columns c;
    int64_t rows, fields;
    int more;

    TRY(field_reader_next(r, &more));
    TRY(find_columns(&c, r, spec));
    items->terms = spot_terms(spec->kind);
    field_reader_rest(r, &rows, &fields);
    TRY(MEM_NEW(items->name, rows));
    TRY(MEM_NEW(items->term, rows * items->terms));
    for (;;) {
        TRY(field_reader_next(r, &more));
        if (!more) break;
        TRY(field_reader_expect(r, c.width));
        TRY(fill_terms(items->term + items->count * items->terms, r, &c, spec));
        TRY(str_format(&items->name[items->count], "%s/%s", r->fields[c.condition],
                       r->fields[c.image]));
        items->count++;
    }
    if (spec->kind == SPOT_PEARSON) finish_pearson(items);
    TRY(sort_items(items, r->path));
done:
    return st;
}

/* In the names of model-vs-human's files "_" separates fields; others are plain. */
static jem_status trials_path(char **path, const sweetspot_spec *spec, const char *run,
                              const char *model)
{
    const char *star = strchr(spec->trials, '*');
    if (!star) return str_format(path, "%s/trials/%s.csv", run, spec->trials);
    size_t start = strlen(run) + strlen("/trials/") + (size_t)(star - spec->trials);
    jem_status st = str_format(path, "%s/trials/%.*s%s%s.csv", run, (int)(star - spec->trials),
                               spec->trials, model ? model : "", star + 1);
    for (size_t i = 0; st == JEM_OK && model && model[i]; i++)
        if (!isalnum((unsigned char)model[i]) && model[i] != '.') (*path)[start + i] = '-';
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
    TRY(trials_path(&path, spec, run, model));
    if (!file_exists(path)) goto done;
    TRY(field_reader_open(&r, path, ','));
    TRY(read_rows(&items, &r, spec));
    *out = items;
    items = (spot_items)SPOT_ITEMS_INIT;
done:
    spot_items_clear(&items);
    field_reader_clear(&r);
    mem_free(path);
    return st;
}
