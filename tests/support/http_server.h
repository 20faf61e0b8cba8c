/* A small HTTP server on a thread of the test, which keeps to the rules or breaks one of them
 * on purpose.  One connection at a time, each answered once. */
#ifndef SUPPORT_HTTP_SERVER_H
#define SUPPORT_HTTP_SERVER_H

#include "support/check.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <strings.h>
#include <sys/socket.h>

typedef enum server_mode {
    SERVE,             /* as it should be: Range, If-Range, ETag, HEAD */
    SERVE_CUT,         /* every answer ends half-way through what it promised */
    SERVE_CUT_ONCE,    /* the first does */
    SERVE_NO_RANGE,    /* Range is ignored: 200 and everything */
    SERVE_WRONG_RANGE, /* 206, but from byte 1 whatever was asked for */
    SERVE_VAGUE_RANGE, /* 206 without Content-Range */
    SERVE_LONGER,      /* promises a byte more than it has, and sends one more */
    SERVE_NO_LENGTH,   /* does not say how long the file is */
    SERVE_404,
    SERVE_503,
    SERVE_503_ONCE,
    SERVE_CIRCLE,      /* redirects to itself */
    SERVE_TO_FILE,     /* redirects to file:///etc/passwd */
    SERVE_MOVED,       /* one redirect to the file */
    SERVE_STALL,       /* sends half and then nothing */
    SERVE_SLOW         /* a few bytes at a time */
} server_mode;

typedef struct server {
    int listener, port;
    pthread_t thread;
    _Atomic int mode;
    atomic_bool quit;
    _Atomic int requests, heads, resumed; /* answered; of those HEAD, and 206 */
    /* of every file; changed between requests only */
    const char *body;
    size_t size;
    const char *etag;   /* with its quotes; NULL: none */
    const char *folder; /* serves the files in it instead of `body`; NULL: body */
} server;

/* false once nobody listens. */
static inline bool server_send(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
        if (n <= 0) return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

/* The value of a request's header, cut at the end of its line; NULL without. */
static inline const char *server_header(char value[256], const char *request, const char *name)
{
    size_t n = strlen(name);
    for (const char *line = strstr(request, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, n) != 0 || line[2 + n] != ':') continue;
        snprintf(value, 256, "%.*s", (int)strcspn(line + 4 + n, "\r"), line + 4 + n);
        return value;
    }
    return NULL;
}

static inline void server_say(int fd, const char *status, const char *headers)
{
    char text[1024];
    int n = snprintf(text, sizeof text, "HTTP/1.1 %s\r\nConnection: close\r\n%s\r\n", status,
                     headers);
    server_send(fd, text, (size_t)n);
}

static inline void server_sleep(server *s, int ms)
{
    for (; ms > 0 && !s->quit; ms -= 20) usleep(20000);
}

/* The promised headers, then as much of the body as the mode allows. */
static inline void server_body(server *s, int fd, int mode, const char *body, size_t size,
                               size_t from, bool part, bool head)
{
    char headers[512], range[128] = "", length[64] = "", etag[96] = "";
    size_t rest = size - from;
    size_t promised = rest + (mode == SERVE_LONGER);

    if (part && mode != SERVE_VAGUE_RANGE)
        snprintf(range, sizeof range, "Content-Range: bytes %zu-%zu/%zu\r\n", from, size - 1, size);
    if (mode != SERVE_NO_LENGTH)
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", promised);
    if (s->etag) snprintf(etag, sizeof etag, "ETag: %s\r\n", s->etag);
    snprintf(headers, sizeof headers, "%s%s%s", range, length, etag);
    server_say(fd, part ? "206 Partial Content" : "200 OK", headers);
    if (head) return;
    bool cut = mode == SERVE_CUT || mode == SERVE_CUT_ONCE || mode == SERVE_STALL;
    size_t sent = cut ? rest / 2 : rest;
    if (mode == SERVE_SLOW)
        for (size_t at = 0; at < sent && !s->quit; at += 64) {
            if (!server_send(fd, body + from + at, at + 64 < sent ? 64 : sent - at)) break;
            server_sleep(s, 20);
        }
    else
        server_send(fd, body + from, sent);
    if (mode == SERVE_LONGER) server_send(fd, "x", 1);
    if (mode == SERVE_STALL) server_sleep(s, 30000);
}

static inline void server_give(server *s, int fd, const char *request, int mode, const char *body,
                               size_t size)
{
    char value[256];
    const char *range = server_header(value, request, "Range");
    long long from = 0;
    if (range) sscanf(range, "bytes=%lld-", &from);
    const char *version = server_header(value, request, "If-Range");
    if (version && (!s->etag || strcmp(version, s->etag) != 0)) from = 0;
    if (mode == SERVE_NO_RANGE) from = 0;
    if (from > 0 && (size_t)from >= size) {
        snprintf(value, sizeof value, "Content-Range: bytes */%zu\r\nContent-Length: 0\r\n", size);
        server_say(fd, "416 Range Not Satisfiable", value);
        return;
    }
    bool part = from > 0;
    if (part) s->resumed++;
    if (part && mode == SERVE_WRONG_RANGE) from = 1;
    server_body(s, fd, mode, body, size, (size_t)from, part, strncmp(request, "HEAD", 4) == 0);
}

static inline void server_give_file(server *s, int fd, const char *request, int mode)
{
    char name[256] = "", path[512];
    static char data[1 << 22];
    sscanf(request, "%*s /%255s", name);
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    FILE *f = fopen(path, "rb");
    if (!f) {
        server_say(fd, "404 Not Found", "Content-Length: 0\r\n");
        return;
    }
    size_t n = fread(data, 1, sizeof data, f);
    fclose(f);
    server_give(s, fd, request, mode, data, n);
}

static inline void server_answer(server *s, int fd, const char *request)
{
    int mode = s->mode, number = s->requests++;
    bool head = strncmp(request, "HEAD", 4) == 0;
    char to[128];

    s->heads += head;
    if (mode == SERVE_404) {
        server_say(fd, "404 Not Found", "Content-Length: 9\r\n");
        if (!head) server_send(fd, "not here\n", 9);
    } else if (mode == SERVE_503 || (mode == SERVE_503_ONCE && number == 0)) {
        server_say(fd, "503 Service Unavailable", "Content-Length: 0\r\n");
    } else if (mode == SERVE_CIRCLE) {
        server_say(fd, "302 Found", "Location: /again\r\nContent-Length: 0\r\n");
    } else if (mode == SERVE_TO_FILE) {
        server_say(fd, "302 Found", "Location: file:///etc/passwd\r\nContent-Length: 0\r\n");
    } else if (mode == SERVE_MOVED && !strstr(request, "/moved ")) {
        snprintf(to, sizeof to, "Location: http://127.0.0.1:%d/moved\r\nContent-Length: 0\r\n",
                 s->port);
        server_say(fd, "301 Moved Permanently", to);
    } else {
        if ((mode == SERVE_CUT_ONCE && number > 0) || mode == SERVE_503_ONCE) mode = SERVE;
        if (s->folder)
            server_give_file(s, fd, request, mode);
        else
            server_give(s, fd, request, mode, s->body, s->size);
    }
}

static inline void *server_run(void *arg)
{
    server *s = arg;
    while (!s->quit) {
        struct pollfd wait = {.fd = s->listener, .events = POLLIN};
        if (poll(&wait, 1, 20) <= 0) continue;
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0) continue;
        char request[4096];
        size_t used = 0;
        while (used < sizeof request - 1) {
            ssize_t n = recv(fd, request + used, sizeof request - 1 - used, 0);
            if (n <= 0) break;
            used += (size_t)n;
            request[used] = '\0';
            if (strstr(request, "\r\n\r\n")) break;
        }
        request[used] = '\0';
        if (used) server_answer(s, fd, request);
        shutdown(fd, SHUT_WR);
        close(fd);
    }
    return NULL;
}

static inline void server_start(server *s, const char *body, size_t size)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;

    memset(s, 0, sizeof *s);
    s->body = body;
    s->size = size;
    setenv("no_proxy", "127.0.0.1", 1);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(s->listener >= 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(s->listener, 8), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&a, &n), 0);
    s->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, server_run, s), 0);
}

static inline void server_stop(server *s)
{
    s->quit = true;
    pthread_join(s->thread, NULL);
    close(s->listener);
}

#endif
