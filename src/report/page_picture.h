/* Pictures as a page shows them: with a palette or as JPEG, a pixel for what was magnified to a block, and no finer than anybody sees. */
#ifndef REPORT_PAGE_PICTURE_H
#define REPORT_PAGE_PICTURE_H

#include <cairo.h>
#include <stdbool.h>
#include <stddef.h>

/* *bytes [*size] (owned) <- a PNG or JPEG file of the surface for a place of w by h units of the page, *width <- of its pixels: 1.25 to
 * a unit at most.  False for one with transparency, and where memory is short. */
bool page_picture_make(char **bytes, size_t *size, int *width, cairo_surface_t *of, double w, double h);

#endif
