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

jem_status stats_alpha_detectable(double *margin, const int64_t *networks, int64_t alphas, bool far,
                                  const stats_best_alpha_options *o)
{
    jem_status st;
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
    stats_alpha_maximum ends[2] = {
        {.base = noise.low, .inner = true, .values = values},
        {.base = noise.high, .inner = true, .values = values + o->draws}};
    TRY(stats_alpha_draws(&(stats_alpha_questions){&noise, 2, ends, NULL}, 1, o->draws, o->seed,
                          o->threads));
    for (int e = 0; e < 2; e++) point[e] = stats_point_of(ends[e].values, o->draws, o->level);
    if (far) point[1] = -INFINITY;
    TRY(stats_alpha_needed(margin, &range, &noise, point, o));
done:
    stats_alpha_noise_clear(&noise);
    mem_free(values);
    mem_free(score);
    return st;
}

/* Do `each` networks at each of networks [alphas] show the margin? */
static jem_status are_enough(bool *enough, int64_t *networks, int64_t each, double margin,
                             int64_t alphas, bool far, const stats_best_alpha_options *o)
{
    double needed;
    for (int64_t i = 0; i < alphas; i++) networks[i] = each;
    jem_status st = stats_alpha_detectable(&needed, networks, alphas, far, o);
    if (st == JEM_OK) *enough = needed <= margin;
    return st;
}

jem_status stats_alpha_networks(int64_t *networks, double margin, int64_t alphas, bool far,
                                const stats_best_alpha_options *o)
{
    enum { MOST = 1000 };
    jem_status st;
    int64_t *each = NULL, few = 1, many = 2;
    bool enough = false;

    TRY(MEM_NEW(each, alphas));
    for (;;) {
        TRY(are_enough(&enough, each, many, margin, alphas, far, o));
        if (enough) break;
        if (many >= MOST) {
            st = jem_error(JEM_EDATA, "%d networks at each alpha do not show a margin of %g times "
                                      "the spread between them", MOST, margin);
            goto done;
        }
        few = many;
        many = many * 2 < MOST ? many * 2 : MOST;
    }
    while (many - few > 1) {
        const int64_t middle = few + (many - few) / 2;
        TRY(are_enough(&enough, each, middle, margin, alphas, far, o));
        *(enough ? &many : &few) = middle;
    }
    *networks = many;
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
