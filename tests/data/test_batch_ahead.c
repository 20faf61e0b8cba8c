/* Batches made ahead: the same as without, whatever is asked for; failures come when they are due. */
#include "data/batch_ahead.h"

#include <stdatomic.h>
#include <stdio.h>

#include "support/check.h"

enum { VALUES = 6, ROWS = 2 };

typedef struct source {
    atomic_int made;
    int64_t fails_at; /* -1: never */
} source;

static jem_status make(void *ctx, int64_t iteration, float *x, int32_t *y)
{
    source *s = ctx;
    atomic_fetch_add(&s->made, 1);
    if (iteration == s->fails_at)
        return jem_error(JEM_EDATA, "iteration %lld is damaged", (long long)iteration);
    for (int i = 0; i < VALUES; i++) x[i] = (float)(10 * iteration + i);
    for (int i = 0; i < ROWS; i++) y[i] = (int32_t)iteration;
    return JEM_OK;
}

static void expect(batch_ahead *a, int64_t iteration)
{
    float x[VALUES];
    int32_t y[ROWS];
    check_ok(batch_ahead_get(a, iteration, x, y));
    assert_true(x[0] >= (float)(10 * iteration) && x[0] <= (float)(10 * iteration));
    assert_true(x[VALUES - 1] >= (float)(10 * iteration + 5) && x[VALUES - 1] <= (float)(10 * iteration + 5));
    assert_int_equal(y[ROWS - 1], iteration);
}

static void any_order_gives_the_batches_asked_for(void **state)
{
    (void)state;
    source s = {.fails_at = -1};
    batch_ahead *a = NULL;
    check_ok(batch_ahead_new(&a, make, &s, VALUES, ROWS));
    for (int64_t i = 0; i < 200; i++) expect(a, i);
    expect(a, 7); /* back, as a rescued training goes */
    expect(a, 8);
    expect(a, 8); /* once more */
    expect(a, 1000);
    float x[VALUES];
    check_ok(batch_ahead_get(a, 1001, x, NULL));
    batch_ahead_free(a);
    assert_true(atomic_load(&s.made) >= 205);
}

static void in_order_each_batch_is_made_once(void **state)
{
    (void)state;
    source s = {.fails_at = -1};
    batch_ahead *a = NULL;
    check_ok(batch_ahead_new(&a, make, &s, VALUES, ROWS));
    for (int64_t i = 0; i < 50; i++) expect(a, i);
    batch_ahead_free(a);
    assert_in_range(atomic_load(&s.made), 50, 51); /* the one behind the last may have been begun */
}

static void a_failure_is_told_by_the_batch_that_failed(void **state)
{
    (void)state;
    source s = {.fails_at = 3};
    batch_ahead *a = NULL;
    float x[VALUES];
    check_ok(batch_ahead_new(&a, make, &s, VALUES, ROWS));
    for (int64_t i = 0; i < 3; i++) expect(a, i); /* 3 fails meanwhile */
    check_fails(batch_ahead_get(a, 3, x, NULL), JEM_EDATA, "iteration 3 is damaged");
    check_fails(batch_ahead_get(a, 3, x, NULL), JEM_EDATA, "iteration 3 is damaged");
    s.fails_at = -1;
    expect(a, 3); /* made again */
    expect(a, 4);
    batch_ahead_free(a);
}

static void what_was_begun_is_ended_and_times_grow(void **state)
{
    (void)state;
    source s = {.fails_at = -1};
    batch_ahead *a = NULL;
    check_ok(batch_ahead_new(&a, make, &s, VALUES, ROWS));
    batch_ahead_free(a); /* nothing was asked for */
    check_ok(batch_ahead_new(&a, make, &s, VALUES, ROWS));
    assert_true(batch_ahead_times(a).made_s <= 0 && batch_ahead_times(a).waited_s <= 0);
    expect(a, 5);
    expect(a, 6);
    assert_true(batch_ahead_times(a).made_s > 0 && batch_ahead_times(a).waited_s > 0);
    batch_ahead_free(a);
    batch_ahead_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_gives_the_batches_asked_for),
        cmocka_unit_test(in_order_each_batch_is_made_once),
        cmocka_unit_test(a_failure_is_told_by_the_batch_that_failed),
        cmocka_unit_test(what_was_begun_is_ended_and_times_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
