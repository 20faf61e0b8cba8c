/* Convolutions on the matrix unit: amx_conv as steps. */
#include <stdio.h>

#include "backend/cpu/amx_conv.h"
#include "backend/cpu/cpu.h"
#include "base/mem.h"
#include "base/try.h"

typedef struct amx_state {
    amx_conv conv;
    char *packed;
} amx_state;

static jem_status prepare(cpu_kernel *k)
{
    jem_status st;
    amx_state *x = NULL;

    TRY(MEM_NEW(x, 1));
    k->state = x;
    TRY(amx_conv_init(&x->conv, &k->s));
    k->scratch = (size_t)amx_image_bytes(&x->conv);
    k->packed = (size_t)amx_weight_bytes(&x->conv);
    TRY(MEM_NEW(x->packed, (int64_t)k->packed));
done:
    return st;
}

static void release(cpu_kernel *k)
{
    amx_state *x = k->state;
    if (!x) return;
    amx_conv_clear(&x->conv);
    mem_free(x->packed);
    mem_free(x);
}

static jem_status load(cpu_kernel *k, const void *params)
{
    amx_state *x = k->state;
    amx_pack_weights(&x->conv, &k->s, (const float *)params + k->s.op.weight, x->packed);
    return JEM_OK;
}

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    const amx_state *x = b->k->state;
    const step *s = &b->k->s;
    amx_output out = {.values = cpu_at(b, s->dst),
                      .bias = s->kind == STEP_FORWARD && s->op.bias >= 0 ? b->k->params + s->op.bias : NULL,
                      .mask = s->mask_offset >= 0 ? (uint16_t *)(void *)(b->arena + s->mask_offset) : NULL,
                      .accumulate = s->accumulate,
                      .lrelu = s->lrelu,
                      .slope = (float)s->op.slope};

    (void)io;
    (void)phase;
    (void)part;
    amx_run(&x->conv, cpu_at(b, s->src), x->packed, b->scratch, &out);
    return JEM_OK;
}

static void describe(const cpu_kernel *k, char *text, size_t size)
{
    const amx_state *x = k->state;
    snprintf(text, size, "amx:%s", x->conv.lanes > 1 ? "bands" : "rows");
}

const cpu_impl cpu_amx_impl = {
    .name = "amx",
    .prepare = prepare,
    .release = release,
    .load = load,
    .run = run,
    .describe = describe,
};
