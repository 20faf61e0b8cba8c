/* Convolutions and linear layers by oneDNN: one workspace's memory objects, and running. */
#include "backend/cpu/cpu_dnnl.h"

#include "base/mem.h"

enum { MAX_ARGS = 5 };

/* The arguments of one execution. */
typedef struct dnnl_call {
    dnnl_stream_t stream; /* parts run on several threads: to each its own */
    dnnl_memory_t memory[MAX_ARGS]; /* owned; the others are the kernel's */
    bool in_arena[MAX_ARGS];        /* else in the scratch memory, or the kernel's */
    dnnl_exec_arg_t args[MAX_ARGS];
    int arg_count;
} dnnl_call;

typedef struct dnnl_binding {
    dnnl_call *calls; /* one per part */
    int call_count;
    /* backward to parameters: packed gradient -> flat vector; where weights are packed late:
     * flat vector -> packed weights */
    dnnl_memory_t packed_weights, flat_weights, flat_bias;
    dnnl_exec_arg_t pack_args[2];
} dnnl_binding;

static jem_status bind_memory(dnnl_call *c, const dnnl_state *x, int arg,
                              const onednn_md *md, void *at)
{
    jem_status st = JEM_OK;
    int i = c->arg_count;

    DNNL_TRY(dnnl_memory_create(&c->memory[i], md, x->engine, at));
    c->args[i] = (dnnl_exec_arg_t){arg, c->memory[i]};
    c->arg_count++;
done:
    return st;
}

/* The same of a value, which moves with the arena unless it is a flattened copy. */
static jem_status bind_value(cpu_bound *b, dnnl_call *c, int arg, const onednn_md *md, void *at)
{
    const dnnl_state *x = b->k->state;
    c->in_arena[c->arg_count] = !x->flattens || at != (void *)(b->scratch + x->flat_at);
    return bind_memory(c, x, arg, md, at);
}

static void share_memory(dnnl_call *c, int arg, dnnl_memory_t memory)
{
    c->args[c->arg_count++] = (dnnl_exec_arg_t){arg, memory};
}

/* Row `first` of image n of a slot. */
static char *row_at(const cpu_bound *b, slot v, int64_t n, int64_t first)
{
    int64_t rows = n * v.s.h + first;
    return (char *)cpu_at(b, v) + (size_t)(rows * v.s.w * v.s.c) * jem_dtype_size(v.f.dtype);
}

/* The same of the input, or of its gradient: all of it where a linear layer flattens it. */
static char *input_row_at(const cpu_bound *b, slot v, int64_t n, int64_t first)
{
    const dnnl_state *x = b->k->state;
    return x->flattens ? b->scratch + x->flat_at : row_at(b, v, n, first);
}

static jem_status bind_to_params(cpu_bound *b, dnnl_call *c)
{
    jem_status st;
    dnnl_binding *v = b->state;
    const dnnl_state *x = b->k->state;
    const step *s = &b->k->s;

    TRY(bind_value(b, c, DNNL_ARG_SRC, x->pieces[0].source, input_row_at(b, s->src2, 0, 0)));
    TRY(bind_value(b, c, DNNL_ARG_DIFF_DST, x->pieces[0].dest, cpu_at(b, s->src)));
    TRY(bind_memory(c, x, DNNL_ARG_DIFF_WEIGHTS, x->weights, b->scratch));
    v->pack_args[0] = (dnnl_exec_arg_t){DNNL_ARG_FROM, c->memory[c->arg_count - 1]};
    DNNL_TRY(dnnl_memory_create(&v->flat_weights, x->plain_weights, x->engine, DNNL_MEMORY_NONE));
    v->pack_args[1] = (dnnl_exec_arg_t){DNNL_ARG_TO, v->flat_weights};
    if (s->op.bias < 0) goto done;
    DNNL_TRY(dnnl_memory_create(&v->flat_bias, x->bias, x->engine, DNNL_MEMORY_NONE));
    share_memory(c, DNNL_ARG_DIFF_BIAS, v->flat_bias);
done:
    return st;
}

/* Weights packed late lie where gradients to weights do: at the start of the scratch memory. */
static jem_status bind_late_weights(cpu_bound *b)
{
    jem_status st = JEM_OK;
    dnnl_binding *v = b->state;
    const dnnl_state *x = b->k->state;

    DNNL_TRY(dnnl_memory_create(&v->flat_weights, x->plain_weights, x->engine, DNNL_MEMORY_NONE));
    DNNL_TRY(dnnl_memory_create(&v->packed_weights, x->weights, x->engine, b->scratch));
    v->pack_args[0] = (dnnl_exec_arg_t){DNNL_ARG_FROM, v->flat_weights};
    v->pack_args[1] = (dnnl_exec_arg_t){DNNL_ARG_TO, v->packed_weights};
done:
    return st;
}

static jem_status bind_call(cpu_bound *b, dnnl_call *c, int part)
{
    jem_status st;
    const dnnl_state *x = b->k->state;
    const step *s = &b->k->s;
    const piece *p = &x->pieces[x->piece_of[part % x->bands]];
    const band rows = cpu_band_of(s, part % x->bands);
    const int64_t n = part / x->bands;
    const dnnl_binding *v = b->state;
    const dnnl_memory_t weights = x->packs_late ? v->packed_weights : x->packed_weights;

    DNNL_TRY(dnnl_stream_create(&c->stream, x->engine, dnnl_stream_default_flags));
    if (s->kind == STEP_FORWARD) {
        TRY(bind_value(b, c, DNNL_ARG_SRC, p->source, input_row_at(b, s->src, n, rows.in)));
        TRY(bind_value(b, c, DNNL_ARG_DST, p->dest, row_at(b, s->dst, n, rows.out)));
        share_memory(c, DNNL_ARG_WEIGHTS, weights);
        if (s->op.bias >= 0) share_memory(c, DNNL_ARG_BIAS, x->bias_memory);
    } else if (s->kind == STEP_BACKWARD_DATA) {
        TRY(bind_value(b, c, DNNL_ARG_DIFF_SRC, p->source, input_row_at(b, s->dst, n, rows.in)));
        TRY(bind_value(b, c, DNNL_ARG_DIFF_DST, p->dest, row_at(b, s->src, n, rows.out)));
        share_memory(c, DNNL_ARG_WEIGHTS, weights);
    } else {
        TRY(bind_to_params(b, c));
    }
    TRY(bind_memory(c, x, DNNL_ARG_SCRATCHPAD, p->scratchpad,
                    b->scratch + x->pad_at + (size_t)part * x->pad_bytes));
done:
    return st;
}

static int parts(const cpu_kernel *k, int phase)
{
    const dnnl_state *x = k->state;
    if (phase > x->packs_late) return 0;
    return phase == x->packs_late && x->bands > 1 ? (int)(x->bands * k->s.n) : 1;
}

static jem_status bind(cpu_bound *b)
{
    jem_status st;
    const dnnl_state *x = b->k->state;
    dnnl_binding *v = NULL;

    TRY(MEM_NEW(v, 1));
    b->state = v;
    if (x->packs_late) TRY(bind_late_weights(b));
    TRY(MEM_NEW(v->calls, parts(b->k, x->packs_late)));
    v->call_count = parts(b->k, x->packs_late);
    for (int i = 0; i < v->call_count; ++i) TRY(bind_call(b, &v->calls[i], i));
done:
    return st;
}

static void unbind(cpu_bound *b)
{
    dnnl_binding *v = b->state;
    if (!v) return;
    for (int i = 0; i < v->call_count; ++i) {
        for (int k = 0; k < MAX_ARGS; ++k)
            if (v->calls[i].memory[k]) dnnl_memory_destroy(v->calls[i].memory[k]);
        if (v->calls[i].stream) dnnl_stream_destroy(v->calls[i].stream);
    }
    mem_free(v->calls);
    if (v->packed_weights) dnnl_memory_destroy(v->packed_weights);
    if (v->flat_weights) dnnl_memory_destroy(v->flat_weights);
    if (v->flat_bias) dnnl_memory_destroy(v->flat_bias);
    mem_free(v);
}

/* A handle that moves cannot fail: the memory is as large as before. */
static void move(cpu_bound *b, char *arena)
{
    const dnnl_binding *v = b->state;
    for (int i = 0; i < v->call_count; ++i)
        for (int k = 0; k < MAX_ARGS; ++k) {
            void *at = NULL;
            if (!v->calls[i].in_arena[k]) continue;
            dnnl_memory_get_data_handle(v->calls[i].memory[k], &at);
            dnnl_memory_set_data_handle(v->calls[i].memory[k], arena + ((char *)at - b->arena));
        }
}

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    jem_status st = JEM_OK;
    dnnl_binding *v = b->state;
    const dnnl_state *x = b->k->state;
    const step *s = &b->k->s;
    const dnnl_call *c = &v->calls[part];
    bool to_params = s->kind == STEP_BACKWARD_PARAMS;

    omp_set_num_threads(1); /* of the calling thread */
    if (phase < x->packs_late) {
        const float *weights = b->k->params + s->op.weight;
        float *quad = (float *)(void *)(b->scratch + x->quad_at);
        if (s->quad) cpu_quad_weights(quad, &s->op, weights);
        DNNL_TRY(dnnl_memory_set_data_handle(v->flat_weights,
                                             s->quad ? quad : cpu_dnnl_readable(weights)));
        DNNL_TRY(dnnl_primitive_execute(x->pack, c->stream, 2, v->pack_args));
        goto done;
    }
    float *flat = (float *)(void *)(b->scratch + x->flat_at);
    if (x->flattens && s->kind != STEP_BACKWARD_DATA)
        cpu_to_plain(flat, cpu_at(b, x->map), x->map, s->n);
    if (to_params) {
        float *d = io->dparams;
        DNNL_TRY(dnnl_memory_set_data_handle(v->flat_weights, d + s->op.weight));
        if (s->op.bias >= 0) DNNL_TRY(dnnl_memory_set_data_handle(v->flat_bias, d + s->op.bias));
    }
    DNNL_TRY(dnnl_primitive_execute(x->pieces[x->piece_of[part % x->bands]].primitive, c->stream,
                                    c->arg_count, c->args));
    if (x->flattens && s->kind == STEP_BACKWARD_DATA)
        cpu_from_plain(cpu_at(b, x->map), x->map, s->n, s->n, flat);
    if (to_params) DNNL_TRY(dnnl_primitive_execute(x->pack, c->stream, 2, v->pack_args));
    if (s->mask_offset >= 0) /* a rectified value has the sign of its input */
        cpu_mask_of(b->arena + s->mask_offset, cpu_at(b, s->dst), cpu_slot_count(b->k, s->dst),
                    s->dst.f.dtype, (float)s->op.cap);
done:
    return st;
}

const cpu_impl cpu_dnnl_impl = {
    .name = "dnnl",
    .prepare = cpu_dnnl_prepare,
    .release = cpu_dnnl_release,
    .load = cpu_dnnl_load,
    .bind = bind,
    .unbind = unbind,
    .parts = parts,
    .run = run,
    .move = move,
    .describe = cpu_dnnl_describe,
};
