/* The whole sd-vae-ft-mse with recomputable weights against the numbers that PyTorch in double
 * precision gives (scripts/golden_vae.py --full; two implementations agree on them). */
#include "base/mem.h"
#include "model/autoencoder.h"
#include "model/init.h"
#include "support/check.h"

enum { SIDE = 64, X = 3 * SIDE * SIDE, Z = 4 * 8 * 8 };

static void hash_floats(float *v, int64_t n, const char *name)
{
    double *exact = NULL;
    check_ok(MEM_NEW(exact, n));
    hash_values(exact, n, name);
    for (int64_t i = 0; i < n; i++) v[i] = (float)exact[i];
    mem_free(exact);
}

static double dot(const float *a, const float *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

/* Norm, sum and first elements within `tolerance` of the norm. */
static void check_values(const char *what, const float *v, int64_t n, double norm, double sum,
                         const double *first, int count, double tolerance)
{
    double got = 0;
    for (int64_t i = 0; i < n; i++) got += (double)v[i];
    print_message("%s: norm off by %.2g\n", what, sqrt(dot(v, v, n)) / norm - 1);
    check_near(sqrt(dot(v, v, n)), norm, tolerance, 0);
    check_near(got, sum, tolerance * sqrt((double)n), norm);
    const double typical = norm / sqrt((double)n);
    for (int i = 0; i < count; i++) check_near(v[i], first[i], 10 * tolerance, typical);
}

typedef struct results {
    float mean[Z], y[X], dx[X], dz[Z];
} results;

/* z: what is decoded; NULL: the mean itself. */
static void check_network(results *r, int precision, double tolerance, const float *z)
{
    static float x[X], w[X], down[4][128 * 32 * 32];
    float *mean = r->mean, *y = r->y, *dx = r->dx, *dz = r->dz;
    float logvar[Z], v[Z], *maps[] = {down[0], down[1], down[2], down[3]};
    const double norms[] = {274.3492, 217.47297, 155.76876, 200.23847};
    const engine_spec e = {.threads = 1, .device = "cpu", .precision = precision};
    const autoencoder_batch picture = {1, SIDE, SIDE}, latent = {1, 8, 8};
    autoencoder *a = NULL;

    if (!z) z = mean;

    check_ok(autoencoder_new(&a, &autoencoder_sd_vae, &e));
    assert_int_equal(autoencoder_params_count(a), 83653863);
    check_ok(autoencoder_init(a));
    hash_floats(x, X, "x");
    hash_floats(v, Z, "v");
    hash_floats(w, X, "w");
    check_ok(autoencoder_encode(a, picture, x, mean, logvar));
    check_values("mean", mean, Z, 6.041496902, -13.99686394,
                 (double[]){0.2096160838, -0.1383153548, 0.1123861983, -0.04491267402}, 4, tolerance);
    check_near(logvar[0], -0.148249699, 10 * tolerance, 0.5);
    check_near(logvar[1], -0.5303807198, 10 * tolerance, 0.5);
    check_ok(autoencoder_features(a, picture, x, maps));
    for (int i = 0; i < 4; i++) {
        const shape s = autoencoder_feature_shape(&autoencoder_sd_vae, i, SIDE, SIDE);
        check_near(sqrt(dot(down[i], down[i], shape_count(s))), norms[i], tolerance, 0);
    }
    check_ok(autoencoder_decode_jvp(a, latent, z, v, y, dx));
    check_values("decode", y, X, 51.1783305, -958.9172477,
                 (double[]){0.0932047599, -0.1327089624, -0.09519101958, -0.07509754229}, 4,
                 tolerance);
    check_values("J v", dx, X, 187.16628, 789.03731,
                 (double[]){-0.174335715, -0.1877834028, -0.2791848925}, 3, tolerance);
    check_ok(autoencoder_decode_vjp(a, latent, z, w, y, dz));
    check_values("J^T w", dz, Z, 182.4707049, -110.8841083,
                 (double[]){4.43616613, 2.509690333, -11.21568628}, 3, tolerance);
    check_near(dot(w, dx, X), 63.1638984, tolerance, 187.2);
    check_near(dot(v, dz, Z), 63.1638984, tolerance, 187.2);
    autoencoder_free(a);
}

/* As vectors the two differ more than their norms do: every branch rounds what it multiplies to
 * eight bits.  PyTorch's own bf16 is off by 1.8e-2, 2.5e-2, 3.8e-2 and 3.8e-2. */
static void check_close(const char *what, const float *a, const float *b, int64_t n)
{
    double error = 0;
    for (int64_t i = 0; i < n; i++) error += pow((double)a[i] - (double)b[i], 2);
    error = sqrt(error / dot(b, b, n));
    print_message("%s: bf16 is off by %.2g\n", what, error);
    if (!(error < 2e-2)) fail_msg("%s: relative error %.3g", what, error);
}

static void both_precisions_give_the_numbers_of_pytorch(void **state)
{
    (void)state;
    static results f32, bf16;
    check_network(&f32, 0, 1e-4, NULL);
    if (backend_cpu.supports(JEM_BF16)) {
        print_message("bf16 skipped: %s\n", jem_error_message());
        return;
    }
    check_network(&bf16, 1, 2e-2, f32.mean);
    check_close("mean", bf16.mean, f32.mean, Z);
    check_close("decode", bf16.y, f32.y, X);
    check_close("J v", bf16.dx, f32.dx, X);
    check_close("J^T w", bf16.dz, f32.dz, Z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_precisions_give_the_numbers_of_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
