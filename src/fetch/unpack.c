/* Archives through libarchive, which only reads here: names are judged and files written by
 * jem, in a fresh folder in which nobody can have made a link. */
#include "fetch/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir_lock.h"
#include "base/file.h"
#include "base/file_error.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/try.h"

enum { BLOCK = 1 << 16, ENTRIES_MOST = 1000000, PATH_MOST = 1024, OPEN_FOLDERS = 16 };

typedef struct unpacking {
    const char *archive, *member;
    char *staging;           /* owned: DEST.unpacking */
    struct archive *a;
    int fd;                  /* of the archive */
    char *block;             /* [BLOCK] */
    char folder[PATH_MOST];  /* made last, below staging */
    int64_t entries, files, bytes, most;
    const volatile sig_atomic_t *stop;
} unpacking;

/* ---- folders */

static int remove_one(const char *path, const struct stat *sb, int kind, struct FTW *where)
{
    (void)sb;
    (void)kind;
    (void)where;
    return remove(path);
}

/* With all that is in it.  nftw takes no descriptors: below a held folder it is given that one's
 * name in /proc. */
static bool remove_tree(const char *path)
{
    char name[PATH_MAX];
    const char *rest;
    const int dir = dir_at(&rest, path);

    if (dir == AT_FDCWD)
        snprintf(name, sizeof name, "%s", path);
    else
        snprintf(name, sizeof name, "/proc/self/fd/%d/%s", dir, rest);
    return nftw(name, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT;
}

/* A new folder, which holds nobody's links.  Another user's is not ours to remove: its owner could
 * put links into it meanwhile. */
static jem_status make_staging(const char *path)
{
    struct stat sb;
    const char *rest;
    const int dir = dir_at(&rest, path);

    if (fstatat(dir, rest, &sb, AT_SYMLINK_NOFOLLOW) == 0 && sb.st_uid != geteuid())
        return jem_error(JEM_EIO, "%s: belongs to another user; have it removed and run the same command "
                                  "again", path);
    if (!remove_tree(path)) return file_write_failed("remove", path, errno);
    if (mkdirat(dir, rest, 0777) == 0) return JEM_OK;
    return file_write_failed("make the folder", path, errno);
}

static jem_status sync_folder(const char *path)
{
    int fd = file_open(path, O_RDONLY | O_DIRECTORY, 0);
    bool synced = fd >= 0 && syncfs(fd) == 0;
    jem_status st = synced ? JEM_OK : file_write_failed("sync", path, errno);
    if (fd >= 0) close(fd);
    return st;
}

/* ---- names */

static jem_status hostile(const unpacking *u, const char *name, const char *why)
{
    return jem_error(JEM_EDATA, "%s: '%.200s' %s: such an archive is not unpacked", u->archive,
                     name, why);
}

static bool part_is_plain(const char *part, size_t size)
{
    char name[NAME_MOST + 1];
    if (size > NAME_MOST) return false;
    memcpy(name, part, size);
    name[size] = '\0';
    return name_is_plain(name);
}

typedef enum place { PLACE_WANTED, PLACE_ROOT, PLACE_LEFT_OUT } place;

/* Where an entry goes: `below` <- its name below the member. */
static jem_status judge_name(place *out, char below[PATH_MOST], const unpacking *u,
                             const char *name)
{
    size_t used = 0;
    int depth = 0;
    bool wanted = true;

    if (!name) return hostile(u, "?", "has a name that cannot be read");
    if (name[0] == '/') return hostile(u, name, "has an absolute name");
    if (strlen(name) >= PATH_MOST) return hostile(u, name, "has a name without end");
    for (const char *at = name; *at;) {
        size_t n = strcspn(at, "/");
        if (n == 2 && at[0] == '.' && at[1] == '.') return hostile(u, name, "points outside");
        if (n > 0 && !(n == 1 && at[0] == '.')) {
            if (at[0] != '.' && !part_is_plain(at, n))
                return hostile(u, name, "has a part that cannot name a file");
            if (depth == 0)
                wanted = strlen(u->member) == n && strncmp(at, u->member, n) == 0;
            else
                used += (size_t)snprintf(below + used, PATH_MOST - used, "%s%.*s",
                                         used ? "/" : "", (int)n, at);
            if (at[0] == '.') wanted = false;
            depth++;
        }
        at += n + (at[n] == '/');
    }
    *out = !wanted || depth == 0 ? PLACE_LEFT_OUT : depth == 1 ? PLACE_ROOT : PLACE_WANTED;
    return JEM_OK;
}

/* ---- entries */

static jem_status read_failed(const unpacking *u)
{
    const char *why = archive_error_string(u->a);
    return jem_error(JEM_EDATA, "%s: no whole archive: %s", u->archive, why ? why : "it is cut");
}

static jem_status write_failed(const char *path)
{
    bool twice = errno == EEXIST || errno == EISDIR || errno == ENOTDIR;
    if (twice)
        return jem_error(JEM_EDATA, "%s: the archive holds this name twice", path);
    return file_write_failed("write", path, errno);
}

static jem_status make_folder(unpacking *u, const char *below, size_t size)
{
    char *path = NULL;
    if (strlen(u->folder) == size && strncmp(u->folder, below, size) == 0) return JEM_OK;
    jem_status st = str_format(&path, "%s/%.*s", u->staging, (int)size, below);
    if (st == JEM_OK) st = dir_make(path);
    if (st == JEM_OK) snprintf(u->folder, sizeof u->folder, "%.*s", (int)size, below);
    mem_free(path);
    return st;
}

static jem_status write_all(int fd, const char *path, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return write_failed(path);
        data += n;
        size -= (size_t)n;
    }
    return JEM_OK;
}

static jem_status check_stop(const unpacking *u)
{
    if (!u->stop || !*u->stop) return JEM_OK;
    return jem_error(JEM_EINTERRUPTED, "stopped while unpacking; %s is kept and the same command "
                                       "unpacks it", u->archive);
}

static jem_status write_file(unpacking *u, const char *path)
{
    jem_status st = JEM_OK;
    int fd = file_open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
    if (fd < 0) return write_failed(path);
    for (;;) {
        TRY(check_stop(u));
        la_ssize_t n = archive_read_data(u->a, u->block, BLOCK);
        if (n < 0) {
            st = read_failed(u);
            goto done;
        }
        if (n == 0) break;
        u->bytes += n;
        if (u->bytes > u->most) {
            st = jem_error(JEM_EDATA, "%s: unpacks to more than the %lld bytes that it may",
                           u->archive, (long long)u->most);
            goto done;
        }
        TRY(write_all(fd, path, u->block, (size_t)n));
    }
done:
    if (close(fd) != 0 && errno != EINTR && st == JEM_OK) st = write_failed(path);
    return st;
}

static jem_status take_entry(unpacking *u, struct archive_entry *e)
{
    const char *name = archive_entry_pathname(e);
    char below[PATH_MOST] = "", *path = NULL;
    bool folder = archive_entry_filetype(e) == AE_IFDIR;
    place where = PLACE_LEFT_OUT;
    jem_status st;

    TRY(judge_name(&where, below, u, name));
    if (archive_entry_hardlink(e) || archive_entry_symlink(e)) {
        st = hostile(u, name, "is a link");
        goto done;
    }
    if (!folder && archive_entry_filetype(e) != AE_IFREG) {
        st = hostile(u, name, "is neither a file nor a folder");
        goto done;
    }
    if (where == PLACE_LEFT_OUT || (where == PLACE_ROOT && folder)) goto done;
    if (where == PLACE_ROOT) {
        st = hostile(u, name, "is a file where a folder should be");
        goto done;
    }
    if (u->entries++ == ENTRIES_MOST) {
        st = hostile(u, name, "is one file too many");
        goto done;
    }
    const char *slash = strrchr(below, '/');
    if (folder) {
        TRY(make_folder(u, below, strlen(below)));
        goto done;
    }
    if (slash) TRY(make_folder(u, below, (size_t)(slash - below)));
    TRY(str_format(&path, "%s/%s", u->staging, below));
    TRY(write_file(u, path));
    u->files++;
done:
    mem_free(path);
    return st;
}

static jem_status take_entries(unpacking *u)
{
    for (;;) {
        struct archive_entry *e;
        int r = archive_read_next_header(u->a, &e);
        if (r == ARCHIVE_EOF) return JEM_OK;
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN) return read_failed(u);
        jem_status st = check_stop(u);
        if (st == JEM_OK) st = take_entry(u, e);
        if (st != JEM_OK) return st;
    }
}

static jem_status open_archive(unpacking *u)
{
    u->a = archive_read_new();
    if (!u->a) return jem_error(JEM_ENOMEM, "%s: no memory to unpack it", u->archive);
    archive_read_support_filter_gzip(u->a);
    archive_read_support_format_tar(u->a);
    u->fd = file_open(u->archive, O_RDONLY, 0);
    if (u->fd < 0) return file_read_failed("open", u->archive, errno);
    if (archive_read_open_fd(u->a, u->fd, BLOCK) == ARCHIVE_OK) return JEM_OK;
    return read_failed(u);
}

jem_status unpack_folder(int64_t *files, const char *archive, const char *member,
                         const char *dest, int64_t most, const volatile sig_atomic_t *stop)
{
    jem_status st;
    unpacking u = {.archive = archive, .member = member, .fd = -1, .most = most, .stop = stop};
    bool made = false;

    TRY(str_format(&u.staging, "%s.unpacking", dest));
    TRY(make_staging(u.staging));
    made = true;
    TRY(MEM_NEW(u.block, BLOCK));
    TRY(open_archive(&u));
    TRY(take_entries(&u));
    if (u.files == 0) {
        st = jem_error(JEM_EDATA, "%s: holds no files in a folder %s", archive, member);
        goto done;
    }
    TRY(sync_folder(u.staging));
    TRY(file_rename(u.staging, dest));
    *files = u.files;
done:
    if (u.a) archive_read_free(u.a);
    if (u.fd >= 0) close(u.fd);
    mem_free(u.block);
    if (st != JEM_OK && made) remove_tree(u.staging);
    mem_free(u.staging);
    return st;
}
