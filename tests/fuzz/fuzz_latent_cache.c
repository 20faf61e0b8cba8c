/* Kept latents.  The first byte says how the checksums are:
 *   x  as they come    h  those of heads made right    o  those of values too
 * The file lies in memory (tmpfs), under a name of its own, as this one is written as well. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "fuzz.h"
#include "latent/latent_cache.h"

enum { MAGIC = 16, HEAD = 32, MOST = 1 << 28, CHECKED = 64 };

/* What the format has at the beginning of a record (latent_cache.h). */
typedef struct head {
    uint64_t low, high;
    uint32_t n, crc_values, crc_head, zero;
} head;
_Static_assert(sizeof(head) == HEAD, "as in the file");

static head head_at(const uint8_t *file, size_t at)
{
    head h;
    memcpy(&h, file + at, sizeof h);
    return h;
}

/* Whether a whole record begins at file[at]; its size. */
static bool whole(const uint8_t *file, size_t size, size_t at, size_t *record)
{
    if (size - at < HEAD) return false;
    const head h = head_at(file, at);
    *record = HEAD + (size_t)h.n * 4;
    return h.zero == 0 && *record <= size - at && h.crc_head == crc32c(0, file + at, 24);
}

/* Makes the checksums of the records that the file claims to hold right. */
static void seal(uint8_t *file, size_t size, bool values)
{
    for (size_t at = MAGIC; at < size && size - at >= HEAD;) {
        head h = head_at(file, at);
        const size_t bytes = (size_t)h.n * 4;
        if (values && bytes <= size - at - HEAD) h.crc_values = crc32c(0, file + at + HEAD, bytes);
        memcpy(file + at, &h, sizeof h);
        h.crc_head = crc32c(0, file + at, 24);
        memcpy(file + at, &h, sizeof h);
        if (bytes > size - at - HEAD) return;
        at += HEAD + bytes;
    }
}

/* Whether the last record of the key among those in file[MAGIC..end) is that at `at`. */
static bool stands(const uint8_t *file, size_t end, size_t at)
{
    const head h = head_at(file, at);
    size_t record = HEAD + (size_t)h.n * 4;

    for (at += record; at < end; at += record) {
        const head later = head_at(file, at);
        record = HEAD + (size_t)later.n * 4;
        if (later.low == h.low && later.high == h.high) return false;
    }
    return true;
}

/* What the cache says of the record at file[at], which is the last of its key. */
static void check_record(const latent_cache *c, const uint8_t *file, size_t at)
{
    const head h = head_at(file, at);
    const latent_key key = {h.low, h.high};
    float *z = NULL;
    bool found = true;

    if (MEM_NEW(z, h.n + 1) != JEM_OK) return;
    fuzz_expect(latent_cache_find(&found, c, key, z, (int64_t)h.n + 1) == JEM_OK && !found);
    fuzz_expect(latent_cache_find(&found, c, key, z, h.n) == JEM_OK);
    fuzz_expect(found == (h.crc_values == crc32c(0, file + at + HEAD, (size_t)h.n * 4)));
    fuzz_expect(!found || memcmp(z, file + at + HEAD, (size_t)h.n * 4) == 0);
    mem_free(z);
}

/* The end of the whole records, the first of which are looked for in the cache. */
static size_t check_records(const latent_cache *c, const uint8_t *file, size_t size)
{
    size_t end = MAGIC, at = MAGIC, record;

    while (whole(file, size, end, &record)) end += record;
    for (int i = 0; i < CHECKED && at < end; i++, at += HEAD + (size_t)head_at(file, at).n * 4)
        if (stands(file, end, at)) check_record(c, file, at);
    return end;
}

static void check_added(latent_cache *c, latent_key key)
{
    static const float values[3] = {1, 2, 3};
    float z[3] = {0};
    bool found = false;

    fuzz_expect(latent_cache_find(&found, c, key, z, 3) == JEM_OK);
    if (!found) fuzz_expect(latent_cache_add(c, key, values, 3) == JEM_OK);
    fuzz_expect(latent_cache_find(&found, c, key, z, 3) == JEM_OK && found);
}

static char path[] = "/dev/shm/kept-latents-XXXXXX";

static void remove_file(void)
{
    unlink(path);
}

/* Opens the file, asks for all that is in it, and adds a record; and again. */
static void use(int fd, const uint8_t *file, size_t size)
{
    latent_cache *c = NULL;
    struct stat now;
    const latent_key key = {7, 8};

    if (fuzz_refused(latent_cache_open(&c, path, MOST), path)) {
        fuzz_expect(!c && fstat(fd, &now) == 0 && (size_t)now.st_size == size); /* left alone */
        return;
    }
    const size_t end = size > MAGIC ? check_records(c, file, size) : MAGIC;
    fuzz_expect(fstat(fd, &now) == 0 && (size_t)now.st_size == end);
    check_added(c, key);
    latent_cache_close(c);
    fuzz_expect(latent_cache_open(&c, path, MOST) == JEM_OK);
    check_added(c, key);
    latent_cache_close(c);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    static int fd = -1;
    uint8_t *copy = NULL;

    if (fd < 0) {
        fd = mkstemp(path);
        atexit(remove_file);
    }
    fuzz_expect(fd >= 0);
    if (size == 0 || !memchr("xho", data[0], 3) || MEM_NEW(copy, size) != JEM_OK) return;
    memcpy(copy, data + 1, size - 1);
    if (data[0] != 'x') seal(copy, size - 1, data[0] == 'o');
    fuzz_expect(ftruncate(fd, 0) == 0 && pwrite(fd, copy, size - 1, 0) == (ssize_t)(size - 1));
    fuzz_file(path, copy, size - 1);
    use(fd, copy, size - 1);
    mem_free(copy);
}
