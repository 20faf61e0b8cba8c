/* What a model is and takes, known before it is made: layers, arithmetic, algorithms and
 * memory.  Plans are compiled but no workspace and no parameter is allocated. */
#ifndef MODEL_OUTLINE_H
#define MODEL_OUTLINE_H

#include "model/model.h"

enum { OUTLINE_TEXT = 64 };

/* One operation with parameters, or one that changes a value's shape. */
typedef struct layer_outline {
    char name[OUTLINE_TEXT]; /* of its parameters, or of its value; "" if it has neither */
    char kind[OUTLINE_TEXT]; /* "conv 3x3 /2 + lrelu": with what runs in the same step */
    shape out;               /* of one image's value */
    int64_t params;          /* trained ones */
    double flops;            /* of one image's forward pass */
    int node;                /* of the graph */
    jem_dtype dtype;         /* of the value */
    /* What the backend runs; "" where there is no such step.  To input as in a chain,
     * to weights as in training. */
    char forward[OUTLINE_TEXT], to_input[OUTLINE_TEXT], to_weights[OUTLINE_TEXT];
} layer_outline;

/* *l <- what node i of the graph says alone: what plans make of it is left empty. */
void layer_outline_of(layer_outline *l, const graph *g, int i);

/* One use of the model on all its threads, in bytes of the host's memory: 0 where they are a
 * device's. */
typedef struct use_outline {
    int64_t chunk;     /* images per thread and pass */
    size_t workspaces; /* values, gradients, scratch */
    size_t gradients;  /* of a layer's parameters, before they are summed; MODEL_TRAIN only */
    size_t packed;     /* weights in the backend's own format */
    size_t packed_beside_chain; /* of them, what MODEL_CHAIN does not keep anyway */
    int kernels;       /* steps, each with a little memory of its own */
} use_outline;

typedef struct model_outline {
    model_spec spec;
    int threads;
    int64_t elements, trained; /* length of the flat vector; what is trained of it */
    double flops;              /* of one image's forward pass */
    bool couples_images;       /* batch norm */
    int64_t norm_inputs, norm_largest; /* elements per image that ActNorm's first step keeps:
                                          of all such layers, and of the largest */
    use_outline uses[MODEL_USES];
    layer_outline *layers; /* [layer_count], owned */
    int layer_count;
} model_outline;
#define MODEL_OUTLINE_INIT {.layers = NULL}

/* For training with `batch` labelled images and `generative` ones of each kind, which
 * matters where a pass holds a whole batch.  JEM_EUSAGE as model_new. */
jem_status model_outline_init(model_outline *out, const model_spec *spec, const engine_spec *engine,
                              int64_t batch, int64_t generative);
void model_outline_clear(model_outline *o); /* MODEL_OUTLINE_INIT is fine */

#endif
