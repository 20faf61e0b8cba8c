/* Trainings as child processes.  The children are this very program with other
 * arguments: they crash, fail, talk nonsense or wait as they are told. */
#include "support/check.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "study/launcher.h"

/* ---- what a child does: jem WHAT --status-fd 3 */

enum { STATUS_FD = 3 };

static void say(const char *text)
{
    if (write(STATUS_FD, text, strlen(text)) < 0) _exit(90);
}

static volatile sig_atomic_t asked_to_end;

static void note_signal(int number)
{
    (void)number;
    asked_to_end = 1;
}

static int wait_for_signal(void)
{
    signal(SIGUSR1, note_signal);
    say("1\t2\t1\t1\t1\t\thealthy\t0\t\n"); /* ready */
    for (int i = 0; i < 1000 && !asked_to_end; i++) usleep(20000);
    usleep(200000); /* saving takes a while */
    if (!asked_to_end) return 91;
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
    if (write(STATUS_FD, hidden, sizeof hidden - 1) < 0) return 93;
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

/* ---- the launcher's side */

enum { RUN = 7 }; /* its number */

typedef struct rig {
    char dir[64], log[128];
    void *slots;
    bool running, reported;
    train_status now;
    jem_status code; /* of the end */
    char reason[200];
} rig;

static void take_report(void *ctx, int number, const train_status *s)
{
    rig *r = ctx;
    assert_int_equal(number, RUN);
    assert_true(r->running);
    r->now = *s;
    r->reported = true;
}

static void take_end(void *ctx, int number, const launch_end *e)
{
    rig *r = ctx;
    assert_int_equal(number, RUN);
    r->running = false;
    r->code = e->code;
    snprintf(r->reason, sizeof r->reason, "%s", e->reason);
}

static int poll_slots(rig *r)
{
    const launch_watch w = {r, take_report, take_end};
    return launcher_local.poll(r->slots, &w, 0.05);
}

static void begin(rig *r, int slots)
{
    memset(r, 0, sizeof *r);
    check_tmp(r->dir, sizeof r->dir);
    snprintf(r->log, sizeof r->log, "%s/log", r->dir);
    check_ok(launcher_local.open(&r->slots, &(launch_options){.slots = slots}));
}

static void end(rig *r)
{
    launcher_local.close(r->slots);
    check_tmp_remove(r->dir);
}

static jem_status try_start(rig *r, const char *what, const char *log, bool *busy)
{
    const char *const words[] = {what, NULL};
    const launch l = {.name = "alpha-0.50-seed-1", .words = words, .log = log};
    jem_status st = launcher_local.start(r->slots, RUN, &l, busy);
    r->running = st == JEM_OK && !*busy;
    return st;
}

static void start(rig *r, const char *what)
{
    bool busy = true;
    check_ok(try_start(r, what, r->log, &busy));
    assert_false(busy);
}

static void wait_for_end(rig *r)
{
    double from = clock_s();
    int ended = 0;
    while (r->running && clock_s() - from < 20) ended = poll_slots(r);
    assert_false(r->running);
    assert_int_equal(ended, 1);
    assert_int_equal(poll_slots(r), 0);
}

static void wait_for_report(rig *r)
{
    double from = clock_s();
    while (!r->reported && clock_s() - from < 20) poll_slots(r);
    assert_true(r->reported);
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
    assert_int_equal(r.code, JEM_EDATA);
    assert_string_equal(r.reason, "ended with exit code 3");
    start(&r, "fail");
    wait_for_end(&r);
    assert_int_equal(r.code, JEM_EDATA);
    assert_string_equal(r.reason, "fail: no such thing");
    start(&r, "diverge");
    wait_for_end(&r);
    assert_int_equal(r.code, JEM_EDIVERGED);
    end(&r);
}

static void a_killed_training_is_told_as_such(void **state)
{
    (void)state;
    rig r;
    begin(&r, 1);
    start(&r, "kill");
    wait_for_end(&r);
    assert_int_equal(r.code, JEM_EINTERNAL);
    assert_non_null(strstr(r.reason, "killed by signal 9"));
    assert_non_null(strstr(r.reason, "memory"));
    end(&r);
}

static void reports_are_found_among_nonsense(void **state)
{
    (void)state;
    rig r;
    begin(&r, 1);
    start(&r, "nonsense");
    wait_for_end(&r);
    assert_int_equal(r.code, JEM_OK);
    assert_true(r.reported);
    assert_int_equal(r.now.iteration, 4);
    assert_int_equal(r.now.verdict, VERDICT_COLLAPSED);
    assert_int_equal(r.now.rescues, 1);
    check_near(r.now.eta_s, 60, 1e-9, 1);
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
    assert_string_equal(r.reason, expected);
    assert_int_equal(r.code, JEM_EINTERNAL);
    end(&r);
    begin(&r, n + 3); /* more slots than processors */
    start(&r, "processors");
    wait_for_end(&r);
    assert_string_equal(r.reason, "1 processors");
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
    wait_for_report(&r);
    launcher_local.stop(r.slots);
    wait_for_end(&r);
    assert_int_equal(r.code, JEM_EINTERRUPTED);
    assert_string_equal(r.reason, "");
    end(&r);
    /* Before it catches signals a training has nothing to save. */
    begin(&r, 1);
    start(&r, "wait");
    launcher_local.stop(r.slots);
    wait_for_end(&r);
    assert_int_equal(r.code, JEM_EINTERRUPTED);
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
        check_ok(try_start(&r, "silent", r.log, &busy));
        if (!busy) break;
        was_busy = true;
        assert_int_equal(poll_slots(&r), 0);
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
    begin(&r, 1);
    check_fails(try_start(&r, "silent", r.dir, &busy), JEM_EIO, "cannot open");
    start(&r, "silent"); /* the slot is vacant as before */
    wait_for_end(&r);
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
    if (argc == 4) return child(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
