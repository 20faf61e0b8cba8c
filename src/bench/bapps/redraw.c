/* BAPPS: the mean 2AFC score and the mean JND area of the distortion sets.
 *
 * Every set is drawn by itself.  A JND set is ranked once per run; in a round the pairs of
 * that order are taken as often as they were drawn. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "bench/bapps/redraw.h"
#include "stats/bapps.h"

typedef struct part {
    bool jnd;
    int64_t n;
    double *score;  /* 2AFC: [n][columns] */
    int64_t *order; /* JND: [columns][n] pairs by distance */
    double *same;   /* JND: [n] share of people */
} part;

typedef struct bapps {
    int64_t columns, parts, counts[2]; /* of 2AFC and of JND sets */
    part *part;                        /* [parts] */
} bapps;

static void free_bapps(void *state)
{
    bapps *b = state;
    for (int64_t p = 0; b->part && p < b->parts; p++) {
        mem_free(b->part[p].score);
        mem_free(b->part[p].order);
        mem_free(b->part[p].same);
    }
    mem_free(b->part);
    mem_free(b);
}

/* value [columns][2] <- with this set's share of the mean over sets of its kind. */
static jem_status add_part(double *value, const bapps *b, const part *p, const int64_t *index)
{
    jem_status st;
    int64_t *times = NULL;
    double *sum = NULL, share = 1 / (double)b->counts[p->jnd];

    TRY(MEM_NEW(times, p->n));
    TRY(MEM_NEW(sum, b->columns));
    if (p->jnd) {
        for (int64_t i = 0; i < p->n; i++) times[index[i]]++;
        for (int64_t c = 0; c < b->columns; c++)
            sum[c] = stats_jnd_resampled(p->order + c * p->n, p->same, times, p->n);
    } else {
        for (int64_t i = 0; i < p->n; i++)
            for (int64_t c = 0; c < b->columns; c++) sum[c] += p->score[index[i] * b->columns + c];
        for (int64_t c = 0; c < b->columns; c++) sum[c] /= (double)p->n;
    }
    for (int64_t c = 0; c < b->columns; c++) value[2 * c + p->jnd] += share * sum[c];
done:
    mem_free(sum);
    mem_free(times);
    return st;
}

/* Factor p: the triplets or pairs of set p. */
static jem_status values(double *value, const void *state, const stats_draw *draw)
{
    const bapps *b = state;
    for (int64_t c = 0; c < 2 * b->columns; c++) value[c] = b->counts[c % 2] > 0 ? 0 : NAN;
    for (int64_t p = 0; p < b->parts; p++) {
        jem_status st = add_part(value, b, &b->part[p], draw->index[p]);
        if (st != JEM_OK) return st;
    }
    return JEM_OK;
}

static jem_status fill_part(part *p, const bapps *b, const trial_items *const *items, int64_t first)
{
    jem_status st;

    if (!p->jnd) {
        TRY(MEM_NEW(p->score, p->n * b->columns));
        for (int64_t c = 0; c < b->columns; c++)
            for (int64_t i = 0; i < p->n; i++)
                p->score[i * b->columns + c] = items[c]->term[first + i];
        goto done;
    }
    TRY(MEM_NEW(p->order, b->columns * p->n));
    TRY(MEM_NEW(p->same, p->n));
    for (int64_t i = 0; i < p->n; i++) p->same[i] = strtod(items[0]->people[first + i], NULL);
    for (int64_t c = 0; c < b->columns; c++)
        TRY(stats_jnd_order(p->order + c * p->n, items[c]->term + first, p->n));
done:
    return st;
}

static jem_status draws(trial_draws *out, const trial_items *const *items)
{
    jem_status st;
    bapps *b = NULL;
    int64_t *start = NULL;

    TRY(MEM_NEW(b, 1));
    out->state = b;
    out->free = free_bapps;
    out->values = values;
    b->columns = out->columns;
    TRY(trial_groups(&start, &b->parts, items[0], 2));
    out->images = items[0]->count;
    out->factors = b->parts;
    TRY(MEM_NEW(out->sizes, b->parts));
    TRY(MEM_NEW(b->part, b->parts));
    for (int64_t p = 0; p < b->parts; p++) {
        part *set = &b->part[p];
        set->jnd = strncmp(items[0]->name[start[p]], "jnd/", 4) == 0;
        set->n = out->sizes[p] = start[p + 1] - start[p];
        b->counts[set->jnd]++;
        TRY(fill_part(set, b, items, start[p]));
    }
done:
    mem_free(start);
    return st;
}

/* ---- rows */

static bool wanted(const char *condition)
{
    return strcmp(condition, "2afc/traditional") == 0 || strcmp(condition, "2afc/cnn") == 0 ||
           strcmp(condition, "jnd/traditional") == 0 || strcmp(condition, "jnd/cnn") == 0;
}

/* In 2AFC the score of the triplet, in JND the distance of the pair. */
static jem_status term(double *out, const trial_row *row)
{
    jem_status st;
    const field_reader *r = row->reader;
    double share;

    TRY(trial_defined(&share, row, row->category_field));
    if (!(share >= 0 && share <= 1))
        return jem_error(JEM_EDATA, "%s:%lld: %g is no share of people", r->path,
                         (long long)r->line, share);
    if (strncmp(row->condition, "jnd/", 4) == 0) return trial_defined(out, row, row->value_field);
    if (strcmp(row->value, "p0") == 0)
        *out = 1 - share;
    else if (strcmp(row->value, "p1") == 0)
        *out = share;
    else if (strcmp(row->value, "tie") == 0)
        *out = 0.5;
    else
        st = jem_error(JEM_EDATA, "%s:%lld: '%s' is none of p0, p1 and tie", r->path,
                       (long long)r->line, row->value);
done:
    return st;
}

const trial_rule bapps_trials = {
    .terms = 1, .people = "category", .wanted = wanted, .term = term, .draws = draws};
