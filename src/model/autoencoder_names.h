/* What an autoencoder's tensors are called in files: three generations of names. */
#ifndef MODEL_AUTOENCODER_NAMES_H
#define MODEL_AUTOENCODER_NAMES_H

#include "tensor/safetensors.h"

enum { AUTOENCODER_NAME_MAX = 160 };

typedef enum autoencoder_naming {
    NAMING_NOW,   /* diffusers: mid_block.attentions.0.to_q */
    NAMING_OLD,   /* diffusers before 0.17: mid_block.attentions.0.query */
    NAMING_LATENT /* latent-diffusion code: mid.attn_1.q, up blocks counted from the other end */
} autoencoder_naming;
enum { AUTOENCODER_NAMINGS = 3 };

/* The name that `naming` has for what diffusers calls `name` today. */
void autoencoder_name(char out[AUTOENCODER_NAME_MAX], const char *name, autoencoder_naming naming,
                      int levels);

/* The tensor's number in a file of whatever naming, -1 if it is not there. */
int autoencoder_find_tensor(const safetensors *f, const char *name, int levels);

#endif
