/* A step of training allocates nothing once everything has been used once.  This
 * program brings its own base/mem.h functions, which count. */
#include "train/tiny.h"

#include <stdatomic.h>

#include "train/trainer.h"

static atomic_long allocations;

jem_status mem_alloc(void *out, size_t count, size_t size)
{
    size_t bytes = (count * size + 127) / 64 * 64;
    void *p = aligned_alloc(64, bytes);
    atomic_fetch_add(&allocations, 1);
    if (!p) return jem_error(JEM_ENOMEM, "out of memory");
    memset(p, 0, bytes);
    memcpy(out, &p, sizeof p);
    return JEM_OK;
}

void mem_free(void *p)
{
    free(p);
}

jem_status mem_strdup(char **out, const char *s)
{
    char *copy = NULL;
    jem_status st = mem_alloc(&copy, strlen(s) + 1, 1);
    if (st != JEM_OK) return st;
    memcpy(copy, s, strlen(s) + 1);
    *out = copy;
    return JEM_OK;
}

static void steps_allocate_nothing_after_the_first(void **state)
{
    (void)state;
    static config cfg;
    splits data = tiny_splits(24, 3);
    model *m = NULL;
    trainer t;
    step_report r;

    tiny_config(&cfg, NULL);
    check_ok(model_new(&m, &cfg.model, &cfg.engine));
    check_ok(trainer_init(&t, &cfg, &data, m));
    check_ok(trainer_step(&r, &t));
    long before = atomic_load(&allocations);
    assert_true(before > 10);
    for (int i = 0; i < 4; i++) check_ok(trainer_step(&r, &t)); /* crosses an epoch */
    assert_int_equal(atomic_load(&allocations), before);
    trainer_clear(&t);
    model_free(m);
    splits_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_allocate_nothing_after_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
