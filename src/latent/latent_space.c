/* The autoencoder as pictures use it: see latent_space.h. */
#include "latent/latent_space.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "data/pictures/units.h"

/* ---- the autoencoder and what is kept */

jem_status latent_codec_open(latent_codec *out, const char *vae, const engine_spec *engine)
{
    jem_status st;
    latent_codec c = {.engine = *engine};

    TRY(autoencoder_load(&c.vae, vae, engine));
    autoencoder_hash(c.vae, c.hash);
    *out = c;
done:
    return st;
}

jem_status latent_codec_keep(latent_codec *c, const char *path, int64_t most)
{
    latent_cache *opened = NULL;
    jem_status st = latent_cache_open(&opened, path, most);

    if (st) return st;
    latent_cache_close(c->kept);
    c->kept = opened;
    return JEM_OK;
}

void latent_codec_clear(latent_codec *c)
{
    autoencoder_free(c->vae);
    latent_cache_close(c->kept);
    *c = (latent_codec)LATENT_CODEC_INIT;
}

/* Everything the latent follows from: the autoencoder, how it is computed, the pixels. */
static latent_key key_of(const latent_codec *c, const image *m)
{
    char text[512];
    int n = snprintf(text, sizeof text, "%s %s %d %d %lld %lld", c->hash, c->engine.device,
                     c->engine.precision, c->engine.convolution, (long long)m->height,
                     (long long)m->width);
    XXH128_hash_t hash =
        XXH3_128bits_withSeed(m->pixels, (size_t)(m->height * m->width * m->channels),
                              XXH3_64bits(text, (size_t)n));
    return (latent_key){hash.low64, hash.high64};
}

static jem_status check_stop(const latent_codec *c)
{
    if (!c->stop || !*c->stop) return JEM_OK;
    return jem_error(JEM_EINTERRUPTED, "stopped by a signal");
}

/* ---- encoding */

static jem_status check_pictures(const latent_codec *c, const image *const *pictures, int64_t n)
{
    const image *first = pictures[0];

    for (int64_t i = 0; i < n; i++)
        if (pictures[i]->height != first->height || pictures[i]->width != first->width ||
            pictures[i]->channels != autoencoder_get_spec(c->vae)->image_channels)
            return jem_error(JEM_EDATA, "the autoencoder takes pictures of one size and %lld channels",
                             (long long)autoencoder_get_spec(c->vae)->image_channels);
    return JEM_OK;
}

/* x [3][h][w] in [-1,1]; planar: scratch of the same size. */
static void picture_floats(float *x, uint8_t *planar, const image *m, const float units[256])
{
    const int64_t count = m->channels * m->height * m->width;

    image_to_planar(planar, m);
    for (int64_t i = 0; i < count; i++) x[i] = units[planar[i]];
}

static jem_status encode_missing(latent_codec *c, float *mean, const image *const *pictures,
                                 const int64_t *missing, int64_t count)
{
    jem_status st;
    const image *first = pictures[missing[0]];
    const autoencoder_spec *spec = autoencoder_get_spec(c->vae);
    const int64_t at_once = autoencoder_at_once(c->vae), f = autoencoder_factor(spec);
    const int64_t pixels = first->channels * first->height * first->width;
    const int64_t size = spec->latent * (first->height / f) * (first->width / f);
    float *x = NULL, *z = NULL, units[256];
    uint8_t *planar = NULL;

    units_table(units);
    TRY(MEM_NEW(x, at_once * pixels));
    TRY(MEM_NEW(z, at_once * size));
    TRY(MEM_NEW(planar, pixels));
    for (int64_t i = 0; i < count; i += at_once) {
        const int64_t n = count - i < at_once ? count - i : at_once;
        TRY(check_stop(c));
        for (int64_t k = 0; k < n; k++)
            picture_floats(x + k * pixels, planar, pictures[missing[i + k]], units);
        TRY(autoencoder_encode(c->vae, (autoencoder_batch){n, first->height, first->width}, x, z,
                               NULL));
        for (int64_t k = 0; k < n; k++) {
            memcpy(mean + missing[i + k] * size, z + k * size, (size_t)size * sizeof *z);
            if (c->kept)
                TRY(latent_cache_add(c->kept, key_of(c, pictures[missing[i + k]]), z + k * size,
                                     size));
        }
    }
done:
    mem_free(x);
    mem_free(z);
    mem_free(planar);
    return st;
}

jem_status latent_codec_encode(latent_codec *c, float *mean, const image *const *pictures,
                               int64_t n)
{
    jem_status st = JEM_OK;
    const int64_t f = autoencoder_factor(autoencoder_get_spec(c->vae));
    int64_t *missing = NULL, count = 0;

    if (n < 1) return JEM_OK;
    TRY(check_pictures(c, pictures, n));
    const int64_t size =
        autoencoder_get_spec(c->vae)->latent * (pictures[0]->height / f) * (pictures[0]->width / f);
    TRY(MEM_NEW(missing, n));
    for (int64_t i = 0; i < n; i++) {
        bool found = false;
        if (c->kept)
            TRY(latent_cache_find(&found, c->kept, key_of(c, pictures[i]), mean + i * size, size));
        if (!found) missing[count++] = i;
    }
    if (count > 0) TRY(encode_missing(c, mean, pictures, missing, count));
done:
    mem_free(missing);
    return st;
}

/* ---- the latents of a run */

jem_status latent_space_init(latent_space *out, latent_codec *codec, const char *hash,
                             double scale, int64_t picture, const char *whose)
{
    if (strcmp(hash, codec->hash) != 0)
        return jem_error(JEM_EDATA,
                         "%s: was trained on latents of the autoencoder %s, not of %s: name the "
                         "file that its latents were encoded with", whose, hash, codec->hash);
    *out = (latent_space){codec, scale, picture};
    return JEM_OK;
}

shape latent_space_shape(const latent_space *s, int64_t height, int64_t width)
{
    const autoencoder_spec *spec = autoencoder_get_spec(s->codec->vae);
    const int64_t f = autoencoder_factor(spec);
    return (shape){spec->latent, height / f, width / f};
}

static void multiply(float *z, int64_t n, float by)
{
    for (int64_t i = 0; i < n; i++) z[i] *= by;
}

jem_status latent_space_encode(const latent_space *s, float *z, const image *const *pictures,
                               int64_t n)
{
    jem_status st = latent_codec_encode(s->codec, z, pictures, n);
    if (st || n < 1) return st;
    const shape size = latent_space_shape(s, pictures[0]->height, pictures[0]->width);
    multiply(z, n * shape_count(size), (float)s->scale);
    return JEM_OK;
}

jem_status latent_space_encode_noise(const latent_space *s, float *z, const rng_stream *stream,
                                     uint32_t number)
{
    jem_status st;
    const int64_t side = s->picture;
    const int64_t count = autoencoder_get_spec(s->codec->vae)->image_channels * side * side;
    float *x = NULL;

    TRY(MEM_NEW(x, count));
    rng_fill_uniform(x, count, -1, 1, stream, number);
    TRY(autoencoder_encode(s->codec->vae, (autoencoder_batch){1, side, side}, x, z, NULL));
    multiply(z, shape_count(latent_space_shape(s, side, side)), (float)s->scale);
done:
    mem_free(x);
    return st;
}

jem_status latent_space_decode(const latent_space *s, const char *label, float *x, const float *z,
                               int64_t n, shape z_size)
{
    jem_status st;
    const autoencoder_spec *spec = autoencoder_get_spec(s->codec->vae);
    const int64_t size = shape_count(z_size), f = autoencoder_factor(spec);
    const int64_t pixels = spec->image_channels * f * f * z_size.h * z_size.w;
    const int64_t at_once = pool_threads(autoencoder_pool(s->codec->vae));
    float *means = NULL;
    progress shown;

    TRY(MEM_NEW(means, n * size));
    for (int64_t i = 0; i < n * size; i++) means[i] = z[i] / (float)s->scale;
    progress_begin(&shown, label, "pictures", n, 0);
    for (int64_t i = 0; i < n; i += at_once) {
        const int64_t count = n - i < at_once ? n - i : at_once;
        TRY(check_stop(s->codec));
        TRY(autoencoder_decode(s->codec->vae, (autoencoder_batch){count, z_size.h, z_size.w},
                               means + i * size, x + i * pixels));
        if (label) progress_update(&shown, i + count, NULL);
    }
    if (label) progress_end(&shown, n);
done:
    mem_free(means);
    return st;
}

jem_status latent_space_push(const latent_space *s, float *dx, const float *z, const float *v,
                             shape z_size, bool difference)
{
    jem_status st;
    const autoencoder_batch one = {1, z_size.h, z_size.w};
    const int64_t count = shape_count(z_size);
    float *mean = NULL, most = 0;

    TRY(check_stop(s->codec));
    TRY(MEM_NEW(mean, count));
    for (int64_t i = 0; i < count; i++) {
        mean[i] = z[i] / (float)s->scale;
        most = fmaxf(most, fabsf(mean[i]));
    }
    if (difference)
        TRY(autoencoder_decode_difference(s->codec->vae, one, mean, v, 1e-2 * (double)most, dx));
    else
        TRY(autoencoder_decode_jvp(s->codec->vae, one, mean, v, NULL, dx));
done:
    mem_free(mean);
    return st;
}
