/* A network that takes the latents of pictures. */
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/try.h"
#include "bench/subject_view.h"

typedef struct latents_ctx {
    const latent_space *space;
    shape size;      /* of pictures */
    shape latent;
    view_changes done;
    bool pushed, difference; /* since then: a map went through the decoder; how */
} latents_ctx;

static jem_status load(void *ctx, float *x, const stimulus *s, int64_t n)
{
    jem_status st;
    latents_ctx *k = ctx;
    image *pictures = NULL;
    const image **list = NULL;

    TRY(MEM_NEW(pictures, n));
    TRY(MEM_NEW(list, n));
    for (int64_t i = 0; i < n; i++) {
        TRY(view_picture(&pictures[i], &k->done, &s[i], k->size, false));
        list[i] = &pictures[i];
    }
    TRY(latent_space_encode(k->space, x, list, n));
done:
    for (int64_t i = 0; pictures && i < n; i++) image_clear(&pictures[i]);
    mem_free(pictures);
    mem_free(list);
    return st;
}

/* |J_dec(z) grad|: what the gradient of the latent does to each pixel (the study's appendix H). */
static jem_status importance(void *ctx, double *map, const float *x, const float *grad,
                             const saliency_request *how)
{
    jem_status st;
    latents_ctx *k = ctx;
    float *moved = NULL;

    TRY(MEM_NEW(moved, shape_count(k->size)));
    TRY(latent_space_push(k->space, moved, x, grad, k->latent, how->difference));
    k->pushed = true;
    k->difference = how->difference;
    view_reduce(map, moved, k->size.c, k->size.h * k->size.w, how->channel_mean);
done:
    mem_free(moved);
    return st;
}

static jem_status show(void *ctx, image *out, const float *x)
{
    jem_status st;
    const latents_ctx *k = ctx;
    float *decoded = NULL;

    TRY(MEM_NEW(decoded, shape_count(k->size)));
    TRY(latent_space_decode(k->space, NULL, decoded, x, 1, k->latent));
    TRY(image_init(out, k->size.h, k->size.w, k->size.c));
    image_from_floats(out, decoded);
done:
    mem_free(decoded);
    return st;
}

static void describe(const void *ctx, char *text, size_t size)
{
    const latents_ctx *k = ctx;
    snprintf(text, size, "latents of %spictures%s %" PRId64 "x%" PRId64 ", scaled by %g%s",
             k->done.grey ? "greyed " : "", k->done.resized ? " resized to" : " of", k->size.w, k->size.h, k->space->scale,
             !k->pushed     ? ""
             : k->difference ? "; gradient of the latent through the decoder, by differences"
                             : "; gradient of the latent through the decoder's exact Jacobian");
}

static void release(void *ctx) { mem_free(ctx); }

static const view_ops ops = {load, importance, show, describe, release};

jem_status view_of_latents(view *out, const latent_space *s, int64_t side)
{
    jem_status st;
    const autoencoder_spec *spec = autoencoder_get_spec(s->codec->vae);
    const int64_t factor = autoencoder_factor(spec);
    latents_ctx *k = NULL;

    if (side == 0) side = s->picture;
    if (side % factor)
        return jem_error(JEM_EUSAGE,
                         "pictures of %" PRId64 "x%" PRId64 ": this autoencoder takes sides that are "
                         "multiples of %" PRId64, side, side, factor);
    TRY(MEM_NEW(k, 1));
    *k = (latents_ctx){.space = s,
                       .size = {spec->image_channels, side, side},
                       .latent = latent_space_shape(s, side, side)};
    *out = (view){side, side, k->latent, &ops, k};
done:
    return st;
}
