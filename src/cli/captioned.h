/* Pictures that commands write, with what they show below them. */
#ifndef CLI_CAPTIONED_H
#define CLI_CAPTIONED_H

#include "data/pictures/image.h"

enum { CAPTION_LINES = 4, CAPTION_TEXT = 160 };

/* Lines from the top; "" is none. */
typedef struct caption {
    char lines[CAPTION_LINES][CAPTION_TEXT];
} caption;

/* Adds a strip on white below m, whose pixels stay as they are, in three channels: the captions of its `count` columns,
 * equally wide, then the lines of `foot`.  What is too long for its place ends in "…"; a picture narrower than a line gets
 * white at its right. */
jem_status caption_add(image *m, const caption *columns, int64_t count, const caption *foot);

#endif
