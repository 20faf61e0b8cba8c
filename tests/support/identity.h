/* Runs with the same seed have the same files, but for the bits that name the run and the checksum
 * over them. */
#ifndef SUPPORT_IDENTITY_H
#define SUPPORT_IDENTITY_H

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/check.h"

/* Blanks both in a safetensors file's bytes. */
static inline void identity_mask(char *data, size_t size)
{
    static const char *const keys[] = {"\"jem.checksum\":\"", "\"jem.run\":\""};
    for (int k = 0; k < 2; k++) {
        const size_t n = strlen(keys[k]);
        for (size_t at = 0; at + n + 32 <= size; at++) {
            if (memcmp(data + at, keys[k], n) != 0) continue;
            memset(data + at + n, '0', 32);
            break;
        }
    }
}

/* A/NAME and B/NAME hold the same bytes but for those. */
static inline void identity_same_file(const char *a, const char *b, const char *name)
{
    char path[2][1024], *data[2];
    size_t size[2];
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s/%s", i ? b : a, name);
        check_ok(file_read(&data[i], &size[i], path[i], 0));
        identity_mask(data[i], size[i]);
    }
    if (size[0] != size[1] || memcmp(data[0], data[1], size[0]) != 0)
        fail_msg("%s and %s differ", path[0], path[1]);
    mem_free(data[0]);
    mem_free(data[1]);
}

#endif
