/* One step of training a PixelVAE: a batch, forward, the loss and its gradient pixel by pixel, backward; see
 * objective_pixelvae.h.  Storrs, Anderson & Fleming 2021; the order of their public code. */
#include "train/objective_pixelvae.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "energy/eq8.h"
#include "energy/logistic_mixture.h"
#include "model/pixelvae.h"
#include "train/gain_init.h"

/* What a step says, in the order of the columns. */
typedef struct vae_report {
    double nll;      /* nats a picture */
    double bits;     /* a dimension: of 8 that levels without any order would take */
    double gradient; /* norm of the sum's gradient, */
    double slope;    /* and of the mean's over pictures and dimensions, which sizes do not change */
} vae_report;

typedef struct vae_state {
    float *x;        /* [batch][3][h][w] */
    double *loss;    /* [batch] */
    float *gradient; /* [params]: of their sum */
} vae_state;

static vae_state *state_of(const trainer *t)
{
    return t->own;
}

static vae_report report_of(const objective_report *r)
{
    vae_report v;
    memcpy(&v, r->values, sizeof v);
    return v;
}

static void put_report(objective_report *r, const vae_report *v)
{
    memcpy(r->values, v, sizeof *v);
}

/* ---- settings */

static unsigned uses(const config *c)
{
    (void)c;
    return OBJECTIVE_OUTPUT;
}

static jem_status check(const config *c)
{
    if (c->model.network != &network_pixelvae)
        return jem_error(JEM_EUSAGE, "train.objective = pixelvae reads the distribution of pixels that model.name = "
                         "pixelvae gives, and model.name is %s", c->model.name);
    if (c->alpha < 1)
        return jem_error(JEM_EUSAGE, "train.objective = pixelvae learns no labels: alpha = %g must be 1", c->alpha);
    if (c->data.noise_std > 0)
        return jem_error(JEM_EUSAGE, "train.objective = pixelvae is a likelihood of levels: data.noise_std = %g must be 0",
                         c->data.noise_std);
    return JEM_OK;
}

/* ---- the loss */

void pixelvae_loss(double *loss, float *cotangent, const float *out, const float *x, int64_t mixtures, int64_t area)
{
    const int64_t values = MIXTURE_VALUES * mixtures;
    double l[MIXTURE_VALUES * MIXTURES_MOST], d[MIXTURE_VALUES * MIXTURES_MOST], sum = 0;

    for (int64_t p = 0; p < area; p++) {
        const double pixel[3] = {(double)x[p], (double)x[area + p], (double)x[2 * area + p]};
        for (int64_t c = 0; c < values; c++) l[c] = (double)out[c * area + p];
        sum += mixture_loss(cotangent ? d : NULL, l, pixel, mixtures);
        for (int64_t c = 0; cotangent && c < values; c++) cotangent[c * area + p] = (float)d[c];
    }
    *loss = sum;
}

typedef struct pass {
    model *m;
    const float *x;
    double *loss;
    float *gradient; /* NULL: losses alone */
    rng_stream noise;
    int64_t image0, mixtures, area;
} pass;

static pass pass_of(model *m, const float *x, double *loss)
{
    const model_spec *s = model_get_spec(m);
    return (pass){.m = m, .x = x, .loss = loss, .mixtures = pixelvae_settings_of(s)->mixtures,
                  .area = s->height * s->width};
}

static jem_status run_chunk(void *ctx, const model_chunk *k)
{
    const pass *p = ctx;
    const int64_t size = model_input_count(p->m), outputs = model_output_count(p->m);
    const float *x = p->x + k->first * size;
    const plan_call call = {.count = k->count, .dropout = p->noise, .image0 = (uint32_t)(p->image0 + k->first)};
    jem_status st;

    TRY(plan_forward(k->ws, &call, x, k->logits));
    for (int64_t i = 0; i < k->count; i++)
        pixelvae_loss(&p->loss[k->first + i], p->gradient ? k->cotangent + i * outputs : NULL,
                      k->logits + i * outputs, x + i * size, p->mixtures, p->area);
    if (!p->gradient) return JEM_OK;
    const model_sum sum = {.total = p->gradient, .number = 0, .turn = k->index};
    st = model_add_gradient(p->m, k, &call, &sum);
done:
    return st;
}

jem_status pixelvae_losses(double *loss, model *m, const float *x, int64_t n, uint64_t seed, int64_t image0)
{
    pass p = pass_of(m, x, loss);
    p.noise = (rng_stream){seed, RNG_SAMPLE_NOISE, 0, 0};
    p.image0 = image0;
    return model_run(m, MODEL_INFER, n, run_chunk, &p);
}

/* ---- the state */

static jem_status init(trainer *t, const char *kept)
{
    const int64_t batch = t->cfg->train.batch;
    vae_state *s = NULL;
    jem_status st;
    (void)kept;
    TRY(MEM_NEW(s, 1));
    t->own = s;
    TRY(MEM_NEW(s->x, batch * model_input_count(t->m)));
    TRY(MEM_NEW(s->loss, batch));
    TRY(MEM_NEW(s->gradient, model_params_count(t->m)));
done:
    return st;
}

static void clear(trainer *t)
{
    vae_state *s = state_of(t);
    if (!s) return;
    mem_free(s->x);
    mem_free(s->loss);
    mem_free(s->gradient);
    mem_free(s);
    t->own = NULL;
}

/* ---- one step */

static void begin(step_report *r, const trainer *t, double share)
{
    const vae_report nothing = {NAN, NAN, NAN, NAN};
    (void)t, (void)share;
    r->step_size = NAN;
    put_report(&r->own, &nothing);
}

static jem_status begin_gains(trainer *t)
{
    enum { PICTURES = 80 };
    jem_status st;
    const dataset *d = t->data->train;
    const int64_t n = d->n < PICTURES ? d->n : PICTURES;
    int64_t index[PICTURES];
    float *x = NULL;
    graph *g = NULL;

    for (int64_t i = 0; i < n; i++) index[i] = i;
    log_info("first gains and biases from %lld pictures (model.data_init)", (long long)n);
    TRY(MEM_NEW(x, n * model_input_count(t->m)));
    TRY(dataset_floats(x, d, index, n));
    TRY(model_spec_build(&g, model_get_spec(t->m)));
    trainer_wait_for_reader(t);
    TRY(gain_init_from_data(&(gain_init){.g = g, .b = model_backend(t->m), .dtype = JEM_F32, .params = model_params(t->m),
                                         .x = x, .n = n, .noise = {(uint64_t)t->cfg->seed, RNG_SAMPLE_NOISE, 0, 0},
                                         .stop = model_get_stop(t->m)}));
    if (t->ema) memcpy(t->ema, model_params(t->m), (size_t)model_params_count(t->m) * sizeof *t->ema);
    trainer_changed(t);
    TRY(model_params_changed(t->m));
done:
    mem_free(x);
    graph_free(g);
    return st;
}

jem_status pixelvae_begin(trainer *t)
{
    const bool first = t->iteration == 0 && !t->cfg->train.init[0];
    return first && pixelvae_settings_of(&t->cfg->model)->data_init ? begin_gains(t) : JEM_OK;
}

static jem_status draw(const float **x, int64_t *n, trainer *t)
{
    vae_state *s = state_of(t);
    const jem_status st = pixelvae_begin(t);
    if (st != JEM_OK) return st;
    *x = s->x;
    *n = t->cfg->train.batch;
    return batcher_get(&t->labelled, t->iteration, s->x, NULL);
}

jem_status pixelvae_report(objective_report *r, const trainer *t, double nll, double gradient)
{
    const double size = (double)model_input_count(t->m);
    const vae_report v = {nll, nll / (log(2) * size), gradient, gradient / ((double)t->cfg->train.batch * size)};
    put_report(r, &v);
    if (finite_f64(nll) && gradient < EQ8_LARGEST_GRADIENT) return JEM_OK;
    return jem_error(JEM_EDIVERGED, "not finite, or a gradient too large to be used: NLL %g nats a picture, |grad| %g",
                     nll, gradient);
}

static jem_status compute(objective_report *r, direction *d, trainer *t)
{
    vae_state *s = state_of(t);
    const int64_t n = t->cfg->train.batch;
    pass p = pass_of(t->m, s->x, s->loss);
    double sum = 0;
    jem_status st;

    memset(s->gradient, 0, (size_t)model_params_count(t->m) * sizeof *s->gradient);
    p.gradient = s->gradient;
    p.noise = pixelvae_noise_of(t);
    TRY(model_run(t->m, MODEL_TRAIN, n, run_chunk, &p));
    for (int64_t i = 0; i < n; i++) sum += s->loss[i];
    TRY(pixelvae_report(r, t, sum / (double)n,
                        sqrt(model_backend(t->m)->sum_squares(s->gradient, model_params_count(t->m)))));
    *d = (direction){s->gradient, NULL, 1, 0};
done:
    return st;
}

static jem_status gradients(step_report *r, direction *d, trainer *t)
{
    return compute(&r->own, d, t);
}

static jem_status gradients_again(direction *d, const step_report *r, trainer *t)
{
    objective_report uphill;
    (void)r;
    return compute(&uphill, d, t);
}

/* ---- validation: the mean over all pictures; accuracy means nothing */

static jem_status validate_losses(validation *out, trainer *t, const dataset *d)
{
    const int64_t batch = t->cfg->train.batch;
    float *x = NULL;
    double *loss = NULL, sum = 0;
    int64_t *index = NULL;
    jem_status st;

    TRY(MEM_NEW(x, batch * model_input_count(t->m)));
    TRY(MEM_NEW(loss, batch));
    TRY(MEM_NEW(index, batch));
    for (int64_t first = 0; first < d->n; first += batch) {
        const int64_t n = d->n - first < batch ? d->n - first : batch;
        for (int64_t i = 0; i < n; i++) index[i] = first + i;
        TRY(dataset_floats(x, d, index, n));
        TRY(pixelvae_losses(loss, t->m, x, n, (uint64_t)t->cfg->seed, first));
        for (int64_t i = 0; i < n; i++) sum += loss[i];
    }
    *out = (validation){NAN, d->n > 0 ? sum / (double)d->n : NAN};
done:
    mem_free(x);
    mem_free(loss);
    mem_free(index);
    return st;
}

/* ---- the log and its verdicts */

#define AT(field) offsetof(vae_report, field)
static const objective_column columns[] = {
    {"nll", "loss/nll", "NLL", COLUMN_MEAN, AT(nll)},
    {"bits_dim", "loss/bits_dim", "bits/dim", COLUMN_MEAN, AT(bits)},
    {"gradient", "gradient/norm", NULL, COLUMN_MEAN, AT(gradient)},
    {NULL, NULL, NULL, COLUMN_MEAN, AT(slope)},
};
#undef AT
enum { COLUMNS = sizeof columns / sizeof *columns };
_Static_assert(sizeof(vae_report) == COLUMNS * sizeof(double), "a column for every number");

static void say_progress(char *text, size_t size, const step_report *r)
{
    snprintf(text, size, "  bits/dim %.3f", report_of(&r->own).bits);
}

/* What knows nothing of pictures says 8 bits of each value; the network's own start is not far from there. */
#define UNIFORM_BITS 8.0

static bool is_far_off(char reason[HEALTH_REASON], const objective_report *report, const health_options *o,
                       int64_t times)
{
    const double bits = report_of(report).bits;
    (void)times;
    health_because(reason, "bits/dim = %.6g is beyond health.max_loss = %g", bits, o->max_loss);
    return bits > o->max_loss;
}

static bool gradient_is_large(char reason[HEALTH_REASON], const objective_report *report, const health_options *o,
                              int64_t times)
{
    const double slope = report_of(report).slope;
    (void)times;
    health_because(reason, "|grad| = %.4g a dimension is beyond health.max_gradient = %g", slope, o->max_gradient);
    return slope > o->max_gradient;
}

static bool is_worse_than_uniform(char reason[HEALTH_REASON], const objective_report *report, const health_options *o,
                                  int64_t times)
{
    const double bits = report_of(report).bits;
    (void)o;
    health_because(reason, "bits/dim = %.4g is above the 8 of levels drawn blindly for %lld iterations", bits,
                   (long long)times);
    return bits > UNIFORM_BITS;
}

static const health_rule rules[] = {
    {VERDICT_DIVERGED, false, is_far_off},
    {VERDICT_DIVERGED, false, gradient_is_large},
    {VERDICT_DRIFTING, true, is_worse_than_uniform},
    {VERDICT_HEALTHY, false, NULL},
};

const objective objective_pixelvae = {
    .name = "pixelvae",
    .about = "-log p of the pixels given a drawn code, the loss of model.name = pixelvae; alpha must be 1",
    .uses = uses,
    .check = check,
    .init = init,
    .clear = clear,
    .begin = begin,
    .draw = draw,
    .gradients = gradients,
    .gradients_again = gradients_again,
    .validate = validate_losses,
    .device = &pixelvae_on_device,
    .columns = columns,
    .column_count = COLUMNS,
    .progress = say_progress,
    .rules = rules,
};
