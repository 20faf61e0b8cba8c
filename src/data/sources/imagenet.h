/* ImageNet's folders, and any set of pictures in class folders that looks like them:
 *
 *   DIR/train/CLASS/x.jpg  and  DIR/val/CLASS/x.jpg, or DIR/val/x.jpg with a file of labels
 *   DIR/CLASS/x.jpg        training pictures alone
 *
 * Pictures in folders below CLASS belong to it.  valid and validation are val by other names, and test,
 * if it has class folders, stands in for a missing val, or comes before it where that is asked for; a
 * test without them is passed over.  DIR/train is a class where pictures lie in it directly.
 * Classes are numbered in bytewise order of their folders' names: for ImageNet that is the
 * order of WordNet ids which all published networks have. */
#ifndef DATA_SOURCES_IMAGENET_H
#define DATA_SOURCES_IMAGENET_H

#include <stdbool.h>

#include "data/pictures/list.h"

typedef struct imagenet {
    char **classes; /* [class_count], sorted */
    int class_count;
    image_list train, val; /* val may be empty */
    bool wordnet;          /* 1000 classes, all called n and eight digits */
    const char *second;    /* the folder that val came from; NULL if val is empty */
} imagenet;
#define IMAGENET_INIT {.classes = NULL}

/* Lists what `dir` holds without opening a picture.  labels_file says the classes of a flat
 * val folder; NULL looks for val_labels.txt, val.txt and val_annotations.txt in DIR and DIR/val, for
 * LOC_val_solution.csv and imagenet_2012_validation_synset_labels.txt.  Its lines are
 * "NAME CLASS" (blank or comma between them; CLASS a folder's name or its number from 0;
 * anything behind it is ignored), or CLASS alone, one per picture in order of file name.
 * JEM_EDATA names what is missing or contradictory. */
jem_status imagenet_list(imagenet *out, const char *dir, const char *labels_file, bool test_first);
void imagenet_clear(imagenet *m); /* IMAGENET_INIT is fine */

/* Decodes the first picture of every class on all processors: cheap, and finds a set of
 * another kind. */
jem_status imagenet_try_pictures(const imagenet *m);

#endif
