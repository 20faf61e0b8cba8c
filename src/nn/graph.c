/* Building graphs, of whatever operators: shapes are inferred and checked as nodes are added. */
#include "nn/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "nn/ops.h"

void graph_fail(graph *g, jem_status st)
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
                                .bias = -1, .mean = -1, .var = -1}};
    g->node_count = 1;
    g->running_kept = 0.1f;
    *out = g;
    g = NULL;
done:
    graph_free(g);
    return st;
}

void graph_free(graph *g)
{
    if (!g) return;
    for (int i = 0; i < g->node_count; ++i) {
        mem_free(g->nodes[i].src);
        mem_free(g->nodes[i].name);
    }
    for (int i = 0; i < g->param_count; ++i) mem_free(g->params[i].name);
    mem_free(g->nodes);
    mem_free(g->params);
    mem_free(g);
}

op graph_op(const graph *g, op_kind kind, int src)
{
    const shape s = g->nodes[src].op.dst;
    return (op){.kind = kind, .src = s, .dst = s, .weight = -1, .bias = -1, .mean = -1, .var = -1};
}

/* *o <- with its output's shape; JEM_EUSAGE where the sources do not fit. */
static jem_status infer_shape(op *o, const graph *g, const int *sources, int count)
{
    const op_rule *rule = op_rule_of(o);
    shape *shapes = NULL;
    jem_status st;

    TRY(MEM_NEW(shapes, count));
    for (int i = 0; i < count; ++i) shapes[i] = g->nodes[sources[i]].op.dst;
    if (rule->sources != OP_ANY_SOURCES && rule->sources != count)
        st = jem_error(JEM_EUSAGE, "%s of %d values", rule->name, count);
    else if (rule->infer)
        st = rule->infer(o, shapes, count);
    if (st == JEM_OK && (o->dst.c < 1 || o->dst.h < 1 || o->dst.w < 1))
        st = jem_error(JEM_EUSAGE,
                       "node %d would be %lldx%lldx%lld: the input is too small for "
                       "this network", g->node_count, (long long)o->dst.c, (long long)o->dst.h,
                       (long long)o->dst.w);
done:
    mem_free(shapes);
    return st;
}

int graph_apply(graph *g, op o, const int *sources, int count)
{
    jem_status st;
    node n = {.op = o, .src_count = count};

    if (g->failed) return 0;
    TRY(infer_shape(&n.op, g, sources, count));
    TRY(MEM_GROW(g->nodes, g->node_count, g->node_room));
    TRY(MEM_NEW(n.src, count));
    memcpy(n.src, sources, (size_t)count * sizeof *sources);
    n.op.id = (uint32_t)g->node_count;
    g->nodes[g->node_count] = n;
    return g->node_count++;
done:
    graph_fail(g, st);
    return 0;
}

int64_t graph_add_param(graph *g, const char *prefix, const char *suffix, param_role role, int ndim,
                        const int64_t *dims, int64_t fan_in)
{
    jem_status st;
    param p = {.role = role, .ndim = ndim, .offset = g->param_elements, .count = 1,
               .fan_in = fan_in};

    if (g->failed) return 0;
    TRY(MEM_GROW(g->params, g->param_count, g->param_room));
    TRY(str_format(&p.name, "%s%s%s", prefix, *prefix ? "." : "", suffix));
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

static void call_param(graph *g, int64_t offset, const char *name)
{
    for (int i = 0; name && i < g->param_count; ++i)
        if (g->params[i].offset == offset) {
            mem_free(g->params[i].name);
            g->params[i].name = NULL;
            graph_fail(g, mem_strdup(&g->params[i].name, name));
        }
}

void graph_call_params(graph *g, int n, const char *weight, const char *bias)
{
    if (g->failed) return;
    call_param(g, g->nodes[n].op.weight, weight);
    if (!g->failed) call_param(g, g->nodes[n].op.bias, bias);
}

void graph_take_together(graph *g, int64_t images) { g->together = images; }

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

bool graph_has_norm(const graph *g, norm_kind kind)
{
    for (int i = 0; i < g->node_count; ++i)
        if (g->nodes[i].op.kind == OP_NORM && g->nodes[i].op.norm == kind) return true;
    return false;
}

bool graph_couples_images(const graph *g)
{
    for (int i = 0; i < g->node_count; ++i) {
        const op *o = &g->nodes[i].op;
        if (op_rule_of(o)->couples && op_rule_of(o)->couples(o)) return true;
    }
    return false;
}

double graph_flops(const graph *g)
{
    double flops = 0;
    for (int i = 0; i < g->node_count; ++i) flops += op_flops(&g->nodes[i].op);
    return flops;
}
