/* Antialiased resizing of 8-bit pictures, bilinear or bicubic, bit for bit as Pillow (and
 * so torchvision on images) does it: weights in double, then 22-bit fixed point;
 * a horizontal pass stored in 8 bits, then a vertical one. */
#include "base/mem.h"
#include "base/try.h"
#include "data/pictures/image.h"
#include "data/pictures/codec.h"

enum { FRACTION_BITS = 22 };

/* Output i is the sum of weight[i * taps + k] * input[first[i] + k], k < count[i]. */
typedef struct filter {
    int64_t taps; /* most that an output has */
    int64_t *first, *count;
    int32_t *weight;
    double *real; /* weights of one output before rounding */
} filter;

static void filter_clear(filter *f)
{
    mem_free(f->first);
    mem_free(f->count);
    mem_free(f->weight);
    mem_free(f->real);
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

/* The kernel's weights for output i, normalised and rounded. */
static void filter_weights(filter *f, int64_t i, double scale, int64_t n_in, image_kernel kernel)
{
    double stretch = scale > 1 ? scale : 1, shrink = 1 / stretch, sum = 0;
    double support = kernel == IMAGE_BICUBIC ? 2 * stretch : stretch;
    double centre = ((double)i + 0.5) * scale;
    int64_t low = (int64_t)(centre - support + 0.5), high = (int64_t)(centre + support + 0.5);

    if (low < 0) low = 0;
    if (high > n_in) high = n_in;
    f->first[i] = low;
    f->count[i] = high - low;
    for (int64_t k = 0; k < high - low; k++) {
        double at = ((double)(k + low) - centre + 0.5) * shrink;
        double distance = at < 0 ? -at : at;
        f->real[k] = kernel == IMAGE_BICUBIC ? cubic(distance) : triangle(distance);
        sum += f->real[k];
    }
    for (int64_t k = 0; k < high - low; k++) {
        double w = f->real[k] / sum;
        f->weight[i * f->taps + k] =
            (int32_t)(w * (double)(1 << FRACTION_BITS) + (w < 0 ? -0.5 : 0.5));
    }
}

static jem_status filter_init(filter *f, int64_t n_in, int64_t n_out, image_kernel kernel)
{
    jem_status st;
    double scale = (double)n_in / (double)n_out;
    double support = (kernel == IMAGE_BICUBIC ? 2 : 1) * (scale > 1 ? scale : 1);

    f->taps = 2 * ((int64_t)support + 1) + 1;
    TRY(MEM_NEW(f->first, n_out));
    TRY(MEM_NEW(f->count, n_out));
    TRY(MEM_NEW(f->real, f->taps));
    TRY(MEM_NEW(f->weight, n_out * f->taps));
    for (int64_t i = 0; i < n_out; i++) filter_weights(f, i, scale, n_in, kernel);
done:
    return st;
}

/* One output value from samples `stride` apart. */
static uint8_t filter_apply(const filter *f, int64_t i, const uint8_t *src, int64_t stride)
{
    int32_t sum = 1 << (FRACTION_BITS - 1);
    const int32_t *weight = f->weight + i * f->taps;

    src += f->first[i] * stride;
    for (int64_t k = 0; k < f->count[i]; k++) sum += weight[k] * src[k * stride];
    sum >>= FRACTION_BITS;
    return sum > 255 ? 255 : sum < 0 ? 0 : (uint8_t)sum;
}

jem_status image_resize_by(image *out, const image *src, int64_t height, int64_t width,
                           image_kernel kernel)
{
    jem_status st;
    image wide = IMAGE_INIT, result = IMAGE_INIT;
    filter across = {0}, down = {0};
    int64_t k = src->channels;

    TRY(image_check_size(height, width, "resized picture"));
    TRY(image_init(&wide, src->height, width, k));
    TRY(image_init(&result, height, width, k));
    TRY(filter_init(&across, src->width, width, kernel));
    TRY(filter_init(&down, src->height, height, kernel));
    for (int64_t y = 0; y < wide.height; y++)
        for (int64_t i = 0; i < width * k; i++)
            wide.pixels[y * width * k + i] =
                filter_apply(&across, i / k, src->pixels + y * src->width * k + i % k, k);
    for (int64_t y = 0; y < height; y++)
        for (int64_t i = 0; i < width * k; i++)
            result.pixels[y * width * k + i] = filter_apply(&down, y, wide.pixels + i, width * k);
    *out = result;
    result = (image)IMAGE_INIT;
done:
    filter_clear(&across);
    filter_clear(&down);
    image_clear(&wide);
    image_clear(&result);
    return st;
}

jem_status image_resize(image *out, const image *src, int64_t height, int64_t width)
{
    return image_resize_by(out, src, height, width, IMAGE_BILINEAR);
}

jem_status image_resize_square_by(image *out, const image *src, int64_t size, image_kernel kernel)
{
    jem_status st;
    image scaled = IMAGE_INIT, result = IMAGE_INIT;
    int64_t h = src->height, w = src->width;
    int64_t new_h = h <= w ? size : size * h / w, new_w = w <= h ? size : size * w / h;
    int64_t top = (new_h - size) / 2, left = (new_w - size) / 2, k = src->channels;

    /* half to even, as Python's round() in torchvision's CenterCrop */
    if ((new_h - size) % 4 == 3) top++;
    if ((new_w - size) % 4 == 3) left++;
    TRY(image_resize_by(&scaled, src, new_h, new_w, kernel));
    TRY(image_init(&result, size, size, k));
    for (int64_t y = 0; y < size; y++)
        for (int64_t i = 0; i < size * k; i++)
            result.pixels[y * size * k + i] = scaled.pixels[((top + y) * new_w + left) * k + i];
    *out = result;
    result = (image)IMAGE_INIT;
done:
    image_clear(&scaled);
    image_clear(&result);
    return st;
}

jem_status image_resize_square(image *out, const image *src, int64_t size)
{
    return image_resize_square_by(out, src, size, IMAGE_BILINEAR);
}
