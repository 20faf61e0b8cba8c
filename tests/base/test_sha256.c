/* SHA-256 against the examples of FIPS 180-4 and of the NIST test vectors. */
#include "support/folder.h"

#include "base/file.h"
#include "base/sha256.h"

static void hash_is(const void *data, size_t size, const char *expected)
{
    char hex[SHA256_HEX];
    sha256_state s;
    sha256_init(&s);
    sha256_put(&s, data, size);
    sha256_end(&s, hex);
    assert_string_equal(hex, expected);
}

static void the_examples_of_the_standard_come_out(void **state)
{
    (void)state;
    const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    hash_is("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hash_is("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_is(two, 56, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    hash_is("\xbd", 1, "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b");
}

static void a_million_letters_in_pieces_of_any_size(void **state)
{
    (void)state;
    static const char expected[] =
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    static char letters[1000000];
    memset(letters, 'a', sizeof letters);
    for (size_t piece = 1; piece < sizeof letters; piece = piece * 7 + 3) {
        char hex[SHA256_HEX];
        sha256_state s;
        sha256_init(&s);
        for (size_t at = 0; at < sizeof letters; at += piece)
            sha256_put(&s, letters + at, at + piece < sizeof letters ? piece : sizeof letters - at);
        sha256_end(&s, hex);
        assert_string_equal(hex, expected);
    }
}

/* Lengths around the block, where padding changes: a hash of all their hashes. */
static void padding_fits_every_length(void **state)
{
    (void)state;
    static const char *const of_zeros[] = {
        /* 55, 56, 63, 64, 65 zero bytes */
        "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7",
        "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb",
        "c7723fa1e0127975e49e62e753db53924c1bd84b8ac1ac08df78d09270f3d971",
        "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b",
        "98ce42deef51d40269d542f5314bef2c7468d401ad5d85168bfab4c0108f75f7"};
    static const size_t sizes[] = {55, 56, 63, 64, 65};
    static const char zeros[65];
    for (int i = 0; i < 5; i++) hash_is(zeros, sizes[i], of_zeros[i]);
}

static void a_file_is_hashed_and_a_missing_one_named(void **state)
{
    (void)state;
    char path[128], hex[SHA256_HEX];
    snprintf(path, sizeof path, "%s/abc", folder);
    check_ok(file_write(path, "abc", 3));
    check_ok(sha256_file(hex, path));
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_fails(sha256_file(hex, "/nowhere/at-all"), JEM_EDATA, "/nowhere/at-all");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_standard_come_out),
        cmocka_unit_test(a_million_letters_in_pieces_of_any_size),
        cmocka_unit_test(padding_fits_every_length),
        cmocka_unit_test_setup_teardown(a_file_is_hashed_and_a_missing_one_named, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
