/* Losses and gradients of one step: see eq8_batch.h.  Sources: the study's Eq. 8 and
 * Algorithm 1; Grathwohl et al. 2020.
 *
 * One forward pass serves both losses: backward runs once per loss with that loss's
 * cotangent of the logits,
 *   l_D, labelled: (softmax - target)/B    l_G, x+: -softmax/B    l_G, x-: +softmax/B
 * and a chunk without rows of a loss skips its backward pass. */
#include "train/eq8_batch.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

/* A batch norm over a single value per channel would make it 0, whatever it was. */
static jem_status check_norms(const graph *g, int64_t images)
{
    for (int i = 0; i < g->node_count; i++) {
        const op *o = &g->nodes[i].op;
        if (o->kind != OP_NORM || o->norm != NORM_BATCH || images * o->src.h * o->src.w > 1) continue;
        return jem_error(JEM_EUSAGE, "batch norm of %lld image with maps of 1x1 (number %d of the network's values) has "
                         "one value per channel and nothing to normalise: take batches of 2 and more, larger pictures or "
                         "another model.norm", (long long)images, i);
    }
    return JEM_OK;
}

jem_status eq8_batch_init(eq8_batch *s, model *m, const eq8_batch_options *o)
{
    jem_status st;
    eq8_batch b = {.o = *o, .labelled = -1, .positive = -1, .negative = -1};
    int64_t n = model_params_count(m);

    if (b.o.generative_batch == 0) b.o.generative_batch = o->batch;
    if (eq8_has_loss_d(o->alpha)) b.labelled = 0, b.rows = o->batch;
    if (eq8_has_loss_g(o->alpha)) {
        if (o->share_batch && b.labelled == 0) {
            b.positive = 0;
        } else {
            b.positive = b.rows;
            b.rows += b.o.generative_batch;
        }
        b.negative = b.rows;
        b.rows += b.o.generative_batch;
    }
    if (b.labelled >= 0) TRY(check_norms(model_graph(m), o->batch));
    if (b.positive >= 0) TRY(check_norms(model_graph(m), b.o.generative_batch));
    TRY(MEM_NEW(b.x, b.rows * model_input_count(m)));
    TRY(MEM_NEW(b.y, o->batch));
    TRY(MEM_NEW(b.lse, b.rows));
    TRY(MEM_NEW(b.loss_terms, o->batch));
    TRY(MEM_NEW(b.hit, o->batch));
    if (b.labelled >= 0) TRY(MEM_NEW(b.grad_d, n));
    if (b.positive >= 0) TRY(MEM_NEW(b.grad_g, n));
    if (graph_couples_images(model_graph(m))) {
        TRY(MEM_NEW(b.running, n));
        TRY(MEM_NEW(b.batch_stats, n));
        TRY(MEM_NEW(b.chain.sum, n));
        b.chain.batch = b.batch_stats;
        running_trace_begin(&b.chain, model_graph(m));
    }
    *s = b;
    return JEM_OK;
done:
    eq8_batch_clear(&b);
    return st;
}

void eq8_batch_clear(eq8_batch *s)
{
    mem_free(s->x);
    mem_free(s->y);
    mem_free(s->lse);
    mem_free(s->loss_terms);
    mem_free(s->hit);
    mem_free(s->grad_d);
    mem_free(s->grad_g);
    mem_free(s->running);
    mem_free(s->batch_stats);
    mem_free(s->chain.sum);
    memset(s, 0, sizeof *s);
}

/* ---- one chunk */

typedef struct pass {
    eq8_batch *s;
    model *m;
    const backend *b;
    int64_t first; /* row of x where this pass begins */
    int64_t classes, size;
    rng_stream dropout;
    bool frozen;   /* running statistics stay as they are */
} pass;

static int64_t part_rows(const eq8_batch *s, int64_t part)
{
    return part == s->labelled ? s->o.batch : s->o.generative_batch;
}

static bool part_has(const eq8_batch *s, int64_t part, int64_t row)
{
    return part >= 0 && row >= part && row < part + part_rows(s, part);
}

/* Does the chunk's row range [first, first + count) meet the part? */
static bool part_meets(const eq8_batch *s, int64_t part, int64_t first, int64_t count)
{
    return part >= 0 && first < part + part_rows(s, part) && first + count > part;
}

/* d [k]: softmax on entry, d l_D / d logits on return. */
static void labelled_row(eq8_batch *s, float *d, const float *logits, double lse, int64_t i,
                         int64_t k)
{
    const double eps = s->o.label_smoothing, batch = (double)s->o.batch;
    const labelled_loss l = labelled_loss_of(logits, k, s->y[i], lse, eps);
    for (int64_t c = 0; c < k; c++)
        d[c] = labelled_cotangent(d[c], smoothed_target(c == s->y[i], eps, k), batch);
    s->loss_terms[i] = l.loss;
    s->hit[i] = l.hit;
}

/* d [k]: softmax on entry, d l_G / d logits on return; sign -1 for x+, +1 for x-. */
static void energy_row(const eq8_batch *s, float *d, double sign, double lse, int64_t k)
{
    double factor = density_factor(sign, s->o.energy_l2, lse, (double)s->o.generative_batch);
    for (int64_t c = 0; c < k; c++) d[c] = density_cotangent(d[c], factor);
}

static void cotangents(const pass *p, const model_chunk *k, int64_t first, bool discriminative)
{
    eq8_batch *s = p->s;
    p->b->logsumexp(s->lse + first, k->cotangent, k->logits, k->count, p->classes);
    for (int64_t i = 0; i < k->count; i++) {
        int64_t row = first + i;
        float *d = k->cotangent + i * p->classes;
        double lse = (double)s->lse[row];
        if (discriminative && part_has(s, s->labelled, row))
            labelled_row(s, d, k->logits + i * p->classes, lse, row - s->labelled, p->classes);
        else if (!discriminative && part_has(s, s->positive, row))
            energy_row(s, d, -1, lse, p->classes);
        else if (!discriminative && part_has(s, s->negative, row))
            energy_row(s, d, 1, lse, p->classes);
        else
            memset(d, 0, (size_t)p->classes * sizeof *d);
    }
}

static bool has_rows(const eq8_batch *s, bool discriminative, int64_t first, int64_t count)
{
    if (discriminative) return part_meets(s, s->labelled, first, count);
    return part_meets(s, s->positive, first, count) || part_meets(s, s->negative, first, count);
}

/* One loss's gradient, if the chunk, whose rows begin at `first`, has rows of that loss. */
static jem_status add_gradient(const pass *p, const model_chunk *k, const plan_call *call,
                               int64_t first, bool discriminative)
{
    const eq8_batch *s = p->s;
    model_sum sum = {.total = discriminative ? s->grad_d : s->grad_g, .number = !discriminative};

    if (!has_rows(s, discriminative, first, k->count)) return JEM_OK;
    for (int i = 0; i < k->index; i++)
        sum.turn += has_rows(s, discriminative, p->first + i * k->size, k->size);
    cotangents(p, k, first, discriminative);
    return model_add_gradient(p->m, k, call, &sum);
}

static jem_status chunk_gradients(void *ctx, const model_chunk *k)
{
    const pass *p = ctx;
    int64_t first = p->first + k->first;
    plan_call call = {.count = k->count, .dropout = p->dropout, .image0 = (uint32_t)first,
                      .batch_stats = p->s->batch_stats};
    jem_status st;

    TRY(plan_forward(k->ws, &call, p->s->x + first * p->size, k->logits));
    TRY(add_gradient(p, k, &call, first, true));
    TRY(add_gradient(p, k, &call, first, false));
done:
    return st;
}

/* ---- the whole batch */

/* Images that batch norm couples are normalised among their own kind: x+, x- and
 * the labelled batch each make a pass, in the order of the JEM code.  Where chains run in
 * training mode JEM++ evaluates x+ before them; only the running statistics show that. */
static jem_status coupled_passes(pass *p)
{
    eq8_batch *s = p->s;
    const graph *g = model_graph(p->m);
    int64_t order[3] = {s->positive, s->negative, s->labelled};
    jem_status st = JEM_OK;

    if (!p->frozen)
        running_copy(s->running, model_params(p->m), g);
    for (int i = 0; i < 3; i++) {
        if (order[i] < 0 || (i == 2 && s->labelled == s->positive)) continue;
        if (order[i] == s->negative && !p->frozen) running_trace_apply(&s->chain, s->running, g);
        p->first = order[i];
        TRY(model_run(p->m, MODEL_TRAIN, part_rows(s, order[i]), chunk_gradients, p));
        if (!p->frozen) running_merge(s->running, s->batch_stats, g);
    }
done:
    return st;
}

static double dot(const float *x, const float *y, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)x[i] * (double)y[i];
    return sum;
}

static void summarise(eq8_result *r, const eq8_batch *s, const backend *b, int64_t n)
{
    const eq8_terms t = eq8_batch_terms(s);
    *r = eq8_nothing();
    eq8_losses(r, &t);
    eq8_norms(r, &t, s->grad_d ? b->sum_squares(s->grad_d, n) : 0,
              s->grad_g ? b->sum_squares(s->grad_g, n) : 0,
              s->grad_d && s->grad_g ? dot(s->grad_d, s->grad_g, n) : 0, s->o.loss == LOSS_SUM);
}

static jem_status gradients(eq8_result *r, eq8_batch *s, model *m, rng_stream dropout,
                            bool frozen)
{
    jem_status st;
    int64_t n = model_params_count(m);
    pass p = {s, m, model_backend(m), 0, model_classes(m), model_input_count(m), dropout, frozen};

    if (s->grad_d) memset(s->grad_d, 0, (size_t)n * sizeof *s->grad_d);
    if (s->grad_g) memset(s->grad_g, 0, (size_t)n * sizeof *s->grad_g);
    if (s->running)
        TRY(coupled_passes(&p));
    else
        TRY(model_run(m, MODEL_TRAIN, s->rows, chunk_gradients, &p));
    summarise(r, s, p.b, n);
done:
    return st;
}

jem_status eq8_batch_gradients(eq8_result *r, eq8_batch *s, model *m, rng_stream dropout)
{
    return gradients(r, s, m, dropout, false);
}

jem_status eq8_batch_gradients_again(eq8_result *r, eq8_batch *s, model *m,
                                     rng_stream dropout)
{
    return gradients(r, s, m, dropout, true);
}

eq8_terms eq8_batch_terms(const eq8_batch *s)
{
    return (eq8_terms){s->labelled, s->positive, s->negative, s->rows, s->o.batch,
                       s->o.generative_batch, s->lse, s->loss_terms, s->hit, s->o.energy_l2};
}

direction eq8_batch_direction(const eq8_batch *s, const eq8_result *r)
{
    const eq8_terms t = eq8_batch_terms(s);
    const eq8_weights w = eq8_descent(r, &t, s->o.alpha, s->o.loss == LOSS_SUM);
    if (s->positive < 0) return (direction){s->grad_d, NULL, w.g, 0};
    return (direction){s->grad_g, s->grad_d, w.g, w.d};
}

void eq8_batch_update_running(const eq8_batch *s, model *m)
{
    if (s->running) running_copy(model_params(m), s->running, model_graph(m));
}
