/* Downloads (download.h): NAME.part grows, is proven, and only then gets its name. */
#include "fetch/download.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_error.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"

enum { PIECE = 1 << 18 };

typedef struct loading {
    const download *d;
    char *part, *etag_file; /* owned */
    int dir;                /* the folder of both */
    const char *part_name;  /* in it */
    int fd;
    int64_t at;             /* bytes in the part */
    int64_t size;           /* of the whole file; 0: not known yet */
    bool from_start;        /* the part cannot be gone on with */
    bool resumed;           /* the part holds bytes of several transfers */
    char etag[ETAG_MAX];
} loading;

static bool stopped(const download *d)
{
    return d->stop && *d->stop;
}

static jem_status disk_error(const loading *l, const char *what)
{
    return jem_error(JEM_EIO, "%s: cannot %s: %s; %s; the same command goes on where this ended", l->part,
                     what, strerror(errno), file_remedy(errno));
}

/* ---- the part */

static jem_status empty_part(loading *l)
{
    if (ftruncate(l->fd, 0) != 0 || lseek(l->fd, 0, SEEK_SET) < 0)
        return disk_error(l, "start anew");
    l->at = 0;
    l->size = l->d->size;
    l->resumed = false;
    l->etag[0] = '\0';
    return file_remove(l->etag_file);
}

/* "ETAG\nADDRESS\n": an ETag names a version of what one address gives. */
static jem_status read_etag(loading *l)
{
    char *text = NULL;
    size_t n = 0, most = sizeof l->etag + strlen(l->d->url) + 2;
    if (!file_exists(l->etag_file)) return JEM_OK;
    jem_status st = file_read_start(&text, &n, l->etag_file, most);
    char *end = st == JEM_OK ? strpbrk(text, "\r\n") : NULL;
    if (end && *end == '\n' && (size_t)(end - text) < sizeof l->etag) {
        *end = '\0';
        char *address = end + 1;
        address[strcspn(address, "\n")] = '\0';
        if (strcmp(address, l->d->url) == 0) memcpy(l->etag, text, strlen(text) + 1);
    }
    mem_free(text);
    return st;
}

static jem_status write_etag(loading *l, const char *etag)
{
    char *text = NULL;
    jem_status st = str_format(&text, "%s\n%s\n", etag, l->d->url);
    if (st == JEM_OK) st = file_write(l->etag_file, text, strlen(text));
    if (st == JEM_OK) memcpy(l->etag, etag, strlen(etag) + 1);
    mem_free(text);
    return st;
}

/* Anybody can guess the name of a part, and where many write into one folder put a link there. */
static jem_status check_found_part(const loading *l)
{
    struct stat sb;

    if (l->fd < 0 && errno != ELOOP) return disk_error(l, "open the file");
    if (l->fd >= 0 && fstat(l->fd, &sb) == 0 && S_ISREG(sb.st_mode) && sb.st_uid == geteuid() &&
        sb.st_nlink == 1)
        return JEM_OK;
    return jem_error(JEM_EIO, "%s: cannot be gone on with: it is a link, or not a file of yours alone; "
                              "remove it and run the same command again", l->part);
}

/* A new part, or the one that is there. */
static jem_status open_or_make(loading *l)
{
    const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

    l->fd = openat(l->dir, l->part_name, flags | O_CREAT | O_EXCL, 0666);
    if (l->fd >= 0) return JEM_OK;
    if (errno != EEXIST) return disk_error(l, "open the file");
    l->fd = openat(l->dir, l->part_name, flags);
    return check_found_part(l);
}

/* Opens PLACE.part and decides whether what it holds is of use. */
static jem_status open_part(loading *l)
{
    jem_status st;
    TRY(str_format(&l->part, "%s.part", l->d->place));
    TRY(str_format(&l->etag_file, "%s.etag", l->part));
    TRY(file_open_folder(&l->dir, &l->part_name, l->part));
    TRY(open_or_make(l));
    l->at = lseek(l->fd, 0, SEEK_END);
    TRY(read_etag(l));
    bool known = l->d->size && l->d->sha256;
    if (l->at < 0 || (l->size && l->at > l->size) || (!known && !l->etag[0])) TRY(empty_part(l));
    l->resumed = l->at > 0;
done:
    return st;
}

static void close_part(loading *l)
{
    if (l->fd >= 0) close(l->fd);
    if (l->dir >= 0) close(l->dir);
    mem_free(l->part);
    mem_free(l->etag_file);
}

/* ---- the sink */

/* Where the expectation comes from, and what to do if the source changed on purpose. */
static const char *expected(const download *d)
{
    return d->first_use ? "the first download had" : "it should be";
}

static const char *hint(const download *d)
{
    return d->first_use ? "; if it was changed on purpose, remove its line in fetched.tsv" : "";
}

static jem_status take_reply(void *ctx, const fetch_reply *reply)
{
    loading *l = ctx;
    jem_status st;

    if (reply->first != l->at && reply->first != 0) {
        l->from_start = true;
        return jem_error(JEM_EIO, "%s: the server sends other bytes than it was asked for",
                         l->d->url);
    }
    if (l->d->size && reply->total >= 0 && reply->total != l->d->size)
        return jem_error(JEM_EDATA, "%s: %lld bytes are offered, %s %lld%s", l->d->url,
                         (long long)reply->total, expected(l->d), (long long)l->d->size,
                         hint(l->d));
    if (!l->d->size && reply->total < 0)
        return jem_error(JEM_EDATA,
                         "%s: the server does not say how long the file is, so that nobody could "
                         "tell if it was cut short",
                         l->d->url);
    if (reply->first == 0 && l->at > 0) TRY(empty_part(l));
    if (!l->size) l->size = reply->total;
    if (reply->total >= 0 && reply->total != l->size) {
        l->from_start = true;
        return jem_error(JEM_EIO, "%s: changed while it was loaded", l->d->url);
    }
    if (l->d->sha256 || !reply->etag[0]) return JEM_OK;
    TRY(write_etag(l, reply->etag));
done:
    return st;
}

static jem_status take_bytes(void *ctx, const void *data, size_t size)
{
    loading *l = ctx;
    const char *from = data;

    if ((int64_t)size > l->size - l->at)
        return jem_error(JEM_EDATA, "%s: more than the %lld bytes it should have", l->d->url,
                         (long long)l->size);
    while (size > 0) {
        ssize_t n = write(l->fd, from, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            if (n == 0) errno = ENOSPC;
            return disk_error(l, "write");
        }
        from += n;
        size -= (size_t)n;
        l->at += n;
    }
    if (l->d->progress) l->d->progress(l->d->ctx, l->at, l->size);
    return JEM_OK;
}

/* ---- sources */

static jem_status copy_pieces(int fd, const char *path, const download *d, const fetch_sink *sink)
{
    jem_status st;
    char *piece = NULL;

    TRY(MEM_NEW(piece, PIECE));
    for (;;) {
        if (stopped(d)) {
            st = jem_error(JEM_EINTERRUPTED, "%s: stopped", path);
            goto done;
        }
        ssize_t n = read(fd, piece, PIECE);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            st = file_read_failed("read", path, errno);
            goto done;
        }
        if (n == 0) break;
        TRY(sink->put(sink->ctx, piece, (size_t)n));
    }
done:
    mem_free(piece);
    return st;
}

static jem_status copy_file(fetch_outcome *how, const char *path, int64_t from, const download *d,
                            const fetch_sink *sink)
{
    jem_status st;
    struct stat sb;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    *how = (fetch_outcome){.again = false};
    if (fd < 0 || fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode)) {
        st = jem_error(JEM_EDATA, "%s: no such file here", path);
        goto done;
    }
    if (lseek(fd, from, SEEK_SET) < 0 || from > sb.st_size) {
        how->no_range = true;
        st = jem_error(JEM_EDATA, "%s: shorter than what is here of it already", path);
        goto done;
    }
    TRY(sink->begin(sink->ctx, &(const fetch_reply){.first = from, .total = sb.st_size}));
    TRY(copy_pieces(fd, path, d, sink));
done:
    if (fd >= 0) close(fd);
    return st;
}

static bool is_address(const char *url)
{
    return strstr(url, "://") != NULL;
}

/* One transfer. */
static jem_status transfer(fetch_outcome *how, loading *l, http *h)
{
    const fetch_sink sink = {l, take_reply, take_bytes};
    jem_status st = is_address(l->d->url)
                        ? http_get(how, h, l->d->url, l->at, l->d->sha256 ? "" : l->etag, &sink)
                        : copy_file(how, l->d->url, l->at, l->d, &sink);
    if (st == JEM_OK && l->at < l->size) {
        how->again = true;
        st = jem_error(JEM_EIO, "%s: ends after %lld of %lld bytes", l->d->url, (long long)l->at,
                       (long long)l->size);
    }
    return st;
}

/* ---- many transfers */

static void pause_s(const download *d, double s)
{
    double end = clock_s() + s;
    while (!stopped(d) && clock_s() < end)
        nanosleep(&(const struct timespec){.tv_nsec = 20000000}, NULL);
}

/* Until the part has every byte. */
static jem_status load(loading *l, http *h)
{
    const download *d = l->d;
    jem_status st = JEM_OK;

    for (int failed = 0; l->at < l->size || !l->size;) {
        fetch_outcome how;
        bool going_on = l->at > 0;
        l->resumed = going_on;
        st = transfer(&how, l, h);
        if (st == JEM_OK) break;
        if (going_on && (l->from_start || how.no_range)) {
            l->from_start = false;
            TRY(empty_part(l));
            continue;
        }
        if (!how.again || ++failed == d->attempts) break;
        log_info("%s; trying again", jem_error_message());
        /* without hash and ETag nobody could tell that it is still the same file */
        if (!d->sha256 && !l->etag[0]) TRY(empty_part(l));
        pause_s(d, d->wait_s * failed);
    }
done:
    return st;
}

/* JEM_EDATA unless the content is what it should be; `what` is the path that has it. */
static jem_status compare(const download *d, const char *what, const char *sha256, int64_t size)
{
    if (d->size && size != d->size)
        return jem_error(JEM_EDATA, "%s: %lld bytes, %s %lld%s", what, (long long)size,
                         expected(d), (long long)d->size, hint(d));
    if (!d->sha256 || strcmp(sha256, d->sha256) == 0) return JEM_OK;
    return jem_error(JEM_EDATA, "%s: SHA-256 is %s, %s %s%s", what, sha256, expected(d), d->sha256,
                     hint(d));
}

jem_status download_verify(char sha256[SHA256_HEX], int64_t *size, const download *d)
{
    jem_status st;
    TRY(file_size(size, d->place));
    TRY(sha256_file(sha256, d->place));
    TRY(compare(d, d->place, sha256, *size));
done:
    if (st == JEM_EDATA)
        jem_error(st, "%s; move it away to have it fetched again", jem_error_message());
    return st;
}

/* The remedy, after what is wrong. */
static void advise(jem_status st, const loading *l)
{
    const download *d = l->d;
    char said[1200], kept[600] = "";

    snprintf(said, sizeof said, "%s", jem_error_message());
    if (l->at)
        snprintf(kept, sizeof kept, "%lld bytes are kept in %s; ", (long long)l->at, l->part);
    if (st == JEM_EINTERRUPTED)
        jem_error(st, "%s; %sthe same command goes on", said, kept);
    else if (st == JEM_EIO && strncmp(said, l->part, strlen(l->part)) != 0)
        jem_error(st, "%s; %srun the same command again, or get the file by hand from %s and put "
                      "it at %s",
                  said, kept, d->page, d->place);
    else if (st == JEM_EDATA || st == JEM_EUSAGE)
        jem_error(st, "%s; get the file by hand from %s, put it at %s and run the same command "
                      "again, or name another place with --from",
                  said, d->page, d->place);
}

static jem_status compare_part(char sha256[SHA256_HEX], const loading *l)
{
    if (fsync(l->fd) != 0) return disk_error(l, "write");
    jem_status st = sha256_open_file(sha256, l->fd, l->part);
    return st == JEM_OK ? compare(l->d, l->d->url, sha256, l->at) : st;
}

/* Loads what is right: once more from the start where an old part may be to blame. */
static jem_status load_right(char sha256[SHA256_HEX], loading *l, http *h)
{
    jem_status st;
    TRY(load(l, h));
    st = compare_part(sha256, l);
    if (st == JEM_EDATA && l->resumed) {
        log_info("%s; loading it from the start", jem_error_message());
        TRY(empty_part(l));
        TRY(load(l, h));
        st = compare_part(sha256, l);
    }
    if (st == JEM_EDATA && ftruncate(l->fd, 0) == 0) l->at = 0; /* of no use to anybody */
done:
    return st;
}

jem_status download_file(char sha256[SHA256_HEX], int64_t *size, http *h, const download *d)
{
    jem_status st;
    loading l = {.d = d, .dir = -1, .fd = -1, .size = d->size};
    const char *name = strrchr(d->place, '/');

    TRY(open_part(&l));
    st = load_right(sha256, &l, h);
    if (st != JEM_OK) {
        advise(st, &l);
        if (l.at == 0) {
            unlinkat(l.dir, l.part_name, 0);
            (void)file_remove(l.etag_file);
        }
        goto done;
    }
    TRY(file_rename_at(l.dir, l.part_name, l.dir, name ? name + 1 : d->place, d->place));
    TRY(file_remove(l.etag_file));
    *size = l.at;
done:
    close_part(&l);
    return st;
}

jem_status download_started(int64_t *bytes, const char *place)
{
    char *part = NULL;
    jem_status st = str_format(&part, "%s.part", place);
    *bytes = 0;
    if (st == JEM_OK && file_exists(part)) st = file_size(bytes, part);
    mem_free(part);
    return st;
}
