/* jem/sampler.h: where chains begin, and where they are on their way. */
#include "lib/lib_rig.h"

#include "study/run_chains.h"

enum { STEPS = 6 };

static jem_sampler short_chain(void)
{
    jem_sampler s = JEM_SAMPLER_INIT;
    s.steps = STEPS;
    s.step_size = 0.3;
    s.decay = JEM_SAMPLER_CONSTANT; /* then a longer chain begins as a shorter one */
    s.seed = 4;
    return s;
}

static void states_are_the_ends_of_shorter_chains(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    const int64_t at[] = {0, 1, 4, STEPS};
    static float plain[VALUES], x[VALUES], states[4][VALUES];
    float energies[4][N];
    const int32_t y[N] = {0, 1, 2, 0, 1};

    check_ok(jem_model_open(&m, r->weights, NULL));
    for (int with_y = 0; with_y < 2; with_y++) {
        jem_sampler s = short_chain();
        s.y = with_y ? y : NULL;
        memcpy(plain, r->x, sizeof plain);
        check_ok(jem_sampler_run(&s, m, plain, N));
        s.at = at;
        s.at_count = 4;
        s.states = states[0];
        s.energies = energies[0];
        memcpy(x, r->x, sizeof x);
        check_ok(jem_sampler_run(&s, m, x, N));
        assert_memory_equal(x, plain, sizeof x); /* looking changes nothing */
        assert_memory_equal(states[0], r->x, sizeof x);
        assert_memory_equal(states[3], x, sizeof x);
        jem_sampler shorter = short_chain();
        shorter.y = s.y;
        shorter.steps = 4;
        memcpy(x, r->x, sizeof x);
        check_ok(jem_sampler_run(&shorter, m, x, N));
        assert_memory_equal(states[2], x, sizeof x);
        for (int i = 0; i < 4; i++) {
            float lse[N];
            static float grad[VALUES]; /* with it the pass is the chains' */
            const jem_evaluation want = {.size = sizeof want, .lse = lse, .grad = grad};
            check_ok(jem_model_evaluate(m, states[i], N, &want));
            for (int k = 0; k < N; k++) assert_true(energies[i][k] == -lse[k]);
        }
    }
    jem_model_free(m);
    rig_free(r);
}

static void either_is_wanted_alone(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    const int64_t at[] = {2};
    static float x[VALUES], both[VALUES], alone[VALUES];
    float energies[2][N];
    jem_sampler s = short_chain();

    check_ok(jem_model_open(&m, r->weights, NULL));
    s.at = at;
    s.at_count = 1;
    s.states = both;
    s.energies = energies[0];
    memcpy(x, r->x, sizeof x);
    check_ok(jem_sampler_run(&s, m, x, N));
    s.states = NULL;
    s.energies = energies[1];
    memcpy(x, r->x, sizeof x);
    check_ok(jem_sampler_run(&s, m, x, N));
    assert_memory_equal(energies[0], energies[1], sizeof energies[0]);
    s.states = alone;
    s.energies = NULL;
    memcpy(x, r->x, sizeof x);
    check_ok(jem_sampler_run(&s, m, x, N));
    assert_memory_equal(both, alone, sizeof both);
    jem_model_free(m);
    rig_free(r);
}

static void steps_that_are_none_are_refused(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    const int64_t backwards[] = {3, 3}, beyond[] = {STEPS + 1}, negative[] = {-1};
    static float before[VALUES];
    jem_sampler s = short_chain();

    check_ok(jem_model_open(&m, r->weights, NULL));
    memcpy(before, r->x, sizeof before);
    s.at_count = 1;
    check_fails(jem_sampler_run(&s, m, r->x, N), JEM_EUSAGE, "s->at is NULL");
    s.at = beyond;
    check_fails(jem_sampler_run(&s, m, r->x, N), JEM_EUSAGE, "s->at[0] = 7");
    s.at = negative;
    check_fails(jem_sampler_run(&s, m, r->x, N), JEM_EUSAGE, "s->at[0] = -1");
    s.at = backwards;
    s.at_count = 2;
    check_fails(jem_sampler_run(&s, m, r->x, N), JEM_EUSAGE, "s->at[1] = 3");
    s.at_count = -1;
    check_fails(jem_sampler_run(&s, m, r->x, N), JEM_EUSAGE, "at_count = -1");
    assert_memory_equal(before, r->x, sizeof before);
    jem_model_free(m);
    rig_free(r);
}

static void a_flag_ends_chains(void **state)
{
    (void)state;
    rig *r = rig_new();
    const sig_atomic_t stop = 1;
    static float x[VALUES];
    jem_sampler s = short_chain();

    for (int threads = 1; threads <= 2; threads++) {
        jem_model *m = NULL;
        const jem_engine_options engine = {.size = sizeof engine, .threads = threads};
        check_ok(jem_model_open(&m, r->weights, &engine));
        for (int round = 0; round < 20; round++) {
            s.stop = &stop;
            memcpy(x, r->x, sizeof x);
            check_fails(jem_sampler_run(&s, m, x, N), JEM_EINTERRUPTED, "stopped");
            if (threads == 1) assert_memory_equal(x, r->x, sizeof x); /* others hear of it a little later */
            s.stop = NULL;
            check_ok(jem_sampler_run(&s, m, x, N)); /* no thread remembers it */
        }
        jem_model_free(m);
    }
    rig_free(r);
}

/* What `jem sample` computes of the run with this seed, from the library's parts. */
static void chains_of_a_run_are_those_of_the_program(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    run *inside = NULL;
    static float ours[VALUES], theirs[VALUES];

    check_ok(train(r, r->run));
    check_ok(jem_model_open(&m, r->run, NULL));
    check_ok(run_open(&inside, &config_builtin, r->run, NULL, 0));
    for (int from = JEM_START_BUFFER; from <= JEM_START_NOISE; from++) {
        jem_sampler s = JEM_SAMPLER_INIT;
        const chains_request q = {.n = N, .steps = 5, .chosen_class = -1, .seed = 8,
                                  .from = from == JEM_START_BUFFER ? CHAINS_BUFFER : CHAINS_NOISE};
        jem_sampler_of(&s, m);
        s.steps = 5;
        s.seed = 8;
        check_ok(jem_sampler_start_of(ours, N, m, (jem_chain_start)from, 8));
        check_ok(jem_sampler_run(&s, m, ours, N));
        check_ok(run_chains(theirs, &q, inside));
        assert_memory_equal(ours, theirs, sizeof ours);
    }
    run_close(inside);
    jem_model_free(m);
    rig_free(r);
}

static void starts_in_the_buffer_are_its_images(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    run *inside = NULL;
    static float x[VALUES];
    float *replay = NULL;
    int64_t count = 0;

    check_ok(train(r, r->run));
    check_ok(jem_model_open(&m, r->run, NULL));
    check_ok(run_open(&inside, &config_builtin, r->run, NULL, 0));
    check_ok(run_replay(&replay, &count, inside));
    check_ok(jem_sampler_start_of(x, N, m, JEM_START_BUFFER, 1));
    for (int i = 0; i < N; i++) {
        int64_t k = 0;
        while (k < count && memcmp(replay + k * TINY_COUNT, x + i * TINY_COUNT, sizeof(float) * TINY_COUNT) != 0) k++;
        assert_true(k < count);
    }
    mem_free(replay);
    run_close(inside);
    jem_model_free(m);
    rig_free(r);
}

static void what_has_no_starts_says_so(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    char classifier[128];

    check_ok(jem_model_open(&m, r->weights, NULL));
    check_fails(jem_sampler_start_of(r->x, N, m, JEM_START_BUFFER, 1), JEM_EUSAGE, "file of weights");
    check_fails(jem_sampler_start_of(r->x, N, m, (jem_chain_start)2, 1), JEM_EUSAGE, "from = 2");
    check_fails(jem_sampler_start_of(r->x, N, m, JEM_START_NOISE, UINT64_MAX), JEM_EUSAGE, "seed");
    jem_model_free(m);
    snprintf(classifier, sizeof classifier, "%s/classifier", r->dir);
    snprintf(r->set[3], sizeof r->set[3], "alpha=0");
    check_ok(train(r, classifier));
    check_ok(jem_model_open(&m, classifier, NULL));
    check_fails(jem_sampler_start_of(r->x, N, m, JEM_START_BUFFER, 1), JEM_EDATA, "replay buffer");
    check_ok(jem_sampler_start_of(r->x, N, m, JEM_START_NOISE, 1));
    jem_model_free(m);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_are_the_ends_of_shorter_chains),
        cmocka_unit_test(either_is_wanted_alone),
        cmocka_unit_test(steps_that_are_none_are_refused),
        cmocka_unit_test(a_flag_ends_chains),
        cmocka_unit_test(chains_of_a_run_are_those_of_the_program),
        cmocka_unit_test(starts_in_the_buffer_are_its_images),
        cmocka_unit_test(what_has_no_starts_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
