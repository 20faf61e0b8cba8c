/* A folder of PNG and JPEG files by class: DIR/CLASS/x.png, or the same below
 * DIR/train and DIR/test.  Classes are numbered in bytewise order of name. */
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "data/image_set.h"
#include "data/sources.h"

typedef struct listing {
    char **paths; /* [n] of the pictures, class by class */
    int32_t *labels;
    int n, capacity;
} listing;

static void listing_clear(listing *l)
{
    strings_free(l->paths, l->n);
    mem_free(l->labels);
}

/* Room for `more` pictures. */
static jem_status listing_grow(listing *l, int more)
{
    jem_status st;
    char **paths = NULL;
    int32_t *labels = NULL;
    int64_t capacity = 2 * ((int64_t)l->n + more);

    if (l->n + (int64_t)more <= l->capacity) return JEM_OK;
    if (capacity > INT_MAX) return jem_error(JEM_EDATA, "more than %d pictures", INT_MAX / 2);
    TRY(MEM_NEW(paths, capacity));
    TRY(MEM_NEW(labels, capacity));
    if (l->n) {
        memcpy(paths, l->paths, (size_t)l->n * sizeof *paths);
        memcpy(labels, l->labels, (size_t)l->n * sizeof *labels);
    }
    mem_free(l->paths);
    mem_free(l->labels);
    l->paths = paths;
    l->labels = labels;
    l->capacity = (int)capacity;
    return JEM_OK;
done:
    mem_free(paths);
    mem_free(labels);
    return st;
}

/* Appends the pictures of one class. */
static jem_status list_class(listing *l, const char *dir, const char *name, int32_t label)
{
    jem_status st;
    char *path = NULL, **files = NULL;
    int count = 0, before = l->n;

    TRY(str_format(&path, "%s/%s", dir, name));
    TRY(dir_list(&files, &count, path));
    TRY(listing_grow(l, count));
    for (int i = 0; i < count; i++) {
        if (files[i][0] == '.' || !image_name(files[i])) continue;
        TRY(str_format(&l->paths[l->n], "%s/%s", path, files[i]));
        l->labels[l->n++] = label;
    }
    if (l->n == before) {
        st = jem_error(JEM_EDATA,
                       "%s: the class folder holds no .png, .jpg or .jpeg file: fill it or "
                       "remove it",
                       path);
        goto done;
    }
    if (l->n - before < count)
        log_info("%s: %d files that are not pictures ignored", path, count - (l->n - before));
done:
    mem_free(path);
    strings_free(files, count);
    return st;
}

/* Keeps the names of visible folders: names[0..*count) stay owned strings. */
static jem_status keep_folders(char **names, int *count, const char *dir)
{
    jem_status st = JEM_OK;
    int kept = 0;

    for (int i = 0; i < *count; i++) {
        char *path = NULL;
        bool keep = false;
        if (st == JEM_OK) st = str_format(&path, "%s/%s", dir, names[i]);
        if (st == JEM_OK) keep = names[i][0] != '.' && dir_exists(path);
        mem_free(path);
        if (keep)
            names[kept++] = names[i];
        else
            mem_free(names[i]);
    }
    *count = kept;
    return st;
}

/* Pictures of DIR/CLASS/ for all classes. */
static jem_status load_split(dataset **out, const char *dir, int64_t size)
{
    jem_status st;
    char **classes = NULL;
    int count = 0;
    listing l = {NULL, NULL, 0, 0};
    dataset *d = NULL;

    TRY(dir_list(&classes, &count, dir));
    TRY(keep_folders(classes, &count, dir));
    if (count == 0) {
        st = jem_error(JEM_EDATA,
                       "%s: no class folders; expected %s/CLASS/*.png: set data.path to the "
                       "folder that holds them",
                       dir, dir);
        goto done;
    }
    for (int k = 0; k < count; k++) TRY(list_class(&l, dir, classes[k], k));
    TRY(image_set_read(&d, l.paths, l.n, size));
    memcpy(d->labels, l.labels, (size_t)l.n * sizeof *l.labels);
    TRY(dataset_name_classes(d, (const char *const *)classes, count));
    *out = d;
    d = NULL;
done:
    dataset_free(d);
    listing_clear(&l);
    strings_free(classes, count);
    return st;
}

static jem_status check_same_classes(const dataset *a, const dataset *b, const char *dir)
{
    for (int64_t k = 0; k < a->classes || k < b->classes; k++) {
        const char *p = k < a->classes ? a->class_names[k] : "nothing";
        const char *q = k < b->classes ? b->class_names[k] : "nothing";
        if (strcmp(p, q) != 0)
            return jem_error(JEM_EDATA,
                             "%s: train and test hold different classes; class %" PRId64
                             " is '%s' in train and '%s' in test: give both the same folders",
                             dir, k, p, q);
    }
    return JEM_OK;
}

static jem_status load(dataset **train, dataset **test, const data_options *o)
{
    jem_status st;
    char *first_dir = NULL, *second_dir = NULL;
    dataset *first = NULL, *second = NULL;

    TRY(str_format(&first_dir, "%s/train", o->path));
    TRY(str_format(&second_dir, "%s/test", o->path));
    if (dir_exists(first_dir) && dir_exists(second_dir)) {
        TRY(load_split(&first, first_dir, o->size));
        TRY(load_split(&second, second_dir, o->size));
        TRY(check_same_classes(first, second, o->path));
    } else {
        TRY(load_split(&first, o->path, o->size));
    }
    *train = first;
    *test = second;
    first = second = NULL;
done:
    dataset_free(first);
    dataset_free(second);
    mem_free(first_dir);
    mem_free(second_dir);
    return st;
}

const data_source data_folder = {
    .name = "folder",
    .about = "PNG and JPEG files in one folder per class",
    .layout = "CLASS/*.png|jpg, or train/CLASS/*.png|jpg and test/CLASS/*.png|jpg",
    .load = load,
};
