/* Locked folders (dir_lock.h): one list for the process, in which dir_at looks paths up.
 *
 * Two locks lie on each: flock, which a second process is refused, and beside it a record lock of
 * the open file, only so that others can ask for it without taking anything. */
#include "base/dir_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_error.h"
#include "base/mem.h"
#include "base/try.h"

struct dir_held {
    int fd;
    char *path; /* without slashes at its end */
    size_t length;
    dir_held *next;
};

/* What a path means depends on who is at work, not on who asks: as open files, these are the
 * process's.  A few at most. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static dir_held *all;

static bool is_below(const char *path, const dir_held *h)
{
    return strncmp(path, h->path, h->length) == 0 &&
           (path[h->length] == '/' || path[h->length] == '\0');
}

int dir_at(const char **rest, const char *path)
{
    const dir_held *found = NULL;

    pthread_mutex_lock(&lock);
    for (const dir_held *h = all; h; h = h->next)
        if (is_below(path, h) && (!found || h->length > found->length)) found = h;
    pthread_mutex_unlock(&lock);
    *rest = path;
    if (!found) return AT_FDCWD;
    *rest += found->length;
    *rest += strspn(*rest, "/");
    if (!**rest) *rest = ".";
    return found->fd;
}

/* Is the folder `fd` what `path` names from `dir`? */
static bool is_named(int fd, int dir, const char *path)
{
    struct stat held, named;

    return fstat(fd, &held) == 0 && fstatat(dir, path, &named, 0) == 0 &&
           held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

static void discard(dir_held *h)
{
    if (!h) return;
    if (h->fd >= 0) close(h->fd);
    mem_free(h->path);
    mem_free(h);
}

jem_status dir_lock(dir_held **out, bool *busy, const char *path)
{
    jem_status st;
    dir_held *h = NULL;
    const char *rest;
    const int dir = dir_at(&rest, path);

    *out = NULL;
    *busy = false;
    TRY(MEM_NEW(h, 1));
    h->fd = -1;
    TRY(mem_strdup(&h->path, path));
    for (h->length = strlen(path); h->length > 1 && h->path[h->length - 1] == '/';)
        h->path[--h->length] = '\0';
    h->fd = openat(dir, rest, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (h->fd < 0) {
        st = file_write_failed("open", path, errno);
        goto done;
    }
    *busy = flock(h->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (*busy) goto done;
    /* Whoever held it may have moved or removed it since `path` was looked up. */
    if (!is_named(h->fd, dir, rest)) {
        st = jem_error(JEM_EIO, "%s: another process moved or removed the folder just now; run "
                       "the same command again", path);
        goto done;
    }
    /* Whether flock would succeed only taking it tells; of this one others can ask (dir_is_held). */
    fcntl(h->fd, F_OFD_SETLK, &(struct flock){.l_type = F_RDLCK});
    pthread_mutex_lock(&lock);
    h->next = all;
    all = h;
    pthread_mutex_unlock(&lock);
    *out = h;
    h = NULL;
done:
    discard(h);
    return st;
}

bool dir_is_held(const char *path)
{
    struct flock other = {.l_type = F_WRLCK};
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool held = fcntl(fd, F_OFD_GETLK, &other) == 0 && other.l_type != F_UNLCK;
    close(fd);
    return held;
}

void dir_unlock(dir_held *h)
{
    if (!h) return;
    pthread_mutex_lock(&lock);
    for (dir_held **at = &all; *at; at = &(*at)->next)
        if (*at == h) {
            *at = h->next;
            break;
        }
    pthread_mutex_unlock(&lock);
    discard(h);
}

jem_status dir_where(char **now, bool *moved, const dir_held *h)
{
    char link[64], place[PATH_MAX];

    *moved = !is_named(h->fd, AT_FDCWD, h->path);
    if (!*moved) return mem_strdup(now, h->path);
    snprintf(link, sizeof link, "/proc/self/fd/%d", h->fd);
    ssize_t n = readlink(link, place, sizeof place - 1);
    if (n > 0) {
        place[n] = '\0';
        if (is_named(h->fd, AT_FDCWD, place)) return mem_strdup(now, place);
    }
    return jem_error(JEM_EIO, "%s: the folder was removed, or moved to where it cannot be found, while it "
                              "was worked on", h->path);
}

void dir_remove_empty(const dir_held *h)
{
    if (is_named(h->fd, AT_FDCWD, h->path)) rmdir(h->path);
}
