/* Parameters of a graph in safetensors files. */
#ifndef MODEL_WEIGHTS_H
#define MODEL_WEIGHTS_H

#include "model/model.h"
#include "model/network.h"
#include "tensor/safetensors.h"

/* Adds every parameter of `g` under prefix + state-dict name (prefix "" for
 * weights).  `params` is borrowed until the writer has saved. */
jem_status weights_add(safetensors_writer *w, const graph *g, const float *params,
                       const char *prefix);
/* params <- weights, in files of published code perhaps under other names (network.find_tensor);
 * every parameter of `g`, the graph of `spec`, must be there with its shape and finite. */
jem_status weights_get(float *params, const model_spec *spec, const graph *g, const safetensors *f);
/* The same to begin a training with.  *new_head <- the head, which makes the logits, has another number
 * of classes in the file, and its parameters stay as they are. */
jem_status weights_get_begin(float *params, bool *new_head, const model_spec *spec, const graph *g, const safetensors *f);
/* What of a network's weights in a file is NaN or infinite. */
typedef struct weights_not_finite {
    char *tensor; /* the first such one by the file's name, owned; NULL: all is finite */
    double value; /* its first such value */
    int64_t tensors, values;
} weights_not_finite;

void weights_not_finite_clear(weights_not_finite *bad);
/* model_load that takes them as they are, and says so in *bad, which is clear before: to keep weights, not to
 * compute with them (a rectifier makes 0 of a NaN, and what comes out looks sound). */
jem_status model_load_any(model *m, weights_not_finite *bad, const char *path);
/* The number of the tensor that holds the parameter `name`; -1: none. */
int weights_find(const safetensors *f, const char *name, const model_spec *spec);

/* Opens a file of weights, as jem or others wrote it (tensor_file.h): names may carry what PyTorch's wrappers put
 * into them (safetensors_unwrap_names). */
jem_status weights_open(safetensors **out, const char *path);

/* Refuses tensors that belong neither to `g` nor to what its network's files hold beside it
 * (network.unused), nor to training state (replay_buffer, noise_bank, adam.*, sgd.*, train.*,
 * ema.*). */
jem_status weights_check_names(const model_spec *spec, const graph *g, const safetensors *f);

/* The spec as metadata "jem.<key>".  JEM_EUSAGE if it names a network that is not in `list`. */
jem_status weights_put_spec(safetensors_writer *w, const model_spec *spec);
/* The other way: the network is one of `list`.  JEM_EDATA if a key is missing, JEM_EUSAGE for a
 * name or value that there is not; *spec is then unchanged. */
jem_status weights_get_spec(model_spec *spec, const network *const *list, const safetensors *f);

#endif
