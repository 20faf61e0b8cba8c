/* Convolutions of the cpu backend, whichever kernel it chooses, against sums in double. */
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
    {64, 64, 8, 8, 3, 1, 1, 1}, /* narrow: two bands of rows in a tile */
    {32, 48, 8, 8, 3, 2, 1, 2},
    {32, 16, 4, 4, 3, 1, 1, 3}, /* four bands */
    {32, 16, 6, 5, 3, 1, 1, 2}, /* three bands of two rows */
    {16, 16, 7, 20, 3, 1, 1, 2}, /* the last tile of a row begins inside the one before */
    {48, 16, 5, 33, 5, 1, 2, 1},
    {5, 7, 9, 11, 3, 1, 1, 2},
    {8, 80, 9, 9, 7, 2, 3, 1},
    {4, 8, 6, 6, 1, 1, 0, 1},
    {32, 16, 1, 1, 1, 1, 0, 2},
    {16, 16, 9, 7, 3, 2, 0, 2},
    {16, 32, 5, 12, 3, 1, 1, 2}, /* Winograd: 15 positions */
    {48, 16, 3, 4, 3, 1, 1, 1},  /* 3 positions */
    {32, 80, 7, 16, 3, 1, 1, 1}, /* 28 positions, an odd number of groups */
    {16, 8, 6, 8, 3, 1, 1, 1},
    {16, 3, 10, 9, 3, 1, 1, 2}, /* of an image, as to data is */
    {32, 80, 13, 6, 3, 1, 0, 1}, /* tiles that the map cuts off; one vector in the last panel */
    {16, 16, 3, 2, 3, 1, 2, 3},
    {24, 40, 5, 5, 3, 1, 1, 2}, /* channels that do not fill vectors */
};

typedef struct trial {
    const layer *l;
    bool forward, accumulate, lrelu, direct;
    jem_dtype dtype;
} trial;

/* sum and sum of absolute values of what reaches output element (n, c, y, x) of `o`, or in
 * backward direction input element; `v` is NHWC. */
static void reference(const op *o, bool forward, const float *v, const float *w, int64_t n, int64_t c,
                      int64_t y, int64_t x, double *sum, double *size)
{
    shape from = forward ? o->src : o->dst;
    *sum = *size = 0;
    for (int64_t ky = 0; ky < o->kernel_h; ++ky)
        for (int64_t kx = 0; kx < o->kernel_w; ++kx) {
            int64_t iy = forward ? y * o->stride + ky - o->pad_top : y + o->pad_top - ky;
            int64_t ix = forward ? x * o->stride + kx - o->pad_top : x + o->pad_top - kx;
            if (!forward && (iy % o->stride || ix % o->stride)) continue;
            if (!forward) iy /= o->stride;
            if (!forward) ix /= o->stride;
            if (iy < 0 || ix < 0 || iy >= from.h || ix >= from.w) continue;
            for (int64_t k = 0; k < from.c; ++k) {
                int64_t first = forward ? c : k, second = forward ? k : c;
                double a = (double)v[((n * from.h + iy) * from.w + ix) * from.c + k];
                double b = (double)w[((first * o->src.c + second) * o->kernel_h + ky) * o->kernel_w + kx];
                *sum += a * b;
                *size += fabs(a * b);
            }
        }
}

/* ---- how far Winograd may be off */

/* Both factors of every product are off by at most 2^-8 of themselves, so the result by twice
 * that of the sum of all absolute values. */
static double winograd_bound(const op *o, bool forward, const float *v, const float *w, int64_t n,
                             int64_t c, int64_t y, int64_t x)
{
    shape from = forward ? o->src : o->dst;
    double bound = 0, a[4], g[3], b[6];

    for (int t = 0; t < POINTS + 1; ++t) {
        sizes_of_plane(t, a, g, b);
        for (int64_t ky = 0; ky < 3; ++ky)
            for (int64_t k = 0; k < from.c; ++k) {
                double factors = 0, numbers = 0;
                int64_t iy = y + ky - 1, first = forward ? c : k, second = forward ? k : c;
                if (iy < 0 || iy >= from.h) continue;
                for (int64_t i = 0; i < 3; ++i) {
                    int64_t row = forward ? ky : 2 - ky, column = forward ? i : 2 - i;
                    factors += g[i] * fabs((double)w[((first * o->src.c + second) * 3 + row) * 3 + column]);
                }
                for (int64_t i = 0; i < 6; ++i) {
                    int64_t ix = x / 4 * 4 - 1 + i;
                    if (ix < 0 || ix >= from.w) continue;
                    numbers += b[i] * fabs((double)v[((n * from.h + iy) * from.w + ix) * from.c + k]);
                }
                bound += a[x % 4] * factors * numbers;
            }
    }
    return bound / 128;
}

typedef struct setup {
    step s;
    bool winograd;            /* is the kernel one? */
    double errors, results;   /* sums of squares */
    char *arena;
    int64_t guard_at;
    float *params, *src, *old;
    uint32_t random;
} setup;

static step make_step(const trial *t)
{
    const layer *l = t->l;
    op o = op_of(l);
    shape in = o.src, out = o.dst;
    step s = {.kind = t->forward ? STEP_FORWARD : STEP_BACKWARD_DATA, .op = o, .n = l->n,
              .accumulate = t->accumulate, .lrelu = t->lrelu, .direct = t->direct, .src2 = {.offset = -1},
              .mask_offset = -1};
    s.src = (slot){0, t->forward ? in : out, {t->dtype, t->forward ? in.c : out.c}};
    s.dst = (slot){0, t->forward ? out : in, {t->dtype, t->forward ? out.c : in.c}};
    return s;
}

enum { GUARD = 256 };

static void prepare(setup *u, const trial *t)
{
    step *s = &u->s;
    int64_t src = shape_count(s->src.s) * s->n, dst = shape_count(s->dst.s) * s->n;
    int64_t weights = s->op.bias, bytes = (int64_t)jem_dtype_size(t->dtype);
    int64_t mask = (int64_t)backend_cpu.mask_bytes(s->dst.f, s->dst.s, s->n);

    s->dst.offset = (src * bytes + 63) / 64 * 64;
    u->guard_at = s->dst.offset + dst * bytes;
    if (t->lrelu) s->mask_offset = (u->guard_at + GUARD + 63) / 64 * 64;
    check_ok(MEM_NEW(u->arena, u->guard_at + 2 * GUARD + mask));
    check_ok(MEM_NEW(u->params, weights + s->op.dst.c));
    check_ok(MEM_NEW(u->src, src));
    check_ok(MEM_NEW(u->old, dst));
    for (int64_t i = 0; i < weights + s->op.dst.c; ++i)
        u->params[i] = round_to(noise(&u->random), i < weights ? t->dtype : JEM_F32);
    for (int64_t i = 0; i < src; ++i) {
        u->src[i] = round_to(noise(&u->random), t->dtype);
        put(u->arena, i, u->src[i], t->dtype);
    }
    for (int64_t i = 0; i < dst; ++i) {
        u->old[i] = t->accumulate ? round_to(noise(&u->random), t->dtype) : 0;
        put(u->arena + s->dst.offset, i, t->accumulate ? u->old[i] : NAN, t->dtype);
    }
    for (int i = 0; i < GUARD; ++i) u->arena[u->guard_at + i] = 0x55;
    if (t->lrelu && !t->forward)
        for (int64_t i = 0; i < mask; ++i)
            u->arena[s->mask_offset + i] = (char)(noise(&u->random) * 127);
}

static void run_step(setup *u)
{
    void *kernel = NULL, *bound = NULL;
    char *room = NULL;
    step_io io = {.params = u->params, .count = u->s.n};

    char name[64];

    check_ok(backend_cpu.kernel_new(&kernel, &u->s, NULL));
    backend_cpu.kernel_describe(kernel, name, sizeof name);
    u->winograd = strcmp(name, "dot:winograd") == 0;
    check_ok(backend_cpu.kernel_load(kernel, u->params));
    size_t size = backend_cpu.kernel_scratch(kernel);
    check_ok(MEM_NEW(room, size + 64));
    for (size_t i = 0; i < size; ++i) room[i] = (char)0xff; /* NaN, as other steps may leave */
    check_ok(backend_cpu.bound_new(&bound, kernel, u->arena, room));
    check_ok(backend_cpu.run(bound, &io, 0, 0));
    backend_cpu.bound_free(bound);
    backend_cpu.kernel_free(kernel);
    mem_free(room);
}

static bool mask_bit(const setup *u, int64_t i)
{
    return u->arena[u->s.mask_offset + i / 8] >> i % 8 & 1;
}

static void check_element(setup *u, const trial *t, int64_t n, int64_t c, int64_t y, int64_t x)
{
    const step *s = &u->s;
    shape d = s->dst.s;
    int64_t i = ((n * d.h + y) * d.w + x) * d.c + c;
    double sum, size, slope = SLOPE_PERCENT / 100.0;
    double got = (double)get(u->arena + s->dst.offset, i, t->dtype);

    reference(&s->op, t->forward, u->src, u->params, n, c, y, x, &sum, &size);
    if (t->forward) sum += (double)u->params[s->op.bias + c];
    if (t->lrelu && !t->forward) sum *= mask_bit(u, i) ? 1 : slope;
    sum += (double)u->old[i];
    double tolerance = 2e-6 * (size + 1) + (t->dtype == JEM_BF16 ? fabs(sum) / 128 : 0);
    if (u->winograd) tolerance += winograd_bound(&s->op, t->forward, u->src, u->params, n, c, y, x);
    if (t->lrelu && t->forward) {
        if (fabs(sum) > tolerance && mask_bit(u, i) != (sum > 0))
            fail_msg("mask bit %d is %d for %g", (int)i, mask_bit(u, i), sum);
        sum = sum > 0 ? sum : slope * sum;
    }
    u->errors += (got - sum) * (got - sum);
    u->results += sum * sum;
    if (!(fabs(got - sum) <= tolerance))
        fail_msg("%d -> %d, %dx%d, kernel %d, stride %d, %s%s%s%s: image %d, channel %d at (%d, %d) is "
                 "%.9g, not %.9g", (int)t->l->in, (int)t->l->out, (int)t->l->h, (int)t->l->w,
                 (int)t->l->kernel, (int)t->l->stride, t->forward ? "forward" : "to data",
                 t->accumulate ? ", adding" : "", t->lrelu ? ", rectifier" : "",
                 t->dtype == JEM_BF16 ? ", bf16" : "", (int)n, (int)c, (int)y, (int)x, got, sum);
}

static void check_trial(const trial *t)
{
    setup u = {.s = make_step(t), .random = 7};
    shape d = u.s.dst.s;

    prepare(&u, t);
    run_step(&u);
    for (int64_t n = 0; n < u.s.n; ++n)
        for (int64_t y = 0; y < d.h; ++y)
            for (int64_t x = 0; x < d.w; ++x)
                for (int64_t c = 0; c < d.c; ++c) check_element(&u, t, n, c, y, x);
    if (u.winograd && !(sqrt(u.errors / u.results) < 0.008))
        fail_msg("Winograd's error is %g of the results", sqrt(u.errors / u.results));
    for (int i = 0; i < GUARD; ++i) assert_int_equal(u.arena[u.guard_at + i], 0x55);
    mem_free(u.arena);
    mem_free(u.params);
    mem_free(u.src);
    mem_free(u.old);
}

static void check_all(jem_dtype dtype, bool forward, bool direct)
{
    if (backend_cpu.supports(dtype) != JEM_OK) {
        print_message("skipped: this processor has no bf16\n");
        skip();
    }
    for (size_t i = 0; i < sizeof layers / sizeof *layers; ++i)
        for (int flags = 0; flags < 4; ++flags) {
            trial t = {&layers[i], forward, flags & 1, flags & 2, direct, dtype};
            step s = make_step(&t);
            bool fused = backend_cpu.fuses_backward && backend_cpu.fuses_backward(&s);
            if (forward || !flags || fused) check_trial(&t);
        }
}

static void float32_forward_matches(void **state)
{
    (void)state;
    check_all(JEM_F32, true, false);
}

static void float32_direct_matches(void **state)
{
    (void)state;
    check_all(JEM_F32, true, true);
    check_all(JEM_F32, false, true);
}

static void float32_to_data_matches(void **state)
{
    (void)state;
    check_all(JEM_F32, false, false);
}

static void bf16_forward_matches(void **state)
{
    (void)state;
    check_all(JEM_BF16, true, false);
}

static void bf16_to_data_matches(void **state)
{
    (void)state;
    check_all(JEM_BF16, false, false);
}

static void bf16_direct_matches(void **state)
{
    (void)state;
    check_all(JEM_BF16, true, true);
    check_all(JEM_BF16, false, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(float32_forward_matches),
        cmocka_unit_test(float32_to_data_matches),
        cmocka_unit_test(float32_direct_matches),
        cmocka_unit_test(bf16_direct_matches),
        cmocka_unit_test(bf16_forward_matches),
        cmocka_unit_test(bf16_to_data_matches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
