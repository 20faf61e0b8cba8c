/* The test images of CIFAR-10, which people labelled for CIFAR-10H. */
#ifndef DATA_SOURCES_CIFAR10_H
#define DATA_SOURCES_CIFAR10_H

#include "data/dataset.h"

enum { CIFAR10_CLASSES = 10 };
/* "airplane" to "truck", as batches.meta.txt has them. */
extern const char *const cifar10_class_names[CIFAR10_CLASSES];

/* The records of FOLDER/test_batch.bin in the file's order, [n][3][32][32], with class names;
 * not sealed.  JEM_EDATA naming the file. */
jem_status cifar10_read_test(dataset **out, const char *folder);

#endif
