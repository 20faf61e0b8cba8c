/* The wide residual networks of the JEM code and the study.
 * Structure, names and heads: Grathwohl et al. 2020 (wideresnet.py); the gloss
 * head is concat-ELU, projection, classifier. */
#ifndef MODEL_WRN_H
#define MODEL_WRN_H

#include "model/network.h"

typedef enum pool_kind { POOL_FIXED, POOL_ADAPTIVE, POOL_SUM } pool_kind;

/* What model_spec.settings is for these networks. */
typedef struct wrn_settings {
    int norm;       /* norm_kind */
    double dropout;
    int pool;       /* pool_kind: 8x8 windows, one window, or one sum */
    int64_t proj;   /* D of the gloss head, 0 = none */
} wrn_settings;

/* model.name is wrn-DEPTH-WIDTH with DEPTH = 6n + 4.  Stages layer1, layer2, layer3; heads features
 * and, with model.proj, proj. */
extern const network network_wrn;

#endif
