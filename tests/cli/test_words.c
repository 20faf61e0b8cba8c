/* What people type that is nearly right: help wherever they ask for it, keys taken for options. */
#include "cli/program.h"
#include "support/folder.h"

static void fails(const char *args, const char *message)
{
    program_fails(folder, args, JEM_EUSAGE, message);
}

static void says(const char *args, const char *text)
{
    program_works(folder, args);
    program_said(folder, "out", text);
}

static void help_is_given_wherever_it_is_asked_for(void **state)
{
    (void)state;
    says("--help", "jem train CONFIG.yaml");
    says("train --help", "jem train CONFIG.yaml");
    says("train no-such.yaml --out nowhere -h", "jem train CONFIG.yaml");
    says("bench bapps --help", "jem bench NAME|all|list");
    says("data --help", "jem data list |");
    says("data fetch --help", "jem data fetch [NAME]");
    says("data encode -h", "jem data encode [imagenet] DIR");
    says("help data encode", "jem data encode [imagenet] DIR");
    says("list figures", "cue-conflict-categories");
    says("sweep --nonsense 3 --help", "jem sweep CONFIG.yaml");
    fails("train -- --help", "train: --out is missing; usage: jem train CONFIG.yaml");
}

static void a_key_taken_for_an_option_is_named(void **state)
{
    (void)state;
    fails("train c.yaml --out r --alpha 0.3",
          "unknown option --alpha; alpha is a key of the settings: --set alpha=0.3");
    fails("train c.yaml --lr=1e-3 --out r", "unknown option --lr; train.lr is a key of the settings: "
                                            "--set train.lr=1e-3");
    fails("sweep c.yaml --checkpoint-every 5 --out r", "--set train.checkpoint_every=5");
    fails("plan c.yaml --model.name", "--set model.name=VALUE");
    fails("train c.yaml --threads --out r", "--set engine.threads=VALUE");
    fails("resume r --threads 2", "--set engine.threads=2");
    fails("resume r --alpha 2", "unknown option --alpha; usage");  /* of no trained run */
    fails("train c.yaml --path x", "--set data.path=x");
    fails("train c.yaml --seconds 3", "unknown option --seconds; usage");
    fails("info r --alpha 2", "unknown option --alpha; usage"); /* no settings at all */
    fails("train c.yaml --outt=x", "unknown option --outt; did you mean --out?");
    fails("train c.yaml -x", "unknown option -x; usage"); /* one letter is like any other */
}

static void an_empty_JEM_DATA_says_no_more_than_none(void **state)
{
    (void)state;
    static const char *const before[] = {"JEM_DATA=", "unset JEM_DATA;"};
    char command[160];
    size_t n;

    for (int i = 0; i < 2; i++) {
        assert_int_equal(program_run(folder, before[i], "bench bapps --answers none.csv"), JEM_EDATA);
        program_said(folder, "err", "bapps: no data folder is known; 'jem data fetch bapps'");
        assert_int_equal(program_run(folder, before[i], "data fetch bapps"), JEM_EUSAGE);
        program_said(folder, "err", "say where the data go: --out DIR, or set JEM_DATA");
        assert_int_equal(program_run(folder, before[i], "data fetch"), 0);
        snprintf(command, sizeof command, "mv '%s/out' '%s/out%d'", folder, folder, i);
        assert_int_equal(system(command), 0);
    }
    char *empty = program_read(folder, "out0", &n), *unset = program_read(folder, "out1", &n);
    assert_string_equal(empty, unset);
    mem_free(empty);
    mem_free(unset);
}

static void words_are_guessed_where_half_of_the_letters_agree(void **state)
{
    (void)state;
    fails("trian", "did you mean 'jem train'?");
    fails("lsit", "did you mean 'jem list'?");
    fails("-q", "unknown command '-q'; 'jem help' lists them");
    fails("xy", "unknown command 'xy'; 'jem help' lists them");
    fails("bench lst", "did you mean list?");
}

static void the_build_is_told_for_reports_of_mistakes(void **state)
{
    (void)state;
    says("-v", "compiled by ");
    program_said(folder, "out", "ref       plain loops");
}

static void said(bool wanted, const char *text)
{
    size_t n;
    char *err = program_read(folder, "err", &n);
    if (!!strstr(err, text) != wanted)
        fail_msg("'%s' %s in: %s", text, wanted ? "is not" : "is", err);
    mem_free(err);
}

static void verbose_says_which_files_are_used_wherever_it_stands(void **state)
{
    (void)state;
    const char *const verbose[] = {"-v data render --n 3 --size 8 --out %D/seen",
                                   "data render --verbose --n 3 --size 8 --out %D/heard",
                                   "data render --n 3 --size 8 --out %D/told -v"};
    program_works(folder, "data render --n 3 --size 8 --out %D/quiet");
    said(false, "wrote ");
    for (int i = 0; i < 3; i++) {
        program_works(folder, verbose[i]);
        said(true, "wrote ");
        said(true, "/scene_log.csv");
    }
    program_works(folder, "data check gloss %D/quiet -v");
    said(true, "read ");
    said(true, "/quiet/scene_log.csv: ");
    program_fails(folder, "info -- -v", JEM_EDATA, "-v: "); /* a file's name */
    says("--version", "jem ");
    says("version -v", "jem ");
}

static void benchmarks_are_listed_for_programs(void **state)
{
    (void)state;
    says("bench list --json", "\"name\": \"cue-conflict\"");
    says("bench --json list", "\"measures\": ");
    says("bench list", "recorded answers");
    fails("bench list bapps", "nothing but --json belongs to it");
}

static void folders_are_found_where_no_shell_has_looked(void **state)
{
    (void)state;
    char before[200], config[400];
    snprintf(before, sizeof before, "cd '%s' && HOME='%s/home'", folder, folder);
    int n = snprintf(config, sizeof config, "data: {kind: gloss, path: ~/surfaces}\n"
                     "model: {name: wrn-10-1, pool: adaptive}\nengine: {threads: 1}\n"
                     "sampler: {steps: 1, buffer_size: 8}\ntrain: {batch: 4, iterations: 1}\n");
    char path[128];
    snprintf(path, sizeof path, "%s/c.yaml", folder);
    check_ok(file_write(path, config, (size_t)n));
    assert_int_equal(program_run(folder, before, "data render --n 40 --size 8 --out=~/surfaces"), 0);
    assert_int_equal(program_run(folder, before, "train c.yaml --out='$HOME/run'"), 0);
    assert_int_equal(program_run(folder, before, "info '~/run'"), 0);
    program_said(folder, "out", "/home/surfaces");
    assert_int_equal(program_run(folder, before, "plan c.yaml --no-timing --set data.path='$HOMES/a'"),
                     JEM_EUSAGE);
    program_said(folder, "err", "settings: data.path: $HOMES/a: HOMES is not set");
    snprintf(before, sizeof before, "cd '%s' && HOME='%s/home' JEM_DATA='~/published'", folder, folder);
    assert_int_equal(program_run(folder, before, "data fetch imagenet"), JEM_EDATA);
    program_said(folder, "err", "/home/published/imagenet");
    assert_true(program_made(folder, "home/run/best.safetensors"));
    assert_false(program_made(folder, "~/run/best.safetensors"));
}

static void commands_that_are_recorded_can_be_pasted(void **state)
{
    (void)state;
    char before[200], train[160];
    snprintf(before, sizeof before, "cd '%s' && HOME='%s/home'", folder, folder);
    assert_int_equal(program_run(folder, before, "train c.yaml --out 'a b'"), 0);
    assert_int_equal(program_run(folder, before, "eval 'a b' --set eval.limit=4"), 0);
    assert_int_equal(program_run(folder, before, "report 'a b' -o 'new folder/page.html'"), 0);
    program_said(folder, "a b/scores/scores.json", "jem eval 'a b' --set eval.limit=4");
    snprintf(train, sizeof train, "jem train &#39;%s/a b/config.yaml&#39; --out NEW-FOLDER", folder);
    program_said(folder, "new folder/page.html", train); /* from any folder */
    program_said(folder, "new folder/page.html",
                 "jem report &#39;a b&#39; -o &#39;new folder/page.html&#39;");
    assert_int_equal(program_run(folder, before, "report 'a b' -o c.yaml/page.html"), JEM_EIO);
    program_said(folder, "err", "a file is in the way");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_is_given_wherever_it_is_asked_for),
        cmocka_unit_test(a_key_taken_for_an_option_is_named),
        cmocka_unit_test(an_empty_JEM_DATA_says_no_more_than_none),
        cmocka_unit_test(words_are_guessed_where_half_of_the_letters_agree),
        cmocka_unit_test(the_build_is_told_for_reports_of_mistakes),
        cmocka_unit_test(verbose_says_which_files_are_used_wherever_it_stands),
        cmocka_unit_test(benchmarks_are_listed_for_programs),
        cmocka_unit_test(folders_are_found_where_no_shell_has_looked),
        cmocka_unit_test(commands_that_are_recorded_can_be_pasted),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
