/* Optimisers over the pool: elements are independent, so the split changes no bit. */
#include "train/optimizer.h"

#include <string.h>

#include "base/mem.h"
#include "base/try.h"

enum { PART = 65536 }; /* elements per task */

jem_status optimizer_init(optimizer *a, const optimizer_options *o, int64_t n)
{
    jem_status st;
    optimizer s = {.o = *o, .n = n};
    TRY(MEM_NEW(s.m, n));
    if (o->kind == OPTIMIZER_ADAM) TRY(MEM_NEW(s.v, n));
    *a = s;
    return JEM_OK;
done:
    optimizer_clear(&s);
    return st;
}

void optimizer_spare_norms(optimizer *a, const graph *g) { a->g = g; }

void optimizer_reset(optimizer *a)
{
    memset(a->m, 0, (size_t)a->n * sizeof *a->m);
    if (a->v) memset(a->v, 0, (size_t)a->n * sizeof *a->v);
}

void optimizer_clear(optimizer *a)
{
    mem_free(a->m);
    mem_free(a->v);
    *a = (optimizer){.n = 0};
}

typedef struct job {
    const optimizer *a;
    const backend *b;
    float *theta;
    const direction *d;
    adam_update adam;
    sgd_update sgd;
} job;

/* Elements [first, first + n), which are decayed or not. */
static void run_span(const job *j, int64_t first, int64_t n, bool decays)
{
    const optimizer *a = j->a;
    const direction *d = j->d;
    const float *g = d->g + first, *h = d->h ? d->h + first : NULL;
    sgd_update sgd = j->sgd;
    adam_update adam = j->adam;

    if (!decays) sgd.weight_decay = adam.weight_decay = 0;
    if (a->o.kind == OPTIMIZER_SGD)
        j->b->sgd(j->theta + first, a->m + first, g, h, d->a, d->b, n, &sgd);
    else
        j->b->adam(j->theta + first, a->m + first, a->v + first, g, h, d->a, d->b, n, &adam);
}

static bool is_of_layer(const param *p) { return p->role == PARAM_WEIGHT || p->role == PARAM_BIAS; }

static jem_status run_part(void *ctx, int task, int worker)
{
    const job *j = ctx;
    const graph *g = j->a->g;
    int64_t first = (int64_t)task * PART, n = j->a->n - first;
    (void)worker;
    if (n > PART) n = PART;
    if (!g) run_span(j, first, n, true);
    for (int i = 0; g && i < g->param_count; ++i) {
        const param *p = &g->params[i];
        const int64_t from = p->offset > first ? p->offset : first;
        const int64_t end = p->offset + p->count < first + n ? p->offset + p->count : first + n;
        if (from < end) run_span(j, from, end - from, is_of_layer(p));
    }
    return JEM_OK;
}

void optimizer_decays(uint8_t *decays, const optimizer *a)
{
    memset(decays, a->g ? 0 : 1, (size_t)a->n);
    for (int i = 0; a->g && i < a->g->param_count; i++) {
        const param *p = &a->g->params[i];
        if (is_of_layer(p)) memset(decays + p->offset, 1, (size_t)p->count);
    }
}

adam_update optimizer_adam(const optimizer *a, double lr, int64_t number)
{
    return (adam_update){.lr = lr, .beta1 = a->o.beta1, .beta2 = a->o.beta2, .eps = a->o.adam_eps,
                         .weight_decay = a->o.weight_decay, .step = number, .eps_inside = a->o.eps_inside};
}

jem_status optimizer_step(optimizer *a, const backend *b, pool *p, float *theta,
                          const direction *d, double lr, int64_t number)
{
    const optimizer_options *o = &a->o;
    job j = {a, b, theta, d, optimizer_adam(a, lr, number), {lr, o->momentum, o->weight_decay}};
    return pool_run(p, (int)((a->n + PART - 1) / PART), run_part, &j);
}
