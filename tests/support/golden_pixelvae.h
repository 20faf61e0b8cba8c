/* The small PixelVAE of the golden numbers: its settings, parameters, pictures and loss. */
#ifndef SUPPORT_GOLDEN_PIXELVAE_H
#define SUPPORT_GOLDEN_PIXELVAE_H

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "energy/logistic_mixture.h"
#include "model/pixelvae.h"
#include "support/check.h"
#include "support/hash_fill.h"

enum { IMAGES = 2, SIDE = 16, LATENTS = 3, MIXTURES = 2, OUT = 20 * SIDE * SIDE, IN = 3 * SIDE * SIDE };

static inline model_spec small_spec(int64_t side)
{
    model_spec spec = {.name = "pixelvae", .network = &network_pixelvae, .classes = 2, .channels = 3,
                       .height = side, .width = side};
    const pixelvae_settings s = {.latents = LATENTS, .filters = 8, .encoder_filters = 4, .blocks = 1,
                                 .mixtures = MIXTURES};
    memcpy(&spec.settings, &s, sizeof s);
    return spec;
}

/* Golden files list matrices over maps flattened (H, W, C), and those of the code transposed. */
static inline double *hash_params(const graph *g)
{
    double *params = NULL, *v = NULL;
    check_ok(MEM_NEW(params, g->param_elements));
    for (int i = 0; i < g->param_count; i++) {
        const param *p = &g->params[i];
        const size_t n = strlen(p->name);
        double *to = params + p->offset;
        check_ok(MEM_NEW(v, p->count));
        hash_values(v, p->count, p->name);
        for (int64_t k = 0; k < p->count; k++) {
            int64_t at = k;
            if (strcmp(p->name, "encoder.dense_0.V") == 0) {
                const int64_t area = (SIDE / 8) * (SIDE / 8), c = p->shape[1] / area, in = k % p->shape[1];
                at = k - in + in % area * c + in / area;
            }
            if (strcmp(p->name + n - 3, ".hw") == 0) at = k % p->shape[1] * p->shape[0] + k / p->shape[1];
            const double x = v[at];
            to[k] = p->name[n - 1] == 'V' ? x : p->name[n - 1] == 'w' ? 0.05 * x : p->name[n - 1] == 'g' ? 1 + 0.1 * x : 0.1 * x;
        }
        mem_free(v);
        v = NULL;
    }
    return params;
}

static inline void picture(double *x)
{
    hash_values(x, IMAGES * IN, "x");
    for (int i = 0; i < IMAGES * IN; i++) x[i] = (floor(127.5 * (x[i] + 1)) - 127.5) / 127.5;
}

/* -log p of an image, and its gradient to what the network said. */
static inline double image_loss(double *d, const double *out, const double *x)
{
    const int area = SIDE * SIDE;
    double loss = 0, l[20], dl[20];
    for (int p = 0; p < area; p++) {
        for (int c = 0; c < 20; c++) l[c] = out[c * area + p];
        loss += mixture_loss(dl, l, (double[3]){x[p], x[area + p], x[2 * area + p]}, MIXTURES);
        for (int c = 0; c < 20; c++) d[c * area + p] = dl[c];
    }
    return loss;
}

#endif
