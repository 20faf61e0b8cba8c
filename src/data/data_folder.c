/* A folder of PNG and JPEG files by class: DIR/CLASS/x.png, or the same below
 * DIR/train and DIR/test.  Classes are numbered in bytewise order of name. */
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "data/image_list.h"
#include "data/image_set.h"
#include "data/sources.h"

/* Pictures of DIR/CLASS/ for all classes. */
static jem_status load_split(dataset **out, const char *dir, int64_t size)
{
    jem_status st;
    char **classes = NULL;
    int count = 0;
    image_list l = IMAGE_LIST_INIT;
    dataset *d = NULL;

    TRY(image_list_folders(&classes, &count, dir));
    if (count == 0) {
        st = jem_error(JEM_EDATA,
                       "%s: no class folders; expected %s/CLASS/*.png: set data.path to the "
                       "folder that holds them",
                       dir, dir);
        goto done;
    }
    TRY(image_list_classes(&l, dir, classes, count));
    if (l.n > INT_MAX) {
        st = jem_error(JEM_EDATA, "%s: more than %d pictures", dir, INT_MAX);
        goto done;
    }
    TRY(image_set_read(&d, l.paths, (int)l.n, size));
    memcpy(d->labels, l.labels, (size_t)l.n * sizeof *l.labels);
    TRY(dataset_name_classes(d, (const char *const *)classes, count));
    *out = d;
    d = NULL;
done:
    dataset_free(d);
    image_list_clear(&l);
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
