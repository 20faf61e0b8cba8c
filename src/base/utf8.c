/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
#include "base/utf8.h"

#include <string.h>

int32_t utf8_next(const char **s, const char *end)
{
    static const int32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)*s;
    int n = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
    int32_t c = n == 1 ? *p : *p & (0x7f >> n);

    ++*s;
    if (n == 0 || n - 1 > end - *s) return -1;
    for (int i = 1; i < n; i++) {
        if (p[i] >> 6 != 2) return -1;
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return -1;
    *s += n - 1;
    return c;
}

bool utf8_is(const char *s)
{
    const char *end = s + strlen(s);

    while (s < end)
        if (utf8_next(&s, end) < 0) return false;
    return true;
}

int utf8_length(const char *s)
{
    int n = 0;
    for (; *s; s++) n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}
