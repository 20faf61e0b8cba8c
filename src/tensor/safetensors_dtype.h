/* The element types of safetensors that jem reads and writes. */
#ifndef TENSOR_SAFETENSORS_DTYPE_H
#define TENSOR_SAFETENSORS_DTYPE_H

#include "jem/tensor.h"

enum { SAFETENSORS_DTYPES = 7 };

/* Indexed by jem_dtype. */
extern const struct safetensors_dtype {
    const char *name;
    jem_dtype dtype;
} safetensors_dtypes[SAFETENSORS_DTYPES];

#endif
