/* Fresh parameters: PyTorch's default, normal ones, and the hash values of golden files. */
#include "model/init.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

static bool is_layer_param(const param *p)
{
    return p->role == PARAM_WEIGHT || p->role == PARAM_BIAS;
}

/* What has no weights of its own draws nothing: scales begin as 1, shifts as 0. */
static void fill_constant(float *v, const param *p)
{
    const bool one = p->role == PARAM_NORM_WEIGHT || p->role == PARAM_RUNNING_VAR;
    for (int64_t k = 0; k < p->count; ++k) v[k] = one ? 1.0f : 0.0f;
}

static void fill_normal(float *v, const param *p, double std, const rng_stream *s, int number)
{
    rng_fill_normal(v, p->count, s, (uint32_t)number);
    for (int64_t k = 0; k < p->count; ++k) v[k] *= (float)std;
}

void params_init(float *params, const graph *g, uint64_t seed)
{
    const rng_stream s = {seed, RNG_INIT, 0, 0};

    for (int i = 0; i < g->param_count; ++i) {
        const param *p = &g->params[i];
        const float bound = (float)(1.0 / sqrt((double)p->fan_in));
        if (is_layer_param(p))
            rng_fill_uniform(params + p->offset, p->count, -bound, bound, &s, (uint32_t)i);
        else if (p->role == PARAM_NORMAL)
            fill_normal(params + p->offset, p, 0.05, &s, i);
        else
            fill_constant(params + p->offset, p);
    }
}

void params_init_normal(float *params, const graph *g, double std, uint64_t seed)
{
    const rng_stream s = {seed, RNG_INIT, 0, 0};

    for (int i = 0; i < g->param_count; ++i) {
        const param *p = &g->params[i];
        if (p->role == PARAM_WEIGHT || p->role == PARAM_NORMAL)
            fill_normal(params + p->offset, p, std, &s, i);
        else
            fill_constant(params + p->offset, p);
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

static void init_param_hash(double *v, const param *p, double gain)
{
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

void params_init_hash(double *params, const graph *g, double gain)
{
    for (int i = 0; i < g->param_count; ++i)
        init_param_hash(params + g->params[i].offset, &g->params[i], gain);
}

jem_status params_init_hash_f32(float *params, const graph *g, double gain)
{
    jem_status st = JEM_OK;
    double *v = NULL;

    for (int i = 0; i < g->param_count; ++i) {
        const param *p = &g->params[i];
        TRY(MEM_NEW(v, p->count));
        init_param_hash(v, p, gain);
        for (int64_t k = 0; k < p->count; ++k) params[p->offset + k] = (float)v[k];
        mem_free(v);
        v = NULL;
    }
done:
    mem_free(v);
    return st;
}
