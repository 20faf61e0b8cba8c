/* Steps of generative networks of pixels, scaled channels, rows of tokens, and windows that may overlap: pixel_kernels.h. */
#include "backend/cuda/cuda.h"

#include "base/try.h"

static int64_t elements(const slot *s, int64_t n)
{
    return 8 * octets_of(cuda_extent(s, n));
}

/* ---- sigmoids, gates, shifts, ones, scaled channels */

/* A copy of the table that the graph lends. */
static jem_status pixel_prepare(cuda_kernel *k)
{
    const op *o = &k->s.op;
    float table[2];
    jem_status st = JEM_OK;

    if (o->kind != OP_AFFINE) return JEM_OK;
    k->packed_bytes = (size_t)o->src.c * sizeof table;
    TRY(gpu_alloc(&k->packed, k->packed_bytes));
    for (int64_t c = 0; c < o->src.c; c++) {
        table[0] = (float)o->affine[c][0];
        table[1] = (float)o->affine[c][1];
        TRY(gpu_copy((float *)k->packed + 2 * c, table, sizeof table));
    }
done:
    return st;
}

static pixel_map pixel_of(const cuda_bound *b)
{
    const step *s = &b->k->s;
    const bool back = s->kind == STEP_BACKWARD_DATA, tangent = s->kind == STEP_TANGENT;
    const int64_t shared = s->src.s.c < s->dst.s.c ? s->src.s.c : s->dst.s.c;
    return (pixel_map){.dst = cuda_value(b, &s->dst),
                       .src = cuda_value(b, &s->src),
                       .src2 = cuda_value(b, &s->src2),
                       .e = cuda_extent(&s->dst, s->n),
                       .src_room = cuda_room(&s->src),
                       .src2_room = s->src2.offset >= 0 ? cuda_room(&s->src2) : 0,
                       .affine = b->k->packed,
                       .rows = back ? s->op.pad_top : -s->op.pad_top,
                       .columns = back ? s->op.pad_left : -s->op.pad_left,
                       .slope = back || tangent,
                       .accumulate = s->accumulate,
                       .least = (float)s->op.least,
                       .last = s->kind == STEP_FORWARD ? 1 : 0,
                       .shared = shared};
}

static jem_status pixel_run(const cuda_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    const pixel_map a = pixel_of(b);
    const int64_t pieces = elements(&s->dst, s->n);

    (void)io;
    switch (s->op.kind) {
    case OP_AFFINE: return launch_affine(&a, pieces);
    case OP_SIGMOID: return launch_sigmoid(&a, pieces);
    case OP_GATE: return s->kind == STEP_BACKWARD_DATA ? launch_gate_back(&a, pieces) : launch_gate(&a, pieces);
    case OP_SHIFT: return launch_shift(&a, pieces);
    default: return launch_ones(&a, pieces);
    }
}

const cuda_impl cuda_pixel_impl = {.name = "own", .prepare = pixel_prepare, .run = pixel_run};

/* ---- a vector added to a map */

static jem_status add_vector_run(const cuda_bound *b, const step_io *io)
{
    const step *s = &b->k->s;

    (void)io;
    if (s->kind == STEP_BACKWARD_DATA && s->source == 0)
        return cuda_move(cuda_value(b, &s->dst), cuda_value(b, &s->src), elements(&s->dst, s->n) / 8, s->accumulate);
    if (s->kind == STEP_BACKWARD_DATA) {
        const spots_map sums = {.dst = cuda_value(b, &s->dst), .src = cuda_value(b, &s->src),
                                .e = cuda_extent(&s->src, s->n), .room = cuda_room(&s->dst),
                                .accumulate = s->accumulate};
        return launch_spots(&sums, s->n * sums.room);
    }
    const pixel_map a = pixel_of(b);
    return launch_add_vector(&a, elements(&s->dst, s->n));
}

const cuda_impl cuda_add_vector_impl = {.name = "own", .run = add_vector_run};

/* ---- the row of tokens */

enum { TOKENS_WEIGHT, TOKENS_BIAS };

static jem_status tokens_prepare(cuda_kernel *k)
{
    const op *o = &k->s.op;
    if (k->s.kind != STEP_BACKWARD_PARAMS) return JEM_OK;
    cuda_book(k, TOKENS_WEIGHT, (size_t)shape_count(o->dst) * sizeof(float));
    cuda_book(k, TOKENS_BIAS, (size_t)o->dst.c * sizeof(float));
    return JEM_OK;
}

static jem_status tokens_run(const cuda_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    const op *o = &s->op;
    const int64_t weights = shape_count(o->dst);
    tokens_map a = {.dst = cuda_value(b, &s->dst), .src = cuda_value(b, &s->src),
                    .e = cuda_extent(s->kind == STEP_FORWARD ? &s->dst : &s->src, s->n), .accumulate = s->accumulate};
    jem_status st;

    if (s->kind == STEP_BACKWARD_DATA) return launch_tokens_back(&a, elements(&s->dst, s->n));
    if (s->kind == STEP_FORWARD) {
        if (o->bias >= 0) a.weight = b->k->params + o->weight, a.bias = b->k->params + o->bias;
        return launch_tokens(&a, elements(&s->dst, s->n));
    }
    float *dweight = (float *)io->dparams + o->weight, *dbias = (float *)io->dparams + o->bias;
    a.dweight = cuda_outside(b, TOKENS_WEIGHT, dweight);
    a.dbias = cuda_outside(b, TOKENS_BIAS, dbias);
    TRY(launch_tokens_params(&a, weights));
    TRY(cuda_hand_out(b, TOKENS_WEIGHT, dweight, weights));
    TRY(cuda_hand_out(b, TOKENS_BIAS, dbias, o->dst.c));
done:
    return st;
}

const cuda_impl cuda_tokens_impl = {.name = "own", .prepare = tokens_prepare, .run = tokens_run};

/* ---- windows */

static jem_status pool_run(const cuda_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    const op *o = &s->op;
    const bool back = s->kind == STEP_BACKWARD_DATA, largest = o->kind == OP_MAX_POOL;
    const pool_map a = {.dst = cuda_value(b, &s->dst),
                        .src = cuda_value(b, &s->src),
                        .x = cuda_value(b, s->kind == STEP_FORWARD ? &s->src : &s->src2),
                        .large = cuda_extent(back ? &s->dst : &s->src, s->n),
                        .small = cuda_extent(back ? &s->src : &s->dst, s->n),
                        .kernel = {o->kernel_h, o->kernel_w},
                        .stride = o->stride,
                        .pad = {o->pad_top, o->pad_left},
                        .accumulate = s->accumulate};
    const int64_t pieces = elements(&s->dst, s->n);

    (void)io;
    if (largest) return back ? launch_max_pool_back(&a, pieces) : launch_max_pool(&a, pieces);
    return back ? launch_mean_pool_back(&a, pieces) : launch_mean_pool(&a, pieces);
}

const cuda_impl cuda_pool_impl = {.name = "own", .run = pool_run};
