/* The residual network of Storrs et al. 2021: see gloss_resnet.c. */
#ifndef MODEL_GLOSS_RESNET_H
#define MODEL_GLOSS_RESNET_H

#include "model/network.h"

/* Keys model.* beside model.name. */
typedef struct gloss_resnet_settings {
    int64_t proj, width, blocks; /* D; channels; blocks of a stage */
    int64_t together;            /* images whose statistics are taken together in evaluation */
} gloss_resnet_settings;

extern const network network_gloss_resnet;

#endif
