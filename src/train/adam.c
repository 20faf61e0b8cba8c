/* Adam over the pool: elements are independent, so the split changes no bit. */
#include "train/adam.h"

#include "base/mem.h"
#include "base/try.h"

enum { ADAM_PART = 65536 }; /* elements per task */

jem_status adam_init(adam *a, int64_t n)
{
    jem_status st;
    adam s = {NULL, NULL, n};
    TRY(MEM_NEW(s.m, n));
    TRY(MEM_NEW(s.v, n));
    *a = s;
    return JEM_OK;
done:
    adam_clear(&s);
    return st;
}

void adam_clear(adam *a)
{
    mem_free(a->m);
    mem_free(a->v);
    a->m = a->v = NULL;
    a->n = 0;
}

typedef struct adam_job {
    adam *a;
    const backend *b;
    float *theta;
    const direction *d;
    const adam_update *u;
} adam_job;

static jem_status adam_part(void *ctx, int task, int worker)
{
    const adam_job *j = ctx;
    int64_t first = (int64_t)task * ADAM_PART, n = j->a->n - first;
    if (n > ADAM_PART) n = ADAM_PART;
    (void)worker;
    j->b->adam(j->theta + first, j->a->m + first, j->a->v + first, j->d->g + first,
               j->d->h ? j->d->h + first : NULL, j->d->a, j->d->b, n, j->u);
    return JEM_OK;
}

jem_status adam_step(adam *a, const backend *b, pool *p, float *theta, const direction *d,
                     const adam_update *u)
{
    adam_job job = {a, b, theta, d, u};
    return pool_run(p, (int)((a->n + ADAM_PART - 1) / ADAM_PART), adam_part, &job);
}
