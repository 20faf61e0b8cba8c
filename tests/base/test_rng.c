/* Random numbers: Philox against Random123 and its published known answers,
 * the shape of the normal distribution, and that nothing but
 * (seed, purpose, step, sub, image, element) decides a draw. */
#include <Random123/philox.h>

#include "base/mem.h"
#include "base/rng.h"
#include "support/check.h"

static rng_stream test_stream(uint64_t seed)
{
    rng_stream s = {seed, RNG_TEST, 3, 5};

    return s;
}

/* Random123 1.14, tests/kat_vectors, lines "philox4x32 10". */
static void philox_gives_the_published_known_answers(void **state)
{
    static const struct {
        uint32_t counter[4], key[2], answer[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint32_t *c = cases[i].counter, *k = cases[i].key;
        rng_stream s = {(uint64_t)k[1] << 32 | k[0], (rng_purpose)(c[3] >> 24), c[2],
                        c[3] & 0xffffff};
        uint32_t out[4];
        rng_block(out, &s, c[1], c[0]);
        assert_memory_equal(out, cases[i].answer, sizeof out);
    }
}

static void philox_agrees_with_random123(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        rng_stream s = {0x9876543210abcdefull * (i + 1), RNG_DROPOUT, i * 77, i};
        philox4x32_ctr_t c = {{i * 1001, i ^ 0xdead, s.step, (uint32_t)s.purpose << 24 | s.sub}};
        philox4x32_key_t k = {{(uint32_t)s.seed, (uint32_t)(s.seed >> 32)}};
        philox4x32_ctr_t want = philox4x32_R(10, c, k);
        uint32_t out[4];
        rng_block(out, &s, i ^ 0xdead, i * 1001);
        assert_memory_equal(out, want.v, sizeof out);
    }
}

static void draws_are_the_same_one_by_one_and_in_bulk(void **state)
{
    enum { N = 1000 };
    float all[N], part[N];
    rng_stream s = test_stream(1);

    (void)state;
    rng_fill_uniform(all, N, 0.0f, 1.0f, &s, 9);
    for (uint32_t i = 0; i < N; i++) assert_true(all[i] == rng_unit(&s, 9, i));
    rng_fill_normal(all, N, &s, 9);
    for (int64_t n = 0; n < N; n += 37) {
        rng_fill_normal(part, n, &s, 9);
        assert_memory_equal(all, part, (size_t)n * sizeof *all);
    }
}

/* Bits that every compiler, vector width and device has to reproduce. */
static void normals_have_the_recorded_bits(void **state)
{
    static const struct {
        int64_t at;
        uint32_t bits;
    } recorded[] = {
        {0, 0xbe5d3187}, {1, 0xbc5d4cda}, {2, 0xbcaa2a8c}, {3, 0x3fa5567d},
        {500, 0x3e77709a}, {777, 0xbd2815f3}, {998, 0x3f8adb98}, {999, 0xc01d9798},
    };
    enum { N = 1000 };
    float z[N];
    rng_stream s = test_stream(42);

    (void)state;
    rng_fill_normal(z, N, &s, 7);
    for (size_t i = 0; i < sizeof recorded / sizeof *recorded; i++) {
        uint32_t bits;
        memcpy(&bits, &z[recorded[i].at], sizeof bits);
        assert_int_equal(bits, recorded[i].bits);
    }
}

static void normals_equal_box_muller_in_double(void **state)
{
    enum { N = 100000 };
    static float z[N];
    rng_stream s = test_stream(11);
    const double turn = 2.0 * 3.14159265358979323846 / 4294967296.0;
    double worst = 0.0;

    (void)state;
    rng_fill_normal(z, N, &s, 0);
    for (uint32_t i = 0; i < N; i += 2) {
        uint32_t w0 = rng_u32(&s, 0, i), w1 = rng_u32(&s, 0, i + 1);
        double u = (double)(float)((float)(w0 >> 1) + 0.5f) / 2147483648.0;
        double r = sqrt(-2.0 * log(u));
        worst = fmax(worst, fabs((double)z[i] - r * cos(turn * w1)));
        worst = fmax(worst, fabs((double)z[i + 1] - r * sin(turn * w1)));
    }
    assert_true(worst < 2e-6);
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static void normals_are_standard_normal(void **state)
{
    enum { N = 1 << 20 };
    float *z = NULL;
    rng_stream s = test_stream(2);
    double sum[5] = {0}, ks = 0.0;
    int beyond_2 = 0, beyond_4 = 0;

    (void)state;
    check_ok(MEM_NEW(z, N));
    rng_fill_normal(z, N, &s, 1);
    for (int i = 0; i < N; i++) {
        double v = (double)z[i], p = 1.0;
        for (int k = 0; k < 5; k++, p *= v) sum[k] += p / N;
        beyond_2 += fabs(v) > 2.0;
        beyond_4 += fabs(v) > 4.0;
    }
    /* bounds: five standard errors of each moment */
    assert_true(fabs(sum[1]) < 5.0 / 1024.0);
    assert_true(fabs(sum[2] - 1.0) < 5.0 * 1.4143 / 1024.0);
    assert_true(fabs(sum[3]) < 5.0 * 3.873 / 1024.0);
    assert_true(fabs(sum[4] - 3.0) < 5.0 * 9.798 / 1024.0);
    check_near(beyond_2, 0.0455003 * N, 0.025, 1);
    check_near(beyond_4, 6.334e-5 * N, 0.6, 1);
    qsort(z, N, sizeof *z, compare_floats);
    for (int i = 0; i < N; i++) {
        double cdf = 0.5 * erfc(-(double)z[i] / sqrt(2.0));
        ks = fmax(ks, fmax(fabs(cdf - (double)i / N), fabs(cdf - (i + 1.0) / N)));
    }
    assert_true(ks * 1024.0 < 1.95); /* p = 0.001 */
    mem_free(z);
}

static void neighbouring_draws_are_uncorrelated(void **state)
{
    enum { N = 1 << 18 };
    static float a[N], b[N];
    rng_stream s = test_stream(3), next = s;
    double lag[5] = {0}, across = 0.0;

    (void)state;
    next.sub++;
    rng_fill_normal(a, N, &s, 1);
    rng_fill_normal(b, N, &next, 1);
    for (int i = 4; i < N; i++) {
        for (int k = 1; k < 5; k++) lag[k] += (double)a[i] * (double)a[i - k] / N;
        across += (double)a[i] * (double)b[i] / N;
    }
    for (int k = 1; k < 5; k++) assert_true(fabs(lag[k]) < 5.0 / 512.0);
    assert_true(fabs(across) < 5.0 / 512.0);
}

static void every_part_of_the_address_changes_the_draw(void **state)
{
    rng_stream s = test_stream(4), t;
    uint32_t first = rng_u32(&s, 0, 0);

    (void)state;
    assert_int_not_equal(first, rng_u32(&s, 1, 0));
    assert_int_not_equal(first, rng_u32(&s, 0, 1));
    assert_int_not_equal(first, rng_u32(&s, 0, 4));
    t = s, t.seed ^= 1ull << 40;
    assert_int_not_equal(first, rng_u32(&t, 0, 0));
    t = s, t.purpose = RNG_SPLIT;
    assert_int_not_equal(first, rng_u32(&t, 0, 0));
    t = s, t.step++;
    assert_int_not_equal(first, rng_u32(&t, 0, 0));
    t = s, t.sub++;
    assert_int_not_equal(first, rng_u32(&t, 0, 0));
}

static void below_is_uniform_in_range_and_the_same_in_bulk(void **state)
{
    int seen[7] = {0};
    rng_stream s = test_stream(5);

    (void)state;
    for (uint32_t i = 0; i < 70000; i++) {
        uint32_t v = rng_below(&s, 0, i, 7);
        assert_in_range(v, 0, 6);
        seen[v]++;
    }
    for (int i = 0; i < 7; i++) check_near(seen[i], 10000, 0.05, 1);
    assert_int_equal(rng_below(&s, 0, 0, 1), 0);

    int64_t many[1000];
    const int64_t lengths[] = {0, 1, 3, 4, 255, 256, 257, 999, 1000};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        many[lengths[l] % 1000] = -1; /* one past the end stays as it is */
        rng_fill_below(many, lengths[l], 123, &s, 9);
        for (int64_t i = 0; i < lengths[l]; i++)
            assert_int_equal(many[i], rng_below(&s, 9, (uint32_t)i, 123));
        if (lengths[l] < 1000) assert_int_equal(many[lengths[l]], -1);
    }
}

static void uniforms_fill_their_interval(void **state)
{
    enum { N = 100000 };
    static float u[N];
    rng_stream s = test_stream(6);
    double sum = 0.0;

    (void)state;
    rng_fill_uniform(u, N, -1.0f, 1.0f, &s, 0);
    for (int i = 0; i < N; i++) {
        assert_true(u[i] >= -1.0f && u[i] <= 1.0f);
        sum += (double)u[i] / N;
    }
    assert_true(fabs(sum) < 5.0 * 0.5774 / sqrt(N));
}

static void a_permutation_holds_every_index_and_is_fair(void **state)
{
    int64_t p[100], first[5] = {0};
    int seen[100] = {0};
    rng_stream s = test_stream(7);

    (void)state;
    rng_permutation(p, 100, &s);
    for (int i = 0; i < 100; i++) seen[p[i]]++;
    for (int i = 0; i < 100; i++) assert_int_equal(seen[i], 1);
    for (s.step = 0; s.step < 10000; s.step++) {
        rng_permutation(p, 5, &s);
        first[p[0]]++;
    }
    for (int i = 0; i < 5; i++) check_near(first[i], 2000, 0.12, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_known_answers),
        cmocka_unit_test(philox_agrees_with_random123),
        cmocka_unit_test(draws_are_the_same_one_by_one_and_in_bulk),
        cmocka_unit_test(normals_have_the_recorded_bits),
        cmocka_unit_test(normals_equal_box_muller_in_double),
        cmocka_unit_test(normals_are_standard_normal),
        cmocka_unit_test(neighbouring_draws_are_uncorrelated),
        cmocka_unit_test(every_part_of_the_address_changes_the_draw),
        cmocka_unit_test(below_is_uniform_in_range_and_the_same_in_bulk),
        cmocka_unit_test(uniforms_fill_their_interval),
        cmocka_unit_test(a_permutation_holds_every_index_and_is_fair),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
