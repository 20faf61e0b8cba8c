/* The class of a run that a person means on the command line. */
#ifndef CLI_CLASS_LABELS_H
#define CLI_CLASS_LABELS_H

#include "study/class_labels.h"

/* *k <- the class that --class TEXT means among `classes`: a number, else a name.  JEM_EUSAGE */
jem_status class_labels_find(int64_t *k, const class_labels *l, const char *text, int64_t classes);

#endif
