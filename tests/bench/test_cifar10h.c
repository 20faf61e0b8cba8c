/* CIFAR-10H through the benchmark itself: all published values of people, two networks and
 * made-up predictors, on the real counts; trials; what must be refused. */
#include "asking.h"
#include "stats/published.h"
#include "support/made_data.h"
#include "support/warnings.h"

#include "base/file.h"
#include "base/pool.h"
#include "bench/cifar10h/data.h"
#include "stats/summary.h"

enum { N = CIFAR10H_IMAGES, K = CIFAR10H_CLASSES, CELLS = N * K };

static void folder_of(char path[4096]) { check_data(path, 4096, "cifar10h"); }

static void made_folder(char path[4096]) { made_data(path, 4096, "cifar10h"); }

static void open_network(subject *out, const char *folder, const char *name)
{
    char path[4400];
    snprintf(path, sizeof path, "%s/predictions/%s-logits.npy", folder, name);
    check_ok(subject_of_answers(out, path, "auto"));
}

static void network_of(subject *out, const char *name)
{
    char folder[4096];
    folder_of(folder);
    open_network(out, folder, name);
}

static void made_network(subject *out, const char *name)
{
    char folder[4096];
    made_folder(folder);
    open_network(out, folder, name);
}

static cifar10h_data published_people(void)
{
    char folder[4096];
    cifar10h_data d;
    folder_of(folder);
    check_ok(cifar10h_read(&d, folder, ""));
    return d;
}

static cifar10h_data made_people(void)
{
    char folder[4096];
    cifar10h_data d;
    made_folder(folder);
    check_ok(cifar10h_read(&d, folder, ""));
    return d;
}

static void write_array(const char *folder, const char *name, const double *x, int64_t n, int64_t k)
{
    char path[200];
    jem_tensor t = JEM_TENSOR_INIT;
    const int64_t sizes[] = {n, k};
    check_ok(jem_tensor_init(&t, JEM_F64, 2, sizes));
    memcpy(t.data, x, (size_t)(n * k) * sizeof *x);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(jem_npy_write(path, &t));
    jem_tensor_clear(&t);
}

/* A subject that answers with these numbers [n][k], through a file. */
static void recorded(subject *out, const char *tmp, const double *x, int64_t n, int64_t k)
{
    char path[200];
    write_array(tmp, "answers.npy", x, n, k);
    snprintf(path, sizeof path, "%s/answers.npy", tmp);
    check_ok(subject_of_answers(out, path, "logits"));
}

/* ---- published values */

static double human(const asking *a, const char *metric, const char *condition)
{
    return asking_score(a, metric, condition, "human")->value;
}

static void people_have_the_published_values(void **state)
{
    (void)state;
    asking a;
    char folder[4096];
    json_t *root = published_open(), *values = published_get(root, "cifar10h", "human", NULL);
    static const char *const metrics[] = {
        "judgements",         "judgements_min",   "judgements_max",      "mean_entropy_nats",
        "mean_entropy_bits",  "max_entropy_nats", "argmax_max_entropy",  "images_with_entropy",
        "mean_prob_of_label", "argmax_accuracy",  "images_tied_for_top", "images_top_ge_0.975"};
    folder_of(folder);
    asking_begin(&a, &bench_cifar10h, NULL, folder, NULL);
    check_ok(bench_cifar10h.run(&a.request));
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
        check_published(human(&a, metrics[i], NULL), values, metrics[i]);
    const char *class_name;
    json_t *of_class;
    json_object_foreach(published_get(values, "mean_entropy_by_label", NULL), class_name, of_class)
        check_near(human(&a, "mean_entropy_by_label", class_name), json_number_value(of_class),
                   1e-9, 1e-4);
    assert_true(human(&a, "images_unanimous", NULL) == 4393);
    assert_true(human(&a, "argmax_accuracy", "ties count as right") == 0.9923);
    check_near(asking_score(&a, "uniform_cross_entropy", NULL, "uniform")->value, log(10), 1e-15,
               1);
    double split = human(&a, "split_half_cross_entropy", "floor 1e-12");
    assert_true(split > 0.512 && split < 0.538);
    const score *h = asking_score(&a, "mean_entropy_nats", NULL, "human");
    assert_true(h->low < h->value && h->value < h->high && h->n == N && h->data_hash);
    asking_end(&a);
    json_decref(root);
}

static void a_folder_without_model_has_the_published_first_rows(void **state)
{
    (void)state;
    static const int64_t rows[3][K] = {{0, 1, 1, 48, 0, 1, 0, 0, 0, 0},
                                       {0, 0, 1, 0, 0, 0, 0, 0, 50, 0},
                                       {0, 0, 0, 0, 0, 0, 0, 0, 52, 0}};
    static const int32_t labels[] = {3, 8, 8, 0, 6, 6, 1, 6, 3, 1};
    cifar10h_data d = published_people();
    assert_memory_equal(d.counts, rows, sizeof rows);
    assert_memory_equal(d.label, labels, sizeof labels);
    assert_string_equal(d.name[0], "domestic_cat_s_000907.png");
    cifar10h_clear(&d);
}

/* Every published value of a subject that was asked; null is a score that is left out. */
static void check_values(const asking *a, json_t *values, bool noisy_ties)
{
    const char *metric, *who = a->request.subject->name;
    json_t *value;
    json_object_foreach(values, metric, value)
    {
        const score *s = asking_find(a, metric, NULL, who);
        if (json_is_null(value)) {
            assert_null(s);
            continue;
        }
        if (!s) fail_msg("no %s of %s", metric, who);
        /* The published ranks saw ties broken by the rounding of sums in class order;
         * ours are exact. */
        if (noisy_ties && !strcmp(metric, "entropy_spearman"))
            check_near(s->value, json_number_value(value), 1e-4, 1);
        else
            check_near(s->value, json_number_value(value), 1e-9, 1e-3);
        assert_true(s->low <= s->value + 1e-9 && s->value <= s->high + 1e-9);
        assert_true(s->n == N && s->formula && s->data_hash && s->command);
    }
}

static void networks_get_the_published_scores(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double ce, kl, accuracy, hard, spearman; /* of the published logits; scipy on exact ties */
    } nets[] = {{"vgg_15_BN_64", 0.777239, 0.622779, 0.9318, 0.343862, 0.30168701830157213},
                {"resnet_basic_110", 0.874570, 0.720111, 0.9406, 0.327233, 0.32891299777850946}};
    char folder[4096];
    folder_of(folder);
    json_t *root = published_open();
    for (int i = 0; i < 2; i++) {
        subject s;
        asking a;
        network_of(&s, nets[i].name);
        snprintf(s.name, sizeof s.name, "%s", nets[i].name);
        asking_begin(&a, &bench_cifar10h, &s, folder, NULL);
        check_ok(bench_cifar10h.run(&a.request));
        check_values(&a, published_get(root, "cifar10h", "models", nets[i].name, NULL), true);
        const score *ce = asking_score(&a, "cross_entropy_human", NULL, s.name);
        check_near(ce->value, nets[i].ce, 6e-7, 1);
        assert_true(ce->ceiling == 0.55 && strstr(ce->formula, "0.55"));
        assert_true(&a.scores.scores[0] == ce);
        check_near(asking_score(&a, "kl_human_model", NULL, s.name)->value, nets[i].kl, 6e-7, 1);
        check_near(asking_score(&a, "accuracy", NULL, s.name)->value, nets[i].accuracy, 1e-12, 1);
        check_near(asking_score(&a, "cross_entropy_label", NULL, s.name)->value, nets[i].hard, 6e-7,
                   1);
        check_near(asking_score(&a, "entropy_spearman", NULL, s.name)->value, nets[i].spearman,
                   1e-9, 1);
        asking_end(&a);
        subject_clear(&s);
    }
    json_decref(root);
}

static void made_up_predictors_get_the_published_scores(void **state)
{
    (void)state;
    char tmp[64], folder[4096];
    folder_of(folder);
    json_t *root = published_open();
    cifar10h_data d = published_people();
    double *q = malloc(CELLS * sizeof *q);
    assert_non_null(q);
    check_tmp(tmp, sizeof tmp);
    static const char *const names[] = {
        "0.9 on the label, rest uniform",
        "0.99 on the label, rest uniform",
        "0.5 on the label, rest uniform",
        "uniform",
        "human counts plus one, normalised",
        "the same, rows shifted by one (row i gets row i-1, row 0 gets row 9999)"};
    static const double on_label[] = {0.9, 0.99, 0.5, 0.1};
    for (int m = 0; m < 6; m++) {
        for (int64_t i = 0; i < CELLS; i++) {
            int64_t from = (i / K + N - (m == 5)) % N, people = K;
            for (int64_t k = 0; k < K; k++) people += d.counts[from * K + k];
            q[i] = m < 4 ? (i % K == d.label[i / K] ? on_label[m] : (1 - on_label[m]) / 9)
                         : (double)(d.counts[from * K + i % K] + 1) / (double)people;
        }
        subject s;
        asking a;
        recorded(&s, tmp, q, N, K);
        assert_false(s.logits_known);
        asking_begin(&a, &bench_cifar10h, &s, folder, NULL);
        check_ok(bench_cifar10h.run(&a.request));
        check_values(&a, published_get(root, "cifar10h", "synthetic", names[m], NULL), m >= 4);
        asking_end(&a);
        subject_clear(&s);
    }
    free(q);
    cifar10h_clear(&d);
    json_decref(root);
    check_tmp_remove(tmp);
}

/* ---- what goes with the scores */

static void classes_add_up_to_the_whole(void **state)
{
    (void)state;
    char folder[4096];
    subject s;
    asking a;
    made_folder(folder);
    made_network(&s, "vgg_15_BN_64");
    asking_begin(&a, &bench_cifar10h, &s, folder, NULL);
    check_ok(bench_cifar10h.run(&a.request));
    static const char *const metrics[] = {"cross_entropy_human", "kl_human_model", "accuracy",
                                          "mean_model_entropy"};
    cifar10h_data d = made_people();
    for (int m = 0; m < 4; m++) {
        double sum = 0;
        for (int c = 0; c < K; c++) {
            const score *of = asking_score(&a, metrics[m], d.class_names[c], s.name);
            assert_true(of->n == 1000 && of->low <= of->value && of->value <= of->high);
            sum += of->value / K;
        }
        check_near(sum, asking_score(&a, metrics[m], NULL, s.name)->value, 1e-12, 1);
    }
    cifar10h_clear(&d);
    asking_end(&a);
    subject_clear(&s);
}

static void temperature_is_a_score_of_its_own_fitted_on_other_images(void **state)
{
    (void)state;
    char folder[4096];
    subject s;
    asking a;
    made_folder(folder);
    made_network(&s, "resnet_basic_110");
    asking_begin(&a, &bench_cifar10h, &s, folder, NULL);
    check_ok(bench_cifar10h.run(&a.request));
    const score *plain = asking_score(&a, "cross_entropy_human", NULL, s.name);
    const score *scaled = asking_score(&a, "cross_entropy_human_scaled", NULL, s.name);
    const score *kl = asking_score(&a, "kl_human_model_scaled", NULL, s.name);
    assert_true(scaled->value < plain->value && scaled->low < scaled->value);
    check_near(scaled->value - kl->value, human(&a, "mean_entropy_nats", NULL), 1e-9, 1);
    assert_non_null(strstr(scaled->formula, "on the other half"));
    assert_true(asking_score(&a, "temperature", NULL, s.name)->value > 1.5); /* overconfident */
    asking_end(&a);
    subject_clear(&s);
}

static void the_ceiling_is_the_one_that_was_asked_for(void **state)
{
    (void)state;
    char folder[4096];
    subject s;
    made_folder(folder);
    made_network(&s, "vgg_15_BN_64");
    static const char *const set[] = {"cifar10h.ceiling=split_half", "cifar10h.ceiling=entropy"};
    static const char *const said[] = {"split half", "entropy of people"};
    for (int i = 0; i < 2; i++) {
        asking a;
        asking_begin(&a, &bench_cifar10h, &s, folder, set[i]);
        check_ok(bench_cifar10h.run(&a.request));
        const score *ce = asking_score(&a, "cross_entropy_human", NULL, s.name);
        check_near(ce->ceiling,
                   i ? human(&a, "mean_entropy_nats", NULL)
                     : human(&a, "split_half_cross_entropy", "floor 1e-12"),
                   1e-15, 1);
        assert_non_null(strstr(ce->formula, said[i]));
        asking_end(&a);
    }
    subject_clear(&s);
}

static void the_split_half_value_is_what_its_floor_makes_it(void **state)
{
    (void)state;
    char folder[4096];
    folder_of(folder);
    static const struct {
        const char *set, *condition;
        double low, high;
    } floors[] = {{"cifar10h.floor=1e-10", "floor 1e-10", .45, .46},
                  {"cifar10h.floor=1e-8", "floor 1e-08", .38, .39},
                  {"cifar10h.floor=1e-6", "floor 1e-06", .31, .32}};
    for (int i = 0; i < 3; i++) {
        asking a;
        asking_begin(&a, &bench_cifar10h, NULL, folder, floors[i].set);
        check_ok(bench_cifar10h.run(&a.request));
        double value = human(&a, "split_half_cross_entropy", floors[i].condition);
        assert_true(value > floors[i].low - 0.008 && value < floors[i].high + 0.008);
        asking_end(&a);
    }
}

static void scores_follow_from_the_trials_alone(void **state)
{
    (void)state;
    char tmp[64], folder[4096], path[200];
    subject s, again;
    asking a, b;
    double ce = 0;
    made_folder(folder);
    check_tmp(tmp, sizeof tmp);
    made_network(&s, "vgg_15_BN_64");
    asking_begin(&a, &bench_cifar10h, &s, folder, NULL);
    a.request.out = tmp;
    check_ok(bench_cifar10h.run(&a.request));
    snprintf(path, sizeof path, "%s/trials/cifar10h-logits.npy", tmp);
    check_ok(subject_of_answers(&again, path, "auto"));
    asking_begin(&b, &bench_cifar10h, &again, folder, NULL);
    check_ok(bench_cifar10h.run(&b.request));
    asking_same_scores(&a.scores, &b.scores);
    snprintf(path, sizeof path, "%s/trials/cifar10h.csv", tmp);
    csv c = CSV_INIT;
    trial_list trials = TRIAL_LIST_INIT;
    check_ok(csv_read(&c, path));
    check_ok(trial_list_read(&trials, path)); /* the field's columns */
    assert_true(c.rows == N && trials.count == N);
    int64_t right = 0;
    for (int64_t i = 0; i < N; i++) {
        double x;
        check_ok(csv_number(&x, &c, i, csv_find(&c, "cross_entropy")));
        ce += x / N;
        right += !strcmp(trials.trials[i].object_response, trials.trials[i].category);
    }
    check_near(ce, asking_score(&a, "cross_entropy_human", NULL, s.name)->value, 1e-12, 1);
    check_near((double)right / N, asking_score(&a, "accuracy", NULL, s.name)->value, 1e-12, 1);
    cifar10h_data people = made_people();
    for (int64_t i = 0; i < 10; i++) {
        double h, entropy = 0;
        check_ok(csv_number(&h, &c, i, csv_find(&c, "entropy_human")));
        for (int64_t k = 0; k < K; k++) {
            const double p = people.p[i * K + k];
            if (p > 0) entropy -= p * log(p);
        }
        check_near(h, entropy, 1e-9, 1);
    }
    cifar10h_clear(&people);
    trial_list_clear(&trials);
    csv_clear(&c);
    asking_end(&a);
    asking_end(&b);
    subject_clear(&s);
    subject_clear(&again);
    check_tmp_remove(tmp);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    char folder[4096];
    subject s;
    asking a, b;
    pool *threads = NULL;
    made_folder(folder);
    made_network(&s, "vgg_15_BN_64");
    asking_begin(&a, &bench_cifar10h, &s, folder, NULL);
    check_ok(bench_cifar10h.run(&a.request));
    asking_begin(&b, &bench_cifar10h, &s, folder, NULL);
    check_ok(pool_new(&threads, 3));
    b.request.threads = threads;
    check_ok(bench_cifar10h.run(&b.request));
    asking_same_scores(&a.scores, &b.scores);
    pool_free(threads);
    asking_end(&a);
    asking_end(&b);
    subject_clear(&s);
}

/* ---- networks look at pictures */

/* Says class k is as likely as the first pixel's red value makes it. */
static jem_status look(void *ctx, const stimulus *s, int64_t n, double *out)
{
    (void)ctx;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < K; k++)
            out[i * K + k] = s[i].picture->pixels[0] == k && s[i].picture->pixels[3] == 100 + k &&
                                     s[i].picture->pixels[1] == 50 && s[i].place == i
                                 ? 5
                                 : 0;
    return JEM_OK;
}

/* test_batch.bin of n records: red of the first two pixels tells the label, green is 50. */
static void write_pictures(const char *tmp, const cifar10h_data *d, int64_t n, int64_t wrong)
{
    enum { RECORD = 3073 };
    char path[200];
    unsigned char *bytes = calloc((size_t)n, RECORD);
    assert_non_null(bytes);
    for (int64_t i = 0; i < n; i++) {
        unsigned char *r = bytes + i * RECORD;
        r[0] = (unsigned char)((d->label[i] + (i == wrong)) % K);
        r[1] = r[0];
        r[2] = (unsigned char)(100 + r[0]);
        r[1 + 1024] = 50;
    }
    snprintf(path, sizeof path, "%s/test_batch.bin", tmp);
    check_ok(file_write(path, bytes, (size_t)n * RECORD));
    free(bytes);
}

static void a_network_sees_the_test_set_in_its_order(void **state)
{
    (void)state;
    static const subject_ops ops = {.logits = look};
    const subject s = {.name = "looker",
                       .alpha = 0.5,
                       .seed = 1,
                       .classes = K,
                       .logits_known = true,
                       .needs_pictures = true,
                       .ops = &ops};
    char tmp[64], folder[4096], set[200], path[4400];
    asking a;
    made_folder(folder);
    check_tmp(tmp, sizeof tmp);
    cifar10h_data d = made_people();
    check_fails(asking_status(&bench_cifar10h, &s, folder, NULL), JEM_EUSAGE,
                "looker looks at pictures: set cifar10h.images");
    snprintf(set, sizeof set, "cifar10h.images=%s", tmp);
    check_fails(asking_status(&bench_cifar10h, &s, folder, set), JEM_EDATA, "test_batch.bin");
    write_pictures(tmp, &d, 9999, -1);
    check_fails(asking_status(&bench_cifar10h, &s, folder, set), JEM_EDATA, "9999 records");
    write_pictures(tmp, &d, N, 77);
    check_fails(asking_status(&bench_cifar10h, &s, folder, set), JEM_EDATA,
                "record 77 is labelled");
    write_pictures(tmp, &d, N, -1);
    for (int without = 0; without < 2; without++) { /* with and without test-images.tsv */
        if (without) {
            snprintf(path, sizeof path, "cp '%s/cifar10h-counts.npy' %s", folder, tmp);
            assert_int_equal(system(path), 0);
        }
        asking_begin(&a, &bench_cifar10h, &s, without ? tmp : folder, set);
        check_ok(bench_cifar10h.run(&a.request));
        assert_true(asking_score(&a, "accuracy", NULL, "looker")->value == 1);
        assert_true(asking_score(&a, "accuracy", NULL, "looker")->alpha == 0.5);
        asking_end(&a);
    }
    cifar10h_clear(&d);
    check_tmp_remove(tmp);
}

/* ---- what is refused */

static jem_status diverged(void *ctx, const stimulus *s, int64_t n, double *out)
{
    (void)ctx;
    for (int64_t i = 0; i < n * K; i++) out[i] = s[i / K].place == 123 && i % K == 4 ? INFINITY : 0;
    return JEM_OK;
}

static void classes_in_another_order_are_told(void **state)
{
    (void)state;
    char folder[4096], tmp[64];
    cifar10h_data d = made_people();
    double *x = calloc((size_t)N * K, sizeof *x);
    assert_non_null(x);
    made_folder(folder);
    check_tmp(tmp, sizeof tmp);
    for (int pass = 0; pass < 2; pass++) {
        subject s;
        for (int64_t i = 0; i < N; i++) {
            const int label = d.label[i];
            const int k = pass && (label == 3 || label == 5) ? 8 - label : label; /* cats are dogs */
            for (int c = 0; c < K; c++) x[i * K + c] = c == k ? 2 : c == i % 3;
        }
        recorded(&s, tmp, x, N, K);
        warnings_listen();
        check_ok(asking_status(&bench_cifar10h, &s, folder, "bench.rounds=100"));
        log_set_sink(NULL);
        if (pass)
            assert_non_null(strstr(warnings, "counted from 0, column 3 is dog, column 5 is cat; "));
        else
            assert_null(strstr(warnings, "order"));
        subject_clear(&s);
    }
    cifar10h_clear(&d);
    free(x);
    check_tmp_remove(tmp);
}

static void answers_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    char tmp[64], folder[4096];
    subject s;
    made_folder(folder);
    check_tmp(tmp, sizeof tmp);
    double *x = calloc(CELLS, sizeof *x);
    assert_non_null(x);
    x[5] = 3;
    recorded(&s, tmp, x, N / 2, 2 * K);
    check_fails(asking_status(&bench_cifar10h, &s, folder, NULL), JEM_EUSAGE,
                "answers answers with 20 classes; cifar10h needs the 10");
    subject_clear(&s);
    recorded(&s, tmp, x, N - 1, K);
    check_fails(asking_status(&bench_cifar10h, &s, folder, NULL), JEM_EDATA,
                "answers to 9999 images, people labelled 10000");
    subject_clear(&s);
    x[123 * K + 4] = NAN;
    write_array(tmp, "answers.npy", x, N, K);
    char path[200];
    snprintf(path, sizeof path, "%s/answers.npy", tmp);
    check_fails(subject_of_answers(&s, path, "logits"), JEM_EDATA, "row 123, element 4 is nan");
    static const subject_ops wild_ops = {.logits = diverged};
    const subject wild = {.name = "wild", .classes = K, .logits_known = true, .ops = &wild_ops};
    check_fails(asking_status(&bench_cifar10h, &wild, folder, NULL), JEM_EDATA,
                "answers of wild: row 123, class 4: logit inf is not finite");
    for (int64_t i = 0; i < CELLS; i++) x[i] = 0.1;
    x[77 * K] = 0.10001; /* near enough to be taken for probabilities, too far to be ones */
    recorded(&s, tmp, x, N, K);
    check_fails(asking_status(&bench_cifar10h, &s, folder, NULL), JEM_EDATA,
                "row 77: probabilities sum to 1.00001");
    subject_clear(&s);
    free(x);
    check_tmp_remove(tmp);
    static const subject_ops nothing = {.free = NULL};
    const subject mute = {.name = "mute", .ops = &nothing};
    check_fails(asking_status(&bench_cifar10h, &mute, folder, NULL), JEM_EUSAGE, "logits");
}

/* A copy of the published folder in which one file is replaced. */
static void copy_folder(const char *tmp)
{
    char command[9000], folder[4096];
    made_folder(folder);
    snprintf(command, sizeof command, "cp '%s'/*.npy '%s'/*.tsv %s && chmod +w %s/*", folder,
             folder, tmp, tmp);
    assert_int_equal(system(command), 0);
}

static void refuses(const char *tmp, const char *text)
{
    check_fails(asking_status(&bench_cifar10h, NULL, tmp, NULL), JEM_EDATA, text);
}

static void broken_counts_are_refused_with_file_and_place(void **state)
{
    (void)state;
    char tmp[64], path[200], bytes[200];
    cifar10h_data d = made_people();
    double *x = malloc(CELLS * sizeof *x);
    assert_non_null(x);
    check_tmp(tmp, sizeof tmp);
    copy_folder(tmp);
    for (int64_t i = 0; i < CELLS; i++) x[i] = (double)d.counts[i];
    write_array(tmp, "cifar10h-counts.npy", x, N / 2, 2 * K);
    refuses(tmp, "5000 rows of 20; expected 10000 x 10");
    static const struct {
        double value;
        const char *text;
    } bad[] = {{-1, "image 12, class 3: -1 is not a number of people"},
               {2.5, "image 12, class 3: 2.5 is not a number of people"},
               {NAN, "image 12, class 3: nan is not a number of people"}};
    for (int i = 0; i < 3; i++) {
        x[12 * K + 3] = bad[i].value;
        write_array(tmp, "cifar10h-counts.npy", x, N, K);
        refuses(tmp, bad[i].text);
    }
    for (int k = 0; k < K; k++) x[12 * K + k] = 0;
    write_array(tmp, "cifar10h-counts.npy", x, N, K);
    refuses(tmp, "cifar10h-counts.npy: image 12: nobody labelled it");
    for (int64_t i = 0; i < CELLS; i++) x[i] = (double)d.counts[i];
    write_array(tmp, "cifar10h-counts.npy", x, N, K); /* whole doubles will do */
    check_ok(asking_status(&bench_cifar10h, NULL, tmp, NULL));
    for (int64_t i = 0; i < CELLS; i++) x[i] = d.p[i];
    x[7] += 1e-4;
    write_array(tmp, "cifar10h-probs.npy", x, N, K);
    refuses(tmp, "cifar10h-probs.npy: row 0: probabilities sum to 1.0001");
    x[7] -= 1e-4;
    x[K + 2] += 0.1;
    x[K + 8] -= 0.1;
    write_array(tmp, "cifar10h-probs.npy", x, N, K);
    refuses(tmp, "image 1, class 2: 0.11");
    snprintf(path, sizeof path, "%s/cifar10h-counts.npy", tmp);
    memset(bytes, ' ', sizeof bytes);
    memcpy(bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
    memcpy(bytes + 10, "{'descr': '<i8', 'fortran_order': True, 'shape': (10000, 10), }", 63);
    bytes[127] = '\n';
    check_ok(file_write(path, bytes, sizeof bytes));
    refuses(tmp, "the header promises 800000 bytes of data, the file has 72");
    check_ok(file_remove(path));
    refuses(tmp, "cifar10h-counts.npy");
    free(x);
    cifar10h_clear(&d);
    check_tmp_remove(tmp);
}

static void broken_labels_are_refused_with_file_and_line(void **state)
{
    (void)state;
    static const struct {
        const char *edit, *text;
    } edits[] = {
        {"s/^5\\t6/5\\t10/", "test-images.tsv:7: label 10, expected 0 to 9"},
        {"s/^5\\t6/5\\t-1/", "label -1, expected 0 to 9"},
        {"s/^5\\t6/4\\t6/", "test-images.tsv:7: index 4, expected each of 0 to 9999 once"},
        {"s/^5\\t6/10000\\t6/", "index 10000"},
        {"s/^5\\t6/5\\tsix/", "test-images.tsv:7"},
        {"$d", "9999 labels, expected 10000"},
        {"1s/label/class_id/", "test-images.tsv:1: no column 'label'"},
        {"7s/\\t[^\\t]*$//", "test-images.tsv:7"},
        {"2,$d", "0 labels, expected 10000"},
    };
    char tmp[64], folder[4096], command[4800];
    made_folder(folder);
    check_tmp(tmp, sizeof tmp);
    copy_folder(tmp);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        snprintf(command, sizeof command, "sed '%s' '%s/test-images.tsv' > %s/test-images.tsv",
                 edits[i].edit, folder, tmp);
        assert_int_equal(system(command), 0);
        refuses(tmp, edits[i].text);
    }
    snprintf(command, sizeof command, "%s/test-images.tsv", tmp);
    check_ok(file_remove(command));
    refuses(tmp, "missing; it gives the labels");
    check_tmp_remove(tmp);
}

static void keep_lines(void *ctx, const char *line)
{
    strncat(ctx, line, 2000);
    strncat(ctx, "\n", 2);
}

static void the_check_names_what_is_missing(void **state)
{
    (void)state;
    char tmp[64], folder[4096], lines[9000] = "", path[200], judgements[64];
    int64_t count = 0;
    cifar10h_data d = made_people();
    for (int64_t i = 0; i < CELLS; i++) count += d.counts[i];
    cifar10h_clear(&d);
    snprintf(judgements, sizeof judgements, "%d judgements of 10000 images", (int)count);
    made_folder(folder);
    check_ok(asking_check(&bench_cifar10h, folder, keep_lines, lines));
    assert_non_null(strstr(lines, judgements));
    check_tmp(tmp, sizeof tmp);
    copy_folder(tmp);
    snprintf(path, sizeof path, "%s/cifar10h-probs.npy", tmp);
    check_ok(file_remove(path));
    lines[0] = '\0';
    check_ok(asking_check(&bench_cifar10h, tmp, keep_lines, lines));
    assert_non_null(strstr(lines, "cifar10h-probs.npy is missing: not needed"));
    snprintf(path, sizeof path, "%s/cifar10h-counts.npy", tmp);
    check_ok(file_remove(path));
    check_fails(asking_check(&bench_cifar10h, tmp, keep_lines, lines), JEM_EDATA, "cifar10h-counts.npy");
    assert_non_null(strstr(lines, "cifar10h-counts.npy is missing: needed"));
    check_tmp_remove(tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_have_the_published_values),
        cmocka_unit_test(a_folder_without_model_has_the_published_first_rows),
        cmocka_unit_test(networks_get_the_published_scores),
        cmocka_unit_test(made_up_predictors_get_the_published_scores),
        cmocka_unit_test(classes_add_up_to_the_whole),
        cmocka_unit_test(temperature_is_a_score_of_its_own_fitted_on_other_images),
        cmocka_unit_test(the_ceiling_is_the_one_that_was_asked_for),
        cmocka_unit_test(the_split_half_value_is_what_its_floor_makes_it),
        cmocka_unit_test(scores_follow_from_the_trials_alone),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(a_network_sees_the_test_set_in_its_order),
        cmocka_unit_test(classes_in_another_order_are_told),
        cmocka_unit_test(answers_that_do_not_fit_are_refused),
        cmocka_unit_test(broken_counts_are_refused_with_file_and_place),
        cmocka_unit_test(broken_labels_are_refused_with_file_and_line),
        cmocka_unit_test(the_check_names_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
