/* Blocks of draws: normals and chi-squareds once for all noises, then each noise's maxima. */
#include "stats/alpha_draws.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/try.h"

enum { BLOCK = 1024 };

/* Purposes within a block: `sub` of its streams. */
enum { TRAINING, IMAGES, CHI };

/* What one worker needs for a block. */
typedef struct workspace {
    float *normal;                     /* [2][K][BLOCK] of training, of images */
    float *z;                          /* [K][BLOCK] */
    float *scale;                      /* [K + 1][BLOCK] chi-squared / df of each group */
    double *df;                        /* [K + 1] that `scale` was drawn with; -1: not yet */
    float most[BLOCK], spare[BLOCK];
    int64_t **hits;                    /* [questions] [maxima][K] counts of this worker */
} workspace;

typedef struct job {
    stats_alpha_questions *asked;
    int64_t noises, alphas, draws;
    uint64_t seed;
    bool images;      /* are part of some noise */
    workspace *space; /* [workers] */
} job;

/* ---- draws */

/* ratio [n] <- chi-squared / df.  One degree of freedom: a squared normal; more: Marsaglia & Tsang
 * (2000), whose tries are numbered so that a draw depends on nothing but its place. */
static void draw_chi(float *ratio, int64_t n, double df, uint64_t seed, uint32_t block,
                     uint32_t group)
{
    enum { TRIES = 64 };
    float x[BLOCK], u[BLOCK];
    bool open[BLOCK];
    const double d = df / 2 - 1.0 / 3, c = 1 / sqrt(9 * d);
    int64_t left = n;

    for (int64_t i = 0; i < n; i++) open[i] = true;
    for (uint32_t try = 0; try < TRIES && left > 0; try++) {
        const rng_stream s = {seed, RNG_ALPHA_NOISE, block, CHI + 2 * try};
        const rng_stream t = {seed, RNG_ALPHA_NOISE, block, CHI + 2 * try + 1};
        rng_fill_normal(x, n, &s, group);
        if (df <= 1) {
            for (int64_t i = 0; i < n; i++) ratio[i] = x[i] * x[i];
            return;
        }
        rng_fill_uniform(u, n, 0, 1, &t, group);
        for (int64_t i = 0; i < n; i++) {
            const double root = 1 + c * x[i], v = root * root * root;
            if (!open[i] || root <= 0) continue;
            ratio[i] = (float)(2 * d * v / df);
            if (log(1 - (double)u[i]) >= 0.5 * x[i] * x[i] + d - d * v + d * log(v)) continue;
            open[i] = false;
            left--;
        }
    }
}

static void draw_normals(workspace *w, const job *j, uint32_t block)
{
    for (int64_t i = 0; i < j->alphas; i++) {
        const rng_stream s = {j->seed, RNG_ALPHA_NOISE, block, TRAINING};
        const rng_stream t = {j->seed, RNG_ALPHA_NOISE, block, IMAGES};
        rng_fill_normal(w->normal + i * BLOCK, BLOCK, &s, (uint32_t)i);
        if (j->images) rng_fill_normal(w->normal + (j->alphas + i) * BLOCK, BLOCK, &t, (uint32_t)i);
    }
    for (int64_t g = 0; g <= j->alphas; g++) w->df[g] = -1;
}

/* The chi-squareds of this noise; those of equal df are the ones of the noise before. */
static void draw_scales(workspace *w, const job *j, const stats_alpha_noise *n, uint32_t block)
{
    for (int64_t g = 0; g <= j->alphas; g++) {
        float *scale = w->scale + g * BLOCK;
        if (w->df[g] == n->df[g]) continue;
        w->df[g] = n->df[g];
        if (n->df[g] > 0)
            draw_chi(scale, BLOCK, n->df[g], j->seed, block, (uint32_t)g);
        else
            for (int64_t d = 0; d < BLOCK; d++) scale[d] = 1;
    }
}

static void mix(workspace *w, const job *j, const stats_alpha_noise *n)
{
    const int64_t k = j->alphas;
    for (int64_t i = 0; i < k; i++) {
        float *restrict z = w->z + i * BLOCK;
        const float *restrict own = w->normal + i * BLOCK;
        const float sd = (float)sqrt(n->variance[i]);
        for (int64_t d = 0; d < BLOCK; d++) z[d] = sd * own[d];
        for (int64_t r = 0; n->has_shared && r < k; r++) {
            const float *restrict common = w->normal + (k + r) * BLOCK;
            const float weight = (float)n->root[i * k + r];
            if (weight == 0) continue;
            for (int64_t d = 0; d < BLOCK; d++) z[d] += weight * common[d];
        }
    }
}

/* ---- questions */

static bool is_there(const stats_alpha_noise *n, int64_t i) { return !isnan(n->mean[i]); }

/* se [BLOCK] <- SE_il(v*). */
static void standard_errors(float *restrict se, const workspace *w, const stats_alpha_noise *n,
                            int64_t i, int64_t l, bool sum)
{
    const float vi = (float)n->variance[i], vl = (float)n->variance[l];
    const float images = (float)(stats_alpha_variance(n, i, l, sum) - n->variance[i] - n->variance[l]);
    const float *restrict ri = w->scale + n->group[i] * BLOCK;
    const float *restrict rl = w->scale + n->group[l] * BLOCK;
    for (int64_t d = 0; d < BLOCK; d++) se[d] = sqrtf(vi * ri[d] + vl * rl[d] + images);
}

/* w->most <- W. */
static void find_most(workspace *w, const stats_alpha_noise *n, const stats_alpha_maximum *m)
{
    const float *restrict zb = w->z + m->base * BLOCK;
    float *restrict most = w->most, *restrict se = w->spare;
    for (int64_t d = 0; d < BLOCK; d++) most[d] = -INFINITY;
    for (int64_t i = 0; i < n->alphas; i++) {
        if (i == m->base || !is_there(n, i)) continue;
        if (m->inner && (i <= n->low || i >= n->high)) continue;
        const float *restrict zi = w->z + i * BLOCK;
        const float sign = m->sum ? -1 : 1;
        standard_errors(se, w, n, i, m->base, m->sum);
        for (int64_t d = 0; d < BLOCK; d++) {
            const float t = se[d] > 0 ? (sign * zi[d] - zb[d]) / se[d] : 0;
            most[d] = t > most[d] ? t : most[d];
        }
    }
}

static void count_hits(int64_t *hits, const float *most, int64_t draws, const double *threshold,
                       int64_t alphas)
{
    for (int64_t i = 0; i < alphas; i++) {
        if (isnan(threshold[i])) continue;
        const float least = (float)threshold[i];
        int count = 0;
        for (int64_t d = 0; d < draws; d++) count += most[d] >= least;
        hits[i] += count;
    }
}

static void find_needs(workspace *w, const stats_alpha_noise *n, const stats_alpha_need *need,
                       int64_t first, int64_t draws)
{
    const int64_t end[2] = {n->low, n->high};
    for (int64_t i = 0; i < n->alphas; i++) {
        if (!need->values[i]) continue;
        double largest = 0;
        for (int e = 0; e < 2; e++) {
            const float *zi = w->z + i * BLOCK, *ze = w->z + end[e] * BLOCK;
            const float point = (float)need->point[e];
            const double se = sqrt(stats_alpha_variance(n, i, end[e], false));
            standard_errors(w->spare, w, n, i, end[e], false);
            for (int64_t d = 0; d < draws; d++) {
                const float least = point * w->spare[d] - (zi[d] - ze[d]);
                float *kept = need->values[i] + first + d;
                *kept = e && *kept > least ? *kept : least;
            }
            if (!(se > largest)) continue;
            largest = se;
            for (int64_t d = 0; d < draws; d++)
                need->certainty[i][first + d] = w->spare[d] / (float)se;
        }
    }
}

static jem_status run_block(void *ctx, int task, int worker)
{
    const job *j = ctx;
    workspace *w = &j->space[worker];
    const int64_t first = (int64_t)task * BLOCK;
    const int64_t draws = j->draws - first < BLOCK ? j->draws - first : BLOCK;

    draw_normals(w, j, (uint32_t)task);
    for (int64_t q = 0; q < j->noises; q++) {
        const stats_alpha_questions *a = &j->asked[q];
        draw_scales(w, j, a->noise, (uint32_t)task);
        mix(w, j, a->noise);
        for (int64_t k = 0; k < a->count; k++) {
            const stats_alpha_maximum *m = &a->maximum[k];
            find_most(w, a->noise, m);
            if (m->threshold)
                count_hits(w->hits[q] + k * j->alphas, w->most, draws, m->threshold, j->alphas);
            if (m->values) memcpy(m->values + first, w->most, (size_t)draws * sizeof *m->values);
        }
        if (a->need) find_needs(w, a->noise, a->need, first, draws);
    }
    return JEM_OK;
}

/* ---- the whole */

static void workspace_clear(workspace *w, int64_t noises)
{
    for (int64_t q = 0; w->hits && q < noises; q++) mem_free(w->hits[q]);
    mem_free(w->hits);
    mem_free(w->normal);
    mem_free(w->z);
    mem_free(w->scale);
    mem_free(w->df);
}

static jem_status workspace_init(workspace *w, const job *j)
{
    jem_status st;
    TRY(MEM_NEW(w->normal, 2 * j->alphas * BLOCK));
    TRY(MEM_NEW(w->z, j->alphas * BLOCK));
    TRY(MEM_NEW(w->scale, (j->alphas + 1) * BLOCK));
    TRY(MEM_NEW(w->df, j->alphas + 1));
    TRY(MEM_NEW(w->hits, j->noises));
    for (int64_t q = 0; q < j->noises; q++)
        TRY(MEM_NEW(w->hits[q], j->asked[q].count * j->alphas + 1));
done:
    return st;
}

/* Counts add up to the same in any order. */
static void gather(const job *j, int workers)
{
    for (int64_t q = 0; q < j->noises; q++)
        for (int64_t k = 0; k < j->asked[q].count; k++) {
            const stats_alpha_maximum *m = &j->asked[q].maximum[k];
            for (int64_t i = 0; m->threshold && i < j->alphas; i++) {
                m->hits[i] = 0;
                for (int t = 0; t < workers; t++)
                    m->hits[i] += j->space[t].hits[q][k * j->alphas + i];
            }
        }
}

jem_status stats_alpha_draws(stats_alpha_questions *asked, int64_t noises, int64_t draws,
                             uint64_t seed, pool *threads)
{
    jem_status st;
    const int workers = threads ? pool_threads(threads) : 1;
    const int blocks = (int)((draws + BLOCK - 1) / BLOCK);
    job j = {asked, noises, asked[0].noise->alphas, draws, seed, false, NULL};

    for (int64_t q = 0; q < noises; q++) j.images = j.images || asked[q].noise->has_shared;
    TRY(MEM_NEW(j.space, workers));
    for (int t = 0; t < workers; t++) TRY(workspace_init(&j.space[t], &j));
    if (threads)
        TRY(pool_run(threads, blocks, run_block, &j));
    else
        for (int b = 0; b < blocks; b++) TRY(run_block(&j, b, 0));
    gather(&j, workers);
done:
    for (int t = 0; j.space && t < workers; t++) workspace_clear(&j.space[t], noises);
    mem_free(j.space);
    return st;
}

/* Hoare's selection: after it x[at] is where sorting would put it. */
static float select_place(float *x, int64_t n, int64_t at)
{
    int64_t low = 0, high = n - 1;
    while (low < high) {
        const float pivot = x[low + (high - low) / 2];
        int64_t i = low, k = high;
        while (i <= k) {
            while (x[i] < pivot) i++;
            while (x[k] > pivot) k--;
            if (i > k) break;
            const float held = x[i];
            x[i++] = x[k];
            x[k--] = held;
        }
        if (at <= k)
            high = k;
        else if (at >= i)
            low = i;
        else
            break;
    }
    return x[at];
}

double stats_point_of(float *x, int64_t n, double q)
{
    const int64_t at = (int64_t)ceil(q * (double)n - 1e-9) - 1;
    return (double)select_place(x, n, at < 0 ? 0 : at >= n ? n - 1 : at);
}
