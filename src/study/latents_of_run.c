/* Runs on latents and their autoencoder: see latents_of_run.h. */
#include "study/latents_of_run.h"

jem_status latents_of_run(latent_space *out, bool *lives, latent_codec *c, const run *r,
                          const char *why)
{
    const run_latents *l = &r->info.latents;

    *lives = l->vae[0] != '\0';
    if (*lives && !c->vae)
        return jem_error(JEM_EUSAGE,
                         "%s: lives in the latent space of the autoencoder %s; %s needs its weights: "
                         "name their file", r->path, l->vae, why);
    if (!*lives && c->vae)
        return jem_error(JEM_EUSAGE, "%s: was trained on pictures; leave the autoencoder out", r->path);
    if (!*lives) return JEM_OK;
    model_set_stop(r->m, c->stop);
    return latent_space_init(out, c, l->vae, l->scale, l->picture, r->path);
}
