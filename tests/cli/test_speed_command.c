/* jem speed as a program: its tables, its JSON against what the network is known to need, and
 * mistakes.  How fast anything is, is not tested. */
#include "cli/program.h"

#include <jansson.h>

#define SMALL "--set model.name=wrn-10-1 --set train.batch=8 --set train.share_batch=true " \
              "--set sampler.steps=3 --set engine.threads=2 --set engine.chunk=2 --seconds 0.2 "

/* What `jem COMMAND ARGS --json` printed; the caller's. */
static json_t *json_of(const char *dir, const char *args)
{
    char all[1024];
    size_t n;
    json_error_t e;
    snprintf(all, sizeof all, "%s --json", args);
    program_works(dir, all);
    char *text = program_read(dir, "out", &n);
    json_t *root = json_loadb(text, n, 0, &e);
    if (!root) fail_msg("not JSON, line %d: %s: %s", e.line, e.text, text);
    mem_free(text);
    return root;
}

static double at(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    if (!json_is_number(v)) fail_msg("no number %s", key);
    return json_number_value(v);
}

/* FLOPs of one forward pass of WRN-10-1 on 3x32x32, as jem plan says. */
static double forward_flops(const char *dir)
{
    json_t *plan = json_of(dir, "plan " JEM_SOURCE_DIR "/configs/cifar10-small.yaml --no-timing "
                                "--set model.name=wrn-10-1 --set data.path=");
    double f = at(json_object_get(plan, "network"), "forward_flops");
    json_decref(plan);
    return f;
}

/* The part's rows add up to its sum, and none forms more products than it is defined by. */
static void check_part(const json_t *part)
{
    const json_t *rows = json_object_get(part, "layers"), *sum = json_object_get(part, "layers_sum");
    double seconds = 0, flops = 0, products = 0, transforms = 0;
    assert_true(json_array_size(rows) > 20);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        seconds += at(row, "seconds");
        flops += at(row, "flops");
        products += at(row, "products");
        transforms += at(row, "transforms");
        const json_t *share = json_object_get(row, "share_of_peak");
        assert_true(json_is_null(share) || json_real_value(share) <= 1);
        assert_true(at(row, "seconds") >= 0);
        assert_true(at(row, "products") <= at(row, "flops"));
        assert_true((at(row, "transforms") > 0) == (at(row, "products") < at(row, "flops")));
    }
    check_near(seconds, at(sum, "seconds"), 1e-6, 0);
    check_near(flops, at(sum, "flops"), 1e-6, 0);
    check_near(products, at(sum, "products"), 1e-6, 0);
    check_near(transforms, at(sum, "transforms"), 1e-6, 0);
    assert_true(at(part, "seconds") > 0);
}

static void every_layer_of_a_step_is_counted_once(void **state)
{
    char dir[64];
    (void)state;
    check_tmp(dir, sizeof dir);
    json_t *root = json_of(dir, "speed " SMALL "--set engine.convolution=direct --device cpu");
    const json_t *chain = json_object_get(root, "langevin_step"), *step = json_object_get(root, "step");
    const json_t *gradients = json_object_get(root, "gradients");
    const double f = forward_flops(dir), images = at(chain, "images"), batch = at(gradients, "images");
    check_part(chain);
    check_part(gradients);
    assert_true(at(root, "peak_flops_per_s") > 0);
    /* forward and to the input */
    check_near(at(json_object_get(chain, "layers_sum"), "flops"), 2 * f * images, 1e-6, 0);
    /* two forward passes and three backward ones, which leave out the images themselves */
    const double conv1 = 2.0 * 16 * 32 * 32 * 27;
    check_near(at(json_object_get(gradients, "layers_sum"), "flops"), (8 * f - 3 * conv1) * batch, 1e-6, 0);
    check_near(at(step, "flops"), (3 * 2 + 8) * f * 8, 1e-6, 0);
    /* direct convolutions form all products and transform nothing */
    assert_true(at(json_object_get(chain, "layers_sum"), "products") ==
                at(json_object_get(chain, "layers_sum"), "flops"));
    assert_true(at(step, "transforms") == 0);
    assert_true(at(step, "images_per_s") > 0);
    json_decref(root);
    check_tmp_remove(dir);
}

static void a_classifier_has_no_chain(void **state)
{
    char dir[64];
    (void)state;
    check_tmp(dir, sizeof dir);
    json_t *root = json_of(dir, "speed " SMALL "--alpha 0");
    assert_true(json_is_null(json_object_get(root, "langevin_step")));
    check_part(json_object_get(root, "gradients"));
    const json_t *inference = json_object_get(root, "inference");
    check_near(at(json_object_get(inference, "layers_sum"), "flops"),
               forward_flops(dir) * at(inference, "images"), 1e-6, 0);
    json_decref(root);
    check_tmp_remove(dir);
}

static void the_tables_name_layers_algorithms_and_the_peak(void **state)
{
    static const char *const texts[] = {"Network wrn-10-1, float32, 2 threads; matrix products at most",
                                        "One Langevin step of", "f.layer1.0.conv1", "to input",
                                        "to weights", "class_output", "rectifiers", "all layers",
                                        "between them", "Training step of 8 images at alpha 0.3",
                                        "images/s", "share of the peak", "inference"};
    char dir[64];
    (void)state;
    check_tmp(dir, sizeof dir);
    program_works(dir, "speed " JEM_SOURCE_DIR "/configs/cifar10-small.yaml " SMALL
                       "--set data.path= --device cpu --alpha 0.3");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) program_said(dir, "out", texts[i]);
    check_tmp_remove(dir);
}

static void batch_norms_and_other_backends_are_measured_too(void **state)
{
    char dir[64];
    (void)state;
    check_tmp(dir, sizeof dir);
    program_works(dir, "speed " SMALL "--set model.norm=batch --set sampler.batch_norm=batch");
    program_said(dir, "out", "One Langevin step");
    program_works(dir, "speed --set model.name=wrn-10-1 --set train.batch=2 --seconds 0.1 --device ref "
                       "--images 40 --shape 3x8x8 --classes 2 --set data.kind=npy --set model.pool=adaptive");
    program_said(dir, "out", "f.layer3.0.conv2");
    check_tmp_remove(dir);
}

static void mistakes_are_usage_errors(void **state)
{
    char dir[64];
    (void)state;
    check_tmp(dir, sizeof dir);
    program_fails(dir, "speed " SMALL "--alpha 2", JEM_EUSAGE, "--alpha");
    program_fails(dir, "speed " SMALL "--seconds x", JEM_EUSAGE, "--seconds");
    program_fails(dir, "speed " SMALL "--set data.kind=npy", JEM_EUSAGE, "of which shape");
    program_fails(dir, "speed " SMALL "--images 3", JEM_EDATA, "do not fill a batch of 8");
    program_fails(dir, "speed %D/none.yaml", JEM_EDATA, "none.yaml");
    check_tmp_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_of_a_step_is_counted_once),
        cmocka_unit_test(a_classifier_has_no_chain),
        cmocka_unit_test(the_tables_name_layers_algorithms_and_the_peak),
        cmocka_unit_test(batch_norms_and_other_backends_are_measured_too),
        cmocka_unit_test(mistakes_are_usage_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
