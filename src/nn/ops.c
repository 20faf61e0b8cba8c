/* The operators: how each is added to a graph, and their table, with what it needs (ops.h). */
#include "nn/ops.h"

#include <stdio.h>

/* ---- convolutions and linear layers */

/* 0 if not even one window fits. */
static int64_t windows_in(int64_t side, int64_t kernel, int64_t stride)
{
    return side < kernel ? 0 : (side - kernel) / stride + 1;
}

static jem_status conv_infer(op *o, const shape *sources, int count)
{
    const shape s = sources[0];
    (void)count;
    o->dst.h = windows_in(s.h + o->pad_top + o->pad_bottom, o->kernel_h, o->stride);
    o->dst.w = windows_in(s.w + o->pad_left + o->pad_right, o->kernel_w, o->stride);
    if (o->groups <= 1 || (s.c % o->groups == 0 && o->dst.c % o->groups == 0)) return JEM_OK;
    return jem_error(JEM_EUSAGE, "convolution of %lld to %lld channels: they do not make %lld groups",
                     (long long)s.c, (long long)o->dst.c, (long long)o->groups);
}

static int64_t conv_weights(const op *o)
{
    return op_group_channels(o) * o->kernel_h * o->kernel_w;
}

static void conv_label(char *text, size_t size, const op *o)
{
    char stride[24] = "", groups[32] = "";
    if (o->stride > 1) snprintf(stride, sizeof stride, " /%lld", (long long)o->stride);
    if (o->groups > 1 && o->groups == o->src.c)
        snprintf(groups, sizeof groups, " depthwise");
    else if (o->groups > 1)
        snprintf(groups, sizeof groups, " in %lld", (long long)o->groups);
    snprintf(text, size, "conv %lldx%lld%s%s", (long long)o->kernel_h, (long long)o->kernel_w, stride, groups);
}

/* The parameters of a layer whose output channels have dims[1..] weights each; with a fan of that. */
static void add_layer_params(op *o, graph *g, const char *name, int ndim, const int64_t *dims, bool normed,
                             bool no_bias)
{
    int64_t fan = 1;
    for (int i = 1; i < ndim; ++i) fan *= dims[i];
    o->normed = normed;
    o->weight = normed ? graph_add_param(g, name, "V", PARAM_NORMAL, ndim, dims, fan)
                       : graph_add_param(g, name, "weight", PARAM_WEIGHT, ndim, dims, fan);
    if (normed) o->gain = graph_add_param(g, name, "g", PARAM_NORM_WEIGHT, 1, dims, fan);
    if (no_bias) return;
    o->bias = normed ? graph_add_param(g, name, "b", PARAM_NORM_BIAS, 1, dims, fan)
                     : graph_add_param(g, name, "bias", PARAM_BIAS, 1, dims, fan);
}

int graph_conv2d_pad(graph *g, int src, const char *name, int64_t out_channels, int64_t kernel,
                     int64_t stride, int64_t pad_begin, int64_t pad_end)
{
    return graph_conv(g, src, name,
                      &(conv_shape){.out = out_channels, .kernel = {kernel, kernel}, .stride = stride,
                                    .begin = {pad_begin, pad_begin}, .end = {pad_end, pad_end}});
}

/* Kernel, stride and pads of `c`; the parameters are yet to be named. */
static op window_op(const graph *g, op_kind kind, int src, const conv_shape *c)
{
    op o = graph_op(g, kind, src);

    o.kernel_h = c->kernel[0];
    o.kernel_w = c->kernel[1];
    o.stride = c->stride;
    o.groups = c->groups;
    o.pad_top = c->begin[0];
    o.pad_left = c->begin[1];
    o.pad_bottom = c->end[0];
    o.pad_right = c->end[1];
    o.dst.c = c->out;
    return o;
}

static int conv_of(graph *g, op_kind kind, int src, const char *name, const conv_shape *c, bool normed)
{
    op o = window_op(g, kind, src, c);
    const int64_t dims[4] = {c->out, op_group_channels(&o), o.kernel_h, o.kernel_w};

    add_layer_params(&o, g, name, 4, dims, normed, c->no_bias);
    return graph_apply(g, o, &src, 1);
}

int graph_conv(graph *g, int src, const char *name, const conv_shape *c)
{
    return conv_of(g, OP_CONV2D, src, name, c, false);
}

int graph_conv_normed(graph *g, int src, const char *name, const conv_shape *c)
{
    return conv_of(g, OP_CONV2D, src, name, c, true);
}

static jem_status transposed_infer(op *o, const shape *sources, int count)
{
    (void)count;
    o->dst.h = sources[0].h * o->stride;
    o->dst.w = sources[0].w * o->stride;
    return JEM_OK;
}

/* On average: every element of the source meets every weight once. */
static int64_t transposed_products(const op *o)
{
    return conv_weights(o) / (o->stride * o->stride);
}

static void transposed_label(char *text, size_t size, const op *o)
{
    snprintf(text, size, "transposed conv %lldx%lld /%lld", (long long)o->kernel_h, (long long)o->kernel_w,
             (long long)o->stride);
}

int graph_conv_transposed(graph *g, int src, const char *name, const conv_shape *c)
{
    return conv_of(g, OP_CONV_TRANSPOSED, src, name, c, false);
}

int graph_conv_transposed_normed(graph *g, int src, const char *name, const conv_shape *c)
{
    return conv_of(g, OP_CONV_TRANSPOSED, src, name, c, true);
}

int graph_conv2d(graph *g, int src, const char *name, int64_t out_channels, int64_t kernel,
                 int64_t stride, int64_t pad)
{
    return graph_conv2d_pad(g, src, name, out_channels, kernel, stride, pad, pad);
}

/* A 1x1 convolution to `out_channels`, its parameters yet to be named. */
static op projection_after(const graph *g, int src, int64_t out_channels)
{
    op o = graph_op(g, OP_CONV2D, src);
    o.kernel_h = o.kernel_w = o.stride = 1;
    o.dst.c = out_channels;
    return o;
}

int graph_project(graph *g, int src, const char *name, int64_t out_channels)
{
    op o = projection_after(g, src, out_channels);
    add_layer_params(&o, g, name, 2, (int64_t[]){out_channels, o.src.c}, false, false);
    return graph_apply(g, o, &src, 1);
}

int graph_project_normed(graph *g, int src, const char *name, int64_t out_channels)
{
    op o = projection_after(g, src, out_channels);
    add_layer_params(&o, g, name, 2, (int64_t[]){out_channels, o.src.c}, true, false);
    return graph_apply(g, o, &src, 1);
}

int graph_attention_qkv(graph *g, int src, const char *const names[3])
{
    op o = projection_after(g, src, 3 * g->nodes[src].op.dst.c);
    int64_t dims[2] = {o.src.c, o.src.c}, weight[3], bias[3];

    for (int i = 0; i < 3; ++i)
        weight[i] = graph_add_param(g, names[i], "weight", PARAM_WEIGHT, 2, dims, dims[1]);
    for (int i = 0; i < 3; ++i)
        bias[i] = graph_add_param(g, names[i], "bias", PARAM_BIAS, 1, dims, dims[1]);
    o.weight = weight[0];
    o.bias = bias[0];
    return graph_apply(g, o, &src, 1);
}

int graph_attention_in(graph *g, int src, const char *name)
{
    op o = projection_after(g, src, 3 * g->nodes[src].op.dst.c);
    o.weight = graph_add_param(g, name, "in_proj_weight", PARAM_WEIGHT, 2, (int64_t[]){o.dst.c, o.src.c}, o.src.c);
    o.bias = graph_add_param(g, name, "in_proj_bias", PARAM_BIAS, 1, &o.dst.c, o.src.c);
    return graph_apply(g, o, &src, 1);
}

static jem_status linear_infer(op *o, const shape *sources, int count)
{
    (void)sources, (void)count;
    o->dst.h = o->dst.w = 1;
    return JEM_OK;
}

static int64_t linear_products(const op *o)
{
    return shape_count(o->src);
}

int graph_linear(graph *g, int src, const char *name, int64_t out_features)
{
    op o = graph_op(g, OP_LINEAR, src);

    o.dst.c = out_features;
    add_layer_params(&o, g, name, 2, (int64_t[]){out_features, shape_count(o.src)}, false, false);
    return graph_apply(g, o, &src, 1);
}

int graph_linear_normed(graph *g, int src, const char *name, int64_t out_features)
{
    op o = graph_op(g, OP_LINEAR, src);

    o.dst.c = out_features;
    add_layer_params(&o, g, name, 2, (int64_t[]){out_features, shape_count(o.src)}, true, false);
    return graph_apply(g, o, &src, 1);
}

int graph_linear_plain(graph *g, int src, const char *name, const char *suffix, int64_t out_features)
{
    op o = graph_op(g, OP_LINEAR, src);
    const int64_t dims[2] = {out_features, shape_count(o.src)};

    o.dst.c = out_features;
    o.weight = graph_add_param(g, name, suffix, PARAM_NORMAL, 2, dims, dims[1]);
    return graph_apply(g, o, &src, 1);
}

/* ---- element by element */

static bool always(const op *o)
{
    (void)o;
    return true;
}

int graph_lrelu(graph *g, int src, double slope)
{
    op o = graph_op(g, OP_LRELU, src);
    o.slope = slope;
    return graph_apply(g, o, &src, 1);
}

int graph_relu6(graph *g, int src)
{
    op o = graph_op(g, OP_LRELU, src);
    o.cap = 6;
    return graph_apply(g, o, &src, 1);
}

static void lrelu_label(char *text, size_t size, const op *o)
{
    snprintf(text, size, "%s", o->cap > 0 ? "ReLU6" : "rectifier");
}

static jem_status add_infer(op *o, const shape *sources, int count)
{
    const shape a = sources[0], b = sources[1];
    (void)o, (void)count;
    if (a.c == b.c && a.h == b.h && a.w == b.w) return JEM_OK;
    return jem_error(JEM_EUSAGE, "sum of %lldx%lldx%lld and %lldx%lldx%lld", (long long)a.c,
                     (long long)a.h, (long long)a.w, (long long)b.c, (long long)b.h, (long long)b.w);
}

int graph_add(graph *g, int a, int b)
{
    return graph_apply(g, graph_op(g, OP_ADD, a), (int[]){a, b}, 2);
}

int graph_silu(graph *g, int src)
{
    return graph_apply(g, graph_op(g, OP_SILU, src), &src, 1);
}

int graph_elu(graph *g, int src)
{
    return graph_apply(g, graph_op(g, OP_ELU, src), &src, 1);
}

int graph_sigmoid(graph *g, int src, double least)
{
    op o = graph_op(g, OP_SIGMOID, src);
    o.least = least;
    return graph_apply(g, o, &src, 1);
}

static jem_status gate_infer(op *o, const shape *sources, int count)
{
    (void)count;
    o->dst.c = sources[0].c / 2;
    if (sources[0].c % 2 == 0) return JEM_OK;
    return jem_error(JEM_EUSAGE, "gate of %lld channels: they must be an even number, values and their gates",
                     (long long)sources[0].c);
}

int graph_gate(graph *g, int src)
{
    return graph_apply(g, graph_op(g, OP_GATE, src), &src, 1);
}

static jem_status add_vector_infer(op *o, const shape *sources, int count)
{
    const shape map = sources[0], v = sources[1];
    (void)o, (void)count;
    if (v.c == map.c && v.h == 1 && v.w == 1) return JEM_OK;
    return jem_error(JEM_EUSAGE, "sum of a map %lldx%lldx%lld and %lldx%lldx%lld, which is no vector of its channels",
                     (long long)map.c, (long long)map.h, (long long)map.w, (long long)v.c, (long long)v.h,
                     (long long)v.w);
}

int graph_add_vector(graph *g, int map, int vector)
{
    return graph_apply(g, graph_op(g, OP_ADD_VECTOR, map), (int[]){map, vector}, 2);
}

int graph_shift(graph *g, int src, int64_t rows, int64_t columns)
{
    op o = graph_op(g, OP_SHIFT, src);
    o.pad_top = rows;
    o.pad_left = columns;
    return graph_apply(g, o, &src, 1);
}

static jem_status ones_infer(op *o, const shape *sources, int count)
{
    (void)count;
    o->dst.c = sources[0].c + 1;
    return JEM_OK;
}

int graph_ones(graph *g, int src)
{
    return graph_apply(g, graph_op(g, OP_ONES, src), &src, 1);
}

int graph_noise(graph *g, int src)
{
    return graph_apply(g, graph_op(g, OP_NOISE, src), &src, 1);
}

int graph_gelu(graph *g, int src)
{
    return graph_apply(g, graph_op(g, OP_GELU, src), &src, 1);
}

int graph_scale(graph *g, int src, const char *name, const char *suffix)
{
    op o = graph_op(g, OP_SCALE, src);
    const int64_t dims[1] = {o.src.c};

    o.weight = graph_add_param(g, name, suffix, PARAM_NORM_WEIGHT, 1, dims, 1);
    return graph_apply(g, o, &src, 1);
}

int graph_affine(graph *g, int src, const double (*affine)[2])
{
    op o = graph_op(g, OP_AFFINE, src);
    o.affine = affine;
    return graph_apply(g, o, &src, 1);
}

static jem_status concat_elu_infer(op *o, const shape *sources, int count)
{
    (void)count;
    o->dst.c = 2 * sources[0].c;
    return JEM_OK;
}

int graph_concat_elu(graph *g, int src)
{
    return graph_apply(g, graph_op(g, OP_CONCAT_ELU, src), &src, 1);
}

static jem_status concat_infer(op *o, const shape *sources, int count)
{
    o->dst.c = 0;
    for (int i = 0; i < count; ++i) {
        const shape s = sources[i];
        if (s.h != o->src.h || s.w != o->src.w)
            return jem_error(JEM_EUSAGE, "concatenation of maps of %lldx%lld and %lldx%lld",
                             (long long)o->src.h, (long long)o->src.w, (long long)s.h,
                             (long long)s.w);
        o->dst.c += s.c;
    }
    return JEM_OK;
}

int graph_concat(graph *g, const int *sources, int count)
{
    return graph_apply(g, graph_op(g, OP_CONCAT, sources[0]), sources, count);
}

int graph_dropout(graph *g, int src, double rate)
{
    if (rate <= 0) return src;
    op o = graph_op(g, OP_DROPOUT, src);
    o.rate = rate;
    return graph_apply(g, o, &src, 1);
}

int graph_drop_path(graph *g, int src, double rate)
{
    if (rate <= 0) return src;
    op o = graph_op(g, OP_DROPOUT, src);
    o.rate = rate;
    o.whole = true;
    return graph_apply(g, o, &src, 1);
}

static void dropout_label(char *text, size_t size, const op *o)
{
    snprintf(text, size, "%s", o->whole ? "drop path" : "dropout");
}

/* ---- windows */

static jem_status pool_infer(op *o, const shape *sources, int count)
{
    (void)count;
    o->dst.h = sources[0].h / o->kernel_h;
    o->dst.w = sources[0].w / o->kernel_w;
    return JEM_OK;
}

static void pool_label(char *text, size_t size, const op *o)
{
    snprintf(text, size, "pool %lldx%lld", (long long)o->kernel_h, (long long)o->kernel_w);
}

int graph_pool(graph *g, int src, int64_t kernel_h, int64_t kernel_w, double scale)
{
    op o = graph_op(g, OP_POOL, src);
    o.kernel_h = kernel_h;
    o.kernel_w = kernel_w;
    o.scale = scale;
    return graph_apply(g, o, &src, 1);
}

/* Ends of a side's padding so that windows cover it to its end, but none begins behind it. */
static int64_t ceil_pad(int64_t side, int64_t kernel, int64_t stride, int64_t pad)
{
    const int64_t room = side + 2 * pad - kernel;
    int64_t windows = room < 0 ? 1 : (room + stride - 1) / stride + 1;
    if ((windows - 1) * stride >= side + pad) windows--;
    return (windows - 1) * stride + kernel - side - pad;
}

static jem_status windows_infer(op *o, const shape *sources, int count)
{
    const shape s = sources[0];
    (void)count;
    if (o->stride == 0) return JEM_OK;
    o->dst.h = windows_in(s.h + o->pad_top + o->pad_bottom, o->kernel_h, o->stride);
    o->dst.w = windows_in(s.w + o->pad_left + o->pad_right, o->kernel_w, o->stride);
    if (2 * o->pad_top <= o->kernel_h && 2 * o->pad_left <= o->kernel_w) return JEM_OK;
    return jem_error(JEM_EUSAGE, "windows of %lldx%lld with %lld rows around the map: at most half a "
                     "window may lie outside", (long long)o->kernel_h, (long long)o->kernel_w,
                     (long long)o->pad_top);
}

static void windows_label(char *text, size_t size, const op *o)
{
    const char *of = o->kind == OP_MAX_POOL ? "max" : "mean";
    if (o->stride == 0)
        snprintf(text, size, "%s to %lldx%lld", of, (long long)o->dst.h, (long long)o->dst.w);
    else
        snprintf(text, size, "%s %lldx%lld /%lld", of, (long long)o->kernel_h, (long long)o->kernel_w,
                 (long long)o->stride);
}

static int windows_of(graph *g, int src, op_kind kind, int64_t kernel, int64_t stride, int64_t pad,
                      bool ceil)
{
    op o = graph_op(g, kind, src);

    o.kernel_h = o.kernel_w = kernel;
    o.stride = stride;
    o.pad_top = o.pad_left = pad;
    o.pad_bottom = ceil ? ceil_pad(o.src.h, kernel, stride, pad) : pad;
    o.pad_right = ceil ? ceil_pad(o.src.w, kernel, stride, pad) : pad;
    return graph_apply(g, o, &src, 1);
}

int graph_max_pool(graph *g, int src, int64_t kernel, int64_t stride, int64_t pad, bool ceil)
{
    return windows_of(g, src, OP_MAX_POOL, kernel, stride, pad, ceil);
}

int graph_mean_pool(graph *g, int src, int64_t kernel, int64_t stride, int64_t pad)
{
    return windows_of(g, src, OP_MEAN_POOL, kernel, stride, pad, false);
}

int graph_adaptive_mean(graph *g, int src, int64_t height, int64_t width)
{
    op o = graph_op(g, OP_MEAN_POOL, src);
    o.dst.h = height;
    o.dst.w = width;
    return graph_apply(g, o, &src, 1);
}

static jem_status upsample_infer(op *o, const shape *sources, int count)
{
    (void)count;
    o->dst.h = 2 * sources[0].h;
    o->dst.w = 2 * sources[0].w;
    return JEM_OK;
}

int graph_upsample(graph *g, int src)
{
    return graph_apply(g, graph_op(g, OP_UPSAMPLE, src), &src, 1);
}

/* ---- attention and its tokens */

static jem_status attention_infer(op *o, const shape *sources, int count)
{
    (void)count;
    if (sources[0].c % 3)
        return jem_error(JEM_EUSAGE, "attention over %lld channels: queries, keys and values "
                         "must be as many each", (long long)sources[0].c);
    o->dst.c = sources[0].c / 3;
    if (o->groups >= 1 && o->dst.c % o->groups == 0) return JEM_OK;
    return jem_error(JEM_EUSAGE, "attention over %lld channels: they do not make %lld heads", (long long)o->dst.c,
                     (long long)o->groups);
}

/* q k^T and P v, h*w products for each channel of a position. */
static int64_t attention_products(const op *o)
{
    return 2 * o->src.h * o->src.w;
}

int graph_attention(graph *g, int qkv, int64_t heads)
{
    op o = graph_op(g, OP_ATTENTION, qkv);
    o.groups = heads;
    return graph_apply(g, o, &qkv, 1);
}

static jem_status tokens_infer(op *o, const shape *sources, int count)
{
    (void)count;
    o->dst.h = 1;
    o->dst.w = sources[0].h * sources[0].w + 1;
    return JEM_OK;
}

static int64_t tokens_weights(const op *o)
{
    return o->dst.w;
}

int graph_tokens(graph *g, int src, const char *token, const char *positions)
{
    op o = graph_op(g, OP_TOKENS, src);
    const int64_t one[] = {1, 1, o.src.c}, all[] = {1, o.src.h * o.src.w + 1, o.src.c};
    o.weight = graph_add_param(g, "", positions, PARAM_NORMAL, 3, all, 1);
    o.bias = graph_add_param(g, "", token, PARAM_NORM_BIAS, 3, one, 1);
    return graph_apply(g, o, &src, 1);
}

/* ---- norms */

static bool is_group_norm(const op *o)
{
    return o->norm == NORM_GROUP;
}

static bool is_batch_norm(const op *o)
{
    return o->norm == NORM_BATCH;
}

static void norm_label(char *text, size_t size, const op *o)
{
    static const char *const norms[] = {"none", "batch", "instance", "layer", "act", "group", "channel"};
    snprintf(text, size, "%s norm", norms[o->norm]);
}

int graph_group_norm(graph *g, int src, const char *name, int64_t groups, double eps)
{
    op o = graph_op(g, OP_NORM, src);
    int64_t dims[1] = {o.src.c};

    if (!g->failed && (groups < 1 || o.src.c % groups))
        graph_fail(g, jem_error(JEM_EUSAGE, "group norm '%s': %lld channels do not make %lld groups",
                                name, (long long)o.src.c, (long long)groups));
    o.norm = NORM_GROUP;
    o.groups = groups;
    o.eps = eps;
    o.weight = graph_add_param(g, name, "weight", PARAM_NORM_WEIGHT, 1, dims, 1);
    o.bias = graph_add_param(g, name, "bias", PARAM_NORM_BIAS, 1, dims, 1);
    return graph_apply(g, o, &src, 1);
}

int graph_norm(graph *g, int src, const char *name, norm_kind kind)
{
    return graph_norm_eps(g, src, name, kind, 1e-5);
}

int graph_norm_eps(graph *g, int src, const char *name, norm_kind kind, double eps)
{
    if (kind == NORM_NONE) return src;
    op o = graph_op(g, OP_NORM, src);
    int64_t plain[1] = {o.src.c};
    int64_t act[4] = {1, o.src.c, 1, 1};

    o.norm = kind;
    o.eps = eps;
    if (kind == NORM_ACT) {
        o.weight = graph_add_param(g, name, "scale", PARAM_NORM_WEIGHT, 4, act, 1);
        o.bias = graph_add_param(g, name, "loc", PARAM_NORM_BIAS, 4, act, 1);
    } else {
        o.weight = graph_add_param(g, name, "weight", PARAM_NORM_WEIGHT, 1, plain, 1);
        o.bias = graph_add_param(g, name, "bias", PARAM_NORM_BIAS, 1, plain, 1);
    }
    if (kind == NORM_BATCH) {
        o.mean = graph_add_param(g, name, "running_mean", PARAM_RUNNING_MEAN, 1, plain, 1);
        o.var = graph_add_param(g, name, "running_var", PARAM_RUNNING_VAR, 1, plain, 1);
    }
    return graph_apply(g, o, &src, 1);
}

int graph_batch_norm(graph *g, int src, const char *name, double eps)
{
    op o = graph_op(g, OP_NORM, src);
    const int64_t dims[1] = {o.src.c};

    o.norm = NORM_BATCH;
    o.eps = eps;
    o.weight = graph_add_param(g, name, "weight", PARAM_NORM_WEIGHT, 1, dims, 1);
    o.bias = graph_add_param(g, name, "bias", PARAM_NORM_BIAS, 1, dims, 1);
    return graph_apply(g, o, &src, 1);
}

bool op_always_couples(const op *o)
{
    return o->kind == OP_NORM && o->norm == NORM_BATCH && o->mean < 0;
}

/* ---- the table */

static const op_rule rules[] = {
    [OP_INPUT] = {.name = "input", .counted_as = "others"},
    [OP_CONV2D] = {.name = "conv", .sources = 1, .infer = conv_infer, .products = conv_weights,
                   .derivative = DERIVATIVE_LINEAR, .label = conv_label},
    [OP_LINEAR] = {.name = "linear", .sources = 1, .infer = linear_infer,
                   .products = linear_products, .derivative = DERIVATIVE_LINEAR},
    [OP_LRELU] = {.name = "rectifier", .counted_as = "rectifiers", .sources = 1,
                  .derivative = DERIVATIVE_MASK, .overwrites = always, .label = lrelu_label},
    [OP_ADD] = {.name = "sum", .counted_as = "copies, sums", .sources = 2, .infer = add_infer,
                .derivative = DERIVATIVE_PASSED, .overwrites = always},
    [OP_POOL] = {.name = "pool", .sources = 1, .infer = pool_infer,
                 .derivative = DERIVATIVE_LINEAR, .label = pool_label},
    [OP_CONCAT_ELU] = {.name = "concat-ELU", .sources = 1, .infer = concat_elu_infer,
                       .derivative = DERIVATIVE_CURVED},
    [OP_NORM] = {.name = "norm", .sources = 1, .derivative = DERIVATIVE_CURVED,
                 .overwrites = is_group_norm, .narrows = true, .couples = is_batch_norm,
                 .label = norm_label},
    [OP_DROPOUT] = {.name = "dropout", .counted_as = "others", .sources = 1,
                    .derivative = DERIVATIVE_LINEAR, .label = dropout_label},
    [OP_SILU] = {.name = "SiLU", .counted_as = "others", .sources = 1,
                 .derivative = DERIVATIVE_DIAGONAL, .overwrites = always, .narrows = true},
    [OP_AFFINE] = {.name = "scale, shift", .counted_as = "others", .sources = 1,
                   .derivative = DERIVATIVE_DIAGONAL},
    [OP_GELU] = {.name = "GELU", .counted_as = "others", .sources = 1,
                 .derivative = DERIVATIVE_DIAGONAL, .overwrites = always},
    [OP_SCALE] = {.name = "scale", .counted_as = "others", .sources = 1,
                  .derivative = DERIVATIVE_LINEAR, .overwrites = always},
    [OP_UPSAMPLE] = {.name = "upsample 2x2", .sources = 1, .infer = upsample_infer,
                     .derivative = DERIVATIVE_LINEAR},
    [OP_ATTENTION] = {.name = "attention", .sources = 1, .infer = attention_infer,
                      .products = attention_products, .derivative = DERIVATIVE_CURVED},
    [OP_TOKENS] = {.name = "tokens", .counted_as = "copies, sums", .sources = 1, .infer = tokens_infer,
                   .weights = tokens_weights, .derivative = DERIVATIVE_LINEAR},
    [OP_CONCAT] = {.name = "concatenation", .counted_as = "copies, sums",
                   .sources = OP_ANY_SOURCES, .infer = concat_infer,
                   .derivative = DERIVATIVE_LINEAR},
    [OP_MAX_POOL] = {.name = "max pool", .sources = 1, .infer = windows_infer,
                     .derivative = DERIVATIVE_CURVED, .label = windows_label},
    [OP_MEAN_POOL] = {.name = "mean pool", .sources = 1, .infer = windows_infer,
                      .derivative = DERIVATIVE_LINEAR, .label = windows_label},
    [OP_CONV_TRANSPOSED] = {.name = "transposed conv", .sources = 1, .infer = transposed_infer,
                            .products = transposed_products, .weights = conv_weights,
                            .derivative = DERIVATIVE_LINEAR, .label = transposed_label},
    [OP_ELU] = {.name = "ELU", .counted_as = "others", .sources = 1, .derivative = DERIVATIVE_DIAGONAL},
    [OP_SIGMOID] = {.name = "sigmoid", .counted_as = "others", .sources = 1,
                    .derivative = DERIVATIVE_DIAGONAL},
    [OP_GATE] = {.name = "gate", .counted_as = "others", .sources = 1, .infer = gate_infer,
                 .derivative = DERIVATIVE_CURVED},
    [OP_NOISE] = {.name = "noise", .counted_as = "others", .sources = 1, .derivative = DERIVATIVE_LINEAR},
    [OP_ADD_VECTOR] = {.name = "sum with a vector", .counted_as = "copies, sums", .sources = 2,
                       .infer = add_vector_infer, .derivative = DERIVATIVE_LINEAR},
    [OP_SHIFT] = {.name = "shift", .counted_as = "copies, sums", .sources = 1,
                  .derivative = DERIVATIVE_LINEAR},
    /* Curved for its constant, which a tangent does not have. */
    [OP_ONES] = {.name = "ones", .counted_as = "copies, sums", .sources = 1, .infer = ones_infer,
                 .derivative = DERIVATIVE_CURVED},
};
_Static_assert(sizeof rules / sizeof *rules == OP_KINDS, "a row for each op_kind");

const op_rule *op_rule_of(const op *o)
{
    return &rules[o->kind];
}

void op_label(char *text, size_t size, const op *o)
{
    const op_rule *rule = op_rule_of(o);
    if (rule->label)
        rule->label(text, size, o);
    else
        snprintf(text, size, "%s", rule->name);
}

bool op_is_layer(const op *o)
{
    return op_rule_of(o)->counted_as == NULL;
}

bool op_is_curved(const op *o)
{
    const op_derivative d = op_rule_of(o)->derivative;
    return d == DERIVATIVE_DIAGONAL || d == DERIVATIVE_CURVED;
}

static int64_t products_of(const op *o)
{
    const op_rule *rule = op_rule_of(o);
    return rule->products ? rule->products(o) : 0;
}

int64_t op_weights(const op *o)
{
    const op_rule *rule = op_rule_of(o);
    const int64_t products = products_of(o);
    return rule->weights ? rule->weights(o) : products > 0 ? products : 1;
}

int64_t op_params(const op *o)
{
    return (o->weight >= 0 ? o->dst.c * op_weights(o) : 0) + (o->bias >= 0 ? o->dst.c : 0) +
           (o->normed ? o->dst.c : 0);
}

double op_flops(const op *o)
{
    return 2.0 * (double)shape_count(o->dst) * (double)products_of(o);
}
