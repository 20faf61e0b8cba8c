/* jem sweetspot as a user sees it: table, files, --json, refusals. */
#include <jansson.h>

#include "cli/program.h"

static char dir[64];

static int make_folder(void **state)
{
    (void)state;
    check_tmp(dir, sizeof dir);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

static void put_file(const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(file_write(path, text, strlen(text)));
}

/* What training logged of a run that was rescued; "" of others. */
static const char *events = "";

static void put_run(double alpha, int seed, double shape_bias)
{
    char name[64], path[256], text[512];
    snprintf(name, sizeof name, "study/alpha-%g-seed-%d", alpha, seed);
    snprintf(path, sizeof path, "%s/%s/scores", dir, name);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/run.json", name);
    snprintf(text, sizeof text, "{\"status\": \"finished\", \"alpha\": %g, \"seed\": %d%s}", alpha,
             seed, events);
    put_file(path, text);
    snprintf(path, sizeof path, "%s/config.yaml", name);
    snprintf(text, sizeof text, "alpha: %g\nseed: %d\n", alpha, seed);
    put_file(path, text);
    snprintf(path, sizeof path, "%s/scores/scores.json", name);
    snprintf(text, sizeof text,
             "[{\"benchmark\": \"cue-conflict\", \"metric\": \"shape_bias\", \"model\": \"m\", "
             "\"dataset\": \"cue-conflict\", "
             "\"alpha\": %g, \"seed\": %d, \"value\": %g}]",
             alpha, seed, shape_bias);
    put_file(path, text);
}

static void put_study(void)
{
    const double alpha[] = {0, 0.5, 0.8, 0.9, 1}, bias[] = {0.3, 0.6, 0.7, 0.5, 0.95};
    for (int a = 0; a < 5; a++)
        for (int seed = 1; seed <= 3; seed++) put_run(alpha[a], seed, bias[a] + 0.01 * seed);
}

static void a_study_gets_a_table_a_figure_and_files(void **state)
{
    (void)state;
    put_study();
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --rounds 200"), 0);
    program_said(dir, "out", "Cue conflict  shape bias  0.8 ");
    program_said(dir, "out", "3 seeds alone");
    program_said(dir, "out", "Cue conflict, shape bias: shown (p < .001, without any one run ");
    program_said(dir, "out", "0.8 beats 0 and 0.9 by .200 (cross-validated .200, at least .1");
    program_said(dir, "out", "In 1 of 1 benchmark (Holm, .050) an intermediate alpha exceeded");
    program_said(dir, "out", "best alpha in the paper: Cue conflict 0.5–0.6");
    static const char *const files[] = {"sweetspot.tsv", "figures/sweetspot.svg",
                                        "figures/sweetspot.pdf", "figures/sweetspot.png",
                                        "figures/sweetspot.tsv"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[64];
        snprintf(name, sizeof name, "study/%s", files[i]);
        assert_true(program_made(dir, name));
    }
    program_said(dir, "study/sweetspot.tsv", "cue-conflict\tshape_bias\tbest\t0\t0.9\t0.8\t{0.8}\t");
}

/* Who jem runs as: nobody, if the test is root's, whom no permissions stop. */
static const char *as_nobody(void)
{
    char allowed[PROGRAM_COMMAND];
    if (geteuid() != 0) return "";
    snprintf(allowed, sizeof allowed, "setpriv --reuid=65534 --clear-groups -- '%s' --version >/dev/null 2>&1",
             JEM_PROGRAM);
    if (system(allowed) == 0) return "setpriv --reuid=65534 --clear-groups --";
    print_message("skipped: root, and nobody may not run %s (or there is no setpriv)\n", JEM_PROGRAM);
    skip();
    return "";
}

static void shell(const char *line)
{
    char command[512];
    snprintf(command, sizeof command, "cd '%s' && %s", dir, line);
    if (system(command) != 0) fail_msg("%s", command);
}

/* `jem bench gloss` of a run's own test scenes, and what `jem eval` says of these. */
static void scenes_that_were_scored_twice_are_listed_once(void **state)
{
    (void)state;
    char name[128], text[1024];
    for (int i = 0; i < 6; i++) {
        const double alpha = i / 2 / 2.0, value = 0.9 - 0.1 * alpha + 0.01 * (i % 2);
        put_run(alpha, 1 + i % 2, 0.5);
        snprintf(name, sizeof name, "study/alpha-%g-seed-%d/scores/scores.json", alpha, 1 + i % 2);
        snprintf(text, sizeof text,
                 "[{\"benchmark\": \"gloss\", \"metric\": \"light_accuracy\", \"model\": \"m\", \"alpha\": %g, \"seed\": %d, \"value\": %g}, "
                 "{\"benchmark\": \"scenes\", \"metric\": \"light_accuracy\", \"model\": \"m\", \"alpha\": %g, \"seed\": %d, \"value\": %g}, "
                 "{\"benchmark\": \"scenes\", \"metric\": \"relief_r2\", \"model\": \"m\", \"alpha\": %g, \"seed\": %d, \"value\": %g}]",
                 alpha, 1 + i % 2, value, alpha, 1 + i % 2, value, alpha, 1 + i % 2, value);
        put_file(name, text);
    }
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --rounds 200"), 0);
    program_said(dir, "out", "Light field");
    program_not_said(dir, "out", "Scenes: light field");
    program_said(dir, "out", "Scenes: relief"); /* that nobody else scored */
    program_works(dir, "report %D/study --figure sweetspot:scenes -o %D/scenes.svg --width 89mm");
    program_said(dir, "scenes.svg", "Scenes: relief");
    program_not_said(dir, "scenes.svg", "Light field");
    program_fails(dir, "report %D/study --figure sweetspot:nothing -o %D/x.svg", JEM_EUSAGE, "has no part 'nothing'");
    program_fails(dir, "report %D/study --figure gloss:scenes -o %D/x.svg", JEM_EUSAGE, "has no part 'scenes' nor others");
}

static void a_study_that_cannot_be_written_is_reported_elsewhere(void **state)
{
    (void)state;
    const char *who = as_nobody();
    put_study();
    shell("mkdir -m 777 pages && chmod 755 . && chmod -R a-w,a+rX study");
    assert_int_equal(program_run(dir, who, "report %D/study -o %D/pages/page.html"), 0);
    program_said(dir, "err", "study/figures: cannot make the folder: Permission denied");
    program_said(dir, "err", "figures are written beside the page");
    program_said(dir, "err", "/pages/figures, ");
    assert_true(program_made(dir, "pages/page.html") && program_made(dir, "pages/figures/sweetspot.svg"));
    assert_int_equal(program_run(dir, who, "report %D/study"), JEM_EIO);
    program_said(dir, "err", "study/figures: cannot make the folder: Permission denied");

    shell("chmod u+w study && mkdir -m 555 study/figures && chmod a-w study && rm -r pages/figures");
    assert_int_equal(program_run(dir, who, "report %D/study -o %D/pages/page.html"), 0);
    assert_true(program_made(dir, "pages/figures/sweetspot.svg"));

    assert_int_equal(program_run(dir, who, "sweetspot %D/study --rounds 200"), 0);
    program_said(dir, "out", "Cue conflict  shape bias  0.8 ");
    program_said(dir, "err", "sweetspot.tsv and its figure are left out");
    shell("chmod -R u+w study");
}

static void json_is_one_array_and_the_same_for_any_threads(void **state)
{
    (void)state;
    char *text[2];
    size_t size;
    put_study();
    for (int t = 0; t < 2; t++) {
        assert_int_equal(program_run(dir, "",
                                     t ? "sweetspot %D/study --json --rounds 200 --threads 1"
                                       : "sweetspot %D/study --json --rounds 200 --threads 3"),
                         0);
        text[t] = program_read(dir, "out", &size);
    }
    assert_string_equal(text[0], text[1]);
    json_t *root = json_loads(text[0], 0, NULL);
    assert_int_equal(json_array_size(root), 1);
    const json_t *spot = json_array_get(root, 0);
    assert_string_equal(json_string_value(json_object_get(spot, "benchmark")), "cue-conflict");
    assert_true(json_real_value(json_object_get(spot, "best_alpha")) == 0.8);
    assert_true(json_real_value(json_array_get(json_object_get(spot, "ends"), 1)) == 0.9);
    assert_string_equal(json_string_value(json_object_get(spot, "verdict")), "shown");
    assert_int_equal(json_integer_value(json_object_get(spot, "seeds")), 3);
    json_decref(root);
    mem_free(text[0]);
    mem_free(text[1]);
}

static void the_report_shows_the_same_sweet_spot(void **state)
{
    (void)state;
    put_study();
    assert_int_equal(program_run(dir, "", "report %D/study"), 0);
    program_said(dir, "study/report.html", "Where along α each benchmark is best");
    program_said(dir, "study/report.html", "<th>Cue conflict, shape bias</th><td>0.8</td><td class=\"set\">{0.8}</td>");
}

static void settings_choose_the_rule_and_the_variance(void **state)
{
    (void)state;
    put_study();
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --json --set sweetspot.variance=pooled "
                                          "--set sweetspot.rule=distance --set sweetspot.draws=2000"), 0);
    program_said(dir, "out", "\"variance\": \"pooled\"");
    program_said(dir, "out", "\"rule\": \"distance\"");
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --set sweetspot.variance=equal"), 2);
    program_said(dir, "err", "guarded");
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --set sweetspot.varianc=each"), 2);
    program_said(dir, "err", "sweetspot.variance");
    assert_int_equal(program_run(dir, "", "list options"), 0);
    program_said(dir, "out", "sweetspot.draws");
}

static void runs_that_were_rescued_are_named_beside_the_claim(void **state)
{
    (void)state;
    put_study();
    events = ", \"events\": [{\"iteration\": 9, \"back_to\": 5, \"reason\": \"it diverged\", "
             "\"change\": \"a lower rate\"}]";
    put_run(0.8, 2, 0.72);
    events = "";
    assert_int_equal(program_run(dir, "", "sweetspot %D/study"), 0);
    program_said(dir, "out", "unequal settings (p < .001");
    program_said(dir, "out", "without equal settings: alpha-0.8-seed-2 (rescued); without their alphas p ");
    program_said(dir, "out", "In none of 1 benchmark");
}

static void what_has_no_sweet_spot_is_refused_with_a_remedy(void **state)
{
    (void)state;
    put_run(0.5, 1, 0.6);
    assert_int_equal(program_run(dir, "", "sweetspot %D/study"), 3);
    program_said(dir, "err", "no benchmark has scores at two values of alpha");
    program_said(dir, "err", "jem bench all");
    assert_false(program_made(dir, "study/sweetspot.tsv"));
    assert_int_equal(program_run(dir, "", "sweetspot %D/nowhere"), 3);
    program_said(dir, "err", "no such folder");
    assert_int_equal(program_run(dir, "", "sweetspot"), 2);
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --rounds 5"), 2);
    program_said(dir, "err", "--rounds");
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --level 1.5"), 2);
}

/* ---- studies with something wrong */

static void replace_in(const char *name, const char *from, const char *to)
{
    char command[512];
    snprintf(command, sizeof command, "grep -q '%s' '%s/%s' && sed -i 's/%s/%s/' '%s/%s'", from, dir, name, from, to,
             dir, name);
    assert_int_equal(system(command), 0);
}

static void runs_that_are_left_out_are_named(void **state)
{
    (void)state;
    put_study();
    replace_in("study/alpha-0.5-seed-1/scores/scores.json", "\"value\": 0.61", "\"value\": null");
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --rounds 200"), 0);
    program_said(dir, "err", "Cue conflict, shape bias, leaves out 1 run (alpha-0.5-seed-1): its score is no number");
    program_said(dir, "out", "2 to 3 seeds");
    replace_in("study/alpha-0.5-seed-2/scores/scores.json", "\"dataset\": \"cue-conflict\"", "\"dataset\": \"mine\"");
    replace_in("study/alpha-0.5-seed-1/scores/scores.json", "\"dataset\": \"cue-conflict\"", "\"dataset\": \"mine\"");
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --rounds 200"), 0);
    program_said(dir, "err", "leaves out 2 runs (alpha-0.5-seed-1, ...): its score is of other data");
    put_file("study/alpha-0.5-seed-2/scores/scores.json", "[{\"benchmark\": \"cue-conflict\", \"value\": NaN}]");
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --rounds 200"), 0);
    program_said(dir, "err", "scores.json:1: invalid token near 'NaN'");
}

static void a_missing_end_is_no_end_of_the_study(void **state)
{
    (void)state;
    put_study();
    for (int seed = 1; seed <= 3; seed++) {
        char name[128];
        for (int end = 0; end < 2; end++) {
            snprintf(name, sizeof name, "study/alpha-%s-seed-%d/scores/scores.json", end ? "0.9" : "0", seed);
            put_file(name, "[]");
        }
    }
    put_run(0.6, 1, 0.9);
    put_run(0.6, 2, 0.91);
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --rounds 200"), 0);
    program_said(dir, "out", "; runs at 0 and 0.9 have no such score: the ends are not the study's");
    program_said(dir, "out", "exceeded both the smallest and the largest alpha that were scored, whichever");
}

/* ---- primary scores that were named before */

static json_t *read_json(void)
{
    size_t size;
    char *text = program_read(dir, "out", &size);
    json_t *root = json_loads(text, 0, NULL);
    assert_non_null(root);
    mem_free(text);
    return root;
}

static int64_t number_of(const json_t *o, const char *key) { return json_integer_value(json_object_get(o, key)); }

static void claims_quote_what_was_named_before_training(void **state)
{
    (void)state;
    put_study();
    put_file("study/study.yaml", "cue-conflict: {score: shape_bias, rule: distance, layer: \"<b>pool</b>\", latent: 64}\n");
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --rounds 200"), 0);
    program_said(dir, "out", "; named no sweep knows when: shape_bias, rule distance, layer <b>pool</b>, latent 64 "
                             "(12 networks have another latent size)");
    program_said(dir, "out", " Primary scores were named no sweep knows when.");
    program_said(dir, "out", "nearest to ");

    put_file("study/declared.json", "{\"date\": \"2026-11-30T14:03:05Z\", \"runs\": 0, \"text\": \"cue-conflict: "
                                    "{score: shape_bias}\\n\"}");
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --rounds 200 --json"), 0);
    json_t *root = read_json();
    const json_t *d = json_object_get(json_array_get(root, 0), "declared");
    assert_string_equal(json_string_value(json_object_get(d, "date")), "2026-11-30T14:03:05Z");
    assert_string_equal(json_string_value(json_object_get(d, "rule")), "distance");
    assert_true(json_is_true(json_object_get(d, "edited_since")) && number_of(d, "latent") == 64);
    json_decref(root);
    put_file("study/study.yaml", "cue-conflict: {score: shape_bias}\n");
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --rounds 200"), 0);
    program_said(dir, "out", "; named before training (2026-11-30T14:03:05Z): shape_bias, rule best\n");

    /* what it does not name is exploratory, and no claim is counted */
    put_file("study/study.yaml", "cifar10h: {score: cross_entropy_human}\n");
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --rounds 200"), 0);
    program_said(dir, "out", "; exploratory: not named in study.yaml");
    assert_int_equal(program_run(dir, "", "report %D/study"), 0);
    program_said(dir, "study/report.html", "; exploratory: not named in study.yaml");
}

static void what_a_study_cannot_name_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"cue-conflit: {score: shape_bias}", "study.yaml:1: unknown key 'cue-conflit"},
        {"cue-conflict: {score: shape_bia}", "cue-conflict.score: 'shape_bia' is no score that has a sweet spot; there is shape_bias"},
        {"cue-conflict: {layer: pool}", "cue-conflict: score is missing"},
        {"cue-conflict: {score: shape_bias, rule: nearest}", "nearest"},
        {"cue-conflict: {score: shape_bias, latent: -1}", "latent"},
        {"cue-conflict: {score: &a shape_bias}", "anchors"},
        {"cue-conflict: shape_bias", "study.yaml:1"},
        {"[1, 2", "study.yaml"},
        {"cue-conflict: {score: \"\u202e<script>'\"}", "is no score"},
    };
    put_study();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        put_file("study/study.yaml", wrong[i][0]);
        assert_int_equal(program_run(dir, "", "sweetspot %D/study --rounds 200"), JEM_EUSAGE);
        program_said(dir, "err", wrong[i][1]);
    }
    assert_int_equal(program_run(dir, "", "report %D/study"), 0);
    program_said(dir, "study/report.html", "is no score that has a sweet spot");
    put_file("study/study.yaml", "cue-conflict: {score: shape_bias}");
    put_file("study/declared.json", "{\"date\": 3}");
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --rounds 200"), JEM_EDATA);
    program_said(dir, "err", "declared.json: expected date, runs and text");
}

/* ---- seeds that a margin needs */

/* Two seeds at each of six alphas whose scores spread by .01. */
static void put_pilot(void)
{
    const double alpha[] = {0, 0.2, 0.4, 0.6, 0.8, 0.9};
    for (int a = 0; a < 6; a++)
        for (int seed = 1; seed <= 2; seed++) put_run(alpha[a], seed, 0.5 + (seed == 1 ? 1 : -1) * 0.01 / sqrt(2));
}

static void a_pilot_says_how_many_seeds_a_margin_needs(void **state)
{
    (void)state;
    /* margin / spread, alphas, seeds at each: the published table */
    static const struct {
        const char *margin, *alpha;
        int seeds;
    } rows[] = {{"0.02", "", 6}, {"0.03", "", 3}, {"0.02", "--alpha 0,.1,.2,.3,.4,.5,.6,.7,.8,.9,.95", 7}};
    put_pilot();
    for (int i = 0; i < 3; i++) {
        char line[256];
        snprintf(line, sizeof line, "plan --sweep %%D/study --margin %s %s --json --set sweetspot.variance=pooled",
                 rows[i].margin, rows[i].alpha);
        assert_int_equal(program_run(dir, "", line), 0);
        json_t *root = read_json();
        const json_t *d = json_array_get(json_object_get(root, "designs"), 0);
        assert_string_equal(json_string_value(json_object_get(d, "benchmark")), "cue-conflict");
        check_near(json_real_value(json_object_get(d, "spread")), 0.01, 1e-6, 1);
        assert_int_equal(number_of(d, "seeds"), rows[i].seeds);
        assert_true(number_of(d, "seeds_low") <= rows[i].seeds && number_of(d, "seeds_high") >= rows[i].seeds);
        const int64_t alphas = number_of(d, "alphas"), ends = number_of(d, "seeds_ends"),
                      between = number_of(d, "seeds_between");
        assert_int_equal(alphas, i < 2 ? 6 : 11);
        assert_int_equal(number_of(d, "networks"), 2 * ends + (alphas - 2) * between);
        assert_true(number_of(d, "networks") <= rows[i].seeds * alphas);
        json_decref(root);
    }
    assert_int_equal(program_run(dir, "", "plan --sweep %D/study --margin 0.02"), 0);
    program_said(dir, "out", "Cue conflict, shape bias (6 alphas, ends 0 and 0.9): ");
    program_said(dir, "out", "jem sweep --seeds-at 0,0.9:");
}

static void pilots_that_know_no_noise_are_told(void **state)
{
    (void)state;
    for (int a = 0; a <= 2; a++) put_run(a * 0.25, 1, 0.5);
    assert_int_equal(program_run(dir, "", "plan --sweep %D/study --margin 0.02"), 0);
    program_said(dir, "out", "the pilot has one seed at each alpha");
    for (int a = 0; a <= 2; a++) put_run(a * 0.25, 2, 0.5);
    assert_int_equal(program_run(dir, "", "plan --sweep %D/study --margin 0.02"), 0);
    program_said(dir, "out", "scores of each alpha are all equal");
    put_run(0, 2, 0.6);
    assert_int_equal(program_run(dir, "", "plan --sweep %D/study --margin 1e-6"), 0);
    program_said(dir, "out", "1,000 seeds at each alpha are not enough");
    assert_int_equal(program_run(dir, "", "plan --sweep %D/study --margin 0.02 --alpha 0,0.5"), 0);
    program_said(dir, "out", "no alpha lies between the ends");
    assert_int_equal(program_run(dir, "", "plan --sweep %D/study"), JEM_EUSAGE);
    program_said(dir, "err", "--sweep STUDY needs --margin M");
    assert_int_equal(program_run(dir, "", "plan %D/c.yaml --margin 1"), JEM_EUSAGE);
    program_said(dir, "err", "--margin M needs --sweep STUDY");
    assert_int_equal(program_run(dir, "", "plan --sweep %D/study --margin 0.02 --set train.lr=1"), JEM_EUSAGE);
    program_said(dir, "err", "--set is for sweetspot.* alone, not train.lr=1");
    assert_int_equal(program_run(dir, "", "plan --sweep %D/study --margin 0"), JEM_EUSAGE);
    assert_int_equal(program_run(dir, "", "plan --sweep %D/nothing --margin 1"), JEM_EDATA);
}

static void a_design_says_which_margin_it_could_show(void **state)
{
    (void)state;
    put_file("c.yaml", "model: {name: wrn-10-1}\n");
#define PLAN "plan %D/c.yaml --images 100 --shape 3x32x32 --classes 10 --no-timing "
    assert_int_equal(program_run(dir, "", PLAN "--seeds 2 --sd 0.01 --set sweetspot.variance=pooled --json"), 0);
    json_t *root = read_json();
    const json_t *m = json_object_get(root, "sweetspot");
    check_near(json_real_value(json_object_get(m, "margin")), 0.0403, 0.0002, 1);
    assert_int_equal(number_of(m, "networks"), 22);
    json_decref(root);
    assert_int_equal(program_run(dir, "", PLAN "--seeds 2 --seeds-at 0,1:6 --sd 0.01"), 0);
    program_said(dir, "out", "Sweet spot: 30 networks at 11 alphas (2 to 6 seeds)");
    assert_int_equal(program_run(dir, "", PLAN "--seeds 2"), JEM_EUSAGE);
    program_said(dir, "err", "needs --seeds N and --sd S");
    assert_int_equal(program_run(dir, "", PLAN "--seeds 1 --sd 1"), JEM_EUSAGE);
    program_said(dir, "err", "one seed at each alpha says nothing");
    assert_int_equal(program_run(dir, "", PLAN "--seeds 3 --sd 1 --alpha 0,1"), JEM_EUSAGE);
    program_said(dir, "err", "an alpha between two ends");
#undef PLAN
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(a_study_gets_a_table_a_figure_and_files),
        TEST(scenes_that_were_scored_twice_are_listed_once),
        TEST(a_study_that_cannot_be_written_is_reported_elsewhere),
        TEST(json_is_one_array_and_the_same_for_any_threads),
        TEST(the_report_shows_the_same_sweet_spot),
        TEST(settings_choose_the_rule_and_the_variance),
        TEST(runs_that_were_rescued_are_named_beside_the_claim),
        TEST(what_has_no_sweet_spot_is_refused_with_a_remedy),
        TEST(runs_that_are_left_out_are_named),
        TEST(a_missing_end_is_no_end_of_the_study),
        TEST(claims_quote_what_was_named_before_training),
        TEST(what_a_study_cannot_name_is_refused),
        TEST(a_pilot_says_how_many_seeds_a_margin_needs),
        TEST(pilots_that_know_no_noise_are_told),
        TEST(a_design_says_which_margin_it_could_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
