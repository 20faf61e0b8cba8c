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

char *safetensors_checksum_place(char *header, size_t size, const char *value)
{
    static const char before[] = "\"" CHECKSUM_KEY "\":\"";
    char *found;

    if (strlen(value) != CHECKSUM_DIGITS) return NULL;
    found = memmem(header, size, before, sizeof before - 1);
    if (!found) return NULL;
    found += sizeof before - 1;
    if ((size_t)(header + size - found) < CHECKSUM_DIGITS) return NULL;
    return memcmp(found, value, CHECKSUM_DIGITS) == 0 ? found : NULL;
}
