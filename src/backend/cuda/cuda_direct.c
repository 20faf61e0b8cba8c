/* Convolutions in small groups, depthwise and transposed by own kernels: direct_kernels.h. */
#include "backend/cuda/cuda.h"

#include "base/try.h"

enum { BOOK_PARTIAL, BOOK_PARTS, BOOK_OUT_W, BOOK_OUT_B, BOOK_OUT_G };

/* Parts of gradients to weights: many where these are few. */
enum { PARTS_MOST = 64, PARTIAL_MOST = 4 << 20 };

static bool is_turned(const step *s)
{
    return s->op.kind == OP_CONV_TRANSPOSED;
}

/* The op's input, or the gradient to it; and its output, or the gradient of that. */
static const slot *input_slot(const step *s)
{
    return s->kind == STEP_FORWARD ? &s->src : s->kind == STEP_BACKWARD_DATA ? &s->dst : &s->src2;
}

static const slot *output_slot(const step *s)
{
    return s->kind == STEP_FORWARD ? &s->dst : &s->src;
}

static int64_t weight_count(const op *o)
{
    return o->dst.c * cuda_row_weights(o);
}

static int64_t part_count(const op *o)
{
    const int64_t parts = PARTIAL_MOST / weight_count(o);
    return parts < 1 ? 1 : parts > PARTS_MOST ? PARTS_MOST : parts;
}

/* Sizes alone: what a kernel knows before it is bound. */
static direct_map direct_sizes(const cuda_kernel *k)
{
    const step *s = &k->s;
    const op *o = &s->op;
    const bool turned = is_turned(s);
    const slot *x = turned ? output_slot(s) : input_slot(s), *y = turned ? input_slot(s) : output_slot(s);
    const int64_t groups = o->groups > 1 ? o->groups : 1;
    return (direct_map){.x = cuda_extent(x, s->n),
                        .y = cuda_extent(y, s->n),
                        .kernel_h = o->kernel_h,
                        .kernel_w = o->kernel_w,
                        .stride = o->stride,
                        .top = o->pad_top,
                        .left = o->pad_left,
                        .in = x->s.c / groups,
                        .out = y->s.c / groups,
                        .packed = k->packed,
                        .part_count = part_count(o),
                        .turned = turned,
                        .to_large = (s->kind == STEP_FORWARD) == turned,
                        .accumulate = s->accumulate,
                        .slope = (float)o->slope,
                        .cap = (float)o->cap};
}

static int64_t packed_count(const direct_map *a)
{
    return direct_taps(a) * (a->to_large ? a->out * a->x.room : a->in * a->y.room);
}

static jem_status direct_prepare(cuda_kernel *k)
{
    const step *s = &k->s;
    const op *o = &s->op;
    const direct_map a = direct_sizes(k);
    jem_status st = JEM_OK;

    if (s->kind == STEP_BACKWARD_PARAMS) {
        const int64_t room = cuda_room(output_slot(s));
        cuda_book(k, BOOK_PARTIAL, (size_t)(a.part_count * weight_count(o)) * sizeof(float));
        TRY(cuda_book_columns(k, BOOK_PARTS, s->src.f.dtype == JEM_BF16));
        cuda_book(k, BOOK_OUT_W, (size_t)weight_count(o) * sizeof(float));
        cuda_book(k, BOOK_OUT_B, (size_t)room * sizeof(float));
        cuda_book(k, BOOK_OUT_G, (size_t)room * sizeof(float));
        return JEM_OK;
    }
    TRY(cuda_reserve_weights(k));
    k->packed_bytes = (size_t)packed_count(&a) * sizeof(float);
    TRY(gpu_alloc(&k->packed, k->packed_bytes));
done:
    return st;
}

static jem_status direct_load(cuda_kernel *k)
{
    jem_status st;
    direct_map a = direct_sizes(k);
    float *plain;

    if (!k->packed) return JEM_OK;
    TRY(cuda_weights(&plain, k));
    a.plain = plain;
    TRY(launch_direct_pack(&a, packed_count(&a)));
done:
    return st;
}

/* Forward, or to the input. */
static jem_status direct_product(const cuda_bound *b)
{
    const step *s = &b->k->s;
    const slot mask = {s->mask_offset, s->dst.s, s->dst.f};
    direct_map a = direct_sizes(b->k);
    const value dst = cuda_value(b, &s->dst), src = cuda_value(b, &s->src);

    a.large = a.to_large ? dst : src;
    a.small = a.to_large ? src : dst;
    a.rectifies = s->kind == STEP_FORWARD && s->lrelu;
    if (s->kind == STEP_FORWARD && s->op.bias >= 0) a.bias = b->k->params + s->op.bias;
    if (s->kind == STEP_BACKWARD_DATA && s->lrelu) a.mask = cuda_value(b, &mask);
    return a.to_large ? launch_direct_large(&a, 8 * octets_of(a.x)) : launch_direct_small(&a, 8 * octets_of(a.y));
}

static jem_status direct_to_weights(const cuda_bound *b, float *dparams)
{
    const step *s = &b->k->s;
    const op *o = &s->op;
    float *dw = dparams + o->weight, *db = dparams + o->bias;
    const value input = cuda_value(b, &s->src2), gradient = cuda_value(b, &s->src);
    direct_map a = direct_sizes(b->k);
    const columns_map sums = {.v = gradient, .parts = cuda_scratch(b, BOOK_PARTS),
                              .sums = cuda_outside(b, BOOK_OUT_B, db), .rows = cuda_rows(&s->src, s->n),
                              .room = cuda_room(&s->src), .part_count = b->k->parts};
    jem_status st;

    a.large = a.turned ? gradient : input;
    a.small = a.turned ? input : gradient;
    a.parts = cuda_scratch(b, BOOK_PARTIAL);
    a.sums = cuda_outside(b, BOOK_OUT_W, dw);
    TRY(launch_direct_weights(&a, a.part_count * weight_count(o)));
    TRY(launch_direct_weights_end(&a, weight_count(o)));
    TRY(cuda_turn_gradient(b, a.sums, BOOK_OUT_G, dparams));
    TRY(cuda_hand_out(b, BOOK_OUT_W, dw, weight_count(o)));
    if (o->bias < 0) goto done;
    TRY(cuda_sum_columns(&sums, o->dst.c));
    TRY(cuda_hand_out(b, BOOK_OUT_B, db, o->dst.c));
done:
    return st;
}

static jem_status direct_run(const cuda_bound *b, const step_io *io)
{
    return b->k->s.kind == STEP_BACKWARD_PARAMS ? direct_to_weights(b, io->dparams) : direct_product(b);
}

const cuda_impl cuda_direct_impl = {
    .name = "own", .prepare = direct_prepare, .load = direct_load, .run = direct_run};
