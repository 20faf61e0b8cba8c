/* Average pooling to 8x8 cells per channel: see pooled_pixels.h. */
#include "stats/pooled_pixels.h"

enum { CELLS = 8 };

static int64_t cells(int64_t side)
{
    return side < CELLS ? side : CELLS;
}

int64_t stats_pooled_pixels_dim(int64_t c, int64_t h, int64_t w)
{
    return c * cells(h) * cells(w);
}

static double cell_mean(const float *plane, int64_t w, const int64_t y[2], const int64_t x[2])
{
    double sum = 0;
    for (int64_t i = y[0]; i < y[1]; i++)
        for (int64_t j = x[0]; j < x[1]; j++) sum += (double)plane[i * w + j];
    return sum / (double)((y[1] - y[0]) * (x[1] - x[0]));
}

void stats_pooled_pixels(double *f, const float *x, int64_t c, int64_t h, int64_t w)
{
    int64_t rows = cells(h), columns = cells(w);
    for (int64_t p = 0; p < c; p++)
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < columns; j++) {
                const int64_t y[2] = {i * h / rows, (i + 1) * h / rows};
                const int64_t u[2] = {j * w / columns, (j + 1) * w / columns};
                *f++ = cell_mean(x + p * h * w, w, y, u);
            }
}
