/* What an open model is made of: facts, layers, the values inside it, its weights by name.
 *
 *   jem_model_facts f = JEM_MODEL_FACTS_INIT;
 *   jem_model_describe(&f, m);
 *   printf("%s, %lld parameters, %.3g FLOPs an image\n", f.name, (long long)f.parameters, f.flops);
 *
 * Nothing here computes: any thread may ask at any time until the model is freed. */
#ifndef JEM_INSPECT_H
#define JEM_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/model.h"
#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Texts are the model's, borrowed until it is freed. */
typedef struct jem_model_facts {
    size_t size;           /* of this struct; JEM_MODEL_FACTS_INIT sets it */
    const char *name;      /* model.name: "wrn-16-1" */
    const char *device;    /* what computes: "cpu", "ref", "cuda" */
    const char *precision; /* of its products: "f32", "bf16" */
    int64_t threads;
    int64_t parameters;    /* trained ones */
    double flops;          /* of one image's forward pass; a product and its sum are two */
    int64_t layers, values, weights; /* how many of each there are below */
    /* Of the run that it came from; NULL, NaN and -1 where it came from a file of weights, or was imported. */
    double alpha;
    int64_t seed;
    int64_t iteration;       /* of the selected weights, as the two below */
    double epoch;
    double selection;        /* the score that selected them, larger is better; NaN: the last were taken */
    const char *selected_by; /* "val_accuracy", ... */
} jem_model_facts;

#define JEM_MODEL_FACTS_INIT \
    {sizeof(jem_model_facts), NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL}

JEM_API jem_status jem_model_describe(jem_model_facts *out, const jem_model *m);

enum { JEM_LAYER_TEXT = 64 };

/* One operation with parameters, or one that changes the shape. */
typedef struct jem_layer {
    size_t size;               /* of this struct; JEM_LAYER_INIT sets it */
    char name[JEM_LAYER_TEXT]; /* of its weights: "f.layer2.0.conv1"; "" where it has none */
    char kind[JEM_LAYER_TEXT]; /* "conv 3x3 /2" */
    int64_t shape[3];          /* channels, height, width of what it gives for one image */
    int64_t parameters;        /* trained ones */
    double flops;              /* of one image's forward pass */
} jem_layer;

#define JEM_LAYER_INIT {sizeof(jem_layer), {0}, {0}, {0, 0, 0}, 0, 0}

/* *out <- layer number `index`, from 0, in the order of computing.  JEM_EUSAGE beyond them. */
JEM_API jem_status jem_model_layer_at(jem_layer *out, const jem_model *m, int64_t index);

/* A named value inside the network: what jem_model_features gives. */
typedef struct jem_value {
    size_t size;      /* of this struct; JEM_VALUE_INIT sets it */
    const char *name; /* borrowed until the model is freed */
    int64_t shape[3]; /* channels, height, width of one image's */
    bool stage;       /* perceptual distances compare it */
    bool head;        /* a vector that linear probes and Frechet distances look at */
} jem_value;

#define JEM_VALUE_INIT {sizeof(jem_value), NULL, {0, 0, 0}, false, false}

/* The same of values. */
JEM_API jem_status jem_model_value_at(jem_value *out, const jem_model *m, int64_t index);

/* A tensor of the model's parameters, under its state-dict name. */
typedef struct jem_weight {
    size_t size;      /* of this struct; JEM_WEIGHT_INIT sets it */
    const char *name; /* "f.conv1.weight"; borrowed until the model is freed */
    int ndim;
    int64_t shape[4]; /* [ndim], in PyTorch's order */
    int64_t count;    /* elements */
    bool trained;     /* else a running statistic */
} jem_weight;

#define JEM_WEIGHT_INIT {sizeof(jem_weight), NULL, 0, {0, 0, 0, 0}, 0, false}

/* The same of weights. */
JEM_API jem_status jem_model_weight_at(jem_weight *out, const jem_model *m, int64_t index);
/* dst [count] <- the values of the tensor `name`, as the model's file or run has them.  JEM_EUSAGE for an
 * unknown name; the message says which is nearest. */
JEM_API jem_status jem_model_weight_read(float *dst, const jem_model *m, const char *name);

/* ---- what a file or folder is */

/* Texts are owned by it. */
typedef struct jem_path_facts {
    const char *kind; /* "npy", "npz", "safetensors", "pytorch", "picture", "cifar10 batch", "run", "study" */
    const char *text; /* what it is, in lines, as `jem info` prints them */
    const char *json; /* the same as an object: "kind", and
                         of arrays and weights "arrays" (name, dtype, shape, min, max, not_finite), "finite"; of weights
                         "values" and "metadata", too;
                         of a picture "format", "width", "height", "min", "max";
                         of a CIFAR-10 batch "images", "labels" (images of each class);
                         of a run "status", "message", "model", "parameters", "input", "classes", "class_names", "id",
                         "settings_hash", "imported", "scores" (how many), and if jem trained it "alpha", "seed", "data",
                         "begun_from", "iteration", "iterations", "epoch", "wall_s", "selected" (null: nothing yet);
                         of a study "runs" (name, alpha, seed, status, iteration, iterations; or name, trouble).
                         A status is "running", "killed", "finished", ...; what is not finite is null */
    void *owner;
} jem_path_facts;

#define JEM_PATH_FACTS_INIT {NULL, NULL, NULL, NULL}

/* *out <- what the file, run or study `path` is: jem_path_facts_clear.  Reads all of a file.  JEM_EDATA for what is damaged or
 * unknown to jem; of folders of data jem_data_check says more. */
JEM_API jem_status jem_info(jem_path_facts *out, const char *path);
JEM_API void jem_path_facts_clear(jem_path_facts *f); /* NULL and JEM_PATH_FACTS_INIT are fine */

#ifdef __cplusplus
}
#endif
#endif
