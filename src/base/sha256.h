/* SHA-256 (FIPS 180-4): what publishers name their files' content by. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

enum { SHA256_BYTES = 32, SHA256_HEX = 65 }; /* its 64 lower-case digits and a NUL */

typedef struct sha256_state {
    uint32_t h[8];
    uint64_t bytes; /* put so far */
    uint8_t block[64];
} sha256_state;

/* Content that comes in pieces of any size. */
void sha256_init(sha256_state *s);
void sha256_put(sha256_state *s, const void *data, size_t size); /* as if all pieces were one */
void sha256_end(sha256_state *s, char hex[SHA256_HEX]); /* init before the next use */
void sha256_end_bytes(sha256_state *s, uint8_t hash[SHA256_BYTES]); /* the same as bytes */

/* Of a whole file, read in pieces.  JEM_EDATA if it is missing, JEM_EIO if it cannot be read. */
jem_status sha256_file(char hex[SHA256_HEX], const char *path);
/* Of an open one, from its beginning; `path` is for messages. */
jem_status sha256_open_file(char hex[SHA256_HEX], int fd, const char *path);

#endif
