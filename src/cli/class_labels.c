/* The class that a person means: see class_labels.h. */
#include "cli/class_labels.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

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
