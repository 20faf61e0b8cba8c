/* Arrays in zip archives (zip_file.h): see npz.h. */
#include "tensor/npz.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "tensor/npy.h"
#include "tensor/zip_file.h"

/* What an archive unpacks to, all its arrays together: deflate makes 1/1030 of zeros and some 1/20 of
 * pictures; the labels of a million images are below UNPACKED_ANYWAY. */
enum { KEYS_MOST = 1000, RATIO_MOST = 250, UNPACKED_ANYWAY = 12 << 20 };

bool npz_is(const char *path)
{
    const size_t n = strlen(path);
    return n >= 4 && strcasecmp(path + n - 4, ".npz") == 0;
}

static jem_status open_file(zip_file *z, const char *path)
{
    return zip_file_open(z, path, "no whole .npz file (zip)", "numpy.savez");
}

/* *key <- the next array's name in the archive, without .npy (owned), or NULL behind the last. */
static jem_status next_array(char **key, zip_member *m, zip_file *z)
{
    jem_status st;
    bool more;

    *key = NULL;
    for (;;) {
        TRY(zip_file_next(m, &more, z));
        const size_t n = more ? strlen(m->name) : 0;
        if (!more) return JEM_OK;
        if (n > 4 && strcmp(m->name + n - 4, ".npy") == 0)
            return str_format(key, "%.*s", (int)(n - 4), m->name);
    }
done:
    return st;
}

/* ---- keys */

bool npz_has(char *const *keys, int count, const char *key)
{
    for (int i = 0; i < count; i++)
        if (strcmp(keys[i], key) == 0) return true;
    return false;
}

static jem_status check_key(const zip_file *z, char *const *keys, int count)
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
    zip_file z = ZIP_FILE_INIT;
    zip_member m = {0};
    char **list = NULL, *key = NULL;
    int64_t n = 0, room = 0, unpacked = 0;

    TRY(open_file(&z, path));
    for (;;) {
        TRY(next_array(&key, &m, &z));
        if (!key) break;
        TRY(MEM_GROW(list, n, room));
        list[n++] = key;
        key = NULL;
        TRY(check_key(&z, list, (int)n));
        const int64_t size = m.size, most = UNPACKED_ANYWAY + RATIO_MOST * z.size;
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
    zip_file_close(&z);
    return st;
}

/* ---- arrays */

static jem_status read_key(jem_tensor *out, const char *path, const char *wanted)
{
    jem_status st;
    zip_file z = ZIP_FILE_INIT;
    zip_member m = {0};
    char *key = NULL, *data = NULL, *name = NULL;

    TRY(open_file(&z, path));
    do {
        mem_free(key);
        TRY(next_array(&key, &m, &z));
    } while (key && strcmp(key, wanted) != 0);
    if (!key) {
        st = jem_error(JEM_EDATA, "%s: changed while it was read", path);
        goto done;
    }
    TRY(str_format(&name, "%s (%s)", path, key));
    TRY(zip_file_read(&data, m.size, &z, name));
    TRY(npy_take(out, data, (size_t)m.size, name));
done:
    mem_free(key);
    mem_free(name);
    zip_file_close(&z);
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
