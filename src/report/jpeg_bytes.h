/* Pictures as JPEG, for pages: a photograph, or a smooth map, in a quarter of the bytes of a palette. */
#ifndef REPORT_JPEG_BYTES_H
#define REPORT_JPEG_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

/* *jpeg [*size] (owned) <- rgb [height][width][3], grey where it is, with colours at every pixel (4:4:4): pictures of 32 pixels
 * would lose theirs.  The same picture gives the same bytes.  JEM_ENOMEM */
jem_status jpeg_bytes(char **jpeg, size_t *size, const uint8_t *rgb, int width, int height);

#endif
