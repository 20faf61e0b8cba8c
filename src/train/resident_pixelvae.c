/* A PixelVAE's training step as a graph of the device: a batch, forward, the loss and its gradient pixel by pixel,
 * backward, verdict, update, in the order of objective_pixelvae.c. */
#include "base/try.h"
#include "model/pixelvae.h"
#include "train/objective_pixelvae.h"
#include "train/resident.h"

static jem_status open_vae(void **out, trainer *t)
{
    const model_spec *spec = model_get_spec(t->m);
    const int64_t n = t->cfg->train.batch, outputs = n * model_output_count(t->m);
    resident *r = NULL;
    jem_status st;
    TRY(resident_open(&r, t));
    r->labelled_row = 0;
    r->data_rows = n;
    TRY(ARRAY(r->x, n * model_input_count(t->m)));
    TRY(ARRAY(r->logits, outputs));
    TRY(ARRAY(r->cotangent, outputs));
    TRY(ARRAY(r->grad_d, t->optimizer.n));
    TRY(ARRAY(r->loss_terms, n));
    TRY(ARRAY(r->pixel_loss, n * spec->height * spec->width));
    TRY(ARRAY(r->line_loss, n * spec->height));
    TRY(resident_make_data(r, t));
    TRY(resident_executor(&r->labelled, t->m, MODEL_TRAIN, n));
    *out = r;
    r = NULL;
done:
    resident_close(r);
    return st;
}

/* ---- the graph */

/* Loss, gradient and verdict of the batch at theta, into report `which`. */
static jem_status differentiate(resident *r, const trainer *t, int which, const float *theta)
{
    const model_spec *spec = model_get_spec(t->m);
    const int64_t n = t->cfg->train.batch;
    const plan_call call = {.count = n, .dropout_at = &r->numbers->dropout};
    const energy_mixture m = {.out = r->logits, .x = r->x, .cotangent = r->cotangent, .loss = r->loss_terms,
                              .pixel_loss = r->pixel_loss, .line_loss = r->line_loss, .n = n,
                              .mixtures = pixelvae_settings_of(spec)->mixtures, .h = spec->height, .w = spec->width};
    const energy_norms norms = {.g = r->grad_d, .sums = r->sums, .parts = r->sum_parts, .n = t->optimizer.n};
    const energy_likelihood l = {.report = r->report + which, .before = which ? r->report : NULL,
                                 .loss = r->loss_terms, .sums = r->sums, .n = n};
    jem_status st;
    TRY(plan_load_resident(r->labelled.p, theta));
    TRY(plan_forward(r->labelled.ws[0], &call, r->x, r->logits));
    TRY(r->energy->mixture(&m));
    TRY(plan_backward(r->labelled.ws[0], &call, r->cotangent, NULL, r->grad_d));
    TRY(r->energy->norms(&norms));
    TRY(r->energy->likelihood(&l));
done:
    return st;
}

static jem_status look(resident *r, const trainer *t, float *theta)
{
    jem_status st;
    TRY(resident_draw(r, t));
    TRY(differentiate(r, t, 0, theta));
    if (!r->kept) goto done;
    TRY(resident_ascend(r, t, theta, r->grad_d, NULL));
    TRY(differentiate(r, t, 1, theta));
    TRY(resident_return(r, t, theta));
done:
    return st;
}

static jem_status update(resident *r, const trainer *t, float *theta)
{
    return resident_update(r, t, theta, r->grad_d, NULL);
}

/* ---- one step */

static jem_status run_step(step_report *s, void *own, trainer *t)
{
    static const resident_graph captured = {look, update};
    resident *r = own;
    energy_report d[2];
    float *theta;
    jem_status st;

    TRY(pixelvae_begin(t));
    TRY(resident_begin_step(&theta, r, t));
    TRY(resident_send_numbers(r, t, s, &(energy_numbers){.dropout = pixelvae_noise_of(t)}));
    TRY(resident_send_data(r, t));
    TRY(resident_capture(r, t, theta, &captured));
    TRY(resident_launch(d, r, t));
    const energy_report *met = resident_verdict(r, d);
    if (!met->fine) {
        objective_report bad;
        st = pixelvae_report(&bad, t, met->loss.loss_g, met->loss.g_g);
        goto done;
    }
    TRY(pixelvae_report(&s->own, t, d[0].loss.loss_g, d[0].loss.g_g));
    resident_stepped(r, t);
done:
    return st;
}

const objective_device pixelvae_on_device = {
    .open = open_vae, .close = resident_close, .changed = resident_changed,
    .step = run_step, .fetch = resident_fetch,
};
