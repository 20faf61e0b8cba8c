/* One step of training along alpha, in the order of the JEM code: batches, chains with the parameters
 * before the update, gradients, divergence check.  The study's Algorithm 1; see objective_eq8.h. */
#include "train/objective_eq8.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

/* ---- settings */

static bool is_weighed(double alpha)
{
    return eq8_has_loss_g(alpha);
}

static bool is_classifier(double alpha)
{
    return !eq8_has_loss_g(alpha);
}

static unsigned eq8_uses(const config *c)
{
    return (eq8_has_loss_d(c->alpha) ? OBJECTIVE_LABELS : 0u) | OBJECTIVE_CHAINS;
}

static unsigned classifier_uses(const config *c)
{
    (void)c;
    return OBJECTIVE_LABELS;
}

static jem_status check_weighed(const config *c)
{
    if (is_weighed(c->alpha)) return JEM_OK;
    return jem_error(JEM_EUSAGE, "train.objective = eq8 weighs two losses: alpha = %g must be above 0; "
                     "0 is train.objective = classifier", c->alpha);
}

static jem_status check_classifier(const config *c)
{
    if (is_classifier(c->alpha)) return JEM_OK;
    return jem_error(JEM_EUSAGE, "train.objective = classifier has no generative loss: alpha = %g must "
                     "be 0", c->alpha);
}

/* ---- the state */

static jem_status init(trainer *t, const char *kept)
{
    const config *c = t->cfg;
    const train_options *o = &c->train;
    const eq8_batch_options oo = {.batch = o->batch, .alpha = c->alpha,
                                  .label_smoothing = o->label_smoothing, .energy_l2 = o->energy_l2,
                                  .share_batch = o->share_batch,
                                  .generative_batch = o->generative_batch, .loss = o->loss};
    eq8_state *s = NULL;
    jem_status st;
    TRY(MEM_NEW(s, 1));
    t->own = s;
    TRY(eq8_batch_init(&s->batch, t->m, &oo));
    if (s->batch.negative >= 0)
        TRY(chains_init(&s->chains, c, t->data->train, model_pool(t->m), kept));
done:
    return st;
}

static void clear(trainer *t)
{
    eq8_state *s = eq8_state_of(t);
    if (!s) return;
    eq8_batch_clear(&s->batch);
    chains_clear(&s->chains);
    mem_free(s);
    t->own = NULL;
}

static void reset(trainer *t)
{
    chains_reset(&eq8_state_of(t)->chains, t->cfg);
}

static void rescued(trainer *t)
{
    eq8_state *s = eq8_state_of(t);
    s->batch.o.energy_l2 = rescue_energy_l2(&t->rescue, t->cfg->train.energy_l2);
    chains_rescued(&s->chains, t->cfg, &t->rescue);
}

static jem_status keep(const trainer *t, const char *path)
{
    return chains_keep(&eq8_state_of(t)->chains, t->data->train, path);
}

/* ---- nothing that is not finite may reach the state */

static int64_t not_finite(const float *x, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) count += !isfinite(x[i]);
    return count;
}

static void describe(char *text, size_t size, const char *what, const float *x, int64_t n)
{
    int64_t bad = x ? not_finite(x, n) : 0;
    size_t used = strlen(text);
    if (bad > 0)
        snprintf(text + used, size - used, "%s%lld of %lld values of %s", used ? ", " : "",
                 (long long)bad, (long long)n, what);
}

jem_status eq8_refuse(const trainer *t, const objective_report *r)
{
    const eq8_batch *s = &eq8_state_of(t)->batch;
    const eq8_result l = eq8_report_of(r).loss;
    int64_t n = model_params_count(t->m), rows = s->o.generative_batch * model_input_count(t->m);
    char text[512] = "";
    describe(text, sizeof text, "LSE", s->lse, s->rows);
    describe(text, sizeof text, "grad l_D", s->grad_d, n);
    describe(text, sizeof text, "grad l_G", s->grad_g, n);
    describe(text, sizeof text, "the running statistics", s->running, n);
    if (s->negative >= 0)
        describe(text, sizeof text, "x-", s->x + s->negative * model_input_count(t->m), rows);
    return jem_error(JEM_EDIVERGED, "%s%s; l_D %g, l_G %g, |grad l_D| %g, |grad l_G| %g",
                     *text ? "not finite: " : "", *text ? text : "a gradient too large to be used",
                     l.loss_d, l.loss_g, l.g_d, l.g_g);
}

static jem_status check_finite(const trainer *t, const objective_report *r)
{
    const eq8_batch *s = &eq8_state_of(t)->batch;
    const eq8_report e = eq8_report_of(r);
    const eq8_terms terms = eq8_batch_terms(s);
    bool fine = eq8_usable(&e.loss, &terms, e.lse_min, e.lse_max, e.chain.movement);
    if (s->running)
        fine = fine &&
               isfinite(model_backend(t->m)->sum_squares(s->running, model_params_count(t->m)));
    return fine ? JEM_OK : eq8_refuse(t, r);
}

/* ---- one step */

static void begin(step_report *r, const trainer *t, double share)
{
    const eq8_state *s = eq8_state_of(t);
    eq8_report e = {.loss = eq8_nothing(), .lse_gap = NAN, .chain = {NAN, NAN}, .diffusion = NAN,
                    .lse_min = NAN, .lse_max = NAN, .buffer_age = NAN, .buffer_diversity = NAN};
    r->step_size = NAN;
    if (s->batch.negative >= 0) {
        r->step_size = sgld_step_size(&s->chains.sampler, share);
        e.diffusion = sgld_diffusion(&s->chains.sampler, r->step_size, model_input_count(t->m));
    }
    eq8_report_put(&r->own, &e);
}

static jem_status draw(const float **x, int64_t *n, trainer *t)
{
    eq8_batch *s = &eq8_state_of(t)->batch;
    int64_t size = model_input_count(t->m);
    jem_status st = JEM_OK;
    if (s->labelled >= 0)
        TRY(batcher_get(&t->labelled, t->iteration, s->x + s->labelled * size, s->y));
    if (s->positive >= 0 && s->positive != s->labelled)
        TRY(batcher_get(&t->generative, t->iteration, s->x + s->positive * size, NULL));
    *x = s->x;
    *n = s->labelled >= 0 ? s->o.batch : s->o.generative_batch;
done:
    return st;
}

static float *negatives(const trainer *t)
{
    const eq8_batch *s = &eq8_state_of(t)->batch;
    return s->x + s->negative * model_input_count(t->m);
}

/* x- <- the ends of chains from the replay buffer. */
static jem_status draw_chains(sgld_report *r, double step_size, trainer *t)
{
    eq8_state *s = eq8_state_of(t);
    const bool coupled = s->chains.sampler.batch_norm == BATCH_NORM_BATCH && s->batch.chain.sum;
    return chains_draw(&s->chains, r, t->m, t->iteration, step_size,
                       coupled ? &s->batch.chain : NULL, negatives(t));
}

static jem_status gradients(step_report *r, direction *d, trainer *t)
{
    eq8_batch *s = &eq8_state_of(t)->batch;
    eq8_report e = eq8_report_of(&r->own);
    const eq8_terms terms = eq8_batch_terms(s);
    jem_status st;
    if (s->negative >= 0) TRY(draw_chains(&e.chain, r->step_size, t));
    TRY(eq8_batch_gradients(&e.loss, s, t->m, eq8_dropout_of(t)));
    eq8_range(&e.lse_min, &e.lse_max, &terms);
    eq8_report_put(&r->own, &e);
    TRY(check_finite(t, &r->own));
    *d = eq8_batch_direction(s, &e.loss);
done:
    return st;
}

static jem_status gradients_again(direction *d, const step_report *r, trainer *t)
{
    eq8_batch *s = &eq8_state_of(t)->batch;
    eq8_report e = eq8_report_of(&r->own);
    objective_report uphill = r->own;
    jem_status st;
    TRY(eq8_batch_gradients_again(&e.loss, s, t->m, eq8_dropout_of(t)));
    eq8_report_put(&uphill, &e);
    TRY(check_finite(t, &uphill));
    *d = eq8_batch_direction(s, &e.loss);
done:
    return st;
}

static void stepped(trainer *t)
{
    eq8_state *s = eq8_state_of(t);
    if (s->batch.negative >= 0) chains_store(&s->chains, negatives(t));
    eq8_batch_update_running(&s->batch, t->m);
}

/* ---- the log */

#define AT(field) offsetof(eq8_report, field)
static const objective_column columns[] = {
    {"loss_d", "loss/discriminative", "l_D", COLUMN_MEAN, AT(loss.loss_d)},
    {"loss_g", "loss/generative", "l_G", COLUMN_MEAN, AT(loss.loss_g)},
    {"g_d", "gradient/discriminative", NULL, COLUMN_MEAN, AT(loss.g_d)},
    {"g_g", "gradient/generative", NULL, COLUMN_MEAN, AT(loss.g_g)},
    {"c", "gradient/c", NULL, COLUMN_MEAN, AT(loss.c)},
    {"cosine", "gradient/cosine", NULL, COLUMN_MEAN, AT(loss.cosine)},
    {"lse_pos", "energy/lse_data", NULL, COLUMN_MEAN, AT(loss.lse_pos)},
    {"lse_neg", "energy/lse_samples", NULL, COLUMN_MEAN, AT(loss.lse_neg)},
    {"lse_gap", "energy/lse_gap", NULL, COLUMN_AT_ROW, AT(lse_gap)},
    {"accuracy", "loss/accuracy", NULL, COLUMN_MEAN, AT(loss.accuracy)},
    {"clipped", "chain/clipped", NULL, COLUMN_MEAN, AT(chain.clipped)},
    {"movement", "chain/movement", NULL, COLUMN_MEAN, AT(chain.movement)},
    {NULL, NULL, NULL, COLUMN_MEAN, AT(diffusion)},
    {"lse_min", "energy/lse_min", NULL, COLUMN_MIN, AT(lse_min)},
    {"lse_max", "energy/lse_max", NULL, COLUMN_MAX, AT(lse_max)},
    {"buffer_age", "chain/buffer_age", NULL, COLUMN_AT_ROW, AT(buffer_age)},
    {"buffer_diversity", "chain/buffer_diversity", NULL, COLUMN_AT_ROW, AT(buffer_diversity)},
};
#undef AT
enum { COLUMNS = sizeof columns / sizeof *columns };
_Static_assert(sizeof(eq8_report) == COLUMNS * sizeof(double), "a column for every number");

static void row(objective_report *mean, const trainer *t)
{
    const replay_buffer *replay = &eq8_state_of(t)->chains.replay;
    eq8_report e = eq8_report_of(mean);
    e.lse_gap = e.loss.lse_pos - e.loss.lse_neg;
    e.buffer_age = replay_buffer_mean_age(replay);
    e.buffer_diversity = replay_buffer_diversity(replay);
    eq8_report_put(mean, &e);
}

static void progress(char *text, size_t size, const step_report *r)
{
    const eq8_result l = eq8_report_of(&r->own).loss;
    size_t used = 0;
    text[0] = '\0';
    if (!isnan(l.loss_d)) used += (size_t)snprintf(text, size, "  l_D %.3f", l.loss_d);
    if (!isnan(l.loss_g))
        used += (size_t)snprintf(text + used, size - used, "  l_G %.3f", l.loss_g);
    if (!isnan(l.loss_d) && !isnan(l.loss_g))
        snprintf(text + used, size - used, "  c %.2f", l.c);
}

/* ---- checkpoints */

static const replay_buffer *samples(const trainer *t)
{
    const replay_buffer *r = &eq8_state_of(t)->chains.replay;
    return r->images ? r : NULL;
}

static const char *bad_part(const trainer *t)
{
    const replay_buffer *r = samples(t);
    return r && !all_finite(r->images, r->size * shape_count(r->image)) ? "replay buffer" : NULL;
}

static jem_status save(const trainer *t, safetensors_writer *w)
{
    return chains_save(&eq8_state_of(t)->chains, w);
}

static jem_status restore(trainer *t, const safetensors *f)
{
    return chains_restore(&eq8_state_of(t)->chains, f);
}

/* ---- the two */

#define ALONG_ALPHA                                                                               \
    .init = init, .clear = clear, .reset = reset, .rescued = rescued, .keep = keep,               \
    .begin = begin, .draw = draw, .gradients = gradients, .gradients_again = gradients_again,     \
    .stepped = stepped, .device = &eq8_on_device, .columns = columns, .column_count = COLUMNS,    \
    .row = row, .progress = progress, .rules = eq8_rules, .not_finite = bad_part,                 \
    .save = save, .restore = restore

const objective objective_eq8 = {
    .name = "eq8",
    .about = "alpha c l_G + (1 - alpha) l_D (Eq. 8): classifier and energy model, weighed by alpha above 0",
    .meant = is_weighed,
    .uses = eq8_uses,
    .check = check_weighed,
    .samples = samples,
    ALONG_ALPHA,
};

/* Without chains there is nothing to save; the log has the columns of the runs that it is compared with. */
const objective objective_classifier = {
    .name = "classifier",
    .about = "l_D alone, the cross-entropy of the labels: alpha = 0",
    .meant = is_classifier,
    .uses = classifier_uses,
    .check = check_classifier,
    ALONG_ALPHA,
};
