/* Langevin chains: the settings `sampler.*`, the updates that sgld.h lists, and chains that follow
 * any slope of a log-density: a model's LSE or logit, or another program's.
 *
 * A chunk of images goes through all its steps on one thread: chains do not
 * depend on each other, so nothing waits between steps and the activations of
 * a few images stay in the cache. */
#include "sample/sgld.h"

#include <math.h>

#include "base/try.h"
#include "energy/logits.h"

#define AT(field) offsetof(sampler_options, field)
const option sampler_option_table[] = {
    {"steps", OPTION_INT, AT(steps), "20", 1, 100000, NULL, "Langevin steps per chain (L)"},
    {"step_size", OPTION_REAL, AT(step_size), "1.0", 0, 1e6, NULL,
     "initial lambda (eta for update langevin); the study uses 0.8 to 1.0"},
    {"decay", OPTION_CHOICE, AT(decay), "linear", 0, 0, "linear|constant",
     "step size within a chain: lambda (1 - t/L), or constant"},
    {"update", OPTION_CHOICE, AT(update), "algorithm1", 0, 0, "algorithm1|langevin|clamped",
     "x + lambda g + sigma z (Algorithm 1), x + eta/2 g + sqrt(eta) z (Eq. 7), or "
     "clip(x + lambda clamp(g, -1, 1)) + sigma z (JEM++, SADA-JEM)"},
    {"noise_std", OPTION_REAL, AT(noise_std), "0.01", 0, 1e3, NULL,
     "sigma, standard deviation of the noise of every step; 0.009 to 0.02 in the study"},
    {"clip", OPTION_BOOL, AT(clip), "true", 0, 0, NULL, "clip after every step (off for latents)"},
    {"clip_min", OPTION_REAL, AT(clip_min), "-1", -1e6, 1e6, NULL, "lower bound of clipping"},
    {"clip_max", OPTION_REAL, AT(clip_max), "1", -1e6, 1e6, NULL, "upper bound of clipping"},
    {"milestones", OPTION_LIST, AT(milestones), "[0.5, 0.75]", 0, 1, NULL,
     "fractions of training after which lambda is multiplied by milestone_factor"},
    {"milestone_factor", OPTION_REAL, AT(milestone_factor), "0.5", 0, 1, NULL,
     "factor on lambda at each milestone"},
    {"batch_norm", OPTION_CHOICE, AT(batch_norm), "running", 0, 0, "running|batch",
     "statistics of batch norms in chains of training: the running ones, or those of the "
     "chains' images (JEM++, SADA-JEM)"},
    {"start", OPTION_CHOICE, AT(start), "uniform", 0, 0, 
     "uniform|class_gaussian|encoded_noise",
     "fresh starts: noise on [-1, 1]; draws from a Gaussian per class fitted to the training "
     "images (JEM++, SADA-JEM); or, on latents, the bank of encoded noise of jem data encode"},
    {"buffer_size", OPTION_INT, AT(buffer_size), "10000", 1, 2147483647, NULL,
     "entries of the replay buffer"},
    {"reinit_prob", OPTION_REAL, AT(reinit_prob), "0.05", 0, 1, NULL,
     "probability that a chain starts afresh instead of from the buffer"},
    {"class_conditional", OPTION_BOOL, AT(class_conditional), "false", 0, 0, NULL,
     "chains climb the logit of a class and the buffer has a slice per class"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};
#undef AT

double sgld_step_size(const sampler_options *o, double fraction)
{
    double step_size = o->step_size;
    for (int i = 0; i < o->milestones.count; i++)
        if (fraction >= o->milestones.values[i]) step_size *= o->milestone_factor;
    return step_size;
}

langevin_update sgld_update(const sampler_options *o, double step_size, int64_t t)
{
    if (o->decay == DECAY_LINEAR) step_size *= 1.0 - (double)t / (double)o->steps;
    bool eq7 = o->update == UPDATE_LANGEVIN;
    return (langevin_update){
        .step_size = (float)(eq7 ? step_size / 2 : step_size),
        .noise_std = (float)(eq7 ? sqrt(step_size) : o->noise_std),
        .clip = o->clip,
        .clip_min = (float)o->clip_min,
        .clip_max = (float)o->clip_max,
        .clamped = o->update == UPDATE_CLAMPED,
    };
}

double sgld_diffusion(const sampler_options *o, double step_size, int64_t size)
{
    double variance = 0;
    for (int64_t t = 0; t < o->steps; t++) {
        double std = (double)sgld_update(o, step_size, t).noise_std;
        variance += std * std;
    }
    return sqrt(variance * (double)size);
}

/* Clipping would turn a NaN into an innocent-looking number: gradients are
 * checked before they are used. */
static jem_status check_finite(const backend *b, const float *grad, int64_t first, int64_t count,
                               int64_t size, int64_t t)
{
    if (isfinite(b->sum_squares(grad, count * size))) return JEM_OK;
    int64_t i = 0;
    while (i < count - 1 && isfinite(b->sum_squares(grad + i * size, size))) i++;
    int64_t bad = 0;
    for (int64_t k = i * size; k < (i + 1) * size; k++) bad += !isfinite(grad[k]);
    return jem_error(JEM_EDIVERGED,
                     "the energy's gradient is not finite for image %lld in step %lld of its "
                     "Langevin chain (%lld of %lld values); use a smaller sampler.step_size or "
                     "train.lr",
                     (long long)(first + i), (long long)t, (long long)bad, (long long)size);
}

static void draw_noise(const sgld_call *call, float *noise, int64_t first, int64_t count,
                       int64_t size, int64_t t)
{
    rng_stream stream = call->noise;
    stream.sub = (uint32_t)t;
    for (int64_t i = 0; i < count; i++) {
        if (call->inject)
            call->inject(call->inject_ctx, noise + i * size, size, t, first + i);
        else
            rng_fill_normal(noise + i * size, size, &stream, (uint32_t)(first + i));
    }
}

jem_status sgld_walk(const sgld_call *call, const sgld_slope *slope, const backend *b, float *x,
                     float *grad, float *noise, int64_t first, int64_t count, int64_t size)
{
    jem_status st = JEM_OK;
    for (int64_t t = 0; t < call->options->steps; t++) {
        langevin_update u = sgld_update(call->options, call->step_size, t);
        TRY(slope->gradient(slope->ctx, grad, x, first, count));
        TRY(check_finite(b, grad, first, count, size, t));
        bool noisy = u.noise_std > 0;
        if (noisy) draw_noise(call, noise, first, count, size, t);
        b->langevin(x, grad, noisy ? noise : NULL, count * size, &u);
    }
done:
    return st;
}

/* ---- the model's energy as a slope */

typedef struct chain {
    model *m;
    const sgld_call *call;
    const backend *b;
    float *x;
    int64_t size, classes;
} chain;

typedef struct chain_chunk {
    const chain *chain;
    const model_chunk *chunk;
    int64_t t; /* steps done */
} chain_chunk;

/* lse [count] and the softmax in the chunk's cotangent <- of x. */
static jem_status look(const chain_chunk *cc, const plan_call *call, const float *x, float *lse)
{
    const model_chunk *k = cc->chunk;
    const chain *c = cc->chain;
    const jem_status st = plan_forward(k->ws, call, x, k->logits);
    if (st != JEM_OK) return st;
    c->b->logsumexp(lse, k->cotangent, k->logits, call->count, c->classes);
    if (c->call->visit) c->call->visit(c->call->visit_ctx, x, lse, cc->t, k->first, call->count);
    return JEM_OK;
}

static jem_status model_slope(void *ctx, float *grad, const float *x, int64_t first,
                              int64_t count)
{
    chain_chunk *cc = ctx;
    const model_chunk *k = cc->chunk;
    const int32_t *y = cc->chain->call->y;
    int64_t classes = cc->chain->classes;
    running_trace *trace = cc->chain->call->trace;
    plan_call call = {.count = count, .batch_stats = trace ? trace->batch : NULL};
    jem_status st;

    TRY(model_check_stop(cc->chain->m, k->worker));
    TRY(look(cc, &call, x, grad)); /* grad is not needed yet: any scratch of `count` floats will do */
    cc->t++;
    if (trace) running_trace_pass(trace, model_graph(cc->chain->m));
    if (y) {
        for (int64_t i = 0; i < count; i++)
            for (int64_t c = 0; c < classes; c++)
                k->cotangent[i * classes + c] = class_cotangent(c, y[first + i]);
    }
    TRY(plan_backward(k->ws, &call, k->cotangent, grad, NULL));
done:
    return st;
}

static jem_status chain_chunk_run(void *ctx, const model_chunk *k)
{
    jem_status st;
    const chain *c = ctx;
    chain_chunk cc = {c, k, 0};
    sgld_slope slope = {model_slope, &cc};
    float *x = c->x + k->first * c->size;
    /* The chain works in place, which leaves the chunk's own x free for the noise. */
    TRY(sgld_walk(c->call, &slope, c->b, x, k->grad, k->x, k->first, k->count, c->size));
    if (c->call->visit) TRY(look(&cc, &(plan_call){.count = k->count}, x, k->grad));
done:
    return st;
}

jem_status sgld_chain(model *m, const sgld_call *call, float *x, int64_t n)
{
    chain c = {m, call, model_backend(m), x, model_input_count(m), model_classes(m)};
    const jem_status st = model_check_logits(m);
    if (st) return st;
    if (call->trace) running_trace_begin(call->trace, model_graph(m));
    return model_run(m, call->trace ? MODEL_CHAIN_TRAIN : MODEL_CHAIN, n, chain_chunk_run, &c);
}

sgld_report sgld_measure(const sampler_options *o, const float *x, const float *start, int64_t n,
                         int64_t size)
{
    float low = (float)o->clip_min, high = (float)o->clip_max;
    int64_t clipped = 0;
    double movement = 0;
    for (int64_t i = 0; i < n; i++) {
        double squares = 0;
        for (int64_t j = i * size; j < (i + 1) * size; j++) {
            double d = (double)x[j] - (double)start[j];
            squares += d * d;
            clipped += x[j] <= low || x[j] >= high;
        }
        movement += sqrt(squares);
    }
    sgld_report r = {movement / (double)n, o->clip ? (double)clipped / (double)(n * size) : 0.0};
    return r;
}
