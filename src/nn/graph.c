/* Building graphs: shapes are inferred and checked as nodes are added. */
#include "nn/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"

static void graph_fail(graph *g, jem_status st)
{
    if (g->failed == JEM_OK) g->failed = st;
}

jem_status graph_new(graph **out, shape input)
{
    jem_status st;
    graph *g = NULL;

    if (input.c < 1 || input.h < 1 || input.w < 1)
        return jem_error(JEM_EUSAGE, "network input %lldx%lldx%lld: every side must be at least 1",
                         (long long)input.c, (long long)input.h, (long long)input.w);
    TRY(MEM_NEW(g, 1));
    TRY(MEM_GROW(g->nodes, 0, g->node_room));
    g->nodes[0] = (node){.op = {.kind = OP_INPUT, .src = input, .dst = input, .weight = -1,
                                .bias = -1, .mean = -1, .var = -1},
                         .src = {-1, -1}};
    g->node_count = 1;
    *out = g;
    g = NULL;
done:
    graph_free(g);
    return st;
}

void graph_free(graph *g)
{
    if (!g) return;
    for (int i = 0; i < g->node_count; ++i) mem_free(g->nodes[i].name);
    for (int i = 0; i < g->param_count; ++i) mem_free(g->params[i].name);
    mem_free(g->nodes);
    mem_free(g->params);
    mem_free(g);
}

/* Appends a node and returns its number; a failed graph keeps answering 0. */
static int add_node(graph *g, op o, int a, int b)
{
    if (g->failed) return 0;
    jem_status st = MEM_GROW(g->nodes, g->node_count, g->node_room);
    if (st) {
        graph_fail(g, st);
        return 0;
    }
    o.id = (uint32_t)g->node_count;
    if (o.dst.c < 1 || o.dst.h < 1 || o.dst.w < 1)
        graph_fail(g, jem_error(JEM_EUSAGE,
                                "node %d would be %lldx%lldx%lld: the input is too small for "
                                "this network", g->node_count, (long long)o.dst.c,
                                (long long)o.dst.h, (long long)o.dst.w));
    g->nodes[g->node_count] = (node){.op = o, .src = {a, b}};
    return g->node_count++;
}

static op op_after(const graph *g, int src, op_kind kind)
{
    shape s = g->nodes[src].op.dst;
    return (op){.kind = kind, .src = s, .dst = s, .weight = -1, .bias = -1, .mean = -1, .var = -1};
}

static int64_t add_param(graph *g, const char *prefix, const char *suffix, param_role role,
                         int ndim, const int64_t *dims, int64_t fan_in)
{
    jem_status st;
    param p = {.role = role, .ndim = ndim, .offset = g->param_elements, .count = 1,
               .fan_in = fan_in};

    if (g->failed) return 0;
    TRY(MEM_GROW(g->params, g->param_count, g->param_room));
    TRY(str_format(&p.name, "%s.%s", prefix, suffix));
    for (int i = 0; i < ndim; ++i) {
        p.shape[i] = dims[i];
        p.count *= dims[i];
    }
    g->params[g->param_count++] = p;
    g->param_elements += p.count;
    return p.offset;
done:
    graph_fail(g, st);
    return 0;
}

/* 0 if not even one window fits. */
static int64_t conv_side(const op *o, int64_t side)
{
    int64_t room = side + o->pad + o->pad_end - o->kernel_h;
    return room < 0 ? 0 : room / o->stride + 1;
}

int graph_conv2d_pad(graph *g, int src, const char *name, int64_t out_channels, int64_t kernel,
                     int64_t stride, int64_t pad_begin, int64_t pad_end)
{
    op o = op_after(g, src, OP_CONV2D);
    int64_t dims[4] = {out_channels, o.src.c, kernel, kernel};
    int64_t fan_in = o.src.c * kernel * kernel;

    o.kernel_h = o.kernel_w = kernel;
    o.stride = stride;
    o.pad = pad_begin;
    o.pad_end = pad_end;
    o.dst = (shape){out_channels, conv_side(&o, o.src.h), conv_side(&o, o.src.w)};
    o.weight = add_param(g, name, "weight", PARAM_WEIGHT, 4, dims, fan_in);
    o.bias = add_param(g, name, "bias", PARAM_BIAS, 1, dims, fan_in);
    return add_node(g, o, src, -1);
}

int graph_conv2d(graph *g, int src, const char *name, int64_t out_channels, int64_t kernel,
                 int64_t stride, int64_t pad)
{
    return graph_conv2d_pad(g, src, name, out_channels, kernel, stride, pad, pad);
}

/* A 1x1 convolution to `out_channels`, its parameters yet to be named. */
static op projection_after(const graph *g, int src, int64_t out_channels)
{
    op o = op_after(g, src, OP_CONV2D);
    o.kernel_h = o.kernel_w = o.stride = 1;
    o.dst.c = out_channels;
    return o;
}

int graph_project(graph *g, int src, const char *name, int64_t out_channels)
{
    op o = projection_after(g, src, out_channels);
    int64_t dims[2] = {out_channels, o.src.c};

    o.weight = add_param(g, name, "weight", PARAM_WEIGHT, 2, dims, dims[1]);
    o.bias = add_param(g, name, "bias", PARAM_BIAS, 1, dims, dims[1]);
    return add_node(g, o, src, -1);
}

int graph_linear(graph *g, int src, const char *name, int64_t out_features)
{
    op o = op_after(g, src, OP_LINEAR);
    int64_t dims[2] = {out_features, shape_count(o.src)};

    o.dst = (shape){out_features, 1, 1};
    o.weight = add_param(g, name, "weight", PARAM_WEIGHT, 2, dims, dims[1]);
    o.bias = add_param(g, name, "bias", PARAM_BIAS, 1, dims, dims[1]);
    return add_node(g, o, src, -1);
}

int graph_lrelu(graph *g, int src, double slope)
{
    op o = op_after(g, src, OP_LRELU);
    o.slope = slope;
    return add_node(g, o, src, -1);
}

int graph_add(graph *g, int a, int b)
{
    op o = op_after(g, a, OP_ADD);
    shape s = g->nodes[b].op.dst;
    if (!g->failed && (s.c != o.src.c || s.h != o.src.h || s.w != o.src.w))
        graph_fail(g, jem_error(JEM_EUSAGE, "sum of %lldx%lldx%lld and %lldx%lldx%lld",
                                (long long)o.src.c, (long long)o.src.h, (long long)o.src.w,
                                (long long)s.c, (long long)s.h, (long long)s.w));
    return add_node(g, o, a, b);
}

int graph_pool(graph *g, int src, int64_t kernel_h, int64_t kernel_w, double scale)
{
    op o = op_after(g, src, OP_POOL);
    o.kernel_h = kernel_h;
    o.kernel_w = kernel_w;
    o.scale = scale;
    o.dst.h = o.src.h / kernel_h;
    o.dst.w = o.src.w / kernel_w;
    return add_node(g, o, src, -1);
}

int graph_concat_elu(graph *g, int src)
{
    op o = op_after(g, src, OP_CONCAT_ELU);
    o.dst.c = 2 * o.src.c;
    return add_node(g, o, src, -1);
}

int graph_silu(graph *g, int src)
{
    return add_node(g, op_after(g, src, OP_SILU), src, -1);
}

int graph_upsample(graph *g, int src)
{
    op o = op_after(g, src, OP_UPSAMPLE);
    o.dst.h = 2 * o.src.h;
    o.dst.w = 2 * o.src.w;
    return add_node(g, o, src, -1);
}

int graph_attention_qkv(graph *g, int src, const char *const names[3])
{
    op o = projection_after(g, src, 3 * g->nodes[src].op.dst.c);
    int64_t dims[2] = {o.src.c, o.src.c}, weight[3], bias[3];

    for (int i = 0; i < 3; ++i)
        weight[i] = add_param(g, names[i], "weight", PARAM_WEIGHT, 2, dims, dims[1]);
    for (int i = 0; i < 3; ++i)
        bias[i] = add_param(g, names[i], "bias", PARAM_BIAS, 1, dims, dims[1]);
    o.weight = weight[0];
    o.bias = bias[0];
    return add_node(g, o, src, -1);
}

int graph_attention(graph *g, int qkv)
{
    op o = op_after(g, qkv, OP_ATTENTION);
    if (!g->failed && o.src.c % 3)
        graph_fail(g, jem_error(JEM_EUSAGE, "attention over %lld channels: queries, keys and values "
                                "must be as many each", (long long)o.src.c));
    o.dst.c = o.src.c / 3;
    return add_node(g, o, qkv, -1);
}

int graph_group_norm(graph *g, int src, const char *name, int64_t groups, double eps)
{
    op o = op_after(g, src, OP_NORM);
    int64_t dims[1] = {o.src.c};

    if (!g->failed && (groups < 1 || o.src.c % groups))
        graph_fail(g, jem_error(JEM_EUSAGE, "group norm '%s': %lld channels do not make %lld groups",
                                name, (long long)o.src.c, (long long)groups));
    o.norm = NORM_GROUP;
    o.groups = groups;
    o.eps = eps;
    o.weight = add_param(g, name, "weight", PARAM_NORM_WEIGHT, 1, dims, 1);
    o.bias = add_param(g, name, "bias", PARAM_NORM_BIAS, 1, dims, 1);
    return add_node(g, o, src, -1);
}

int graph_norm(graph *g, int src, const char *name, norm_kind kind)
{
    if (kind == NORM_NONE) return src;
    op o = op_after(g, src, OP_NORM);
    int64_t plain[1] = {o.src.c};
    int64_t act[4] = {1, o.src.c, 1, 1};

    o.norm = kind;
    o.eps = 1e-5;
    if (kind == NORM_ACT) {
        o.weight = add_param(g, name, "scale", PARAM_NORM_WEIGHT, 4, act, 1);
        o.bias = add_param(g, name, "loc", PARAM_NORM_BIAS, 4, act, 1);
    } else {
        o.weight = add_param(g, name, "weight", PARAM_NORM_WEIGHT, 1, plain, 1);
        o.bias = add_param(g, name, "bias", PARAM_NORM_BIAS, 1, plain, 1);
    }
    if (kind == NORM_BATCH) {
        o.mean = add_param(g, name, "running_mean", PARAM_RUNNING_MEAN, 1, plain, 1);
        o.var = add_param(g, name, "running_var", PARAM_RUNNING_VAR, 1, plain, 1);
    }
    return add_node(g, o, src, -1);
}

int graph_dropout(graph *g, int src, double rate)
{
    if (rate <= 0) return src;
    op o = op_after(g, src, OP_DROPOUT);
    o.rate = rate;
    return add_node(g, o, src, -1);
}

void graph_name(graph *g, int n, const char *name)
{
    if (g->failed) return;
    mem_free(g->nodes[n].name);
    g->nodes[n].name = NULL;
    graph_fail(g, mem_strdup(&g->nodes[n].name, name));
}

int graph_find(const graph *g, const char *name)
{
    for (int i = 0; i < g->node_count; ++i)
        if (g->nodes[i].name && strcmp(g->nodes[i].name, name) == 0) return i;
    return -1;
}

void graph_list_names(const graph *g, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < g->node_count && used < size; ++i)
        if (g->nodes[i].name)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                                     g->nodes[i].name);
}

jem_status graph_finish(graph *g, int output)
{
    g->output = output;
    return g->failed;
}

const param *graph_param(const graph *g, const char *name)
{
    for (int i = 0; i < g->param_count; ++i)
        if (strcmp(g->params[i].name, name) == 0) return &g->params[i];
    return NULL;
}

int64_t graph_trained_elements(const graph *g)
{
    int64_t n = 0;
    for (int i = 0; i < g->param_count; ++i)
        if (g->params[i].role != PARAM_RUNNING_MEAN && g->params[i].role != PARAM_RUNNING_VAR)
            n += g->params[i].count;
    return n;
}

bool graph_has(const graph *g, op_kind kind)
{
    for (int i = 0; i < g->node_count; ++i)
        if (g->nodes[i].op.kind == kind) return true;
    return false;
}

bool graph_has_norm(const graph *g, norm_kind kind)
{
    for (int i = 0; i < g->node_count; ++i)
        if (g->nodes[i].op.kind == OP_NORM && g->nodes[i].op.norm == kind) return true;
    return false;
}

bool graph_couples_images(const graph *g)
{
    return graph_has_norm(g, NORM_BATCH);
}

int64_t op_params(const op *o)
{
    int64_t inputs = o->kind == OP_CONV2D   ? o->src.c * o->kernel_h * o->kernel_w
                     : o->kind == OP_LINEAR ? shape_count(o->src)
                                            : 1;
    return (o->weight >= 0 ? o->dst.c * inputs : 0) + (o->bias >= 0 ? o->dst.c : 0);
}

double op_flops(const op *o)
{
    double out = 2.0 * (double)shape_count(o->dst);
    switch (o->kind) {
    case OP_CONV2D: return out * (double)(o->src.c * o->kernel_h * o->kernel_w);
    case OP_LINEAR: return out * (double)shape_count(o->src);
    case OP_ATTENTION: return 2.0 * out * (double)(o->src.h * o->src.w); /* q k^T and P v */
    default: return 0;
    }
}

double graph_flops(const graph *g)
{
    double flops = 0;
    for (int i = 0; i < g->node_count; ++i) flops += op_flops(&g->nodes[i].op);
    return flops;
}
