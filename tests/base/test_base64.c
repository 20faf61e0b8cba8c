/* Base64 against the test vectors of RFC 4648, section 10. */
#include "base/base64.h"
#include "support/check.h"

static void digits_are(const char *bytes, size_t size, const char *expected)
{
    strbuf text = STRBUF_INIT;
    strbuf_put(&text, "", 0);
    base64_put(&text, bytes, size);
    check_ok(strbuf_status(&text));
    assert_string_equal(text.data, expected);
    strbuf_clear(&text);
}

static void the_vectors_of_the_standard_come_out(void **state)
{
    (void)state;
    digits_are("", 0, "");
    digits_are("f", 1, "Zg==");
    digits_are("fo", 2, "Zm8=");
    digits_are("foo", 3, "Zm9v");
    digits_are("foob", 4, "Zm9vYg==");
    digits_are("fooba", 5, "Zm9vYmE=");
    digits_are("foobar", 6, "Zm9vYmFy");
}

static void bytes_of_every_value_are_taken(void **state)
{
    (void)state;
    digits_are("\0\x10\x83\xfb\xff\xbf", 6, "ABCD+/+/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_standard_come_out),
        cmocka_unit_test(bytes_of_every_value_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
