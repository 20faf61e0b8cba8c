/* HTTP, as little as a download needs.  http_curl.c speaks it through libcurl; http_none.c
 * stands in where jem was built without and refuses. */
#ifndef FETCH_HTTP_H
#define FETCH_HTTP_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

enum { ETAG_MAX = 128 };

/* What a source says before the first byte. */
typedef struct fetch_reply {
    int64_t first;       /* the byte of the file that comes first; -1: it does not say */
    int64_t total;       /* bytes of the whole file; -1: it does not say */
    char etag[ETAG_MAX]; /* names this version of the file; "" without a strong one */
} fetch_reply;

/* Whom the bytes are for.  An error ends the transfer and is its status. */
typedef struct fetch_sink {
    void *ctx;
    jem_status (*begin)(void *ctx, const fetch_reply *reply);
    jem_status (*put)(void *ctx, const void *data, size_t size);
} fetch_sink;

/* What is known after a transfer that failed. */
typedef struct fetch_outcome {
    bool again;    /* the same request may succeed later: a cut, a stall, a busy server */
    bool no_range; /* the source has no bytes from there on */
} fetch_outcome;

typedef struct http http;

bool http_here(void); /* false: built without libcurl, every request is refused */

/* `stop` (may be NULL) ends transfers within a second once it is set; without a byte for
 * stall_s seconds a transfer fails. */
jem_status http_new(http **out, const volatile sig_atomic_t *stop, int stall_s);
void http_free(http *h); /* NULL is fine */

/* The file at an http or https address from byte `from` on; with an etag only if it is still
 * that version, else all of it.  At most 10 redirects, none to anything but http(s), none from
 * https to http.  JEM_EDATA: the server has no such file, or refuses; JEM_EIO: it cannot be
 * reached, cuts, stalls or fails; JEM_EINTERRUPTED: stopped. */
jem_status http_get(fetch_outcome *how, http *h, const char *url, int64_t from, const char *etag,
                    const fetch_sink *sink);

/* *size <- bytes of the file as the server says; -1 where it does not say or does not answer. */
void http_size(int64_t *size, http *h, const char *url);

#endif
