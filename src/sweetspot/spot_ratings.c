/* Correlation of each run's predictions with the mean rating of the drawn people. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "sweetspot/spot_trials.h"
#include "stats/rank.h"

typedef struct ratings {
    int64_t columns, images, people;
    double *predicted; /* [columns][images] */
    double *rating;    /* [people][images] */
} ratings;

static void free_ratings(void *state)
{
    ratings *s = state;
    mem_free(s->predicted);
    mem_free(s->rating);
    mem_free(s);
}

/* Factor 0: people, factor 1: images. */
static jem_status values(double *value, const void *state, const stats_draw *draw)
{
    jem_status st;
    const ratings *s = state;
    int64_t n = s->images;
    double *mean = NULL, *x = NULL;

    TRY(MEM_NEW(mean, n));
    TRY(MEM_NEW(x, n));
    for (int64_t o = 0; o < s->people; o++) {
        const double *own = s->rating + draw->index[0][o] * n;
        for (int64_t i = 0; i < n; i++) mean[i] += own[draw->index[1][i]] / (double)s->people;
    }
    for (int64_t c = 0; c < s->columns; c++) {
        for (int64_t i = 0; i < n; i++) x[i] = s->predicted[c * n + draw->index[1][i]];
        value[c] = NAN;
        st = stats_pearson(&value[c], x, mean, n);
        if (st == JEM_EDATA) st = JEM_OK; /* nothing varies in this draw */
        TRY(st);
    }
done:
    mem_free(x);
    mem_free(mean);
    return st;
}

jem_status spot_ratings(spot_draws *out, spot_trials kind, const spot_items *const *items)
{
    jem_status st;
    ratings *s = NULL;
    const int64_t n = items[0]->count;

    (void)kind;
    TRY(MEM_NEW(s, 1));
    out->state = s;
    out->free = free_ratings;
    out->values = values;
    out->factors = 2;
    TRY(MEM_NEW(out->sizes, 2));
    out->sizes[0] = out->people = s->people = items[0]->raters;
    out->sizes[1] = out->images = s->images = n;
    s->columns = out->columns;
    TRY(MEM_NEW(s->predicted, s->columns * n));
    TRY(MEM_NEW(s->rating, s->people * n));
    for (int64_t c = 0; c < s->columns; c++)
        memcpy(s->predicted + c * n, items[c]->term, (size_t)n * sizeof *s->predicted);
    memcpy(s->rating, items[0]->ratings, (size_t)(s->people * n) * sizeof *s->rating);
done:
    return st;
}
