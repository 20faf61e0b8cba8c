/* How a network's classes become the 16 categories of Geirhos et al. (2018, 2021).
 *
 * A category's probability is the mean of its classes'; classes without a category are
 * ignored, and a category without a class is never answered. */
#ifndef BENCH_LABEL_MAP_H
#define BENCH_LABEL_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

typedef struct label_map label_map;

/* ImageNet's 1000 classes in the order of their WordNet ids.  Maps are owned: label_map_free. */
jem_status label_map_imagenet(label_map **out);
/* A file with a header and the columns category and index (from 0), separated by TAB, as
 * imagenet16.tsv of model-vs-human's users.  JEM_EDATA with the line. */
jem_status label_map_read(label_map **out, const char *path);
/* By name: the categories' own, and CIFAR-10's automobile (car) and ship (boat).
 * *out is NULL if no class has a category. */
jem_status label_map_of_names(label_map **out, const char *const *names, int64_t classes);
void label_map_free(label_map *m); /* NULL is fine */

/* JEM_EDATA unless the map is for networks of `classes` classes. */
jem_status label_map_check(const label_map *m, int64_t classes);

/* category [n] (record/image_name.h) <- the decision for each of rows [n][classes], which are
 * probabilities or logits.  JEM_EDATA for one that is not finite. */
jem_status label_map_decide(const label_map *m, int32_t *category, const double *rows, int64_t n,
                            int64_t classes, bool probabilities);

/* "7 of the 16 categories have a class: airplane bird ..."; "" if all have. */
void label_map_describe(const label_map *m, char *text, size_t size);

#endif
