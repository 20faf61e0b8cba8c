/* The training loop: see loop.h.  Model selection: best validation accuracy, ties to
 * the earlier epoch; at alpha = 1, where labels play no part, the epoch whose replay
 * buffer is nearest to the training images (pooled-pixel Frechet distance). */
#include "train/loop.h"

#include <math.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "train/checkpoint.h"
#include "train/metrics.h"
#include "train/trainer.h"
#include "train/validate.h"

enum { REFERENCE_IMAGES = 10000 };

typedef struct session {
    const train_request *r;
    config *cfg;
    splits own;          /* if the request brought no data */
    const splits *data;
    model *m;
    trainer t;
    run_info info;
    metrics_log log;
    metrics_window window;
    best_epoch best;
    pixel_distance pixels;
    float *kept;         /* parameters while averaged ones are evaluated */
    char *best_path, *checkpoint_path, *metrics_path;
    double start_s;      /* clock when wall time was 0 */
    double row_s;        /* clock at the last row */
    int64_t row_steps;   /* steps since then in this process */
} session;

static const char *selected_by(const session *s)
{
    if (s->cfg->alpha >= 1) return "fd_pix";
    return s->data->val->n > 0 ? "val_accuracy" : "last";
}

/* ---- validation */

/* Averaged weights stand in for the trained ones while they are evaluated. */
static jem_status show_averaged(session *s, bool show)
{
    size_t bytes = (size_t)model_params_count(s->m) * sizeof(float);
    if (!s->t.ema) return JEM_OK;
    if (show) {
        memcpy(s->kept, model_params(s->m), bytes);
        memcpy(model_params(s->m), s->t.ema, bytes);
    } else {
        memcpy(model_params(s->m), s->kept, bytes);
    }
    return model_params_changed(s->m);
}

static jem_status keep_if_best(session *s, const metrics_row *row)
{
    double score = s->cfg->alpha >= 1       ? -row->fd_pix
                   : s->data->val->n > 0    ? row->val_accuracy
                                            : (double)row->iteration;
    jem_status st;
    if (s->best.iteration > 0 && !(score > s->best.score)) return JEM_OK;
    TRY(model_save(s->m, s->best_path, model_params(s->m)));
    s->best = (best_epoch){row->iteration, row->epoch, score};
done:
    return st;
}

static jem_status validate_epoch(session *s, metrics_row *row)
{
    validation v = {NAN, NAN};
    jem_status st, back;
    TRY(show_averaged(s, true));
    st = validate(&v, s->m, s->data->val);
    row->val_accuracy = v.accuracy;
    row->val_nll = v.nll;
    if (st == JEM_OK && s->t.replay.size > 1)
        st = pixel_distance_measure(&row->fd_pix, &s->pixels, s->t.replay.images,
                                    s->t.replay.size, s->t.replay.image);
    if (st == JEM_OK) st = keep_if_best(s, row);
    back = show_averaged(s, false);
    if (st == JEM_OK) st = back;
done:
    return st;
}

/* ---- rows, checkpoints, status */

static double wall_s(const session *s)
{
    return clock_s() - s->start_s;
}

static jem_status write_row(session *s, metrics_row *row, const step_report *last)
{
    double now = clock_s(), passed = now - s->row_s;
    row->alpha = s->cfg->alpha;
    row->lr = last->lr;
    row->step_size = s->t.objective.negative >= 0 ? last->step_size : NAN;
    row->images_per_s = (double)(s->row_steps * s->cfg->train.batch) / fmax(passed, 1e-9);
    row->wall_s = wall_s(s);
    jem_status st = metrics_write(&s->log, row, &s->window);
    s->row_s = clock_s();
    s->row_steps = 0;
    return st;
}

static jem_status write_info(session *s, run_status status)
{
    s->info.status = status;
    s->info.iteration = s->t.iteration;
    s->info.epoch = (double)s->t.iteration / (double)s->t.per_epoch;
    s->info.best = s->best;
    s->info.wall_s = wall_s(s);
    return run_write_info(&s->info, s->r->out);
}

static jem_status save(session *s, run_status status)
{
    jem_status st;
    TRY(checkpoint_save(&s->t, &s->window, &s->best, s->checkpoint_path));
    TRY(write_info(s, status));
done:
    return st;
}

/* What is due after an iteration. */
static jem_status after_step(session *s, const step_report *did, bool last)
{
    const train_options *o = &s->cfg->train;
    int64_t it = s->t.iteration, epoch = it / s->t.per_epoch;
    bool epoch_ends = it % s->t.per_epoch == 0;
    bool evaluate = last || (epoch_ends && epoch % o->eval_every == 0);
    bool checkpoint = o->checkpoint_every > 0 ? it % o->checkpoint_every == 0 : epoch_ends;
    metrics_row row = {.iteration = it, .epoch = (double)it / (double)s->t.per_epoch,
                       .val_accuracy = NAN, .val_nll = NAN, .fd_pix = NAN};
    jem_status st = JEM_OK;

    metrics_window_add(&s->window, did);
    s->row_steps++;
    if (evaluate) TRY(validate_epoch(s, &row));
    if (evaluate || epoch_ends || it % o->log_every == 0) TRY(write_row(s, &row, did));
    if (evaluate)
        log_info("epoch %.4g: l_D %.4g, l_G %.4g, validation accuracy %.4g, FD-pix %.4g",
                 row.epoch, did->loss.loss_d, did->loss.loss_g, row.val_accuracy, row.fd_pix);
    if (checkpoint && !last) TRY(save(s, RUN_RUNNING));
done:
    return st;
}

static void show_progress(session *s, progress *p, const step_report *r)
{
    char extra[128];
    double done = (double)((s->t.iteration - p->start_done) * s->cfg->train.batch);
    double rate = done / fmax(clock_s() - p->start_s, 1e-9);
    snprintf(extra, sizeof extra, "l_D %.3f  l_G %.3f  c %.2f  %.0f images/s", r->loss.loss_d,
             r->loss.loss_g, r->loss.c, rate);
    progress_update(p, s->t.iteration, extra);
}

static bool time_is_up(const session *s)
{
    double limit = s->cfg->train.max_minutes * 60;
    return limit > 0 && wall_s(s) >= limit;
}

static jem_status stop_diverged(session *s)
{
    snprintf(s->info.message, sizeof s->info.message, "%s", jem_error_message());
    /* run.json keeps the count of the last good checkpoint's iteration or later. */
    jem_status st = write_info(s, RUN_DIVERGED);
    if (st != JEM_OK) return st;
    return jem_error(JEM_EDIVERGED, "%s: %s", s->r->out, s->info.message);
}

static jem_status iterate(session *s)
{
    step_report did = {0};
    progress p;
    jem_status st = JEM_OK;

    progress_begin(&p, "train", "it", s->t.iterations, s->t.iteration);
    s->row_s = clock_s();
    while (s->t.iteration < s->t.iterations) {
        st = trainer_step(&did, &s->t);
        if (st == JEM_EDIVERGED) return stop_diverged(s);
        if (st != JEM_OK) return st;
        bool last = s->t.iteration == s->t.iterations || time_is_up(s);
        show_progress(s, &p, &did);
        TRY(after_step(s, &did, last));
        if (last) break;
        if (s->r->stop && *s->r->stop) {
            TRY(save(s, RUN_INTERRUPTED));
            return jem_error(JEM_EINTERRUPTED,
                             "interrupted after iteration %lld of %lld and saved; go on with: "
                             "jem resume %s",
                             (long long)s->t.iteration, (long long)s->t.iterations, s->r->out);
        }
    }
    progress_end(&p, s->t.iteration);
    TRY(save(s, RUN_FINISHED));
    log_info("%s: finished; kept epoch %.4g (%s %.4g)", s->r->out, s->best.epoch,
             s->info.selected_by, s->best.score);
done:
    return st;
}

/* ---- beginning */

static jem_status open_data(session *s)
{
    jem_status st = JEM_OK;
    s->data = s->r->data;
    if (!s->data) {
        TRY(data_load(&s->own, &s->cfg->data, CONFIG_SPLIT_SEED));
        s->data = &s->own;
    }
    config_take_data(s->cfg, s->data->train);
done:
    return st;
}

static void describe(session *s)
{
    run_info *i = &s->info;
    const config *c = s->cfg;
    *i = (run_info){.status = RUN_RUNNING, .alpha = c->alpha, .seed = c->seed};
    snprintf(i->version, sizeof i->version, "%s", JEM_VERSION);
    snprintf(i->model, sizeof i->model, "%.*s", (int)sizeof i->model - 1, c->model.name);
    snprintf(i->selected_by, sizeof i->selected_by, "%s", selected_by(s));
    i->classes = c->model.classes;
    i->channels = c->model.channels;
    i->height = c->model.height;
    i->width = c->model.width;
    i->params = graph_trained_elements(model_graph(s->m));
    i->data_hash = s->data->train->hash;
    i->iterations = s->t.iterations;
}

static jem_status restore(session *s)
{
    run_info before;
    jem_status st = JEM_OK;
    if (!file_exists(s->checkpoint_path)) return JEM_OK; /* killed before the first one */
    TRY(run_read_info(&before, s->r->out));
    if (before.data_hash != s->data->train->hash)
        return jem_error(JEM_EDATA,
                         "%s: the training images are not the ones this run began with; restore "
                         "them or start a new run",
                         s->r->out);
    TRY(checkpoint_load(&s->t, &s->window, &s->best, s->checkpoint_path));
done:
    return st;
}

static jem_status session_begin(session *s, bool fresh)
{
    const char *out = s->r->out;
    jem_status st;
    TRY(open_data(s));
    TRY(model_new(&s->m, &s->cfg->model, &s->cfg->engine));
    TRY(trainer_init(&s->t, s->cfg, s->data, s->m));
    if (s->t.ema) TRY(MEM_NEW(s->kept, model_params_count(s->m)));
    if (s->t.replay.size > 1)
        TRY(pixel_distance_init(&s->pixels, s->data->train, REFERENCE_IMAGES));
    describe(s);
    TRY(run_path(&s->best_path, out, RUN_BEST));
    TRY(run_path(&s->checkpoint_path, out, RUN_CHECKPOINT));
    TRY(run_path(&s->metrics_path, out, RUN_METRICS));
    if (fresh)
        TRY(run_create(out, s->cfg));
    else
        TRY(restore(s));
    TRY(metrics_open(&s->log, s->metrics_path, s->t.iteration));
    s->start_s = clock_s() - s->log.wall_s;
    TRY(write_info(s, RUN_RUNNING));
done:
    return st;
}

static void session_end(session *s)
{
    metrics_close(&s->log);
    pixel_distance_clear(&s->pixels);
    trainer_clear(&s->t);
    model_free(s->m);
    splits_free(&s->own);
    mem_free(s->kept);
    mem_free(s->best_path);
    mem_free(s->checkpoint_path);
    mem_free(s->metrics_path);
}

jem_status train_run(const train_request *r)
{
    session s = {.r = r, .cfg = r->cfg, .log = METRICS_LOG_INIT, .pixels = PIXEL_DISTANCE_INIT};
    run_claim claim;
    jem_status st;

    TRY(run_claim_folder(&claim, r->out, r->cfg));
    if (claim == RUN_DONE) {
        log_info("%s: finished already", r->out);
        return JEM_OK;
    }
    if (claim == RUN_UNFINISHED && !r->resume)
        return jem_error(JEM_EUSAGE,
                         "%s: holds an unfinished run with these settings; go on with: jem resume "
                         "%s",
                         r->out, r->out);
    TRY(session_begin(&s, claim == RUN_NEW));
    TRY(iterate(&s));
done:
    session_end(&s);
    return st;
}
