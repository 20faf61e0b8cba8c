/* Runs on latents and their autoencoder: see run_latents.h. */
#include "cli/run_latents.h"
#include "cli/startup.h"

#include <stdio.h>
#include <string.h>

#include "base/try.h"

static jem_status parse_precision(int *out, const char *text)
{
    *out = text && strcmp(text, "bf16") == 0;
    if (!text || *out || strcmp(text, "f32") == 0) return JEM_OK;
    return jem_error(JEM_EUSAGE, "--vae-precision: '%s' is unknown; choose f32 or bf16", text);
}

jem_status run_latents_open(latent_codec *out, const latent_flags *f, int64_t threads,
                            const char *keep)
{
    jem_status st;
    engine_spec engine = {.threads = 0, .device = "cpu"};
    latent_codec c = LATENT_CODEC_INIT;

    if (!f->vae && (f->precision || f->cache))
        return jem_error(JEM_EUSAGE, "--vae-precision and --vae-cache go with --vae FILE");
    if (!f->vae) return JEM_OK;
    TRY(parse_precision(&engine.precision, f->precision));
    if (threads != CLI_NONE) engine.threads = threads;
    TRY(latent_codec_open(&c, f->vae, &engine));
    if (f->cache) keep = f->cache;
    if (keep) TRY(latent_codec_keep(&c, keep, LATENT_CACHE_BYTES));
    c.stop = cli_catch_signals();
    *out = c;
    c = (latent_codec)LATENT_CODEC_INIT;
done:
    latent_codec_clear(&c);
    return st;
}
