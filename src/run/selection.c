/* Which epoch's weights are kept: best validation accuracy, ties to the earlier epoch;
 * where labels play no part (alpha = 1), the epoch whose replay buffer is nearest to
 * the training images (FID with Inception's weights, else the pooled-pixel Frechet distance), or, where
 * the objective measures a loss of its own, the epoch of the lowest; or what train.select says. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "run/session.h"

/* Are there samples whose distance from the training images can be told? */
static bool has_samples(const session *s)
{
    const replay_buffer *r = trainer_samples(&s->t);
    return r && r->size > 1;
}

/* Inception v3 and the statistics that samples are compared with.  A GPU lacks some of its operations. */
static jem_status begin_fid(session *s)
{
    jem_status st;
    const train_options *o = &s->cfg->train;
    engine_spec engine = s->cfg->engine;

    snprintf(engine.device, sizeof engine.device, "cpu");
    TRY(fid_network_open(&s->fid, o->fid_weights, &engine));
    model_set_stop(s->fid.m, s->r->stop);
    if (o->fid_reference[0]) return fid_statistics_read(&s->fid_reference, o->fid_reference);
    TRY(fid_describe_kept(&s->fid_reference, &s->fid, s->data->train, "FID: training images"));
done:
    return st;
}

/* *out <- the distance of the replay buffer. */
static jem_status measure_fid(double *out, const session *s)
{
    jem_status st;
    const replay_buffer *b = trainer_samples(&s->t);
    fid_statistics samples = FID_STATISTICS_INIT;
    fid_pictures p;

    TRY(fid_pictures_of_values(&p, b->images, b->size, b->image.c, b->image.h, b->image.w));
    TRY(fid_describe(&samples, &s->fid, &p, "FID: replay buffer"));
    TRY(fid_distance(out, &samples, &s->fid_reference));
    log_info("FID %.5g: %lld images of the replay buffer", *out, (long long)b->size);
done:
    fid_statistics_clear(&samples);
    return st;
}

jem_status selection_begin(session *s)
{
    jem_status st = JEM_OK;
    if (s->cfg->train.patience > 0 && strcmp(selection_criterion(s), "last") == 0)
        return jem_error(JEM_EUSAGE, "train.patience = %lld compares validations, and there are none: set data.val_fraction "
                         "above 0, or train.patience to 0", (long long)s->cfg->train.patience);
    if (s->t.ema) TRY(MEM_NEW(s->kept, model_params_count(s->m)));
    if (has_samples(s))
        TRY(pixel_distance_init(&s->pixels, s->data->train, REFERENCE_IMAGES));
    if (has_samples(s) && strcmp(selection_criterion(s), "fid") == 0) TRY(begin_fid(s));
done:
    return st;
}

void selection_end(session *s)
{
    pixel_distance_clear(&s->pixels);
    fid_network_clear(&s->fid);
    fid_statistics_clear(&s->fid_reference);
    mem_free(s->kept);
    s->kept = NULL;
}

const char *selection_criterion(const session *s)
{
    const train_options *o = &s->cfg->train;
    const bool validated = config_learns_labels(s->cfg) && s->data->val->n > 0;

    switch ((train_select)o->select) {
    case SELECT_ACCURACY: return validated ? "val_accuracy" : "last";
    case SELECT_FD_PIX: return "fd_pix";
    case SELECT_FID: return "fid";
    case SELECT_NLL: return s->data->val->n > 0 ? "val_nll" : "last";
    case SELECT_AUTO: break;
    }
    if (validated) return "val_accuracy";
    if (config_reads_output(s->cfg) && s->data->val->n > 0) return "val_nll";
    if (config_learns_labels(s->cfg) || !config_runs_chains(s->cfg)) return "last";
    return o->fid_weights[0] ? "fid" : "fd_pix";
}

jem_status selection_judge(char text[CHECKPOINT_JUDGE], const session *s)
{
    jem_status st = JEM_OK;
    const train_options *o = &s->cfg->train;
    const char *by = selection_criterion(s);
    char weights[SHA256_HEX], reference[SHA256_HEX] = "training images";

    if (strcmp(by, "fid") != 0) {
        snprintf(text, CHECKPOINT_JUDGE, "%s", by);
        return JEM_OK;
    }
    TRY(sha256_file(weights, o->fid_weights));
    if (o->fid_reference[0]) TRY(sha256_file(reference, o->fid_reference));
    snprintf(text, CHECKPOINT_JUDGE, "fid (weights %.16s, reference %.16s)", weights, reference);
done:
    return st;
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

/* Where the learning rate fell the last time, up to `iteration`; 0: not yet. */
static int64_t last_milestone(const session *s, int64_t iteration)
{
    const train_options *o = &s->cfg->train;
    int64_t last = 0;
    for (int i = 0; o->schedule == SCHEDULE_MULTISTEP && i < o->milestones.count; i++) {
        const int64_t at = (int64_t)ceil(o->milestones.values[i] * (double)s->t.iterations);
        if (at <= iteration && at > last) last = at;
    }
    return last;
}

/* Are milestones still to come? */
static bool has_milestones_left(const session *s)
{
    return last_milestone(s, s->t.iteration) < last_milestone(s, INT64_MAX);
}

bool selection_out_of_patience(const session *s)
{
    const train_options *o = &s->cfg->train;
    const int64_t it = s->t.iteration, since = last_milestone(s, it), best = s->state.best.iteration;

    if (o->patience == 0 || it % selection_first(s) != 0 || has_milestones_left(s)) return false;
    return it - (best > since ? best : since) >= o->patience * s->t.per_epoch;
}

static jem_status keep_if_best(session *s, const metrics_row *row)
{
    const char *by = selection_criterion(s);
    double score = strcmp(by, "fd_pix") == 0         ? -row->fd_pix
                   : strcmp(by, "fid") == 0          ? -row->fid
                   : strcmp(by, "val_nll") == 0      ? -row->val_nll
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
    st = s->t.objective->validate ? s->t.objective->validate(&v, &s->t, s->data->val)
                                  : validate(&v, s->m, s->data->val);
    row->val_accuracy = v.accuracy;
    row->val_nll = v.nll;
    const replay_buffer *r = trainer_samples(&s->t);
    if (st == JEM_OK && has_samples(s))
        st = pixel_distance_measure(&row->fd_pix, &s->pixels, r->images, r->size, r->image);
    if (st == JEM_OK && s->fid.m) st = measure_fid(&row->fid, s);
    if (st == JEM_OK) st = keep_if_best(s, row);
    back = show_averaged(s, false);
    if (st == JEM_OK) st = back;
    if (st == JEM_OK) s->val_accuracy = v.accuracy;
done:
    return st;
}
