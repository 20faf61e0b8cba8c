/* VGG for CIFAR-10 (Simonyan and Zisserman 2015, in the form of [HYS] vgg_15_BN_64): stages of 3x3
 * convolutions, each halving the map at its end, and one linear layer. */
#include <stdio.h>

#include "base/try.h"
#include "model/cifar.h"

enum { STAGES = 5, SMALL_STAGES = 3 };

/* As cifar_convolve, but with a bias in front of a norm, too. */
static int convolve(graph *g, int x, const char *name, int64_t out)
{
    return graph_conv2d(g, x, name, out, 3, 1, 1);
}

static jem_status check(const model_spec *spec, int stages)
{
    jem_status st;

    TRY(network_check_name(spec));
    if (spec->height >> stages > 0 && spec->width >> stages > 0) return JEM_OK;
    st = jem_error(JEM_EUSAGE, "%s halves its maps %d times, and %lldx%lld pictures are too small for that%s",
                   spec->name, stages, (long long)spec->height, (long long)spec->width,
                   stages > SMALL_STAGES ? ": take vgg-small" : "");
done:
    return st;
}

static jem_status build(graph **out, const model_spec *spec)
{
    static const int convs[STAGES] = {2, 2, 3, 3, 3}, wider[STAGES] = {1, 2, 4, 8, 8};
    const int stages = spec->network == &network_vgg_small ? SMALL_STAGES : STAGES;
    const cifar_settings *s = cifar_settings_of(spec);
    jem_status st;
    graph *g = NULL;
    char stage[16], name[32];
    int x;

    TRY(check(spec, stages));
    TRY(cifar_begin(&g, &x, spec));
    for (int i = 0; i < stages; ++i) {
        snprintf(stage, sizeof stage, "stage%d", i + 1);
        for (int k = 0; k < convs[i]; ++k) {
            snprintf(name, sizeof name, "%s.conv%d", stage, k);
            x = convolve(g, x, name, s->width * wider[i]);
            snprintf(name, sizeof name, "bn%d", k);
            x = cifar_norm_rectify(g, x, s, stage, name);
        }
        graph_name(g, x, stage);
        x = graph_max_pool(g, x, 2, 2, 0, false);
    }
    st = cifar_finish(out, g, x, spec);
done:
    return st;
}

static const option settings[] = {CIFAR_OPTIONS("64", "channels of the first stage; the others have 2, 4, 8 and 8 times as many")};

const network network_vgg = {
    .name = "vgg-15",
    .usage = "vgg-15",
    .about = "vgg-15           five stages of 3x3 convolutions with batch norm, each ending with a max pool; CIFAR-10\n"
             "                 model.norm, model.slope, model.width, model.input as of resnet-DEPTH",
    .usual = &cifar_usual,
    .logits = true,
    .settings = settings,
    .build = build,
    .init = cifar_init,
    .stages = (const char *const[]){"stage1", "stage2", "stage3", "stage4", "stage5", NULL},
    .heads = (const char *const[]){"features", NULL},
};

const network network_vgg_small = {
    .name = "vgg-small",
    .usage = "vgg-small",
    .about = "vgg-small        the first three stages of vgg-15, for pictures of 8 pixels and more",
    .usual = &cifar_usual,
    .logits = true,
    .settings = settings,
    .build = build,
    .init = cifar_init,
    .stages = (const char *const[]){"stage1", "stage2", "stage3", NULL},
    .heads = (const char *const[]){"features", NULL},
};
