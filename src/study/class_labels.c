/* Names of the classes of a run, as its data have them: see class_labels.h. */
#include "study/class_labels.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "data/sources/cifar10.h"

jem_status class_labels_of(class_labels *l, const char *folder, int64_t classes, const config *cfg)
{
    jem_status st;
    char *path = NULL;

    TRY(run_path(&path, folder, RUN_INFO));
    TRY(run_info_class_names(&l->names, &l->count, path));
    if (l->count == classes) goto done;
    class_labels_clear(l); /* a damaged file may say anything */
    if (classes != CIFAR10_CLASSES || strcmp(cfg->data.kind, "cifar10") != 0) goto done;
    TRY(MEM_NEW(l->names, CIFAR10_CLASSES));
    for (; l->count < CIFAR10_CLASSES; l->count++)
        TRY(mem_strdup(&l->names[l->count], cifar10_class_names[l->count]));
done:
    mem_free(path);
    return st;
}

void class_labels_clear(class_labels *l)
{
    strings_free(l->names, l->count);
    *l = (class_labels)CLASS_LABELS_INIT;
}
