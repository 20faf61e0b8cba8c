/* Latents or pictures of one part of a folder, which stay in their files: shared by the data sets that
 * are cut from it, read row by row and verified as they are read. */
#ifndef DATA_SHARDS_SET_H
#define DATA_SHARDS_SET_H

#include "data/shards/index.h"

typedef struct shard_set shard_set;

/* Opens, on all processors, every shard of a part (SHARD_TRAIN, ...) as shard_file_open: latents are
 * all read and verified.  JEM_EDATA names a shard that is missing, damaged or of another set. */
jem_status shard_set_open(shard_set **out, const shard_index *x, int part, const char *dir);
/* Reads and verifies all of the part's shards on all processors, which opening a set of pictures does
 * not; needs no set.  Fails likewise. */
jem_status shard_part_verify(const shard_index *x, int part, const char *dir);
shard_set *shard_set_share(shard_set *s); /* one more owner */
void shard_set_free(shard_set *s);         /* one owner less; NULL is fine */

int64_t shard_set_count(const shard_set *s); /* rows of all shards: pictures */
const shard_format *shard_set_format(const shard_set *s); /* of the part; borrowed */
uint64_t shard_set_hash(const shard_set *s); /* of all shards' checksums */
int64_t shard_set_row_bytes(const shard_set *s); /* of memory, that a row takes */
int32_t shard_set_label(const shard_set *s, int64_t row); /* class of a row, from memory */
/* Below: JEM_EDATA or JEM_EIO as shard_file_read; `dst` is then undefined. */
/* dst [c,h,w] <- the row in network units: its latent, or that of the mirrored picture
 * (format.flip); or its picture (pictures/units.h), of which there is no mirrored one. */
jem_status shard_set_row(const shard_set *s, int64_t row, bool mirrored, float *dst);
/* planar [c,h,w] <- the row's picture, of a set of pictures. */
jem_status shard_set_picture(const shard_set *s, int64_t row, uint8_t *planar);
/* dst [c,h,w] <- the mean of two rows in network units. */
jem_status shard_set_midpoint(const shard_set *s, int64_t a, int64_t b, float *dst);

#endif
