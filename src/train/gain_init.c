/* First gains and biases of layers with weight norm: see gain_init.h.  A layer's source depends on the layers before it, so
 * they are set one after another, each by a plan that ends with it. */
#include "train/gain_init.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/try.h"
#include "nn/weight_norm.h"

static double get(const void *x, int64_t i, jem_dtype dtype)
{
    return dtype == JEM_F64 ? ((const double *)x)[i] : (double)((const float *)x)[i];
}

static void put(void *x, int64_t i, double value, jem_dtype dtype)
{
    if (dtype == JEM_F64)
        ((double *)x)[i] = value;
    else
        ((float *)x)[i] = (float)value;
}

static const void *at(const void *x, int64_t i, jem_dtype dtype)
{
    return dtype == JEM_F64 ? (const void *)((const double *)x + i) : (const void *)((const float *)x + i);
}

/* A layer that is being looked at. */
typedef struct layer {
    const gain_init *q;
    const op *o;
    int64_t each;          /* weights of an output channel */
    double *sum, *squares; /* [dst.c] */
    void *out, *source;    /* one picture's */
    void *weights;         /* of a transposed convolution: V / |V| */
    workspace *w;
    plan *p;
    const char *names[3];
    char own[2][32];
} layer;

static void layer_clear(layer *l)
{
    workspace_free(l->w);
    plan_free(l->p);
    mem_free(l->sum);
    mem_free(l->squares);
    mem_free(l->out);
    mem_free(l->source);
    mem_free(l->weights);
}

static const char *name_of(layer *l, int number, int which)
{
    graph *g = l->q->g;
    if (!g->nodes[number].name) {
        snprintf(l->own[which], sizeof l->own[which], "gain_init.%d", number);
        graph_name(g, number, l->own[which]);
    }
    return g->nodes[number].name;
}

static jem_status new_array(void **out, int64_t n, jem_dtype dtype)
{
    double *x = NULL;
    float *y = NULL;
    const jem_status st = dtype == JEM_F64 ? MEM_NEW(x, n) : MEM_NEW(y, n);
    if (st == JEM_OK) *out = dtype == JEM_F64 ? (void *)x : (void *)y;
    return st;
}

static jem_status layer_init(layer *l, const gain_init *q, int number)
{
    jem_status st;
    const op *o = &q->g->nodes[number].op;

    *l = (layer){.q = q, .o = o};
    for (int i = 0; i < q->g->param_count; i++)
        if (q->g->params[i].offset == o->weight) l->each = q->g->params[i].count / o->dst.c;
    for (int64_t c = 0; c < o->dst.c; c++) {
        put(q->params, o->gain + c, 1, q->dtype);
        if (o->bias >= 0) put(q->params, o->bias + c, 0, q->dtype);
    }
    l->names[0] = name_of(l, number, 0);
    if (o->kind == OP_CONV_TRANSPOSED) {
        l->names[1] = name_of(l, q->g->nodes[number].src[0], 1);
        TRY(new_array(&l->source, shape_count(o->src), q->dtype));
        TRY(new_array(&l->weights, o->dst.c * l->each, q->dtype));
        weight_norm_apply(&(weight_norm){q->dtype, o->dst.c, l->each}, l->weights, at(q->params, o->weight, q->dtype),
                          at(q->params, o->gain, q->dtype));
    }
    TRY(MEM_NEW(l->sum, o->dst.c));
    TRY(MEM_NEW(l->squares, o->dst.c));
    TRY(new_array(&l->out, shape_count(o->dst), q->dtype));
    TRY(plan_compile(&l->p, q->g, q->b, &(plan_options){.batch = 1, .precision = q->dtype, .features = l->names,
                                                        .features_only = true}));
    TRY(plan_load(l->p, q->params));
    TRY(workspace_new(&l->w, l->p));
done:
    return st;
}

static void add_value(layer *l, int64_t c, double y)
{
    l->sum[c] += y;
    l->squares[c] += y * y;
}

/* Columns of a transposed convolution that the network leaves away, left of the first one. */
static void add_cut_columns(layer *l)
{
    const op *o = l->o;
    const int64_t rows = (o->src.h - 1) * o->stride + o->kernel_h;
    assert(o->pad_top == 0 && o->pad_left < o->stride); /* so that they see the first column alone */
    for (int64_t c = 0; c < o->dst.c; c++)
        for (int64_t row = 0; row < rows; row++)
            for (int64_t v = 0; v < o->pad_left; v++) {
                double y = 0;
                for (int64_t p = 0; p < o->src.h; p++) {
                    const int64_t u = row - p * o->stride;
                    if (u < 0 || u >= o->kernel_h) continue;
                    for (int64_t i = 0; i < o->src.c; i++)
                        y += get(l->source, (i * o->src.h + p) * o->src.w, l->q->dtype) *
                             get(l->weights, ((c * o->src.c + i) * o->kernel_h + u) * o->kernel_w + v, l->q->dtype);
                }
                add_value(l, c, y);
            }
}

static jem_status look_at(layer *l, int64_t picture)
{
    jem_status st;
    const gain_init *q = l->q;
    const int64_t size = shape_count(q->g->nodes[0].op.dst), area = l->o->dst.h * l->o->dst.w;
    const plan_call call = {.count = 1, .dropout = q->noise, .image0 = (uint32_t)picture};

    if (q->stop && *q->stop) return jem_error(JEM_EINTERRUPTED, "stopped by a signal");
    if (q->each) q->each(q->ctx, picture);
    TRY(plan_forward(l->w, &call, at(q->x, picture * size, q->dtype), NULL));
    TRY(plan_feature(l->w, &call, l->names[0], l->out));
    for (int64_t c = 0; c < l->o->dst.c; c++)
        for (int64_t k = 0; k < area; k++) add_value(l, c, get(l->out, c * area + k, q->dtype));
    if (!l->names[1]) return JEM_OK;
    TRY(plan_feature(l->w, &call, l->names[1], l->source));
    add_cut_columns(l);
done:
    return st;
}

/* Positions of a picture that count. */
static double frame(const op *o)
{
    if (o->kind != OP_CONV_TRANSPOSED) return (double)(o->dst.h * o->dst.w);
    return (double)((o->src.h * o->stride + o->kernel_h - 1) * (o->src.w * o->stride + o->kernel_w - 1));
}

static double deviation_of(const graph *g, int number)
{
    for (int i = number + 1; i < g->node_count; i++)
        if (g->nodes[i].op.kind == OP_ADD_VECTOR && g->nodes[i].src[0] == number) return 0.1;
    return 1;
}

static void fit(const layer *l, double deviation)
{
    const double count = frame(l->o) * (double)l->q->n;
    for (int64_t c = 0; c < l->o->dst.c; c++) {
        const double mean = l->sum[c] / count, variance = fmax(0, l->squares[c] / count - mean * mean);
        const double gain = deviation / sqrt(variance + 1e-8);
        put(l->q->params, l->o->gain + c, gain, l->q->dtype);
        if (l->o->bias >= 0) put(l->q->params, l->o->bias + c, -mean * gain, l->q->dtype);
    }
}

jem_status gain_init_from_data(const gain_init *q)
{
    jem_status st = JEM_OK;
    layer l = {.q = NULL};

    for (int number = 0; number < q->g->node_count; number++) {
        if (!q->g->nodes[number].op.normed) continue;
        TRY(layer_init(&l, q, number));
        for (int64_t i = 0; i < q->n; i++) TRY(look_at(&l, i));
        fit(&l, deviation_of(q->g, number));
        layer_clear(&l);
        l = (layer){.q = NULL};
    }
done:
    layer_clear(&l);
    return st;
}
