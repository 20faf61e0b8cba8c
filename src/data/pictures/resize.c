/* Antialiased resizing of 8-bit pictures, bilinear or bicubic, bit for bit as Pillow (and
 * so torchvision on images) does it: weights in double, then 22-bit fixed point;
 * a horizontal pass stored in 8 bits, then a vertical one. */
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "data/pictures/codec.h"
#include "data/pictures/resize_filter.h"

enum { FRACTION_BITS = 22 };

const char *image_kernel_name(image_kernel kernel)
{
    return kernel == IMAGE_BICUBIC ? "bicubic" : "bilinear";
}

/* A filter with its weights in fixed point. */
typedef struct filter {
    resize_filter real;
    int32_t *weight;
} filter;

static void filter_clear(filter *f)
{
    resize_filter_clear(&f->real);
    mem_free(f->weight);
}

static jem_status filter_init(filter *f, int64_t n_in, int64_t n_out, image_kernel kernel)
{
    jem_status st;
    TRY(resize_filter_init(&f->real, n_in, n_out, kernel));
    TRY(MEM_NEW(f->weight, n_out * f->real.taps));
    for (int64_t i = 0; i < n_out * f->real.taps; i++) {
        const double w = f->real.weight[i];
        f->weight[i] = (int32_t)(w * (double)(1 << FRACTION_BITS) + (w < 0 ? -0.5 : 0.5));
    }
done:
    return st;
}

/* One output value from samples `stride` apart. */
static uint8_t filter_apply(const filter *f, int64_t i, const uint8_t *src, int64_t stride)
{
    int32_t sum = 1 << (FRACTION_BITS - 1);
    const int32_t *weight = f->weight + i * f->real.taps;

    src += f->real.first[i] * stride;
    for (int64_t k = 0; k < f->real.count[i]; k++) sum += weight[k] * src[k * stride];
    sum >>= FRACTION_BITS;
    return sum > 255 ? 255 : sum < 0 ? 0 : (uint8_t)sum;
}

jem_status image_resize_by(image *out, const image *src, int64_t height, int64_t width,
                           image_kernel kernel)
{
    jem_status st;
    image wide = IMAGE_INIT, result = IMAGE_INIT;
    filter across = {.weight = NULL}, down = {.weight = NULL};
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

/* Half to even, as Python's round() in torchvision's CenterCrop. */
static int64_t centre_offset(int64_t side, int64_t size)
{
    const int64_t gap = side - size;
    return gap / 2 + (gap % 4 == 3);
}

/* Shorter side to `shorter`, then the central square of `size`, which is no larger. */
static jem_status scale_and_cut(image *out, const image *src, int64_t shorter, int64_t size, image_kernel kernel)
{
    jem_status st;
    image scaled = IMAGE_INIT, result = IMAGE_INIT;
    const int64_t h = src->height, w = src->width, row = size * src->channels;
    const int64_t new_h = h <= w ? shorter : shorter * h / w, new_w = w <= h ? shorter : shorter * w / h;
    const int64_t top = centre_offset(new_h, size), left = centre_offset(new_w, size);

    TRY(image_resize_by(&scaled, src, new_h, new_w, kernel));
    TRY(image_init(&result, size, size, src->channels));
    for (int64_t y = 0; y < size; y++)
        memcpy(result.pixels + y * row, scaled.pixels + ((top + y) * new_w + left) * src->channels, (size_t)row);
    *out = result;
    result = (image)IMAGE_INIT;
done:
    image_clear(&scaled);
    image_clear(&result);
    return st;
}

jem_status image_resize_square_by(image *out, const image *src, int64_t size, image_kernel kernel)
{
    return scale_and_cut(out, src, size, size, kernel);
}

jem_status image_resize_square(image *out, const image *src, int64_t size)
{
    return image_resize_square_by(out, src, size, IMAGE_BILINEAR);
}

jem_status image_photograph(image *out, const image *src, int64_t size)
{
    return scale_and_cut(out, src, size * 256 / 224, size, IMAGE_BILINEAR);
}
