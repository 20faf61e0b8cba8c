/* Training noise and what images share, from scores and their covariance. */
#include "stats/alpha_noise.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/covariance_root.h"

const char *stats_variance_text(stats_variance v)
{
    static const char *const text[] = {"guarded", "pooled", "each"};
    return text[v];
}

/* The networks that are in: those of alpha i are list[start[i]] .. list[start[i + 1] - 1]. */
typedef struct members {
    int64_t *start, *list;
} members;

static jem_status members_init(members *m, const stats_alphas *data, int64_t left_out)
{
    jem_status st;
    int64_t all = 0, number = 0, used = 0;

    *m = (members){NULL, NULL};
    for (int64_t i = 0; i < data->count; i++) all += data->networks[i];
    TRY(MEM_NEW(m->start, data->count + 1));
    TRY(MEM_NEW(m->list, all + 1));
    for (int64_t i = 0; i < data->count; i++) {
        m->start[i] = used;
        for (int64_t j = 0; j < data->networks[i]; j++, number++)
            if (number != left_out) m->list[used++] = number;
    }
    m->start[data->count] = used;
done:
    return st;
}

static int64_t count_at(const members *m, int64_t i) { return m->start[i + 1] - m->start[i]; }

/* ---- training */

/* Sum of squares about the mean of alpha i, which is filled in. */
static double squares(stats_alpha_noise *n, const stats_alphas *data, const members *m, int64_t i)
{
    const int64_t count = count_at(m, i);
    double sum = 0, square = 0;
    n->mean[i] = NAN;
    if (count == 0) return 0;
    for (int64_t j = 0; j < count; j++) sum += data->score[m->list[m->start[i] + j]];
    n->mean[i] = sum / (double)count;
    for (int64_t j = 0; j < count; j++) {
        double gap = data->score[m->list[m->start[i] + j]] - n->mean[i];
        square += gap * gap;
    }
    return square;
}

/* Squares and degrees of freedom of all alphas, or of those between the ends. */
static double pool_of(double *df, const stats_alpha_noise *n, const members *m,
                      const double *square, bool between)
{
    double sum = 0;
    *df = 0;
    for (int64_t i = 0; i < n->alphas; i++) {
        if (between && (i <= n->low || i >= n->high)) continue;
        if (count_at(m, i) < 2) continue;
        sum += square[i];
        *df += (double)(count_at(m, i) - 1);
    }
    return *df > 0 ? sum / *df : 0;
}

/* variance, group and df.  Group 0 is the pool, group 1 + i alpha i by itself. */
static void spread(stats_alpha_noise *n, const members *m, const double *square,
                   stats_variance rule)
{
    double pooled = pool_of(&n->df[0], n, m, square, rule == STATS_VARIANCE_GUARDED);
    if (n->df[0] == 0) pooled = pool_of(&n->df[0], n, m, square, false);
    for (int64_t i = 0; i < n->alphas; i++) {
        const int64_t count = count_at(m, i);
        const bool end = i == n->low || i == n->high;
        const double own = count > 1 ? square[i] / (double)(count - 1) : 0;
        double v = pooled;
        if (count == 0) continue;
        if (count > 1 && (rule == STATS_VARIANCE_EACH || (rule == STATS_VARIANCE_GUARDED && end))) {
            n->group[i] = 1 + i;
            n->df[1 + i] = (double)(count - 1);
            v = own;
        } else if (rule == STATS_VARIANCE_GUARDED && !end) {
            v = fmax(pooled, own);
        }
        n->variance[i] = v / (double)count;
    }
}

/* ---- images */

/* Mean over pairs of networks of alphas i and l; for i = l of pairs of two networks. */
static double mean_pair(const double *g, int64_t all, const members *m, int64_t i, int64_t l)
{
    double sum = 0;
    int64_t pairs = 0;
    for (int64_t j = m->start[i]; j < m->start[i + 1]; j++)
        for (int64_t k = m->start[l]; k < m->start[l + 1]; k++) {
            if (j == k) continue;
            sum += g[m->list[j] * all + m->list[k]];
            pairs++;
        }
    return pairs ? sum / (double)pairs : 0;
}

static double mean_own(const double *g, int64_t all, const members *m, int64_t i)
{
    double sum = 0;
    for (int64_t j = m->start[i]; j < m->start[i + 1]; j++) sum += g[m->list[j] * all + m->list[j]];
    return sum / (double)count_at(m, i);
}

/* What one network's own noise on images adds to the variance of its score: a mean over alphas
 * with two networks or more, 0 without one. */
static double own_noise(const double *g, int64_t all, const members *m, int64_t alphas)
{
    double sum = 0;
    int64_t count = 0;
    for (int64_t i = 0; i < alphas; i++) {
        if (count_at(m, i) < 2) continue;
        sum += mean_own(g, all, m, i) - mean_pair(g, all, m, i, i);
        count++;
    }
    return count ? sum / (double)count : 0;
}

/* What is common to all alphas takes no part in their differences. */
static void centre(double *c, int64_t n)
{
    for (int turn = 0; turn < 2; turn++)
        for (int64_t i = 0; i < n; i++) {
            double mean = 0;
            for (int64_t l = 0; l < n; l++) mean += (turn ? c[l * n + i] : c[i * n + l]) / (double)n;
            for (int64_t l = 0; l < n; l++) c[turn ? l * n + i : i * n + l] -= mean;
        }
}

static jem_status share(stats_alpha_noise *n, const stats_alphas *data, const members *m,
                        int64_t all)
{
    const int64_t k = n->alphas;
    const double *g = data->covariance, one = own_noise(g, all, m, k);
    for (int64_t i = 0; i < k; i++)
        for (int64_t l = 0; l < k; l++) {
            if (count_at(m, i) == 0 || count_at(m, l) == 0) continue;
            n->shared[i * k + l] = i == l && count_at(m, i) == 1 ? mean_own(g, all, m, i) - one
                                                                 : mean_pair(g, all, m, i, l);
        }
    /* an alpha without a network stands at 0 and in no comparison: what centring makes of the
     * others' common part is the same for all of them */
    if (isnan(data->reference)) centre(n->shared, k);
    n->has_shared = true;
    return stats_covariance_root(n->root, n->shared, k);
}

/* ---- the whole */

jem_status stats_alpha_noise_init(stats_alpha_noise *out, const stats_alphas *data,
                                  stats_variance rule, int64_t left_out)
{
    jem_status st;
    const int64_t k = data->count;
    int64_t all = 0;
    stats_alpha_noise n = {.alphas = k};
    members m = {NULL, NULL};
    double *square = NULL;

    for (int64_t i = 0; i < k; i++) all += data->networks[i];
    TRY(members_init(&m, data, left_out));
    TRY(MEM_NEW(square, k));
    TRY(MEM_NEW(n.mean, k));
    TRY(MEM_NEW(n.variance, k));
    TRY(MEM_NEW(n.shared, k * k));
    TRY(MEM_NEW(n.root, k * k));
    TRY(MEM_NEW(n.group, k));
    TRY(MEM_NEW(n.df, k + 1));
    for (int64_t i = 0; i < k; i++) square[i] = squares(&n, data, &m, i);
    n.high = k - 1;
    while (n.low < n.high && count_at(&m, n.low) == 0) n.low++;
    while (n.high > n.low && count_at(&m, n.high) == 0) n.high--;
    spread(&n, &m, square, rule);
    if (data->covariance) TRY(share(&n, data, &m, all));
    *out = n;
    n = (stats_alpha_noise){.alphas = 0};
done:
    stats_alpha_noise_clear(&n);
    mem_free(square);
    mem_free(m.start);
    mem_free(m.list);
    return st;
}

void stats_alpha_noise_clear(stats_alpha_noise *n)
{
    void *const owned[] = {n->mean, n->variance, n->shared, n->root, n->group, n->df};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) mem_free(owned[i]);
    *n = (stats_alpha_noise){.alphas = 0};
}

double stats_alpha_variance(const stats_alpha_noise *n, int64_t i, int64_t l, bool sum)
{
    const int64_t k = n->alphas;
    const double both = 2 * n->shared[i * k + l];
    const double images = n->shared[i * k + i] + n->shared[l * k + l] + (sum ? both : -both);
    return n->variance[i] + n->variance[l] + fmax(images, 0);
}
