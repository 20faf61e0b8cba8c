/* Models in the hands of several threads, and signals of the host's. */
#include "lib/lib_rig.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

#include "base/host_call.h"
#include "base/signal_hold.h"
#include "lib/lib_model.h"

/* ---- two threads */

static jem_status every_call(jem_model *m, const float *x, int which)
{
    static _Thread_local float lse[N], feature[N * 16 * 16 * 16], moved[VALUES];
    static _Thread_local double wide[VALUES], wide_lse[N];
    const jem_evaluation want = {.size = sizeof want, .lse = lse};
    const jem_evaluation_f64 want_f64 = {.size = sizeof want_f64, .lse = wide_lse};
    const char *const name = "layer1";
    float *const place = feature;
    jem_sampler s = JEM_SAMPLER_INIT;
    s.steps = 1;
    switch (which) {
    case 0: return jem_model_evaluate(m, x, N, &want);
    case 1: return jem_model_feature(m, "layer1", x, N, feature, NULL);
    case 2: return jem_model_features(m, &name, 1, x, N, &place);
    case 3: return jem_model_evaluate_f64(m, wide, 1, &want_f64);
    case 4: memcpy(moved, x, sizeof moved); return jem_sampler_run(&s, m, moved, N);
    default: return jem_sampler_start_of(moved, N, m, JEM_START_NOISE, 1);
    }
}
enum { CALLS = 6 };

static void a_model_in_a_call_refuses_another(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;

    check_ok(train(r, r->run));
    check_ok(jem_model_open(&m, r->run, NULL));
    jem_model *const taken = lib_model_enter(m); /* as a call on another thread has it */
    assert_ptr_equal(taken, m);
    for (int i = 0; i < CALLS; i++)
        check_fails(every_call(m, r->x, i), JEM_EUSAGE, "the model is in another call");
    jem_model_facts f = JEM_MODEL_FACTS_INIT;
    check_ok(jem_model_describe(&f, m)); /* asks nothing of the threads that compute */
    lib_model_leave(&taken);
    for (int i = 0; i < CALLS; i++) check_ok(every_call(m, r->x, i));
    jem_model_free(m);
    rig_free(r);
}

static void a_model_that_is_freed_in_a_call_goes_behind_it(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    check_ok(jem_model_open(&m, r->weights, NULL));
    jem_model *const taken = lib_model_enter(m);
    jem_model_free(m);
    assert_int_equal(jem_model_channels(taken), 3); /* still there: sanitizers would tell */
    lib_model_leave(&taken);
    rig_free(r);
}

typedef struct visitor {
    jem_model *m;
    const float *x, *expected; /* [N] */
    atomic_int *refused, *wrong;
    int rounds;
} visitor;

static void *visit(void *arg)
{
    const visitor *v = arg;
    for (int i = 0; i < v->rounds; i++) {
        float lse[N];
        const jem_evaluation want = {.size = sizeof want, .lse = lse};
        const jem_status st = jem_model_evaluate(v->m, v->x, N, &want);
        if (st == JEM_EUSAGE)
            atomic_fetch_add(v->refused, 1);
        else if (st != JEM_OK || memcmp(lse, v->expected, sizeof lse) != 0)
            atomic_fetch_add(v->wrong, 1);
    }
    return NULL;
}

static void threads_get_right_numbers_or_a_refusal(void **state)
{
    (void)state;
    enum { THREADS = 3, ROUNDS = 40 };
    rig *r = rig_new();
    jem_model *m = NULL;
    float lse[N];
    const jem_evaluation want = {.size = sizeof want, .lse = lse};
    const jem_engine_options engine = {.size = sizeof engine, .threads = 2};
    atomic_int refused = 0, wrong = 0;
    pthread_t threads[THREADS];

    check_ok(jem_model_open(&m, r->weights, &engine));
    check_ok(jem_model_evaluate(m, r->x, N, &want));
    visitor v = {m, r->x, lse, &refused, &wrong, ROUNDS};
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, visit, &v), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(wrong, 0);
    assert_true(refused < THREADS * ROUNDS); /* one of them is always served */
    jem_model_free(m);
    rig_free(r);
}

/* ---- signals */

static volatile sig_atomic_t came, stop;

static void note(int number)
{
    (void)number;
    came++;
    stop = 1;
}

static void handle(int number)
{
    const struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    came = stop = 0;
    sigaction(number, &action, NULL);
}

/* Task 0 runs on the caller; it gets a signal, and no handler runs before it has ended. */
static jem_status signalled_task(void *ctx, int task, int worker)
{
    int *seen = ctx;
    if (worker != 0) return JEM_OK;
    seen[2 * task] = came;
    pthread_kill(pthread_self(), SIGUSR1);
    seen[2 * task + 1] = came;
    return JEM_OK;
}

static void signals_of_a_host_wait_for_the_task(void **state)
{
    (void)state;
    pool *p = NULL;
    int seen[4];
    check_ok(pool_new(&p, 1));
    handle(SIGUSR1);
    {
        HOST_CALL;
        check_ok(pool_run(p, 2, signalled_task, seen));
    }
    const int in_host[] = {0, 0, 1, 1};
    assert_memory_equal(seen, in_host, sizeof seen);
    assert_int_equal(came, 2);
    handle(SIGUSR1);
    check_ok(pool_run(p, 2, signalled_task, seen)); /* the program's: at once */
    const int in_program[] = {0, 1, 1, 2};
    assert_memory_equal(seen, in_program, sizeof seen);
    pool_free(p);
}

static void a_hold_lets_signals_in_where_it_says(void **state)
{
    (void)state;
    sigset_t before, after;
    handle(SIGUSR1);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    HOST_CALL;
    const bool held = signal_hold();
    assert_true(held);
    assert_false(signal_hold()); /* one within another */
    pthread_kill(pthread_self(), SIGUSR1);
    assert_int_equal(came, 0);
    signal_let_in();
    assert_int_equal(came, 1);
    pthread_kill(pthread_self(), SIGUSR1);
    assert_int_equal(came, 1);
    const bool paused = signal_pause();
    assert_true(paused);
    assert_int_equal(came, 2);
    signal_resume(paused);
    pthread_kill(pthread_self(), SIGUSR1);
    assert_int_equal(came, 2);
    signal_release(held);
    assert_int_equal(came, 3);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int number = 1; number < 32; number++)
        assert_int_equal(sigismember(&before, number), sigismember(&after, number));
}

/* Would train for days if the handler's flag were not seen. */
static void a_handler_s_flag_still_stops_a_training(void **state)
{
    (void)state;
    rig *r = rig_new();
    const struct itimerval soon = {.it_interval = {0, 20000}, .it_value = {0, 20000}}, never = {{0, 0}, {0, 0}};
    jem_train_options o = JEM_TRAIN_INIT;

    snprintf(r->set[6], sizeof r->set[6], "train.iterations=1000000");
    o.set = r->items;
    o.set_count = r->count;
    o.stop = &stop;
    handle(SIGALRM);
    setitimer(ITIMER_REAL, &soon, NULL);
    check_fails(jem_train(NULL, r->run, &o), JEM_EINTERRUPTED, "saved");
    setitimer(ITIMER_REAL, &never, NULL);
    assert_true(came > 0);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_in_a_call_refuses_another),
        cmocka_unit_test(a_model_that_is_freed_in_a_call_goes_behind_it),
        cmocka_unit_test(threads_get_right_numbers_or_a_refusal),
        cmocka_unit_test(signals_of_a_host_wait_for_the_task),
        cmocka_unit_test(a_hold_lets_signals_in_where_it_says),
        cmocka_unit_test(a_handler_s_flag_still_stops_a_training),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
