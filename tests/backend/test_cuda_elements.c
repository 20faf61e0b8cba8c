/* The arithmetic of the GPU's kernels, compiled for the host, against base/rng.c and the
 * reference backend: bit for bit where that is promised. */
#include "support/check.h"

#include "backend/cuda/kernels.h"
#include "backend/ref/ref.h"
#include "base/mem.h"
#include "tensor/bytes.h"

enum { COUNT = 3 * 31 * 29 };

static void random_words_are_those_of_rng(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2000; i++) {
        const rng_stream s = {0x123456789abcdefu * (i + 1), (rng_purpose)(1 + i % 18), i * 7, i % 5};
        uint32_t want[4];
        rng_block(want, &s, i * 3, i * 11);
        words got = philox_block(s.seed, (uint32_t)s.purpose, s.step, s.sub, i * 3, i * 11);
        assert_memory_equal(want, got.w, sizeof want);
        for (int j = 0; j < 4; j++) {
            assert_true(unit_from_word(want[j]) == rng_unit(&s, i * 3, i * 44 + (uint32_t)j));
            assert_int_equal(below_from_word(want[j], 1000 + i),
                             rng_below(&s, i * 3, i * 44 + (uint32_t)j, 1000 + i));
        }
    }
}

static void normals_are_those_of_rng_to_the_bit(void **state)
{
    static float want[1 << 20];
    const rng_stream s = {42, RNG_CHAIN_NOISE, 17, 3};
    (void)state;
    rng_fill_normal(want, 1 << 20, &s, 9);
    for (uint32_t b = 0; b < 1 << 18; b++) {
        float z[4];
        normals_of_block(z, philox_block(42, RNG_CHAIN_NOISE, 17, 3, 9, b));
        assert_memory_equal(z, want + 4 * b, sizeof z);
    }
}

static void bf16_rounds_to_the_nearest_even(void **state)
{
    const struct {
        uint32_t from;
        uint16_t to;
    } cases[] = {{0x3f800000, 0x3f80}, {0x3f808000, 0x3f80}, {0x3f818000, 0x3f82},
                 {0x3f808001, 0x3f81}, {0x7f7fffff, 0x7f80}, {0x7f800000, 0x7f80},
                 {0xff800000, 0xff80}, {0x00000000, 0x0000}, {0x80000000, 0x8000}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(bf16_of_float(float_of_bits(cases[i].from)), cases[i].to);
    assert_true(isnan(float_of_bf16(bf16_of_float(NAN))));
    assert_true(isnan(float_of_bf16(bf16_of_float(float_of_bits(0x7f800001)))));
}

static void halves_are_those_of_files(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 1 << 16; h++) {
        const float want = float_from_f16((uint16_t)h), got = float_of_f16((uint16_t)h);
        assert_true(bits_of_float(got) == bits_of_float(want) || (isnan(got) && isnan(want)));
    }
}

static void octets_survive_memory(void **state)
{
    float in[8] = {1, -2, 3.5f, 0, -0.0f, 1e30f, -1e-30f, 7}, out[8];
    _Alignas(16) float wide[16];
    _Alignas(16) uint16_t narrow[16];
    (void)state;
    store8((value){wide, 0, 0}, 1, in);
    load8(out, (value){wide, 0, 0}, 1);
    assert_memory_equal(in, out, sizeof in);
    assert_memory_equal(in, wide + 8, sizeof in);
    store8((value){narrow, 1, 0}, 1, in);
    load8(out, (value){narrow, 1, 0}, 1);
    for (int j = 0; j < 8; j++) {
        assert_true(out[j] == float_of_bf16(bf16_of_float(in[j])));
        assert_true(load1((value){narrow, 1, 0}, 8 + j) == out[j]);
    }
}

static void fill(float *x, int64_t n, uint32_t image)
{
    const rng_stream s = {5, RNG_TEST, 0, 0};
    rng_fill_normal(x, n, &s, image);
}

static void langevin_is_the_reference_to_the_bit(void **state)
{
    static float x[2 * COUNT], want[2 * COUNT], g[2 * COUNT], noise[2 * COUNT];
    const energy_numbers numbers = {.chain_seed = 77, .iteration = 12};
    const float schedule[] = {0, 0, 0.8f, 0.01f};
    int32_t bad[2] = {0, 0};
    (void)state;
    fill(x, 2 * COUNT, 0);
    fill(g, 2 * COUNT, 1);
    memcpy(want, x, sizeof x);
    for (uint32_t i = 0; i < 2; i++) {
        const rng_stream s = {77, RNG_CHAIN_NOISE, 12, 1};
        rng_fill_normal(noise + i * COUNT, COUNT, &s, i);
    }
    const langevin_update u = {0.8f, 0.01f, true, -1, 1, false};
    ref_langevin(want, g, noise, 2 * COUNT, &u);
    const energy_langevin a = {x, g, schedule, bad, &numbers, 2, COUNT, 1, -1, 1, 0, 0};
    for (int64_t i = 0; i < 2 * blocks_of(COUNT); i++) langevin_item(&a, i);
    assert_memory_equal(x, want, sizeof x);
    assert_int_equal(bad[0] + bad[1], 0);
    g[COUNT + 5] = NAN;
    for (int64_t i = 0; i < 2 * blocks_of(COUNT); i++) langevin_item(&a, i);
    assert_int_equal(bad[0], 0);
    assert_int_equal(bad[1], 2);
}

static void clamped_steps_are_the_reference_to_the_bit(void **state)
{
    static float x[COUNT], want[COUNT], g[COUNT], noise[COUNT];
    const energy_numbers numbers = {.chain_seed = 77, .iteration = 12};
    const rng_stream s = {77, RNG_CHAIN_NOISE, 12, 0};
    (void)state;
    for (int noisy = 0; noisy < 2; noisy++) {
        const float schedule[] = {0.8f, noisy ? 0.01f : 0};
        const langevin_update u = {0.8f, schedule[1], true, -1, 1, true};
        int32_t bad = 0;
        const energy_langevin a = {x, g, schedule, &bad, &numbers, 1, COUNT, 0, -1, 1, 1, 0};
        fill(x, COUNT, 0);
        fill(g, COUNT, 1);
        memcpy(want, x, sizeof x);
        rng_fill_normal(noise, COUNT, &s, 0);
        ref_langevin(want, g, noisy ? noise : NULL, COUNT, &u);
        for (int64_t i = 0; i < blocks_of(COUNT); i++) langevin_item(&a, i);
        assert_memory_equal(x, want, sizeof x);
        assert_int_equal(bad, 0);
    }
}

static void energies_are_the_reference(void **state)
{
    enum { N = 6, K = 11 };
    float logits[N * K], lse[N], softmax[N * K], got_lse[N], got[N * K];
    (void)state;
    fill(logits, N * K, 3);
    logits[K] = 1e30f;
    logits[2 * K] = NAN;
    logits[3 * K + 4] = INFINITY;
    for (int j = 0; j < K; j++) logits[4 * K + j] = -INFINITY;
    ref_logsumexp(lse, softmax, logits, N, K);
    const energy_cotangent a = {.logits = logits, .cotangent = got, .lse = got_lse, .n = N, .k = K,
                                .batch = 1, .kind = COTANGENT_LSE};
    for (int64_t i = 0; i < N; i++) cotangent_item(&a, i);
    for (int i = 0; i < N; i++) {
        assert_true(lse[i] == got_lse[i] || (isnan(lse[i]) && isnan(got_lse[i])));
        for (int j = 0; j < K; j++)
            assert_true(softmax[i * K + j] == got[i * K + j] ||
                        (isnan(softmax[i * K + j]) && isnan(got[i * K + j])));
    }
}

static void adam_is_the_reference_to_the_bit(void **state)
{
    static float v[5][COUNT], w[5][COUNT];
    const adam_update u = {.lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.01, .step = 3};
    (void)state;
    for (uint32_t i = 0; i < 5; i++) fill(v[i], COUNT, i);
    for (int i = 0; i < COUNT; i++) v[2][i] = fabsf(v[2][i]);
    memcpy(w, v, sizeof v);
    ref_adam(v[0], v[1], v[2], v[3], v[4], 0.7, 0.3, COUNT, &u);
    const energy_report report = {.a = (float)0.7, .b = (float)0.3, .fine = 1};
    const energy_numbers numbers = {.rate = (float)(1e-3 / (1 - pow(0.9, 3))),
                                    .root = (float)(1 / sqrt(1 - pow(0.999, 3)))};
    const energy_update a = {.theta = w[0], .m = w[1], .v = w[2], .g = w[3], .h = w[4],
                           .report = &report, .numbers = &numbers, .n = COUNT,
                           .factors = {.beta1 = (float)0.9, .rest1 = (float)(1 - 0.9),
                                       .beta2 = (float)0.999, .rest2 = (float)(1 - 0.999),
                                       .eps = (float)1e-8, .decay = (float)0.01}};
    for (int64_t i = 0; i < COUNT; i++) adam_item(&a, i);
    assert_memory_equal(v, w, sizeof v);
}

/* With a weight decay of every third parameter. */
static void sgd_is_the_reference_to_the_bit(void **state)
{
    static float v[4][COUNT], w[4][COUNT];
    static uint8_t decays[COUNT];
    const sgd_update plain = {.lr = 0.1, .momentum = 0.9, .weight_decay = 0};
    const sgd_update decayed = {.lr = 0.1, .momentum = 0.9, .weight_decay = 5e-4};
    const energy_report report = {.a = (float)0.7, .b = (float)0.3, .fine = 1};
    const energy_numbers numbers = {.rate = (float)0.1};
    (void)state;
    for (uint32_t i = 0; i < 4; i++) fill(v[i], COUNT, i);
    memcpy(w, v, sizeof v);
    for (int i = 0; i < COUNT; i++) {
        decays[i] = i % 3 == 0;
        ref_sgd(v[0] + i, v[1] + i, v[2] + i, v[3] + i, 0.7, 0.3, 1, decays[i] ? &decayed : &plain);
    }
    const energy_update a = {.theta = w[0], .m = w[1], .g = w[2], .h = w[3], .decays = decays,
                             .report = &report, .numbers = &numbers, .n = COUNT,
                             .factors = {.decay = (float)5e-4}, .momentum = (float)0.9};
    for (int64_t i = 0; i < COUNT; i++) sgd_item(&a, i);
    assert_memory_equal(v, w, sizeof v);
}

static void a_refused_step_changes_nothing(void **state)
{
    float theta = 1, m = 2, v = 3, ema = 4, g = 5, replay[4] = {1, 2, 3, 4}, x[4] = {0};
    int32_t age = 6, index = 0, fresh = 0;
    const energy_report report = {.a = 1, .fine = 0};
    const energy_numbers numbers = {.rate = 1, .root = 1};
    const energy_update a = {.theta = &theta, .m = &m, .v = &v, .ema = &ema, .g = &g,
                             .report = &report, .numbers = &numbers, .n = 1};
    const energy_store s = {replay, &age, x, &index, &fresh, &report, 1, 4};
    (void)state;
    adam_item(&a, 0);
    sgd_item(&a, 0);
    store_item(&s, 0);
    assert_true(theta == 1 && m == 2 && v == 3 && ema == 4 && replay[0] == 1 && age == 6);
}

/* Numbers whose sums are exact, so that no order of them matters. */
static void sums_over_rows_are_those_of_any_number_of_parts(void **state)
{
    enum { ROWS = 333, ROOM = 16, MOST = 4096 };
    static float v[ROWS * ROOM];
    static double parts[MOST * ROOM];
    float sums[ROOM], want[ROOM] = {0};
    (void)state;
    for (int i = 0; i < ROWS * ROOM; i++) want[i % ROOM] += v[i] = (float)(i % 97 - 40);
    for (int64_t count = 64; count <= MOST; count *= 2) {
        const columns_map a = {.v = {v, 0, 0}, .parts = parts, .sums = sums, .rows = ROWS, .room = ROOM, .part_count = count};
        memset(parts, 0xff, sizeof parts);
        for (int64_t i = 0; i < count * ROOM / 8; i++) columns_item(&a, i);
        for (int64_t i = 0; i < COLUMN_LOTS * ROOM; i++) columns_fold_item(&a, i);
        for (int64_t i = 0; i < ROOM; i++) columns_end_item(&a, i);
        assert_memory_equal(sums, want, sizeof want);
    }
}

static void a_finished_sum_leaves_its_rectified_copy(void **state)
{
    enum { N = 40, ROOM = 8 };
    uint16_t product[N], sum[N], dst[N], copy[N];
    float bias[ROOM];
    (void)state;
    for (int i = 0; i < N; i++) {
        product[i] = bf16_of_float((float)(i - 17) * 0.37f);
        sum[i] = dst[i] = bf16_of_float((float)(11 - i) * 0.213f);
        bias[i % ROOM] = (float)(i % ROOM) * 0.01f;
    }
    const conv_finish a = {.dst = {dst, 1, 0}, .product = {product, 1, 0}, .copy = {copy, 1, 0}, .bias = bias,
                           .room = ROOM, .add = true, .slope = 0.2f};
    for (int i = 0; i < N / 8; i++) conv_finish_item(&a, i);
    for (int i = 0; i < N; i++) {
        const uint16_t want = bf16_of_float(float_of_bf16(product[i]) + bias[i % ROOM] + float_of_bf16(sum[i]));
        const float v = float_of_bf16(want);
        assert_int_equal(dst[i], want);
        assert_int_equal(copy[i], bf16_of_float(v > 0 ? v : 0.2f * v));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_words_are_those_of_rng),
        cmocka_unit_test(normals_are_those_of_rng_to_the_bit),
        cmocka_unit_test(bf16_rounds_to_the_nearest_even),
        cmocka_unit_test(halves_are_those_of_files),
        cmocka_unit_test(octets_survive_memory),
        cmocka_unit_test(langevin_is_the_reference_to_the_bit),
        cmocka_unit_test(clamped_steps_are_the_reference_to_the_bit),
        cmocka_unit_test(energies_are_the_reference),
        cmocka_unit_test(adam_is_the_reference_to_the_bit),
        cmocka_unit_test(sgd_is_the_reference_to_the_bit),
        cmocka_unit_test(a_refused_step_changes_nothing),
        cmocka_unit_test(sums_over_rows_are_those_of_any_number_of_parts),
        cmocka_unit_test(a_finished_sum_leaves_its_rectified_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
