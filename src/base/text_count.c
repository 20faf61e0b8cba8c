/* Characters of a text, as the bytes of 64-bit words. */
#include "base/text_count.h"

#include <stdint.h>
#include <string.h>

static const uint64_t ones = 0x0101010101010101; /* one in each byte */

/* How many bytes of `a` are those of `b`.  A byte's highest bit is set in `differ` unless
 * all its bits in a ^ b are 0: adding 127 carries any of the lower seven there, no further. */
static unsigned equal_bytes(uint64_t a, uint64_t b)
{
    const uint64_t low = 127 * ones;
    uint64_t x = a ^ b, differ = ((x & low) + low) | x;

    return 8 - (unsigned)((differ >> 7 & ones) * ones >> 56); /* the sum of its bytes */
}

size_t text_count(const char *text, size_t size, char c)
{
    const uint64_t pattern = (uint8_t)c * ones;
    size_t count = 0, i = 0;

    for (; i + 8 <= size; i += 8) {
        uint64_t word;
        memcpy(&word, text + i, 8);
        count += equal_bytes(word, pattern);
    }
    for (; i < size; i++) count += text[i] == c;
    return count;
}
