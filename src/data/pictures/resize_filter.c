/* Pillow's kernels and weights: see resize_filter.h. */
#include "data/pictures/resize_filter.h"

#include "base/mem.h"
#include "base/try.h"

void resize_filter_clear(resize_filter *f)
{
    mem_free(f->first);
    mem_free(f->count);
    mem_free(f->weight);
}

/* The kernels: 0 beyond a distance of 1 and 2. */
static double triangle(double x)
{
    return x < 1 ? 1 - x : 0;
}

static double cubic(double x) /* Keys 1981 with a = -1/2 */
{
    const double a = -0.5;
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/* The kernel's weights for output i, normalised. */
static void weights_of(resize_filter *f, int64_t i, double scale, int64_t n_in, image_kernel kernel)
{
    double stretch = scale > 1 ? scale : 1, shrink = 1 / stretch, sum = 0;
    double support = kernel == IMAGE_BICUBIC ? 2 * stretch : stretch;
    double centre = ((double)i + 0.5) * scale;
    double *weight = f->weight + i * f->taps;
    int64_t low = (int64_t)(centre - support + 0.5), high = (int64_t)(centre + support + 0.5);

    if (low < 0) low = 0;
    if (high > n_in) high = n_in;
    f->first[i] = low;
    f->count[i] = high - low;
    for (int64_t k = 0; k < high - low; k++) {
        double at = ((double)(k + low) - centre + 0.5) * shrink;
        double distance = at < 0 ? -at : at;
        weight[k] = kernel == IMAGE_BICUBIC ? cubic(distance) : triangle(distance);
        sum += weight[k];
    }
    for (int64_t k = 0; k < high - low; k++) weight[k] /= sum;
}

jem_status resize_filter_init(resize_filter *f, int64_t n_in, int64_t n_out, image_kernel kernel)
{
    jem_status st;
    double scale = (double)n_in / (double)n_out;
    double support = (kernel == IMAGE_BICUBIC ? 2 : 1) * (scale > 1 ? scale : 1);

    f->taps = 2 * ((int64_t)support + 1) + 1;
    TRY(MEM_NEW(f->first, n_out));
    TRY(MEM_NEW(f->count, n_out));
    TRY(MEM_NEW(f->weight, n_out * f->taps));
    for (int64_t i = 0; i < n_out; i++) weights_of(f, i, scale, n_in, kernel);
done:
    return st;
}
