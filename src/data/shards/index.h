/* index.json: what a folder of latents or packed pictures holds, and how far it came.  docs/formats.md lists
 * its keys. */
#ifndef DATA_SHARDS_INDEX_H
#define DATA_SHARDS_INDEX_H

#include "data/shards/shard.h"

typedef struct shard_entry {
    char *file; /* name in the folder */
    int64_t rows;
    char checksum[SHARD_CHECKSUM_SIZE];
} shard_entry;

typedef struct shard_skipped {
    char *file, *reason;
} shard_skipped;

/* Pictures of one part, in the order of their list.  The part "noise", of latents alone, is a bank of
 * starts for Langevin chains: pictures of uniform noise, none of them mirrored. */
typedef struct shard_part {
    int64_t images;      /* on the list */
    int64_t done;        /* of those, in shards or skipped: the first ones */
    char listing[17];    /* hash of the list's names and labels */
    shard_entry *shards;
    int64_t shard_count, shard_room;
    shard_skipped *skipped;
    int64_t skipped_count, skipped_room;
} shard_part;

enum { SHARD_TRAIN, SHARD_VAL, SHARD_NOISE, SHARD_PARTS };
extern const char *const shard_part_names[SHARD_PARTS]; /* "train", "val", "noise" */

typedef struct shard_index {
    shard_format format;
    char **classes; /* [class_count] */
    int class_count;
    shard_part parts[SHARD_PARTS];
} shard_index;
#define SHARD_INDEX_INIT {.class_count = 0}

void shard_index_clear(shard_index *x); /* SHARD_INDEX_INIT is fine */

/* What the part's shards have in common. */
shard_format shard_part_format(const shard_index *x, int part);
/* JEM_EDATA unless all pictures of the part are done; `dir` for the message. */
jem_status shard_part_check_done(const shard_index *x, int part, const char *dir);

/* DIR/index.json, of either kind.  JEM_EDATA if it is missing or not what jem writes. */
jem_status shard_index_read(shard_index *out, const char *dir);
/* JEM_EDATA unless it is of this kind; `dir` for the message. */
jem_status shard_index_check_kind(const shard_index *x, shard_kind kind, const char *dir);
/* Atomically. */
jem_status shard_index_write(const shard_index *x, const char *dir);
bool shard_index_exists(const char *dir); /* is there a DIR/index.json, sound or not? */

/* These copy the names; bytes of a text that is not UTF-8, which JSON cannot hold, become \xNN
 * (plain_utf8).  On failure index and part are as they were. */
jem_status shard_index_name_classes(shard_index *x, char *const *names, int count);
/* One shard more, written already: `file` is jem's own name for it, checksum its 32 digits.  The
 * caller raises p->done. */
jem_status shard_part_add_shard(shard_part *p, const char *file, int64_t rows,
                                 const char *checksum);
/* One picture that has no row, and why: files and reasons are listed for people. */
jem_status shard_part_skip(shard_part *p, const char *file, const char *reason);

#endif
