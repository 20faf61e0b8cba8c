/* Words in single quotes, in which a POSIX shell takes nothing apart (shell_line.h). */
#include "base/shell_line.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

static bool is_plain(const char *word)
{
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                               "_@%+=:,./-";
    return *word && !word[strspn(word, safe)];
}

/* Room for the word in quotes, each of its own quotes as '\'', and a space. */
static size_t most(const char *word)
{
    size_t quotes = 0;
    for (const char *c = word; *c; c++) quotes += *c == '\'';
    return strlen(word) + 3 * quotes + 3;
}

static char *put_word(char *to, const char *word)
{
    static const char quote[] = "'\\''";
    bool plain = is_plain(word);

    if (!plain) *to++ = '\'';
    for (const char *c = word; *c; c++) {
        size_t n = *c == '\'' ? sizeof quote - 1 : 1;
        memcpy(to, *c == '\'' ? quote : c, n);
        to += n;
    }
    if (!plain) *to++ = '\'';
    return to;
}

jem_status shell_line(char **out, const char *const *words)
{
    size_t room = 1;
    char *line = NULL, *to;

    for (const char *const *w = words; *w; w++) room += most(*w);
    jem_status st = mem_alloc(&line, room, 1);
    if (st != JEM_OK) return st;
    to = line;
    for (const char *const *w = words; *w; w++) {
        if (w != words) *to++ = ' ';
        to = put_word(to, *w);
    }
    *to = '\0';
    *out = line;
    return JEM_OK;
}
