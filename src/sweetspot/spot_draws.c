/* The metrics of all runs in one draw, whatever they are. */
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "sweetspot/spot_trials.h"

typedef jem_status (*make_draws)(spot_draws *out, spot_trials kind, const spot_items *const *items);
static const make_draws makers[] = {
    [SPOT_RIGHT] = spot_sums,      [SPOT_SHAPE_BIAS] = spot_sums, [SPOT_NUMBER] = spot_sums,
    [SPOT_R2] = spot_sums,         [SPOT_RATINGS] = spot_ratings, [SPOT_BAPPS] = spot_bapps,
    [SPOT_KAPPA] = spot_kappa,
};

jem_status spot_draws_new(spot_draws *out, spot_trials kind, const spot_items *const *items,
                          int64_t columns)
{
    spot_draws d = {.columns = columns};
    jem_status st = makers[kind](&d, kind, items);
    if (st == JEM_OK)
        *out = d;
    else
        spot_draws_clear(&d);
    return st;
}

void spot_draws_clear(spot_draws *d)
{
    if (d->state) d->free(d->state);
    mem_free(d->sizes);
    *d = (spot_draws){.columns = 0};
}

jem_status spot_draws_data(double *value, const spot_draws *d)
{
    jem_status st;
    int64_t most = 0, *each = NULL;
    const int64_t **index = NULL;

    for (int64_t f = 0; f < d->factors; f++)
        if (d->sizes[f] > most) most = d->sizes[f];
    TRY(MEM_NEW(each, most));
    TRY(MEM_NEW(index, d->factors));
    for (int64_t i = 0; i < most; i++) each[i] = i;
    for (int64_t f = 0; f < d->factors; f++) index[f] = each;
    TRY(d->values(value, d->state, &(const stats_draw){d->sizes, index}));
done:
    mem_free(index);
    mem_free(each);
    return st;
}

/* Bytes of the first `parts` parts of a name, which "/" separates. */
static size_t group_length(const char *name, int parts)
{
    size_t length = strcspn(name, "/");
    for (; parts > 1 && name[length]; parts--) length += 1 + strcspn(name + length + 1, "/");
    return length;
}

jem_status spot_groups(int64_t **start, int64_t *groups, const spot_items *items, int parts)
{
    int64_t *found = NULL, count = 0;
    size_t last = 0;
    jem_status st = MEM_NEW(found, items->count + 1);
    if (st != JEM_OK) return st;
    for (int64_t i = 0; i < items->count; i++) {
        size_t length = group_length(items->name[i], parts);
        if (i == 0 || length != last || strncmp(items->name[i - 1], items->name[i], length) != 0)
            found[count++] = i;
        last = length;
    }
    found[count] = items->count;
    *start = found;
    *groups = count;
    return JEM_OK;
}
