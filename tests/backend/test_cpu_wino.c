/* Winograd convolutions keep the error bound that wino_conv.h states, where numbers of very
 * different size stand side by side; and `direct` forbids them. */
#include <math.h>
#include <string.h>

#include "backend/backend.h"
#include "base/mem.h"
#include "support/check.h"

typedef struct layer {
    int64_t in, out, h, w, pad, n;
} layer;

static const layer layers[] = {
    {16, 16, 32, 32, 1, 2}, {64, 48, 9, 7, 1, 1}, {16, 3, 8, 8, 1, 2}, {8, 16, 6, 5, 0, 2}, {160, 32, 4, 4, 1, 1},
};

/* |B^T|, |G|, |A^T|: see wino_conv.h. */
#define R2 1.41421356237309504880
static const double patch_size[6][6] = {
    {1, 0, 2.5, 0, 1, 0},    {0, R2, 2, R2 / 2, 1, 0}, {0, R2, 2, R2 / 2, 1, 0},
    {0, R2 / 2, 0.5, R2, 1, 0}, {0, R2 / 2, 0.5, R2, 1, 0}, {0, 1, 0, 2.5, 0, 1},
};
static const double kernel_size[6][3] = {
    {1, 0, 0},
    {1 / 1.5, R2 / 3, 0.5 / 1.5},
    {1 / 1.5, R2 / 3, 0.5 / 1.5},
    {1 / 6.0, R2 / 6, 2 / 6.0},
    {1 / 6.0, R2 / 6, 2 / 6.0},
    {0, 0, 1},
};
static const double result_size[4][6] = {
    {1, 1, 1, 1, 1, 0},
    {0, R2 / 2, R2 / 2, R2, R2, 0},
    {0, 0.5, 0.5, 2, 2, 0},
    {0, R2 / 4, R2 / 4, 2 * R2, 2 * R2, 1},
};

typedef struct trial {
    step s;
    float *arena, *params;
} trial;

/* Values between 2^-12 and 1, of either sign. */
static float uneven(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    float v = ldexpf((float)(*state >> 20 & 255) / 256.0f, -(int)(*state >> 16 & 15) * 12 / 15);
    return *state >> 31 ? v : -v;
}

static step make_step(const layer *l, bool forward)
{
    shape in = {l->in, l->h, l->w}, out = {l->out, l->h + 2 * l->pad - 2, l->w + 2 * l->pad - 2};
    op o = {.kind = OP_CONV2D, .src = in, .dst = out, .kernel_h = 3, .kernel_w = 3, .stride = 1,
            .pad_top = l->pad, .pad_left = l->pad, .pad_bottom = l->pad,
                .pad_right = l->pad, .weight = 0, .bias = -1, .mean = -1, .var = -1};
    step s = {.kind = forward ? STEP_FORWARD : STEP_BACKWARD_DATA, .op = o, .n = l->n,
              .src2 = {.offset = -1}, .mask_offset = -1};
    s.src = (slot){0, forward ? in : out, {JEM_F32, forward ? in.c : out.c}};
    s.dst = (slot){0, forward ? out : in, {JEM_F32, forward ? out.c : in.c}};
    s.dst.offset = (shape_count(s.src.s) * l->n * 4 + 63) / 64 * 64;
    return s;
}

static void run(const trial *t, float *dparams)
{
    void *kernel = NULL, *bound = NULL;
    char *scratch = NULL;
    step_io io = {.params = t->params, .dparams = dparams, .count = t->s.n};

    check_ok(backend_cpu.kernel_new(&kernel, &t->s, NULL));
    check_ok(MEM_NEW(scratch, backend_cpu.kernel_scratch(kernel)));
    check_ok(backend_cpu.kernel_load(kernel, t->params));
    check_ok(backend_cpu.bound_new(&bound, kernel, (char *)t->arena, scratch));
    check_ok(backend_cpu.run(bound, &io, 0, 0));
    backend_cpu.bound_free(bound);
    backend_cpu.kernel_free(kernel);
    mem_free(scratch);
}

/* What is read at (n, y, x), 0 outside. */
static double value(const trial *t, int64_t n, int64_t y, int64_t x, int64_t k)
{
    shape s = t->s.src.s;
    if (y < 0 || x < 0 || y >= s.h || x >= s.w) return 0;
    return (double)t->arena[((n * s.h + y) * s.w + x) * s.c + k];
}

/* The kernel from channel k of what is read to channel c of what is written. */
static double weight(const trial *t, int64_t c, int64_t k, int y, int x)
{
    bool forward = t->s.kind == STEP_FORWARD;
    int64_t out = forward ? c : k, in = forward ? k : c;
    int at = forward ? 3 * y + x : 8 - (3 * y + x);
    return (double)t->params[(out * t->s.op.src.c + in) * 9 + at];
}

static double patch_bound(const trial *t, int64_t n, int64_t y, int64_t x, int64_t k, int i, int j)
{
    double sum = 0;
    for (int a = 0; a < 6; ++a)
        for (int b = 0; b < 6; ++b)
            if (patch_size[i][a] > 0 && patch_size[j][b] > 0)
                sum += patch_size[i][a] * patch_size[j][b] * fabs(value(t, n, y + a, x + b, k));
    return sum;
}

static double kernel_bound(const trial *t, int64_t c, int64_t k, int i, int j)
{
    double sum = 0;
    for (int a = 0; a < 3; ++a)
        for (int b = 0; b < 3; ++b)
            sum += kernel_size[i][a] * kernel_size[j][b] * fabs(weight(t, c, k, a, b));
    return sum;
}

/* The tile's part of the bound that does not depend on the place in it: per product. */
static void product_bounds(double sums[6][6], const trial *t, int64_t n, int64_t c, int64_t y, int64_t x)
{
    memset(sums, 0, 36 * sizeof(double));
    for (int64_t k = 0; k < t->s.src.s.c; ++k)
        for (int i = 0; i < 6; ++i)
            for (int j = 0; j < 6; ++j)
                sums[i][j] += kernel_bound(t, c, k, i, j) * patch_bound(t, n, y, x, k, i, j);
}

static void check_tile(const trial *t, int64_t n, int64_t c, int64_t y, int64_t x)
{
    const shape d = t->s.dst.s;
    const int64_t pad = t->s.kind == STEP_FORWARD ? t->s.op.pad_top : 2 - t->s.op.pad_top;
    const float *got = t->arena + t->s.dst.offset / 4;
    double sums[6][6];

    product_bounds(sums, t, n, c, y - pad, x - pad);
    for (int64_t r = y; r < y + 4 && r < d.h; ++r)
        for (int64_t q = x; q < x + 4 && q < d.w; ++q) {
            double exact = 0, bound = 0;
            for (int64_t k = 0; k < t->s.src.s.c; ++k)
                for (int a = 0; a < 9; ++a)
                    exact += weight(t, c, k, a / 3, a % 3) * value(t, n, r - pad + a / 3, q - pad + a % 3, k);
            for (int i = 0; i < 36; ++i)
                bound += result_size[r - y][i / 6] * result_size[q - x][i % 6] * sums[i / 6][i % 6];
            bound *= (double)(t->s.src.s.c + 24) * 0x1p-24;
            double error = fabs((double)got[((n * d.h + r) * d.w + q) * d.c + c] - exact);
            if (!(error <= bound))
                fail_msg("channel %d of image %d at (%d, %d): error %g, bound %g", (int)c, (int)n, (int)r,
                         (int)q, error, bound);
        }
}

static void errors_stay_within_the_stated_bound(void **state)
{
    (void)state;
    for (size_t l = 0; l < 2 * sizeof layers / sizeof *layers; ++l) {
        trial t = {.s = make_step(&layers[l / 2], l % 2 == 0)};
        int64_t weights = t.s.op.src.c * t.s.op.dst.c * 9, read = shape_count(t.s.src.s) * t.s.n;
        shape d = t.s.dst.s;
        uint32_t random = 3;

        check_ok(MEM_NEW(t.arena, t.s.dst.offset / 4 + shape_count(d) * t.s.n));
        check_ok(MEM_NEW(t.params, weights));
        for (int64_t i = 0; i < weights; ++i) t.params[i] = uneven(&random);
        for (int64_t i = 0; i < read; ++i) t.arena[i] = uneven(&random);
        run(&t, NULL);
        for (int64_t n = 0; n < t.s.n; ++n)
            for (int64_t y = 0; y < d.h; y += 4)
                for (int64_t x = 0; x < d.w; x += 4)
                    for (int64_t c = (y + x) % 3; c < d.c; c += 3) check_tile(&t, n, c, y, x);
        mem_free(t.arena);
        mem_free(t.params);
    }
}

/* ---- gradients to the weights: the same bound for the transposed form,
 *     (tiles + 24) u |G^T| [sum over tiles of |B^T||d||B| * |A||dy||A^T|] |G| */

static const layer gradient_layers[] = {
    {16, 16, 32, 32, 1, 3}, {48, 64, 9, 7, 1, 2}, {32, 48, 6, 5, 0, 2}, {64, 96, 4, 4, 1, 1},
};

static double map_value(const float *map, shape s, int64_t n, int64_t y, int64_t x, int64_t k)
{
    if (y < 0 || x < 0 || y >= s.h || x >= s.w) return 0;
    return (double)map[((n * s.h + y) * s.w + x) * s.c + k];
}

/* Adds what one tile contributes to the bound's products. */
static void add_tile_sizes(double sums[6][6], const trial *t, int64_t n, int64_t y, int64_t x, int64_t k,
                           int64_t c)
{
    const float *values = t->arena + t->s.src2.offset / 4;
    for (int i = 0; i < 6; ++i)
        for (int j = 0; j < 6; ++j) {
            double patch = 0, tile = 0;
            for (int a = 0; a < 36; ++a)
                patch += patch_size[i][a / 6] * patch_size[j][a % 6] *
                         fabs(map_value(values, t->s.src2.s, n, y - t->s.op.pad_top + a / 6,
                                        x - t->s.op.pad_top + a % 6, k));
            for (int a = 0; a < 16; ++a)
                tile += result_size[a / 4][i] * result_size[a % 4][j] *
                        fabs(map_value(t->arena, t->s.src.s, n, y + a / 4, x + a % 4, c));
            sums[i][j] += patch * tile;
        }
}

static void check_weight(const trial *t, const float *got, int64_t c, int64_t k)
{
    const shape d = t->s.src.s, in = t->s.src2.s;
    const float *values = t->arena + t->s.src2.offset / 4;
    double sums[6][6] = {{0}}, tiles = 0;

    for (int64_t n = 0; n < t->s.n; ++n)
        for (int64_t y = 0; y < d.h; y += 4)
            for (int64_t x = 0; x < d.w; x += 4, tiles += 1) add_tile_sizes(sums, t, n, y, x, k, c);
    for (int a = 0; a < 9; ++a) {
        double exact = 0, bound = 0;
        for (int64_t n = 0; n < t->s.n; ++n)
            for (int64_t i = 0; i < d.h * d.w; ++i)
                exact += map_value(t->arena, d, n, i / d.w, i % d.w, c) *
                         map_value(values, in, n, i / d.w - t->s.op.pad_top + a / 3,
                                   i % d.w - t->s.op.pad_top + a % 3, k);
        for (int i = 0; i < 36; ++i)
            bound += kernel_size[i / 6][a / 3] * kernel_size[i % 6][a % 3] * sums[i / 6][i % 6];
        bound *= (tiles + 24) * 0x1p-24;
        double error = fabs((double)got[(c * in.c + k) * 9 + a] - exact);
        if (!(error <= bound))
            fail_msg("weight %d from channel %d to %d: error %g, bound %g", a, (int)k, (int)c, error, bound);
    }
}

static void check_bias(const trial *t, const float *got)
{
    const shape d = t->s.src.s;
    for (int64_t c = 0; c < d.c; ++c) {
        double sum = 0, size = 0;
        for (int64_t i = 0; i < t->s.n * d.h * d.w; ++i) {
            sum += (double)t->arena[i * d.c + c];
            size += fabs((double)t->arena[i * d.c + c]);
        }
        assert_true(fabs((double)got[c] - sum) <= size * (double)(d.w + t->s.n * d.h) * 0x1p-24);
    }
}

static void weight_gradients_stay_within_the_stated_bound(void **state)
{
    (void)state;
    for (size_t l = 0; l < sizeof gradient_layers / sizeof *gradient_layers; ++l) {
        trial t = {.s = make_step(&gradient_layers[l], false)};
        float *got = NULL;
        int64_t weights = t.s.op.src.c * t.s.op.dst.c * 9, count;
        uint32_t random = 5;

        t.s.kind = STEP_BACKWARD_PARAMS;
        t.s.op.bias = weights;
        t.s.src2 = t.s.dst;
        t.s.dst.offset = -1;
        count = t.s.src2.offset / 4 + shape_count(t.s.src2.s) * t.s.n;
        check_ok(MEM_NEW(t.arena, count));
        check_ok(MEM_NEW(t.params, weights + t.s.op.dst.c));
        check_ok(MEM_NEW(got, weights + t.s.op.dst.c));
        for (int64_t i = 0; i < weights + t.s.op.dst.c; ++i) got[i] = NAN; /* to be overwritten */
        for (int64_t i = 0; i < count; ++i) t.arena[i] = uneven(&random);
        run(&t, got);
        for (int64_t c = 0; c < t.s.op.dst.c; c += 5)
            for (int64_t k = c % 3; k < t.s.op.src.c; k += 3) check_weight(&t, got, c, k);
        for (int64_t i = 0; i < weights; ++i) assert_true(isfinite(got[i]));
        check_bias(&t, got + weights);
        mem_free(t.arena);
        mem_free(t.params);
        mem_free(got);
    }
}

static void direct_forbids_them(void **state)
{
    (void)state;
    for (int direct = 0; direct < 2; ++direct) {
        step s = make_step(&layers[0], true);
        void *kernel = NULL;
        char name[64];

        s.direct = direct;
        check_ok(backend_cpu.kernel_new(&kernel, &s, NULL));
        backend_cpu.kernel_describe(kernel, name, sizeof name);
        assert_true(!direct || !strstr(name, "winograd"));
        const conv_shares shares = backend_cpu.kernel_shares(kernel);
        assert_true(shares.products == (strstr(name, "winograd") ? 0.25 : 1));
        assert_true((shares.transforms > 0) == (strstr(name, "winograd") != NULL));
        if (!direct && !strstr(name, "winograd")) print_message("this processor runs none\n");
        backend_cpu.kernel_free(kernel);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_stay_within_the_stated_bound),
        cmocka_unit_test(weight_gradients_stay_within_the_stated_bound),
        cmocka_unit_test(direct_forbids_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
