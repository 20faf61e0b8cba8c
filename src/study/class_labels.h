/* What a person calls the classes of a run: "truck", or 9. */
#ifndef STUDY_CLASS_LABELS_H
#define STUDY_CLASS_LABELS_H

#include "data/dataset.h"
#include "run/run.h"

typedef struct class_labels {
    char **names; /* [count] owned; NULL: the data name none */
    int count;    /* the number of classes, or 0 */
} class_labels;
#define CLASS_LABELS_INIT {NULL, 0}

/* Of the run in `folder` with so many classes and these settings: the names that its data had, of CIFAR-10
 * without them the known ones. */
jem_status class_labels_of(class_labels *l, const char *folder, int64_t classes, const config *cfg);
void class_labels_clear(class_labels *l); /* CLASS_LABELS_INIT is fine */

#endif
