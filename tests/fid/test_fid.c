/* Clean-FID: pictures to statistics (values of scripts/golden_inception.py, PyTorch in double), and the files
 * that these are exchanged in. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "fid/fid_network.h"
#include "support/check.h"
#include "support/folder.h"
#include "support/inception_weights.h"
#include "support/warnings.h"
#include "tensor/npz.h"

static const int64_t d = FID_FEATURES;

static image levels(int64_t height, int64_t width)
{
    image m = IMAGE_INIT;
    check_ok(image_init(&m, height, width, 3));
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            for (int64_t c = 0; c < 3; c++)
                m.pixels[(y * width + x) * 3 + c] = (uint8_t)(17 * x + 31 * y + 97 * c + 7 * x * y);
    return m;
}

static jem_status get_levels(image *out, const fid_pictures *p, int64_t i)
{
    (void)p;
    *out = i == 0 ? levels(32, 32) : levels(61, 83);
    return JEM_OK;
}

static void statistics_of_pictures_are_pytorchs(void **state)
{
    (void)state;
    static const double mean[] = {0.01052655865, 0.02928283212, 0.1458705648, 0};
    const engine_spec engine = {.device = "cpu", .threads = 2};
    const fid_pictures pictures = {.n = 2, .get = get_levels};
    fid_network n = FID_NETWORK_INIT;
    fid_statistics s = FID_STATISTICS_INIT;
    double norm = 0, trace = 0;
    char path[512];

    snprintf(path, sizeof path, "%s/weights.safetensors", folder);
    inception_weights_save(path);
    check_ok(fid_network_open(&n, path, &engine));
    warnings_listen();
    check_ok(fid_describe(&s, &n, &pictures, "levels"));
    log_set_sink(NULL);
    assert_non_null(strstr(warnings, "levels: 2 pictures: fewer pictures than the 2,048 features"));
    assert_int_equal(s.n, 2);
    for (int64_t i = 0; i < d; i++) {
        norm += s.mean[i] * s.mean[i];
        trace += s.covariance[i * d + i];
    }
    for (int i = 0; i < 4; i++) check_near(s.mean[i], mean[i], 1e-4, 0.1);
    check_near(sqrt(norm), 4.428174105, 1e-4, 4.428174105);
    check_near(trace, 0.002513887895, 1e-3, 0.002513887895);
    fid_statistics_clear(&s);
    fid_network_clear(&n);
}

/* DIR/NAME <- the arrays; sigma is `variance` times the identity. */
static void write_statistics(char path[512], const char *name, int64_t length, double variance, double off)
{
    double *mean = NULL, *sigma = NULL;
    check_ok(MEM_NEW(mean, length));
    check_ok(MEM_NEW(sigma, length * length));
    for (int64_t i = 0; i < length; i++) {
        mean[i] = (double)i;
        sigma[i * length + i] = variance;
    }
    sigma[1] = off;
    const jem_tensor mu = {JEM_F64, 1, {length}, mean}, covariance = {JEM_F64, 2, {length, length}, sigma};
    snprintf(path, 512, "%s/%s", folder, name);
    check_ok(npz_write(path, (const char *const[]){"mu", "sigma"}, (const jem_tensor *const[]){&mu, &covariance}, 2));
    mem_free(mean);
    mem_free(sigma);
}

static void statistics_files_go_and_come_back(void **state)
{
    (void)state;
    char path[512];
    fid_statistics s = FID_STATISTICS_INIT, again = FID_STATISTICS_INIT;

    write_statistics(path, "published.npz", d, 2, 0);
    assert_true(fid_statistics_are(path));
    check_ok(fid_statistics_read(&s, path));
    assert_int_equal(s.n, 0); /* published files do not say */
    assert_true(s.mean[7] == 7 && s.covariance[7 * d + 7] == 2 && s.covariance[8] == 0);
    s.n = 12345;
    check_ok(fid_statistics_write(&s, path));
    check_ok(fid_statistics_read(&again, path));
    assert_int_equal(again.n, 12345);
    assert_memory_equal(s.mean, again.mean, (size_t)d * sizeof *s.mean);
    assert_memory_equal(s.covariance, again.covariance, (size_t)(d * d) * sizeof *s.mean);
    fid_statistics_clear(&s);
    fid_statistics_clear(&again);
}

static void wrong_statistics_are_refused_by_name(void **state)
{
    (void)state;
    char path[512];
    fid_statistics s = FID_STATISTICS_INIT;

    write_statistics(path, "small.npz", 192, 1, 0);
    check_fails(fid_statistics_read(&s, path), JEM_EDATA, "small.npz (mu)");
    check_fails(fid_statistics_read(&s, path), JEM_EDATA, "of another network");
    write_statistics(path, "skew.npz", d, 1, 0.5);
    check_fails(fid_statistics_read(&s, path), JEM_EDATA, "no covariance");
    write_statistics(path, "negative.npz", d, -1, 0);
    check_fails(fid_statistics_read(&s, path), JEM_EDATA, "no covariance");
    write_statistics(path, "odd.npz", d, NAN, 0);
    check_fails(fid_statistics_read(&s, path), JEM_EDATA, "not finite");
    assert_null(s.mean);
    assert_false(fid_statistics_are("/nowhere/at/all.npz"));
}

/* Of diagonal covariances the distance is |mu - mu'|^2 + sum (sqrt a - sqrt b)^2. */
static void distances_of_independent_features_are_known(void **state)
{
    (void)state;
    fid_statistics a = FID_STATISTICS_INIT, b = FID_STATISTICS_INIT;
    double distance, want = 0;

    check_ok(fid_statistics_init(&a));
    check_ok(fid_statistics_init(&b));
    for (int64_t i = 0; i < d; i++) {
        a.covariance[i * d + i] = (double)(i % 3); /* singular */
        b.covariance[i * d + i] = 4;
        b.mean[i] = i % 5 == 0 ? 0.1 : 0;
        want += b.mean[i] * b.mean[i] + pow(sqrt((double)(i % 3)) - 2, 2);
    }
    check_ok(fid_distance(&distance, &a, &b));
    check_near(distance, want, 1e-10, want);
    fid_statistics_clear(&a);
    fid_statistics_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(statistics_of_pictures_are_pytorchs, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(statistics_files_go_and_come_back, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(wrong_statistics_are_refused_by_name, make_folder, remove_folder),
        cmocka_unit_test(distances_of_independent_features_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
