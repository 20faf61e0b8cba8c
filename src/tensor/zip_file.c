/* Zip archives read member by member through libarchive: see zip_file.h. */
#include "tensor/zip_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_error.h"
#include "base/mem.h"
#include "base/try.h"

enum { BLOCK = 1 << 16 };

static jem_status damaged(const zip_file *z)
{
    const char *why = archive_error_string(z->a);
    return jem_error(JEM_EDATA, "%s: %s: %s; copy it again, or save it again with %s", z->path, z->what,
                     why ? why : "it is cut", z->again);
}

void zip_file_close(zip_file *z)
{
    if (z->a) archive_read_free(z->a);
    if (z->fd >= 0) close(z->fd);
    *z = (zip_file)ZIP_FILE_INIT;
}

jem_status zip_file_open(zip_file *z, const char *path, const char *what, const char *again)
{
    jem_status st;

    *z = (zip_file){.fd = -1, .path = path, .what = what, .again = again};
    TRY(file_size(&z->size, path));
    if (!file_exists(path))
        return jem_error(JEM_EDATA, "%s: not a regular file; give the path of a file", path);
    z->fd = file_open(path, O_RDONLY, 0);
    if (z->fd < 0) return file_read_failed("open", path, errno);
    z->a = archive_read_new();
    if (!z->a) return jem_error(JEM_ENOMEM, "%s: no memory to read it", path);
    archive_read_support_format_zip_seekable(z->a);
    if (archive_read_open_fd(z->a, z->fd, BLOCK) != ARCHIVE_OK) return damaged(z);
done:
    return st;
}

jem_status zip_file_next(zip_member *m, bool *more, zip_file *z)
{
    struct archive_entry *e = NULL;
    const int r = archive_read_next_header(z->a, &e);

    *more = r != ARCHIVE_EOF;
    if (!*more) return JEM_OK;
    if (r != ARCHIVE_OK && r != ARCHIVE_WARN) return damaged(z);
    const char *name = archive_entry_pathname(e), *format = archive_format_name(z->a);
    m->name = name ? name : "";
    m->size = archive_entry_size_is_set(e) ? archive_entry_size(e) : -1;
    m->stored = format && strstr(format, "(uncompressed)"); /* "ZIP 2.0 (deflation)" */
    return JEM_OK;
}

jem_status zip_file_read(char **data, int64_t size, zip_file *z, const char *name)
{
    jem_status st;
    const size_t room = (size_t)size + 1; /* one byte too many shows */
    char *bytes = NULL;
    size_t used = 0;

    if (size < 0) return jem_error(JEM_EDATA, "%s: the archive does not say its size; save it again", name);
    TRY(MEM_NEW(bytes, room));
    for (la_ssize_t n = 1; n > 0; used += (size_t)n) {
        n = archive_read_data(z->a, bytes + used, room - used);
        if (n < 0) {
            st = damaged(z);
            goto done;
        }
    }
    if (used != (size_t)size) {
        st = jem_error(JEM_EDATA, "%s: another size than the archive says; save it again", name);
        goto done;
    }
    *data = bytes;
    bytes = NULL;
done:
    mem_free(bytes);
    return st;
}
