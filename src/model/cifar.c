/* Beginning, layers, end and first weights of the classifiers of CIFAR-10. */
#include "model/cifar.h"

#include <math.h>
#include <stdio.h>

#include "base/try.h"
#include "model/init.h"

enum { INPUT_PIXELS };

_Static_assert(sizeof(cifar_settings) <= NETWORK_SETTINGS, "model_spec has no room for them");

const model_spec cifar_usual = {.classes = 10, .channels = 3, .height = 32, .width = 32};

/* ((v + 1) / 2 - mean) / deviation */
#define OWN(mean, deviation) {0.5 / (deviation), (0.5 - (mean)) / (deviation)}
static const double own[3][2] = {OWN(0.4914, 0.2470), OWN(0.4822, 0.2435), OWN(0.4465, 0.2616)};

const cifar_settings *cifar_settings_of(const model_spec *spec)
{
    return (const void *)&spec->settings;
}

jem_status cifar_begin(graph **g, int *x, const model_spec *spec)
{
    jem_status st;
    const bool pixels = cifar_settings_of(spec)->input == INPUT_PIXELS;

    if (spec->classes < 1)
        return jem_error(JEM_EUSAGE, "%s needs at least one class", spec->name);
    if (pixels && spec->channels != 3)
        return jem_error(JEM_EUSAGE, "%s normalises pictures of 3 channels, and these have %lld: set model.input=own",
                         spec->name, (long long)spec->channels);
    TRY(graph_new(g, (shape){spec->channels, spec->height, spec->width}));
    (*g)->running_kept = 0.9f;
    *x = pixels ? graph_affine(*g, 0, own) : 0;
done:
    return st;
}

enum { LAYER_NAME = 96 };
static void name_layer(char text[LAYER_NAME], const char *prefix, const char *name)
{
    snprintf(text, LAYER_NAME, "%s%s%s", prefix, prefix[0] ? "." : "", name);
}

int cifar_convolve(graph *g, int x, const cifar_settings *s, const char *prefix, const char *name, cifar_conv c)
{
    const int64_t pad = c.kernel / 2;
    const conv_shape as = {.out = c.out, .kernel = {c.kernel, c.kernel}, .stride = c.stride, .begin = {pad, pad},
                              .end = {pad, pad}, .groups = c.groups, .no_bias = s->norm != NORM_NONE};
    char text[LAYER_NAME];

    name_layer(text, prefix, name);
    return graph_conv(g, x, text, &as);
}

int cifar_norm(graph *g, int x, const cifar_settings *s, const char *prefix, const char *name)
{
    char text[LAYER_NAME];
    name_layer(text, prefix, name);
    return graph_norm(g, x, text, (norm_kind)s->norm);
}

int cifar_norm_rectify(graph *g, int x, const cifar_settings *s, const char *prefix, const char *name)
{
    return graph_lrelu(g, cifar_norm(g, x, s, prefix, name), s->slope);
}

jem_status cifar_finish(graph **out, graph *g, int x, const model_spec *spec)
{
    const shape s = g->nodes[x].op.dst;
    x = graph_pool(g, x, s.h, s.w, 1 / (double)(s.h * s.w));
    graph_name(g, x, "features");
    return network_finish(out, g, graph_linear(g, x, "fc", spec->classes));
}

/* The convolution or linear layer whose parameter begins at `offset`; NULL: none. */
static const op *layer_of(const graph *g, int64_t offset)
{
    for (int i = 0; i < g->node_count; ++i) {
        const op *o = &g->nodes[i].op;
        if ((o->kind == OP_CONV2D || o->kind == OP_LINEAR) && (o->weight == offset || o->bias == offset)) return o;
    }
    return NULL;
}

/* As torch.nn.init has it: a grouped convolution's fan out is that of all its groups. */
static double fan_out(const param *p)
{
    return (double)p->shape[0] * (p->ndim > 2 ? (double)(p->shape[2] * p->shape[3]) : 1);
}

void cifar_init(float *params, const graph *g, const model_spec *spec, uint64_t seed)
{
    const rng_stream s = {seed, RNG_INIT, 0, 0};

    params_init(params, g, seed);
    if (cifar_settings_of(spec)->norm == NORM_NONE) return;
    for (int i = 0; i < g->param_count; ++i) {
        const param *p = &g->params[i];
        const op *o = layer_of(g, p->offset);
        float *v = params + p->offset;
        if (o && p->role == PARAM_WEIGHT) {
            const float deviation = (float)sqrt(2 / fan_out(p));
            rng_fill_normal(v, p->count, &s, (uint32_t)i);
            for (int64_t k = 0; k < p->count; ++k) v[k] *= deviation;
        } else if (o && o->kind == OP_LINEAR) {
            for (int64_t k = 0; k < p->count; ++k) v[k] = 0;
        }
    }
}
