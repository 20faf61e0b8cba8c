/* Parameters as the golden values of published networks have them, tensor by tensor: convolutions and
 * linear layers sqrt(2 / fan) v, weights and running variances of norms 1 + 0.1 v, the rest 0.1 v, v the
 * deterministic values of the tensor's name (model/init.h). */
#ifndef TESTS_HASH_FILL_H
#define TESTS_HASH_FILL_H

#include <math.h>

#include "model/init.h"
#include "nn/graph.h"

static inline void hash_fill(double *params, const graph *g)
{
    for (int i = 0; i < g->param_count; i++) {
        const param *p = &g->params[i];
        double *v = params + p->offset;
        hash_values(v, p->count, p->name);
        for (int64_t k = 0; k < p->count; k++) {
            if (p->ndim > 1)
                v[k] *= 2.0 / sqrt((double)(p->count / p->shape[0]));
            else if (p->role == PARAM_NORM_WEIGHT || p->role == PARAM_RUNNING_VAR)
                v[k] = 1 + 0.1 * v[k];
            else
                v[k] *= 0.1;
        }
    }
}

#endif
