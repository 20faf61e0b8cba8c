/* Kept latents: what was put in comes out, and nothing else, whatever happens to the file. */
#include "support/folder.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "latent/latent_cache.h"

static const char *file(void)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/kept.bin", folder);
    return path;
}

static latent_cache *open_cache(int64_t most)
{
    latent_cache *c = NULL;
    check_ok(latent_cache_open(&c, file(), most));
    return c;
}

static latent_key key_of(uint64_t i) { return (latent_key){i * 0x9E3779B97F4A7C15u, i}; }

static void put(latent_cache *c, uint64_t i, int n)
{
    float z[8];
    for (int k = 0; k < n; k++) z[k] = (float)(10 * i + (uint64_t)k);
    check_ok(latent_cache_add(c, key_of(i), z, n));
}

static bool has(const latent_cache *c, uint64_t i, int n)
{
    float z[8];
    bool found = false;
    check_ok(latent_cache_find(&found, c, key_of(i), z, n));
    for (int k = 0; found && k < n; k++) assert_true(z[k] == (float)(10 * i + (uint64_t)k));
    return found;
}

static void latents_are_kept_across_openings(void **state)
{
    (void)state;
    latent_cache *c = open_cache(1 << 20);
    assert_false(has(c, 1, 4));
    for (uint64_t i = 1; i <= 3000; i++) put(c, i, 4); /* the index grows on the way */
    for (uint64_t i = 1; i <= 3000; i++) assert_true(has(c, i, 4));
    assert_false(has(c, 7, 5)); /* another size */
    assert_false(has(c, 3001, 4));
    latent_cache_close(c);
    c = open_cache(1 << 20);
    for (uint64_t i = 1; i <= 3000; i++) assert_true(has(c, i, 4));
    put(c, 3001, 8);
    assert_true(has(c, 3001, 8));
    latent_cache_close(c);
}

static void a_cut_or_damaged_file_gives_what_is_whole(void **state)
{
    (void)state;
    char *bytes = NULL;
    size_t size;
    latent_cache *c = open_cache(1 << 20);
    for (uint64_t i = 1; i <= 3; i++) put(c, i, 4);
    latent_cache_close(c);
    check_ok(file_read(&bytes, &size, file(), 0));
    assert_int_equal(size, 16 + 3 * 48);
    for (size_t cut = 0; cut <= size; cut += 4) {
        check_ok(file_write(file(), bytes, cut));
        c = open_cache(1 << 20);
        for (uint64_t i = 1; i <= 3; i++)
            assert_int_equal(has(c, i, 4), cut >= 16 + (size_t)i * 48);
        put(c, 4, 4); /* the file is fit for use again */
        assert_true(has(c, 4, 4));
        latent_cache_close(c);
        c = open_cache(1 << 20);
        assert_true(has(c, 4, 4));
        latent_cache_close(c);
    }
    for (size_t at = 16; at < size; at += 3) { /* has() compares whatever is found */
        bytes[at] ^= 0x10;
        check_ok(file_write(file(), bytes, size));
        bytes[at] ^= 0x10;
        c = open_cache(1 << 20);
        const uint64_t hit = 1 + (at - 16) / 48;
        assert_false(has(c, hit, 4));
        for (uint64_t i = 1; i < hit; i++) assert_true(has(c, i, 4));
        put(c, hit, 4);
        assert_true(has(c, hit, 4));
        latent_cache_close(c);
    }
    mem_free(bytes);
}

static void another_file_is_refused_and_left_alone(void **state)
{
    (void)state;
    latent_cache *c = NULL;
    char *bytes = NULL;
    size_t size;
    check_ok(file_write(file(), "my thesis, chapter one", 22));
    check_fails(latent_cache_open(&c, file(), 1 << 20), JEM_EDATA, "kept.bin: is no file of kept");
    check_ok(file_read(&bytes, &size, file(), 0));
    assert_int_equal(size, 22);
    mem_free(bytes);
}

static void a_full_file_keeps_what_it_has(void **state)
{
    (void)state;
    latent_cache *c = open_cache(16 + 2 * 48);
    for (uint64_t i = 1; i <= 3; i++) put(c, i, 4);
    assert_true(has(c, 1, 4) && has(c, 2, 4));
    assert_false(has(c, 3, 4));
    latent_cache_close(c);
}

static void two_at_once_do_not_share_a_file(void **state)
{
    (void)state;
    latent_cache *first = open_cache(1 << 20), *second = open_cache(1 << 20), *unnamed = NULL;
    put(first, 1, 4);
    put(second, 2, 4);
    assert_true(has(second, 2, 4) && !has(second, 1, 4) && !has(first, 2, 4));
    latent_cache_close(first);
    latent_cache_close(second);
    first = open_cache(1 << 20);
    assert_true(has(first, 1, 4) && !has(first, 2, 4));
    latent_cache_close(first);
    check_ok(latent_cache_open(&unnamed, NULL, 1 << 20));
    put(unnamed, 5, 4);
    assert_true(has(unnamed, 5, 4));
    latent_cache_close(unnamed);
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(latents_are_kept_across_openings),
        IN_FOLDER(a_cut_or_damaged_file_gives_what_is_whole),
        IN_FOLDER(another_file_is_refused_and_left_alone),
        IN_FOLDER(a_full_file_keeps_what_it_has),
        IN_FOLDER(two_at_once_do_not_share_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
