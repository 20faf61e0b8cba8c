/* Benchmarks of one's own: this program is jem with a toy appended to its benchmarks, which is then
 * listed, scored, drawn and placed along alpha as any other, and with one that describes a model
 * without people, without a change to jem. */
#include "cli/own_program.h"

#include <jansson.h>

#include "base/try.h"
#include "bench/benchmarks.h"
#include "bench/generative.h"
#include "measure/trials.h"

/* ---- what the scores mean: a benchmark's measure.c */

static const measure scores[] = {
    {.metric = "sure",
     .title = "How sure it is",
     .unit = "largest probability",
     .lower_is_better = true,
     .least = 0,
     .most = 1,
     .human = 0.6,
     .level = {LEVEL_CHANCE, 0, "chance"},
     .card = "least sure"},
    {.metric = "share_first",
     .title = "First class",
     .unit = "share of pictures",
     .least = 0,
     .most = 1},
    {.metric = NULL},
};

static const measure_spot spots[] = {
    {.title = "Toy",
     .measure = "how sure",
     .count = 1,
     .score = {&scores[0]},
     .alignment = true,
     .source = "0.6 of nobody",
     .paper_low = NAN,
     .paper_high = NAN,
     .rule = &trials_number,
     .trials = "toy",
     .column = "largest"},
    {.title = NULL},
};

static const published_score others[] = {
    {"sure", NULL, NULL, "Some network", 0.75, "made up"},
    {"sure", NULL, NULL, "human", 0.6, "made up"},
    {.metric = NULL},
};

static const measure_panel panel = {.x = {NULL, "share_first", "share of the first class"},
                                    .y = {NULL, "sure", "how sure (lower is better)"}};

static const measures toy_measures = {
    .benchmark = "toy",
    .name = "Toy",
    .section = measure_people,
    .title = "Toy: how sure of stripes",
    .about = "The largest class probability for pictures of stripes.",
    .headline = true,
    .scores = scores,
    .published = others,
    .spots = spots,
    .panel = &panel,
};

/* ---- how they are made: its run.c */

enum { STRIPES_MOST = 64, SIDE = 16, CLASSES_MOST = 64 };

typedef struct toy_options {
    int64_t stripes;
} toy_options;

static const option options[] = {
    {"stripes", OPTION_INT, offsetof(toy_options, stripes), "12", 2, STRIPES_MOST, NULL,
     "pictures that are shown"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

static jem_status stripes(image *out, int64_t number)
{
    jem_status st = image_init(out, SIDE, SIDE, 3);
    for (int64_t i = 0; st == JEM_OK && i < 3 * SIDE * SIDE; i++)
        out->pixels[i] = (uint8_t)(i * (number + 2) * 7);
    return st;
}

/* *largest <- of the class probabilities of one picture, *first: is it that of class 0? */
static jem_status ask(double *largest, bool *first, const subject *who, int64_t number)
{
    jem_status st;
    double logit[CLASSES_MOST], sum = 0;
    image picture = IMAGE_INIT;
    int64_t best = 0;

    TRY(stripes(&picture, number));
    const stimulus s = {.place = number, .picture = &picture};
    TRY(who->ops->logits(who->ctx, &s, 1, logit));
    for (int64_t k = 1; k < who->classes; k++)
        if (logit[k] > logit[best]) best = k;
    for (int64_t k = 0; k < who->classes; k++) sum += exp(logit[k] - logit[best]);
    *largest = 1 / sum;
    *first = best == 0;
done:
    image_clear(&picture);
    return st;
}

static jem_status save(const bench_request *r, const double *largest, int64_t n)
{
    static const char *const column[] = {"largest"};
    jem_status st;
    trial_list list = TRIAL_LIST_INIT;
    table extra = TABLE_INIT;

    TRY(table_init(&extra, 1, column));
    for (int64_t i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "stripes-%02d", (int)i);
        TRY(trial_list_append(&list, &(trial){.subj = r->subject->name,
                                              .session = 1,
                                              .trial = i + 1,
                                              .rt = NAN,
                                              .object_response = "-",
                                              .category = "-",
                                              .condition = "0",
                                              .imagename = name}));
        TRY(table_append(&extra, &largest[i]));
    }
    TRY(trial_list_save_with(&list, &extra, r->out, "toy"));
done:
    table_clear(&extra);
    trial_list_clear(&list);
    return st;
}

static jem_status toy_run(const bench_request *r)
{
    jem_status st;
    const int64_t n = ((const toy_options *)r->options)->stripes;
    double largest[STRIPES_MOST], mean = 0, share = 0;

    TRY(subject_can(r->subject, r->subject->ops->logits != NULL, "toy", "logits"));
    for (int64_t i = 0; i < n; i++) {
        bool first;
        TRY(ask(&largest[i], &first, r->subject, i));
        mean += largest[i] / (double)n;
        share += (double)first / (double)n;
    }
    TRY(bench_add(r, &(bench_score){.benchmark = "toy", .metric = "sure", .dataset = "toy",
                                    .value = mean, .interval = {NAN, NAN}, .n = n, .ceiling = NAN,
                                    .formula = "mean largest probability"}));
    TRY(bench_add(r, &(bench_score){.benchmark = "toy", .metric = "share_first", .dataset = "toy",
                                    .value = share, .interval = {NAN, NAN}, .n = n, .ceiling = NAN,
                                    .formula = "share of class 0"}));
    if (r->out) TRY(save(r, largest, n));
done:
    return st;
}

static bool without_data(const void *o)
{
    (void)o;
    return true;
}

static const benchmark toy = {
    .name = "toy",
    .measures = "how sure networks are of stripes",
    .meaning = &toy_measures,
    .source = "nobody",
    .needs = "logits",
    .data = "nothing",
    .options = options,
    .options_size = sizeof(toy_options),
    .without_data = without_data,
    .run = toy_run,
};

/* ---- one that describes a model without people: how far a chain climbs */

static const measure climb_scores[] = {
    {.metric = "climb", .title = "Climb", .unit = "LSE", .least = -INFINITY, .most = INFINITY},
    {.metric = NULL},
};
static const measures climb_measures = {.benchmark = "climb",
                                        .name = "Climb",
                                        .section = "Energy",
                                        .title = "Climb: what two steps win",
                                        .about = "Log-sum-exp after two steps, less that before.",
                                        .scores = climb_scores};

static jem_status lse_of(double *lse, const generative *g, const float *x)
{
    float logit[CLASSES_MOST];
    jem_status st = g->evaluate(g->ctx, x, 1, logit, NULL);
    double sum = 0;
    for (int64_t k = 0; st == JEM_OK && k < g->classes; k++) sum += exp((double)logit[k]);
    *lse = log(sum);
    return st;
}

static jem_status climb_run(const bench_request *r)
{
    jem_status st;
    const generative *g = generative_of(r);
    double before, after;
    float *x = NULL;

    TRY(MEM_NEW(x, shape_count(g->image)));
    TRY(lse_of(&before, g, x));
    TRY(g->chain(g->ctx, &(chain_request){.steps = 2, .seed = 5}, x, 1));
    TRY(lse_of(&after, g, x));
    TRY(generative_add(r, &(bench_score){.benchmark = "climb", .metric = "climb",
                                         .value = after - before, .interval = {NAN, NAN}, .n = 1,
                                         .formula = "two steps from grey"}));
done:
    mem_free(x);
    return st;
}

static const benchmark climb = {.name = "climb",
                                .measures = "what chains win",
                                .meaning = &climb_measures,
                                .generative = true,
                                .run = climb_run};

/* ---- a study with them */

static int begin(void **state)
{
    (void)state;
    static const char text[] = "model: {name: wrn-10-1, pool: adaptive}\n"
                               "sampler: {steps: 2, buffer_size: 20}\n"
                               "train: {batch: 8, iterations: 4, lr: 1e-3, warmup: 2}\n"
                               "engine: {threads: 2, device: cpu}\n";
    check_tmp(dir, sizeof dir);
    own_config(text);
    program_works(dir, "data render --n 40 --size 16 --seed 3 -o %D/scenes");
    program_works(dir, "sweep %D/c.yaml --set data.kind=gloss --set data.path=%D/scenes --alpha 0,0.5,1 "
                       "--seeds 2 --out %D/study");
    return 0;
}

static void it_is_listed_with_its_keys_and_what_others_published(void **state)
{
    (void)state;
    program_works(dir, "list benchmarks");
    program_said(dir, "out", "toy             how sure networks are of stripes");
    program_said(dir, "out", "bapps ");
    program_not_said(dir, "out", "classification");
    program_works(dir, "bench list");
    program_said(dir, "out", "how sure networks are of stripes");
    program_said(dir, "out", "toy.stripes");
    program_works(dir, "list baselines");
    program_said(dir, "out", "toy\tsure\t\t\tSome network\t0.75\tmade up");
    program_fails(dir, "bench toys %D/study", JEM_EUSAGE, "did you mean toy?");
}

static void it_is_scored_drawn_and_placed_along_alpha(void **state)
{
    (void)state;
    size_t size;
    program_works(dir, "bench toy %D/study --all --set toy.stripes=10");
    program_said(dir, "out", "share_first");
    assert_true(program_made(dir, "study/alpha-0.50-seed-2/trials/toy.csv"));

    program_works(dir, "report %D/study -o %D/page.html");
    program_said(dir, "page.html", "Toy: how sure of stripes");
    program_said(dir, "page.html", "least sure");
    assert_true(program_made(dir, "study/figures/toy.svg"));
    program_said(dir, "study/figures/toy.tsv", "toy\tsure\t");
    program_said(dir, "study/figures/people.tsv", "toy\tsure\tSome network\tnan\t-1\t0.75\t");

    program_works(dir, "sweetspot %D/study --json --rounds 100");
    char *text = program_read(dir, "out", &size);
    json_t *root = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(root), 1);
    const json_t *spot = json_array_get(root, 0);
    assert_string_equal(json_string_value(json_object_get(spot, "benchmark")), "toy");
    assert_string_equal(json_string_value(json_object_get(spot, "measure")), "how sure");
    program_works(dir, "sweetspot %D/study --rounds 100");
    program_said(dir, "out", "10 images");
    program_said(dir, "study/sweetspot.tsv", "toy\tsure\t");
    json_decref(root);
    mem_free(text);
}

static void one_without_people_is_run_by_eval(void **state)
{
    (void)state;
    program_works(dir, "eval %D/study/alpha-0.50-seed-1");
    program_said(dir, "out", "climb           climb ");
    program_said(dir, "out", "classification  accuracy ");
    program_works(dir, "report %D/study/alpha-0.50-seed-1 -o %D/one.html");
    program_said(dir, "one.html", "Climb: what two steps win");
    program_works(dir, "list benchmarks");
    program_not_said(dir, "out", "climb");
    program_fails(dir, "bench climb %D/study", JEM_EUSAGE, "unknown benchmark 'climb'");
}

/* Scores of a benchmark that a program does not know are drawn all the same, without its words. */
static void a_program_without_it_draws_its_scores_under_their_names(void **state)
{
    (void)state;
    size_t size;
    program_works(dir, "plain report %D/study -o %D/plain.html");
    char *text = program_read(dir, "plain.html", &size);
    assert_non_null(strstr(text, "Other benchmarks"));
    assert_non_null(strstr(text, "share_first"));
    assert_null(strstr(text, "how sure of stripes"));
    mem_free(text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_listed_with_its_keys_and_what_others_published),
        cmocka_unit_test(it_is_scored_drawn_and_placed_along_alpha),
        cmocka_unit_test(one_without_people_is_run_by_eval),
        cmocka_unit_test(a_program_without_it_draws_its_scores_under_their_names),
    };
    if (argc > 1 && strcmp(argv[1], "plain") == 0) { /* jem as it is */
        argv[1] = argv[0];
        return jem_main(argc - 1, argv + 1, &(cli_lists){.benchmarks = NULL});
    }
    if (argc > 1) {
        const benchmark *all[BENCHMARKS_MAX + 1];
        int n = 0;
        for (const benchmark *const *b = benchmark_list; *b; b++) all[n++] = *b;
        all[n++] = &toy;
        all[n++] = &climb;
        all[n] = NULL;
        return jem_main(argc, argv, &(cli_lists){.benchmarks = all});
    }
    own_program(argv[0]);
    return cmocka_run_group_tests(tests, begin, end);
}
