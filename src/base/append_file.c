/* Files that grow record by record (append_file.h): `size` counts whole records, and what a write
 * that failed has left behind them is cut off. */
#include "base/append_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_error.h"
#include "base/mem.h"
#include "base/try.h"

static jem_status no_file(const char *path)
{
    return jem_error(JEM_EIO, "%s: is a link or a device and is not written to; give the path of a file",
                     path);
}

static jem_status open_with(append_file *f, const char *path, int flags, int *err)
{
    append_file b = APPEND_FILE_INIT;
    struct stat sb;
    jem_status st;

    TRY(mem_strdup(&b.path, path));
    b.fd = file_open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | flags, 0666);
    if (b.fd < 0 || fstat(b.fd, &sb) != 0) {
        *err = errno;
        st = *err == ELOOP ? no_file(path)
                           : file_write_failed(flags & O_CREAT ? "create" : "open", path, *err);
        goto done;
    }
    if (!S_ISREG(sb.st_mode)) {
        st = no_file(path);
        goto done;
    }
    b.size = sb.st_size;
    *f = b;
    return JEM_OK;
done:
    append_file_close(&b);
    return st;
}

jem_status append_file_new(append_file *f, bool *taken, const char *path)
{
    int err = 0;
    jem_status st = open_with(f, path, O_CREAT | O_EXCL, &err);
    *taken = err == EEXIST;
    return st;
}

jem_status append_file_open(append_file *f, const char *path)
{
    int err;
    return open_with(f, path, 0, &err);
}

void append_file_close(append_file *f)
{
    if (f->fd >= 0) close(f->fd);
    mem_free(f->path);
    *f = (append_file)APPEND_FILE_INIT;
}

jem_status append_file_put(append_file *f, const void *record, size_t size)
{
    const char *from = record;

    for (size_t done = 0; done < size;) {
        ssize_t n = write(f->fd, from + done, size - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            int err = n < 0 ? errno : EIO;
            /* If even this fails, readers meet a record that was cut short. */
            if (done > 0 && ftruncate(f->fd, f->size) != 0) err = errno;
            return file_write_failed("write", f->path, err);
        }
        done += (size_t)n;
    }
    f->size += (int64_t)size;
    return JEM_OK;
}

jem_status append_file_cut(append_file *f, int64_t size)
{
    if (ftruncate(f->fd, size) != 0) return file_write_failed("shorten", f->path, errno);
    f->size = size;
    return JEM_OK;
}

jem_status append_file_sync(append_file *f)
{
    while (fsync(f->fd) != 0)
        if (errno != EINTR) return file_write_failed("write", f->path, errno);
    return JEM_OK;
}
