/* What was fetched, as a file beside the data: fetched.tsv, a header and one line per file
 *
 *   path  bytes  sha256  url  trust
 *
 * separated by tabs; `path` is below the ledger's folder.  Where no hash is published, the
 * line of the first download is what later ones are compared with, and `trust` says why that
 * one was believed:
 *
 *   hash     it had the published hash
 *   https    the server showed its certificate
 *   http     no reason but the user's word (--trust-http)
 *   here     it came from a folder or was put there by hand
 *   unknown  earlier versions, whose lines end before, did not note it */
#ifndef FETCH_LEDGER_H
#define FETCH_LEDGER_H

#include "base/sha256.h"

typedef struct ledger_line {
    char *path, *url, *trust; /* owned */
    int64_t bytes;
    char sha256[SHA256_HEX];
} ledger_line;

typedef struct ledger {
    char *file; /* owned */
    ledger_line *lines;
    int64_t count, room;
} ledger;
#define LEDGER_INIT {NULL, NULL, 0, 0}

/* Reads FOLDER/fetched.tsv; a missing one has no lines.  JEM_EDATA, with file and line, for
 * anything that ledger_note does not write. */
jem_status ledger_open(ledger *l, const char *folder);
void ledger_close(ledger *l); /* the file stays; LEDGER_INIT is fine */

const ledger_line *ledger_find(const ledger *l, const char *path); /* NULL: not fetched yet */

/* Adds or replaces the line of `path` and writes the file anew, unless nothing changes. */
jem_status ledger_note(ledger *l, const char *path, int64_t bytes, const char *sha256,
                       const char *url, const char *trust);

#endif
