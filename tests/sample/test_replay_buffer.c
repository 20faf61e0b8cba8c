/* The replay buffer: rates, slices, overwriting, files. */
#include "support/check.h"

#include "base/mem.h"
#include "sample/replay_buffer.h"

static const shape image = {1, 2, 2};
enum { COUNT = 4 };

static sampler_options options(int64_t size, double reinit, bool classes)
{
    return (sampler_options){.buffer_size = size, .reinit_prob = reinit,
                             .class_conditional = classes};
}

static replay_buffer make(int64_t size, double reinit, int64_t classes)
{
    replay_buffer r = REPLAY_BUFFER_INIT;
    sampler_options o = options(size, reinit, classes > 0);
    check_ok(replay_buffer_init(&r, &o, image, classes, &chain_start_uniform, 11));
    return r;
}

static void it_begins_with_uniform_noise(void **state)
{
    (void)state;
    enum { N = 2000 };
    replay_buffer r = make(N, 0.05, 0);
    double sum = 0, squares = 0;
    for (int i = 0; i < N * COUNT; i++) {
        assert_true(r.images[i] >= -1 && r.images[i] <= 1);
        sum += (double)r.images[i];
        squares += (double)r.images[i] * (double)r.images[i];
    }
    assert_true(fabs(sum / (N * COUNT)) < 0.03);
    check_near(squares / (N * COUNT), 1.0 / 3, 0.04, 0);
    replay_buffer_clear(&r);
}

/* Of the last class 4, of the one before 3, ...; with a random part of the image's own. */
static void fill_by_class(const void *ctx, float *x, int64_t n, int64_t size, int32_t y,
                          const rng_stream *s, uint32_t first)
{
    (void)ctx;
    for (int64_t i = 0; i < n; i++) {
        rng_fill_normal(x + i * size, size, s, first + (uint32_t)i);
        for (int64_t k = 0; k < size; k++) x[i * size + k] += (float)y;
    }
}

static void an_unfilled_buffer_knows_the_spread_of_its_starts_and_can_be_filled(void **state)
{
    (void)state;
    static const int64_t sizes[] = {5, 255, 640, 2600};
    const chain_start by_class = {fill_by_class, NULL, 5};
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        replay_buffer whole = REPLAY_BUFFER_INIT, later = REPLAY_BUFFER_INIT;
        const sampler_options o = options(sizes[i / 2], 0.05, false);
        const chain_start *start = i % 2 ? &by_class : &chain_start_uniform;
        check_ok(replay_buffer_init(&whole, &o, image, 5, start, 11));
        check_ok(replay_buffer_init_unfilled(&later, &o, image, 5, start, 11));
        assert_memory_equal(&later.start_deviation, &whole.start_deviation, sizeof(double));
        replay_buffer_refill(&later, 11);
        assert_memory_equal(later.images, whole.images,
                            (size_t)(whole.size * COUNT) * sizeof *whole.images);
        replay_buffer_clear(&whole);
        replay_buffer_clear(&later);
    }
}

static void five_percent_of_chains_start_afresh(void **state)
{
    (void)state;
    enum { N = 64, ROUNDS = 500 };
    replay_buffer r = make(100, 0.05, 0);
    float x[N * COUNT];
    int64_t index[N], fresh_count = 0, seen[100] = {0};
    bool fresh[N];
    for (int it = 0; it < ROUNDS; it++) {
        replay_buffer_draw(&r, it, NULL, N, index, x, fresh);
        for (int i = 0; i < N; i++) {
            fresh_count += fresh[i];
            seen[index[i]]++;
            const float *entry = r.images + index[i] * COUNT;
            bool same = memcmp(x + i * COUNT, entry, sizeof(float) * COUNT) == 0;
            assert_true(same != fresh[i]);
        }
    }
    /* 32,000 draws: 4 standard deviations are 0.5 percentage points */
    assert_true(fabs((double)fresh_count / (N * ROUNDS) - 0.05) < 0.005);
    for (int k = 0; k < 100; k++) assert_true(seen[k] > 230 && seen[k] < 410);
    replay_buffer_clear(&r);
}

static void a_draw_depends_on_seed_iteration_and_contents_only(void **state)
{
    (void)state;
    enum { N = 8 };
    replay_buffer r = make(50, 0.5, 0);
    float a[N * COUNT], b[N * COUNT];
    int64_t ia[N], ib[N];
    bool fa[N], fb[N];
    replay_buffer_draw(&r, 3, NULL, N, ia, a, fa);
    replay_buffer_draw(&r, 4, NULL, N, ib, b, fb);
    assert_memory_not_equal(ia, ib, sizeof ia);
    replay_buffer_draw(&r, 3, NULL, N, ib, b, fb);
    assert_memory_equal(ia, ib, sizeof ia);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_equal(fa, fb, sizeof fa);
    replay_buffer_clear(&r);
}

static void the_last_of_duplicates_stays_and_ages_count(void **state)
{
    (void)state;
    replay_buffer r = make(3, 0, 0);
    const float x[2 * COUNT] = {1, 1, 1, 1, 2, 2, 2, 2};
    const int64_t index[] = {1, 1};
    const bool old[] = {false, false}, anew[] = {true, true};
    replay_buffer_store(&r, index, x, old, 2);
    assert_true(r.images[COUNT] == 2.0f);
    assert_int_equal(r.age[1], 2);
    assert_int_equal(r.age[0], 0);
    replay_buffer_store(&r, index, x, anew, 1);
    assert_int_equal(r.age[1], 1);
    assert_true(r.images[COUNT] == 1.0f);
    replay_buffer_clear(&r);
}

static void a_class_draws_from_its_own_slice(void **state)
{
    (void)state;
    enum { N = 200 };
    replay_buffer r = make(30, 0.05, 3);
    float x[N * COUNT];
    int64_t index[N];
    int32_t y[N];
    bool fresh[N];
    for (int i = 0; i < N; i++) y[i] = i % 3;
    replay_buffer_draw(&r, 0, y, N, index, x, fresh);
    for (int i = 0; i < N; i++) assert_int_equal(index[i] / 10, y[i]);
    replay_buffer_clear(&r);
}

static void slices_must_divide_the_buffer(void **state)
{
    (void)state;
    replay_buffer r = REPLAY_BUFFER_INIT;
    sampler_options o = options(31, 0.05, true);
    check_fails(replay_buffer_init(&r, &o, image, 3, &chain_start_uniform, 1), JEM_EUSAGE,
                "buffer_size");
}

static void a_saved_buffer_comes_back(void **state)
{
    (void)state;
    char dir[64], path[128];
    replay_buffer r = make(5, 0.05, 0), s = make(5, 0.05, 0), other = make(6, 0.05, 0);
    safetensors_writer *w = NULL;
    safetensors *f = NULL;
    r.images[7] = 0.25f;
    r.age[2] = 9;
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/b.safetensors", dir);
    check_ok(safetensors_writer_new(&w));
    check_ok(replay_buffer_save(&r, w));
    check_ok(safetensors_writer_save(w, path));
    check_ok(safetensors_open(&f, path));
    check_ok(replay_buffer_restore(&s, f));
    assert_memory_equal(r.images, s.images, 5 * COUNT * sizeof(float));
    assert_memory_equal(r.age, s.age, 5 * sizeof(int32_t));
    check_fails(replay_buffer_restore(&other, f), JEM_EDATA, "replay_buffer");
    safetensors_close(f);
    safetensors_writer_free(w);
    replay_buffer_clear(&r);
    replay_buffer_clear(&s);
    replay_buffer_clear(&other);
    check_tmp_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_with_uniform_noise),
        cmocka_unit_test(an_unfilled_buffer_knows_the_spread_of_its_starts_and_can_be_filled),
        cmocka_unit_test(five_percent_of_chains_start_afresh),
        cmocka_unit_test(a_draw_depends_on_seed_iteration_and_contents_only),
        cmocka_unit_test(the_last_of_duplicates_stays_and_ages_count),
        cmocka_unit_test(a_class_draws_from_its_own_slice),
        cmocka_unit_test(slices_must_divide_the_buffer),
        cmocka_unit_test(a_saved_buffer_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
