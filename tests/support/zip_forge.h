/* Zip archives byte by byte, which may lie in every place: what archive_maker.h's writer would never make. */
#ifndef SUPPORT_ZIP_FORGE_H
#define SUPPORT_ZIP_FORGE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

typedef struct forged {
    const char *name;
    const void *bytes;
    size_t size;
    /* lies, 0: none */
    int method, flags; /* as the list has them */
    int64_t more;  /* the list says so many bytes more */
    int64_t further; /* the list says that it begins so many bytes further on */
    bool wrong_checksum;
} forged;

static inline char *forge_number(char *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) *to++ = (char)(value >> (8 * i));
    return to;
}

/* What a member's own header and the list share: from the version needed to the length of the extra fields. */
static inline char *forge_common(char *to, const forged *m)
{
    const uint32_t sum = (uint32_t)crc32_z(0, m->bytes, m->size) ^ m->wrong_checksum;
    to = forge_number(forge_number(forge_number(to, 20, 2), (uint64_t)m->flags, 2), (uint64_t)m->method, 2);
    to = forge_number(forge_number(to, 0, 4), sum, 4);
    for (int i = 0; i < 2; i++) to = forge_number(to, m->size + (uint64_t)m->more, 4);
    return forge_number(forge_number(to, strlen(m->name), 2), 0, 2);
}

/* Returns the bytes written to `to`, which has room for all. */
static inline size_t forge_zip(char *to, const forged *members, int count)
{
    char *at = to;
    int64_t begin[16] = {0};

    for (int i = 0; i < count; i++) {
        const forged *m = &members[i];
        begin[i] = at - to;
        at = forge_common(forge_number(at, 0x04034b50, 4), m);
        at = mempcpy(at, m->name, strlen(m->name));
        at = mempcpy(at, m->bytes, m->size);
    }
    const char *list = at;
    for (int i = 0; i < count; i++) {
        const forged *m = &members[i];
        at = forge_common(forge_number(forge_number(at, 0x02014b50, 4), 20, 2), m);
        at = forge_number(forge_number(at, 0, 8), 0, 2);
        at = forge_number(at, (uint64_t)(begin[i] + m->further), 4);
        at = mempcpy(at, m->name, strlen(m->name));
    }
    const uint64_t bytes = (uint64_t)(at - list);
    at = forge_number(forge_number(at, 0x06054b50, 4), 0, 4);
    for (int i = 0; i < 2; i++) at = forge_number(at, (uint64_t)count, 2);
    at = forge_number(forge_number(forge_number(at, bytes, 4), (uint64_t)(list - to), 4), 0, 2);
    return (size_t)(at - to);
}

#endif
