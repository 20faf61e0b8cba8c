/* Scores over seeds along alpha, and which alphas may be the best: see score_table.h. */
#include "report/score_table.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "stats/best_alpha.h"

static bool is_shown(const score_row *row)
{
    if (score_row_is_people(row)) return false;
    return !row->of || !row->of->headline || score_row_is_shown(row);
}

static bool same_line(const score_row *a, const score_row *b)
{
    const score *s = a->score, *t = b->score;
    return a->source == b->source && str_same(s->benchmark, t->benchmark) && str_same(s->metric, t->metric) &&
           str_same(s->dataset, t->dataset) && str_same(s->condition, t->condition) && str_same(a->model, b->model);
}

/* ---- columns */

static int64_t column_of(const score_table *t, double alpha)
{
    int64_t c = 0;
    while (c < t->columns && t->alpha[c] != alpha && !(isnan(alpha) && isnan(t->alpha[c]))) c++;
    return c;
}

/* At most one column a row; NaN sorts last. */
static jem_status find_columns(score_table *t)
{
    jem_status st;
    const score_rows *r = t->rows;

    TRY(MEM_NEW(t->alpha, r->count));
    for (int64_t i = 0; i < r->count; i++) {
        const double alpha = r->rows[i].alpha;
        if (!is_shown(&r->rows[i]) || column_of(t, alpha) < t->columns) continue;
        int64_t c = t->columns++;
        while (c > 0 && !isnan(alpha) && !(t->alpha[c - 1] < alpha)) t->alpha[c] = t->alpha[c - 1], c--;
        t->alpha[c] = alpha;
    }
done:
    return st;
}

/* ---- lines */

/* What is rescued is another experiment, and so are other settings and lengths, where they are known. */
static bool has_unequal_runs(const score_line *l)
{
    const study_run *settings = NULL, *length = NULL;
    for (int64_t i = 0; l->first->run && i < l->count; i++) {
        const study_run *r = l->first[i].run;
        if (r->rescue_count) return true;
        if (r->settings_hash[0]) {
            if (settings && strcmp(r->settings_hash, settings->settings_hash) != 0) return true;
            settings = r;
        }
        if (r->iteration > 0) {
            if (length && r->iteration != length->iteration) return true;
            length = r;
        }
    }
    return false;
}

static jem_status find_lines(score_table *t)
{
    jem_status st;
    const score_rows *r = t->rows;

    TRY(MEM_NEW(t->lines, r->count));
    for (int64_t i = 0; i < r->count; i++) {
        const score_row *row = &r->rows[i];
        score_line *last = t->count ? &t->lines[t->count - 1] : NULL;
        if (!is_shown(row)) continue;
        if (last && same_line(last->first, row))
            last->count++;
        else
            t->lines[t->count++] = (score_line){.first = row, .count = 1};
    }
    TRY(MEM_NEW(t->cells, t->count * t->columns));
    for (int64_t i = 0; i < t->count; i++) {
        t->lines[i].cell = t->cells + i * t->columns;
        t->lines[i].unequal = has_unequal_runs(&t->lines[i]);
        t->any_unequal = t->any_unequal || t->lines[i].unequal;
    }
done:
    return st;
}

/* values [count] and networks [columns] <- the line's finite values, column after column. */
static void fill_cells(const score_table *t, const score_line *l, double *values, int64_t *networks)
{
    int64_t used = 0;
    for (int64_t c = 0; c < t->columns; c++) {
        const int64_t before = used;
        score_cell *cell = &l->cell[c];
        for (int64_t i = 0; i < l->count; i++) {
            if (column_of(t, l->first[i].alpha) != c) continue;
            cell->given = true;
            cell->at_chance = cell->at_chance || l->first[i].at_chance == CHANCE_AT;
            if (isfinite(l->first[i].score->value)) values[used++] = l->first[i].score->value;
        }
        cell->seeds = networks[c] = used - before;
        cell->mean = stats_mean(values + before, cell->seeds);
        cell->sem = stats_sem(values + before, cell->seeds);
    }
}

/* ---- the set of possible best alphas */

/* What is compared: *data <- columns from `from` on without gaps; false: too little for a claim.
 * `values` are turned so that larger is better. */
static bool choose_alphas(stats_alphas *data, int64_t *column, const score_table *t, const score_line *l,
                          double *values, int64_t *networks)
{
    int64_t repeated = 0, used = 0, seen = 0;

    *data = (stats_alphas){.networks = networks, .score = values, .reference = NAN};
    if (!l->first->spot || l->unequal) return false;
    for (int64_t c = 0; c < t->columns; c++) {
        const int64_t n = networks[c];
        const bool left_out = isnan(t->alpha[c]) || (l->first->meaning->needs_head && t->alpha[c] >= 1);
        for (int64_t k = 0; k < n && !left_out; k++)
            values[used++] = l->first->meaning->lower_is_better ? -values[seen + k] : values[seen + k];
        seen += n;
        if (left_out || !n) continue;
        networks[data->count] = n;
        column[data->count++] = c;
        repeated += n > 1;
    }
    return repeated > 1;
}

static jem_status mark_best(score_table *t, score_line *l, double *values, int64_t *networks,
                            int64_t *column, pool *threads)
{
    jem_status st = JEM_OK;
    stats_alphas data;
    stats_best_alpha best = {.alphas = 0};

    if (!choose_alphas(&data, column, t, l, values, networks)) return JEM_OK;
    TRY(stats_best_alpha_find(&best, &data,
                              &(stats_best_alpha_options){.level = .95, .draws = STATS_ALPHA_DRAWS,
                                                          .threads = threads}));
    for (int64_t i = 0; i < best.alphas && best.varies; i++) {
        l->cell[column[i]].maybe_best = best.in_set[i];
        t->any_best = true;
    }
done:
    stats_best_alpha_clear(&best);
    return st;
}

/* ---- the whole */

static void count_seeds(score_table *t)
{
    for (int64_t i = 0; i < t->count * t->columns; i++) {
        const int64_t n = t->cells[i].seeds;
        t->any_chance = t->any_chance || t->cells[i].at_chance;
        if (n < 2) continue;
        if (!t->least || n < t->least) t->least = n;
        if (n > t->most) t->most = n;
    }
}

jem_status score_table_make(score_table *out, const score_rows *rows, pool *threads)
{
    jem_status st;
    score_table t = {.rows = rows};
    double *values = NULL;
    int64_t *networks = NULL, *column = NULL;

    TRY(find_columns(&t));
    TRY(find_lines(&t));
    if (!t.count) {
        st = jem_error(JEM_EDATA, "none of the %lld scores is one that tables show; --csv and --json have all",
                       (long long)rows->count);
        goto done;
    }
    TRY(MEM_NEW(values, rows->count));
    TRY(MEM_NEW(networks, t.columns));
    TRY(MEM_NEW(column, t.columns));
    for (int64_t i = 0; i < t.count; i++) {
        fill_cells(&t, &t.lines[i], values, networks);
        TRY(mark_best(&t, &t.lines[i], values, networks, column, threads));
    }
    count_seeds(&t);
    *out = t;
    t = (score_table)SCORE_TABLE_INIT;
done:
    mem_free(values);
    mem_free(networks);
    mem_free(column);
    score_table_clear(&t);
    return st;
}

void score_table_clear(score_table *t)
{
    mem_free(t->alpha);
    mem_free(t->lines);
    mem_free(t->cells);
    *t = (score_table)SCORE_TABLE_INIT;
}
