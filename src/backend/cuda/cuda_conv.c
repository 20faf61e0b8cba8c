/* Convolution steps: their problem, their packed weights, and gradients in the flat vector's
 * layout. */
#include "backend/cuda/conv_size.h"
#include "backend/cuda/cuda.h"

#include <string.h>

#include "base/try.h"

enum { BOOK_CONV, BOOK_DW, BOOK_PARTS, BOOK_OUT_W, BOOK_OUT_B };

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
    p.h = (int32_t)x->s.h;
    p.w = (int32_t)x->s.w;
    p.k = (int32_t)cuda_room(y);
    p.p = (int32_t)y->s.h;
    p.q = (int32_t)y->s.w;
    p.kernel_h = (int32_t)o->kernel_h;
    p.kernel_w = (int32_t)o->kernel_w;
    p.stride = (int32_t)o->stride;
    p.pad = (int32_t)o->pad_top;
    p.pad_end = (int32_t)o->pad_bottom;
    p.bf16 = x->f.dtype == JEM_BF16;
    if (p.pass != CONV_TO_WEIGHTS) {
        p.bias = p.pass == CONV_FORWARD && o->bias >= 0;
        p.lrelu = s->lrelu;
        p.add = s->accumulate;
        if (s->lrelu) p.slope = (float)o->slope;
    }
    return p;
}

/* Square kernels, the same zeros on both axes, no groups, no cap. */
static jem_status cuda_conv_supports(const op *o)
{
    if (o->groups > 1) return cuda_lacks("grouped and depthwise convolutions");
    if (o->cap > 0) return cuda_lacks("ReLU6");
    if (o->kernel_h != o->kernel_w || o->pad_top != o->pad_left || o->pad_bottom != o->pad_right)
        return cuda_lacks("convolutions that are not square");
    return JEM_OK;
}

static jem_status conv_prepare(cuda_kernel *k)
{
    jem_status st;
    const conv_problem p = problem_of(&k->s);

    TRY(cuda_conv_supports(&k->s.op));
    TRY(conv_get(&k->conv, &p));
    cuda_book(k, BOOK_CONV, conv_scratch(k->conv));
    if (p.pass == CONV_TO_WEIGHTS) {
        cuda_book(k, BOOK_DW, (size_t)conv_w_count(&p) * conv_item_bytes(&p));
        cuda_book(k, BOOK_PARTS, (size_t)(COLUMN_PARTS * p.k) * sizeof(double));
        cuda_book(k, BOOK_OUT_W, (size_t)conv_w_count(&p) * sizeof(float));
        cuda_book(k, BOOK_OUT_B, (size_t)p.k * sizeof(float));
        return JEM_OK;
    }
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

    if (!k->packed) return JEM_OK;
    TRY(conv_pack(k->conv, k->packed, k->params + k->s.op.weight, k->s.op.dst.c, k->s.op.src.c));
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
                                       s->op.dst.c, s->op.src.c);
    const int64_t count = a.out * a.in * a.taps;
    jem_status st;

    TRY(launch_unpack(&a, count));
    TRY(cuda_hand_out(b, BOOK_OUT_W, dw, count));
    if (s->op.bias < 0) goto done;
    const columns_map sums = {.v = cuda_value(b, &s->src),
                              .parts = cuda_scratch(b, BOOK_PARTS),
                              .sums = cuda_outside(b, BOOK_OUT_B, db),
                              .rows = cuda_rows(&s->src, s->n),
                              .room = p->k};
    TRY(cuda_sum_columns(&sums, s->op.dst.c));
    TRY(cuda_hand_out(b, BOOK_OUT_B, db, s->op.dst.c));
done:
    return st;
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
    if (p.pass == CONV_TO_WEIGHTS) TRY(hand_out_gradients(b, &p, io->dparams));
done:
    return st;
}

const cuda_impl cuda_conv_impl = {
    .name = "cudnn", .prepare = conv_prepare, .load = conv_load, .run = conv_step_run};
