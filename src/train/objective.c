/* Losses and gradients of one step: see objective.h.  Sources: the study's Eq. 8 and
 * Algorithm 1; Grathwohl et al. 2020.
 *
 * One forward pass serves both losses: backward runs once per loss with that loss's
 * cotangent of the logits,
 *   l_D, labelled: (softmax - target)/B    l_G, x+: -softmax/B    l_G, x-: +softmax/B
 * and a chunk without rows of a loss skips its backward pass. */
#include "train/objective.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

static const double norm_eps = 1e-8;

jem_status objective_init(objective *s, model *m, const objective_options *o)
{
    jem_status st;
    objective b = {.o = *o, .labelled = -1, .positive = -1, .negative = -1};
    int64_t n = model_params_count(m);

    if (b.o.generative_batch == 0) b.o.generative_batch = o->batch;
    if (o->alpha < 1) b.labelled = 0, b.rows = o->batch;
    if (o->alpha > 0) {
        if (o->share_batch && b.labelled == 0) {
            b.positive = 0;
        } else {
            b.positive = b.rows;
            b.rows += b.o.generative_batch;
        }
        b.negative = b.rows;
        b.rows += b.o.generative_batch;
    }
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
    objective_clear(&b);
    return st;
}

void objective_clear(objective *s)
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
    objective *s;
    model *m;
    const backend *b;
    int64_t first; /* row of x where this pass begins */
    int64_t classes, size;
    rng_stream dropout;
    bool frozen;   /* running statistics stay as they are */
} pass;

static int64_t part_rows(const objective *s, int64_t part)
{
    return part == s->labelled ? s->o.batch : s->o.generative_batch;
}

static bool part_has(const objective *s, int64_t part, int64_t row)
{
    return part >= 0 && row >= part && row < part + part_rows(s, part);
}

/* Does the chunk's row range [first, first + count) meet the part? */
static bool part_meets(const objective *s, int64_t part, int64_t first, int64_t count)
{
    return part >= 0 && first < part + part_rows(s, part) && first + count > part;
}

/* d [k]: softmax on entry, (softmax - target)/B on return. */
static void labelled_row(objective *s, float *d, const float *logits, double lse, int64_t i,
                         int64_t k)
{
    double eps = s->o.label_smoothing, off = eps / (double)k, sum = 0;
    int64_t y = s->y[i], best = 0;
    for (int64_t c = 0; c < k; c++) {
        double target = off + (c == y ? 1 - eps : 0);
        d[c] = (float)(((double)d[c] - target) / (double)s->o.batch);
        sum += lse - (double)logits[c];
        if (logits[c] > logits[best]) best = c;
    }
    s->loss_terms[i] = (1 - eps) * (lse - (double)logits[y]) + off * sum;
    s->hit[i] = best == y;
}

/* d [k]: softmax on entry, d l_G / d logits on return; sign -1 for x+, +1 for x-. */
static void energy_row(const objective *s, float *d, double sign, double lse, int64_t k)
{
    double factor = (sign + 2 * s->o.energy_l2 * lse) / (double)s->o.generative_batch;
    for (int64_t c = 0; c < k; c++) d[c] = (float)(factor * (double)d[c]);
}

static void cotangents(const pass *p, const model_chunk *k, int64_t first, bool discriminative)
{
    objective *s = p->s;
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

static bool has_rows(const objective *s, bool discriminative, int64_t first, int64_t count)
{
    if (discriminative) return part_meets(s, s->labelled, first, count);
    return part_meets(s, s->positive, first, count) || part_meets(s, s->negative, first, count);
}

/* One loss's gradient, if the chunk, whose rows begin at `first`, has rows of that loss. */
static jem_status add_gradient(const pass *p, const model_chunk *k, const plan_call *call,
                               int64_t first, bool discriminative)
{
    const objective *s = p->s;
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
    plan_call call = {k->count, p->dropout, (uint32_t)first, p->s->batch_stats};
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
    objective *s = p->s;
    const graph *g = model_graph(p->m);
    int64_t order[3] = {s->positive, s->negative, s->labelled};
    jem_status st = JEM_OK;

    if (!p->frozen)
        memcpy(s->running, model_params(p->m), (size_t)model_params_count(p->m) * sizeof(float));
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

static double mean(const float *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)x[i];
    return sum / (double)n;
}

static double mean_square(const float *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sum / (double)n;
}

static void summarise(objective_result *r, const objective *s, const backend *b, int64_t n)
{
    int64_t batch = s->o.batch, energies = s->o.generative_batch;
    *r = (objective_result){NAN, NAN, NAN, NAN, 1, NAN, NAN, NAN, NAN};
    if (s->labelled >= 0) {
        double sum = 0, hits = 0;
        for (int64_t i = 0; i < batch; i++) {
            sum += s->loss_terms[i];
            hits += s->hit[i];
        }
        r->loss_d = sum / (double)batch;
        r->accuracy = hits / (double)batch;
        r->g_d = sqrt(b->sum_squares(s->grad_d, n));
    }
    if (s->positive >= 0) {
        r->lse_pos = mean(s->lse + s->positive, energies);
        r->lse_neg = mean(s->lse + s->negative, energies);
        r->loss_g = r->lse_neg - r->lse_pos +
                    s->o.energy_l2 * (mean_square(s->lse + s->positive, energies) +
                                      mean_square(s->lse + s->negative, energies));
        r->g_g = sqrt(b->sum_squares(s->grad_g, n));
    }
    if (s->labelled >= 0 && s->positive >= 0) {
        double dot = 0;
        for (int64_t i = 0; i < n; i++) dot += (double)s->grad_d[i] * (double)s->grad_g[i];
        double norms = r->g_d * r->g_g;
        r->cosine = norms > 0 ? dot / norms : 0;
        if (s->o.loss == LOSS_BALANCED) r->c = r->g_d / (r->g_g + norm_eps);
    }
}

static jem_status gradients(objective_result *r, objective *s, model *m, rng_stream dropout,
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

jem_status objective_gradients(objective_result *r, objective *s, model *m, rng_stream dropout)
{
    return gradients(r, s, m, dropout, false);
}

jem_status objective_gradients_again(objective_result *r, objective *s, model *m,
                                     rng_stream dropout)
{
    return gradients(r, s, m, dropout, true);
}

direction objective_direction(const objective *s, const objective_result *r)
{
    double alpha = s->o.alpha;
    if (s->positive < 0) return (direction){s->grad_d, NULL, 1, 0};
    if (s->labelled < 0) return (direction){s->grad_g, NULL, 1, 0};
    if (s->o.loss == LOSS_SUM) return (direction){s->grad_g, s->grad_d, 2 * alpha, 2 * (1 - alpha)};
    return (direction){s->grad_g, s->grad_d, alpha * r->c, 1 - alpha};
}

void objective_update_running(const objective *s, model *m)
{
    if (s->running) running_copy(model_params(m), s->running, model_graph(m));
}
