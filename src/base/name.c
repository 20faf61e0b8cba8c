/* Names that become part of a path: the rule of name.h and its message. */
#include "base/name.h"

#include <string.h>

#include "base/plain.h"

bool name_is_plain(const char *name)
{
    return *name && strlen(name) <= NAME_MOST && *name != '.' && *name != '-' &&
           !strchr(name, '/') && plain_is(name);
}

jem_status name_check(const char *name, const char *what)
{
    if (name_is_plain(name)) return JEM_OK;
    return jem_error(JEM_EDATA,
                     "%s '%.250s' cannot name a file: expected 1 to %d bytes of plain text without "
                     "'/' that do not begin with '.' or '-'; rename or remove it",
                     what, name, NAME_MOST);
}

static bool is_kept(char c, const char *also)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr(also, c);
}

void name_make(char *name, size_t size, const char *text, const char *also)
{
    size_t n = 0;

    for (; text[n] && n + 1 < size && n < NAME_MOST; n++)
        name[n] = is_kept(text[n], also) && (n > 0 || text[n] != '.') ? text[n] : '-';
    name[n] = '\0';
}
