/* Dense arrays: sizes, storage, conversion to floating point. */
#include "jem/tensor.h"

#include <math.h>
#include <string.h>

#include "base/host_call.h"
#include "base/mem.h"
#include "tensor/bytes.h"

static const struct {
    size_t size;
    const char *name;
} dtypes[] = {
    [JEM_F32] = {4, "f32"}, [JEM_F64] = {8, "f64"}, [JEM_BF16] = {2, "bf16"},
    [JEM_I32] = {4, "i32"}, [JEM_I64] = {8, "i64"}, [JEM_U8] = {1, "u8"},
    [JEM_F16] = {2, "f16"},
};

static bool is_dtype(jem_dtype dtype)
{
    return (unsigned)dtype < sizeof dtypes / sizeof *dtypes;
}

size_t jem_dtype_size(jem_dtype dtype)
{
    return is_dtype(dtype) ? dtypes[dtype].size : 0;
}

const char *jem_dtype_name(jem_dtype dtype)
{
    return is_dtype(dtype) ? dtypes[dtype].name : "?";
}

bool shape_bytes(size_t *bytes, int64_t *count, jem_dtype dtype, int ndim, const int64_t *shape)
{
    int64_t n = 1;
    bool empty = false;

    if (ndim < 0 || ndim > JEM_MAX_DIMS || !is_dtype(dtype)) return false;
    for (int i = 0; i < ndim; i++) {
        if (shape[i] < 0) return false;
        if (shape[i] == 0) empty = true;
    }
    for (int i = 0; i < ndim && !empty; i++)
        if (__builtin_mul_overflow(n, shape[i], &n)) return false;
    if (empty) n = 0;
    if (n > PTRDIFF_MAX / (int64_t)jem_dtype_size(dtype)) return false;
    *count = n;
    *bytes = (size_t)n * jem_dtype_size(dtype);
    return true;
}

/* What no array can be: a mistake of the caller's. */
static jem_status check_shape(jem_dtype dtype, int ndim, const int64_t *shape, const char *function)
{
    if (!is_dtype(dtype))
        return jem_error(JEM_EUSAGE, "%s: dtype = %d is no jem_dtype", function, (int)dtype);
    if (ndim < 0 || ndim > JEM_MAX_DIMS)
        return jem_error(JEM_EUSAGE, "%s: ndim = %d; choose 0 to %d", function, ndim, JEM_MAX_DIMS);
    if (ndim > 0 && !shape) return jem_error(JEM_EUSAGE, "%s: shape is NULL", function);
    for (int i = 0; i < ndim; i++)
        if (shape[i] < 0)
            return jem_error(JEM_EUSAGE, "%s: shape[%d] = %lld is negative", function, i,
                             (long long)shape[i]);
    return JEM_OK;
}

jem_status tensor_check(const jem_tensor *t, const char *function)
{
    size_t bytes;
    int64_t count;

    if (!t) return jem_error(JEM_EUSAGE, "%s: t is NULL", function);
    jem_status st = check_shape(t->dtype, t->ndim, t->shape, function);
    if (st != JEM_OK) return st;
    if (!shape_bytes(&bytes, &count, t->dtype, t->ndim, t->shape))
        return jem_error(JEM_EUSAGE, "%s: shape is of more values than there can be", function);
    if (count > 0 && !t->data) return jem_error(JEM_EUSAGE, "%s: t->data is NULL", function);
    return JEM_OK;
}

jem_status jem_tensor_init(jem_tensor *t, jem_dtype dtype, int ndim, const int64_t *shape)
{
    HOST_CALL;
    jem_tensor made = {.dtype = dtype, .ndim = ndim};
    size_t bytes;
    int64_t count;
    jem_status st;

    HOST_NEED(t);
    st = check_shape(dtype, ndim, shape, __func__);
    if (st != JEM_OK) return st;
    if (!shape_bytes(&bytes, &count, dtype, ndim, shape))
        return jem_error(JEM_ENOMEM, "an array of %d dimensions with this shape cannot be stored",
                         ndim);
    if (ndim) memcpy(made.shape, shape, (size_t)ndim * sizeof *shape);
    st = mem_alloc(&made.data, bytes, 1);
    if (st == JEM_OK) *t = made;
    return st;
}

void jem_tensor_clear(jem_tensor *t)
{
    if (!t) return;
    mem_free(t->data);
    *t = (jem_tensor)JEM_TENSOR_INIT;
}

int64_t jem_tensor_count(const jem_tensor *t)
{
    int64_t n = 1;

    if (!t) return 0;
    /* an empty array's other sizes may be anything: their product need not exist */
    for (int i = 0; i < t->ndim; i++)
        if (t->shape[i] == 0) return 0;
    for (int i = 0; i < t->ndim; i++) n *= t->shape[i];
    return n;
}

float float_from_bf16(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float f;

    memcpy(&f, &wide, sizeof f);
    return f;
}

float float_from_f16(uint16_t bits)
{
    uint32_t wide = (bits & 0x7fffu) << 13;
    float f;

    memcpy(&f, &wide, sizeof f);
    f *= 0x1p112f; /* the difference of the exponents' biases; exact for subnormals, too */
    memcpy(&wide, &f, sizeof f);
    wide |= f >= 0x1p16f ? 0x7f800000u : 0u; /* infinity and NaN */
    wide |= (uint32_t)(bits & 0x8000u) << 16;
    memcpy(&f, &wide, sizeof f);
    return f;
}

uint16_t f16_from_float(float f)
{
    uint32_t x, sign;

    memcpy(&x, &f, sizeof x);
    sign = x >> 16 & 0x8000u;
    x &= 0x7fffffffu;
    if (x > 0x7f800000u) return (uint16_t)(sign | 0x7e00u);
    if (x >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u); /* 65520 and more: infinity */
    if (x < 0x38800000u) { /* below 2^-14: a half's last bit is one half's, 2^-24 */
        f = fabsf(f) + 0.5f;
        memcpy(&x, &f, sizeof x);
        return (uint16_t)(sign | (x - 0x3f000000u));
    }
    x += 0xc8000fffu + (x >> 13 & 1u); /* the other bias; half to even */
    return (uint16_t)(sign | x >> 13);
}

double number_at(jem_dtype dtype, const void *data, int64_t i)
{
    switch (dtype) {
    case JEM_F32: return (double)((const float *)data)[i];
    case JEM_F64: return ((const double *)data)[i];
    case JEM_BF16: return (double)float_from_bf16(((const uint16_t *)data)[i]);
    case JEM_I32: return (double)((const int32_t *)data)[i];
    case JEM_I64: return (double)((const int64_t *)data)[i];
    case JEM_U8: return (double)((const uint8_t *)data)[i];
    case JEM_F16: return (double)float_from_f16(((const uint16_t *)data)[i]);
    }
    return 0.0; /* no other dtype exists */
}

jem_status jem_tensor_convert(jem_tensor *t, jem_dtype dtype)
{
    HOST_CALL;
    jem_tensor to = JEM_TENSOR_INIT;
    jem_status st = tensor_check(t, __func__);
    int64_t n;

    if (st != JEM_OK) return st;
    if (t->dtype == dtype) return JEM_OK;
    if (dtype != JEM_F32 && dtype != JEM_F64)
        return jem_error(JEM_EUSAGE, "cannot convert %s to %s: only to f32 and f64",
                         jem_dtype_name(t->dtype), jem_dtype_name(dtype));
    st = jem_tensor_init(&to, dtype, t->ndim, t->shape);
    if (st != JEM_OK) return st;
    n = jem_tensor_count(t);
    for (int64_t i = 0; i < n; i++) {
        double v = number_at(t->dtype, t->data, i);
        if (dtype == JEM_F32)
            ((float *)to.data)[i] = (float)v;
        else
            ((double *)to.data)[i] = v;
    }
    jem_tensor_clear(t);
    *t = to;
    return JEM_OK;
}
