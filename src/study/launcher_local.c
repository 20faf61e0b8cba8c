/* Trainings as processes of this machine, each on its share of the processors (launcher.h).
 *
 * A training is this very program (/proc/self/exe: another version may lie at its path by now), in
 * a process group of its own, on its slot's processors, with three things inherited: its log,
 * locked, for all that it says; the writing end of a pipe for its reports (status_line.h), as descriptor
 * STATUS_FD; and SLOT_STOP as the signal that it gets when this process dies: then it saves and ends, and
 * the log stays locked (flock) until then, so that nobody begins the same training twice.  One that
 * crashes or runs out of memory ends alone.
 *
 * The processors that this process may use are shared out so that the sizes differ by one at most, and
 * neighbours (of one core, of one package) stay together.  With more slots than processors several
 * slots share one. */
#include "study/launcher.h"

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
#include "study/status_line.h"

/* A mask of so many processors is a kilobyte, and larger machines are rare. */
enum { PROCESSORS_MAX = 8192, MASK_SETS = PROCESSORS_MAX / CPU_SETSIZE };
static const size_t mask_bytes = MASK_SETS * sizeof(cpu_set_t);

enum { STATUS_FD = 3, LOG_TAIL = 4096, FIRST_FREE_FD = 10, NOT_STARTED = 127, REASON = 200 };

/* Asks a training to save and end.  Not SIGTERM: batch systems send that to the trainings, too,
 * and a second one would end them at once. */
enum { SLOT_STOP = SIGUSR1 };

enum { VACANT = -1 };

typedef struct local_slot {
    cpu_set_t processors[MASK_SETS];
    int run;        /* its number; VACANT */
    pid_t pid;
    int status;     /* where reports arrive; -1: closed */
    char *log;
    off_t log_start; /* the log's size when the training began */
    char line[STATUS_LINE_MAX];
    size_t used;
    bool skip;      /* the rest of a line that is too long */
} local_slot;

typedef struct local_slots {
    launch_options o;
    int count;
    bool stopping;
    local_slot *slots;
    struct pollfd *polled; /* [count] */
} local_slots;

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

static jem_status share_processors(local_slots *s)
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

static bool is_busy(const local_slot *t)
{
    return t->run != VACANT;
}

static void signal_all(local_slots *s, int number)
{
    for (int i = 0; i < s->count; i++)
        if (is_busy(&s->slots[i])) kill(s->slots[i].pid, number);
}

static void stop(void *ctx)
{
    local_slots *s = ctx;
    s->stopping = true;
    signal_all(s, SLOT_STOP);
}

static void pause_all(void *ctx, bool hold)
{
    signal_all(ctx, hold ? SIGSTOP : SIGCONT);
}

static void close_slots(void *ctx)
{
    local_slots *s = ctx;
    if (!s) return;
    if (s->slots) stop(s);
    for (int i = 0; s->slots && i < s->count; i++) {
        local_slot *t = &s->slots[i];
        while (is_busy(t) && waitpid(t->pid, NULL, 0) < 0 && errno == EINTR) continue;
        if (t->status >= 0) close(t->status);
        mem_free(t->log);
    }
    mem_free(s->slots);
    mem_free(s->polled);
    mem_free(s);
}

static jem_status open_slots(void **out, const launch_options *o)
{
    jem_status st;
    local_slots *s = NULL;
    TRY(MEM_NEW(s, 1));
    s->o = *o;
    TRY(MEM_NEW(s->slots, o->slots));
    TRY(MEM_NEW(s->polled, o->slots));
    s->count = o->slots;
    for (int i = 0; i < s->count; i++) {
        s->slots[i].status = -1;
        s->slots[i].run = VACANT;
    }
    signal(SIGCHLD, SIG_DFL); /* where it is ignored, nobody learns how a child ended */
    TRY(share_processors(s));
    *out = s;
    s = NULL;
done:
    close_slots(s);
    return st;
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
static void become_training(const launch_options *o, const local_slot *t, const char *const *argv,
                            pid_t parent, int log, int status)
{
    static const char why[] = "jem: cannot start the training: the program does not run\n";
    sigset_t none;

    if (o->in_child) o->in_child();
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
    dup2(status, STATUS_FD);
    execv(o->program ? o->program : "/proc/self/exe", (char *const *)(uintptr_t)argv);
    if (write(STDERR_FILENO, why, sizeof why - 1) < 0) _exit(NOT_STARTED);
    _exit(NOT_STARTED);
}

/* Signals wait during fork, so that the child cannot take one with our handler. */
static pid_t start_process(const launch_options *o, const local_slot *t, const char *const *argv, int log,
                           int status)
{
    sigset_t all, before;
    pid_t self = getpid(), pid;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0) become_training(o, t, argv, self, log, status);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

/* *argv <- "jem WORD --status-fd 3 WORD ...", whose words are borrowed; mem_free. */
static jem_status command_line(const char ***argv, const char *const *words)
{
    static const char status_fd[] = {'0' + STATUS_FD, '\0'};
    int n = 0, count = 0;

    while (words[count]) count++;
    jem_status st = MEM_NEW(*argv, count + 4);
    if (st != JEM_OK) return st;
    (*argv)[n++] = "jem";
    if (count > 0) (*argv)[n++] = words[0];
    (*argv)[n++] = "--status-fd";
    (*argv)[n++] = status_fd;
    for (int i = 1; i < count; i++) (*argv)[n++] = words[i];
    (*argv)[n] = NULL;
    return JEM_OK;
}

static jem_status start(void *ctx, int number, const launch *l, bool *busy)
{
    local_slots *s = ctx;
    jem_status st;
    const char **argv = NULL;
    int ends[2] = {-1, -1}, log_fd = -1;
    local_slot *t = s->slots;

    while (is_busy(t)) t++;
    mem_free(t->log);
    t->log = NULL;
    TRY(command_line(&argv, l->words));
    TRY(mem_strdup(&t->log, l->log));
    TRY(open_log(&log_fd, &t->log_start, l->log, busy));
    if (*busy) goto done;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        st = file_write_failed("make a pipe", l->name, errno);
        goto done;
    }
    ends[1] = move_away(ends[1]);
    t->pid = start_process(&s->o, t, argv, log_fd, ends[1]);
    if (t->pid < 0) {
        st = jem_error(JEM_EIO, "%s: cannot start a process: %s; raise the limit of processes "
                       "(ulimit -u) or end others", l->name, strerror(errno));
        goto done;
    }
    t->status = ends[0];
    ends[0] = -1;
    t->used = 0;
    t->skip = false;
    t->run = number;
done:
    if (ends[0] >= 0) close(ends[0]);
    if (ends[1] >= 0) close(ends[1]);
    if (log_fd >= 0) close(log_fd);
    mem_free(argv);
    return st;
}

/* ---- reports */

static void take_byte(local_slot *t, const launch_watch *w, char c)
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
        w->report(w->ctx, t->run, &now);
    t->used = 0;
    t->skip = false;
}

/* Takes in what has arrived, no more than a pipe can hold; returns if there was anything. */
static bool take_reports(local_slot *t, const launch_watch *w)
{
    char data[4096];
    ssize_t n = t->status >= 0 ? read(t->status, data, sizeof data) : -1;
    for (ssize_t i = 0; i < n; i++) take_byte(t, w, data[i]);
    if (n == 0) { /* nobody is left who could write */
        close(t->status);
        t->status = -1;
    }
    return n > 0;
}

/* ---- ends */

/* The last line that this training wrote to its log, without "jem: "; "" if none.  It
 * lies in `tail`. */
static const char *last_words(char tail[LOG_TAIL + 1], const local_slot *t)
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

/* What the process has to say for its end: an exit code, and its last words, which lie in `text`. */
static launch_end end_of(const local_slot *t, int how, bool stopping, char text[LOG_TAIL + 1])
{
    const int code = WIFEXITED(how) ? WEXITSTATUS(how) : -1;
    /* Before its main there is nothing to save, and the signal just ends it. */
    const bool early = stopping && WIFSIGNALED(how) && WTERMSIG(how) == SLOT_STOP;
    launch_end e = {JEM_EINTERNAL, text};

    if (code >= 0 && code <= JEM_EIO) e.code = (jem_status)code;
    if (early) e.code = JEM_EINTERRUPTED;
    if (e.code == JEM_OK || (e.code == JEM_EINTERRUPTED && stopping)) {
        e.reason = "";
    } else if (WIFSIGNALED(how)) {
        snprintf(text, REASON, "killed by signal %d (%s)%s", WTERMSIG(how), strsignal(WTERMSIG(how)),
                 WTERMSIG(how) == SIGKILL ? "; was there enough memory?" : "");
    } else {
        e.reason = last_words(text, t);
        if (e.reason[0]) return e;
        snprintf(text, REASON, "ended with exit code %d", code);
        e.reason = text;
    }
    return e;
}

/* Notices that the training has ended, after what it reported before. */
static bool take_end(local_slot *t, const launch_watch *w, bool stopping)
{
    char text[LOG_TAIL + 1];
    int how;
    pid_t pid = waitpid(t->pid, &how, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR)) return false;
    while (take_reports(t, w)) continue;
    if (t->status >= 0) close(t->status);
    t->status = -1;
    const launch_end e = end_of(t, pid < 0 ? JEM_EINTERNAL << 8 : how, stopping, text);
    w->end(w->ctx, t->run, &e);
    t->run = VACANT;
    return true;
}

static int poll_slots(void *ctx, const launch_watch *w, double timeout_s)
{
    local_slots *s = ctx;
    int ended = 0;
    for (int i = 0; i < s->count; i++)
        s->polled[i] = (struct pollfd){.fd = s->slots[i].status, .events = POLLIN};
    poll(s->polled, (nfds_t)s->count, (int)(timeout_s * 1000));
    for (int i = 0; i < s->count; i++) {
        local_slot *t = &s->slots[i];
        if (s->polled[i].revents) take_reports(t, w);
        if (is_busy(t) && take_end(t, w, s->stopping)) ended++;
    }
    return ended;
}

const launcher launcher_local = {
    .name = "local",
    .open = open_slots,
    .start = start,
    .poll = poll_slots,
    .stop = stop,
    .pause = pause_all,
    .close = close_slots,
};
