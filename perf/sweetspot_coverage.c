/* Does `jem sweetspot` keep its promises?  Simulated studies of known truth through the code of the
 * command: how often it claims an advantage where there is none, finds one that is there, and keeps a
 * best alpha in the set (docs/results.md has the tables).
 *
 *   sweetspot_coverage [STUDIES [DRAWS [TABLE ...]]]        tables: truth variance run images holm design
 *
 * 11 alphas, spread between networks .01, level .95.  Study number k of a cell is a function of k. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pool.h"
#include "base/rng.h"
#include "base/try.h"
#include "stats/best_alpha.h"
#include "sweetspot/spot_runs.h"

enum { K = 11, SEEDS_MOST = 10, NETWORKS = K * SEEDS_MOST, IMAGES_MOST = 10000 };
static const double sd = 0.01;

/* ---- truths */

typedef double (*truth_fn)(double alpha);
static double flat(double a) { return 0 * a; }
static double plateau(double a) { return a >= 1 ? -1 : 0; }
static double rising(double a) { return 0.05 * a; }
static double peak(double a) { return -0.2 * (a - 0.6) * (a - 0.6); }
static double kink(double a) { return -0.15 * fabs(a - 0.6); }

/* Spread between networks at alpha number i, in units of sd. */
typedef double (*spread_fn)(int i);
static double equal(int i) { return 1 + 0 * i; }
static double harder_end(int i) { return i == 0 ? 4 : 1; }
static double falling(int i) { return pow(4, 1 - i / (K - 1.0)); } /* variance 16-fold */
static double one_inside(int i) { return i == 5 ? 4 : 1; }
static double growing(int i) { return pow(4, i / (K - 1.0)); }
static double both_ends(int i) { return i == 0 || i == K - 1 ? 2 : 1; }

/* ---- one cell */

typedef struct cell {
    truth_fn truth;
    spread_fn spread;
    stats_variance variance;
    int ends, between; /* networks */
    int images;        /* common to all networks; 0: none */
    bool heavy;        /* noise has the t distribution with 5 degrees of freedom */
    bool bad_run;      /* the first network of the first alpha is worse by five spreads */
    bool drops;        /* claims need every network, too */
    bool set;          /* is asked for */
    uint64_t first;    /* number of its first study */
} cell;

typedef struct tally {
    int64_t claims, kept, size; /* sums over studies */
} tally;

typedef struct job {
    const cell *c;
    int64_t studies, draws, rounds;
    tally *each; /* [studies] */
} job;

static double noise(const float *z, int64_t j, bool heavy)
{
    double square = 0;
    if (!heavy) return z[j];
    for (int k = 1; k <= 5; k++) square += (double)z[k * NETWORKS + j] * z[k * NETWORKS + j];
    return z[j] / sqrt(square / 5) / sqrt(5.0 / 3); /* of variance 1 */
}

/* y [networks] of a study and, with images, the scores on each: rows [networks][images]. */
static void simulate(double *y, double *rows, const cell *c, const int64_t *networks, uint64_t number)
{
    float z[6 * NETWORKS], *w = NULL;
    const rng_stream s = {number, RNG_TEST, 0, 0};

    rng_fill_normal(z, 6 * NETWORKS, &s, 0);
    for (int64_t i = 0, j = 0; i < K; i++)
        for (int64_t k = 0; k < networks[i]; k++, j++)
            y[j] = c->truth((double)i / 10) + sd * c->spread((int)i) * noise(z, j, c->heavy) -
                   (c->bad_run && j == 0 ? 5 * sd : 0);
    if (!c->images) return;
    w = malloc(2 * (size_t)c->images * sizeof *w);
    for (int64_t i = 0, j = 0; i < K; i++) {
        rng_fill_normal(w, c->images, &s, (uint32_t)(1 + i)); /* what alpha i makes of each image */
        for (int64_t k = 0; k < networks[i]; k++, j++) {
            double mean = 0;
            rng_fill_normal(w + c->images, c->images, &s, (uint32_t)(100 + j));
            for (int64_t n = 0; n < c->images; n++) {
                rows[j * c->images + n] = y[j] + 0.15 * w[n] + 0.2 * w[c->images + n];
                mean += rows[j * c->images + n] / c->images;
            }
            y[j] = mean;
        }
    }
    free(w);
}

/* G of the command, from trials that are these rows. */
static jem_status covariance_of(double *g, const double *rows, const cell *c, const int64_t *networks,
                                int64_t count, int64_t rounds)
{
    jem_status st;
    static const measure mean = {.metric = "m"};
    static const measure_spot line = {.title = "simulated", .count = 1, .score = {&mean},
                                      .rule = &trials_number};
    trial_items items[NETWORKS];
    const trial_items *each[NETWORKS];
    double alpha[K], offset[K] = {0}, weight[K][SPOT_SCORES_MAX], *term = NULL;
    spot_network network[NETWORKS];
    int64_t of[K];
    spot_runs r = {.line = &line, .alphas = K, .alpha = alpha, .networks = of, .count = count,
                   .network = network};
    const spot_scale scale = {offset, weight, NAN};

    TRY(MEM_NEW(term, 2 * count * c->images));
    for (int64_t i = 0, j = 0; i < K; i++) {
        alpha[i] = (double)i / 10;
        of[i] = networks[i];
        weight[i][0] = 1;
        for (int64_t k = 0; k < networks[i]; k++, j++) {
            network[j] = (spot_network){.at = i};
            items[j] = (trial_items){.count = c->images, .terms = 2, .term = term + 2 * j * c->images};
            each[j] = &items[j];
            for (int64_t n = 0; n < c->images; n++) {
                items[j].term[2 * n] = rows[j * c->images + n];
                items[j].term[2 * n + 1] = 1;
            }
        }
    }
    TRY(trial_draws_new(&r.draws, line.rule, each, count));
    TRY(spot_covariance(g, &r, &scale, &(const trial_bootstrap){rounds, 1, NULL}));
done:
    trial_draws_clear(&r.draws);
    mem_free(term);
    return st;
}

static jem_status run_study(void *ctx, int task, int worker)
{
    jem_status st;
    const job *j = ctx;
    const cell *c = j->c;
    int64_t networks[K], count = 0;
    double y[NETWORKS], *rows = NULL, *g = NULL;
    stats_best_alpha b = {.alphas = 0};
    const stats_best_alpha_options o = {.variance = c->variance, .level = 0.95, .draws = j->draws,
                                        .seed = c->first + (uint64_t)task,
                                        .leave_out = STATS_ALPHA_DESIGN |
                                                     (c->drops ? 0 : STATS_ALPHA_DROPS) |
                                                     (c->set ? 0 : STATS_ALPHA_SET)};

    (void)worker;
    for (int i = 0; i < K; i++) count += networks[i] = i == 0 || i == K - 1 ? c->ends : c->between;
    if (c->images) {
        TRY(MEM_NEW(rows, count * c->images));
        TRY(MEM_NEW(g, count * count));
    }
    simulate(y, rows, c, networks, c->first + (uint64_t)task);
    if (c->images) TRY(covariance_of(g, rows, c, networks, count, j->rounds));
    TRY(stats_best_alpha_find(&b, &(const stats_alphas){K, networks, y, g, NAN}, &o));
    tally *t = &j->each[task];
    t->claims = b.p <= 0.05 && (!c->drops || b.p_drop <= 0.05);
    t->kept = b.in_set[6]; /* alpha = .6, the peak; of a flat truth any is a best alpha */
    for (int i = 0; i < K; i++) t->size += b.in_set[i];
done:
    stats_best_alpha_clear(&b);
    mem_free(g);
    mem_free(rows);
    return st;
}

static int64_t studies, draws;
static pool *workers;

/* Means over the studies of a cell. */
typedef struct means {
    double claims, kept, size;
} means;

static means run_cell(cell c)
{
    static uint64_t first = 1;
    /* images cost more than draws: ten thousand of them make few studies */
    const int64_t n = c.images > 1000 ? studies / 8 + 1 : c.drops ? studies / 2 + 1 : studies;
    job j = {&c, n, draws, 500, calloc((size_t)n, sizeof(tally))};
    means m = {0, 0, 0};

    c.first = first;
    first += 1000000;
    if (!c.ends) c.ends = c.between;
    if (!c.spread) c.spread = equal;
    if (pool_run(workers, (int)n, run_study, &j) != JEM_OK) {
        fprintf(stderr, "%s\n", jem_error_message());
        exit(1);
    }
    for (int64_t k = 0; k < n; k++) {
        m.claims += (double)j.each[k].claims / (double)n;
        m.kept += (double)j.each[k].kept / (double)n;
        m.size += (double)j.each[k].size / (double)n;
    }
    free(j.each);
    return m;
}

/* ---- tables */

static void table_of_truths(void)
{
    static const struct {
        const char *name, *what;
        truth_fn truth;
    } rows[] = {{"flat", "claims", flat}, {"plateau, alpha = 1 worse by 1", "claims", plateau},
                {"rising .05 alpha", "claims", rising}, {"peak .2 (alpha - .6)² below its top", "power", peak},
                {"kink .15 abs(alpha - .6)", "power", kink}};
    static const int seeds[] = {2, 3, 5, 10};
    means m[5][4];
    printf("\n| truth, `pooled` | 2 seeds | 3 | 5 | 10 |\n|---|---|---|---|---|\n");
    for (int t = 0; t < 5; t++) {
        printf("| %s: %s |", rows[t].name, rows[t].what);
        for (int s = 0; s < 4; s++) {
            m[t][s] = run_cell((cell){.truth = rows[t].truth, .variance = STATS_VARIANCE_POOLED,
                                      .between = seeds[s], .set = true});
            printf(" %.3f |", m[t][s].claims);
            fflush(stdout);
        }
        printf("\n");
    }
    for (int t = 0; t < 5; t++) {
        if (t == 2) continue; /* its best alpha is the end */
        printf("| %s: .6 is in the set (its size) |", rows[t].name);
        for (int s = 0; s < 4; s++) printf(" %.3f (%.1f) |", m[t][s].kept, m[t][s].size);
        printf("\n");
    }
}

static void table_of_variances(void)
{
    static const struct {
        const char *name;
        spread_fn spread;
        bool heavy;
        int ends;
    } rows[] = {{"equal variances", equal, false, 0}, {"harder end sd x 4", harder_end, false, 0},
                {"variance falling 16-fold along alpha", falling, false, 0},
                {"one interior alpha sd x 4", one_inside, false, 0},
                {"variance growing 16-fold along alpha (own pattern)", growing, false, 0},
                {"both ends sd x 2 (own pattern)", both_ends, false, 0},
                {"noise of heavy tails, t with 5 df (own pattern)", equal, true, 0},
                {"six networks at each end, harder end sd x 4 (own pattern)", harder_end, false, 6}};
    static const stats_variance rules[] = {STATS_VARIANCE_POOLED, STATS_VARIANCE_GUARDED,
                                           STATS_VARIANCE_EACH};
    printf("\n| plateau: claims (2 / 3 seeds) | pooled | guarded | each |\n|---|---|---|---|\n");
    for (size_t p = 0; p < sizeof rows / sizeof *rows; p++) {
        printf("| %s |", rows[p].name);
        for (int v = 0; v < 3; v++)
            for (int n = 2; n <= 3; n++) {
                const means m = run_cell((cell){.truth = plateau, .spread = rows[p].spread,
                                                .variance = rules[v], .between = n, .ends = rows[p].ends,
                                                .heavy = rows[p].heavy});
                printf(n == 2 ? " %.3f /" : " %.3f |", m.claims);
                fflush(stdout);
            }
        printf("\n");
    }
    printf("| peak, equal variances: power (2 / 3 / 5) |");
    for (int v = 0; v < 3; v++)
        for (int n = 2; n <= 5; n += n == 2 ? 1 : 2) {
            const means m = run_cell((cell){.truth = peak, .variance = rules[v], .between = n});
            printf(n < 5 ? " %.2f /" : " %.2f |", m.claims);
            fflush(stdout);
        }
    printf("\n");
}

static void table_of_runs(void)
{
    printf("\n| `pooled`, 2 / 3 seeds | p alone | without any one run, too |\n|---|---|---|\n");
    for (int row = 0; row < 3; row++) {
        static const char *const names[] = {"flat, one bad run at an end: claims",
                                            "plateau, one bad run at the harder end: claims",
                                            "peak: power"};
        const truth_fn truth[] = {flat, plateau, peak};
        printf("| %s |", names[row]);
        for (int drops = 0; drops < 2; drops++)
            for (int n = 2; n <= 3; n++) {
                const means m = run_cell((cell){.truth = truth[row], .variance = STATS_VARIANCE_POOLED,
                                                .between = n, .bad_run = row < 2, .drops = drops});
                printf(n == 2 ? " %.3f /" : " %.3f |", m.claims);
                fflush(stdout);
            }
        printf("\n");
    }
}

static void table_of_images(void)
{
    static const int images[] = {51, 200, 1280, 10000};
    printf("\n| common images, `pooled` | plateau: claims (2 / 3 / 5 seeds) | .6 in the set | peak: power |"
           "\n|---|---|---|---|\n");
    for (int k = 0; k < 4; k++) {
        means m[2][3];
        for (int t = 0; t < 2; t++)
            for (int s = 0; s < 3; s++)
                if (images[k] <= 1280 || (t == 0 && s == 0))
                    m[t][s] = run_cell((cell){.truth = t ? peak : plateau, .between = s == 2 ? 5 : 2 + s,
                                              .variance = STATS_VARIANCE_POOLED, .images = images[k], .set = true});
        if (images[k] > 1280)
            printf("| %d | %.3f | %.3f | |\n", images[k], m[0][0].claims, m[0][0].kept);
        else
            printf("| %d | %.3f / %.3f / %.3f | %.3f / %.3f / %.3f | %.2f / %.2f / %.2f |\n", images[k],
                   m[0][0].claims, m[0][1].claims, m[0][2].claims, m[1][0].kept, m[1][1].kept,
                   m[1][2].kept, m[1][0].claims, m[1][1].claims, m[1][2].claims);
        fflush(stdout);
    }
}

/* Six benchmarks without an effect, of which the first four are of the same networks. */
static void table_of_benchmarks(void)
{
    static const double correlation[] = {0, 0.8, 0.95};
    printf("\n| six plateaus, four on the same networks | correlation 0 | .8 | .95 |\n|---|---|---|---|\n"
           "| Holm: some claim, 2 seeds |");
    for (int r = 0; r < 3; r++) {
        int64_t wrong = 0;
        for (int64_t k = 0; k < studies; k++) {
            double p[6], adjusted[6];
            float z[7 * 2 * K];
            const rng_stream s = {5000000 + (uint64_t)k, RNG_TEST, (uint32_t)r, 0};
            int64_t networks[K];
            bool any = false;
            rng_fill_normal(z, 7 * 2 * K, &s, 0);
            for (int b = 0; b < 6; b++) {
                double y[2 * K];
                const double common = b < 4 ? sqrt(correlation[r]) : 0;
                stats_best_alpha best;
                for (int i = 0; i < 2 * K; i++) {
                    networks[i / 2] = 2;
                    y[i] = plateau(i / 2 / 10.0) +
                           sd * (common * z[i] + sqrt(1 - common * common) * z[(1 + b) * 2 * K + i]);
                }
                if (stats_best_alpha_find(&best, &(const stats_alphas){K, networks, y, NULL, NAN},
                                          &(const stats_best_alpha_options){
                                              .variance = STATS_VARIANCE_POOLED, .level = 0.95,
                                              .draws = draws, .seed = (uint64_t)k, .threads = workers,
                                              .leave_out = STATS_ALPHA_DROPS | STATS_ALPHA_SET |
                                                           STATS_ALPHA_DESIGN}) != JEM_OK)
                    exit(1);
                p[b] = best.p;
                stats_best_alpha_clear(&best);
            }
            stats_holm(adjusted, p, 6);
            for (int b = 0; b < 6; b++) any = any || adjusted[b] <= 0.05;
            wrong += any;
        }
        printf(" %.3f |", (double)wrong / (double)studies);
        fflush(stdout);
    }
    printf("\n");
}

static void table_of_designs(void)
{
    printf("\n| peak, `guarded`: power | networks | p alone |\n|---|---|---|\n");
    const means six = run_cell((cell){.truth = peak, .between = 2, .ends = 6});
    printf("| six at each end, two between | 30 | %.3f |\n", six.claims);
    const means three = run_cell((cell){.truth = peak, .between = 3});
    printf("| three everywhere | 33 | %.3f |\n", three.claims);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } tables[] = {{"truth", table_of_truths}, {"variance", table_of_variances}, {"run", table_of_runs},
                  {"images", table_of_images}, {"holm", table_of_benchmarks}, {"design", table_of_designs}};
    studies = argc > 1 ? atoll(argv[1]) : 2000;
    draws = argc > 2 ? atoll(argv[2]) : 10000;
    if (studies < 1 || draws < 100 || pool_new(&workers, 0) != JEM_OK) return 2;
    printf("%lld studies a cell (fewer with 1,280 images or more, or where runs are left out), %lld draws\n",
           (long long)studies, (long long)draws);
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        bool wanted = argc <= 3;
        for (int i = 3; i < argc; i++) wanted = wanted || strcmp(argv[i], tables[t].name) == 0;
        if (wanted) tables[t].print();
    }
    pool_free(workers);
    return 0;
}
