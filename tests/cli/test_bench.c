/* jem bench as a user types it: recorded answers and trained runs, what is printed and
 * written, what is left out and what is refused. */
#include "cli/program.h"
#include "support/folder.h"
#include "support/made_data.h"

#include <jansson.h>

#include "jem/tensor.h"
#include "record/image_name.h"
#include "record/record.h"

static void said(const char *file, const char *text) { program_said(folder, file, text); }

static void works(const char *args) { program_works(folder, args); }
static void fails(const char *args, int code, const char *message)
{
    program_fails(folder, args, code, message);
}

/* "bench ... --data DATA/name" with few rounds. */
static void works_with(const char *data, const char *args)
{
    char line[2048];
    snprintf(line, sizeof line, "%s --data '%s' --set bench.rounds=100 --threads 1", args, data);
    works(line);
}

static void write_text(const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(file_write(path, text, strlen(text)));
}

static json_t *printed(void)
{
    size_t n;
    char *text = program_read(folder, "out", &n);
    json_error_t error;
    json_t *root = json_loads(text, 0, &error);
    if (!root) fail_msg("not JSON: %s in %s", error.text, text);
    mem_free(text);
    return root;
}

/* The first printed score with these values. */
static json_t *score_of(json_t *root, const char *metric, const char *model)
{
    size_t i;
    json_t *s;
    json_array_foreach(root, i, s)
    {
        const char *m = json_string_value(json_object_get(s, "model"));
        if (m && strcmp(m, model) == 0 &&
            strcmp(json_string_value(json_object_get(s, "metric")), metric) == 0)
            return s;
    }
    fail_msg("no %s of %s", metric, model);
    return NULL;
}

/* ---- listings */

static void the_list_says_what_each_benchmark_needs(void **state)
{
    (void)state;
    works("bench list");
    static const char *const names[] = {"bapps",          "gloss",        "cifar10h",
                                        "model-vs-human", "cue-conflict", "clickme"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) said("out", names[i]);
    said("out", "needs     logits or probabilities");
    said("out", "bench.rounds");
    said("out", "recorded answers");
    works("list benchmarks");
    said("out", "cue-conflict");
    works("list options");
    said("out", "cue-conflict.steps");
    works("data fetch"); /* messages about missing data name what is fetched so */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char line[32];
        snprintf(line, sizeof line, "\n%s ", names[i]);
        said("out", line);
    }
}

/* ---- recorded answers */

/* Shape decisions among those for shape or texture, counted here. */
static double bias_of(const char *data, const char *network)
{
    char path[600];
    double shape = 0, texture = 0;
    trial_list list = TRIAL_LIST_INIT;
    snprintf(path, sizeof path, "%s/decisions/%s.csv", data, network);
    check_ok(trial_list_read(&list, path));
    for (int64_t i = 0; i < list.count; i++) {
        const trial *t = &list.trials[i];
        int other;
        check_ok(image_texture(&other, t->imagename));
        if (strcmp(category_names[other], t->category) == 0) continue; /* no conflict */
        shape += strcmp(t->object_response, t->category) == 0;
        texture += strcmp(t->object_response, category_names[other]) == 0;
    }
    trial_list_clear(&list);
    return shape / (shape + texture);
}

static void json_has_exactly_the_keys_of_a_score(void **state)
{
    (void)state;
    static const char *const keys[] = {"benchmark", "metric",    "model",   "alpha",    "seed",
                                       "dataset",   "condition", "value",   "low",      "high",
                                       "n",         "ceiling",   "formula", "data_hash", "at_chance"};
    char data[512], args[1200];
    size_t i;
    json_t *s;
    made_data(data, sizeof data, "cue-conflict");
    snprintf(args, sizeof args,
             "bench cue-conflict --json --answers '%s/decisions/"
             "resnet50-torchvision.csv'",
             data);
    works_with(data, args);
    json_t *root = printed();
    assert_true(json_is_array(root) && json_array_size(root) > 1);
    json_array_foreach(root, i, s)
    {
        assert_int_equal(json_object_size(s), sizeof keys / sizeof *keys);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            assert_non_null(json_object_get(s, keys[k]));
    }
    s = score_of(root, "shape_bias", "resnet50");
    check_near(json_real_value(json_object_get(s, "value")), bias_of(data, "resnet50-torchvision"), 1e-12, 1);
    assert_true(json_is_false(json_object_get(s, "at_chance")));
    assert_true(json_is_null(json_object_get(score_of(root, "accuracy", "resnet50"), "at_chance")));
    assert_true(json_is_null(json_object_get(s, "alpha")));
    assert_true(json_is_null(json_object_get(s, "seed")));
    assert_true(json_is_number(json_object_get(s, "low")));
    json_decref(root);
}

static void answers_are_saved_where_out_says(void **state)
{
    (void)state;
    char data[512], args[1200], path[160];
    score_list list = SCORE_LIST_INIT;
    made_data(data, sizeof data, "cue-conflict");
    snprintf(args, sizeof args,
             "bench cue-conflict --out %s/scored --answers '%s/decisions/"
             "alexnet-caffe.csv'",
             folder, data);
    works_with(data, args);
    const double bias = bias_of(data, "alexnet-caffe");
    char printed_bias[64];
    snprintf(printed_bias, sizeof printed_bias, "Cue conflict  ↑ Shape bias        %.3f", bias);
    said("out", printed_bias);
    said("out", " more scores: --all)");
    size_t size;
    char *out = program_read(folder, "out", &size);
    assert_null(strstr(out, "shape_decisions")); /* which --all prints */
    mem_free(out);
    snprintf(path, sizeof path, "%s/scored", folder);
    check_ok(score_list_load(&list, path));
    const score *s = score_list_find(&list, "cue-conflict", "shape_bias", NULL);
    check_near(s->value, bias, 1e-12, 1);
    assert_string_equal(s->model, "alexnet");
    assert_non_null(strstr(s->command, "jem bench cue-conflict"));
    score_list_clear(&list);
}

static void one_of_several_observers_is_chosen(void **state)
{
    (void)state;
    char data[512], args[1200];
    made_data(data, sizeof data, "model-vs-human");
    snprintf(args, sizeof args, "bench model-vs-human --data '%s' --answers '%s/raw-data/edge'",
             data, data);
    fails(args, 2, "resnet50");
    said("err", "choose one as the observer (--observer NAME)");
    snprintf(args, sizeof args,
             "bench model-vs-human --json --answers '%s/raw-data/edge' --observer "
             "resnet50 --set model-vs-human.sets=edge",
             data);
    works_with(data, args);
    json_t *root = printed(), *s = score_of(root, "accuracy", "resnet50");
    assert_true(json_real_value(json_object_get(s, "value")) > 0.05);
    json_decref(root);
}

static void people_are_scored_without_a_subject(void **state)
{
    (void)state;
    char data[512], path[600];
    made_data(data, sizeof data, "cifar10h");
    works_with(data, "bench cifar10h --json");
    json_t *root = printed(), *s = score_of(root, "mean_entropy_nats", "human");
    jem_tensor shares = JEM_TENSOR_INIT;
    double entropy = 0;
    snprintf(path, sizeof path, "%s/cifar10h-probs.npy", data);
    check_ok(jem_npy_read(&shares, path));
    for (int i = 0; i < 10000 * 10; i++) {
        const double p = ((double *)shares.data)[i];
        if (p > 0) entropy -= p * log(p) / 10000;
    }
    jem_tensor_clear(&shares);
    check_near(json_real_value(json_object_get(s, "value")), entropy, 1e-9, 1);
    json_decref(root);
}

static double printed_score(const char *data, const char *args, const char *metric, const char *model)
{
    works_with(data, args);
    json_t *root = printed();
    double value = json_real_value(json_object_get(score_of(root, metric, model), "value"));
    json_decref(root);
    return value;
}

static void published_data_get_the_published_scores(void **state)
{
    (void)state;
    char data[512], args[1200];
    check_data(data, sizeof data, "cifar10h");
    check_near(printed_score(data, "bench cifar10h --json", "mean_entropy_nats", "human"), 0.1544595844, 1e-9, 1);
    check_data(data, sizeof data, "cue-conflict");
    snprintf(args, sizeof args, "bench cue-conflict --json --answers '%s/decisions/resnet50-torchvision.csv'", data);
    check_near(printed_score(data, args, "shape_bias", "resnet50"), 0.2207084469, 1e-9, 1);
    snprintf(args, sizeof args, "bench cue-conflict --json --answers '%s/decisions/alexnet-caffe.csv'", data);
    check_near(printed_score(data, args, "shape_bias", "alexnet"), 0.4294385432, 1e-9, 1);
}

static void all_says_what_it_leaves_out(void **state)
{
    (void)state;
    char data[512], link[1200], args[1200];
    made_data(data, sizeof data, "cue-conflict");
    snprintf(link, sizeof link, "mkdir -p '%s/d' && ln -sfn '%s' '%s/d/cue-conflict'", folder, data,
             folder);
    assert_int_equal(system(link), 0);
    snprintf(args, sizeof args,
             "bench all --data %s/d --set bench.rounds=100 --answers "
             "'%s/decisions/alexnet-caffe.csv'",
             folder, data);
    strcat(args, " --all");
    works(args);
    said("out", "Cue conflict  ↑ Shape bias");
    said("out", "↑ shape_bias");
    said("out", "shape_decisions");
    said("err", "1/1  ETA ?  cue-conflict");
    said("err", "left out: cifar10h: no folder");
    said("err", "left out: bapps: no folder");
    write_text("z.csv", "name,value\na,1\n");
    fails("bench all --data %D/d --answers %D/z.csv", 3, "nothing could be scored");
    said("err", "left out: cue-conflict");
}

static void the_folder_below_the_one_that_was_named_is_named(void **state)
{
    (void)state;
    char line[200];
    snprintf(line, sizeof line, "mkdir -p '%s/all/cifar10h'", folder);
    assert_int_equal(system(line), 0);
    snprintf(line, sizeof line, "; if its data are in %s/all/cifar10h, name that folder (--data DIR)", folder);
    fails("bench cifar10h --data %D/all", 3, line);
    fails("bench gloss --data %D/all", 3, "jem data fetch gloss");
    program_not_said(folder, "err", "name that folder");
}

/* ---- trained runs */

/* The layout of CIFAR-10 with the labels of the stand-in and made-up pictures. */
static void make_cifar(const char *tsv)
{
    enum { RECORD = 3073, TRAIN = 200, TEST = 10000 };
    unsigned char *records;
    char path[160], line[256];
    FILE *f = fopen(tsv, "r");
    assert_non_null(f);
    check_ok(MEM_NEW(records, TEST * RECORD));
    assert_non_null(fgets(line, sizeof line, f));
    for (int i = 0; i < TEST; i++) {
        assert_non_null(fgets(line, sizeof line, f));
        unsigned char *r = records + (size_t)i * RECORD;
        r[0] = (unsigned char)atoi(strchr(line, '\t') + 1);
        for (int k = 1; k < RECORD; k++) r[k] = (unsigned char)(k * (r[0] + 3) + i * 7);
    }
    fclose(f);
    snprintf(path, sizeof path, "%s/cifar", folder);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/cifar/test_batch.bin", folder);
    check_ok(file_write(path, records, (size_t)TEST * RECORD));
    snprintf(path, sizeof path, "%s/cifar/data_batch_1.bin", folder);
    check_ok(file_write(path, records, (size_t)TRAIN * RECORD));
    mem_free(records);
}

static void runs_of_a_study_are_scored_into_their_folders(void **state)
{
    (void)state;
    char data[512], tsv[600], line[700];
    made_data(data, sizeof data, "cifar10h");
    snprintf(tsv, sizeof tsv, "%s/test-images.tsv", data);
    make_cifar(tsv);
    write_text("c.yaml", "model: {name: wrn-10-1}\n"
                         "data: {kind: cifar10, crop: false, val_fraction: 0.1}\n"
                         "sampler: {steps: 2, buffer_size: 20}\n"
                         "train: {batch: 8, iterations: 10, lr: 1e-3, warmup: 2}\n");
    works("sweep %D/c.yaml --set data.path=%D/cifar --alpha 0 --out %D/study");
    works_with(data, "bench cifar10h %D/study --json");
    json_t *root = printed(), *s = score_of(root, "cross_entropy_human", "wrn-10-1");
    assert_true(json_real_value(json_object_get(s, "alpha")) == 0 ||
                json_integer_value(json_object_get(s, "alpha")) == 0);
    assert_true(json_is_integer(json_object_get(s, "seed")));
    assert_int_equal(json_integer_value(json_object_get(s, "n")), 10000);
    json_decref(root);

    char run[160];
    score_list list = SCORE_LIST_INIT;
    snprintf(run, sizeof run, "%s/study/alpha-0.00-seed-1", folder);
    check_ok(score_list_load(&list, run));
    assert_non_null(score_list_find(&list, "cifar10h", "kl_human_model", NULL));
    score_list_clear(&list);

    size_t n, m;
    char *before = program_read(folder, "study/alpha-0.00-seed-1/scores/scores.json", &n);
    snprintf(line, sizeof line, "bench cifar10h %%D/study --data '%s' --threads 1", data);
    program_stop(folder, line, "1/1  ETA ?  cifar10h of alpha 0, seed 1", SIGINT,
                 "stopped: 0 scorings are done, the one under way left the scores");
    char *after = program_read(folder, "study/alpha-0.00-seed-1/scores/scores.json", &m);
    assert_true(n == m && memcmp(before, after, n) == 0);
    mem_free(before);
    mem_free(after);

    made_data(data, sizeof data, "bapps-layout"); /* 64x64 patches for a 32x32 network */
    works_with(data, "bench bapps %D/study/alpha-0.00-seed-1 --json");
    root = printed();
    s = score_of(root, "2afc", "wrn-10-1");
    assert_non_null(
        strstr(json_string_value(json_object_get(s, "formula")), "pictures resized to 32x32"));
    json_decref(root);
    fails("bench cue-conflict %D/study --out %D/elsewhere", 2, "--out goes with --answers");
}

/* ---- what is refused */

static void mistakes_are_told_with_a_remedy(void **state)
{
    (void)state;
    write_text("l.csv", "name,value\na,1\n");
    fails("bench", 2, "usage: jem bench");
    fails("bench cifar10 --answers x.npy", 2, "did you mean cifar10h?");
    fails("bench imagenet-9000", 2, "there are bapps");
    fails("bench cifar10h %D --answers %D/l.csv", 2, "--answers: one of them");
    fails("bench all", 2, "give a run, a study, --model and --weights, or --answers");
    fails("bench cifar10h --observer resnet50", 2, "go with --answers");
    fails("bench cifar10h --answers %D/l.csv --observer a --kind maps", 2, "chooses among trials");
    fails("bench cifar10h --mapping m.tsv", 2, "--mapping");
    fails("bench cifar10h --answers %D/l.csv --set cifar10h.imges=x", 2, "cifar10h.images");
    fails("bench cifar10h --answers %D/l.csv --set bench.rounds=1", 2, "bench.rounds");
    fails("bench cifar10h --answers %D/l.csv --kind pictures --data %D", 2, "no kind of answers");
    fails("bench cifar10h --answers %D/gone.npy --data %D", 3, "gone.npy");
    fails("bench cifar10h %D/gone --data %D", 3, "no such folder");
    fails("bench cifar10h %D --data %D", 3, "neither a run nor a folder of runs");
    fails("bench cifar10h --answers %D/l.csv --data %D/nowhere", 3,
          "It needs: cifar10h-counts.npy");
    int code = program_run(folder, "env -u JEM_DATA", "bench cifar10h --answers %D/l.csv");
    assert_int_equal(code, 3);
    said("err", "no data folder is known; 'jem data fetch cifar10h' gets its data; name their "
                "folder, or put them into $JEM_DATA/cifar10h");
}

static void answers_of_the_wrong_kind_are_refused(void **state)
{
    (void)state;
    char data[512], args[1200];
    made_data(data, sizeof data, "cifar10h");
    write_text("l.csv", "name,value\na,1\n");
    snprintf(args, sizeof args, "bench cifar10h --answers %s/l.csv --data '%s'", folder, data);
    fails(args, 2, "l gives none of what this benchmark needs: logits");
}

static void data_check_knows_the_benchmarks(void **state)
{
    (void)state;
    char data[512], args[700];
    made_data(data, sizeof data, "cifar10h");
    snprintf(args, sizeof args, "data check cifar10h '%s'", data);
    works(args);
    said("out", "all that cifar10h needs is there");
    fails("data check cifar10h %D", 3, "cifar10h-counts.npy");
    made_data(data, sizeof data, "gloss");
    snprintf(args, sizeof args, "data check gloss '%s'", data);
    works(args);
    said("out", "all that gloss needs is there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_says_what_each_benchmark_needs),
        cmocka_unit_test(json_has_exactly_the_keys_of_a_score),
        cmocka_unit_test(answers_are_saved_where_out_says),
        cmocka_unit_test(one_of_several_observers_is_chosen),
        cmocka_unit_test(people_are_scored_without_a_subject),
        cmocka_unit_test(published_data_get_the_published_scores),
        cmocka_unit_test(all_says_what_it_leaves_out),
        cmocka_unit_test(the_folder_below_the_one_that_was_named_is_named),
        cmocka_unit_test(runs_of_a_study_are_scored_into_their_folders),
        cmocka_unit_test(mistakes_are_told_with_a_remedy),
        cmocka_unit_test(answers_of_the_wrong_kind_are_refused),
        cmocka_unit_test(data_check_knows_the_benchmarks),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
