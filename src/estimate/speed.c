/* A speed report (speed.h): rows from the times noted for each plan step, and the peak from matrix
 * products and 1x1 convolutions of sizes that suit the machine. */
#include "estimate/speed.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "nn/executor.h"

void speed_clear(speed_report *r)
{
    mem_free(r->chain.rows);
    mem_free(r->gradients.rows);
    mem_free(r->inference.rows);
    *r = (speed_report)SPEED_REPORT_INIT;
}

double speed_share(const speed_report *r, double flops, double seconds)
{
    return seconds > 0 && r->peak > 0 ? flops / seconds / r->peak : 0;
}

/* ---- the peak: large matrix products as plans of one layer, on all threads at once */

/* Products [positions, channels] [channels, channels] of images. */
typedef struct product_size {
    int64_t channels, side, images;
    bool linear; /* a linear layer, else a 1x1 convolution */
} product_size;

typedef struct product_rig {
    executor e;
    int product;   /* its step that forms them */
    const float *x;
    float *logits; /* [threads][output] */
    int64_t images, output;
} product_rig;

static jem_status form_products(void *ctx, int task, int worker)
{
    const product_rig *r = ctx;
    const plan_call call = {.count = r->images};
    (void)worker;
    return plan_forward(r->e.ws[task], &call, r->x, r->logits + task * r->output);
}

/* Seconds of the step that forms the products, in the slowest thread since the last reset. */
static double slowest(const product_rig *r, int threads)
{
    double most = 0;
    for (int i = 0; i < threads; i++) most = fmax(most, workspace_times(r->e.ws[i])[r->product].seconds);
    return most;
}

/* Seconds of one product in the fastest round. */
static jem_status time_products(double *took, product_rig *r, const model *m, double seconds)
{
    jem_status st = JEM_OK;
    const int threads = pool_threads(model_pool(m)), repeats = 4;
    double best = INFINITY;
    const double begin = clock_s();
    for (int round = 0; round < 2 || clock_s() - begin < seconds; round++) {
        TRY(executor_time_steps(&r->e));
        for (int i = 0; i < repeats; i++)
            TRY(pool_run(model_pool(m), threads, form_products, r));
        best = fmin(best, slowest(r, threads));
    }
    *took = best / repeats;
done:
    return st;
}

static jem_status build_product(graph **out, const product_size *size)
{
    jem_status st;
    graph *g = NULL;
    TRY(graph_new(&g, (shape){size->channels, size->side, size->side}));
    int product = size->linear ? graph_linear(g, 0, "peak", size->channels)
                                : graph_conv2d(g, 0, "peak", size->channels, 1, 1, 0);
    TRY(graph_finish(g, product));
    *out = g;
    g = NULL;
done:
    graph_free(g);
    return st;
}

static int product_step(const plan *p)
{
    int i = 0;
    while (i < plan_step_count(p) - 1 && plan_step_flops(p, i) <= 0) i++;
    return i;
}

/* Raises r->peak to the rate of products of this size, one of which takes *took. */
static jem_status try_product(double *took, speed_report *r, const model *m, const product_size *size,
                              double seconds)
{
    jem_status st;
    const int threads = pool_threads(model_pool(m));
    const int64_t input = size->images * size->channels * size->side * size->side;
    const plan_options o = {.batch = size->images, .direct = true,
                            .precision = model_get_engine(m)->precision == 1 ? JEM_BF16 : JEM_F32};
    product_rig rig = {.images = size->images, .output = input};
    graph *g = NULL;
    float *params = NULL, *x = NULL;
    workspace *w;

    TRY(build_product(&g, size));
    TRY(executor_compile(&rig.e, g, model_backend(m), &o, threads));
    const plan *p = rig.e.p;
    TRY(MEM_NEW(params, g->param_elements));
    TRY(MEM_NEW(x, input));
    for (int64_t i = 0; i < g->param_elements; i++) params[i] = (float)(i % 7) * 0.01f - 0.03f;
    for (int64_t i = 0; i < input; i++) x[i] = (float)(i % 5) * 0.1f - 0.2f;
    TRY(plan_load(rig.e.p, params));
    TRY(MEM_NEW(rig.logits, threads * input));
    for (int i = 0; i < threads; i++) TRY(executor_workspace(&w, &rig.e, i));
    rig.x = x;
    rig.product = product_step(p);
    TRY(time_products(took, &rig, m, seconds));
    const double rate = threads * plan_step_products(p, rig.product) / *took;
    if (rate > r->peak) {
        r->peak = rate;
        plan_step_algorithm(p, rig.product, r->peak_algorithm, sizeof r->peak_algorithm);
    }
done:
    executor_clear(&rig.e);
    mem_free(rig.logits);
    mem_free(x);
    mem_free(params);
    graph_free(g);
    return st;
}

/* The fastest of products that fit a core's cache, and of larger ones where those are over
 * before anything was busy. */
static jem_status measure_peak(speed_report *r, const model *m, double seconds)
{
    enum { LEVELS = 3, KINDS = 2 };
    static const product_size sizes[LEVELS][KINDS] = {
        {{512, 1, 512, true}, {256, 32, 2, false}},
        {{2048, 1, 2048, true}, {2048, 32, 2, false}},
        {{8192, 1, 8192, true}, {2048, 32, 32, false}},
    };
    const double long_enough_s = 5e-4;
    jem_status st = JEM_OK;
    double took = 0;
    for (int i = 0; i < LEVELS && took < long_enough_s; i++)
        for (int k = 0; k < KINDS; k++) TRY(try_product(&took, r, m, &sizes[i][k], seconds / 4));
done:
    return st;
}

/* ---- rows */

typedef struct row_maker {
    speed_part *part;
    const model_outline *outline;
    double runs;   /* executions of the part in the times */
    int threads;
    jem_status st;
} row_maker;

static const char *pass_of(const step *s)
{
    if (s->kind == STEP_BACKWARD_DATA || s->kind == STEP_ACCUMULATE) return "to input";
    if (s->kind == STEP_BACKWARD_PARAMS) return "to weights";
    if (s->kind == STEP_LOAD || s->kind == STEP_STORE)
        return s->port == PORT_X || s->port == PORT_LOGITS ? "forward" : "to input";
    return "forward";
}

/* The layer's name, or what steps without one do. */
static const char *layer_of(const model_outline *o, const step *s)
{
    if (s->kind == STEP_LOAD || s->kind == STEP_STORE) return "loading, storing";
    if (s->kind == STEP_COPY || s->kind == STEP_ACCUMULATE) return "copies, sums";
    for (int i = 0; i < o->layer_count; i++)
        if (o->layers[i].node == (int)s->op.id)
            return o->layers[i].name[0] ? o->layers[i].name : o->layers[i].kind;
    const char *counted_as = op_rule_of(&s->op)->counted_as;
    return counted_as ? counted_as : "others";
}

/* The row of this layer and pass, made if there is none. */
static jem_status find_row(speed_row **out, speed_part *part, const char *layer, const char *pass)
{
    jem_status st = JEM_OK;
    for (int i = 0; i < part->count; i++)
        if (strcmp(part->rows[i].layer, layer) == 0 && strcmp(part->rows[i].pass, pass) == 0) {
            *out = &part->rows[i];
            return JEM_OK;
        }
    TRY(MEM_GROW(part->rows, part->count, part->room));
    *out = &part->rows[part->count++];
    **out = (speed_row){.pass = pass};
    snprintf((*out)->layer, sizeof (*out)->layer, "%s", layer);
done:
    return st;
}

/* `executions` of step i. */
static void add(speed_row *row, const plan *p, int i, double executions, double seconds)
{
    row->flops += executions * plan_step_flops(p, i);
    row->products += executions * plan_step_products(p, i);
    row->transforms += executions * plan_step_transforms(p, i);
    row->seconds += seconds;
}

static void keep_step(void *ctx, const plan *p, int i, plan_time t)
{
    row_maker *k = ctx;
    const step *s = plan_step(p, i);
    const double executions = (double)t.runs / k->runs;
    speed_row *row;

    if (t.runs == 0 || k->st) return;
    k->st = find_row(&row, k->part, layer_of(k->outline, s), pass_of(s));
    if (k->st) return;
    const double seconds = executions * t.seconds / (double)t.counted / k->threads;
    add(row, p, i, executions, seconds);
    add(&k->part->sum, p, i, executions, seconds);
    if (row->flops > 0) plan_step_algorithm(p, i, row->algorithm, sizeof row->algorithm);
}

static jem_status make_rows(speed_part *part, const profile *g, const model_outline *o,
                            const model_use uses[2], int64_t executions)
{
    row_maker k = {.part = part, .outline = o, .runs = (double)executions,
                   .threads = pool_threads(model_pool(g->m)), .st = JEM_OK};
    for (int i = 0; i < 1 + (uses[1] != uses[0]); i++) model_visit_times(g->m, uses[i], keep_step, &k);
    return k.st;
}

/* ---- the parts of a step */

typedef jem_status (*profile_fn)(repeated *out, const profile *g, int64_t n, double seconds);

/* A part, and how it is found. */
typedef struct part_kind {
    profile_fn run;
    model_use uses[2]; /* those that it runs */
    model_use chunk;   /* of this use, one for each thread, are enough */
    double steps;      /* what it costs, in Langevin steps */
} part_kind;

/* Plainly first, then with a clock at every step; on a model of its own, whose plans have run
 * nothing else. */
static jem_status measure_part(speed_part *part, const part_kind *kind, const profile *plain,
                               const model_outline *o, int64_t n, double seconds)
{
    jem_status st;
    const int64_t few = o->threads * o->uses[kind->chunk].chunk, first = plain->round < n ? plain->round : n;
    repeated r;
    profile g;

    TRY(profile_open(&g, plain->cfg, plain->data, plain->facts));
    const bool climbs = plain->cfg->model.network->logits; /* else two passes forward cost as much as a Langevin step */
    TRY(climbs ? profile_chain(&r, &g, first, 0) : profile_inference(&r, &g, first, 0));
    double expected_s = (climbs ? 1 : 2) * kind->steps * r.seconds * (double)n / (double)first;
    if (4 * expected_s > seconds && few < n) n = few;
    if (n > few) n -= n % few; /* whole chunks, as many for each thread */
    part->images = n;
    TRY(kind->run(&r, &g, n, seconds / 2));
    part->seconds = r.seconds;
    part->alone_s = r.alone_s;
    g.by_step = true;
    TRY(kind->run(&r, &g, n, seconds / 2));
    TRY(make_rows(part, &g, o, kind->uses, r.count));
done:
    profile_close(&g);
    return st;
}

static jem_status measure_parts(speed_report *r, const profile *g, const model_outline *o, double seconds)
{
    static const part_kind chain = {profile_chain, {MODEL_CHAIN, MODEL_CHAIN_TRAIN}, MODEL_CHAIN, 1},
                           gradients = {profile_gradients, {MODEL_TRAIN, MODEL_TRAIN}, MODEL_TRAIN, 5},
                           inference = {profile_inference, {MODEL_INFER, MODEL_INFER}, MODEL_INFER, 0.5};
    jem_status st;
    const int64_t batch = g->cfg->train.batch, climbing = config_generative_batch(&g->cfg->train);
    if (config_runs_chains(g->cfg)) TRY(measure_part(&r->chain, &chain, g, o, climbing, 0.4 * seconds));
    TRY(measure_part(&r->gradients, &gradients, g, o, batch, 0.4 * seconds));
    TRY(measure_part(&r->inference, &inference, g, o, batch, 0.2 * seconds));
done:
    return st;
}

/* What a whole step computes, put together as forecast_flops does. */
static void compose(speed_report *r, const config *cfg, const model_outline *o)
{
    const train_options *t = &cfg->train;
    const double climb = r->chain.images ? (double)config_generative_batch(t) / (double)r->chain.images : 0;
    const double times = t->sharpness == SHARPNESS_NONE ? 1 : 2;
    const double batches = times * (double)t->batch / (double)r->gradients.images;
    r->flops = forecast_flops(cfg, o->flops).total * (double)t->batch;
    const double steps = climb * (double)cfg->sampler.steps;
    r->products = steps * r->chain.sum.products + batches * r->gradients.sum.products;
    r->transforms = steps * r->chain.sum.transforms + batches * r->gradients.sum.transforms;
}

jem_status speed_measure(speed_report *out, const config *cfg, const splits *data,
                         const data_facts *d, double seconds)
{
    jem_status st;
    speed_report r = SPEED_REPORT_INIT;
    model_outline o = MODEL_OUTLINE_INIT;
    profile g;

    TRY(profile_open(&g, cfg, data, d));
    TRY(model_outline_init(&o, &cfg->model, &cfg->engine, cfg->train.batch,
                           config_generative_batch(&cfg->train)));
    r.threads = o.threads;
    TRY(measure_peak(&r, g.m, 0.1 * seconds));
    TRY(measure_parts(&r, &g, &o, 0.5 * seconds));
    TRY(profile_steps(&r.step, &g, 0.4 * seconds));
    compose(&r, cfg, &o);
    *out = r;
    r = (speed_report)SPEED_REPORT_INIT;
done:
    speed_clear(&r);
    model_outline_clear(&o);
    profile_close(&g);
    return st;
}

bool speed_share_is_possible(double share)
{
    return share <= 1;
}

double speed_gap_s(const speed_report *r, const speed_row *row)
{
    return row->seconds - (r->peak > 0 ? row->products / r->peak : 0);
}
