/* Correlation of each run's predictions with the mean rating of the drawn people. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/gloss/redraw.h"
#include "record/record.h"
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

static jem_status draws(trial_draws *out, const trial_items *const *items)
{
    jem_status st;
    ratings *s = NULL;
    const int64_t n = items[0]->count;

    TRY(MEM_NEW(s, 1));
    out->state = s;
    out->free = free_ratings;
    out->values = values;
    out->factors = 2;
    TRY(MEM_NEW(out->sizes, 2));
    TRY(MEM_NEW(out->of_people, 2));
    out->of_people[0] = true;
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

/* ---- rows */

static jem_status term(double *out, const trial_row *row)
{
    return trial_defined(out, row, row->value_field);
}

/* RUN/trials/gloss-human.csv: session = observer, a rating of every image from each. */
static jem_status read_ratings(trial_items *items, const char *of, const char *run)
{
    jem_status st;
    char *path = NULL;
    trial_list list = TRIAL_LIST_INIT;

    (void)of;
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
        int64_t at = trial_find(items, t->condition, t->imagename);
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

const trial_rule gloss_ratings_trials = {
    .terms = 1, .averages = true, .term = term, .ordered = read_ratings, .draws = draws};
