/* npy: whole files, then conversion to float. */
#include "fuzz.h"
#include "jem/tensor.h"

#define PATH "fuzz.npy"

void fuzz_one(const uint8_t *data, size_t size)
{
    jem_tensor t = JEM_TENSOR_INIT;
    int64_t count;

    fuzz_file(PATH, data, size);
    if (fuzz_refused(jem_npy_read(&t, PATH), PATH)) {
        fuzz_expect(!t.data);
        return;
    }
    count = jem_tensor_count(&t);
    fuzz_expect(t.ndim >= 0 && t.ndim <= JEM_MAX_DIMS && count >= 0);
    fuzz_expect((size_t)count * jem_dtype_size(t.dtype) < 4 * size); /* i1 becomes i32 */
    fuzz_touch(t.data, (size_t)count * jem_dtype_size(t.dtype));
    fuzz_expect(jem_tensor_convert(&t, JEM_F32) == JEM_OK);
    fuzz_expect(jem_tensor_count(&t) == count);
    jem_tensor_clear(&t);
}
