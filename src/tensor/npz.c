/* Zip archives through libarchive, whose reader of zip files is the only one enabled. */
#include "tensor/npz.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_error.h"
#include "base/mem.h"
#include "base/try.h"
#include "tensor/npy.h"

/* What an archive unpacks to, all its arrays together: deflate makes 1/1030 of zeros and some 1/20 of
 * pictures; the labels of a million images are below UNPACKED_ANYWAY. */
enum { BLOCK = 1 << 16, KEYS_MOST = 1000, RATIO_MOST = 250, UNPACKED_ANYWAY = 12 << 20 };

typedef struct npz_file {
    struct archive *a;
    int fd;
    int64_t size; /* bytes */
    const char *path;
} npz_file;

bool npz_is(const char *path)
{
    const size_t n = strlen(path);
    return n >= 4 && strcasecmp(path + n - 4, ".npz") == 0;
}

/* ---- entries */

static jem_status damaged(const npz_file *z)
{
    const char *why = archive_error_string(z->a);
    return jem_error(JEM_EDATA, "%s: no whole .npz file (zip): %s; copy it again, or save it again with "
                                "numpy.savez", z->path, why ? why : "it is cut");
}

static void close_file(npz_file *z)
{
    if (z->a) archive_read_free(z->a);
    if (z->fd >= 0) close(z->fd);
}

static jem_status open_file(npz_file *z, const char *path)
{
    jem_status st;

    *z = (npz_file){.fd = -1, .path = path};
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

/* *key <- the next array's name in the archive, without .npy (owned), or NULL behind the last. */
static jem_status next_array(char **key, struct archive_entry **e, npz_file *z)
{
    *key = NULL;
    for (;;) {
        const int r = archive_read_next_header(z->a, e);
        if (r == ARCHIVE_EOF) return JEM_OK;
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN) return damaged(z);
        const char *name = archive_entry_pathname(*e);
        const size_t n = name ? strlen(name) : 0;
        if (n <= 4 || strcmp(name + n - 4, ".npy") != 0) continue;
        return str_format(key, "%.*s", (int)(n - 4), name);
    }
}

/* ---- keys */

bool npz_has(char *const *keys, int count, const char *key)
{
    for (int i = 0; i < count; i++)
        if (strcmp(keys[i], key) == 0) return true;
    return false;
}

static jem_status check_key(const npz_file *z, char *const *keys, int count)
{
    const char *last = keys[count - 1];
    if (count > KEYS_MOST)
        return jem_error(JEM_EDATA, "%s: more than %d arrays", z->path, KEYS_MOST);
    if (npz_has(keys, count - 1, last))
        return jem_error(JEM_EDATA, "%s: holds '%.200s' twice; save it again with numpy.savez", z->path,
                         last);
    return JEM_OK;
}

jem_status npz_keys(char ***keys, int *count, const char *path)
{
    jem_status st;
    npz_file z;
    struct archive_entry *e = NULL;
    char **list = NULL, *key = NULL;
    int64_t n = 0, room = 0, unpacked = 0;

    TRY(open_file(&z, path));
    for (;;) {
        TRY(next_array(&key, &e, &z));
        if (!key) break;
        TRY(MEM_GROW(list, n, room));
        list[n++] = key;
        key = NULL;
        TRY(check_key(&z, list, (int)n));
        const int64_t size = archive_entry_size(e), most = UNPACKED_ANYWAY + RATIO_MOST * z.size;
        if (size < 0 || size > most - unpacked) {
            st = jem_error(JEM_EDATA, "%s: would unpack to more than %d times its size, which no data "
                                      "do; save the arrays with numpy.savez", path, RATIO_MOST);
            goto done;
        }
        unpacked += size;
    }
    if (n == 0) {
        st = jem_error(JEM_EDATA, "%s: holds no array (KEY.npy); save them with numpy.savez", path);
        goto done;
    }
    *keys = list;
    *count = (int)n;
    list = NULL;
done:
    mem_free(key);
    if (list) strings_free(list, (int)n);
    close_file(&z);
    return st;
}

/* ---- arrays */

/* All bytes of the entry; libarchive compares its checksum once it has given the last one. */
static jem_status read_entry(char **data, size_t *size, struct archive_entry *e, const npz_file *z,
                             const char *name)
{
    jem_status st;
    const size_t wanted = (size_t)archive_entry_size(e), room = wanted + 1; /* one byte too many shows */
    char *bytes = NULL;
    size_t used = 0;

    TRY(MEM_NEW(bytes, room));
    for (la_ssize_t n = 1; n > 0; used += (size_t)n) {
        n = archive_read_data(z->a, bytes + used, room - used);
        if (n < 0) {
            st = damaged(z);
            goto done;
        }
    }
    if (used != wanted) {
        st = jem_error(JEM_EDATA, "%s: another size than the archive says; save it again", name);
        goto done;
    }
    *data = bytes;
    *size = wanted;
    bytes = NULL;
done:
    mem_free(bytes);
    return st;
}

static jem_status read_key(jem_tensor *out, const char *path, const char *wanted)
{
    jem_status st;
    npz_file z;
    struct archive_entry *e = NULL;
    char *key = NULL, *data = NULL, *name = NULL;
    size_t size = 0;

    TRY(open_file(&z, path));
    do {
        mem_free(key);
        TRY(next_array(&key, &e, &z));
    } while (key && strcmp(key, wanted) != 0);
    if (!key) {
        st = jem_error(JEM_EDATA, "%s: changed while it was read", path);
        goto done;
    }
    TRY(str_format(&name, "%s (%s)", path, key));
    TRY(read_entry(&data, &size, e, &z, name));
    TRY(npy_take(out, data, size, name));
done:
    mem_free(key);
    mem_free(name);
    close_file(&z);
    return st;
}

static jem_status no_such_key(const char *path, const char *key, char *const *keys, int count)
{
    char list[400] = "";
    for (int i = 0; i < count; i++) {
        const size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", keys[i]);
    }
    return jem_error(JEM_EDATA, "%s: no array called '%s'; it holds: %s (numpy.savez(FILE, %s=...) names "
                                "one)", path, key, list, key);
}

static jem_status read_of(jem_tensor *out, const char *path, const char *key, bool or_only)
{
    jem_status st;
    char **keys = NULL;
    int count = 0;

    TRY(npz_keys(&keys, &count, path));
    if (npz_has(keys, count, key))
        TRY(read_key(out, path, key));
    else if (or_only && count == 1)
        TRY(read_key(out, path, keys[0]));
    else
        st = no_such_key(path, key, keys, count);
done:
    strings_free(keys, count);
    return st;
}

jem_status npz_read(jem_tensor *out, const char *path, const char *key)
{
    return read_of(out, path, key, false);
}

jem_status npz_read_single(jem_tensor *out, const char *path, const char *key)
{
    return read_of(out, path, key, true);
}
