/* The best one-to-one assignment, against all permutations. */
#include "stats/assignment.h"

#include <math.h>
#include <stdbool.h>

#include "support/check.h"

enum { N = 6 };

static double sum_of(const double *gain, const int64_t *to)
{
    double sum = 0;
    for (int i = 0; i < N; i++) sum += gain[i * N + to[i]];
    return sum;
}

/* The largest sum over all permutations of to[from ..]. */
static double best_of(const double *gain, int64_t *to, int from)
{
    if (from == N) return sum_of(gain, to);
    double best = -INFINITY;
    for (int k = from; k < N; k++) {
        int64_t swap = to[from];
        to[from] = to[k], to[k] = swap;
        best = fmax(best, best_of(gain, to, from + 1));
        swap = to[from];
        to[from] = to[k], to[k] = swap;
    }
    return best;
}

static void it_is_as_good_as_the_best_of_all_permutations(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int trial = 0; trial < 200; trial++) {
        double gain[N * N];
        int64_t to[N], all[N];
        bool used[N] = {false};
        for (int i = 0; i < N * N; i++) {
            seed = seed * 1664525 + 1013904223;
            gain[i] = (double)(seed >> 24) - (trial % 2 ? 128 : 0); /* ties and losses, too */
        }
        for (int i = 0; i < N; i++) all[i] = i;
        check_ok(stats_assignment(to, gain, N));
        for (int i = 0; i < N; i++) {
            assert_in_range(to[i], 0, N - 1);
            assert_false(used[to[i]]);
            used[to[i]] = true;
        }
        assert_true(sum_of(gain, to) == best_of(gain, all, 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_as_good_as_the_best_of_all_permutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
