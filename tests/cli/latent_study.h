/* A study of small runs on latents, for tests of the commands that use such runs. */
#ifndef CLI_LATENT_STUDY_H
#define CLI_LATENT_STUDY_H

#include "cli/program.h"
#include "data/pictures.h"
#include "support/folder.h"
#include "support/small_vae.h"

/* "in": 12 pictures of two classes; "vae.safetensors"; "z": their latents, 4 x 8 x 8, and those of
 * 6 pictures of noise; "c.yaml". */
static inline void prepare_latents(void)
{
    static const char *const dirs[] = {"in", "in/train", "in/train/cat", "in/train/dog", "in/val",
                                       "in/val/cat", "in/val/dog"};
    char name[64];

    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) make_dir(folder, dirs[i]);
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "in/%s/%s/%02d.jpg", i < 16 ? "train" : "val",
                 i % 2 ? "dog" : "cat", i);
        bytes b = jpeg_bytes(40 + i, 44, 3);
        write_file(folder, name, b.data, b.size);
        free(b.data);
    }
    write_small_vae(folder, "vae.safetensors", 8);
    write_text(folder, "c.yaml", "model: {name: wrn-10-1, pool: adaptive}\n"
                                 "data: {kind: latents, crop: false, flip: false}\n"
                                 "sampler: {steps: 2, buffer_size: 20, clip: false}\n"
                                 "train: {batch: 8, iterations: 2, lr: 1e-3, warmup: 2}\n");
    program_works(folder, "data encode %D/in --vae %D/vae.safetensors --out %D/z --size 32 "
                          "--noise 6");
}

/* And "run", trained on them. */
static inline void prepare_latent_run(void)
{
    prepare_latents();
    program_works(folder, "train %D/c.yaml --set data.path=%D/z --out %D/run");
}

#endif
