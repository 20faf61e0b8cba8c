/* A dense array: what npy and safetensors files hold. */
#ifndef JEM_TENSOR_H
#define JEM_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { JEM_MAX_DIMS = 8 };

typedef enum jem_dtype { JEM_F32, JEM_F64, JEM_BF16, JEM_I32, JEM_I64, JEM_U8, JEM_F16 } jem_dtype;

/* C order (last index fastest).  ndim 0 is a scalar with one element. */
typedef struct jem_tensor {
    jem_dtype dtype;
    int ndim;
    int64_t shape[JEM_MAX_DIMS];
    void *data; /* owned; 64-byte aligned */
} jem_tensor;

#define JEM_TENSOR_INIT {JEM_F32, 0, {0}, NULL}

JEM_API size_t jem_dtype_size(jem_dtype dtype);      /* 0 for what is no jem_dtype */
JEM_API const char *jem_dtype_name(jem_dtype dtype); /* "f32", "bf16", ...; "?" for others */

/* Allocates zeroed storage.  JEM_ENOMEM, also when the size overflows; JEM_EUSAGE for a
 * negative size or more than JEM_MAX_DIMS of them. */
JEM_API jem_status jem_tensor_init(jem_tensor *t, jem_dtype dtype, int ndim, const int64_t *shape);
JEM_API void jem_tensor_clear(jem_tensor *t); /* NULL is fine */
JEM_API int64_t jem_tensor_count(const jem_tensor *t); /* elements; 0 for NULL */

/* Converts in place to `dtype` (any number to F32 or F64). */
JEM_API jem_status jem_tensor_convert(jem_tensor *t, jem_dtype dtype);

/* numpy .npy, versions 1 to 3.  Reading accepts whole numbers of 8 to 64 bits with or without sign,
 * bool, and floats of 16, 32 and 64 bits, of either byte order, in C or Fortran order; they become U8
 * (u1, bool), I32 (i1 i2 u2 i4), I64 (u4 i8 u8), F32 (f2 f4) or F64, in C order.  The file must be
 * exactly as long as its header says.  JEM_EDATA for anything else. */
JEM_API jem_status jem_npy_read(jem_tensor *out, const char *path);
/* Replaces the file atomically: version 1.0, C order.  JEM_EUSAGE for BF16 and F16. */
JEM_API jem_status jem_npy_write(const char *path, const jem_tensor *t);

#ifdef __cplusplus
}
#endif
#endif
