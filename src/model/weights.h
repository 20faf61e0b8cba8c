/* Parameters of a graph in safetensors files. */
#ifndef MODEL_WEIGHTS_H
#define MODEL_WEIGHTS_H

#include "model/wrn.h"
#include "tensor/safetensors.h"

/* Adds every parameter of `g` under prefix + state-dict name (prefix "" for
 * weights).  `params` is borrowed until the writer has saved. */
jem_status weights_add(safetensors_writer *w, const graph *g, const float *params,
                       const char *prefix);
/* The reverse; every parameter must be there with its shape and finite. */
jem_status weights_get(float *params, const graph *g, const safetensors *f, const char *prefix);

/* Opens a file of weights, as jem or others wrote it: names may carry what PyTorch's wrappers put
 * into them (safetensors_unwrap_names). */
jem_status weights_open(safetensors **out, const char *path);

/* Refuses tensors that belong neither to `g` nor to the unused heads, nor to
 * training state (replay_buffer, noise_bank, adam.*, sgd.*, train.*, ema.*). */
jem_status weights_check_names(const graph *g, const safetensors *f);

/* The spec as metadata "jem.<key>". */
jem_status weights_put_spec(safetensors_writer *w, const model_spec *spec);
jem_status weights_get_spec(model_spec *spec, const safetensors *f);

#endif
