/* jem data fetch as a user types it: what is listed, what it says before it loads, exit codes,
 * and what is in the folder afterwards. */
#include "cli/program.h"
#include "support/folder.h"
#include "support/http_server.h"

#include <fcntl.h>
#include <signal.h>

#include "fetch/http.h"

static server s;

static int start(void **state)
{
    static const char body[100000];
    make_folder(state);
    unsetenv("JEM_DATA");
    server_start(&s, body, sizeof body);
    s.etag = "\"v1\"";
    return 0;
}

static int end(void **state)
{
    server_stop(&s);
    return remove_folder(state);
}

static void said(const char *file, const char *text) { program_said(folder, file, text); }

static void fails(const char *args, int code, const char *message)
{
    program_fails(folder, args, code, message);
}

/* `text` with the server's address in place of the first @; the rest is program_run's. */
static const char *at_server(const char *text)
{
    static char args[512];
    int before = (int)strcspn(text, "@");
    snprintf(args, sizeof args, "%.*shttp://127.0.0.1:%d%s", before, text, s.port,
             text + before + 1);
    return args;
}

/* ---- listing and asking */

static void all_that_can_be_fetched_is_listed_with_size_and_licence(void **state)
{
    (void)state;
    program_works(folder, "data fetch");
    said("out", "JEM_DATA");
    static const char *const names[] = {"cifar10 ", "cifar10h", "model-vs-human", "cue-conflict",
                                        "bapps", "clickme", "gloss", "sd-vae-ft-mse", "imagenet"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) said("out", names[i]);
    said("out", "170 MB");
    said("out", "licence: CC BY-NC-SA 4.0");
    said("out", "by hand");
    program_works(folder, "data fetch --out %D");
    said("out", " no\n");
}

static void a_dry_run_says_what_it_costs_and_makes_nothing(void **state)
{
    (void)state;
    program_works(folder, at_server("data fetch clickme --dry-run --out %D/data --from @/"));
    said("out", "licence   code MIT; photographs under ImageNet's terms");
    said("out", "cite      Linsley et al. 2019");
    said("out", "here      0 of 17 files");
    said("out", "to load   1.7 MB; up to 1.7 MB of disk, ");
    assert_int_equal(s.heads, 17);
    assert_int_equal(s.requests, 17);
    assert_false(program_made(folder, "data"));
}

static void mistakes_are_usage_errors(void **state)
{
    (void)state;
    fails("data fetch cifar10g --out %D", 2, "did you mean cifar10?");
    fails("data fetch cifar10", 2, "--out DIR, or set JEM_DATA");
    fails("data fetch cifar10 --out %D --from gopher://x/", 2, "give a folder, or an address");
    fails("data fetch cifar10 bapps --out %D", 2, "unexpected argument bapps");
    fails("data fetch cifar10 --outt %D", 2, "did you mean --out?");
}

static void what_needs_a_person_says_what_to_do(void **state)
{
    (void)state;
    fails("data fetch imagenet --out %D/data", 3, "register at the page");
    said("err", "data/imagenet");
    said("out", "licence   terms of ImageNet");
    said("out", "https://image-net.org/download");
}

static void offline_says_what_is_missing_and_where_from(void **state)
{
    (void)state;
    fails("data fetch cifar10 --offline --out %D/data", 3, "1 of 1 files are missing");
    said("out", "data/archives/cifar-10-binary.tar.gz: get "
                "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz (170 MB, SHA-256 c4a38c50");
}

/* ---- loading */

static void a_missing_file_ends_with_exit_code_3(void **state)
{
    (void)state;
    s.mode = SERVE_404;
    fails(at_server("data fetch bapps --trust-http --out %D/data --from @/x"), 3,
          "/x/jnd.tar.gz: the server has no such file (404)");
    said("err", "by hand from https://github.com/richzhang/PerceptualSimilarity");
    said("out", "2 files whose size is not known");
}

static void http_without_a_hash_needs_a_flag(void **state)
{
    (void)state;
    fails(at_server("data fetch clickme --out %D/data --from @/"), 2, "--trust-http");
    assert_false(program_made(folder, "data/clickme"));
    fails(at_server("data fetch clickme --offline --out %D/data --from @/"), 3,
          "17 of 17 files are missing");
}

static void another_content_than_published_ends_with_exit_code_3(void **state)
{
    (void)state;
    fails(at_server("data fetch cifar10h --out %D/data --from @/x/"), 3,
          "100000 bytes are offered, it should be 800128");
    assert_false(program_made(folder, "data/cifar10h/cifar10h-counts.npy"));
}

static void what_arrives_is_checked_as_data_check_would(void **state)
{
    (void)state;
    /* 17 files of zeros: their download succeeds, and what they are does not */
    fails(at_server("data fetch clickme --trust-http --out %D/data --from @/"), 3,
          "val-0.tfrecords");
    said("out", "17 of 17 files: no hash is published");
    said("out", "17 of 17 files: believed as they came over http");
    assert_true(program_made(folder, "data/clickme/val-16.tfrecords"));
    assert_true(program_made(folder, "data/fetched.tsv"));
}

static void published_ratings_are_fetched_over_http_and_checked(void **state)
{
    (void)state;
    char ratings[512];
    check_data(ratings, sizeof ratings, "gloss/ratings");
    s.folder = ratings;
    program_works(folder, at_server("data fetch gloss --out %D/data --from @/"));
    said("out", "licence   none stated");
    said("out", "to load   347 kB; up to 347 kB of disk");
    said("out", "ratings of 50 images by 20 observers");
    said("out", "all that gloss needs is there");
    int asked = s.requests;
    setenv("JEM_DATA", folder, 1); /* and jem bench would find them */
    program_works(folder, "data fetch gloss --out %D/data --offline");
    said("out", "here      20 of 20 files");
    assert_int_equal(s.requests, asked);
    program_works(folder, "data fetch --out %D/data");
    said("out", "347 kB         yes");
}

/* Starts jem; returns once the server was asked for more than `requests`. */
static pid_t run_until(int requests, const char *from)
{
    char data[128];
    snprintf(data, sizeof data, "%s/data", folder);
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execl(JEM_PROGRAM, "jem", "data", "fetch", "clickme", "--trust-http", "--out", data,
              "--from", from, (char *)NULL);
        _exit(127);
    }
    assert_true(child > 0);
    for (int i = 0; i < 6000 && s.requests <= requests; i++) usleep(10000);
    assert_true(s.requests > requests);
    return child;
}

static void control_c_keeps_the_part_and_exits_with_5(void **state)
{
    (void)state;
    char part[192];
    struct stat sb = {.st_size = 0};
    int status;
    s.mode = SERVE_SLOW;
    snprintf(part, sizeof part, "%s/data/clickme/val-0.tfrecords.part", folder);
    pid_t child = run_until(17, at_server("@/"));
    for (int i = 0; i < 6000 && (stat(part, &sb) != 0 || sb.st_size == 0); i++) usleep(10000);
    kill(child, SIGINT);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 5);
    assert_int_equal(stat(part, &sb), 0);
    assert_true(sb.st_size > 0 && sb.st_size < 100000);
    assert_false(program_made(folder, "data/clickme/val-0.tfrecords"));
    s.mode = SERVE;
    fails(at_server("data fetch clickme --trust-http --out %D/data --from @/"), 3,
          "val-0.tfrecords");
    assert_int_equal(s.resumed, 1);
    assert_true(program_made(folder, "data/clickme/val-0.tfrecords"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
    if (!http_here()) return print_message("skipped: built without libcurl\n"), 0;
    const struct CMUnitTest tests[] = {
        TEST(all_that_can_be_fetched_is_listed_with_size_and_licence),
        TEST(a_dry_run_says_what_it_costs_and_makes_nothing),
        TEST(mistakes_are_usage_errors),
        TEST(what_needs_a_person_says_what_to_do),
        TEST(offline_says_what_is_missing_and_where_from),
        TEST(a_missing_file_ends_with_exit_code_3),
        TEST(http_without_a_hash_needs_a_flag),
        TEST(another_content_than_published_ends_with_exit_code_3),
        TEST(what_arrives_is_checked_as_data_check_would),
        TEST(published_ratings_are_fetched_over_http_and_checked),
        TEST(control_c_keeps_the_part_and_exits_with_5),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
