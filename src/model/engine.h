/* An engine: what computes a model, as its settings say, and which plan each use of the model needs
 * there.  One answer for the model, which runs the plans, and for the outline, which only looks at
 * them. */
#ifndef MODEL_ENGINE_H
#define MODEL_ENGINE_H

#include "base/options.h"
#include "nn/plan.h"

typedef struct engine_spec {
    int64_t threads; /* 0: all processors */
    int64_t chunk;   /* images per thread and pass; 0: chosen by workspace size */
    char device[OPTION_STRING_MAX]; /* what computes: see backend_find */
    int precision;   /* index into f32|bf16|f64; f64 for jem_model_* means: not supported */
    int convolution; /* index into fast|direct */
    bool deterministic; /* GPU: algorithms by rule instead of by measurement */
} engine_spec;
extern const option engine_options[]; /* engine.threads, engine.chunk, engine.device,
                                         engine.precision, engine.convolution,
                                         engine.deterministic */

typedef enum model_use {
    MODEL_INFER, /* forward, evaluation mode */
    MODEL_CHAIN, /* forward, backward to inputs, evaluation mode */
    MODEL_CHAIN_TRAIN, /* the same in training mode, where batch norm couples the images */
    MODEL_TRAIN  /* forward, backward to parameters, training mode */
} model_use;
enum { MODEL_USES = 4 };

/* Must a training pass hold all its images in one chunk (batch norm)? */
bool engine_whole_batch(const graph *g, int use);

/* *out, owned <- the plan of `use` (a model_use, or more for forward passes that keep `features`,
 * NULL-terminated, else NULL) for batches of n images: plan_batch is the chunk.  JEM_EUSAGE as
 * plan_compile. */
jem_status engine_plan(plan **out, const graph *g, const backend *b, const engine_spec *e, int use,
                       int64_t n, const char *const *features);

#endif
