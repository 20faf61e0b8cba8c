/* Files of torch.save: what scripts/golden_torch.py has written, and every lie about it. */
#include "base/file.h"
#include "base/mem.h"
#include "support/folder.h"
#include "tensor/bytes.h"
#include "tensor/torch_file.h"

static char path[200];

static const char *golden(const char *name)
{
    const bool older = strstr(name, "older") || strcmp(name, "python2") == 0;
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/torch%s/%s.pt", JEM_SOURCE_DIR, older ? "_older" : "", name);
    return path;
}

static torch_file *open_golden(const char *name)
{
    torch_file *f = NULL;
    check_ok(torch_file_open(&f, golden(name), NULL));
    return f;
}

/* Tensor `name` has that type, these sizes (0: no more) and these elements, in quarters. */
static void expect(const torch_file *f, const char *name, jem_dtype type, const int64_t shape[3],
                   const int *quarters)
{
    jem_tensor t = JEM_TENSOR_INIT;
    const int64_t *sizes;
    int ndim, i = torch_file_find(f, name);
    if (i < 0) fail_msg("no tensor '%s'", name);
    torch_file_shape(f, i, &ndim, &sizes);
    check_ok(torch_file_read(&t, f, i));
    assert_int_equal(t.dtype, type);
    assert_int_equal(t.ndim, ndim);
    for (int d = 0; d < 3; d++) {
        assert_int_equal(d < ndim ? t.shape[d] : 0, shape[d]);
        if (d < ndim) assert_int_equal(sizes[d], shape[d]);
    }
    for (int64_t k = 0; k < jem_tensor_count(&t); k++)
        assert_true(number_at(type, t.data, k) == quarters[k] / 4.0);
    jem_tensor_clear(&t);
}

static const int ramp[] = {0, 1, 2, 3, 4, 5, 6, 7};

static void every_kind_of_file_holds_the_same_weights(void **state)
{
    (void)state;
    static const char *const kinds[] = {"archive", "older", "protocol4", "checkpoint"};
    for (int i = 0; i < 4; i++) {
        torch_file *f = open_golden(kinds[i]);
        assert_int_equal(torch_file_count(f), 3);
        assert_string_equal(torch_file_name(f, 0), "conv.weight"); /* "module." is gone */
        assert_int_equal(torch_file_find(f, "conv.nothing"), -1);
        jem_tensor t = JEM_TENSOR_INIT;
        check_ok(torch_file_read(&t, f, 0));
        assert_int_equal(t.ndim, 4);
        for (int k = 0; k < 6; k++) assert_true(((float *)t.data)[k] == (float)k / 4);
        jem_tensor_clear(&t);
        expect(f, "conv.bias", JEM_F32, (int64_t[]){2, 0, 0}, (int[]){40, 41});
        expect(f, "bn.num_batches_tracked", JEM_I64, (int64_t[]){0, 0, 0}, (int[]){28});
        torch_file_close(f);
    }
    torch_file *f = open_golden("python2");
    expect(f, "lin0.weight", JEM_F32, (int64_t[]){2, 3, 0}, ramp);
    torch_file_close(f);
}

static void views_of_a_storage_are_gathered_by_stride(void **state)
{
    (void)state;
    static const char *const kinds[] = {"views", "views_older"};
    for (int i = 0; i < 2; i++) {
        torch_file *f = open_golden(kinds[i]);
        expect(f, "a", JEM_F32, (int64_t[]){2, 3, 0}, ramp);
        expect(f, "b", JEM_F32, (int64_t[]){3, 2, 0}, (int[]){0, 3, 1, 4, 2, 5});
        expect(f, "c", JEM_F32, (int64_t[]){3, 0, 0}, (int[]){3, 4, 5});
        if (i == 0) {
            expect(f, "whole", JEM_F32, (int64_t[]){2, 3, 0}, (int[]){6, 8, 10, 12, 14, 16});
            expect(f, "one", JEM_F32, (int64_t[]){0, 0, 0}, (int[]){2});
            expect(f, "none", JEM_F32, (int64_t[]){0, 3, 0}, NULL);
        }
        torch_file_close(f);
    }
}

static void every_type_becomes_one_of_ours(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        jem_dtype type;
        int start, count;
    } types[] = {{"float64", JEM_F64, -2, 5}, {"float16", JEM_F16, -2, 5}, {"bfloat16", JEM_BF16, -2, 5},
                 {"int64", JEM_I64, -2, 5},   {"int32", JEM_I32, -2, 5},   {"int16", JEM_I32, -2, 5},
                 {"int8", JEM_I32, -2, 5},    {"uint8", JEM_U8, 0, 5}};
    torch_file *f = open_golden("types");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        int quarters[5];
        for (int k = 0; k < 5; k++) quarters[k] = 4 * (types[i].start + k);
        expect(f, types[i].name, types[i].type, (int64_t[]){5, 0, 0}, quarters);
    }
    expect(f, "bool", JEM_U8, (int64_t[]){2, 0, 0}, (int[]){4, 0});
    torch_file_close(f);
}

static void maps_and_parts_are_found_by_name(void **state)
{
    (void)state;
    torch_file *f = open_golden("nested");
    expect(f, "f.layer.0.weight", JEM_F32, (int64_t[]){2, 0, 0}, ramp);
    expect(f, "f.bias", JEM_F32, (int64_t[]){1, 0, 0}, ramp);
    torch_file_close(f);
    f = open_golden("tensor");
    expect(f, "tensor", JEM_F32, (int64_t[]){2, 2, 0}, ramp);
    torch_file_close(f);
    check_ok(torch_file_open(&f, golden("checkpoint"), "replay_buffer"));
    assert_int_equal(torch_file_count(f), 1);
    assert_int_equal(torch_file_find(f, "replay_buffer"), 0);
    torch_file_close(f);
    check_ok(torch_file_open(&f, golden("checkpoint"), "optimizer"));
    expect(f, "state.0.exp_avg", JEM_F32, (int64_t[]){2, 0, 0}, ramp);
    torch_file_close(f);
    f = NULL;
    check_fails(torch_file_open(&f, golden("checkpoint"), "buffer"), JEM_EDATA,
                "holds no map or tensor 'buffer'; at its top are: epoch, best, big, args, "
                "model_state_dict, optimizer, replay_buffer");
    assert_null(f);
}

static void what_is_no_state_dict_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *name, *message;
    } cases[] = {{"model", "but an object of torch.nn.modules.linear Linear; save the weights with "
                           "torch.save(model.state_dict(), FILE)"},
                 {"script", "a TorchScript program"},
                 {"complex", "tensor 'z' has elements of a type that jem does not know"},
                 {"loop", "maps within maps without end"}};
    torch_file *f = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_fails(torch_file_open(&f, golden(cases[i].name), NULL), JEM_EDATA, cases[i].message);
        check_fails(torch_file_open(&f, path, NULL), JEM_EDATA, path);
        assert_null(f);
    }
}

/* The golden file with `size` bytes at `place` replaced, written into the folder. */
static const char *changed(const char *name, int64_t place, const void *bytes, size_t size, size_t cut)
{
    char *text;
    size_t n;
    check_ok(file_read(&text, &n, golden(name), 0));
    if (place >= 0) memcpy(text + place, bytes, size);
    snprintf(path, sizeof path, "%s/x.pt", folder);
    check_ok(file_write(path, text, cut < n ? cut : n));
    mem_free(text);
    return path;
}

static size_t size_of(const char *name)
{
    int64_t size;
    check_ok(file_size(&size, golden(name)));
    return (size_t)size;
}

static void a_file_that_is_cut_anywhere_is_refused(void **state)
{
    (void)state;
    static const char *const kinds[] = {"older", "python2", "archive"};
    torch_file *f = NULL;
    for (int i = 0; i < 3; i++)
        for (size_t cut = size_of(kinds[i]) - 1, step = 1 + cut / 200; cut > step; cut -= step) {
            const jem_status st = torch_file_open(&f, changed(kinds[i], -1, NULL, 0, cut), NULL);
            if (st != JEM_EDATA || !strstr(jem_error_message(), path))
                fail_msg("%s cut to %zu: status %d, %s", kinds[i], cut, st, jem_error_message());
        }
}

/* Where `bytes` lie in the golden file for the first time. */
static int64_t place_of(const char *name, const char *bytes, size_t size)
{
    char *text;
    size_t n;
    check_ok(file_read(&text, &n, golden(name), 0));
    const char *at = memmem(text, n, bytes, size);
    assert_non_null(at);
    const int64_t place = at - text;
    mem_free(text);
    return place;
}

#define BYTES(text) text, sizeof text - 1

static void lies_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        size_t size;
        const char *to, *message;
    } lies[] = {
        {BYTES("K\0(K\2K\3t"), "K\1(K\2K\3t", "tensor 'lin0.weight' reaches beyond its storage"},
        {BYTES("(K\3K\1t"), "(K\4K\1t", "reaches beyond its storage"},
        {BYTES("(K\2K\3t"), "(K\xffK\xfft", "reaches beyond its storage"},
        {BYTES("K\6N"), "K\5N", "reaches beyond its storage"},
        {BYTES("K\6N"), "K\7N", "storage '17' has 6 elements, its tensors say 7"},
        {BYTES("torch\nFloat"), "torch\nFloaX", "has elements of a type that jem does not know"},
        {BYTES("_rebuild_tensor\n"), "_rebuild_tensoR\n", "holds no tensor by name"},
        {BYTES("OrderedDict"), "OrderedDicX", "but an object of collections OrderedDicX"},
        {BYTES("little_endian\x88"), "little_endian\x89", "big-endian"},
        {BYTES("little_endian"), "Little_endian", "which machine wrote it"},
        {BYTES("](U\x02" "17e."), "](U\x02" "18e.", "its list of storages names '18', which no tensor has"},
        {BYTES("tQK"), "tRK", "byte "},
        {BYTES("NtQ"), "N\x99Q", "uses the opcode 0x99"},
    };
    torch_file *f = NULL;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        changed("python2", place_of("python2", lies[i].from, lies[i].size), lies[i].to, lies[i].size,
                SIZE_MAX);
        check_fails(torch_file_open(&f, path, NULL), JEM_EDATA, lies[i].message);
        check_fails(torch_file_open(&f, path, NULL), JEM_EDATA, path);
    }
}

static void an_archive_is_checked_byte_by_byte(void **state)
{
    (void)state;
    torch_file *f = NULL;
    const int64_t weight = place_of("archive", "\0\0\x80\x3e", 4); /* a quarter */
    changed("archive", weight, "\1", 1, SIZE_MAX);
    check_fails(torch_file_open(&f, path, NULL), JEM_EDATA, "copy it again");
    check_fails(torch_file_open(&f, "no such file.pt", NULL), JEM_EDATA, "no such file.pt");
    check_ok(file_write(path, "hello", 5));
    check_fails(torch_file_open(&f, path, NULL), JEM_EDATA, "not a file of torch.save");
}

static void files_are_known_by_their_first_bytes(void **state)
{
    (void)state;
    assert_true(torch_file_is("PK\3\4more", 8));
    assert_true(torch_file_is("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e", 15));
    assert_false(torch_file_is("\x80\x02}q", 4));
    assert_false(torch_file_is("PK", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_file_holds_the_same_weights),
        cmocka_unit_test(views_of_a_storage_are_gathered_by_stride),
        cmocka_unit_test(every_type_becomes_one_of_ours),
        cmocka_unit_test(maps_and_parts_are_found_by_name),
        cmocka_unit_test(what_is_no_state_dict_is_named),
        cmocka_unit_test_setup_teardown(a_file_that_is_cut_anywhere_is_refused, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(lies_are_refused_by_name, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(an_archive_is_checked_byte_by_byte, make_folder, remove_folder),
        cmocka_unit_test(files_are_known_by_their_first_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
