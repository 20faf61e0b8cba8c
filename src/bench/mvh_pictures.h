/* Pictures of the image sets of model-vs-human, as its archives unpack:
 *
 *   FOLDER/SET/dnn/session-N/0001_cl_dnn_cr_oven_40_n04111531_14126.png
 *   FOLDER/SET/CATEGORY/cat7-elephant1.png      (edge, silhouette, cue-conflict)
 */
#ifndef BENCH_MVH_PICTURES_H
#define BENCH_MVH_PICTURES_H

#include "bench/mvh_sets.h"
#include "data/pictures/image.h"

typedef struct mvh_picture {
    char *path;
    char *id; /* the image's id (record/image_name.h), always with ".png" */
    int32_t category;
    int64_t condition; /* place in the set's; 0 in a set without */
} mvh_picture;

typedef struct mvh_pictures {
    int64_t count, capacity;
    mvh_picture *items; /* owned, with their strings */
} mvh_pictures;
#define MVH_PICTURES_INIT                                                                          \
    {                                                                                              \
        0, 0, NULL                                                                                 \
    }

/* In order of folders and files.  PNG and JPEG.  JEM_EDATA for a missing folder, a file or
 * folder that does not belong there, a name with too few fields, an unknown
 * category or condition, an image twice. */
jem_status mvh_pictures_read(mvh_pictures *out, const char *folder, const mvh_set *set);
void mvh_pictures_clear(mvh_pictures *p); /* MVH_PICTURES_INIT is fine */

/* 224 x 224 RGB: a file of another size is brought to 256 on its shorter side and cut. */
jem_status mvh_picture_read(image *out, const char *path);

#endif
