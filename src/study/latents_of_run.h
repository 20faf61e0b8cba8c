/* The latent space that a run lives in, where it does. */
#ifndef STUDY_LATENTS_OF_RUN_H
#define STUDY_LATENTS_OF_RUN_H

#include "latent/latent_space.h"
#include "run/run.h"

/* The run's latent space, by the codec's autoencoder.  JEM_EUSAGE if it lives on latents and the codec has
 * none (`why` says what it is needed for), or if it has one and the run lives on pictures; JEM_EDATA
 * if it is another one.  *lives is false for a run on pictures. */
jem_status latents_of_run(latent_space *out, bool *lives, latent_codec *c, const run *r,
                          const char *why);

#endif
