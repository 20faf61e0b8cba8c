/* At most 256 colours that stand for those of a picture, for PNG files with a palette. */
#ifndef REPORT_PALETTE_H
#define REPORT_PALETTE_H

#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

enum { PALETTE_MOST = 256 };

typedef struct palette {
    int count;
    uint8_t colours[PALETTE_MOST][3];
} palette;

/* index [pixels] <- of the colour that stands for each pixel of rgb [pixels][3], the nearest one.  Exact where the
 * picture has no more colours than a palette (of a small one, no more than one for eight pixels); else boxes of colours are cut at their mean along the channel of largest
 * variance, the box with the largest sum of squares first (Wan, Prusinkiewicz & Wong 1990), then moved by Lloyd's
 * rounds.  The same picture gives the same bytes.  JEM_ENOMEM */
jem_status palette_make(palette *out, uint8_t *index, const uint8_t *rgb, int64_t pixels);

/* *png [*size] (owned) <- a PNG file of rgb [height][width][3] with such a palette.  JEM_ENOMEM */
jem_status palette_png(char **png, size_t *size, const uint8_t *rgb, int64_t width, int64_t height);

#endif
