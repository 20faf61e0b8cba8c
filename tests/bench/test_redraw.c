/* Metrics of drawn images and people, run by run, against the plain computation on the same
 * draw; and trial files that cannot be used. */
#include <inttypes.h>

#include "base/file.h"
#include "base/mem.h"
#include "measure/trials.h"
#include "stats/bapps.h"
#include "stats/consistency.h"
#include "stats/rank.h"
#include "support/folder.h"
#include "support/measures.h"

enum { FACTORS_MAX = 16, TEXT_MAX = 1 << 20 };

static const char head[] = "subj,session,trial,rt,object_response,category,condition,imagename";

static const measure_spot *spot_of(const char *benchmark, const char *metric)
{
    const measures *of = measures_find(all_measures(), benchmark);
    for (const measure_spot *spot = of->spots; spot->title; spot++)
        if (strcmp(spot->score[0]->metric, metric) == 0) return spot;
    fail_msg("no sweet spot of %s", benchmark);
    return NULL;
}

/* The text of a trial file in the making. */
typedef struct rows {
    char *text;
    size_t used;
} rows;

static void begin(rows *r, const char *more)
{
    r->text = malloc(TEXT_MAX);
    assert_non_null(r->text);
    r->used = (size_t)sprintf(r->text, "%s%s\n", head, more);
}

static void add(rows *r, int session, const char *response, const char *category,
                const char *condition, const char *image, const char *more)
{
    r->used += (size_t)snprintf(r->text + r->used, TEXT_MAX - r->used,
                                "m,%d,1,NaN,%s,%s,%s,%s%s\n", session, response, category,
                                condition, image, more);
    assert_true(r->used < TEXT_MAX);
}

/* FOLDER/run-R/trials/NAME.csv. */
static void save(rows *r, int run, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s/run-%d/trials", folder, run);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/run-%d/trials/%s.csv", folder, run, name);
    check_ok(file_write(path, r->text, r->used));
    free(r->text);
}

static jem_status read_run(trial_items *items, const measure_spot *spot, int run)
{
    char path[200];
    snprintf(path, sizeof path, "%s/run-%d", folder, run);
    return trial_items_read(items, spot, path, "m");
}

/* Runs 0 .. runs-1 together. */
static trial_draws all_runs(const measure_spot *spot, int runs)
{
    trial_items *items = calloc((size_t)runs, sizeof *items);
    const trial_items **each = calloc((size_t)runs, sizeof *each);
    trial_draws d;
    assert_true(items && each);
    for (int i = 0; i < runs; i++) {
        check_ok(read_run(&items[i], spot, i));
        assert_true(items[i].count > 0);
        assert_true(trial_items_match(&items[0], &items[i]));
        each[i] = &items[i];
    }
    check_ok(trial_draws_new(&d, spot->rule, each, runs));
    for (int i = 0; i < runs; i++) trial_items_clear(&items[i]);
    free(each);
    free(items);
    return d;
}

/* One round of the bootstrap, as sweet spots draw it. */
typedef struct one_round {
    int64_t *index[FACTORS_MAX];
    stats_draw draw;
} one_round;

static void round_draw(one_round *r, const trial_draws *d, int64_t number)
{
    assert_true(d->factors <= FACTORS_MAX);
    for (int64_t f = 0; f < d->factors; f++) {
        r->index[f] = malloc((size_t)d->sizes[f] * sizeof *r->index[f]);
        assert_non_null(r->index[f]);
        stats_resample(r->index[f], d->sizes[f], 3, number, 1 + f);
    }
    r->draw = (stats_draw){d->sizes, (const int64_t *const *)r->index};
}

static void round_clear(one_round *r, const trial_draws *d)
{
    for (int64_t f = 0; f < d->factors; f++) free(r->index[f]);
}

/* ---- BAPPS */

enum { PATCHES = 7, BAPPS_RUNS = 3 };

/* Distances, in no order and with ties, and shares of people. */
static double distance(int run, int set, int i) { return ((i * (3 + run) + set) % 5) / 8.0; }
static double share(int set, int i) { return ((i * 5 + set) % 4) / 4.0; }
static int closer(int run, int set, int i) { return (i + run * set + run) % 3; }

static void put_bapps(void)
{
    static const char *const sets[] = {"2afc/cnn", "2afc/deblur", "2afc/traditional", "jnd/cnn",
                                       "jnd/traditional"};
    static const char *const said[] = {"p0", "p1", "tie"};
    for (int run = 0; run < BAPPS_RUNS; run++) {
        rows r;
        begin(&r, "");
        for (int s = 0; s < 5; s++)
            for (int i = 0; i < PATCHES; i++) {
                char name[32], d[32], people[32];
                snprintf(name, sizeof name, "%06d", i);
                snprintf(d, sizeof d, "%g", distance(run, s, i));
                snprintf(people, sizeof people, "%g", share(s, i));
                add(&r, 1, s < 3 ? said[closer(run, s, i)] : d, people, sets[s], name, "");
            }
        save(&r, run, "bapps");
    }
}

/* Mean 2AFC score of drawn triplets. */
static double two_afc(int run, int set, const int64_t *index)
{
    double sum = 0;
    for (int k = 0; k < PATCHES; k++) {
        int i = (int)index[k], side = closer(run, set, i);
        double j = share(set, i);
        sum += (side == 0 ? 1 - j : side == 1 ? j : 0.5) / PATCHES;
    }
    return sum;
}

/* Area of drawn pairs, sorted anew: those drawn twice stand beside each other, ties in the
 * order of the file. */
static double jnd(int run, int set, const int64_t *index)
{
    double d[PATCHES], same[PATCHES], area;
    int n = 0;
    for (int i = 0; i < PATCHES; i++)
        for (int k = 0; k < PATCHES; k++)
            if (index[k] == i) {
                d[n] = distance(run, set, i);
                same[n++] = share(set, i);
            }
    assert_int_equal(n, PATCHES);
    check_ok(stats_jnd_map(&area, NULL, d, same, n));
    return area;
}

static void bapps_ranks_the_drawn_pairs_of_each_set(void **state)
{
    (void)state;
    double value[2 * BAPPS_RUNS];
    put_bapps();
    trial_draws d = all_runs(spot_of("bapps", "2afc"), BAPPS_RUNS);
    assert_int_equal(d.factors, 4); /* deblur is in no mean over distortions */
    assert_int_equal(d.images, 4 * PATCHES);
    for (int64_t number = 0; number < 5; number++) {
        one_round r;
        round_draw(&r, &d, number);
        check_ok(d.values(value, d.state, &r.draw));
        for (int run = 0; run < BAPPS_RUNS; run++) {
            check_near(value[2 * run],
                       (two_afc(run, 0, r.index[0]) + two_afc(run, 2, r.index[1])) / 2, 1e-12, 1);
            check_near(value[2 * run + 1],
                       (jnd(run, 3, r.index[2]) + jnd(run, 4, r.index[3])) / 2, 1e-12, 1);
        }
        round_clear(&r, &d);
    }
    trial_draws_clear(&d);
}

/* ---- model-vs-human: two sets, one with two conditions of which one counts */

enum { RUNS = 70, WIDE = 150, NARROW = 20, OBSERVERS = 3 };

static bool right(int who, int set, int i) { return (i * (who + 2) + set * who + i / 9) % 3 != 0; }

static void add_image(rows *r, int run, const char *set, int number, const char *condition,
                      bool counted, int i, int people)
{
    char name[32], more[64], who[8];
    snprintf(name, sizeof name, "%04d.png", i);
    for (int o = 0; o < people; o++) who[o] = right(100 + o, number, i) ? '1' : '0';
    who[people] = '\0';
    snprintf(more, sizeof more, ",%s,%d,%s", set, counted, who);
    add(r, 1, right(run, number, i) ? "cat" : i % 2 ? "na" : "dog", "cat", condition, name, more);
}

static void put_consistency(void)
{
    for (int run = 0; run < RUNS; run++) {
        rows r;
        begin(&r, ",set,counted,people");
        for (int i = 0; i < WIDE; i++) add_image(&r, run, "sketch", 0, "0", true, i, OBSERVERS);
        for (int i = 0; i < NARROW; i++) {
            add_image(&r, run, "colour", 1, "cr", false, i, OBSERVERS - 1);
            add_image(&r, run, "colour", 2, "bw", true, i, OBSERVERS - 1);
            add_image(&r, run, "colour", 3, "grey", true, i, OBSERVERS - 1);
        }
        save(&r, run, "model-vs-human");
    }
}

/* Kappa of a run with the drawn people on the drawn images of a set's conditions. */
static double kappa(int run, int first, int conditions, int images, int people,
                    const int64_t *const *index)
{
    static uint8_t model[2 * WIDE], all[OBSERVERS * 2 * WIDE];
    const int64_t start[] = {0, images, 2 * images};
    const stats_observers observers = {people, conditions, start, all};
    stats_agreement a;
    for (int c = 0; c < conditions; c++)
        for (int k = 0; k < images; k++) {
            int i = (int)index[1 + c][k];
            model[c * images + k] = right(run, first + c, i);
            for (int o = 0; o < people; o++)
                all[o * conditions * images + c * images + k] =
                    right(100 + (int)index[0][o], first + c, i);
        }
    check_ok(stats_agreement_model(&a, model, &observers, NULL));
    return a.kappa;
}

/* That of people with one another. */
static double kappa_among(int first, int conditions, int images, int people, const int64_t *const *index)
{
    static uint8_t all[OBSERVERS * 2 * WIDE];
    const int64_t start[] = {0, images, 2 * images}, sizes[] = {people, images, images};
    const stats_observers observers = {people, conditions, start, all};
    stats_agreement a;
    for (int o = 0; o < people; o++)
        for (int c = 0; c < conditions; c++)
            for (int i = 0; i < images; i++)
                all[o * conditions * images + c * images + i] = right(100 + o, first + c, i);
    check_ok(stats_agreement_people(&a, &observers, &(const stats_draw){sizes, index}));
    return a.kappa;
}

static void kappa_is_with_the_drawn_people_on_the_drawn_images(void **state)
{
    (void)state;
    double value[RUNS];
    put_consistency();
    trial_draws d = all_runs(spot_of("model-vs-human", "error_consistency"), RUNS);
    assert_int_equal(d.factors, 5); /* people, bw, grey; people, images */
    assert_int_equal(d.images, WIDE + 2 * NARROW);
    assert_int_equal(d.people, 2 * OBSERVERS - 1);
    for (int64_t number = 0; number < 12; number++) {
        one_round r;
        round_draw(&r, &d, number);
        check_ok(d.values(value, d.state, &r.draw));
        for (int run = 0; run < RUNS; run++) {
            double colour = kappa(run, 2, 2, NARROW, OBSERVERS - 1, r.draw.index);
            double sketch = kappa(run, 0, 1, WIDE, OBSERVERS, r.draw.index + 3);
            check_near(value[run], (colour + sketch) / 2, 1e-12, 1);
        }
        check_ok(d.among_people(value, d.state, &r.draw));
        const double among[] = {kappa_among(2, 2, NARROW, OBSERVERS - 1, r.draw.index),
                                kappa_among(0, 1, WIDE, OBSERVERS, r.draw.index + 3)};
        double sum = 0;
        int sets = 0;
        for (int k = 0; k < 2; k++) /* a set of which one person alone is drawn has none */
            if (!isnan(among[k])) sum += among[k], sets++;
        if (sets)
            check_near(value[0], sum / sets, 1e-12, 1);
        else
            assert_true(isnan(value[0]));
        round_clear(&r, &d);
    }
    trial_draws_clear(&d);
}

/* ---- CIFAR-10H */

enum { PHOTOGRAPHS = 8 };

static double loss_of(int run, int i) { return 0.4 + 0.1 * ((i * 3 + run) % 5); }
static double half_of(int i) { return 0.2 + 0.1 * ((i * 7) % 4); }

static void put_losses(int runs, bool with_people)
{
    for (int run = 0; run < runs; run++) {
        rows r;
        begin(&r, with_people ? ",cross_entropy,split_half_human" : ",cross_entropy");
        for (int i = PHOTOGRAPHS - 1; i >= 0; i--) {
            char name[32], more[64];
            snprintf(name, sizeof name, "%02d.png", i);
            snprintf(more, sizeof more, ",%.17g", loss_of(run, i));
            if (with_people) snprintf(more, sizeof more, ",%.17g,%.17g", loss_of(run, i), half_of(i));
            add(&r, 1, "cat", "cat", "0", name, more);
        }
        save(&r, run, "cifar10h");
    }
}

static void cross_entropy_and_people_are_means_of_the_same_drawn_images(void **state)
{
    (void)state;
    const measure_spot *spot = spot_of("cifar10h", "cross_entropy_human");
    double value[2];
    put_losses(2, true);
    trial_draws d = all_runs(spot, 2);
    assert_int_equal(d.factors, 1);
    assert_int_equal(d.images, PHOTOGRAPHS);
    for (int64_t number = 0; number < 4; number++) {
        one_round r;
        double mean[2] = {0}, people = 0;
        round_draw(&r, &d, number);
        for (int k = 0; k < PHOTOGRAPHS; k++) {
            const int i = (int)r.index[0][k];
            for (int run = 0; run < 2; run++) mean[run] += loss_of(run, i) / PHOTOGRAPHS;
            people += half_of(i) / PHOTOGRAPHS;
        }
        check_ok(d.values(value, d.state, &r.draw));
        for (int run = 0; run < 2; run++) check_near(value[run], mean[run], 1e-12, 1);
        check_ok(d.among_people(value, d.state, &r.draw));
        check_near(value[0], people, 1e-12, 1);
        round_clear(&r, &d);
    }
    trial_draws_clear(&d);
}

static void older_files_have_no_losses_of_people(void **state)
{
    (void)state;
    put_losses(2, false);
    trial_draws d = all_runs(spot_of("cifar10h", "cross_entropy_human"), 2);
    assert_null(d.among_people);
    trial_draws_clear(&d);
}

/* ---- gloss */

enum { RENDERINGS = 9, RATERS = 4 };

static double rating(int o, int i) { return 1 + (i * i + 3 * o + i * o) % 6; }
static double predicted(int run, int i) { return 0.3 * i - 0.1 * run * (i % 4); }

static void put_gloss(int raters)
{
    char name[32], number[32];
    for (int run = 0; run < 2; run++) {
        rows model, human;
        begin(&model, "");
        begin(&human, "");
        for (int i = RENDERINGS - 1; i >= 0; i--) {
            snprintf(name, sizeof name, "rgb_scene%06d.png", i + 1);
            snprintf(number, sizeof number, "%.17g", predicted(run, i));
            add(&model, 1, number, "2.5", "0", name, "");
            for (int o = 0; o < raters; o++) {
                snprintf(number, sizeof number, "%g", rating(o, i));
                add(&human, o + 1, number, "2.5", "0", name, "");
            }
        }
        save(&model, run, "gloss");
        save(&human, run, "gloss-human");
    }
}

static void predictions_are_compared_with_the_mean_of_the_drawn_people(void **state)
{
    (void)state;
    double value[2], x[RENDERINGS], y[RENDERINGS], r0;
    put_gloss(RATERS);
    trial_draws d = all_runs(spot_of("gloss", "pearson"), 2);
    assert_int_equal(d.factors, 2);
    assert_int_equal(d.people, RATERS);
    for (int64_t number = 0; number < 4; number++) {
        one_round r;
        round_draw(&r, &d, number);
        check_ok(d.values(value, d.state, &r.draw));
        for (int run = 0; run < 2; run++) {
            for (int k = 0; k < RENDERINGS; k++) {
                int i = (int)r.index[1][k];
                x[k] = predicted(run, i);
                y[k] = 0;
                for (int o = 0; o < RATERS; o++) y[k] += rating((int)r.index[0][o], i) / RATERS;
            }
            check_ok(stats_pearson(&r0, x, y, RENDERINGS));
            check_near(value[run], r0, 1e-12, 1);
        }
        round_clear(&r, &d);
    }
    trial_draws_clear(&d);
}

/* ---- sums */

static double data_of(const char *benchmark, const char *metric)
{
    double value[SPOT_SCORES_MAX];
    trial_draws d = all_runs(spot_of(benchmark, metric), 1);
    check_ok(trial_draws_data(value, &d));
    trial_draws_clear(&d);
    return value[0];
}

static void put_five(const char *file, const char *const *said, const char *const *was,
                     const char *const *image, const char *condition)
{
    rows r;
    begin(&r, "");
    for (int i = 0; i < 5; i++) add(&r, 1, said[i], was[i], condition, image[i], "");
    if (strcmp(condition, "0") != 0) add(&r, 1, "7", "8", "something else", "x", "");
    save(&r, 0, file);
}

static void trials_give_the_scores_they_belong_to(void **state)
{
    (void)state;
    /* the worked example of shape bias: 2 shape, 1 texture; one image without conflict */
    const char *const shape[] = {"cat", "cat", "cat", "car", "car"};
    const char *const said[] = {"cat", "dog", "cat", "oven", "car"};
    const char *const cue[] = {"cat1-dog1.png", "cat2-dog2.png", "cat3-cat1.png", "car1-bear1.png",
                               "car2-bear2.png"};
    char path[256];
    snprintf(path, sizeof path, "%s/run-0/trials/cue-conflict/cue-conflict", folder);
    check_ok(dir_make(path));
    put_five("cue-conflict/cue-conflict/cue-conflict_m_session-1", said, shape, cue, "0");
    check_near(data_of("cue-conflict", "shape_bias"), 2.0 / 3, 1e-12, 1);

    put_five("test", said, shape, cue, "0");
    check_near(data_of("classification", "accuracy"), 0.6, 1e-12, 1);

    /* images without a defined correlation are left out; the mean is over the ceiling */
    const char *const rho[] = {"0.2", "nan", "0.4", "0.3", "-0.1"};
    put_five("clickme", rho, shape, cue, "0");
    check_near(data_of("clickme", "alignment"), 0.2 / 0.65753, 1e-12, 1);

    /* y = 1 .. 5, squared errors 1, 1, 1, 1, 0: R2 = 1 - 4 / 10; of rows about relief alone */
    const char *const y[] = {"1001", "1002", "1003", "1004", "1005"};
    const char *const yhat[] = {"1002", "1001", "1004", "1003", "1005"};
    put_five("gloss-scenes", yhat, y, cue, "relief");
    check_near(data_of("gloss", "relief_r2"), 0.6, 1e-12, 1);
    put_five("gloss-scenes", said, shape, cue, "gloss");
    check_near(data_of("gloss", "accuracy"), 0.6, 1e-12, 1);
    const char *const flat[] = {"1", "1", "1", "1", "1"};
    put_five("scenes", said, shape, cue, "gloss");
    check_near(data_of("scenes", "accuracy"), 0.6, 1e-12, 1);
    put_five("scenes", said, shape, cue, "light");
    check_near(data_of("scenes", "light_accuracy"), 0.6, 1e-12, 1);
    put_five("scenes", yhat, y, cue, "relief");
    check_near(data_of("scenes", "relief_r2"), 0.6, 1e-12, 1);
    put_five("gloss-scenes", yhat, flat, cue, "relief");
    assert_true(isnan(data_of("gloss", "relief_r2"))); /* undefined, not 0 */
}

/* ---- what cannot be used */

static void fails(const char *benchmark, const char *metric, const char *message)
{
    trial_items items;
    check_fails(read_run(&items, spot_of(benchmark, metric), 0), JEM_EDATA, message);
}

/* gloss-human.csv with these rows behind gloss.csv. */
static void put_ratings(const char *const *said, const int *session, int n)
{
    rows r;
    put_gloss(1);
    begin(&r, "");
    for (int i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "rgb_scene%06d.png", i % RENDERINGS + 1);
        add(&r, session[i], said[i], "2.5", "0", name, "");
    }
    save(&r, 0, "gloss-human");
}

static void ratings_of_other_images_or_people_are_refused(void **state)
{
    (void)state;
    const char *said[RENDERINGS];
    int session[RENDERINGS];
    char path[200];
    for (int i = 0; i < RENDERINGS; i++) {
        said[i] = "3";
        session[i] = 1;
    }
    put_ratings(said, session, RENDERINGS - 1);
    fails("gloss", "pearson", "8 ratings of 9 images");
    session[4] = 2;
    put_ratings(said, session, RENDERINGS);
    fails("gloss", "pearson", "rating 5 ('3' of rgb_scene000005.png by observer 2)");
    session[4] = 1;
    said[2] = "shiny";
    put_ratings(said, session, RENDERINGS);
    fails("gloss", "pearson", "rating 3 ('shiny'");
    snprintf(path, sizeof path, "%s/run-0/trials/gloss-human.csv", folder);
    assert_int_equal(unlink(path), 0);
    fails("gloss", "pearson", "gloss-human.csv is missing");
}

static void put_one(const char *file, const char *said, const char *was, const char *condition,
                    const char *columns, const char *more)
{
    rows r;
    begin(&r, columns);
    add(&r, 1, said, was, condition, "a.png", more);
    add(&r, 1, said, was, condition, "b.png", *more ? ",edge,1,10" : "");
    save(&r, 0, file);
}

static void answers_that_mean_nothing_are_refused_with_their_place(void **state)
{
    (void)state;
    put_one("bapps", "p2", "0.5", "2afc/cnn", "", "");
    fails("bapps", "2afc", "bapps.csv:2: 'p2' is none of p0, p1 and tie");
    put_one("bapps", "p1", "1.5", "2afc/cnn", "", "");
    fails("bapps", "2afc", "bapps.csv:2: 1.5 is no share of people");
    put_one("bapps", "nan", "0.5", "jnd/cnn", "", "");
    fails("bapps", "2afc", "bapps.csv:2: field 5 is no number");
    put_one("model-vs-human", "cat", "cat", "0", "", "");
    fails("model-vs-human", "error_consistency", "expected the columns set, counted and people");
    static const char *const people[] = {",edge,1,", ",edge,1,12", ",edge,1,101"};
    for (int i = 0; i < 3; i++) {
        put_one("model-vs-human", "cat", "cat", "0", ",set,counted,people", people[i]);
        fails("model-vs-human", "error_consistency", "expected 1 or 0 for each");
    }
}

static void runs_with_other_people_do_not_match(void **state)
{
    (void)state;
    trial_items a, b;
    const measure_spot *spot = spot_of("model-vs-human", "error_consistency");
    put_one("model-vs-human", "cat", "cat", "0", ",set,counted,people", ",edge,1,11");
    check_ok(read_run(&a, spot, 0));
    put_one("model-vs-human", "dog", "cat", "0", ",set,counted,people", ",edge,1,11");
    check_ok(read_run(&b, spot, 0));
    assert_true(trial_items_match(&a, &b));
    trial_items_clear(&b);
    put_one("model-vs-human", "cat", "cat", "0", ",set,counted,people", ",edge,1,01");
    check_ok(read_run(&b, spot, 0));
    assert_false(trial_items_match(&a, &b));
    trial_items_clear(&a);
    trial_items_clear(&b);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(bapps_ranks_the_drawn_pairs_of_each_set),
        TEST(kappa_is_with_the_drawn_people_on_the_drawn_images),
        TEST(cross_entropy_and_people_are_means_of_the_same_drawn_images),
        TEST(older_files_have_no_losses_of_people),
        TEST(predictions_are_compared_with_the_mean_of_the_drawn_people),
        TEST(trials_give_the_scores_they_belong_to),
        TEST(ratings_of_other_images_or_people_are_refused),
        TEST(answers_that_mean_nothing_are_refused_with_their_place),
        TEST(runs_with_other_people_do_not_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
