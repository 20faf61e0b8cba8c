/* What the program does with signals before it comes to stopping, in child processes where it
 * is about their end.  That trainings save is tested in tests/system/signals.sh. */
#include "support/check.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/log.h"

#include "cli/cli.h"
#include "cli/startup.h"

enum { STACK = 1 << 18, PAINT = 0x5a };

static const int stops[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU, SIGALRM};
enum { STOPS = sizeof stops / sizeof *stops };

static char stack[STACK]; /* that the signal arrives on */
static int sent;          /* 0: none */

/* A bare system call: what it needs of the stack is the same with and without a signal. */
static void send(void)
{
    syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), sent);
}

/* How many bytes of a stack are written to while the signal arrives; 0 sends none. */
static int64_t depth(int number)
{
    ucontext_t here, there;
    int64_t untouched = 0;

    memset(stack, PAINT, sizeof stack);
    sent = number;
    assert_int_equal(getcontext(&there), 0);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof stack;
    there.uc_link = &here;
    makecontext(&there, send, 0);
    assert_int_equal(swapcontext(&here, &there), 0);
    while (untouched < STACK && stack[untouched] == PAINT) untouched++;
    return STACK - untouched;
}

static void a_signal_writes_nothing_below_the_stack_pointer(void **state)
{
    (void)state;
    cli_startup();
    const volatile sig_atomic_t *stop = cli_catch_signals();
    depth(0); /* the first call binds symbols, on this stack */
    const int64_t alone = depth(0);
    assert_true(alone > 0 && alone < STACK / 2);
    assert_int_equal(*stop, 0);
    assert_int_equal(depth(SIGINT), alone);
    assert_int_equal(*stop, 1);
    assert_int_equal(depth(SIGTERM), alone);
    assert_int_equal(*stop, 1);
}

/* ---- children */

typedef struct child {
    pid_t pid;
    int err; /* what it says */
} child;

/* Runs `live` in a process of its own, whose exit code is what `live` returns. */
static child begin(int (*live)(int), int arg)
{
    int ends[2];
    child c;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    c.pid = fork();
    assert_true(c.pid >= 0);
    if (c.pid == 0) {
        for (int i = 0; i < STOPS; i++) signal(stops[i], SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        _exit(live(arg));
    }
    close(ends[1]);
    c.err = ends[0];
    return c;
}

/* How it ended, as waitpid says, and that it said `text`. */
static int end(const child *c, const char *text)
{
    char said[512];
    size_t used = 0;
    ssize_t n;
    int how;
    while ((n = read(c->err, said + used, sizeof said - 1 - used)) > 0) used += (size_t)n;
    said[used] = '\0';
    close(c->err);
    assert_int_equal(waitpid(c->pid, &how, 0), c->pid);
    if (!strstr(said, text)) fail_msg("'%s' is not in: %s", text, said);
    return how;
}

static void check_exit(int how, int code)
{
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), code);
}

static void check_killed(int how, int number)
{
    assert_true(WIFSIGNALED(how));
    assert_int_equal(WTERMSIG(how), number);
}

/* ---- what sets the flag */

static int take(int number)
{
    cli_startup();
    const volatile sig_atomic_t *stop = cli_catch_signals();
    if (*stop || cli_stop_signal()) return 90;
    raise(number);
    if (!*stop) return 91;
    fprintf(stderr, "caught %s\n", cli_stop_signal());
    return 0;
}

static int have_nothing_to_save(int number)
{
    cli_startup();
    raise(number);
    return 92;
}

static void each_signal_is_caught_and_named(void **state)
{
    (void)state;
    static const char *const names[STOPS] = {"SIGINT",  "SIGTERM", "SIGHUP", "SIGUSR1",
                                             "SIGUSR2", "SIGXCPU", "SIGALRM"};
    for (int i = 0; i < STOPS; i++) {
        char text[32];
        child c = begin(take, stops[i]);
        snprintf(text, sizeof text, "caught %s", names[i]);
        check_exit(end(&c, text), 0);
        c = begin(have_nothing_to_save, stops[i]);
        snprintf(text, sizeof text, "jem: %s: ended\n", names[i]);
        check_exit(end(&c, text), JEM_EINTERRUPTED);
    }
}

static int take_although_blocked(int number)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    return take(number);
}

static int take_although_ignored(int number)
{
    signal(number, SIG_IGN);
    return take(number);
}

static int raise_harmless(int number)
{
    cli_startup();
    raise(number);
    return 0;
}

static void a_mask_keeps_no_signal_out_but_one_that_came_in_ignored_stays_so(void **state)
{
    (void)state;
    for (int i = 0; i < STOPS; i++) {
        child c = begin(take_although_blocked, stops[i]);
        check_exit(end(&c, "caught"), 0);
        c = begin(take_although_ignored, stops[i]);
        check_exit(end(&c, ""), 91);
    }
    static const int errors[] = {SIGPIPE, SIGXFSZ}; /* of the write that caused them */
    for (int i = 0; i < 2; i++) {
        child c = begin(raise_harmless, errors[i]);
        check_exit(end(&c, ""), 0);
    }
}

/* ---- what ends at once */

/* A second after the next, as the handler counts. */
static void let_a_while_pass(void)
{
    double from = clock_s();
    while (clock_s() - from < 2.1) usleep(10000);
}

static int press_again(int number)
{
    cli_startup();
    cli_catch_signals();
    raise(SIGUSR1); /* a batch system's notice, */
    let_a_while_pass();
    raise(SIGTERM); /* and its end of patience, to the group as well */
    raise(SIGTERM);
    raise(number);
    fprintf(stderr, "going on\n");
    let_a_while_pass();
    raise(SIGHUP);
    raise(SIGUSR1);
    raise(SIGXCPU);
    fprintf(stderr, "still going on\n");
    raise(number);
    return 93;
}

static int be_stuck(int number)
{
    cli_startup();
    cli_limit_stop(1);
    cli_catch_signals();
    raise(number);
    while (pause()) continue; /* the handler of its limit ends it */
    return 96;
}

static int go_on_saving(int number)
{
    double from = clock_s();
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    cli_startup();
    cli_limit_stop(1);
    cli_catch_signals();
    raise(number);
    while (clock_s() - from < 3)
        if (write(null, "", 1) != 1) return 94;
    return 0;
}

static void impatience_and_being_stuck_end_it_and_saving_does_not(void **state)
{
    (void)state;
    child again = begin(press_again, SIGINT), stuck = begin(be_stuck, SIGTERM),
          cpu = begin(be_stuck, SIGXCPU), saving = begin(go_on_saving, SIGTERM);
    check_killed(end(&stuck, "SIGTERM: nothing was saved for minutes"), SIGTERM);
    check_exit(end(&cpu, "stuck"), 128 + SIGXCPU); /* no core file */
    check_exit(end(&saving, ""), 0);
    check_killed(end(&again, "going on\nstill going on\njem: SIGINT again: ended at once"), SIGINT);
}

/* ---- descriptors */

/* Closes those of the mask; a file opened then must not take their numbers. */
static int open_after_closing(int mask)
{
    int kept = fcntl(STDERR_FILENO, F_DUPFD, 10);
    for (int fd = 0; fd < 3; fd++)
        if (mask & 1 << fd) close(fd);
    cli_startup();
    if (fcntl(kept, F_GETFD) < 0 || open("/dev/null", O_RDONLY) < 3) return 95;
    return mask & 2 ? write(STDOUT_FILENO, "nobody sees this", 16) != 16 : 0;
}

static void closed_descriptors_are_not_given_to_files(void **state)
{
    (void)state;
    for (int mask = 0; mask < 8; mask++) {
        child c = begin(open_after_closing, mask);
        check_exit(end(&c, ""), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_signal_is_caught_and_named),
        cmocka_unit_test(a_mask_keeps_no_signal_out_but_one_that_came_in_ignored_stays_so),
        cmocka_unit_test(impatience_and_being_stuck_end_it_and_saving_does_not),
        cmocka_unit_test(closed_descriptors_are_not_given_to_files),
        cmocka_unit_test(a_signal_writes_nothing_below_the_stack_pointer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
