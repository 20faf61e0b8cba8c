/* The wrapped calls (faults.h): each asks whether it is the one that fails. */
#include "torture/faults.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"

static struct {
    atomic_bool armed;
    fault kind;
    long at;
    bool lasting;
    atomic_long calls;
} faults;

const char *fault_name(fault kind)
{
    static const char *const names[] = {"no memory", "no memory for JSON", "disk full", "input/output error",
                                        "interrupted call", "short read or write"};
    return names[kind];
}

/* jansson takes memory from libc, where no wrapping reaches it. */
static void *json_memory(size_t size);

void faults_init(void)
{
    json_set_alloc_funcs(json_memory, free);
    json_watch_allocations();
}

void faults_arm(fault kind, long at, bool lasting)
{
    faults.kind = kind;
    faults.at = at;
    faults.lasting = lasting;
    faults.calls = 0;
    faults.armed = true;
}

long faults_disarm(void)
{
    faults.armed = false;
    return faults.calls;
}

/* Counts a call that the kinds (bits) concern; is it to fail? */
static bool fails(unsigned kinds)
{
    if (!faults.armed || !(kinds >> faults.kind & 1)) return false;
    long call = ++faults.calls;
    return faults.at && (faults.lasting ? call >= faults.at : call == faults.at);
}

enum {
    MEMORY = 1 << FAULT_MEMORY,
    JSON = 1 << FAULT_JSON,
    FULL = 1 << FAULT_FULL,
    IO = 1 << FAULT_IO,
    INTERRUPT = 1 << FAULT_INTERRUPT,
    SHORT = 1 << FAULT_SHORT
};

/* The reason of the armed kind into errno; for tail calls. */
static int refuse(void)
{
    errno = faults.kind == FAULT_FULL ? ENOSPC : faults.kind == FAULT_IO ? EIO : EINTR;
    return -1;
}

static void *json_memory(size_t size)
{
    bool none = faults.armed && faults.kind == FAULT_MEMORY && faults.lasting && faults.at &&
                faults.calls >= faults.at;
    if (!none && !fails(JSON)) return malloc(size);
    errno = ENOMEM; /* as malloc does */
    return NULL;
}

int __real_posix_memalign(void **p, size_t alignment, size_t size);
ssize_t __real_read(int fd, void *data, size_t size);
ssize_t __real_write(int fd, const void *data, size_t size);
int __real_fsync(int fd);
int __real_close(int fd);
int __real_openat(int dir, const char *path, int flags, ...);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_ftruncate(int fd, off_t size);
int __real_mkdirat(int dir, const char *path, mode_t mode);
DIR *__real_fdopendir(int fd);

int __wrap_posix_memalign(void **p, size_t alignment, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
int __wrap_fsync(int fd);
int __wrap_close(int fd);
int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_mkdirat(int dir, const char *path, mode_t mode);
DIR *__wrap_fdopendir(int fd);

int __wrap_posix_memalign(void **p, size_t alignment, size_t size)
{
    return fails(MEMORY) ? ENOMEM : __real_posix_memalign(p, alignment, size);
}

int __wrap_openat(int dir, const char *path, int flags, ...)
{
    va_list args;
    unsigned mode = 0;

    if (flags & O_CREAT) {
        va_start(args, flags);
        mode = va_arg(args, unsigned);
        va_end(args);
    }
    if (fails(flags & O_CREAT ? FULL | IO : IO)) return refuse();
    return __real_openat(dir, path, flags, mode);
}

ssize_t __wrap_read(int fd, void *data, size_t size)
{
    if (!fails(IO | INTERRUPT | SHORT)) return __real_read(fd, data, size);
    return faults.kind == FAULT_SHORT ? __real_read(fd, data, size > 0) : refuse();
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    if (!fails(FULL | IO | INTERRUPT | SHORT)) return __real_write(fd, data, size);
    /* a disk that fills up takes a part first */
    if (faults.kind == FAULT_FULL && size > 1) (void)!__real_write(fd, data, size / 2);
    return faults.kind == FAULT_SHORT ? __real_write(fd, data, size > 0) : refuse();
}

int __wrap_fsync(int fd)
{
    return fails(FULL | IO | INTERRUPT) ? refuse() : __real_fsync(fd);
}

/* Linux closes the file whatever it answers. */
int __wrap_close(int fd)
{
    bool failed = fails(FULL | IO | INTERRUPT);
    int result = __real_close(fd);
    return failed ? refuse() : result;
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return fails(FULL | IO) ? refuse() : __real_renameat(from_dir, from, to_dir, to);
}

int __wrap_ftruncate(int fd, off_t size)
{
    return fails(FULL | IO) ? refuse() : __real_ftruncate(fd, size);
}

int __wrap_mkdirat(int dir, const char *path, mode_t mode)
{
    return fails(FULL | IO) ? refuse() : __real_mkdirat(dir, path, mode);
}

DIR *__wrap_fdopendir(int fd)
{
    if (!fails(IO)) return __real_fdopendir(fd);
    refuse();
    return NULL;
}
