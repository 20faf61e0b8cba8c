/* Messages and progress through the sink that the program installed. */
#include "base/log.h"

#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/plain.h"

enum { LINE_MAX_BYTES = 1024, ONCE_MAX = 1024 };

static const double period_s = 1.0;
static _Atomic(log_sink) current_sink;
static atomic_bool details;
static struct {
    progress_part part; /* NULL: none */
    void *ctx;
    double from, to; /* share of the part under way */
} whole;
static struct {
    pthread_mutex_t lock;
    int depth;                 /* of log_once; 0: lines are told each time */
    int count;
    uint64_t lines[ONCE_MAX];  /* hashes of those told; what comes when it is full is told each time */
} once = {.lock = PTHREAD_MUTEX_INITIALIZER};

void log_set_sink(log_sink sink)
{
    atomic_store(&current_sink, sink);
}

static void emit(log_level level, const char *line)
{
    log_sink sink = atomic_load(&current_sink);

    if (sink) sink(level, line);
}

void log_once(bool on)
{
    pthread_mutex_lock(&once.lock);
    once.depth += on ? 1 : -1;
    if (once.depth == 0) once.count = 0;
    pthread_mutex_unlock(&once.lock);
}

/* FNV-1a */
static uint64_t hash_of(const char *line)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (; *line; line++) hash = (hash ^ (unsigned char)*line) * 0x100000001b3;
    return hash;
}

static bool is_told(const char *line)
{
    const uint64_t hash = hash_of(line);
    bool told = false;

    pthread_mutex_lock(&once.lock);
    for (int i = 0; i < once.count && !told; i++) told = once.lines[i] == hash;
    if (once.depth > 0 && !told && once.count < ONCE_MAX) once.lines[once.count++] = hash;
    pthread_mutex_unlock(&once.lock);
    return told;
}

static void emit_formatted(log_level level, const char *fmt, va_list args) JEM_PRINTF(2, 0);

static void emit_formatted(log_level level, const char *fmt, va_list args)
{
    char line[LINE_MAX_BYTES];

    plain_vformat(line, sizeof line, fmt, args);
    if ((level == LOG_INFO || level == LOG_WARNING) && is_told(line)) return;
    emit(level, line);
}

void log_show_details(bool on)
{
    atomic_store(&details, on);
}

void log_detail(const char *fmt, ...)
{
    va_list args;

    if (!atomic_load(&details)) return;
    va_start(args, fmt);
    emit_formatted(LOG_DETAIL, fmt, args);
    va_end(args);
}

void log_info(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    emit_formatted(LOG_INFO, fmt, args);
    va_end(args);
}

void log_warning(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    emit_formatted(LOG_WARNING, fmt, args);
    va_end(args);
}

void log_progress(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    emit_formatted(LOG_PROGRESS, fmt, args);
    va_end(args);
}

double clock_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void progress_set_whole(progress_part part, void *ctx)
{
    whole.part = part;
    whole.ctx = ctx;
    progress_set_share(0, 1);
}

void progress_set_share(double from, double to)
{
    whole.from = from;
    whole.to = to;
}

void progress_begin(progress *p, const char *label, const char *unit, int64_t total, int64_t done)
{
    p->label = label;
    p->unit = unit;
    p->total = total;
    p->start_s = p->last_s = clock_s();
    p->start_done = done;
}

void format_duration(char *text, size_t size, double s)
{
    int64_t t = (int64_t)fmin(fmax(s, 0.0) + 0.5, 1e9);

    if (t < 60)
        snprintf(text, size, "%ds", (int)t);
    else if (t < 3600)
        snprintf(text, size, "%dm%02ds", (int)(t / 60), (int)(t % 60));
    else
        snprintf(text, size, "%lldh%02dm", (long long)(t / 3600), (int)(t / 60 % 60));
}

void progress_update(progress *p, int64_t done, const char *extra)
{
    double now = clock_s(), rate;
    char line[LINE_MAX_BYTES], eta[32] = "?";

    if (now - p->last_s < period_s) return;
    p->last_s = now;
    if (whole.part) {
        const double share = p->total > 0 ? (double)done / (double)p->total : NAN;
        whole.part(whole.ctx, p, done, whole.from + (whole.to - whole.from) * share);
        return;
    }
    rate = (double)(done - p->start_done) / (now - p->start_s);
    if (rate > 0.0) format_duration(eta, sizeof eta, (double)(p->total - done) / rate);
    plain_format(line, sizeof line, "%s %lld/%lld  %.3g %s/s  ETA %s%s%s", p->label, (long long)done,
             (long long)p->total, rate, p->unit, eta, extra ? "  " : "", extra ? extra : "");
    emit(LOG_PROGRESS, line);
}

void progress_end(progress *p, int64_t done)
{
    double elapsed = clock_s() - p->start_s;
    char line[LINE_MAX_BYTES], took[32];

    if (whole.part) return;
    format_duration(took, sizeof took, elapsed);
    plain_format(line, sizeof line, "%s %lld/%lld  %.3g %s/s  took %s", p->label, (long long)done,
             (long long)p->total, elapsed > 0.0 ? (double)(done - p->start_done) / elapsed : 0.0,
             p->unit, took);
    emit(LOG_INFO, line);
}
