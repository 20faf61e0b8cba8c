/* Pictures into shards of latents, in batches of the network; and behind them pictures of uniform noise
 * on [-1,1], where Langevin chains begin (the study's B.4). */
#ifndef DATA_SHARDS_ENCODE_H
#define DATA_SHARDS_ENCODE_H

#include "data/shards/fill.h"

/* n pictures x [n,3,s,s] in [-1,1] -> the posterior's means [n,c,h,w], not scaled. */
typedef jem_status (*latent_encoder)(void *ctx, const float *x, int64_t n, float *mean);

typedef struct latent_job {
    const char *source, *out; /* folder of the pictures; folder of the latents */
    const imagenet *images;   /* of `source` */
    shard_format format;
    image_kernel kernel;
    latent_encoder encode;
    void *encoder;
    int64_t batch;     /* pictures per call of encode */
    int64_t per_shard; /* pictures */
    int64_t noise;     /* pictures of noise; 0: what the folder may have of them is enough */
    int threads;       /* that decode */
    bool skip_damaged; /* leave damaged pictures out instead of failing */
    const volatile sig_atomic_t *stop; /* nonzero: stop soon; NULL: never */
    shard_watch watch; /* told after every picture */
} latent_job;

/* Encodes what is still to be done; beginning, going on and having finished are one call.
 * *index <- the folder's, owned (shard_index_clear).
 * JEM_EUSAGE if the folder holds latents of other pictures or settings; JEM_EDATA names a
 * damaged picture; JEM_EINTERRUPTED: what is finished is safe, the same call goes on. */
jem_status latent_encode(shard_index *index, const latent_job *j);

#endif
