/* Text files with a byte order mark, as Windows' editors and Excel save them, in front of every reader
 * that a file of people reaches: the mark of UTF-8 changes nothing, that of UTF-16 is named. */
#include "cli/program.h"
#include "data/pictures.h"
#include "jem/tensor.h"
#include "support/folder.h"

JEM_PRINTF(1, 2)
static void shell(const char *format, ...)
{
    char command[1024];
    int used = snprintf(command, sizeof command, "cd '%s' && ", folder);
    va_list list;
    va_start(list, format);
    vsnprintf(command + used, sizeof command - (size_t)used, format, list);
    va_end(list);
    if (system(command) != 0) fail_msg("%s", command);
}

/* The command does with the file as it is, and says what it says then, and with the mark; with that of
 * UTF-16 it fails, or warns where a damaged file is no reason to end.  The file is then as before. */
static void marked(const char *file, const char *args)
{
    char message[128];
    size_t n;

    program_works(folder, args);
    char *plain = program_read(folder, "out", &n);
    shell("cp '%s' kept; printf '\\357\\273\\277' | cat - kept >'%s'", file, file);
    program_works(folder, args);
    char *with = program_read(folder, "out", &n);
    assert_string_equal(with, plain);
    mem_free(plain);
    mem_free(with);
    const char *slash = strrchr(file, '/');
    snprintf(message, sizeof message, "%s: UTF-16 text (it begins with that mark); save it as UTF-8",
             slash ? slash : file);
    for (int big = 0; big < 2; big++) {
        shell("printf '%s' | cat - kept >'%s'", big ? "\\376\\377" : "\\377\\376", file);
        program_run(folder, "", args);
        program_said(folder, "err", message);
    }
    shell("mv kept '%s'", file);
}

static void put_array(const char *name, int ndim, const int64_t *shape, int64_t factor, int64_t modulus)
{
    char path[128];
    jem_tensor t = JEM_TENSOR_INIT;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(jem_tensor_init(&t, JEM_U8, ndim, shape));
    for (int64_t i = 0; i < jem_tensor_count(&t); i++)
        ((uint8_t *)t.data)[i] = (uint8_t)(i * factor % modulus);
    check_ok(jem_npy_write(path, &t));
    jem_tensor_clear(&t);
}

/* ---- files of data */

static void lists_of_labels_and_class_names(void **state)
{
    (void)state;
    enum { RECORD = 3073 };
    static char records[2][RECORD];

    make_dir(folder, "cifar");
    for (int i = 0; i < 2; i++) {
        char path[128];
        records[0][0] = 3;
        snprintf(path, sizeof path, "%s/cifar/%s", folder, i ? "test_batch.bin" : "data_batch_1.bin");
        check_ok(file_write(path, records, sizeof records));
    }
    write_text(folder, "cifar/batches.meta.txt", "first\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
    marked("cifar/batches.meta.txt", "data check cifar10 %D/cifar");
    program_works(folder, "data check cifar10 %D/cifar");
    program_said(folder, "out", "  first\n");

    shell("mkdir -p tiny/train/cat tiny/train/dog tiny/val");
    for (int i = 0; i < 4; i++) {
        char name[64];
        snprintf(name, sizeof name, "tiny/%s/%d.png", i / 2 ? "train/dog" : "train/cat", i);
        write_flat_png(folder, name, 8, 8, i, 0, 0);
        snprintf(name, sizeof name, "tiny/val/%d.png", i);
        write_flat_png(folder, name, 8, 8, i, 0, 0);
    }
    write_text(folder, "labels.txt", "0.png dog\n1.png dog\n2.png cat\n3.png cat\n");
    marked("labels.txt", "data check imagenet %D/tiny --labels %D/labels.txt");
    shell("cp labels.txt tiny/val.txt");
    marked("tiny/val.txt", "data check folder %D/tiny");
}

/* ---- files of runs */

static void settings_and_records_of_runs(void **state)
{
    (void)state;
    make_dir(folder, "set");
    put_array("set/images.npy", 4, (const int64_t[]){16, 3, 16, 16}, 37, 251);
    put_array("set/labels.npy", 1, (const int64_t[]){16}, 1, 2);
    write_text(folder, "c.yaml", "alpha: 1\nmodel: {name: wrn-10-1, pool: adaptive}\ndata: {kind: npy}\n"
                                 "train: {batch: 4, iterations: 1, lr: 1e-3, warmup: 2}\n");
    marked("c.yaml", "train %D/c.yaml --set data.path=%D/set --out %D/run");
    program_works(folder, "sweep %D/c.yaml --alpha 1 --seeds 1 --set data.path=%D/set --out %D/s");
    program_works(folder, "eval %D/s/alpha-1.00-seed-1 --set eval.samples=4");
    marked("s/alpha-1.00-seed-1/run.json", "info %D/s/alpha-1.00-seed-1");
    marked("s/alpha-1.00-seed-1/config.yaml", "info %D/s/alpha-1.00-seed-1");
    marked("s/alpha-1.00-seed-1/scores/scores.json", "info %D/s/alpha-1.00-seed-1");
    marked("s/alpha-1.00-seed-1/metrics.csv", "report %D/s");
    marked("s/study.json", "report %D/s");
}

/* ---- files of benchmarks */

static void maps_names_and_answers(void **state)
{
    (void)state;
    static const char *const names[] = {"airplane/airplane1-bear2.png", "airplane/airplane2-bear1.png",
                                        "bear/bear1-airplane2.png", "bear/bear3-bear1.png"};
    static const char ask[] = "bench cue-conflict --data %D/cue --mapping %D/map.tsv --json --set "
                              "cue-conflict.subset=true --set bench.rounds=100 --answers %D/";
    char path[96], args[512];

    shell("mkdir -p cue/cue-conflict/airplane cue/cue-conflict/bear");
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "cue/cue-conflict/%s", names[i]);
        write_flat_png(folder, path, 224, 224, 50 * i, 200, 10);
    }
    write_text(folder, "map.tsv", "category\tindex\nairplane\t0\nbear\t1\n");
    put_array("x.npy", 2, (const int64_t[]){4, 2}, 37, 83);
    write_text(folder, "x.names", "bear3-bear1\nbear1-airplane2\nairplane2-bear1\nairplane1-bear2\n");
    snprintf(args, sizeof args, "%sx.npy", ask);
    marked("map.tsv", args);
    marked("x.names", args);
    write_text(folder, "y.csv", "name,a,b\nbear3-bear1,1,2\nbear1-airplane2,2,1\nairplane2-bear1,1,3\n"
                                "airplane1-bear2,2,1\n");
    snprintf(args, sizeof args, "%sy.csv", ask);
    marked("y.csv", args);
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(lists_of_labels_and_class_names),
        IN_FOLDER(settings_and_records_of_runs),
        IN_FOLDER(maps_names_and_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
