/* Starts of chains drawn from a Gaussian per class. */
#include "support/check.h"

#include "base/file.h"
#include "base/mem.h"
#include "train/class_gaussian.h"

enum { CLASSES = 2, SIDE = 2, SIZE = 3 * SIDE * SIDE, IMAGES = 60, DRAWS = 20000 };

/* Class 0: correlated values around 0.2; class 1: constant -0.5. */
static dataset *make_data(void)
{
    dataset *d = NULL;
    const rng_stream s = {5, RNG_TEST, 0, 0};
    check_ok(dataset_new(&d, IMAGES, 3, SIDE, SIDE, true));
    d->classes = CLASSES;
    for (int64_t i = 0; i < IMAGES; i++) {
        float z[SIZE], *x = d->values + i * SIZE;
        rng_fill_normal(z, SIZE, &s, (uint32_t)i);
        d->labels[i] = (int32_t)(i % CLASSES);
        for (int k = 0; k < SIZE; k++)
            x[k] = i % 2 ? -0.5f : 0.2f + 0.1f * z[0] + 0.02f * (float)k * z[k];
    }
    return d;
}

static class_gaussian fit(const dataset *d, int threads)
{
    class_gaussian g = CLASS_GAUSSIAN_INIT;
    pool *p = NULL;
    check_ok(pool_new(&p, threads));
    check_ok(class_gaussian_fit(&g, d, p));
    pool_free(p);
    return g;
}

/* R R^T of the kept factor is the covariance with 1/n and the ridge. */
static void factors_multiply_to_the_covariance(void **state)
{
    (void)state;
    dataset *d = make_data();
    class_gaussian g = fit(d, 1);
    double mean[SIZE] = {0}, r[SIZE][SIZE] = {{0}};
    const float *root = g.root;
    for (int j = 0; j < SIZE; j++)
        for (int i = j; i < SIZE; i++) r[i][j] = (double)*root++;
    for (int64_t i = 0; i < IMAGES; i += 2)
        for (int k = 0; k < SIZE; k++) mean[k] += (double)d->values[i * SIZE + k] / (IMAGES / 2);
    for (int a = 0; a < SIZE; a++) {
        check_near(g.mean[a], mean[a], 1e-6, 0.1);
        check_near(g.mean[SIZE + a], -0.5, 1e-6, 0);
        for (int b = 0; b < SIZE; b++) {
            double want = a == b ? 1e-4 : 0, got = 0;
            for (int64_t i = 0; i < IMAGES; i += 2)
                want += ((double)d->values[i * SIZE + a] - mean[a]) *
                        ((double)d->values[i * SIZE + b] - mean[b]) / (IMAGES / 2);
            for (int k = 0; k < SIZE; k++) got += r[a][k] * r[b][k];
            check_near(got, want, 1e-5, 1e-3);
        }
    }
    class_gaussian_clear(&g);
    dataset_free(d);
}

static void draws_have_the_mean_and_spread_of_their_class(void **state)
{
    (void)state;
    dataset *d = make_data();
    class_gaussian g = fit(d, 2);
    chain_start start = class_gaussian_start(&g);
    const rng_stream s = {9, RNG_TEST, 1, 0};
    float *x = NULL;
    check_ok(MEM_NEW(x, DRAWS * SIZE));
    assert_int_equal(start.classes, CLASSES);
    start.fill(start.ctx, x, DRAWS, SIZE, 0, &s, 0);
    for (int k = 0; k < SIZE; k++) {
        double sum = 0, squares = 0, variance = 0;
        for (int64_t i = 0; i < DRAWS; i++) {
            sum += (double)x[i * SIZE + k];
            squares += (double)x[i * SIZE + k] * (double)x[i * SIZE + k];
        }
        const float *root = g.root;
        for (int j = 0; j < SIZE; root += SIZE - j, j++)
            if (j <= k) variance += (double)root[k - j] * (double)root[k - j];
        double mean = sum / DRAWS;
        check_near(mean, g.mean[k], 0.05, 0.2);
        check_near(sqrt(squares / DRAWS - mean * mean), sqrt(variance), 0.03, 0);
    }
    class_gaussian_clear(&g);
    dataset_free(d);
    mem_free(x);
}

static void draws_depend_on_their_number_alone_and_stay_within_the_range(void **state)
{
    (void)state;
    dataset *d = make_data();
    for (int64_t k = 0; k < SIZE; k++) d->values[k] = k % 2 ? 30 : -30; /* far outside */
    class_gaussian one = fit(d, 1), two = fit(d, 2);
    chain_start a = class_gaussian_start(&one), b = class_gaussian_start(&two);
    const rng_stream s = {9, RNG_TEST, 1, 0};
    float many[40 * SIZE], single[SIZE];
    int of_class[CLASSES] = {0};
    a.fill(a.ctx, many, 40, SIZE, 0, &s, 3);
    for (uint32_t i = 0; i < 40; i++) {
        b.fill(b.ctx, single, 1, SIZE, 0, &s, 3 + i);
        assert_memory_equal(single, many + i * SIZE, sizeof single);
        for (int k = 0; k < SIZE; k++) assert_true(single[k] >= -1 && single[k] <= 1);
    }
    a.fill(a.ctx, many, 40, SIZE, -1, &s, 100); /* classes by chance: class 1 hardly varies */
    for (int i = 0; i < 40; i++) of_class[fabsf(many[i * SIZE] + 0.5f) < 0.1f]++;
    assert_true(of_class[0] >= 8 && of_class[1] >= 8);
    class_gaussian_clear(&one);
    class_gaussian_clear(&two);
    dataset_free(d);
}

static void a_kept_fit_has_the_same_bits_and_is_refused_where_it_is_not_whole(void **state)
{
    (void)state;
    dataset *d = make_data();
    class_gaussian g = fit(d, 2), back = CLASS_GAUSSIAN_INIT;
    char dir[64], path[128], *bytes = NULL;
    size_t size;
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/starts.safetensors", dir);
    dataset_seal(d);
    check_fails(class_gaussian_load(&back, d, path), JEM_EDATA, "starts.safetensors");
    check_ok(class_gaussian_save(&g, d, path));
    check_ok(class_gaussian_load(&back, d, path));
    assert_true(back.classes == CLASSES && back.size == SIZE && back.z);
    assert_memory_equal(back.mean, g.mean, CLASSES * SIZE * sizeof(float));
    assert_memory_equal(back.root, g.root, CLASSES * SIZE * (SIZE + 1) / 2 * sizeof(float));
    class_gaussian_clear(&back);

    check_ok(file_read(&bytes, &size, path, 0));
    for (size_t at = 0; at < size; at += 13) {
        bytes[at] = (char)(bytes[at] ^ 1 << at % 8);
        check_ok(file_write(path, bytes, size));
        check_fails(class_gaussian_load(&back, d, path), JEM_EDATA, "starts.safetensors");
        bytes[at] = (char)(bytes[at] ^ 1 << at % 8);
    }
    check_ok(file_write(path, bytes, size));
    d->values[0] += 1;
    dataset_seal(d);
    check_fails(class_gaussian_load(&back, d, path), JEM_EDATA, "not of these training images");
    assert_null(back.root);
    mem_free(bytes);
    class_gaussian_clear(&g);
    dataset_free(d);
    check_tmp_remove(dir);
}

static void an_empty_class_and_huge_images_are_refused(void **state)
{
    (void)state;
    dataset *d = make_data(), *large = NULL;
    class_gaussian g = CLASS_GAUSSIAN_INIT;
    pool *p = NULL;
    check_ok(pool_new(&p, 1));
    d->classes = 3;
    check_fails(class_gaussian_fit(&g, d, p), JEM_EDATA, "class 2");
    check_ok(dataset_new(&large, 1, 3, 80, 80, true));
    large->classes = 1;
    check_fails(class_gaussian_fit(&g, large, p), JEM_EUSAGE, "sampler.start = uniform");
    assert_null(g.root);
    pool_free(p);
    dataset_free(d);
    dataset_free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_multiply_to_the_covariance),
        cmocka_unit_test(draws_have_the_mean_and_spread_of_their_class),
        cmocka_unit_test(draws_depend_on_their_number_alone_and_stay_within_the_range),
        cmocka_unit_test(a_kept_fit_has_the_same_bits_and_is_refused_where_it_is_not_whole),
        cmocka_unit_test(an_empty_class_and_huge_images_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
