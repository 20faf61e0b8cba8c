/* Arrays and .npy files: round trips, numpy's own bytes, hostile headers. */
#include "base/file.h"
#include "base/mem.h"
#include "jem/tensor.h"
#include "support/check.h"

static char dir[64], path[128];

static int make_dir(void **state)
{
    (void)state;
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/a.npy", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

static void every_type_and_rank_survives_a_round_trip(void **state)
{
    static const jem_dtype dtypes[] = {JEM_F32, JEM_F64, JEM_I32, JEM_I64, JEM_U8};
    static const int64_t shape[JEM_MAX_DIMS] = {2, 3, 1, 2, 1, 1, 1, 2};

    (void)state;
    for (int d = 0; d < 5; d++)
        for (int ndim = 0; ndim <= JEM_MAX_DIMS; ndim++) {
            jem_tensor t = JEM_TENSOR_INIT, back = JEM_TENSOR_INIT;
            check_ok(jem_tensor_init(&t, dtypes[d], ndim, shape));
            size_t bytes = (size_t)jem_tensor_count(&t) * jem_dtype_size(t.dtype);
            for (size_t i = 0; i < bytes; i++) ((unsigned char *)t.data)[i] = (unsigned char)(i * 7);
            check_ok(jem_npy_write(path, &t));
            check_ok(jem_npy_read(&back, path));
            assert_int_equal(back.dtype, t.dtype);
            assert_int_equal(back.ndim, ndim);
            assert_memory_equal(back.shape, t.shape, sizeof t.shape);
            assert_memory_equal(back.data, t.data, bytes);
            assert_int_equal((uintptr_t)back.data % 64, 0);
            jem_tensor_clear(&t);
            jem_tensor_clear(&back);
        }
}

static void an_empty_array_survives_a_round_trip(void **state)
{
    jem_tensor t = JEM_TENSOR_INIT, back = JEM_TENSOR_INIT;

    (void)state;
    check_ok(jem_tensor_init(&t, JEM_F32, 3, (int64_t[]){4, 0, 3}));
    check_ok(jem_npy_write(path, &t));
    check_ok(jem_npy_read(&back, path));
    assert_int_equal(jem_tensor_count(&back), 0);
    assert_int_equal(back.shape[2], 3);
    jem_tensor_clear(&t);
    jem_tensor_clear(&back);
}

/* Magic, version, header and `bytes` zero bytes of data. */
static void put_npy(int version, const char *header, size_t bytes)
{
    char *file = NULL;
    size_t n = strlen(header), start = version == 1 ? 10 : 12;

    check_ok(MEM_NEW(file, start + n + bytes));
    memcpy(file, "\x93NUMPY", 6);
    file[6] = (char)version;
    file[8] = (char)(n & 0xff);
    file[9] = (char)(n >> 8);
    memcpy(file + start, header, n);
    check_ok(file_write(path, file, start + n + bytes));
    mem_free(file);
}

static void written_files_have_the_bytes_of_numpy(void **state)
{
    /* numpy.save of numpy.array([1, 2], '<f4') */
    static const char wanted[] = "\x93NUMPY\x01\x00\x76\x00"
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
    float values[] = {1.0f, 2.0f};
    jem_tensor t = {JEM_F32, 1, {2}, values};
    char *data = NULL;
    size_t size = 0;

    (void)state;
    check_ok(jem_npy_write(path, &t));
    check_ok(file_read(&data, &size, path, 0));
    assert_int_equal(size, 128 + 8);
    assert_memory_equal(data, wanted, sizeof wanted - 1);
    assert_int_equal(data[127], '\n');
    assert_memory_equal(data + 128, values, 8);
    mem_free(data);
}

static void headers_of_other_writers_are_read(void **state)
{
    static const char *const headers[] = {
        "{'shape': (2, 3), 'descr': '<f4', 'fortran_order': False}\n",
        "{\"descr\":\"<f4\",\"fortran_order\":False,\"shape\":(2,3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3,), }          \n",
    };

    (void)state;
    for (int version = 1; version <= 3; version++)
        for (int i = 0; i < 3; i++) {
            jem_tensor t = JEM_TENSOR_INIT;
            put_npy(version, headers[i], 24);
            check_ok(jem_npy_read(&t, path));
            assert_int_equal(t.ndim, 2);
            assert_int_equal(t.shape[1], 3);
            jem_tensor_clear(&t);
        }
}

/* The file is a header of `descr` and shape (2, 3), and `size` bytes of data. */
static void put_array(const char *descr, bool fortran, const char *shape, const void *data, size_t size)
{
    char header[256], file[512] = "\x93NUMPY\x01";
    const size_t n = (size_t)snprintf(header, sizeof header,
                                      "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", descr,
                                      fortran ? "True" : "False", shape);

    file[8] = (char)n;
    memcpy(file + 10, header, n);
    memcpy(file + 10 + n, data, size);
    check_ok(file_write(path, file, 10 + n + size));
}

/* Reads as `dtype` with these six values, in order. */
static void reads_as(jem_dtype dtype, const double *values)
{
    jem_tensor t = JEM_TENSOR_INIT;

    check_ok(jem_npy_read(&t, path));
    assert_int_equal(t.dtype, dtype);
    assert_true(t.ndim == 2 && t.shape[0] == 2 && t.shape[1] == 3);
    assert_int_equal((uintptr_t)t.data % 64, 0);
    check_ok(jem_tensor_convert(&t, JEM_F64));
    for (int i = 0; i < 6; i++) assert_true(((double *)t.data)[i] == values[i]);
    jem_tensor_clear(&t);
}

static void every_width_byte_order_and_index_order_is_read(void **state)
{
    static const int8_t i1[] = {-128, -1, 0, 1, 2, 127};
    static const int16_t i2[] = {-32768, -1, 0, 1, 2, 32767};
    static const uint16_t u2[] = {0, 1, 2, 3, 4, 65535}, f2[] = {0x3c00, 0xc000, 0, 0x3800, 0x7bff, 1};
    static const uint32_t u4[] = {0, 1, 2, 3, 4, 4294967295u};
    static const int32_t i4[] = {INT32_MIN, -1, 0, 1, 2, INT32_MAX};
    static const int64_t i8[] = {-(1ll << 52), -1, 0, 1, 2, 1ll << 52};
    static const uint64_t u8[] = {0, 1, 2, 3, 4, 1ull << 52};
    static const float f4[] = {1.5f, -2, 0, 3, 1e30f, 4};
    static const double f8[] = {1.5, -2, 0, 3, 1e300, 4};
    static const uint8_t u1[] = {0, 1, 2, 3, 4, 255};
    static const struct {
        const char *name;
        const void *data;
        size_t size;
        jem_dtype dtype;
        double values[6];
    } cases[] = {
        {"i1", i1, 1, JEM_I32, {-128, -1, 0, 1, 2, 127}},
        {"i2", i2, 2, JEM_I32, {-32768, -1, 0, 1, 2, 32767}},
        {"u2", u2, 2, JEM_I32, {0, 1, 2, 3, 4, 65535}},
        {"u4", u4, 4, JEM_I64, {0, 1, 2, 3, 4, 4294967295.0}},
        {"i4", i4, 4, JEM_I32, {INT32_MIN, -1, 0, 1, 2, INT32_MAX}},
        {"i8", i8, 8, JEM_I64, {-0x1p52, -1, 0, 1, 2, 0x1p52}},
        {"u8", u8, 8, JEM_I64, {0, 1, 2, 3, 4, 0x1p52}},
        {"f2", f2, 2, JEM_F32, {1, -2, 0, 0.5, 65504, 0x1p-24}},
        {"f4", f4, 4, JEM_F32, {1.5, -2, 0, 3, 1e30f, 4}},
        {"f8", f8, 8, JEM_F64, {1.5, -2, 0, 3, 1e300, 4}},
        {"u1", u1, 1, JEM_U8, {0, 1, 2, 3, 4, 255}},
    };

    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const size_t size = cases[k].size;
        const char *data = cases[k].data;
        char descr[8], columns[48], swapped[48];
        snprintf(descr, sizeof descr, "%c%s", size == 1 ? '|' : '<', cases[k].name);
        put_array(descr, false, "(2L, 3L)", data, 6 * size);
        reads_as(cases[k].dtype, cases[k].values);
        for (size_t i = 0; i < 6; i++) memcpy(columns + (i % 3 * 2 + i / 3) * size, data + i * size, size);
        put_array(descr, true, "(2, 3)", columns, 6 * size);
        reads_as(cases[k].dtype, cases[k].values);
        for (size_t i = 0; i < 6 * size; i++)
            swapped[i] = columns[i / size * size + size - 1 - i % size];
        descr[0] = '>';
        put_array(descr, true, "(2, 3)", swapped, 6 * size);
        reads_as(cases[k].dtype, cases[k].values);
    }
}

static void fortran_order_of_few_and_of_many_dimensions(void **state)
{
    jem_tensor t = JEM_TENSOR_INIT;
    uint8_t data[24];

    (void)state;
    for (int i = 0; i < 24; i++) data[i] = (uint8_t)i;
    put_array("|u1", true, "(24,)", data, 24); /* a vector is the same bytes */
    check_ok(jem_npy_read(&t, path));
    assert_memory_equal(t.data, data, 24);
    jem_tensor_clear(&t);
    put_array("|u1", true, "()", data, 1);
    check_ok(jem_npy_read(&t, path));
    jem_tensor_clear(&t);
    put_array("|u1", true, "(2, 0)", data, 0);
    check_ok(jem_npy_read(&t, path));
    jem_tensor_clear(&t);
    put_array("|u1", true, "(2, 3, 1, 4)", data, 24);
    check_ok(jem_npy_read(&t, path));
    for (int i = 0; i < 24; i++) /* [n][c][1][w] */
        assert_int_equal(((uint8_t *)t.data)[i], i / 12 + 2 * (i / 4 % 3) + 6 * (i % 4));
    jem_tensor_clear(&t);
}

static void what_no_type_holds_is_named(void **state)
{
    static const uint64_t large[] = {1, UINT64_MAX};
    jem_tensor t = JEM_TENSOR_INIT;

    (void)state;
    put_array("<u8", false, "(2,)", large, sizeof large);
    check_fails(jem_npy_read(&t, path), JEM_EDATA, "element 1 is 18446744073709551615");
    assert_null(t.data);
}

static void bad_files_are_refused_with_the_reason(void **state)
{
    static const struct {
        int version;
        const char *header, *reason;
    } cases[] = {
        {1, "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "'<c8' (complex numbers)"},
        {1, "{'descr': '<U2', 'fortran_order': False, 'shape': (1,), }", "'<U2' (text)"},
        {1, "{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1,), }", "'<M8[ns]'"},
        {1, "{'descr': 'f4', 'fortran_order': False, 'shape': (2,), }", "'f4'"},
        {1, "{'descr': '', 'fortran_order': False, 'shape': (2,), }", "''"},
        {1, "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "Python objects"},
        {1, "{'descr': '<f16', 'fortran_order': False, 'shape': (1,), }", "'<f16'"},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2M,), }", "shape does not end"},
        {1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "structured"},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "promises 12 bytes"},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "promises 4 bytes"},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "tuple of sizes"},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': 2, }", "not a tuple"},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2", "shape does not end"},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
         "too large"},
        {1,
         "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296)}",
         "too large"},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2), }",
         "8 dimensions"},
        {1, "{'descr': '<f4', 'fortran_order': False, }", "missing"},
        {1, "{'descr': '<f4', 'descr': '<f4', 'shape': (2,), }", "twice"},
        {1, "{'descr': '<f4', 'order': False, 'shape': (2,), }", "unknown key"},
        {1, "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,), }", "neither"},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } x", "follows"},
        {1, "{'descr': '<f4", "does not end"},
        {1, "[]", "not a dictionary"},
        {1, "", "not a dictionary"},
        {9, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "version 9"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jem_tensor t = JEM_TENSOR_INIT;
        put_npy(cases[i].version, cases[i].header, 8);
        check_fails(jem_npy_read(&t, path), JEM_EDATA, cases[i].reason);
        assert_non_null(strstr(jem_error_message(), path));
        assert_null(t.data);
    }
}

static void every_truncation_is_refused(void **state)
{
    jem_tensor t = JEM_TENSOR_INIT, back = JEM_TENSOR_INIT;
    char *data = NULL;
    size_t size = 0;

    (void)state;
    check_ok(jem_tensor_init(&t, JEM_F32, 2, (int64_t[]){2, 3}));
    check_ok(jem_npy_write(path, &t));
    check_ok(file_read(&data, &size, path, 0));
    for (size_t n = 0; n < size; n++) {
        check_ok(file_write(path, data, n));
        check_fails(jem_npy_read(&back, path), JEM_EDATA, path);
    }
    check_ok(file_write(path, "not an array", 12));
    check_fails(jem_npy_read(&back, path), JEM_EDATA, "not an npy file");
    mem_free(data);
    jem_tensor_clear(&t);
}

static void conversion_keeps_the_numbers(void **state)
{
    static const jem_dtype from[] = {JEM_F64, JEM_I32, JEM_I64, JEM_U8, JEM_BF16};

    (void)state;
    for (int i = 0; i < 5; i++)
        for (int to = JEM_F32; to <= JEM_F64; to++) {
            jem_tensor t = JEM_TENSOR_INIT;
            check_ok(jem_tensor_init(&t, from[i], 1, (int64_t[]){2}));
            switch (from[i]) {
            case JEM_F64: ((double *)t.data)[1] = 3.0; break;
            case JEM_I32: ((int32_t *)t.data)[1] = 3; break;
            case JEM_I64: ((int64_t *)t.data)[1] = 3; break;
            case JEM_U8: ((uint8_t *)t.data)[1] = 3; break;
            default: ((uint16_t *)t.data)[1] = 0x4040; break;
            }
            check_ok(jem_tensor_convert(&t, (jem_dtype)to));
            assert_int_equal(t.dtype, to);
            if (to == JEM_F32)
                assert_true(((float *)t.data)[0] == 0.0f && ((float *)t.data)[1] == 3.0f);
            else
                assert_true(((double *)t.data)[0] == 0.0 && ((double *)t.data)[1] == 3.0);
            check_fails(jem_tensor_convert(&t, JEM_U8), JEM_EUSAGE, "cannot convert");
            jem_tensor_clear(&t);
        }
}

static void impossible_sizes_are_refused(void **state)
{
    jem_tensor t = JEM_TENSOR_INIT;

    (void)state;
    check_fails(jem_tensor_init(&t, JEM_F32, 2, (int64_t[]){INT64_MAX, 2}), JEM_ENOMEM, "array");
    check_fails(jem_tensor_init(&t, JEM_F64, 1, (int64_t[]){INT64_MAX / 4}), JEM_ENOMEM, "array");
    check_fails(jem_tensor_init(&t, JEM_F32, 1, (int64_t[]){-1}), JEM_EUSAGE, "shape[0] = -1");
    check_fails(jem_tensor_init(&t, JEM_F32, 9, (int64_t[9]){0}), JEM_EUSAGE, "ndim = 9");
    assert_null(t.data);
    uint16_t one = 0x3f80;
    const jem_tensor bf16 = {.dtype = JEM_BF16, .ndim = 0, .data = &one};
    check_fails(jem_npy_write(path, &bf16), JEM_EUSAGE, "bf16");
    assert_string_equal(jem_dtype_name(JEM_I64), "i64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_and_rank_survives_a_round_trip),
        cmocka_unit_test(an_empty_array_survives_a_round_trip),
        cmocka_unit_test(written_files_have_the_bytes_of_numpy),
        cmocka_unit_test(headers_of_other_writers_are_read),
        cmocka_unit_test(every_width_byte_order_and_index_order_is_read),
        cmocka_unit_test(fortran_order_of_few_and_of_many_dimensions),
        cmocka_unit_test(what_no_type_holds_is_named),
        cmocka_unit_test(bad_files_are_refused_with_the_reason),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(conversion_keeps_the_numbers),
        cmocka_unit_test(impossible_sizes_are_refused),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
