/* Resizing without quantisation, as Pillow does it in its mode F: sums in double, stored in single
 * precision after the horizontal pass and after the vertical one.  An axis that keeps its length is
 * not touched: its weights are 0 and 1. */
#include "base/mem.h"
#include "base/try.h"
#include "data/pictures/codec.h"
#include "data/pictures/resize_filter.h"

/* wide [src->height][width] <- channel c, resized along its rows. */
static void resize_rows(float *wide, const image *src, int64_t c, const resize_filter *f, int64_t width)
{
    for (int64_t y = 0; y < src->height; y++) {
        const uint8_t *row = src->pixels + y * src->width * src->channels + c;
        for (int64_t x = 0; x < width; x++) {
            const double *weight = f->weight + x * f->taps;
            const uint8_t *from = row + f->first[x] * src->channels;
            double sum = 0;
            for (int64_t k = 0; k < f->count[x]; k++) sum += (double)from[k * src->channels] * weight[k];
            wide[y * width + x] = (float)sum;
        }
    }
}

/* dst [height][width] <- wide, resized along its columns and clipped; sums [width] is scratch. */
static void resize_columns(float *dst, double *sums, const float *wide, const resize_filter *f, int64_t height,
                           int64_t width)
{
    for (int64_t y = 0; y < height; y++) {
        for (int64_t x = 0; x < width; x++) sums[x] = 0;
        for (int64_t k = 0; k < f->count[y]; k++) {
            const float *row = wide + (f->first[y] + k) * width;
            const double weight = f->weight[y * f->taps + k];
            for (int64_t x = 0; x < width; x++) sums[x] += (double)row[x] * weight;
        }
        for (int64_t x = 0; x < width; x++) {
            const float v = (float)sums[x];
            dst[y * width + x] = v < 0 ? 0 : v > 255 ? 255 : v;
        }
    }
}

jem_status image_resize_floats(float *planar, const image *src, int64_t height, int64_t width,
                               image_kernel kernel)
{
    jem_status st;
    float *wide = NULL;
    double *sums = NULL;
    resize_filter across = {.taps = 0}, down = {.taps = 0};

    TRY(image_check_size(height, width, "resized picture"));
    TRY(MEM_NEW(wide, src->height * width));
    TRY(MEM_NEW(sums, width));
    TRY(resize_filter_init(&across, src->width, width, kernel));
    TRY(resize_filter_init(&down, src->height, height, kernel));
    for (int64_t c = 0; c < src->channels; c++) {
        resize_rows(wide, src, c, &across, width);
        resize_columns(planar + c * height * width, sums, wide, &down, height, width);
    }
done:
    resize_filter_clear(&across);
    resize_filter_clear(&down);
    mem_free(wide);
    mem_free(sums);
    return st;
}
