/* What a design can show, from its noise alone; and Holm's correction (best_alpha.h). */
#include <math.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/best_alpha.h"

jem_status stats_alpha_needed(double *margin, stats_interval *range,
                                  const stats_alpha_noise *n, const double *point,
                                  const stats_best_alpha_options *o)
{
    jem_status st;
    const double power = 0.8;
    float *values = NULL;
    stats_alpha_need need = {{point[0], point[1]}, NULL, NULL};
    stats_alpha_questions asked = {n, 0, NULL, &need};

    *margin = NAN;
    *range = (stats_interval){NAN, NAN};
    TRY(MEM_NEW(values, 2 * n->alphas * o->draws));
    TRY(MEM_NEW(need.values, n->alphas));
    TRY(MEM_NEW(need.certainty, n->alphas));
    for (int64_t i = 0; i < n->alphas; i++) {
        if (i <= n->low || i >= n->high || isnan(n->mean[i])) continue;
        need.values[i] = values + 2 * i * o->draws;
        need.certainty[i] = values + (2 * i + 1) * o->draws;
    }
    TRY(stats_alpha_draws(&asked, 1, o->draws, o->seed, o->threads));
    for (int64_t i = 0; i < n->alphas; i++) {
        if (!need.values[i]) continue;
        const double least = stats_point_of(need.values[i], o->draws, power);
        if (*margin >= least) continue;
        *margin = least;
        range->low = least * stats_point_of(need.certainty[i], o->draws, 0.05);
        range->high = least * stats_point_of(need.certainty[i], o->draws, 0.95);
    }
done:
    mem_free(need.values);
    mem_free(need.certainty);
    mem_free(values);
    return st;
}

/* ---- designs */

/* Scores [N] whose spread at each alpha is 1 and whose mean is 0. */
static void unit_scores(double *score, const int64_t *networks, int64_t alphas)
{
    for (int64_t i = 0; i < alphas; score += networks[i++]) {
        if (networks[i] < 2) continue;
        score[0] = sqrt((double)(networks[i] - 1) / 2);
        score[1] = -score[0];
    }
}

/* Images move every mean by itself. */
static void add_images(stats_alpha_noise *n, double images)
{
    for (int64_t i = 0; i < n->alphas; i++) {
        n->shared[i * n->alphas + i] = images * images;
        n->root[i * n->alphas + i] = images;
    }
    n->has_shared = images > 0;
}

jem_status stats_alpha_detectable(double *margin, const int64_t *networks, const stats_alpha_design *d,
                                  const stats_best_alpha_options *o)
{
    jem_status st;
    const int64_t alphas = d->alphas;
    int64_t all = 0;
    double *score = NULL, point[2];
    float *values = NULL;
    stats_interval range;
    stats_alpha_noise noise = {.alphas = 0};

    for (int64_t i = 0; i < alphas; i++) all += networks[i];
    TRY(MEM_NEW(score, all));
    TRY(MEM_NEW(values, 2 * o->draws));
    unit_scores(score, networks, alphas);
    TRY(stats_alpha_noise_init(&noise, &(const stats_alphas){alphas, networks, score, NULL, NAN},
                               o->variance, -1));
    add_images(&noise, d->images);
    stats_alpha_maximum ends[2] = {
        {.base = noise.low, .inner = true, .values = values},
        {.base = noise.high, .inner = true, .values = values + o->draws}};
    TRY(stats_alpha_draws(&(stats_alpha_questions){&noise, 2, ends, NULL}, 1, o->draws, o->seed,
                          o->threads));
    for (int e = 0; e < 2; e++) point[e] = stats_point_of(ends[e].values, o->draws, o->level);
    if (d->far) point[1] = -INFINITY;
    TRY(stats_alpha_needed(margin, &range, &noise, point, o));
done:
    stats_alpha_noise_clear(&noise);
    mem_free(values);
    mem_free(score);
    return st;
}

enum { MOST = 1000 };

/* Do `ends` networks at each end and `between` at each alpha between show the margin?  each [alphas]
 * is room for them. */
static jem_status are_enough(bool *enough, int64_t *each, int64_t ends, int64_t between, double margin,
                             const stats_alpha_design *d, const stats_best_alpha_options *o)
{
    double needed;
    for (int64_t i = 0; i < d->alphas; i++) each[i] = i == 0 || i == d->alphas - 1 ? ends : between;
    jem_status st = stats_alpha_detectable(&needed, each, d, o);
    if (st == JEM_OK) *enough = needed <= margin;
    return st;
}

/* *least <- the smallest number of networks at each end, of few + 1 to many, that is enough beside
 * `between` (0: as many as at the ends); many + 1 if none is. */
static jem_status least_ends(int64_t *least, int64_t *each, int64_t few, int64_t many, int64_t between,
                             double margin, const stats_alpha_design *d, const stats_best_alpha_options *o)
{
    jem_status st = JEM_OK;
    bool enough;

    for (many++; many - few > 1;) {
        const int64_t middle = few + (many - few) / 2;
        TRY(are_enough(&enough, each, middle, between ? between : middle, margin, d, o));
        *(enough ? &many : &few) = middle;
    }
    *least = many;
done:
    return st;
}

jem_status stats_alpha_networks(int64_t *networks, double margin, const stats_alpha_design *d,
                                const stats_best_alpha_options *o)
{
    jem_status st;
    int64_t *each = NULL, few = 1, many = 2;
    bool enough = false;

    TRY(MEM_NEW(each, d->alphas));
    for (;; few = many, many = many * 2 < MOST ? many * 2 : MOST) {
        TRY(are_enough(&enough, each, many, many, margin, d, o));
        if (enough) break;
        if (many < MOST) continue;
        st = jem_error(JEM_EDATA, "%d networks at each alpha do not show a margin of %g times "
                                  "the spread between them", MOST, margin);
        goto done;
    }
    TRY(least_ends(networks, each, few, many - 1, 0, margin, d, o));
done:
    mem_free(each);
    return st;
}

/* However many stand at the ends, a difference keeps the noise of an alpha between, which half of
 * `equal` networks there would bring to that of the equal design. */
jem_status stats_alpha_fewest(int64_t *ends, int64_t *between, int64_t equal, double margin,
                              const stats_alpha_design *d, const stats_best_alpha_options *o)
{
    jem_status st;
    const int64_t inner = d->alphas - 2;
    int64_t *each = NULL, fewest = equal * d->alphas, least;

    TRY(MEM_NEW(each, d->alphas));
    *ends = *between = equal;
    for (int64_t n = equal - 1; n >= 2 && 2 * n >= equal; n--) {
        const int64_t most = (fewest - 1 - inner * n) / 2; /* more would be no gain */
        TRY(least_ends(&least, each, n, most, n, margin, d, o));
        if (least > most) continue;
        *ends = least;
        *between = n;
        fewest = 2 * least + inner * n;
    }
done:
    mem_free(each);
    return st;
}

/* ---- several claims */

void stats_holm(double *adjusted, const double *p, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        adjusted[i] = p[i];
        if (isnan(p[i])) continue;
        /* its own step, and those of all smaller p before it */
        double most = 0;
        for (int64_t k = 0; k < n; k++) {
            int64_t not_smaller = 0;
            if (!(p[k] <= p[i])) continue;
            for (int64_t l = 0; l < n; l++) not_smaller += p[l] > p[k] || (p[l] == p[k] && l >= k);
            most = fmax(most, p[k] * (double)not_smaller);
        }
        adjusted[i] = fmin(most, 1);
    }
}
