/* Child processes of a sweep (sweep_slots.h).
 *
 * A training is this very program (/proc/self/exe: another version may lie at its path by now), in
 * a process group of its own, on its slot's processors, with three things inherited: its log,
 * locked, as stdout and stderr; the writing end of a pipe for its reports; and SLOT_STOP as the
 * signal that it gets when the sweep dies. */
#include "cli/sweep_slots.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_error.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/startup.h"
#include "cli/status_line.h"

/* A mask of so many processors is a kilobyte, and larger machines are rare. */
enum { PROCESSORS_MAX = 8192, MASK_SETS = PROCESSORS_MAX / CPU_SETSIZE };
static const size_t mask_bytes = MASK_SETS * sizeof(cpu_set_t);

enum { LOG_TAIL = 4096, FIRST_FREE_FD = 10, NOT_STARTED = 127 };

/* Asks a training to save and end.  Not SIGTERM: batch systems send that to the trainings, too,
 * and a second one would end them at once. */
enum { SLOT_STOP = SIGUSR1 };

typedef struct sweep_slot {
    cpu_set_t processors[MASK_SETS];
    sweep_run *run; /* NULL: vacant */
    pid_t pid;
    int status;     /* where reports arrive; -1: closed */
    char *log;
    off_t log_start; /* the log's size when the training began */
    char line[STATUS_LINE_MAX];
    size_t used;
    bool skip;      /* the rest of a line that is too long */
} sweep_slot;

struct sweep_slots {
    int count;
    bool stopping;
    sweep_slot *slots;
    struct pollfd *polled; /* [count] */
};

/* ---- processors */

typedef struct processor {
    int number, package, core;
} processor;

static int read_topology(int number, const char *what)
{
    char path[128];
    int v = 0;
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/%s", number, what);
    FILE *f = fopen(path, "re");
    if (!f) return 0; /* then the order of their numbers has to do */
    if (fscanf(f, "%d", &v) != 1) v = 0;
    fclose(f);
    return v;
}

static int compare_processors(const void *a, const void *b)
{
    const processor *p = a, *q = b;
    if (p->package != q->package) return p->package < q->package ? -1 : 1;
    if (p->core != q->core) return p->core < q->core ? -1 : 1;
    return p->number < q->number ? -1 : 1;
}

static jem_status list_processors(processor **out, int *count)
{
    jem_status st;
    cpu_set_t mask[MASK_SETS];
    processor *list = NULL;
    int n = 0;

    if (sched_getaffinity(0, mask_bytes, mask) != 0)
        return jem_error(JEM_EIO, "cannot learn which processors may be used: %s",
                         strerror(errno));
    TRY(MEM_NEW(list, PROCESSORS_MAX));
    for (int i = 0; i < PROCESSORS_MAX; i++)
        if (CPU_ISSET_S((size_t)i, mask_bytes, mask))
            list[n++] = (processor){i, read_topology(i, "physical_package_id"),
                                    read_topology(i, "core_id")};
    qsort(list, (size_t)n, sizeof *list, compare_processors);
    *out = list;
    *count = n;
done:
    return st;
}

static jem_status share_processors(sweep_slots *s)
{
    jem_status st;
    processor *list = NULL;
    int n;
    TRY(list_processors(&list, &n));
    for (int i = 0; i < s->count; i++) {
        int64_t from = (int64_t)i * n / s->count, to = (int64_t)(i + 1) * n / s->count;
        if (s->count > n) {
            from = i % n;
            to = from + 1;
        }
        CPU_ZERO_S(mask_bytes, s->slots[i].processors);
        for (int64_t k = from; k < to; k++)
            CPU_SET_S((size_t)list[k].number, mask_bytes, s->slots[i].processors);
    }
done:
    mem_free(list);
    return st;
}

/* ---- slots */

jem_status sweep_slots_new(sweep_slots **out, int count)
{
    jem_status st;
    sweep_slots *s = NULL;
    TRY(MEM_NEW(s, 1));
    s->count = count;
    TRY(MEM_NEW(s->slots, count));
    TRY(MEM_NEW(s->polled, count));
    for (int i = 0; i < count; i++) s->slots[i].status = -1;
    signal(SIGCHLD, SIG_DFL); /* where it is ignored, nobody learns how a child ended */
    TRY(share_processors(s));
    *out = s;
    s = NULL;
done:
    sweep_slots_free(s);
    return st;
}

void sweep_slots_free(sweep_slots *s)
{
    if (!s) return;
    if (s->slots) sweep_slots_stop(s);
    for (int i = 0; s->slots && i < s->count; i++) {
        sweep_slot *t = &s->slots[i];
        while (t->run && waitpid(t->pid, NULL, 0) < 0 && errno == EINTR) continue;
        if (t->status >= 0) close(t->status);
        mem_free(t->log);
    }
    mem_free(s->slots);
    mem_free(s->polled);
    mem_free(s);
}

int sweep_slots_running(const sweep_slots *s)
{
    int n = 0;
    for (int i = 0; i < s->count; i++) n += s->slots[i].run != NULL;
    return n;
}

bool sweep_slots_vacant(const sweep_slots *s)
{
    return sweep_slots_running(s) < s->count;
}

void sweep_slots_signal(sweep_slots *s, int number)
{
    for (int i = 0; i < s->count; i++)
        if (s->slots[i].run) kill(s->slots[i].pid, number);
}

void sweep_slots_stop(sweep_slots *s)
{
    s->stopping = true;
    sweep_slots_signal(s, SLOT_STOP);
}

/* ---- starting */

/* Descriptors are moved out of the way of 0 to 3, which the child is about to use. */
static int move_away(int fd)
{
    int moved = fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    if (fd >= 0) close(fd);
    return moved;
}

/* The log, locked for this training; *busy true if somebody else holds it. */
static jem_status open_log(int *fd, off_t *size, const char *path, bool *busy)
{
    *busy = false;
    *fd = move_away(file_open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0666));
    if (*fd < 0) return file_write_failed("open", path, errno);
    /* File systems without locks still allow a sweep: only EWOULDBLOCK counts. */
    *busy = flock(*fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    *size = lseek(*fd, 0, SEEK_END);
    return JEM_OK;
}

/* After fork: only what is safe between fork and exec. */
static void become_training(const sweep_slot *t, const char *const *argv, pid_t parent, int log,
                            int status)
{
    static const char why[] = "jem: cannot start the training: /proc/self/exe does not run\n";
    sigset_t none;

    cli_release_signals();
    signal(SLOT_STOP, SIG_DFL);
    /* Ctrl-C reaches the whole group of a terminal; only the sweep decides here. */
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SLOT_STOP);
    if (getppid() != parent) _exit(JEM_EINTERRUPTED); /* it died before the line above */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    sched_setaffinity(0, mask_bytes, t->processors);

    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0 && null != STDIN_FILENO) dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    dup2(status, SLOT_STATUS_FD);
    execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
    if (write(STDERR_FILENO, why, sizeof why - 1) < 0) _exit(NOT_STARTED);
    _exit(NOT_STARTED);
}

/* Signals wait during fork, so that the child cannot take one with our handler. */
static pid_t start_process(const sweep_slot *t, const char *const *argv, int log, int status)
{
    sigset_t all, before;
    pid_t self = getpid(), pid;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0) become_training(t, argv, self, log, status);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

jem_status sweep_slots_start(sweep_slots *s, sweep_run *r, const char *const *argv,
                             const char *log, bool *busy)
{
    jem_status st;
    int ends[2] = {-1, -1}, log_fd = -1;
    sweep_slot *t = s->slots;

    while (t->run) t++;
    mem_free(t->log);
    t->log = NULL;
    TRY(mem_strdup(&t->log, log));
    TRY(open_log(&log_fd, &t->log_start, log, busy));
    if (*busy) goto done;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        st = file_write_failed("make a pipe", r->name, errno);
        goto done;
    }
    ends[1] = move_away(ends[1]);
    t->pid = start_process(t, argv, log_fd, ends[1]);
    if (t->pid < 0) {
        st = jem_error(JEM_EIO, "%s: cannot start a process: %s; raise the limit of processes "
                       "(ulimit -u) or end others", r->name, strerror(errno));
        goto done;
    }
    t->status = ends[0];
    ends[0] = -1;
    t->used = 0;
    t->skip = false;
    t->run = r;
    r->state = SWEEP_RUNNING;
    r->reported = false;
    sweep_run_reason(r, "");
done:
    if (ends[0] >= 0) close(ends[0]);
    if (ends[1] >= 0) close(ends[1]);
    if (log_fd >= 0) close(log_fd);
    return st;
}

/* ---- reports */

static void take_byte(sweep_slot *t, char c)
{
    train_status now;
    if (c != '\n') {
        if (t->used < sizeof t->line - 1)
            t->line[t->used++] = c;
        else
            t->skip = true;
        return;
    }
    t->line[t->used] = '\0';
    if (!t->skip && strlen(t->line) == t->used &&
        status_line_parse(&now, t->line) == JEM_OK)
        sweep_run_report(t->run, &now);
    t->used = 0;
    t->skip = false;
}

/* Takes in what has arrived, no more than a pipe can hold; returns if there was anything. */
static bool take_reports(sweep_slot *t)
{
    char data[4096];
    ssize_t n = t->status >= 0 ? read(t->status, data, sizeof data) : -1;
    for (ssize_t i = 0; i < n; i++) take_byte(t, data[i]);
    if (n == 0) { /* nobody is left who could write */
        close(t->status);
        t->status = -1;
    }
    return n > 0;
}

/* ---- ends */

/* The last line that this training wrote to its log, without "jem: "; "" if none.  It
 * lies in `tail`. */
static const char *last_words(char tail[LOG_TAIL + 1], const sweep_slot *t)
{
    ssize_t n = 0;
    int fd = file_open(t->log, O_RDONLY, 0);
    if (fd >= 0) {
        off_t end = lseek(fd, 0, SEEK_END);
        off_t from = end - t->log_start > LOG_TAIL ? end - LOG_TAIL : t->log_start;
        n = pread(fd, tail, LOG_TAIL, from);
        close(fd);
    }
    while (n > 0 && (tail[n - 1] == '\n' || tail[n - 1] == '\0')) n--;
    tail[n > 0 ? n : 0] = '\0';
    const char *line = strrchr(tail, '\n');
    line = line ? line + 1 : tail;
    return strncmp(line, "jem: ", 5) == 0 ? line + 5 : line;
}

static sweep_state end_state(int how, bool stopping)
{
    int code = WIFEXITED(how) ? WEXITSTATUS(how) : -1;
    if (code == JEM_OK) return SWEEP_FINISHED;
    if (code == JEM_EDIVERGED) return SWEEP_DIVERGED;
    /* Before its main there is nothing to save, and the signal just ends it. */
    bool early = stopping && WIFSIGNALED(how) && WTERMSIG(how) == SLOT_STOP;
    return code == JEM_EINTERRUPTED || early ? SWEEP_INTERRUPTED : SWEEP_FAILED;
}

static void note_end(sweep_slot *t, int how, bool stopping)
{
    sweep_run *r = t->run;
    char tail[LOG_TAIL + 1], text[SWEEP_REASON];
    const char *why = text;

    r->state = end_state(how, stopping);
    r->code = r->state == SWEEP_INTERRUPTED                       ? JEM_EINTERRUPTED
              : WIFEXITED(how) && WEXITSTATUS(how) <= JEM_EIO ? (jem_status)WEXITSTATUS(how)
                                                              : JEM_EINTERNAL;
    if (r->state == SWEEP_FINISHED || (r->state == SWEEP_INTERRUPTED && stopping)) {
        why = "";
    } else if (WIFSIGNALED(how)) {
        snprintf(text, sizeof text, "killed by signal %d (%s)%s", WTERMSIG(how),
                 strsignal(WTERMSIG(how)),
                 WTERMSIG(how) == SIGKILL ? "; was there enough memory?" : "");
    } else {
        snprintf(text, sizeof text, "ended with exit code %d", WEXITSTATUS(how));
        const char *words = last_words(tail, t);
        if (*words) why = words;
    }
    sweep_run_reason(r, why);
}

/* Notices that the training has ended, after what it reported before. */
static bool take_end(sweep_slot *t, bool stopping)
{
    int how;
    pid_t pid = waitpid(t->pid, &how, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR)) return false;
    while (take_reports(t)) continue;
    if (t->status >= 0) close(t->status);
    t->status = -1;
    note_end(t, pid < 0 ? JEM_EINTERNAL << 8 : how, stopping);
    t->run = NULL;
    return true;
}

int sweep_slots_wait(sweep_slots *s, double timeout_s)
{
    int ended = 0;
    for (int i = 0; i < s->count; i++)
        s->polled[i] = (struct pollfd){.fd = s->slots[i].status, .events = POLLIN};
    poll(s->polled, (nfds_t)s->count, (int)(timeout_s * 1000));
    for (int i = 0; i < s->count; i++) {
        sweep_slot *t = &s->slots[i];
        if (s->polled[i].revents) take_reports(t);
        if (t->run && take_end(t, s->stopping)) ended++;
    }
    return ended;
}
