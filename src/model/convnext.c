/* ConvNeXt: a stem of patches, four stages of blocks (depthwise 7x7, LayerNorm, two dense layers at
 * each position with GELU between, a trained scale, the input), the mean and a dense layer. */
#include "model/convnext.h"

#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "model/init.h"

static const double eps = 1e-6;

static const convnext_settings *settings_of(const model_spec *spec)
{
    return (const void *)&spec->settings;
}

static int layer_norm(graph *g, int x, const char *name)
{
    return graph_norm_eps(g, x, name, NORM_CHANNELS, eps);
}

/* A convolution of squares side by side. */
static int squares(graph *g, int x, const char *name, int64_t out, int64_t side)
{
    return graph_conv2d(g, x, name, out, side, side, 0);
}

static int block(graph *g, int x, const char *prefix, double drop_path)
{
    const int64_t c = g->nodes[x].op.dst.c;
    const conv_shape depthwise = {.out = c, .kernel = {7, 7}, .stride = 1, .begin = {3, 3}, .end = {3, 3},
                                  .groups = c};
    char name[96];

    snprintf(name, sizeof name, "%s.conv_dw", prefix);
    int y = graph_conv(g, x, name, &depthwise);
    snprintf(name, sizeof name, "%s.norm", prefix);
    y = layer_norm(g, y, name);
    snprintf(name, sizeof name, "%s.mlp.fc1", prefix);
    y = graph_gelu(g, graph_project(g, y, name, 4 * c));
    snprintf(name, sizeof name, "%s.mlp.fc2", prefix);
    y = graph_scale(g, graph_project(g, y, name, c), prefix, "gamma");
    return graph_add(g, graph_drop_path(g, y, drop_path), x);
}

/* timm halves the map at the beginning of every stage but the first, and of that one as well behind
 * a stem of stride 2. */
static int downsample(graph *g, int x, int stage, int64_t out)
{
    char name[64];
    snprintf(name, sizeof name, "stages.%d.downsample.0", stage);
    x = layer_norm(g, x, name);
    snprintf(name, sizeof name, "stages.%d.downsample.1", stage);
    return squares(g, x, name, out, 2);
}

jem_status convnext_graph(graph **out, const model_spec *spec, const convnext_size *size)
{
    static const int64_t patches[] = {1, 2, 4};
    const convnext_settings *s = settings_of(spec);
    const int64_t patch = patches[s->patch];
    jem_status st;
    graph *g = NULL;
    char name[64];
    int blocks = 0, made = 0;

    for (int i = 0; i < CONVNEXT_STAGES; ++i) blocks += size->depths[i];
    TRY(graph_new(&g, (shape){spec->channels, spec->height, spec->width}));
    int x = layer_norm(g, squares(g, 0, "stem.0", size->dims[0], patch), "stem.1");
    for (int i = 0; i < CONVNEXT_STAGES; ++i) {
        if (i > 0 || patch == 2) x = downsample(g, x, i, size->dims[i]);
        for (int b = 0; b < size->depths[i]; ++b, ++made) {
            snprintf(name, sizeof name, "stages.%d.blocks.%d", i, b);
            x = block(g, x, name, blocks > 1 ? s->drop_path * made / (blocks - 1) : 0);
        }
        snprintf(name, sizeof name, "stage%d", i + 1);
        graph_name(g, x, name);
    }
    const shape map = g->nodes[x].op.dst;
    x = graph_pool(g, x, map.h, map.w, 1.0 / (double)(map.h * map.w));
    x = layer_norm(g, x, "head.norm");
    graph_name(g, x, "features");
    x = graph_linear(g, x, "head.fc", spec->classes);
    st = network_finish(out, g, x);
done:
    return st;
}

static jem_status build(graph **out, const model_spec *spec)
{
    static const convnext_size tiny = {{96, 192, 384, 768}, {3, 3, 9, 3}};
    static const convnext_size micro = {{16, 32, 64, 128}, {2, 2, 2, 1}};

    jem_status st;

    TRY(network_check_name(spec));
    if (spec->classes < 1 || spec->channels < 1)
        return jem_error(JEM_EUSAGE, "a model needs at least one class and one input channel");
    st = convnext_graph(out, spec, spec->network == &network_convnext_micro ? &micro : &tiny);
done:
    return st;
}

/* timm's: normal weights, and branches that begin with next to nothing. */
static void init(float *params, const graph *g, const model_spec *spec, uint64_t seed)
{
    (void)spec;
    static const char suffix[] = ".gamma";
    params_init_normal(params, g, 0.02, seed);
    for (int i = 0; i < g->param_count; ++i) {
        const param *p = &g->params[i];
        const size_t length = strlen(p->name);
        if (length < sizeof suffix || strcmp(p->name + length + 1 - sizeof suffix, suffix) != 0) continue;
        for (int64_t k = 0; k < p->count; ++k) params[p->offset + k] = 1e-6f;
    }
}

static bool draws(const model_spec *spec)
{
    return settings_of(spec)->drop_path > 0;
}

#define SETTINGS(usual)                                                                            \
    {                                                                                              \
        {"patch", OPTION_CHOICE, offsetof(convnext_settings, patch), usual, 0, 0, "1|2|4",         \
         "pixels that the stem takes together, each way"},                                         \
        {"drop_path", OPTION_REAL, offsetof(convnext_settings, drop_path), "0", 0, 0.9, NULL,      \
         "rate at which training drops the last block's branch for an image; before it, less"},    \
        {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL}                                             \
    }
static const option tiny_settings[] = SETTINGS("4"), micro_settings[] = SETTINGS("1");
_Static_assert(sizeof(convnext_settings) <= NETWORK_SETTINGS, "model_spec has no room for them");

static const char *const stages[] = {"stage1", "stage2", "stage3", "stage4", NULL};
static const char *const heads[] = {"features", NULL};

const network network_convnext_tiny = {
    .name = "convnext-tiny",
    .usage = "convnext-tiny",
    .about = "convnext-tiny    depthwise 7x7 convolutions and dense layers at each position, with layer norms; "
             "timm's names\n"
             "                 model.patch: 4 (as timm's), 2, 1; model.drop_path",
    .logits = true,
    .settings = tiny_settings,
    .build = build,
    .init = init,
    .draws = draws,
    .stages = stages,
    .heads = heads,
};

const network network_convnext_micro = {
    .name = "convnext-micro",
    .usage = "convnext-micro",
    .about = "convnext-micro   the same with 16 to 128 channels and 7 blocks, about the work of wrn-10-1",
    .logits = true,
    .settings = micro_settings,
    .build = build,
    .init = init,
    .draws = draws,
    .stages = stages,
    .heads = heads,
};
