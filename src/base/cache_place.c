/* The folder of the cache, by the environment (cache_place.h). */
#include "base/cache_place.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"

jem_status cache_path(char **path, const char *name)
{
    const char *own = getenv("JEM_CACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char *folder = NULL;
    jem_status st = JEM_OK;

    *path = NULL;
    if (own && *own)
        TRY(str_format(&folder, "%s", own));
    else if (xdg && *xdg)
        TRY(str_format(&folder, "%s/jem", xdg));
    else if (home && *home)
        TRY(str_format(&folder, "%s/.cache/jem", home));
    else
        return JEM_OK;
    TRY(dir_make(folder));
    TRY(str_format(path, "%s/%s", folder, name));
done:
    mem_free(folder);
    return st;
}
