/* Subjects that were trained on photographs: how they are shown pictures, and in which units their maps are; and one
 * with its published weights on real ones. */
#include "support/check.h"
#include "support/hash_fill.h"
#include "support/published_weights.h"

#include <string.h>

#include "base/mem.h"
#include "bench/label_map.h"
#include "bench/subject.h"
#include "model/imagenet.h"
#include "record/image_name.h"
#include "stats/classify.h"

enum { SIDE = 48, PIXELS = SIDE * SIDE, CLASSES = 1000 };

typedef struct seen {
    model *m;
    sampler_options sampler;
    subject who;
} seen;

static void look(seen *k, const char *name, int64_t side, const char *weights)
{
    const engine_spec engine = {.threads = 1, .device = "cpu"};
    model_spec spec = {.classes = CLASSES, .channels = 3, .height = side, .width = side};
    double *values = NULL;

    *k = (seen){.sampler = {.steps = 1}};
    check_ok(model_spec_name(&spec, network_list, name));
    check_ok(model_new(&k->m, &spec, &engine));
    if (weights) {
        check_ok(model_load(k->m, weights));
    } else {
        check_ok(MEM_NEW(values, model_params_count(k->m)));
        hash_fill(values, model_graph(k->m));
        for (int64_t i = 0; i < model_params_count(k->m); i++) model_params(k->m)[i] = (float)values[i];
        mem_free(values);
        check_ok(model_params_changed(k->m));
    }
    check_ok(subject_of_model(&k->who, &(const model_subject){.m = k->m, .sampler = &k->sampler, .step_size = 1}));
}

static void look_away(seen *k)
{
    subject_clear(&k->who);
    model_free(k->m);
}

static image made_picture(int64_t height, int64_t width)
{
    image p = IMAGE_INIT;
    check_ok(image_init(&p, height, width, 3));
    for (int64_t i = 0; i < height * width * 3; i++) p.pixels[i] = (uint8_t)((unsigned)(i * 37 + i * i * 3) % 256);
    return p;
}

static void as_input(float *x, const image *p)
{
    for (int64_t c = 0; c < 3; c++)
        for (int64_t i = 0; i < p->height * p->width; i++)
            x[c * p->height * p->width + i] = ((float)p->pixels[i * 3 + c] / 255.0f - 0.5f) / 0.5f;
}

static void pictures_are_cut_with_the_margin_of_photographs(void **state)
{
    (void)state;
    static double a[CLASSES], b[CLASSES];
    seen k;
    image large = made_picture(90, 77), cut = IMAGE_INIT;

    look(&k, "squeezenet1_1", SIDE, NULL);
    check_ok(image_photograph(&cut, &large, SIDE));
    const stimulus whole = {.name = "large", .picture = &large}, ready = {.name = "cut", .picture = &cut};
    check_ok(k.who.ops->logits(k.who.ctx, &whole, 1, a));
    check_ok(k.who.ops->logits(k.who.ctx, &ready, 1, b));
    assert_memory_equal(a, b, sizeof a);
    look_away(&k);
    image_clear(&large);
    image_clear(&cut);
}

static void maps_are_in_the_units_that_the_network_was_trained_on(void **state)
{
    (void)state;
    static float x[3 * PIXELS], grad[3 * PIXELS], map[PIXELS];
    const int32_t y = 5;
    int red = 0;
    seen k;
    image p = made_picture(SIDE, SIDE);

    look(&k, "squeezenet1_1", SIDE, NULL);
    const stimulus s = {.name = "p", .picture = &p};
    as_input(x, &p);
    check_ok(model_evaluate(k.m, x, 1, &y, NULL, NULL, grad));
    check_ok(k.who.ops->saliency(k.who.ctx, &s, &(const saliency_request){.y = 5}, map, SIDE, SIDE));
    for (int i = 0; i < PIXELS; i++) {
        double most = 0;
        for (int c = 0; c < 3; c++) most = fmax(most, fabs((double)grad[c * PIXELS + i]) / imagenet_own[c][0]);
        check_near((double)map[i], most, 1e-6, most);
        red += map[i] > 0;
    }
    assert_true(red > PIXELS / 2);
    look_away(&k);
    image_clear(&p);
}

/* A vision transformer's vectors belong to positions: benchmarks that would choose another size take its own. */
static void what_has_one_size_is_asked_at_that(void **state)
{
    (void)state;
    static const char *const names[] = {"vit-b-16", "squeezenet1_1"};
    const engine_spec engine = {.threads = 1, .device = "cpu"};
    for (int i = 0; i < 2; i++) {
        model_spec spec = {.classes = 2, .channels = 3, .height = SIDE, .width = SIDE};
        const sampler_options sampler = {.steps = 1};
        subject who = {.ops = NULL};
        model *m = NULL;
        check_ok(model_spec_name(&spec, network_list, names[i]));
        check_ok(model_new(&m, &spec, &engine));
        check_ok(subject_of_model(&who, &(const model_subject){.m = m, .sampler = &sampler, .step_size = 1}));
        assert_int_equal(who.ops->look_at != NULL, i);
        subject_clear(&who);
        model_free(m);
    }
}

/* Expected: the network's class in PyTorch on the picture that Pillow makes of this one (double). */
static void a_real_network_knows_a_real_cat(void **state)
{
    (void)state;
    static double f[CLASSES];
    static float map[224 * 224];
    static const double want[] = {-0.635239129, 1.39814203, -1.80119559, -0.534681486, -0.433715604};
    char weights[1024], picture[1024];
    int32_t category;
    double sum = 0;
    int most = 0;
    seen k;
    image p = IMAGE_INIT;

    if (!published_weights(weights, sizeof weights, "efficientnet-lite0.pth") ||
        !published_weights(picture, sizeof picture, "photographs/chelsea.png"))
        skip();
    check_ok(image_read(&p, picture));
    look(&k, "efficientnet-lite0", 224, weights);
    const stimulus s = {.name = "chelsea", .picture = &p};
    check_ok(k.who.ops->logits(k.who.ctx, &s, 1, f));
    for (int c = 0; c < 5; c++) check_near(f[c], want[c], 1e-4, 1);
    check_near(f[281], 8.45787613, 1e-4, 1);
    check_near(f[282], 9.27239189, 1e-4, 1);
    check_near(f[285], 9.26271544, 1e-4, 1);
    check_ok(k.who.ops->decide(k.who.ctx, &s, 1, &category));
    assert_string_equal(category_names[category], "cat");
    check_ok(k.who.ops->saliency(k.who.ctx, &s, &(const saliency_request){.y = 282}, map, 224, 224));
    for (int i = 0; i < 224 * 224; i++) {
        sum += (double)map[i];
        if (map[i] > map[most]) most = i;
    }
    check_near(sum, 1143.16066, 1e-4, 1143);
    check_near((double)map[most], .786277187, 1e-4, .79);
    assert_int_equal(most, 182 * 224 + 136);
    look_away(&k);
    image_clear(&p);
}

/* Expected: the answers of the network's class in PyTorch (scripts/check_network.py). */
static void a_real_network_labels_photographs_as_pytorch_does(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int label;
    } imagenet[] = {{"00007272", 495}, {"00009492", 57}, {"00011212", 226}, {"00011751", 157}, {"00021923", 227},
                    {"00032959", 217}, {"00033949", 432}, {"00043013", 207}, {"00044671", 111}, {"00048414", 318}},
      others[] = {{"camera.png", 872}, {"coffee.png", 967}, {"motorcycle_left.png", 665}, {"rocket.jpg", 657}};
    static double f[CLASSES];
    char weights[1024], path[4200], data[4096];
    seen k;
    image p = IMAGE_INIT;

    if (!published_weights(weights, sizeof weights, "efficientnet-lite0.pth") ||
        !published_weights(path, sizeof path, "photographs/camera.png"))
        skip();
    check_data(data, sizeof data, "samples/imagenet-val");
    look(&k, "efficientnet-lite0", 224, weights);
    for (size_t i = 0; i < 14; i++) {
        if (i < 10)
            snprintf(path, sizeof path, "%s/ILSVRC2012_val_%s.JPEG", data, imagenet[i].name);
        else
            snprintf(path, sizeof path, "%s/photographs/%s", getenv("JEM_WEIGHTS"), others[i - 10].name);
        check_ok(image_read(&p, path));
        const stimulus s = {.name = path, .picture = &p};
        check_ok(k.who.ops->logits(k.who.ctx, &s, 1, f));
        assert_int_equal(stats_argmax(f, CLASSES), i < 10 ? imagenet[i].label : others[i - 10].label);
        image_clear(&p);
    }
    look_away(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_cut_with_the_margin_of_photographs),
        cmocka_unit_test(what_has_one_size_is_asked_at_that),
        cmocka_unit_test(maps_are_in_the_units_that_the_network_was_trained_on),
        cmocka_unit_test(a_real_network_knows_a_real_cat),
        cmocka_unit_test(a_real_network_labels_photographs_as_pytorch_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
