/* What the commands on latents say to input that is not as it should be: message, exit code,
 * and nothing half-written. */
#include "cli/latent_study.h"

/* Replaces `from` by `to`, of the same length, in DIR/NAME, and drops its checksum. */
static void patch(const char *name, const char *from, const char *to)
{
    size_t n, length = strlen(from);
    char *data = program_read(folder, name, &n);
    assert_int_equal(strlen(to), length);
    for (int done = 0; done < 2; done++) {
        const char *what = done ? from : "jem.checksum", *with = done ? to : "jem.checksux";
        char *at = memmem(data, n, what, strlen(what));
        if (!at) fail_msg("'%s' is not in %s", what, name);
        memcpy(at, with, strlen(with));
    }
    write_file(folder, name, data, n);
    mem_free(data);
}

static void flip_a_bit(const char *name, double where)
{
    size_t n;
    char *data = program_read(folder, name, &n);
    data[(size_t)(where * (double)n)] ^= 4;
    write_file(folder, name, data, n);
    mem_free(data);
}

#define ENCODE "data encode %D/in --vae %D/vae.safetensors --out %D/new --size 32 --noise 0"

static void autoencoders_that_are_not_whole(void **state)
{
    (void)state;
    prepare_latents();
    flip_a_bit("vae.safetensors", 0.7);
    program_fails(folder, ENCODE, 3, "vae.safetensors");
    program_said(folder, "err", "checksum");
    write_small_vae(folder, "vae.safetensors", 8);
    patch("vae.safetensors", "decoder.conv_out.bias", "decoder.conv_out.bios");
    program_fails(folder, ENCODE, 3,
                  "vae.safetensors: no tensor 'decoder.conv_out.bias' under any of its names: the "
                  "file is incomplete");
    write_small_vae(folder, "vae.safetensors", 8);
    patch("vae.safetensors", "[16,16,3,3]", "[16,16,9,1]");
    program_fails(folder, ENCODE, 3, "has shape [16, 16, 9, 1], expected [16, 16, 3, 3]");
    write_text(folder, "vae.safetensors", "half a download");
    program_fails(folder, ENCODE, 3, "vae.safetensors");
    program_works(folder, "train %D/c.yaml --set data.path=%D/z --out %D/run");
    program_fails(folder, "data encode %D/in --vae %D/run/best.safetensors --out %D/new", 3,
                  "holds no AutoencoderKL");
    assert_false(program_made(folder, "new/index.json"));
}

static void pictures_that_are_none(void **state)
{
    (void)state;
    prepare_latents();
    bytes b = jpeg_bytes(40, 40, 3);
    write_file(folder, "in/train/cat/00.jpg", b.data, b.size / 2);
    free(b.data);
    b = jpeg_bytes(40, 40, 4); /* CMYK, as some twenty pictures of ILSVRC */
    write_file(folder, "in/train/cat/02.jpg", b.data, b.size);
    free(b.data);
    program_fails(folder, ENCODE, 3, "cat/00.jpg");
    program_said(folder, "err", "where damaged pictures are to be skipped, it is left out");
    program_works(folder, ENCODE " --damaged skip");
    program_said(folder, "out", "damaged ones left out");
    program_said(folder, "out", "left out: train/cat/00.jpg");
    program_fails(folder, ENCODE " --damaged skip --size 36", 2, "pictures of another size");
    program_fails(folder, "data encode %D/in --vae %D/vae.safetensors --out %D/other --size 33", 2,
                  "pictures of side 33: this autoencoder takes sides that are multiples of 4");
    program_works(folder, "train %D/c.yaml --set data.path=%D/z --out %D/run");
    program_fails(folder, "refine %D/run %D/in/train/cat/00.jpg --vae %D/vae.safetensors", 3,
                  "cat/00.jpg");
}

static void shards_that_are_damaged_or_gone(void **state)
{
    (void)state;
    char path[128];
    prepare_latent_run();
    flip_a_bit("z/train-00000.safetensors", 0.5);
    program_fails(folder, "train %D/c.yaml --set data.path=%D/z --out %D/again", 3, "train-00000.safetensors");
    program_fails(folder, "eval %D/run", 3, "train-00000.safetensors");
    program_fails(folder, "data check latents %D/z", 3, "train-00000.safetensors");
    snprintf(path, sizeof path, "%s/z/train-00000.safetensors", folder);
    assert_int_equal(unlink(path), 0);
    program_fails(folder, "eval %D/run", 3, "train-00000.safetensors");
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(autoencoders_that_are_not_whole),
        IN_FOLDER(pictures_that_are_none),
        IN_FOLDER(shards_that_are_damaged_or_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
