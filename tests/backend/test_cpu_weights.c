/* Gradients of convolutions to their weights and biases on the cpu backend, whichever kernel it
 * chooses, against sums in double. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "backend/conv_rig.h"
#include "base/mem.h"

static const layer layers[] = {
    {16, 16, 32, 32, 3, 1, 1, 2}, /* a wide residual network's */
    {3, 16, 32, 32, 3, 1, 1, 2},
    {32, 32, 16, 16, 3, 2, 1, 2},
    {16, 32, 16, 16, 1, 2, 0, 2},
    {64, 32, 8, 8, 3, 1, 1, 3},
    {32, 24, 5, 8, 3, 1, 1, 2}, /* Winograd into channels that do not fill a vector */
    {16, 16, 1, 24, 3, 1, 1, 1},
    {32, 16, 4, 4, 3, 1, 1, 3}, /* an odd number of tiles in a row */
    {16, 16, 7, 20, 3, 1, 1, 2},
    {48, 16, 5, 33, 5, 1, 2, 1},
    {5, 7, 9, 11, 3, 1, 1, 2},
    {20, 40, 9, 9, 7, 2, 3, 1},
    {4, 8, 6, 6, 1, 1, 0, 1},
    {32, 16, 1, 1, 1, 1, 0, 2},
    {16, 16, 9, 7, 3, 2, 0, 2},
    {19, 8, 6, 10, 3, 1, 0, 2},
};

typedef struct setup {
    const layer *l;
    jem_dtype dtype;
    op o;
    char *arena;
    int64_t dy_at;
    float *x, *dy, *gradient;
    bool winograd;
    double errors, results; /* sums of squares */
} setup;

enum { GUARD = 64 };

static float *fill(char *at, int64_t count, jem_dtype dtype, uint32_t *random)
{
    float *values = NULL;
    check_ok(MEM_NEW(values, count));
    for (int64_t i = 0; i < count; ++i) put(at, i, values[i] = round_to(noise(random), dtype), dtype);
    return values;
}

static void prepare(setup *u)
{
    int64_t size = (int64_t)jem_dtype_size(u->dtype), params;
    int64_t x = shape_count(u->o.src) * u->l->n, dy = shape_count(u->o.dst) * u->l->n;
    uint32_t random = 11;

    u->dy_at = (x * size + 63) / 64 * 64;
    params = u->o.bias + u->o.dst.c;
    check_ok(MEM_NEW(u->arena, u->dy_at + dy * size));
    check_ok(MEM_NEW(u->gradient, params + GUARD));
    u->x = fill(u->arena, x, u->dtype, &random);
    u->dy = fill(u->arena + u->dy_at, dy, u->dtype, &random);
    for (int64_t i = 0; i < params + GUARD; ++i) u->gradient[i] = i < params ? NAN : 7;
}

static void run_step(setup *u)
{
    const op *o = &u->o;
    step s = {.kind = STEP_BACKWARD_PARAMS, .op = *o, .n = u->l->n, .mask_offset = -1};
    void *kernel = NULL, *bound = NULL;
    char *room = NULL, name[64];
    step_io io = {.dparams = u->gradient, .count = s.n};

    s.src = (slot){u->dy_at, o->dst, {u->dtype, o->dst.c}};
    s.src2 = (slot){0, o->src, {u->dtype, o->src.c}};
    s.dst = (slot){.offset = -1};
    check_ok(backend_cpu.kernel_new(&kernel, &s, NULL));
    backend_cpu.kernel_describe(kernel, name, sizeof name);
    u->winograd = strcmp(name, "dot:winograd") == 0;
    check_ok(backend_cpu.kernel_load(kernel, u->x));
    size_t size = backend_cpu.kernel_scratch(kernel);
    check_ok(MEM_NEW(room, size + 64));
    memset(room, 0xff, size); /* NaN, as other steps may leave */
    check_ok(backend_cpu.bound_new(&bound, kernel, u->arena, room));
    check_ok(backend_cpu.run(bound, &io, 0, 0));
    backend_cpu.bound_free(bound);
    backend_cpu.kernel_free(kernel);
    mem_free(room);
}

static double at(const float *v, shape s, int64_t n, int64_t y, int64_t x, int64_t c)
{
    bool inside = y >= 0 && x >= 0 && y < s.h && x < s.w;
    return inside ? (double)v[((n * s.h + y) * s.w + x) * s.c + c] : 0;
}

/* The gradient of weight (k, c, ky, kx), and the sum of absolute values. */
static double reference(const setup *u, int64_t k, int64_t c, int64_t ky, int64_t kx, double *size)
{
    const op *o = &u->o;
    double sum = 0;
    *size = 0;
    for (int64_t n = 0; n < u->l->n; ++n)
        for (int64_t y = 0; y < o->dst.h; ++y)
            for (int64_t x = 0; x < o->dst.w; ++x) {
                double v = at(u->x, o->src, n, y * o->stride + ky - o->pad_top, x * o->stride + kx - o->pad_top, c);
                v *= at(u->dy, o->dst, n, y, x, k);
                sum += v;
                *size += fabs(v);
            }
    return sum;
}

/* As in test_cpu_conv.c: both factors of each product are off by at most 2^-8 of themselves. */
static double winograd_bound(const setup *u, int64_t k, int64_t c, int64_t ky, int64_t kx)
{
    const op *o = &u->o;
    double bound = 0, a[4], g[3], b[6];

    for (int t = 0; t < POINTS + 1; ++t) {
        sizes_of_plane(t, a, g, b);
        for (int64_t n = 0; n < u->l->n; ++n)
            for (int64_t y = 0; y < o->dst.h; ++y)
                for (int64_t x = 0; x < o->dst.w; x += 4) {
                    double read = 0, spread = 0;
                    for (int i = 0; i < 6; ++i)
                        read += b[i] * fabs(at(u->x, o->src, n, y + ky - 1, x - 1 + i, c));
                    for (int i = 0; i < 4; ++i) spread += a[i] * fabs(at(u->dy, o->dst, n, y, x + i, k));
                    bound += g[kx] * read * spread;
                }
    }
    return bound / 128;
}

static void check_weight(setup *u, int64_t k, int64_t c, int64_t ky, int64_t kx)
{
    const layer *l = u->l;
    double size, want = reference(u, k, c, ky, kx, &size), tolerance = 2e-6 * (size + 1);
    double got = (double)u->gradient[((k * l->in + c) * l->kernel + ky) * l->kernel + kx];

    if (u->winograd) tolerance += winograd_bound(u, k, c, ky, kx);
    u->errors += (got - want) * (got - want);
    u->results += want * want;
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%d -> %d, %dx%d, kernel %d, stride %d: weight (%d, %d, %d, %d) has %.9g, not %.9g",
                 (int)l->in, (int)l->out, (int)l->h, (int)l->w, (int)l->kernel, (int)l->stride, (int)k,
                 (int)c, (int)ky, (int)kx, got, want);
}

static void check_bias(const setup *u, int64_t k)
{
    const shape s = u->o.dst;
    double want = 0, size = 0, got = (double)u->gradient[u->o.bias + k];

    for (int64_t i = k; i < shape_count(s) * u->l->n; i += s.c) {
        want += (double)u->dy[i];
        size += fabs((double)u->dy[i]);
    }
    if (!(fabs(got - want) <= 2e-6 * (size + 1))) fail_msg("bias %d has %.9g, not %.9g", (int)k, got, want);
}

static void check_layer(const layer *l, jem_dtype dtype)
{
    setup u = {.l = l, .dtype = dtype, .o = op_of(l)};

    prepare(&u);
    run_step(&u);
    for (int64_t k = 0; k < l->out; ++k) {
        check_bias(&u, k);
        for (int64_t c = 0; c < l->in; ++c)
            for (int64_t i = 0; i < l->kernel * l->kernel; ++i)
                check_weight(&u, k, c, i / l->kernel, i % l->kernel);
    }
    if (u.winograd && !(sqrt(u.errors / u.results) < 0.01))
        fail_msg("Winograd's error is %g of the results", sqrt(u.errors / u.results));
    for (int i = 0; i < GUARD; ++i) assert_true(u.gradient[u.o.bias + l->out + i] == 7);
    mem_free(u.arena);
    mem_free(u.x);
    mem_free(u.dy);
    mem_free(u.gradient);
}

static void check_all(jem_dtype dtype)
{
    if (backend_cpu.supports(dtype) != JEM_OK) {
        print_message("skipped: this processor has no bf16\n");
        skip();
    }
    for (size_t i = 0; i < sizeof layers / sizeof *layers; ++i) check_layer(&layers[i], dtype);
}

static void float32_gradients_match(void **state)
{
    (void)state;
    check_all(JEM_F32);
}

static void bf16_gradients_match(void **state)
{
    (void)state;
    check_all(JEM_BF16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(float32_gradients_match),
        cmocka_unit_test(bf16_gradients_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
