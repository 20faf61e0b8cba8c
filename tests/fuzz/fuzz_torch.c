/* PyTorch files: archives, whose checksums are passed over here, and the older pickles; every tensor. */
#include <archive.h>

#include "fuzz.h"
#include "tensor/torch_file.h"

#define PATH "fuzz.pt"

int __real_archive_read_open_fd(struct archive *a, int fd, size_t block);
int __wrap_archive_read_open_fd(struct archive *a, int fd, size_t block);
int __wrap_archive_read_open_fd(struct archive *a, int fd, size_t block)
{
    archive_read_set_option(a, "zip", "ignorecrc32", "1");
    return __real_archive_read_open_fd(a, fd, block);
}

static void read_all(const char *part)
{
    torch_file *f = NULL;

    if (fuzz_refused(torch_file_open(&f, PATH, part), PATH)) {
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

void fuzz_one(const uint8_t *data, size_t size)
{
    fuzz_file(PATH, data, size);
    read_all(NULL);
    read_all("replay_buffer");
}
