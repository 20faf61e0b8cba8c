/* CIFAR-10H: cross-entropies of all runs, and of people with one another, on the drawn images. */
#include "bench/cifar10h/redraw.h"

#include <math.h>

#include "base/mem.h"
#include "base/try.h"

enum { OWN, SPLIT_HALF, TERMS };

typedef struct losses {
    int64_t columns, images;
    double *own;        /* [images][columns] */
    double *split_half; /* [images] */
} losses;

static void free_losses(void *state)
{
    losses *l = state;
    mem_free(l->own);
    mem_free(l->split_half);
    mem_free(l);
}

/* value [columns] <- means of rows [images][columns] that the draw takes. */
static void drawn_means(double *value, const double *rows, int64_t columns, int64_t images, const int64_t *index)
{
    for (int64_t c = 0; c < columns; c++) value[c] = 0;
    for (int64_t i = 0; i < images; i++)
        for (int64_t c = 0; c < columns; c++) value[c] += rows[index[i] * columns + c];
    for (int64_t c = 0; c < columns; c++) value[c] /= (double)images;
}

static jem_status values(double *value, const void *state, const stats_draw *draw)
{
    const losses *l = state;
    drawn_means(value, l->own, l->columns, l->images, draw->index[0]);
    return JEM_OK;
}

static jem_status among_people(double *value, const void *state, const stats_draw *draw)
{
    const losses *l = state;
    drawn_means(value, l->split_half, 1, l->images, draw->index[0]);
    return JEM_OK;
}

static jem_status draws(trial_draws *out, const trial_items *const *items)
{
    jem_status st;
    losses *l = NULL;
    const int64_t columns = out->columns, n = items[0]->count;

    TRY(MEM_NEW(l, 1));
    out->state = l;
    out->free = free_losses;
    out->values = values;
    out->among_people = among_people;
    out->factors = 1;
    TRY(MEM_NEW(out->sizes, 1));
    out->sizes[0] = out->images = n;
    *l = (losses){.columns = columns, .images = n};
    TRY(MEM_NEW(l->own, n * columns));
    TRY(MEM_NEW(l->split_half, n));
    for (int64_t i = 0; i < n; i++) {
        for (int64_t c = 0; c < columns; c++) l->own[i * columns + c] = items[c]->term[i * TERMS + OWN];
        l->split_half[i] = items[0]->term[i * TERMS + SPLIT_HALF];
        if (isnan(l->split_half[i])) out->among_people = NULL;
    }
done:
    return st;
}

static jem_status term(double *out, const trial_row *row)
{
    jem_status st = trial_defined(&out[OWN], row, row->value_field);
    out[SPLIT_HALF] = NAN;
    if (st != JEM_OK || row->among_field < 0) return st;
    return trial_number(&out[SPLIT_HALF], row, row->among_field);
}

const trial_rule cifar10h_trials = {
    .terms = TERMS, .among = CIFAR10H_SPLIT_HALF_COLUMN, .term = term, .draws = draws};
