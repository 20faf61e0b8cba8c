/* Pictures into shards of latents: see picture_encoding.h. */
#include "latent/picture_encoding.h"

#include <inttypes.h>
#include <math.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"

typedef struct encoder {
    autoencoder *vae;
    int64_t side;
} encoder;

static jem_status encode_batch(void *ctx, const float *x, int64_t n, float *mean)
{
    const encoder *e = ctx;
    return autoencoder_encode(e->vae, (autoencoder_batch){n, e->side, e->side}, x, mean, NULL);
}

static jem_status check_side(int64_t side, const autoencoder *vae)
{
    const int64_t factor = autoencoder_factor(autoencoder_get_spec(vae));
    if (side >= factor && side <= PICTURE_ENCODING_SIDE && side % factor == 0) return JEM_OK;
    return jem_error(JEM_EUSAGE, "pictures of side %" PRId64 ": this autoencoder takes sides that are multiples of %" PRId64
                                 " up to %d", side, factor, PICTURE_ENCODING_SIDE);
}

static latent_job job_of(const picture_encoding *q, encoder *e)
{
    enum { DECODERS = 4 };
    const autoencoder_spec *s = autoencoder_get_spec(e->vae);
    const int64_t side = q->side / autoencoder_factor(s), at_once = autoencoder_at_once(e->vae);
    latent_job j = {.out = q->out,
                    .format = {.scale = isnan(q->scale) ? s->latent_scale : q->scale,
                               .picture = q->side,
                               .channels = s->latent,
                               .height = side,
                               .width = side,
                               .flip = q->flip,
                               .dtype = q->dtype},
                    .kernel = q->kernel,
                    .encode = encode_batch,
                    .encoder = e,
                    .batch = q->batch ? q->batch : at_once,
                    .per_shard = q->per_shard,
                    .noise = q->noise,
                    .threads = at_once < DECODERS ? (int)at_once : DECODERS,
                    .skip_damaged = q->skip_damaged,
                    .stop = q->stop,
                    .watch = q->watch};
    autoencoder_hash(e->vae, j.format.vae);
    return j;
}

jem_status pictures_encode(shard_index *index, const picture_encoding *q)
{
    jem_status st;
    imagenet m = IMAGENET_INIT;
    encoder e = {q->vae, q->side};
    char *folder = NULL;

    TRY(check_side(q->side, q->vae));
    TRY(path_trim(&folder, q->folder));
    TRY(imagenet_list(&m, folder, q->labels, false));
    latent_job j = job_of(q, &e);
    j.source = folder;
    j.images = &m;
    TRY(latent_encode(index, &j));
done:
    imagenet_clear(&m);
    mem_free(folder);
    return st;
}
