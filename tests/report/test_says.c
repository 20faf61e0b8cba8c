/* What is said of a trend: who leads, who may, and that nothing separates. */
#include "report/says.h"

#include "base/mem.h"
#include "support/check.h"

/* Points at alpha 0, 0.5 and 1 with two seeds each, `apart` around their means. */
static trend trend_of(trend_point points[3], const double mean[3], double apart)
{
    for (int i = 0; i < 3; i++) {
        points[i] = (trend_point){.alpha = i / 2.0, .mean = mean[i], .place = i, .sem = apart / 2, .low = NAN, .high = NAN,
                                  .seeds = 2, .values = {mean[i] - apart / 2, mean[i] + apart / 2}};
    }
    return (trend){.metric = "accuracy", .count = 3, .points = points};
}

static void expect(const trend *t, say_score of, const char *words)
{
    strbuf said = STRBUF_INIT;
    check_ok(say_trend(&said, t, &of));
    assert_string_equal(said.used ? said.data : "", words);
    strbuf_clear(&said);
}

static void a_leader_apart_from_the_others_is_named(void **state)
{
    (void)state;
    trend_point p[3];
    const trend t = trend_of(p, (double[]){0.5, 0.9, 0.6}, 0.002);
    expect(&t, (say_score){"Accuracy", false, false}, "Accuracy is highest at α = 0.5 (0.900 ± 0.001), apart from every other α.");
    expect(&t, (say_score){"Loss", true, false}, "Loss is lowest at α = 0 (0.500 ± 0.001), apart from every other α.");
}

static void alphas_that_may_be_as_good_are_named(void **state)
{
    (void)state;
    trend_point p[3];
    const trend near = trend_of(p, (double[]){0.899, 0.9, 0.1}, 0.004);
    expect(&near, (say_score){"Accuracy", false, false}, "Accuracy is highest at α = 0.5 (0.900 ± 0.002); α = 0 may be as good.");
    const trend far = trend_of(p, (double[]){0.5, 0.9, 0.6}, 0.9);
    expect(&far, (say_score){"Accuracy", false, false},
           "Accuracy is highest at α = 0.5 (0.900 ± 0.450), but any α may be the best: nothing separates.");
}

static void what_was_never_trained_takes_no_part(void **state)
{
    (void)state;
    trend_point p[3];
    const trend t = trend_of(p, (double[]){0.5, 0.6, 0.9}, 0.002);
    expect(&t, (say_score){"Accuracy", false, true}, "Accuracy is highest at α = 0.5 (0.600 ± 0.001), apart from every other α.");
}

static void one_seed_each_is_judged_by_its_interval(void **state)
{
    (void)state;
    trend_point p[3] = {{.alpha = 0, .mean = 0.5, .sem = NAN, .low = 0.4, .high = 0.6, .seeds = 1, .values = {0.5}},
                        {.alpha = 0.5, .mean = 0.7, .sem = NAN, .low = 0.65, .high = 0.75, .seeds = 1, .values = {0.7}},
                        {.alpha = 1, .mean = 0.68, .sem = NAN, .low = 0.6, .high = 0.72, .seeds = 1, .values = {0.68}}};
    trend t = {.metric = "accuracy", .count = 3, .points = p};
    expect(&t, (say_score){"Accuracy", false, false},
           "Accuracy is highest at α = 0.5 (0.700); α = 1 may be as good by the intervals; one seed each.");
    p[2].mean = 0.62, p[2].high = 0.64;
    expect(&t, (say_score){"Accuracy", false, false},
           "Accuracy is highest at α = 0.5 (0.700), and no other interval reaches it; one seed each.");
    p[2].high = NAN;
    expect(&t, (say_score){"Accuracy", false, false},
           "Accuracy is highest at α = 0.5 (0.700); with one seed each nothing is known of training again.");
    t.count = 1;
    expect(&t, (say_score){"Accuracy", false, false}, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leader_apart_from_the_others_is_named),
        cmocka_unit_test(alphas_that_may_be_as_good_are_named),
        cmocka_unit_test(what_was_never_trained_takes_no_part),
        cmocka_unit_test(one_seed_each_is_judged_by_its_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
