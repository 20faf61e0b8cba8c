/* What the names in model-vs-human's trials mean (Geirhos et al. 2021). */
#ifndef RECORD_IMAGE_NAME_H
#define RECORD_IMAGE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

enum { CATEGORY_COUNT = 16 };

/* The 16 entry-level categories in alphabetical order. */
extern const char *const category_names[CATEGORY_COUNT];
/* Place of `name` in them; -1 if it is none. */
int category_find(const char *name);

/* The image itself, whoever saw it: what follows the last "_" of a trial's image name,
 * together with the piece before it where that begins with "n0" (an ImageNet id).
 * Borrowed: points into `name`. */
const char *image_id(const char *name);

/* Texture category of a cue-conflict image, "cat7-elephant1.png" with any prefix up to
 * the last "_": the letters after the last "-".  JEM_EDATA for another form, or a
 * texture that is not one of the categories. */
jem_status image_texture(int *category, const char *name);

/* Whether two condition texts mean the same: as numbers where both are numbers entirely
 * ("0.10" and "0.1", "inf"), else letter by letter in any case ("True", "true"). */
bool condition_equal(const char *a, const char *b);

#endif
