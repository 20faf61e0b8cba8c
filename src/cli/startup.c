/* Descriptors and signals of a process of jem: see startup.h.
 *
 * A stop has no time limit of its own: a large state on a slow disk takes minutes to save.
 * But a computation that is stuck (in a driver, on a lost file server) never looks at the
 * flag, and a process that nobody watches would survive SIGTERM for ever.  Between two looks
 * lie seconds, and saving is writing, so after some minutes in which this process has not
 * written a byte it is stuck. */
#include "cli/startup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/terminal.h"
#include "jem/status.h"

static const struct {
    int number;
    const char *name;
} stops[] = {{SIGINT, "SIGINT"},   {SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"},   {SIGUSR1, "SIGUSR1"},
             {SIGUSR2, "SIGUSR2"}, {SIGXCPU, "SIGXCPU"}, {SIGALRM, "SIGALRM"}};
enum { STOPS = sizeof stops / sizeof *stops };

static struct sigaction found[STOPS];      /* before us */
static volatile sig_atomic_t keeps;        /* there is something to save */
static volatile sig_atomic_t stop_flag;
static volatile sig_atomic_t stop_number;  /* what set it */
static volatile sig_atomic_t urgent_since; /* seconds of the first SIGINT or SIGTERM; 0: none */
static volatile sig_atomic_t limit_s = 300;
static uint64_t written_before;            /* the handlers' own: they exclude one another */

static const char *name_of(int number)
{
    for (int i = 0; i < STOPS; i++)
        if (stops[i].number == number) return stops[i].name;
    return "a signal";
}

/* ---- in handlers: only what is safe there */

static const char *line_start = ""; /* clears a line of progress on a terminal */

/* Nobody may be reading; that must not keep the process. */
static void say(const char *text)
{
    struct pollfd err = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&err, 1, 0) != 1 || !(err.revents & POLLOUT)) return;
    if (write(STDERR_FILENO, text, strlen(text)) < 0) return;
}

static void say_ended(int number, const char *why)
{
    say(line_start);
    say("jem: ");
    say(name_of(number));
    say(why);
}

/* As the signal would have, so that shells see what happened. */
static void end_at_once(int number, const char *why)
{
    sigset_t one;
    say_ended(number, why);
    signal(number, SIG_DFL);
    sigemptyset(&one);
    sigaddset(&one, number);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    if (number != SIGXCPU) raise(number); /* which would leave a core file */
    _exit(128 + number);                  /* the first process of a container survives raise */
}

/* Bytes that this process has given to write so far; 0 where the system does not say. */
static uint64_t bytes_written(void)
{
    static const char label[] = "wchar: ";
    char text[512];
    uint64_t n = 0;
    int fd = open("/proc/self/io", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0) close(fd);
    text[size > 0 ? size : 0] = '\0';
    const char *c = strstr(text, label);
    for (c = c ? c + sizeof label - 1 : ""; *c >= '0' && *c <= '9'; c++)
        n = n * 10 + (uint64_t)(*c - '0');
    return n;
}

static void look_again(int number)
{
    (void)number;
    int kept = errno;
    uint64_t written = bytes_written();
    if (written == written_before)
        end_at_once(stop_number, ": nothing was saved for minutes, the computation is stuck; ended at "
                                 "once; what was saved before is kept\n");
    written_before = written;
    alarm((unsigned)limit_s);
    errno = kept;
}

static void take_all_out(sigset_t *set)
{
    sigemptyset(set);
    for (int i = 0; i < STOPS; i++) sigaddset(set, stops[i].number);
}

static void begin_stop(int number)
{
    struct sigaction watch = {.sa_handler = look_again, .sa_flags = SA_RESTART | SA_ONSTACK};
    take_all_out(&watch.sa_mask);
    sigaction(SIGALRM, &watch, NULL);
    stop_number = number;
    stop_flag = 1;
    written_before = bytes_written();
    alarm((unsigned)limit_s);
}

/* One press of a key can arrive twice (timeout(1) signals the process and its group), batch
 * systems send several different ones, and the system sends SIGXCPU every second: only a second
 * SIGINT or SIGTERM that comes a while later means "at once". */
static void take_stop(int number)
{
    int kept = errno;
    struct timespec now = {0, 0};
    bool urgent = number == SIGINT || number == SIGTERM;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!keeps) {
        say_ended(number, ": ended\n");
        _exit(JEM_EINTERRUPTED);
    }
    if (urgent && urgent_since && now.tv_sec - urgent_since > 1)
        end_at_once(number, " again: ended at once; what was saved before is kept\n");
    if (urgent && !urgent_since) urgent_since = (sig_atomic_t)now.tv_sec;
    if (!stop_flag) begin_stop(number);
    errno = kept;
}

/* ---- the beginning */

/* A file opened later would get a closed one's number, and whatever is printed. */
static void open_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) continue;
        /* Lower numbers are taken: these are `fd`.  Where /dev is missing, writes fail. */
        if (open("/dev/null", O_RDWR) < 0 && open("/", O_RDONLY) < 0) _exit(JEM_EIO);
    }
}

static void take_signals(void)
{
    /* A stack of its own: oneDNN's matrix products use the stack pointer for data, so that a
     * handler on the usual stack would write over them and the heap around.  Other threads
     * take no signals (base/thread.h).  A frame holds all vector and tile registers: 11 KiB. */
    static char room[1 << 16];
    const stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
    struct sigaction action = {.sa_handler = take_stop, .sa_flags = SA_RESTART | SA_ONSTACK};

    sigaltstack(&stack, NULL);
    take_all_out(&action.sa_mask);
    for (int i = 0; i < STOPS; i++) {
        sigaction(stops[i].number, NULL, &found[i]);
        if (found[i].sa_handler != SIG_IGN) sigaction(stops[i].number, &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    pthread_sigmask(SIG_UNBLOCK, &action.sa_mask, NULL);
}

void cli_startup(void)
{
    open_descriptors();
    line_start = terminal_clear();
    take_signals();
    json_watch_allocations();
    terminal_show_log();
}

const volatile sig_atomic_t *cli_catch_signals(void)
{
    keeps = 1;
    return &stop_flag;
}

const volatile sig_atomic_t *cli_stop_flag(void)
{
    return &stop_flag;
}

const char *cli_stop_signal(void)
{
    return stop_flag ? name_of(stop_number) : NULL;
}

void cli_limit_stop(unsigned seconds)
{
    limit_s = (sig_atomic_t)seconds;
}

void cli_stop_goes_on(void)
{
    if (stop_flag) alarm((unsigned)limit_s);
}

void cli_release_signals(void)
{
    for (int i = 0; i < STOPS; i++) sigaction(stops[i].number, &found[i], NULL);
}
