/* A set of pictures whose features are wanted: decoded or made when they are asked for. */
#ifndef FID_FID_PICTURES_H
#define FID_FID_PICTURES_H

#include "data/dataset.h"
#include "data/pictures/image.h"
#include "data/pictures/list.h"

typedef struct fid_pictures {
    int64_t n;
    /* *out (IMAGE_INIT before) <- picture i, of three channels.  Several threads ask at once. */
    jem_status (*get)(image *out, const struct fid_pictures *p, int64_t i);
    const uint8_t *pixels; /* [n][c][h][w]; borrowed, below the same */
    const float *values;   /* [n][c][h][w] in network units */
    int64_t channels, height, width;
    const image_list *list;
    const dataset *data;   /* of packed pictures */
} fid_pictures;

/* Grey pictures are repeated to three channels.  JEM_EDATA for other than 1 or 3 channels, and for latents. */
jem_status fid_pictures_of_data(fid_pictures *out, const dataset *d);
/* Values from -1 to 1, rounded to 8 bits as pictures that are written: what networks of published
 * distances have seen. */
jem_status fid_pictures_of_values(fid_pictures *out, const float *values, int64_t n, int64_t channels,
                                  int64_t height, int64_t width);
jem_status fid_pictures_of_pixels(fid_pictures *out, const uint8_t *pixels, int64_t n, int64_t channels,
                                  int64_t height, int64_t width);
/* PNG and JPEG files, each of a size of its own. */
fid_pictures fid_pictures_of_files(const image_list *l);

#endif
