/* What the file formats of tensor/ share: sizes, numbers, byte order. */
#ifndef TENSOR_BYTES_H
#define TENSOR_BYTES_H

#include <stdbool.h>

#include "jem/tensor.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "npy and safetensors data is copied as it lies: little-endian processors only"
#endif

/* Elements and bytes of an array; false for a negative size, more dimensions
 * than JEM_MAX_DIMS, or a size beyond PTRDIFF_MAX. */
bool shape_bytes(size_t *bytes, int64_t *count, jem_dtype dtype, int ndim, const int64_t *shape);

/* JEM_EUSAGE, in the name of `function`, if that is no array: NULL, an unknown dtype, sizes that
 * cannot be, no data. */
jem_status tensor_check(const jem_tensor *t, const char *function);

/* Both exact: float32 holds every bfloat16 and every IEEE half, infinities included. */
float float_from_bf16(uint16_t bits);
float float_from_f16(uint16_t bits);      /* subnormal halves too */
uint16_t f16_from_float(float f); /* to nearest, half to even; infinity from 65520 */

/* Element i as a double (rounded for i64 beyond 2^53). */
double number_at(jem_dtype dtype, const void *data, int64_t i);

#endif
