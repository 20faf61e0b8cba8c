/* jem data check imagenet, encode, check latents, and a training on what they made. */

#include "cli/program.h"
#include "data/pictures.h"
#include "model/autoencoder.h"
#include "support/folder.h"

/* 24 pictures of two classes, two of them for validation, and a small autoencoder. */
static void prepare(void)
{
    static const char *const dirs[] = {"in", "in/train", "in/train/n00000001", "in/train/n00000002",
                                       "in/val"};
    const autoencoder_spec spec = {.levels = 3, .channels = {8, 8, 16}, .layers = 1, .groups = 4,
                                   .latent = 4, .image_channels = 3, .latent_scale = 0.5};
    const engine_spec engine = {.threads = 1, .device = "cpu"};
    autoencoder *a = NULL;
    char path[256], name[64];

    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) make_dir(folder, dirs[i]);
    for (int i = 0; i < 24; i++) {
        if (i < 22)
            snprintf(name, sizeof name, "in/train/n0000000%d/%02d.JPEG", 1 + i % 2, i);
        else
            snprintf(name, sizeof name, "in/val/%02d.JPEG", i);
        bytes b = jpeg_bytes(50 + i, 44, 3);
        write_file(folder, name, b.data, b.size);
        free(b.data);
    }
    write_text(folder, "in/val_labels.txt", "22.JPEG n00000001\n23.JPEG n00000002\n");
    write_text(folder, "c.yaml", "model: {name: wrn-10-1, pool: adaptive}\n"
                                 "data: {kind: latents, crop: false, flip: true}\n"
                                 "sampler: {steps: 2, buffer_size: 20, clip: false}\n"
                                 "train: {batch: 8, iterations: 3, lr: 1e-3, warmup: 2}\n");
    check_ok(autoencoder_new(&a, &spec, &engine));
    check_ok(autoencoder_init(a));
    snprintf(path, sizeof path, "%s/vae.safetensors", folder);
    check_ok(autoencoder_save(a, path));
    autoencoder_free(a);
}

#define ENCODE "data encode imagenet %D/in/ --vae %D/vae.safetensors --out %D/z --size 32 --shard 5 "\
               "--noise 0 "

static void pictures_are_checked_encoded_and_trained_on(void **state)
{
    (void)state;
    prepare();
    program_works(folder, "data check imagenet %D/in");
    program_said(folder, "out", "classes  2, n00000001 (0) to n00000002 (1)\n");
    program_said(folder, "out", "train    22 pictures, 11 to 11 per class\n");
    program_said(folder, "out", "val      2 pictures, 1 to 1 per class\n");
    program_works(folder, ENCODE "--flip");
    program_said(folder, "out", "4 x 8 x 8 latents in f16, scaled by 0.5, with those of mirrored");
    program_said(folder, "out", "train    22 pictures in 5 shards\nval      2 pictures in 1 shards\n");
    program_works(folder, "data check %D/z");
    program_said(folder, "out", "latents\nimages   24");
    program_said(folder, "out", "4 x 8 x 8 (float)");
    program_works(folder, "train %D/c.yaml --set data.path=%D/z --out %D/run");
    program_said(folder, "run/run.json", "\"latent_scale\": 0.5");
    program_said(folder, "run/run.json", "\"picture\": 32");
    write_text(folder, "z/train-00002.safetensors", "damage");
    program_fails(folder, "train %D/c.yaml --set data.path=%D/z --out %D/other", 3,
                  "train-00002.safetensors");
}

/* DIR/NAME with one bit flipped; the same call mends it. */
static void flip(const char *name, size_t at)
{
    char path[256];
    size_t size;
    char *data = program_read(folder, name, &size);
    data[at % size] = (char)(data[at % size] ^ 1 << at % 8);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(file_write(path, data, size));
    mem_free(data);
}

static void encoded_noise_is_checked_too(void **state)
{
    (void)state;
    prepare();
    program_works(folder, ENCODE "--noise 7");
    program_works(folder, "data check latents %D/z");
    program_said(folder, "out", "noise    7 encoded pictures of it, to begin chains at\n");
    for (size_t at = 3; at < 6000; at += 977) {
        flip("z/noise-00001.safetensors", at);
        program_fails(folder, "data check latents %D/z", 3, "noise-00001.safetensors");
        flip("z/noise-00001.safetensors", at);
    }
    program_works(folder, "data check %D/z");
    char path[256];
    snprintf(path, sizeof path, "%s/z/noise-00000.safetensors", folder);
    assert_int_equal(remove(path), 0);
    program_fails(folder, "data check %D/z", 3, "noise-00000.safetensors");
}

static void wrong_requests_say_what_to_do(void **state)
{
    (void)state;
    prepare();
    write_text(folder, "in/train/n00000001/00.JPEG", "no picture");
    program_fails(folder, "data check imagenet %D/in", 3, "n00000001/00.JPEG: neither PNG nor JPEG");
    program_fails(folder, ENCODE, 3, "where damaged pictures are to be skipped, it is left out");
    program_works(folder, ENCODE "--damaged skip");
    program_said(folder, "out", "train    21 pictures in 5 shards, 1 damaged ones left out\n");
    program_said(folder, "out", "left out: train/n00000001/00.JPEG");
    program_fails(folder, ENCODE "--size 40", 2, "pictures of another size");
    program_fails(folder, ENCODE "--size 30", 2, "multiples of 4");
    program_fails(folder, ENCODE "--dtype f8", 2, "choose f16 or f32");
    program_fails(folder, "data encode %D/in --out %D/y", 2, "--vae FILE");
    program_fails(folder, "data encode %D/in --vae %D/c.yaml --out %D/y", 3, "c.yaml");
    program_fails(folder, "data encode faces %D/in --vae x --out y", 2, "unknown kind 'faces'");
    program_fails(folder, "train %D/c.yaml --set data.path=%D/z --out %D/run", 3,
                  "set data.flip to false");
}

static void a_signal_and_a_kill_lose_nothing(void **state)
{
    (void)state;
    size_t whole_size, again_size;
    prepare();
    program_works(folder, ENCODE);
    char *whole = program_read(folder, "z/index.json", &whole_size);
    for (int kill = 0; kill < 2; kill++) {
        char path[256];
        snprintf(path, sizeof path, "%s/z", folder);
        check_tmp_remove(path);
        int code = program_run(folder, kill ? "timeout -s KILL 0.4" : "timeout -s TERM 0.4", ENCODE);
        if (!kill && code != 0 && code != 124) { /* timeout says 124 for either exit code */
            size_t n;
            fail_msg("exit code %d: %s", code, program_read(folder, "err", &n));
        }
        program_works(folder, ENCODE);
        char *again = program_read(folder, "z/index.json", &again_size);
        assert_int_equal(again_size, whole_size);
        assert_memory_equal(again, whole, whole_size);
        mem_free(again);
    }
    mem_free(whole);
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(pictures_are_checked_encoded_and_trained_on),
        IN_FOLDER(encoded_noise_is_checked_too),
        IN_FOLDER(wrong_requests_say_what_to_do),
        IN_FOLDER(a_signal_and_a_kill_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
