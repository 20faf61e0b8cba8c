/* Steps without products: to and from the outside world, element by element, over windows. */
#include "backend/cuda/cuda.h"

#include "base/try.h"

static int64_t value_octets(const slot *s, int64_t n)
{
    return octets_of(cuda_extent(s, n));
}

/* ---- ports */

static jem_status port_prepare(cuda_kernel *k)
{
    const slot *s = k->s.kind == STEP_LOAD ? &k->s.dst : &k->s.src;
    cuda_book(k, 0, (size_t)(k->s.n * shape_count(s->s)) * sizeof(float));
    return JEM_OK;
}

static jem_status port_load(const cuda_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    const float *from = s->port == PORT_X ? io->x : s->port == PORT_TX ? io->tx : io->dlogits;
    const size_t bytes = (size_t)(io->count * shape_count(s->dst.s)) * sizeof(float);
    float *staged = cuda_scratch(b, 0);
    jem_status st;

    if (!gpu_owns(from)) TRY(gpu_copy(staged, from, bytes));
    const port_copy a = {cuda_value(b, &s->dst), cuda_extent(&s->dst, s->n),
                         gpu_owns(from) ? (float *)(uintptr_t)from : staged, io->count};
    TRY(launch_load(&a, octets_of(a.e)));
done:
    return st;
}

static jem_status port_store(const cuda_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    float *to = s->port == PORT_LOGITS    ? io->logits
                : s->port == PORT_TLOGITS ? io->tlogits
                : s->port == PORT_DX      ? io->dx
                                          : io->feature;
    const int64_t count = io->count * shape_count(s->src.s);
    jem_status st;

    if (!to) return JEM_OK;
    const port_copy a = {cuda_value(b, &s->src), cuda_extent(&s->src, s->n), cuda_outside(b, 0, to),
                         io->count};
    TRY(launch_store_out(&a, count));
    TRY(cuda_hand_out(b, 0, to, count));
done:
    return st;
}

static jem_status port_run(const cuda_bound *b, const step_io *io)
{
    return b->k->s.kind == STEP_LOAD ? port_load(b, io) : port_store(b, io);
}

const cuda_impl cuda_port_impl = {.name = "own", .prepare = port_prepare, .run = port_run};

/* ---- octets: copies, sums, rectifiers, SiLU, GELU, ELU, dropout that drops nothing */

static octet_op octet_op_of(const step *s)
{
    const bool back = s->kind == STEP_BACKWARD_DATA;
    if (s->kind == STEP_COPY || s->kind == STEP_ACCUMULATE) return OCTET_COPY;
    switch (s->op.kind) {
    case OP_LRELU: return back ? OCTET_LRELU_BACK : OCTET_LRELU;
    case OP_SILU: return back ? OCTET_SILU_BACK : OCTET_SILU;
    case OP_GELU: return back ? OCTET_GELU_BACK : OCTET_GELU;
    case OP_ELU: return back ? OCTET_ELU_BACK : OCTET_ELU;
    case OP_ADD: return back ? OCTET_COPY : OCTET_ADD;
    default: return OCTET_COPY;
    }
}

static jem_status octet_run(const cuda_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    const octet_op what = octet_op_of(s);
    const slot mask = {s->mask_offset, s->dst.s, s->dst.f};
    octet_map a = {.dst = cuda_value(b, &s->dst),
                   .src = cuda_value(b, &s->src),
                   .src2 = cuda_value(b, what == OCTET_LRELU_BACK ? &mask : &s->src2),
                   .op = (int32_t)what,
                   .accumulate = s->accumulate || s->kind == STEP_ACCUMULATE,
                   .slope = (float)s->op.slope,
                   .cap = (float)s->op.cap};
    jem_status st;

    (void)io;
    TRY(launch_octet(&a, value_octets(&s->dst, s->n)));
    if (s->kind == STEP_FORWARD && s->lrelu) { /* of the sum, in place */
        a.src = a.dst;
        a.op = OCTET_LRELU;
        a.accumulate = false;
        TRY(launch_octet(&a, value_octets(&s->dst, s->n)));
    }
done:
    return st;
}

const cuda_impl cuda_octet_impl = {.name = "own", .run = octet_run};

/* ---- windows: pooling, and upsampling as its transpose */

static jem_status window_run(const cuda_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    const bool up = s->op.kind == OP_UPSAMPLE, back = s->kind == STEP_BACKWARD_DATA;
    const bool spread = up != back; /* from the small map to the large one */
    const window_map a = {.dst = cuda_value(b, &s->dst),
                          .src = cuda_value(b, &s->src),
                          .e = cuda_extent(spread ? &s->dst : &s->src, s->n),
                          .wh = up ? 2 : s->op.kernel_h,
                          .ww = up ? 2 : s->op.kernel_w,
                          .scale = up ? 1.0f : (float)s->op.scale,
                          .accumulate = s->accumulate};
    (void)io;
    return spread ? launch_window_spread(&a, value_octets(&s->dst, s->n))
                  : launch_window_sum(&a, value_octets(&s->dst, s->n));
}

const cuda_impl cuda_window_impl = {.name = "own", .run = window_run};

/* ---- concatenation */

static jem_status concat_back(const cuda_bound *b)
{
    const step *s = &b->k->s;
    const channels_map a = {.dst = cuda_value(b, &s->dst),
                            .src = cuda_value(b, &s->src),
                            .dst_room = cuda_room(&s->dst),
                            .src_room = cuda_room(&s->src),
                            .from = step_first_channel(s),
                            .count = cuda_room(&s->dst),
                            .filled = s->dst.s.c,
                            .accumulate = s->accumulate};
    return launch_channels(&a, cuda_rows(&s->dst, s->n) * a.count);
}

static jem_status concat_run(const cuda_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    channels_map a = {.dst = cuda_value(b, &s->dst), .dst_room = cuda_room(&s->dst),
                      .accumulate = s->accumulate};
    jem_status st = JEM_OK;

    (void)io;
    if (s->kind == STEP_BACKWARD_DATA) return concat_back(b);
    for (int i = 0; i < s->source_count; i++) {
        const slot *x = &s->sources[i];
        a.src = cuda_value(b, x);
        a.src_room = cuda_room(x);
        a.filled = x->s.c;
        a.count = i + 1 < s->source_count ? x->s.c : a.dst_room - a.to; /* the room behind, too */
        TRY(launch_channels(&a, cuda_rows(x, s->n) * a.count));
        a.to += x->s.c;
    }
done:
    return st;
}

const cuda_impl cuda_concat_impl = {.name = "own", .run = concat_run};

/* ---- concat-ELU */

static jem_status elu_run(const cuda_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    const bool back = s->kind == STEP_BACKWARD_DATA;
    const slot *plain = back ? &s->dst : &s->src, *doubled = back ? &s->src : &s->dst;
    const elu_map a = {.dst = cuda_value(b, &s->dst),
                       .src = cuda_value(b, &s->src),
                       .src2 = cuda_value(b, &s->src2),
                       .e = cuda_extent(plain, s->n),
                       .room = cuda_room(doubled),
                       .accumulate = s->accumulate,
                       .tangent = s->kind == STEP_TANGENT};
    const int64_t pieces = 8 * value_octets(&s->dst, s->n);
    (void)io;
    return back ? launch_elu_back(&a, pieces) : launch_elu(&a, pieces);
}

const cuda_impl cuda_elu_impl = {.name = "own", .run = elu_run};

/* ---- dropout and noise */

static jem_status dropout_run(const cuda_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    const dropout_map a = {.dst = cuda_value(b, &s->dst),
                           .src = cuda_value(b, &s->src),
                           .e = cuda_extent(&s->dst, s->n),
                           .stream = io->dropout,
                           .stream_at = io->dropout_at,
                           .node = s->op.id,
                           .image0 = io->image0,
                           .accumulate = s->accumulate,
                           .whole = s->op.whole,
                           .scale = (float)(1.0 / (1.0 - s->op.rate)),
                           .threshold = s->op.rate * 4294967296.0};
    const int64_t pieces = 8 * value_octets(&s->dst, s->n);
    return s->op.kind == OP_NOISE ? launch_noise(&a, pieces) : launch_dropout(&a, pieces);
}

const cuda_impl cuda_dropout_impl = {.name = "own", .run = dropout_run};

/* ---- trained scales of channels */

enum { SCALE_PRODUCTS, SCALE_PARTS, SCALE_OUT };

static jem_status scale_prepare(cuda_kernel *k)
{
    const slot *v = &k->s.src;
    jem_status st = JEM_OK;
    if (k->s.kind != STEP_BACKWARD_PARAMS) return JEM_OK;
    cuda_book(k, SCALE_PRODUCTS, (size_t)(cuda_rows(v, k->s.n) * cuda_room(v)) * sizeof(float));
    TRY(cuda_book_columns(k, SCALE_PARTS, false));
    cuda_book(k, SCALE_OUT, (size_t)v->s.c * sizeof(float));
done:
    return st;
}

static jem_status scale_run(const cuda_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    const int64_t rows = cuda_rows(&s->src, s->n), room = cuda_room(&s->src);
    scale_map a = {.dst = cuda_value(b, &s->dst), .src = cuda_value(b, &s->src),
                   .x = cuda_value(b, &s->src2), .weight = b->k->params + s->op.weight,
                   .c = s->src.s.c, .room = room, .accumulate = s->accumulate};
    jem_status st;

    if (s->kind != STEP_BACKWARD_PARAMS) return launch_scale(&a, rows * room);
    a.dst = (value){cuda_scratch(b, SCALE_PRODUCTS), 0, 0};
    float *dw = (float *)io->dparams + s->op.weight;
    const columns_map sums = {.v = a.dst, .parts = cuda_scratch(b, SCALE_PARTS),
                              .sums = cuda_outside(b, SCALE_OUT, dw), .rows = rows, .room = room,
                              .part_count = b->k->parts};
    TRY(launch_scale_products(&a, rows * room));
    TRY(cuda_sum_columns(&sums, a.c));
    TRY(cuda_hand_out(b, SCALE_OUT, dw, a.c));
done:
    return st;
}

const cuda_impl cuda_scale_impl = {.name = "own", .prepare = scale_prepare, .run = scale_run};
