/* Linear layers and attention: products of float32 matrices with own kernels around them.
 *
 * A linear layer's input is a value [n][h*w][room]; its weights (out, c*h*w), channel-major,
 * are packed as [out room][h*w][room], zeros where memory alone has a channel. */
#include "backend/cuda/cuda.h"
#include "backend/cuda/gemm.h"

#include <math.h>

#include "base/try.h"

/* ---- linear */

enum { BOOK_X, BOOK_DW, BOOK_PARTS, BOOK_OUT_W, BOOK_OUT_B, BOOK_OUT_G };

static const slot *wide_slot(const step *s) /* of the layer's input */
{
    return s->kind == STEP_FORWARD ? &s->src : s->kind == STEP_BACKWARD_DATA ? &s->dst : &s->src2;
}

static const slot *narrow_slot(const step *s) /* of its output */
{
    return s->kind == STEP_FORWARD ? &s->dst : &s->src;
}

static int64_t width_of(const slot *s) /* elements of an image in memory */
{
    return s->s.h * s->s.w * s->f.block;
}

/* Packed beside plain weights: the layout of a convolution whose taps are the positions. */
static weights_map linear_weights(const step *s, void *packed, float *plain)
{
    const slot *x = wide_slot(s);
    return (weights_map){.packed = {packed, 0, 0},
                         .plain = plain,
                         .out = s->op.dst.c,
                         .in = s->op.src.c,
                         .taps = x->s.h * x->s.w,
                         .out_room = cuda_room(narrow_slot(s)),
                         .in_room = cuda_room(x)};
}

static jem_status linear_prepare(cuda_kernel *k)
{
    jem_status st = JEM_OK;
    const step *s = &k->s;
    const slot *x = wide_slot(s);
    const int64_t out = cuda_room(narrow_slot(s));
    const size_t weights = (size_t)(out * width_of(x)) * sizeof(float);

    cuda_book(k, BOOK_X, x->f.dtype == JEM_F32 ? 0 : (size_t)(s->n * width_of(x)) * sizeof(float));
    if (s->kind == STEP_BACKWARD_PARAMS) {
        cuda_book(k, BOOK_DW, weights);
        TRY(cuda_book_columns(k, BOOK_PARTS, false));
        cuda_book(k, BOOK_OUT_W, weights);
        cuda_book(k, BOOK_OUT_B, (size_t)out * sizeof(float));
        cuda_book(k, BOOK_OUT_G, (size_t)out * sizeof(float));
        return JEM_OK;
    }
    TRY(cuda_reserve_weights(k));
    TRY(gpu_alloc(&k->packed, weights));
    k->packed_bytes = weights;
done:
    return st;
}

static jem_status linear_load(cuda_kernel *k)
{
    float *plain;
    jem_status st;

    if (!k->packed) return JEM_OK;
    TRY(cuda_weights(&plain, k));
    const weights_map a = linear_weights(&k->s, k->packed, plain);
    TRY(launch_pack(&a, a.out_room * a.in_room));
done:
    return st;
}

/* The layer's input as floats. */
static jem_status float_input(const float **out, const cuda_bound *b, const slot *x)
{
    jem_status st = JEM_OK;
    const value v = cuda_value(b, x), staged = {cuda_scratch(b, BOOK_X), 0, 0};
    if (v.bf16) TRY(cuda_move(staged, v, b->k->s.n * width_of(x) / 8, false));
    *out = v.bf16 ? staged.data : v.data;
done:
    return st;
}

static jem_status linear_forward(const cuda_bound *b)
{
    const step *s = &b->k->s;
    const int64_t out = cuda_room(&s->dst), in = width_of(&s->src);
    const bias_map bias = {.dst = cuda_value(b, &s->dst).data,
                           .bias = s->op.bias >= 0 ? b->k->params + s->op.bias : NULL,
                           .c = s->op.dst.c,
                           .room = out,
                           .accumulate = s->accumulate};
    gemm g = {.m = s->n, .n = out, .k = in, .b = b->k->packed, .c = bias.dst, .lda = in, .ldb = in,
              .ldc = out, .b_turned = true, .scale = 1, .keep = 1};
    jem_status st;
    TRY(float_input(&g.a, b, &s->src));
    TRY(launch_bias(&bias, s->n * out));
    TRY(gemm_run(&g));
done:
    return st;
}

static jem_status linear_to_input(const cuda_bound *b)
{
    const step *s = &b->k->s;
    const int64_t out = cuda_room(&s->src), in = width_of(&s->dst);
    const value dx = cuda_value(b, &s->dst);
    const value to = dx.bf16 ? (value){cuda_scratch(b, BOOK_X), 0, 0} : dx;
    const gemm g = {.m = s->n, .n = in, .k = out, .a = cuda_value(b, &s->src).data, .b = b->k->packed,
                    .c = to.data, .lda = out, .ldb = in, .ldc = in, .scale = 1,
                    .keep = s->accumulate && !dx.bf16 ? 1 : 0};
    jem_status st;
    TRY(gemm_run(&g));
    if (dx.bf16) TRY(cuda_move(dx, to, s->n * in / 8, s->accumulate));
done:
    return st;
}

static jem_status linear_to_weights(const cuda_bound *b, float *dparams)
{
    const step *s = &b->k->s;
    const int64_t out = cuda_room(&s->src), in = width_of(&s->src2);
    float *dw = dparams + s->op.weight, *db = dparams + s->op.bias;
    gemm g = {.m = out, .n = in, .k = s->n, .a = cuda_value(b, &s->src).data,
              .c = cuda_scratch(b, BOOK_DW), .lda = out, .ldb = in, .ldc = in, .a_turned = true,
              .scale = 1};
    const weights_map a = linear_weights(s, g.c, cuda_outside(b, BOOK_OUT_W, dw));
    const columns_map sums = {.v = cuda_value(b, &s->src), .parts = cuda_scratch(b, BOOK_PARTS),
                              .sums = cuda_outside(b, BOOK_OUT_B, db), .rows = s->n, .room = out, .part_count = b->k->parts};
    jem_status st;
    TRY(float_input(&g.b, b, &s->src2));
    TRY(gemm_run(&g));
    TRY(launch_unpack(&a, a.out * a.in * a.taps));
    TRY(cuda_turn_gradient(b, a.plain, BOOK_OUT_G, dparams));
    TRY(cuda_hand_out(b, BOOK_OUT_W, dw, a.out * a.in * a.taps));
    if (s->op.bias < 0) goto done;
    TRY(cuda_sum_columns(&sums, a.out));
    TRY(cuda_hand_out(b, BOOK_OUT_B, db, a.out));
done:
    return st;
}

static jem_status linear_run(const cuda_bound *b, const step_io *io)
{
    switch (b->k->s.kind) {
    case STEP_FORWARD: return linear_forward(b);
    case STEP_BACKWARD_DATA: return linear_to_input(b);
    default: return linear_to_weights(b, io->dparams);
    }
}

const cuda_impl cuda_linear_impl = {
    .name = "cublas", .prepare = linear_prepare, .load = linear_load, .run = linear_run};

/* ---- attention: matrices q, k, v, ... [n*heads][t][c], scores [n*heads][t][t] */

enum { HEAD_Q, HEAD_K, HEAD_V, HEAD_DQ, HEAD_DK, HEAD_DV, HEAD_O, BOOK_P, BOOK_D };

typedef struct heads {
    const cuda_bound *b;
    int64_t n, per_image, t, c; /* heads of all images, of one; channels of a head */
    float scale;
    float *m[BOOK_D + 1]; /* by the names above */
} heads;

static heads heads_of(const cuda_bound *b)
{
    const step *s = &b->k->s;
    const op *o = &s->op;
    const int64_t per_image = op_heads(o), c = o->dst.c / per_image;
    heads h = {.b = b, .n = s->n * per_image, .per_image = per_image, .t = o->src.h * o->src.w, .c = c,
               .scale = (float)(1.0 / sqrt((double)c))};
    for (int i = 0; i <= BOOK_D; i++) h.m[i] = cuda_scratch(b, i);
    return h;
}

static jem_status attention_prepare(cuda_kernel *k)
{
    const op *o = &k->s.op;
    const int64_t t = o->src.h * o->src.w;
    for (int i = 0; i <= HEAD_O; i++)
        cuda_book(k, i, (size_t)(k->s.n * t * o->dst.c) * sizeof(float));
    for (int i = BOOK_P; i <= BOOK_D; i++)
        cuda_book(k, i, (size_t)(k->s.n * op_heads(o) * t * t) * sizeof(float));
    return JEM_OK;
}

/* Queries, keys or values (by `which`; outputs are 0) of the value in `at` beside matrix m. */
static jem_status move_heads(const heads *h, const slot *at, int which, float *m, bool to_value)
{
    const head_map a = {.v = cuda_value(h->b, at), .matrix = m, .t = h->t, .heads = h->per_image, .c = h->c,
                        .room = cuda_room(at), .first = which * h->per_image * h->c, .to_value = to_value,
                        .accumulate = h->b->k->s.accumulate};
    return launch_head(&a, h->n * h->t * h->c);
}

static jem_status take_heads(const heads *h, const slot *at, int first)
{
    jem_status st = JEM_OK;
    for (int i = 0; i < 3; i++) TRY(move_heads(h, at, i, h->m[first + i], false));
done:
    return st;
}

/* What memory alone has stays zero. */
static jem_status put_heads(const heads *h, int which, const float *m)
{
    jem_status st = JEM_OK;
    const step *s = &h->b->k->s;
    const value v = cuda_value(h->b, &s->dst);
    const size_t bytes = (size_t)(cuda_rows(&s->dst, s->n) * cuda_room(&s->dst)) * (v.bf16 ? 2 : 4);
    if (which == 0 && cuda_room(&s->dst) != s->dst.s.c && !s->accumulate)
        TRY(gpu_clear(v.data, bytes));
    TRY(move_heads(h, &s->dst, which, (float *)(uintptr_t)m, true));
done:
    return st;
}

/* scores [t][t] (+)= scale * a b^T of each head. */
static jem_status score(const heads *h, float *to, const float *a, const float *b, float scale,
                        bool more)
{
    const gemm g = {.m = h->t, .n = h->t, .k = h->c, .a = a, .b = b, .c = to, .lda = h->c,
                    .ldb = h->c, .ldc = h->t, .b_turned = true, .scale = scale, .keep = more,
                    .count = h->n, .a_step = h->t * h->c, .b_step = h->t * h->c,
                    .c_step = h->t * h->t};
    return gemm_run(&g);
}

/* m [t][c] (+)= scale * p m2, or p^T m2. */
static jem_status mix(const heads *h, float *to, const float *p, bool turned, const float *m,
                      float scale, bool more)
{
    const gemm g = {.m = h->t, .n = h->c, .k = h->t, .a = p, .b = m, .c = to, .lda = h->t,
                    .ldb = h->c, .ldc = h->c, .a_turned = turned, .scale = scale, .keep = more,
                    .count = h->n, .a_step = h->t * h->t, .b_step = h->t * h->c,
                    .c_step = h->t * h->c};
    return gemm_run(&g);
}

/* p <- softmax of the scores of the op's input. */
static jem_status weigh(const heads *h, const slot *input)
{
    jem_status st;
    const softmax_map rows = {h->m[BOOK_P], NULL, h->t};
    TRY(take_heads(h, input, HEAD_Q));
    TRY(score(h, h->m[BOOK_P], h->m[HEAD_Q], h->m[HEAD_K], h->scale, false));
    TRY(launch_softmax(&rows, h->n * h->t));
done:
    return st;
}

/* d <- p (d - sum p d) by rows. */
static jem_status slope_of_rows(const heads *h)
{
    const softmax_map rows = {h->m[BOOK_P], h->m[BOOK_D], h->t};
    return launch_softmax_slope(&rows, h->n * h->t);
}

static jem_status attention_forward(const heads *h, const step *s)
{
    jem_status st;
    TRY(weigh(h, &s->src));
    TRY(mix(h, h->m[HEAD_O], h->m[BOOK_P], false, h->m[HEAD_V], 1, false));
    TRY(put_heads(h, 0, h->m[HEAD_O]));
done:
    return st;
}

static jem_status attention_tangent(const heads *h, const step *s)
{
    jem_status st;
    TRY(weigh(h, &s->src2));
    TRY(take_heads(h, &s->src, HEAD_DQ));
    TRY(score(h, h->m[BOOK_D], h->m[HEAD_DQ], h->m[HEAD_K], h->scale, false));
    TRY(score(h, h->m[BOOK_D], h->m[HEAD_Q], h->m[HEAD_DK], h->scale, true));
    TRY(slope_of_rows(h));
    TRY(mix(h, h->m[HEAD_O], h->m[BOOK_D], false, h->m[HEAD_V], 1, false));
    TRY(mix(h, h->m[HEAD_O], h->m[BOOK_P], false, h->m[HEAD_DV], 1, true));
    TRY(put_heads(h, 0, h->m[HEAD_O]));
done:
    return st;
}

static jem_status attention_backward(const heads *h, const step *s)
{
    jem_status st;
    TRY(weigh(h, &s->src2));
    TRY(move_heads(h, &s->src, 0, h->m[HEAD_O], false)); /* the output's gradient */
    TRY(score(h, h->m[BOOK_D], h->m[HEAD_O], h->m[HEAD_V], 1, false));
    TRY(slope_of_rows(h));
    TRY(mix(h, h->m[HEAD_DQ], h->m[BOOK_D], false, h->m[HEAD_K], h->scale, false));
    TRY(mix(h, h->m[HEAD_DK], h->m[BOOK_D], true, h->m[HEAD_Q], h->scale, false));
    TRY(mix(h, h->m[HEAD_DV], h->m[BOOK_P], true, h->m[HEAD_O], 1, false));
    for (int i = 0; i < 3; i++) TRY(put_heads(h, i, h->m[HEAD_DQ + i]));
done:
    return st;
}

static jem_status attention_run(const cuda_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    const heads h = heads_of(b);
    (void)io;
    switch (s->kind) {
    case STEP_FORWARD: return attention_forward(&h, s);
    case STEP_TANGENT: return attention_tangent(&h, s);
    default: return attention_backward(&h, s);
    }
}

const cuda_impl cuda_attention_impl = {
    .name = "cublas", .prepare = attention_prepare, .run = attention_run};
