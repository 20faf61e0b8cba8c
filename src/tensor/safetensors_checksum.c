/* The checksum's text and its place: see safetensors_checksum.h. */
#include "tensor/safetensors_checksum.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void safetensors_checksum_text(char text[CHECKSUM_DIGITS + 1], XXH128_hash_t hash)
{
    snprintf(text, CHECKSUM_DIGITS + 1, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64,
             (uint64_t)hash.low64);
}

size_t safetensors_checksum_place(const char *header, size_t size, const char *value)
{
    static const char before[] = "\"" CHECKSUM_KEY "\":\"";
    const char *found;

    if (strlen(value) != CHECKSUM_DIGITS) return 0;
    found = memmem(header, size, before, sizeof before - 1);
    if (!found) return 0;
    found += sizeof before - 1;
    if ((size_t)(header + size - found) < CHECKSUM_DIGITS) return 0;
    return memcmp(found, value, CHECKSUM_DIGITS) == 0 ? (size_t)(found - header) : 0;
}
