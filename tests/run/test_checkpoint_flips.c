/* Random single-bit flips in the newest checkpoint of a run: every one is noticed, said,
 * and the checkpoint before it used.  JEM_BIT_FLIPS says how many (docs/reliability.md:
 * 2000); JEM_BIT_FLIPS_SEED which. */
#include "run/checkpoint_rig.h"

static int64_t setting(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoll(text, NULL, 10) : otherwise;
}

static void every_flip_is_noticed_and_the_checkpoint_before_it_used(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"sampler.buffer_size=10", NULL});
    checkpoint_writer *w = NULL;
    const char *newest = rig_path(r, "checkpoints/000000020.safetensors");
    int64_t flips = setting("JEM_BIT_FLIPS", 60), size;
    rng_stream s = {(uint64_t)setting("JEM_BIT_FLIPS_SEED", 1), RNG_TEST, 9, 0};
    bool found;

    check_ok(checkpoint_writer_new(&w, &r->t, r->run));
    for (int64_t it = 10; it <= 20; it += 10) {
        rig_set(r, it);
        check_ok(checkpoint_writer_put(w, &r->state, &r->info));
    }
    checkpoint_writer_free(w);
    check_ok(file_size(&size, newest));
    for (int64_t i = 0; i < flips; i++) {
        long at = (long)rng_below(&s, (uint32_t)i, 0, (uint32_t)size);
        int bit = (int)rng_below(&s, (uint32_t)i, 1, 8);
        r->t.iteration = 999;
        model_params(r->m)[0] = 999;
        warnings_listen();
        rig_flip(newest, at, bit);
        check_ok(checkpoint_resume(&r->t, &r->state, &found, r->run));
        if (!found || r->t.iteration != 10 || model_params(r->m)[0] == 999)
            fail_msg("bit %d of byte %ld was not noticed", bit, at);
        if (i % 100 == 0) assert_true(rig_holds(r, 10));
        rig_heard("000000020.safetensors");
        rig_flip(newest, at, bit);
    }
    check_ok(checkpoint_resume(&r->t, &r->state, &found, r->run));
    assert_true(found && rig_holds(r, 20));
    log_set_sink(NULL);
    print_message("%lld flips in a file of %lld bytes, all noticed\n", (long long)flips,
                  (long long)size);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flip_is_noticed_and_the_checkpoint_before_it_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
