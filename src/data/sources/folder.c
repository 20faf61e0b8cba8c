/* A folder of PNG and JPEG files by class: DIR/CLASS/x.png, or the same below DIR/train and DIR/test,
 * or DIR/val (imagenet.h).  Classes are numbered in bytewise order of name. */
#include <limits.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "data/sources/image_set.h"
#include "data/sources/imagenet.h"
#include "data/sources/sources.h"

/* The pictures of a list, decoded. */
static jem_status load_list(dataset **out, const imagenet *m, const image_list *l, const char *dir,
                            int64_t size)
{
    jem_status st;
    dataset *d = NULL;

    if (l->n > INT_MAX)
        return jem_error(JEM_EDATA, "%s: more than %d pictures", dir, INT_MAX);
    TRY(image_set_read(&d, l->paths, (int)l->n, size));
    memcpy(d->labels, l->labels, (size_t)l->n * sizeof *l->labels);
    TRY(dataset_name_classes(d, (const char *const *)m->classes, m->class_count));
    *out = d;
    d = NULL;
done:
    dataset_free(d);
    return st;
}

/* Every class of the training pictures is tested. */
static jem_status check_same_classes(const imagenet *m, const char *dir)
{
    jem_status st;
    bool *there = NULL;

    TRY(MEM_NEW(there, m->class_count));
    for (int64_t i = 0; i < m->val.n; i++) there[m->val.labels[i]] = true;
    for (int k = 0; k < m->class_count; k++) {
        if (there[k]) continue;
        st = jem_error(JEM_EDATA,
                       "%s: train and %s hold different classes; class %d is '%s' in train and "
                       "'nothing' in %s: give both the same folders",
                       dir, m->second, k, m->classes[k], m->second);
        break;
    }
done:
    mem_free(there);
    return st;
}

static jem_status load(dataset **train, dataset **test, const data_options *o)
{
    jem_status st;
    imagenet m = IMAGENET_INIT;
    dataset *first = NULL, *second = NULL;

    TRY(imagenet_list(&m, o->path, NULL, true));
    if (m.second) {
        TRY(check_same_classes(&m, o->path));
        if (strcmp(m.second, "test") != 0)
            log_info("%s: tested with %s: there is no test with class folders", o->path, m.second);
    }
    TRY(load_list(&first, &m, &m.train, o->path, o->size));
    if (m.second) TRY(load_list(&second, &m, &m.val, o->path, o->size));
    *train = first;
    *test = second;
    first = second = NULL;
done:
    dataset_free(first);
    dataset_free(second);
    imagenet_clear(&m);
    return st;
}

const data_source data_folder = {
    .name = "folder",
    .about = "PNG and JPEG files in one folder per class",
    .layout = "CLASS/*.png|jpg, or train/CLASS/*.png|jpg with test/CLASS/ or val/CLASS/ or alone",
    .load = load,
};
