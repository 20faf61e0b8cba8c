/* Sentences under figures, made from the trends of their data: see says.h. */
#include "report/says.h"

#include <math.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/best_alpha.h"

enum { ALPHAS_MOST = 64 };

/* The points that are compared. */
typedef struct said {
    int64_t count, best, seeds; /* seeds: the most of an alpha */
    const trend_point *point[ALPHAS_MOST];
    double alpha[ALPHAS_MOST];
    bool maybe[ALPHAS_MOST];    /* may be the best, too; not of the best itself */
    int64_t maybe_count;
    bool known;                 /* something says which may be */
} said;

static bool is_better(const trend_point *a, const trend_point *b, bool lower)
{
    return lower ? a->mean < b->mean : a->mean > b->mean;
}

static void take_points(said *s, const trend *t, const say_score *of)
{
    for (int64_t i = 0; i < t->count && s->count < ALPHAS_MOST; i++) {
        const trend_point *p = &t->points[i];
        if (of->skip_one && p->alpha >= 1) continue;
        s->alpha[s->count] = p->alpha;
        s->point[s->count] = p;
        if (is_better(p, s->point[s->best], of->lower_is_better)) s->best = s->count;
        if (p->seeds > s->seeds) s->seeds = p->seeds;
        s->count++;
    }
}

/* By the spread of seeds. */
static jem_status find_set(said *s, bool lower)
{
    jem_status st;
    double *values = NULL;
    int64_t networks[ALPHAS_MOST], used = 0, repeated = 0;
    stats_best_alpha best = {.alphas = 0};

    TRY(MEM_NEW(values, s->count * TREND_SEEDS_MAX));
    for (int64_t i = 0; i < s->count; i++) {
        networks[i] = s->point[i]->seeds;
        repeated += networks[i] > 1;
        for (int64_t k = 0; k < networks[i]; k++) values[used++] = (lower ? -1 : 1) * s->point[i]->values[k];
    }
    if (repeated < 2) goto done;
    TRY(stats_best_alpha_find(&best, &(stats_alphas){s->count, networks, values, NULL, NAN},
                              &(stats_best_alpha_options){.level = .95, .draws = STATS_ALPHA_DRAWS,
                                                          .leave_out = STATS_ALPHA_DROPS | STATS_ALPHA_DESIGN}));
    s->known = best.varies;
    for (int64_t i = 0; i < s->count; i++) s->maybe[i] = best.in_set[i] && i != s->best;
done:
    stats_best_alpha_clear(&best);
    mem_free(values);
    return st;
}

/* By the intervals of single networks, where all have one. */
static void find_overlaps(said *s, bool lower)
{
    const trend_point *best = s->point[s->best];
    s->known = true;
    for (int64_t i = 0; i < s->count; i++) {
        const trend_point *p = s->point[i];
        s->known = s->known && isfinite(p->low) && isfinite(p->high);
        s->maybe[i] = i != s->best && (lower ? p->low <= best->high : p->high >= best->low);
    }
}

void say_alphas(strbuf *to, const double *alpha, const bool *take, int64_t n)
{
    const char *between = "α = ";
    for (int64_t i = 0; i < n; i++) {
        if (!take[i]) continue;
        plain_printf(to, "%s%g", between, alpha[i]);
        between = ", ";
    }
}

static void say_rest(strbuf *to, const said *s)
{
    const bool one = s->seeds == 1;
    if (!s->known)
        plain_printf(to, "; %s.", one ? "with one seed each nothing is known of training again" : "the spread of seeds says nothing about that");
    else if (!s->maybe_count)
        plain_printf(to, one ? ", and no other interval reaches it; one seed each." : ", apart from every other α.");
    else if (s->maybe_count == s->count - 1)
        plain_printf(to, one ? ", but every other interval reaches it: nothing separates." : ", but any α may be the best: nothing separates.");
    else {
        strbuf_add(to, "; ");
        say_alphas(to, s->alpha, s->maybe, s->count);
        plain_printf(to, one ? " may be as good by the intervals; one seed each." : " may be as good.");
    }
}

jem_status say_trend(strbuf *to, const trend *t, const say_score *of)
{
    jem_status st = JEM_OK;
    char number[40];
    said s = {.count = 0};

    take_points(&s, t, of);
    if (s.count < 2) goto done;
    const trend_point *best = s.point[s.best];
    if (s.seeds > 1)
        TRY(find_set(&s, of->lower_is_better));
    else
        find_overlaps(&s, of->lower_is_better);
    for (int64_t i = 0; i < s.count; i++) s.maybe_count += s.maybe[i];
    trend_number(number, sizeof number, best->mean);
    plain_printf(to, "%s is %s at α = %g (%s", of->name, of->lower_is_better ? "lowest" : "highest", best->alpha, number);
    if (isfinite(best->sem)) {
        trend_number(number, sizeof number, best->sem);
        plain_printf(to, " ± %s", number);
    }
    strbuf_add(to, ")");
    say_rest(to, &s);
    st = strbuf_status(to);
done:
    return st;
}
