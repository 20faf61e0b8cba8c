/* Listing what people gave, without what their systems left.  (Not in dir.c: the fuzz targets put files
 * in memory behind dir_list, which reaches other files' calls alone.) */
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"

/* Whether nobody put it there as data; written in any letter case. */
static bool is_litter(const char *name)
{
    static const char *const known[] = {
        "Thumbs.db", "ehthumbs.db", "desktop.ini", "$RECYCLE.BIN", "System Volume Information",
        "__MACOSX", "Icon\r", "lost+found", "@eaDir",
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(name, known[i]) == 0) return true;
    return name[0] == '.';
}

jem_status dir_list_data(char ***names, int *count, const char *path)
{
    char **all = NULL;
    int found = 0, kept = 0;
    jem_status st = dir_list(&all, &found, path);

    if (st) return st;
    for (int i = 0; i < found; i++)
        if (is_litter(all[i]))
            mem_free(all[i]);
        else
            all[kept++] = all[i];
    *names = all;
    *count = kept;
    return JEM_OK;
}
