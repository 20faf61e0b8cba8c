/* The residual network of Storrs et al. 2021 (their "ResNet-18"): 19 convolutions, all of one width and none
 * strided, so that every map is as large as the picture; a vector of `proj` values and a linear classifier of it.
 *
 *   conv0 3x3, norm, ReLU; 3 stages of `blocks` blocks [norm, ReLU,] conv, norm, ReLU, conv, + input, the first
 *   norm and ReLU missing in the very first; ReLU, mean over the map, linear to `proj`, linear to the classes
 *
 * Batch norms (eps 1e-3) have no running statistics: those of the images at hand normalise, in evaluation as in
 * training, so that what it says of an image depends on the `together` - 1 others beside it and thus on their order.
 * It sees 0 to 255.  Names of parameters, with slashes, are those of the authors' TensorFlow code; weights
 * are as everywhere here, [out,in,h,w] and [out,in]. */
#include <math.h>
#include <stdio.h>

#include "base/rng.h"
#include "base/try.h"
#include "model/gloss_resnet.h"

enum { STAGES = 3, NAME = 64, PREFIX = 40 };

static const option settings[] = {
    {"proj", OPTION_INT, offsetof(gloss_resnet_settings, proj), "10", 1, 100000, NULL,
     "values of the vector before the classes, which probes look at"},
    {"width", OPTION_INT, offsetof(gloss_resnet_settings, width), "56", 1, 4096, NULL, "channels of every convolution"},
    {"blocks", OPTION_INT, offsetof(gloss_resnet_settings, blocks), "3", 1, 100, NULL, "residual blocks of each of three stages"},
    {"together", OPTION_INT, offsetof(gloss_resnet_settings, together), "32", 1, 100000, NULL,
     "images that share statistics outside of training, in their order"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};
_Static_assert(sizeof(gloss_resnet_settings) <= NETWORK_SETTINGS, "model_spec has no room for them");

static int norm_relu(graph *g, int x, const char *prefix)
{
    char gamma[NAME], beta[NAME];
    snprintf(gamma, sizeof gamma, "%s/gamma", prefix);
    snprintf(beta, sizeof beta, "%s/beta", prefix);
    x = graph_batch_norm(g, x, prefix, 1e-3);
    graph_call_params(g, x, gamma, beta);
    return graph_lrelu(g, x, 0);
}

static int conv(graph *g, int x, const char *prefix, int64_t width)
{
    const conv_shape c = {.out = width, .kernel = {3, 3}, .stride = 1, .begin = {1, 1}, .end = {1, 1}, .no_bias = true};
    char name[NAME];
    snprintf(name, sizeof name, "%s/conv", prefix);
    x = graph_conv(g, x, prefix, &c);
    graph_call_params(g, x, name, NULL);
    return x;
}

static int linear(graph *g, int x, const char *prefix, int64_t out)
{
    char weights[NAME], bias[NAME];
    snprintf(weights, sizeof weights, "%s/fc_weights", prefix);
    snprintf(bias, sizeof bias, "%s/fc_bias", prefix);
    x = graph_linear(g, x, prefix, out);
    graph_call_params(g, x, weights, bias);
    return x;
}

static int block(graph *g, int x, int stage, int number, int64_t width)
{
    char prefix[PREFIX];
    int h = x;
    snprintf(prefix, sizeof prefix, "conv%d_%d/conv1_in_block", stage, number);
    if (stage > 1 || number > 0) h = norm_relu(g, h, prefix);
    h = conv(g, h, prefix, width);
    snprintf(prefix, sizeof prefix, "conv%d_%d/conv2_in_block", stage, number);
    h = conv(g, norm_relu(g, h, prefix), prefix, width);
    return graph_add(g, h, x);
}

/* From -1 .. 1 to 0 .. 255. */
static const double to_bytes[3][2] = {{127.5, 127.5}, {127.5, 127.5}, {127.5, 127.5}};

/* As the authors' code: convolutions Xavier-uniform, linear weights uniform within sqrt(3 / fan in), biases 0. */
static void init(float *params, const graph *g, const model_spec *spec, uint64_t seed)
{
    const rng_stream s = {seed, RNG_INIT, 0, 0};
    (void)spec;
    for (int i = 0; i < g->param_count; ++i) {
        const param *p = &g->params[i];
        float *v = params + p->offset;
        if (p->role == PARAM_WEIGHT) {
            const double fan_in = (double)p->fan_in, fan_out = (double)(p->count / p->shape[1]);
            const float bound = (float)(p->ndim == 4 ? sqrt(6 / (fan_in + fan_out)) : sqrt(3 / fan_in));
            rng_fill_uniform(v, p->count, -bound, bound, &s, (uint32_t)i);
        } else {
            for (int64_t k = 0; k < p->count; ++k) v[k] = p->role == PARAM_NORM_WEIGHT ? 1 : 0;
        }
    }
}

static jem_status build(graph **out, const model_spec *spec)
{
    const gloss_resnet_settings *s = (const void *)&spec->settings;
    jem_status st;
    graph *g = NULL;
    char name[PREFIX];

    if (spec->channels != 3)
        return jem_error(JEM_EUSAGE, "%s takes pictures of three channels, not %lld", spec->name, (long long)spec->channels);
    TRY(graph_new(&g, (shape){spec->channels, spec->height, spec->width}));
    graph_take_together(g, s->together);
    int x = norm_relu(g, conv(g, graph_affine(g, 0, to_bytes), "conv0", s->width), "conv0");
    for (int stage = 1; stage <= STAGES; ++stage) {
        for (int b = 0; b < s->blocks; ++b) x = block(g, x, stage, b, s->width);
        snprintf(name, sizeof name, "stage%d", stage);
        graph_name(g, x, name);
    }
    x = graph_adaptive_mean(g, graph_lrelu(g, x, 0), 1, 1);
    graph_name(g, x, "features");
    x = linear(g, x, "fc", s->proj);
    graph_name(g, x, "proj");
    x = linear(g, x, "out", spec->classes);
    st = network_finish(out, g, x);
done:
    return st;
}

const network network_gloss_resnet = {
    .name = "gloss-resnet",
    .usage = "gloss-resnet",
    .about = "gloss-resnet       residual network of Storrs et al. 2021: batch norms without running statistics, in "
             "evaluation too",
    .logits = true,
    .settings = settings,
    .build = build,
    .init = init,
    .stages = (const char *const[]){"stage1", "stage2", "stage3", NULL},
    .heads = (const char *const[]){"features", "proj", NULL},
};
