/* A palette of few colours for the many of a picture: see palette.h. */
#include "report/palette.h"

#include <math.h>
#include <png.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

/* Colours are counted in cells of 8 x 8 x 8 values, whose means are what boxes hold. */
enum { CELL_BITS = 5, CELLS = 1 << 3 * CELL_BITS, ROUNDS = 4 };
/* A colour takes three bytes: a small picture has no more than its pixels are worth. */
enum { PIXELS_EACH = 8, LEAST = 32 };

typedef struct cell {
    double count, mean[3];
} cell;

/* Cells from .. to - 1 of the list. */
typedef struct box {
    int from, to;
    double count, mean[3], spread[3]; /* spread: sums of squared distances from the mean, by channel */
} box;

static int cell_of(const uint8_t *rgb)
{
    const int off = 8 - CELL_BITS;
    return (rgb[0] >> off) << 2 * CELL_BITS | (rgb[1] >> off) << CELL_BITS | rgb[2] >> off;
}

static int nearest(const palette *p, const double *rgb)
{
    int best = 0;
    double least = 1e30;
    for (int i = 0; i < p->count; i++) {
        const double r = p->colours[i][0] - rgb[0], g = p->colours[i][1] - rgb[1], b = p->colours[i][2] - rgb[2];
        const double d = r * r + g * g + b * b;
        if (d < least) least = d, best = i;
    }
    return best;
}

/* ---- a picture of few colours */

/* Is every colour in the palette, which takes up new ones as long as there is room? */
static bool take_all(palette *p, uint8_t *index, const uint8_t *rgb, int64_t pixels)
{
    int at = 0;
    p->count = 0;
    for (int64_t i = 0; i < pixels; i++, rgb += 3) {
        if (!p->count || memcmp(p->colours[at], rgb, 3) != 0) { /* neighbours are often equal */
            for (at = 0; at < p->count && memcmp(p->colours[at], rgb, 3) != 0; at++) continue;
            if (at == PALETTE_MOST) return false;
            if (at == p->count) memcpy(p->colours[p->count++], rgb, 3);
        }
        index[i] = (uint8_t)at;
    }
    return true;
}

/* ---- boxes of cells */

/* cells [CELLS]: those that are used come first; returns how many. */
static int count_cells(cell *cells, const uint8_t *rgb, int64_t pixels)
{
    int used = 0;
    for (int64_t i = 0; i < pixels; i++, rgb += 3) {
        cell *c = &cells[cell_of(rgb)];
        c->count++;
        for (int k = 0; k < 3; k++) c->mean[k] += (rgb[k] - c->mean[k]) / c->count;
    }
    for (int i = 0; i < CELLS; i++)
        if (cells[i].count > 0) cells[used++] = cells[i];
    return used;
}

static box measure_box(const cell *cells, int from, int to)
{
    box b = {.from = from, .to = to, .count = 0};
    for (int i = from; i < to; i++) {
        b.count += cells[i].count;
        for (int k = 0; k < 3; k++) b.mean[k] += (cells[i].mean[k] - b.mean[k]) * cells[i].count / b.count;
    }
    for (int i = from; i < to; i++)
        for (int k = 0; k < 3; k++) {
            const double off = cells[i].mean[k] - b.mean[k];
            b.spread[k] += cells[i].count * off * off;
        }
    return b;
}

static double spread_of(const box *b) { return b->spread[0] + b->spread[1] + b->spread[2]; }

/* Cells up to the mean of the widest channel come first; returns where the others begin. */
static int part(cell *cells, const box *b)
{
    const int k = b->spread[1] >= b->spread[0] && b->spread[1] >= b->spread[2] ? 1 : b->spread[2] > b->spread[0] ? 2 : 0;
    int at = b->from;
    for (int i = b->from; i < b->to; i++) {
        if (cells[i].mean[k] > b->mean[k]) continue;
        const cell c = cells[i];
        cells[i] = cells[at];
        cells[at++] = c;
    }
    return at;
}

static void cut_boxes(palette *p, cell *cells, int used, int most)
{
    box boxes[PALETTE_MOST];
    int count = 1;
    boxes[0] = measure_box(cells, 0, used);
    while (count < most) {
        int widest = 0;
        for (int i = 1; i < count; i++)
            if (spread_of(&boxes[i]) > spread_of(&boxes[widest])) widest = i;
        box *b = &boxes[widest];
        const int at = spread_of(b) > 0 ? part(cells, b) : b->to;
        if (at == b->from || at == b->to) break; /* one colour, but for rounding */
        boxes[count++] = measure_box(cells, at, b->to);
        *b = measure_box(cells, b->from, at);
    }
    p->count = count;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < 3; k++) p->colours[i][k] = (uint8_t)(boxes[i].mean[k] + 0.5);
}

/* Every colour moves to the mean of the cells that it stands for. */
static void move_colours(palette *p, const cell *cells, int used)
{
    double count[PALETTE_MOST] = {0}, mean[PALETTE_MOST][3] = {{0}};
    for (int i = 0; i < used; i++) {
        const int at = nearest(p, cells[i].mean);
        count[at] += cells[i].count;
        for (int k = 0; k < 3; k++) mean[at][k] += (cells[i].mean[k] - mean[at][k]) * cells[i].count / count[at];
    }
    for (int i = 0; i < p->count; i++)
        for (int k = 0; k < 3 && count[i] > 0; k++) p->colours[i][k] = (uint8_t)(mean[i][k] + 0.5);
}

jem_status palette_make(palette *out, uint8_t *index, const uint8_t *rgb, int64_t pixels)
{
    jem_status st = JEM_OK;
    cell *cells = NULL;

    if (take_all(out, index, rgb, pixels)) goto done;
    TRY(MEM_NEW(cells, CELLS));
    const int used = count_cells(cells, rgb, pixels);
    cut_boxes(out, cells, used, pixels < PALETTE_MOST * PIXELS_EACH ? (int)fmax(LEAST, (double)(pixels / PIXELS_EACH)) : PALETTE_MOST);
    for (int i = 0; i < ROUNDS; i++) move_colours(out, cells, used);
    for (int64_t i = 0; i < pixels; i++, rgb += 3)
        index[i] = i && memcmp(rgb, rgb - 3, 3) == 0 ? index[i - 1]
                                                     : (uint8_t)nearest(out, (const double[]){rgb[0], rgb[1], rgb[2]});
done:
    mem_free(cells);
    return st;
}

/* ---- the file */

jem_status palette_png(char **png, size_t *size, const uint8_t *rgb, int64_t width, int64_t height)
{
    jem_status st;
    palette colours;
    uint8_t *index = NULL;
    char *file = NULL;
    png_image image = {.version = PNG_IMAGE_VERSION};

    TRY(MEM_NEW(index, width * height));
    TRY(palette_make(&colours, index, rgb, width * height));
    image.width = (png_uint_32)width;
    image.height = (png_uint_32)height;
    image.format = PNG_FORMAT_RGB_COLORMAP;
    image.colormap_entries = (png_uint_32)colours.count;
    png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(image);
    TRY(MEM_NEW(file, bytes));
    if (!png_image_write_to_memory(&image, file, &bytes, 0, index, 0, colours.colours)) {
        st = jem_error(JEM_ENOMEM, "a picture of %lld x %lld pixels: %s", (long long)width, (long long)height, image.message);
        goto done;
    }
    *png = file;
    *size = bytes;
    file = NULL;
done:
    png_image_free(&image);
    mem_free(index);
    mem_free(file);
    return st;
}
