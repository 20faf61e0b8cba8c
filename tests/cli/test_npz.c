/* Arrays in .npz files, as numpy.savez and savez_compressed write them, through the program. */
#include "cli/program.h"
#include "data/pictures.h"
#include "jem/tensor.h"
#include "support/archive_maker.h"
#include "support/folder.h"

/* DIR/NAME; for at most four at a time. */
static const char *in_dir(const char *name)
{
    static char path[4][160];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

/* N.npy <- shape in u8; its element i is i * factor % modulus. */
static void put_array(const char *name, int ndim, const int64_t *shape, int64_t factor, int64_t modulus)
{
    jem_tensor t = JEM_TENSOR_INIT;
    check_ok(jem_tensor_init(&t, JEM_U8, ndim, shape));
    for (int64_t i = 0; i < jem_tensor_count(&t); i++)
        ((uint8_t *)t.data)[i] = (uint8_t)(i * factor % modulus);
    check_ok(jem_npy_write(in_dir(name), &t));
    jem_tensor_clear(&t);
}

/* NAME.npz <- the files FROM/KEY.npy under their keys. */
static void pack(const char *name, bool compressed, const char *from, const char *const *keys)
{
    archive_maker m;
    maker_open_zip(&m, in_dir(name), compressed);
    for (; *keys; keys++) {
        char path[96];
        size_t size;
        snprintf(path, sizeof path, "%s/%s.npy", from, *keys);
        char *data = program_read(folder, path, &size);
        maker_add(&m, strrchr(path, '/') + 1, AE_IFREG, data, size);
        mem_free(data);
    }
    maker_close(&m);
}
#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void put_set(const char *dir, const char *images, const char *labels, int64_t n)
{
    char path[96];
    snprintf(path, sizeof path, "%s/%s.npy", dir, images);
    put_array(path, 4, (const int64_t[]){n, 3, 16, 16}, 37, 251);
    snprintf(path, sizeof path, "%s/%s.npy", dir, labels);
    put_array(path, 1, &n, 1, 4);
}

/* ---- data */

static void files_of_numpy_are_read(void **state)
{
    (void)state;
    static const char *const names[] = {"savez", "savez_compressed"};
    char command[512];

    for (int i = 0; i < 2; i++) {
        snprintf(command, sizeof command, "cp '%s/tests/fuzz/corpus/npz/%s' '%s/set.npz'",
                 JEM_SOURCE_DIR, names[i], folder);
        assert_int_equal(system(command), 0);
        program_works(folder, "data check npy %D/set.npz");
        program_said(folder, "out", "shape    3 x 4 x 4 (8 bit)");
        program_said(folder, "out", "images   8 (");
        program_works(folder, "data check %D/set.npz"); /* the kind follows from the name */
        program_works(folder, "info %D/set.npz");
        program_said(folder, "out", "npz, 2 arrays");
        program_said(folder, "out", "[8, 3, 4, 4]  min 0  max 250");
    }
}

static void an_npz_is_the_data_that_a_folder_would_be(void **state)
{
    (void)state;
    make_dir(folder, "set");
    put_set("set", "train_x", "train_y", 24);
    put_set("set", "test_x", "test_y", 8);
    pack("set.npz", true, "set", KEYS("train_x", "train_y", "test_x", "test_y"));
    write_text(folder, "c.yaml", "model: {name: wrn-10-1, pool: adaptive}\n"
                                 "data: {kind: npy, crop: false}\nalpha: 1\n"
                                 "train: {batch: 8, iterations: 2, lr: 1e-3, warmup: 2}\n");
    program_works(folder, "train %D/c.yaml --set data.path=%D/set --out %D/a");
    program_works(folder, "train %D/c.yaml --set data.path=%D/set.npz --out %D/b");
    program_works(folder, "apply %D/a --input %D/set/test_x.npy -o %D/of-a");
    program_works(folder, "apply %D/b --input %D/set/test_x.npy -o %D/of-b");
    program_same_files(folder, "of-a/logits.npy", "of-b/logits.npy");

    pack("one.npz", false, "set", KEYS("test_x"));
    program_works(folder, "apply %D/a --input %D/one.npz -o %D/of-one");
    program_same_files(folder, "of-a/logits.npy", "of-one/logits.npy");
    program_fails(folder, "apply %D/a --input %D/set.npz -o %D/of-one", 3,
                  "set.npz: no array called 'images'; it holds: train_x, train_y, test_x, test_y");
}

static void damage_and_bombs_are_refused(void **state)
{
    (void)state;
    make_dir(folder, "set");
    put_set("set", "images", "labels", 8);
    put_set("set", "pictures", "y", 8);
    pack("odd.npz", false, "set", KEYS("pictures", "labels"));
    program_fails(folder, "data check npy %D/odd.npz", 3,
                  "odd.npz: no array called 'images'; it holds: pictures, labels");
    pack("odd.npz", false, "set", KEYS("images"));
    program_fails(folder, "data check npy %D/odd.npz", 3,
                  "odd.npz: no array called 'labels'; it holds: images");
    pack("odd.npz", false, "set", KEYS("images", "labels", "images"));
    program_fails(folder, "data check npy %D/odd.npz", 3, "odd.npz: no whole .npz file (zip): holds 'images.npy' twice, at bytes 0 and ");

    size_t size;
    pack("set.npz", false, "set", KEYS("images", "labels"));
    char *data = program_read(folder, "set.npz", &size);
    data[1000] ^= 1; /* within the images */
    check_ok(file_write(in_dir("odd.npz"), data, size));
    program_fails(folder, "data check npy %D/odd.npz", 3, "member 'images.npy' has another checksum (CRC-32)");
    check_ok(file_write(in_dir("odd.npz"), data, size - 30));
    program_fails(folder, "data check npy %D/odd.npz", 3, "odd.npz: no whole .npz file (zip)");
    check_ok(file_write(in_dir("odd.npz"), "\x93NUMPY", 6));
    program_fails(folder, "data check npy %D/odd.npz", 3, "odd.npz: no whole .npz file (zip)");
    mem_free(data);

    put_array("set/zeros.npy", 4, (const int64_t[]){10000, 3, 32, 32}, 0, 1); /* 31 MB of 0 */
    pack("bomb.npz", true, "set", KEYS("zeros", "labels"));
    program_fails(folder, "info %D/bomb.npz", 3,
                  "bomb.npz: would unpack to more than 250 times its size");
    pack("large.npz", false, "set", KEYS("zeros", "labels"));
    program_works(folder, "info %D/large.npz");
    program_fails(folder, "data check npy %D/none.npz", 3, "none.npz: cannot open");
}

/* ---- answers */

static void answers_come_in_npz_files(void **state)
{
    (void)state;
    static const char *const dirs[] = {"cue", "cue/cue-conflict", "cue/cue-conflict/airplane",
                                       "cue/cue-conflict/bear", "a"};
    static const char *const names[] = {"airplane/airplane1-bear2.png", "airplane/airplane2-bear1.png",
                                        "bear/bear1-airplane2.png", "bear/bear3-bear1.png"};
    static const char ask[] = "bench cue-conflict --data %%D/cue --mapping %%D/map.tsv --json "
                              "--set cue-conflict.subset=true --set bench.rounds=100 --answers %%D/%s";
    char path[96], args[512];
    size_t n, m;

    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) make_dir(folder, dirs[i]);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "cue/cue-conflict/%s", names[i]);
        write_flat_png(folder, path, 224, 224, 50 * i, 200, 10);
    }
    write_text(folder, "map.tsv", "category\tindex\nairplane\t0\nbear\t1\n");
    put_array("a/x.npy", 2, (const int64_t[]){4, 2}, 37, 83);
    put_array("a/cue-conflict.npy", 2, (const int64_t[]){4, 2}, 37, 83);
    put_array("a/edge.npy", 2, (const int64_t[]){4, 2}, 5, 83);
    pack("x.npz", true, "a", KEYS("x"));
    pack("sets.npz", false, "a", KEYS("edge", "cue-conflict"));
    snprintf(args, sizeof args, ask, "a/x.npy");
    program_works(folder, args);
    char *of_npy = program_read(folder, "out", &n);
    snprintf(args, sizeof args, ask, "x.npz");
    program_works(folder, args);
    char *of_npz = program_read(folder, "out", &m);
    assert_string_equal(of_npz, of_npy);
    snprintf(args, sizeof args, ask, "sets.npz"); /* a key is the name of an image set */
    program_works(folder, args);
    mem_free(of_npz);
    of_npz = program_read(folder, "out", &m);
    assert_non_null(strstr(of_npz, "\"value\""));
    mem_free(of_npy);
    mem_free(of_npz);
    pack("a/sets.npz", false, "a", KEYS("edge", "x"));
    snprintf(args, sizeof args, ask, "a/sets.npz");
    program_fails(folder, args, 2, "sets.npz has no answers to the image set 'cue-conflict'");
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(files_of_numpy_are_read),
        IN_FOLDER(an_npz_is_the_data_that_a_folder_would_be),
        IN_FOLDER(damage_and_bombs_are_refused),
        IN_FOLDER(answers_come_in_npz_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
