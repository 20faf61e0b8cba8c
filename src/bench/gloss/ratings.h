/* The ratings of Storrs, Anderson & Fleming (2021), experiment 1: a folder with one file
 * NN_gloss_ratings_task_DATE.csv per observer NN, each image rated three times.
 *
 * The files are no proper CSV: a name in the header holds an unquoted comma, so that
 * the header has one field more than the rows, and names and values do not line
 * up.  Columns are taken by position: 0 the image, 5 the rating. */
#ifndef BENCH_GLOSS_RATINGS_H
#define BENCH_GLOSS_RATINGS_H

#include <stdint.h>

#include "jem/status.h"

enum { GLOSS_REPEATS = 3, GLOSS_LOWEST = 1, GLOSS_HIGHEST = 6 };

typedef struct gloss_ratings {
    int64_t observers, images;
    int32_t *scene; /* [images] six-digit number in the image's name, ascending */
    double *rating; /* [observers][images] mean of the three ratings; observers in order of
                       their file names */
} gloss_ratings;
#define GLOSS_RATINGS_INIT                                                                         \
    {                                                                                              \
        0, 0, NULL, NULL                                                                           \
    }

/* JEM_EDATA naming file and line for a row of another length, an image without six digits, a
 * rating that is not a whole number from 1 to 6; naming the file for an image not rated
 * three times or not rated by the others; for an observer with two files; for fewer than two
 * observers. */
jem_status gloss_ratings_read(gloss_ratings *out, const char *folder);
void gloss_ratings_clear(gloss_ratings *r); /* GLOSS_RATINGS_INIT is fine */

#endif
