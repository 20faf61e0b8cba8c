/* model-vs-human through the benchmark: the published tables of people and networks on all
 * 17 sets, every pair of observers, trials that score again as they did, pictures, and
 * what is refused. */
#include "asking.h"
#include "support/made_data.h"
#include "stats/published.h"
#include "stats/published_sets.h"

#include "base/file.h"
#include "bench/mvh_sets.h"
#include "record/image_name.h"

static char raw_data[4096];

/* The data of people, where networks are too. */
static const char *data_folder(void)
{
    check_data(raw_data, sizeof raw_data, "model-vs-human");
    return raw_data;
}

static const char *made_folder(void)
{
    made_data(raw_data, sizeof raw_data, "model-vs-human");
    return raw_data;
}

/* who NULL: the subject's own scores. */
static const score *find(const asking *a, const char *metric, const char *dataset,
                         const char *condition, const char *who)
{
    for (int64_t i = 0; i < a->scores.count; i++) {
        const score *s = &a->scores.scores[i];
        if (strcmp(s->metric, metric) != 0 || strcmp(s->dataset, dataset) != 0) continue;
        if (who ? strcmp(s->model, who) != 0
                : a->request.subject && strcmp(s->model, a->request.subject->name) != 0)
            continue;
        if (condition ? s->condition && condition_equal(s->condition, condition) : !s->condition)
            return s;
    }
    fail_msg("no score %s of %s, condition %s, of %s", metric, dataset,
             condition ? condition : "none", who ? who : "the subject");
    return NULL;
}

static double value_of(const asking *a, const char *metric, const char *dataset,
                       const char *condition, const char *who)
{
    return find(a, metric, dataset, condition, who)->value;
}

static void begin_in(asking *a, const subject *who, const char *data, const char *set)
{
    asking_begin(a, &bench_model_vs_human, who, data, set);
    check_ok(options_assign(a->groups, "bench.rounds=100"));
}

static void begin(asking *a, const subject *who, const char *set) { begin_in(a, who, data_folder(), set); }

static void begin_made(asking *a, const subject *who, const char *set) { begin_in(a, who, made_folder(), set); }

static void set_key(asking *a, const char *assignment)
{
    check_ok(options_assign(a->groups, assignment));
}

static void run(asking *a) { check_ok(a->bench->run(&a->request)); }

static subject open_network_in(const char *data, const char *name)
{
    char path[4200], kind[100];
    subject s;
    snprintf(path, sizeof path, "%s/raw-data", data);
    snprintf(kind, sizeof kind, "trials:%s", name);
    for (char *dash = kind; (dash = strstr(dash, "simclr-"));) dash[6] = '_'; /* as in the files */
    check_ok(subject_of_answers(&s, path, kind));
    return s;
}

static subject open_network(const char *name) { return open_network_in(data_folder(), name); }

static subject open_made_network(const char *name) { return open_network_in(made_folder(), name); }

static const char *const metrics[] = {"accuracy", "accuracy_difference", "observed_consistency",
                                      "error_consistency"};

/* ---- people */

static void people_of_all_17_sets_agree_as_published(void **state)
{
    (void)state;
    static const double mean[] = {0.722815, 0.006566, 0.808542, 0.431216};
    asking a;
    begin(&a, NULL, NULL);
    run(&a);
    for (size_t s = 0; s < 17; s++)
        for (int k = 0; k < 4; k++) {
            const score *got = find(&a, metrics[k], published_sets[s].set, NULL, "human");
            check_near(got->value, published_sets[s].people[k], 6e-7, 1);
            assert_true(got->low <= got->high && isnan(got->ceiling) && got->n > 0);
        }
    for (int k = 0; k < 4; k++)
        check_near(value_of(&a, metrics[k], "mean", NULL, "human"), mean[k], 6e-7, 1);
    check_near(value_of(&a, "error_consistency", "mean-parametric", NULL, "human"), .444607, 6e-7,
               1);
    check_near(value_of(&a, "error_consistency", "mean-nonparametric", NULL, "human"), .399080,
               6e-7, 1);
    check_near(value_of(&a, "error_consistency", "mean", "paper", "human"), .39, 1e-15, 1);
    assert_int_equal(find(&a, "accuracy", "mean", NULL, "human")->n, 11520);
    const score *kappa = find(&a, "error_consistency", "mean", NULL, "human");
    assert_true(kappa->low < kappa->value && kappa->value < kappa->high);
    assert_non_null(strstr(kappa->formula, "17 of the 17 sets"));
    asking_end(&a);
}

static void forgetting_the_exclusions_gives_the_lower_ceiling(void **state)
{
    (void)state;
    asking a;
    begin(&a, NULL, "model-vs-human.exclusions=false");
    run(&a);
    const score *mean = find(&a, "error_consistency", "mean", NULL, "human");
    check_near(mean->value, 0.381236, 6e-7, 1);
    assert_non_null(strstr(mean->formula, "all conditions"));
    check_near(value_of(&a, "error_consistency", "mean-parametric", NULL, "human"), .373801, 6e-7,
               1);
    asking_end(&a);
}

/* In the order of the sets' conditions. */
static const struct {
    const char *set;
    double accuracy[8];
} conditions[] = {
    {"contrast", {.8562, .8266, .7953, .7344, .5953, .3531, .1500, .0625}},
    {"high-pass", {.8828, .8078, .7391, .6156, .3531, .1781, .0734, .0641}},
    {"low-pass", {.9203, .9141, .7953, .6297, .5875, .3797, .2000, .0609}},
    {"phase-scrambling", {.8984, .8797, .7953, .6859, .3906, .1062, .1016}},
    {"rotation", {.8906, .8414, .8023, .8461}},
    {"uniform-noise", {.7969, .8344, .7641, .7703, .6469, .3984, .1484, .0703}},
    {"eidolonI", {.7922, .8734, .8125, .6922, .4375, .2219, .1219, .0750}},
    {"eidolonII", {.8141, .7750, .7656, .5609, .2297, .0797, .0703, .0672}},
    {"eidolonIII", {.8188, .8000, .7109, .4062, .1516, .1047, .0703, .0578}},
    {"colour", {.9086, .8867}},
    {"power-equalisation", {.9004, .7589}},
    {"false-colour", {.9027, .8737}},
};

static void people_are_as_good_on_each_condition_as_published(void **state)
{
    (void)state;
    asking a;
    begin(&a, NULL,
          "model-vs-human.sets=contrast, high-pass, low-pass phase-scrambling rotation, "
          "uniform-noise, eidolonI, eidolonII, eidolonIII, colour, power-equalisation, "
          "false-colour");
    run(&a);
    for (size_t s = 0; s < sizeof conditions / sizeof *conditions; s++) {
        const mvh_set *set = mvh_set_find(conditions[s].set);
        for (int64_t c = 0; c < mvh_conditions(set); c++) {
            const score *got = find(&a, "accuracy", set->name, set->conditions[c], "human");
            check_near(got->value, conditions[s].accuracy[c], 5.1e-5, 1);
            assert_int_equal(got->n, set->images / mvh_conditions(set));
        }
    }
    assert_non_null(strstr(find(&a, "accuracy", "mean", NULL, "human")->formula, "12 of the 17"));
    asking_end(&a);
}

/* ---- networks */

static void check_network(json_t *root, const char *name)
{
    asking a;
    subject s = open_network(name);
    json_t *sets = published_get(root, "model_vs_human", "datasets", NULL), *values;
    json_t *overall =
        published_get(root, "model_vs_human", "published_overall_3_digits", name, NULL);
    const char *set, *condition;
    begin(&a, &s, NULL);
    run(&a);
    for (int k = 0; k < 4; k++) {
        const score *got = find(&a, metrics[k], "mean", NULL, NULL);
        check_near(got->value, json_number_value(published_get(overall, metrics[k], NULL)), 5.1e-4,
                   1);
        check_near(got->ceiling, value_of(&a, metrics[k], "mean", NULL, "human"), 0, 1);
        assert_true(got->low < got->value && got->value < got->high);
    }
    json_object_foreach(sets, set, values)
    {
        json_t *each = published_get(values, "mean_over_humans", name, NULL), *at;
        for (int k = 0; k < 4; k++)
            check_published(value_of(&a, metrics[k], set, NULL, NULL), values, "benchmark", name,
                            metrics[k]);
        bool one = mvh_conditions(mvh_set_find(set)) == 0;
        json_object_foreach(each, condition, at)
        {
            const char *key = one ? NULL : condition;
            for (int k = 2; k < 4; k++) {
                check_published(value_of(&a, metrics[k], set, key, NULL), at, metrics[k]);
                check_published(value_of(&a, metrics[k], set, key, "human"), values,
                                "mean_over_humans", "humans", condition, metrics[k]);
            }
            check_published(value_of(&a, "accuracy", set, key, NULL), values, "accuracy", name,
                            condition);
        }
    }
    if (strcmp(name, "resnet50") == 0) {
        check_near(value_of(&a, "accuracy", "mean", NULL, NULL), 0.5588205, 6e-6, 1);
        check_near(value_of(&a, "error_consistency", "mean", NULL, NULL), 0.2083392, 6e-6, 1);
        for (size_t i = 0; i < 17; i++) {
            const published_set *p = &published_sets[i];
            check_near(value_of(&a, "accuracy", p->set, NULL, NULL), p->accuracy, 6e-6, 1);
            check_near(value_of(&a, "error_consistency", p->set, NULL, NULL), p->kappa, 6e-6, 1);
        }
    }
    asking_end(&a);
    subject_clear(&s);
}

static void networks_score_as_published(void **state)
{
    (void)state;
    json_t *root = published_open();
    check_network(root, "resnet50");
    check_network(root, "bagnet33");
    check_network(root, "simclr-resnet50x1");
    json_decref(root);
}

static void older_networks_score_as_computed_on_cue_conflict(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        double value[4];
    } rows[] = {{"resnet50-torchvision", {.175000, .365856, .365547, .067433}},
                {"alexnet-caffe", {.272656, .258098, .444609, .113173}},
                {"googlenet-caffe", {.232031, .300609, .407891, .087454}},
                {"vgg16-caffe", {.150781, .395531, .348359, .060204}}};
    for (size_t i = 0; i < 4; i++) {
        char path[4096], name[100];
        subject s;
        asking a;
        snprintf(name, sizeof name, "cue-conflict/decisions/%s.csv", rows[i].file);
        check_data(path, sizeof path, name);
        check_ok(subject_of_answers(&s, path, "auto"));
        begin(&a, &s, "model-vs-human.sets=cue-conflict");
        run(&a);
        for (int k = 0; k < 4; k++)
            check_near(value_of(&a, metrics[k], "cue-conflict", NULL, NULL), rows[i].value[k], 6e-7,
                       1);
        asking_end(&a);
        subject_clear(&s);
    }
}

/* ---- pairs */

/* Trials write "_" where names of files and published values have "-". */
static bool is_subject(const asking *a, const char *name)
{
    const char *own = a->request.subject ? a->request.subject->name : "";
    while (*name && (*name == *own || (*name == '-' && *own == '_'))) name++, own++;
    return *name == '\0' && *own == '\0';
}

static double pair_value(const asking *a, const char *metric, const char *set,
                         const char *condition, const char *one, const char *other)
{
    char name[200];
    snprintf(name, sizeof name, "%s with %s", metric, other);
    return value_of(a, name, set, condition, is_subject(a, one) ? NULL : one);
}

static double accuracy_of(const asking *a, const char *set, const char *condition, const char *who)
{
    return value_of(a, "accuracy", set, condition, is_subject(a, who) ? NULL : who);
}

static void check_set_pairs(const asking *a, const char *set, json_t *pairs)
{
    json_t *row;
    size_t i, seen = 0;
    json_array_foreach(pairs, i, row)
    {
        const char *text[3];
        double number[9] = {0};
        for (size_t k = 0; k < 3; k++) text[k] = json_string_value(json_array_get(row, k));
        for (size_t k = 3; k < 9; k++) number[k] = json_number_value(json_array_get(row, k));
        /* pairs of people, and of this network with people */
        if (!is_subject(a, text[1]) && strncmp(text[1], "subject", 7) != 0) continue;
        if (strncmp(text[2], "subject", 7) != 0) continue;
        const char *condition = mvh_conditions(mvh_set_find(set)) ? text[0] : NULL;
        check_near(accuracy_of(a, set, condition, text[1]), number[4], 1e-9, 1e-4);
        check_near(accuracy_of(a, set, condition, text[2]), number[5], 1e-9, 1e-4);
        check_near(pair_value(a, "expected_consistency", set, condition, text[1], text[2]),
                   number[6], 1e-9, 1e-4);
        check_near(pair_value(a, "observed_consistency", set, condition, text[1], text[2]),
                   number[7], 1e-9, 1e-4);
        check_near(pair_value(a, "error_consistency", set, condition, text[1], text[2]), number[8],
                   1e-9, 1e-4);
        seen++;
    }
    assert_true(seen >= 10);
}

static void every_pair_of_observers_is_as_published(void **state)
{
    (void)state;
    json_t *root = published_open();
    json_t *sets = published_get(root, "model_vs_human", "datasets", NULL), *values;
    const char *set;
    static const char *const names[] = {"resnet50", "bagnet33", "simclr-resnet50x1"};
    for (int n = 0; n < 3; n++) {
        asking a;
        subject s = open_network(names[n]);
        begin(&a, &s, "model-vs-human.sets=sketch, edge, contrast, false-colour");
        set_key(&a, "model-vs-human.pairs=true");
        run(&a);
        json_object_foreach(sets, set, values)
            check_set_pairs(&a, set, published_get(values, "pairs", NULL));
        asking_end(&a);
        subject_clear(&s);
    }
    json_decref(root);
}

static void first_two_people_pair_as_computed(void **state)
{
    (void)state;
    static const struct {
        const char *set, *condition;
        double a, b, observed, kappa;
    } rows[] = {{"edge", NULL, .893750, .937500, .881250, .236181},
                {"contrast", "c10", .550000, .525000, .700000, .396985},
                {"uniform-noise", "0.2", .687500, .618750, .718750, .382504},
                {"colour", "bw", .914062, .885938, .896875, .428339},
                {"high-pass", "1", .481250, .675000, .706250, .420111},
                {"stylized", NULL, .515000, .397500, .732500, .468270},
                {"false-colour", "false", .883929, .816071, .853571, .430908}};
    asking a;
    begin(&a, NULL,
          "model-vs-human.sets=edge,contrast,uniform-noise,colour,high-pass,stylized,"
          "false-colour");
    set_key(&a, "model-vs-human.pairs=true");
    run(&a);
    for (size_t i = 0; i < 7; i++) {
        const char *set = rows[i].set, *c = rows[i].condition;
        check_near(value_of(&a, "accuracy", set, c, "subject-01"), rows[i].a, 6e-7, 1);
        check_near(value_of(&a, "accuracy", set, c, "subject-02"), rows[i].b, 6e-7, 1);
        check_near(pair_value(&a, "observed_consistency", set, c, "subject-01", "subject-02"),
                   rows[i].observed, 6e-7, 1);
        check_near(pair_value(&a, "error_consistency", set, c, "subject-01", "subject-02"),
                   rows[i].kappa, 6e-7, 1);
    }
    asking_end(&a);
}

/* ---- trials and bits */

static bool same_number(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static void check_same_scores(const score_list *a, const score_list *b)
{
    assert_int_equal(a->count, b->count);
    for (int64_t i = 0; i < a->count; i++) {
        const score *p = &a->scores[i], *q = &b->scores[i];
        assert_string_equal(p->metric, q->metric);
        assert_true(same_number(p->value, q->value) && same_number(p->low, q->low) &&
                    same_number(p->high, q->high) && same_number(p->ceiling, q->ceiling));
        assert_true(p->data_hash ? strcmp(p->data_hash, q->data_hash) == 0 : !q->data_hash);
    }
}

static void written_trials_score_again_as_they_did_on_any_number_of_threads(void **state)
{
    (void)state;
    char out[64], path[200];
    asking a, b;
    subject s = open_made_network("bagnet33"), again;
    static const char sets[] = "model-vs-human.sets=rotation, edge, false-colour";
    check_tmp(out, sizeof out);
    begin_made(&a, &s, sets);
    a.request.out = out;
    run(&a);
    snprintf(path, sizeof path, "%s/trials/model-vs-human", out);
    check_ok(subject_of_answers(&again, path, "auto"));
    begin_made(&b, &again, sets);
    check_ok(pool_new(&b.request.threads, 3));
    run(&b);
    pool_free(b.request.threads);
    check_same_scores(&a.scores, &b.scores);

    trial_list list = TRIAL_LIST_INIT;
    snprintf(path, sizeof path, "%s/trials/model-vs-human/rotation/rotation_bagnet33_session-1.csv",
             out);
    check_ok(trial_list_read(&list, path));
    assert_int_equal(list.count, 1280);
    const trial *t = &list.trials[320];
    assert_true(strcmp(t->condition, "90") == 0 && isnan(t->rt) && t->trial == 321);
    assert_int_equal(strncmp(t->imagename, "0321_rot_dnn_90_", 16), 0);
    trial_list_clear(&list);
    asking_end(&a);
    asking_end(&b);
    subject_clear(&s);
    subject_clear(&again);
    check_tmp_remove(out);
}

/* ---- small sets made here */

static void write_text(const char *folder, const char *name, const char *text)
{
    char path[4400], *slash;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    slash = strrchr(path, '/');
    *slash = '\0';
    check_ok(dir_make(path));
    *slash = '/';
    check_ok(file_write(path, text, strlen(text)));
}

#define HEADER "subj,session,trial,rt,object_response,category,condition,imagename\n"
#define ROW(who, trial, answer, category, condition, image)                                        \
    who ",1," trial ",NaN," answer "," category "," condition "," image "\n"
#define EDGE(who) "edge/edge_subject-" who "_session_1.csv"
static const char two_edges[] = HEADER ROW("subject-01", "1", "cat", "cat", "0", "x_cat1.png")
    ROW("subject-01", "2", "na", "dog", "0", "x_dog1.png");

/* Two people on two edges; the second one's trials are `second`. */
static jem_status edge_status(const char *second, const subject *who, const char *set)
{
    char folder[64];
    check_tmp(folder, sizeof folder);
    write_text(folder, EDGE("01"), two_edges);
    write_text(folder, EDGE("02"), second);
    asking a;
    asking_begin(&a, &bench_model_vs_human, who, folder, "model-vs-human.sets=edge");
    if (set) set_key(&a, set);
    jem_status st = bench_model_vs_human.run(&a.request);
    asking_end(&a);
    check_tmp_remove(folder);
    return st;
}

static void trials_that_cannot_be_compared_are_refused(void **state)
{
    (void)state;
    static const char good[] = ROW("subject-02", "1", "cat", "cat", "NaN", "y_cat1.png");
    char text[1000];
#define SECOND(row)                  (snprintf(text, sizeof text, "%s%s%s", HEADER, good, row), text)
#define DOG(answer, category, image) ROW("subject-02", "2", answer, category, "0", image)
    check_ok(edge_status(SECOND(DOG("cat", "dog", "dog1.png")), NULL, NULL));
    check_fails(edge_status(SECOND(DOG("cat", "wolf", "dog1.png")), NULL, NULL), JEM_EDATA,
                "subject-02, trial 2: 'wolf' is not one of the 16");
    check_fails(edge_status(SECOND(DOG("wolf", "dog", "dog1.png")), NULL, NULL), JEM_EDATA,
                "response 'wolf' is neither");
    check_fails(edge_status(SECOND(DOG("cat", "dog", "dog2.png")), NULL, NULL), JEM_EDATA,
                "different images: subject-02");
    check_fails(edge_status(SECOND(DOG("cat", "dog", "cat1.png")), NULL, NULL), JEM_EDATA,
                "cat1.png occurs twice");
    check_fails(edge_status(SECOND(DOG("cat", "bear", "dog1.png")), NULL, NULL), JEM_EDATA,
                "is a bear here and a dog for subject-01");
    check_fails(edge_status(SECOND(""), NULL, NULL), JEM_EDATA,
                "subject-02 has 1 trials, subject-01 has 2: a file is cut off");
    check_fails(edge_status(SECOND("subject-02,1,2,NaN,cat\n"), NULL, NULL), JEM_EDATA,
                "session_1.csv:3");
    check_fails(
        edge_status("subj,session,trial,rt,object_response,category,condition\n", NULL, NULL),
        JEM_EDATA, "no column 'imagename'");
    check_fails(
        edge_status(SECOND(DOG("cat", "dog", "dog1.png")), NULL, "model-vs-human.sets=edge, edges"),
        JEM_EUSAGE, "no image set 'edges'");
    check_fails(edge_status(SECOND(DOG("cat", "dog", "dog1.png")), NULL, "model-vs-human.sets=,"),
                JEM_EUSAGE, "no image set");
    check_fails(edge_status(SECOND(DOG("cat", "dog", "dog1.png")), NULL, "model-vs-human.sets=all"),
                JEM_EDATA, "no folder 'colour' with people's trials, here or in raw-data/: 'jem data fetch model");
}

static void sets_without_people_or_with_odd_conditions_are_refused(void **state)
{
    (void)state;
    char folder[64];
    asking a;
    check_tmp(folder, sizeof folder);
    write_text(folder, "colour/colour_resnet50_session-1.csv", HEADER);
    asking_begin(&a, &bench_model_vs_human, NULL, folder, "model-vs-human.sets=colour");
    check_fails(a.bench->run(&a.request), JEM_EDATA, "colour: no trials of people; expected files");
    write_text(folder, "colour/colour_subject-01_session_1.csv",
               HEADER ROW("subject-01", "1", "cat", "cat", "cr", "cat1.png")
                   ROW("subject-01", "2", "cat", "cat", "green", "cat2.png"));
    check_fails(a.bench->run(&a.request), JEM_EDATA, "no condition 'green'; it begins with 'cr'");
    write_text(folder, "colour/colour_subject-01_session_1.csv",
               HEADER ROW("subject-01", "1", "cat", "cat", "CR", "cat1.png"));
    check_fails(a.bench->run(&a.request), JEM_EDATA, "no trials of condition bw");
    write_text(folder, "colour/colour_subject-01_session_1.csv",
               HEADER ROW("subject-01", "1", "cat", "cat", "cr", "cat1.png")
                   ROW("subject-01", "2", "cat", "cat", "bw", "cat1.png"));
    check_fails(a.bench->run(&a.request), JEM_EDATA, "agreement between people needs two");
    asking_end(&a);
    check_tmp_remove(folder);
}

/* ---- subjects that see */

typedef struct seer {
    int64_t shown, width;
} seer;

/* Says "cat" to bright pictures, "dog" to others. */
static jem_status see(void *ctx, const stimulus *s, int64_t n, int32_t *category)
{
    seer *k = ctx;
    for (int64_t i = 0; i < n; i++) {
        const image *m = s[i].picture;
        assert_non_null(m);
        k->shown++;
        k->width = m->width;
        category[i] = m->pixels[(m->height / 2 * m->width + m->width / 2) * m->channels] > 127
                          ? category_find("cat")
                          : category_find("dog");
    }
    return JEM_OK;
}

static const subject_ops seeing = {.decide = see};
static const subject_ops blind = {.free = NULL};

static void write_picture(const char *folder, const char *name, uint8_t grey, int64_t height,
                          int64_t width)
{
    char path[4400];
    image m = IMAGE_INIT;
    write_text(folder, name, ""); /* makes the folders */
    check_ok(image_init(&m, height, width, 3));
    memset(m.pixels, grey, (size_t)(height * width * 3));
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(image_write_png(&m, path));
    image_clear(&m);
}

static void networks_see_the_pictures_that_people_saw(void **state)
{
    (void)state;
    char folder[64], key[200], path[300];
    seer k = {0, 0};
    subject s = {.name = "seer",
                 .alpha = NAN,
                 .seed = -1,
                 .needs_pictures = true,
                 .ops = &seeing,
                 .ctx = &k};
    const char *const people[] = {"01", "02"};
    asking a;
    check_tmp(folder, sizeof folder);
    for (int p = 0; p < 2; p++) {
        snprintf(path, sizeof path, EDGE("%s"), people[p]);
        write_text(folder, path, two_edges);
        snprintf(path, sizeof path, "colour/colour_subject-%s_session_1.csv", people[p]);
        write_text(folder, path,
                   HEADER ROW("s", "1", "cat", "cat", "cr", "0001_cl_s01_cr_cat_40_n01_1.png")
                       ROW("s", "2", "cat", "cat", "bw", "0002_cl_s01_bw_cat_40_n01_1.png"));
    }
    asking_begin(&a, &bench_model_vs_human, &s, folder, "model-vs-human.sets=edge, colour");
    check_fails(a.bench->run(&a.request), JEM_EUSAGE, "needs the pictures of 'colour'");
    snprintf(key, sizeof key, "model-vs-human.images=%s/pictures", folder);
    set_key(&a, key);
    check_fails(a.bench->run(&a.request), JEM_EDATA, "no folder 'colour' with pictures: 'jem data fetch model-vs-human-images'");
#define SESSION "pictures/colour/dnn/session-1/"
    write_picture(folder, SESSION "0001_cl_dnn_cr_cat_40_n01_1.png", 255, 224, 224);
    check_fails(a.bench->run(&a.request), JEM_EDATA, "no picture of n01_1.png in bw");
    write_picture(folder, SESSION "0002_cl_dnn_bw_cat_40_n01_1.png", 0, 300, 400);
    write_picture(folder, "pictures/edge/cat/cat1.png", 255, 224, 224);
    write_picture(folder, "pictures/edge/dog/dog1.png", 0, 100, 50);
    check_ok(a.bench->run(&a.request));
    assert_true(k.shown == 2 + 2 + 2 - 2 && k.width == 224);
    check_near(value_of(&a, "accuracy", "edge", NULL, NULL), 1, 1e-15, 1);
    check_near(value_of(&a, "accuracy", "colour", "cr", NULL), 1, 1e-15, 1);
    check_near(value_of(&a, "accuracy", "colour", NULL, NULL), 0, 1e-15, 1);

    write_picture(folder, "pictures/edge/dog/dog2.png", 0, 10, 10);
    check_fails(a.bench->run(&a.request), JEM_EDATA, "dog2.png: people did not see this picture");
    write_text(folder, "pictures/edge/dog/notes.txt", "x");
    check_fails(a.bench->run(&a.request), JEM_EDATA, "'notes.txt' is not a PNG");
    write_picture(folder, "pictures/edge/wolf/wolf1.png", 0, 10, 10);
    snprintf(path, sizeof path, "%s/pictures/edge/dog/notes.txt", folder);
    check_ok(file_remove(path));
    check_fails(a.bench->run(&a.request), JEM_EDATA, "'wolf' is not one of the 16 categories");
    write_picture(folder, SESSION "0003_cl_dnn_bw_cat.png", 0, 10, 10);
    check_fails(a.bench->run(&a.request), JEM_EDATA, "expected a name such as 0001_cl_dnn_");
    write_picture(folder, "pictures/colour/dnn/0003.png", 0, 10, 10);
    check_fails(a.bench->run(&a.request), JEM_EDATA, "'0003.png' does not belong there");
    asking_end(&a);
    check_tmp_remove(folder);
}

/* Logits of the two edges: a tabby (281) and a `second` class, on `classes` in all. */
static jem_status logits_status(const char *folder, int64_t classes, double second,
                                double *accuracy)
{
    char path[200];
    const int64_t sizes[] = {2, classes};
    jem_tensor t = JEM_TENSOR_INIT;
    subject s;
    asking a;
    check_ok(jem_tensor_init(&t, JEM_F64, 2, sizes));
    double *f = t.data;
    f[281] = 9;
    f[classes + 235] = second; /* German shepherd */
    snprintf(path, sizeof path, "%s/edge.npy", folder);
    check_ok(jem_npy_write(path, &t));
    jem_tensor_clear(&t);
    jem_status st = subject_of_answers(&s, path, "auto");
    if (st != JEM_OK) return st;
    asking_begin(&a, &bench_model_vs_human, &s, folder, "model-vs-human.sets=edge");
    st = a.bench->run(&a.request);
    if (st == JEM_OK) *accuracy = value_of(&a, "accuracy", "edge", NULL, NULL);
    asking_end(&a);
    subject_clear(&s);
    return st;
}

static void logits_of_imagenet_become_categories_and_others_are_refused(void **state)
{
    (void)state;
    char folder[64];
    double accuracy = 7;
    check_tmp(folder, sizeof folder);
    write_text(folder, EDGE("01"), two_edges);
    write_text(folder, EDGE("02"), two_edges);
    check_ok(logits_status(folder, 1000, 90, &accuracy));
    check_near(accuracy, 1, 1e-15, 1);
    check_ok(logits_status(folder, 1000, -90, &accuracy)); /* any class but a dog's */
    check_near(accuracy, 0.5, 1e-15, 1);
    check_fails(logits_status(folder, 999, 90, &accuracy), JEM_EUSAGE, "999 classes, not 1000");
    check_fails(logits_status(folder, 1000, NAN, &accuracy), JEM_EDATA, "edge.npy");
    check_tmp_remove(folder);
}

static void subjects_that_cannot_decide_are_told_what_is_needed(void **state)
{
    (void)state;
    asking a;
    subject s = {.name = "mute", .alpha = NAN, .seed = -1, .ops = &blind};
    begin_made(&a, &s, "model-vs-human.sets=edge");
    check_fails(a.bench->run(&a.request), JEM_EUSAGE, "decisions among the 16 categories");
    asking_end(&a);
}

/* ---- check */

static void count_lines(void *ctx, const char *line)
{
    int *count = ctx;
    (void)line;
    ++*count;
}

static void checking_names_every_set_and_what_is_missing(void **state)
{
    (void)state;
    char folder[64];
    int lines = 0;
    check_ok(asking_check(&bench_model_vs_human, made_folder(), count_lines, &lines));
    assert_int_equal(lines, 17);
    check_tmp(folder, sizeof folder);
    write_text(folder, EDGE("01"), two_edges);
    lines = 0;
    check_fails(asking_check(&bench_model_vs_human, folder, count_lines, &lines), JEM_EDATA,
                "16 of the 17 image sets");
    assert_int_equal(lines, 16 + 3);
    check_tmp_remove(folder);
}

static void images_alone_are_drawn_on_request_and_the_formula_says_what_was(void **state)
{
    (void)state;
    asking both, images;
    subject s = open_made_network("resnet50");
    const char *set = "model-vs-human.sets=edge";
    begin_made(&both, &s, set);
    run(&both);
    begin_made(&images, &s, set);
    set_key(&images, "bench.resample=images");
    run(&images);
    const score *wide = find(&both, "error_consistency", "edge", NULL, NULL);
    const score *narrow = find(&images, "error_consistency", "edge", NULL, NULL);
    assert_true(wide->value == narrow->value);
    assert_true(narrow->low < narrow->high && narrow->high - narrow->low < wide->high - wide->low);
    assert_non_null(strstr(wide->formula, "interval: people and images drawn, which is conservative: their "
                                          "interaction counts three times"));
    assert_non_null(strstr(narrow->formula, "interval: images drawn, with all of these people"));
    asking_end(&images);
    asking_end(&both);
    subject_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_of_all_17_sets_agree_as_published),
        cmocka_unit_test(forgetting_the_exclusions_gives_the_lower_ceiling),
        cmocka_unit_test(people_are_as_good_on_each_condition_as_published),
        cmocka_unit_test(networks_score_as_published),
        cmocka_unit_test(older_networks_score_as_computed_on_cue_conflict),
        cmocka_unit_test(every_pair_of_observers_is_as_published),
        cmocka_unit_test(first_two_people_pair_as_computed),
        cmocka_unit_test(written_trials_score_again_as_they_did_on_any_number_of_threads),
        cmocka_unit_test(images_alone_are_drawn_on_request_and_the_formula_says_what_was),
        cmocka_unit_test(trials_that_cannot_be_compared_are_refused),
        cmocka_unit_test(sets_without_people_or_with_odd_conditions_are_refused),
        cmocka_unit_test(networks_see_the_pictures_that_people_saw),
        cmocka_unit_test(logits_of_imagenet_become_categories_and_others_are_refused),
        cmocka_unit_test(subjects_that_cannot_decide_are_told_what_is_needed),
        cmocka_unit_test(checking_names_every_set_and_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
