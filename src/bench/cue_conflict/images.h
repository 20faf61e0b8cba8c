/* The cue-conflict images, and edges and silhouettes, each from one of
 *
 *   FOLDER/SET/CATEGORY/cat7-elephant1.png            224 x 224 (also .jpg)
 *   FOLDER/SET-32.bin with FOLDER/records-32.tsv      the same at 32 x 32
 *   people's trials                                   names alone
 */
#ifndef BENCH_CUE_CONFLICT_IMAGES_H
#define BENCH_CUE_CONFLICT_IMAGES_H

#include "bench/mvh_sets.h"
#include "data/pictures/image.h"

enum { CUE_SMALL_SIZE = 32 };

typedef struct cue_image {
    char *id;               /* "cat7-elephant1.png" */
    char *path;             /* NULL: not from a file of its own */
    const uint8_t *planes;  /* [3][32][32], borrowed from the records; NULL: not from them */
    int32_t shape, texture; /* texture -1: the set has none */
} cue_image;

typedef struct cue_images {
    const mvh_set *set;
    int64_t count, capacity;
    cue_image *items; /* in ascending order of ids; owned with their strings */
    char *records;    /* owned; NULL: none */
} cue_images;
#define CUE_IMAGES_INIT                                                                            \
    {                                                                                              \
        NULL, 0, 0, NULL, NULL                                                                     \
    }

/* From FOLDER/SET/CATEGORY.  `whole`: JEM_EDATA unless cue-conflict has its 1280 images, 5 for each pair of shape and
 * texture, and the other sets 160.  JEM_EDATA also for a name that is not
 * SHAPEn-TEXTUREm.png, a shape that is not the folder's, an image twice, more than the set has. */
jem_status cue_images_read_files(cue_images *out, const char *folder, const mvh_set *set,
                                 bool whole);
/* The same from FOLDER/SET-32.bin and its lines of records-32.tsv; also JEM_EDATA for a file that
 * is no whole number of records, and for a line whose record it lacks or contradicts. */
jem_status cue_images_read_records(cue_images *out, const char *folder, const mvh_set *set,
                                   bool whole);
/* Those that people saw, without pictures: for subjects that need none. */
jem_status cue_images_of_people(cue_images *out, const mvh_people *people, bool whole);
void cue_images_clear(cue_images *c); /* CUE_IMAGES_INIT is fine */

/* Is there a folder of any category of the set, hence something for cue_images_read_files? */
bool cue_images_have_files(const char *folder, const mvh_set *set);
bool cue_images_have_records(const char *folder, const mvh_set *set); /* is there SET-32.bin? */

/* RGB, 224 x 224 or 32 x 32. */
jem_status cue_image_read(image *out, const cue_image *c);

#endif
