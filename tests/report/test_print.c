/* Every figure of a study in print, as the editor of a journal would want it: in one column and in two its texts have seven
 * points and end within it, and it is no higher than a page. */
#include "base/file.h"
#include "base/mem.h"
#include "data/pictures/image.h"
#include "record/image_name.h"
#include "record/image_sets.h"
#include "record/record.h"
#include "report/report.h"
#include "support/folder.h"
#include "support/measures.h"

enum { ALPHAS = 11, NETWORKS = ALPHAS + 1 }; /* one alpha has two seeds */

/* ---- a study that has every figure */

typedef struct network {
    double alpha;
    int seed;
    char run[128];
    score_list scores;
} network;

static void put_text(const network *n, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", n->run, name);
    check_ok(file_write(path, text, strlen(text)));
}

/* Somewhere in least .. most, another place for each alpha and seed. */
static void put_score(network *n, const char *benchmark, const measure *m, const char *dataset, const char *condition)
{
    const double least = isfinite(m->least) ? m->least : -3, most = isfinite(m->most) ? m->most : least + 40;
    const double share = 0.2 + 0.5 * n->alpha * (1.2 - n->alpha) + 0.04 * n->seed;
    score s = SCORE_INIT;
    s.benchmark = benchmark;
    s.metric = m->metric;
    s.model = "wrn-10-1";
    s.alpha = n->alpha;
    s.seed = n->seed;
    s.dataset = dataset;
    s.condition = condition;
    s.value = least + share * (most - least);
    s.low = s.value - 0.02 * (most - least);
    s.high = s.value + 0.02 * (most - least);
    s.n = 1000;
    check_ok(score_list_append(&n->scores, &s));
}

static void put_scores(network *n)
{
    static const measure decided = {.metric = "shape_or_texture", .least = 0, .most = 1};
    static const char *const walks[] = {NULL, "steps=5", "steps=20"};
    for (const measures *const *of = all_measures(); *of; of++)
        for (const measure *m = (*of)->scores; m->metric; m++) {
            put_score(n, (*of)->benchmark, m, m->dataset, m->condition);
            if (strcmp((*of)->benchmark, "model-vs-human") == 0)
                for (int i = 0; i < MVH_SETS; i++) put_score(n, (*of)->benchmark, m, mvh_sets[i].name, NULL);
            if (strcmp((*of)->benchmark, "cue-conflict") != 0 || strcmp(m->metric, "shape_bias") != 0) continue;
            for (int i = 0; i < CATEGORY_COUNT; i++) put_score(n, (*of)->benchmark, m, m->dataset, category_names[i]);
            for (int i = 0; i < 3; i++) {
                if (i) put_score(n, (*of)->benchmark, m, m->dataset, walks[i]);
                put_score(n, (*of)->benchmark, &decided, m->dataset, walks[i]);
            }
        }
    check_ok(score_list_save(&n->scores, n->run));
    score_list_clear(&n->scores);
}

static void put_tables(const network *n)
{
    char text[4096], *at = text;
    put_text(n, "scores/reliability.tsv", "lo\thi\tconfidence\taccuracy\tcount\n0\t0.5\t0.4\t0.97\t20\n0.5\t1\t0.8\t0.6\t10\n");
    put_text(n, "scores/energy_hist.tsv", "lo\thi\tdata\tsamples\tnoise\n-3000\t10\t3\t4\t0\n10\t2000\t1\t0\t5\n");
    at += sprintf(at, "iteration,loss_d,lse_gap,c,accuracy,val_accuracy,fd_pix\n");
    for (int i = 1; i < 40; i++)
        at += sprintf(at, "%d,%g,%g,%g,%g,%g,%g\n", 1000 * i, 2.0 / i, n->alpha * i, 1 + n->alpha * i, 1 - 1.0 / i, 0.9 - 0.5 / i,
                      3000.0 / i);
    put_text(n, "metrics.csv", text);
}

static void put_picture(const network *n, const char *name, int64_t width, int64_t height)
{
    char path[256];
    image m;
    check_ok(image_init(&m, height, width, 3));
    for (int64_t i = 0; i < 3 * width * height; i++) m.pixels[i] = (uint8_t)(i * i % 251);
    snprintf(path, sizeof path, "%s/samples/%s.png", n->run, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    check_ok(dir_make(path));
    *slash = '/';
    check_ok(image_write_png(&m, path));
    image_clear(&m);
}

/* Sheets of eight pictures of 8 x 8 a row, as jem eval makes them. */
static void put_pictures(const network *n)
{
    static const struct {
        const char *name;
        int width, height;
    } pictures[] = {{"data", 78, 78}, {"buffer", 78, 78}, {"shared_start", 78, 48}, {"classes", 78, 98},
                    {"trajectory/0/0000", 8, 8}, {"trajectory/0/0050", 8, 8}, {"refined/one/0000", 8, 8}, {"first-epoch/0/0050", 8, 8},
                    {"clickme/one/picture", 8, 8}, {"clickme/one/people", 8, 8}, {"clickme/one/model", 8, 8}};
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++)
        put_picture(n, pictures[i].name, pictures[i].width, pictures[i].height);
}

static void put_study(void)
{
    for (int i = 0; i < NETWORKS; i++) {
        network n = {.alpha = i < ALPHAS ? i / (ALPHAS - 1.0) : 0.5, .seed = 1 + i / ALPHAS, .scores = SCORE_LIST_INIT};
        char text[256];
        snprintf(n.run, sizeof n.run, "%s/a%g-s%d", folder, n.alpha, n.seed);
        check_ok(dir_make(n.run));
        snprintf(text, sizeof text, "alpha: %g\nseed: %d\n", n.alpha, n.seed);
        put_text(&n, "config.yaml", text);
        snprintf(text, sizeof text,
                 "{\"status\": \"finished\", \"model\": \"wrn-10-1\", \"classes\": 10, \"alpha\": %g, \"seed\": %d, "
                 "\"iteration\": 9, \"iterations\": 9}",
                 n.alpha, n.seed);
        put_text(&n, "run.json", text);
        put_scores(&n);
        put_tables(&n);
        put_pictures(&n);
    }
}

/* ---- what its drawing says */

static double value_of(const char *element, const char *name)
{
    const size_t end = strcspn(element, ">");
    const char *at = strstr(element, name);
    return at && at < element + end ? strtod(at + strlen(name), NULL) : NAN;
}

static bool has(const char *element, const char *words)
{
    const char *at = strstr(element, words);
    return at && at < element + strcspn(element, ">");
}

/* Seven points are 9.33 CSS pixels. */
static void check_texts(const char *name, int mm, const char *svg)
{
    const double width = value_of(strstr(svg, "<svg"), " width=\"");
    int texts = 0;
    for (const char *at = strstr(svg, "<text"); at; at = strstr(at + 1, "<text"), texts++) {
        const char *words = at + strcspn(at, ">") + 1;
        const int length = (int)strcspn(words, "<");
        const double size = value_of(at, "font-size=\""), x = value_of(at, " x=\""), long_ = value_of(at, "textLength=\"");
        const double left = has(at, "\"middle\"") ? x - long_ / 2 : has(at, "\"end\"") ? x - long_ : x;
        if (0.75 * size < 7) fail_msg("%s, %d mm: \"%.*s\" has %.1f points", name, mm, length, words, 0.75 * size);
        if (has(at, "rotate")) continue;
        if (left < -0.5 || left + long_ > width + 0.5)
            fail_msg("%s, %d mm: \"%.*s\" is from %.0f to %.0f of %.0f", name, mm, length, words, left, left + long_, width);
    }
    assert_true(texts > 0);
}

/* Of all benchmarks together these are pages by themselves: on paper each is a part. */
static const char *printed_name(const char *name, int mm)
{
    return strcmp(name, "sweetspot") == 0 ? "sweetspot:cue-conflict" : strcmp(name, "people") == 0 && mm < 100 ? "people:cue-conflict" : name;
}

/* The same drawing once more, or one that needs other folders as well. */
static bool is_left_out(const char *name)
{
    return strncmp(name, "sweetspot-", 10) == 0 || strstr(name, "dimensions") || strncmp(name, "grid-", 5) == 0 ||
           strncmp(name, "NAME", 4) == 0;
}

static void every_figure_can_be_printed_in_one_column_and_in_two(void **state)
{
    (void)state;
    static const int widths[] = {89, 183};
    const report_call call = {.folder = folder, .measures = all_measures()};
    strbuf names = STRBUF_INIT;
    int figures = 0;
    put_study();
    report_figure_names(&names, all_measures());
    for (char *line = names.data, *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        line[strcspn(line, " ")] = '\0';
        if (is_left_out(line)) continue;
        figures++;
        for (int i = 0; i < 2; i++) {
            const char *name = printed_name(line, widths[i]);
            char path[128], *svg;
            double height;
            size_t size;
            snprintf(path, sizeof path, "%s/figure.svg", folder);
            check_ok(report_draw(&height, &call, name, path, widths[i]));
            check_ok(file_read(&svg, &size, path, 0));
            check_texts(name, widths[i], svg);
            if (height > REPORT_PAGE_MM) fail_msg("%s, %d mm wide, is %.0f mm high", name, widths[i], height);
            mem_free(svg);
        }
    }
    strbuf_clear(&names);
    assert_true(figures > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_figure_can_be_printed_in_one_column_and_in_two, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
