/* Kept latents (latent_cache.h): an index of keys in memory, values read when asked for. */
#include "latent/latent_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/append_file.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/file_error.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"

enum { MAGIC_SIZE = 16, VALUES_MAX = 1 << 24, FIRST_PLACES = 1024 };
static const char magic[MAGIC_SIZE + 1] = "jem kept latents";

typedef struct record {
    uint64_t low, high;
    uint32_t n, crc_values, crc_head, zero;
} record;
_Static_assert(sizeof(record) == 32, "as in the file");

/* Where a record begins; 0: an empty place. */
typedef struct place {
    latent_key key;
    int64_t at;
} place;

struct latent_cache {
    append_file file;
    int reader;    /* the same file */
    int64_t most;  /* bytes */
    bool full;     /* said so already */
    place *places; /* [room], hashed by key.low, linear probing; room is a power of 2 */
    int64_t count, room;
};

static uint32_t crc_of_head(const record *r) { return crc32c(0, r, 24); }

static int64_t record_size(int64_t n) { return (int64_t)sizeof(record) + n * (int64_t)sizeof(float); }

/* ---- the index */

static place *find_place(const latent_cache *c, latent_key key)
{
    int64_t i = (int64_t)(key.low & (uint64_t)(c->room - 1));
    while (c->places[i].at &&
           (c->places[i].key.low != key.low || c->places[i].key.high != key.high))
        i = (i + 1) & (c->room - 1);
    return &c->places[i];
}

static jem_status grow(latent_cache *c)
{
    jem_status st;
    place *old = c->places;
    int64_t old_room = c->room;

    c->places = NULL;
    TRY(MEM_NEW(c->places, old_room ? 2 * old_room : FIRST_PLACES));
    c->room = old_room ? 2 * old_room : FIRST_PLACES;
    for (int64_t i = 0; i < old_room; i++)
        if (old[i].at) *find_place(c, old[i].key) = old[i];
    mem_free(old);
    return JEM_OK;
done:
    c->places = old;
    return st;
}

/* A later record of one key stands for the earlier ones. */
static jem_status remember(latent_cache *c, latent_key key, int64_t at)
{
    if (2 * c->count >= c->room) {
        jem_status st = grow(c);
        if (st) return st;
    }
    place *p = find_place(c, key);
    if (!p->at) c->count++;
    *p = (place){key, at};
    return JEM_OK;
}

/* ---- the file */

/* As many of the bytes as there are. */
static jem_status read_at(const latent_cache *c, int64_t at, void *to, int64_t size, int64_t *got)
{
    for (*got = 0; *got < size;) {
        ssize_t n = pread(c->reader, (char *)to + *got, (size_t)(size - *got), at + *got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return file_read_failed("read", c->file.path, errno);
        if (n == 0) break;
        *got += n;
    }
    return JEM_OK;
}

/* Finds the records and cuts off what is not whole. */
static jem_status read_index(latent_cache *c)
{
    jem_status st = JEM_OK;
    int64_t at = MAGIC_SIZE, got;
    record r;

    while (at < c->file.size) {
        TRY(read_at(c, at, &r, sizeof r, &got));
        if (got < (int64_t)sizeof r || r.crc_head != crc_of_head(&r) || r.zero != 0 ||
            r.n > VALUES_MAX ||
            at + record_size(r.n) > c->file.size) {
            log_info("%s: %lld bytes at its end are no whole record and are cut off", c->file.path,
                     (long long)(c->file.size - at));
            TRY(append_file_cut(&c->file, at));
            break;
        }
        TRY(remember(c, (latent_key){r.low, r.high}, at));
        at += record_size(r.n);
    }
done:
    return st;
}

static jem_status check_magic(latent_cache *c)
{
    char start[MAGIC_SIZE];
    int64_t got;

    if (c->file.size == 0) return append_file_put(&c->file, magic, MAGIC_SIZE);
    jem_status st = read_at(c, 0, start, MAGIC_SIZE, &got);
    if (st) return st;
    if (got == MAGIC_SIZE && memcmp(start, magic, MAGIC_SIZE) == 0) return JEM_OK;
    if (memcmp(start, magic, (size_t)got) == 0) { /* killed at the very beginning */
        st = append_file_cut(&c->file, 0);
        return st ? st : append_file_put(&c->file, magic, MAGIC_SIZE);
    }
    return jem_error(JEM_EDATA, "%s: is no file of kept latents; name another one", c->file.path);
}

static jem_status open_reader(latent_cache *c)
{
    c->reader = file_open(c->file.path, O_RDONLY | O_NOFOLLOW, 0);
    if (c->reader >= 0) return JEM_OK;
    return file_write_failed("open", c->file.path, errno);
}

/* Opens the user's file, making it if need be; *busy: somebody else works with it. */
static jem_status open_named(latent_cache *c, const char *path, bool *busy)
{
    jem_status st;
    bool taken = false;

    *busy = false;
    if (file_exists(path))
        TRY(append_file_open(&c->file, path));
    else
        TRY(append_file_new(&c->file, &taken, path));
    TRY(open_reader(c));
    *busy = flock(c->reader, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (!*busy) return JEM_OK;
    append_file_close(&c->file);
    close(c->reader);
    c->reader = -1;
done:
    return st;
}

/* A file without a name. */
static jem_status open_temporary(latent_cache *c)
{
    jem_status st;
    const char *dir = getenv("TMPDIR");
    char *path = NULL;

    TRY(str_format(&path, "%s/jem-latents-XXXXXX", dir && dir[0] ? dir : "/tmp"));
    int fd = mkostemp(path, O_APPEND | O_CLOEXEC);
    if (fd >= 0) {
        unlink(path);
        c->file = (append_file){.fd = fd, .path = path};
        path = NULL;
        c->reader = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    }
    if (c->reader < 0)
        st = jem_error(JEM_EIO, "%s: cannot create: %s; %s, or set TMPDIR to a folder elsewhere",
                       path ? path : c->file.path, strerror(errno), file_remedy(errno));
done:
    mem_free(path);
    return st;
}

jem_status latent_cache_open(latent_cache **out, const char *path, int64_t most)
{
    jem_status st;
    latent_cache *c = NULL;
    bool busy = false;

    TRY(MEM_NEW(c, 1));
    c->file = (append_file)APPEND_FILE_INIT;
    c->reader = -1;
    c->most = most;
    TRY(grow(c));
    if (path) {
        TRY(open_named(c, path, &busy));
        if (busy)
            log_warning("%s: another process works with it; what is encoded here is kept in a "
                        "temporary file", path);
    }
    if (!path || busy) TRY(open_temporary(c));
    TRY(check_magic(c));
    TRY(read_index(c));
    *out = c;
    c = NULL;
done:
    latent_cache_close(c);
    return st;
}

void latent_cache_close(latent_cache *c)
{
    if (!c) return;
    append_file_close(&c->file);
    if (c->reader >= 0) close(c->reader);
    mem_free(c->places);
    mem_free(c);
}

/* ---- use */

jem_status latent_cache_find(bool *found, const latent_cache *c, latent_key key, float *z,
                             int64_t n)
{
    jem_status st = JEM_OK;
    const place *p = find_place(c, key);
    int64_t size = n * (int64_t)sizeof *z, got;
    record r;

    *found = false;
    if (!p->at) return JEM_OK;
    TRY(read_at(c, p->at, &r, sizeof r, &got));
    if (got < (int64_t)sizeof r || (int64_t)r.n != n) return JEM_OK;
    TRY(read_at(c, p->at + (int64_t)sizeof r, z, size, &got));
    *found = got == size && r.low == key.low && r.high == key.high &&
             r.crc_values == crc32c(0, z, (size_t)size);
done:
    return st;
}

jem_status latent_cache_add(latent_cache *c, latent_key key, const float *z, int64_t n)
{
    jem_status st;
    const int64_t size = record_size(n), at = c->file.size;
    char *bytes = NULL;

    if (n > VALUES_MAX || at + size > c->most) {
        if (!c->full)
            log_warning("%s: holds the %lld MiB it may; what comes now is not kept and will be "
                        "computed again", c->file.path, (long long)(c->most >> 20));
        c->full = true;
        return JEM_OK;
    }
    record r = {key.low, key.high, (uint32_t)n, crc32c(0, z, (size_t)n * sizeof *z), 0, 0};
    r.crc_head = crc_of_head(&r);
    TRY(MEM_NEW(bytes, size));
    memcpy(bytes, &r, sizeof r);
    memcpy(bytes + sizeof r, z, (size_t)n * sizeof *z);
    TRY(append_file_put(&c->file, bytes, (size_t)size));
    TRY(remember(c, key, at));
done:
    mem_free(bytes);
    return st;
}
