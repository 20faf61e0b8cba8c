/* Latents of one part of a folder, which stay in their files: shared by the data sets that are cut
 * from it, read row by row and verified as they are read. */
#ifndef DATA_LATENTS_SET_H
#define DATA_LATENTS_SET_H

#include "data/latents/index.h"

typedef struct latent_set latent_set;

/* Reads and verifies, on all processors, every shard of a part (LATENT_TRAIN, ...).
 * JEM_EDATA names a shard that is missing, damaged or of another set. */
jem_status latent_set_open(latent_set **out, const latent_index *x, int part, const char *dir);
latent_set *latent_set_share(latent_set *s); /* one more owner */
void latent_set_free(latent_set *s);         /* one owner less; NULL is fine */

int64_t latent_set_count(const latent_set *s); /* rows of all shards: pictures */
const latent_format *latent_set_format(const latent_set *s); /* of the part; borrowed */
uint64_t latent_set_hash(const latent_set *s); /* of all shards' checksums */
int64_t latent_set_row_bytes(const latent_set *s); /* of memory, that a row takes */
int32_t latent_set_label(const latent_set *s, int64_t row); /* class of a row, from memory */
/* Below: JEM_EDATA or JEM_EIO as latent_shard_read; `dst` is then undefined. */
/* dst [c,h,w] <- the row's latent, or that of the mirrored picture (format.flip). */
jem_status latent_set_row(const latent_set *s, int64_t row, bool mirrored, float *dst);
/* dst [c,h,w] <- the mean of two rows' latents. */
jem_status latent_set_midpoint(const latent_set *s, int64_t a, int64_t b, float *dst);

#endif
