/* A network of one's own: this program is jem with a perceptron appended to its networks, which is
 * then trained, sampled, evaluated and scored as any other, without a change to jem. */
#include "cli/own_program.h"

#include "bench/subject.h"
#include "model/wrn.h"
#include "run/run.h"

/* ---- the network: what a file of src/model has, and its line in the list */

typedef struct perceptron_settings {
    int64_t hidden;
    double slope, dropout;
} perceptron_settings;

static const option settings[] = {
    {"hidden", OPTION_INT, offsetof(perceptron_settings, hidden), "24", 1, 4096, NULL,
     "values of the layer between picture and logits"},
    {"slope", OPTION_REAL, offsetof(perceptron_settings, slope), "0.1", 0, 1, NULL,
     "of its rectifiers below 0"},
    {"dropout", OPTION_REAL, offsetof(perceptron_settings, dropout), "0", 0, 0.9, NULL,
     "dropout rate of the hidden layer"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

static const perceptron_settings *settings_of(const model_spec *spec)
{
    return (const void *)&spec->settings;
}

static jem_status build(graph **out, const model_spec *spec)
{
    const perceptron_settings *s = settings_of(spec);
    graph *g = NULL;
    jem_status st = graph_new(&g, (shape){spec->channels, spec->height, spec->width});
    if (st != JEM_OK) return st;
    if (spec->height != spec->width) {
        graph_free(g);
        return jem_error(JEM_EUSAGE, "perceptron: pictures must be square");
    }
    int x = graph_conv2d(g, 0, "first", s->hidden, spec->height, 1, 0);
    x = graph_lrelu(g, x, s->slope);
    graph_name(g, x, "hidden");
    x = graph_linear(g, graph_dropout(g, x, s->dropout), "second", spec->classes);
    graph_name(g, x, "logits");
    st = graph_finish(g, x);
    if (st == JEM_OK)
        *out = g;
    else
        graph_free(g);
    return st;
}

static bool draws(const model_spec *spec)
{
    return settings_of(spec)->dropout > 0;
}

static const network perceptron = {
    .name = "perceptron",
    .usage = "perceptron",
    .about = "perceptron       one hidden layer over the whole picture",
    .logits = true,
    .settings = settings,
    .build = build,
    .draws = draws,
    .stages = (const char *const[]){"hidden", NULL},
    .heads = (const char *const[]){"hidden", NULL},
};

static const network *const with_perceptron[] = {&network_wrn, &perceptron, NULL};
static const config_lists lists = {.networks = with_perceptron};

/* ---- a study of it */

enum { SIDE = 16, HIDDEN = 9, PARAMS = HIDDEN * 3 * SIDE * SIDE + HIDDEN + 2 * HIDDEN + 2 };

/* Keys of the network before its name, which says that they are keys. */
static void write_config(void)
{
    char text[600];
    snprintf(text, sizeof text,
             "model: {hidden: %d, name: perceptron}\n"
             "data: {kind: gloss, path: %s/scenes}\n"
             "sampler: {steps: 2, buffer_size: 20}\n"
             "train: {batch: 8, iterations: 6, lr: 1e-3, warmup: 2, log_every: 2}\n"
             "engine: {threads: 2, device: cpu}\n",
             HIDDEN, dir);
    own_config(text);
}

static int begin(void **state)
{
    (void)state;
    check_tmp(dir, sizeof dir);
    write_config();
    program_works(dir, "data render --n 60 --size 16 --seed 3 -o %D/scenes");
    program_works(dir, "sweep %D/c.yaml --alpha 0,0.5,1 --out %D/study");
    return 0;
}

static void a_study_along_alpha_has_its_settings_and_its_size(void **state)
{
    (void)state;
    static const char *const names[] = {"alpha-0.00-seed-1", "alpha-0.50-seed-1", "alpha-1.00-seed-1"};
    for (int i = 0; i < 3; i++) {
        char path[128];
        run *r = NULL;
        snprintf(path, sizeof path, "%s/study/%s", dir, names[i]);
        check_ok(run_open(&r, &lists, path, NULL, 0));
        check_near(r->cfg.alpha, 0.5 * i, 0, 1);
        assert_int_equal(r->info.iteration, 6);
        assert_string_equal(r->info.model, "perceptron");
        assert_int_equal(model_params_count(r->m), PARAMS);
        assert_int_equal(settings_of(model_get_spec(r->m))->hidden, HIDDEN);
        check_near(settings_of(model_get_spec(r->m))->slope, 0.1, 0, 1);
        run_close(r);
    }
}

static void it_is_resumed_sampled_evaluated_and_scored(void **state)
{
    (void)state;
    program_works(dir, "resume %D/study/alpha-0.50-seed-1");
    program_works(dir, "sample %D/study/alpha-0.50-seed-1 --n 4 -o %D/samples.png");
    assert_true(program_made(dir, "samples.png"));
    program_works(dir, "eval %D/study --features-of %D/study/alpha-0.00-seed-1");
    program_works(dir, "bench gloss %D/study --all");
    program_said(dir, "out", "relief_r2"); /* a probe of the hidden layer */
    program_said_once(dir, "err", "60 scenes; dropped"); /* of three runs */
    program_said_once(dir, "err", "correlation with people");
    program_works(dir, "report %D/study -o %D/page.html");
    assert_true(program_made(dir, "page.html"));
    program_works(dir, "plan %D/c.yaml --no-timing");
    program_said(dir, "out", "second");
}

static void its_values_are_found_by_its_own_names(void **state)
{
    (void)state;
    const int64_t sizes[] = {2, 3, SIDE, SIDE};
    char path[128];
    jem_tensor x = JEM_TENSOR_INIT, h = JEM_TENSOR_INIT;
    check_ok(jem_tensor_init(&x, JEM_F32, 4, sizes));
    snprintf(path, sizeof path, "%s/x.npy", dir);
    check_ok(jem_npy_write(path, &x));
    jem_tensor_clear(&x);
    program_works(dir, "apply %D/study/alpha-1.00-seed-1 --input %D/x.npy --want "
                       "features:hidden,logits -o %D/values");
    snprintf(path, sizeof path, "%s/values/features.hidden.npy", dir);
    check_ok(jem_npy_read(&h, path));
    assert_int_equal(h.ndim, 2);
    assert_int_equal(h.shape[1], HIDDEN);
    jem_tensor_clear(&h);
    program_fails(dir, "apply %D/study/alpha-1.00-seed-1 --input %D/x.npy --want features:layer1 "
                       "-o %D/none", JEM_EUSAGE, "it has hidden, logits");
}

/* Distances of pictures are over its stages. */
static void it_judges_how_far_pictures_are_apart(void **state)
{
    (void)state;
    char path[128];
    run *r = NULL;
    subject who;
    image pictures[2] = {IMAGE_INIT, IMAGE_INIT};
    stimulus s[2];
    float d[2];
    snprintf(path, sizeof path, "%s/study/alpha-0.00-seed-1", dir);
    check_ok(run_open(&r, &lists, path, NULL, 0));
    const model_subject p = {.m = r->m, .sampler = &r->cfg.sampler, .alpha = 0, .seed = 1};
    check_ok(subject_of_model(&who, &p));
    for (int i = 0; i < 2; i++) {
        check_ok(image_init(&pictures[i], SIDE, SIDE, 3));
        for (int k = 0; k < 3 * SIDE * SIDE; k++) pictures[i].pixels[k] = (uint8_t)(i ? k % 7 * 30 : 200);
        s[i] = (stimulus){.place = i, .picture = &pictures[i]};
    }
    const stimulus a[] = {s[0], s[0]}, b[] = {s[0], s[1]};
    check_ok(who.ops->distance(who.ctx, a, b, 2, d));
    check_near((double)d[0], 0, 0, 1);
    assert_true(d[1] > 0);
    for (int i = 0; i < 2; i++) image_clear(&pictures[i]);
    subject_clear(&who);
    run_close(r);
}

static void keys_are_those_of_the_network_that_is_named(void **state)
{
    (void)state;
    program_works(dir, "list models");
    program_said(dir, "out", "perceptron       one hidden layer");
    program_said(dir, "out", "wrn-DEPTH-WIDTH");
    program_fails(dir, "train %D/c.yaml --out %D/no --set model.pool=sum", JEM_EUSAGE,
                  "unknown key 'model.pool'");
    program_fails(dir, "train %D/c.yaml --out %D/no --set model.hidden=4 --set model.name=wrn-10-1",
                  JEM_EUSAGE, "unknown key 'model.hidden'");
    program_fails(dir, "train %D/c.yaml --out %D/no --set model.name=mlp", JEM_EUSAGE,
                  "or wrn-28-10; or perceptron");
    program_fails(dir, "train %D/c.yaml --out %D/no --set model.dropout=0.5 "
                       "--set sampler.batch_norm=batch", JEM_EUSAGE, "set model.dropout to 0");
    program_fails(dir, "train %D/c.yaml --out %D/study/alpha-0.50-seed-1 --set alpha=0.5 "
                       "--set model.hidden=10", JEM_EUSAGE, "model.hidden is 9 there and 10 here");
    assert_false(program_made(dir, "no"));
}

static void a_program_without_it_says_so(void **state)
{
    (void)state;
    char path[128];
    run *r = NULL;
    model_spec spec;
    snprintf(path, sizeof path, "%s/study/alpha-0.00-seed-1", dir);
    check_fails(run_open(&r, &config_builtin, path, NULL, 0), JEM_EUSAGE, "model.name 'perceptron'");
    snprintf(path, sizeof path, "%s/study/alpha-0.00-seed-1/best.safetensors", dir);
    check_fails(model_spec_read(&spec, network_list, path), JEM_EUSAGE, "best.safetensors: model.name");
    check_ok(model_spec_read(&spec, with_perceptron, path));
    assert_ptr_equal(spec.network, &perceptron);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_study_along_alpha_has_its_settings_and_its_size),
        cmocka_unit_test(it_is_resumed_sampled_evaluated_and_scored),
        cmocka_unit_test(its_values_are_found_by_its_own_names),
        cmocka_unit_test(it_judges_how_far_pictures_are_apart),
        cmocka_unit_test(keys_are_those_of_the_network_that_is_named),
        cmocka_unit_test(a_program_without_it_says_so),
    };
    if (argc > 1) return jem_main(argc, argv, &(cli_lists){.settings = lists});
    own_program(argv[0]);
    return cmocka_run_group_tests(tests, begin, end);
}
