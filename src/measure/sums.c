/* Scores that follow from sums over images: means, ratios of counts, R².
 *
 * The terms of all runs stand side by side, so that a drawn image adds one row. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "measure/trials.h"

typedef struct sums {
    int64_t columns, images, width; /* columns * terms */
    int terms;
    double *rows; /* [images][columns][terms] */
} sums;

static void free_sums(void *state)
{
    sums *s = state;
    mem_free(s->rows);
    mem_free(s);
}

static double ratio(double a, double b) { return b > 0 ? a / b : NAN; }

/* sum [terms]: of the squared error, of y and of y^2. */
static double r2(const double *sum, double n)
{
    double spread = sum[2] - sum[1] * sum[1] / n;
    return spread > 1e-12 * sum[2] ? 1 - sum[0] / spread : NAN; /* below it is rounding */
}

static jem_status values(double *value, const void *state, const stats_draw *draw)
{
    const sums *s = state;
    double *total = NULL;
    jem_status st = MEM_NEW(total, s->width);
    if (st != JEM_OK) return st;
    for (int64_t i = 0; i < s->images; i++) {
        const double *row = s->rows + draw->index[0][i] * s->width;
        for (int64_t c = 0; c < s->width; c++) total[c] += row[c];
    }
    double n = (double)s->images;
    for (int64_t c = 0; c < s->columns; c++) {
        const double *sum = total + c * s->terms;
        value[c] = s->terms == 3   ? r2(sum, n)
                   : s->terms == 1 ? sum[0] / n
                                   : ratio(sum[0], sum[1]);
    }
    mem_free(total);
    return JEM_OK;
}

/* Does every image count in every run?  A mean needs no second term then: half of the work. */
static bool all_count(const trial_items *const *items, int64_t columns)
{
    for (int64_t c = 0; c < columns; c++)
        for (int64_t i = 0; i < items[c]->count; i++)
            if (items[c]->term[i * items[c]->terms + 1] != 1) return false;
    return true;
}

jem_status trial_sums(trial_draws *out, const trial_items *const *items)
{
    jem_status st;
    sums *s = NULL;
    int given = items[0]->terms;

    TRY(MEM_NEW(s, 1));
    out->state = s;
    out->free = free_sums;
    out->values = values;
    out->factors = 1;
    TRY(MEM_NEW(out->sizes, 1));
    out->sizes[0] = out->images = items[0]->count;
    *s = (sums){.columns = out->columns, .images = out->images, .terms = given};
    if (given == 2 && all_count(items, out->columns)) s->terms = 1;
    s->width = s->columns * s->terms;
    TRY(MEM_NEW(s->rows, s->images * s->width));
    for (int64_t c = 0; c < s->columns; c++)
        for (int64_t i = 0; i < s->images; i++)
            for (int t = 0; t < s->terms; t++)
                s->rows[i * s->width + c * s->terms + t] = items[c]->term[i * given + t];
done:
    return st;
}

/* ---- rules */

static jem_status right(double *term, const trial_row *row)
{
    term[0] = strcmp(row->value, row->category) == 0;
    return JEM_OK;
}

static jem_status number(double *term, const trial_row *row)
{
    jem_status st = trial_number(&term[0], row, row->value_field);
    if (st != JEM_OK) return st;
    term[1] = !isnan(term[0]);
    term[0] = isnan(term[0]) ? 0 : row->unit > 0 ? term[0] / row->unit : term[0];
    return JEM_OK;
}

static jem_status prediction(double *term, const trial_row *row)
{
    jem_status st = trial_defined(&term[0], row, row->value_field);
    return st == JEM_OK ? trial_defined(&term[1], row, row->category_field) : st;
}

/* (yhat, y) becomes (error^2, y, y^2) with y centred, so that no differences of large numbers
 * arise. */
static void centre(trial_items *items)
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

const trial_rule trials_right = {.terms = 1, .term = right, .draws = trial_sums};
const trial_rule trials_number = {.terms = 2, .term = number, .draws = trial_sums};
const trial_rule trials_r2 = {.terms = 3, .term = prediction, .gathered = centre, .draws = trial_sums};
