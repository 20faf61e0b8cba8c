/* Fresh parameters: PyTorch's default, and the hash values of golden files. */
#include "model/init.h"

#include <math.h>
#include <string.h>

static bool is_layer_param(const param *p)
{
    return p->role == PARAM_WEIGHT || p->role == PARAM_BIAS;
}

void params_init(float *params, const graph *g, uint64_t seed)
{
    const rng_stream s = {seed, RNG_INIT, 0, 0};

    for (int i = 0; i < g->param_count; ++i) {
        const param *p = &g->params[i];
        float *v = params + p->offset;
        if (is_layer_param(p)) {
            float bound = (float)(1.0 / sqrt((double)p->fan_in));
            rng_fill_uniform(v, p->count, -bound, bound, &s, (uint32_t)i);
        } else {
            bool one = p->role == PARAM_NORM_WEIGHT || p->role == PARAM_RUNNING_VAR;
            for (int64_t k = 0; k < p->count; ++k) v[k] = one ? 1.0f : 0.0f;
        }
    }
}

void hash_values(double *v, int64_t n, const char *name)
{
    uint32_t h = 2166136261u;
    for (const char *c = name; *c; ++c) h = (h ^ (uint8_t)*c) * 16777619u;
    for (int64_t i = 0; i < n; ++i) {
        uint32_t u = (uint32_t)i * 2654435761u + h;
        u ^= u >> 15;
        u *= 2246822519u;
        u ^= u >> 13;
        v[i] = u / 2147483648.0 - 1.0;
    }
}

void params_init_hash(double *params, const graph *g, double gain)
{
    for (int i = 0; i < g->param_count; ++i) {
        const param *p = &g->params[i];
        double *v = params + p->offset;
        hash_values(v, p->count, p->name);
        for (int64_t k = 0; k < p->count; ++k) {
            if (p->role == PARAM_WEIGHT)
                v[k] *= gain / sqrt((double)p->fan_in);
            else if (p->role == PARAM_NORM_WEIGHT || p->role == PARAM_RUNNING_VAR)
                v[k] = 1.0 + 0.1 * v[k];
            else
                v[k] *= 0.1;
        }
    }
}
