/* 8-bit pictures: storage, decoding by content, conversion and grids. */
#include "data/pictures/image.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "data/pictures/codec.h"

enum { GRID_GAP = 2 };
static const size_t file_size_max = (size_t)1 << 30;

jem_status image_init(image *m, int64_t height, int64_t width, int64_t channels)
{
    jem_status st;
    uint8_t *pixels = NULL;

    TRY(mem_alloc(&pixels, (size_t)height * (size_t)width, (size_t)channels));
    *m = (image){height, width, channels, pixels};
done:
    return st;
}

void image_clear(image *m)
{
    mem_free(m->pixels);
    *m = (image)IMAGE_INIT;
}

/* ---- decoding */

jem_status image_check_size(int64_t height, int64_t width, const char *name)
{
    if (height >= 1 && width >= 1 && height <= IMAGE_SIDE_MAX && width <= IMAGE_SIDE_MAX)
        return JEM_OK;
    return jem_error(JEM_EDATA,
                     "%s: %" PRId64 " x %" PRId64 " pixels; each side must have 1 to %d: "
                     "shrink the picture or remove it",
                     name, width, height, IMAGE_SIDE_MAX);
}

jem_status image_check_claim(const image_claim *c, size_t size, const char *name)
{
    const int64_t most = ((int64_t)56 << 20) + 3 * (int64_t)size;

    if (c->file_least > (int64_t)size)
        return jem_error(JEM_EDATA,
                         "%s: promises %" PRId64 " x %" PRId64 " pixels in %zu bytes; it is "
                         "truncated or damaged: copy it again or remove it",
                         name, c->width, c->height, size);
    if (c->memory > most)
        return jem_error(JEM_EDATA,
                         "%s: %" PRId64 " x %" PRId64 " pixels take %" PRId64 " MiB to decode; a "
                         "file of its size may take %" PRId64 ": shrink the picture or remove it",
                         name, c->width, c->height, c->memory >> 20, most >> 20);
    return JEM_OK;
}

jem_status image_decode(image *out, const void *bytes, size_t size, const char *name)
{
    if (image_is_png(bytes, size)) return image_decode_png(out, bytes, size, name);
    if (image_is_jpeg(bytes, size)) return image_decode_jpeg(out, bytes, size, name);
    if (size == 0)
        return jem_error(JEM_EDATA, "%s: the file is empty: copy it again or remove it", name);
    return jem_error(JEM_EDATA,
                     "%s: neither PNG nor JPEG by its first bytes: convert it or remove it", name);
}

jem_status image_read(image *out, const char *path)
{
    jem_status st;
    char *bytes = NULL;
    size_t size = 0;

    TRY(file_read(&bytes, &size, path, file_size_max));
    TRY(image_decode(out, bytes, size, path));
done:
    mem_free(bytes);
    return st;
}

/* ---- planes and floats */

void image_to_planar(uint8_t *planar, const image *m)
{
    int64_t area = m->height * m->width;
    for (int64_t c = 0; c < m->channels; c++)
        for (int64_t i = 0; i < area; i++) planar[c * area + i] = m->pixels[i * m->channels + c];
}

void image_from_planar(image *m, const uint8_t *planar)
{
    int64_t area = m->height * m->width;
    for (int64_t a = 0; a < area; a++)
        for (int64_t c = 0; c < m->channels; c++)
            m->pixels[a * m->channels + c] = planar[c * area + a];
}

jem_status image_to_grey(image *out, const image *m, bool *coloured)
{
    image grey = IMAGE_INIT;
    jem_status st = image_init(&grey, m->height, m->width, 1);

    if (st) return st;
    for (int64_t i = 0; i < m->height * m->width; i++) {
        const uint8_t *p = m->pixels + 3 * i; /* weights of ITU-R 601 in 1/65536 */
        grey.pixels[i] = (uint8_t)((p[0] * 19595 + p[1] * 38470 + p[2] * 7471 + 0x8000) >> 16);
        *coloured = *coloured || p[0] != p[1] || p[1] != p[2];
    }
    *out = grey;
    return JEM_OK;
}

/* [-1, 1] -> 0..255, rounded; NaN becomes 0. */
static uint8_t quantize(float v)
{
    float level = (v * 0.5f + 0.5f) * 255.0f;
    if (!(level > 0)) return 0;
    return level >= 255 ? 255 : (uint8_t)lrintf(level);
}

void image_from_floats(image *m, const float *planar)
{
    int64_t area = m->height * m->width;
    for (int64_t c = 0; c < m->channels; c++)
        for (int64_t i = 0; i < area; i++)
            m->pixels[i * m->channels + c] = quantize(planar[c * area + i]);
}

/* Copies `tile`, each pixel `zoom` times a side, with its corner at (top, left). */
static void paste(image *dst, const image *tile, int64_t top, int64_t left, int64_t zoom)
{
    int64_t k = tile->channels;
    for (int64_t y = 0; y < tile->height * zoom; y++) {
        const uint8_t *src = tile->pixels + (y / zoom) * tile->width * k;
        uint8_t *row = dst->pixels + ((top + y) * dst->width + left) * k;
        for (int64_t x = 0; x < tile->width * zoom; x++)
            memcpy(row + x * k, src + (x / zoom) * k, (size_t)k);
    }
}

jem_status image_grid(image *out, const float *x, int64_t n, int64_t c, int64_t h, int64_t w,
                      int64_t columns, int64_t zoom)
{
    jem_status st;
    image grid = IMAGE_INIT, tile = IMAGE_INIT;
    int64_t rows, high = h * zoom + GRID_GAP, wide = w * zoom + GRID_GAP;

    if (columns > n) columns = n;
    if (n < 1 || columns < 1 || zoom < 1 || (c != 1 && c != 3))
        return jem_error(JEM_EUSAGE,
                         "a grid needs pictures of 1 or 3 channels, a column and a zoom of at "
                         "least 1; got %" PRId64 " pictures of %" PRId64 " channels, %" PRId64
                         " columns, zoom %" PRId64,
                         n, c, columns, zoom);
    rows = (n + columns - 1) / columns;
    TRY(image_init(&tile, h, w, c));
    TRY(image_init(&grid, rows * high - GRID_GAP, columns * wide - GRID_GAP, c));
    memset(grid.pixels, 255, (size_t)(grid.height * grid.width * c));
    for (int64_t i = 0; i < n; i++) {
        image_from_floats(&tile, x + i * c * h * w);
        paste(&grid, &tile, i / columns * high, i % columns * wide, zoom);
    }
    *out = grid;
    grid = (image)IMAGE_INIT;
done:
    image_clear(&tile);
    image_clear(&grid);
    return st;
}
