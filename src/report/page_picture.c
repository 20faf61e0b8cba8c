/* Pictures as pages show them, no finer than anybody sees: see page_picture.h. */
#include "report/page_picture.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "report/jpeg_bytes.h"
#include "report/palette.h"

/* Of a surface without transparency. */
static uint32_t pixel_at(cairo_surface_t *s, int x, int y)
{
    uint32_t pixel;
    memcpy(&pixel, cairo_image_surface_get_data(s) + (size_t)y * (size_t)cairo_image_surface_get_stride(s) + 4 * (size_t)x,
           sizeof pixel);
    return pixel;
}

/* *rgb (owned) <- its pixels. */
static jem_status pixels_of(uint8_t **rgb, cairo_surface_t *s, int width, int height)
{
    jem_status st;

    TRY(MEM_NEW(*rgb, (int64_t)width * height * 3));
    cairo_surface_flush(s);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const uint32_t pixel = pixel_at(s, x, y);
            uint8_t *to = *rgb + 3 * ((int64_t)y * width + x);
            to[0] = (uint8_t)(pixel >> 16), to[1] = (uint8_t)(pixel >> 8), to[2] = (uint8_t)pixel;
        }
done:
    return st;
}

/* Is the picture made of blocks of so many pixels a side, each of one colour? */
static bool is_of_blocks(cairo_surface_t *s, int side)
{
    const int width = cairo_image_surface_get_width(s), height = cairo_image_surface_get_height(s);
    if (width % side || height % side) return false;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            if ((pixel_at(s, x, y) ^ pixel_at(s, x - x % side, y - y % side)) & 0xffffff) return false;
    return true;
}

/* The side of the blocks that a picture was magnified to; 1: it was not. */
static int block_side(cairo_surface_t *s)
{
    enum { LARGEST = 8 };
    int side = LARGEST;
    while (side > 1 && !is_of_blocks(s, side)) side--;
    return side;
}

/* `from` as large as asked, from blocks of a side each. */
static cairo_surface_t *scaled(cairo_surface_t *from, int side, int width, int height)
{
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    cairo_t *cr = cairo_create(s);
    const double across = (double)width / cairo_image_surface_get_width(from);
    cairo_scale(cr, across, (double)height / cairo_image_surface_get_height(from));
    cairo_set_source_surface(cr, from, 0, 0);
    /* whole blocks lose nothing by one of their pixels */
    cairo_pattern_set_filter(cairo_get_source(cr), across * side == 1 ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
    cairo_paint(cr);
    cairo_destroy(cr);
    return s;
}

/* A palette keeps few colours as they are, JPEG takes fewer bytes for smooth ones: */
static jem_status make_smaller(char **bytes, size_t *size, const uint8_t *rgb, int width, int height)
{
    const double CLEARLY = 0.8;
    jem_status st;
    char *jpeg = NULL;
    size_t jpeg_size;

    TRY(palette_png(bytes, size, rgb, width, height));
    if (jpeg_bytes(&jpeg, &jpeg_size, rgb, width, height) != JEM_OK || (double)jpeg_size > CLEARLY * (double)*size) goto done;
    mem_free(*bytes);
    *bytes = jpeg;
    *size = jpeg_size;
    jpeg = NULL;
done:
    mem_free(jpeg);
    return st;
}

bool page_picture_make(char **bytes, size_t *size, int *width, cairo_surface_t *of, double w, double h)
{
    const double SHARPEST = 1.25;
    uint8_t *rgb = NULL;
    if (cairo_image_surface_get_format(of) != CAIRO_FORMAT_RGB24) return false;
    const int side = block_side(of);
    const double own_width = cairo_image_surface_get_width(of) / (double)side;
    const double own_height = cairo_image_surface_get_height(of) / (double)side;
    const double zoom = fmin(1, SHARPEST * fmax(w / own_width, h / own_height));
    const int across = (int)fmax(1, round(zoom * own_width)), down = (int)fmax(1, round(zoom * own_height));
    cairo_surface_t *s = scaled(of, side, across, down);
    const bool made = cairo_surface_status(s) == CAIRO_STATUS_SUCCESS && pixels_of(&rgb, s, across, down) == JEM_OK &&
                      make_smaller(bytes, size, rgb, across, down) == JEM_OK;
    *width = across;
    cairo_surface_destroy(s);
    mem_free(rgb);
    return made;
}
