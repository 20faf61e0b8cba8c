/* Weight norm (Salimans and Kingma 2016): the weights of an output channel are w = g V / |V|.
 *
 *   dg = <dw, V> / |V|,   dV = g/|V| (dw - V <dw, V> / |V|^2)
 *
 * |V| is not less than 1e-6, as in TensorFlow's l2_normalize: V = 0 makes w = 0. */
#ifndef NN_WEIGHT_NORM_H
#define NN_WEIGHT_NORM_H

#include <stdint.h>

#include "jem/tensor.h"

/* One layer's rows, `each` weights long, in vectors of doubles (JEM_F64) or floats (JEM_F32).  Sums are in double. */
typedef struct weight_norm {
    jem_dtype dtype;
    int64_t rows, each;
} weight_norm;

/* w [rows][each] <- of V [rows][each] and g [rows]; w may be V. */
void weight_norm_apply(const weight_norm *n, void *w, const void *v, const void *g);
/* d [rows][each], the gradient to w, becomes that to V; dg [rows] <- that to g. */
void weight_norm_gradient(const weight_norm *n, void *d, void *dg, const void *v, const void *g);

#endif
