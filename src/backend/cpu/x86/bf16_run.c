/* Running a bf16_conv: bordered or transformed copy, then tile by tile products and results. */
#include <string.h>

#include "backend/cpu/x86/bf16_conv.h"
#include "backend/cpu/x86/bf16_finish.h"
#include "backend/cpu/x86/bf16_winograd.h"

const bf16_unit *bf16_best_unit(void)
{
    if (bf16_amx_available()) return &bf16_amx_unit;
    return bf16_dot_available() ? &bf16_dot_unit : NULL;
}

/* ---- the bordered copy */

/* One row of an image, `dst` its first pixel in the bordered copy. */
static void copy_row(const bf16_conv *c, uint16_t *dst, const uint16_t *src)
{
    int64_t channels = c->in.c;
    if (channels == c->pixel) {
        memcpy(dst, src, (size_t)(c->in.w * channels) * 2);
        return;
    }
    if (channels == 3) { /* as below, for the compiler: pictures */
        for (int64_t x = 0; x < c->in.w; ++x, dst += 4, src += 3) {
            memcpy(dst, src, 3 * sizeof *src);
            dst[3] = 0;
        }
        return;
    }
    for (int64_t x = 0; x < c->in.w; ++x) { /* an odd number of channels: the last is 0 */
        memcpy(dst + x * c->pixel, src + x * channels, (size_t)channels * 2);
        dst[x * c->pixel + channels] = 0;
    }
}

/* A bordered row of one band; src is NULL for a row of the border. */
static void copy_band_row(const bf16_conv *c, uint16_t *dst, const uint16_t *src)
{
    int64_t step_to_next = c->lanes * c->pixel;

    for (int64_t x = 0; x < c->pitch; ++x, dst += step_to_next) {
        int64_t from = x - c->pad_left;
        if (!src || from < 0 || from >= c->in.w)
            memset(dst, 0, (size_t)c->pixel * 2);
        else
            memcpy(dst, src + from * c->pixel, (size_t)c->pixel * 2);
    }
}

static void copy_bands(const bf16_conv *c, char *image, const uint16_t *values)
{
    for (int64_t lane = 0; lane < c->lanes; ++lane)
        for (int64_t y = 0; y < c->band_rows; ++y) {
            int64_t from = lane * c->band + y - c->pad_top;
            char *row = image + y * c->row_bytes + lane * c->pixel * 2;
            copy_band_row(c, (uint16_t *)(void *)row,
                          from < 0 || from >= c->in.h ? NULL : values + from * c->in.w * c->in.c);
        }
}

static void copy_image(const bf16_conv *c, char *image, const uint16_t *values)
{
    int64_t row = c->row_bytes, left = c->pad_left * c->pixel * 2, inner = c->in.w * c->pixel * 2;

    memset(image, 0, (size_t)(c->pad_top * row + left));
    for (int64_t y = 0; y < c->in.h; ++y) {
        int64_t at = (c->pad_top + y) * row + left, end = at + inner;
        copy_row(c, (uint16_t *)(void *)(image + at), values + y * c->in.w * c->in.c);
        int64_t next = y + 1 < c->in.h ? at + row : c->image_bytes; /* right border, next left */
        memset(image + end, 0, (size_t)(next - end));
    }
}

/* ---- one class of positions */

/* Tiles of a class one after the other: along a row, row by row, image by image. */
typedef struct walk {
    const bf16_conv *c;
    const bf16_class *k;
    int64_t rows;          /* positions per tile */
    int64_t x, y;          /* of the next tile's first position */
    int64_t left;          /* tiles still to come */
    const char *image;
    int64_t image_at;      /* of the class's first result in this image */
} walk;

static walk walk_start(const bf16_conv *c, const bf16_class *k, const char *images, int64_t rows)
{
    return (walk){.c = c,
                  .k = k,
                  .rows = rows,
                  .left = c->images * (k->rows / c->lanes) * ((k->cols * c->lanes + rows - 1) / rows),
                  .image = images,
                  .image_at = (k->y0 * c->out.w + k->x0) * c->out.c};
}

static bf16_target walk_next(walk *w, const char **corner)
{
    const bf16_conv *c = w->c;
    /* The last tile of a row ends with it and so may begin before the last one's end. */
    int64_t cols = w->k->cols * c->lanes;
    int64_t skip = w->x + w->rows > cols ? w->x + w->rows - cols : 0, x = w->x - skip;
    int64_t pixels = c->winograd ? WINOGRAD_OUT : c->out_step; /* from one position to the next */
    bf16_target t = {.at = w->image_at + (w->y * c->out_step * c->out.w + x * pixels) * c->out.c,
                .skip = skip};

    *corner = w->image + w->y * c->in_step * c->row_bytes + x * c->in_step * c->pixel * 2;
    w->left--;
    w->x += w->rows;
    if (w->x >= cols) {
        w->x = 0;
        if (++w->y == w->k->rows / c->lanes) {
            w->y = 0;
            w->image += c->image_bytes;
            w->image_at += shape_count(c->out);
        }
    }
    return t;
}

/* Sums of up to 4 tiles of one group, or up to 2 of two groups. */
static void run_block(walk *w, int64_t group, int groups, const char *packed, const bf16_output *o)
{
    _Alignas(64) float sums[WINOGRAD_PLANES][BF16_BLOCK];
    const bf16_conv *c = w->c;
    bf16_block k = {.list = c->products + w->k->first,
                    .count = w->k->count,
                    .rows = w->rows,
                    .stride = c->in_step * c->pixel * 2,
                    .weights = packed + group * c->group_bytes,
                    .group_bytes = c->group_bytes,
                    .groups = groups};
    bf16_target t[4];

    while (k.tiles < 4 / groups && w->left > 0) {
        t[k.tiles] = walk_next(w, &k.corner[k.tiles]);
        k.tiles++;
    }
    for (int plane = 0; plane < c->planes; ++plane) {
        c->unit->sum(sums[plane], &k);
        for (int i = 0; i < k.tiles; ++i) k.corner[i] += c->plane_bytes;
        k.weights += c->plane_weights;
    }
    for (int i = 0; i < k.tiles; ++i)
        for (int g = 0; g < groups; ++g) {
            const float *tile = sums[0] + (i * groups + g) * BF16_TILE;
            bf16_finish(c, o, tile, &t[i], w->rows, group + g);
        }
}

static void run_class(const bf16_conv *c, const bf16_class *k, const char *images, const char *packed,
                      const bf16_output *o)
{
    int64_t rows = k->cols * c->lanes < BF16_ROWS ? k->cols * c->lanes : BF16_ROWS;
    if (!k->rows || !k->cols || !k->count) return;
    c->unit->begin(rows);
    for (int64_t group = 0; group < c->groups; group += 2) {
        int groups = c->groups - group >= 2 ? 2 : 1;
        for (walk w = walk_start(c, k, images, rows); w.left > 0;)
            run_block(&w, group, groups, packed, o);
    }
}

/* To data, a kernel smaller than the stride leaves pixels that saw no tap: their gradient is 0. */
static bool has_empty_class(const bf16_conv *c)
{
    for (int i = 0; i < c->class_count; ++i)
        if (!c->classes[i].count) return true;
    return false;
}

static void copy_in(const bf16_conv *c, char *image, const uint16_t *values)
{
    if (c->winograd)
        bf16_winograd_input(image, c->plane_bytes, values, c->in.h, c->pitch, c->in.c);
    else if (c->lanes > 1)
        copy_bands(c, image, values);
    else
        copy_image(c, image, values);
}

void bf16_run(const bf16_conv *c, const uint16_t *values, const void *packed, void *scratch,
              const bf16_output *out)
{
    char *images = scratch;

    for (int64_t i = 0; i < c->images; ++i)
        copy_in(c, images + i * c->image_bytes, values + i * shape_count(c->in));
    if (has_empty_class(c) && !out->accumulate)
        memset(out->values, 0, (size_t)(shape_count(c->out) * c->images) * sizeof *out->values);
    for (int i = 0; i < c->class_count; ++i) run_class(c, &c->classes[i], images, packed, out);
    c->unit->end();
}
