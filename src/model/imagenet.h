/* What the classifiers of photographs have in common: networks that others published with weights,
 * whose parameters have the names of those files.
 *
 * jem's pictures are values from -1 to 1; each network was trained on values of its own, which its
 * first operation makes of them (model.input: pixels), so that chains, maps and pictures mean the
 * same for all networks.  model.input: own leaves that to whoever hands the values in. */
#ifndef MODEL_IMAGENET_H
#define MODEL_IMAGENET_H

#include "model/network.h"

typedef struct imagenet_settings {
    int input; /* index into pixels|own */
} imagenet_settings;
extern const option imagenet_options[];
/* The key model.input, for networks whose settings begin with these. */
#define IMAGENET_INPUT                                                                             \
    {"input", OPTION_CHOICE, offsetof(imagenet_settings, input), "pixels", 0, 0, "pixels|own",     \
     "what comes in: pixels from -1 to 1, or values as the network was trained on"}

/* The sizes that they were published with: 1000 classes, pictures of 3x224x224. */
extern const model_spec imagenet_usual;

/* *g, owned <- a graph with its input; *x <- the node with the network's own values,
 * own[c][0] v + own[c][1] of a pixel v of channel c.  own is borrowed as long as the graph and its
 * plans.  JEM_EUSAGE for other than three channels. */
jem_status imagenet_begin(graph **g, int *x, const model_spec *spec, const double (*own)[2]);
/* torchvision's values: (u8/255 - mean) / standard deviation of ImageNet's channels. */
extern const double imagenet_own[3][2];

/* A convolution to `out` channels, kernel x kernel. */
conv_shape imagenet_conv(int64_t out, int64_t kernel, int64_t stride, int64_t pad);

extern const network network_resnet18, network_resnet50, network_efficientnet_lite0, network_alexnet,
    network_vgg16, network_squeezenet, network_inception_fid;

#endif
