/* What other programs take from a piece of work: see stopwatch.h. */
#include "base/stopwatch.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "base/log.h"

/* Times of the same work differ by as much on a quiet machine. */
static const double usual_spread = 0.1;

/* Adds the waits of one thread, unless it has just ended or nobody counts them. */
static bool add_waits(double *sum_s, const char *thread)
{
    char path[64];
    unsigned long long ran, waited;
    snprintf(path, sizeof path, "/proc/self/task/%.20s/schedstat", thread);
    FILE *f = fopen(path, "r");
    if (!f) return false;
    bool read = fscanf(f, "%llu %llu", &ran, &waited) == 2;
    fclose(f);
    if (read) *sum_s += 1e-9 * (double)waited;
    return read;
}

static double waits_of_all_threads(void)
{
    double sum_s = 0;
    int threads = 0;
    DIR *d = opendir("/proc/self/task");
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.') threads += add_waits(&sum_s, e->d_name);
    if (d) closedir(d);
    return threads > 0 ? sum_s : NAN;
}

static double clock_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double thread_clock_s(void)
{
    return clock_of(CLOCK_THREAD_CPUTIME_ID);
}

/* The clock is read next to the work: reading the rest is no part of it. */
stopwatch stopwatch_now(void)
{
    stopwatch now = {.waited_s = waits_of_all_threads(), .ran_s = clock_of(CLOCK_PROCESS_CPUTIME_ID)};
    now.wall_s = clock_s();
    return now;
}

stopwatch stopwatch_since(const stopwatch *begin)
{
    const double end_s = clock_s();
    stopwatch took = {.wall_s = end_s - begin->wall_s, .ran_s = clock_of(CLOCK_PROCESS_CPUTIME_ID) - begin->ran_s};
    took.waited_s = waits_of_all_threads() - begin->waited_s;
    if (took.waited_s < 0) took.waited_s = 0; /* threads have ended, and their waits with them */
    return took;
}

void stopwatch_add(stopwatch *sum, const stopwatch *took)
{
    sum->wall_s += took->wall_s;
    sum->ran_s += took->ran_s;
    sum->waited_s += took->waited_s;
}

double stopwatch_alone_s(const stopwatch *took, int threads, int processors)
{
    const int at_once = threads < processors ? threads : processors;
    if (isnan(took->waited_s)) return NAN;
    return fmin(took->wall_s, fmax(took->wall_s - took->waited_s, took->ran_s / at_once));
}

processors_state stopwatch_judge(double alone_s, double wall_s)
{
    if (isnan(alone_s)) return PROCESSORS_UNKNOWN;
    return alone_s < (1 - usual_spread) * wall_s ? PROCESSORS_BUSY : PROCESSORS_QUIET;
}

const char *processors_state_name(processors_state s)
{
    static const char *const names[] = {"quiet", "busy", "unknown"};
    return names[s];
}
