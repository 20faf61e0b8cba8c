/* GRID/grid.json read: which study has which settings. See grid.h. */
#include "record/grid.h"

#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/try.h"

enum { LARGEST_GRID = 1 << 20 };

/* Without an allocation that could fail: the answer is yes or no. */
bool grid_is(const char *path)
{
    char *file = NULL;
    const bool is = str_format(&file, "%s/grid.json", path) == JEM_OK && file_exists(file);
    mem_free(file);
    return is;
}

static jem_status append(char ***paths, int *count, int64_t *room, const char *folder, const char *name)
{
    jem_status st;
    TRY(MEM_GROW(*paths, *count, *room));
    TRY(name ? str_format(&(*paths)[*count], "%s/%s", folder, name) : mem_strdup(&(*paths)[*count], folder));
    ++*count;
done:
    return st;
}

static jem_status append_studies(char ***paths, int *count, int64_t *room, const char *folder)
{
    jem_status st;
    char *file = NULL;
    json_t *root = NULL, *entry;
    size_t i;

    if (!grid_is(folder)) return append(paths, count, room, folder, NULL);
    TRY(str_format(&file, "%s/grid.json", folder));
    TRY(json_read(&root, file, LARGEST_GRID));
    json_array_foreach(json_object_get(root, "studies"), i, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "path"));
        if (!name) {
            st = jem_error(JEM_EDATA, "%s: study %d has no path; restore the file", file, (int)i);
            goto done;
        }
        st = name_check(name, "study");
        if (st != JEM_OK) {
            jem_error_context(st, "%s", file);
            goto done;
        }
        TRY(append(paths, count, room, folder, name));
    }
    if (i == 0) st = jem_error(JEM_EDATA, "%s: lists no studies; restore the file", file);
done:
    json_decref(root);
    mem_free(file);
    return st;
}

jem_status grid_studies_of_all(char ***paths, int *count, const char *const *folders, int folder_count)
{
    jem_status st = JEM_OK;
    char **list = NULL;
    int n = 0;
    int64_t room = 0;

    for (int i = 0; i < folder_count; i++) TRY(append_studies(&list, &n, &room, folders[i]));
    *paths = list;
    *count = n;
    list = NULL;
    n = 0;
done:
    strings_free(list, n);
    return st;
}

jem_status grid_studies(char ***paths, int *count, const char *path)
{
    return grid_studies_of_all(paths, count, &path, 1);
}
