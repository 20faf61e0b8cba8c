/* A cost model of GPUs: see gpu_cost.h. */
#include "estimate/gpu_cost.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "train/class_gaussian.h"
#include "train/objective.h"

static const int64_t gigabyte = 1000000000;

/* Data sheets of NVIDIA; bf16 without sparsity. */
const gpu_model gpu_models[] = {
    {"h200", "H200 SXM", 989.4e12, 66.9e12, 4.80e12, 141 * gigabyte, true},
    {"h100", "H100 SXM", 989.4e12, 66.9e12, 3.35e12, 80 * gigabyte, false},
    {"a100", "A100 SXM 80 GB", 312e12, 19.5e12, 2.039e12, 80 * gigabyte, false},
    {"l40s", "L40S", 362.05e12, 91.6e12, 0.864e12, 48 * gigabyte, false},
    {"b200", "B200", 2250e12, 75e12, 8.0e12, 180 * gigabyte, false},
    {"rtx4090", "GeForce RTX 4090", 165.2e12, 82.6e12, 1.008e12, 24 * gigabyte, false},
    {NULL, NULL, 0, 0, 0, 0, false},
};

const gpu_constants gpu_constants_fitted = {.efficiency = 0.7098, .half = 155.9, .launch_s = 6.617e-6, .share = 0.7594};
const double gpu_cost_error = 0.1;

/* docs/gpu.md: 2026-11-28, cuDNN 9.14. */
const gpu_step gpu_steps_measured[] = {
    {"wrn-28-10", 64, 0.5, 97.1e-3}, {"wrn-28-10", 256, 0.5, 351e-3}, {"wrn-28-10", 64, 0, 7.35e-3},
    {"wrn-16-4", 64, 0.5, 19.1e-3},  {NULL, 0, 0, 0},
};

/* A Langevin step beside its passes: energies, their cotangent, noise and update, a sum for the log. */
enum { LANGEVIN_KERNELS = 4 };
/* Traffic of an update in numbers per parameter: gradients of both losses, moments, weights read and written; two packed
 * copies written for the next step. */
enum { UPDATE_NUMBERS = 9 };

jem_status gpu_model_find(const gpu_model **out, const char *name)
{
    char names[128] = "";

    for (const gpu_model *m = gpu_models; m->name; m++) {
        if (strcmp(m->name, name) == 0) {
            *out = m;
            return JEM_OK;
        }
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", *names ? ", " : "", m->name);
    }
    return jem_error(JEM_EUSAGE, "'%.100s' is no GPU whose times are known; choose one of: %s", name, names);
}

/* ---- one kernel */

/* What times are computed from. */
typedef struct machine {
    double peak, bandwidth; /* FLOP/s; bytes/s that are reached */
    double value;           /* bytes of a number */
    const gpu_constants *k;
} machine;

static bool is_product(const op *o) { return op_rule_of(o)->products != NULL; }

/* Rectifiers and sums behind a convolution are part of it. */
static bool rides(const graph *g, int i)
{
    const node *n = &g->nodes[i];
    if (n->op.kind != OP_LRELU && n->op.kind != OP_ADD) return false;
    for (int k = 0; k < n->src_count; k++)
        if (g->nodes[n->src[k]].op.kind == OP_CONV2D || rides(g, n->src[k])) return true;
    return false;
}

static double moving(const machine *m, double numbers) { return numbers * m->value / m->bandwidth; }

static double product(const machine *m, const op *o, double images, int64_t channels)
{
    const double fill = (double)channels / ((double)channels + m->k->half);
    const double numbers = images * (double)(shape_count(o->src) + shape_count(o->dst)) + (double)op_params(o);
    return m->k->launch_s + fmax(images * op_flops(o) / (m->peak * m->k->efficiency * fill), moving(m, numbers));
}

/* Values in and out; statistics of a norm are a pass more. */
static double elementwise(const machine *m, const op *o, double images)
{
    const double passes = o->kind == OP_NORM ? 2 : 1;
    return m->k->launch_s + moving(m, images * (passes * (double)shape_count(o->src) + (double)shape_count(o->dst)));
}

/* ---- passes */

typedef enum pass { PASS_FORWARD, PASS_TO_INPUT, PASS_TO_WEIGHTS } pass;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static double kernel(const machine *m, const op *o, double images, pass p)
{
    const int64_t in = op_group_channels(o), out = o->dst.c / (o->groups > 1 ? o->groups : 1);
    if (!is_product(o)) return p == PASS_TO_WEIGHTS ? 0 : elementwise(m, o, images);
    if (p == PASS_FORWARD) return product(m, o, images, out);
    if (p == PASS_TO_INPUT) return product(m, o, images, in);
    /* Beside it the bias's gradient, in two stages. */
    return product(m, o, images, least(in, out)) + 2 * m->k->launch_s + moving(m, images * (double)shape_count(o->dst));
}

static double pass_time(const machine *m, const graph *g, double images, pass p)
{
    double s = 2 * m->k->launch_s; /* the batch goes in, what was asked for comes out */
    for (int i = 0; i < g->node_count; i++)
        if (g->nodes[i].op.kind != OP_INPUT && !rides(g, i)) s += kernel(m, &g->nodes[i].op, images, p);
    return s;
}

static double update_time(const machine *m, const graph *g)
{
    return (double)UPDATE_NUMBERS * (double)g->param_elements * (double)sizeof(float) / m->bandwidth +
           2 * (double)g->param_count * m->k->launch_s;
}

/* ---- a step */

/* Images whose gradients to the parameters are taken. */
static double gradient_images(const config *c)
{
    const bool labelled = config_learns_labels(c), generative = config_runs_chains(c);
    const double n = (double)config_generative_batch(&c->train), b = (double)c->train.batch;
    return (labelled ? b : 0) + (generative ? (labelled && c->train.share_batch ? n : 2 * n) : 0);
}

static double step_time(const machine *m, const graph *g, const config *c)
{
    const double n = (double)config_generative_batch(&c->train), images = gradient_images(c);
    const double times = c->train.sharpness == SHARPNESS_NONE ? 1 : 2;
    double s = update_time(m, g);

    if (config_runs_chains(c))
        s += (double)c->sampler.steps * (pass_time(m, g, n, PASS_FORWARD) + pass_time(m, g, n, PASS_TO_INPUT) +
                                         LANGEVIN_KERNELS * m->k->launch_s);
    for (pass p = PASS_FORWARD; p <= PASS_TO_WEIGHTS; p++) s += times * pass_time(m, g, images, p);
    return s;
}

/* Where chains begin, and images from files, which move there if they leave most to the network. */
static int64_t moved_bytes(const config *c, const data_facts *d, int64_t memory)
{
    const int64_t image = d->channels * d->height * d->width;
    int64_t bytes = d->file_bytes <= memory / 4 ? d->file_bytes : 0;
    if (!config_runs_chains(c)) return bytes;
    if (c->sampler.start == START_CLASS_GAUSSIAN) bytes += class_gaussian_bytes(d->classes, image);
    if (c->sampler.start == START_ENCODED_NOISE) bytes += d->noise * image * (int64_t)sizeof(float);
    return bytes;
}

static int64_t memory_of(const graph *g, const config *c, const data_facts *d, double value, int64_t memory)
{
    static const int64_t libraries = (int64_t)1 << 30; /* the driver's context, cuDNN, their scratch */
    const double images = fmax(gradient_images(c), (double)config_generative_batch(&c->train));
    /* weights, two gradients, moments; then what not all trainings have */
    const int64_t vectors = 3 + (c->train.optimizer.kind == OPTIMIZER_SGD ? 1 : 2) + (c->train.ema > 0) +
                            (c->train.sharpness != SHARPNESS_NONE);
    double values = 0, largest = 0;

    for (int i = 0; i < g->node_count; i++) {
        const double one = (double)shape_count(g->nodes[i].op.dst);
        largest = fmax(largest, one);
        if (!rides(g, i)) values += one;
    }
    /* Gradients live for as long as one layer and the sum around it. */
    const double work = images * value * (values + 3 * largest) + 2 * value * (double)g->param_elements;
    const int64_t buffer = config_runs_chains(c) ? c->sampler.buffer_size * d->channels * d->height * d->width : 0;
    return libraries + (int64_t)work + (vectors * g->param_elements + buffer) * (int64_t)sizeof(float) + d->bytes +
           moved_bytes(c, d, memory);
}

static const char *host_why(const config *c)
{
    const objective *o;
    return config_objective(&o, c) == JEM_OK && !o->device ? "the objective" : NULL;
}

jem_status gpu_cost(gpu_forecast *out, const gpu_model *gpu, const gpu_constants *k, const config *c, const data_facts *d)
{
    jem_status st;
    graph *g = NULL;
    const bool narrow = c->engine.precision == 1;
    const machine m = {.peak = narrow ? gpu->bf16 : gpu->f32,
                       .bandwidth = gpu->bandwidth * k->share,
                       .value = narrow ? 2 : 4,
                       .k = k};

    TRY(model_spec_build(&g, &c->model));
    const double s = step_time(&m, g, c), batch = (double)c->train.batch;
    *out = (gpu_forecast){.times = {.step_s = s, .alone_s = s, .low_s = s * (1 - gpu_cost_error),
                                    .high_s = s * (1 + gpu_cost_error), .batch = c->train.batch},
                          .memory = memory_of(g, c, d, m.value, gpu->memory),
                          .host_why = host_why(c)};
    out->times.validation_s = ceil((double)d->val / batch) * pass_time(&m, g, batch, PASS_FORWARD);
    out->times.validation_alone_s = out->times.validation_s;
done:
    graph_free(g);
    return st;
}
