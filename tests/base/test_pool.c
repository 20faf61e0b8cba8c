/* The pool: every task once, sums in task order, failures without deadlock. */
#include <stdatomic.h>
#include <time.h>

#include "base/pool.h"
#include "support/check.h"

enum { TASKS = 200 };

typedef struct job {
    pool *pool;
    atomic_int runs[TASKS];
    float sum[2]; /* to the second one every third task adds, before the first */
    int fail_from; /* tasks from here on fail; -1 = none */
} job;

static jem_status add_in_order(void *ctx, int task, int worker)
{
    job *j = ctx;
    jem_status st = JEM_OK;

    atomic_fetch_add(&j->runs[task], 1);
    if (task % 7 == 0) {
        struct timespec t = {0, 300000};
        nanosleep(&t, NULL);
    }
    if (worker < 0 || worker >= pool_threads(j->pool)) st = jem_error(JEM_EINTERNAL, "worker");
    if (j->fail_from >= 0 && task >= j->fail_from) st = jem_error(JEM_EDATA, "task %d", task);
    for (int line = task % 3 == 0; line >= 0 && st == JEM_OK; line--) {
        const int turn = line ? task / 3 : task;
        if (!pool_order_enter(j->pool, line, turn)) return st;
        j->sum[line] += 1.0f / (float)(1 + task * task % 37);
        pool_order_leave(j->pool, line, turn);
    }
    return st;
}

static void sums_have_the_same_bits_for_any_number_of_threads(void **state)
{
    static const int threads[] = {1, 2, 3, 5};
    float first[2] = {0.0f, 0.0f};

    (void)state;
    for (int i = 0; i < 4; i++) {
        job j = {.fail_from = -1};
        check_ok(pool_new(&j.pool, threads[i]));
        check_ok(pool_order_lines(j.pool, 2));
        assert_int_equal(pool_threads(j.pool), threads[i]);
        check_ok(pool_run(j.pool, TASKS, add_in_order, &j));
        for (int t = 0; t < TASKS; t++) assert_int_equal(j.runs[t], 1);
        if (i == 0) memcpy(first, j.sum, sizeof first);
        assert_memory_equal(first, j.sum, sizeof first);
        pool_free(j.pool);
    }
}

/* Whoever waits behind a task that fails is let go, and told so. */
static jem_status fail_without_entering(void *ctx, int task, int worker)
{
    job *j = ctx;

    (void)worker;
    atomic_fetch_add(&j->runs[task], 1);
    if (task == j->fail_from) {
        struct timespec t = {0, 300000}; /* later tasks are waiting when this one fails */
        nanosleep(&t, NULL);
    }
    if (task == j->fail_from || task == j->fail_from + 1)
        return jem_error(JEM_EDIVERGED, "task %d diverged", task);
    if (!pool_order_enter(j->pool, 0, task)) return JEM_OK;
    assert_true(task < j->fail_from);
    pool_order_leave(j->pool, 0, task);
    return JEM_OK;
}

static void the_lowest_failure_is_reported_and_nobody_waits_forever(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 5; threads++) {
        pool *p = NULL;
        check_ok(pool_new(&p, threads));
        check_ok(pool_order_lines(p, 1));
        for (int repeat = 0; repeat < 50; repeat++) {
            job j = {.pool = p, .fail_from = 30 + repeat};
            char text[64];
            snprintf(text, sizeof text, "task %d diverged", j.fail_from);
            check_fails(pool_run(p, TASKS, fail_without_entering, &j), JEM_EDIVERGED, text);
            for (int t = 0; t <= j.fail_from; t++) assert_int_equal(j.runs[t], 1);
            assert_int_equal(j.runs[TASKS - 1], 0);
        }
        pool_free(p);
    }
}

static void a_pool_works_on_after_a_failure(void **state)
{
    job j = {.fail_from = 0}, k = {.fail_from = -1};

    (void)state;
    check_ok(pool_new(&j.pool, 3));
    check_ok(pool_order_lines(j.pool, 2));
    check_fails(pool_run(j.pool, TASKS, add_in_order, &j), JEM_EDATA, "task 0");
    k.pool = j.pool;
    check_ok(pool_run(k.pool, TASKS, add_in_order, &k));
    pool_free(k.pool);
}

static jem_status count_runs(void *ctx, int task, int worker)
{
    (void)worker;
    atomic_fetch_add((atomic_int *)ctx, task + 1);
    return JEM_OK;
}

static void many_short_runs_lose_no_task(void **state)
{
    pool *p = NULL;

    (void)state;
    check_ok(pool_new(&p, 3));
    for (int i = 0; i < 3000; i++) {
        atomic_int total = 0;
        check_ok(pool_run(p, i % 5, count_runs, &total));
        assert_int_equal(total, (i % 5) * (i % 5 + 1) / 2);
    }
    pool_free(p);
}

static void zero_threads_means_one_per_processor(void **state)
{
    pool *p = NULL;

    (void)state;
    check_ok(pool_new(&p, 0));
    assert_true(pool_threads(p) >= 1);
    pool_free(p);
    pool_free(NULL);
    check_fails(pool_new(&p, -1), JEM_EUSAGE, "threads");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_have_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(the_lowest_failure_is_reported_and_nobody_waits_forever),
        cmocka_unit_test(a_pool_works_on_after_a_failure),
        cmocka_unit_test(many_short_runs_lose_no_task),
        cmocka_unit_test(zero_threads_means_one_per_processor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
