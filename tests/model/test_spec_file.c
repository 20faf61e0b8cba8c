/* A network's settings and sizes in a file of weights, where a setting has the name of a size. */
#include "support/check.h"

#include <stddef.h>
#include <string.h>

#include "model/model.h"
#include "support/folder.h"

typedef struct layer_settings {
    int64_t width;
} layer_settings;

static const option settings[] = {
    {"width", OPTION_INT, offsetof(layer_settings, width), "6", 1, 100, NULL, "channels of its layer"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

static jem_status build(graph **out, const model_spec *spec)
{
    const layer_settings *s = (const void *)&spec->settings;
    graph *g = NULL;
    const jem_status st = graph_new(&g, (shape){spec->channels, spec->height, spec->width});
    if (st != JEM_OK) return st;
    return network_finish(out, g, graph_linear(g, graph_conv2d(g, 0, "layer", s->width, 3, 1, 1), "out", spec->classes));
}

static const char *const none[] = {NULL};
static const network layered = {.name = "layered", .usage = "layered", .about = "layered", .logits = true,
                                .settings = settings, .build = build, .stages = none, .heads = none};

static void a_setting_may_be_called_as_a_size(void **state)
{
    const network *const list[] = {&layered, NULL};
    const engine_spec engine = {.threads = 1, .device = "ref"};
    model_spec spec = {.classes = 3, .channels = 2, .height = 5, .width = 4}, read = {.network = NULL};
    char path[128];
    model *m = NULL, *again = NULL;
    (void)state;
    snprintf(path, sizeof path, "%s/weights.safetensors", folder);
    check_ok(model_spec_name(&spec, list, "layered"));
    ((layer_settings *)(void *)&spec.settings)->width = 7;
    check_ok(model_new(&m, &spec, &engine));
    for (int64_t i = 0; i < model_params_count(m); ++i) model_params(m)[i] = (float)i;
    check_ok(model_save(m, path, model_params(m)));
    check_ok(model_spec_read(&read, list, path));
    assert_int_equal(((const layer_settings *)(const void *)&read.settings)->width, 7);
    assert_true(read.height == 5 && read.width == 4 && read.channels == 2 && read.classes == 3);
    check_ok(model_new(&again, &read, &engine));
    check_ok(model_load(again, path));
    assert_memory_equal(model_params(m), model_params(again), (size_t)model_params_count(m) * sizeof(float));
    model_free(m);
    model_free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_setting_may_be_called_as_a_size, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
