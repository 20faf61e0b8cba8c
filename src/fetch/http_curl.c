/* HTTP through libcurl: one connection that is kept between files. */
#include "fetch/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/try.h"

enum {
    REDIRECTS = 10,
    CONNECT_S = 30,
    PAGE_MOST = 1 << 20 /* of a page that says what is wrong */
};

struct http {
    CURL *curl;
    const volatile sig_atomic_t *stop;
    char error[CURL_ERROR_SIZE];
    /* of the request under way */
    const fetch_sink *sink;
    bool begun;
    jem_status st; /* what the sink said */
    size_t page;
};

static bool stopped(const http *h)
{
    return h->stop && *h->stop;
}

static long answer(const http *h)
{
    long code = 0;
    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

/* The value of a header of the last answer; NULL without. */
static const char *header(const http *h, const char *name)
{
    struct curl_header *found;
    if (curl_easy_header(h->curl, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) return NULL;
    return found->value;
}

static int64_t content_length(const http *h)
{
    curl_off_t length = -1;
    curl_easy_getinfo(h->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    return length;
}

/* ---- answers */

static fetch_reply read_reply(const http *h)
{
    const char *etag = header(h, "ETag"), *range = header(h, "Content-Range");
    fetch_reply reply = {.first = 0, .total = content_length(h)};
    long long first, last, total;
    int end = 0;

    if (etag && etag[0] == '"' && strlen(etag) < sizeof reply.etag)
        memcpy(reply.etag, etag, strlen(etag) + 1);
    if (answer(h) != 206) return reply;
    bool said = range &&
                sscanf(range, "bytes %lld-%lld/%lld%n", &first, &last, &total, &end) == 3 &&
                !range[end] && first >= 0 && last >= first && total > last;
    reply.first = said ? first : -1;
    reply.total = said ? total : -1;
    return reply;
}

static jem_status begin(http *h)
{
    fetch_reply reply = read_reply(h);
    h->begun = true;
    return h->sink->begin(h->sink->ctx, &reply);
}

static bool good(long code)
{
    return code == 200 || code == 206;
}

static size_t take(char *data, size_t size, size_t count, void *ctx)
{
    http *h = ctx;
    size_t n = size * count;

    if (!good(answer(h))) {
        h->page += n;
        return h->page <= PAGE_MOST ? n : CURL_WRITEFUNC_ERROR;
    }
    if (!h->begun) h->st = begin(h);
    if (h->st == JEM_OK) h->st = h->sink->put(h->sink->ctx, data, n);
    return h->st == JEM_OK ? n : CURL_WRITEFUNC_ERROR;
}

static int watch(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return stopped(ctx);
}

/* ---- setting up */

bool http_here(void)
{
    return true;
}

jem_status http_new(http **out, const volatile sig_atomic_t *stop, int stall_s)
{
    jem_status st;
    http *h = NULL;

    TRY(MEM_NEW(h, 1));
    h->stop = stop;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) h->curl = curl_easy_init();
    if (!h->curl) {
        st = jem_error(JEM_EINTERNAL, "libcurl could not be started");
        goto done;
    }
    CURL *c = h->curl;
    bool set = true;
#define SET(option, value) set = curl_easy_setopt(c, option, value) == CURLE_OK && set
    SET(CURLOPT_USERAGENT, "jem/" JEM_VERSION);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 1L);
    SET(CURLOPT_MAXREDIRS, (long)REDIRECTS);
    SET(CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
    SET(CURLOPT_LOW_SPEED_TIME, (long)stall_s);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_ERRORBUFFER, h->error);
    SET(CURLOPT_WRITEFUNCTION, take);
    SET(CURLOPT_WRITEDATA, (void *)h);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, watch);
    SET(CURLOPT_XFERINFODATA, (void *)h);
#undef SET
    if (!set) {
        st = jem_error(JEM_EINTERNAL, "libcurl %s lacks what jem needs of it", curl_version());
        goto done;
    }
    *out = h;
    h = NULL;
done:
    http_free(h);
    return st;
}

void http_free(http *h)
{
    if (!h) return;
    curl_easy_cleanup(h->curl);
    curl_global_cleanup();
    mem_free(h);
}

/* ---- requests */

/* Why the transfer ended as it did, once the sink and `stop` have been ruled out. */
static jem_status explain(fetch_outcome *how, const http *h, CURLcode code, const char *url)
{
    const char *text = h->error[0] ? h->error : curl_easy_strerror(code);
    long said = answer(h);

    if (code == CURLE_TOO_MANY_REDIRECTS)
        return jem_error(JEM_EIO, "%s: more than %d redirects", url, REDIRECTS);
    if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT)
        return jem_error(JEM_EDATA, "%s: leads to something that is not http or https: %s", url,
                         text);
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
        return jem_error(JEM_EIO, "%s: the server's certificate is not trusted here: %s", url,
                         text);
    if (code != CURLE_OK && code != CURLE_WRITE_ERROR) {
        how->again = true;
        return jem_error(JEM_EIO, "%s: the transfer failed: %s", url, text);
    }
    how->no_range = said == 416;
    if (said == 404 || said == 410)
        return jem_error(JEM_EDATA, "%s: the server has no such file (%ld)", url, said);
    if (said == 408 || said == 429 || said >= 500) {
        how->again = true;
        return jem_error(JEM_EIO, "%s: the server cannot give it now (%ld)", url, said);
    }
    return jem_error(JEM_EDATA, "%s: the server answers %ld", url, said);
}

/* A redirect may not leave https again. */
static CURLcode set_address(CURL *c, const char *url)
{
    bool safe = strncasecmp(url, "https:", 6) == 0;
    CURLcode code = curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, safe ? "https" : "http,https");
    return code == CURLE_OK ? curl_easy_setopt(c, CURLOPT_URL, url) : code;
}

jem_status http_get(fetch_outcome *how, http *h, const char *url, int64_t from, const char *etag,
                    const fetch_sink *sink)
{
    char range[32], condition[ETAG_MAX + 16];
    struct curl_slist *headers = NULL;

    *how = (fetch_outcome){.again = false};
    h->sink = sink;
    h->begun = false;
    h->page = 0;
    h->st = JEM_OK;
    h->error[0] = '\0';
    snprintf(range, sizeof range, "%lld-", (long long)from);
    snprintf(condition, sizeof condition, "If-Range: %s", etag);
    if (from > 0 && etag[0]) headers = curl_slist_append(NULL, condition);

    CURL *c = h->curl;
    CURLcode code = set_address(c, url);
    curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(c, CURLOPT_RANGE, from > 0 ? range : NULL);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    if (code == CURLE_OK) code = curl_easy_perform(c);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);

    if (h->st == JEM_OK && code == CURLE_OK && good(answer(h))) {
        if (!h->begun) h->st = begin(h); /* an empty file */
        return h->st;
    }
    if (h->st != JEM_OK) return h->st;
    if (stopped(h)) return jem_error(JEM_EINTERRUPTED, "%s: stopped", url);
    return explain(how, h, code, url);
}

void http_size(int64_t *size, http *h, const char *url)
{
    CURL *c = h->curl;
    *size = -1;
    h->error[0] = '\0';
    if (set_address(c, url) != CURLE_OK) return;
    curl_easy_setopt(c, CURLOPT_RANGE, NULL);
    curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
    if (curl_easy_perform(c) == CURLE_OK && answer(h) == 200) *size = content_length(h);
    curl_easy_setopt(c, CURLOPT_NOBODY, 0L);
}
