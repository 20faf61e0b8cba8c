/* Many picture files into one data set. */
#ifndef DATA_SOURCES_IMAGE_SET_H
#define DATA_SOURCES_IMAGE_SET_H

#include "data/dataset.h"

/* Decodes paths[0..n), n >= 1, on all processors into an unlabelled data set
 * [n][3][h][w] without classes or hash.  size > 0: each becomes size x size
 * (image_resize_square); 0: all must have the size of the first.  JEM_EDATA
 * names the file. */
jem_status image_set_read(dataset **out, char *const *paths, int n, int64_t size);

/* Replaces d's pictures by ones of size x size, if they are not that already.
 * JEM_EUSAGE if d holds floats.  The hash is left to the caller. */
jem_status image_set_resize(dataset *d, int64_t size);

#endif
