/* The wide residual networks of the JEM code and the study.
 * Structure, names and heads: Grathwohl et al. 2020 (wideresnet.py); the gloss
 * head is concat-ELU, projection, classifier. */
#ifndef MODEL_WRN_H
#define MODEL_WRN_H

#include "base/options.h"
#include "nn/graph.h"

typedef enum pool_kind { POOL_FIXED, POOL_ADAPTIVE, POOL_SUM } pool_kind;

/* Filled from the keys model.* (model_options) and from the data set. */
typedef struct model_spec {
    char name[OPTION_STRING_MAX]; /* wrn-DEPTH-WIDTH, depth = 6n + 4 */
    int norm;       /* norm_kind */
    double dropout;
    int pool;       /* pool_kind: 8x8 windows, one window, or one sum */
    int64_t proj;   /* D of the gloss head, 0 = none */
    int64_t classes, channels, height, width; /* from the data */
} model_spec;

extern const option model_options[]; /* name, norm, dropout, pool, proj */

jem_status wrn_build(graph **out, const model_spec *spec);

#endif
