/* Links of a page lead to what they name, wherever the page is written. */
#include "support/folder.h"
#include "support/measures.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "record/record.h"
#include "report/page_link.h"
#include "report/report.h"

static void paths_are_told_from_the_page(void **state)
{
    static const struct {
        const char *page, *path, *told;
    } cases[] = {
        {"/a/study/report.html", "/a/study/figures", "figures"},
        {"/a/study/report.html", "/a/study/", "."},
        {"/a/pages/x.html", "/a/study/figures", "../study/figures"},
        {"/a/stud/x.html", "/a/study/figures", "../study/figures"},
        {"/a/study/b/c/x.html", "/a/study", "../.."},
        {"/x.html", "/a/b", "a/b"},
        {"/a/x.html", "/", ".."},
        {"/a//./b/../x.html", "/a/b/.//c/", "b/c"},
        {"/../a/x.html", "/a/b", "b"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *from, *told;
        check_ok(page_folder(&from, cases[i].page));
        check_ok(page_path(&told, from, cases[i].path));
        assert_string_equal(told, cases[i].told);
        mem_free(from);
        mem_free(told);
    }
}

static void what_a_link_may_not_hold_is_encoded(void **state)
{
    strbuf h = STRBUF_INIT;
    (void)state;
    html_link(&h, "../a b/100%?#\"<\xc3\xbc:1-._~.svg", "<\xc3\xbc>");
    assert_string_equal(h.data, "<a href=\"../a%20b/100%25%3F%23%22%3C%C3%BC%3A1-._~.svg\">"
                                "&lt;\xc3\xbc&gt;</a>");
    strbuf_clear(&h);
}

/* A finished run with one score. */
static void put_run(const char *path, double alpha)
{
    static const char config[] = "alpha: 0.5\n";
    char file[256], text[256];
    score_list list = SCORE_LIST_INIT;
    score s = SCORE_INIT;
    check_ok(dir_make(path));
    snprintf(file, sizeof file, "%s/config.yaml", path);
    check_ok(file_write(file, config, strlen(config)));
    snprintf(file, sizeof file, "%s/run.json", path);
    snprintf(text, sizeof text, "{\"status\": \"finished\", \"version\": \"0.1.0\", \"model\": \"wrn-10-1\", "
             "\"classes\": 2, \"alpha\": %g, \"seed\": 1, \"iteration\": 9, \"iterations\": 9}", alpha);
    check_ok(file_write(file, text, strlen(text)));
    s.benchmark = "classification";
    s.metric = "accuracy";
    s.model = "wrn-10-1";
    s.alpha = alpha;
    s.seed = 1;
    s.value = 0.5;
    check_ok(score_list_append(&list, &s));
    check_ok(score_list_save(&list, path));
    score_list_clear(&list);
}

static void decode(char *out, const char *link, const char *end)
{
    for (; link < end; link++)
        if (*link == '%') {
            *out++ = (char)strtol((char[]){link[1], link[2], '\0'}, NULL, 16);
            link += 2;
        } else {
            *out++ = *link;
        }
    *out = '\0';
}

/* Follows every link of the page but those within it; returns how many. */
static int follow_links(const char *page)
{
    static const char mark[] = "href=\"";
    char *html, path[1024];
    size_t size;
    int n = 0;
    const size_t place = (size_t)(strrchr(page, '/') - page) + 1;
    check_ok(file_read(&html, &size, page, 0));
    for (const char *at = html; (at = strstr(at, mark)); n++) {
        at += strlen(mark);
        if (*at == '#') {
            n--;
            continue;
        }
        memcpy(path, page, place);
        decode(path + place, at, strchr(at, '"'));
        if (!file_exists(path) && !dir_exists(path)) fail_msg("%s: dead link to %s", page, path);
    }
    mem_free(html);
    return n;
}

static void check_page(const char *study, const char *page)
{
    report_result r;
    check_ok(report_write(&r, &(report_call){.folder = study, .page = page, .command = "jem report", .measures = all_measures()}));
    assert_int_equal(follow_links(page), 4 + 2); /* the files of a figure, two runs */
}

static void no_link_of_a_page_is_dead(void **state)
{
    static const char study[] = "./my study #1 100%/\xc3\xbc?";
    char path[256], here[256];
    (void)state;
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(folder), 0);
    snprintf(path, sizeof path, "%s/a \"0\"", study);
    put_run(path, 0);
    snprintf(path, sizeof path, "%s/a1", study);
    put_run(path, 1);
    snprintf(path, sizeof path, "%s/report.html", study);
    check_page(study, path);
    check_ok(dir_make("pages/of today"));
    check_page(study, "./page.html");
    check_page(study, "pages/of today/1.html");
    snprintf(path, sizeof path, "%s/pages/2.html", folder);
    check_page(study, path);
    assert_int_equal(chdir(here), 0);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_told_from_the_page),
        cmocka_unit_test(what_a_link_may_not_hold_is_encoded),
        in_folder(no_link_of_a_page_is_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
