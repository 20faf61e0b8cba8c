/* A file that grows record by record: a record is in it whole or, after a failure, not
 * at all.  (A kill in the middle of a write may leave the beginning of one.) */
#ifndef BASE_APPEND_FILE_H
#define BASE_APPEND_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

typedef struct append_file {
    int fd;
    char *path;
    int64_t size; /* bytes of whole records */
} append_file;
#define APPEND_FILE_INIT {-1, NULL, 0}

/* Makes a new file.  JEM_EIO; *taken then says if the name is in use. */
jem_status append_file_new(append_file *f, bool *taken, const char *path);
/* Goes on at the end of a file.  JEM_EIO, also if there is none, or a link. */
jem_status append_file_open(append_file *f, const char *path);
void append_file_close(append_file *f); /* syncs nothing; closed or APPEND_FILE_INIT is fine */

/* JEM_EIO: the file is then as before the call. */
jem_status append_file_put(append_file *f, const void *record, size_t size);
/* Cuts the file to its first `size` bytes. */
jem_status append_file_cut(append_file *f, int64_t size);
/* Returns once all records are on disk. */
jem_status append_file_sync(append_file *f);

#endif
