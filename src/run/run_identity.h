/* What tells the files of one run from those of every other: 128 random bits that are drawn when
 * the run is made and reach no other random number, and the settings that decide its results.
 * States, selected weights and those of the first epoch carry them as metadata:
 *
 *   jem.run            the random bits, 32 hexadecimal digits; run.json calls them "id"
 *   jem.settings       JSON, {"train.lr": "0.001", ...}: all keys but the free ones (config_key_role)
 *   jem.settings_hash  XXH3-128 of what of it changes bits but for alpha and seed, and of the data's
 *                      hash, 32 digits; in run.json, too: the runs of a study have the same
 *
 * So a file that was put into another run's folder, or settings that were edited behind a run's
 * back, are noticed and named.  Files of older versions carry none of the three. */
#ifndef RUN_RUN_IDENTITY_H
#define RUN_RUN_IDENTITY_H

#include <stdbool.h>

#include "tensor/safetensors.h"

struct config; /* train/config.h */

enum { RUN_IDENTITY_TEXT = 33 };

typedef struct run_identity {
    char id[RUN_IDENTITY_TEXT];            /* "": of an older version, or none so far */
    char settings_hash[RUN_IDENTITY_TEXT];
    char *settings;                        /* the JSON text */
    const struct config_lists *lists;      /* of the settings' defaults; borrowed */
    double alpha;                          /* which files of older versions know */
    int64_t seed;
    bool adopts;                           /* files of older versions, which do not say whose they are,
                                            * are taken for this run's: a resume about to mark them */
} run_identity;
#define RUN_IDENTITY_INIT {.settings = NULL}

/* Over whatever *r was: the settings, and neither id nor settings_hash; borrows cfg's
 * lists.  JEM_ENOMEM */
jem_status run_identity_init(run_identity *r, struct config *cfg);
/* settings_hash, from the settings and the hash of the training images.  JEM_ENOMEM */
jem_status run_identity_hash(run_identity *r, struct config *cfg, uint64_t data_hash);
void run_identity_clear(run_identity *r); /* RUN_IDENTITY_INIT is fine */
/* JEM_EIO if the system has no random bits. */
jem_status run_identity_draw(run_identity *r);
/* 32 hexadecimal digits? */
bool run_identity_is(const char *id);

/* The three as metadata of a file to be written; copied. */
jem_status run_identity_put(const run_identity *r, safetensors_writer *w);
/* Is the file, whose checksum was verified, one of this run?  JEM_EUSAGE saying what differs if it
 * is not.  `resumed`: it is a state to go on from; what a resume may change is then told in a
 * warning. */
jem_status run_identity_check(const run_identity *r, const safetensors *f, bool resumed);

/* Gives a file of an older version, which has no identity, this one: writes it again.  *done false:
 * it has one, or is not there, or is damaged or of another alpha or seed, which is for others to
 * tell. */
jem_status run_identity_adopt(bool *done, const run_identity *r, const char *path);

#endif
