/* The training log, a row at a time, checked when it is read: see metrics.h. */
#include "run/metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "tensor/safetensors_checksum.h"

/* ---- the window */

typedef enum fold { FOLD_MEAN = COLUMN_MEAN, FOLD_MIN = COLUMN_MIN, FOLD_MAX = COLUMN_MAX, FOLD_NEWEST } fold;

/* One number of a report that a window gathers, and how. */
typedef struct window_field {
    size_t at; /* offset in the step_report */
    fold fold;
} window_field;

/* The objective's in the order of its columns, then the rates; returns how many. */
static int window_fields(window_field out[METRICS_WINDOW], const objective *o)
{
    int n = 0;
    for (int i = 0; i < o->column_count; i++)
        if (o->columns[i].fold != COLUMN_AT_ROW)
            out[n++] = (window_field){offsetof(step_report, own) + o->columns[i].at,
                                      (fold)o->columns[i].fold};
    out[n++] = (window_field){offsetof(step_report, lr), FOLD_NEWEST};
    out[n++] = (window_field){offsetof(step_report, step_size), FOLD_NEWEST};
    return n;
}

static double folded(fold how, double so_far, double v)
{
    switch (how) {
    case FOLD_MEAN: return so_far + v;
    case FOLD_MIN: return fmin(so_far, v);
    case FOLD_MAX: return fmax(so_far, v);
    case FOLD_NEWEST: break;
    }
    return v;
}

void metrics_window_add(metrics_window *w, const objective *o, const step_report *r)
{
    window_field fields[METRICS_WINDOW];
    const int n = window_fields(fields, o);
    for (int i = 0; i < n; i++) {
        double v;
        memcpy(&v, (const char *)r + fields[i].at, sizeof v);
        if (!isfinite(v)) continue;
        w->values[i] = w->counts[i] > 0 ? folded(fields[i].fold, w->values[i], v) : v;
        w->counts[i]++;
    }
}

void metrics_window_mean(step_report *out, const objective *o, const metrics_window *w)
{
    window_field fields[METRICS_WINDOW];
    const int n = window_fields(fields, o);
    for (int i = 0; i < OBJECTIVE_COLUMNS; i++) out->own.values[i] = NAN;
    for (int i = 0; i < n; i++) {
        double v = w->counts[i] > 0 ? w->values[i] : (double)NAN;
        if (fields[i].fold == FOLD_MEAN) v /= (double)w->counts[i];
        memcpy((char *)out + fields[i].at, &v, sizeof v);
    }
}

int metrics_window_doubles(const objective *o)
{
    window_field fields[METRICS_WINDOW];
    return 2 * window_fields(fields, o);
}

void metrics_window_pack(double out[METRICS_WINDOW_DOUBLES], const objective *o,
                         const metrics_window *w)
{
    const int n = metrics_window_doubles(o) / 2;
    for (int i = 0; i < n; i++) {
        out[i] = w->values[i];
        out[n + i] = (double)w->counts[i];
    }
}

jem_status metrics_window_unpack(metrics_window *w, const objective *o,
                                 const double in[METRICS_WINDOW_DOUBLES])
{
    const int n = metrics_window_doubles(o) / 2;
    metrics_window b = {{0}, {0}};
    for (int i = 0; i < n; i++) {
        double count = in[n + i];
        if (!isfinite(in[i]) || !(count >= 0 && count <= 1e15) || count != floor(count))
            return jem_error(JEM_EDATA, "not the sums of a row: %g over %g steps", in[i], count);
        b.values[i] = in[i];
        b.counts[i] = (int64_t)count;
    }
    *w = b;
    return JEM_OK;
}

/* ---- columns */

static const metrics_column before[] = {
    {"epoch", "schedule/epoch", 6},
    {"alpha", "schedule/alpha", 9},
    {"lr", "schedule/lr", 9},
    {"step_size", "schedule/step_size", 9},
};
static const metrics_column after[] = {
    {"verdict", "health/verdict", 0}, /* its name, and the reason in a column after it */
    {"val_accuracy", "validation/accuracy", 6},
    {"val_nll", "validation/nll", 6},
    {"fd_pix", "validation/fd_pix", 6},
    {"images_per_s", "speed/images_per_s", 6},
    {"wall_s", "speed/wall_s", 6},
};
enum { BEFORE = sizeof before / sizeof *before, AFTER = sizeof after / sizeof *after, VERDICT_NAME = 0 };
_Static_assert(BEFORE + AFTER < METRICS_OWN, "room for all");

int metrics_columns(metrics_column out[METRICS_COLUMNS], const objective *o)
{
    int n = BEFORE;
    memcpy(out, before, sizeof before);
    for (int i = 0; i < o->column_count; i++)
        if (o->columns[i].name) out[n++] = (metrics_column){o->columns[i].name, o->columns[i].tag, 9};
    memcpy(out + n, after, sizeof after);
    return n + AFTER;
}

void metrics_values(double v[METRICS_COLUMNS], const objective *o, const metrics_row *r)
{
    const health_report *h = r->health;
    const double first[] = {r->epoch, r->alpha, r->mean.lr, r->mean.step_size};
    const double last[] = {h ? (double)h->verdict : (double)NAN, r->val_accuracy, r->val_nll, r->fd_pix,
                           r->images_per_s, r->wall_s};
    _Static_assert(sizeof first == BEFORE * sizeof *v && sizeof last == AFTER * sizeof *v,
                   "one value per column");
    memcpy(v, first, sizeof first);
    v += BEFORE;
    for (int i = 0; i < o->column_count; i++)
        if (o->columns[i].name)
            *v++ = objective_number(&r->mean.own, &o->columns[i]);
    memcpy(v, last, sizeof last);
}

/* ---- text */

typedef struct line {
    char text[2048]; /* of a row of 45 fields, most of less than 20 characters */
    size_t used;
} line;

static void add_text(line *l, const char *text)
{
    size_t n = strlen(text), room = sizeof l->text - 1 - l->used;
    if (n > room) n = room;
    memcpy(l->text + l->used, text, n);
    l->used += n;
    l->text[l->used] = '\0';
}

/* A number that is not finite is an empty field. */
static void add_number(line *l, double v, int digits)
{
    char text[40] = "";
    if (isfinite(v)) snprintf(text, sizeof text, "%.*g", digits, v);
    add_text(l, ",");
    add_text(l, text);
}

/* Commas and the like do not occur in reasons, but would break every reader. */
static void add_words(line *l, const char *words)
{
    add_text(l, ",");
    for (; *words; words++) {
        const char c[2] = {strchr(",\"\r\n", *words) ? ' ' : *words, '\0'};
        add_text(l, c);
    }
}

static bool is_verdict(const metrics_column *c)
{
    return c->name == after[VERDICT_NAME].name;
}

static void make_header(line *l, const objective *o)
{
    metrics_column columns[METRICS_COLUMNS];
    const int n = metrics_columns(columns, o);
    *l = (line){.used = 0};
    add_text(l, "iteration");
    for (int i = 0; i < n; i++) {
        add_words(l, columns[i].name);
        if (is_verdict(&columns[i])) add_words(l, "reason");
    }
    add_text(l, "\n");
}

static void make_row(line *l, const objective *o, const metrics_row *r)
{
    metrics_column columns[METRICS_COLUMNS];
    double v[METRICS_COLUMNS];
    const int n = metrics_columns(columns, o);
    metrics_values(v, o, r);
    *l = (line){.used = 0};
    l->used = (size_t)snprintf(l->text, sizeof l->text, "%lld", (long long)r->iteration);
    for (int i = 0; i < n; i++)
        if (is_verdict(&columns[i])) {
            add_words(l, r->health ? verdict_name(r->health->verdict) : "");
            add_words(l, r->health ? r->health->reason : "");
        } else {
            add_number(l, v[i], columns[i].digits);
        }
    add_text(l, "\n");
}

/* ---- the file */

enum { TOLD_MAX = 20 };

/* What a row holds: the iteration, the columns, and the reason behind the verdict. */
typedef struct row_form {
    int fields, verdict; /* how many; which one is the verdict */
} row_form;

static row_form form_of(const objective *o)
{
    metrics_column columns[METRICS_COLUMNS];
    const int n = metrics_columns(columns, o);
    return (row_form){n + 2, 1 + n - AFTER + VERDICT_NAME};
}

/* "nan" is what older logs have where nothing applies. */
static bool is_field(const row_form *form, int column, const char *text)
{
    char *end;
    if (column == form->verdict + 1) return true; /* the reason */
    if (!*text || strcmp(text, "nan") == 0) return column > 0;
    if (column == form->verdict) {
        int v = VERDICT_HEALTHY;
        while (v <= VERDICT_DIVERGED && strcmp(text, verdict_name((verdict)v)) != 0) v++;
        return v <= VERDICT_DIVERGED;
    }
    if (column == 0) return strtoll(text, &end, 10) >= 0 && !*end;
    return isfinite(strtod(text, &end)) && !*end;
}

/* What is wrong with the row [size]; "" if nothing is.  Its iteration and last field otherwise. */
static void check_row(char why[160], int64_t *iteration, double *wall_s, const row_form *form,
                      const char *row, size_t size)
{
    char text[sizeof((line *)0)->text];
    int column = 0;

    snprintf(why, 160, "it is no row");
    if (size >= sizeof text || memchr(row, '\0', size)) return;
    memcpy(text, row, size);
    text[size] = '\0';
    for (char *field = text, *end; field; field = end ? end + 1 : NULL, column++) {
        end = strchr(field, ',');
        if (end) *end = '\0';
        if (column < form->fields && !is_field(form, column, field)) {
            snprintf(why, 160, "field %d is '%.60s'", column + 1, field);
            return;
        }
        if (column == 0) *iteration = strtoll(field, NULL, 10);
        *wall_s = strtod(field, NULL);
    }
    why[0] = '\0';
    if (column != form->fields)
        snprintf(why, 160, "it has %d fields instead of %d", column, form->fields);
}

/* Moves the rows to keep together behind the header: whole ones up to `iteration`, in order.  Returns
 * their size; each other row is told, but for later ones, which are going to be repeated, and what a
 * kill left of the last one.  *damaged: how many were told. */
static size_t keep_rows(char *text, size_t size, size_t header, int64_t iteration, metrics_log *l,
                        int *damaged)
{
    size_t kept = header, at = header;
    int64_t previous = -1;
    const row_form form = form_of(l->objective);

    *damaged = 0;
    l->wall_s = 0;
    for (int number = 2; at < size; number++) {
        const char *end = memchr(text + at, '\n', size - at);
        int64_t it = 0;
        double wall_s = 0;
        char why[160];
        if (!end) break;
        const size_t length = (size_t)(end - text) - at;
        check_row(why, &it, &wall_s, &form, text + at, length);
        if (!why[0] && it <= previous) snprintf(why, sizeof why, "it is out of order");
        if (why[0] && (*damaged)++ < TOLD_MAX)
            log_warning("%s: line %d is damaged (%s) and is dropped", l->file.path, number, why);
        if (!why[0] && it <= iteration) {
            memmove(text + kept, text + at, length + 1);
            kept += length + 1;
            previous = it;
            l->wall_s = wall_s;
        }
        at += length + 1;
    }
    if (*damaged > TOLD_MAX)
        log_warning("%s: %d more lines are damaged and are dropped", l->file.path, *damaged - TOLD_MAX);
    return kept;
}

/* With rows missing in the middle the file is written anew. */
static jem_status rewrite(metrics_log *l, const char *text, size_t size)
{
    jem_status st;
    append_file fresh = APPEND_FILE_INIT;

    TRY(file_write(l->file.path, text, size));
    TRY(append_file_open(&fresh, l->file.path));
    append_file_close(&l->file);
    l->file = fresh;
done:
    return st;
}

static jem_status check_header(const char *text, size_t size, const line *header, const char *path)
{
    if (size >= header->used && memcmp(text, header->text, header->used) == 0) return JEM_OK;
    return jem_error(JEM_EDATA, "%s: not a training log of this version of jem; move it away", path);
}

jem_status metrics_truncate(metrics_log *l, int64_t iteration)
{
    jem_status st;
    char *text = NULL;
    size_t size;
    line header;
    int damaged;

    make_header(&header, l->objective);
    TRY(file_read(&text, &size, l->file.path, 0));
    TRY(check_header(text, size, &header, l->file.path));
    size_t keep = keep_rows(text, size, header.used, iteration, l, &damaged);
    if (damaged > 0)
        TRY(rewrite(l, text, keep));
    else if (keep < size)
        TRY(append_file_cut(&l->file, (int64_t)keep));
    l->damaged = damaged;
done:
    mem_free(text);
    return st;
}

/* ---- what should be there */

/* Is a row due after some iteration in (from, to]? */
static bool is_due(int64_t from, int64_t to, int64_t every)
{
    return to / every > from / every;
}

jem_status metrics_tell_gaps(const metrics_log *l, int64_t iteration, int64_t log_every,
                             int64_t per_epoch)
{
    jem_status st;
    char *text = NULL;
    size_t size;
    int64_t previous = 0;
    int gaps = 0;

    TRY(file_read(&text, &size, l->file.path, 0));
    for (const char *row = strchr(text, '\n'); row; row = strchr(row + 1, '\n')) {
        const bool last = !row[1];
        const int64_t it = last ? iteration + 1 : strtoll(row + 1, NULL, 10);
        if ((is_due(previous, it - 1, log_every) || is_due(previous, it - 1, per_epoch)) &&
            gaps++ < TOLD_MAX)
            log_warning("%s: rows are missing after iteration %lld, up to %lld", l->file.path,
                        (long long)previous, (long long)it - 1);
        previous = it;
    }
done:
    mem_free(text);
    return st;
}

jem_status metrics_digest(char text[METRICS_DIGEST], int64_t *bytes, const char *path, int64_t first)
{
    jem_status st;
    char *data = NULL;
    size_t size;

    TRY(file_read(&data, &size, path, 0));
    *bytes = first >= 0 && (size_t)first < size ? first : (int64_t)size;
    safetensors_checksum_text(text, XXH3_128bits(data, (size_t)*bytes));
done:
    mem_free(data);
    return st;
}

/* Is the file absent, or no more than the beginning of a header?  Otherwise it must have one. */
static jem_status is_new(bool *out, const char *path, const line *header)
{
    jem_status st = JEM_OK;
    char *text = NULL;
    size_t size = 0;

    if (file_exists(path)) TRY(file_read_start(&text, &size, path, header->used));
    *out = size < header->used && (size == 0 || memcmp(text, header->text, size) == 0);
    if (!*out) TRY(check_header(text, size, header, path));
done:
    mem_free(text);
    return st;
}

jem_status metrics_check(const char *path, const objective *o)
{
    line header;
    bool fresh;

    make_header(&header, o);
    return is_new(&fresh, path, &header);
}

jem_status metrics_open(metrics_log *l, const char *path, const objective *o, int64_t iteration)
{
    jem_status st;
    metrics_log b = METRICS_LOG_INIT;
    line header;
    bool fresh = false;

    b.objective = o;
    make_header(&header, o);
    TRY(is_new(&fresh, path, &header));
    if (fresh) TRY(file_write(path, header.text, header.used));
    TRY(append_file_open(&b.file, path));
    TRY(metrics_truncate(&b, iteration));
    *l = b;
    return JEM_OK;
done:
    metrics_close(&b);
    return st;
}

void metrics_close(metrics_log *l)
{
    append_file_close(&l->file);
}

jem_status metrics_write(metrics_log *l, const metrics_row *r)
{
    line row;
    make_row(&row, l->objective, r);
    return append_file_put(&l->file, row.text, row.used);
}

jem_status metrics_sync(metrics_log *l)
{
    return append_file_sync(&l->file);
}
