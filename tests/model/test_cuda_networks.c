/* Whole networks on the GPU backend (its host emulation, or a GPU) against ref, at sizes for tests: what is in none of
 * its operators alone, their formats and what plans fuse. */
#include "nn/device_rig.h"

#include <string.h>

#include "model/cifar.h"
#include "model/convnext.h"
#include "model/gloss_resnet.h"
#include "model/pixelvae.h"
#include "model/vit.h"

/* As a training begins, but for norms, gains and biases, which differ everywhere. */
static float *params_of(const graph *g, const model_spec *spec)
{
    float *params = NULL, *z = fill(g->param_elements, 6, 0.2f);
    check_ok(MEM_NEW(params, g->param_elements));
    model_spec_init(params, g, spec, 3);
    for (int i = 0; i < g->param_count; i++) {
        const param *p = &g->params[i];
        if (p->role == PARAM_WEIGHT || p->role == PARAM_NORMAL) continue;
        for (int64_t k = p->offset; k < p->offset + p->count; k++)
            params[k] += p->role == PARAM_RUNNING_VAR ? fabsf(z[k]) : z[k];
    }
    mem_free(z);
    return params;
}

/* Evaluation and training. */
static void network_agrees(const model_spec *spec, const char *feature, double allowed, double bf16)
{
    graph *g = NULL;
    check_ok(model_spec_build(&g, spec));
    float *params = params_of(g, spec);
    for (int train = 0; train < 2; train++) agree_with(spec->name, g, params, train, feature, allowed, bf16);
    mem_free(params);
    graph_free(g);
}

static model_spec named(const char *name, int64_t side)
{
    model_spec spec = {.network = NULL, .classes = 5, .channels = 3, .height = side, .width = side};
    check_ok(model_spec_name(&spec, network_list, name));
    return spec;
}

static void resnets_agree(void **state)
{
    (void)state;
    model_spec spec = named("resnet-20", 8);
    network_agrees(&spec, "stage2", 1e-3, 0.2);
    ((cifar_settings *)(void *)&spec.settings)->norm = NORM_NONE;
    network_agrees(&spec, "stage2", 1e-3, 0.2);
    spec = named("resnet-preact-bottleneck-11", 8);
    network_agrees(&spec, "stage2", 1e-3, 0.2);
}

static void vgg_agrees(void **state)
{
    (void)state;
    model_spec spec = named("vgg-small", 16);
    ((cifar_settings *)(void *)&spec.settings)->width = 12;
    network_agrees(&spec, "features", 1e-3, 0.2);
}

static void resnext_agrees(void **state)
{
    (void)state;
    model_spec spec = named("resnext-11-4x8d", 8);
    ((cifar_settings *)(void *)&spec.settings)->width = 16;
    network_agrees(&spec, "stage3", 1e-3, 0.2);
}

static void convnext_agrees(void **state)
{
    (void)state;
    model_spec spec = named("convnext-micro", 16);
    ((convnext_settings *)(void *)&spec.settings)->drop_path = 0.5;
    network_agrees(&spec, "features", 1e-3, 0.2);
}

static void vit_agrees(void **state)
{
    (void)state;
    const model_spec spec = named("vit-micro", 16);
    network_agrees(&spec, "stage3", 1e-3, 0.2);
}

static void gloss_resnet_agrees(void **state)
{
    (void)state;
    model_spec spec = named("gloss-resnet", 8);
    gloss_resnet_settings *s = (void *)&spec.settings;
    s->width = 8;
    s->blocks = 1;
    s->together = N;
    network_agrees(&spec, NULL, 1e-3, 0.2);
}

static void pixelvae_agrees(void **state)
{
    const pixelvae_settings s = {.latents = 3, .filters = 8, .encoder_filters = 4, .blocks = 1, .mixtures = 2,
                                 .dropout = 0.5};
    model_spec spec = {.name = "pixelvae", .network = &network_pixelvae, .classes = 2, .channels = 3, .height = 8,
                       .width = 8};
    (void)state;
    memcpy(&spec.settings, &s, sizeof s);
    network_agrees(&spec, "latents", 1e-3, 0.2);
}

/* Of photographs: depthwise convolutions and ReLU6, windows that overlap, concatenations; as they are used, in
 * evaluation. */
static void networks_of_photographs_agree(void **state)
{
    static const char *const names[] = {"resnet18", "efficientnet-lite0", "squeezenet1_1"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        const model_spec spec = named(names[i], 40);
        graph *g = NULL;
        check_ok(model_spec_build(&g, &spec));
        float *params = params_of(g, &spec);
        agree_with(names[i], g, params, false, NULL, 1e-3, 0);
        mem_free(params);
        graph_free(g);
    }
}

int main(void)
{
    gpu_backend();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resnets_agree),       cmocka_unit_test(vgg_agrees),
        cmocka_unit_test(resnext_agrees),      cmocka_unit_test(convnext_agrees),
        cmocka_unit_test(gloss_resnet_agrees), cmocka_unit_test(pixelvae_agrees),
        cmocka_unit_test(networks_of_photographs_agree), cmocka_unit_test(vit_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
