/* Errors of files and what helps against them: see file_error.h. */
#include "base/file_error.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

typedef struct advice {
    int err;
    const char *remedy;
    bool passes; /* with it the same command works */
} advice;

static const advice *find_advice(int err)
{
    static const char permissions[] = "check its permissions and those of the folders above it";
    static const char disk[] = "the disk, or the way to it, fails: see what the system's log says of it";
    static const advice all[] = {
        {ENOENT, "check the path", false},
        {ENOTDIR, "a part of the path is a file, not a folder: check the path", false},
        {EISDIR, "it is a folder: give the path of a file", false},
        {ELOOP, "links lead in a circle there, or none are followed: give the path that is meant", false},
        {ENAMETOOLONG, "choose a shorter name", false},
        {EEXIST, "choose another name", false},
        {EACCES, permissions, true},
        {EPERM, permissions, true},
        {EROFS, "its file system can only be read: choose a path on another one", false},
        {ENOSPC, "free space", true},
        {EDQUOT, "free some of your quota", true},
        {EFBIG, "raise the limit of file sizes (ulimit -f)", true},
        {EMFILE, "raise the limit of open files (ulimit -n)", true},
        {ENFILE, "end programs that keep many files open", true},
        {ENOMEM, "free memory", true},
        {EIO, disk, false},
        {ESTALE, "have the folder of its server mounted anew", true},
    };
    static const advice other = {0, "check the path and its permissions", true};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].err == err) return &all[i];
    return &other;
}

const char *file_remedy(int err)
{
    return find_advice(err)->remedy;
}

bool file_is_absent(int err)
{
    return err == ENOENT || err == ENOTDIR;
}

jem_status file_write_failed(const char *what, const char *path, int err)
{
    const advice *a = find_advice(err);
    return jem_error(JEM_EIO, "%s: cannot %s: %s; %s%s", path, what, strerror(err),
                     err == ENOENT ? "make the folder first" : a->remedy,
                     a->passes ? " and run the same command again" : "");
}

jem_status file_read_failed(const char *what, const char *path, int err)
{
    return jem_error(file_is_absent(err) ? JEM_EDATA : JEM_EIO, "%s: cannot %s: %s; %s", path, what,
                     strerror(err), file_remedy(err));
}
