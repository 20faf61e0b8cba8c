/* In place of libcurl, where jem was built without. */
#include "fetch/http.h"

#include "base/mem.h"

struct http {
    char nothing;
};

bool http_here(void)
{
    return false;
}

jem_status http_new(http **out, const volatile sig_atomic_t *stop, int stall_s)
{
    (void)stop;
    (void)stall_s;
    return MEM_NEW(*out, 1);
}

void http_free(http *h)
{
    mem_free(h);
}

jem_status http_get(fetch_outcome *how, http *h, const char *url, int64_t from, const char *etag,
                    const fetch_sink *sink)
{
    (void)h;
    (void)from;
    (void)etag;
    (void)sink;
    *how = (fetch_outcome){.again = false};
    return jem_error(JEM_EUSAGE, "%s: this jem was built without libcurl and cannot load it", url);
}

void http_size(int64_t *size, http *h, const char *url)
{
    (void)h;
    (void)url;
    *size = -1;
}
