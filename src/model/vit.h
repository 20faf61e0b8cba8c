/* Vision transformers (Dosovitskiy et al. 2021) as torchvision has them: names and order of its tensors, LayerNorm
 * (eps 1e-6) before each branch, exact GELU; what becomes of the class token is classified. */
#ifndef MODEL_VIT_H
#define MODEL_VIT_H

#include "model/imagenet.h"

typedef struct vit_size {
    int64_t width, heads, hidden; /* channels of a token; heads that share them; channels between the dense layers */
    int blocks;                   /* a multiple of four */
} vit_size;

/* What model_spec.settings is for these networks. */
typedef struct vit_settings {
    imagenet_settings input; /* of vit-b-16 alone; the first, where imagenet_begin looks */
    int64_t patch;           /* side of the squares that become tokens, pixels */
} vit_settings;

/* The graph of that size for the sizes and settings of `spec`, behind `x` of `g`, which it takes.
 * JEM_EUSAGE where squares do not cover the picture. */
jem_status vit_graph(graph **out, graph *g, int x, const model_spec *spec, const vit_size *size);

/* B/16: 768 channels, 12 blocks.  Micro: a size for two cores, 64 channels and 4 blocks. */
extern const network network_vit_b_16, network_vit_micro;

#endif
