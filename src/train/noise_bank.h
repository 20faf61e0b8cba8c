/* Starts of chains of a JEM on latents: each is one of a bank of encodings of pictures of
 * uniform noise (the study's B.4), which jem data encode made once, so that training needs no
 * autoencoder.  A run's checkpoints hold the bank that it began with. */
#ifndef TRAIN_NOISE_BANK_H
#define TRAIN_NOISE_BANK_H

#include "data/dataset.h"
#include "sample/replay_buffer.h"

typedef struct noise_bank {
    int64_t n, channels, height, width;
    float *latents; /* [n][c][h][w] in network units; NULL: no bank */
} noise_bank;
#define NOISE_BANK_INIT {0, 0, 0, 0, NULL}

/* Reads the bank of the folder of latents that `o` names.  JEM_EUSAGE if that is no folder of
 * latents; JEM_EDATA if it has no bank, or one that is unfinished or damaged. */
jem_status noise_bank_read(noise_bank *b, const data_options *o);
void noise_bank_clear(noise_bank *b); /* NOISE_BANK_INIT is fine */
/* *n <- how many entries that bank has; fails in the same way. */
jem_status noise_bank_count(int64_t *n, const data_options *o);

/* Borrows b.  A start is an entry, drawn with replacement. */
chain_start noise_bank_start(const noise_bank *b);

/* Tensor "noise_bank" [n,c,h,w]; the bank must live until the writer has saved. */
jem_status noise_bank_save(const noise_bank *b, safetensors_writer *w);
/* Into *out, of any n; JEM_EDATA if there is none, or of latents of another shape. */
jem_status noise_bank_load(noise_bank *out, const safetensors *f, int64_t channels,
                           int64_t height, int64_t width);

#endif
