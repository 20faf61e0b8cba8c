/* Classes by their names where a person says or reads them: jem sample, refine, info. */
#include "cli/program.h"
#include "data/pictures.h"
#include "jem/tensor.h"
#include "support/folder.h"

static void write_config(const char *kind)
{
    char text[512];
    snprintf(text, sizeof text, "model: {name: wrn-10-1, pool: adaptive}\n"
                                "data: {kind: %s, crop: false}\n"
                                "sampler: {steps: 2, buffer_size: 20}\n"
                                "train: {batch: 4, iterations: 1, lr: 1e-3, warmup: 2}\n", kind);
    write_text(folder, "c.yaml", text);
}

/* FOLDER/set: three classes of eight pictures. */
static void make_pictures(void)
{
    static const char *const dirs[] = {"set", "set/motor boat", "set/ship", "set/truck"};
    char name[64];

    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) make_dir(folder, dirs[i]);
    for (int i = 0; i < 24; i++) {
        snprintf(name, sizeof name, "%s/%d.png", dirs[1 + i % 3], i);
        write_flat_png(folder, name, 16, 16, 10 * i, 80 * (i % 3), 5);
    }
}

static void classes_of_folders_have_their_names(void **state)
{
    (void)state;
    make_pictures();
    write_config("folder");
    program_works(folder, "train %D/c.yaml --set data.path=%D/set --out %D/run");
    program_works(folder, "info %D/run");
    program_said(folder, "out", "classes    0 (motor boat), 1 (ship), 2 (truck)\n");
    program_works(folder, "sample %D/run --n 2 --class truck -o %D/name.npy");
    program_said(folder, "err", "chains climb the logit of class 2 (truck)");
    program_works(folder, "sample %D/run --n 2 --class 2 -o %D/number.npy");
    program_said(folder, "err", "class 2 (truck)");
    program_same_files(folder, "name.npy", "number.npy");
    program_works(folder, "sample %D/run --n 2 --class 'motor boat' -o %D/other.npy");
    program_fails(folder, "sample %D/run --n 2 --class trukc -o %D/x.npy", 2,
                  "--class 'trukc' is neither a whole number from 0 to 2 nor the name of a class: "
                  "0 (motor boat), 1 (ship), 2 (truck)");
    program_fails(folder, "sample %D/run --n 2 --class 3 -o %D/x.npy", 2, "a whole number from 0 to 2");
    program_fails(folder, "sample %D/run --n 2 --class -1 -o %D/x.npy", 2, "a whole number from 0 to 2");
    program_works(folder, "refine %D/run '%D/set/ship/1.png' --steps 0,2 --class ship");
    program_said(folder, "out", "\np(0 (motor boat)) ");
    program_said(folder, "out", "\np(2 (truck))      ");
    program_said(folder, "out", ")\np(0"); /* the row of classes ends with a name */
    program_fails(folder, "refine %D/run '%D/set/ship/1.png' --class boat", 2, "nor the name of a class");
}

static void the_report_names_the_rows_of_samples(void **state)
{
    (void)state;
    make_pictures();
    write_config("folder");
    program_works(folder, "train %D/c.yaml --set data.path=%D/set --out %D/run");
    program_works(folder, "eval %D/run --set eval.samples=4");
    program_works(folder, "report %D/run");
    program_said(folder, "run/report.html", "Classes, in the order of the rows: motor boat, ship, truck.");
}

/* The names are the run's: its data may be gone. */
static void names_need_no_data(void **state)
{
    (void)state;
    char command[128];
    make_pictures();
    write_config("folder");
    program_works(folder, "train %D/c.yaml --set data.path=%D/set --out %D/run");
    snprintf(command, sizeof command, "rm -r '%s/set'", folder);
    assert_int_equal(system(command), 0);
    program_works(folder, "sample %D/run --n 2 --class truck -o %D/name.npy");
}

/* FOLDER/cifar: one batch and test batch of CIFAR-10, 20 pictures. */
static void make_cifar(void)
{
    enum { RECORD = 3073 };
    static char records[20][RECORD];

    make_dir(folder, "cifar");
    for (int i = 0; i < 20; i++) {
        records[i][0] = (char)(i % 10);
        for (int k = 1; k < RECORD; k++) records[i][k] = (char)(i * 12 + k % 7);
    }
    write_file(folder, "cifar/data_batch_1.bin", records, sizeof records);
    write_file(folder, "cifar/test_batch.bin", records, sizeof records);
}

static void classes_of_cifar10_have_theirs(void **state)
{
    (void)state;
    char command[256];
    make_cifar();
    write_config("cifar10");
    program_works(folder, "train %D/c.yaml --set data.path=%D/cifar --out %D/run");
    program_works(folder, "sample %D/run --n 2 --class truck -o %D/name.npy");
    program_said(folder, "err", "class 9 (truck)");
    program_works(folder, "info %D/cifar/test_batch.bin");
    program_said(folder, "out", "labels  0 (airplane): 2 1 (automobile): 2 ");
    /* an older run.json has no names */
    snprintf(command, sizeof command,
             "cd '%s/run' && sed -i -e '/own_checksum/d' -e '/class_names/,/]/d' -e 's/\\(\"log_bytes\": "
             "[0-9]*\\),/\\1/' run.json && ! grep -q truck run.json", folder);
    assert_int_equal(system(command), 0);
    program_works(folder, "sample %D/run --n 2 --class truck -o %D/older.npy");
    program_said(folder, "err", "class 9 (truck)");
    program_same_files(folder, "name.npy", "older.npy");
    /* and one with other ones than classes none to be trusted */
    snprintf(command, sizeof command, "sed -i 's/\"version\"/\"class_names\": [\"a\"], \"version\"/' "
                                      "'%s/run/run.json'", folder);
    assert_int_equal(system(command), 0);
    program_works(folder, "sample %D/run --n 2 --class truck -o %D/older.npy");
    program_fails(folder, "sample %D/run --n 2 --class a -o %D/older.npy", 2, "0 (airplane), 1 (");
}

static void classes_without_names_have_numbers(void **state)
{
    (void)state;
    jem_tensor x = JEM_TENSOR_INIT, y = JEM_TENSOR_INIT;
    char path[128];

    check_ok(jem_tensor_init(&x, JEM_U8, 4, (const int64_t[]){16, 3, 16, 16}));
    check_ok(jem_tensor_init(&y, JEM_U8, 1, (const int64_t[]){16}));
    for (int i = 0; i < 16; i++) ((uint8_t *)y.data)[i] = (uint8_t)(i % 2);
    make_dir(folder, "set");
    snprintf(path, sizeof path, "%s/set/images.npy", folder);
    check_ok(jem_npy_write(path, &x));
    snprintf(path, sizeof path, "%s/set/labels.npy", folder);
    check_ok(jem_npy_write(path, &y));
    jem_tensor_clear(&x);
    jem_tensor_clear(&y);
    write_config("npy");
    program_works(folder, "train %D/c.yaml --set data.path=%D/set --out %D/run");
    program_works(folder, "sample %D/run --n 2 --class 1 -o %D/name.npy");
    program_said(folder, "err", "chains climb the logit of class 1\n");
    program_fails(folder, "sample %D/run --n 2 --class truck -o %D/x.npy", 2,
                  "nor the name of a class; the data name none");
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(classes_of_folders_have_their_names),
        IN_FOLDER(the_report_names_the_rows_of_samples),
        IN_FOLDER(names_need_no_data),
        IN_FOLDER(classes_of_cifar10_have_theirs),
        IN_FOLDER(classes_without_names_have_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
