/* Inception v3 as Frechet distances use it: the graph of 2015-12-05, with the names of
 * pytorch-fid's state dict (Parmar et al. 2022, Heusel et al. 2017).
 *
 * It is not torchvision's: means at borders leave the padding out, and the pooling of the last
 * block takes the largest.  Its 2,048 features are the mean over the last map. */
#include <stdio.h>

#include "base/try.h"
#include "model/imagenet.h"

/* (u8 - 128) / 128 */
static const double own[3][2] = {{127.5 / 128, -0.5 / 128}, {127.5 / 128, -0.5 / 128}, {127.5 / 128, -0.5 / 128}};

/* A convolution, its norm and a rectifier under BLOCK.LAYER, or BLOCK where layer is empty. */
typedef struct part {
    const char *layer;
    int64_t out, height, width, stride, pad_h, pad_w;
} part;

static int add_part(graph *g, int x, const char *block, part p)
{
    const conv_shape c = {.out = p.out, .kernel = {p.height, p.width}, .stride = p.stride,
                          .begin = {p.pad_h, p.pad_w}, .end = {p.pad_h, p.pad_w}, .no_bias = true};
    char name[96];

    snprintf(name, sizeof name, "%s%s%s.conv", block, *p.layer ? "." : "", p.layer);
    x = graph_conv(g, x, name, &c);
    snprintf(name, sizeof name, "%s%s%s.bn", block, *p.layer ? "." : "", p.layer);
    return graph_lrelu(g, graph_norm_eps(g, x, name, NORM_BATCH, 1e-3), 0);
}

/* 1x1; a square; a line of seven or three, lying or standing, which keeps the map's sides. */
static int one(graph *g, int x, const char *block, const char *layer, int64_t out)
{
    return add_part(g, x, block, (part){layer, out, 1, 1, 1, 0, 0});
}

static int square(graph *g, int x, const char *block, const char *layer, int64_t out, int64_t side, int64_t pad)
{
    return add_part(g, x, block, (part){layer, out, side, side, 1, pad, pad});
}

static int halved(graph *g, int x, const char *block, const char *layer, int64_t out)
{
    return add_part(g, x, block, (part){layer, out, 3, 3, 2, 0, 0});
}

static int lying(graph *g, int x, const char *block, const char *layer, int64_t out, int64_t length)
{
    return add_part(g, x, block, (part){layer, out, 1, length, 1, 0, length / 2});
}

static int standing(graph *g, int x, const char *block, const char *layer, int64_t out, int64_t length)
{
    return add_part(g, x, block, (part){layer, out, length, 1, 1, length / 2, 0});
}

static int joined(graph *g, const char *block, const int *branches, int count)
{
    const int x = graph_concat(g, branches, count);
    graph_name(g, x, block);
    return x;
}

/* 35x35: a 1x1, a 5x5, two 3x3, a mean. */
static int block_a(graph *g, int x, const char *b, int64_t pooled)
{
    const int first = one(g, x, b, "branch1x1", 64);
    int five = one(g, x, b, "branch5x5_1", 48), three = one(g, x, b, "branch3x3dbl_1", 64);

    five = square(g, five, b, "branch5x5_2", 64, 5, 2);
    three = square(g, three, b, "branch3x3dbl_2", 96, 3, 1);
    three = square(g, three, b, "branch3x3dbl_3", 96, 3, 1);
    const int mean = one(g, graph_mean_pool(g, x, 3, 1, 1), b, "branch_pool", pooled);
    return joined(g, b, (int[]){first, five, three, mean}, 4);
}

/* 35x35 to 17x17 */
static int block_b(graph *g, int x, const char *b)
{
    const int first = halved(g, x, b, "branch3x3", 384);
    int three = one(g, x, b, "branch3x3dbl_1", 64);

    three = square(g, three, b, "branch3x3dbl_2", 96, 3, 1);
    three = halved(g, three, b, "branch3x3dbl_3", 96);
    return joined(g, b, (int[]){first, three, graph_max_pool(g, x, 3, 2, 0, false)}, 3);
}

/* 17x17: a 1x1, lines of seven one and two times, a mean. */
static int block_c(graph *g, int x, const char *b, int64_t inner)
{
    const int first = one(g, x, b, "branch1x1", 192);
    int once = one(g, x, b, "branch7x7_1", inner), twice = one(g, x, b, "branch7x7dbl_1", inner);

    once = lying(g, once, b, "branch7x7_2", inner, 7);
    once = standing(g, once, b, "branch7x7_3", 192, 7);
    twice = standing(g, twice, b, "branch7x7dbl_2", inner, 7);
    twice = lying(g, twice, b, "branch7x7dbl_3", inner, 7);
    twice = standing(g, twice, b, "branch7x7dbl_4", inner, 7);
    twice = lying(g, twice, b, "branch7x7dbl_5", 192, 7);
    const int mean = one(g, graph_mean_pool(g, x, 3, 1, 1), b, "branch_pool", 192);
    return joined(g, b, (int[]){first, once, twice, mean}, 4);
}

/* 17x17 to 8x8 */
static int block_d(graph *g, int x, const char *b)
{
    int three = one(g, x, b, "branch3x3_1", 192), seven = one(g, x, b, "branch7x7x3_1", 192);

    three = halved(g, three, b, "branch3x3_2", 320);
    seven = lying(g, seven, b, "branch7x7x3_2", 192, 7);
    seven = standing(g, seven, b, "branch7x7x3_3", 192, 7);
    seven = halved(g, seven, b, "branch7x7x3_4", 192);
    return joined(g, b, (int[]){three, seven, graph_max_pool(g, x, 3, 2, 0, false)}, 3);
}

/* 8x8: branches that end in a lying and a standing line side by side; the last block's pooling
 * takes the largest. */
static int block_e(graph *g, int x, const char *b, bool largest)
{
    const int first = one(g, x, b, "branch1x1", 320);
    int three = one(g, x, b, "branch3x3_1", 384), twice = one(g, x, b, "branch3x3dbl_1", 448);
    int branches[6] = {first};

    branches[1] = lying(g, three, b, "branch3x3_2a", 384, 3);
    branches[2] = standing(g, three, b, "branch3x3_2b", 384, 3);
    twice = square(g, twice, b, "branch3x3dbl_2", 384, 3, 1);
    branches[3] = lying(g, twice, b, "branch3x3dbl_3a", 384, 3);
    branches[4] = standing(g, twice, b, "branch3x3dbl_3b", 384, 3);
    const int pooled = largest ? graph_max_pool(g, x, 3, 1, 1, false) : graph_mean_pool(g, x, 3, 1, 1);
    branches[5] = one(g, pooled, b, "branch_pool", 192);
    return joined(g, b, branches, 6);
}

static int stem(graph *g, int x)
{
    x = halved(g, x, "Conv2d_1a_3x3", "", 32);
    graph_name(g, x, "Conv2d_1a_3x3");
    x = square(g, x, "Conv2d_2a_3x3", "", 32, 3, 0);
    graph_name(g, x, "Conv2d_2a_3x3");
    x = square(g, x, "Conv2d_2b_3x3", "", 64, 3, 1);
    graph_name(g, x, "Conv2d_2b_3x3");
    x = graph_max_pool(g, x, 3, 2, 0, false);
    x = one(g, x, "Conv2d_3b_1x1", "", 80);
    graph_name(g, x, "Conv2d_3b_1x1");
    x = square(g, x, "Conv2d_4a_3x3", "", 192, 3, 0);
    graph_name(g, x, "Conv2d_4a_3x3");
    return graph_max_pool(g, x, 3, 2, 0, false);
}

static jem_status build(graph **out, const model_spec *spec)
{
    jem_status st;
    graph *g = NULL;
    int x;

    TRY(imagenet_begin(&g, &x, spec, own));
    x = stem(g, x);
    x = block_a(g, x, "Mixed_5b", 32);
    x = block_a(g, x, "Mixed_5c", 64);
    x = block_a(g, x, "Mixed_5d", 64);
    x = block_b(g, x, "Mixed_6a");
    x = block_c(g, x, "Mixed_6b", 128);
    x = block_c(g, x, "Mixed_6c", 160);
    x = block_c(g, x, "Mixed_6d", 160);
    x = block_c(g, x, "Mixed_6e", 192);
    x = block_d(g, x, "Mixed_7a");
    x = block_e(g, x, "Mixed_7b", false);
    x = block_e(g, x, "Mixed_7c", true);
    x = graph_adaptive_mean(g, x, 1, 1);
    graph_name(g, x, "features");
    x = graph_linear(g, x, "fc", spec->classes);
    st = network_finish(out, g, x);
done:
    return st;
}

static const model_spec usual = {.classes = 1008, .channels = 3, .height = 299, .width = 299};

const network network_inception_fid = {
    .name = "inception-fid",
    .usage = "inception-fid",
    .about = "inception-fid      Inception v3 of Frechet distances (FID), 2,048 features",
    .weights = "pt_inception-2015-12-05-6726825d.pth of pytorch-fid (95 MB)",
    .usual = &usual,
    .photographs = true,
    .logits = true,
    .settings = imagenet_options,
    .build = build,
    .stages = (const char *const[]){"Conv2d_2b_3x3", "Conv2d_4a_3x3", "Mixed_5d", "Mixed_6e", "Mixed_7c", NULL},
    .heads = (const char *const[]){"features", NULL},
};
