/* The readers that sources.c lists, each in a file of its own. */
#ifndef DATA_SOURCES_SOURCES_H
#define DATA_SOURCES_SOURCES_H

#include "data/dataset.h"

extern const data_source data_cifar10; /* cifar10.c */
extern const data_source data_folder;  /* folder.c */
extern const data_source data_npy;     /* npy.c */
extern const data_source data_latents; /* shards.c */
extern const data_source data_packed;  /* shards.c */
extern const data_source data_gloss;   /* gloss.c */

#endif
