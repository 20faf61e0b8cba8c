/* Vision transformers: squares of the picture become tokens, blocks of attention and of two dense layers, each behind a
 * LayerNorm and added to what came in; the class token is classified. */
#include "model/vit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "model/init.h"

enum { STAGES = 4 };

static const vit_settings *settings_of(const model_spec *spec)
{
    return (const void *)&spec->settings;
}

static int layer_norm(graph *g, int x, const char *name)
{
    return graph_norm_eps(g, x, name, NORM_CHANNELS, 1e-6);
}

static int block(graph *g, int x, int number, const vit_size *size)
{
    static const char *const parts[] = {"ln_1", "self_attention", "self_attention.out_proj", "ln_2", "mlp.0", "mlp.3"};
    char names[6][80];

    for (int i = 0; i < 6; ++i)
        snprintf(names[i], sizeof names[i], "encoder.layers.encoder_layer_%d.%s", number, parts[i]);
    int y = graph_attention_in(g, layer_norm(g, x, names[0]), names[1]);
    x = graph_add(g, graph_project(g, graph_attention(g, y, size->heads), names[2], size->width), x);
    y = graph_gelu(g, graph_project(g, layer_norm(g, x, names[3]), names[4], size->hidden));
    return graph_add(g, graph_project(g, y, names[5], size->width), x);
}

/* The first of the tokens. */
static int class_token(graph *g, int x)
{
    return graph_mean_pool(g, x, 1, g->nodes[x].op.dst.w, 0);
}

jem_status vit_graph(graph **out, graph *g, int x, const model_spec *spec, const vit_size *size)
{
    const int64_t patch = settings_of(spec)->patch;

    if (spec->height % patch || spec->width % patch)
        graph_fail(g, jem_error(JEM_EUSAGE, "%s: pictures of %" PRId64 "x%" PRId64 " are not made of whole squares of "
                                "%" PRId64 " pixels; change model.patch", spec->name, spec->height, spec->width, patch));
    x = graph_conv2d(g, x, "conv_proj", size->width, patch, patch, 0);
    x = graph_tokens(g, x, "class_token", "encoder.pos_embedding");
    for (int i = 0; i < size->blocks; ++i) {
        char name[32];
        x = block(g, x, i, size);
        if ((i + 1) % (size->blocks / STAGES)) continue;
        snprintf(name, sizeof name, "stage%d", (i + 1) / (size->blocks / STAGES));
        graph_name(g, x, name);
    }
    x = layer_norm(g, class_token(g, x), "encoder.ln");
    graph_name(g, x, "features");
    return network_finish(out, g, graph_linear(g, x, "heads.head", spec->classes));
}

static jem_status build_b_16(graph **out, const model_spec *spec)
{
    static const vit_size size = {768, 12, 3072, 12};
    graph *g = NULL;
    int x;
    const jem_status st = imagenet_begin(&g, &x, spec, imagenet_own);
    return st == JEM_OK ? vit_graph(out, g, x, spec, &size) : st;
}

static jem_status build_micro(graph **out, const model_spec *spec)
{
    static const vit_size size = {64, 4, 256, 4};
    jem_status st;
    graph *g = NULL;

    TRY(network_check_name(spec));
    TRY(graph_new(&g, (shape){spec->channels, spec->height, spec->width}));
    st = vit_graph(out, g, 0, spec, &size);
done:
    return st;
}

/* Files from before torchvision 0.14 count the dense layers. */
static int find_tensor(const safetensors *f, const char *name, const model_spec *spec)
{
    static const char *const now[] = {".mlp.0.", ".mlp.3."}, *const before[] = {".mlp.linear_1.", ".mlp.linear_2."};
    char text[128];
    (void)spec;
    const int at = safetensors_find(f, name);
    for (int i = 0; i < 2 && at < 0; ++i) {
        const char *part = strstr(name, now[i]);
        if (!part) continue;
        snprintf(text, sizeof text, "%.*s%s%s", (int)(part - name), name, before[i], part + strlen(now[i]));
        return safetensors_find(f, text);
    }
    return at;
}

/* timm's.  torchvision's classifier begins with zeros, where every energy is the same. */
static void init(float *params, const graph *g, const model_spec *spec, uint64_t seed)
{
    (void)spec;
    params_init_normal(params, g, 0.02, seed);
}

#define PATCH(usual)                                                                                          \
    {"patch", OPTION_INT, offsetof(vit_settings, patch), usual, 1, 256, NULL, "side of the squares that become tokens, pixels"}
#define END {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL}
static const option b_16_settings[] = {
    PATCH("16"),
    IMAGENET_INPUT,
    END,
};
static const option micro_settings[] = {PATCH("4"), END};
_Static_assert(sizeof(vit_settings) <= NETWORK_SETTINGS, "model_spec has no room for them");

static const char *const stages[] = {"stage1", "stage2", "stage3", "stage4", NULL};
static const char *const heads[] = {"features", NULL};

const network network_vit_b_16 = {
    .name = "vit-b-16",
    .usage = "vit-b-16",
    .about = "vit-b-16           vision transformer of 12 blocks on squares of 16 pixels (model.patch), ImageNet",
    .weights = "vit_b_16-c867db91.pth of torchvision (81.072 % top-1)",
    .usual = &imagenet_usual,
    .photographs = true,
    .one_size = true,
    .logits = true,
    .settings = b_16_settings,
    .build = build_b_16,
    .init = init,
    .find_tensor = find_tensor,
    .stages = stages,
    .heads = heads,
};

const network network_vit_micro = {
    .name = "vit-micro",
    .usage = "vit-micro",
    .about = "vit-micro        vision transformer of 64 channels and 4 blocks on squares of 4 pixels (model.patch)",
    .one_size = true,
    .logits = true,
    .settings = micro_settings,
    .build = build_micro,
    .init = init,
    .stages = stages,
    .heads = heads,
};
