/* jem data pack, check, and trainings on what it made: the same as on the folder, and as without an
 * interruption. */
#include "cli/program.h"
#include "data/pictures.h"
#include "support/folder.h"
#include "support/made_data.h"

/* 40 pictures of 3 classes, 4 of them to test. */
static void prepare(void)
{
    static const char *const dirs[] = {"in", "in/train", "in/val"};
    char name[64];
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) make_dir(folder, dirs[i]);
    for (int k = 0; k < 3; k++) {
        snprintf(name, sizeof name, "in/train/n0000000%d", k);
        make_dir(folder, name);
    }
    for (int i = 0; i < 40; i++) {
        if (i < 36)
            snprintf(name, sizeof name, "in/train/n0000000%d/%02d.JPEG", i % 3, i);
        else
            snprintf(name, sizeof name, "in/val/%02d.JPEG", i);
        bytes b = jpeg_bytes(30 + i, 70 - i, i % 5 == 1 ? 1 : 3);
        write_file(folder, name, b.data, b.size);
        free(b.data);
    }
    write_text(folder, "in/val_labels.txt", "36.JPEG n00000000\n37.JPEG n00000001\n38.JPEG n00000002\n39.JPEG n00000000\n");
    write_text(folder, "c.yaml", "alpha: 0.5\n"
                                 "model: {name: wrn-10-1, pool: adaptive}\n"
                                 "data: {kind: packed, val_fraction: 0.1}\n"
                                 "sampler: {steps: 2, buffer_size: 20}\n"
                                 "train: {batch: 8, iterations: 6, lr: 1e-3, warmup: 2, checkpoint_every: 1}\n"
                                 "engine: {threads: 2}\n");
}

#define PACK "data pack imagenet %D/in/ --size 16 --shard 10 "

static void pictures_are_packed_checked_and_trained_on(void **state)
{
    (void)state;
    prepare();
    program_works(folder, PACK "--out %D/z");
    program_said(folder, "out", "z: 40 pictures of 16 x 16 in 3 classes, 0.0 MiB\n"
                                "train    36 pictures in 4 shards\nval      4 pictures in 1 shards\n");
    program_works(folder, "data check %D/z");
    program_said(folder, "out", "z: packed\nimages   40 (");
    program_said(folder, "out", "3 x 16 x 16 (8 bit)");
    program_works(folder, "plan %D/c.yaml --set data.path=%D/z --no-timing");
    program_said(folder, "out", "they stay in their files");
    program_said(folder, "out", "batches read ahead");
    program_works(folder, "train %D/c.yaml --set data.path=%D/z --out %D/run");
    program_said(folder, "err", "; data read in ");
    program_said(folder, "err", " % of the steps' time, waited for in ");
    program_works(folder, "eval %D/run");
    /* The folder itself, resized as it is read, gives the same weights. */
    program_works(folder, "train %D/c.yaml --set data.kind=folder --set data.path=%D/in --set data.size=16 --out %D/same");
    program_not_said(folder, "err", "data read in");
    program_works(folder, "export %D/run -o %D/a.safetensors");
    program_works(folder, "export %D/same -o %D/b.safetensors");
    program_same_files(folder, "a.safetensors", "b.safetensors");
    program_works(folder, "data check packed %D/z");
}

static void a_training_goes_on_where_it_was_stopped(void **state)
{
    (void)state;
    prepare();
    program_works(folder, PACK "--out %D/z");
    program_works(folder, "train %D/c.yaml --set train.iterations=60 --set data.path=%D/z --out %D/whole");
    program_stop(folder, "train %D/c.yaml --set train.iterations=60 --set data.path=%D/z --out %D/run", "train: ",
                 SIGTERM, "go on with");
    program_works(folder, "resume %D/run");
    program_works(folder, "export %D/whole -o %D/a.safetensors");
    program_works(folder, "export %D/run -o %D/b.safetensors");
    program_same_files(folder, "a.safetensors", "b.safetensors");
}

static void flip(const char *name, double where)
{
    size_t n;
    char *data = program_read(folder, name, &n);
    data[(size_t)(where * (double)n)] ^= 4;
    write_file(folder, name, data, n);
    mem_free(data);
}

static void damage_is_named_and_the_run_is_saved(void **state)
{
    (void)state;
    char path[128];
    prepare();
    program_works(folder, PACK "--out %D/z");
    flip("z/train-00001.safetensors", 0.9); /* in a picture */
    program_fails(folder, "data check %D/z", 3, "train-00001.safetensors: checksum does not match");
    /* At alpha 0 nothing but the steps reads the pictures. */
    program_fails(folder, "train %D/c.yaml --set alpha=0 --set data.path=%D/z --out %D/run", 3,
                  "put back the file that jem data pack wrote");
    program_said(folder, "err", "train-00001.safetensors: the 768 bytes at byte ");
    program_said(folder, "err", "; saved after iteration ");
    flip("z/train-00001.safetensors", 0.9);
    program_works(folder, "resume %D/run");
    snprintf(path, sizeof path, "%s/z/train-00002.safetensors", folder);
    assert_int_equal(unlink(path), 0);
    program_fails(folder, "eval %D/run", 3, "train-00002.safetensors: cannot open");
    program_fails(folder, "train %D/c.yaml --set data.path=%D/z --out %D/other", 3, "train-00002.safetensors");
    assert_false(program_made(folder, "other/best.safetensors"));
}

static void wrong_requests_say_what_to_do(void **state)
{
    (void)state;
    prepare();
    program_fails(folder, "data pack faces %D/in --out %D/y", 2, "unknown kind 'faces'");
    program_fails(folder, "data pack %D/in", 2, "--out DIR");
    program_fails(folder, "data pack %D/in --out %D/y --size 4", 2, "--size");
    program_fails(folder, "data pack %D/in --out %D/y --resize nearest", 2, "choose bilinear or bicubic");
    program_fails(folder, "data pack %D/none --out %D/y", 3, "none");
    write_text(folder, "in/train/n00000001/01.JPEG", "no picture");
    program_fails(folder, PACK "--out %D/z", 3, "where damaged pictures are to be skipped, it is left out");
    program_works(folder, PACK "--out %D/z --damaged skip");
    program_said(folder, "out", "train    35 pictures in 4 shards, 1 damaged ones left out\n");
    program_said(folder, "out", "left out: train/n00000001/01.JPEG");
    program_fails(folder, PACK "--out %D/z --size 32", 2, "pictures of another size");
    program_fails(folder, "train %D/c.yaml --set data.path=%D/z --set data.size=32 --out %D/run", 3,
                  "set data.size to 16 or 0, or pack with --size 32");
    program_fails(folder, "train %D/c.yaml --set data.path=%D/z --set data.kind=latents --out %D/run", 3,
                  "set data.kind to packed");
}

/* A density needs no classes; what learns to tell them apart does. */
static void one_class_is_enough_for_a_density(void **state)
{
    (void)state;
    char name[64];
    prepare();
    make_dir(folder, "one");
    make_dir(folder, "one/cat");
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof name, "one/cat/%02d.jpg", i);
        bytes b = jpeg_bytes(30 + i, 40, 3);
        write_file(folder, name, b.data, b.size);
        free(b.data);
    }
    program_works(folder, "data pack folder %D/one --size 16 --out %D/z");
    program_said(folder, "err", "one: holds one class, 'cat': only a training with alpha = 1 has a use for that");
    program_works(folder, "train %D/c.yaml --set data.path=%D/z --set alpha=1 --out %D/run");
    program_fails(folder, "train %D/c.yaml --set data.path=%D/z --out %D/other", 3,
                  "the training images are all of one class, 0 (cat), and there is nothing to tell apart");
    assert_false(program_made(folder, "other/best.safetensors"));
}

/* Where pictures of a training lay changes nothing for benchmarks. */
static void runs_on_packed_pictures_are_benchmarked(void **state)
{
    (void)state;
    char data[256], command[512];
    prepare();
    made_data(data, sizeof data, "clickme");
    program_works(folder, PACK "--out %D/z");
    program_works(folder, "train %D/c.yaml --set data.path=%D/z --out %D/run");
    snprintf(command, sizeof command, "bench clickme %%D/run --data %s --set bench.rounds=100", data);
    program_works(folder, command);
    program_said(folder, "run/scores/scores.json", "\"benchmark\": \"clickme\"");
}

static void a_signal_and_a_kill_lose_nothing(void **state)
{
    (void)state;
    prepare();
    program_works(folder, PACK "--out %D/whole");
    for (int kill = 0; kill < 2; kill++) {
        char path[256];
        snprintf(path, sizeof path, "%s/z", folder);
        if (dir_exists(path)) check_tmp_remove(path);
        int code = program_run(folder, kill ? "timeout -s KILL 0.05" : "timeout -s TERM 0.05", PACK "--out %D/z");
        assert_true(kill || code == 0 || code == 124); /* timeout says 124 for either exit code */
        program_works(folder, PACK "--out %D/z");
        program_same_files(folder, "z/index.json", "whole/index.json");
        program_same_files(folder, "z/train-00003.safetensors", "whole/train-00003.safetensors");
    }
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(pictures_are_packed_checked_and_trained_on),
        IN_FOLDER(a_training_goes_on_where_it_was_stopped),
        IN_FOLDER(damage_is_named_and_the_run_is_saved),
        IN_FOLDER(wrong_requests_say_what_to_do),
        IN_FOLDER(one_class_is_enough_for_a_density),
        IN_FOLDER(runs_on_packed_pictures_are_benchmarked),
        IN_FOLDER(a_signal_and_a_kill_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
