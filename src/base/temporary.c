/* Temporary files (temporary.h): names of 64 random bits, and flock for "somebody is at work". */
#include "base/temporary.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char begin[] = "jem-", end[] = ".tmp";
enum { DIGITS = 16 };

static bool draw_name(char name[TEMPORARY_NAME])
{
    uint64_t drawn;

    while (getrandom(&drawn, sizeof drawn, 0) != (ssize_t)sizeof drawn)
        if (errno != EINTR) return false;
    snprintf(name, TEMPORARY_NAME, "%s%016" PRIx64 "%s", begin, drawn, end);
    return true;
}

/* Between its creation and its lock a file looks abandoned, and may be removed as that.  File
 * systems without locks refuse in other ways: there nothing counts as abandoned. */
static bool taken_over(int fd)
{
    struct stat sb;

    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
    return fstat(fd, &sb) != 0 || sb.st_nlink > 0;
}

int temporary_create(char name[TEMPORARY_NAME], int dir)
{
    for (;;) {
        if (!draw_name(name)) return -1;
        int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd < 0 && errno == EEXIST) continue;
        if (fd < 0 || taken_over(fd)) return fd;
        close(fd);
    }
}

/* NAME.tmp-PID, as earlier versions named them: they took no lock. */
static long process_of_old_name(const char *name)
{
    static const char mark[] = ".tmp-";
    const char *at = strstr(name, mark);
    char *rest;

    if (!at || !isdigit((unsigned char)at[sizeof mark - 1])) return 0;
    errno = 0;
    long pid = strtol(at + sizeof mark - 1, &rest, 10);
    return *rest || errno ? 0 : pid;
}

bool temporary_is(const char *name)
{
    const size_t prefix = sizeof begin - 1;

    if (process_of_old_name(name) > 0) return true;
    return strlen(name) == TEMPORARY_NAME - 1 && strncmp(name, begin, prefix) == 0 &&
           strspn(name + prefix, "0123456789abcdef") == DIGITS &&
           strcmp(name + prefix + DIGITS, end) == 0;
}

bool temporary_remove_abandoned(int dir, const char *name)
{
    long pid = process_of_old_name(name);
    struct stat sb;
    bool removed = true;

    if (pid > 0 && pid != (long)getpid() && (kill((pid_t)pid, 0) == 0 || errno != ESRCH))
        return true;
    int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return true; /* gone meanwhile, or nobody's business */
    if (fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0)
        removed = unlinkat(dir, name, 0) == 0 || errno == ENOENT;
    int err = errno;
    close(fd);
    errno = err;
    return removed;
}
