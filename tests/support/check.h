/* What every test needs beside cmocka: tolerant comparison, data, files. */
#ifndef SUPPORT_CHECK_H
#define SUPPORT_CHECK_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "jem/status.h"

/* The call succeeds; on failure its message is shown. */
#define check_ok(expr)                                                         \
    do {                                                                       \
        jem_status check_st = (expr);                                          \
        if (check_st != JEM_OK)                                                \
            fail_msg("%s: status %d: %s", #expr, check_st, jem_error_message()); \
    } while (0)

/* The call fails with `code` and a message that contains `text`. */
#define check_fails(expr, code, text)                                                \
    do {                                                                             \
        jem_status check_st = (expr);                                                \
        if (check_st != (code))                                                      \
            fail_msg("%s: status %d instead of %d", #expr, check_st, (code));        \
        if (!strstr(jem_error_message(), (text)))                                    \
            fail_msg("%s: message '%s' lacks '%s'", #expr, jem_error_message(), (text)); \
    } while (0)

/* |a - b| <= rel * max(|b|, floor). */
#define check_near(a, b, rel, floor)                                                    \
    do {                                                                                \
        double check_a = (double)(a), check_b = (double)(b);                            \
        double check_scale = fmax(fabs(check_b), (floor));                              \
        if (!(fabs(check_a - check_b) <= (rel) * check_scale))                          \
            fail_msg("%s = %.12g, expected %.12g (relative %.3g, allowed %.3g)", #a,    \
                     check_a, check_b, fabs(check_a - check_b) / check_scale, (double)(rel)); \
    } while (0)

/* The largest magnitude.  Without fmax: gcc 12 for arm64 fails on loops of it. */
static inline double check_largest(const float *v, int64_t n)
{
    double top = 0;
    for (int64_t i = 0; i < n; i++)
        if (fabs((double)v[i]) > top) top = fabs((double)v[i]);
    return top;
}

/* Path of `name` below the data folder in `path`; skips the test if absent. */
static inline void check_data(char *path, size_t size, const char *name)
{
    const char *root = getenv("JEM_DATA");
    struct stat sb;
    if (root && *root)
        snprintf(path, size, "%s/%s", root, name);
    else
        snprintf(path, size, "%s/../shared/data/%s", JEM_SOURCE_DIR, name);
    if (stat(path, &sb) != 0) {
        print_message("skipped: no data at %s (set JEM_DATA)\n", path);
        skip();
    }
}

/* A fresh directory for this test, in $TMPDIR; removed by the caller's check_tmp_remove. */
static inline void check_tmp(char *path, size_t size)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(path, size, "%s/jem-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(path)) fail_msg("cannot make %s, a temporary directory", path);
}

static inline void check_tmp_remove(const char *path)
{
    char command[4200];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    if (system(command) != 0) print_message("could not remove %s\n", path);
}

#endif
