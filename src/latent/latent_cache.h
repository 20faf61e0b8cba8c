/* Latents that were computed before, so that a study of many runs encodes each picture once:
 * a file that grows record by record.
 *
 *   "jem kept latents"                                                16 bytes
 *   key  u64 low, u64 high | u32 n | u32 crc of values | u32 crc of these 24 bytes | u32 0
 *   n values                                                          F32
 *   ... the next record
 *
 * Little-endian; CRC-32C.  A record that is damaged counts as missing, and one that a kill cut
 * short is cut off: whatever is not in the file is computed again. */
#ifndef LATENT_LATENT_CACHE_H
#define LATENT_LATENT_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "jem/status.h"

/* A hash of everything the values follow from. */
typedef struct latent_key {
    uint64_t low, high;
} latent_key;

typedef struct latent_cache latent_cache;

/* Opens or begins the file, which holds at most `most` bytes: what comes later is not kept.
 * path NULL, or a file that another process has open: a temporary one.  JEM_EDATA if the file
 * is something else, which is left as it is. */
jem_status latent_cache_open(latent_cache **out, const char *path, int64_t most);
void latent_cache_close(latent_cache *c); /* NULL is fine */

/* z [n] <- the values, if they are there. */
jem_status latent_cache_find(bool *found, const latent_cache *c, latent_key key, float *z,
                             int64_t n);
/* Appends them; once `most` bytes are reached, only a warning, once.  JEM_EIO */
jem_status latent_cache_add(latent_cache *c, latent_key key, const float *z, int64_t n);

#endif
