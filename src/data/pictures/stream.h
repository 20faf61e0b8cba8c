/* Pictures decoded by threads ahead of whoever takes them, in order.
 *
 *        next to decode --v                 v-- next to be taken
 *   ... [ 12 ][ 13 ][ 14 ][ 15 ]   a ring: a thread waits while its place is not yet free
 */
#ifndef DATA_PICTURES_STREAM_H
#define DATA_PICTURES_STREAM_H

#include <stdint.h>

#include "data/pictures/image.h"

typedef struct image_stream image_stream;

/* Begins to decode paths[0..n) (borrowed) to size x size RGB (image_resize_square_by) on
 * `threads` threads, at most `ahead` pictures before image_stream_next takes them. */
jem_status image_stream_new(image_stream **out, char *const *paths, int64_t n, int64_t size,
                            image_kernel kernel, int threads, int64_t ahead);
/* Stops the threads, also in the middle; NULL is fine. */
void image_stream_free(image_stream *s);

/* planar [3][size][size] <- the next picture, waiting for it.  JEM_EDATA if the file is
 * missing or damaged (the message names it); the stream then goes on with the one after
 * it.  Not to be called more than n times. */
jem_status image_stream_next(image_stream *s, uint8_t *planar);

#endif
