/* Residual networks for CIFAR-10 in the forms of [HYS]: basic (He et al. 2016, section 4.2), with norms
 * and rectifiers before the convolutions (He et al. 2016, "Identity mappings"), and with grouped
 * convolutions (Xie et al. 2017).  Three stages at full, half and quarter size. */
#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "model/cifar.h"

/* One block: its place and its sizes. */
typedef struct block {
    const cifar_settings *s;
    char name[48];
    int64_t out, inner, stride, groups;
    bool first;  /* of its stage */
} block;

typedef int build_block(graph *g, int x, const block *b);

/* The way around: x itself, where it has the sum's shape. */
static int shortcut(graph *g, int x, const block *b, bool normed)
{
    char name[64];
    if (b->stride == 1 && g->nodes[x].op.dst.c == b->out) return x;
    snprintf(name, sizeof name, "%s.shortcut", b->name);
    x = cifar_convolve(g, x, b->s, name, "conv", (cifar_conv){b->out, 1, b->stride, 1});
    return normed ? cifar_norm(g, x, b->s, name, "bn") : x;
}

static int basic(graph *g, int x, const block *b)
{
    const cifar_settings *s = b->s;
    const int around = shortcut(g, x, b, true);

    x = cifar_convolve(g, x, s, b->name, "conv1", (cifar_conv){b->out, 3, b->stride, 1});
    x = cifar_norm_rectify(g, x, s, b->name, "bn1");
    x = cifar_convolve(g, x, s, b->name, "conv2", (cifar_conv){b->out, 3, 1, 1});
    x = cifar_norm(g, x, s, b->name, "bn2");
    return graph_lrelu(g, graph_add(g, x, around), s->slope);
}

/* The way around begins behind the first norm in the first block of a stage, before it elsewhere. */
static int preact_begin(graph *g, int *x, const block *b)
{
    const int y = cifar_norm_rectify(g, *x, b->s, b->name, "bn1");
    *x = shortcut(g, b->first ? y : *x, b, false);
    return y;
}

static int preact(graph *g, int x, const block *b)
{
    const cifar_settings *s = b->s;
    int y = preact_begin(g, &x, b);

    y = cifar_convolve(g, y, s, b->name, "conv1", (cifar_conv){b->out, 3, b->stride, 1});
    y = cifar_norm_rectify(g, y, s, b->name, "bn2");
    return graph_add(g, cifar_convolve(g, y, s, b->name, "conv2", (cifar_conv){b->out, 3, 1, 1}), x);
}

static int preact_bottleneck(graph *g, int x, const block *b)
{
    const cifar_settings *s = b->s;
    int y = preact_begin(g, &x, b);

    y = cifar_convolve(g, y, s, b->name, "conv1", (cifar_conv){b->inner, 1, 1, 1});
    y = cifar_norm_rectify(g, y, s, b->name, "bn2");
    y = cifar_convolve(g, y, s, b->name, "conv2", (cifar_conv){b->inner, 3, b->stride, 1});
    y = cifar_norm_rectify(g, y, s, b->name, "bn3");
    return graph_add(g, cifar_convolve(g, y, s, b->name, "conv3", (cifar_conv){b->out, 1, 1, 1}), x);
}

static int grouped(graph *g, int x, const block *b)
{
    const cifar_settings *s = b->s;
    const int around = shortcut(g, x, b, true);

    x = cifar_convolve(g, x, s, b->name, "conv1", (cifar_conv){b->inner, 1, 1, 1});
    x = cifar_norm_rectify(g, x, s, b->name, "bn1");
    x = cifar_convolve(g, x, s, b->name, "conv2", (cifar_conv){b->inner, 3, b->stride, b->groups});
    x = cifar_norm_rectify(g, x, s, b->name, "bn2");
    x = cifar_convolve(g, x, s, b->name, "conv3", (cifar_conv){b->out, 1, 1, 1});
    x = cifar_norm(g, x, s, b->name, "bn3");
    return graph_lrelu(g, graph_add(g, x, around), s->slope);
}

/* Sizes of the three stages. */
typedef struct plan_of_stages {
    build_block *make;
    int64_t blocks; /* of a stage */
    int64_t out[3], inner[3], groups;
} plan_of_stages;

static int make_stages(graph *g, int x, const cifar_settings *s, const plan_of_stages *p)
{
    for (int stage = 0; stage < 3; ++stage) {
        char name[16];
        snprintf(name, sizeof name, "stage%d", stage + 1);
        for (int64_t i = 0; i < p->blocks; ++i) {
            block b = {.s = s, .out = p->out[stage], .inner = p->inner[stage], .groups = p->groups,
                       .stride = stage > 0 && i == 0 ? 2 : 1, .first = i == 0};
            snprintf(b.name, sizeof b.name, "%s.block%lld", name, (long long)i + 1);
            x = p->make(g, x, &b);
        }
        graph_name(g, x, name);
    }
    return x;
}

static jem_status bad_name(const model_spec *spec)
{
    return jem_error(JEM_EUSAGE, "model.name '%s': expected %s", spec->name, spec->network->usage);
}

/* *blocks <- of a stage, in a network of 3 * layers * blocks + 2 layers. */
static bool count_blocks(int64_t *blocks, long long depth, int64_t layers)
{
    const int64_t per_block = 3 * layers;
    *blocks = (depth - 2) / per_block;
    return depth > 2 && depth <= 2000 && (depth - 2) % per_block == 0;
}

/* ---- resnet-DEPTH */

static jem_status build_resnet(graph **out, const model_spec *spec)
{
    const cifar_settings *s = cifar_settings_of(spec);
    const int64_t w = s->width;
    plan_of_stages p = {.make = basic, .out = {w, 2 * w, 4 * w}};
    jem_status st;
    graph *g = NULL;
    long long depth;
    char rest;
    int x;

    if (sscanf(spec->name, "resnet-%lld%c", &depth, &rest) != 1 || !count_blocks(&p.blocks, depth, 2)) return bad_name(spec);
    TRY(cifar_begin(&g, &x, spec));
    x = cifar_convolve(g, x, s, "", "conv", (cifar_conv){w, 3, 1, 1});
    x = cifar_norm_rectify(g, x, s, "", "bn");
    st = cifar_finish(out, g, make_stages(g, x, s, &p), spec);
done:
    return st;
}

/* ---- resnet-preact-DEPTH, resnet-preact-bottleneck-DEPTH */

static jem_status build_preact(graph **out, const model_spec *spec)
{
    static const char bottleneck[] = "resnet-preact-bottleneck-%lld%c", plain[] = "resnet-preact-%lld%c";
    const cifar_settings *s = cifar_settings_of(spec);
    const int64_t w = s->width;
    const bool wide = strstr(spec->name, "bottleneck");
    plan_of_stages p = {.make = preact, .out = {w, 2 * w, 4 * w}};
    jem_status st;
    graph *g = NULL;
    long long depth;
    char rest;
    int x;

    if (wide) p = (plan_of_stages){.make = preact_bottleneck, .out = {w, 8 * w, 16 * w}};
    for (int i = 0; i < 3; ++i) p.inner[i] = (p.out[i] + 3) / 4;
    const int found = wide ? sscanf(spec->name, bottleneck, &depth, &rest) : sscanf(spec->name, plain, &depth, &rest);
    if (found != 1 || !count_blocks(&p.blocks, depth, wide ? 3 : 2)) return bad_name(spec);
    TRY(cifar_begin(&g, &x, spec));
    x = cifar_convolve(g, x, s, "", "conv", (cifar_conv){w, 3, 1, 1});
    x = cifar_norm_rectify(g, make_stages(g, x, s, &p), s, "", "bn");
    st = cifar_finish(out, g, x, spec);
done:
    return st;
}

/* ---- resnext-DEPTH-GROUPSxCHANNELSd */

static jem_status build_resnext(graph **out, const model_spec *spec)
{
    const cifar_settings *s = cifar_settings_of(spec);
    const int64_t w = s->width;
    plan_of_stages p = {.make = grouped, .out = {4 * w, 8 * w, 16 * w}};
    jem_status st;
    graph *g = NULL;
    long long depth, groups, channels;
    int x, end = -1;

    if (sscanf(spec->name, "resnext-%lld-%lldx%lldd%n", &depth, &groups, &channels, &end) != 3 || end < 0 ||
        spec->name[end] || groups < 1 || groups > 1024 || channels < 1 || channels > 1024 ||
        !count_blocks(&p.blocks, depth, 3))
        return bad_name(spec);
    p.groups = groups;
    for (int i = 0; i < 3; ++i) p.inner[i] = groups * channels << i;
    TRY(cifar_begin(&g, &x, spec));
    x = cifar_convolve(g, x, s, "", "conv", (cifar_conv){w, 3, 1, 1});
    x = cifar_norm_rectify(g, x, s, "", "bn");
    st = cifar_finish(out, g, make_stages(g, x, s, &p), spec);
done:
    return st;
}

static const option narrow[] = {CIFAR_OPTIONS("16", "channels of the first convolution; stages follow in proportion")};
static const option wide[] = {CIFAR_OPTIONS("64", "channels of the first convolution; stages end with 4, 8 and 16 times as many")};
static const char *const stages[] = {"stage1", "stage2", "stage3", NULL};
static const char *const heads[] = {"features", NULL};

const network network_resnet = {
    .name = "resnet",
    .usage = "resnet-DEPTH with DEPTH = 6n + 2, such as resnet-20",
    .about = "resnet-DEPTH     residual network of CIFAR-10, depth = 6n + 2; three stages at full, half and quarter size\n"
             "                 model.norm: batch, none, instance, layer, act; model.slope of its rectifiers;\n"
             "                 model.width: 16; model.input: own takes values as they come, of any channels\n"
             "                 features for jem apply: stage1, stage2, stage3, features, logits",
    .usual = &cifar_usual,
    .names = (const char *const[]){"resnet-20", "resnet-32", "resnet-44", "resnet-56", "resnet-110", NULL},
    .logits = true,
    .settings = narrow,
    .build = build_resnet,
    .init = cifar_init,
    .stages = stages,
    .heads = heads,
};

const network network_resnet_preact = {
    .name = "resnet-preact",
    .usage = "resnet-preact-DEPTH with DEPTH = 6n + 2 or resnet-preact-bottleneck-DEPTH with DEPTH = 9n + 2, such as resnet-preact-20",
    .about = "resnet-preact-DEPTH, resnet-preact-bottleneck-DEPTH\n"
             "                 the same with norm and rectifier before each convolution; depth = 6n + 2 or 9n + 2",
    .usual = &cifar_usual,
    .names = (const char *const[]){"resnet-preact-20", "resnet-preact-110", "resnet-preact-bottleneck-164", NULL},
    .logits = true,
    .settings = narrow,
    .build = build_preact,
    .init = cifar_init,
    .stages = stages,
    .heads = heads,
};

const network network_resnext = {
    .name = "resnext",
    .usage = "resnext-DEPTH-GROUPSxCHANNELSd with DEPTH = 9n + 2, such as resnext-29-8x64d",
    .about = "resnext-DEPTH-GROUPSxCHANNELSd\n"
             "                 the same with grouped convolutions in bottlenecks, depth = 9n + 2; model.width: 64",
    .usual = &cifar_usual,
    .names = (const char *const[]){"resnext-29-4x64d", "resnext-29-8x64d", NULL},
    .logits = true,
    .settings = wide,
    .build = build_resnext,
    .init = cifar_init,
    .stages = stages,
    .heads = heads,
};
