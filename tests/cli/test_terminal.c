/* Messages on stderr: a terminal of any width, one that knows no escapes, and a log shared with
 * stdout. */
#include "support/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/terminal.h"
#include "support/folder.h"

enum { SHOWN = 4096 };

/* stderr as a terminal; what it shows can be read from `screen`. */
typedef struct rig {
    int screen, kept; /* kept: the former stderr */
} rig;

static rig begin(const char *kind)
{
    rig r = {.screen = posix_openpt(O_RDWR | O_NOCTTY), .kept = dup(STDERR_FILENO)};
    assert_true(r.screen >= 0 && grantpt(r.screen) == 0 && unlockpt(r.screen) == 0);
    int end = open(ptsname(r.screen), O_RDWR | O_NOCTTY);
    assert_true(end >= 0 && dup2(end, STDERR_FILENO) == STDERR_FILENO);
    close(end);
    setenv("TERM", kind, 1);
    return r;
}

static void end(rig *r)
{
    dup2(r->kept, STDERR_FILENO);
    close(r->kept);
    close(r->screen);
}

static void resize(const rig *r, unsigned short columns)
{
    const struct winsize size = {.ws_col = columns, .ws_row = 24};
    assert_int_equal(ioctl(r->screen, TIOCSWINSZ, &size), 0);
}

/* What has been shown since the last call. */
static const char *shown(const rig *r)
{
    static char text[SHOWN];
    ssize_t n = read(r->screen, text, SHOWN - 1);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

/* A line of progress, whose time has come. */
static void progress_line(void)
{
    progress p;
    progress_begin(&p, "train", "steps", 9000, 0);
    p.start_s = p.last_s = clock_s() - 10;
    progress_update(&p, 100, "healthy  l_D 0.693  l_G -0.012  c 0.35");
}

static void progress_keeps_to_the_width_that_the_terminal_has_now(void **state)
{
    (void)state;
    static const struct {
        unsigned short columns;
        const char *line;
    } cases[] = {
        {79, "\r\033[Ktrain 100/9000  10 steps/s  ETA 14m50s  healthy  l_D 0.693  l_G -0.012  c 0.35"},
        {78, "\r\033[Ktrain 100/9000  10 steps/s  ETA 14m50s  healthy  l_D 0.693  l_G -0.012"},
        {48, "\r\033[Ktrain 100/9000  10 steps/s  ETA 14m50s  healthy"},
        {47, "\r\033[Ktrain 100/9000  10 steps/s  ETA 14m50s"},
        {15, "\r\033[Ktrain 100/9000"},
        {10, "\r\033[Ktrain 100"},
        {2, "\r\033[Kt"},
        {200, "\r\033[Ktrain 100/9000  10 steps/s  ETA 14m50s  healthy  l_D 0.693  l_G -0.012  c 0.35"},
        {0, "\r\033[Ktrain 100/9000  10 steps/s  ETA 14m50s  healthy  l_D 0.693  l_G -0.012  c 0.35"},
    };
    rig r = begin("xterm");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        resize(&r, cases[i].columns);
        progress_line();
        assert_string_equal(shown(&r), cases[i].line);
    }
    log_info("done");
    assert_string_equal(shown(&r), "\r\033[Kdone\r\n");
    log_info("more");
    assert_string_equal(shown(&r), "more\r\n");
    end(&r);
}

static void a_terminal_without_escapes_gets_lines(void **state)
{
    (void)state;
    rig r = begin("dumb");
    resize(&r, 30);
    progress_line();
    assert_string_equal(shown(&r), "train 100/9000  10 steps/s  ETA 14m50s  healthy  l_D 0.693  "
                                   "l_G -0.012  c 0.35\r\n");
    progress_line(); /* too soon after the first */
    log_warning("careful");
    assert_string_equal(shown(&r), "jem: warning: careful\r\n");
    assert_string_equal(terminal_clear(), "");
    end(&r);
}

static void both_outputs_in_one_log_are_in_order(void **state)
{
    (void)state;
    char path[128], *text = NULL;
    size_t n;
    snprintf(path, sizeof path, "%s/log", folder);
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
    fflush(stdout);
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    assert_true(log >= 0 && dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0);
    printf("a table's row\n");
    log_info("a message");
    printf("another row\n");
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(out);
    close(err);
    close(log);
    check_ok(file_read(&text, &n, path, 0));
    assert_string_equal(text, "a table's row\na message\nanother row\n");
    mem_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(progress_keeps_to_the_width_that_the_terminal_has_now),
        cmocka_unit_test(a_terminal_without_escapes_gets_lines),
        cmocka_unit_test_setup_teardown(both_outputs_in_one_log_are_in_order, make_folder,
                                        remove_folder),
    };
    terminal_show_log();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
