/* npz: the zip directory, then every array. */
#include "base/file.h"
#include "tensor/npz.h"
#include "fuzz.h"

#define PATH "fuzz.npz"

void fuzz_one(const uint8_t *data, size_t size)
{
    char **keys = NULL;
    int count = 0;

    fuzz_file(PATH, data, size);
    if (fuzz_refused(npz_keys(&keys, &count, PATH), PATH)) {
        fuzz_expect(!keys);
        return;
    }
    fuzz_expect(count > 0 && !npz_has(keys, count, "no such key, that is sure"));
    for (int i = 0; i < count && i < 4; i++) {
        jem_tensor t = JEM_TENSOR_INIT;
        fuzz_expect(npz_has(keys, count, keys[i]));
        if (fuzz_refused(npz_read(&t, PATH, keys[i]), PATH)) {
            fuzz_expect(!t.data);
            continue;
        }
        fuzz_touch(t.data, (size_t)jem_tensor_count(&t) * jem_dtype_size(t.dtype));
        jem_tensor_clear(&t);
    }
    strings_free(keys, count);
}
