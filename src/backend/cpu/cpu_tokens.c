/* The row of tokens (OP_TOKENS) in NHWC: the mathematics is that of ref_attention.inc. */
#include "backend/cpu/cpu_lanes.h"

typedef struct tokens_task {
    const step *s;
    const float *weight, *bias; /* [tokens][c], [c]; NULL: a tangent's, which has neither */
    const void *src;
    void *dst;                   /* NULL: gradients to parameters */
    float *dweight, *dbias;
    int64_t n, tokens, c;
} tokens_task;

/* fn(task, row, first channel, how many, dtypes) over the channels of a row. */
#define EACH_CHUNK(fn, ...)                                                                        \
    {                                                                                              \
        int64_t c = 0;                                                                             \
        for (; c + LANES <= t->c; c += LANES) fn(t, __VA_ARGS__, c, LANES, in, out);               \
        if (c < t->c) fn(t, __VA_ARGS__, c, t->c - c, in, out);                                    \
    }

LANES_INLINE void forward_chunk(const tokens_task *t, int64_t n, int64_t token, int64_t c, int64_t count, jem_dtype in,
                                jem_dtype out)
{
    lanes v = {0};
    if (token > 0)
        v = lanes_load(t->src, (n * (t->tokens - 1) + token - 1) * t->c + c, count, in);
    else if (t->bias)
        v = lanes_load(t->bias, c, count, JEM_F32);
    if (t->weight) v += lanes_load(t->weight, token * t->c + c, count, JEM_F32);
    lanes_store(t->dst, (n * t->tokens + token) * t->c + c, count, out, v);
}

LANES_INLINE void back_chunk(const tokens_task *t, int64_t n, int64_t position, int64_t c, int64_t count, jem_dtype in,
                             jem_dtype out)
{
    const lanes v = lanes_load(t->src, (n * t->tokens + position + 1) * t->c + c, count, in);
    lanes_store(t->dst, (n * (t->tokens - 1) + position) * t->c + c, count, out, v);
}

/* Sums over images, in double. */
LANES_INLINE void params_chunk(const tokens_task *t, int64_t token, int64_t c, int64_t count, jem_dtype in, jem_dtype out)
{
    (void)out; /* gradients are floats */
    lanes_double sum = {0};
    for (int64_t n = 0; n < t->n; ++n)
        sum += __builtin_convertvector(lanes_load(t->src, (n * t->tokens + token) * t->c + c, count, in), lanes_double);
    const lanes v = __builtin_convertvector(sum, lanes);
    lanes_store(t->dweight, token * t->c + c, count, JEM_F32, v);
    if (token == 0) lanes_store(t->dbias, c, count, JEM_F32, v);
}

LANES_INLINE void tokens_loop(tokens_task task, jem_dtype in, jem_dtype out)
{
    const tokens_task *t = &task;
    if (t->dweight) {
        for (int64_t token = 0; token < t->tokens; ++token) EACH_CHUNK(params_chunk, token)
    } else if (t->s->kind == STEP_FORWARD) {
        for (int64_t n = 0; n < t->n; ++n)
            for (int64_t token = 0; token < t->tokens; ++token) EACH_CHUNK(forward_chunk, n, token)
    } else {
        for (int64_t n = 0; n < t->n; ++n)
            for (int64_t position = 0; position + 1 < t->tokens; ++position) EACH_CHUNK(back_chunk, n, position)
    }
}
CPU_LANES_FUNCTION(tokens, tokens_task)

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    const step *s = &b->k->s;
    const op *o = &s->op;
    const bool to_params = s->kind == STEP_BACKWARD_PARAMS, plain = o->bias < 0;

    (void)phase, (void)part;
    tokens((tokens_task){.s = s, .weight = plain ? NULL : b->k->params + o->weight,
                         .bias = plain ? NULL : b->k->params + o->bias, .src = cpu_at(b, s->src),
                         .dst = to_params ? NULL : cpu_at(b, s->dst),
                         .dweight = to_params ? (float *)io->dparams + o->weight : NULL,
                         .dbias = to_params ? (float *)io->dparams + o->bias : NULL,
                         .n = s->n, .tokens = o->dst.w, .c = o->dst.c},
           s->src.f.dtype, to_params ? s->src.f.dtype : s->dst.f.dtype);
    return JEM_OK;
}

const cpu_impl cpu_tokens_impl = {
    .name = "tokens",
    .run = run,
};
