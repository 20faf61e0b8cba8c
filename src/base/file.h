/* Files: whole-file reads, and writes that either happen completely or not at
 * all (temporary name, fsync, rename, fsync of the folder).
 *
 * A write opens the file's folder once and stays in it, even if that is renamed meanwhile.  The
 * temporary name (temporary.h) cannot be guessed and no link is followed at the end of the
 * path: a link that lies there is replaced itself, and what it names is left alone.  A folder
 * or a device that lies there is refused.
 *
 * Paths below a folder that this process holds mean what lies in that (dir_lock.h). */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/temporary.h"
#include "jem/status.h"

/* open(2), closed on exec, of a path that may lie below a held folder (dir_lock.h). */
int file_open(const char *path, int flags, mode_t mode);

/* Whole file into *data (owned, mem_free; a NUL follows the last byte).
 * max_size bounds what is accepted (0 = no bound).  JEM_EDATA if it is missing
 * or too large, JEM_EIO on read errors. */
jem_status file_read(char **data, size_t *size, const char *path, size_t max_size);
/* The same of what somebody named on a command line: `-` is the standard input, and pipes and
 * devices are read to their end.  max_size > 0. */
jem_status file_read_stream(char **data, size_t *size, const char *path, size_t max_size);
const char *file_stream_name(const char *path); /* for messages: `-` is "standard input" */
/* The first `most` bytes, or all if the file is shorter; otherwise as file_read. */
jem_status file_read_start(char **data, size_t *size, const char *path, size_t most);
/* data <- the `size` bytes of an open file that begin at byte `place`.  JEM_EDATA if it has not so many,
 * JEM_EIO; `path` is for messages. */
jem_status file_read_at(char *data, size_t size, int64_t place, int fd, const char *path);

/* Opens the folder of `path`; *name <- its name there.  What is then done by these two stays in
 * that folder, whoever renames or replaces what on the way to it.  JEM_EIO */
jem_status file_open_folder(int *dir, const char **name, const char *path);

typedef struct file_writer {
    int fd, dir;
    char *path;
    const char *name; /* in dir: the end of path */
    char tmp[TEMPORARY_NAME];
    char *buf;
    size_t used;
    bool open;
} file_writer;
#define FILE_WRITER_INIT {.fd = -1, .dir = -1}

/* Begins a new content of `path`: until the commit it keeps its old one.  JEM_EIO, before the work
 * whose result it is, if there cannot be such a file; *w then holds nothing. */
jem_status file_writer_open(file_writer *w, const char *path);
/* Appends, through a buffer: JEM_EIO may be that of bytes put before.  The caller aborts then. */
jem_status file_writer_put(file_writer *w, const void *data, size_t size);
/* The same for text of any length, without its NUL. */
jem_status file_writer_printf(file_writer *w, const char *fmt, ...) JEM_PRINTF(2, 3);
jem_status file_writer_commit(file_writer *w); /* now `path` has the new content */
void file_writer_abort(file_writer *w);        /* removes the temporary file; no-op after commit */

/* All of the above for content that is whole in memory. */
jem_status file_write(const char *path, const void *data, size_t size);

/* Makes `path` a copy of `from`, atomically. */
jem_status file_copy(const char *from, const char *path);
/* Gives what `from` names (a file, or a folder) the name `path`, atomically, and syncs the
 * folder; what it names must have been synced before. */
jem_status file_rename(const char *from, const char *path);
/* The same in open folders; `path` is for messages. */
jem_status file_rename_at(int from_dir, const char *from, int dir, const char *name,
                          const char *path);
/* A file that is missing already is fine. */
jem_status file_remove(const char *path);
/* Removes the temporary files in `folder` that interrupted writes left.  A write under way,
 * of whatever process and machine, keeps its file; without locks all stay. */
jem_status file_remove_leftovers(const char *folder);

jem_status file_size(int64_t *size, const char *path); /* in bytes; fails as file_read */
/* Both follow links; what permissions keep from sight counts as absent. */
bool file_exists(const char *path); /* a regular file */
bool dir_exists(const char *path);  /* a folder */
jem_status dir_make(const char *path); /* with parents; existing is fine */
/* The same for a folder in which files are about to be written: also removes leftovers. */
jem_status dir_ready(const char *path);
/* JEM_EIO unless a file can be made in the folder: for what must be known before the work. */
jem_status dir_check_writable(const char *path);
/* Sorted names of the entries (without . and ..); owned array of owned strings. */
jem_status dir_list(char ***names, int *count, const char *path);
/* The same without what desktops, archives and file systems leave between people's files: names that
 * begin with a dot (._x, .DS_Store), Thumbs.db, desktop.ini, __MACOSX, lost+found and their like. */
jem_status dir_list_data(char ***names, int *count, const char *path);
void strings_free(char **names, int count); /* names and array; NULL with 0 is fine */

/* Is it the same text?  NULL is the same as NULL alone. */
bool str_same(const char *a, const char *b);
bool str_ends_with(const char *text, const char *end);
/* An owned copy without the slashes at its end: names are told from the folder on. */
jem_status path_trim(char **out, const char *path);
/* printf into an owned string. */
jem_status str_format(char **out, const char *fmt, ...) JEM_PRINTF(2, 3);

#endif
