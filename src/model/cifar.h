/* What the classifiers of CIFAR-10 have in common: the networks of Hysts' pytorch_image_classification,
 * with its blocks, names and first weights.
 *
 * As published they have batch norms, rectifiers and the pictures' mean and deviation at the input;
 * settings turn each of them off or into something else, so that the same networks are trained along
 * alpha beside the wide ones of the JEM code. */
#ifndef MODEL_CIFAR_H
#define MODEL_CIFAR_H

#include "model/network.h"

typedef struct cifar_settings {
    int norm;      /* norm_kind */
    double slope;  /* of rectifiers, below 0 */
    int64_t width; /* channels of the first stage, or of what comes before it */
    int input;     /* index into pixels|own */
} cifar_settings;

/* The table of these settings with the width as published. */
#define CIFAR_OPTIONS(width_as_text, width_is)                                                     \
    {"norm", OPTION_CHOICE, offsetof(cifar_settings, norm), "batch", 0, 0,                         \
     "none|batch|instance|layer|act", "normalisation; without one all convolutions have biases"},  \
    {"slope", OPTION_REAL, offsetof(cifar_settings, slope), "0", 0, 1, NULL,                       \
     "of the rectifiers for values below 0; 0.2 in the JEM code"},                                 \
    {"width", OPTION_INT, offsetof(cifar_settings, width), width_as_text, 1, 4096, NULL, width_is}, \
    {"input", OPTION_CHOICE, offsetof(cifar_settings, input), "pixels", 0, 0, "pixels|own",        \
     "pixels: from -1 to 1, made CIFAR-10's normalised values; own: as they come, of any channels"}, \
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL}

/* The sizes that they were published with: 10 classes, pictures of 3x32x32. */
extern const model_spec cifar_usual;

const cifar_settings *cifar_settings_of(const model_spec *spec);

/* *g, owned <- a graph with its input; *x <- the node with what the first convolution sees, by
 * model.input.  JEM_EUSAGE where pixels are not of three channels. */
jem_status cifar_begin(graph **g, int *x, const model_spec *spec);

/* A layer is called PREFIX.NAME, or NAME where the prefix is "".  Convolutions pad by half of their
 * kernel, and have a bias only where there is no norm. */
typedef struct cifar_conv {
    int64_t out, kernel, stride, groups;
} cifar_conv;
int cifar_convolve(graph *g, int x, const cifar_settings *s, const char *prefix, const char *name, cifar_conv c);
int cifar_norm(graph *g, int x, const cifar_settings *s, const char *prefix, const char *name);
int cifar_norm_rectify(graph *g, int x, const cifar_settings *s, const char *prefix, const char *name);

/* The end: the mean over the map (head `features`), the linear layer `fc`, and network_finish. */
jem_status cifar_finish(graph **out, graph *g, int x, const model_spec *spec);

/* network.init: weights normal with deviation sqrt(2 / fan out), biases of linear layers 0, the rest
 * as params_init; without norms all of it as params_init, as in the JEM code. */
void cifar_init(float *params, const graph *g, const model_spec *spec, uint64_t seed);

extern const network network_vgg, network_vgg_small, network_resnet, network_resnet_preact, network_resnext;

#endif
