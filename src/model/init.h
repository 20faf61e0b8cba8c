/* Values that parameters begin with, by their role and fan. */
#ifndef MODEL_INIT_H
#define MODEL_INIT_H

#include "nn/graph.h"

/* PyTorch's default: weights and biases of convolutions and linear layers are
 * uniform on +-1/sqrt(fan_in); norms 1 and 0; running mean 0, variance 1. */
void params_init(float *params, const graph *g, uint64_t seed);

/* Weights, and what is normal anyway, normal with deviation `std`, biases 0, norms 1 and 0. */
void params_init_normal(float *params, const graph *g, double std, uint64_t seed);

/* Values that any program can recompute from a tensor's name (FNV-1a of the
 * name, then an integer hash of the index): for golden files.
 *   v_i in [-1,1); weights gain/sqrt(fan_in) v, norm weights 1 + 0.1 v, 1-D
 *   biases 0.1 v. */
void hash_values(double *v, int64_t n, const char *name);
/* params, the flat vector of g, <- those of all its tensors by their names. */
void params_init_hash(double *params, const graph *g, double gain);
/* The same rounded to float32. */
jem_status params_init_hash_f32(float *params, const graph *g, double gain);

#endif
