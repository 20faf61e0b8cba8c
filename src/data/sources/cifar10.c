/* CIFAR-10 in its official binary layout (Krizhevsky 2009): records of 3073
 * bytes, one label and 32 x 32 red, green and blue values, row by row. */
#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text_file.h"
#include "base/try.h"
#include "data/sources/cifar10.h"
#include "data/sources/sources.h"

enum { SIDE = 32, IMAGE_BYTES = 3 * SIDE * SIDE, RECORD = 1 + IMAGE_BYTES };
enum { RECORDS_MAX = 10000, BATCHES = 5, CLASSES = 10 };

typedef struct batch_file {
    char *path, *bytes;
    int64_t records;
} batch_file;

static void batch_file_clear(batch_file *f)
{
    mem_free(f->path);
    mem_free(f->bytes);
    *f = (batch_file){NULL, NULL, 0};
}

/* Reads and checks f->path. */
static jem_status batch_file_read(batch_file *f)
{
    jem_status st;
    size_t size = 0;

    TRY(file_read(&f->bytes, &size, f->path, 0));
    f->records = (int64_t)(size / RECORD);
    if (size == 0 || size % RECORD != 0 || f->records > RECORDS_MAX)
        return jem_error(JEM_EDATA,
                         "%s: %zu bytes; expected a multiple of %d, at most %d records (%d "
                         "bytes): the file is truncated or oversized, unpack it again",
                         f->path, size, RECORD, RECORDS_MAX, RECORD * RECORDS_MAX);
    for (int64_t i = 0; i < f->records; i++) {
        int label = (unsigned char)f->bytes[i * RECORD];
        if (label >= CLASSES)
            return jem_error(JEM_EDATA,
                             "%s: record %" PRId64 " at byte %" PRId64 " has label %d; labels are "
                             "0 to 9: the file is damaged, unpack it again",
                             f->path, i, i * RECORD, label);
    }
done:
    return st;
}

const char *const cifar10_class_names[CIFAR10_CLASSES] = {
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};

/* Class names from batches.meta.txt, one a line, or the known ones without it. */
static jem_status name_classes(dataset *d, const char *dir)
{
    jem_status st;
    const char *names[CLASSES];
    char *path = NULL, *text = NULL, *rest = NULL;
    size_t size = 0;
    int count = 0;

    TRY(str_format(&path, "%s/batches.meta.txt", dir));
    if (!file_exists(path)) {
        st = dataset_name_classes(d, cifar10_class_names, CLASSES);
        goto done;
    }
    TRY(text_read(&text, &size, path, 1 << 16));
    for (char *s = strtok_r(text, "\r\n", &rest); s; s = strtok_r(NULL, "\r\n", &rest), count++)
        if (count < CLASSES) names[count] = s;
    if (count != CLASSES) {
        st = jem_error(JEM_EDATA, "%s: %d class names instead of %d: restore or remove the file",
                       path, count, CLASSES);
        goto done;
    }
    TRY(dataset_name_classes(d, names, CLASSES));
done:
    mem_free(path);
    mem_free(text);
    return st;
}

static jem_status assemble(dataset **out, const batch_file *files, int count, const char *dir)
{
    jem_status st;
    dataset *d = NULL;
    int64_t n = 0, row = 0;

    for (int k = 0; k < count; k++) n += files[k].records;
    TRY(dataset_new(&d, n, 3, SIDE, SIDE, false));
    TRY(name_classes(d, dir));
    for (int k = 0; k < count; k++)
        for (int64_t i = 0; i < files[k].records; i++, row++) {
            const char *record = files[k].bytes + i * RECORD;
            d->labels[row] = (unsigned char)record[0];
            memcpy(d->pixels + row * IMAGE_BYTES, record + 1, IMAGE_BYTES);
        }
    *out = d;
    d = NULL;
done:
    dataset_free(d);
    return st;
}

static jem_status load_train(dataset **out, const char *dir)
{
    jem_status st;
    batch_file files[BATCHES] = {{NULL, NULL, 0}};
    int count = 0;

    for (int k = 1; k <= BATCHES; k++) {
        TRY(str_format(&files[count].path, "%s/data_batch_%d.bin", dir, k));
        if (!file_exists(files[count].path)) {
            batch_file_clear(&files[count]);
            continue;
        }
        TRY(batch_file_read(&files[count++]));
    }
    if (count == 0) {
        st = jem_error(JEM_EDATA,
                       "%s: none of data_batch_1.bin to data_batch_5.bin: set data.path to the "
                       "folder of CIFAR-10's binary version",
                       dir);
        goto done;
    }
    TRY(assemble(out, files, count, dir));
done:
    for (int k = 0; k < BATCHES; k++) batch_file_clear(&files[k]);
    return st;
}

jem_status cifar10_read_test(dataset **out, const char *dir)
{
    jem_status st;
    batch_file file = {NULL, NULL, 0};

    TRY(str_format(&file.path, "%s/test_batch.bin", dir));
    TRY(batch_file_read(&file));
    TRY(assemble(out, &file, 1, dir));
done:
    batch_file_clear(&file);
    return st;
}

static jem_status load(dataset **train, dataset **test, const data_options *o)
{
    jem_status st;
    dataset *first = NULL;

    TRY(load_train(&first, o->path));
    TRY(cifar10_read_test(test, o->path));
    *train = first;
    first = NULL;
done:
    dataset_free(first);
    return st;
}

const data_source data_cifar10 = {
    .name = "cifar10",
    .about = "CIFAR-10, binary version: 32 x 32 RGB, 10 classes (Krizhevsky 2009)",
    .layout = "any of data_batch_1.bin to data_batch_5.bin, test_batch.bin, batches.meta.txt",
    .load = load,
};
