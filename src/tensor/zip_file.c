/* Zip archives: the list of members, read and judged, and their bytes (zip_file.h).  Numbers are little-endian and lie
 * anywhere, so they are put together byte by byte. */
#include "tensor/zip_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "base/file_error.h"
#include "base/mem.h"
#include "base/try.h"

enum {
    END = 22,         /* bytes of the record at an archive's end, without its comment */
    LOCATOR = 20,     /* of what leads to the record of 64-bit sizes, before END */
    END64 = 56,
    LISTED = 46,      /* of a member in the list, without its name */
    HEAD = 30,        /* of its own header, without its name */
    COMMENT_MOST = 0xffff,
    LIST_MOST = 64 << 20,
    NAME_MOST = 1000,
    DEFLATE_MOST = 1032, /* what a byte can unpack to */
    STORED = 0,
    DEFLATED = 8,
    ENCRYPTED = 1
};

/* ---- messages */

static jem_status damaged(const zip_file *z, const char *fmt, ...) JEM_PRINTF(2, 3);
static jem_status damaged(const zip_file *z, const char *fmt, ...)
{
    char why[400];
    va_list args;

    va_start(args, fmt);
    vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    return jem_error(JEM_EDATA, "%s: %s: %s; copy it again, or save it again with %s", z->path, z->what, why, z->again);
}

static jem_status bad_member(const zip_file *z, const char *name, int64_t at, const char *what)
{
    return damaged(z, "byte %" PRId64 ": member '%.100s' %s", at, name, what);
}

/* ---- numbers */

static uint64_t number(const char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) value |= (uint64_t)(unsigned char)at[i] << (8 * i);
    return value;
}

static bool is_record(const char *at, char a, char b)
{
    return at[0] == 'P' && at[1] == 'K' && at[2] == a && at[3] == b;
}

/* ---- where the list is */

typedef struct list_place {
    uint64_t begin, bytes, count;
    int64_t end; /* of the list: where the records behind it begin */
} list_place;

static jem_status read_end64(list_place *p, const zip_file *z, const char *locator, int64_t at)
{
    char record[END64];
    jem_status st;
    const uint64_t place = number(locator + 8, 8);

    if (at < END64 || place > (uint64_t)(at - END64))
        return damaged(z, "byte %" PRId64 ": its list of members is said to end at byte %" PRIu64 ", beyond this", at, place);
    TRY(file_read_at(record, sizeof record, (int64_t)place, z->fd, z->path));
    if (!is_record(record, 6, 6) || number(record + 4, 8) != (uint64_t)at - place - 12)
        return damaged(z, "byte %" PRIu64 ": expected the end of its list of members (64 bits)", place);
    *p = (list_place){.begin = number(record + 48, 8), .bytes = number(record + 40, 8), .count = number(record + 32, 8),
                      .end = (int64_t)place};
done:
    return st;
}

/* The record that ends with the file, its comment included. */
static const char *find_end(const char *tail, size_t size)
{
    const char *at = size < END ? NULL : memrchr(tail, 'P', size - END + 1);
    while (at && !(is_record(at, 5, 6) && number(at + 20, 2) == (size_t)(tail + size - END - at)))
        at = memrchr(tail, 'P', (size_t)(at - tail));
    return at;
}

static jem_status find_list(list_place *p, const zip_file *z)
{
    jem_status st;
    const int64_t most = LOCATOR + END + COMMENT_MOST, size = z->size < most ? z->size : most;
    char *tail = NULL;

    TRY(MEM_NEW(tail, size));
    TRY(file_read_at(tail, (size_t)size, z->size - size, z->fd, z->path));
    const char *end = find_end(tail, (size_t)size);
    if (!end) {
        st = damaged(z, "%" PRId64 " bytes, and no list of members at their end: it is cut, or bytes are left over", z->size);
        goto done;
    }
    const int64_t at = z->size - size + (end - tail);
    *p = (list_place){.begin = number(end + 16, 4), .bytes = number(end + 12, 4), .count = number(end + 10, 2), .end = at};
    if (end - tail >= LOCATOR && is_record(end - LOCATOR, 6, 7)) TRY(read_end64(p, z, end - LOCATOR, at - LOCATOR));
    if (p->bytes > (uint64_t)p->end || p->begin != (uint64_t)p->end - p->bytes) {
        st = damaged(z, "byte %" PRId64 ": its list of members should end here, and is said to be the %" PRIu64
                     " bytes from byte %" PRIu64, p->end, p->bytes, p->begin);
        goto done;
    }
    if (p->bytes > LIST_MOST || p->count > p->bytes / LISTED)
        st = damaged(z, "byte %" PRIu64 ": a list of %" PRIu64 " members in %" PRIu64 " bytes", p->begin, p->count, p->bytes);
done:
    mem_free(tail);
    return st;
}

/* ---- members */

/* Numbers of 64 bits stand in a member's extra fields, those that have no room where they belong, in this order. */
static bool take_wide(uint64_t *const values[3], const char *extra, size_t size)
{
    const char *wide = NULL;
    size_t room = 0;

    for (size_t at = 0; at + 4 <= size;) {
        const size_t length = number(extra + at + 2, 2);
        if (length > size - at - 4) return false;
        if (number(extra + at, 2) == 1) {
            wide = extra + at + 4;
            room = length;
        }
        at += 4 + length;
    }
    for (int i = 0; i < 3; i++) {
        if (*values[i] != UINT32_MAX) continue;
        if (room < 8) return false;
        *values[i] = number(wide, 8);
        wide += 8;
        room -= 8;
    }
    return true;
}

/* Relative, and without a part that leads up. */
static bool is_proper_name(const char *name, size_t size)
{
    if (size == 0 || size > NAME_MOST || name[0] == '/' || memchr(name, '\0', size)) return false;
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0')) return false;
    }
    return true;
}

static jem_status check_sizes(const zip_file *z, const zip_member *m, int64_t at, uint64_t packed, uint64_t size,
                              uint64_t head, const list_place *p)
{
    if (head > p->begin || packed > p->begin - head) return bad_member(z, m->name, at, "is said to lie outside of the file");
    if (m->stored && packed != size)
        return damaged(z, "byte %" PRId64 ": member '%.100s' is not compressed and yet has two sizes, %" PRIu64 " and %" PRIu64,
                       at, m->name, packed, size);
    if (size / DEFLATE_MOST > packed) return bad_member(z, m->name, at, "is said to unpack to more than can be");
    return JEM_OK;
}

/* The member that the list tells of at *from; its name goes to *name, and both move on. */
static jem_status take_member(zip_member *m, const zip_file *z, const char **from, const char *end, char **name,
                              const list_place *p)
{
    const char *at = *from;
    const int64_t place = p->end - (end - at);

    if (end - at < LISTED || !is_record(at, 1, 2))
        return damaged(z, "byte %" PRId64 ": expected member %" PRId64 " of %" PRIu64, place, m - z->members + 1, p->count);
    const size_t length = number(at + 28, 2), extra = number(at + 30, 2), comment = number(at + 32, 2);
    if ((size_t)(end - at) - LISTED < length + extra + comment)
        return damaged(z, "byte %" PRId64 ": a member's name does not end within the list", place);
    memcpy(*name, at + LISTED, length);
    m->name = *name;
    if (!is_proper_name(m->name, length)) return bad_member(z, m->name, place, "has no proper name");
    *name += length + 1;
    const uint64_t method = number(at + 10, 2);
    if (number(at + 8, 2) & ENCRYPTED) return bad_member(z, m->name, place, "is encrypted");
    if (method != STORED && method != DEFLATED)
        return damaged(z, "byte %" PRId64 ": member '%.100s' is compressed by method %" PRIu64 ", expected none or deflate",
                       place, m->name, method);
    uint64_t packed = number(at + 20, 4), size = number(at + 24, 4), head = number(at + 42, 4);
    if (!take_wide((uint64_t *const[]){&size, &packed, &head}, at + LISTED + length, extra))
        return bad_member(z, m->name, place, "has no proper sizes");
    m->stored = method == STORED;
    jem_status st = check_sizes(z, m, place, packed, size, head, p);
    if (st != JEM_OK) return st;
    m->size = (int64_t)size;
    m->packed = (int64_t)packed;
    m->head = (int64_t)head;
    m->checksum = (uint32_t)number(at + 16, 4);
    *from = at + LISTED + length + extra + comment;
    return JEM_OK;
}

/* Members have a header of their own before their bytes, whose extra fields may differ from the list's. */
static jem_status find_bytes(zip_member *m, const zip_file *z, int64_t list)
{
    jem_status st;
    char head[HEAD + NAME_MOST];
    const size_t length = strlen(m->name);

    if (m->head + HEAD + (int64_t)length > list) return bad_member(z, m->name, m->head, "is said to lie outside of the file");
    TRY(file_read_at(head, HEAD + length, m->head, z->fd, z->path));
    if (!is_record(head, 3, 4) || number(head + 26, 2) != length || memcmp(head + HEAD, m->name, length) != 0)
        return bad_member(z, m->name, m->head, "was expected here, by the list of members");
    m->at = m->head + HEAD + (int64_t)length + (int64_t)number(head + 28, 2);
    if (m->at > list || m->packed > list - m->at)
        return bad_member(z, m->name, m->head, "is said to lie outside of the file");
done:
    return st;
}

static int by_place(const void *a, const void *b)
{
    const zip_member *const *p = a, *const *q = b;
    return ((*p)->head > (*q)->head) - ((*p)->head < (*q)->head);
}

static int by_name(const void *a, const void *b)
{
    const zip_member *const *p = a, *const *q = b;
    return strcmp((*p)->name, (*q)->name);
}

static jem_status check_apart(const zip_file *z)
{
    jem_status st;
    zip_member **sorted = NULL;

    TRY(MEM_NEW(sorted, z->count));
    for (int64_t i = 0; i < z->count; i++) sorted[i] = &z->members[i];
    qsort(sorted, (size_t)z->count, sizeof *sorted, by_name);
    for (int64_t i = 1; i < z->count && st == JEM_OK; i++)
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            st = damaged(z, "holds '%.200s' twice, at bytes %" PRId64 " and %" PRId64, sorted[i]->name, sorted[i - 1]->head,
                         sorted[i]->head);
    qsort(sorted, (size_t)z->count, sizeof *sorted, by_place);
    for (int64_t i = 1; i < z->count && st == JEM_OK; i++)
        if (sorted[i - 1]->at + sorted[i - 1]->packed > sorted[i]->head)
            st = damaged(z, "byte %" PRId64 ": members '%.100s' and '%.100s' overlap", sorted[i]->head, sorted[i - 1]->name,
                         sorted[i]->name);
done:
    mem_free(sorted);
    return st;
}

static jem_status read_list(zip_file *z)
{
    jem_status st;
    list_place p = {0};
    char *list = NULL, *name;
    const char *at, *end;

    TRY(find_list(&p, z));
    TRY(MEM_NEW(list, p.bytes));
    TRY(file_read_at(list, p.bytes, (int64_t)p.begin, z->fd, z->path));
    TRY(MEM_NEW(z->names, p.bytes)); /* a NUL behind each takes less than what else is said of it */
    TRY(MEM_NEW(z->members, p.count));
    at = list;
    end = list + p.bytes;
    name = z->names;
    for (z->count = 0; z->count < (int64_t)p.count; z->count++) {
        zip_member *m = &z->members[z->count];
        TRY(take_member(m, z, &at, end, &name, &p));
        TRY(find_bytes(m, z, (int64_t)p.begin));
    }
    if (at != end) {
        st = damaged(z, "byte %" PRId64 ": its list has more than the %" PRIu64 " members that it says", p.end - (end - at),
                     p.count);
        goto done;
    }
    TRY(check_apart(z));
done:
    mem_free(list);
    return st;
}

/* ---- */

void zip_file_close(zip_file *z)
{
    if (z->fd >= 0) close(z->fd);
    mem_free(z->members);
    mem_free(z->names);
    *z = (zip_file)ZIP_FILE_INIT;
}

jem_status zip_file_open(zip_file *z, const char *path, const char *what, const char *again)
{
    jem_status st;

    *z = (zip_file)ZIP_FILE_INIT;
    z->path = path;
    z->what = what;
    z->again = again;
    TRY(file_size(&z->size, path));
    if (!file_exists(path))
        return jem_error(JEM_EDATA, "%s: not a regular file; give the path of a file", path);
    z->fd = file_open(path, O_RDONLY, 0);
    if (z->fd < 0) return file_read_failed("open", path, errno);
    TRY(read_list(z));
done:
    return st;
}

/* ---- bytes of a member */

/* to [m->size + 1] <- what it unpacks to; *all: that it is whole. */
static jem_status unpack(char *to, bool *all, const zip_file *z, const zip_member *m)
{
    jem_status st = JEM_OK;
    char packed[1 << 14];
    int64_t from = m->at, left = m->packed, made = 0;
    z_stream s = {.next_in = NULL};
    int result = Z_OK;

    if (inflateInit2(&s, -MAX_WBITS) != Z_OK) return jem_error(JEM_ENOMEM, "%s: no memory to unpack it", z->path);
    while (result == Z_OK) {
        if (s.avail_in == 0 && left > 0) {
            const int64_t n = left < (int64_t)sizeof packed ? left : (int64_t)sizeof packed;
            TRY(file_read_at(packed, (size_t)n, from, z->fd, z->path));
            s.next_in = (Bytef *)packed;
            s.avail_in = (uInt)n;
            from += n;
            left -= n;
        }
        const int64_t room = m->size + 1 - made; /* one byte too many shows */
        s.next_out = (Bytef *)to + made;
        s.avail_out = (uInt)(room < 1 << 30 ? room : 1 << 30);
        result = inflate(&s, Z_NO_FLUSH);
        made = (char *)s.next_out - to;
    }
    *all = result == Z_STREAM_END && made == m->size && left == 0 && s.avail_in == 0;
done:
    inflateEnd(&s);
    return st;
}

jem_status zip_file_read(char **data, const zip_file *z, const zip_member *m)
{
    jem_status st;
    char *bytes = NULL;
    bool all = true;

    TRY(MEM_NEW(bytes, m->size + 1));
    if (m->stored)
        TRY(file_read_at(bytes, (size_t)m->size, m->at, z->fd, z->path));
    else
        TRY(unpack(bytes, &all, z, m));
    if (!all || !zip_is_intact(m->checksum, bytes, m->size)) {
        st = bad_member(z, m->name, m->at, all ? "has another checksum (CRC-32) than the archive says"
                                               : "does not unpack to as many bytes as the archive says");
        goto done;
    }
    *data = bytes;
    bytes = NULL;
done:
    mem_free(bytes);
    return st;
}
