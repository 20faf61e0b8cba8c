/* One file from a server that keeps to the rules, or breaks one: what arrives, what is kept and
 * what is said. */
#include "support/folder.h"
#include "support/http_server.h"

#include "base/file.h"
#include "base/mem.h"
#include "fetch/download.h"

enum { SIZE = 100000 };
static char body[SIZE];
static char body_hash[SHA256_HEX];
static server s;
static char url[64], place[128], part[160];
static volatile sig_atomic_t stop;

static int start(void **state)
{
    make_folder(state);
    for (int i = 0; i < SIZE; i++) body[i] = (char)(i * 31 + i / 251);
    sha256_state h;
    sha256_init(&h);
    sha256_put(&h, body, SIZE);
    sha256_end(&h, body_hash);
    server_start(&s, body, SIZE);
    s.etag = "\"one\"";
    snprintf(url, sizeof url, "http://127.0.0.1:%d/file", s.port);
    snprintf(place, sizeof place, "%s/file", folder);
    snprintf(part, sizeof part, "%s.part", place);
    stop = 0;
    return 0;
}

static int end(void **state)
{
    server_stop(&s);
    return remove_folder(state);
}

/* The published file; tests change what they are about. */
static download published(void)
{
    return (download){.url = url,
                      .place = place,
                      .size = SIZE,
                      .sha256 = body_hash,
                      .page = "http://page.example",
                      .attempts = 3,
                      .wait_s = 0.01,
                      .stop = &stop};
}

static download unknown(void)
{
    download d = published();
    d.size = 0;
    d.sha256 = NULL;
    return d;
}

static jem_status get(const download *d)
{
    http *h = NULL;
    char hash[SHA256_HEX];
    int64_t size;
    check_ok(http_new(&h, d->stop, 1));
    jem_status st = download_file(hash, &size, h, d);
    http_free(h);
    if (st == JEM_OK) {
        assert_string_equal(hash, body_hash);
        assert_int_equal(size, SIZE);
    }
    return st;
}

static void arrived(void)
{
    char *data;
    size_t n;
    check_ok(file_read(&data, &n, place, 0));
    assert_int_equal(n, SIZE);
    assert_memory_equal(data, body, SIZE);
    mem_free(data);
    char **names;
    int count;
    check_ok(dir_list(&names, &count, folder)); /* and nothing else is left */
    assert_int_equal(count, 1);
    strings_free(names, count);
}

static void nothing_arrived(int64_t kept)
{
    int64_t n;
    assert_false(file_exists(place));
    check_ok(download_started(&n, place));
    assert_int_equal(n, kept);
}

/* ---- what should work */

static void a_file_arrives_whole(void **state)
{
    (void)state;
    download d = published();
    check_ok(get(&d));
    arrived();
}

static void a_file_of_unknown_size_and_hash_arrives_whole(void **state)
{
    (void)state;
    download d = unknown();
    check_ok(get(&d));
    arrived();
}

static void a_cut_transfer_goes_on_where_it_ended(void **state)
{
    (void)state;
    download d = published();
    s.mode = SERVE_CUT_ONCE;
    check_ok(get(&d));
    arrived();
    assert_int_equal(s.requests, 2);
    assert_int_equal(s.resumed, 1);
}

static void a_part_of_an_earlier_run_is_gone_on_with(void **state)
{
    (void)state;
    download d = published();
    check_ok(file_write(part, body, 70000));
    check_ok(get(&d));
    arrived();
    assert_int_equal(s.resumed, 1);
}

static void a_whole_part_needs_no_transfer(void **state)
{
    (void)state;
    download d = published();
    check_ok(file_write(part, body, SIZE));
    check_ok(get(&d));
    arrived();
    assert_int_equal(s.requests, 0);
}

static void a_part_of_another_file_is_noticed_and_loaded_anew(void **state)
{
    (void)state;
    download d = published();
    char other[500] = "something else";
    check_ok(file_write(part, other, sizeof other));
    check_ok(get(&d));
    arrived();
    assert_int_equal(s.requests, 2); /* the rest, then all */
}

static void note_etag(const char *etag, const char *address)
{
    char etag_file[200], text[200];
    snprintf(etag_file, sizeof etag_file, "%s.etag", part);
    snprintf(text, sizeof text, "%s\n%s\n", etag, address);
    check_ok(file_write(etag_file, text, strlen(text)));
}

static void without_a_hash_a_part_counts_only_under_its_etag(void **state)
{
    (void)state;
    download d = unknown();

    check_ok(file_write(part, body, 70000)); /* nobody knows of which version */
    check_ok(get(&d));
    arrived();
    assert_int_equal(s.resumed, 0);

    unlink(place);
    check_ok(file_write(part, body, 70000));
    note_etag("\"one\"", url);
    check_ok(get(&d));
    arrived();
    assert_int_equal(s.resumed, 1);

    /* what another address gave, perhaps over a way that nobody guards, is another file */
    unlink(place);
    check_ok(file_write(part, "of another source", 17));
    note_etag("\"one\"", "http://mirror.example/file");
    check_ok(get(&d));
    arrived();
    assert_int_equal(s.resumed, 1);

    unlink(place);
    check_ok(file_write(part, "of another version", 18));
    note_etag("\"zero\"", url);
    check_ok(get(&d));
    arrived();
    assert_int_equal(s.resumed, 1);
}

static void a_server_that_ignores_ranges_is_read_from_the_start(void **state)
{
    (void)state;
    download d = published();
    s.mode = SERVE_NO_RANGE;
    check_ok(file_write(part, "wrong bytes", 11));
    check_ok(get(&d));
    arrived();
    assert_int_equal(s.requests, 1);
}

static void a_range_other_than_asked_for_is_not_taken(void **state)
{
    (void)state;
    download d = published();
    static const server_mode modes[] = {SERVE_WRONG_RANGE, SERVE_VAGUE_RANGE};
    for (int i = 0; i < 2; i++) {
        s.mode = modes[i];
        unlink(place);
        check_ok(file_write(part, body, 70000));
        check_ok(get(&d));
        arrived();
    }
}

static void a_part_longer_than_the_file_is_thrown_away(void **state)
{
    (void)state;
    char longer[SIZE + 10] = "";
    download d = published();
    check_ok(file_write(part, longer, sizeof longer));
    check_ok(get(&d));
    arrived();
    /* of unknown size: the server says 416 */
    unlink(place);
    check_ok(file_write(part, longer, sizeof longer));
    note_etag("\"one\"", url);
    d = unknown();
    check_ok(get(&d));
    arrived();
}

static void redirects_are_followed_and_a_busy_server_is_asked_again(void **state)
{
    (void)state;
    download d = published();
    s.mode = SERVE_MOVED;
    check_ok(get(&d));
    arrived();
    unlink(place);
    s.mode = SERVE_503_ONCE;
    s.requests = 0;
    check_ok(get(&d));
    arrived();
}

static void a_file_of_a_folder_arrives_and_goes_on(void **state)
{
    (void)state;
    char from[160];
    download d = published();
    snprintf(from, sizeof from, "%s-mirror", place);
    check_ok(file_write(from, body, SIZE));
    check_ok(file_write(part, body, 70000));
    d.url = from;
    check_ok(get(&d));
    unlink(from);
    arrived();
    d.url = "/nowhere/file";
    check_fails(get(&d), JEM_EDATA, "/nowhere/file: no such file here");
    d.url = folder;
    check_fails(get(&d), JEM_EDATA, "no such file here");
}

static void an_empty_file_is_a_file(void **state)
{
    (void)state;
    http *h = NULL;
    char hash[SHA256_HEX];
    int64_t size = -1;
    download d = unknown();
    s.size = 0;
    check_ok(http_new(&h, NULL, 1));
    check_ok(download_file(hash, &size, h, &d));
    http_free(h);
    assert_int_equal(size, 0);
    assert_true(file_exists(place));
}

/* ---- what should not */

static void fails(const download *d, jem_status code, const char *what)
{
    check_fails(get(d), code, what);
    assert_non_null(strstr(jem_error_message(), place));
    assert_non_null(strstr(jem_error_message(), url));
}

static void a_server_that_cuts_every_time_is_given_up_and_the_part_kept(void **state)
{
    (void)state;
    download d = published();
    s.mode = SERVE_CUT;
    fails(&d, JEM_EIO, "87500 bytes are kept"); /* 1/2, 3/4, 7/8 */
    nothing_arrived(87500);
    s.mode = SERVE;
    check_ok(get(&d));
    arrived();
}

static void without_hash_and_etag_nothing_of_a_cut_transfer_is_used(void **state)
{
    (void)state;
    download d = unknown();
    s.mode = SERVE_CUT;
    s.etag = NULL;
    fails(&d, JEM_EIO, "the transfer failed");
    assert_int_equal(s.resumed, 0);
    s.mode = SERVE;
    check_ok(get(&d));
    arrived();
}

static void another_content_is_refused_and_thrown_away(void **state)
{
    (void)state;
    static char other[SIZE] = "other";
    download d = published();
    s.body = other;
    fails(&d, JEM_EDATA, "SHA-256 is ");
    assert_non_null(strstr(jem_error_message(), body_hash));
    nothing_arrived(0);
    d.first_use = true;
    fails(&d, JEM_EDATA, "remove its line in fetched.tsv");
}

static void another_length_is_refused_before_it_is_loaded(void **state)
{
    (void)state;
    download d = published();
    s.size = SIZE - 1;
    fails(&d, JEM_EDATA, "99999 bytes are offered, it should be 100000");
    nothing_arrived(0);
    s.size = SIZE;
    s.mode = SERVE_LONGER;
    fails(&d, JEM_EDATA, "100001 bytes are offered");
    s.mode = SERVE_NO_LENGTH;
    check_ok(get(&d)); /* size and hash are known: that is enough */
    arrived();
}

static void more_bytes_than_published_are_not_written(void **state)
{
    (void)state;
    download d = published();
    d.size = SIZE - 1;
    s.mode = SERVE_NO_LENGTH;
    fails(&d, JEM_EDATA, "more than the 99999 bytes");
    assert_false(file_exists(place));
}

static void without_any_length_a_cut_could_not_be_noticed(void **state)
{
    (void)state;
    download d = unknown();
    s.mode = SERVE_NO_LENGTH;
    fails(&d, JEM_EDATA, "does not say how long the file is");
    nothing_arrived(0);
}

static void a_missing_file_is_said_to_be_missing_and_asked_for_once(void **state)
{
    (void)state;
    download d = published();
    s.mode = SERVE_404;
    fails(&d, JEM_EDATA, "no such file (404)");
    assert_non_null(strstr(jem_error_message(), "by hand from http://page.example"));
    assert_int_equal(s.requests, 1);
    nothing_arrived(0);
}

static void a_broken_server_is_asked_again_and_then_given_up(void **state)
{
    (void)state;
    download d = published();
    s.mode = SERVE_503;
    fails(&d, JEM_EIO, "cannot give it now (503)");
    assert_int_equal(s.requests, 3);
    nothing_arrived(0);
}

static void redirects_end_and_do_not_leave_http(void **state)
{
    (void)state;
    download d = published();
    s.mode = SERVE_CIRCLE;
    fails(&d, JEM_EIO, "more than 10 redirects");
    assert_int_equal(s.requests, 11);
    s.mode = SERVE_TO_FILE;
    fails(&d, JEM_EDATA, "not http or https");
    nothing_arrived(0);
}

static void a_stalled_transfer_ends(void **state)
{
    (void)state;
    download d = published();
    d.attempts = 1;
    s.mode = SERVE_STALL;
    fails(&d, JEM_EIO, "too slow");
    nothing_arrived(50000);
}

static void nobody_at_the_address_is_said(void **state)
{
    (void)state;
    download d = published();
    d.url = "http://127.0.0.1:1/file"; /* nobody listens there */
    check_fails(get(&d), JEM_EIO, "http://127.0.0.1:1/file: the transfer failed");
    nothing_arrived(0);
}

static void stop_soon(void *ctx, int64_t bytes, int64_t size)
{
    (void)ctx;
    (void)size;
    if (bytes > 1000) stop = 1;
}

static void a_signal_keeps_what_is_there_and_the_next_call_goes_on(void **state)
{
    (void)state;
    download d = published();
    int64_t kept;
    d.progress = stop_soon;
    s.mode = SERVE_SLOW;
    fails(&d, JEM_EINTERRUPTED, "the same command goes on");
    assert_false(file_exists(place));
    check_ok(download_started(&kept, place));
    assert_true(kept > 1000 && kept < SIZE);
    stop = 0;
    d.progress = NULL;
    s.mode = SERVE;
    check_ok(get(&d));
    arrived();
    assert_int_equal(s.resumed, 1);
}

static void a_folder_that_cannot_be_written_is_named(void **state)
{
    (void)state;
    download d = published();
    d.place = "/nowhere/at/all";
    check_fails(get(&d), JEM_EIO, "/nowhere/at/all.part: cannot create");
}

/* Where others may write, too, the name of a part is theirs to take. */
static void a_part_that_somebody_else_put_there_is_not_written_to(void **state)
{
    (void)state;
    char victim[160], *data;
    size_t n;
    download d = published();

    snprintf(victim, sizeof victim, "%s/victim", folder);
    check_ok(file_write(victim, "precious", 8));
    assert_int_equal(symlink("victim", part), 0);
    check_fails(get(&d), JEM_EIO, "remove it and run the same command again");
    assert_non_null(strstr(jem_error_message(), part));
    assert_int_equal(unlink(part), 0);
    assert_int_equal(link(victim, part), 0);
    check_fails(get(&d), JEM_EIO, "not a file of yours alone");
    assert_int_equal(unlink(part), 0);
    assert_int_equal(mkfifo(part, 0666), 0);
    check_fails(get(&d), JEM_EIO, "not a file of yours alone");
    assert_int_equal(unlink(part), 0);
    if (geteuid() == 0) {
        check_ok(file_write(part, "", 0));
        assert_int_equal(chown(part, 65534, 65534), 0);
        check_fails(get(&d), JEM_EIO, "not a file of yours alone");
        assert_int_equal(unlink(part), 0);
    }
    assert_int_equal(s.requests, 0);
    check_ok(file_read(&data, &n, victim, 0));
    assert_string_equal(data, "precious");
    mem_free(data);
    check_ok(file_remove(victim));
    check_ok(get(&d));
    arrived();
}

static void a_file_that_is_there_is_proven(void **state)
{
    (void)state;
    char hash[SHA256_HEX];
    int64_t size;
    download d = published();
    check_fails(download_verify(hash, &size, &d), JEM_EDATA, place);
    check_ok(file_write(place, body, SIZE));
    check_ok(download_verify(hash, &size, &d));
    check_ok(file_write(place, body, SIZE - 1));
    check_fails(download_verify(hash, &size, &d), JEM_EDATA, "99999 bytes, it should be 100000");
    body[5] ^= 1;
    check_ok(file_write(place, body, SIZE));
    check_fails(download_verify(hash, &size, &d), JEM_EDATA, "move it away");
}

static void sizes_are_asked_without_loading(void **state)
{
    (void)state;
    http *h = NULL;
    int64_t size = 0;
    check_ok(http_new(&h, NULL, 1));
    http_size(&size, h, url);
    assert_int_equal(size, SIZE);
    assert_int_equal(s.heads, 1);
    s.mode = SERVE_404;
    http_size(&size, h, url);
    assert_int_equal(size, -1);
    s.mode = SERVE; /* and the same connection still loads */
    char hash[SHA256_HEX];
    download d = published();
    check_ok(download_file(hash, &size, h, &d));
    http_free(h);
    arrived();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
    if (!http_here()) return print_message("skipped: built without libcurl\n"), 0;
    const struct CMUnitTest tests[] = {
        TEST(a_file_arrives_whole),
        TEST(a_file_of_unknown_size_and_hash_arrives_whole),
        TEST(a_cut_transfer_goes_on_where_it_ended),
        TEST(a_part_of_an_earlier_run_is_gone_on_with),
        TEST(a_whole_part_needs_no_transfer),
        TEST(a_part_of_another_file_is_noticed_and_loaded_anew),
        TEST(without_a_hash_a_part_counts_only_under_its_etag),
        TEST(a_server_that_ignores_ranges_is_read_from_the_start),
        TEST(a_range_other_than_asked_for_is_not_taken),
        TEST(a_part_longer_than_the_file_is_thrown_away),
        TEST(redirects_are_followed_and_a_busy_server_is_asked_again),
        TEST(a_file_of_a_folder_arrives_and_goes_on),
        TEST(an_empty_file_is_a_file),
        TEST(a_server_that_cuts_every_time_is_given_up_and_the_part_kept),
        TEST(without_hash_and_etag_nothing_of_a_cut_transfer_is_used),
        TEST(another_content_is_refused_and_thrown_away),
        TEST(another_length_is_refused_before_it_is_loaded),
        TEST(more_bytes_than_published_are_not_written),
        TEST(without_any_length_a_cut_could_not_be_noticed),
        TEST(a_missing_file_is_said_to_be_missing_and_asked_for_once),
        TEST(a_broken_server_is_asked_again_and_then_given_up),
        TEST(redirects_end_and_do_not_leave_http),
        TEST(a_stalled_transfer_ends),
        TEST(nobody_at_the_address_is_said),
        TEST(a_signal_keeps_what_is_there_and_the_next_call_goes_on),
        TEST(a_folder_that_cannot_be_written_is_named),
        TEST(a_part_that_somebody_else_put_there_is_not_written_to),
        TEST(a_file_that_is_there_is_proven),
        TEST(sizes_are_asked_without_loading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
