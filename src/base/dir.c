/* Folders: making, listing, removing what interrupted writes left in them, as file.h promises. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir_lock.h"
#include "base/file.h"
#include "base/file_error.h"
#include "base/mem.h"
#include "base/temporary.h"
#include "base/try.h"

bool dir_exists(const char *path)
{
    struct stat sb;
    const char *rest;
    const int dir = dir_at(&rest, path);

    return fstatat(dir, rest, &sb, 0) == 0 && S_ISDIR(sb.st_mode);
}

jem_status file_remove_leftovers(const char *folder)
{
    jem_status st;
    char **names = NULL;
    int count = 0, dir = file_open(folder, O_RDONLY | O_DIRECTORY, 0);

    if (dir < 0) return file_read_failed("open", folder, errno);
    TRY(dir_list(&names, &count, folder));
    for (int i = 0; i < count && st == JEM_OK; i++)
        if (temporary_is(names[i]) && !temporary_remove_abandoned(dir, names[i]))
            st = file_write_failed("remove a temporary file", folder, errno);
done:
    strings_free(names, count);
    close(dir);
    return st;
}

jem_status dir_ready(const char *path)
{
    jem_status st = dir_make(path);
    return st == JEM_OK ? file_remove_leftovers(path) : st;
}

static jem_status make_one(const char *path)
{
    const char *rest;
    const int dir = dir_at(&rest, path);
    int err;

    if (mkdirat(dir, rest, 0777) == 0) return JEM_OK;
    err = errno;
    if (dir_exists(path)) return JEM_OK;
    if (err == EEXIST || err == ENOTDIR)
        return jem_error(JEM_EIO, "%s: cannot make the folder: a file is in the way; choose "
                                  "another path or move the file", path);
    return file_write_failed("make the folder", path, err);
}

jem_status dir_make(const char *path)
{
    jem_status st;
    char *part = NULL;
    const char *rest;

    dir_at(&rest, path); /* what was above a held folder may be elsewhere: its parents are not made */
    const size_t there = strcmp(rest, ".") == 0 ? strlen(path) : (size_t)(rest - path);
    TRY(mem_strdup(&part, path));
    for (char *p = part + there; *p; p++) {
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
    int fd = file_open(path, O_RDONLY | O_DIRECTORY, 0);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    char **list = NULL;
    int n = 0;
    int64_t room = 0;

    if (!dir) {
        st = file_read_failed("list the folder", path, errno);
        if (fd >= 0) close(fd);
        return st;
    }
    for (;;) {
        struct dirent *entry;
        errno = 0;
        entry = readdir(dir);
        if (!entry) break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        TRY(append_name(&list, &n, &room, entry->d_name));
    }
    if (errno != 0) {
        st = file_read_failed("list the folder", path, errno);
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

