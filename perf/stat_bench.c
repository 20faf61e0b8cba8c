/* jem's side of perf/compare_statistics.py: the statistics of src/stats on real data, timed.
 *
 *   stat_bench consistency MODEL_VS_HUMAN REPEATS   agreement on the 17 sets
 *   stat_bench bootstrap X.npy REPEATS THREADS      10,000 rounds of the mean of X
 *   stat_bench spearman X.npy Y.npy REPEATS         rank correlation
 *
 * Prints JSON: "seconds" (median of the repeats, wall clock) by what was timed, "values". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/try.h"
#include "jem/tensor.h"
#include "record/image_sets.h"
#include "record/trial_matrix.h"
#include "stats/bootstrap.h"
#include "stats/consistency.h"
#include "stats/rank.h"
#include "stats/summary.h"

enum { OBSERVERS_MAX = 64, REPEATS_MAX = 1001 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double median(double *x, int n)
{
    stats_sort(x, n);
    return stats_quantile(x, n, 0.5);
}

/* ---- consistency */

typedef struct image_set {
    const mvh_set *set;
    int64_t people, observers; /* people first, then networks */
    char *name[OBSERVERS_MAX]; /* of their files */
    trial_list list[OBSERVERS_MAX];
    trial_matrix matrix; /* of the kept conditions */
} image_set;

static void image_set_clear(image_set *s)
{
    for (int64_t o = 0; o < s->observers; o++) {
        mem_free(s->name[o]);
        trial_list_clear(&s->list[o]);
    }
    trial_matrix_clear(&s->matrix);
    *s = (image_set){0};
}

static jem_status add_observers(image_set *s, const char *folder, bool people)
{
    jem_status st;
    char **names = NULL, *path = NULL;
    int count = 0;

    TRY(dir_list(&names, &count, folder));
    for (int i = 0; i < count && s->observers < OBSERVERS_MAX; i++) {
        if ((strstr(names[i], "_subject-") != NULL) != people) continue;
        mem_free(path);
        path = NULL;
        TRY(str_format(&path, "%s/%s", folder, names[i]));
        TRY(mem_strdup(&s->name[s->observers], names[i]));
        TRY(trial_list_read(&s->list[s->observers++], path));
    }
done:
    mem_free(path);
    strings_free(names, count);
    return st;
}

static jem_status read_set(image_set *s, const char *folder, const mvh_set *set)
{
    jem_status st;
    char *path = NULL;

    s->set = set;
    TRY(str_format(&path, "%s/raw-data/%s", folder, set->name));
    TRY(add_observers(s, path, true));
    s->people = s->observers;
    TRY(add_observers(s, path, false));
done:
    mem_free(path);
    return st;
}

/* Brings the trials of the kept conditions into one order. */
static jem_status match_trials(image_set *s)
{
    const trial_list *lists[OBSERVERS_MAX];
    const char *kept[MVH_CONDITIONS_MAX];
    int64_t conditions = 0;

    for (int64_t o = 0; o < s->observers; o++) lists[o] = &s->list[o];
    for (int64_t c = 0; c < mvh_conditions(s->set); c++)
        if (mvh_kept(s->set, c)) kept[conditions++] = s->set->conditions[c];
    trial_matrix_clear(&s->matrix);
    return trial_matrix_build(&s->matrix, lists, s->observers, kept, conditions);
}

/* agreement [1 + networks]: of people with one another, then of each network with them. */
static jem_status agree(stats_agreement *agreement, const image_set *s)
{
    jem_status st;
    const trial_matrix *m = &s->matrix;
    const uint8_t *row[OBSERVERS_MAX];
    int64_t images[MVH_CONDITIONS_MAX], pairs = stats_joint_pairs(m->observers), *both = NULL;

    TRY(MEM_NEW(both, m->conditions * pairs));
    for (int64_t o = 0; o < m->observers; o++) row[o] = m->right + o * m->images;
    for (int64_t c = 0; c < m->conditions; c++) {
        images[c] = m->start[c + 1] - m->start[c];
        stats_joint_count(both + c * pairs, row, m->observers, m->start[c], images[c]);
    }
    const stats_joint joint = {m->observers, m->conditions, images, both};
    agreement[0] = stats_joint_people(&joint, s->people, NULL);
    for (int64_t o = s->people; o < m->observers; o++)
        agreement[1 + o - s->people] = stats_joint_model(&joint, o, s->people, NULL);
done:
    mem_free(both);
    return st;
}

static void print_agreement(const image_set *s, const stats_agreement *agreement)
{
    for (int64_t k = 0; k <= s->observers - s->people; k++) {
        const stats_agreement *a = &agreement[k];
        const char *file = k ? s->name[s->people + k - 1] + strlen(s->set->name) + 1 : "people";
        printf("%s[\"%s\", \"%.*s\", %.17g, %.17g, %.17g, %.17g]",
               k || s->set != mvh_sets ? ", " : "", s->set->name, (int)strcspn(file, "_"), file,
               a->accuracy, a->accuracy_difference, a->observed, a->kappa);
    }
}

static jem_status time_consistency(const char *folder, int repeats)
{
    jem_status st;
    static image_set sets[MVH_SETS];
    static double read[REPEATS_MAX], match[REPEATS_MAX], count[REPEATS_MAX];
    static stats_agreement agreement[MVH_SETS][OBSERVERS_MAX];

    for (int r = 0; r < repeats; r++) {
        double start = now();
        for (int s = 0; s < MVH_SETS; s++) {
            image_set_clear(&sets[s]);
            TRY(read_set(&sets[s], folder, &mvh_sets[s]));
        }
        double have_read = now();
        for (int s = 0; s < MVH_SETS; s++) TRY(match_trials(&sets[s]));
        double have_matched = now();
        for (int s = 0; s < MVH_SETS; s++) TRY(agree(agreement[s], &sets[s]));
        double end = now();
        read[r] = end - start;
        match[r] = end - have_read;
        count[r] = end - have_matched;
    }
    printf("{\"seconds\": {\"files\": %.9f, \"trials\": %.9f, \"rows\": %.9f}, \"values\": [",
           median(read, repeats), median(match, repeats), median(count, repeats));
    for (int s = 0; s < MVH_SETS; s++) print_agreement(&sets[s], agreement[s]);
    printf("]}\n");
done:
    for (int s = 0; s < MVH_SETS; s++) image_set_clear(&sets[s]);
    return st;
}

/* ---- bootstrap and rank correlation */

static jem_status read_doubles(jem_tensor *t, const char *path)
{
    jem_status st = jem_npy_read(t, path);
    return st == JEM_OK ? jem_tensor_convert(t, JEM_F64) : st;
}

static jem_status time_bootstrap(const char *path, int repeats, int threads)
{
    jem_status st;
    jem_tensor x = JEM_TENSOR_INIT;
    double *rounds = NULL, seconds[REPEATS_MAX];
    stats_interval interval = {0, 0};
    stats_bootstrap_plan plan = {.factors = 1,
                                 .values = 1,
                                 .statistic = stats_resampled_mean,
                                 .rounds = STATS_BOOTSTRAP_ROUNDS,
                                 .seed = 1};

    TRY(read_doubles(&x, path));
    TRY(pool_new(&plan.threads, threads));
    int64_t n = jem_tensor_count(&x);
    plan.sizes = &n;
    plan.ctx = x.data;
    TRY(MEM_NEW(rounds, plan.rounds));
    for (int r = 0; r < repeats; r++) {
        double start = now();
        TRY(stats_bootstrap_distribution(rounds, &plan));
        TRY(stats_percentile_interval(&interval, NULL, rounds, plan.rounds, 1, 0.95));
        seconds[r] = now() - start;
    }
    printf("{\"seconds\": {\"bootstrap\": %.9f}, \"interval\": [%.17g, %.17g], \"values\": [",
           median(seconds, repeats), interval.low, interval.high);
    for (int64_t r = 0; r < plan.rounds; r++) printf("%s%.17g", r ? ", " : "", rounds[r]);
    printf("]}\n");
done:
    mem_free(rounds);
    pool_free(plan.threads);
    jem_tensor_clear(&x);
    return st;
}

static jem_status time_spearman(const char *path_x, const char *path_y, int repeats)
{
    jem_status st;
    jem_tensor x = JEM_TENSOR_INIT, y = JEM_TENSOR_INIT;
    double value = 0, seconds[REPEATS_MAX];

    TRY(read_doubles(&x, path_x));
    TRY(read_doubles(&y, path_y));
    if (jem_tensor_count(&x) != jem_tensor_count(&y)) {
        st = jem_error(JEM_EUSAGE, "%s and %s have different lengths", path_x, path_y);
        goto done;
    }
    for (int r = 0; r < repeats; r++) {
        double start = now();
        TRY(stats_spearman(&value, x.data, y.data, jem_tensor_count(&x)));
        seconds[r] = now() - start;
    }
    printf("{\"seconds\": {\"spearman\": %.9f}, \"values\": [%.17g]}\n", median(seconds, repeats),
           value);
done:
    jem_tensor_clear(&y);
    jem_tensor_clear(&x);
    return st;
}

static int number(const char *text)
{
    int n = atoi(text);
    return n < 1 ? 1 : n > REPEATS_MAX ? REPEATS_MAX : n;
}

int main(int argc, char **argv)
{
    jem_status st;
    if (argc == 4 && strcmp(argv[1], "consistency") == 0) {
        st = time_consistency(argv[2], number(argv[3]));
    } else if (argc == 5 && strcmp(argv[1], "bootstrap") == 0) {
        st = time_bootstrap(argv[2], number(argv[3]), number(argv[4]));
    } else if (argc == 5 && strcmp(argv[1], "spearman") == 0) {
        st = time_spearman(argv[2], argv[3], number(argv[4]));
    } else {
        fprintf(stderr, "usage: see the head of perf/stat_bench.c\n");
        return 2;
    }
    if (st != JEM_OK) fprintf(stderr, "stat_bench: %s\n", jem_error_message());
    return st == JEM_OK ? 0 : 1;
}
