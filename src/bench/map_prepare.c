/* Resize and blur of importance maps. */
#include "bench/map_prepare.h"

#include <math.h>

#include "base/mem.h"
#include "base/try.h"

enum { TAPS = 10, TAP_ROW = 4, TAP_COLUMN = 5, BLUR_SIDE = 64 };

/* Where output i of n_out reads n_in values: between low and high, `share` of the way. */
typedef struct between {
    int64_t low, high;
    double share;
} between;

static between place(int64_t i, int64_t n_in, int64_t n_out)
{
    double t = ((double)i + 0.5) * (double)n_in / (double)n_out - 0.5, below = floor(t);
    int64_t low = (int64_t)below, high = (int64_t)ceil(t);
    return (between){low < 0 ? 0 : low, high > n_in - 1 ? n_in - 1 : high, t - below};
}

static double mix(double a, double b, double share) { return a * (1 - share) + b * share; }

jem_status map_resize(double *out, int64_t height, int64_t width, const double *in,
                      int64_t in_height, int64_t in_width)
{
    jem_status st;
    double *rows = NULL;

    if (height < 1 || width < 1 || in_height < 1 || in_width < 1)
        return jem_error(JEM_EDATA, "a map of %lld x %lld cannot become one of %lld x %lld",
                         (long long)in_height, (long long)in_width, (long long)height,
                         (long long)width);
    TRY(MEM_NEW(rows, height * in_width));
    for (int64_t y = 0; y < height; y++) {
        between v = place(y, in_height, height);
        for (int64_t x = 0; x < in_width; x++)
            rows[y * in_width + x] =
                mix(in[v.low * in_width + x], in[v.high * in_width + x], v.share);
    }
    for (int64_t x = 0; x < width; x++) {
        between u = place(x, in_width, width);
        for (int64_t y = 0; y < height; y++)
            out[y * width + x] =
                mix(rows[y * in_width + u.low], rows[y * in_width + u.high], u.share);
    }
done:
    mem_free(rows);
    return st;
}

/* One axis of the blur: out(i) = sum_u weight[u] in(i + u - 4), values `stride` apart.
 * Both axes count 4 before and 5 after. */
static void blur_line(double *out, const double *in, const double *weight, int64_t n,
                      int64_t stride)
{
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t u = 0; u < TAPS; u++) {
            int64_t at = i + u - 4;
            if (at >= 0 && at < n) sum += weight[u] * in[at * stride];
        }
        out[i * stride] = sum;
    }
}

/* exp(-(u - centre)^2 / 200), summing to 1: the two-dimensional kernel is the product of
 * a row and a column, normalised each. */
static void blur_weights(double weight[TAPS], int centre)
{
    double sum = 0;
    for (int u = 0; u < TAPS; u++)
        sum += weight[u] = exp(-(double)((u - centre) * (u - centre)) / 200);
    for (int u = 0; u < TAPS; u++) weight[u] /= sum;
}

jem_status map_blur_clickme(double *out, const double *in, int64_t height, int64_t width)
{
    double down[TAPS], across[TAPS], *half = NULL;
    jem_status st = MEM_NEW(half, height * width);
    if (st != JEM_OK) return st;
    blur_weights(down, TAP_ROW);
    blur_weights(across, TAP_COLUMN);
    for (int64_t x = 0; x < width; x++) blur_line(half + x, in + x, down, height, width);
    for (int64_t y = 0; y < height; y++)
        blur_line(out + y * width, half + y * width, across, width, 1);
    mem_free(half);
    return JEM_OK;
}

jem_status map_prepare_clickme(double *out, const uint8_t *heat)
{
    jem_status st;
    double *large = NULL, *small = NULL, *blurred = NULL;
    const int64_t in = CLICKME_SIDE_IN, side = CLICKME_SIDE;

    TRY(MEM_NEW(large, in * in));
    TRY(MEM_NEW(small, BLUR_SIDE * BLUR_SIDE));
    TRY(MEM_NEW(blurred, BLUR_SIDE * BLUR_SIDE));
    for (int64_t i = 0; i < in * in; i++) large[i] = heat[i];
    TRY(map_resize(small, BLUR_SIDE, BLUR_SIDE, large, in, in));
    TRY(map_blur_clickme(blurred, small, BLUR_SIDE, BLUR_SIDE));
    TRY(map_resize(out, side, side, blurred, BLUR_SIDE, BLUR_SIDE));
done:
    mem_free(blurred);
    mem_free(small);
    mem_free(large);
    return st;
}
