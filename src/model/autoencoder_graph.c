/* Encoder and decoder of an AutoencoderKL: residual blocks of group norm, SiLU and 3x3
 * convolutions, one attention block in the middle, 1x1 convolutions around the latent. */
#include "model/autoencoder_graph.h"

#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "model/autoencoder_names.h"

enum { NAME_MAX_LENGTH = 96 };
static const double norm_eps = 1e-6;

_Static_assert(sizeof(autoencoder_spec) <= NETWORK_SETTINGS, "model_spec has no room for it");

static const autoencoder_spec *settings_of(const model_spec *whole)
{
    return (const void *)&whole->settings;
}

/* A graph under construction and the prefix of the names in it. */
typedef struct builder {
    graph *g;
    const autoencoder_spec *spec;
    const char *half; /* "encoder" or "decoder" */
} builder;

static int64_t channels_of(const builder *b, int x)
{
    return b->g->nodes[x].op.dst.c;
}

static int norm_silu(const builder *b, int x, const char *name)
{
    return graph_silu(b->g, graph_group_norm(b->g, x, name, b->spec->groups, norm_eps));
}

/* x + conv2(silu(norm2(conv1(silu(norm1(x)))))), x through a 1x1 convolution where the number
 * of channels changes. */
static int resnet(const builder *b, int x, const char *prefix, int64_t channels)
{
    char name[NAME_MAX_LENGTH + 16];
    int shortcut = x;

    snprintf(name, sizeof name, "%s.norm1", prefix);
    int h = norm_silu(b, x, name);
    snprintf(name, sizeof name, "%s.conv1", prefix);
    h = graph_conv2d(b->g, h, name, channels, 3, 1, 1);
    snprintf(name, sizeof name, "%s.norm2", prefix);
    h = norm_silu(b, h, name);
    /* Before conv2, so that conv2 can add onto the shortcut's buffer. */
    snprintf(name, sizeof name, "%s.conv_shortcut", prefix);
    if (channels_of(b, x) != channels) shortcut = graph_conv2d(b->g, x, name, channels, 1, 1, 0);
    snprintf(name, sizeof name, "%s.conv2", prefix);
    h = graph_conv2d(b->g, h, name, channels, 3, 1, 1);
    return graph_add(b->g, h, shortcut);
}

/* x + to_out(attention(to_q, to_k, to_v of group_norm(x))): one head. */
static int attention(const builder *b, int x)
{
    static const char *const parts[] = {"group_norm", "to_q", "to_k", "to_v", "to_out.0"};
    char names[5][NAME_MAX_LENGTH];

    for (int i = 0; i < 5; ++i)
        snprintf(names[i], sizeof names[i], "%s.mid_block.attentions.0.%s", b->half, parts[i]);
    int h = graph_group_norm(b->g, x, names[0], b->spec->groups, norm_eps);
    h = graph_attention_qkv(b->g, h, (const char *const[]){names[1], names[2], names[3]});
    h = graph_project(b->g, graph_attention(b->g, h, 1), names[4], channels_of(b, x));
    return graph_add(b->g, h, x);
}

static int middle(const builder *b, int x)
{
    char name[NAME_MAX_LENGTH];
    int64_t channels = channels_of(b, x);

    snprintf(name, sizeof name, "%s.mid_block.resnets.0", b->half);
    x = attention(b, resnet(b, x, name, channels));
    snprintf(name, sizeof name, "%s.mid_block.resnets.1", b->half);
    return resnet(b, x, name, channels);
}

/* Down block i; all but the last end by halving height and width. */
static int down_block(const builder *b, int x, int i)
{
    const autoencoder_spec *s = b->spec;
    char name[NAME_MAX_LENGTH];

    for (int64_t j = 0; j < s->layers; ++j) {
        snprintf(name, sizeof name, "encoder.down_blocks.%d.resnets.%d", i, (int)j);
        x = resnet(b, x, name, s->channels[i]);
    }
    snprintf(name, sizeof name, "encoder.down_blocks.%d.downsamplers.0.conv", i);
    /* zeros at the bottom and right only, as in the TensorFlow code that it descends from */
    if (i < s->levels - 1) x = graph_conv2d_pad(b->g, x, name, s->channels[i], 3, 2, 0, 1);
    snprintf(name, sizeof name, "down%d", i);
    graph_name(b->g, x, name);
    return x;
}

/* Up block i, from the smallest map; all but the last end by doubling height and width. */
static int up_block(const builder *b, int x, int i)
{
    const autoencoder_spec *s = b->spec;
    int64_t channels = s->channels[s->levels - 1 - i];
    char name[NAME_MAX_LENGTH];

    for (int64_t j = 0; j <= s->layers; ++j) {
        snprintf(name, sizeof name, "decoder.up_blocks.%d.resnets.%d", i, (int)j);
        x = resnet(b, x, name, channels);
    }
    snprintf(name, sizeof name, "decoder.up_blocks.%d.upsamplers.0.conv", i);
    if (i < s->levels - 1)
        x = graph_conv2d(b->g, graph_upsample(b->g, x), name, channels, 3, 1, 1);
    return x;
}

static jem_status build_encoder(graph **out, const model_spec *whole)
{
    jem_status st;
    graph *g = NULL;
    const autoencoder_spec *spec = settings_of(whole);
    const int64_t factor = autoencoder_factor(spec), height = whole->height, width = whole->width;

    if (height < factor || width < factor || height % factor || width % factor)
        return jem_error(JEM_EUSAGE,
                         "a picture of %lldx%lld pixels does not fit the autoencoder: its sides "
                         "must be multiples of %lld; resize it", (long long)width,
                         (long long)height, (long long)factor);
    TRY(graph_new(&g, (shape){spec->image_channels, height, width}));
    const builder b = {g, spec, "encoder"};
    int x = graph_conv2d(g, 0, "encoder.conv_in", spec->channels[0], 3, 1, 1);
    for (int i = 0; i < spec->levels; ++i) x = down_block(&b, x, i);
    x = norm_silu(&b, middle(&b, x), "encoder.conv_norm_out");
    x = graph_conv2d(g, x, "encoder.conv_out", 2 * spec->latent, 3, 1, 1);
    x = graph_conv2d(g, x, "quant_conv", 2 * spec->latent, 1, 1, 0);
    TRY(graph_finish(g, x));
    *out = g;
    g = NULL;
done:
    graph_free(g);
    return st;
}

static jem_status build_decoder(graph **out, const model_spec *whole)
{
    jem_status st;
    graph *g = NULL;
    const autoencoder_spec *spec = settings_of(whole);

    TRY(graph_new(&g, (shape){spec->latent, whole->height, whole->width}));
    const builder b = {g, spec, "decoder"};
    int x = graph_conv2d(g, 0, "post_quant_conv", spec->latent, 1, 1, 0);
    x = graph_conv2d(g, x, "decoder.conv_in", spec->channels[spec->levels - 1], 3, 1, 1);
    x = middle(&b, x);
    for (int i = 0; i < spec->levels; ++i) x = up_block(&b, x, i);
    x = norm_silu(&b, x, "decoder.conv_norm_out");
    x = graph_conv2d(g, x, "decoder.conv_out", spec->image_channels, 3, 1, 1);
    TRY(graph_finish(g, x));
    *out = g;
    g = NULL;
done:
    graph_free(g);
    return st;
}

static int find_tensor(const safetensors *f, const char *name, const model_spec *whole)
{
    return autoencoder_find_tensor(f, name, settings_of(whole)->levels);
}

/* What the latent-diffusion code keeps beside the weights: its discriminator and the logarithm of a
 * variance, and averaged weights under names without dots. */
static const char *const of_training[] = {"loss.", "model_ema.", NULL};

const network network_kl_encoder = {
    .name = "kl-encoder",
    .build = build_encoder,
    .stages = (const char *const[]){"down0", "down1", "down2", "down3", "down4", "down5", "down6",
                                    "down7", NULL},
    .find_tensor = find_tensor,
    .unused = of_training,
};

const network network_kl_decoder = {
    .name = "kl-decoder",
    .build = build_decoder,
    .find_tensor = find_tensor,
    .unused = of_training,
};

model_spec autoencoder_half_spec(const autoencoder_spec *spec, int half)
{
    const int64_t side = half == 0 ? autoencoder_factor(spec) : 1;
    model_spec whole = {.network = half == 0 ? &network_kl_encoder : &network_kl_decoder,
                        .channels = half == 0 ? spec->image_channels : spec->latent,
                        .height = side,
                        .width = side};
    memcpy(&whole.settings, spec, sizeof *spec);
    return whole;
}
