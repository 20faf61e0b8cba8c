/* The autoencoder alone: what its encoder's features say without a JEM behind them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "bench/perceptual.h"
#include "bench/subject_view.h"
#include "data/pictures/units.h"

/* Features of one 64 x 64 patch take 1 MiB, of a 256 x 256 picture 16. */
enum { PICTURES = 8 };

const char subject_autoencoder_name[] = "autoencoder";

typedef struct vae_ctx {
    latent_codec *codec;
    int levels;
    int64_t side; /* that pictures are brought to; 0: their own */
    view_changes done;
    float units[256];
} vae_ctx;

/* What the pictures of one call become: all of one size. */
typedef struct looked_at {
    shape size;
    uint8_t *planar;
    float *x;        /* [PICTURES][size] */
    stage_maps maps; /* of down blocks */
} looked_at;

static void looked_at_clear(looked_at *l)
{
    mem_free(l->planar);
    mem_free(l->x);
    stage_maps_clear(&l->maps);
}

static jem_status looked_at_init(looked_at *l, const vae_ctx *k, const stimulus *s)
{
    jem_status st;
    const autoencoder_spec *spec = autoencoder_get_spec(k->codec->vae);
    const image *m = s->picture;
    shape sizes[AUTOENCODER_LEVELS_MAX];

    l->size = (shape){spec->image_channels, k->side ? k->side : m->height,
                      k->side ? k->side : m->width};
    TRY(MEM_NEW(l->planar, shape_count(l->size)));
    TRY(MEM_NEW(l->x, PICTURES * shape_count(l->size)));
    for (int i = 0; i < k->levels; i++) sizes[i] = autoencoder_feature_shape(spec, i, l->size.h, l->size.w);
    TRY(stage_maps_init(&l->maps, sizes, k->levels, PICTURES));
done:
    return st;
}

/* l->maps <- features of n pictures. */
static jem_status look(vae_ctx *k, looked_at *l, const stimulus *s, int64_t n)
{
    jem_status st = JEM_OK;
    image m = IMAGE_INIT;
    const int64_t count = shape_count(l->size);

    if (k->codec->stop && *k->codec->stop) return jem_error(JEM_EINTERRUPTED, "stopped by a signal");
    for (int64_t i = 0; i < n; i++) {
        image_clear(&m);
        TRY(view_picture(&m, &k->done, &s[i], l->size, false));
        image_to_planar(l->planar, &m);
        for (int64_t p = 0; p < count; p++) l->x[i * count + p] = k->units[l->planar[p]];
    }
    TRY(autoencoder_features(k->codec->vae, (autoencoder_batch){n, l->size.h, l->size.w}, l->x,
                             l->maps.maps));
done:
    image_clear(&m);
    return st;
}

static jem_status distance(void *ctx, const stimulus *a, const stimulus *b, int64_t n, float *d)
{
    jem_status st;
    vae_ctx *k = ctx;
    looked_at l = {.x = NULL};
    stimulus pairs[PICTURES];

    TRY(looked_at_init(&l, k, a));
    const int64_t together = l.maps.pictures / 2;
    for (int64_t first = 0; first < n; first += together) {
        const int64_t count = n - first < together ? n - first : together;
        for (int64_t i = 0; i < count; i++) {
            pairs[2 * i] = a[first + i];
            pairs[2 * i + 1] = b[first + i];
        }
        TRY(look(k, &l, pairs, 2 * count));
        stage_maps_distances(d + first, &l.maps, count, NULL);
    }
done:
    looked_at_clear(&l);
    return st;
}

static jem_status look_at(void *ctx, int64_t side)
{
    vae_ctx *k = ctx;
    const int64_t factor = autoencoder_factor(autoencoder_get_spec(k->codec->vae));

    if (side % factor)
        return jem_error(JEM_EUSAGE, "pictures of %lld pixels a side: this autoencoder takes "
                                     "multiples of %lld", (long long)side, (long long)factor);
    k->side = side;
    return JEM_OK;
}

static void describe(void *ctx, char *text, size_t size)
{
    const vae_ctx *k = ctx;
    snprintf(text, size, "outputs of the encoder's %d down blocks%s%s", k->levels,
             k->done.grey ? ", pictures turned to grey" : "", k->done.resized ? ", pictures resized" : "");
}

static void release(void *ctx) { mem_free(ctx); }

static const subject_ops ops = {
    .distance = distance, .look_at = look_at, .describe = describe, .free = release};

jem_status subject_of_autoencoder(subject *out, latent_codec *codec)
{
    jem_status st;
    vae_ctx *k = NULL;

    TRY(MEM_NEW(k, 1));
    k->codec = codec;
    k->levels = autoencoder_get_spec(codec->vae)->levels;
    units_table(k->units);
    *out = (subject){.alpha = NAN,
                     .seed = -1,
                     .needs_pictures = true,
                     .ops = &ops,
                     .ctx = k};
    snprintf(out->name, sizeof out->name, "%s", subject_autoencoder_name);
done:
    return st;
}
