/* Picture files by class, as names: nothing is decoded. */
#ifndef DATA_PICTURES_LIST_H
#define DATA_PICTURES_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "jem/status.h"

/* Whether a file name ends in .png, .jpg or .jpeg, in any letter case. */
bool image_name(const char *name);

typedef struct image_list {
    char **paths; /* [n], class by class or in order of file name */
    int32_t *labels;
    int64_t n;
    int64_t room; /* of paths; labels have room of their own */
    int64_t label_room;
} image_list;
#define IMAGE_LIST_INIT {NULL, NULL, 0, 0, 0}

void image_list_clear(image_list *l); /* IMAGE_LIST_INIT is fine */
/* Takes over `path` (owned), also when it fails. */
jem_status image_list_add(image_list *l, char *path, int32_t label);

/* Appends the PNG and JPEG files of `folder` in order of name, and behind them those of the folders in
 * it; *others grows by the files that are none. */
jem_status image_list_below(image_list *l, const char *folder, int32_t label, int64_t *others);

/* Appends the PNG and JPEG files of DIR/CLASS, and of the folders below it, with labels in the order of
 * `classes`.  JEM_EDATA for a class without pictures. */
jem_status image_list_classes(image_list *l, const char *dir, char *const *classes, int count);

/* Sorted names of the visible folders in `dir`; owned (strings_free). */
jem_status image_list_folders(char ***names, int *count, const char *dir);

#endif
