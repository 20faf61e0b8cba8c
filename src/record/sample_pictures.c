/* Single pictures of a run: see sample_pictures.h. */
#include "record/sample_pictures.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/try.h"

jem_status sample_picture_path(char **out, const char *run, const char *group, const char *item,
                               const char *cell)
{
    jem_status st;
    char *folder = NULL, name[128];

    name_make(name, sizeof name, item, "._-");
    TRY(str_format(&folder, "%s/samples/%s/%s", run, group, name));
    TRY(dir_ready(folder));
    TRY(str_format(out, "%s/%s.png", folder, cell));
done:
    mem_free(folder);
    return st;
}

/* Removes the PNG files of a folder, and the folder if it is then empty. */
static jem_status remove_pictures(const char *folder)
{
    jem_status st;
    char **names = NULL, *path = NULL;
    int count = 0;

    TRY(dir_list(&names, &count, folder));
    for (int i = 0; i < count; i++) {
        size_t n = strlen(names[i]);
        if (n < 4 || strcmp(names[i] + n - 4, ".png") != 0) continue;
        mem_free(path);
        path = NULL;
        TRY(str_format(&path, "%s/%s", folder, names[i]));
        TRY(file_remove(path));
    }
    rmdir(folder); /* a user's own files may keep it */
done:
    mem_free(path);
    strings_free(names, count);
    return st;
}

jem_status sample_pictures_remove(const char *run, const char *group)
{
    jem_status st;
    char *folder = NULL, **names = NULL, *path = NULL;
    int count = 0;

    TRY(str_format(&folder, "%s/samples/%s", run, group));
    if (!dir_exists(folder)) goto done;
    TRY(dir_list(&names, &count, folder));
    for (int i = 0; i < count; i++) {
        mem_free(path);
        path = NULL;
        TRY(str_format(&path, "%s/%s", folder, names[i]));
        if (dir_exists(path)) TRY(remove_pictures(path));
    }
done:
    mem_free(path);
    mem_free(folder);
    strings_free(names, count);
    return st;
}
