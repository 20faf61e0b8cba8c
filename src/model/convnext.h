/* ConvNeXt (Liu et al. 2022) as timm has it: names, order and numbers of its tensors, LayerNorm over
 * channels (eps 1e-6), exact GELU, trained scales that begin at 1e-6. */
#ifndef MODEL_CONVNEXT_H
#define MODEL_CONVNEXT_H

#include "model/network.h"

enum { CONVNEXT_STAGES = 4 };

/* Channels and blocks of the stages. */
typedef struct convnext_size {
    int64_t dims[CONVNEXT_STAGES];
    int depths[CONVNEXT_STAGES];
} convnext_size;

/* What model_spec.settings is for these networks. */
typedef struct convnext_settings {
    int patch;        /* index into 1|2|4 */
    double drop_path; /* rate of the last block; those before it rise to it from 0 */
} convnext_settings;

/* The graph of that size for the sizes and settings of `spec`, whose name does not matter.
 * JEM_EUSAGE if the pictures are too small for its stages. */
jem_status convnext_graph(graph **out, const model_spec *spec, const convnext_size *size);

/* Tiny: 96 to 768 channels, 18 blocks.  Micro: a size for two cores, about the FLOPs of wrn-10-1. */
extern const network network_convnext_tiny, network_convnext_micro;

#endif
