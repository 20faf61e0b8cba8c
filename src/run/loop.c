/* The training loop: see loop.h.
 *
 * What follows a step (validation, row of the log, checkpoint) may be stopped by a signal
 * in the middle; state.due remembers it, and a resumed training does it first. */
#include "run/loop.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/shell_line.h"
#include "base/try.h"
#include "estimate/forecast.h"
#include "run/session.h"
#include "train/init_weights.h"
#include "train/rescue.h"

/* ---- checkpoints and status */

static void fill_info(session *s, run_status status)
{
    s->info.status = status;
    s->info.iteration = s->t.iteration;
    s->info.epoch = (double)s->t.iteration / (double)s->t.per_epoch;
    s->info.best = s->state.best;
    s->info.rescue = s->t.rescue;
    s->info.wall_s = journal_wall_s(s);
}

static jem_status write_info(session *s, run_status status)
{
    jem_status st;
    fill_info(s, status);
    TRY(journal_sync(s));
    TRY(run_write_info(&s->info, s->r->out));
done:
    return st;
}

/* Messages name the run's folder, and what to do with it, by where it lies. */
static jem_status look_where(session *s)
{
    jem_status st;
    char *now = NULL;
    bool moved;

    TRY(dir_where(&now, &moved, s->lock));
    if (s->place && strcmp(now, s->place) != 0)
        log_warning("%s: lies in %s now, and the training goes on there", s->place, now);
    mem_free(s->place);
    s->place = now;
done:
    return st;
}

/* Hands the state to the background writer; the next step goes on until it would change it. */
static jem_status save(session *s, run_status status, bool scheduled)
{
    jem_status st;
    TRY(look_where(s));
    fill_info(s, status);
    s->state.scheduled = scheduled;
    TRY(journal_sync(s));
    TRY(trainer_fetch(&s->t, TRAINER_ALL));
    TRY(checkpoint_writer_put(s->writer, &s->state, &s->info));
done:
    return st;
}

static jem_status save_and_wait(session *s, run_status status, bool scheduled)
{
    jem_status st;
    TRY(save(s, status, scheduled));
    TRY(checkpoint_writer_wait(s->writer));
done:
    return st;
}

static int64_t checkpoint_period(const session *s)
{
    int64_t every = s->cfg->train.checkpoint_every;
    return every > 0 ? every : s->t.per_epoch;
}

/* ---- rescue */

static jem_status stop_diverged(session *s, const char *reason)
{
    jem_status st;
    snprintf(s->info.message, sizeof s->info.message, "%.*s",
             (int)sizeof s->info.message - 1, reason);
    /* A write under way must not replace this status by its own. */
    (void)checkpoint_writer_wait(s->writer);
    TRY(look_where(s));
    TRY(write_info(s, RUN_DIVERGED));
    return jem_error(JEM_EDIVERGED,
                     "%s: %s; %s; start anew with a lower train.lr, more sampler.steps or "
                     "train.energy_l2 (docs/reliability.md)",
                     s->place, s->info.message,
                     s->info.file_count > 0 ? "the last good state is kept"
                                            : "no checkpoint had been written before");
done:
    return st;
}

/* A training that diverges again before it has written a new checkpoint goes back
 * one further: the one it came from may already have been ill. */
static int64_t roll_back_limit(const session *s)
{
    const rescue_state *r = &s->t.rescue;
    int64_t period = checkpoint_period(s), newest = s->t.iteration / period * period;
    if (r->count == 0) return INT64_MAX;
    int64_t from = r->events[r->count - 1].back_to;
    return newest <= from ? from : INT64_MAX;
}

/* The selected weights that the state refers to.  Without a whole copy they are chosen anew: better
 * other ones of the same training than none. */
static jem_status restore_selected(session *s)
{
    const char *out = s->r->out;
    jem_status st = best_restore(out, s->state.best.iteration, &s->identity);
    if (st != JEM_EDATA) return st;
    log_warning("%s; going on from the state of iteration %lld, weights are selected anew",
                jem_error_message(), (long long)s->t.iteration);
    s->state.best = (best_epoch){.iteration = 0};
    s->select_anew = true;
    return best_restore(out, 0, &s->identity);
}

static jem_status load_earlier(session *s)
{
    const char *out = s->r->out;
    int64_t limit = roll_back_limit(s);
    bool found;
    jem_status st;
    TRY(checkpoint_roll_back(&s->t, &s->state, &found, out, limit));
    if (!found && limit < INT64_MAX) /* nothing older: from the same place once more */
        TRY(checkpoint_roll_back(&s->t, &s->state, &found, out, INT64_MAX));
    if (!found) {
        TRY(trainer_reset(&s->t));
        checkpoint_state first = {.data_hash = s->state.data_hash, .identity = s->state.identity};
        memcpy(first.judge, s->state.judge, sizeof first.judge);
        s->state = first;
    }
done:
    return st;
}

/* Back to a good state, one thing changed; `reason` is why. */
static jem_status rescue(session *s, const char *reason)
{
    rescue_state changed = s->t.rescue; /* a checkpoint knows only what was before it */
    int64_t at = s->t.iteration;
    jem_status st;

    if (!rescue_left(&changed, &s->cfg->rescue)) return stop_diverged(s, reason);
    st = checkpoint_writer_wait(s->writer);
    if (st != JEM_OK && st != JEM_EDIVERGED) goto done;
    TRY(load_earlier(s));
    rescue_next(&changed, &s->cfg->rescue, s->cfg, at, s->t.iteration, reason);
    trainer_set_rescue(&s->t, &changed);
    TRY(restore_selected(s));
    TRY(journal_rewind(s));
    TRY(write_info(s, RUN_RUNNING));
    const rescue_event *e = &changed.events[changed.count - 1];
    log_warning("%s; back to iteration %lld with a change: %s", e->reason,
                (long long)e->back_to, e->change);
done:
    return st;
}

/* ---- iterations */

/* Validation, log and checkpoint that are due after an iteration; *last tells that it is the last one,
 * as validation may, too. */
static jem_status after_step(session *s, bool *last)
{
    const train_options *o = &s->cfg->train;
    int64_t it = s->t.iteration, epoch = it / s->t.per_epoch;
    bool epoch_ends = it % s->t.per_epoch == 0;
    bool evaluate = *last || (epoch_ends && epoch % o->eval_every == 0);
    metrics_row row = {.iteration = it, .epoch = (double)it / (double)s->t.per_epoch,
                       .val_accuracy = NAN, .val_nll = NAN, .fd_pix = NAN, .fid = NAN};
    jem_status st = JEM_OK;

    const bool log = evaluate || epoch_ends || it % o->log_every == 0;
    if (log) TRY(trainer_fetch(&s->t, evaluate ? TRAINER_WEIGHTS | TRAINER_OBJECTIVE : TRAINER_OBJECTIVE));
    if (evaluate) TRY(selection_validate(s, &row));
    if (log) TRY(journal_row(s, &row));
    s->state.due = false;
    *last = *last || selection_out_of_patience(s);
    if (it % checkpoint_period(s) == 0 && !*last)
        TRY(save(s, RUN_RUNNING, !health_in_doubt(&s->state.health, s->t.objective->rules)));
done:
    return st;
}

static jem_status make_step(session *s)
{
    step_report did;
    const double begin = clock_s();
    jem_status st;
    TRY(trainer_step(&did, &s->t));
    s->steps_s += clock_s() - begin;
    TRY(health_step(&s->state.health, s->t.objective->rules, &s->cfg->health, &did.own,
                    s->t.iteration));
    metrics_window_add(&s->state.window, s->t.objective, &did);
    s->row_steps++;
    s->state.due = true;
    journal_step(s, &did);
done:
    return st;
}

static bool is_last(const session *s)
{
    double limit = s->cfg->train.max_minutes * 60;
    return s->t.iteration == s->t.iterations || (limit > 0 && journal_wall_s(s) >= limit);
}

/* What to type to go on; owned. */
static jem_status resume_line(char **out, const char *folder)
{
    return shell_line(out, (const char *[]){"jem", "resume", folder, NULL});
}

static jem_status stop_interrupted(session *s)
{
    jem_status st;
    char *again = NULL;
    TRY(save_and_wait(s, RUN_INTERRUPTED, false));
    TRY(resume_line(&again, s->place));
    st = jem_error(JEM_EINTERRUPTED,
                   "interrupted after iteration %lld of %lld and saved; go on with: %s",
                   (long long)s->t.iteration, (long long)s->t.iterations, again);
done:
    mem_free(again);
    return st;
}

/* Data could not be read, or a disk refused: what was learnt is saved where that still works. */
static jem_status stop_failed(session *s, jem_status st)
{
    char reason[1024];
    snprintf(reason, sizeof reason, "%s", jem_error_message());
    char *again = NULL;
    if (save_and_wait(s, RUN_INTERRUPTED, false) != JEM_OK ||
        resume_line(&again, s->place) != JEM_OK)
        return jem_error(st, "%s", reason);
    jem_error(st, "%s; saved after iteration %lld of %lld, then: %s", reason,
              (long long)s->t.iteration, (long long)s->t.iterations, again);
    mem_free(again);
    return st;
}

/* One iteration with all that follows it; *last tells that it was the last. */
static jem_status advance(session *s, bool *last)
{
    char reason[RESCUE_TEXT];
    jem_status st = JEM_OK;

    if (!s->state.due) st = make_step(s);
    if (st == JEM_OK) {
        *last = is_last(s);
        st = after_step(s, last);
    }
    /* A state with a value that is not finite is refused by the checkpoint writer. */
    if (st == JEM_EDIVERGED) {
        snprintf(reason, sizeof reason, "%s", jem_error_message());
        *last = false;
        return rescue(s, reason);
    }
    if (st == JEM_EINTERRUPTED || (st == JEM_OK && !*last && model_check_stop(s->m, 0) != JEM_OK))
        return stop_interrupted(s);
    if (st == JEM_EDATA || st == JEM_EIO) return stop_failed(s, st);
    return st;
}

static jem_status iterate(session *s)
{
    jem_status st = JEM_OK;
    bool last = !s->state.due && (s->t.iteration == s->t.iterations || selection_out_of_patience(s));

    while (!last) TRY(advance(s, &last));
    TRY(save_and_wait(s, RUN_FINISHED, true));
    TRY(look_where(s));
    journal_finish(s);
    if (s->t.iteration < s->t.iterations && selection_out_of_patience(s))
        log_info("%s: no better weights in %lld epochs (train.patience)", s->place, (long long)s->cfg->train.patience);
    log_info("%s: finished; kept epoch %.4g (%s %.4g)", s->place, s->state.best.epoch,
             s->info.selected_by, s->state.best.score);
done:
    return st;
}

/* ---- beginning */

static jem_status open_data(session *s)
{
    jem_status st = JEM_OK;
    s->data = s->r->data;
    if (!s->data) {
        TRY(run_read_data(&s->own, s->cfg, s->r->out));
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
    *i = (run_info){.status = RUN_RUNNING, .alpha = c->alpha, .seed = c->seed,
                    .rank = c->data.rank, .ranks = c->data.ranks};
    memcpy(i->id, s->identity.id, sizeof i->id);
    memcpy(i->settings_hash, s->identity.settings_hash, sizeof i->settings_hash);
    snprintf(i->version, sizeof i->version, "%s", JEM_VERSION);
    snprintf(i->model, sizeof i->model, "%.*s", (int)sizeof i->model - 1, c->model.name);
    snprintf(i->selected_by, sizeof i->selected_by, "%s", selection_criterion(s));
    i->classes = c->model.classes;
    if (dataset_classes_are_named(s->data->train)) i->class_names = s->data->train->class_names;
    i->channels = c->model.channels;
    i->height = c->model.height;
    i->width = c->model.width;
    i->params = graph_trained_elements(model_graph(s->m));
    i->data_hash = s->data->train->hash;
    const shard_format *f = dataset_latents(s->data->train);
    if (f) {
        i->latents = (run_latents){.scale = f->scale, .picture = f->picture};
        snprintf(i->latents.vae, sizeof i->latents.vae, "%s", f->vae);
    }
    i->iterations = s->t.iterations;
}

/* Who this run is.  A resumed one learns it from run.json, or where that is missing or damaged from
 * its states; older versions kept it nowhere.  Settings that were edited since are refused here,
 * before they are made use of. */
static jem_status identify(session *s, bool fresh)
{
    jem_status st;
    run_info before = {.id = ""};

    TRY(run_identity_init(&s->identity, s->cfg));
    if (!fresh) {
        st = run_read_info(&before, s->r->out);
        if (st != JEM_OK && st != JEM_EDATA) goto done;
        memcpy(s->identity.id, before.id, sizeof before.id);
        memcpy(s->log_hash, before.log_hash, sizeof before.log_hash);
        s->log_bytes = before.log_bytes;
        s->identity.adopts = true;
        TRY(checkpoint_identify(&s->identity, s->r->out));
    }
    if (!s->identity.id[0]) TRY(run_identity_draw(&s->identity));
done:
    return st;
}

/* A score of other files, or of none, cannot be held against those that are to come. */
static jem_status check_judge(const session *s, const char *judge)
{
    const checkpoint_state *c = &s->state;
    if (c->best.iteration == 0 || !c->judge[0] || strcmp(c->judge, judge) == 0) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: the weights that it keeps so far were chosen by %s, and with config.yaml as it is now "
                     "others would be by %s, which is no comparison; put train.fid_weights and train.fid_reference back as "
                     "they were, or begin a new run", s->r->out, c->judge, judge);
}

/* The newest good checkpoint, if there is one: a run may be killed before its first.  All that can
 * be refused is, while nothing in the folder has changed. */
static jem_status restore(session *s, const char *judge)
{
    bool found;
    char *log = NULL;
    jem_status st;
    TRY(checkpoint_resume(&s->t, &s->state, &found, s->r->out));
    if (!found) TRY(trainer_reset(&s->t));
    if (found && s->state.data_hash != s->data->train->hash) {
        st = jem_error(JEM_EDATA,
                       "%s: the training images are not the ones this run began with; restore "
                       "them or start a new run",
                       s->r->out);
        goto done;
    }
    if (found) TRY(check_judge(s, judge));
    TRY(best_check(s->r->out, s->state.best.iteration, &s->identity));
    TRY(run_path(&log, s->r->out, RUN_METRICS));
    TRY(metrics_check(log, s->t.objective));
done:
    mem_free(log);
    return st;
}

/* What was damaged or is of an older version is made whole again, or set aside; data that moved are
 * found from now on. */
static jem_status mend(session *s)
{
    jem_status st;
    TRY(checkpoint_clean(s->r->out, s->t.iteration));
    TRY(checkpoint_adopt(&s->identity, s->r->out));
    s->identity.adopts = false;
    TRY(run_keep_data_path(s->r->out, s->cfg));
    TRY(restore_selected(s));
    TRY(first_epoch_restore(s->r->out, selection_first(s)));
done:
    return st;
}

/* The state's own weights are the first to choose from. */
static jem_status select_anew(session *s)
{
    metrics_row row = {.iteration = s->t.iteration,
                       .epoch = (double)s->t.iteration / (double)s->t.per_epoch,
                       .val_accuracy = NAN, .val_nll = NAN, .fd_pix = NAN, .fid = NAN};
    return selection_validate(s, &row);
}

static jem_status session_begin(session *s, bool fresh)
{
    jem_status st;
    char *starts = NULL, judge[CHECKPOINT_JUDGE];
    TRY(identify(s, fresh));
    TRY(open_data(s));
    TRY(run_identity_hash(&s->identity, s->cfg, s->data->train->hash));
    TRY(forecast_before_training(s->cfg, s->data, s->r->out));
    TRY(model_new(&s->m, &s->cfg->model, &s->cfg->engine));
    model_set_stop(s->m, s->r->stop);
    TRY(run_path(&starts, s->r->out, RUN_STARTS));
    if (fresh)
        TRY(trainer_init(&s->t, s->cfg, s->data, s->m));
    else
        TRY(trainer_init_resumed(&s->t, s->cfg, s->data, s->m, starts));
    s->state.identity = &s->identity;
    TRY(selection_judge(judge, s));
    describe(s);
    if (s->info.ranks > 1)
        log_warning("data.rank %lld, data.ranks %lld: this run learns from its share of each batch alone; "
                    "jem does not sum gradients between processes yet",
                    (long long)s->info.rank, (long long)s->info.ranks);
    if (!fresh) TRY(restore(s, judge));
    TRY(selection_begin(s));
    memcpy(s->state.judge, judge, sizeof judge);
    TRY(fresh ? run_create(s->r->out, s->cfg) : mend(s));
    TRY(run_owner_take(&s->owner, s->r->out));
    TRY(trainer_keep(&s->t, starts));
    s->state.data_hash = s->data->train->hash;
    TRY(checkpoint_writer_new(&s->writer, &s->t, s->r->out));
    TRY(journal_begin(s));
    if (s->select_anew) TRY(select_anew(s));
    TRY(write_info(s, RUN_RUNNING));
    journal_announce(s, fresh);
done:
    mem_free(starts);
    return st;
}

static void session_end(session *s)
{
    checkpoint_writer_free(s->writer);
    journal_end(s);
    selection_end(s);
    trainer_clear(&s->t);
    model_free(s->m);
    run_identity_clear(&s->identity);
    splits_free(&s->own);
    run_owner_release(&s->owner);
    if (s->made) dir_remove_empty(s->lock); /* nothing was begun */
    mem_free(s->place);
    dir_unlock(s->lock);
}

/* A finished run is left alone, but for a resume that finds no whole copy of its selected weights: then
 * it goes on from its last state. */
static jem_status look_at_finished(session *s, run_claim *claim)
{
    jem_status st;
    run_info info;
    uint64_t hash = s->r->data ? s->r->data->train->hash : 0;

    TRY(config_absolute_paths(s->cfg));
    TRY(run_confirm_data(&hash, s->r->out, s->cfg));
    if (s->r->resume) {
        TRY(run_read_info(&info, s->r->out));
        st = best_restore(s->r->out, info.best.iteration, NULL);
        if (st == JEM_EDATA) *claim = RUN_UNFINISHED;
        if (st == JEM_EDATA) st = JEM_OK;
    }
done:
    return st;
}

/* Data, network and settings that do not fit each other say so without knowing whose they are: a folder
 * found is named, a new one is what the command itself asks for. */
static jem_status name_run(jem_status st, run_claim claim, const char *out)
{
    const bool refused = st == JEM_EUSAGE || st == JEM_EDATA || st == JEM_ENOMEM;
    if (!refused || claim == RUN_NEW || strstr(jem_error_message(), out)) return st;
    return jem_error_context(st, "%s", out);
}

/* Which weights the training begins with, for the settings to be compared by; of a run that has begun
 * they may be gone. */
static jem_status settle_init(config *c, const char *out)
{
    jem_status st;
    config *there = NULL;

    TRY(config_absolute_paths(c));
    if (!c->train.init[0] || file_exists(c->train.init) || dir_exists(c->train.init) || !run_is(out))
        return init_weights_settle(c);
    TRY(MEM_NEW(there, 1));
    TRY(run_load_config(there, &c->lists, out));
    if (strcmp(there->train.init, c->train.init) == 0)
        memcpy(c->train.init_sha256, there->train.init_sha256, sizeof c->train.init_sha256);
    TRY(init_weights_settle(c));
done:
    mem_free(there);
    return st;
}

jem_status train_run(const train_request *r)
{
    session s = {.r = r, .cfg = r->cfg, .log = METRICS_LOG_INIT, .pixels = PIXEL_DISTANCE_INIT,
                 .owner = RUN_OWNER_INIT, .val_accuracy = NAN};
    run_claim claim;
    char *again = NULL;
    jem_status st;

    TRY(run_lock_folder(&s.lock, &s.made, r->out));
    TRY(look_where(&s));
    TRY(settle_init(r->cfg, r->out));
    TRY(run_claim_folder(&claim, r->out, r->cfg));
    if (claim == RUN_DONE) TRY(look_at_finished(&s, &claim));
    if (claim == RUN_DONE) {
        if (r->resume) TRY(run_keep_data_path(r->out, r->cfg));
        log_info("%s: finished already", r->out);
        goto done;
    }
    TRY(run_owner_check(r->out));
    if (claim == RUN_UNFINISHED && !r->resume) {
        TRY(resume_line(&again, r->out));
        st = jem_error(JEM_EUSAGE, "%s: holds an unfinished run with these settings; go on with: %s",
                       r->out, again);
        goto done;
    }
    TRY(name_run(session_begin(&s, claim == RUN_NEW), claim, r->out));
    TRY(iterate(&s));
done:
    mem_free(again);
    if (st == JEM_OK && r->place) {
        *r->place = s.place;
        s.place = NULL;
    }
    session_end(&s);
    return st;
}
