/* Names of the classes of a run, as its data have them: see class_labels.h. */
#include "cli/class_labels.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
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

static jem_status no_such_class(const class_labels *l, const char *text, int64_t classes)
{
    enum { LISTED = 20 };
    char list[LISTED * CLASS_TEXT] = "", class[CLASS_TEXT];

    for (int k = 0; k < l->count && k < LISTED; k++) {
        const size_t used = strlen(list);
        class_text(class, k, l->names);
        snprintf(list + used, sizeof list - used, "%s%s", k ? ", " : "", class);
    }
    return jem_error(JEM_EUSAGE, "--class '%s' is neither a whole number from 0 to %lld nor the name of a "
                                 "class%s%s%s", text, (long long)classes - 1,
                     l->count ? ": " : "; the data name none", list, l->count > LISTED ? ", ..." : "");
}

jem_status class_labels_find(int64_t *k, const class_labels *l, const char *text, int64_t classes)
{
    if (text[0] >= '0' && text[0] <= '9' && cli_int(k, text, "--class", 0, classes - 1) == JEM_OK)
        return JEM_OK;
    for (int i = 0; i < l->count; i++) {
        if (strcmp(l->names[i], text) != 0) continue;
        *k = i;
        return JEM_OK;
    }
    return no_such_class(l, text, classes);
}
