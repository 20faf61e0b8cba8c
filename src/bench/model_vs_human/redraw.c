/* model-vs-human: error consistency with the drawn people on the drawn images, a mean over
 * conditions, people and sets. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "bench/model_vs_human/redraw.h"
#include "stats/consistency.h"

/* Runs are counted this many at a time: a table holds all pairs of its rows. */
enum { TOGETHER = 8, PEOPLE_MAX = 64 };

/* Its images are items first .. first + images - 1, condition after condition. */
typedef struct set {
    int64_t first, images, conditions, people;
    int64_t factor;            /* of its people; those of its conditions' images follow */
    int64_t *start;            /* [conditions + 1] from 0 */
    stats_joint_table *tables; /* [groups of runs]; people are their first rows */
} set;

typedef struct kappa {
    int64_t columns, groups, sets;
    set *set;
} kappa;

static void free_kappa(void *state)
{
    kappa *k = state;
    for (int64_t i = 0; k->set && i < k->sets; i++) {
        for (int64_t g = 0; k->set[i].tables && g < k->groups; g++)
            stats_joint_table_clear(&k->set[i].tables[g]);
        mem_free(k->set[i].tables);
        mem_free(k->set[i].start);
    }
    mem_free(k->set);
    mem_free(k);
}

/* Runs of group g. */
static int64_t runs_of(const kappa *k, int64_t g)
{
    int64_t left = k->columns - g * TOGETHER;
    return left < TOGETHER ? left : TOGETHER;
}

/* The drawn images of one set: both [conditions][pairs], and times [people] each person was drawn. */
static void count_set(int64_t *both, double *times, const set *s, int64_t group, int64_t pairs, const stats_draw *draw)
{
    const int64_t *sizes = draw->sizes + s->factor + 1;
    for (int64_t o = 0; o < s->people; o++) times[o] = 0;
    for (int64_t o = 0; o < s->people; o++) times[draw->index[s->factor][o]] += 1;
    for (int64_t c = 0; c < s->conditions; c++)
        stats_joint_resample(both + c * pairs, &s->tables[group], s->start[c], draw->index[s->factor + 1 + c], sizes[c]);
}

/* value [columns] <- with the kappas of one set. */
static jem_status add_set(double *value, const kappa *k, const set *s, const stats_draw *draw)
{
    jem_status st;
    int64_t *both = NULL;
    double times[PEOPLE_MAX];

    TRY(MEM_NEW(both, s->conditions * stats_joint_pairs(s->people + TOGETHER)));
    for (int64_t g = 0; g < k->groups; g++) {
        const int64_t rows = s->people + runs_of(k, g);
        const stats_joint joint = {rows, s->conditions, draw->sizes + s->factor + 1, both};
        count_set(both, times, s, g, stats_joint_pairs(rows), draw);
        for (int64_t r = 0; r < runs_of(k, g); r++)
            value[g * TOGETHER + r] +=
                stats_joint_model(&joint, s->people + r, s->people, times).kappa /
                (double)k->sets;
    }
done:
    mem_free(both);
    return st;
}

/* *value <- the mean over sets of people's kappa with one another, without sets of which one person alone was
 * drawn. */
static jem_status among_people(double *value, const void *state, const stats_draw *draw)
{
    jem_status st = JEM_OK;
    const kappa *k = state;
    int64_t *both = NULL;
    double times[PEOPLE_MAX], sum = 0;
    int64_t sets = 0;

    for (int64_t i = 0; i < k->sets; i++) {
        const set *s = &k->set[i];
        const int64_t rows = s->people + runs_of(k, 0);
        mem_free(both);
        both = NULL;
        TRY(MEM_NEW(both, s->conditions * stats_joint_pairs(rows)));
        const stats_joint joint = {rows, s->conditions, draw->sizes + s->factor + 1, both};
        count_set(both, times, s, 0, stats_joint_pairs(rows), draw);
        const double own = stats_joint_people(&joint, s->people, times).kappa;
        if (isnan(own)) continue;
        sum += own;
        sets++;
    }
    *value = sets ? sum / (double)sets : NAN;
done:
    mem_free(both);
    return st;
}

static jem_status values(double *value, const void *state, const stats_draw *draw)
{
    const kappa *k = state;
    for (int64_t c = 0; c < k->columns; c++) value[c] = 0;
    for (int64_t i = 0; i < k->sets; i++) {
        jem_status st = add_set(value, k, &k->set[i], draw);
        if (st != JEM_OK) return st;
    }
    return JEM_OK;
}

/* ---- from trials */

/* Who is right, people and then the runs of group g, a row of bytes each. */
static jem_status make_table(stats_joint_table *out, const kappa *k, const set *s, int64_t g,
                             const trial_items *const *items)
{
    jem_status st;
    const int64_t rows = s->people + runs_of(k, g);
    uint8_t *bytes = NULL;
    const uint8_t *row[PEOPLE_MAX + TOGETHER];

    TRY(MEM_NEW(bytes, rows * s->images));
    for (int64_t r = 0; r < rows; r++) {
        const trial_items *own = items[r < s->people ? 0 : g * TOGETHER + r - s->people];
        row[r] = bytes + r * s->images;
        for (int64_t i = 0; i < s->images; i++)
            bytes[r * s->images + i] = r < s->people ? own->people[s->first + i][r] == '1'
                                                     : own->term[s->first + i] > 0;
    }
    TRY(stats_joint_table_init(out, row, rows, s->images));
done:
    mem_free(bytes);
    return st;
}

/* The set of items first .. end-1, and its factors: people, then images of each condition. */
static jem_status make_set(set *s, trial_draws *out, const kappa *k, const trial_items *const *items,
                           int64_t first, int64_t end)
{
    jem_status st;
    trial_items own = {.count = end - first, .name = items[0]->name + first};

    s->first = first;
    s->images = end - first;
    s->people = (int64_t)strlen(items[0]->people[first]);
    s->factor = out->factors;
    TRY(trial_groups(&s->start, &s->conditions, &own, 2));
    out->of_people[out->factors] = true;
    out->sizes[out->factors++] = s->people;
    for (int64_t c = 0; c < s->conditions; c++)
        out->sizes[out->factors++] = s->start[c + 1] - s->start[c];
    out->people += s->people;
    out->images += s->images;
    TRY(MEM_NEW(s->tables, k->groups));
    for (int64_t g = 0; g < k->groups; g++) TRY(make_table(&s->tables[g], k, s, g, items));
done:
    return st;
}

static jem_status draws(trial_draws *out, const trial_items *const *items)
{
    jem_status st;
    kappa *k = NULL;
    int64_t *sets = NULL, *conditions = NULL, count;

    TRY(MEM_NEW(k, 1));
    out->state = k;
    out->free = free_kappa;
    out->values = values;
    out->among_people = among_people;
    k->columns = out->columns;
    k->groups = (out->columns + TOGETHER - 1) / TOGETHER;
    TRY(trial_groups(&sets, &k->sets, items[0], 1));
    TRY(trial_groups(&conditions, &count, items[0], 2));
    TRY(MEM_NEW(k->set, k->sets));
    TRY(MEM_NEW(out->sizes, k->sets + count));
    TRY(MEM_NEW(out->of_people, k->sets + count));
    for (int64_t i = 0; i < k->sets; i++)
        TRY(make_set(&k->set[i], out, k, items, sets[i], sets[i + 1]));
done:
    mem_free(conditions);
    mem_free(sets);
    return st;
}

/* ---- rows */

static jem_status term(double *out, const trial_row *row)
{
    *out = strcmp(row->value, row->category) == 0;
    return JEM_OK;
}

/* One digit, 0 or 1, for each of the people of a set, as many on all of its images. */
static jem_status check_people(trial_items *items, const char *path, const char *run)
{
    (void)run;
    for (int64_t i = 0; i < items->count; i++) {
        const char *who = items->people[i];
        size_t length = strcspn(items->name[i], "/") + 1, n = strspn(who, "01");
        bool first = i == 0 || strncmp(items->name[i - 1], items->name[i], length) != 0;
        if (n == 0 || n > PEOPLE_MAX || who[n] ||
            (!first && n != strlen(items->people[i - 1])))
            return jem_error(JEM_EDATA,
                             "%s: people of %s are '%s'; expected 1 or 0 for each of at most %d, "
                             "as many as on the other images of the set",
                             path, items->name[i], who, PEOPLE_MAX);
    }
    return JEM_OK;
}

const trial_rule model_vs_human_trials = {.terms = 1,
                                          .people = "people",
                                          .set = "set",
                                          .term = term,
                                          .ordered = check_people,
                                          .draws = draws};
