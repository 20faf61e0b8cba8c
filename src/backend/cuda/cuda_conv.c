/* Convolution steps: their problem, their packed weights, and gradients in the flat vector's
 * layout. */
#include "backend/cuda/conv_size.h"
#include "backend/cuda/cuda.h"

#include <string.h>

#include "base/try.h"

enum { BOOK_CONV, BOOK_DW, BOOK_PARTS, BOOK_OUT_W, BOOK_OUT_B, BOOK_OUT_G };

/* Is there a rectifier with a cap, which follows by itself? */
static bool is_capped(const step *s)
{
    return s->lrelu && s->op.cap > 0;
}

static conv_problem problem_of(const step *s)
{
    const op *o = &s->op;
    const slot *x = s->kind == STEP_FORWARD         ? &s->src
                    : s->kind == STEP_BACKWARD_DATA ? &s->dst
                                                    : &s->src2;
    const slot *y = s->kind == STEP_FORWARD ? &s->dst : &s->src;
    conv_problem p;

    memset(&p, 0, sizeof p);
    p.pass = s->kind == STEP_FORWARD         ? CONV_FORWARD
             : s->kind == STEP_BACKWARD_DATA ? CONV_TO_INPUT
                                             : CONV_TO_WEIGHTS;
    p.n = (int32_t)s->n;
    p.c = (int32_t)cuda_room(x);
    p.in = (int32_t)(o->groups > 1 ? op_group_channels(o) : cuda_room(x));
    p.h = (int32_t)x->s.h;
    p.w = (int32_t)x->s.w;
    p.k = (int32_t)cuda_room(y);
    p.p = (int32_t)y->s.h;
    p.q = (int32_t)y->s.w;
    p.kernel_h = (int32_t)o->kernel_h;
    p.kernel_w = (int32_t)o->kernel_w;
    p.stride = (int32_t)o->stride;
    p.pad[0] = (int32_t)o->pad_top;
    p.pad[1] = (int32_t)o->pad_left;
    p.pad_end[0] = (int32_t)o->pad_bottom;
    p.pad_end[1] = (int32_t)o->pad_right;
    p.bf16 = x->f.dtype == JEM_BF16;
    if (p.pass != CONV_TO_WEIGHTS) {
        p.bias = p.pass == CONV_FORWARD && o->bias >= 0;
        p.lrelu = s->lrelu && !is_capped(s);
        p.add = s->accumulate;
        p.copy = s->copied;
        if (p.lrelu || p.copy) p.slope = (float)o->slope;
    }
    return p;
}

static jem_status conv_prepare(cuda_kernel *k)
{
    jem_status st;
    const conv_problem p = problem_of(&k->s);

    TRY(conv_get(&k->conv, &p));
    cuda_book(k, BOOK_CONV, conv_scratch(k->conv));
    if (p.pass == CONV_TO_WEIGHTS) {
        cuda_book(k, BOOK_DW, (size_t)conv_w_count(&p) * conv_item_bytes(&p));
        TRY(cuda_book_columns(k, BOOK_PARTS, p.bf16));
        cuda_book(k, BOOK_OUT_W, (size_t)conv_w_count(&p) * sizeof(float));
        cuda_book(k, BOOK_OUT_B, (size_t)p.k * sizeof(float));
        cuda_book(k, BOOK_OUT_G, (size_t)p.k * sizeof(float));
        return JEM_OK;
    }
    TRY(cuda_reserve_weights(k));
    k->packed_bytes = conv_weight_bytes(k->conv);
    TRY(gpu_alloc(&k->packed, k->packed_bytes));
    if (p.bias) TRY(gpu_alloc(&k->bias, (size_t)p.k * sizeof(float)));
done:
    return st;
}

static jem_status conv_load(cuda_kernel *k)
{
    jem_status st = JEM_OK;
    const conv_problem p = problem_of(&k->s);
    float *plain;

    if (!k->packed) return JEM_OK;
    TRY(cuda_weights(&plain, k));
    TRY(conv_pack(k->conv, k->packed, plain, k->s.op.dst.c, op_group_channels(&k->s.op)));
    if (k->bias) {
        const bias_map bias = {.dst = k->bias, .bias = k->params + k->s.op.bias, .c = k->s.op.dst.c,
                               .room = p.k};
        TRY(launch_bias(&bias, p.k));
    }
done:
    return st;
}

/* The flat vector's gradients, from dw in the packed layout and from dy. */
static jem_status hand_out_gradients(const cuda_bound *b, const conv_problem *p, float *dparams)
{
    const step *s = &b->k->s;
    float *dw = dparams + s->op.weight, *db = dparams + s->op.bias;
    const weights_map a = conv_weights(p, cuda_scratch(b, BOOK_DW), cuda_outside(b, BOOK_OUT_W, dw),
                                       s->op.dst.c, op_group_channels(&s->op));
    const int64_t count = a.out * a.in * a.taps;
    jem_status st;

    TRY(launch_unpack(&a, count));
    TRY(cuda_turn_gradient(b, a.plain, BOOK_OUT_G, dparams));
    TRY(cuda_hand_out(b, BOOK_OUT_W, dw, count));
    if (s->op.bias < 0) goto done;
    const columns_map sums = {.v = cuda_value(b, &s->src),
                              .parts = cuda_scratch(b, BOOK_PARTS),
                              .sums = cuda_outside(b, BOOK_OUT_B, db),
                              .rows = cuda_rows(&s->src, s->n),
                              .room = p->k,
                              .part_count = b->k->parts};
    TRY(cuda_sum_columns(&sums, s->op.dst.c));
    TRY(cuda_hand_out(b, BOOK_OUT_B, db, s->op.dst.c));
done:
    return st;
}

/* min(max(y, slope y), cap), in place. */
static jem_status rectify_capped(const cuda_bound *b)
{
    const step *s = &b->k->s;
    const value y = cuda_value(b, &s->dst);
    const octet_map a = {.dst = y, .src = y, .op = OCTET_LRELU, .slope = (float)s->op.slope, .cap = (float)s->op.cap};
    return launch_octet(&a, octets_of(cuda_extent(&s->dst, s->n)));
}

static jem_status conv_step_run(const cuda_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    const conv_problem p = problem_of(s);
    conv_call call = {.w = b->k->packed, .bias = b->k->bias, .scratch = cuda_scratch(b, BOOK_CONV)};
    jem_status st;

    if (p.pass == CONV_FORWARD) {
        call.x = cuda_value(b, &s->src).data;
        call.dst = cuda_value(b, &s->dst).data;
        call.copy = s->copied ? cuda_value(b, &s->copy).data : NULL;
    } else if (p.pass == CONV_TO_INPUT) {
        call.dy = cuda_value(b, &s->src).data;
        call.dst = cuda_value(b, &s->dst).data;
        call.mask = s->lrelu ? b->arena + s->mask_offset : NULL;
    } else {
        call.dy = cuda_value(b, &s->src).data;
        call.x = cuda_value(b, &s->src2).data;
        call.dst = cuda_scratch(b, BOOK_DW);
    }
    TRY(conv_run(b->k->conv, &call));
    if (p.pass == CONV_FORWARD && is_capped(s)) TRY(rectify_capped(b));
    if (p.pass == CONV_TO_WEIGHTS) TRY(hand_out_gradients(b, &p, io->dparams));
done:
    return st;
}

const cuda_impl cuda_conv_impl = {
    .name = "cudnn", .prepare = conv_prepare, .load = conv_load, .run = conv_step_run};
