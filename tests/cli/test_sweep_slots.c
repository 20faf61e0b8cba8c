/* Child processes of a sweep.  The children are this very program with other
 * arguments: they crash, fail, talk nonsense or wait as they are told. */
#include "support/check.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/startup.h"
#include "cli/status_line.h"
#include "cli/sweep_slots.h"

/* ---- what a child does */

static void say(const char *text)
{
    if (write(SLOT_STATUS_FD, text, strlen(text)) < 0) _exit(90);
}

static int wait_for_signal(void)
{
    cli_startup();
    const volatile sig_atomic_t *stop = cli_catch_signals();
    say("1\t2\t1\t1\t1\t\thealthy\t0\t\n"); /* ready */
    for (int i = 0; i < 1000 && !*stop; i++) usleep(20000);
    usleep(200000); /* saving takes a while */
    if (!*stop) return 91;
    fprintf(stderr, "jem: interrupted and saved\n");
    return JEM_EINTERRUPTED;
}

static int count_processors(void)
{
    cpu_set_t mask;
    if (sched_getaffinity(0, sizeof mask, &mask) != 0) return 92;
    printf("%d processors\n", CPU_COUNT(&mask));
    return 8; /* a code of no status */
}

static int talk_nonsense(void)
{
    char line[5000];
    memset(line, '7', sizeof line);
    line[4999] = '\0';
    say(line);
    say("\nnonsense\n\n\t\t\n4\t8\t0.5\t");
    usleep(50000);
    say("100\t60\t0.25\tcollapsed\t1\tall alike\n");
    say("7\t8\t1\t1\t1\t1\thealthy\t0\t");
    say(line);
    say("\n"); /* fine but for its length */
    static const char hidden[] = "6\t8\t1\t1\t1\t1\thealthy\t0\t\0hidden\n";
    if (write(SLOT_STATUS_FD, hidden, sizeof hidden - 1) < 0) return 93;
    say("5\t8\t"); /* and no end of line */
    return 0;
}

static int child(const char *what)
{
    if (strcmp(what, "wait") == 0) return wait_for_signal();
    if (strcmp(what, "processors") == 0) return count_processors();
    if (strcmp(what, "nonsense") == 0) return talk_nonsense();
    if (strcmp(what, "kill") == 0) return raise(SIGKILL);
    if (strcmp(what, "silent") == 0) return 3;
    fprintf(stderr, "something before\njem: %s: no such thing\n\n", what);
    return strcmp(what, "diverge") == 0 ? JEM_EDIVERGED : JEM_EDATA;
}

/* ---- the sweep's side */

typedef struct rig {
    char dir[64], log[128];
    sweep_slots *slots;
    sweep_run run;
} rig;

static void begin(rig *r, int slots)
{
    memset(r, 0, sizeof *r);
    check_tmp(r->dir, sizeof r->dir);
    snprintf(r->log, sizeof r->log, "%s/log", r->dir);
    snprintf(r->run.name, sizeof r->run.name, "alpha-0.50-seed-1");
    check_ok(sweep_slots_new(&r->slots, slots));
}

static void end(rig *r)
{
    sweep_slots_free(r->slots);
    check_tmp_remove(r->dir);
}

static void start(rig *r, const char *what)
{
    bool busy = true;
    const char *argv[] = {"jem", what, NULL};
    check_ok(sweep_slots_start(r->slots, &r->run, argv, r->log, &busy));
    assert_false(busy);
    assert_int_equal(r->run.state, SWEEP_RUNNING);
}

static void wait_for_end(rig *r)
{
    double from = clock_s();
    while (r->run.state == SWEEP_RUNNING && clock_s() - from < 20)
        sweep_slots_wait(r->slots, 0.05);
    assert_int_not_equal(r->run.state, SWEEP_RUNNING);
    assert_int_equal(sweep_slots_running(r->slots), 0);
}

static void wait_for_report(rig *r)
{
    double from = clock_s();
    while (!r->run.reported && clock_s() - from < 20) sweep_slots_wait(r->slots, 0.05);
    assert_true(r->run.reported);
}

static void a_failure_is_told_with_the_last_words_of_the_log(void **state)
{
    (void)state;
    rig r;
    begin(&r, 1);
    /* What an earlier training wrote there does not count. */
    check_ok(file_write(r.log, "jem: an old complaint\n", 22));
    start(&r, "silent");
    wait_for_end(&r);
    assert_int_equal(r.run.state, SWEEP_FAILED);
    assert_int_equal(r.run.code, JEM_EDATA);
    assert_string_equal(r.run.reason, "ended with exit code 3");
    start(&r, "fail");
    wait_for_end(&r);
    assert_int_equal(r.run.state, SWEEP_FAILED);
    assert_string_equal(r.run.reason, "fail: no such thing");
    start(&r, "diverge");
    wait_for_end(&r);
    assert_int_equal(r.run.state, SWEEP_DIVERGED);
    assert_int_equal(r.run.code, JEM_EDIVERGED);
    end(&r);
}

static void a_killed_training_is_told_as_such(void **state)
{
    (void)state;
    rig r;
    begin(&r, 1);
    start(&r, "kill");
    wait_for_end(&r);
    assert_int_equal(r.run.state, SWEEP_FAILED);
    assert_int_equal(r.run.code, JEM_EINTERNAL);
    assert_non_null(strstr(r.run.reason, "killed by signal 9"));
    assert_non_null(strstr(r.run.reason, "memory"));
    end(&r);
}

static void reports_are_found_among_nonsense(void **state)
{
    (void)state;
    rig r;
    begin(&r, 1);
    start(&r, "nonsense");
    wait_for_end(&r);
    assert_int_equal(r.run.state, SWEEP_FINISHED);
    assert_true(r.run.reported);
    assert_int_equal(r.run.now.iteration, 4);
    assert_int_equal(r.run.now.verdict, VERDICT_COLLAPSED);
    assert_int_equal(r.run.now.rescues, 1);
    check_near(r.run.full_s, 120, 1e-9, 1);
    end(&r);
}

static void slots_share_the_processors(void **state)
{
    (void)state;
    rig r;
    cpu_set_t mask;
    char expected[64];
    assert_int_equal(sched_getaffinity(0, sizeof mask, &mask), 0);
    int n = CPU_COUNT(&mask);
    begin(&r, 1);
    start(&r, "processors");
    wait_for_end(&r);
    snprintf(expected, sizeof expected, "%d processors", n);
    assert_string_equal(r.run.reason, expected);
    assert_int_equal(r.run.code, JEM_EINTERNAL);
    end(&r);
    begin(&r, n + 3); /* more slots than processors */
    start(&r, "processors");
    wait_for_end(&r);
    assert_string_equal(r.run.reason, "1 processors");
    end(&r);
    /* Nothing of ours has been pinned. */
    assert_int_equal(sched_getaffinity(0, sizeof mask, &mask), 0);
    assert_int_equal(CPU_COUNT(&mask), n);
}

static void a_stop_lets_trainings_save(void **state)
{
    (void)state;
    rig r;
    begin(&r, 2);
    start(&r, "wait");
    assert_true(sweep_slots_vacant(r.slots));
    wait_for_report(&r);
    sweep_slots_stop(r.slots);
    wait_for_end(&r);
    assert_int_equal(r.run.state, SWEEP_INTERRUPTED);
    assert_string_equal(r.run.reason, "");
    end(&r);
    /* Before it catches signals a training has nothing to save. */
    begin(&r, 1);
    start(&r, "wait");
    sweep_slots_stop(r.slots);
    wait_for_end(&r);
    assert_int_equal(r.run.state, SWEEP_INTERRUPTED);
    end(&r);
}

/* A sweep that starts a training and then waits to be killed. */
static void be_killed(rig *r, int ready)
{
    begin(r, 1);
    start(r, "wait");
    wait_for_report(r);
    if (write(ready, r->dir, sizeof r->dir) < 0) _exit(94);
    for (;;) pause();
}

static void trainings_of_a_killed_sweep_save_and_hold_their_log_until_then(void **state)
{
    (void)state;
    rig first, r;
    int ready[2];
    bool busy = false, was_busy = false;
    const char *argv[] = {"jem", "silent", NULL};

    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t parent = fork();
    if (parent == 0) be_killed(&first, ready[1]);
    close(ready[1]);
    begin(&r, 1);
    check_tmp_remove(r.dir);
    assert_int_equal(read(ready[0], r.dir, sizeof r.dir), sizeof r.dir);
    close(ready[0]);
    snprintf(r.log, sizeof r.log, "%s/log", r.dir);
    kill(parent, SIGKILL);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    for (int i = 0; i < 1000; i++) {
        check_ok(sweep_slots_start(r.slots, &r.run, argv, r.log, &busy));
        if (!busy) break;
        was_busy = true;
        assert_int_equal(sweep_slots_running(r.slots), 0);
        usleep(20000);
    }
    assert_true(was_busy && !busy);
    wait_for_end(&r);
    size_t n;
    char *log = NULL;
    check_ok(file_read(&log, &n, r.log, 0));
    assert_non_null(strstr(log, "interrupted and saved"));
    mem_free(log);
    end(&r);
}

static void a_log_that_cannot_be_opened_is_an_error(void **state)
{
    (void)state;
    rig r;
    bool busy;
    const char *argv[] = {"jem", "silent", NULL};
    begin(&r, 1);
    check_fails(sweep_slots_start(r.slots, &r.run, argv, r.dir, &busy), JEM_EIO, "cannot open");
    assert_int_equal(r.run.state, SWEEP_WAITING);
    assert_true(sweep_slots_vacant(r.slots));
    end(&r);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_told_with_the_last_words_of_the_log),
        cmocka_unit_test(a_killed_training_is_told_as_such),
        cmocka_unit_test(reports_are_found_among_nonsense),
        cmocka_unit_test(slots_share_the_processors),
        cmocka_unit_test(a_stop_lets_trainings_save),
        cmocka_unit_test(trainings_of_a_killed_sweep_save_and_hold_their_log_until_then),
        cmocka_unit_test(a_log_that_cannot_be_opened_is_an_error),
    };
    if (argc == 2) return child(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
