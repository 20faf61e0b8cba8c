/* The decoders behind image_decode: one per file format. */
#ifndef DATA_IMAGE_CODEC_H
#define DATA_IMAGE_CODEC_H

#include <stdbool.h>

#include "data/image.h"

enum { IMAGE_SIDE_MAX = 16384 };

/* JEM_EDATA if a picture has no pixels or more than IMAGE_SIDE_MAX a side;
 * `name` opens the message. */
jem_status image_check_size(int64_t height, int64_t width, const char *name);

/* Whether the bytes begin like a file of the format. */
bool image_is_png(const void *bytes, size_t size);
bool image_is_jpeg(const void *bytes, size_t size);

/* `out` gets three channels.  JEM_EDATA if damaged, cut short or of an
 * unsupported colour model; `name` opens the message. */
jem_status image_decode_png(image *out, const void *bytes, size_t size, const char *name);
jem_status image_decode_jpeg(image *out, const void *bytes, size_t size, const char *name);

#endif
