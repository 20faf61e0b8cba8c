/* jem report --follow: the page of a study that trains is written anew, and a last time when that ends. */
#include "base/dir_lock.h"
#include "cli/program.h"

static char dir[64];

static int begin(void **state)
{
    (void)state;
    check_tmp(dir, sizeof dir);
    return 0;
}

static int end(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

static void put(const char *name, const char *content)
{
    char path[256], *slash;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    slash = strrchr(path, '/');
    *slash = '\0';
    check_ok(dir_make(path));
    *slash = '/';
    check_ok(file_write(path, content, strlen(content)));
}

/* A study of two runs, of which the second has not begun: so it is not over. */
static void put_study(void)
{
    put("study/alpha-0.50-seed-1/config.yaml", "alpha: 0.5\nseed: 1\n");
    put("study/alpha-0.50-seed-1/run.json",
        "{\"status\": \"running\", \"model\": \"wrn-10-1\", \"alpha\": 0.5, \"seed\": 1, \"iteration\": 10, \"iterations\": 100, "
        "\"events\": [{\"iteration\": 40, \"back_to\": 20, \"reason\": \"l_G = 20000\", \"change\": \"train.lr 0.1 -> 0.05\"}]}");
    put("study/alpha-0.50-seed-1/metrics.csv", "iteration,accuracy\n10,0.5\n20,0.6125\n");
    put("study/study.json",
        "{\"version\": \"0.1.0\", \"config\": \"c.yaml\", \"set\": [], \"alphas\": [0.5, 1.0], \"seeds\": 1, \"runs\": ["
        "{\"path\": \"alpha-0.50-seed-1\", \"alpha\": 0.5, \"seed\": 1, \"status\": \"running\"},"
        "{\"path\": \"alpha-1.00-seed-1\", \"alpha\": 1.0, \"seed\": 1, \"status\": \"waiting\"}]}");
}

static pid_t follow(void)
{
    char command[PROGRAM_COMMAND];
    program_command(command, dir, "exec", "report %D/study --follow -o %D/page.html");
    const pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(98);
    }
    return child;
}

static bool page_says(const char *text)
{
    char path[256];
    size_t n;
    snprintf(path, sizeof path, "%s/page.html", dir);
    if (!file_exists(path)) return false;
    char *page = program_read(dir, "page.html", &n);
    const bool says = strstr(page, text) != NULL;
    assert_non_null(strstr(page, "</html>")); /* whole, whenever it is read */
    mem_free(page);
    return says;
}

static void wait_for(const char *text)
{
    for (int i = 0; i < 12000 && !page_says(text); i++) usleep(10000);
    assert_true(page_says(text));
}

static void a_page_follows_its_study_until_a_signal(void **state)
{
    (void)state;
    char path[256];
    int how;
    dir_held *held;
    bool busy;
    put_study();
    snprintf(path, sizeof path, "%s/study", dir);
    check_ok(dir_lock(&held, &busy, path)); /* as a sweep does */
    assert_false(busy);
    const pid_t child = follow();
    wait_for("<td>0.613</td>"); /* of the last row of the curves' table */
    assert_true(page_says("http-equiv=\"refresh\""));
    assert_false(page_says("Nobody trains it"));
    assert_true(page_says("of 2</small></b><span>runs finished"));   /* cards, and */
    assert_true(page_says("the same experiment as the others"));       /* what is wrong, but */
    assert_false(page_says("has no scores"));                          /* not what is not done yet */
    assert_true(page_says("<th>alpha-1.00-seed-1</th><td>1</td><td>waiting</td>"));
    assert_false(page_says("class=\"files\"")); /* these are written at the end */
    put("study/alpha-0.50-seed-1/metrics.csv", "iteration,accuracy\n10,0.5\n20,0.6125\n30,0.8765\n40,0.2");
    wait_for("<td>0.876</td>"); /* the line under way does not count */
    kill(child, SIGTERM);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
    assert_false(page_says("http-equiv=\"refresh\""));
    assert_true(page_says("class=\"files\""));
    snprintf(path, sizeof path, "%s/study/figures/training.svg", dir);
    assert_true(file_exists(path));
    dir_unlock(held);
}

static void a_study_that_nobody_trains_is_followed_no_longer(void **state)
{
    (void)state;
    size_t n;
    put_study();
    program_works(dir, "report %D/study --follow -o %D/page.html");
    char *err = program_read(dir, "err", &n);
    assert_non_null(strstr(err, "study any more: 1 of its 2 runs are unfinished; follow it again when they go on"));
    mem_free(err);
    assert_false(page_says("http-equiv=\"refresh\""));
    assert_true(page_says("1 of the 2 runs of this sweep have not begun"));
}

static void a_study_that_is_over_has_a_page_that_stands(void **state)
{
    (void)state;
    put_study();
    put("study/study.json",
        "{\"version\": \"0.1.0\", \"config\": \"c.yaml\", \"set\": [], \"alphas\": [0.5], \"seeds\": 1, \"runs\": ["
        "{\"path\": \"alpha-0.50-seed-1\", \"alpha\": 0.5, \"seed\": 1, \"status\": \"failed\"}]}");
    program_works(dir, "report %D/study --follow -o %D/page.html");
    assert_false(page_says("http-equiv=\"refresh\""));
    assert_true(page_says("class=\"files\""));
}

static void what_cannot_be_followed_is_refused(void **state)
{
    (void)state;
    put_study();
    put("nothing/readme.txt", "");
    program_fails(dir, "report %D/study --follow --figure training -o %D/x.svg", JEM_EUSAGE, "leave out --figure");
    program_fails(dir, "report %D/study %D/study --follow", JEM_EUSAGE, "leave out the other folders");
    program_fails(dir, "report %D/nothing --follow -o %D/x.html", JEM_EDATA, "run.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_page_follows_its_study_until_a_signal, begin, end),
        cmocka_unit_test_setup_teardown(a_study_that_nobody_trains_is_followed_no_longer, begin, end),
        cmocka_unit_test_setup_teardown(a_study_that_is_over_has_a_page_that_stands, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_followed_is_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
