/* Listing picture files by class. */
#include "data/image_list.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "data/image_set.h"

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

/* Appends the pictures of one class. */
static jem_status list_class(image_list *l, const char *dir, const char *name, int32_t label)
{
    jem_status st;
    char *folder = NULL, *path = NULL, **files = NULL;
    int count = 0;
    int64_t before = l->n;

    TRY(str_format(&folder, "%s/%s", dir, name));
    TRY(dir_list(&files, &count, folder));
    for (int i = 0; i < count; i++) {
        if (files[i][0] == '.' || !image_name(files[i])) continue;
        TRY(str_format(&path, "%s/%s", folder, files[i]));
        TRY(image_list_add(l, path, label));
    }
    if (l->n == before) {
        st = jem_error(JEM_EDATA,
                       "%s: the class folder holds no .png, .jpg or .jpeg file: fill it or "
                       "remove it",
                       folder);
        goto done;
    }
    if (l->n - before < count)
        log_info("%s: %d files that are not pictures ignored", folder,
                 count - (int)(l->n - before));
done:
    mem_free(folder);
    strings_free(files, count);
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

    TRY(dir_list(&all, &entries, dir));
    for (int i = 0; i < entries; i++) {
        char *path = NULL;
        bool keep = false;
        if (st == JEM_OK) st = str_format(&path, "%s/%s", dir, all[i]);
        if (st == JEM_OK) keep = all[i][0] != '.' && dir_exists(path);
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
