/* Pictures and arrays as people have them, through the program. */
#include "cli/program.h"
#include "data/pictures.h"
#include "jem/tensor.h"
#include "support/folder.h"

/* Four pictures of each of two classes below `below`, further folders between class and picture. */
static void make_pictures(const char *below, const char *between)
{
    static const char *const classes[] = {"cat", "dog"};
    char name[128], command[512];

    for (int i = 0; i < 8; i++) {
        snprintf(command, sizeof command, "mkdir -p '%s/%s/%s%s'", folder, below, classes[i % 2], between);
        assert_int_equal(system(command), 0);
        snprintf(name, sizeof name, "%s/%s%s/%d.png", below, classes[i % 2], between, i);
        write_flat_png(folder, name, 16, 16, 20 * i, 0, 0);
    }
}

/* ---- layouts */

static void val_stands_in_for_test(void **state)
{
    (void)state;
    static const char *const names[] = {"val", "valid", "validation"};
    char set[64], part[96], args[160];

    for (int i = 0; i < 3; i++) {
        snprintf(set, sizeof set, "set%d/train", i);
        make_pictures(set, "");
        snprintf(part, sizeof part, "set%d/%s", i, names[i]);
        make_pictures(part, "");
        snprintf(args, sizeof args, "data check folder %%D/set%d", i);
        program_works(folder, args);
        program_said(folder, "out", "images   16 (8 train, 0 validation, 8 test)");
        program_said(folder, "err", "there is no test with class folders");
        snprintf(args, sizeof args, "data check imagenet %%D/set%d", i);
        program_works(folder, args);
    }
    make_pictures("set0/test", "");
    write_flat_png(folder, "set0/test/cat/more.png", 16, 16, 1, 2, 3);
    program_works(folder, "data check folder %D/set0");
    program_said(folder, "out", "images   17 (8 train, 0 validation, 9 test)"); /* test comes first */
}

static void train_alone_is_divided(void **state)
{
    (void)state;
    make_pictures("set/train", "");
    program_works(folder, "data check folder %D/set");
    program_said(folder, "out", "images   8 (7 train, 0 validation, 1 test)");
    make_pictures("vehicles", ""); /* a class may be called train */
    make_dir(folder, "vehicles/train");
    write_flat_png(folder, "vehicles/train/1.png", 16, 16, 1, 2, 3);
    program_works(folder, "data check folder %D/vehicles");
    program_said(folder, "out", "  train\n");
}

static void pictures_below_a_class_belong_to_it(void **state)
{
    (void)state;
    make_pictures("set", "");
    make_pictures("set", "/more/2024");
    write_text(folder, "set/dog/more/notes.txt", "no picture");
    program_works(folder, "data check folder %D/set");
    program_said(folder, "out", "images   16 (");
    program_said(folder, "out", "       8  cat\n");
    program_said(folder, "err", "set/dog: 1 files that are not pictures ignored");
    make_dir(folder, "set/emu");
    make_dir(folder, "set/emu/empty");
    program_fails(folder, "data check folder %D/set", 3,
                  "emu: the class folder holds no .png, .jpg or .jpeg file, nor do folders in it");
    char command[256];
    snprintf(command, sizeof command, "ln -s .. '%s/set/dog/more/back'", folder);
    assert_int_equal(system(command), 0);
    program_fails(folder, "data check folder %D/set", 3, "is a link circular?");
}

/* train/CLASS/images/x.JPEG, val/images/x.JPEG with val_annotations.txt, test/images/x.JPEG. */
static void tiny_imagenet_is_read(void **state)
{
    (void)state;
    make_pictures("tiny/train", "/images");
    for (int i = 0; i < 2; i++) {
        char name[64], command[256];
        snprintf(command, sizeof command, "mkdir -p '%s/tiny/%s/images'", folder, i ? "val" : "test");
        assert_int_equal(system(command), 0);
        for (int k = 0; k < 4; k++) {
            snprintf(name, sizeof name, "tiny/%s/images/val_%d.JPEG", i ? "val" : "test", k);
            write_flat_png(folder, name, 16, 16, k, 0, 0);
        }
    }
    write_text(folder, "tiny/val/val_annotations.txt",
               "val_0.JPEG\tdog\t0\t32\t44\t62\nval_1.JPEG\tcat\t52\t55\t57\t59\n"
               "val_2.JPEG\tdog\t4\t0\t60\t55\nval_3.JPEG\tdog\t3\t3\t63\t63\n");
    program_works(folder, "data check folder %D/tiny");
    program_said(folder, "out", "images   12 (8 train, 0 validation, 4 test)");
    program_said(folder, "out", "       5  cat\n");
    program_said(folder, "out", "       7  dog\n");
    program_said(folder, "err", "tiny/test: passed over, it has no class folders");
    program_works(folder, "data check imagenet %D/tiny");
}

/* ---- colours */

static void cmyk_pictures_are_pictures(void **state)
{
    (void)state;
    char command[1024];

    make_pictures("set", "");
    snprintf(command, sizeof command, "cp '%s/tests/fuzz/corpus/jpeg/real-ycck' '%s/set/dog/ink.jpg'",
             JEM_SOURCE_DIR, folder);
    assert_int_equal(system(command), 0);
    program_works(folder, "data check folder %D/set --size 8");
    program_said(folder, "out", "images   9 (");
}

static void write_array(const char *name, jem_dtype dtype, int ndim, const int64_t *shape, double factor)
{
    char path[256];
    jem_tensor t = JEM_TENSOR_INIT;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(jem_tensor_init(&t, dtype, ndim, shape));
    for (int64_t i = 0; i < jem_tensor_count(&t); i++) {
        const int64_t level = ndim == 1 ? i % 4 : i * 37 % 251;
        if (dtype == JEM_U8)
            ((uint8_t *)t.data)[i] = (uint8_t)level;
        else
            ((float *)t.data)[i] = (float)((double)level * factor);
    }
    check_ok(jem_npy_write(path, &t));
    jem_tensor_clear(&t);
}

static void write_set(const char *name, jem_dtype dtype, int64_t channels, double factor)
{
    char path[64];

    make_dir(folder, name);
    snprintf(path, sizeof path, "%s/images.npy", name);
    write_array(path, dtype, 4, (const int64_t[]){24, channels, 16, 16}, factor);
    snprintf(path, sizeof path, "%s/labels.npy", name);
    write_array(path, JEM_U8, 1, (const int64_t[]){24}, 1);
}

static void write_config(void)
{
    write_text(folder, "c.yaml", "model: {name: wrn-10-1, pool: adaptive}\n"
                                 "data: {kind: npy, crop: false}\n"
                                 "sampler: {steps: 2, buffer_size: 20}\n"
                                 "train: {batch: 8, iterations: 2, lr: 1e-3, warmup: 2}\n");
}

static void a_network_of_one_channel_is_shown_grey_pictures(void **state)
{
    (void)state;
    static const char *const dirs[] = {"cue", "cue/cue-conflict", "cue/cue-conflict/airplane",
                                       "cue/cue-conflict/bear"};
    static const char *const names[] = {"airplane/airplane1-bear2.png", "airplane/airplane2-bear1.png",
                                        "bear/bear1-airplane2.png", "bear/bear3-bear1.png"};
    char path[96];

    write_config();
    write_set("grey", JEM_U8, 1, 1);
    program_works(folder, "train %D/c.yaml --set data.path=%D/grey --out %D/run");
    write_flat_png(folder, "grey.png", 16, 16, 90, 90, 90);
    write_flat_png(folder, "blue.png", 20, 18, 0, 0, 255);
    program_works(folder, "refine %D/run %D/grey.png --steps 0,1 -o %D/s.png");
    program_works(folder, "refine %D/run %D/blue.png --steps 0,1 -o %D/s.png");
    program_said(folder, "err", "blue.png: 20x18 pixels, pictures turned to grey, pictures resized to 16x16");
    program_works(folder, "sample %D/run --n 4 --steps 1 -o %D/g.png");

    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) make_dir(folder, dirs[i]);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "cue/cue-conflict/%s", names[i]);
        write_flat_png(folder, path, 224, 224, 50 * i, 200, 10);
    }
    write_text(folder, "map.tsv", "category\tindex\nairplane\t0\nbear\t1\n");
    program_works(folder, "bench cue-conflict %D/run --data %D/cue --mapping %D/map.tsv "
                          "--set cue-conflict.subset=true --set bench.rounds=100");
    program_said(folder, "run/scores/scores.json", "pictures turned to grey");
}

/* ---- units */

static void floats_in_other_units_are_said(void **state)
{
    (void)state;

    write_config();
    write_set("f255", JEM_F32, 3, 1);
    write_set("f01", JEM_F32, 3, 1.0 / 255);
    write_set("f3", JEM_F32, 3, 0.01);
    write_set("u8", JEM_U8, 3, 1);
    program_works(folder, "data check npy %D/f255");
    program_said(folder, "err", "f255/images.npy: values 0 to 250, none below 0; network units are -1 to 1, "
                                "which is x / 127.5 - 1 of values from 0 to 255");
    program_works(folder, "data check npy %D/f01");
    program_said(folder, "err", "which is 2 x - 1 of values from 0 to 1");
    program_works(folder, "data check npy %D/f3");
    program_said(folder, "err", "values 0 to 2.5, none below 0");
    program_works(folder, "train %D/c.yaml --set data.path=%D/f01 --out %D/run");
    program_said(folder, "err", "2 x - 1");
    program_works(folder, "apply %D/run --input %D/f255/images.npy -o %D/answers");
    program_said(folder, "err", "f255/images.npy: values 0 to 250");
    program_works(folder, "apply %D/run --input %D/u8/images.npy -o %D/answers");
    size_t n;
    char *said = program_read(folder, "err", &n);
    assert_null(strstr(said, "network units"));
    mem_free(said);
}

/* ---- sizes */

static void a_network_is_applied_to_images_of_other_sizes(void **state)
{
    (void)state;
    static const char *const wrong[] = {"24y32", "x32", "24x", "0x24", "24x32x3", "-24x32", "24x999999"};
    size_t n, m;
    char args[256];

    write_config();
    write_set("u8", JEM_U8, 3, 1);
    program_works(folder, "train %D/c.yaml --set data.path=%D/u8 --set alpha=1 --out %D/run");
    write_array("wide.npy", JEM_U8, 4, (const int64_t[]){2, 3, 24, 32}, 1);
    write_array("tall.npy", JEM_U8, 4, (const int64_t[]){2, 3, 32, 24}, 1);
    program_fails(folder, "apply %D/run --input %D/wide.npy -o %D/answers", 3,
                  "wide.npy: images are 3x24x32, the network takes 3x16x16; --size 24x32 puts images of "
                  "that size through it");
    program_works(folder, "apply %D/run --size 24x32 --input %D/wide.npy --want logits,energy,grad -o %D/a");
    program_works(folder, "apply %D/run --size 0 --input %D/wide.npy --want logits,energy,grad -o %D/b");
    program_works(folder, "apply %D/run/best.safetensors --model wrn-10-1 --classes 4 --pool adaptive --size "
                          "24x32 --precision f64 --input %D/wide.npy --want logits,grad -o %D/c");
    char *a = program_read(folder, "a/logits.npy", &n), *b = program_read(folder, "b/logits.npy", &m);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n);
    mem_free(a);
    mem_free(b);
    program_said(folder, "a/grad.npy", "NUMPY");
    program_fails(folder, "apply %D/run --size 24x32 --input %D/tall.npy -o %D/a", 3,
                  "tall.npy: images are 3x32x24, the network takes 3x24x32");
    program_works(folder, "apply %D/run --size 32x24 --input %D/tall.npy -o %D/a");
    program_works(folder, "apply %D/run --size 16 --input %D/u8/images.npy -o %D/a");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(args, sizeof args, "apply %%D/run --size %s --input %%D/wide.npy -o %%D/a", wrong[i]);
        program_fails(folder, args, 2, "expected a side in pixels or HEIGHTxWIDTH, as in 32x48");
    }
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(val_stands_in_for_test),
        IN_FOLDER(train_alone_is_divided),
        IN_FOLDER(pictures_below_a_class_belong_to_it),
        IN_FOLDER(tiny_imagenet_is_read),
        IN_FOLDER(cmyk_pictures_are_pictures),
        IN_FOLDER(a_network_of_one_channel_is_shown_grey_pictures),
        IN_FOLDER(floats_in_other_units_are_said),
        IN_FOLDER(a_network_is_applied_to_images_of_other_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
