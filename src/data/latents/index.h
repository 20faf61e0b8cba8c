/* index.json: what a folder of latents holds, and how far it came.  docs/formats.md lists
 * its keys. */
#ifndef DATA_LATENTS_INDEX_H
#define DATA_LATENTS_INDEX_H

#include "data/latents/shard.h"

typedef struct latent_index_shard {
    char *file; /* name in the folder */
    int64_t rows;
    char checksum[LATENT_CHECKSUM_SIZE];
} latent_index_shard;

typedef struct latent_skipped {
    char *file, *reason;
} latent_skipped;

/* Pictures of one part, in the order of their list.  The part "noise" is a bank of starts for
 * Langevin chains: pictures of uniform noise, none of them mirrored. */
typedef struct latent_part {
    int64_t images;      /* on the list */
    int64_t done;        /* of those, encoded or skipped: the first ones */
    char listing[17];    /* hash of the list's names and labels */
    latent_index_shard *shards;
    int64_t shard_count, shard_room;
    latent_skipped *skipped;
    int64_t skipped_count, skipped_room;
} latent_part;

enum { LATENT_TRAIN, LATENT_VAL, LATENT_NOISE, LATENT_PARTS };
extern const char *const latent_part_names[LATENT_PARTS]; /* "train", "val", "noise" */

typedef struct latent_index {
    latent_format format;
    char **classes; /* [class_count] */
    int class_count;
    latent_part parts[LATENT_PARTS];
} latent_index;
#define LATENT_INDEX_INIT {.class_count = 0}

void latent_index_clear(latent_index *x); /* LATENT_INDEX_INIT is fine */

/* What the part's shards have in common. */
latent_format latent_part_format(const latent_index *x, int part);
/* JEM_EDATA unless all pictures of the part are done; `dir` for the message. */
jem_status latent_part_check_done(const latent_index *x, int part, const char *dir);

/* DIR/index.json.  JEM_EDATA if it is missing or not what jem writes. */
jem_status latent_index_read(latent_index *out, const char *dir);
/* Atomically. */
jem_status latent_index_write(const latent_index *x, const char *dir);
bool latent_index_exists(const char *dir); /* is there a DIR/index.json, sound or not? */

/* These copy the names; bytes of a text that is not UTF-8, which JSON cannot hold, become \xNN
 * (plain_utf8).  On failure index and part are as they were. */
jem_status latent_index_name_classes(latent_index *x, char *const *names, int count);
/* One shard more, written already: `file` is jem's own name for it, checksum its 32 digits.  The
 * caller raises p->done. */
jem_status latent_part_add_shard(latent_part *p, const char *file, int64_t rows,
                                 const char *checksum);
/* One picture that has no row, and why: files and reasons are listed for people. */
jem_status latent_part_skip(latent_part *p, const char *file, const char *reason);

#endif
