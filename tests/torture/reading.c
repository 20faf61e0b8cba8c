/* Reading: the corpora's whole files, read while calls fail. */
#include "base/file.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/csv.h"
#include "data/pictures/image.h"
#include "data/sources/sources.h"
#include "record/record.h"
#include "record/study.h"
#include "tensor/safetensors.h"
#include "torture/scenario.h"

#define CORPUS JEM_SOURCE_DIR "/tests/fuzz/corpus/"

/* Copies a file of the corpus without its first `skip` bytes into the folder. */
static void take(const char *dir, const char *name, const char *corpus, size_t skip)
{
    char path[512], *data;
    size_t size;
    snprintf(path, sizeof path, CORPUS "%s", corpus);
    check_ok(file_read(&data, &size, path, 0));
    check_ok(file_write(in(dir, name), data + skip, size - skip));
    mem_free(data);
}

static void files(const char *dir)
{
    take(dir, "x.safetensors", "safetensors/metadata", 0);
    take(dir, "x.npy", "npy/f32", 0);
    take(dir, "x.png", "png/rgb", 0);
    take(dir, "x.jpg", "jpeg/real-progressive", 0);
    take(dir, "x.csv", "csv/quoted", 0);
    take(dir, "x.yaml", "yaml/dotted", 0);
    take(dir, "data_batch_1.bin", "cifar10/one-record", 1);
    take(dir, "test_batch.bin", "cifar10/one-record", 1);
    check_ok(dir_make(in(dir, "scores")));
    take(dir, "scores/scores.json", "json/two", 1);
    take(dir, "metrics.csv", "metrics/log", 1);
    take(dir, "run.json", "json/run", 1);
    take(dir, "config.yaml", "json/config", 1);
    take(dir, "trials.csv", "metrics/trials", 1);
}

static void intact(const char *dir, bool done)
{
    (void)dir;
    (void)done;
}

static jem_status read_safetensors(const char *dir)
{
    safetensors *f = NULL;
    float x[2];
    jem_status st = safetensors_open(&f, in(dir, "x.safetensors"));
    if (st == JEM_OK) st = safetensors_read_f32(f, "a", x, 1, (const int64_t[]){2});
    safetensors_close(f);
    f = NULL;
    if (st == JEM_OK) st = safetensors_open_metadata(&f, in(dir, "x.safetensors"));
    safetensors_close(f);
    return st;
}

static jem_status read_npy(const char *dir)
{
    jem_tensor t = JEM_TENSOR_INIT;
    jem_status st = jem_npy_read(&t, in(dir, "x.npy"));
    if (st == JEM_OK) st = jem_tensor_convert(&t, JEM_F64);
    jem_tensor_clear(&t);
    return st;
}

static jem_status read_pictures(const char *dir)
{
    image m = IMAGE_INIT, small = IMAGE_INIT;
    jem_status st = image_read(&m, in(dir, "x.png"));
    image_clear(&m);
    if (st == JEM_OK) st = image_read(&m, in(dir, "x.jpg"));
    if (st == JEM_OK) st = image_resize_square(&small, &m, 4);
    image_clear(&m);
    image_clear(&small);
    return st;
}

static jem_status read_csv(const char *dir)
{
    csv c = CSV_INIT;
    jem_status st = csv_read(&c, in(dir, "x.csv"));
    csv_clear(&c);
    return st;
}

typedef struct settings {
    int64_t count;
} settings;

static jem_status read_yaml(const char *dir)
{
    settings top, deep;
    const option keys[] = {{"count", OPTION_INT, 0, "1", 0, 100, NULL, "a number"},
                            {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL}};
    const option_group groups[] = {{"", keys, &top}, {"a.b", keys, &deep}, {NULL, NULL, NULL}};
    jem_status st = options_defaults(groups);
    if (st == JEM_OK) st = options_load(groups, in(dir, "x.yaml"));
    if (st == JEM_OK) assert_int_equal(deep.count, 12);
    return st;
}

static jem_status read_cifar10(const char *dir)
{
    dataset *train = NULL, *test = NULL;
    data_options o = {.kind = "cifar10"};
    snprintf(o.path, sizeof o.path, "%s", dir);
    jem_status st = data_cifar10.load(&train, &test, &o);
    dataset_free(train);
    dataset_free(test);
    return st;
}

static jem_status read_records(const char *dir)
{
    trial_list list = TRIAL_LIST_INIT;
    table t = TABLE_INIT;
    jem_status st = trial_list_read(&list, in(dir, "trials.csv"));
    if (st == JEM_OK) st = table_read(&t, in(dir, "metrics.csv"), ',');
    trial_list_clear(&list);
    table_clear(&t);
    return st;
}

static jem_status read_run(const char *dir)
{
    study *s = NULL;
    jem_status st = study_read(&s, dir);
    if (st == JEM_OK) assert_int_equal(s->count, 1);
    study_free(s);
    return st;
}

const scenario reading_scenarios[] = {
    {"tensors are read", files, read_safetensors, intact, false},
    {"an array is read", files, read_npy, intact, false},
    {"pictures are read", files, read_pictures, intact, false},
    {"a csv is read", files, read_csv, intact, false},
    {"settings are read", files, read_yaml, intact, false},
    {"cifar10 is read", files, read_cifar10, intact, false},
    {"records are read", files, read_records, intact, false},
    {"a run is read for the report", files, read_run, intact, false},
    {NULL, NULL, NULL, NULL, false},
};
