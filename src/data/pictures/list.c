/* Listing picture files by class, by their names alone: see list.h. */
#include "data/pictures/list.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"

enum { DEPTH_MAX = 16 }; /* of folders below a class */

bool image_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && dot != name &&
           (!strcasecmp(dot, ".png") || !strcasecmp(dot, ".jpg") || !strcasecmp(dot, ".jpeg"));
}

void image_list_clear(image_list *l)
{
    for (int64_t i = 0; i < l->n; i++) mem_free(l->paths[i]);
    mem_free(l->paths);
    mem_free(l->labels);
    *l = (image_list)IMAGE_LIST_INIT;
}

jem_status image_list_add(image_list *l, char *path, int32_t label)
{
    jem_status st;

    TRY(MEM_GROW(l->paths, l->n, l->room));
    TRY(MEM_GROW(l->labels, l->n, l->label_room));
    l->paths[l->n] = path;
    l->labels[l->n++] = label;
    path = NULL;
done:
    mem_free(path);
    return st;
}

/* As image_list_below. */
static jem_status list_below(image_list *l, const char *folder, int32_t label, int depth,
                             int64_t *others)
{
    jem_status st;
    char *path = NULL, **names = NULL;
    int count = 0;

    if (depth > DEPTH_MAX)
        return jem_error(JEM_EDATA, "%s: more than %d folders deep: is a link circular?", folder,
                         DEPTH_MAX);
    TRY(dir_list_data(&names, &count, folder));
    for (int i = 0; i < count; i++) {
        char *picture = NULL;
        if (!image_name(names[i])) continue;
        TRY(str_format(&picture, "%s/%s", folder, names[i]));
        TRY(image_list_add(l, picture, label));
    }
    for (int i = 0; i < count; i++) {
        if (image_name(names[i])) continue; /* a million pictures are not asked whether they are folders */
        mem_free(path);
        path = NULL;
        TRY(str_format(&path, "%s/%s", folder, names[i]));
        if (dir_exists(path))
            TRY(list_below(l, path, label, depth + 1, others));
        else
            ++*others;
    }
done:
    mem_free(path);
    strings_free(names, count);
    return st;
}

jem_status image_list_below(image_list *l, const char *folder, int32_t label, int64_t *others)
{
    return list_below(l, folder, label, 0, others);
}

/* Appends the pictures of one class. */
static jem_status list_class(image_list *l, const char *dir, const char *name, int32_t label)
{
    jem_status st;
    char *folder = NULL;
    const int64_t before = l->n;
    int64_t others = 0;

    TRY(str_format(&folder, "%s/%s", dir, name));
    TRY(image_list_below(l, folder, label, &others));
    if (l->n == before) {
        st = jem_error(JEM_EDATA,
                       "%s: the class folder holds no .png, .jpg or .jpeg file, nor do folders in "
                       "it: fill it or remove it",
                       folder);
        goto done;
    }
    if (others > 0)
        log_info("%s: %" PRId64 " files that are not pictures ignored", folder, others);
done:
    mem_free(folder);
    return st;
}

jem_status image_list_classes(image_list *l, const char *dir, char *const *classes, int count)
{
    jem_status st = JEM_OK;

    for (int k = 0; k < count && st == JEM_OK; k++) st = list_class(l, dir, classes[k], k);
    return st;
}

jem_status image_list_folders(char ***names, int *count, const char *dir)
{
    jem_status st;
    char **all = NULL;
    int entries = 0, kept = 0;

    TRY(dir_list_data(&all, &entries, dir));
    for (int i = 0; i < entries; i++) {
        char *path = NULL;
        bool keep = false;
        if (st == JEM_OK) st = str_format(&path, "%s/%s", dir, all[i]);
        if (st == JEM_OK) keep = dir_exists(path);
        mem_free(path);
        if (keep)
            all[kept++] = all[i];
        else
            mem_free(all[i]);
    }
    entries = kept;
    if (st) goto done;
    *names = all;
    *count = kept;
    all = NULL;
done:
    strings_free(all, all ? entries : 0);
    return st;
}
