/* Trainings as threads of this process: what they tell, how they end, and that a stop saves them. */
#include "train/tiny.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "study/launcher.h"

enum { RUN = 7, RUNS = 2 };

typedef struct rig {
    char dir[64], log[128], data[128];
    const char *set[9];
    void *slots;
    int ended;
    bool reported;
    jem_status code;
    char reason[400];
} rig;

static void take_report(void *ctx, int number, const train_status *s)
{
    rig *r = ctx;
    assert_in_range(number, RUN, RUN + RUNS);
    assert_true(s->iterations > 0);
    r->reported = true;
}

static void take_end(void *ctx, int number, const launch_end *e)
{
    rig *r = ctx;
    assert_in_range(number, RUN, RUN + RUNS);
    r->ended++;
    r->code = e->code;
    snprintf(r->reason, sizeof r->reason, "%s", e->reason);
}

static rig *begin(int slots)
{
    rig *r = NULL;
    char path[200];
    check_ok(MEM_NEW(r, 1));
    check_tmp(r->dir, sizeof r->dir);
    dataset *d = tiny_dataset(40, 5);
    const jem_tensor x = {JEM_U8, 4, {40, 3, TINY_SIDE, TINY_SIDE}, d->pixels};
    const jem_tensor y = {JEM_I32, 1, {40}, d->labels};
    snprintf(path, sizeof path, "%s/images.npy", r->dir);
    check_ok(jem_npy_write(path, &x));
    snprintf(path, sizeof path, "%s/labels.npy", r->dir);
    check_ok(jem_npy_write(path, &y));
    dataset_free(d);
    snprintf(r->log, sizeof r->log, "%s/log", r->dir);
    snprintf(r->data, sizeof r->data, "data.path=%s", r->dir);
    const char *const set[] = {r->data, "data.kind=npy", "model.name=wrn-10-1", "model.pool=adaptive", "alpha=0",
                               "train.batch=8", "train.warmup=1", "train.lr=1e-3"};
    memcpy(r->set, set, sizeof set);
    check_ok(launcher_threads.open(&r->slots, &(launch_options){.slots = slots}));
    return r;
}

static void end(rig *r)
{
    launcher_threads.close(r->slots);
    check_tmp_remove(r->dir);
    mem_free(r);
}

static void start(rig *r, int number, const char *iterations)
{
    char out[128], name[32];
    bool busy = true;
    snprintf(out, sizeof out, "%s/run-%d", r->dir, number);
    snprintf(name, sizeof name, "run-%d", number);
    r->set[8] = iterations;
    check_ok(launcher_threads.start(r->slots, number,
                                    &(launch){.name = name, .words = NULL, .log = r->log, .lists = &config_builtin,
                                              .config = NULL, .out = out, .set = r->set, .set_count = 9},
                                    &busy));
    assert_false(busy);
}

static void poll_until(rig *r, const bool *told, int ended)
{
    const launch_watch w = {r, take_report, take_end};
    const double from = clock_s();
    while ((told ? !*told : r->ended < ended) && clock_s() - from < 60) launcher_threads.poll(r->slots, &w, 0.05);
    assert_true(told ? *told : r->ended == ended);
}

static void two_train_at_once_and_end_well(void **state)
{
    (void)state;
    rig *r = begin(RUNS);
    char path[160];
    for (int i = 0; i < RUNS; i++) start(r, RUN + i, "train.iterations=3");
    poll_until(r, NULL, RUNS);
    assert_int_equal(r->code, JEM_OK);
    assert_string_equal(r->reason, "");
    for (int i = 0; i < RUNS; i++) {
        snprintf(path, sizeof path, "%s/run-%d/best.safetensors", r->dir, RUN + i);
        assert_true(file_exists(path));
    }
    assert_false(file_exists(r->log)); /* nothing failed */
    end(r);
}

static void a_stop_saves_a_training(void **state)
{
    (void)state;
    rig *r = begin(1);
    start(r, RUN, "train.iterations=100000");
    poll_until(r, &r->reported, 0);
    launcher_threads.stop(r->slots);
    poll_until(r, NULL, 1);
    assert_int_equal(r->code, JEM_EINTERRUPTED);
    end(r);
}

static void closing_ends_what_is_under_way(void **state)
{
    (void)state;
    rig *r = begin(1);
    start(r, RUN, "train.iterations=100000");
    end(r);
}

static void a_failure_is_told_and_stands_in_the_log(void **state)
{
    (void)state;
    rig *r = begin(1);
    char *text = NULL;
    size_t n;
    snprintf(r->data, sizeof r->data, "data.path=%s/nothing", r->dir);
    start(r, RUN, "train.iterations=3");
    poll_until(r, NULL, 1);
    assert_true(r->code != JEM_OK && r->code != JEM_EINTERRUPTED);
    assert_non_null(strstr(r->reason, "nothing"));
    check_ok(file_read(&text, &n, r->log, 0));
    assert_non_null(strstr(text, r->reason));
    mem_free(text);
    end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_train_at_once_and_end_well),
        cmocka_unit_test(a_stop_saves_a_training),
        cmocka_unit_test(closing_ends_what_is_under_way),
        cmocka_unit_test(a_failure_is_told_and_stands_in_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
