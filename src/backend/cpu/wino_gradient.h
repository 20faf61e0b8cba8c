/* Weight gradients by Winograd's algorithm, for one vector length: included behind wino_kernel.h.
 *
 * The transpose of the convolution's bilinear form: with dy a 4x4 tile of the result's gradient,
 *     dg = G^T [ sum over tiles of (B^T d B) * (A dy A^T) ] G */

/* A times four numbers. */
INLINE void transform_gradient(vec t[WINO_PATCH], vec y0, vec y1, vec y2, vec y3)
{
    vec even = y0 + 0.5f * y2, odd = y1 + 0.5f * y3, even2 = y0 + 2.0f * y2, odd2 = y1 + 2.0f * y3;
    t[0] = y0;
    t[1] = even + root_half * odd;
    t[2] = even - root_half * odd;
    t[3] = even2 + root_two * odd2;
    t[4] = even2 - root_two * odd2;
    t[5] = y3;
}

/* One tile of the gradient, one vector of channels. */
static void transform_gradient_tile(const wino_conv *c, float *to, int64_t per_product, const float *values,
                                    tile_at t, int64_t channel)
{
    const int64_t pixel = c->out.c, row = c->out.w * pixel;
    const int64_t rows = clamp(c->out.h - t.y, 0, WINO_TILE), columns = clamp(c->out.w - t.x, 0, WINO_TILE);
    const float *from = values + (t.image * c->out.h + t.y) * row + t.x * pixel + channel;
    vec half[WINO_TILE][WINO_PATCH], column[WINO_PATCH], y[WINO_TILE];
    const vec zero = {0};

    for (int j = 0; j < WINO_TILE; ++j) {
        for (int i = 0; i < WINO_TILE; ++i)
            y[i] = i < rows && j < columns ? load(from + i * row + j * pixel) : zero;
        transform_gradient(half[j], y[0], y[1], y[2], y[3]);
    }
    for (int i = 0; i < WINO_PATCH; ++i) {
        transform_gradient(column, half[0][i], half[1][i], half[2][i], half[3][i]);
        for (int j = 0; j < WINO_PATCH; ++j) store(to + (i * WINO_PATCH + j) * per_product, column[j]);
    }
}

/* G^T times six numbers. */
INLINE void transform_back(vec g[3], vec m0, vec m1, vec m2, vec m3, vec m4, vec m5)
{
    vec sum = (m1 + m2) * (-2.0f / 3), difference = (m1 - m2) * (-2.0f / 3 * root_half);
    vec sum2 = (m3 + m4) * (1.0f / 6), difference2 = (m3 - m4) * (1.0f / 6 * root_two);
    g[0] = m0 + sum + sum2;
    g[1] = difference + difference2;
    g[2] = 0.5f * sum + (2.0f * sum2 + m5);
}

/* Nine gradients of a vector of channel pairs. */
static void transform_sums(float *to, int64_t to_row, const float *sums, int64_t per_product)
{
    vec half[WINO_PATCH][3], g[3];
    for (int i = 0; i < WINO_PATCH; ++i) {
        const float *m = sums + i * WINO_PATCH * per_product;
        transform_back(half[i], load(m), load(m + per_product), load(m + 2 * per_product),
                       load(m + 3 * per_product), load(m + 4 * per_product), load(m + 5 * per_product));
    }
    for (int j = 0; j < 3; ++j) {
        transform_back(g, half[0][j], half[1][j], half[2][j], half[3][j], half[4][j], half[5][j]);
        for (int i = 0; i < 3; ++i) store(to + (3 * i + j) * to_row, g[i]);
    }
}

/* Rows of products in registers: half a vector of input channels. */
enum { GRADIENT_ROWS = LANES / 2 };

static void multiply_gradient(float *sums, const float *patches, const float *gradients, int64_t tiles,
                              int64_t width)
{
    for (int half = 0; half < 2; ++half) {
        float *to = sums + half * GRADIENT_ROWS * width;
        const float *from = patches + half * GRADIENT_ROWS;
        if (width == LANES)
            multiply(to, LANES, from, 1, LANES, gradients, tiles, GRADIENT_ROWS, 1);
        else
            multiply(to, 2 * LANES, from, 1, LANES, gradients, tiles, GRADIENT_ROWS, 2);
    }
}

/* Gradients of weights from LANES input channels to `width` output channels. */
static void gradient_of_pair(const wino_conv *c, const float *patches, const float *gradients,
                             int64_t tiles, int64_t width, float *sums, float *weights, bool add)
{
    float *nine = sums + WINO_PRODUCTS * LANES * width;

    for (int i = 0; i < WINO_PRODUCTS; ++i)
        multiply_gradient(sums + i * LANES * width, patches + i * c->in_stride,
                          gradients + i * c->out_stride / (2 * LANES) * width, tiles, width);
    for (int64_t k = 0; k < LANES; ++k)
        for (int64_t v = 0; v < width; v += LANES)
            transform_sums(nine + k * 9 * width + v, width, sums + k * width + v, LANES * width);
    for (int64_t n = 0; n < width; ++n)
        for (int64_t i = 0; i < LANES * 9; ++i) {
            float *to = weights + n * c->in.c * 9 + i;
            *to = nine[i * width + n] + (add ? *to : 0);
        }
}

static void add_bias(const wino_conv *c, const float *gradients, float *bias)
{
    for (int64_t k = 0; k < c->out.c; k += LANES) {
        vec total = {0};
        for (int64_t row = 0; row < c->images * c->out.h; ++row) { /* row by row: sums of few round less */
            vec sum = {0};
            const float *from = gradients + row * c->out.w * c->out.c + k;
            for (int64_t x = 0; x < c->out.w; ++x) sum += load(from + x * c->out.c);
            total += sum;
        }
        store(bias + k, total);
    }
}

static void run_gradient(const wino_conv *c, const float *values, const float *gradients, float *scratch,
                         float *weights, float *bias)
{
    const int64_t per_group = WINO_PRODUCTS * c->in_stride, per_panel = WINO_PRODUCTS * c->out_stride;
    float *patches = scratch, *turned = patches + c->in.c / LANES * per_group;
    float *sums = turned + c->panels * per_panel;

    for (int64_t first = 0; first < c->tiles; first += c->block) {
        const int64_t tiles = c->tiles - first < c->block ? c->tiles - first : c->block;
        for (int64_t t = 0; t < tiles; ++t) {
            const tile_at at = find_tile(c, first + t);
            transform_tile(c, patches + t * LANES, c->in_stride, per_group, values, at);
            for (int64_t n = 0; n < c->out.c; n += LANES) {
                const int64_t panel = n / (2 * LANES), from = panel * 2 * LANES;
                const int64_t width = c->out.c - from < 2 * LANES ? LANES : 2 * LANES;
                transform_gradient_tile(c, turned + panel * per_panel + t * width + n - from,
                                        c->out_stride / (2 * LANES) * width, gradients, at, n);
            }
        }
        for (int64_t panel = 0; panel < c->panels; ++panel)
            for (int64_t k = 0; k < c->in.c; k += LANES) {
                const int64_t n = panel * 2 * LANES, width = c->out.c - n < 2 * LANES ? LANES : 2 * LANES;
                gradient_of_pair(c, patches + k / LANES * per_group, turned + panel * per_panel, tiles, width,
                                 sums, weights + (n * c->in.c + k) * 9, first > 0);
            }
    }
    if (bias) add_bias(c, gradients, bias);
}
