/* JSON from strangers: what is refused, and by which words. */
#include "support/check.h"

#include "base/json.h"
#include "base/mem.h"

static jem_status parse(json_t **out, const char *text, size_t memory)
{
    return json_parse(out, text, strlen(text), "x.json", memory);
}

static void good_json_is_read_and_written_again(void **state)
{
    json_t *root = NULL;
    char *text = NULL;
    (void)state;
    check_ok(parse(&root, "{\"a\": [1, 2.5, \"\\u00e9\"], \"b\": null}", 4000));
    check_ok(json_text(&text, root, JSON_COMPACT));
    assert_string_equal(text, "{\"a\":[1,2.5,\"\xc3\xa9\"],\"b\":null}");
    mem_free(text);
    json_decref(root);
}

static void bad_json_is_refused_with_its_line(void **state)
{
    json_t *root = NULL;
    (void)state;
    check_fails(parse(&root, "[1,\n2,\n]", 4000), JEM_EDATA, "x.json:3:");
    check_fails(parse(&root, "", 4000), JEM_EDATA, "x.json:");
    check_fails(parse(&root, "{\"a\":1,\"a\":2}", 4000), JEM_EDATA, "duplicate");
    check_fails(parse(&root, "[] []", 4000), JEM_EDATA, "x.json:1:");
    assert_null(root);
}

static void nesting_is_bounded(void **state)
{
    char text[5001];
    json_t *root = NULL;
    (void)state;
    memset(text, '[', 5000);
    text[5000] = '\0';
    check_fails(parse(&root, text, 1 << 20), JEM_EDATA, "depth");
}

static void what_would_grow_beyond_memory_is_refused_before_it_is_read(void **state)
{
    char text[3002];
    json_t *root = NULL;
    (void)state;
    text[0] = '[';
    for (int i = 0; i < 1000; i++) memcpy(text + 1 + 3 * i, "{},", 3);
    memcpy(text + 3000, "]", 2);
    check_fails(parse(&root, text, 100000), JEM_EDATA, "too many small values");
    check_ok(parse(&root, text, 1000000));
    json_decref(root);
}

static void text_that_is_not_utf8_is_told_from_missing_memory(void **state)
{
    (void)state;
    assert_int_equal(json_text_error(JEM_EUSAGE, "\xff", "a key"), JEM_EUSAGE);
    assert_non_null(strstr(jem_error_message(), "a key is not UTF-8"));
    assert_int_equal(json_text_error(JEM_EUSAGE, "\xc3\xa9", "a key"), JEM_ENOMEM);
    char *text = NULL;
    check_fails(json_text(&text, NULL, 0), JEM_ENOMEM, "out of memory");
}

/* ---- jansson without memory */

static int allocations, failing_at; /* 0: none fails */

static void *sometimes_malloc(size_t size)
{
    return ++allocations == failing_at ? NULL : malloc(size);
}

/* Escapes and long texts make jansson lose letters; the numbers after them clear errno. */
static void any_missing_allocation_is_missing_memory_and_no_damage(void **state)
{
    static const char text[] =
        "{\"a long key that the first buffer does not hold\": {\"offsets\": [12, 345]},"
        " \"text\": \"with \\u00e9 and so many letters that the buffer has to grow twice\", \"n\": 1.5}";
    json_t *root = NULL;
    (void)state;
    allocations = failing_at = 0;
    check_ok(parse(&root, text, 1 << 20));
    json_decref(root);
    const int all = allocations;
    assert_true(all > 10);
    for (int at = 1; at <= all; at++) {
        allocations = 0;
        failing_at = at;
        check_fails(parse(&root, text, 1 << 20), JEM_ENOMEM, "x.json: out of memory");
    }
    failing_at = 0;
    check_ok(parse(&root, text, 1 << 20));
    json_decref(root);
}

static void what_cannot_be_taken_apart_without_memory_is_whole(void **state)
{
    json_int_t value;
    json_t *root = NULL;
    (void)state;
    check_ok(parse(&root, "{\"a\": 1}", 4000));
    for (int at = 1; at <= 3; at++) {
        allocations = 0;
        failing_at = at;
        json_watch();
        int refused = json_unpack_ex(root, NULL, JSON_STRICT, "{s:I}", "a", &value);
        assert_int_equal(json_verdict(refused ? JEM_EDATA : JEM_OK, "x.json"),
                         allocations < at ? JEM_OK : JEM_ENOMEM);
        failing_at = 0;
    }
    json_decref(root);
}

int main(void)
{
    json_set_alloc_funcs(sometimes_malloc, free);
    json_watch_allocations();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_json_is_read_and_written_again),
        cmocka_unit_test(bad_json_is_refused_with_its_line),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(what_would_grow_beyond_memory_is_refused_before_it_is_read),
        cmocka_unit_test(text_that_is_not_utf8_is_told_from_missing_memory),
        cmocka_unit_test(any_missing_allocation_is_missing_memory_and_no_damage),
        cmocka_unit_test(what_cannot_be_taken_apart_without_memory_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
