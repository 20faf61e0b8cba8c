/* The decoders behind image_decode: one per file format. */
#ifndef DATA_PICTURES_CODEC_H
#define DATA_PICTURES_CODEC_H

#include <stdbool.h>

#include "data/pictures/image.h"

enum { IMAGE_SIDE_MAX = 16384 };

/* What a file's first bytes promise. */
typedef struct image_claim {
    int64_t height, width;
    int64_t file_least; /* bytes that no file of such a picture stays below */
    int64_t memory;     /* bytes that decoding takes beside the file */
} image_claim;

/* JEM_EDATA unless each side has 1 to IMAGE_SIDE_MAX pixels; to be asked first, so that
 * products of the sides are safe.  `name` opens the message. */
jem_status image_check_size(int64_t height, int64_t width, const char *name);
/* JEM_EDATA if the file is too short for what it promises, or if decoding would take
 * more than 56 MiB and three times its `size`: the bound of 4 times the file and 64 MiB
 * with what a decoder needs for itself. */
jem_status image_check_claim(const image_claim *c, size_t size, const char *name);

/* Whether the bytes begin like a file of the format; any size will do. */
bool image_is_png(const void *bytes, size_t size);
bool image_is_jpeg(const void *bytes, size_t size); /* FF D8 FF: JFIF, Exif and bare ones */

/* `out` gets three channels.  JEM_EDATA if damaged, cut short or of an
 * unsupported colour model; `name` opens the message. */
jem_status image_decode_png(image *out, const void *bytes, size_t size, const char *name);
/* Baseline and progressive; CMYK becomes RGB, as far as that goes without a profile. */
jem_status image_decode_jpeg(image *out, const void *bytes, size_t size, const char *name);

#endif
