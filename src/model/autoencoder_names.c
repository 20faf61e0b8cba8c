/* Names by substitution, from diffusers' of today to older ones (the published code of diffusers:
 * single_file_utils.py and attention_processor.py). */
#include "model/autoencoder_names.h"

#include <stdio.h>
#include <string.h>

typedef struct substitution {
    const char *from, *to;
} substitution;

static const substitution old_names[] = {
    {".to_q.", ".query."},
    {".to_k.", ".key."},
    {".to_v.", ".value."},
    {".to_out.0.", ".proj_attn."},
    {NULL, NULL},
};

/* Order matters: the blocks in the middle before all others. */
static const substitution latent_names[] = {
    {".mid_block.resnets.0.", ".mid.block_1."},
    {".mid_block.resnets.1.", ".mid.block_2."},
    {".mid_block.attentions.0.", ".mid.attn_1."},
    {".attn_1.group_norm.", ".attn_1.norm."},
    {".attn_1.to_q.", ".attn_1.q."},
    {".attn_1.to_k.", ".attn_1.k."},
    {".attn_1.to_v.", ".attn_1.v."},
    {".attn_1.to_out.0.", ".attn_1.proj_out."},
    {".down_blocks.", ".down."},
    {".up_blocks.", ".up."},
    {".resnets.", ".block."},
    {".downsamplers.0.", ".downsample."},
    {".upsamplers.0.", ".upsample."},
    {".conv_shortcut.", ".nin_shortcut."},
    {".conv_norm_out.", ".norm_out."},
    {NULL, NULL},
};

static void substitute(char *name, const substitution *list)
{
    char rest[AUTOENCODER_NAME_MAX];

    for (; list->from; ++list) {
        char *at = strstr(name, list->from);
        if (!at) continue;
        snprintf(rest, sizeof rest, "%s", at + strlen(list->from));
        snprintf(at, (size_t)(name + AUTOENCODER_NAME_MAX - at), "%s%s", list->to, rest);
    }
}

/* Up blocks in the other order: their number is one digit. */
static void turn_up_block(char *name, int levels)
{
    static const char before[] = "decoder.up_blocks.";
    char *digit = name + sizeof before - 1;

    if (strncmp(name, before, sizeof before - 1) == 0)
        *digit = (char)('0' + levels - 1 - (*digit - '0'));
}

void autoencoder_name(char out[AUTOENCODER_NAME_MAX], const char *name, autoencoder_naming naming,
                      int levels)
{
    snprintf(out, AUTOENCODER_NAME_MAX, "%s", name);
    if (naming == NAMING_OLD) substitute(out, old_names);
    if (naming == NAMING_LATENT) {
        turn_up_block(out, levels);
        substitute(out, latent_names);
    }
}

int autoencoder_find_tensor(const safetensors *f, const char *name, int levels)
{
    char text[AUTOENCODER_NAME_MAX];
    int at = -1;

    for (int i = 0; i < AUTOENCODER_NAMINGS && at < 0; ++i) {
        autoencoder_name(text, name, (autoencoder_naming)i, levels);
        at = safetensors_find(f, text);
    }
    return at;
}
