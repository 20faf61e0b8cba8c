/* Whole-file reads and atomic writes (file.h).
 *
 * A write goes to a locked temporary file, is synced, renamed, closed, and the folder is synced, in
 * this order: at any moment a crash leaves the old content or the new one, and a leftover that
 * nobody holds, which dir_ready removes. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir_lock.h"
#include "base/file_error.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"

enum { BUFFER_SIZE = 1 << 16 };

int file_open(const char *path, int flags, mode_t mode)
{
    const char *rest;
    const int dir = dir_at(&rest, path);

    return openat(dir, rest, flags | O_CLOEXEC, mode);
}

/* ---- reading */

/* Fills data[0..size); *got is less than `size` only at the end of the file. */
static jem_status read_up_to(size_t *got, char *data, size_t size, int fd, const char *path)
{
    size_t used = 0;

    while (used < size) {
        ssize_t n = read(fd, data + used, size - used);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return file_read_failed("read", path, errno);
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
        return file_read_failed("read", path, errno);
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

static jem_status read_path(char **data, size_t *size, const char *path, size_t max_size,
                            size_t most)
{
    int fd = file_open(path, O_RDONLY | O_NONBLOCK, 0);
    jem_status st;

    if (fd < 0) return file_read_failed("open", path, errno);
    st = read_open(data, size, fd, path, max_size, most);
    close(fd);
    if (st == JEM_OK) log_detail("read %s: %zu bytes", path, *size);
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

jem_status file_read_at(char *data, size_t size, int64_t place, int fd, const char *path)
{
    for (size_t used = 0; used < size;) {
        const ssize_t n = pread(fd, data + used, size - used, (off_t)(place + (int64_t)used));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return file_read_failed("read", path, errno);
        if (n == 0)
            return jem_error(JEM_EDATA, "%s: ends at byte %lld: it became shorter while it was read; try again", path,
                             (long long)place + (long long)used);
        used += (size_t)n;
    }
    return JEM_OK;
}

const char *file_stream_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

jem_status file_read_stream(char **data, size_t *size, const char *path, size_t max_size)
{
    jem_status st;
    const bool standard = strcmp(path, "-") == 0;
    const char *name = file_stream_name(path);
    char *p = NULL;
    size_t got = 0;
    int fd = STDIN_FILENO;

    if (!standard && (file_exists(path) || dir_exists(path)))
        return file_read(data, size, path, max_size);
    if (!standard) fd = file_open(path, O_RDONLY, 0);
    if (fd < 0) return file_read_failed("open", path, errno);
    TRY(MEM_NEW(p, max_size + 2));
    TRY(read_up_to(&got, p, max_size + 1, fd, name));
    if (got > max_size) {
        st = jem_error(JEM_EDATA, "%s: more than the %zu bytes that such a file may have", name, max_size);
        goto done;
    }
    p[got] = '\0';
    *data = p;
    *size = got;
    p = NULL;
done:
    mem_free(p);
    if (!standard) close(fd);
    return st;
}

/* ---- writing */

jem_status file_open_folder(int *dir, const char **name, const char *path)
{
    jem_status st;
    const char *slash = strrchr(path, '/');
    char *folder = NULL;

    TRY(str_format(&folder, "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : "."));
    *dir = file_open(folder, O_RDONLY | O_DIRECTORY, 0);
    *name = slash ? slash + 1 : path;
    if (*dir < 0) st = file_write_failed("create", path, errno);
done:
    mem_free(folder);
    return st;
}

/* The end of a long computation is too late to find out that its file cannot have this name. */
static jem_status check_target(int dir, const char *name, const char *path)
{
    struct stat sb = {.st_mode = S_IFDIR}; /* for a path that ends with a slash */

    if (name[0] && fstatat(dir, name, &sb, 0) != 0)
        return errno == ENAMETOOLONG ? file_write_failed("create", path, errno) : JEM_OK;
    if (S_ISREG(sb.st_mode)) return JEM_OK;
    return jem_error(JEM_EIO, "%s: is %s, not a file that could be replaced; choose another name",
                     path, S_ISDIR(sb.st_mode) ? "a folder" : "a device or a pipe");
}

/* Sends the buffer to the file. */
static jem_status flush(file_writer *w)
{
    size_t done = 0;

    while (done < w->used) {
        ssize_t n = write(w->fd, w->buf + done, w->used - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return file_write_failed("write", w->path, n < 0 ? errno : EIO);
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
    TRY(mem_alloc(&w->buf, BUFFER_SIZE, 1));
    TRY(file_open_folder(&w->dir, &w->name, w->path));
    TRY(check_target(w->dir, w->name, path));
    w->fd = temporary_create(w->tmp, w->dir);
    if (w->fd < 0) {
        st = file_write_failed("create", path, errno);
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

/* A rename survives a power cut only once the folder is on disk. */
static jem_status sync_folder(int dir, const char *path)
{
    /* some file systems refuse to sync a folder: not an error */
    if (sync_all(dir) == 0 || errno == EINVAL) return JEM_OK;
    return file_write_failed("sync", path, errno);
}

jem_status file_writer_commit(file_writer *w)
{
    jem_status st;

    TRY(flush(w));
    if (sync_all(w->fd) != 0) {
        st = file_write_failed("write", w->path, errno);
        goto done;
    }
    /* renamed before it is closed: so long nobody takes it for abandoned */
    if (renameat(w->dir, w->tmp, w->dir, w->name) != 0) {
        st = file_write_failed("replace", w->path, errno);
        goto done;
    }
    w->open = false;
    int fd = w->fd;
    w->fd = -1;
    if (close(fd) != 0 && errno != EINTR) {
        st = file_write_failed("write", w->path, errno);
        goto done;
    }
    TRY(sync_folder(w->dir, w->path));
    log_detail("wrote %s", w->path);
done:
    file_writer_abort(w);
    return st;
}

void file_writer_abort(file_writer *w)
{
    if (w->open) unlinkat(w->dir, w->tmp, 0);
    if (w->fd >= 0) close(w->fd);
    if (w->dir >= 0) close(w->dir);
    mem_free(w->path);
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

jem_status dir_check_writable(const char *path)
{
    char *name = NULL;
    file_writer w = FILE_WRITER_INIT;
    jem_status st;

    TRY(str_format(&name, "%s/file", path));
    TRY(file_writer_open(&w, name));
done:
    file_writer_abort(&w);
    mem_free(name);
    return st;
}

/* ---- copies, removal */

jem_status file_copy(const char *from, const char *path)
{
    jem_status st;
    file_writer w = FILE_WRITER_INIT;
    char *part = NULL;
    size_t got = BUFFER_SIZE;
    int fd = file_open(from, O_RDONLY | O_NONBLOCK, 0);

    if (fd < 0) return file_read_failed("open", from, errno);
    TRY(mem_alloc(&part, BUFFER_SIZE, 1));
    TRY(file_writer_open(&w, path));
    while (got == BUFFER_SIZE) {
        TRY(read_up_to(&got, part, BUFFER_SIZE, fd, from));
        TRY(file_writer_put(&w, part, got));
    }
    TRY(file_writer_commit(&w));
done:
    file_writer_abort(&w);
    mem_free(part);
    close(fd);
    return st;
}

jem_status file_rename_at(int from_dir, const char *from, int dir, const char *name,
                          const char *path)
{
    if (renameat(from_dir, from, dir, name) != 0)
        return file_write_failed("give the name", path, errno);
    return sync_folder(dir, path);
}

jem_status file_rename(const char *from, const char *path)
{
    jem_status st;
    const char *name, *old;
    int dir = -1;
    const int from_dir = dir_at(&old, from);

    TRY(file_open_folder(&dir, &name, path));
    TRY(file_rename_at(from_dir, old, dir, name, path));
done:
    if (dir >= 0) close(dir);
    return st;
}

jem_status file_remove(const char *path)
{
    const char *rest;
    const int dir = dir_at(&rest, path);

    if (unlinkat(dir, rest, 0) == 0 || errno == ENOENT) return JEM_OK;
    return file_write_failed("remove", path, errno);
}

/* ---- looking */

jem_status file_size(int64_t *size, const char *path)
{
    struct stat sb;
    const char *rest;
    const int dir = dir_at(&rest, path);

    if (fstatat(dir, rest, &sb, 0) != 0) return file_read_failed("open", path, errno);
    *size = (int64_t)sb.st_size;
    return JEM_OK;
}

bool file_exists(const char *path)
{
    struct stat sb;
    const char *rest;
    const int dir = dir_at(&rest, path);

    return fstatat(dir, rest, &sb, 0) == 0 && S_ISREG(sb.st_mode);
}

bool str_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

jem_status path_trim(char **out, const char *path)
{
    const jem_status st = mem_strdup(out, path);
    for (size_t n = st ? 0 : strlen(*out); n > 1 && (*out)[n - 1] == '/'; n--) (*out)[n - 1] = '\0';
    return st;
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
