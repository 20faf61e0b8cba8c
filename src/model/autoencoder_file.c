/* Autoencoders in files of weights: what network a file holds, its parameters, exactly. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/mem.h"
#include "base/try.h"
#include "model/autoencoder_graph.h"
#include "model/autoencoder_names.h"
#include "model/weights.h"
#include "tensor/safetensors_checksum.h"
#include "tensor/tensor_file.h"

static const int64_t channels_max = 1 << 16;
static const char key_groups[] = "jem.groups", key_scale[] = "jem.latent_scale";

/* ---- which network */

static jem_status no_autoencoder(const safetensors *f, const char *name)
{
    return jem_error(JEM_EDATA,
                     "%s: holds no AutoencoderKL: there is no tensor '%s' of a convolution; expected "
                     "the weights of sd-vae-ft-mse or a network like it, under the names of "
                     "diffusers or latent-diffusion", safetensors_path(f), name);
}

/* Sizes of a 4-D weight.  JEM_EDATA if it is not there. */
static jem_status weight_shape(int64_t size[4], const safetensors *f, const char *name)
{
    int at = autoencoder_find_tensor(f, name, 1);
    if (at < 0) return no_autoencoder(f, name);
    jem_tensor t = safetensors_view(f, at);
    for (int i = 0; i < 4; ++i) {
        if (t.ndim != 4 || t.shape[i] < 1 || t.shape[i] > channels_max)
            return no_autoencoder(f, name);
        size[i] = t.shape[i];
    }
    return JEM_OK;
}

static bool has_block(const safetensors *f, int level, int64_t block)
{
    char name[AUTOENCODER_NAME_MAX];
    snprintf(name, sizeof name, "encoder.down_blocks.%d.resnets.%d.conv1.weight", level,
             (int)block);
    return autoencoder_find_tensor(f, name, 1) >= 0;
}

/* What follows from the tensors' shapes. */
static jem_status read_sizes(autoencoder_spec *s, const safetensors *f)
{
    jem_status st;
    char name[AUTOENCODER_NAME_MAX];
    int64_t size[4] = {0, 0, 0, 0};

    TRY(weight_shape(size, f, "encoder.conv_in.weight"));
    s->image_channels = size[1];
    TRY(weight_shape(size, f, "post_quant_conv.weight"));
    s->latent = size[0];
    for (s->levels = 0; s->levels < AUTOENCODER_LEVELS_MAX && has_block(f, s->levels, 0);) {
        snprintf(name, sizeof name, "encoder.down_blocks.%d.resnets.0.conv1.weight", s->levels);
        TRY(weight_shape(size, f, name));
        s->channels[s->levels++] = size[0];
    }
    for (s->layers = 0; s->layers < 100 && has_block(f, 0, s->layers);) s->layers++;
    if (s->layers == 0) st = no_autoencoder(f, "encoder.down_blocks.0.resnets.0.conv1.weight");
done:
    return st;
}

/* What a jem file says in its metadata. */
static jem_status read_numbers(autoencoder_spec *s, const safetensors *f)
{
    const char *text[] = {safetensors_metadata(f, key_groups), safetensors_metadata(f, key_scale)};
    double value[] = {(double)autoencoder_sd_vae.groups, autoencoder_sd_vae.latent_scale};

    for (int i = 0; i < 2; ++i) {
        char *end = NULL;
        if (!text[i]) continue;
        value[i] = strtod(text[i], &end);
        if (end == text[i] || *end || !(value[i] > 0) || !(value[i] < 1e6))
            return jem_error(JEM_EDATA, "%s: its metadata %s is '%.40s', expected a number above 0",
                             safetensors_path(f), i ? key_scale : key_groups, text[i]);
    }
    s->groups = (int64_t)value[0];
    s->latent_scale = value[1];
    return JEM_OK;
}

static jem_status read_settings(autoencoder_spec *s, const safetensors *f)
{
    jem_status st = read_numbers(s, f);
    for (int i = 0; st == JEM_OK && i < s->levels; ++i)
        if (s->channels[i] % s->groups)
            st = jem_error(JEM_EDATA,
                           "%s: its %lld channels at level %d do not make %lld groups: its metadata "
                           "'%s' says how many its group norms have (%lld without it); save it with that",
                           safetensors_path(f), (long long)s->channels[i], i, (long long)s->groups,
                           key_groups, (long long)autoencoder_sd_vae.groups);
    return st;
}

/* A few odd shapes can promise a network that no file of this size holds: refused before it
 * is made. */
static jem_status check_size(const autoencoder_spec *s, const safetensors *f)
{
    jem_status st;
    graph *halves[AUTOENCODER_HALVES] = {NULL, NULL};
    int64_t has = 0, needs = 0;

    for (int i = 0; i < AUTOENCODER_HALVES; ++i) {
        const model_spec half = autoencoder_half_spec(s, i);
        TRY(model_spec_build(&halves[i], &half));
        needs += halves[i]->param_elements;
    }
    for (int i = 0; i < safetensors_count(f); ++i) {
        const jem_tensor t = safetensors_view(f, i);
        has += jem_tensor_count(&t);
    }
    if (needs / 2 > has)
        st = jem_error(JEM_EDATA, "%s: holds %lld values, but an autoencoder of its shapes has %lld: "
                                  "the file is incomplete or belongs to another network",
                       safetensors_path(f), (long long)has, (long long)needs);
done:
    for (int i = 0; i < AUTOENCODER_HALVES; ++i) graph_free(halves[i]);
    return st;
}

/* ---- reading */

/* Reads one parameter and marks its tensor as used. */
static jem_status read_param(float *dst, bool *used, const safetensors *f, const param *p,
                             const model_spec *half)
{
    int at = weights_find(f, p->name, half);
    int64_t size[4] = {p->shape[0], p->shape[1], 1, 1};

    if (at < 0)
        return jem_error(JEM_EDATA,
                         "%s: no tensor '%s' under any of its names: the file is incomplete or "
                         "belongs to another network", safetensors_path(f), p->name);
    used[at] = true;
    /* Attention was once made of 1x1 convolutions. */
    bool squeezed = p->ndim == 2 && safetensors_view(f, at).ndim == 4;
    return safetensors_read_f32(f, safetensors_name(f, at), dst, squeezed ? 4 : p->ndim,
                                squeezed ? size : p->shape);
}

static jem_status read_params(const autoencoder *a, const safetensors *f)
{
    jem_status st;
    bool *used = NULL;

    TRY(MEM_NEW(used, safetensors_count(f)));
    for (int i = 0; i < AUTOENCODER_HALVES; ++i) {
        const autoencoder_half *h = &autoencoder_halves(a)[i];
        for (int k = 0; k < h->layout->param_count; ++k) {
            const param *p = &h->layout->params[k];
            TRY(read_param(h->params + p->offset, used, f, p, &h->spec));
        }
    }
    for (int i = 0; i < safetensors_count(f); ++i) {
        if (used[i] || network_ignores(&network_kl_encoder, safetensors_name(f, i))) continue;
        st = jem_error(JEM_EDATA, "%s: tensor '%.200s' does not belong to an autoencoder of %d levels "
                                  "with %lld blocks each; remove it if you know what it is",
                       safetensors_path(f), safetensors_name(f, i),
                       autoencoder_get_spec(a)->levels, (long long)autoencoder_get_spec(a)->layers);
        goto done;
    }
done:
    mem_free(used);
    return st;
}

jem_status autoencoder_load(autoencoder **out, const char *path, const engine_spec *engine)
{
    jem_status st;
    autoencoder_spec spec = {.levels = 0};
    safetensors *f = NULL;
    autoencoder *a = NULL;

    TRY(tensor_file_open(&f, path, NULL));
    TRY(safetensors_unwrap_names(f));
    safetensors_select(f, "first_stage_model."); /* beside the diffusion model that uses it */
    TRY(read_sizes(&spec, f));
    TRY(read_settings(&spec, f));
    st = check_size(&spec, f);
    if (st == JEM_EUSAGE) st = jem_error_context(JEM_EDATA, "%s", path); /* groups, say */
    if (st) goto done;
    TRY(autoencoder_new(&a, &spec, engine));
    TRY(read_params(a, f));
    *out = a;
    a = NULL;
done:
    safetensors_close(f);
    autoencoder_free(a);
    return st;
}

/* ---- writing */

jem_status autoencoder_save(const autoencoder *a, const char *path)
{
    jem_status st;
    const autoencoder_spec *s = autoencoder_get_spec(a);
    safetensors_writer *w = NULL;
    char text[32];

    TRY(safetensors_writer_new(&w));
    snprintf(text, sizeof text, "%lld", (long long)s->groups);
    TRY(safetensors_writer_metadata(w, key_groups, text));
    snprintf(text, sizeof text, "%.17g", s->latent_scale);
    TRY(safetensors_writer_metadata(w, key_scale, text));
    for (int i = 0; i < AUTOENCODER_HALVES; ++i) {
        const autoencoder_half *h = &autoencoder_halves(a)[i];
        TRY(weights_add(w, h->layout, h->params, ""));
    }
    TRY(safetensors_writer_save(w, path));
done:
    safetensors_writer_free(w);
    return st;
}

void autoencoder_hash(const autoencoder *a, char text[AUTOENCODER_HASH_SIZE])
{
    uint64_t parts[2 * AUTOENCODER_HALVES + 1];

    for (int i = 0; i < AUTOENCODER_HALVES; ++i) {
        const autoencoder_half *h = &autoencoder_halves(a)[i];
        XXH128_hash_t hash =
            XXH3_128bits(h->params, (size_t)h->layout->param_elements * sizeof *h->params);
        parts[2 * i] = hash.low64;
        parts[2 * i + 1] = hash.high64;
    }
    parts[2 * AUTOENCODER_HALVES] = (uint64_t)autoencoder_get_spec(a)->groups;
    safetensors_checksum_text(text, XXH3_128bits(parts, sizeof parts));
}
