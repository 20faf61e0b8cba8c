/* Commands that can be pasted: a shell takes the line apart into the same words. */
#include "support/check.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/shell_line.h"

static void plain_words_stay_and_others_are_quoted(void **state)
{
    (void)state;
    char *line = NULL;
    check_ok(shell_line(&line, (const char *[]){"jem", "eval", "runs/a-0.5_1", "--set", "a=[0,1]",
                                                "a b", "", "it's", "$HOME", "~/x", NULL}));
    assert_string_equal(line, "jem eval runs/a-0.5_1 --set 'a=[0,1]' 'a b' '' 'it'\\''s' '$HOME' '~/x'");
    mem_free(line);
    check_ok(shell_line(&line, (const char *[]){NULL}));
    assert_string_equal(line, "");
    mem_free(line);
}

static void a_shell_reads_the_words_back(void **state)
{
    (void)state;
    static const char *const words[] = {"printf", "%s|", "a b", "'", "''", "\"", "\\", "a\\'b",  "*",
                                        "$(id)",  "`id`", "a\nb", "#", "!", ";", "&", "\xc3\xa9", NULL};
    char *line = NULL, read_back[256];
    check_ok(shell_line(&line, words));
    FILE *f = popen(line, "r");
    assert_non_null(f);
    size_t n = fread(read_back, 1, sizeof read_back - 1, f);
    assert_int_equal(pclose(f), 0);
    read_back[n] = '\0';
    assert_string_equal(read_back, "a b|'|''|\"|\\|a\\'b|*|$(id)|`id`|a\nb|#|!|;|&|\xc3\xa9|");
    mem_free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_words_stay_and_others_are_quoted),
        cmocka_unit_test(a_shell_reads_the_words_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
