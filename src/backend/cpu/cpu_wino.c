/* Winograd convolutions (wino_conv.h) as steps: whose packed weights, and what is one part. */
#include <stdio.h>

#include "backend/cpu/cpu.h"
#include "backend/cpu/wino_conv.h"
#include "base/mem.h"
#include "base/try.h"

typedef struct wino_state {
    wino_conv conv;
    float *packed;     /* own, or those of k->shared or k->owner; NULL in lean steps */
    int parts;         /* of a step that is split, each with memory for a block of its own */
    size_t packed_late; /* bytes of the scratch memory that hold a lean step's weights */
} wino_state;

enum { MAX_PARTS = 16 };

static const wino_state *shared_state(const cpu_kernel *k)
{
    return k->shared && k->shared->impl == k->impl && !k->s.lean ? k->shared->state : NULL;
}

static jem_status prepare(cpu_kernel *k)
{
    jem_status st;
    wino_state *x = NULL;

    TRY(MEM_NEW(x, 1));
    k->state = x;
    wino_conv_init(&x->conv, &k->s);
    const size_t weights = ((size_t)wino_weight_bytes(&x->conv) + 63) / 64 * 64;
    x->parts = !k->s.split ? 1 : x->conv.blocks < MAX_PARTS ? (int)x->conv.blocks : MAX_PARTS;
    if (k->s.lean) x->packed_late = weights;
    k->scratch = x->packed_late + (size_t)x->parts * (size_t)wino_block_bytes(&x->conv);
    k->packed = k->s.lean || shared_state(k) ? 0 : weights;
    k->shares = wino_shares(&x->conv);
done:
    return st;
}

static void release(cpu_kernel *k)
{
    wino_state *x = k->state;
    if (!x) return;
    if (!shared_state(k) && !k->owner) mem_free(x->packed);
    mem_free(x);
}

static jem_status load(cpu_kernel *k, const void *params)
{
    jem_status st = JEM_OK;
    wino_state *x = k->state;

    /* Both were loaded before. */
    if (shared_state(k)) x->packed = shared_state(k)->packed;
    if (k->owner) x->packed = ((const wino_state *)k->owner->state)->packed;
    if (!k->packed) return JEM_OK;
    if (!x->packed) TRY(MEM_NEW(x->packed, (int64_t)(k->packed / sizeof *x->packed)));
    for (int64_t i = 0; i < x->conv.panels; ++i)
        wino_pack_weights(&x->conv, &k->s, (const float *)params + k->s.op.weight, x->packed, i);
done:
    return st;
}

/* A lean step packs first. */
static int parts(const cpu_kernel *k, int phase)
{
    const wino_state *x = k->state;
    if (k->s.lean && phase == 0) return k->s.split ? (int)x->conv.panels : 1;
    return phase == k->s.lean ? x->parts : 0;
}

static void pack_late(cpu_bound *b, int part)
{
    const wino_state *x = b->k->state;
    const step *s = &b->k->s;
    const int64_t first = s->split ? part : 0, end = s->split ? part + 1 : x->conv.panels;
    for (int64_t i = first; i < end; ++i)
        wino_pack_weights(&x->conv, s, b->k->params + s->op.weight, (float *)(void *)b->scratch, i);
}

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    const wino_state *x = b->k->state;
    const step *s = &b->k->s;
    const bool biased = s->kind == STEP_FORWARD && s->op.bias >= 0;
    wino_output out = {.values = cpu_at(b, s->dst),
                       .bias = biased ? b->k->params + s->op.bias : NULL,
                       .mask = s->mask_offset >= 0 ? (uint8_t *)(b->arena + s->mask_offset) : NULL,
                       .accumulate = s->accumulate,
                       .lrelu = s->lrelu,
                       .slope = (float)s->op.slope};
    char *own = b->scratch + x->packed_late + part * wino_block_bytes(&x->conv);

    (void)io;
    if (s->lean && phase == 0) {
        pack_late(b, part);
        return JEM_OK;
    }
    for (int64_t i = x->conv.blocks * part / x->parts; i < x->conv.blocks * (part + 1) / x->parts; ++i)
        wino_run(&x->conv, cpu_at(b, s->src), s->lean ? (float *)(void *)b->scratch : x->packed,
                 (float *)(void *)own, i, &out);
    return JEM_OK;
}

const cpu_impl cpu_wino_impl = {
    .name = "winograd:4x4",
    .prepare = prepare,
    .release = release,
    .load = load,
    .parts = parts,
    .run = run,
    .shares = true,
};

/* ---- gradients to the weights */

static jem_status prepare_gradient(cpu_kernel *k)
{
    jem_status st;
    wino_conv *c = NULL;

    TRY(MEM_NEW(c, 1));
    k->state = c;
    wino_gradient_init(c, &k->s);
    k->scratch = (size_t)wino_gradient_bytes(c);
    k->shares = wino_shares(c);
done:
    return st;
}

static void release_gradient(cpu_kernel *k)
{
    mem_free(k->state);
}

static jem_status run_gradient(cpu_bound *b, const step_io *io, int phase, int part)
{
    const step *s = &b->k->s;
    float *to = io->dparams;

    (void)phase, (void)part;
    wino_gradient_run(b->k->state, cpu_at(b, s->src2), cpu_at(b, s->src), (float *)(void *)b->scratch,
                      to + s->op.weight, s->op.bias >= 0 ? to + s->op.bias : NULL);
    return JEM_OK;
}

const cpu_impl cpu_wino_gradient_impl = {
    .name = "winograd:4x4",
    .prepare = prepare_gradient,
    .release = release_gradient,
    .run = run_gradient,
};
