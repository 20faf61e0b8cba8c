/* AlexNet, VGG-16 and SqueezeNet 1.1, as torchvision has them: one path of convolutions and
 * rectifiers, whose parameters are numbered by their place in it (features.N). */
#include <stdio.h>

#include "base/try.h"
#include "model/imagenet.h"

static int numbered_conv(graph *g, int x, const char *part, int number, conv_shape c)
{
    char name[64];
    snprintf(name, sizeof name, "%s.%d", part, number);
    return graph_lrelu(g, graph_conv(g, x, name, &c), 0);
}

static void name_stage(graph *g, int x, int number)
{
    char name[16];
    snprintf(name, sizeof name, "relu%d", number);
    graph_name(g, x, name);
}

static int numbered_linear(graph *g, int x, int number, int64_t out)
{
    char name[32];
    snprintf(name, sizeof name, "classifier.%d", number);
    return graph_linear(g, x, name, out);
}

/* Two layers of 4096 and the logits, at these places of `classifier`. */
static int three_linear(graph *g, int x, const int at[3], int64_t classes)
{
    x = graph_lrelu(g, numbered_linear(g, x, at[0], 4096), 0);
    x = graph_lrelu(g, numbered_linear(g, x, at[1], 4096), 0);
    graph_name(g, x, "features");
    return numbered_linear(g, x, at[2], classes);
}

static jem_status build_alexnet(graph **out, const model_spec *spec)
{
    static const struct {
        int number;
        int64_t out;
    } three[] = {{6, 384}, {8, 256}, {10, 256}};
    jem_status st;
    graph *g = NULL;
    int x;

    TRY(imagenet_begin(&g, &x, spec, imagenet_own));
    x = numbered_conv(g, x, "features", 0, imagenet_conv(64, 11, 4, 2));
    name_stage(g, x, 1);
    x = numbered_conv(g, graph_max_pool(g, x, 3, 2, 0, false), "features", 3, imagenet_conv(192, 5, 1, 2));
    name_stage(g, x, 2);
    x = graph_max_pool(g, x, 3, 2, 0, false);
    for (int i = 0; i < 3; ++i) {
        x = numbered_conv(g, x, "features", three[i].number, imagenet_conv(three[i].out, 3, 1, 1));
        name_stage(g, x, 3 + i);
    }
    x = graph_adaptive_mean(g, graph_max_pool(g, x, 3, 2, 0, false), 6, 6);
    st = network_finish(out, g, three_linear(g, x, (const int[]){1, 4, 6}, spec->classes));
done:
    return st;
}

static jem_status build_vgg16(graph **out, const model_spec *spec)
{
    static const int convs[] = {2, 2, 3, 3, 3};
    static const int64_t widths[] = {64, 128, 256, 512, 512};
    jem_status st;
    graph *g = NULL;
    int x, number = 0;

    TRY(imagenet_begin(&g, &x, spec, imagenet_own));
    for (int i = 0; i < 5; ++i) {
        for (int k = 0; k < convs[i]; ++k, number += 2)
            x = numbered_conv(g, x, "features", number, imagenet_conv(widths[i], 3, 1, 1));
        name_stage(g, x, i + 1);
        x = graph_max_pool(g, x, 2, 2, 0, false);
        number++;
    }
    x = graph_adaptive_mean(g, x, 7, 7);
    st = network_finish(out, g, three_linear(g, x, (const int[]){0, 3, 6}, spec->classes));
done:
    return st;
}

/* A 1x1 convolution to few channels, then side by side 1x1 and 3x3 ones to `wide` each. */
static int fire(graph *g, int x, int number, int64_t few, int64_t wide)
{
    char name[64];
    conv_shape squeeze = imagenet_conv(few, 1, 1, 0), one = imagenet_conv(wide, 1, 1, 0),
               three = imagenet_conv(wide, 3, 1, 1);

    snprintf(name, sizeof name, "features.%d.squeeze", number);
    x = graph_lrelu(g, graph_conv(g, x, name, &squeeze), 0);
    snprintf(name, sizeof name, "features.%d.expand1x1", number);
    const int a = graph_lrelu(g, graph_conv(g, x, name, &one), 0);
    snprintf(name, sizeof name, "features.%d.expand3x3", number);
    const int b = graph_lrelu(g, graph_conv(g, x, name, &three), 0);
    return graph_concat(g, (int[]){a, b}, 2);
}

static jem_status build_squeezenet(graph **out, const model_spec *spec)
{
    static const struct {
        int number;
        int64_t few, wide;
        bool pool, stage; /* a max pool before it; a stage behind it */
    } fires[] = {{3, 16, 64, true, false},   {4, 16, 64, false, true},   {6, 32, 128, true, false},
                 {7, 32, 128, false, true},  {9, 48, 192, true, true},   {10, 48, 192, false, true},
                 {11, 64, 256, false, true}, {12, 64, 256, false, true}};
    jem_status st;
    graph *g = NULL;
    int x, stage = 1;

    TRY(imagenet_begin(&g, &x, spec, imagenet_own));
    x = numbered_conv(g, x, "features", 0, imagenet_conv(64, 3, 2, 0));
    name_stage(g, x, stage++);
    for (size_t i = 0; i < sizeof fires / sizeof *fires; ++i) {
        if (fires[i].pool) x = graph_max_pool(g, x, 3, 2, 0, true);
        x = fire(g, x, fires[i].number, fires[i].few, fires[i].wide);
        if (fires[i].stage) name_stage(g, x, stage++);
    }
    x = numbered_conv(g, x, "classifier", 1, imagenet_conv(spec->classes, 1, 1, 0));
    x = graph_adaptive_mean(g, x, 1, 1);
    st = network_finish(out, g, x);
done:
    return st;
}

const network network_alexnet = {
    .name = "alexnet",
    .usage = "alexnet",
    .about = "alexnet            five convolutions, three linear layers, ImageNet (one column, no local norm)",
    .weights = "alexnet-owt-7be5be79.pth of torchvision (56.522 % top-1)",
    .usual = &imagenet_usual,
    .photographs = true,
    .logits = true,
    .settings = imagenet_options,
    .build = build_alexnet,
    .stages = (const char *const[]){"relu1", "relu2", "relu3", "relu4", "relu5", NULL},
    .heads = (const char *const[]){"features", NULL},
};

const network network_vgg16 = {
    .name = "vgg16",
    .usage = "vgg16",
    .about = "vgg16              thirteen 3x3 convolutions, three linear layers, ImageNet",
    .weights = "vgg16-397923af.pth of torchvision (71.592 % top-1)",
    .usual = &imagenet_usual,
    .photographs = true,
    .logits = true,
    .settings = imagenet_options,
    .build = build_vgg16,
    .stages = (const char *const[]){"relu1", "relu2", "relu3", "relu4", "relu5", NULL},
    .heads = (const char *const[]){"features", NULL},
};

const network network_squeezenet = {
    .name = "squeezenet1_1",
    .usage = "squeezenet1_1",
    .about = "squeezenet1_1      narrow and wide convolutions in turn, ImageNet; logits are never negative",
    .weights = "squeezenet1_1-b8a52dc0.pth of torchvision (58.178 % top-1)",
    .usual = &imagenet_usual,
    .photographs = true,
    .logits = true,
    .settings = imagenet_options,
    .build = build_squeezenet,
    .stages = (const char *const[]){"relu1", "relu2", "relu3", "relu4", "relu5", "relu6", "relu7", NULL},
    .heads = (const char *const[]){"logits", NULL},
};
