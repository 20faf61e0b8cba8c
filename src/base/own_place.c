/* The code's own mapping, as /proc/self/maps names it: see own_place.h.  The same lines answer for
 * the program (/proc/self/exe is one of them) and for libjem inside of Python, whose program is
 * python; dladdr would give what the loader was told, which may be relative. */
#include "base/own_place.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"

static const char maps[] = "/proc/self/maps";

/* From this code's folder: its own, and from a program's to that of libraries. */
static const char *const places[] = {"", "/" JEM_LIB_FROM_BIN};

static bool holds(const char *line, uintptr_t address)
{
    uintptr_t from, to;
    return sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) == 2 && from <= address &&
           address < to;
}

/* "55d0c-55d0d r-xp 00000000 08:01 1234   /usr/bin/jem": the file's name, NULL for none. */
static char *file_of(char *line)
{
    char *slash = strchr(line, '/');
    if (slash) slash[strcspn(slash, "\n")] = '\0';
    return slash;
}

jem_status own_folder(char **folder)
{
    jem_status st = JEM_OK;
    char *line = NULL, *name = NULL;
    size_t room = 0;
    FILE *f = fopen(maps, "re");

    if (!f) return jem_error(JEM_EIO, "%s: %s", maps, strerror(errno));
    while (!name && getline(&line, &room, f) > 0)
        if (holds(line, (uintptr_t)&maps)) name = file_of(line);
    fclose(f);
    if (!name) {
        st = jem_error(JEM_EIO, "%s: does not say which file this program is", maps);
        goto done;
    }
    char *slash = strrchr(name, '/');
    slash[slash == name] = '\0';
    TRY(mem_strdup(folder, name));
done:
    free(line);
    return st;
}

jem_status own_file(char **path, const char *file)
{
    jem_status st;
    char *folder = NULL, *there = NULL;

    TRY(own_folder(&folder));
    for (int i = 0; i < 2; i++) {
        TRY(str_format(&there, "%s%s/%s", folder, places[i], file));
        if (file_exists(there)) break;
        mem_free(there);
        there = NULL;
    }
    *path = there;
done:
    mem_free(folder);
    return st;
}
