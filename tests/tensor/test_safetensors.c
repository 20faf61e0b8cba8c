/* safetensors: round trips, and every lie a header can tell. */
#include <unistd.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/check.h"
#include "tensor/bytes.h"
#include "tensor/safetensors.h"

static char dir[64], path[128];

static int make_dir(void **state)
{
    (void)state;
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/w.safetensors", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

static const uint8_t bytes_u8[] = {1, 2, 3};
static const float weights[] = {0.5f, -1.0f, 2.0f, 3.0f, 4.0f, 5.0f};
static const double doubles[] = {1.5, 2.5};
static const uint16_t halves[] = {0x3fc0, 0xc000}; /* bf16 1.5, -2 */
static const int64_t scalar[] = {77};

static void write_example(void)
{
    safetensors_writer *w = NULL;

    check_ok(safetensors_writer_new(&w));
    check_ok(safetensors_writer_add(w, "mask", JEM_U8, 1, (int64_t[]){3}, bytes_u8));
    check_ok(safetensors_writer_add(w, "f.weight", JEM_F32, 2, (int64_t[]){2, 3}, weights));
    check_ok(safetensors_writer_add(w, "half", JEM_BF16, 1, (int64_t[]){2}, halves));
    check_ok(safetensors_writer_add(w, "double", JEM_F64, 1, (int64_t[]){2}, doubles));
    check_ok(safetensors_writer_add(w, "step", JEM_I64, 0, NULL, scalar));
    check_ok(safetensors_writer_add(w, "none", JEM_F32, 1, (int64_t[]){0}, NULL));
    check_ok(safetensors_writer_metadata(w, "model", "wrn-10-2"));
    check_fails(safetensors_writer_add(w, "mask", JEM_U8, 1, (int64_t[]){3}, bytes_u8), JEM_EUSAGE,
                "already");
    check_fails(safetensors_writer_metadata(w, "k", "\xff"), JEM_EUSAGE, "UTF-8");
    check_ok(safetensors_writer_save(w, path));
    safetensors_writer_free(w);
}

/* That file's bytes, owned. */
static char *example_bytes(size_t *size)
{
    char *bytes = NULL;

    write_example();
    check_ok(file_read(&bytes, size, path, 0));
    return bytes;
}

static void what_is_written_reads_back(void **state)
{
    safetensors *f = NULL;
    float out[6];

    (void)state;
    write_example();
    check_ok(safetensors_open(&f, path));
    assert_string_equal(safetensors_path(f), path);
    assert_int_equal(safetensors_count(f), 6);
    assert_string_equal(safetensors_metadata(f, "model"), "wrn-10-2");
    assert_null(safetensors_metadata(f, "absent"));
    assert_int_equal(safetensors_find(f, "absent"), -1);
    for (int i = 0; i < 6; i++) {
        jem_tensor t = safetensors_view(f, i);
        assert_int_equal(safetensors_find(f, safetensors_name(f, i)), i);
        assert_int_equal((uintptr_t)t.data % jem_dtype_size(t.dtype), 0);
    }
    jem_tensor mask = safetensors_view(f, safetensors_find(f, "mask"));
    assert_int_equal(mask.dtype, JEM_U8);
    assert_memory_equal(mask.data, bytes_u8, 3);
    jem_tensor step = safetensors_view(f, safetensors_find(f, "step"));
    assert_int_equal(step.ndim, 0);
    assert_int_equal(*(int64_t *)step.data, 77);
    check_ok(safetensors_read_f32(f, "f.weight", out, 2, (int64_t[]){2, 3}));
    assert_memory_equal(out, weights, sizeof weights);
    check_ok(safetensors_read_f32(f, "double", out, 1, (int64_t[]){2}));
    assert_true(out[0] == 1.5f && out[1] == 2.5f);
    check_ok(safetensors_read_f32(f, "half", out, 1, (int64_t[]){2}));
    assert_true(out[0] == 1.5f && out[1] == -2.0f);
    check_fails(safetensors_read_f32(f, "absent", out, 1, (int64_t[]){2}), JEM_EDATA, "'absent'");
    check_fails(safetensors_read_f32(f, "mask", out, 1, (int64_t[]){3}), JEM_EDATA, "holds u8");
    check_fails(safetensors_read_f32(f, "f.weight", out, 2, (int64_t[]){3, 2}), JEM_EDATA,
                "shape [2, 3], expected [3, 2]");
    safetensors_close(f);
}

static void data_lie_where_the_file_has_them(void **state)
{
    safetensors *f = NULL;
    char *file = NULL;
    size_t size = 0;

    (void)state;
    file = example_bytes(&size);
    check_ok(safetensors_open(&f, path));
    for (int i = 0; i < 6; i++) {
        const jem_tensor t = safetensors_view(f, i);
        const size_t bytes = (size_t)jem_tensor_count(&t) * jem_dtype_size(t.dtype);
        assert_memory_equal(t.data, file + safetensors_place(f, i), bytes);
    }
    safetensors_close(f);
    mem_free(file);
}

/* What was opened stays as it was: cut short, rewritten or gone, the file no longer matters. */
static void an_open_file_may_change_on_disk(void **state)
{
    safetensors *f = NULL;
    float out[6];

    (void)state;
    write_example();
    check_ok(safetensors_open(&f, path));
    assert_int_equal(truncate(path, 0), 0);
    check_ok(safetensors_read_f32(f, "f.weight", out, 2, (int64_t[]){2, 3}));
    assert_memory_equal(out, weights, sizeof weights);
    safetensors_close(f);
}

static void a_file_is_verified_and_must_be_one(void **state)
{
    safetensors *f = NULL;
    char *file = NULL;
    size_t size = 0;

    (void)state;
    file = example_bytes(&size);
    file[size - 1] ^= 1;
    check_ok(file_write(path, file, size));
    check_fails(safetensors_open(&f, path), JEM_EDATA, "checksum does not match");
    check_ok(file_write(path, file, size / 2));
    check_fails(safetensors_open(&f, path), JEM_EDATA, path);
    check_ok(file_write(path, file, 0));
    check_fails(safetensors_open(&f, path), JEM_EDATA, "0 bytes are too few");
    check_fails(safetensors_open(&f, "/nowhere/at/all"), JEM_EDATA, "cannot open");
    check_fails(safetensors_open(&f, dir), JEM_EDATA, "not a regular file");
    mem_free(file);
}

static void data_without_alignment_are_copied(void **state)
{
    safetensors *f = NULL;
    float out[2];
    char file[128], header[] =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    uint64_t length = sizeof header - 1;

    (void)state;
    assert_int_not_equal(length % 4, 0);
    memcpy(file, &length, 8);
    memcpy(file + 8, header, length);
    memcpy(file + 8 + length, weights, 8);
    check_ok(file_write(path, file, 8 + length + 8));
    check_ok(safetensors_open(&f, path));
    check_ok(safetensors_read_f32(f, "a", out, 1, (int64_t[]){2}));
    assert_memory_equal(out, weights, sizeof out);
    safetensors_close(f);
}

static void half_precision_numbers_are_exact(void **state)
{
    (void)state;
    static const struct {
        uint16_t bits;
        float value;
    } known[] = {{0x3c00, 1}, {0xc000, -2}, {0x7bff, 65504}, {0x0001, 0x1p-24f}, {0x8000, -0.0f},
                 {0x03ff, 1023 * 0x1p-24f}, {0x0400, 0x1p-14f}, {0x3555, 0.333251953125f},
                 {0xfc00, -INFINITY}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        float got = float_from_f16(known[i].bits);
        assert_memory_equal(&got, &known[i].value, sizeof got);
        assert_int_equal(f16_from_float(known[i].value), known[i].bits);
    }
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        bool nan = (bits & 0x7fff) > 0x7c00;
        assert_true(!isnan(float_from_f16((uint16_t)bits)) == !nan);
        if (!nan) assert_int_equal(f16_from_float(float_from_f16((uint16_t)bits)), bits);
    }
    assert_int_equal(f16_from_float(NAN) & 0x7fff, 0x7e00);
    /* halfway: to even; just beyond: up */
    assert_int_equal(f16_from_float(1 + 0x1p-11f), 0x3c00);
    assert_int_equal(f16_from_float(1 + 3 * 0x1p-11f), 0x3c02);
    assert_int_equal(f16_from_float(1 + 0x1.002p-11f), 0x3c01);
    assert_int_equal(f16_from_float(65519.99f), 0x7bff);
    assert_int_equal(f16_from_float(65520), 0x7c00);
    assert_int_equal(f16_from_float(0x1p-25f), 0);
    assert_int_equal(f16_from_float(0x1.8p-24f), 2);
}

static void the_same_content_has_the_same_bytes(void **state)
{
    char *a = NULL, *b = NULL;
    size_t na = 0, nb = 0;

    (void)state;
    a = example_bytes(&na);
    b = example_bytes(&nb);
    assert_int_equal(na, nb);
    assert_memory_equal(a, b, na);
    mem_free(a);
    mem_free(b);
}

static void numbers_that_are_not_finite_are_named(void **state)
{
    safetensors_writer *w = NULL;
    safetensors *f = NULL;
    float bad[] = {1.0f, NAN, 2.0f}, out[] = {9.0f, 9.0f, 9.0f};
    double huge[] = {1.0, 2.0, 1e300};

    (void)state;
    check_ok(safetensors_writer_new(&w));
    check_ok(safetensors_writer_add(w, "conv.bias", JEM_F32, 1, (int64_t[]){3}, bad));
    check_ok(safetensors_writer_add(w, "big", JEM_F64, 1, (int64_t[]){3}, huge));
    check_ok(safetensors_writer_save(w, path));
    safetensors_writer_free(w);
    check_ok(safetensors_open(&f, path));
    check_fails(safetensors_read_f32(f, "conv.bias", out, 1, (int64_t[]){3}), JEM_EDATA,
                "tensor 'conv.bias' holds nan at index 1");
    check_fails(safetensors_read_f32(f, "big", out, 1, (int64_t[]){3}), JEM_EDATA, "index 2");
    assert_true(out[0] == 9.0f); /* untouched */
    safetensors_close(f);
}

static void put(const char *header, uint64_t length, size_t data)
{
    char *file = NULL;
    size_t n = strlen(header);

    check_ok(MEM_NEW(file, 8 + n + data));
    memcpy(file, &length, 8);
    memcpy(file + 8, header, n);
    check_ok(file_write(path, file, 8 + n + data));
    mem_free(file);
}

#define A(offsets) "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" offsets "}"
#define B(offsets) "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" offsets "}"

static void a_lying_header_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *header;
        size_t data;
        const char *reason;
    } cases[] = {
        {"{" A("[0,8]") "," B("[4,12]") "}", 12, "overlaps"},
        {"{" A("[0,8]") "," B("[0,8]") "}", 8, "overlaps"},
        {"{" A("[0,8]") "," B("[12,20]") "}", 20, "unused bytes"},
        {"{" A("[4,12]") "}", 12, "unused bytes"},
        {"{" A("[0,8]") "}", 9, "follow the last tensor"},
        {"{" A("[0,8]") "}", 7, "outside the file"},
        {"{" A("[8,0]") "}", 8, "outside the file"},
        {"{" A("[-8,0]") "}", 8, "not two positions"},
        {"{" A("[0,4]") "}", 4, "disagree in size"},
        {"{" A("[0]") "}", 8, "not two positions"},
        {"{" A("[0,8,8]") "}", 8, "not two positions"},
        {"{" A("[0,8.0]") "}", 8, "not two positions"},
        {"{" A("[0,9223372036854775807]") "}", 8, "outside the file"},
        {"{" A("[0,99999999999999999999]") "}", 8, "not a JSON object"},
        {"{" A("[0,8]") "," A("[0,8]") "}", 8, "duplicate"},
        {"{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[8],\"data_offsets\":[0,8]}}", 8, "dtype F8_E4M3"},
        {"{\"a\":{\"dtype\":3,\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "no dtype"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, "than sizes"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}", 8, "at most 8"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,8]}}", 8,
         "at most 8"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}", 0,
         "disagree in size"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "three keys"},
        {"{\"a\":[1]}", 8, "not an object"},
        {"{\"__metadata__\":{\"k\":1}}", 0, "not a string"},
        {"{\"__metadata__\":[]}", 0, "not an object"},
        {"[]", 0, "not a JSON object"},
        {"{", 0, "not a JSON object"},
        {"{} x", 0, "not a JSON object"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        safetensors *f = NULL;
        put(cases[i].header, strlen(cases[i].header), cases[i].data);
        check_fails(safetensors_open(&f, path), JEM_EDATA, cases[i].reason);
        assert_non_null(strstr(jem_error_message(), path));
        assert_null(f);
    }
}

static void a_huge_header_length_is_refused(void **state)
{
    safetensors *f = NULL;

    (void)state;
    put("{}", 1000, 0);
    check_fails(safetensors_open(&f, path), JEM_EDATA, "claims 1000 bytes");
    put("{}", UINT64_MAX, 0);
    check_fails(safetensors_open(&f, path), JEM_EDATA, "claims");
    put("{}", UINT64_MAX - 7, 0);
    check_fails(safetensors_open(&f, path), JEM_EDATA, "claims");
    put("{}", 2, 0);
    check_ok(safetensors_open(&f, path));
    assert_int_equal(safetensors_count(f), 0);
    safetensors_close(f);
}

static void every_truncation_is_refused(void **state)
{
    safetensors *f = NULL;
    char *data = NULL;
    size_t size = 0;

    (void)state;
    data = example_bytes(&size);
    for (size_t n = 0; n < size; n++) {
        check_ok(file_write(path, data, n));
        check_fails(safetensors_open(&f, path), JEM_EDATA, path);
    }
    mem_free(data);
}

/* Every bit: in the name of the key the checksum is lost, anywhere else it is wrong. */
static void every_flipped_bit_is_noticed(void **state)
{
    char *data = NULL;
    size_t size = 0;
    int lost = 0;

    (void)state;
    data = example_bytes(&size);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        safetensors *f = NULL;
        FILE *out;
        data[bit / 8] = (char)(data[bit / 8] ^ (1 << bit % 8));
        out = fopen(path, "wb");
        assert_int_equal(fwrite(data, 1, size, out), size);
        fclose(out);
        jem_status st = safetensors_open(&f, path);
        if (st == JEM_OK) {
            st = safetensors_require_checksum(f);
            lost++;
        }
        if (st != JEM_EDATA) fail_msg("bit %zu of byte %zu: status %d", bit % 8, bit / 8, st);
        safetensors_close(f);
        data[bit / 8] = (char)(data[bit / 8] ^ (1 << bit % 8));
    }
    assert_in_range(lost, 1, 8 * (int)strlen("jem.checksum"));
    mem_free(data);
}

static void the_checksum_is_that_of_the_file_with_blank_digits(void **state)
{
    safetensors *f = NULL, *g = NULL;
    char *data = NULL, *digits, text[40];
    size_t size = 0;
    XXH128_hash_t hash;

    (void)state;
    data = example_bytes(&size);
    check_ok(safetensors_open(&f, path));
    assert_int_equal(strlen(safetensors_checksum(f)), 32);
    digits = memmem(data, size, safetensors_checksum(f), 32);
    memset(digits, '0', 32);
    hash = XXH3_128bits(data, size);
    snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
    assert_string_equal(safetensors_checksum(f), text);
    check_ok(safetensors_open_metadata(&g, path));
    assert_string_equal(safetensors_checksum(g), text);
    assert_string_equal(safetensors_metadata(g, "model"), "wrn-10-2");
    assert_int_equal(safetensors_count(g), 0);
    safetensors_close(f);
    safetensors_close(g);
    mem_free(data);
}

static void the_header_alone_says_where_tensors_lie(void **state)
{
    safetensors *f = NULL, *g = NULL;
    char *data = NULL;
    size_t size = 0;

    (void)state;
    data = example_bytes(&size);
    check_ok(safetensors_open(&f, path));
    check_ok(safetensors_open_header(&g, path));
    assert_string_equal(safetensors_metadata(g, "model"), "wrn-10-2");
    assert_int_equal(safetensors_count(g), safetensors_count(f));
    for (int i = 0; i < safetensors_count(f); i++) {
        const jem_tensor whole = safetensors_view(f, i), none = safetensors_view(g, i);
        assert_string_equal(safetensors_name(g, i), safetensors_name(f, i));
        assert_true(none.dtype == whole.dtype && none.ndim == whole.ndim && !none.data);
        assert_memory_equal(none.shape, whole.shape, (size_t)whole.ndim * sizeof *whole.shape);
        assert_memory_equal(data + safetensors_place(g, i), whole.data,
                            (size_t)jem_tensor_count(&whole) * jem_dtype_size(whole.dtype));
    }
    safetensors_close(f);
    safetensors_close(g);
    check_ok(file_write(path, data, size - 1)); /* cut short */
    check_fails(safetensors_open_header(&g, path), JEM_EDATA, path);
    mem_free(data);
}

static void the_checksum_belongs_to_the_writer(void **state)
{
    safetensors_writer *w = NULL;
    safetensors *f = NULL;

    (void)state;
    check_ok(safetensors_writer_new(&w));
    check_fails(safetensors_writer_metadata(w, "jem.checksum", "x"), JEM_EUSAGE, "writer");
    /* looks like the checksum in the file's text */
    check_ok(safetensors_writer_metadata(w, "x\"jem.checksum",
                                         "00000000000000000000000000000000"));
    check_ok(safetensors_writer_save(w, path));
    safetensors_writer_free(w);
    check_ok(safetensors_open(&f, path));
    check_ok(safetensors_require_checksum(f));
    safetensors_close(f);
}

/* Unordered, unaligned and padded, as other writers may leave it. */
static void files_of_other_writers_are_read(void **state)
{
    const char *header = "{\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[3,7]},"
                         "\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}   ";
    safetensors *f = NULL;
    float out = 1.0f;

    (void)state;
    put(header, strlen(header), 7);
    check_ok(safetensors_open(&f, path));
    assert_string_equal(safetensors_name(f, 0), "a");
    check_ok(safetensors_read_f32(f, "b", &out, 1, (int64_t[]){1}));
    assert_true(out == 0.0f);
    check_ok(safetensors_read_f32(f, "b", NULL, 1, (int64_t[]){1}));
    assert_null(safetensors_checksum(f));
    check_fails(safetensors_require_checksum(f), JEM_EDATA, "no checksum");
    safetensors_close(f);
    safetensors_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(data_lie_where_the_file_has_them),
        cmocka_unit_test(an_open_file_may_change_on_disk),
        cmocka_unit_test(a_file_is_verified_and_must_be_one),
        cmocka_unit_test(data_without_alignment_are_copied),
        cmocka_unit_test(half_precision_numbers_are_exact),
        cmocka_unit_test(the_same_content_has_the_same_bytes),
        cmocka_unit_test(numbers_that_are_not_finite_are_named),
        cmocka_unit_test(a_lying_header_is_refused_with_the_reason),
        cmocka_unit_test(a_huge_header_length_is_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(the_checksum_is_that_of_the_file_with_blank_digits),
        cmocka_unit_test(the_header_alone_says_where_tensors_lie),
        cmocka_unit_test(the_checksum_belongs_to_the_writer),
        cmocka_unit_test(files_of_other_writers_are_read),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
