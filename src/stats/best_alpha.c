/* Claims about the best alpha from one study's networks (best_alpha.h). */
#include "stats/best_alpha.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

/* ---- comparisons of means */

/* m_i against m_l: one difference, or the two of the rule of distance, both of which must be
 * positive. */
typedef struct contrast {
    int count;
    double gap[2], t[2];
} contrast;

static double standardised(double gap, double variance)
{
    if (variance > 0) return gap / sqrt(variance);
    return gap > 0 ? INFINITY : gap < 0 ? -INFINITY : 0;
}

static contrast compare(const stats_alpha_noise *n, double reference, int64_t i, int64_t l)
{
    contrast c = {.count = isnan(reference) ? 1 : 2};
    c.gap[0] = n->mean[i] - n->mean[l];
    if (c.count == 2) {
        c.gap[1] = 2 * reference - n->mean[i] - n->mean[l];
        if (n->mean[l] > reference) c.gap[0] = -c.gap[0], c.gap[1] = -c.gap[1];
    }
    for (int k = 0; k < c.count; k++)
        c.t[k] = standardised(c.gap[k], stats_alpha_variance(n, i, l, k == 1));
    return c;
}

static double smaller_gap(const contrast *c)
{
    return c->count == 2 ? fmin(c->gap[0], c->gap[1]) : c->gap[0];
}

/* How much better i is than l: a difference of means, or of distances to the reference. */
static double advantage_over(const stats_alpha_noise *n, double reference, int64_t i, int64_t l)
{
    contrast c = compare(n, reference, i, l);
    return smaller_gap(&c);
}

/* The smaller limit of the two: c less `point` standard errors. */
static double least_over(const stats_alpha_noise *n, double reference, int64_t i, int64_t l,
                         const double *point)
{
    contrast c = compare(n, reference, i, l);
    for (int k = 0; k < c.count; k++)
        c.gap[k] -= point[k] * sqrt(stats_alpha_variance(n, i, l, k == 1));
    return smaller_gap(&c);
}

/* ---- p against both ends */

/* The questions whose answers give p of one noise: for each end one maximum, or the two of the rule
 * of distance. */
typedef struct end_test {
    stats_alpha_noise noise;
    stats_alpha_maximum maximum[4];
    double *threshold; /* [4][K] */
    int64_t *hits;     /* [4][K] */
    int forms;         /* of each end */
} end_test;

static void end_test_clear(end_test *e)
{
    stats_alpha_noise_clear(&e->noise);
    mem_free(e->threshold);
    mem_free(e->hits);
}

static bool is_inner(const stats_alpha_noise *n, int64_t i)
{
    return i > n->low && i < n->high && !isnan(n->mean[i]);
}

static jem_status end_test_init(end_test *e, const stats_alphas *data, stats_variance rule,
                                int64_t left_out)
{
    jem_status st;
    const int64_t k = data->count;

    *e = (end_test){.forms = isnan(data->reference) ? 1 : 2};
    TRY(stats_alpha_noise_init(&e->noise, data, rule, left_out));
    TRY(MEM_NEW(e->threshold, 4 * k));
    TRY(MEM_NEW(e->hits, 4 * k));
    for (int q = 0; q < 2 * e->forms; q++) {
        const int64_t end = q / e->forms ? e->noise.high : e->noise.low;
        double *threshold = e->threshold + q * k;
        for (int64_t i = 0; i < k; i++) {
            threshold[i] = NAN;
            if (!is_inner(&e->noise, i)) continue;
            threshold[i] = compare(&e->noise, data->reference, i, end).t[q % e->forms];
        }
        e->maximum[q] = (stats_alpha_maximum){.base = end, .inner = true, .sum = q % e->forms == 1,
                                              .threshold = threshold, .hits = e->hits + q * k};
    }
done:
    return st;
}

/* p of alpha i: the largest of its comparisons. */
static double p_of(const end_test *e, int64_t i, int64_t draws)
{
    const int64_t k = e->noise.alphas;
    double p = 0;
    for (int q = 0; q < 2 * e->forms; q++)
        p = fmax(p, (1 + (double)e->hits[q * k + i]) / (double)(draws + 1));
    return p;
}

static double smallest_p(const end_test *e, int64_t draws)
{
    double p = 1;
    for (int64_t i = 0; i < e->noise.alphas; i++)
        if (is_inner(&e->noise, i)) p = fmin(p, p_of(e, i, draws));
    return p;
}

/* ---- whether anything is known of noise */

/* Between two alphas that are compared. */
static bool has_noise(const stats_alpha_noise *n)
{
    for (int64_t i = 0; i < n->alphas; i++)
        if (!isnan(n->mean[i]) && (n->variance[i] > 0 || n->shared[i * n->alphas + i] > 0)) return true;
    return false;
}

static bool trains_again(const stats_alphas *data)
{
    for (int64_t i = 0; i < data->count; i++)
        if (data->networks[i] > 1) return true;
    return false;
}

static int64_t count_networks(const stats_alphas *data)
{
    int64_t all = 0;
    for (int64_t i = 0; i < data->count; i++) all += data->networks[i];
    return all;
}

/* ---- a whole study */

/* Questions about the study itself (number 0) and about it without each network. */
typedef struct inquiry {
    const stats_alphas *data;
    const stats_best_alpha_options *o;
    int64_t tests; /* 1, or 1 + N */
    end_test *test;
    stats_alpha_questions *asked;
    stats_alpha_maximum *maximum; /* of number 0: ends, then everybody as base */
    float *values;                /* [maxima of number 0][draws] */
} inquiry;

static void inquiry_clear(inquiry *q)
{
    for (int64_t k = 0; q->test && k < q->tests; k++) end_test_clear(&q->test[k]);
    mem_free(q->test);
    mem_free(q->asked);
    mem_free(q->maximum);
    mem_free(q->values);
}

static float *values_of(const inquiry *q, int64_t maximum)
{
    return q->values + maximum * q->o->draws;
}

/* Leaving out the only network of an end leaves nothing to compare with: see largest_drop. */
static jem_status inquiry_init(inquiry *q, const stats_alphas *data,
                               const stats_best_alpha_options *o)
{
    jem_status st;
    const int64_t k = data->count;

    *q = (inquiry){.data = data, .o = o, .tests = 1};
    if (trains_again(data) && !(o->leave_out & STATS_ALPHA_DROPS)) q->tests += count_networks(data);
    TRY(MEM_NEW(q->test, q->tests));
    TRY(MEM_NEW(q->asked, q->tests));
    for (int64_t t = 0; t < q->tests; t++) {
        end_test *e = &q->test[t];
        TRY(end_test_init(e, data, o->variance, t - 1));
        q->asked[t] = (stats_alpha_questions){&e->noise, 2 * e->forms, e->maximum, NULL};
    }
    const int forms = q->test[0].forms;
    TRY(MEM_NEW(q->maximum, forms * (2 + k)));
    TRY(MEM_NEW(q->values, forms * (2 + k) * o->draws));
    memcpy(q->maximum, q->test[0].maximum, (size_t)(2 * forms) * sizeof *q->maximum);
    for (int64_t i = 0; i < k; i++)
        for (int f = 0; f < forms; f++)
            q->maximum[forms * (2 + i) + f] = (stats_alpha_maximum){.base = i, .sum = f == 1};
    for (int64_t m = 0; m < forms * (2 + k); m++) q->maximum[m].values = values_of(q, m);
    q->asked[0].count = o->leave_out & STATS_ALPHA_SET ? forms * 2 : forms * (2 + k);
    q->asked[0].maximum = q->maximum;
done:
    return st;
}

static void take_p(stats_best_alpha *b, const inquiry *q)
{
    const int64_t draws = q->o->draws;
    for (int64_t i = 0; i < b->alphas; i++)
        b->p_alpha[i] = is_inner(&q->test[0].noise, i) ? p_of(&q->test[0], i, draws) : NAN;
    b->p = smallest_p(&q->test[0], draws);
    b->p_drop = q->tests > 1 ? 0 : NAN;
    for (int64_t t = 1; t < q->tests; t++) {
        const stats_alpha_noise *n = &q->test[t].noise;
        const bool end_lost = n->low != b->low || n->high != b->high;
        const double p = end_lost ? 1 : smallest_p(&q->test[t], draws);
        if (!(p > b->p_drop)) continue;
        b->p_drop = p;
        b->dropped = t - 1;
    }
}

/* points [2][forms] of the ends, and the limits that follow. */
static void take_limits(double *point, stats_best_alpha *b, const inquiry *q)
{
    const stats_alpha_noise *n = &q->test[0].noise;
    const int forms = q->test[0].forms;
    for (int m = 0; m < 2 * forms; m++)
        point[m] = stats_point_of(values_of(q, m), q->o->draws, q->o->level);
    b->margin_low = -INFINITY;
    for (int64_t i = 0; i < b->alphas; i++) {
        b->least[i] = NAN;
        if (!is_inner(n, i)) continue;
        b->least[i] = fmin(least_over(n, q->data->reference, i, b->low, point),
                           least_over(n, q->data->reference, i, b->high, point + forms));
        b->margin_low = fmax(b->margin_low, b->least[i]);
    }
    if (isinf(b->margin_low)) b->margin_low = NAN;
}

/* Does l beat i, with the points of base i? */
static bool is_beaten(const stats_alpha_noise *n, double reference, int64_t i, int64_t l,
                      const double *point)
{
    return least_over(n, reference, l, i, point) > 0;
}

static void take_set(stats_best_alpha *b, const inquiry *q)
{
    const stats_alpha_noise *n = &q->test[0].noise;
    const int forms = q->test[0].forms;
    for (int64_t i = 0; i < b->alphas; i++) {
        double point[2] = {0, 0};
        for (int f = 0; f < forms; f++)
            point[f] = stats_point_of(values_of(q, forms * (2 + i) + f), q->o->draws, q->o->level);
        b->in_set[i] = true;
        for (int64_t l = 0; l < b->alphas; l++)
            if (l != i && is_beaten(n, q->data->reference, i, l, point)) b->in_set[i] = false;
    }
}

/* The advantages of the means, and who leads. */
static void take_means(stats_best_alpha *b, const stats_alpha_noise *n, double reference)
{
    b->low = n->low;
    b->high = n->high;
    b->leader = -1;
    for (int64_t i = 0; i < b->alphas; i++) {
        if (advantage_over(n, reference, i, b->best) > 0) b->best = i;
        b->advantage[i] = NAN;
        if (!is_inner(n, i)) continue;
        b->advantage[i] = fmin(advantage_over(n, reference, i, b->low),
                               advantage_over(n, reference, i, b->high));
        if (b->leader < 0 || b->advantage[i] > b->advantage[b->leader]) b->leader = i;
    }
    b->margin = b->leader < 0 ? NAN : b->advantage[b->leader];
}

/* What a further study of this kind would meet (stats_alpha_design). */
static jem_status take_noise(stats_best_alpha *b, const stats_alphas *data)
{
    jem_status st;
    double images = 0;
    stats_alpha_noise n = {.alphas = 0};

    TRY(stats_alpha_noise_init(&n, data, STATS_VARIANCE_POOLED, -1));
    const int64_t k = n.alphas;
    for (int64_t i = 0; i < k; i++)
        for (int64_t l = 0; l < i; l++)
            images += n.shared[i * k + i] / 2 + n.shared[l * k + l] / 2 - n.shared[i * k + l];
    b->images = sqrt(fmax(images, 0) / ((double)(k * (k - 1)) / 2));
    if (n.df[0] > 0) b->spread = sqrt(n.variance[0] * (double)data->networks[0]);
done:
    stats_alpha_noise_clear(&n);
    return st;
}

/* ---- the whole */

static jem_status best_alpha_init(stats_best_alpha *b, int64_t alphas)
{
    jem_status st;
    *b = (stats_best_alpha){.alphas = alphas, .p = 1, .p_drop = NAN, .dropped = -1,
                            .margin_low = NAN, .detectable = NAN, .spread = NAN,
                            .detectable_range = {NAN, NAN}};
    TRY(MEM_NEW(b->in_set, alphas));
    TRY(MEM_NEW(b->advantage, alphas));
    TRY(MEM_NEW(b->least, alphas));
    TRY(MEM_NEW(b->p_alpha, alphas));
    for (int64_t i = 0; i < alphas; i++) {
        b->in_set[i] = true; /* until something speaks against it */
        b->advantage[i] = b->least[i] = b->p_alpha[i] = NAN;
    }
done:
    return st;
}

jem_status stats_best_alpha_find(stats_best_alpha *out, const stats_alphas *data,
                                 const stats_best_alpha_options *o)
{
    jem_status st;
    stats_best_alpha b = {.alphas = 0};
    inquiry q = {.tests = 0};
    double point[4];

    if (data->count < 2)
        return jem_error(JEM_EDATA, "%lld alpha%s: two or more are compared", (long long)data->count,
                         data->count == 1 ? "" : "s");
    for (int64_t i = 0; i < data->count; i++)
        if (data->networks[i] < 1)
            return jem_error(JEM_EDATA, "alpha number %lld has no network", (long long)i + 1);
    TRY(best_alpha_init(&b, data->count));
    TRY(inquiry_init(&q, data, o));
    take_means(&b, &q.test[0].noise, data->reference);
    TRY(take_noise(&b, data));
    b.varies = has_noise(&q.test[0].noise);
    if (b.varies) {
        TRY(stats_alpha_draws(q.asked, q.tests, o->draws, o->seed, o->threads));
        take_p(&b, &q);
        take_limits(point, &b, &q);
        if (!(o->leave_out & STATS_ALPHA_SET)) take_set(&b, &q);
        if (trains_again(data) && b.leader >= 0 && !(o->leave_out & STATS_ALPHA_DESIGN)) {
            const double ends[2] = {point[0], point[q.test[0].forms]};
            TRY(stats_alpha_needed(&b.detectable, &b.detectable_range, &q.test[0].noise, ends, o));
        }
    }
    *out = b;
    b = (stats_best_alpha){.alphas = 0};
done:
    inquiry_clear(&q);
    stats_best_alpha_clear(&b);
    return st;
}

void stats_best_alpha_clear(stats_best_alpha *b)
{
    void *const owned[] = {b->in_set, b->advantage, b->least, b->p_alpha};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) mem_free(owned[i]);
    *b = (stats_best_alpha){.alphas = 0};
}
