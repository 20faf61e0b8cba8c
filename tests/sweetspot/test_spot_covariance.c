/* What images and people share, where both are known: each counts once. */
#include "sweetspot/spot_runs.h"

#include "support/check.h"

enum { IMAGES = 12, PEOPLE = 4, NETWORKS = 2 };

/* x of network j for an image and a person: effects of both, and of their meeting. */
static double x[NETWORKS][IMAGES][PEOPLE];

static void fill(void)
{
    for (int j = 0; j < NETWORKS; j++)
        for (int i = 0; i < IMAGES; i++)
            for (int p = 0; p < PEOPLE; p++)
                x[j][i][p] = 0.3 * ((i * (3 + j)) % 7) + 0.5 * ((p * 3 + j) % 4) +
                             0.4 * ((i * 5 + p * 3 + j * 2) % 6);
}

/* The mean over drawn people (factor 0) and images (factor 1). */
static jem_status values(double *value, const void *state, const stats_draw *draw)
{
    (void)state;
    for (int j = 0; j < NETWORKS; j++) {
        value[j] = 0;
        for (int i = 0; i < IMAGES; i++)
            for (int p = 0; p < PEOPLE; p++)
                value[j] += x[j][draw->index[1][i]][draw->index[0][p]] / (IMAGES * PEOPLE);
    }
    return JEM_OK;
}

/* People reach what network 0 does. */
static jem_status among_people(double *value, const void *state, const stats_draw *draw)
{
    double both[NETWORKS];
    jem_status st = values(both, state, draw);
    *value = both[0];
    return st;
}

/* The same sums by hand: of images' means, of people's, and of what is left, for networks a and b. */
static void by_hand(double *images, double *people, double *both, int a, int b)
{
    double image[2][IMAGES] = {{0}}, person[2][PEOPLE] = {{0}}, all[2] = {0};
    const int of[2] = {a, b};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < IMAGES; i++)
            for (int p = 0; p < PEOPLE; p++) {
                image[k][i] += x[of[k]][i][p] / PEOPLE;
                person[k][p] += x[of[k]][i][p] / IMAGES;
                all[k] += x[of[k]][i][p] / (IMAGES * PEOPLE);
            }
    *images = *people = *both = 0;
    for (int i = 0; i < IMAGES; i++)
        *images += (image[0][i] - all[0]) * (image[1][i] - all[1]) / (IMAGES * IMAGES);
    for (int p = 0; p < PEOPLE; p++)
        *people += (person[0][p] - all[0]) * (person[1][p] - all[1]) / (PEOPLE * PEOPLE);
    for (int i = 0; i < IMAGES; i++)
        for (int p = 0; p < PEOPLE; p++)
            *both += (x[a][i][p] - image[0][i] - person[0][p] + all[0]) *
                     (x[b][i][p] - image[1][i] - person[1][p] + all[1]) /
                     (IMAGES * PEOPLE * IMAGES * PEOPLE);
}

static double expected(int a, int b)
{
    double images, people, both;
    by_hand(&images, &people, &both, a, b);
    return images + PEOPLE / (PEOPLE - 1.0) * (people - both);
}

static void images_people_and_their_meeting_count_once(void **state)
{
    (void)state;
    static const measure mean = {.metric = "m"};
    static const measure_spot line = {.title = "t", .count = 1, .score = {&mean}};
    int64_t networks[] = {1, 1}, sizes[] = {PEOPLE, IMAGES};
    bool of_people[] = {true, false};
    double alpha[] = {0, 1}, offset[] = {0, 0}, weight[][SPOT_SCORES_MAX] = {{1}, {1}}, g[4];
    spot_network network[] = {{.at = 0}, {.at = 1}};
    spot_runs r = {.line = &line, .alphas = 2, .alpha = alpha, .networks = networks, .count = 2,
                   .network = network, .from_files = {true},
                   .draws = {.columns = 2, .images = IMAGES, .people = PEOPLE, .factors = 2,
                             .sizes = sizes, .of_people = of_people, .values = values,
                             .among_people = among_people}};
    const trial_bootstrap draws = {40000, 3, NULL};
    fill();
    check_ok(spot_covariance(g, &r, &(const spot_scale){offset, weight, NAN}, &draws));
    for (int a = 0; a < 2; a++)
        for (int b = 0; b < 2; b++) check_near(g[2 * a + b], expected(a, b), 0.05, 0.02);

    /* a reference from the same files is drawn with the scores */
    check_ok(spot_covariance(g, &r, &(const spot_scale){offset, weight, 0.5}, &draws));
    assert_true(fabs(g[0]) < 1e-12 && fabs(g[1]) < 1e-12);
    check_near(g[3], expected(1, 1) - 2 * expected(0, 1) + expected(0, 0), 0.05, 0.02);
    r.from_files[0] = false; /* a printed one is not */
    check_ok(spot_covariance(g, &r, &(const spot_scale){offset, weight, 0.5}, &draws));
    check_near(g[0], expected(0, 0), 0.05, 0.02);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_people_and_their_meeting_count_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
