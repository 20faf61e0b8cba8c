/* The readers that datasets.c lists, each in a file of its own. */
#ifndef DATA_SOURCES_H
#define DATA_SOURCES_H

#include "data/dataset.h"

extern const data_source data_cifar10; /* data_cifar10.c */
extern const data_source data_folder;  /* data_folder.c */
extern const data_source data_npy;     /* data_npy.c */
extern const data_source data_latents; /* data_latents.c */
extern const data_source data_gloss;   /* data_gloss.c */

#endif
