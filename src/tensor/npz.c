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

/* The name of the array that a member is, without .npy (owned), or NULL. */
static jem_status array_key(char **key, const zip_member *m)
{
    const size_t n = strlen(m->name);

    *key = NULL;
    if (n <= 4 || strcmp(m->name + n - 4, ".npy") != 0) return JEM_OK;
    return str_format(key, "%.*s", (int)(n - 4), m->name);
}

/* ---- keys */

bool npz_has(char *const *keys, int count, const char *key)
{
    for (int i = 0; i < count; i++)
        if (strcmp(keys[i], key) == 0) return true;
    return false;
}

/* What all arrays together unpack to is bounded. */
static jem_status check_sizes(const zip_file *z)
{
    int64_t left = UNPACKED_ANYWAY + RATIO_MOST * z->size;

    for (int64_t i = 0; i < z->count; i++) {
        left -= z->members[i].size <= left ? z->members[i].size : left + 1;
        if (left < 0)
            return jem_error(JEM_EDATA, "%s: would unpack to more than %d times its size, which no data "
                                        "do; save the arrays with numpy.savez", z->path, RATIO_MOST);
    }
    return JEM_OK;
}

static jem_status list_keys(char ***keys, int *count, const zip_file *z)
{
    jem_status st;
    char **list = NULL;
    int n = 0;

    TRY(check_sizes(z));
    TRY(MEM_NEW(list, z->count));
    for (int64_t i = 0; i < z->count; i++) {
        TRY(array_key(&list[n], &z->members[i]));
        n += list[n] != NULL;
        if (n > KEYS_MOST) {
            st = jem_error(JEM_EDATA, "%s: more than %d arrays", z->path, KEYS_MOST);
            goto done;
        }
    }
    if (n == 0) {
        st = jem_error(JEM_EDATA, "%s: holds no array (KEY.npy); save them with numpy.savez", z->path);
        goto done;
    }
    *keys = list;
    *count = n;
    list = NULL;
done:
    if (list) strings_free(list, n);
    return st;
}

jem_status npz_keys(char ***keys, int *count, const char *path)
{
    jem_status st;
    zip_file z = ZIP_FILE_INIT;

    TRY(open_file(&z, path));
    TRY(list_keys(keys, count, &z));
done:
    zip_file_close(&z);
    return st;
}

/* ---- arrays */

static jem_status read_key(jem_tensor *out, const zip_file *z, const char *key)
{
    jem_status st;
    char *data = NULL, *name = NULL, *member = NULL;
    int64_t i = 0;

    TRY(str_format(&member, "%s.npy", key));
    while (strcmp(z->members[i].name, member) != 0) i++; /* it is one of the keys */
    TRY(str_format(&name, "%s (%s)", z->path, key));
    TRY(zip_file_read(&data, z, &z->members[i]));
    TRY(npy_take(out, data, (size_t)z->members[i].size, name));
done:
    mem_free(member);
    mem_free(name);
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
    zip_file z = ZIP_FILE_INIT;
    char **keys = NULL;
    int count = 0;

    TRY(open_file(&z, path));
    TRY(list_keys(&keys, &count, &z));
    if (npz_has(keys, count, key))
        TRY(read_key(out, &z, key));
    else if (or_only && count == 1)
        TRY(read_key(out, &z, keys[0]));
    else
        st = no_such_key(path, key, keys, count);
done:
    strings_free(keys, count);
    zip_file_close(&z);
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
