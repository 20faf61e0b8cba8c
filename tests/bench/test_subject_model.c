/* Subjects: a network that looks at pictures. */
#include "support/check.h"
#include "support/wrn_spec.h"

#include <string.h>

#include "base/mem.h"
#include "bench/bench.h"
#include "model/init.h"
#include "record/image_name.h"

enum { SIDE = 8, CLASSES = 10, PICTURES = 70 };

typedef struct looking {
    model *m;
    sampler_options sampler;
    subject s;
    image pictures[PICTURES];
    stimulus stimuli[PICTURES];
} looking;

static int64_t proj; /* of the network, unless 0 */

static void look(looking *l, int64_t side, const char *const *names)
{
    const model_spec spec = wrn_spec((model_spec){.name = "wrn-10-1",
                                                  .classes = CLASSES,
                                                  .channels = 3,
                                                  .height = SIDE,
                                                  .width = SIDE},
                                     (wrn_settings){.pool = POOL_ADAPTIVE, .proj = proj});
    engine_spec engine = {.threads = 2, .device = "ref"};
    double *values = NULL;
    const option_group groups[] = {{"sampler", sampler_option_table, &l->sampler},
                                   {NULL, NULL, NULL}};
    memset(l, 0, sizeof *l);
    check_ok(options_defaults(groups));
    check_ok(model_new(&l->m, &spec, &engine));
    check_ok(MEM_NEW(values, model_params_count(l->m)));
    params_init_hash(values, model_graph(l->m), 2.0);
    for (int64_t i = 0; i < model_params_count(l->m); i++) model_params(l->m)[i] = (float)values[i];
    mem_free(values);
    check_ok(model_params_changed(l->m));
    for (int n = 0; n < PICTURES; n++) {
        image *p = &l->pictures[n];
        check_ok(image_init(p, side, side, 3));
        for (int64_t i = 0; i < side * side * 3; i++)
            p->pixels[i] = (uint8_t)((unsigned)(i * 37 + n * 101 + i * i * (n + 3)) % 256);
        l->stimuli[n] = (stimulus){.name = "p", .place = n, .picture = p};
    }
    const model_subject p = {.m = l->m,
                             .sampler = &l->sampler,
                             .step_size = 1,
                             .alpha = 0.5,
                             .seed = 3,
                             .class_names = names};
    check_ok(subject_of_model(&l->s, &p));
}

static void look_away(looking *l)
{
    subject_clear(&l->s);
    model_free(l->m);
    for (int n = 0; n < PICTURES; n++) image_clear(&l->pictures[n]);
}

static void as_input(float *x, const image *p)
{
    for (int64_t c = 0; c < 3; c++)
        for (int64_t i = 0; i < p->height * p->width; i++)
            x[c * p->height * p->width + i] = ((float)p->pixels[i * 3 + c] / 255.0f - 0.5f) / 0.5f;
}

static void a_network_answers_as_its_model_does(void **state)
{
    (void)state;
    looking l;
    float x[3 * SIDE * SIDE], expected[CLASSES], grad[3 * SIDE * SIDE], map[SIDE * SIDE];
    static double f[PICTURES][CLASSES];
    char text[128];
    int32_t y = 4;
    look(&l, SIDE, NULL);
    assert_string_equal(l.s.name, "wrn-10-1");
    assert_true(l.s.alpha == 0.5 && l.s.seed == 3 && l.s.needs_pictures);
    check_ok(l.s.ops->logits(l.s.ctx, l.stimuli, PICTURES, &f[0][0]));
    for (int n = 0; n < PICTURES; n += 23) {
        as_input(x, &l.pictures[n]);
        check_ok(model_evaluate(l.m, x, 1, NULL, expected, NULL, NULL));
        for (int c = 0; c < CLASSES; c++) assert_true(f[n][c] == (double)expected[c]);
    }
    as_input(x, &l.pictures[2]);
    check_ok(model_evaluate(l.m, x, 1, &y, NULL, NULL, grad));
    check_ok(l.s.ops->saliency(l.s.ctx, &l.stimuli[2], &(const saliency_request){.y = 4}, map, SIDE, SIDE));
    for (int i = 0; i < SIDE * SIDE; i++) {
        float most = fmaxf(fabsf(grad[i]), fmaxf(fabsf(grad[64 + i]), fabsf(grad[128 + i])));
        assert_true(map[i] == most);
    }
    check_fails(l.s.ops->saliency(l.s.ctx, &l.stimuli[2], &(const saliency_request){.y = 10}, map, SIDE, SIDE), JEM_EUSAGE,
                "class 10 of a network with 10 classes");
    l.s.ops->describe(l.s.ctx, text, sizeof text);
    assert_string_equal(text, "");
    look_away(&l);
}

static void a_network_measures_distances_over_its_stages(void **state)
{
    (void)state;
    looking l;
    float d[40], again[1];
    look(&l, SIDE, NULL);
    check_ok(l.s.ops->distance(l.s.ctx, l.stimuli, l.stimuli + 30, 40, d));
    for (int i = 0; i < 40; i++) assert_true(d[i] > 0 && d[i] < 12);
    check_ok(l.s.ops->distance(l.s.ctx, &l.stimuli[35 + 30], &l.stimuli[35], 1, again));
    assert_true(again[0] == d[35]);
    check_ok(l.s.ops->distance(l.s.ctx, l.stimuli, l.stimuli, 1, d));
    assert_true(d[0] == 0);
    look_away(&l);
}

static void pictures_of_another_size_are_resized_and_scores_say_so(void **state)
{
    (void)state;
    looking l;
    double f[CLASSES], g[CLASSES];
    char text[128];
    image small = IMAGE_INIT;
    look(&l, 20, NULL);
    check_ok(image_resize(&small, &l.pictures[0], SIDE, SIDE));
    const stimulus same = {.place = 0, .picture = &small};
    check_ok(l.s.ops->logits(l.s.ctx, &same, 1, g));
    l.s.ops->describe(l.s.ctx, text, sizeof text);
    assert_string_equal(text, "");
    check_ok(l.s.ops->logits(l.s.ctx, l.stimuli, 1, f));
    assert_memory_equal(f, g, sizeof f);
    l.s.ops->describe(l.s.ctx, text, sizeof text);
    assert_string_equal(text, "pictures resized to 8x8");
    image_clear(&small);

    image grey = IMAGE_INIT;
    check_ok(image_init(&grey, SIDE, SIDE, 1));
    const stimulus odd = {.name = "grey.png", .picture = &grey}, none = {.name = "gone.png"};
    check_fails(l.s.ops->logits(l.s.ctx, &odd, 1, f), JEM_EDATA,
                "grey.png: the network looks at "
                "pictures of 3 channels");
    check_fails(l.s.ops->logits(l.s.ctx, &none, 1, f), JEM_EDATA, "gone.png");
    image_clear(&grey);
    look_away(&l);
}

static void refinement_depends_on_the_picture_and_its_place_alone(void **state)
{
    (void)state;
    looking l;
    static double plain[PICTURES][CLASSES], all[PICTURES][CLASSES];
    double one[CLASSES];
    look(&l, SIDE, NULL);
    check_ok(l.s.ops->logits(l.s.ctx, l.stimuli, PICTURES, &plain[0][0]));
    check_ok(l.s.ops->refine(l.s.ctx, 3));
    check_ok(l.s.ops->logits(l.s.ctx, l.stimuli, PICTURES, &all[0][0]));
    assert_memory_not_equal(all, plain, sizeof all);
    check_ok(l.s.ops->logits(l.s.ctx, &l.stimuli[66], 1, one));
    assert_memory_equal(one, all[66], sizeof one);
    check_ok(l.s.ops->refine(l.s.ctx, 0));
    check_ok(l.s.ops->logits(l.s.ctx, &l.stimuli[66], 1, one));
    assert_memory_equal(one, plain[66], sizeof one);
    check_fails(l.s.ops->refine(l.s.ctx, -1), JEM_EUSAGE, "0 or more steps");
    look_away(&l);
}

static void classes_of_cifar_become_seven_categories(void **state)
{
    (void)state;
    static const char *const names[CLASSES] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                               "dog",      "frog",       "horse", "ship", "truck"};
    static const int owner[CLASSES] = {0, 6, 3, 7, -1, 10, -1, -1, 4, 15};
    looking l;
    int32_t category[PICTURES];
    static double f[PICTURES][CLASSES];
    char text[256];
    look(&l, SIDE, names);
    check_ok(l.s.ops->logits(l.s.ctx, l.stimuli, PICTURES, &f[0][0]));
    check_ok(l.s.ops->decide(l.s.ctx, l.stimuli, PICTURES, category));
    for (int n = 0; n < PICTURES; n++) {
        int best = -1;
        for (int c = 0; c < CLASSES; c++)
            if (owner[c] >= 0 && (best < 0 || f[n][c] > f[n][best])) best = c;
        assert_int_equal(category[n], owner[best]);
    }
    l.s.ops->describe(l.s.ctx, text, sizeof text);
    assert_string_equal(text, "classes for only 7 of the 16 categories: airplane bird boat car cat "
                              "dog truck");
    look_away(&l);
    look(&l, SIDE, NULL);
    check_fails(l.s.ops->decide(l.s.ctx, l.stimuli, 1, category), JEM_EUSAGE, "say which with a mapping");
    look_away(&l);
}

/* The projection if there is one, else the pooled features. */
static void probes_look_at_the_last_head(void **state)
{
    (void)state;
    for (proj = 5; proj >= 0; proj -= 5) {
        looking l;
        int64_t dim = 0;
        float a[64], b[64];
        look(&l, SIDE, NULL);
        check_ok(l.s.ops->features(l.s.ctx, NULL, l.stimuli, 1, a, &dim));
        assert_int_equal(dim, proj ? 5 : 64);
        check_ok(l.s.ops->features(l.s.ctx, proj ? "proj" : "features", l.stimuli, 1, b, &dim));
        assert_memory_equal(a, b, (size_t)dim * sizeof *a);
        look_away(&l);
    }
    proj = 0;
}

/* Answers that depend on how many images are asked about together, and on their order: every score says both. */
static void norms_of_the_present_images_are_told(void **state)
{
    (void)state;
    const engine_spec engine = {.threads = 1, .device = "cpu"};
    model_spec spec = {.classes = 2, .channels = 3, .height = 16, .width = 16};
    model *m = NULL;
    subject s = {.ops = NULL};
    check_ok(model_spec_name(&spec, network_list, "gloss-resnet"));
    check_ok(model_new(&m, &spec, &engine));
    check_ok(subject_of_model(&s, &(model_subject){.m = m, .alpha = 0, .seed = 1}));
    assert_string_equal(s.note, "norms take the statistics of 32 images together, in their order");
    subject_clear(&s);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_answers_as_its_model_does),
        cmocka_unit_test(a_network_measures_distances_over_its_stages),
        cmocka_unit_test(pictures_of_another_size_are_resized_and_scores_say_so),
        cmocka_unit_test(refinement_depends_on_the_picture_and_its_place_alone),
        cmocka_unit_test(classes_of_cifar_become_seven_categories),
        cmocka_unit_test(probes_look_at_the_last_head),
        cmocka_unit_test(norms_of_the_present_images_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
