/* The training log: see metrics.h. */
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

typedef enum fold { FOLD_MEAN, FOLD_MIN, FOLD_MAX, FOLD_NEWEST } fold;

/* Which numbers of a report a window gathers, and how. */
#define AT(field) offsetof(step_report, field)
static const struct {
    size_t offset;
    fold fold;
} window_fields[METRICS_WINDOW] = {
    {AT(loss.loss_d), FOLD_MEAN},    {AT(loss.loss_g), FOLD_MEAN},
    {AT(loss.g_d), FOLD_MEAN},       {AT(loss.g_g), FOLD_MEAN},
    {AT(loss.c), FOLD_MEAN},         {AT(loss.cosine), FOLD_MEAN},
    {AT(loss.lse_pos), FOLD_MEAN},   {AT(loss.lse_neg), FOLD_MEAN},
    {AT(loss.accuracy), FOLD_MEAN},  {AT(chain.clipped), FOLD_MEAN},
    {AT(chain.movement), FOLD_MEAN}, {AT(diffusion), FOLD_MEAN},
    {AT(lse_min), FOLD_MIN},         {AT(lse_max), FOLD_MAX},
    {AT(lr), FOLD_NEWEST},           {AT(step_size), FOLD_NEWEST},
};
#undef AT

static double folded(fold how, double before, double v)
{
    switch (how) {
    case FOLD_MEAN: return before + v;
    case FOLD_MIN: return fmin(before, v);
    case FOLD_MAX: return fmax(before, v);
    case FOLD_NEWEST: break;
    }
    return v;
}

void metrics_window_add(metrics_window *w, const step_report *r)
{
    for (int i = 0; i < METRICS_WINDOW; i++) {
        double v;
        memcpy(&v, (const char *)r + window_fields[i].offset, sizeof v);
        if (!isfinite(v)) continue;
        w->values[i] = w->counts[i] > 0 ? folded(window_fields[i].fold, w->values[i], v) : v;
        w->counts[i]++;
    }
}

void metrics_window_mean(step_report *out, const metrics_window *w)
{
    *out = (step_report){0};
    for (int i = 0; i < METRICS_WINDOW; i++) {
        double v = w->counts[i] > 0 ? w->values[i] : (double)NAN;
        if (window_fields[i].fold == FOLD_MEAN) v /= (double)w->counts[i];
        memcpy((char *)out + window_fields[i].offset, &v, sizeof v);
    }
}

void metrics_window_pack(double out[METRICS_WINDOW_DOUBLES], const metrics_window *w)
{
    for (int i = 0; i < METRICS_WINDOW; i++) {
        out[i] = w->values[i];
        out[METRICS_WINDOW + i] = (double)w->counts[i];
    }
}

jem_status metrics_window_unpack(metrics_window *w, const double in[METRICS_WINDOW_DOUBLES])
{
    metrics_window b;
    for (int i = 0; i < METRICS_WINDOW; i++) {
        double count = in[METRICS_WINDOW + i];
        if (!isfinite(in[i]) || !(count >= 0 && count <= 1e15) || count != floor(count))
            return jem_error(JEM_EDATA, "not the sums of a row: %g over %g steps", in[i], count);
        b.values[i] = in[i];
        b.counts[i] = (int64_t)count;
    }
    *w = b;
    return JEM_OK;
}

/* ---- columns */

const metrics_column metrics_columns[METRICS_COLUMNS] = {
    {"epoch", "schedule/epoch", 6},
    {"alpha", "schedule/alpha", 9},
    {"lr", "schedule/lr", 9},
    {"step_size", "schedule/step_size", 9},
    {"loss_d", "loss/discriminative", 9},
    {"loss_g", "loss/generative", 9},
    {"g_d", "gradient/discriminative", 9},
    {"g_g", "gradient/generative", 9},
    {"c", "gradient/c", 9},
    {"cosine", "gradient/cosine", 9},
    {"lse_pos", "energy/lse_data", 9},
    {"lse_neg", "energy/lse_samples", 9},
    {"lse_gap", "energy/lse_gap", 9},
    {"accuracy", "loss/accuracy", 9},
    {"clipped", "chain/clipped", 9},
    {"movement", "chain/movement", 9},
    {"lse_min", "energy/lse_min", 9},
    {"lse_max", "energy/lse_max", 9},
    {"buffer_age", "chain/buffer_age", 9},
    {"buffer_diversity", "chain/buffer_diversity", 9},
    {"verdict", "health/verdict", 0}, /* its name, and the reason in a column after it */
    {"val_accuracy", "validation/accuracy", 6},
    {"val_nll", "validation/nll", 6},
    {"fd_pix", "validation/fd_pix", 6},
    {"images_per_s", "speed/images_per_s", 6},
    {"wall_s", "speed/wall_s", 6},
};
enum { COLUMN_VERDICT = 20 };

void metrics_values(double v[METRICS_COLUMNS], const metrics_row *r)
{
    const step_report *m = &r->mean;
    const eq8_result *l = &m->loss;
    const health_report *h = r->health;
    const double values[] = {
        r->epoch, r->alpha, m->lr, m->step_size,
        l->loss_d, l->loss_g, l->g_d, l->g_g, l->c, l->cosine,
        l->lse_pos, l->lse_neg, l->lse_pos - l->lse_neg, l->accuracy,
        m->chain.clipped, m->chain.movement, m->lse_min, m->lse_max,
        h ? h->buffer_age : NAN, h ? h->buffer_diversity : NAN, h ? (double)h->verdict : NAN,
        r->val_accuracy, r->val_nll, r->fd_pix,
        r->images_per_s, r->wall_s,
    };
    _Static_assert(sizeof values == METRICS_COLUMNS * sizeof *values, "one value per column");
    memcpy(v, values, sizeof values);
}

/* ---- text */

typedef struct line {
    char text[2048]; /* of a row of 28 fields, most of less than 20 characters */
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

static void make_header(line *l)
{
    *l = (line){.used = 0};
    add_text(l, "iteration");
    for (int i = 0; i < METRICS_COLUMNS; i++) {
        add_words(l, metrics_columns[i].name);
        if (i == COLUMN_VERDICT) add_words(l, "reason");
    }
    add_text(l, "\n");
}

static void make_row(line *l, const metrics_row *r)
{
    double v[METRICS_COLUMNS];
    metrics_values(v, r);
    *l = (line){.used = 0};
    l->used = (size_t)snprintf(l->text, sizeof l->text, "%lld", (long long)r->iteration);
    for (int i = 0; i < METRICS_COLUMNS; i++)
        if (i == COLUMN_VERDICT) {
            add_words(l, r->health ? verdict_name(r->health->verdict) : "");
            add_words(l, r->health ? r->health->reason : "");
        } else {
            add_number(l, v[i], metrics_columns[i].digits);
        }
    add_text(l, "\n");
}

/* ---- the file */

enum { FIELDS = METRICS_COLUMNS + 2, TOLD_MAX = 20 };

/* "nan" is what older logs have where nothing applies. */
static bool is_field(int column, const char *text)
{
    char *end;
    if (column == COLUMN_VERDICT + 2) return true; /* the reason */
    if (!*text || strcmp(text, "nan") == 0) return column > 0;
    if (column == COLUMN_VERDICT + 1) {
        int v = VERDICT_HEALTHY;
        while (v <= VERDICT_DIVERGED && strcmp(text, verdict_name((verdict)v)) != 0) v++;
        return v <= VERDICT_DIVERGED;
    }
    if (column == 0) return strtoll(text, &end, 10) >= 0 && !*end;
    return isfinite(strtod(text, &end)) && !*end;
}

/* What is wrong with the row [size]; "" if nothing is.  Its iteration and last field otherwise. */
static void check_row(char why[160], int64_t *iteration, double *wall_s, const char *row, size_t size)
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
        if (column < FIELDS && !is_field(column, field)) {
            snprintf(why, 160, "field %d is '%.60s'", column + 1, field);
            return;
        }
        if (column == 0) *iteration = strtoll(field, NULL, 10);
        *wall_s = strtod(field, NULL);
    }
    why[0] = '\0';
    if (column != FIELDS) snprintf(why, 160, "it has %d fields instead of %d", column, FIELDS);
}

/* Moves the rows to keep together behind the header: whole ones up to `iteration`, in order.  Returns
 * their size; each other row is told, but for later ones, which are going to be repeated, and what a
 * kill left of the last one.  *damaged: how many were told. */
static size_t keep_rows(char *text, size_t size, size_t header, int64_t iteration, metrics_log *l,
                        int *damaged)
{
    size_t kept = header, at = header;
    int64_t before = -1;

    *damaged = 0;
    l->wall_s = 0;
    for (int number = 2; at < size; number++) {
        const char *end = memchr(text + at, '\n', size - at);
        int64_t it = 0;
        double wall_s = 0;
        char why[160];
        if (!end) break;
        const size_t length = (size_t)(end - text) - at;
        check_row(why, &it, &wall_s, text + at, length);
        if (!why[0] && it <= before) snprintf(why, sizeof why, "it is out of order");
        if (why[0] && (*damaged)++ < TOLD_MAX)
            log_warning("%s: line %d is damaged (%s) and is dropped", l->file.path, number, why);
        if (!why[0] && it <= iteration) {
            memmove(text + kept, text + at, length + 1);
            kept += length + 1;
            before = it;
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

    make_header(&header);
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
    int64_t before = 0;
    int gaps = 0;

    TRY(file_read(&text, &size, l->file.path, 0));
    for (const char *row = strchr(text, '\n'); row; row = strchr(row + 1, '\n')) {
        const bool last = !row[1];
        const int64_t it = last ? iteration + 1 : strtoll(row + 1, NULL, 10);
        if ((is_due(before, it - 1, log_every) || is_due(before, it - 1, per_epoch)) &&
            gaps++ < TOLD_MAX)
            log_warning("%s: rows are missing after iteration %lld, up to %lld", l->file.path,
                        (long long)before, (long long)it - 1);
        before = it;
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

jem_status metrics_check(const char *path)
{
    line header;
    bool fresh;

    make_header(&header);
    return is_new(&fresh, path, &header);
}

jem_status metrics_open(metrics_log *l, const char *path, int64_t iteration)
{
    jem_status st;
    metrics_log b = METRICS_LOG_INIT;
    line header;
    bool fresh = false;

    make_header(&header);
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
    make_row(&row, r);
    return append_file_put(&l->file, row.text, row.used);
}

jem_status metrics_sync(metrics_log *l)
{
    return append_file_sync(&l->file);
}
