/* The autoencoder in whose latents a JEM of natural images lives: pictures to latents and back
 * (sd-vae-ft-mse; Rombach et al. 2022).
 *
 *   jem_autoencoder *a = NULL;
 *   jem_autoencoder_open(&a, "vae.safetensors", NULL);
 *   jem_autoencoder_encode(a, x, n, 256, 256, z, NULL);    z [n, 4, 32, 32] for a factor of 8
 *   jem_model_evaluate(m, z, n, &want);
 *
 * Pictures are floats [n, 3, height, width] in [-1, 1].  Latents are what a JEM on latents takes and gives: the
 * posterior's mean times jem_autoencoder_scale, near unit variance.  It serves one call at a time, as a model.
 * Threads share the pictures and change no bit. */
#ifndef JEM_AUTOENCODER_H
#define JEM_AUTOENCODER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/model.h"
#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jem_autoencoder jem_autoencoder;

/* Opens a safetensors or PyTorch file under the names of diffusers or of the latent-diffusion code.  `engine` may be
 * NULL.  *out is owned: jem_autoencoder_free.  JEM_EDATA names a tensor that is missing, extra, misshapen or not
 * finite. */
JEM_API jem_status jem_autoencoder_open(jem_autoencoder **out, const char *path, const jem_engine_options *engine);
/* NULL is fine; one that another thread computes with goes when that call has ended. */
JEM_API void jem_autoencoder_free(jem_autoencoder *a);

JEM_API int64_t jem_autoencoder_factor(const jem_autoencoder *a);   /* pixels a side for one of a latent's; 0 for NULL */
JEM_API int64_t jem_autoencoder_channels(const jem_autoencoder *a); /* of latents; 0 for NULL */
JEM_API double jem_autoencoder_scale(const jem_autoencoder *a);     /* latent / mean of the posterior; 0 for NULL */

/* Latents z [n, channels, height/factor, width/factor] <- n pictures x [n, 3, height, width]; logvar, of the same
 * shape or NULL, <- the posterior's log-variances, of means that are not scaled, within [-30, 20].  Sizes are in
 * pixels.  JEM_EUSAGE if the factor does not divide them. */
JEM_API jem_status jem_autoencoder_encode(jem_autoencoder *a, const float *x, int64_t n, int64_t height,
                                          int64_t width, float *z, float *logvar);
/* Pictures x [n, 3, height, width] <- latents z; sizes in pixels again.  Values may lie a little beyond [-1, 1]. */
JEM_API jem_status jem_autoencoder_decode(jem_autoencoder *a, const float *z, int64_t n, int64_t height,
                                          int64_t width, float *x);

/* ---- a folder of pictures into a set that a run on latents trains on */

/* NULL and 0 mean the defaults. */
typedef struct jem_encode_options {
    size_t size;        /* of this struct; JEM_ENCODE_INIT sets it */
    int64_t side;       /* that pictures are resized to, a multiple of the factor; 0: 256 */
    const char *labels; /* of ImageNet: the file with the classes of its validation pictures; NULL: looked for */
    bool flip;          /* mirrored pictures, too */
    bool skip_damaged;  /* leave pictures out that cannot be read; else JEM_EDATA */
    bool bilinear;      /* how pictures are resized; else bicubic */
    bool f32;           /* how latents are stored; else as f16 */
    double scale;       /* factor of the latents; 0: the autoencoder's */
    int64_t batch;      /* pictures at once; 0: as fit */
    int64_t per_shard;  /* pictures of one file; 0: 512 */
    int64_t noise;      /* encoded pictures of noise, to begin chains at; -1: 1024 */
    const volatile sig_atomic_t *stop; /* polled; nonzero: JEM_EINTERRUPTED, and the same call goes on */
    void (*watch)(void *ctx, int64_t done, int64_t pictures); /* after every picture, on the calling thread; NULL: nobody */
    void *watch_ctx;
} jem_encode_options;

#define JEM_ENCODE_INIT {sizeof(jem_encode_options), 0, NULL, false, false, false, false, 0, 0, 0, -1, NULL, NULL, NULL}

/* Shards of latents in the folder `out`, made if missing, as data.kind "latents" reads it (jem_data_check says what it
 * holds), of the pictures in `folder`: of ImageNet's layout, or with a folder for each class.  Goes on where an earlier call
 * of the same options stopped, at most a shard before; o may be NULL.  JEM_EUSAGE if `out` holds latents of other pictures or
 * options; JEM_EDATA names a damaged picture. */
JEM_API jem_status jem_autoencoder_encode_folder(jem_autoencoder *a, const char *folder, const char *out,
                                                 const jem_encode_options *o);

#ifdef __cplusplus
}
#endif
#endif
