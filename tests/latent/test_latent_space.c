/* Pictures to latents and back through what was kept. */
#include "support/folder.h"
#include "support/small_vae.h"

#include <string.h>

#include "latent/latent_space.h"

enum { N = 5, SIDE = 16, LATENT = 4 * 4 * 4, PIXELS = 3 * SIDE * SIDE };
static const shape latent_size = {4, 4, 4};

static const char *path(const char *name)
{
    static char paths[2][128];
    static int next;
    char *p = paths[next++ % 2];
    snprintf(p, sizeof paths[0], "%s/%s", folder, name);
    return p;
}

static latent_codec open_codec(int threads)
{
    latent_codec c = LATENT_CODEC_INIT;
    const engine_spec engine = {.threads = threads, .device = "cpu"};
    check_ok(latent_codec_open(&c, path("vae.safetensors"), &engine));
    return c;
}

/* Pictures first, first + 1, ... */
static void make_pictures(image *m, const image **list, int first)
{
    for (int i = 0; i < N; i++) {
        check_ok(image_init(&m[i], SIDE, SIDE, 3));
        for (int k = 0; k < PIXELS; k++) m[i].pixels[k] = (uint8_t)(k * (first + i + 3) % 251);
        list[i] = &m[i];
    }
}

static void clear_pictures(image *m)
{
    for (int i = 0; i < N; i++) image_clear(&m[i]);
}

static void kept_latents_are_those_of_the_encoder(void **state)
{
    (void)state;
    write_small_vae(folder, "vae.safetensors", 8);
    latent_codec c = open_codec(1);
    image m[N];
    const image *list[N];
    static float direct[N * LATENT], z[N * LATENT], x[PIXELS];
    uint8_t planar[PIXELS];

    make_pictures(m, list, 0);
    for (int i = 0; i < N; i++) {
        image_to_planar(planar, &m[i]);
        for (int k = 0; k < PIXELS; k++) x[k] = ((float)planar[k] / 255.0f - 0.5f) / 0.5f;
        check_ok(autoencoder_encode(c.vae, (autoencoder_batch){1, SIDE, SIDE}, x,
                                    direct + i * LATENT, NULL));
    }
    check_ok(latent_codec_encode(&c, z, list, N));
    assert_memory_equal(z, direct, sizeof z);
    check_ok(latent_codec_keep(&c, path("kept.bin"), 1 << 20));
    check_ok(latent_codec_encode(&c, z, list, 2)); /* two are kept, */
    memset(z, 0, sizeof z);
    check_ok(latent_codec_encode(&c, z, list, N)); /* then the others as well */
    assert_memory_equal(z, direct, sizeof z);
    latent_codec_clear(&c);

    /* Another process, other threads, and no encoding at all: it would stop at once. */
    volatile sig_atomic_t stop = 1;
    c = open_codec(2);
    check_ok(latent_codec_keep(&c, path("kept.bin"), 1 << 20));
    c.stop = &stop;
    memset(z, 0, sizeof z);
    check_ok(latent_codec_encode(&c, z, list, N));
    assert_memory_equal(z, direct, sizeof z);
    clear_pictures(m);
    make_pictures(m, list, 1); /* one of them is new */
    check_fails(latent_codec_encode(&c, z, list, N), JEM_EINTERRUPTED, "stopped");
    latent_codec_clear(&c);
    clear_pictures(m);
}

static void a_run_lives_in_its_own_latent_space(void **state)
{
    (void)state;
    write_small_vae(folder, "vae.safetensors", 8);
    latent_codec c = open_codec(1);
    latent_space s;
    image m[N];
    const image *list[N];
    static float mean[LATENT], z[LATENT], x[PIXELS], y[PIXELS];
    const char *other = "00112233445566778899aabbccddeeff";

    check_fails(latent_space_init(&s, &c, other, 0.25, SIDE, "RUN"), JEM_EDATA,
                "RUN: was trained on latents of the autoencoder 00112233");
    check_ok(latent_space_init(&s, &c, c.hash, 0.25, SIDE, "RUN"));
    make_pictures(m, list, 0);
    check_ok(latent_codec_encode(&c, mean, list, 1));
    check_ok(latent_space_encode(&s, z, list, 1));
    for (int k = 0; k < LATENT; k++) assert_true(z[k] == 0.25f * mean[k]);
    check_ok(latent_space_decode(&s, NULL, x, z, 1, latent_size));
    check_ok(autoencoder_decode(c.vae, (autoencoder_batch){1, 4, 4}, mean, y));
    for (int k = 0; k < PIXELS; k++) check_near(x[k], y[k], 1e-5, 0.1);
    const rng_stream stream = {7, RNG_SAMPLE, 0, 0};
    check_ok(latent_space_encode_noise(&s, mean, &stream, 1));
    check_ok(latent_space_encode_noise(&s, z, &stream, 1));
    assert_memory_equal(mean, z, sizeof z);
    check_ok(latent_space_encode_noise(&s, z, &stream, 2));
    assert_memory_not_equal(mean, z, sizeof z);
    latent_codec_clear(&c);
    clear_pictures(m);
}

/* The exact product, its central difference, and a small step of the decoder agree in
 * direction: a positive factor is free. */
static void a_latent_direction_moves_pixels(void **state)
{
    (void)state;
    write_small_vae(folder, "vae.safetensors", 8);
    latent_codec c = open_codec(1);
    latent_space s;
    static float z[LATENT], v[LATENT], exact[PIXELS], difference[PIXELS];
    double dot = 0, a = 0, b = 0;

    check_ok(latent_space_init(&s, &c, c.hash, 0.5, SIDE, "RUN"));
    for (int k = 0; k < LATENT; k++) {
        z[k] = (float)sin(k) * 0.5f;
        v[k] = (float)cos(3 * k);
    }
    check_ok(latent_space_push(&s, exact, z, v, latent_size, false));
    check_ok(latent_space_push(&s, difference, z, v, latent_size, true));
    for (int k = 0; k < PIXELS; k++) {
        dot += (double)exact[k] * (double)difference[k];
        a += (double)exact[k] * (double)exact[k];
        b += (double)difference[k] * (double)difference[k];
    }
    check_near(dot / sqrt(a * b), 1, 1e-4, 1);
    check_near(sqrt(a), sqrt(b), 1e-2, 1e-9);
    latent_codec_clear(&c);
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(kept_latents_are_those_of_the_encoder),
        IN_FOLDER(a_run_lives_in_its_own_latent_space),
        IN_FOLDER(a_latent_direction_moves_pixels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
