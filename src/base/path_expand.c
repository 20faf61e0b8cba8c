/* Paths that begin with a folder's short name: see path_expand.h. */
#include "base/path_expand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

enum { NAME = 128 };

/* The variable at the head of the path, and what follows its name; NULL: none stands there. */
static const char *head(char name[NAME], const char *path)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    const char *from = path + 1, *rest;
    bool braces = path[0] == '$' && path[1] == '{';

    if (path[0] == '~') {
        snprintf(name, NAME, "HOME");
        return from;
    }
    if (path[0] != '$') return NULL;
    if (braces) from++;
    size_t n = strspn(from, letters);
    rest = from + n;
    if (n == 0 || n >= NAME || strspn(from, letters + 53) > 0 || (braces && *rest++ != '}'))
        return NULL;
    snprintf(name, NAME, "%.*s", (int)n, from);
    return rest;
}

jem_status path_expand(char **out, const char *path)
{
    char name[NAME];
    const char *rest = head(name, path), *value;

    *out = NULL;
    if (!rest || (*rest && *rest != '/')) return JEM_OK;
    value = getenv(name);
    if (value && *value) return str_format(out, "%s%s", value, rest);
    return jem_error(JEM_EUSAGE, "%s: %s is not set in the environment; write the path in full", path,
                     name);
}

jem_status path_absolute(char **out, const char *path)
{
    jem_status st;
    if (path[0] == '/') return mem_strdup(out, path);
    char *here = getcwd(NULL, 0);
    if (here)
        st = str_format(out, "%s%s%s", here, strcmp(here, "/") == 0 ? "" : "/", path);
    else
        st = jem_error(JEM_EIO, "%s: where the working directory is cannot be learnt: %s; give an "
                       "absolute path", path, strerror(errno));
    free(here);
    return st;
}
