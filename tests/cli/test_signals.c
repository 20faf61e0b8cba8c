/* What the program does with SIGINT and SIGTERM before it comes to stopping: the handler must
 * not touch the stack that the signal interrupts. */
#include "support/check.h"

#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "cli/cli.h"

enum { STACK = 1 << 18, PAINT = 0x5a };

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_writes_nothing_below_the_stack_pointer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
