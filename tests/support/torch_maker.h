/* A file as torch.save wrote it before zip archives: five pickles, then the bytes of each storage. */
#ifndef SUPPORT_TORCH_MAKER_H
#define SUPPORT_TORCH_MAKER_H

#include <stdio.h>

#include "support/check.h"
#include "tensor/safetensors.h"

static inline void put_torch_text(FILE *to, const char *text)
{
    const uint32_t n = (uint32_t)strlen(text);
    fputc('X', to);
    fwrite(&n, 4, 1, to);
    fputs(text, to);
}

static inline void put_torch_number(FILE *to, int64_t x)
{
    const int32_t n = (int32_t)x;
    fputc('J', to);
    fwrite(&n, 4, 1, to);
}

/* (storage, offset, sizes, strides): tensor i of one storage, number i. */
static inline void put_torch_tensor(FILE *to, const jem_tensor *t, const char *key)
{
    int64_t stride = jem_tensor_count(t);
    fputs("ctorch._utils\n_rebuild_tensor\n((", to);
    put_torch_text(to, "storage");
    fputs("ctorch\nFloatStorage\n", to);
    put_torch_text(to, key);
    put_torch_text(to, "cpu");
    put_torch_number(to, jem_tensor_count(t));
    fputs("NtQ", to);
    put_torch_number(to, 0);
    fputc('(', to);
    for (int d = 0; d < t->ndim; d++) put_torch_number(to, t->shape[d]);
    fputs("t(", to);
    for (int d = 0; d < t->ndim; d++) put_torch_number(to, stride /= t->shape[d]);
    fputs("ttR", to);
}

/* The tensors of `f`, all float32, as a state dict of names with `prefix`. */
static inline void write_torch(const char *path, const safetensors *f, const char *prefix)
{
    static const char head[] = "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
                               "\x80\2M\xe9\x03.\x80\2}X\x0d\0\0\0little_endian\x88s.\x80\2}(";
    char text[256];
    FILE *to = fopen(path, "wb");
    assert_non_null(to);
    fwrite(head, sizeof head - 1, 1, to);
    for (int i = 0; i < safetensors_count(f); i++) {
        const jem_tensor t = safetensors_view(f, i);
        snprintf(text, sizeof text, "%s%s", prefix, safetensors_name(f, i));
        put_torch_text(to, text);
        snprintf(text, sizeof text, "%d", i);
        put_torch_tensor(to, &t, text);
    }
    fputs("u.\x80\2](", to);
    for (int i = 0; i < safetensors_count(f); i++) {
        snprintf(text, sizeof text, "%d", i);
        put_torch_text(to, text);
    }
    fputs("e.", to);
    for (int i = 0; i < safetensors_count(f); i++) {
        const jem_tensor t = safetensors_view(f, i);
        const int64_t n = jem_tensor_count(&t);
        fwrite(&n, 8, 1, to);
        fwrite(t.data, 4, (size_t)n, to);
    }
    assert_int_equal(fclose(to), 0);
}

#endif
