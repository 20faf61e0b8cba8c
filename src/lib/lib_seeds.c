/* The seeds of jem/sweetspot.h, over sweetspot/spot_design.h. */
#include <math.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "jem/sweetspot.h"
#include "lib/lib_call.h"
#include "lib/lib_sweetspot.h"
#include "sweetspot/spot_design.h"

enum { METRIC_MAX = 256, ALPHAS_MOST = 1001, SEEDS_MOST = 1000 };

/* What a jem_seeds owns. */
typedef struct designed {
    sweetspot_list pilot;
    spot_plan plan;
    char **metrics; /* [plan.count] */
} designed;

void jem_seeds_clear(jem_seeds *s)
{
    designed *own = s ? s->owner : NULL;
    if (!s) return;
    if (own) {
        strings_free(own->metrics, own->metrics ? (int)own->plan.count : 0);
        spot_plan_clear(&own->plan);
        sweetspot_list_clear(&own->pilot);
    }
    mem_free(own);
    mem_free(s->rows);
    *s = (jem_seeds)JEM_SEEDS_INIT;
}

/* s->owner has the plan. */
static jem_status fill(jem_seeds *s)
{
    jem_status st;
    designed *own = s->owner;
    char metric[METRIC_MAX];

    TRY(MEM_NEW(s->rows, own->plan.count));
    TRY(MEM_NEW(own->metrics, own->plan.count));
    for (int64_t i = 0; i < own->plan.count; i++) {
        const spot_design *d = &own->plan.designs[i];
        spot_metric(metric, sizeof metric, d->spot->line, d->spot->score);
        TRY(mem_strdup(&own->metrics[i], metric));
        s->rows[i] = (jem_seeds_row){.benchmark = d->spot->of->benchmark,
                                     .metric = own->metrics[i],
                                     .measure = sweetspot_measure(d->spot),
                                     .low = d->low,
                                     .high = d->high,
                                     .alphas = d->alphas,
                                     .seeds = d->seeds,
                                     .seeds_low = d->seeds_low,
                                     .seeds_high = d->seeds_high,
                                     .ends = d->ends,
                                     .between = d->between,
                                     .trouble = d->trouble};
    }
    s->count = own->plan.count;
done:
    return st;
}

static jem_status check(double margin, const double *alphas, int64_t count, const char *function)
{
    if (!(margin > 0) || !isfinite(margin))
        return jem_error(JEM_EUSAGE, "%s: margin = %g; choose more than 0", function, margin);
    if (alphas && (count < 1 || count > ALPHAS_MOST))
        return jem_error(JEM_EUSAGE, "%s: count = %lld alphas; choose 1 to %d", function, (long long)count, ALPHAS_MOST);
    for (int64_t i = 0; alphas && i < count; i++)
        if (!(alphas[i] >= 0 && alphas[i] <= 1))
            return jem_error(JEM_EUSAGE, "%s: alphas[%lld] = %g; choose 0 to 1", function, (long long)i, alphas[i]);
    return JEM_OK;
}

jem_status jem_seeds_needed(jem_seeds *out, const char *pilot, double margin, const double *alphas, int64_t count,
                            const jem_sweetspot_options *asked)
{
    LIB_CALL;
    jem_status st;
    lib_spot_search search = {.s = NULL};
    jem_seeds made = JEM_SEEDS_INIT;
    designed *own = NULL;

    HOST_NEED(out);
    HOST_NEED(pilot);
    TRY(check(margin, alphas, count, __func__));
    TRY(MEM_NEW(own, 1));
    own->pilot = (sweetspot_list)SWEETSPOT_LIST_INIT;
    made.owner = own;
    TRY(lib_spot_search_run(&search, &own->pilot, pilot, asked, __func__));
    TRY(spot_plan_find(&own->plan, &own->pilot,
                       &(spot_design_request){margin, alphas, alphas ? count : 0}, &search.how));
    TRY(fill(&made));
    *out = made;
    made = (jem_seeds)JEM_SEEDS_INIT;
done:
    jem_seeds_clear(&made);
    lib_spot_search_clear(&search);
    return st;
}

/* ---- without a pilot */

static jem_status check_design(const int64_t *seeds, int64_t alphas, double sd, const char *function)
{
    if (alphas < 0 || alphas > ALPHAS_MOST)
        return jem_error(JEM_EUSAGE, "%s: alphas = %lld; choose 3 to %d", function, (long long)alphas, ALPHAS_MOST);
    if (!(sd > 0) || !isfinite(sd)) return jem_error(JEM_EUSAGE, "%s: sd = %g; choose more than 0", function, sd);
    for (int64_t i = 0; i < alphas; i++)
        if (seeds[i] < 1 || seeds[i] > SEEDS_MOST)
            return jem_error(JEM_EUSAGE, "%s: seeds[%lld] = %lld; choose 1 to %d", function, (long long)i,
                             (long long)seeds[i], SEEDS_MOST);
    return JEM_OK;
}

jem_status jem_margin_shown(jem_margin *out, const int64_t *seeds, int64_t alphas, double sd,
                            const jem_sweetspot_options *asked)
{
    LIB_CALL;
    jem_status st;
    sweetspot_options how = {.rounds = 0};
    spot_margin shown;
    jem_margin made = JEM_MARGIN_INIT;

    HOST_NEED(out);
    HOST_NEED(seeds);
    TRY(check_design(seeds, alphas, sd, __func__));
    TRY(lib_sweetspot_options(&how, asked, __func__));
    TRY(spot_margin_find(&shown, seeds, alphas, sd, &how));
    made.both = shown.both;
    made.far = shown.far;
    made.level = how.level;
    for (int64_t i = 0; i < alphas; i++) made.networks += seeds[i];
    TRY(lib_hand_out(out, &made, __func__, "JEM_MARGIN_INIT"));
done:
    pool_free(how.threads);
    return st;
}
