/* Inception v3 as Clean-FID uses it (Parmar et al. 2022): pictures resized to 299x299 by Pillow's bicubic
 * without quantisation, (v - 128) / 128, 2,048 features. */
#ifndef FID_FID_NETWORK_H
#define FID_FID_NETWORK_H

#include <signal.h>

#include "base/sha256.h"
#include "fid/fid_pictures.h"
#include "fid/fid_statistics.h"
#include "model/model.h"

typedef struct fid_network {
    model *m;
    char hash[SHA256_HEX]; /* of the weights file */
    int precision;         /* of the engine */
} fid_network;
#define FID_NETWORK_INIT {NULL, "", 0}

/* Loads pytorch-fid's weights in any form that jem reads (tensor_file.h).  JEM_EDATA: they cannot be read,
 * or are another network's; JEM_EUSAGE as model_new. */
jem_status fid_network_open(fid_network *out, const char *weights, const engine_spec *engine);
void fid_network_clear(fid_network *n); /* FID_NETWORK_INIT is fine */

/* *out <- the statistics of all pictures.  Shows progress as `label`.  Warns, naming `label`, of
 * fewer pictures than features.  JEM_EDATA for fewer than two pictures, and the first that cannot be read;
 * JEM_EINTERRUPTED if the model was stopped. */
jem_status fid_describe(fid_statistics *out, const fid_network *n, const fid_pictures *p, const char *label);

#endif
