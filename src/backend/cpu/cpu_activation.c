/* SiLU and GELU on whole buffers, whatever their layout. */
#include "backend/cpu/cpu_lanes.h"

typedef struct activation_task {
    op_kind kind;
    void *dst;
    const void *src, *x; /* x: the op's input where src is a gradient; NULL: forward */
    int64_t first, end;
} activation_task;

LANES_INLINE lanes value_of(const activation_task *t, lanes x)
{
    return t->kind == OP_GELU ? lanes_gelu(x) : lanes_silu(x);
}

LANES_INLINE lanes slope_of(const activation_task *t, lanes x)
{
    return t->kind == OP_GELU ? lanes_gelu_slope(x) : lanes_silu_slope(x);
}

LANES_INLINE void activation_chunk(const activation_task *t, int64_t i, int64_t count, jem_dtype in, jem_dtype out)
{
    lanes v = lanes_load(t->src, i, count, in);
    lanes y = t->x ? v * slope_of(t, lanes_load(t->x, i, count, in)) : value_of(t, v);
    lanes_store(t->dst, i, count, out, y);
}

LANES_INLINE void activation_loop(activation_task t, jem_dtype in, jem_dtype out)
{
    int64_t i = t.first;
    for (; i + LANES <= t.end; i += LANES) activation_chunk(&t, i, LANES, in, out);
    if (i < t.end) activation_chunk(&t, i, t.end - i, in, out);
}
CPU_LANES_FUNCTION(activation, activation_task)

enum { PART = 1 << 16 }; /* elements */

static int parts(const cpu_kernel *k, int phase)
{
    if (phase > 0) return 0;
    return k->s.split ? (int)((cpu_slot_count(k, k->s.dst) + PART - 1) / PART) : 1;
}

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    const step *s = &b->k->s;
    int64_t n = cpu_slot_count(b->k, s->dst), first = s->split ? part * (int64_t)PART : 0;
    activation_task t = {.kind = s->op.kind, .dst = cpu_at(b, s->dst), .src = cpu_at(b, s->src), .first = first,
                         .x = s->kind == STEP_FORWARD ? NULL : cpu_at(b, s->src2),
                         .end = s->split && first + PART < n ? first + PART : n};

    (void)io, (void)phase;
    activation(t, s->src.f.dtype, s->dst.f.dtype);
    return JEM_OK;
}

const cpu_impl cpu_activation_impl = {
    .name = "activation",
    .parts = parts,
    .run = run,
};
