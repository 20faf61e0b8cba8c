/* Zip archives of arrays, stored or deflated: what npz.c and torch_storage.c stand on.  The list of members at an
 * archive's end (APPNOTE.TXT 6.3, sections 4.3 and 4.5.3, 64-bit sizes included) is read whole and judged before
 * any member is: each lies within the file, apart from all others, under a name of its own that leads nowhere
 * else, and nothing lies behind the list. */
#ifndef TENSOR_ZIP_FILE_H
#define TENSOR_ZIP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

typedef struct zip_member {
    const char *name;    /* the archive's */
    int64_t size;        /* bytes that it unpacks to */
    int64_t packed, at;  /* bytes in the file, and where they begin */
    int64_t head;        /* where its own header begins */
    uint32_t checksum;   /* CRC-32 of what it unpacks to */
    bool stored;         /* not compressed: packed is size */
} zip_member;

typedef struct zip_file {
    int fd;
    int64_t size;      /* of the file in bytes */
    const char *path;  /* borrowed */
    const char *what;  /* for messages: "no whole .npz file (zip)"; borrowed */
    const char *again; /* how to save it again: "numpy.savez"; borrowed */
    zip_member *members; /* [count], in the list's order */
    int64_t count;
    char *names;
} zip_file;
#define ZIP_FILE_INIT                                                                              \
    {                                                                                              \
        -1, 0, NULL, NULL, NULL, NULL, 0, NULL                                                     \
    }

/* JEM_EDATA, naming the file, member and byte, what was expected and found, if it is no regular file or no
 * archive as above. */
jem_status zip_file_open(zip_file *z, const char *path, const char *what, const char *again);
void zip_file_close(zip_file *z); /* ZIP_FILE_INIT is fine */
/* *data <- all bytes of a member (owned, mem_free).  JEM_EDATA unless they are so many and have the
 * checksum that the list says. */
jem_status zip_file_read(char **data, const zip_file *z, const zip_member *m);

/* Is that the CRC-32 of these bytes?  Fuzzing replaces it (zip_checksum.c). */
bool zip_is_intact(uint32_t checksum, const char *data, int64_t size);

#endif
