/* One file from an address, or from a folder, to its place: loaded into PLACE.part, synced,
 * compared with what it should be, renamed.  PLACE holds the whole file or is not there. */
#ifndef FETCH_DOWNLOAD_H
#define FETCH_DOWNLOAD_H

#include "base/sha256.h"
#include "fetch/http.h"

typedef struct download {
    const char *url;    /* http(s) address, or the path of a file */
    const char *place;  /* its folder exists */
    int64_t size;       /* bytes; 0: whatever the source says, which it then must */
    const char *sha256; /* NULL: anything is taken */
    bool first_use;     /* sha256 is not the publisher's but that of an earlier download */
    const char *page;   /* where a person finds the file */
    int attempts;       /* transfers that may fail before it gives up */
    double wait_s;      /* before the second, twice that before the third, and so on */
    const volatile sig_atomic_t *stop; /* NULL: never */
    void (*progress)(void *ctx, int64_t bytes, int64_t size); /* of this file so far; NULL: none */
    void *ctx;
} download;

/* Goes on where PLACE.part ends if that can be the same file: one whose hash is known, or that
 * the same address still gives under the ETag kept in PLACE.part.etag; else begins anew.
 * sha256 and *size <- of what was loaded.
 *
 * JEM_EDATA: there is no such file, or another than expected (then nothing is left of it);
 * JEM_EIO: the source cannot be reached or fails, or the disk is full (PLACE.part is kept);
 * JEM_EINTERRUPTED: stopped (PLACE.part is kept).  Each says what to do. */
jem_status download_file(char sha256[SHA256_HEX], int64_t *size, http *h, const download *d);

/* *bytes <- of PLACE.part; 0 without. */
jem_status download_started(int64_t *bytes, const char *place);

/* Is the file at `place` what it should be?  JEM_EDATA if not, saying what to do. */
jem_status download_verify(char sha256[SHA256_HEX], int64_t *size, const download *d);

#endif
