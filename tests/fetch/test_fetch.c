/* A whole item: what is there, what it costs, getting it, going on, proving it again; and the
 * catalogue itself. */
#include "support/archive_maker.h"
#include "support/folder.h"
#include "support/http_server.h"

#include "base/dir_lock.h"
#include "base/file.h"
#include "base/mem.h"
#include "fetch/fetch.h"
#include "fetch/http.h"
#include "fetch/ledger.h"

static char said[8192]; /* lines for people of the last call */
static char root[128], mirror[128];
static server s;
static char base[64];

static fetch_file files[] = {
    {"plain.csv", "in/plain.csv", 6, NULL, NULL, 0, NULL},
    {"sub/free.bin", "free.bin", 0, NULL, NULL, 0, NULL},
    {"packed.tar.gz", "pictures", 0, NULL, "pics", 0, NULL},
};
static fetch_item item = {.name = "demo",
                          .folder = "demo",
                          .about = "of this test",
                          .licence = "none",
                          .cite = "nobody",
                          .page = "http://page.example",
                          .base = base,
                          .files = files,
                          .count = 3};

static void put(const char *folder_of, const char *name, const char *text, size_t n)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder_of, name);
    check_ok(file_write(path, text, n));
}

static void pack(const char *name, const char *entry)
{
    char path[256];
    archive_maker m;
    snprintf(path, sizeof path, "%s/%s", mirror, name);
    maker_open(&m, path);
    maker_add(&m, entry, AE_IFREG, "picture", 7);
    maker_close(&m);
}

static int start(void **state)
{
    static char hash[SHA256_HEX];
    char sub[160];
    make_folder(state);
    snprintf(root, sizeof root, "%s/data", folder);
    snprintf(mirror, sizeof mirror, "%s/mirror", folder);
    snprintf(sub, sizeof sub, "%s/sub", mirror);
    check_ok(dir_make(sub));
    put(mirror, "plain.csv", "a,b,c\n", 6);
    put(mirror, "sub/free.bin", "whatever", 8);
    pack("packed.tar.gz", "pics/cat/1.png");
    server_start(&s, NULL, 0);
    s.folder = mirror;
    s.etag = "\"v1\"";
    snprintf(base, sizeof base, "http://127.0.0.1:%d/", s.port);
    sha256_state h;
    sha256_init(&h);
    sha256_put(&h, "a,b,c\n", 6);
    sha256_end(&h, hash);
    files[0].sha256 = hash;
    files[0].size = 6;
    return 0;
}

static int end(void **state)
{
    server_stop(&s);
    return remove_folder(state);
}

static void listen_to(void *ctx, const char *line)
{
    (void)ctx;
    size_t used = strlen(said);
    snprintf(said + used, sizeof said - used, "%s\n", line);
}

static fetch_options options(void)
{
    return (fetch_options){.trust_http = true,
                           .attempts = 2,
                           .wait_s = 0.01,
                           .stall_s = 1,
                           .say = listen_to};
}

static jem_status run(const char *from, const fetch_options *o)
{
    fetch_plan p = FETCH_PLAN_INIT;
    jem_status st = fetch_survey(&p, &item, root, from);
    said[0] = '\0';
    if (st == JEM_OK) st = fetch_run(&p, o);
    fetch_plan_clear(&p);
    return st;
}

static void heard(const char *text)
{
    if (!strstr(said, text)) fail_msg("'%s' is not in: %s", text, said);
}

static bool there(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return file_exists(path);
}

static void all_there(void)
{
    assert_true(there("demo/in/plain.csv"));
    assert_true(there("demo/free.bin"));
    assert_true(there("demo/pictures/cat/1.png"));
    assert_false(there("archives/packed.tar.gz"));
}

static fetch_cost survey(int expected_there)
{
    fetch_plan p = FETCH_PLAN_INIT;
    check_ok(fetch_survey(&p, &item, root, NULL));
    assert_int_equal(p.there, expected_there);
    fetch_cost cost = fetch_price(&p);
    fetch_plan_clear(&p);
    return cost;
}

/* ---- getting */

static void an_item_is_fetched_unpacked_and_proven_again(void **state)
{
    (void)state;
    fetch_options o = options();
    survey(0);
    check_ok(run(NULL, &o));
    all_there();
    heard("1 files unpacked");
    heard("2 of 3 files: no hash is published");
    fetch_cost cost = survey(3);
    assert_int_equal(cost.load + cost.disk + cost.unknown, 0);
    int asked = s.requests;
    check_ok(run(NULL, &o)); /* nothing is loaded twice */
    assert_int_equal(s.requests, asked);
}

static void sizes_are_asked_and_make_the_price(void **state)
{
    (void)state;
    fetch_plan p = FETCH_PLAN_INIT;
    fetch_options o = options();
    fetch_cost cost = survey(0);
    assert_int_equal(cost.load, 6);
    assert_int_equal(cost.unknown, 2);
    check_ok(fetch_survey(&p, &item, root, NULL));
    check_ok(fetch_ask_sizes(&p, &o));
    cost = fetch_price(&p);
    assert_int_equal(cost.unknown, 0);
    assert_int_equal(cost.load, 6 + 8 + p.parts[2].size);
    assert_true(cost.disk >= 6 + 8 + 2 * p.parts[2].size);
    assert_int_equal(s.heads, 2);
    fetch_plan_clear(&p);
    assert_false(dir_exists(root)); /* asking makes nothing */
}

static void a_mirror_takes_the_place_of_the_publisher(void **state)
{
    (void)state;
    fetch_options o = options();
    check_ok(run(mirror, &o));
    all_there();
    assert_int_equal(s.requests, 0);
    check_tmp_remove(root);
    char address[160];
    snprintf(address, sizeof address, "file://%s/", mirror);
    check_ok(run(address, &o));
    all_there();
    check_fails(run("ftp://mirror.example/", &o), JEM_EUSAGE, "ftp://mirror.example/");
    check_fails(run("", &o), JEM_EUSAGE, "give a folder");
}

static void what_a_cut_left_is_gone_on_with(void **state)
{
    (void)state;
    fetch_options o = options();
    o.attempts = 1;
    s.mode = SERVE_CUT;
    check_fails(run(NULL, &o), JEM_EIO, "3 bytes are kept");
    assert_false(there("demo/in/plain.csv"));
    assert_int_equal(survey(0).load, 3);
    s.mode = SERVE;
    check_ok(run(NULL, &o));
    all_there();
    assert_int_equal(s.resumed, 1);
}

static void the_first_download_is_what_later_ones_are_compared_with(void **state)
{
    (void)state;
    fetch_options o = options();
    char path[256];
    check_ok(run(NULL, &o));

    put(mirror, "sub/free.bin", "Whatever", 8); /* changed at the publisher's, and lost here */
    snprintf(path, sizeof path, "%s/demo/free.bin", root);
    unlink(path);
    check_fails(run(NULL, &o), JEM_EDATA, "the first download had");
    assert_false(there("demo/free.bin"));
    assert_false(there("demo/free.bin.part"));

    put(mirror, "sub/free.bin", "longer than that", 16);
    check_fails(run(NULL, &o), JEM_EDATA, "16 bytes are offered, the first download had 8; if");

    put(mirror, "sub/free.bin", "whatever", 8);
    check_ok(run(NULL, &o));
    put(root, "demo/free.bin", "changed!", 8); /* changed here */
    check_fails(run(NULL, &o), JEM_EDATA, "demo/free.bin: SHA-256 is");
    put(root, "demo/free.bin", "whatever", 8);
    put(root, "demo/in/plain.csv", "a,b,d\n", 6);
    check_fails(run(NULL, &o), JEM_EDATA, "demo/in/plain.csv: SHA-256 is");

    put(root, "demo/in/plain.csv", "a,b,c\n", 6);
    check_tmp_remove(strcat(strcpy(path, root), "/demo/pictures"));
    pack("packed.tar.gz", "pics/cat/another-name.png");
    check_fails(run(NULL, &o), JEM_EDATA, "packed.tar.gz: ");
    assert_non_null(strstr(jem_error_message(), "the first download had"));
    assert_false(there("archives/packed.tar.gz"));
}

static void a_wrong_archive_is_named_with_its_remedy(void **state)
{
    (void)state;
    fetch_options o = options();
    pack("packed.tar.gz", "other/1.png");
    check_fails(run(NULL, &o), JEM_EDATA, "holds no files in a folder pics; remove ");
    assert_true(there("archives/packed.tar.gz"));
    assert_false(there("demo/pictures/1.png"));
}

static void an_archive_put_there_by_hand_is_unpacked(void **state)
{
    (void)state;
    fetch_options o = options();
    char command[512];
    snprintf(command, sizeof command, "mkdir -p %s/archives && cp %s/packed.tar.gz %s/archives/",
             root, mirror, root);
    assert_int_equal(system(command), 0);
    check_ok(run(NULL, &o));
    all_there();
    assert_int_equal(s.requests, 2); /* the others */
}

static void a_folder_of_the_user_is_left_as_it_is(void **state)
{
    (void)state;
    fetch_options o = options();
    char path[256];
    snprintf(path, sizeof path, "%s/demo/pictures", root);
    check_ok(dir_make(path));
    put(root, "demo/pictures/mine.png", "mine", 4);
    files[2].sign = "cat/1.png"; /* something else is there */
    check_fails(run(NULL, &o), JEM_EDATA, "demo/pictures: holds something else");
    assert_int_equal(s.requests, 2); /* the archive is not loaded */
    files[2].sign = "mine.png";
    check_ok(run(NULL, &o));
    files[2].sign = NULL;
    check_ok(run(NULL, &o));
    assert_true(there("demo/pictures/mine.png"));
    assert_int_equal(s.requests, 2);
}

static void an_archive_that_a_kill_left_is_removed(void **state)
{
    (void)state;
    fetch_options o = options();
    check_ok(run(NULL, &o));
    put(root, "archives/packed.tar.gz", "whatever", 8);
    check_ok(run(NULL, &o));
    all_there();
}

/* ---- refusing */

static void offline_names_every_missing_file_and_its_place(void **state)
{
    (void)state;
    fetch_options o = options();
    o.offline = true;
    check_fails(run(NULL, &o), JEM_EDATA, "3 of 3 files are missing");
    heard("data/demo/in/plain.csv: get http://127.0.0.1:");
    heard("(6 bytes, SHA-256 ");
    heard("data/archives/packed.tar.gz: get http");
    heard("no hash published");
    assert_int_equal(s.requests, 0);
    check_ok(run(mirror, &o)); /* a folder is no network */
    all_there();
    check_ok(run(NULL, &o));
}

/* A line of the ledger's: KEY ... TRUST. */
static void check_trusted(const char *key, const char *trust)
{
    ledger l = LEDGER_INIT;
    check_ok(ledger_open(&l, root));
    const ledger_line *line = ledger_find(&l, key);
    assert_non_null(line);
    assert_string_equal(line->trust, trust);
    ledger_close(&l);
}

static void what_comes_over_http_without_a_hash_is_taken_only_on_demand(void **state)
{
    (void)state;
    char path[256];
    fetch_options o = options();
    o.trust_http = false;
    check_fails(run(NULL, &o), JEM_EUSAGE, "sub/free.bin: no hash of it is published (nor of others)");
    assert_non_null(strstr(jem_error_message(), "--trust-http"));
    assert_int_equal(s.requests, 0); /* not even what could be proven */
    assert_false(there("demo/in/plain.csv"));

    check_ok(run(mirror, &o)); /* a folder is nobody on the way */
    check_trusted("demo/in/plain.csv", "hash");
    check_trusted("demo/free.bin", "here");
    check_trusted("archives/packed.tar.gz", "here");
    snprintf(path, sizeof path, "%s/demo/free.bin", root);
    assert_int_equal(unlink(path), 0);
    check_ok(run(NULL, &o)); /* the ledger knows what it should be */
    check_trusted("demo/free.bin", "here");
    assert_null(strstr(said, "believed"));

    check_tmp_remove(root);
    o.trust_http = true;
    check_ok(run(NULL, &o));
    heard("2 of 3 files: believed as they came over http");
    check_trusted("demo/in/plain.csv", "hash");
    check_trusted("demo/free.bin", "http");
    check_trusted("archives/packed.tar.gz", "http");
    o.trust_http = false;
    check_ok(run(NULL, &o)); /* proven against that, and so remembered */
    check_trusted("demo/free.bin", "http");
    assert_null(strstr(said, "believed"));
}

static void a_full_disk_is_said_before_anything_is_loaded(void **state)
{
    (void)state;
    fetch_options o = options();
    files[0].size = (int64_t)1 << 60;
    check_fails(run(NULL, &o), JEM_EIO, "of disk and");
    assert_non_null(strstr(jem_error_message(), root));
    assert_int_equal(s.requests, 0);
}

static void two_at_once_in_one_folder_are_refused(void **state)
{
    (void)state;
    fetch_options o = options();
    dir_held *lock;
    bool busy;
    check_ok(dir_make(root));
    check_ok(dir_lock(&lock, &busy, root));
    check_fails(run(NULL, &o), JEM_EIO, "another jem data fetch works here");
    dir_unlock(lock);
    check_ok(run(NULL, &o));
}

static void a_signal_ends_it_and_the_same_call_goes_on(void **state)
{
    (void)state;
    fetch_options o = options();
    volatile sig_atomic_t stop = 1;
    o.stop = &stop;
    check_fails(run(NULL, &o), JEM_EINTERRUPTED, "the same command goes on");
    stop = 0;
    check_ok(run(NULL, &o));
    all_there();
}

static void a_ledger_of_somebody_else_is_named(void **state)
{
    (void)state;
    fetch_options o = options();
    static const char *const texts[] = {"nothing\n", "path\tbytes\tsha256\turl\na\tb\tc\td\n",
                                        "path\tbytes\tsha256\turl\na\t1\tshort\td\n",
                                        "path\tbytes\tsha256\turl\na\t1\n",
                                        "path\tbytes\tsha256\turl\ttrust\na\t1\n"};
    check_ok(dir_make(root));
    for (int i = 0; i < 5; i++) {
        put(root, "fetched.tsv", texts[i], strlen(texts[i]));
        check_fails(run(NULL, &o), JEM_EDATA, i ? "fetched.tsv:2:" : "fetched.tsv:1:");
    }
}

static void a_ledger_reads_back_and_replaces_lines(void **state)
{
    (void)state;
    ledger l = LEDGER_INIT;
    char hash[SHA256_HEX];
    check_ok(dir_make(root));
    for (int i = 0; i < 64; i++) hash[i] = 'a';
    hash[64] = '\0';
    check_ok(ledger_open(&l, root));
    assert_null(ledger_find(&l, "b"));
    check_ok(ledger_note(&l, "a", 1, hash, "http://x", "http"));
    check_ok(ledger_note(&l, "b", 2, hash, "http://y", "http"));
    hash[0] = 'b';
    check_ok(ledger_note(&l, "a", 3, hash, "http://z", "hash"));
    ledger_close(&l);
    check_ok(ledger_open(&l, root));
    assert_int_equal(l.count, 2);
    assert_int_equal(ledger_find(&l, "a")->bytes, 3);
    assert_string_equal(ledger_find(&l, "a")->url, "http://z");
    assert_string_equal(ledger_find(&l, "a")->trust, "hash");
    assert_string_equal(ledger_find(&l, "b")->url, "http://y");
    assert_string_equal(ledger_find(&l, "b")->trust, "http");
    ledger_close(&l);
}

static void a_ledger_of_an_earlier_version_is_gone_on_with(void **state)
{
    (void)state;
    ledger l = LEDGER_INIT;
    char hash[SHA256_HEX], text[256];
    memset(hash, 'a', 64);
    hash[64] = '\0';
    int n = snprintf(text, sizeof text, "path\tbytes\tsha256\turl\na\t1\t%s\thttps://x\n", hash);
    check_ok(dir_make(root));
    put(root, "fetched.tsv", text, (size_t)n);
    check_ok(ledger_open(&l, root));
    assert_string_equal(ledger_find(&l, "a")->trust, "unknown");
    check_ok(ledger_note(&l, "b", 2, hash, "https://y", "https"));
    ledger_close(&l);
    check_trusted("a", "unknown");
    check_trusted("b", "https");
}

/* ---- the catalogue */

static bool is_hash(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static void the_catalogue_is_well_formed(void **state)
{
    (void)state;
    int n = 0;
    for (const fetch_item *i = fetch_items(); i->name; i++, n++) {
        assert_ptr_equal(fetch_item_find(i->name), i);
        assert_non_null(i->folder);
        assert_non_null(i->about);
        assert_non_null(i->licence);
        assert_non_null(i->cite);
        assert_non_null(i->page);
        assert_true((i->count > 0) == (i->by_hand == NULL));
        if (i->by_hand) continue;
        assert_int_equal(strncmp(i->base, "https://", 8), 0);
        assert_true(i->base[strlen(i->base) - 1] == '/');
        for (int k = 0; k < i->count; k++) {
            const fetch_file *f = &i->files[k];
            assert_non_null(f->url);
            assert_null(strstr(f->path, ".."));
            assert_true(f->size >= 0);
            assert_true(f->member || f->path[0]);
            if (f->sha256) assert_true(is_hash(f->sha256) && f->size > 0);
            for (int o = 0; o < k; o++) assert_string_not_equal(f->path, i->files[o].path);
        }
    }
    assert_true(n >= 8);
    assert_null(fetch_item_find("nothing"));
}

static void sizes_are_written_for_people(void **state)
{
    (void)state;
    static const struct {
        int64_t bytes;
        const char *text;
    } cases[] = {{0, "0 bytes"},         {999, "999 bytes"},       {1000, "1 kB"},
                 {5200000, "5.2 MB"},    {170052171, "170 MB"},    {1300000000, "1.3 GB"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        fetch_size_text(text, sizeof text, cases[i].bytes);
        assert_string_equal(text, cases[i].text);
    }
}

/* The hashes of people's trials and ratings, against real files. */
static void published_data_are_what_the_catalogue_says(void **state)
{
    (void)state;
    static const char *const names[] = {"cifar10h", "model-vs-human", "gloss"};
    for (int i = 0; i < 3; i++) {
        const fetch_item *known = fetch_item_find(names[i]);
        char data[512], path[1024], hash[SHA256_HEX];
        check_data(data, sizeof data, known->folder);
        for (int k = 0; k < known->count; k++) {
            int64_t size;
            snprintf(path, sizeof path, "%s/%s", data, known->files[k].path);
            check_ok(file_size(&size, path));
            check_ok(sha256_file(hash, path));
            assert_int_equal(size, known->files[k].size);
            assert_string_equal(hash, known->files[k].sha256);
        }
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
    if (!http_here()) return print_message("skipped: built without libcurl\n"), 0;
    const struct CMUnitTest tests[] = {
        TEST(an_item_is_fetched_unpacked_and_proven_again),
        TEST(sizes_are_asked_and_make_the_price),
        TEST(a_mirror_takes_the_place_of_the_publisher),
        TEST(what_a_cut_left_is_gone_on_with),
        TEST(the_first_download_is_what_later_ones_are_compared_with),
        TEST(a_wrong_archive_is_named_with_its_remedy),
        TEST(an_archive_put_there_by_hand_is_unpacked),
        TEST(a_folder_of_the_user_is_left_as_it_is),
        TEST(an_archive_that_a_kill_left_is_removed),
        TEST(offline_names_every_missing_file_and_its_place),
        TEST(what_comes_over_http_without_a_hash_is_taken_only_on_demand),
        TEST(a_full_disk_is_said_before_anything_is_loaded),
        TEST(two_at_once_in_one_folder_are_refused),
        TEST(a_signal_ends_it_and_the_same_call_goes_on),
        TEST(a_ledger_of_somebody_else_is_named),
        TEST(a_ledger_reads_back_and_replaces_lines),
        TEST(a_ledger_of_an_earlier_version_is_gone_on_with),
        cmocka_unit_test(the_catalogue_is_well_formed),
        cmocka_unit_test(sizes_are_written_for_people),
        cmocka_unit_test(published_data_are_what_the_catalogue_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
