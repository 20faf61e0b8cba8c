/* Which epoch's weights are kept: best validation accuracy, ties to the earlier epoch;
 * where labels play no part (alpha = 1), the epoch whose replay buffer is nearest to
 * the training images (pooled-pixel Frechet distance). */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "run/session.h"

/* Are there samples whose distance from the training images can be told? */
static bool has_samples(const session *s)
{
    const replay_buffer *r = trainer_samples(&s->t);
    return r && r->size > 1;
}

jem_status selection_begin(session *s)
{
    jem_status st = JEM_OK;
    if (s->t.ema) TRY(MEM_NEW(s->kept, model_params_count(s->m)));
    if (has_samples(s))
        TRY(pixel_distance_init(&s->pixels, s->data->train, REFERENCE_IMAGES));
done:
    return st;
}

void selection_end(session *s)
{
    pixel_distance_clear(&s->pixels);
    mem_free(s->kept);
    s->kept = NULL;
}

const char *selection_criterion(const session *s)
{
    if (config_learns_labels(s->cfg) && s->data->val->n > 0) return "val_accuracy";
    return !config_learns_labels(s->cfg) && config_runs_chains(s->cfg) ? "fd_pix" : "last";
}

/* Averaged weights stand in for the trained ones while they are evaluated. */
static jem_status show_averaged(session *s, bool show)
{
    size_t bytes = (size_t)model_params_count(s->m) * sizeof(float);
    if (!s->t.ema) return JEM_OK;
    trainer_wait_for_reader(&s->t);
    if (show) {
        memcpy(s->kept, model_params(s->m), bytes);
        memcpy(model_params(s->m), s->t.ema, bytes);
    } else {
        memcpy(model_params(s->m), s->kept, bytes);
    }
    return model_params_changed(s->m);
}

int64_t selection_first(const session *s)
{
    return s->cfg->train.eval_every * s->t.per_epoch;
}

static jem_status keep_if_best(session *s, const metrics_row *row)
{
    const char *by = selection_criterion(s);
    double score = strcmp(by, "fd_pix") == 0         ? -row->fd_pix
                   : strcmp(by, "val_accuracy") == 0 ? row->val_accuracy
                                                     : (double)row->iteration;
    best_epoch *best = &s->state.best;
    jem_status st;
    if (best->iteration > 0 && !(score > best->score)) return JEM_OK;
    TRY(best_save(s->r->out, s->m, model_params(s->m), row->iteration, &s->identity));
    /* The first epoch is always the best so far: chains can be looked at as they began (Fig. 5). */
    if (best->iteration == 0 && config_runs_chains(s->cfg) && row->iteration <= selection_first(s))
        TRY(first_epoch_keep(s->r->out, row->iteration));
    *best = (best_epoch){row->iteration, row->epoch, score};
done:
    return st;
}

jem_status selection_validate(session *s, metrics_row *row)
{
    validation v = {NAN, NAN};
    jem_status st, back;
    TRY(show_averaged(s, true));
    st = validate(&v, s->m, s->data->val);
    row->val_accuracy = v.accuracy;
    row->val_nll = v.nll;
    const replay_buffer *r = trainer_samples(&s->t);
    if (st == JEM_OK && has_samples(s))
        st = pixel_distance_measure(&row->fd_pix, &s->pixels, r->images, r->size, r->image);
    if (st == JEM_OK) st = keep_if_best(s, row);
    back = show_averaged(s, false);
    if (st == JEM_OK) st = back;
    if (st == JEM_OK) s->val_accuracy = v.accuracy;
done:
    return st;
}
