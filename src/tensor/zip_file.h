/* Zip archives of arrays, member by member, through libarchive, whose reader of zip files is the
 * only one enabled: what npz.c and torch_zip.c stand on. */
#ifndef TENSOR_ZIP_FILE_H
#define TENSOR_ZIP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

typedef struct zip_file {
    struct archive *a;
    int fd;
    int64_t size;     /* of the file in bytes */
    const char *path; /* borrowed */
    const char *what; /* for messages: "no whole .npz file (zip)"; borrowed */
    const char *again; /* how to save it again: "numpy.savez"; borrowed */
} zip_file;
#define ZIP_FILE_INIT                                                                              \
    {                                                                                              \
        NULL, -1, 0, NULL, NULL, NULL                                                              \
    }

typedef struct zip_member {
    const char *name; /* borrowed until the next member; "" if it is no text */
    int64_t size;     /* unpacked, as the archive says; negative: it does not */
    bool stored;      /* not compressed */
} zip_member;

/* JEM_EDATA if it is no regular file or no zip archive. */
jem_status zip_file_open(zip_file *z, const char *path, const char *what, const char *again);
void zip_file_close(zip_file *z); /* ZIP_FILE_INIT is fine */
/* The next member; *more is false behind the last. */
jem_status zip_file_next(zip_member *m, bool *more, zip_file *z);
/* *data <- all bytes of the member just reached (owned, mem_free), `size` of them; the archive's
 * checksum of them is compared.  `name` is for messages.  JEM_EDATA unless it holds just so many. */
jem_status zip_file_read(char **data, int64_t size, zip_file *z, const char *name);

#endif
