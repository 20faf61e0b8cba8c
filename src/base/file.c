/* Whole-file reads, atomic writes, directories. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/try.h"

enum { BUFFER_SIZE = 1 << 16 };

/* ---- reading */

/* Fills data[0..size); *got is less than `size` only at the end of the file. */
static jem_status read_up_to(size_t *got, char *data, size_t size, int fd, const char *path)
{
    size_t used = 0;

    while (used < size) {
        ssize_t n = read(fd, data + used, size - used);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return jem_error(JEM_EIO, "%s: cannot read: %s", path, strerror(errno));
        if (n == 0) break;
        used += (size_t)n;
    }
    *got = used;
    return JEM_OK;
}

static jem_status read_open(char **data, size_t *size, int fd, const char *path, size_t max_size,
                            size_t most)
{
    jem_status st;
    struct stat sb;
    char *p = NULL;
    size_t got = 0, wanted;

    if (fstat(fd, &sb) != 0)
        return jem_error(JEM_EIO, "%s: cannot read: %s", path, strerror(errno));
    if (!S_ISREG(sb.st_mode))
        return jem_error(JEM_EDATA, "%s: not a regular file; give the path of a file", path);
    if (max_size && (uint64_t)sb.st_size > max_size)
        return jem_error(JEM_EDATA, "%s: %lld bytes, more than the %zu that such a file may have",
                         path, (long long)sb.st_size, max_size);
    wanted = (size_t)sb.st_size < most ? (size_t)sb.st_size : most;
    TRY(MEM_NEW(p, wanted + 1));
    TRY(read_up_to(&got, p, wanted, fd, path));
    p[got] = '\0';
    *data = p;
    *size = got;
    p = NULL;
done:
    mem_free(p);
    return st;
}

/* What errno says: there is no such thing, which is the path's fault and not the system's. */
static bool is_absent(void)
{
    return errno == ENOENT || errno == ENOTDIR;
}

static jem_status cannot_open(const char *path)
{
    bool absent = is_absent();

    return jem_error(absent ? JEM_EDATA : JEM_EIO, "%s: cannot open: %s; %s", path,
                     strerror(errno),
                     absent ? "check the path" : "check the permissions of the file");
}

static jem_status read_path(char **data, size_t *size, const char *path, size_t max_size,
                            size_t most)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    jem_status st;

    if (fd < 0) return cannot_open(path);
    st = read_open(data, size, fd, path, max_size, most);
    close(fd);
    return st;
}

jem_status file_read(char **data, size_t *size, const char *path, size_t max_size)
{
    return read_path(data, size, path, max_size, SIZE_MAX);
}

jem_status file_read_start(char **data, size_t *size, const char *path, size_t most)
{
    return read_path(data, size, path, 0, most);
}

/* ---- writing */

static jem_status write_failed(const char *what, const char *path, int err)
{
    const char *remedy = "check the folder's permissions and run the same command again";

    if (err == EFBIG)
        remedy = "raise the limit of file sizes (ulimit -f) and run the same command again";
    else if (err == ENOSPC || err == EDQUOT)
        remedy = "free space and run the same command again";
    else if (err == ENOENT || err == ENOTDIR)
        remedy = "make the folder first";
    return jem_error(JEM_EIO, "%s: cannot %s: %s; %s", path, what, strerror(err), remedy);
}

static const char temporary_mark[] = ".tmp-"; /* and the process */

static jem_status temporary_name(char **out, const char *path)
{
    return str_format(out, "%s%s%ld", path, temporary_mark, (long)getpid());
}

/* Sends the buffer to the file. */
static jem_status flush(file_writer *w)
{
    size_t done = 0;

    while (done < w->used) {
        ssize_t n = write(w->fd, w->buf + done, w->used - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return write_failed("write", w->path, n < 0 ? errno : EIO);
        done += (size_t)n;
    }
    w->used = 0;
    return JEM_OK;
}

jem_status file_writer_open(file_writer *w, const char *path)
{
    jem_status st;

    *w = (file_writer)FILE_WRITER_INIT;
    TRY(mem_strdup(&w->path, path));
    TRY(temporary_name(&w->tmp, path));
    TRY(mem_alloc(&w->buf, BUFFER_SIZE, 1));
    w->fd = open(w->tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (w->fd < 0) {
        st = write_failed("create", path, errno);
        goto done;
    }
    w->open = true;
done:
    if (st != JEM_OK) file_writer_abort(w);
    return st;
}

jem_status file_writer_put(file_writer *w, const void *data, size_t size)
{
    const char *from = data;

    while (size > 0) {
        size_t n = BUFFER_SIZE - w->used;
        if (n > size) n = size;
        memcpy(w->buf + w->used, from, n);
        w->used += n;
        from += n;
        size -= n;
        if (w->used == BUFFER_SIZE) {
            jem_status st = flush(w);
            if (st != JEM_OK) return st;
        }
    }
    return JEM_OK;
}

static jem_status format_args(char **out, const char *fmt, va_list args) JEM_PRINTF(2, 0);

static jem_status format_args(char **out, const char *fmt, va_list args)
{
    jem_status st;
    va_list again;
    char *p = NULL;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0) return jem_error(JEM_EINTERNAL, "cannot format '%s'", fmt);
    st = mem_alloc(&p, (size_t)n + 1, 1);
    if (st != JEM_OK) return st;
    vsnprintf(p, (size_t)n + 1, fmt, args);
    *out = p;
    return JEM_OK;
}

jem_status file_writer_printf(file_writer *w, const char *fmt, ...)
{
    jem_status st;
    char *text = NULL;
    va_list args;

    va_start(args, fmt);
    st = format_args(&text, fmt, args);
    va_end(args);
    if (st == JEM_OK) st = file_writer_put(w, text, strlen(text));
    mem_free(text);
    return st;
}

static int sync_all(int fd)
{
    int err;

    while ((err = fsync(fd)) != 0 && errno == EINTR) {}
    return err;
}

/* A rename survives a power cut only once the directory is on disk. */
static jem_status sync_directory_of(const char *path)
{
    jem_status st;
    const char *slash = strrchr(path, '/');
    char *dir = NULL;
    int fd;

    TRY(str_format(&dir, "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : "."));
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* some file systems refuse to sync a directory: not an error */
    if (fd < 0 || (sync_all(fd) != 0 && errno != EINVAL)) st = write_failed("sync", path, errno);
    if (fd >= 0) close(fd);
done:
    mem_free(dir);
    return st;
}

jem_status file_writer_commit(file_writer *w)
{
    jem_status st;
    int fd = w->fd;

    TRY(flush(w));
    if (sync_all(fd) != 0) {
        st = write_failed("write", w->path, errno);
        goto done;
    }
    w->fd = -1;
    if ((close(fd) != 0 && errno != EINTR) || rename(w->tmp, w->path) != 0) {
        st = write_failed("replace", w->path, errno);
        goto done;
    }
    w->open = false;
    TRY(sync_directory_of(w->path));
done:
    file_writer_abort(w);
    return st;
}

void file_writer_abort(file_writer *w)
{
    if (w->fd >= 0) close(w->fd);
    if (w->open) unlink(w->tmp);
    mem_free(w->path);
    mem_free(w->tmp);
    mem_free(w->buf);
    *w = (file_writer)FILE_WRITER_INIT;
}

jem_status file_write(const char *path, const void *data, size_t size)
{
    jem_status st;
    file_writer w = FILE_WRITER_INIT;

    TRY(file_writer_open(&w, path));
    TRY(file_writer_put(&w, data, size));
    TRY(file_writer_commit(&w));
done:
    file_writer_abort(&w);
    return st;
}

/* ---- links, removal */

static jem_status file_copy(const char *from, const char *path)
{
    char *data = NULL;
    size_t size = 0;
    jem_status st = file_read(&data, &size, from, 0);

    if (st == JEM_OK) st = file_write(path, data, size);
    mem_free(data);
    return st;
}

jem_status file_link(const char *from, const char *path)
{
    jem_status st;
    char *tmp = NULL;

    TRY(temporary_name(&tmp, path));
    unlink(tmp);
    if (link(from, tmp) != 0) {
        if (errno == ENOENT)
            st = cannot_open(from);
        else
            st = file_copy(from, path); /* also says what is wrong if nothing can be written */
        goto done;
    }
    if (rename(tmp, path) != 0) {
        st = write_failed("replace", path, errno);
        unlink(tmp);
        goto done;
    }
    unlink(tmp); /* rename leaves it if both were the same file already */
    TRY(sync_directory_of(path));
done:
    mem_free(tmp);
    return st;
}

jem_status file_rename(const char *from, const char *path)
{
    if (rename(from, path) != 0) return write_failed("give the name", path, errno);
    return sync_directory_of(path);
}

jem_status file_remove(const char *path)
{
    if (unlink(path) == 0 || errno == ENOENT) return JEM_OK;
    return write_failed("remove", path, errno);
}

static bool is_leftover(const char *name)
{
    const char *mark = strstr(name, temporary_mark);
    char *end;
    long pid;

    if (!mark) return false;
    mark += sizeof temporary_mark - 1;
    errno = 0;
    pid = strtol(mark, &end, 10);
    if (end == mark || *end || errno || pid <= 0) return false;
    return pid == (long)getpid() || (kill((pid_t)pid, 0) != 0 && errno == ESRCH);
}

jem_status file_remove_leftovers(const char *folder)
{
    jem_status st;
    char **names = NULL, *path = NULL;
    int count = 0;

    TRY(dir_list(&names, &count, folder));
    for (int i = 0; i < count; i++) {
        if (!is_leftover(names[i])) continue;
        mem_free(path);
        path = NULL;
        TRY(str_format(&path, "%s/%s", folder, names[i]));
        TRY(file_remove(path));
    }
done:
    mem_free(path);
    if (names) strings_free(names, count);
    return st;
}

/* ---- directories */

jem_status file_size(int64_t *size, const char *path)
{
    struct stat sb;

    if (stat(path, &sb) != 0) return cannot_open(path);
    *size = (int64_t)sb.st_size;
    return JEM_OK;
}

bool file_exists(const char *path)
{
    struct stat sb;

    return stat(path, &sb) == 0 && S_ISREG(sb.st_mode);
}

bool dir_exists(const char *path)
{
    struct stat sb;

    return stat(path, &sb) == 0 && S_ISDIR(sb.st_mode);
}

jem_status dir_lock(int *fd, bool *busy, const char *path)
{
    struct stat held, named;
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) return jem_error(JEM_EIO, "%s: cannot open: %s", path, strerror(errno));
    *busy = flock(dir, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    /* Whoever held it may have moved or removed it since `path` was looked up. */
    bool gone = !*busy && (fstat(dir, &held) != 0 || stat(path, &named) != 0 ||
                           held.st_ino != named.st_ino || held.st_dev != named.st_dev);
    if (*busy || gone) close(dir);
    *fd = *busy || gone ? -1 : dir;
    if (gone)
        return jem_error(JEM_EIO, "%s: another process moved or removed the folder just now; run "
                         "the same command again", path);
    return JEM_OK;
}

static jem_status make_one(const char *path)
{
    int err;

    if (mkdir(path, 0777) == 0) return JEM_OK;
    err = errno;
    if (dir_exists(path)) return JEM_OK;
    if (err == EEXIST || err == ENOTDIR)
        return jem_error(JEM_EIO, "%s: cannot make the folder: a file is in the way; choose "
                                  "another path or move the file", path);
    return write_failed("make the folder", path, err);
}

jem_status dir_make(const char *path)
{
    jem_status st;
    char *part = NULL;

    TRY(mem_strdup(&part, path));
    for (char *p = part; *p; p++) {
        if (*p != '/' || p == part) continue;
        *p = '\0';
        TRY(make_one(part));
        *p = '/';
    }
    TRY(make_one(part));
done:
    mem_free(part);
    return st;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Appends a copy of `name`, doubling the array's room when it is full. */
static jem_status append_name(char ***names, int *count, int64_t *room, const char *name)
{
    jem_status st;

    TRY(MEM_GROW(*names, *count, *room));
    TRY(mem_strdup(&(*names)[*count], name));
    ++*count;
done:
    return st;
}

jem_status dir_list(char ***names, int *count, const char *path)
{
    jem_status st = JEM_OK;
    DIR *dir = opendir(path);
    char **list = NULL;
    int n = 0;
    int64_t room = 0;

    if (!dir)
        return jem_error(is_absent() ? JEM_EDATA : JEM_EIO, "%s: cannot list the folder: %s", path,
                         strerror(errno));
    for (;;) {
        struct dirent *entry;
        errno = 0;
        entry = readdir(dir);
        if (!entry) break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        TRY(append_name(&list, &n, &room, entry->d_name));
    }
    if (errno != 0) {
        st = jem_error(JEM_EIO, "%s: cannot list the folder: %s", path, strerror(errno));
        goto done;
    }
    if (n) qsort(list, (size_t)n, sizeof *list, compare_names);
    *names = list;
    *count = n;
    list = NULL;
done:
    if (list) strings_free(list, n);
    closedir(dir);
    return st;
}

void strings_free(char **names, int count)
{
    for (int i = 0; i < count; i++) mem_free(names[i]);
    mem_free(names);
}

jem_status str_format(char **out, const char *fmt, ...)
{
    jem_status st;
    va_list args;

    va_start(args, fmt);
    st = format_args(out, fmt, args);
    va_end(args);
    return st;
}
