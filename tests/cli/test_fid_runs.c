/* FID chooses the weights of an energy model, is a score of jem eval, and is what jem fid says of the run. */
#include "cli/program.h"

#include "data/pictures/image.h"
#include "fid/fid_statistics.h"
#include "support/inception_weights.h"

static char dir[64];

static void works(const char *args) { program_works(dir, args); }
static void said(const char *file, const char *text) { program_said(dir, file, text); }

/* A reference to which every distance is known to be far: independent features. */
static void save_reference(void)
{
    char path[128];
    fid_statistics s = FID_STATISTICS_INIT;

    check_ok(fid_statistics_init(&s));
    for (int64_t i = 0; i < FID_FEATURES; i++) s.covariance[i * FID_FEATURES + i] = 1;
    s.n = 50000;
    snprintf(path, sizeof path, "%s/reference.npz", dir);
    check_ok(fid_statistics_write(&s, path));
    fid_statistics_clear(&s);
}

/* DIR: the settings c.yaml, pictures to train on, Inception's weights, a reference; and a cache of its own. */
static int prepare(void **state)
{
    (void)state;
    static const char config[] =
        "alpha: 1\n"
        "model: {name: wrn-10-1, pool: adaptive}\n"
        "data: {kind: gloss, size: 16, val_fraction: 0.1, test_fraction: 0.2, crop: false}\n"
        "sampler: {steps: 1, buffer_size: 8}\n"
        "train: {batch: 8, iterations: 2, share_batch: true}\n";
    char path[128];

    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/cache", dir);
    assert_int_equal(setenv("JEM_CACHE", path, 1), 0);
    snprintf(path, sizeof path, "%s/weights.safetensors", dir);
    inception_weights_save(path);
    save_reference();
    snprintf(path, sizeof path, "%s/c.yaml", dir);
    check_ok(file_write(path, config, sizeof config - 1));
    works("data render --n 40 --size 16 --seed 4 --threads 1 -o %D/set");
    return 0;
}

static int clean(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

static void fid_chooses_weights_and_is_a_score(void **state)
{
    (void)state;
    works("train %D/c.yaml --set data.path=%D/set --set train.fid_weights=%D/weights.safetensors "
          "--set train.fid_reference=%D/reference.npz --out %D/run");
    said("err", "FID: replay buffer: 8 pictures: fewer pictures than the 2,048 features");
    said("run/run.json", "\"selected_by\": \"fid\"");
    works("eval %D/run --set eval.fid_weights=%D/weights.safetensors --set eval.fid_reference=%D/reference.npz "
          "--set eval.limit=8 --set eval.samples=4 --set eval.steps=[0]");
    said("out", "fid");
    said("run/scores/scores.json", "8 images of the replay buffer, the statistics in");
}

/* A command finds the statistics that one before it made; damaged ones are made again. */
static void training_images_are_described_once(void **state)
{
    (void)state;
    char first[64], *text;
    size_t n;

    works("fid %D/run --weights %D/weights.safetensors --threads 1");
    said("err", "statistics kept in");
    text = program_read(dir, "out", &n);
    snprintf(first, sizeof first, "%.*s", (int)strcspn(text, "\n"), text);
    mem_free(text);
    assert_int_equal(system("for f in \"$JEM_CACHE\"/fid-*.npz; do echo damaged > $f; done"), 0);
    works("fid %D/run --weights %D/weights.safetensors --threads 1");
    said("err", "is damaged and made again");
    said("out", first);
    works("eval %D/run --set eval.fid_weights=%D/weights.safetensors --set eval.limit=8 --set eval.samples=4 "
          "--set eval.steps=[0] --threads 1");
    said("err", "FID: training images: 29 pictures, as described before in");
}

/* A run in the middle: other weights or none would be another distance, the same weights elsewhere are not. */
static void a_resume_does_not_mix_distances(void **state)
{
    (void)state;
    static const char edit[] = "sed -i 's|fid_weights: .*|fid_weights: \"%s\"|' '%s/broken/config.yaml'";
    char command[512], other[128];

    program_stop(dir, "train %D/c.yaml --set data.path=%D/set --set train.fid_weights=%D/weights.safetensors "
                      "--set train.fid_reference=%D/reference.npz --set train.iterations=90 --out %D/broken",
                 "8 images of the replay buffer", SIGTERM, "broken");
    snprintf(command, sizeof command, edit, "", dir);
    assert_int_equal(system(command), 0);
    program_fails(dir, "resume %D/broken", JEM_EUSAGE, "chosen by fid (weights ");
    said("err", "by fd_pix, which is no comparison; put train.fid_weights");
    snprintf(other, sizeof other, "%s/moved.safetensors", dir);
    snprintf(command, sizeof command, "mv '%s/weights.safetensors' '%s'", dir, other);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, edit, other, dir);
    assert_int_equal(system(command), 0);
    program_stop(dir, "resume %D/broken", "8 images of the replay buffer", SIGTERM, "broken");
    snprintf(command, sizeof command, "mv '%s' '%s/weights.safetensors'", other, dir);
    assert_int_equal(system(command), 0);
}

static void put_picture(const char *name, int64_t side, int64_t channels, uint8_t value)
{
    char path[128];
    image m = IMAGE_INIT;
    check_ok(image_init(&m, side, side, channels));
    memset(m.pixels, value, (size_t)(side * side * channels));
    m.pixels[0] = 255;
    snprintf(path, sizeof path, "%s/pictures/%s", dir, name);
    check_ok(image_write_png(&m, path));
    image_clear(&m);
}

/* Grey pictures are pictures; damaged ones and those too large end it, by name, and nothing is written. */
static void pictures_as_they_come(void **state)
{
    (void)state;
    char path[128], *bytes;
    size_t n;

    snprintf(path, sizeof path, "%s/pictures", dir);
    check_ok(dir_make(path));
    put_picture("a.png", 20, 1, 90);
    put_picture("b.png", 30, 3, 200);
    works("fid %D/pictures --save %D/kept.npz --weights %D/weights.safetensors --threads 1");
    said("err", "2 pictures: fewer pictures than the 2,048 features");
    bytes = program_read(dir, "pictures/b.png", &n);
    snprintf(path, sizeof path, "%s/pictures/c.png", dir);
    check_ok(file_write(path, bytes, n / 2));
    program_fails(dir, "fid %D/pictures --save %D/s.npz --weights %D/weights.safetensors --threads 1", JEM_EDATA, "c.png");
    for (int i = 16; i < 24; i += 4) memcpy(bytes + i, "\0\1\0\0", 4); /* 65,536 pixels a side */
    check_ok(file_write(path, bytes, n));
    mem_free(bytes);
    program_fails(dir, "fid %D/pictures --save %D/s.npz --weights %D/weights.safetensors --threads 1", JEM_EDATA, "c.png");
    assert_false(program_made(dir, "s.npz"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fid_chooses_weights_and_is_a_score),
        cmocka_unit_test(training_images_are_described_once),
        cmocka_unit_test(a_resume_does_not_mix_distances),
        cmocka_unit_test(pictures_as_they_come),
    };
    return cmocka_run_group_tests(tests, prepare, clean);
}
