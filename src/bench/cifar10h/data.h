/* The published files of CIFAR-10H (Peterson et al. 2019) and the labels and pictures of the
 * CIFAR-10 test set they belong to. */
#ifndef BENCH_CIFAR10H_DATA_H
#define BENCH_CIFAR10H_DATA_H

#include "data/dataset.h"

#ifndef CIFAR10H_TEST_IMAGES /* fewer for a fuzz target */
#define CIFAR10H_TEST_IMAGES 10000
#endif
enum { CIFAR10H_IMAGES = CIFAR10H_TEST_IMAGES, CIFAR10H_CLASSES = 10 };

typedef struct cifar10h_data {
    int64_t *counts;                /* [10000][10] people who chose each class */
    double *p;                      /* [10000][10] counts / their sum */
    int32_t *label;                 /* [10000] of CIFAR-10 */
    char **name;                    /* [10000] file names of the official distribution, or
                                       place numbers without test-images.tsv */
    dataset *pictures;              /* NULL unless a folder with them was given */
    const char *const *class_names; /* [10] static */
    uint64_t hash;                  /* of counts and labels */
} cifar10h_data;

/* folder: cifar10h-counts.npy; cifar10h-probs.npy and test-images.tsv where they are there.
 * pictures: folder with test_batch.bin, "" for none; needed for labels where there is no
 * test-images.tsv.  JEM_EDATA naming the file for: another shape than 10000 x 10, counts that
 * are no whole numbers of people, an image without people, probabilities that are not the
 * counts' shares, labels that are missing, twice, above 9 or not those of the pictures. */
jem_status cifar10h_read(cifar10h_data *out, const char *folder, const char *pictures);
void cifar10h_clear(cifar10h_data *d); /* a zeroed one is fine */

#endif
