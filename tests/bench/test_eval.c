/* Evaluation of a small network on hand-made scenes: what is written, and that nothing
 * of the model changes. */
#include "bench/eval_rig.h"

#include <xxhash.h>

#include "base/file.h"
#include "bench/predict.h"
#include "bench/scenes/measure.h"
#include "jem/tensor.h"
#include "measure/trials.h"
#include "stats/classify.h"

static bool made(const rig *r, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", r->dir, name);
    return file_exists(path);
}

static char *content(const rig *r, const char *name, size_t *size)
{
    char path[256], *text = NULL;
    snprintf(path, sizeof path, "%s/%s", r->dir, name);
    check_ok(file_read(&text, size, path, 0));
    return text;
}

static void a_hybrid_gets_every_score_table_and_picture(void **state)
{
    (void)state;
    rig *r = rig_new(0.5);
    score_list l = SCORE_LIST_INIT, again = SCORE_LIST_INIT;
    static const char *const files[] = {
        "scores/scores.json", "scores/scores.tsv", "scores/reliability.tsv",
        "scores/energy_hist.tsv", "trials/test.csv", "trials/scenes.csv", "samples/data.png", "samples/buffer.png",
        "samples/shared_start.png", "samples/classes.png"};
    static const char *const keys[][3] = {
        {"classification", "accuracy", NULL}, {"classification", "nll", NULL},
        {"classification", "ece", NULL},      {"scenes", "accuracy", NULL},
        {"scenes", "light_accuracy", NULL},   {"scenes", "relief_r2", NULL},
        {"energy", "mean_lse", "data"},       {"energy", "mean_lse", "samples"},
        {"energy", "mean_lse", "noise"},      {"ood", "auroc", "lse:noise"},
        {"ood", "auroc", "max_softmax:constant"}, {"ood", "auroc", "grad_norm:interpolated"}};

    check_ok(eval_run(&l, benchmark_list, &r->subject, &r->eval));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (!made(r, files[i])) fail_msg("%s is missing", files[i]);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const score *s = need(&l, keys[i][0], keys[i][1], keys[i][2]);
        assert_true(s->low <= s->value && s->value <= s->high);
        assert_true(s->n > 0 && s->formula && s->data_hash && s->command);
    }
    const score *fd = need(&l, "generation", "fd_pix", NULL);
    assert_non_null(strstr(fd->formula, "24 images of the replay buffer, 72 training images"));
    assert_string_equal(last_warning, "");
    check_ok(score_list_load(&again, r->dir));
    assert_int_equal(again.count, l.count);
    score_list_clear(&l);
    score_list_clear(&again);
    rig_free(r);
}

/* A buffer that holds the training images is at distance 0 from them in any features. */
static void fd_own_compares_features_of_the_given_classifier(void **state)
{
    (void)state;
    rig *r = rig_new(0.5);
    score_list noise = SCORE_LIST_INIT, data = SCORE_LIST_INIT;
    r->subject.features_of = r->m;
    r->subject.features_name = "net 7";
    check_ok(eval_run(&noise, benchmark_list, &r->subject, &r->eval));
    const score *far = need(&noise, "generation", "fd_own", NULL);
    assert_non_null(strstr(far->formula, "penultimate features of net 7: 24 images of the replay "
                                         "buffer, 72 training images"));
    assert_true(far->value > 0.01);
    mem_free(r->replay);
    check_ok(MEM_NEW(r->replay, TRAIN * COUNT));
    for (int64_t i = 0; i < TRAIN; i++) check_ok(dataset_floats(r->replay + i * COUNT, r->data.train, &i, 1));
    r->subject.replay = r->replay;
    r->subject.replay_count = TRAIN;
    check_ok(eval_run(&data, benchmark_list, &r->subject, &r->eval));
    assert_true(fabs(need(&data, "generation", "fd_own", NULL)->value) < 1e-6 * far->value);
    score_list_clear(&noise);
    score_list_clear(&data);
    rig_free(r);
}

static void scores_agree_with_the_model_asked_directly(void **state)
{
    (void)state;
    rig *r = rig_new(0.5);
    score_list l = SCORE_LIST_INIT;
    trial_list trials = TRIAL_LIST_INIT;
    float x[TEST * COUNT], logits[TEST * 2], lse[TEST];
    int64_t index[TEST], hits = 0, correct = 0;
    double nll = 0, mean = 0;
    char path[256];

    check_ok(eval_run(&l, benchmark_list, &r->subject, &r->eval));
    for (int i = 0; i < TEST; i++) index[i] = i;
    check_ok(dataset_floats(x, r->data.test, index, TEST));
    check_ok(model_evaluate(r->m, x, TEST, NULL, logits, lse, NULL));
    for (int i = 0; i < TEST; i++) {
        int32_t y = r->data.test->labels[i];
        hits += (logits[2 * i + 1] > logits[2 * i]) == y;
        nll += (double)lse[i] - (double)logits[2 * i + y];
        mean += (double)lse[i];
    }
    check_near(need(&l, "classification", "accuracy", NULL)->value, (double)hits / TEST, 1e-12, 1);
    check_near(need(&l, "scenes", "accuracy", NULL)->value, (double)hits / TEST, 1e-12, 1);
    check_near(need(&l, "classification", "nll", NULL)->value, nll / TEST, 1e-5, 1);
    check_near(need(&l, "energy", "mean_lse", "data")->value, mean / TEST, 1e-5, 1);
    snprintf(path, sizeof path, "%s/trials/test.csv", r->dir);
    check_ok(trial_list_read(&trials, path));
    assert_int_equal(trials.count, TEST);
    for (int64_t i = 0; i < trials.count; i++)
        correct += strcmp(trials.trials[i].object_response, trials.trials[i].category) == 0;
    assert_int_equal(correct, hits);
    assert_string_equal(trials.trials[0].subj, "wrn-10-1-alpha-0.5-seed-3");
    trial_list_clear(&trials);
    score_list_clear(&l);
    rig_free(r);
}

/* Whoever read the scenes: the head, or at alpha = 1 the machine in its place. */
static void trials_of_scenes_give_their_scores(void **state)
{
    (void)state;
    for (int alpha = 0; alpha <= 1; alpha++) {
        rig *r = rig_new(alpha);
        score_list l = SCORE_LIST_INIT;
        check_ok(eval_run(&l, benchmark_list, &r->subject, &r->eval));
        for (const measure_spot *line = scenes_measures.spots; line->title; line++) {
            trial_items items = TRIAL_ITEMS_INIT;
            bool give;
            check_ok(trial_items_read(&items, line, r->dir, NULL));
            assert_int_equal(items.count, TEST);
            check_ok(trial_items_give(&give, &items, line, 0, need(&l, "scenes", line->score[0]->metric, NULL)->value));
            assert_true(give);
            trial_items_clear(&items);
        }
        score_list_clear(&l);
        rig_free(r);
    }
}

static void histograms_and_bins_hold_every_image(void **state)
{
    (void)state;
    rig *r = rig_new(0.5);
    score_list l = SCORE_LIST_INIT;
    table t = TABLE_INIT;
    char path[256];
    double sums[3] = {0};

    check_ok(eval_run(&l, benchmark_list, &r->subject, &r->eval));
    snprintf(path, sizeof path, "%s/scores/energy_hist.tsv", r->dir);
    check_ok(table_read(&t, path, '\t'));
    for (int64_t i = 0; i < t.rows; i++)
        for (int k = 0; k < 3; k++) sums[k] += table_get(&t, i, 2 + k);
    assert_true(sums[0] == TEST && sums[1] == BUFFER && sums[2] == TEST);
    table_clear(&t);
    snprintf(path, sizeof path, "%s/scores/reliability.tsv", r->dir);
    check_ok(table_read(&t, path, '\t'));
    assert_int_equal(t.rows, 20);
    sums[0] = 0;
    for (int64_t i = 0; i < t.rows; i++) sums[0] += table_get(&t, i, table_find(&t, "count"));
    assert_true(sums[0] == TEST);
    table_clear(&t);
    score_list_clear(&l);
    rig_free(r);
}

static void an_energy_model_without_a_head_is_probed_by_a_support_vector_machine(void **state)
{
    (void)state;
    rig *r = rig_new(1);
    score_list l = SCORE_LIST_INIT;
    check_ok(eval_run(&l, benchmark_list, &r->subject, &r->eval));
    const score *s = need(&l, "scenes", "accuracy", NULL);
    assert_non_null(strstr(s->formula, "linear SVM"));
    assert_non_null(strstr(s->formula, "12-d proj, fitted on 84 training and validation images"));
    assert_true(s->value > 0.9); /* the bright spot shows even in random features */
    assert_false(made(r, "samples/classes.png"));
    score_list_clear(&l);
    rig_free(r);
}

static void a_classifier_has_no_samples(void **state)
{
    (void)state;
    rig *r = rig_new(0);
    score_list l = SCORE_LIST_INIT;
    check_ok(eval_run(&l, benchmark_list, &r->subject, &r->eval));
    assert_null(score_list_find(&l, "generation", "fd_pix", NULL));
    assert_null(score_list_find(&l, "energy", "mean_lse", "samples"));
    assert_false(made(r, "samples/buffer.png"));
    assert_true(made(r, "samples/shared_start.png"));
    size_t size;
    char *text = content(r, "scores/energy_hist.tsv", &size);
    assert_non_null(strstr(text, "nan"));
    mem_free(text);
    score_list_clear(&l);
    rig_free(r);
}

static void evaluating_twice_gives_the_same_bytes_and_leaves_the_model_alone(void **state)
{
    (void)state;
    rig *r = rig_new(0.5);
    static const char *const files[] = {"scores/scores.json", "scores/energy_hist.tsv",
                                        "samples/shared_start.png", "samples/classes.png"};
    enum { FILES = sizeof files / sizeof *files };
    char *before[FILES];
    size_t sizes[FILES], size;
    score_list l = SCORE_LIST_INIT, m = SCORE_LIST_INIT;
    size_t bytes = (size_t)model_params_count(r->m) * sizeof(float);
    XXH64_hash_t params = XXH64(model_params(r->m), bytes, 0);
    XXH64_hash_t replay = XXH64(r->replay, BUFFER * COUNT * sizeof(float), 0);

    check_ok(eval_run(&l, benchmark_list, &r->subject, &r->eval));
    for (int i = 0; i < FILES; i++) before[i] = content(r, files[i], &sizes[i]);
    check_ok(eval_run(&m, benchmark_list, &r->subject, &r->eval));
    for (int i = 0; i < FILES; i++) {
        char *after = content(r, files[i], &size);
        assert_int_equal(size, sizes[i]);
        assert_memory_equal(before[i], after, size);
        mem_free(before[i]);
        mem_free(after);
    }
    assert_true(XXH64(model_params(r->m), bytes, 0) == params);
    assert_true(XXH64(r->replay, BUFFER * COUNT * sizeof(float), 0) == replay);
    score_list_clear(&l);
    score_list_clear(&m);
    rig_free(r);
}

static void runs_of_a_study_share_starts_and_noise(void **state)
{
    (void)state;
    rig *a = rig_new(0.5), *b = rig_new(0); /* the same weights, another alpha and seed */
    score_list l = SCORE_LIST_INIT, m = SCORE_LIST_INIT;
    size_t na, nb;
    b->subject.seed = 77;
    check_ok(eval_run(&l, benchmark_list, &a->subject, &a->eval));
    check_ok(eval_run(&m, benchmark_list, &b->subject, &b->eval));
    char *one = content(a, "samples/shared_start.png", &na);
    char *two = content(b, "samples/shared_start.png", &nb);
    assert_int_equal(na, nb);
    assert_memory_equal(one, two, na);
    mem_free(one);
    mem_free(two);
    score_list_clear(&l);
    score_list_clear(&m);
    rig_free(a);
    rig_free(b);
}

static void a_user_set_is_scored_and_a_wrong_one_refused(void **state)
{
    (void)state;
    rig *r = rig_new(0.5);
    score_list l = SCORE_LIST_INIT;
    jem_tensor x = JEM_TENSOR_INIT, y = JEM_TENSOR_INIT;
    char path[256], dir[128];
    snprintf(dir, sizeof dir, "%s/grey", r->dir);
    check_ok(dir_make(dir));
    check_ok(jem_tensor_init(&x, JEM_U8, 4, (int64_t[]){10, 3, SIDE, SIDE}));
    check_ok(jem_tensor_init(&y, JEM_I32, 1, (int64_t[]){10}));
    for (int i = 0; i < 10; i++) ((int32_t *)y.data)[i] = i % 2;
    memset(x.data, 128, 10 * COUNT);
    snprintf(path, sizeof path, "%s/images.npy", dir);
    check_ok(jem_npy_write(path, &x));
    snprintf(path, sizeof path, "%s/labels.npy", dir);
    check_ok(jem_npy_write(path, &y));
    snprintf(r->eval.ood, sizeof r->eval.ood, "npy:%s", dir);
    check_ok(eval_run(&l, benchmark_list, &r->subject, &r->eval));
    assert_int_equal(need(&l, "ood", "auroc", "lse:grey")->n, TEST + 10);
    snprintf(r->eval.ood, sizeof r->eval.ood, "grey");
    check_fails(eval_run(&l, benchmark_list, &r->subject, &r->eval), JEM_EUSAGE, "KIND:PATH");
    snprintf(r->eval.ood, sizeof r->eval.ood, "npy:%s/none", r->dir);
    check_fails(eval_run(&l, benchmark_list, &r->subject, &r->eval), JEM_EDATA, "none");
    jem_tensor_clear(&x);
    jem_tensor_clear(&y);
    score_list_clear(&l);
    rig_free(r);
}

static void scenes_without_enough_lights_lose_that_score_only(void **state)
{
    (void)state;
    rig *r = rig_new(0.5);
    score_list l = SCORE_LIST_INIT;
    double *light = r->data.train->columns[0].values;
    for (int64_t i = 0; i < TRAIN; i++) light[i] = light[i] == 5 ? 4 : light[i];
    check_ok(eval_run(&l, benchmark_list, &r->subject, &r->eval));
    assert_null(score_list_find(&l, "scenes", "light_accuracy", NULL));
    assert_non_null(strstr(last_warning, "light-field accuracy left out"));
    need(&l, "scenes", "relief_r2", NULL);
    score_list_clear(&l);
    rig_free(r);
}

static void steps_out_of_order_and_an_empty_test_split_are_refused(void **state)
{
    (void)state;
    rig *r = rig_new(0.5);
    score_list l = SCORE_LIST_INIT;
    r->eval.steps = (option_list){2, {5, 5}};
    check_fails(eval_run(&l, benchmark_list, &r->subject, &r->eval), JEM_EUSAGE, "ascending");
    r->eval.steps = (option_list){1, {0}};
    r->data.test->n = 0;
    check_fails(eval_run(&l, benchmark_list, &r->subject, &r->eval), JEM_EDATA, "no test images");
    assert_false(made(r, "scores/scores.json"));
    rig_free(r);
}

static void sources_spread_over_all_images_and_mix_two_of_them(void **state)
{
    (void)state;
    dataset *d = scenes(10, 4);
    float some[5 * COUNT], one[COUNT], mixed[2 * COUNT], whole[10 * COUNT];
    const int64_t rows[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    image_source s = source_dataset(d, 5);
    s.fill(&s, some, 0, 5);
    for (int64_t i = 0; i < 5; i++) {
        check_ok(dataset_floats(one, d, &rows[2 * i], 1));
        assert_memory_equal(one, some + i * COUNT, sizeof one);
    }
    check_ok(dataset_floats(whole, d, rows, 10));
    image_source m = source_interpolated(d, 2, 1);
    m.fill(&m, mixed, 0, 2);
    int partners = 0; /* image 0 is half of the first one */
    for (int b = 1; b < 10; b++) {
        bool same = true;
        for (int k = 0; k < COUNT && same; k++)
            same = fabsf(mixed[k] - (whole[k] + whole[b * COUNT + k]) / 2) < 1e-5f;
        partners += same;
    }
    assert_int_equal(partners, 1);
    dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hybrid_gets_every_score_table_and_picture),
        cmocka_unit_test(fd_own_compares_features_of_the_given_classifier),
        cmocka_unit_test(scores_agree_with_the_model_asked_directly),
        cmocka_unit_test(trials_of_scenes_give_their_scores),
        cmocka_unit_test(histograms_and_bins_hold_every_image),
        cmocka_unit_test(an_energy_model_without_a_head_is_probed_by_a_support_vector_machine),
        cmocka_unit_test(a_classifier_has_no_samples),
        cmocka_unit_test(evaluating_twice_gives_the_same_bytes_and_leaves_the_model_alone),
        cmocka_unit_test(runs_of_a_study_share_starts_and_noise),
        cmocka_unit_test(a_user_set_is_scored_and_a_wrong_one_refused),
        cmocka_unit_test(scenes_without_enough_lights_lose_that_score_only),
        cmocka_unit_test(steps_out_of_order_and_an_empty_test_split_are_refused),
        cmocka_unit_test(sources_spread_over_all_images_and_mix_two_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
