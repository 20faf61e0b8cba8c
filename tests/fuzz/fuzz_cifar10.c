/* CIFAR-10's folder: a first byte B < 255, then B bytes of batches.meta.txt, then the
 * records of both data_batch_2.bin and test_batch.bin; B = 255: no batches.meta.txt. */
#include "data/sources/sources.h"
#include "fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
    static const data_options options = {.kind = "cifar10", .path = "folder"};
    dataset *train = NULL, *test = NULL;
    size_t meta = size && data[0] < 255 ? data[0] : 0;

    if (size == 0) return;
    if (meta > size - 1) meta = size - 1;
    if (data[0] < 255) fuzz_file("folder/batches.meta.txt", data + 1, meta);
    fuzz_file("folder/data_batch_2.bin", data + 1 + meta, size - 1 - meta);
    fuzz_file("folder/test_batch.bin", data + 1 + meta, size - 1 - meta);
    if (!fuzz_refused(data_cifar10.load(&train, &test, &options), "folder/")) {
        fuzz_expect(train->n * 3073 == (int64_t)(size - 1 - meta) && test->n == train->n);
        fuzz_expect(train->classes == 10);
        for (int64_t i = 0; i < train->n; i++)
            fuzz_expect(train->labels[i] >= 0 && train->labels[i] < 10);
        fuzz_touch(train->pixels, (size_t)(train->n * dataset_row_size(train)));
    }
    dataset_free(train);
    dataset_free(test);
}
