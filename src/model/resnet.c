/* ResNet-18 and ResNet-50 (He et al. 2016), as torchvision has them: the stride is in the 3x3. */
#include <stdio.h>

#include "base/try.h"
#include "model/imagenet.h"

static int conv_norm(graph *g, int x, const char *prefix, const char *conv, const char *norm, conv_shape c)
{
    char name[64];
    c.no_bias = true;
    snprintf(name, sizeof name, "%s%s", prefix, conv);
    x = graph_conv(g, x, name, &c);
    snprintf(name, sizeof name, "%s%s", prefix, norm);
    return graph_norm(g, x, name, NORM_BATCH);
}

/* Two 3x3 convolutions, or where `wide` (bottlenecks) 1x1, 3x3 and 1x1 to four times the width. */
static int block(graph *g, int x, const char *prefix, int64_t width, int64_t stride, bool wide)
{
    const int64_t out = wide ? 4 * width : width;
    int y;

    if (wide) {
        y = conv_norm(g, x, prefix, "conv1", "bn1", imagenet_conv(width, 1, 1, 0));
        y = conv_norm(g, graph_lrelu(g, y, 0), prefix, "conv2", "bn2", imagenet_conv(width, 3, stride, 1));
        y = conv_norm(g, graph_lrelu(g, y, 0), prefix, "conv3", "bn3", imagenet_conv(out, 1, 1, 0));
    } else {
        y = conv_norm(g, x, prefix, "conv1", "bn1", imagenet_conv(width, 3, stride, 1));
        y = conv_norm(g, graph_lrelu(g, y, 0), prefix, "conv2", "bn2", imagenet_conv(width, 3, 1, 1));
    }
    if (stride > 1 || g->nodes[x].op.dst.c != out)
        x = conv_norm(g, x, prefix, "downsample.0", "downsample.1", imagenet_conv(out, 1, stride, 0));
    return graph_lrelu(g, graph_add(g, y, x), 0);
}

static jem_status build(graph **out, const model_spec *spec)
{
    static const int depth18[] = {2, 2, 2, 2}, depth50[] = {3, 4, 6, 3};
    const bool wide = spec->network == &network_resnet50;
    const int *depth = wide ? depth50 : depth18;
    jem_status st;
    graph *g = NULL;
    char name[32];
    int x;

    TRY(imagenet_begin(&g, &x, spec, imagenet_own));
    x = graph_lrelu(g, conv_norm(g, x, "", "conv1", "bn1", imagenet_conv(64, 7, 2, 3)), 0);
    x = graph_max_pool(g, x, 3, 2, 1, false);
    for (int layer = 1; layer <= 4; ++layer) {
        for (int b = 0; b < depth[layer - 1]; ++b) {
            snprintf(name, sizeof name, "layer%d.%d.", layer, b);
            x = block(g, x, name, 32 << layer, layer > 1 && b == 0 ? 2 : 1, wide);
        }
        snprintf(name, sizeof name, "layer%d", layer);
        graph_name(g, x, name);
    }
    x = graph_adaptive_mean(g, x, 1, 1);
    graph_name(g, x, "features");
    x = graph_linear(g, x, "fc", spec->classes);
    st = network_finish(out, g, x);
done:
    return st;
}

static const char *const stages[] = {"layer1", "layer2", "layer3", "layer4", NULL};
static const char *const heads[] = {"features", NULL};

const network network_resnet18 = {
    .name = "resnet18",
    .usage = "resnet18",
    .about = "resnet18           residual network of 18 layers, ImageNet",
    .weights = "resnet18-f37072fd.pth of torchvision (69.758 % top-1)",
    .usual = &imagenet_usual,
    .photographs = true,
    .logits = true,
    .settings = imagenet_options,
    .build = build,
    .stages = stages,
    .heads = heads,
};

const network network_resnet50 = {
    .name = "resnet50",
    .usage = "resnet50",
    .about = "resnet50           residual network of 50 layers, ImageNet",
    .weights = "resnet50-0676ba61.pth of torchvision (76.130 % top-1); resnet50-11ad3fa6.pth is another recipe",
    .usual = &imagenet_usual,
    .photographs = true,
    .logits = true,
    .settings = imagenet_options,
    .build = build,
    .stages = stages,
    .heads = heads,
};
