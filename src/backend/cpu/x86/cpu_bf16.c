/* Own bf16 convolutions: bf16_conv as steps. */
#include <stdio.h>

#include "backend/cpu/x86/bf16_amx_weights.h"
#include "backend/cpu/x86/bf16_conv.h"
#include "backend/cpu/x86/bf16_weights.h"
#include "backend/cpu/x86/bf16_winograd.h"
#include "backend/cpu/x86/kernels_x86.h"
#include "backend/cpu/cpu.h"
#include "base/mem.h"
#include "base/try.h"

typedef struct bf16_state {
    bf16_conv conv;
    char *packed; /* own, or those of k->owner */
} bf16_state;

static jem_status prepare(cpu_kernel *k)
{
    jem_status st;
    bf16_state *x = NULL;

    TRY(MEM_NEW(x, 1));
    k->state = x;
    TRY(bf16_conv_init(&x->conv, &k->s));
    k->scratch = (size_t)bf16_image_bytes(&x->conv);
    k->packed = (size_t)bf16_weight_bytes(&x->conv);
    if (x->conv.winograd) k->shares = bf16_winograd_shares(x->conv.in.c, x->conv.out.c, false);
done:
    return st;
}

static void release(cpu_kernel *k)
{
    bf16_state *x = k->state;
    if (!x) return;
    bf16_conv_clear(&x->conv);
    if (!k->owner) mem_free(x->packed);
    mem_free(x);
}

static jem_status load(cpu_kernel *k, const void *params)
{
    jem_status st = JEM_OK;
    bf16_state *x = k->state;

    if (k->owner) {
        x->packed = ((const bf16_state *)k->owner->state)->packed;
        return JEM_OK;
    }
    if (!x->packed) TRY(MEM_NEW(x->packed, (int64_t)k->packed));
    bf16_pack_weights(&x->conv, &k->s, (const float *)params + k->s.op.weight, x->packed);
done:
    return st;
}

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    const bf16_state *x = b->k->state;
    const step *s = &b->k->s;
    bf16_output out = {.values = cpu_at(b, s->dst),
                      .bias = s->kind == STEP_FORWARD && s->op.bias >= 0 ? b->k->params + s->op.bias : NULL,
                      .mask = s->mask_offset >= 0 ? (uint16_t *)(void *)(b->arena + s->mask_offset) : NULL,
                      .accumulate = s->accumulate,
                      .lrelu = s->lrelu,
                      .slope = (float)s->op.slope};

    (void)io;
    (void)phase;
    (void)part;
    bf16_run(&x->conv, cpu_at(b, s->src), x->packed, b->scratch, &out);
    return JEM_OK;
}

static void describe(const cpu_kernel *k, char *text, size_t size)
{
    const bf16_state *x = k->state;
    snprintf(text, size, "%s:%s", x->conv.unit->name,
             x->conv.winograd ? "winograd" : x->conv.lanes > 1 ? "bands" : "rows");
}

const cpu_impl cpu_bf16_impl = {
    .name = "bf16",
    .prepare = prepare,
    .release = release,
    .load = load,
    .run = run,
    .describe = describe,
    .shares = true,
};

/* ---- gradients to weights */

static jem_status prepare_weights(cpu_kernel *k)
{
    jem_status st;
    bf16_weights *w = NULL;

    TRY(MEM_NEW(w, 1));
    bf16_weights_init(w, &k->s);
    k->state = w;
    k->scratch = (size_t)bf16_weights_scratch(w);
    if (w->winograd) k->shares = bf16_winograd_shares(k->s.op.src.c, k->s.op.dst.c, true);
done:
    return st;
}

static void release_weights(cpu_kernel *k)
{
    mem_free(k->state);
}

static jem_status run_weights(cpu_bound *b, const step_io *io, int phase, int part)
{
    const step *s = &b->k->s;
    float *d = io->dparams;

    (void)phase;
    (void)part;
    bf16_weights_run(b->k->state, d + s->op.weight, d + s->op.bias, cpu_at(b, s->src2), cpu_at(b, s->src),
                     b->scratch);
    return JEM_OK;
}

static void describe_weights(const cpu_kernel *k, char *text, size_t size)
{
    const bf16_weights *w = k->state;
    snprintf(text, size, "dot:%s", w->winograd ? "winograd" : "pairs");
}

const cpu_impl cpu_bf16_weights_impl = {
    .name = "bf16 weights",
    .prepare = prepare_weights,
    .release = release_weights,
    .run = run_weights,
    .describe = describe_weights,
};

static jem_status prepare_amx_weights(cpu_kernel *k)
{
    jem_status st;
    bf16_amx_weights *w = NULL;

    TRY(MEM_NEW(w, 1));
    bf16_amx_weights_init(w, &k->s);
    k->state = w;
    k->scratch = (size_t)bf16_amx_weights_scratch(w);
done:
    return st;
}

static jem_status run_amx_weights(cpu_bound *b, const step_io *io, int phase, int part)
{
    const step *s = &b->k->s;
    float *d = io->dparams;

    (void)phase;
    (void)part;
    bf16_amx_weights_run(b->k->state, d + s->op.weight, s->op.bias >= 0 ? d + s->op.bias : NULL,
                         cpu_at(b, s->src2), cpu_at(b, s->src), b->scratch);
    return JEM_OK;
}

const cpu_impl cpu_bf16_amx_weights_impl = {
    .name = "amx:positions",
    .prepare = prepare_amx_weights,
    .release = release_weights,
    .run = run_amx_weights,
};
