/* Winograd convolutions as steps. */
#include <stdio.h>

#include "backend/cpu/cpu.h"
#include "backend/cpu/wino_conv.h"
#include "base/mem.h"
#include "base/try.h"

typedef struct wino_state {
    wino_conv conv;
    float *packed;
} wino_state;

static jem_status prepare(cpu_kernel *k)
{
    jem_status st;
    wino_state *x = NULL;

    TRY(MEM_NEW(x, 1));
    k->state = x;
    wino_conv_init(&x->conv, &k->s);
    k->scratch = (size_t)wino_block_bytes(&x->conv);
    k->packed = (size_t)wino_weight_bytes(&x->conv);
done:
    return st;
}

static void release(cpu_kernel *k)
{
    wino_state *x = k->state;
    if (!x) return;
    mem_free(x->packed);
    mem_free(x);
}

static jem_status load(cpu_kernel *k, const void *params)
{
    jem_status st = JEM_OK;
    wino_state *x = k->state;

    if (!x->packed) TRY(MEM_NEW(x->packed, (int64_t)k->packed / (int64_t)sizeof *x->packed));
    wino_pack_weights(&x->conv, &k->s, (const float *)params + k->s.op.weight, x->packed);
done:
    return st;
}

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    const wino_state *x = b->k->state;
    const step *s = &b->k->s;
    wino_output out = {.values = cpu_at(b, s->dst),
                       .bias = s->kind == STEP_FORWARD && s->op.bias >= 0 ? b->k->params + s->op.bias : NULL,
                       .mask = s->mask_offset >= 0 ? (uint8_t *)(b->arena + s->mask_offset) : NULL,
                       .accumulate = s->accumulate,
                       .lrelu = s->lrelu,
                       .slope = (float)s->op.slope};

    (void)io, (void)phase, (void)part;
    for (int64_t i = 0; i < x->conv.blocks; ++i)
        wino_run(&x->conv, cpu_at(b, s->src), x->packed, (float *)(void *)b->scratch, i, &out);
    return JEM_OK;
}

const cpu_impl cpu_wino_impl = {
    .name = "winograd:4x4",
    .prepare = prepare,
    .release = release,
    .load = load,
    .run = run,
};
