/* What fuzz_torch.c and fuzz_torch_older.c do with a file: every tensor is read. */
#ifndef FUZZ_TORCH_CASE_H
#define FUZZ_TORCH_CASE_H

#include "fuzz.h"
#include "tensor/torch_file.h"

static inline void torch_case(const char *path, const char *part)
{
    torch_file *f = NULL;

    if (fuzz_refused(torch_file_open(&f, path, part), path)) {
        fuzz_expect(!f);
        return;
    }
    fuzz_expect(torch_file_count(f) > 0);
    for (int i = 0; i < torch_file_count(f) && i < 100; i++) {
        jem_tensor t = JEM_TENSOR_INIT;
        const int64_t *shape;
        int ndim;
        torch_file_shape(f, i, &ndim, &shape);
        fuzz_expect(torch_file_name(f, i) && torch_file_find(f, torch_file_name(f, i)) <= i);
        fuzz_expect(torch_file_read(&t, f, i) == JEM_OK && t.ndim == ndim);
        fuzz_touch(t.data, (size_t)jem_tensor_count(&t) * jem_dtype_size(t.dtype));
        jem_tensor_clear(&t);
    }
    torch_file_close(f);
}

/* Weights, and in a case of eight a part by name. */
static inline void torch_one(const char *path, const uint8_t *data, size_t size)
{
    fuzz_file(path, data, size);
    torch_case(path, size % 8 == 0 ? "replay_buffer" : NULL);
}

#endif
