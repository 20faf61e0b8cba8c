/* The files that jem bench leaves: the same for any number of threads, enough to compute the
 * scores again, nothing of an earlier scoring, and a run's own test images. */
#include "cli/program.h"
#include "support/folder.h"
#include "support/made_data.h"
#include "support/measures.h"

#include "jem/tensor.h"
#include "measure/trials.h"
#include "record/record.h"

static void works(const char *args) { program_works(folder, args); }

JEM_PRINTF(1, 2)
static void shell(const char *format, ...)
{
    char command[2048];
    va_list list;
    va_start(list, format);
    vsnprintf(command, sizeof command, format, list);
    va_end(list);
    if (system(command) != 0) fail_msg("%s", command);
}

/* ---- answers of something to each benchmark */

/* FOLDER/d.csv: distances of all patches of the stand-in for BAPPS. */
static void put_distances(void)
{
    static const char *const sets[] = {"2afc/traditional", "2afc/cnn", "jnd/traditional",
                                       "jnd/cnn"};
    char text[1 << 14];
    size_t used = (size_t)sprintf(text, "set,name,patch,distance\n");
    for (int s = 0; s < 4; s++)
        for (int i = 0; i < 24; i++)
            for (int p = s < 2 ? 0 : 1; p < 2; p++)
                used += (size_t)sprintf(text + used, "%s,%06d,p%d,%g\n", sets[s], i, p,
                                        (i * 7 + s + 5 * p) % 11 / 8.0);
    char path[160];
    snprintf(path, sizeof path, "%s/d.csv", folder);
    check_ok(file_write(path, text, used));
}

/* FOLDER/m.npy: the green of each ClickMe photograph as its map. */
static void put_maps(const char *clickme)
{
    enum { SIDE = 224 * 224 };
    char path[640];
    jem_tensor images = JEM_TENSOR_INIT, maps = JEM_TENSOR_INIT;
    snprintf(path, sizeof path, "%s/images-224.npy", clickme);
    check_ok(jem_npy_read(&images, path));
    const int64_t n = images.shape[0], shape[] = {n, 224, 224};
    check_ok(jem_tensor_init(&maps, JEM_F32, 3, shape));
    for (int64_t i = 0; i < n * SIDE; i++)
        ((float *)maps.data)[i] = ((const uint8_t *)images.data)[3 * i + 1];
    snprintf(path, sizeof path, "%s/m.npy", folder);
    check_ok(jem_npy_write(path, &maps));
    jem_tensor_clear(&images);
    jem_tensor_clear(&maps);
}

static const struct {
    const char *benchmark, *data, *answers; /* %s: the folder of all data, or of this test */
    bool made;                              /* answers are in the folder of this test */
    const char *more;
} asked[] = {
    {"bapps", "bapps-layout", "d.csv", true, ""},
    {"gloss", "gloss", "gloss/predicted/gloss_vals_imagenetDNN_expt1.npy", false, ""},
    {"cifar10h", "cifar10h", "cifar10h/predictions/vgg_15_BN_64-logits.npy", false, ""},
    {"model-vs-human", "model-vs-human", "model-vs-human/raw-data", false,
     "--observer resnet50 --set model-vs-human.sets=edge,colour"},
    {"cue-conflict", "cue-conflict", "cue-conflict/decisions/alexnet-caffe.csv", false, ""},
    {"clickme", "clickme", "m.npy", true, ""},
};
enum { ASKED = sizeof asked / sizeof *asked };

/* Scores all six into FOLDER/out-THREADS. */
static void score_all(const char *root, int threads)
{
    char args[2000];
    for (int i = 0; i < ASKED; i++) {
        snprintf(args, sizeof args,
                 "bench %s --answers '%s/%s' --data '%s/%s' %s --set bench.rounds=100 "
                 "--threads %d --out %%D/out-%d",
                 asked[i].benchmark, asked[i].made ? folder : root, asked[i].answers, root,
                 asked[i].data, asked[i].more, threads, threads);
        works(args);
    }
}

/* The trials of this benchmark give the scores of its sweet spot. */
static void check_trials(const measures *of, const measure_spot *spot, const score_list *scores,
                         const char *out)
{
    double value[SPOT_SCORES_MAX];
    trial_items items;
    trial_draws draws;
    const trial_items *const one = &items;
    const score *found[SPOT_SCORES_MAX] = {NULL};
    for (int64_t i = 0; i < scores->count; i++)
        for (int m = 0; m < spot->count; m++) {
            const score *s = &scores->scores[i];
            const measure *of_it = spot->score[m];
            bool same = s->condition && of_it->condition ? !strcmp(s->condition, of_it->condition)
                                                         : s->condition == of_it->condition;
            if (same && !strcmp(s->benchmark, of->benchmark) &&
                !strcmp(s->metric, of_it->metric) && strcmp(s->model, "human") != 0 &&
                strcmp(s->model, "oracle") != 0 &&
                (!of_it->dataset || !strcmp(s->dataset, of_it->dataset)) && !found[m])
                found[m] = s;
        }
    check_ok(trial_items_read(&items, spot, out, found[0]->model));
    if (items.count == 0) fail_msg("no trials of %s", of->benchmark);
    check_ok(trial_draws_new(&draws, spot->rule, &one, 1));
    check_ok(trial_draws_data(value, &draws));
    for (int m = 0; m < spot->count; m++) check_near(value[m], found[m]->value, 1e-9, 1e-3);
    trial_draws_clear(&draws);
    trial_items_clear(&items);
}

static void threads_change_no_byte_and_trials_give_the_scores(void **state)
{
    (void)state;
    char root[512], clickme[600], out[160];
    for (int i = 0; i < ASKED; i++) made_data(root, sizeof root, asked[i].data);
    *strrchr(root, '/') = '\0';
    made_data(clickme, sizeof clickme, "clickme");
    put_distances();
    put_maps(clickme);
    score_all(root, 1);

    int checked = 0;
    score_list scores = SCORE_LIST_INIT;
    snprintf(out, sizeof out, "%s/out-1", folder);
    check_ok(score_list_load(&scores, out));
    for (const measures *const *of = all_measures(); *of; of++)
        for (const measure_spot *spot = (*of)->spots; spot && spot->title; spot++) {
            if (!spot->alignment) continue;
            check_trials(*of, spot, &scores, out);
            checked++;
        }
    assert_int_equal(checked, ASKED);
    score_list_clear(&scores);

    score_all(root, 2);
    for (int threads = 1; threads <= 2; threads++) /* what was typed is not the same */
        shell("sed -i 's/\"command\": .*//' '%s/out-%d/scores/scores.json'", folder, threads);
    shell("diff -r '%s/out-1' '%s/out-2'", folder, folder);
}

/* ---- scoring again */

static int64_t rows_of(const char *out, const char *dataset)
{
    char path[160];
    int64_t n = 0;
    score_list scores = SCORE_LIST_INIT;
    snprintf(path, sizeof path, "%s/%s", folder, out);
    check_ok(score_list_load(&scores, path));
    for (int64_t i = 0; i < scores.count; i++)
        n += scores.scores[i].dataset && strcmp(scores.scores[i].dataset, dataset) == 0;
    score_list_clear(&scores);
    return n;
}

static void scoring_with_other_keys_leaves_nothing_of_the_scoring_before(void **state)
{
    (void)state;
    char data[512], args[1600];
    static const char *const sets[] = {"edge,silhouette --set model-vs-human.pairs=true", "edge"};
    made_data(data, sizeof data, "model-vs-human");
    for (int i = 0; i < 2; i++) {
        snprintf(args, sizeof args,
                 "bench model-vs-human --answers '%s/raw-data' --observer resnet50 --data '%s' "
                 "--set bench.rounds=100 --threads 1 --out %%D/again --set model-vs-human.sets=%s",
                 data, data, sets[i]);
        works(args);
        assert_true(i ? rows_of("again", "silhouette") == 0 : rows_of("again", "silhouette") > 100);
        assert_true(i ? rows_of("again", "edge") == 8 : rows_of("again", "edge") > 100);
    }
    assert_int_equal(rows_of("again", "mean"), 9);
    /* what fails changes nothing */
    snprintf(args, sizeof args,
             "bench model-vs-human --answers '%s/raw-data' --observer resnet50 --data '%s' "
             "--threads 1 --out %%D/again --set model-vs-human.sets=edge --humans %%D",
             data, data);
    program_fails(folder, args, 3, "no folder 'edge' with people's trials");
    assert_int_equal(rows_of("again", "edge"), 8);
}

/* ---- a run on rendered scenes */

/* %D/run, trained on %D/surfaces, for the first test that gets here: without data some do not. */
static void need_run(void)
{
    char path[160];
    static const char config[] = "alpha: 0\n"
                                 "model: {name: wrn-10-1, pool: adaptive}\n"
                                 "data: {kind: gloss, test_fraction: 0.3, val_fraction: 0.1}\n"
                                 "train: {batch: 8, iterations: 4, lr: 1e-3, warmup: 2}\n";
    if (program_made(folder, "run")) return;
    snprintf(path, sizeof path, "%s/c.yaml", folder);
    check_ok(file_write(path, config, strlen(config)));
    works("data render --n 120 --size 16 --seed 1 --threads 1 -o %D/surfaces");
    works("train %D/c.yaml --set data.path=%D/surfaces --set engine.threads=1 --out %D/run");
}

static void a_run_is_tested_on_its_own_test_scenes(void **state)
{
    (void)state;
    char data[512], args[1600], path[160];
    made_data(data, sizeof data, "gloss");
    need_run();
    snprintf(args, sizeof args,
             "bench gloss %%D/run --data '%s' --set bench.rounds=100 --threads 1", data);
    works(args);
    score_list scores = SCORE_LIST_INIT;
    snprintf(path, sizeof path, "%s/run", folder);
    check_ok(score_list_load(&scores, path));
    static const char *const metrics[] = {"accuracy", "light_accuracy", "relief_r2"};
    for (int m = 0; m < 3; m++)
        assert_int_equal(score_list_find(&scores, "gloss", metrics[m], NULL)->n, 36);
    score_list_clear(&scores);
    program_said(folder, "run/trials/gloss-scenes.csv", "gloss,rgb_scene000085.png");
    program_said(folder, "run/trials/gloss-scenes.csv", "relief,rgb_scene000120.png");

    strcat(args, " --set gloss.split=");
    size_t end = strlen(args);
    strcpy(args + end, "[60,20,40]");
    program_fails(folder, args, 2, "0.3333 of the scenes would be tested");
    strcpy(args + end, "[60,24,36]");
    works(args);
    strcpy(args + end, "[80,28,12]");
    works(args);
    program_said(folder, "err", "0.1 of the scenes are tested, this run left the last 0.3 out");
    strcpy(strstr(args, " --set gloss.split"), " --set gloss.test_fraction=0.4");
    program_fails(folder, args, 2, "all but the last 0.3 of which this run was trained on");
    strcpy(strstr(args, " --set gloss.test"), " --set gloss.scenes=");
    shell("cp -r '%s/surfaces' '%s/copy'", folder, folder);
    snprintf(args + strlen(args), 200, "%s/copy", folder);
    works(args);
    program_said(folder, "err", "copy is not the folder this run was trained on");
}

/* %D/run has the benchmark's scores of its last `gloss` scenes and jem eval's of all 36 test scenes. */
static void check_both(int64_t gloss)
{
    static const char *const metrics[] = {"accuracy", "light_accuracy", "relief_r2"};
    score_list scores = SCORE_LIST_INIT;
    char path[160];
    snprintf(path, sizeof path, "%s/run", folder);
    check_ok(score_list_load(&scores, path));
    for (int m = 0; m < 3; m++) {
        const score *bench = score_list_find(&scores, "gloss", metrics[m], NULL),
                    *eval = score_list_find(&scores, "scenes", metrics[m], NULL);
        if (!bench || !eval) fail_msg("%s of %s is lost", metrics[m], bench ? "jem eval" : "jem bench");
        assert_int_equal(bench->n, gloss);
        assert_int_equal(eval->n, 36);
    }
    score_list_clear(&scores);
}

static void eval_and_bench_keep_each_others_scores(void **state)
{
    (void)state;
    static const char twelve[] = "bench gloss %D/run --set gloss.split=[80,28,12] --set bench.rounds=100",
                      thirty_six[] = "bench gloss %D/run --set bench.rounds=100";
    need_run();
    works("eval %D/run --force --threads 1");
    assert_int_equal(program_run(folder, "env -u JEM_DATA", twelve), 0);
    check_both(12);
    assert_int_equal(program_run(folder, "env -u JEM_DATA", thirty_six), 0);
    works("eval %D/run --force --threads 1");
    check_both(36);
    works("report %D/run -o %D/page.html");
    program_said(folder, "page.html", "Gloss benchmark: gloss, light field and surface relief");
    program_said(folder, "page.html", "Own test scenes: gloss, light field and surface relief");
}

/* Without anybody's ratings scenes are scored, and it is said what is not. */
static void scenes_are_scored_without_ratings(void **state)
{
    (void)state;
    score_list scores = SCORE_LIST_INIT;
    char path[160];
    static const char *const commands[] = {"bench gloss %D/run --all", "bench all %D/run --all"};
    need_run();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(program_run(folder, "env -u JEM_DATA", commands[i]), 0);
        program_said(folder, "err", "left out: correlation with people");
        program_said(folder, "err", "jem data fetch gloss");
        program_said(folder, "out", "light_accuracy");
    }
    snprintf(path, sizeof path, "%s/run", folder);
    check_ok(score_list_load(&scores, path));
    assert_non_null(score_list_find(&scores, "gloss", "relief_r2", NULL));
    assert_null(score_list_find(&scores, "gloss", "mean_rating", NULL));
    score_list_clear(&scores);
    /* who names a folder wants it, and recorded ratings are about people's */
    program_fails(folder, "bench gloss %D/run --data %D/nowhere", 3, "no folder");
    shell("printf 'name,value\\na,1\\n' > '%s/l.csv'", folder);
    assert_int_equal(program_run(folder, "env -u JEM_DATA",
                                 "bench gloss --answers %D/l.csv --set gloss.scenes=%D/surfaces"),
                     3);
    program_said(folder, "err", "the ratings of people are in no folder that is known");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_no_byte_and_trials_give_the_scores),
        cmocka_unit_test(scoring_with_other_keys_leaves_nothing_of_the_scoring_before),
        cmocka_unit_test(a_run_is_tested_on_its_own_test_scenes),
        cmocka_unit_test(eval_and_bench_keep_each_others_scores),
        cmocka_unit_test(scenes_are_scored_without_ratings),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
