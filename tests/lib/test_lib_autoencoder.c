/* jem/autoencoder.h against the network inside. */
#include "data/pictures.h"
#include "support/folder.h"
#include "support/small_vae.h"

#include "jem/jem.h"

enum { N = 3, SIDE = 16, LATENT = 4 * 4 * 4, PIXELS = 3 * SIDE * SIDE };

static const char *weights(void)
{
    static char path[128];
    write_small_vae(folder, "vae.safetensors", 8);
    snprintf(path, sizeof path, "%s/vae.safetensors", folder);
    return path;
}

static void fill(float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) x[i] = (float)(i * 37 % 201) / 100.0f - 1;
}

static void latents_are_scaled_means_and_come_back(void **state)
{
    (void)state;
    const char *path = weights();
    const engine_spec engine = {.threads = 1, .device = "cpu"};
    const jem_engine_options two = {.size = sizeof two, .device = "cpu", .threads = 2};
    const autoencoder_batch pictures = {N, SIDE, SIDE}, latents = {N, SIDE / 4, SIDE / 4};
    autoencoder *inside = NULL;
    jem_autoencoder *a = NULL;
    static float x[N * PIXELS], z[N * LATENT], spread[2][N * LATENT], mean[N * LATENT], back[2][N * PIXELS];

    fill(x, N * PIXELS);
    check_ok(autoencoder_load(&inside, path, &engine));
    check_ok(jem_autoencoder_open(&a, path, &two));
    assert_int_equal(jem_autoencoder_factor(a), 4);
    assert_int_equal(jem_autoencoder_channels(a), 4);
    check_near(jem_autoencoder_scale(a), 0.5, 0, 1);
    check_ok(jem_autoencoder_encode(a, x, N, SIDE, SIDE, z, spread[0]));
    check_ok(autoencoder_encode(inside, pictures, x, mean, spread[1]));
    assert_memory_equal(spread[0], spread[1], sizeof spread[0]);
    for (int i = 0; i < N * LATENT; i++) assert_true(z[i] == 0.5f * mean[i]);
    check_ok(jem_autoencoder_decode(a, z, N, SIDE, SIDE, back[0]));
    check_ok(autoencoder_decode(inside, latents, mean, back[1]));
    assert_memory_equal(back[0], back[1], sizeof back[0]);
    check_ok(jem_autoencoder_encode(a, x, N, SIDE, SIDE, z, NULL));
    jem_autoencoder_free(a);
    autoencoder_free(inside);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    const char *path = weights();
    char absent[128];
    static float x[PIXELS], z[LATENT];
    jem_autoencoder *a = NULL;
    const jem_engine_options odd = {.size = sizeof odd, .device = "abacus"};

    snprintf(absent, sizeof absent, "%s/absent.safetensors", folder);
    check_fails(jem_autoencoder_open(&a, absent, NULL), JEM_EDATA, "absent.safetensors");
    check_fails(jem_autoencoder_open(&a, path, &odd), JEM_EUSAGE, "abacus");
    check_fails(jem_autoencoder_open(NULL, path, NULL), JEM_EUSAGE, "out is NULL");
    assert_null(a);
    check_ok(jem_autoencoder_open(&a, path, NULL));
    check_fails(jem_autoencoder_encode(a, x, 1, SIDE, SIDE - 1, z, NULL), JEM_EUSAGE, "multiples of 4");
    check_fails(jem_autoencoder_decode(a, z, 1, 0, SIDE, x), JEM_EUSAGE, "multiples of 4");
    check_fails(jem_autoencoder_encode(a, x, -1, SIDE, SIDE, z, NULL), JEM_EUSAGE, "n = -1");
    check_fails(jem_autoencoder_encode(a, NULL, 1, SIDE, SIDE, z, NULL), JEM_EUSAGE, "x is NULL");
    check_fails(jem_autoencoder_decode(NULL, z, 1, SIDE, SIDE, x), JEM_EUSAGE, "a is NULL");
    check_ok(jem_autoencoder_encode(a, NULL, 0, SIDE, SIDE, NULL, NULL));
    jem_autoencoder_free(a);
    jem_autoencoder_free(NULL);
    assert_int_equal(jem_autoencoder_factor(NULL), 0);
    assert_int_equal(jem_autoencoder_channels(NULL), 0);
}

/* examples/autoencoder.c has no weights of its own to run on. */
static void the_example_of_the_header_runs(void **state)
{
    (void)state;
    char program[512], command[1024];
    snprintf(program, sizeof program, "%s", JEM_PROGRAM);
    *strrchr(program, '/') = 0;
    snprintf(command, sizeof command, "%s/examples/autoencoder", program);
    if (access(command, X_OK) != 0) {
        print_message("skipped: %s is not built\n", command);
        skip();
    }
    snprintf(command, sizeof command, "'%s/examples/autoencoder' '%s' > '%s/out'", program, weights(), folder);
    assert_int_equal(system(command), 0);
}

/* ---- a folder of pictures */

enum { PICTURES = 6, NOISE = 2 };

/* The same picture in two classes. */
static void put_pictures(void)
{
    static const char *const dirs[] = {"in", "in/a", "in/b"};
    char name[64];

    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) make_dir(folder, dirs[i]);
    bytes b = jpeg_bytes(SIDE, SIDE, 3);
    for (int i = 0; i < PICTURES; i++) {
        snprintf(name, sizeof name, "in/%c/%d.jpg", i % 2 ? 'b' : 'a', i);
        write_file(folder, name, b.data, b.size);
    }
    free(b.data);
}

typedef struct seen {
    int64_t calls, done, pictures, stop_at;
    sig_atomic_t stop;
} seen;

static void look(void *ctx, int64_t done, int64_t pictures)
{
    seen *s = ctx;
    s->calls++;
    s->done = done;
    s->pictures = pictures;
    if (done == s->stop_at) s->stop = 1;
}

static void check_latents(jem_autoencoder *a, const char *in, const char *out)
{
    jem_data_options pictures = JEM_DATA_OPTIONS_INIT, latents = JEM_DATA_OPTIONS_INIT;
    jem_data x = JEM_DATA_INIT, z = JEM_DATA_INIT;
    jem_data_facts f = JEM_DATA_FACTS_INIT;
    float mean[LATENT];

    check_ok(jem_data_check(&f, "latents", out, NULL));
    assert_true(f.whole && f.channels == 4 && f.height == 4);
    assert_int_equal(f.train + f.val + f.test, PICTURES);
    assert_int_equal(f.noise, NOISE);
    assert_string_equal(f.class_names[1], "b");
    jem_data_facts_clear(&f);
    pictures.kind = "folder", pictures.path = in;
    latents.kind = "latents", latents.path = out;
    check_ok(jem_data_load(&x, &pictures));
    check_ok(jem_data_load(&z, &latents));
    check_ok(jem_autoencoder_encode(a, x.images.data, 1, SIDE, SIDE, mean, NULL));
    assert_true(z.images.shape[0] > 0);
    for (int64_t i = 0; i < z.images.shape[0] * LATENT; i++)
        check_near(((const float *)z.images.data)[i], mean[i % LATENT], 1e-5, 1);
    jem_data_clear(&x);
    jem_data_clear(&z);
}

static void a_folder_of_pictures_becomes_shards(void **state)
{
    (void)state;
    const char *path = weights();
    char in[128], out[128];
    seen s = {0};
    jem_autoencoder *a = NULL;
    jem_encode_options o = JEM_ENCODE_INIT;
    const jem_engine_options one = {.size = sizeof one, .device = "cpu", .threads = 1};

    put_pictures();
    snprintf(in, sizeof in, "%s/in/", folder);
    snprintf(out, sizeof out, "%s/z", folder);
    check_ok(jem_autoencoder_open(&a, path, &one));
    o.side = SIDE, o.f32 = true, o.per_shard = 2, o.noise = NOISE;
    o.watch = look, o.watch_ctx = &s, o.stop = &s.stop;
    s.stop_at = 3;
    assert_int_equal(jem_autoencoder_encode_folder(a, in, out, &o), JEM_EINTERRUPTED);
    assert_int_equal(s.pictures, PICTURES + NOISE);
    assert_int_equal(s.done, 3);
    s = (seen){.calls = 0};
    check_ok(jem_autoencoder_encode_folder(a, in, out, &o)); /* goes on */
    assert_int_equal(s.done, PICTURES + NOISE);
    assert_true(s.calls < PICTURES + NOISE);
    check_latents(a, in, out);
    s = (seen){.calls = 0};
    check_ok(jem_autoencoder_encode_folder(a, in, out, &o)); /* has finished */
    assert_int_equal(s.calls, 0);

    o.flip = true;
    check_fails(jem_autoencoder_encode_folder(a, in, out, &o), JEM_EUSAGE, "mirrored");
    o.side = SIDE + 1;
    check_fails(jem_autoencoder_encode_folder(a, in, out, &o), JEM_EUSAGE, "multiples of 4");
    o.side = -1;
    check_fails(jem_autoencoder_encode_folder(a, in, out, &o), JEM_EUSAGE, "o->side = -1");
    o.side = SIDE, o.scale = -1;
    check_fails(jem_autoencoder_encode_folder(a, in, out, &o), JEM_EUSAGE, "o->scale = -1");
    check_fails(jem_autoencoder_encode_folder(a, NULL, out, &o), JEM_EUSAGE, "folder is NULL");
    jem_autoencoder_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(latents_are_scaled_means_and_come_back, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(mistakes_are_named, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_example_of_the_header_runs, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_folder_of_pictures_becomes_shards, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
