/* The metrics of all runs in one draw, whatever they are. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "measure/trials.h"

jem_status trial_draws_new(trial_draws *out, const trial_rule *rule,
                           const trial_items *const *items, int64_t columns)
{
    trial_draws d = {.columns = columns};
    jem_status st = rule->draws(&d, items);
    if (st == JEM_OK)
        *out = d;
    else
        trial_draws_clear(&d);
    return st;
}

void trial_draws_clear(trial_draws *d)
{
    if (d->state) d->free(d->state);
    mem_free(d->sizes);
    mem_free(d->of_people);
    *d = (trial_draws){.columns = 0};
}

jem_status trial_draws_data(double *value, const trial_draws *d)
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

jem_status trial_items_give(bool *give, const trial_items *items, const measure_spot *line, int score,
                            double value)
{
    jem_status st;
    double found[SPOT_SCORES_MAX];
    trial_draws alone = {.columns = 0};

    TRY(trial_draws_new(&alone, line->rule, &items, 1));
    TRY(trial_draws_data(found, &alone));
    *give = fabs(found[score] - value) <= 1e-6 * fmax(1, fabs(value));
done:
    trial_draws_clear(&alone);
    return st;
}

/* Bytes of the first `parts` parts of a name, which "/" separates. */
static size_t group_length(const char *name, int parts)
{
    size_t length = strcspn(name, "/");
    for (; parts > 1 && name[length]; parts--) length += 1 + strcspn(name + length + 1, "/");
    return length;
}

jem_status trial_groups(int64_t **start, int64_t *groups, const trial_items *items, int parts)
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
