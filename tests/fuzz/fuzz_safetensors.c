/* safetensors: whole files, then every view, name and number in them. */
#include "base/mem.h"
#include "fuzz.h"
#include "tensor/safetensors.h"

#define PATH "fuzz.safetensors"

static void read_numbers(const safetensors *f, const char *name, const jem_tensor *t)
{
    int64_t n = jem_tensor_count(t);
    float *values = NULL;

    if (n > 1 << 20 || MEM_NEW(values, n) != JEM_OK) return;
    if (!fuzz_refused(safetensors_read_f32(f, name, values, t->ndim, t->shape), PATH))
        for (int64_t i = 0; i < n; i++) fuzz_expect(values[i] - values[i] == 0); /* finite */
    mem_free(values);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    safetensors *f = NULL;

    fuzz_file(PATH, data, size);
    if (fuzz_refused(safetensors_open(&f, PATH), PATH)) {
        fuzz_expect(!f);
        return;
    }
    for (int i = 0; i < safetensors_count(f); i++) {
        jem_tensor t = safetensors_view(f, i);
        size_t bytes = (size_t)jem_tensor_count(&t) * jem_dtype_size(t.dtype);
        fuzz_expect(bytes <= size);
        fuzz_expect((uintptr_t)t.data % jem_dtype_size(t.dtype) == 0);
        fuzz_touch(t.data, bytes);
        fuzz_expect(safetensors_find(f, safetensors_name(f, i)) == i);
        read_numbers(f, safetensors_name(f, i), &t);
    }
    safetensors_metadata(f, "jem.name");
    if (!fuzz_refused(safetensors_unwrap_names(f), PATH))
        for (int i = 0; i < safetensors_count(f); i++)
            fuzz_expect(safetensors_find(f, safetensors_name(f, i)) == i);
    safetensors_close(f);
}
