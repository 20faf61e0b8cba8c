/* Wide residual networks as the JEM code builds them: convolutions with biases,
 * LeakyReLU 0.2, the stride on the second convolution of a block, the shortcut
 * taken from the raw block input. */
#include "model/wrn.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"

static const double slope = 0.2;

static const option settings[] = {
    {"norm", OPTION_CHOICE, offsetof(wrn_settings, norm), "none", 0, 0,
     "none|batch|instance|layer|act", "normalisation; energy models train without (B.2)"},
    {"dropout", OPTION_REAL, offsetof(wrn_settings, dropout), "0", 0, 0.9, NULL,
     "dropout rate between the convolutions of a block"},
    {"pool", OPTION_CHOICE, offsetof(wrn_settings, pool), "fixed", 0, 0, "fixed|adaptive|sum",
     "fixed: 8x8 windows; adaptive: mean over the map; sum: sum over the map"},
    {"proj", OPTION_INT, offsetof(wrn_settings, proj), "0", 0, 100000, NULL,
     "dimensions of the gloss projection head; 0 = none (D.1)"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};
_Static_assert(sizeof(wrn_settings) <= NETWORK_SETTINGS, "model_spec has no room for them");

static const wrn_settings *settings_of(const model_spec *spec)
{
    return (const void *)&spec->settings;
}

/* One residual block; `prefix` such as "f.layer1.0". */
static int block(graph *g, int x, const wrn_settings *s, const char *prefix, int64_t channels,
                 int64_t stride)
{
    char name[96];
    int shortcut = x;
    bool project = stride != 1 || g->nodes[x].op.dst.c != channels;

    snprintf(name, sizeof name, "%s.bn1", prefix);
    int h = graph_lrelu(g, graph_norm(g, x, name, (norm_kind)s->norm), slope);
    snprintf(name, sizeof name, "%s.conv1", prefix);
    h = graph_dropout(g, graph_conv2d(g, h, name, channels, 3, 1, 1), s->dropout);
    snprintf(name, sizeof name, "%s.bn2", prefix);
    h = graph_lrelu(g, graph_norm(g, h, name, (norm_kind)s->norm), slope);
    /* Before conv2, so that conv2 can add onto the shortcut's buffer. */
    snprintf(name, sizeof name, "%s.shortcut.0", prefix);
    if (project) shortcut = graph_conv2d(g, x, name, channels, 1, stride, 0);
    snprintf(name, sizeof name, "%s.conv2", prefix);
    h = graph_conv2d(g, h, name, channels, 3, stride, 1);
    return graph_add(g, h, shortcut);
}

static int pool_map(graph *g, int x, int pool)
{
    shape s = g->nodes[x].op.dst;
    double area = (double)(s.h * s.w);

    if (pool == POOL_SUM) return graph_pool(g, x, s.h, s.w, 1.0);
    if (pool == POOL_ADAPTIVE) return graph_pool(g, x, s.h, s.w, 1.0 / area);
    return graph_pool(g, x, 8, 8, 1.0 / 64);
}

static jem_status parse_name(int64_t *depth, int64_t *width, const model_spec *spec)
{
    long long d = 0, k = 0;
    char rest;
    if (sscanf(spec->name, "wrn-%lld-%lld%c", &d, &k, &rest) != 2 || d < 10 || d > 1000 ||
        (d - 4) % 6 != 0 || k < 1 || k > 100)
        return jem_error(JEM_EUSAGE,
                         "model.name '%s': expected wrn-DEPTH-WIDTH with DEPTH = 6n + 4, such as "
                         "wrn-16-2 or wrn-28-10", spec->name);
    *depth = d;
    *width = k;
    return JEM_OK;
}

static jem_status check_sizes(const model_spec *s)
{
    if (s->classes < 1 || s->channels < 1)
        return jem_error(JEM_EUSAGE, "a model needs at least one class and one input channel");
    if (settings_of(s)->pool == POOL_FIXED && (s->height < 29 || s->width < 29))
        return jem_error(JEM_EUSAGE,
                         "%s on %lldx%lld images leaves a map smaller than the 8x8 pooling window; "
                         "set model.pool=adaptive", s->name, (long long)s->height,
                         (long long)s->width);
    return JEM_OK;
}

static jem_status build(graph **out, const model_spec *spec)
{
    jem_status st;
    const wrn_settings *s = settings_of(spec);
    graph *g = NULL;
    int64_t depth = 0, width = 0;
    char name[64];

    TRY(parse_name(&depth, &width, spec));
    TRY(check_sizes(spec));
    TRY(graph_new(&g, (shape){spec->channels, spec->height, spec->width}));
    int x = graph_conv2d(g, 0, "f.conv1", 16, 3, 1, 1);
    for (int stage = 1; stage <= 3; ++stage) {
        for (int b = 0; b < (depth - 4) / 6; ++b) {
            snprintf(name, sizeof name, "f.layer%d.%d", stage, b);
            x = block(g, x, s, name, (16 << (stage - 1)) * width, stage > 1 && b == 0 ? 2 : 1);
        }
        snprintf(name, sizeof name, "layer%d", stage);
        graph_name(g, x, name);
    }
    x = graph_lrelu(g, graph_norm(g, x, "f.bn1", (norm_kind)s->norm), slope);
    x = pool_map(g, x, s->pool);
    graph_name(g, x, "features");
    if (s->proj > 0) {
        x = graph_linear(g, graph_concat_elu(g, x), "proj", s->proj);
        graph_name(g, x, "proj");
    }
    x = graph_linear(g, x, "class_output", spec->classes);
    st = network_finish(out, g, x);
done:
    return st;
}

/* The head pools whatever is left of the input; stages do not depend on its size. */
static void resize(model_spec *spec)
{
    wrn_settings *s = (void *)&spec->settings;
    if (s->pool == POOL_FIXED) s->pool = POOL_ADAPTIVE;
}

static bool draws(const model_spec *spec)
{
    return settings_of(spec)->dropout > 0;
}

const network network_wrn = {
    .name = "wrn",
    .usage = "wrn-DEPTH-WIDTH with DEPTH = 6n + 4, such as wrn-16-2 or wrn-28-10",
    .about = "wrn-DEPTH-WIDTH  wide residual network of the JEM code, depth = 6n + 4: wrn-10-1, "
             "wrn-16-2, wrn-28-10\n"
             "                 inputs of any channels and size; 3 stages at full, half and quarter "
             "size\n"
             "                 model.norm: none, batch, instance, layer, act; model.proj: gloss head\n"
             "                 features for jem apply: layer1, layer2, layer3, features, proj, logits",
    .logits = true,
    .settings = settings,
    .build = build,
    .resize = resize,
    .draws = draws,
    .stages = (const char *const[]){"layer1", "layer2", "layer3", NULL},
    .heads = (const char *const[]){"features", "proj", NULL},
    /* heads of the published code that it does not use */
    .unused = (const char *const[]){"f.linear.", "energy_output.", NULL},
};
