/* --vae: the autoencoder in whose latent space runs live, for the commands that show them
 * pictures or look at theirs. */
#ifndef CLI_RUN_LATENTS_H
#define CLI_RUN_LATENTS_H

#include "cli/cli.h"
#include "latent/latent_space.h"

/* As typed; NULL: not given. */
typedef struct latent_flags {
    const char *vae;       /* --vae FILE */
    const char *precision; /* --vae-precision f32|bf16 */
    const char *cache;     /* --vae-cache FILE, of commands that keep latents */
} latent_flags;
/* Their rows in a command's table. */
#define LATENT_OPTIONS(type, field)                                                                \
    {"--vae", CLI_TEXT, offsetof(type, field.vae), "FILE", .help = "weights of the autoencoder of runs on latents"}, \
    {"--vae-precision", CLI_TEXT, offsetof(type, field.precision), "f32|bf16", .help = "its precision"}

enum { LATENT_CACHE_BYTES = 1 << 30 };

/* Loads the autoencoder, if one is named; signals then stop its encoding (cli_catch_signals).
 * threads: of --threads, or CLI_NONE.  keep: file that what is encoded is kept in where
 * --vae-cache names none; NULL: nothing is kept. */
jem_status run_latents_open(latent_codec *out, const latent_flags *f, int64_t threads,
                            const char *keep);

#endif
