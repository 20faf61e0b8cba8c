/* Trainings as threads of this process (launcher.h).
 *
 * A host of libjem has no program beside it that could be started, and a fork of it would leave its other threads'
 * locks taken.  Trainings are independent of each other and of threads, so that what a study reaches is the same as
 * with processes; what is lost is that one which crashes ends alone.
 *
 * A training's thread writes how it stands into its slot; poll reads that on the thread of the sweep, which alone
 * calls back.  What trainings say goes to the sink of the process; the log of a run gets why it failed. */
#include "study/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/try.h"

enum { VACANT = -1, REASON = 1024 };

typedef struct thread_slot {
    struct thread_slots *all;
    int run; /* its number; VACANT */
    pthread_t thread;
    config *cfg;
    char *out, *log;
    volatile sig_atomic_t stop;
    /* under the lock of all: */
    bool news, ended;
    train_status now; /* its reason lies here: */
    char reason[REASON];
    jem_status code;
    char why[REASON]; /* of the end */
} thread_slot;

typedef struct thread_slots {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ready; /* both are made */
    int count;
    int64_t threads; /* of each training */
    thread_slot *slots;
} thread_slots;

static bool is_busy(const thread_slot *t)
{
    return t->run != VACANT;
}

/* ---- on the training's thread */

static void take_status(void *ctx, const train_status *s)
{
    thread_slot *t = ctx;
    pthread_mutex_lock(&t->all->lock);
    t->now = *s;
    snprintf(t->reason, sizeof t->reason, "%s", s->reason ? s->reason : "");
    t->news = true;
    pthread_cond_signal(&t->all->changed);
    pthread_mutex_unlock(&t->all->lock);
}

static void *train(void *arg)
{
    thread_slot *t = arg;
    const jem_status st = train_run(&(train_request){
        .cfg = t->cfg, .out = t->out, .resume = true, .stop = &t->stop, .watch = {take_status, t}});
    pthread_mutex_lock(&t->all->lock);
    t->code = st;
    snprintf(t->why, sizeof t->why, "%s", st == JEM_OK ? "" : jem_error_message());
    t->ended = true;
    pthread_cond_signal(&t->all->changed);
    pthread_mutex_unlock(&t->all->lock);
    return NULL;
}

/* ---- on the sweep's */

static void vacate(thread_slot *t)
{
    mem_free(t->cfg);
    mem_free(t->out);
    mem_free(t->log);
    *t = (thread_slot){.all = t->all, .run = VACANT};
}

static void stop(void *ctx)
{
    thread_slots *s = ctx;
    for (int i = 0; i < s->count; i++) s->slots[i].stop = 1;
}

static void close_slots(void *ctx)
{
    thread_slots *s = ctx;
    if (!s) return;
    if (s->slots) stop(s);
    for (int i = 0; i < s->count; i++) {
        if (is_busy(&s->slots[i])) pthread_join(s->slots[i].thread, NULL);
        vacate(&s->slots[i]);
    }
    if (s->ready) {
        pthread_cond_destroy(&s->changed);
        pthread_mutex_destroy(&s->lock);
    }
    mem_free(s->slots);
    mem_free(s);
}

/* The clock of the condition is the one that nobody sets. */
static jem_status make_lock(thread_slots *s)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    const int failed = pthread_cond_init(&s->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (failed) return jem_error(JEM_ENOMEM, "cannot make a condition for threads: %s", strerror(failed));
    pthread_mutex_init(&s->lock, NULL);
    s->ready = true;
    return JEM_OK;
}

static jem_status open_slots(void **out, const launch_options *o)
{
    jem_status st;
    thread_slots *s = NULL;
    TRY(MEM_NEW(s, 1));
    TRY(MEM_NEW(s->slots, o->slots));
    s->count = o->slots;
    for (int i = 0; i < s->count; i++) s->slots[i] = (thread_slot){.all = s, .run = VACANT};
    TRY(make_lock(s));
    s->threads = o->slots == 1 ? 0 : machine_processors() / o->slots;
    if (o->slots > 1 && s->threads < 1) s->threads = 1;
    *out = s;
    s = NULL;
done:
    close_slots(s);
    return st;
}

static jem_status start(void *ctx, int number, const launch *l, bool *busy)
{
    thread_slots *s = ctx;
    thread_slot *t = s->slots;
    jem_status st;
    int failed;

    *busy = false;
    while (is_busy(t)) t++;
    TRY(MEM_NEW(t->cfg, 1));
    TRY(config_load(t->cfg, l->lists, l->config, l->set, l->set_count));
    if (t->cfg->engine.threads == 0) t->cfg->engine.threads = s->threads;
    TRY(mem_strdup(&t->out, l->out));
    TRY(mem_strdup(&t->log, l->log));
    failed = thread_start(&t->thread, train, t);
    if (failed) {
        st = jem_error(JEM_EIO, "%s: cannot start a thread: %s", l->name, strerror(failed));
        goto done;
    }
    t->run = number;
done:
    if (st != JEM_OK) vacate(t);
    return st;
}

static void wait_for_news(thread_slots *s, double timeout_s)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    const double end = (double)until.tv_nsec * 1e-9 + timeout_s;
    until.tv_sec += (time_t)end;
    until.tv_nsec = (long)((end - (double)(time_t)end) * 1e9);
    for (int i = 0; i < s->count; i++)
        if (s->slots[i].news || s->slots[i].ended) return;
    pthread_cond_timedwait(&s->changed, &s->lock, &until);
}

/* Where people look for it first.  A log that cannot be written keeps nobody from learning the reason. */
static void write_reason(const thread_slot *t)
{
    char line[REASON + 8];
    const int fd = file_open(t->log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0666);
    const int n = snprintf(line, sizeof line, "jem: %s\n", t->why);
    if (fd < 0 || write(fd, line, (size_t)n) != n) log_warning("%s: %s", t->log, strerror(errno));
    if (fd >= 0) close(fd);
}

static void take_end(thread_slot *t, const launch_watch *w)
{
    pthread_join(t->thread, NULL);
    if (t->code != JEM_OK && t->code != JEM_EINTERRUPTED) write_reason(t);
    w->end(w->ctx, t->run, &(launch_end){t->code, t->code == JEM_EINTERRUPTED ? "" : t->why});
    vacate(t);
}

static int poll_threads(void *ctx, const launch_watch *w, double timeout_s)
{
    thread_slots *s = ctx;
    int ended = 0;

    pthread_mutex_lock(&s->lock);
    wait_for_news(s, timeout_s);
    for (int i = 0; i < s->count; i++) {
        thread_slot *t = &s->slots[i];
        char reason[REASON];
        train_status now = t->now;
        const bool news = t->news, end = t->ended;
        memcpy(reason, t->reason, sizeof reason);
        now.reason = reason;
        t->news = false;
        pthread_mutex_unlock(&s->lock); /* who is told may take its time */
        if (news) w->report(w->ctx, t->run, &now);
        if (end) take_end(t, w);
        ended += end;
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return ended;
}

const launcher launcher_threads = {
    .name = "threads",
    .open = open_slots,
    .start = start,
    .poll = poll_threads,
    .stop = stop,
    .close = close_slots,
};
