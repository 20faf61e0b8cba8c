/* What a training writes while it runs: rows of metrics.csv with their verdict, event
 * files, the progress line, the status for whoever watches. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "run/session.h"

static const double watch_period_s = 1;

double journal_wall_s(const session *s)
{
    return clock_s() - s->start_s;
}

static void begin_progress(session *s)
{
    progress_begin(&s->progress, "train", "it", s->t.iterations, s->t.iteration);
    s->row_s = clock_s();
    s->row_steps = 0;
}

/* *changed: what run.json says was logged is there, but is not what is there. */
static jem_status look_for_changes(bool *changed, const session *s, const char *path)
{
    jem_status st;
    char hash[METRICS_DIGEST];
    int64_t bytes;

    *changed = false;
    if (!s->log_hash[0] || !file_exists(path)) return JEM_OK;
    TRY(metrics_digest(hash, &bytes, path, s->log_bytes));
    *changed = bytes == s->log_bytes && strcmp(hash, s->log_hash) != 0;
done:
    return st;
}

/* What was lost of the log, or changed, is said: nobody else would notice. */
static jem_status open_log(session *s, const char *path, int64_t logged)
{
    jem_status st;
    bool changed;
    TRY(look_for_changes(&changed, s, path));
    TRY(metrics_open(&s->log, path, s->t.objective, logged));
    if (changed && !s->log.damaged)
        log_warning("%s: it is not what this training wrote (checksum in run.json): a number in it has "
                    "changed since; its rows are kept", path);
    TRY(metrics_tell_gaps(&s->log, logged, s->cfg->train.log_every, s->t.per_epoch));
done:
    return st;
}

jem_status journal_begin(session *s)
{
    jem_status st;
    char *path = NULL;
    /* A row that is still due may be there already: of a session that was killed since. */
    int64_t logged = s->t.iteration - (s->state.due ? 1 : 0);
    TRY(run_path(&path, s->r->out, RUN_METRICS));
    TRY(open_log(s, path, logged));
    if (s->cfg->train.event_files) TRY(event_log_open(&s->events, s->r->out, s->t.objective, logged,
                                                       s->t.iterations));
    s->start_s = clock_s() - s->log.wall_s;
    s->health.verdict = (verdict)s->state.health.last;
    begin_progress(s);
done:
    mem_free(path);
    return st;
}

void journal_end(session *s)
{
    metrics_close(&s->log);
    event_log_close(s->events);
    s->events = NULL;
}

jem_status journal_rewind(session *s)
{
    jem_status st;
    TRY(metrics_truncate(&s->log, s->t.iteration));
    TRY(event_log_rewind(s->events, s->t.iteration));
    s->health = (health_report){.verdict = (verdict)s->state.health.last};
    begin_progress(s);
done:
    return st;
}

/* The last two names of a path. */
static const char *short_path(const char *path)
{
    const char *at = path + strlen(path);
    for (int slashes = 0; at > path && (slashes += at[-1] == '/') < 2; at--) continue;
    return at;
}

enum { PHRASE = 80 };

/* How long the rest takes at the speed of the log, and when it ends anyway. */
static void tell_eta(char eta[PHRASE], const session *s)
{
    const double done = (double)s->t.iteration, left = (double)s->t.iterations - done;
    const double limit = s->cfg->train.max_minutes;
    char time[32] = "after the first steps", most[40] = "";
    const bool known = done > 0 && s->log.wall_s > 0;
    if (known) format_duration(time, sizeof time, s->log.wall_s / done * left);
    if (limit > 0) snprintf(most, sizeof most, ", at most %.4g minutes in all", limit);
    snprintf(eta, PHRASE, "%s%s%s", time, known ? " as before" : "", most);
}

void journal_announce(const session *s, bool fresh)
{
    const config *c = s->cfg;
    const dataset *d = s->data->train;
    const int threads = pool_threads(model_pool(s->m));
    char from[PHRASE] = "", eta[PHRASE];
    if (!fresh) snprintf(from, sizeof from, "resumed after step %lld of ", (long long)s->t.iteration);
    tell_eta(eta, s);
    log_info("train: %s, %d thread%s, %s; %s data %s: %lld training and %lld validation images of "
             "%lldx%lldx%lld; alpha %.4g, %s%lld steps of %lld images (%.6g epochs); ETA %s",
             model_backend(s->m)->name, threads, threads == 1 ? "" : "s",
             c->engine.precision == 1 ? "bf16" : "float32", c->data.kind, short_path(c->data.path),
             (long long)d->n, (long long)s->data->val->n, (long long)d->channels,
             (long long)d->height, (long long)d->width, c->alpha, from, (long long)s->t.iterations,
             (long long)c->train.batch, (double)s->t.iterations / (double)s->t.per_epoch, eta);
}

/* ---- rows */

/* A healthy training is silent; a change for better or worse is told once. */
static void tell_verdict(session *s, verdict before, int64_t iteration)
{
    const health_report *h = &s->health;
    if (h->verdict == before) return;
    if (h->verdict == VERDICT_HEALTHY)
        log_info("iteration %lld: healthy again", (long long)iteration);
    else
        log_warning("iteration %lld: %s: %s", (long long)iteration, verdict_name(h->verdict),
                    h->reason);
}

typedef struct phrases {
    char text[400];
    size_t used;
} phrases;

/* What was measured: nothing is said of what a setting leaves out (alpha 0 has no chains). */
static void add_phrase(phrases *p, const char *name, double value)
{
    if (isnan(value) || p->used >= sizeof p->text) return;
    p->used += (size_t)snprintf(p->text + p->used, sizeof p->text - p->used, "%s%s %.4g",
                                p->used ? ", " : "", name, value);
}

/* Of data in files: how far their reading is hidden behind the steps. */
static void add_reading(phrases *p, const session *s)
{
    const batch_times t = trainer_times(&s->t);
    if (t.made_s <= 0 || s->steps_s <= 0 || p->used >= sizeof p->text) return;
    p->used += (size_t)snprintf(p->text + p->used, sizeof p->text - p->used,
                                "; data read in %.2g %% of the steps' time, waited for in %.2g %%",
                                100 * t.made_s / s->steps_s, 100 * t.waited_s / s->steps_s);
}

static void tell_epoch(const session *s, const metrics_row *row)
{
    const objective *o = s->t.objective;
    phrases p = {.used = 0};
    for (int i = 0; i < o->column_count; i++)
        if (o->columns[i].label)
            add_phrase(&p, o->columns[i].label, objective_number(&row->mean.own, &o->columns[i]));
    add_phrase(&p, "validation accuracy", row->val_accuracy);
    add_phrase(&p, "FD-pix", row->fd_pix);
    add_reading(&p, s);
    log_info("epoch %.4g: %s", row->epoch, p.text);
}

jem_status journal_row(session *s, metrics_row *row)
{
    const objective *o = s->t.objective;
    verdict before = (verdict)s->state.health.last;
    jem_status st;

    metrics_window_mean(&row->mean, o, &s->state.window);
    if (o->row) o->row(&row->mean.own, &s->t);
    health_assess(&s->health, &s->state.health, o->rules, &s->cfg->health, &row->mean.own);
    tell_verdict(s, before, row->iteration);
    row->health = &s->health;
    row->alpha = s->cfg->alpha;
    row->images_per_s = (double)(s->row_steps * s->cfg->train.batch) /
                        fmax(clock_s() - s->row_s, 1e-9);
    row->wall_s = journal_wall_s(s);
    TRY(metrics_write(&s->log, row));
    TRY(event_log_row(s->events, row));
    s->state.window = (metrics_window){{0}, {0}};
    if (isfinite(row->val_accuracy) || isfinite(row->fd_pix)) {
        TRY(event_log_images(s->events, trainer_samples(&s->t), row->iteration));
        tell_epoch(s, row);
    }
    s->row_s = clock_s();
    s->row_steps = 0;
done:
    return st;
}

jem_status journal_sync(session *s)
{
    jem_status st;
    TRY(metrics_sync(&s->log));
    TRY(metrics_digest(s->info.log_hash, &s->info.log_bytes, s->log.file.path, -1));
done:
    return st;
}

/* ---- while it runs */

static void tell_watch(const session *s)
{
    const train_watch *w = &s->r->watch;
    const progress *p = &s->progress;
    double rate = (double)(s->t.iteration - p->start_done) / fmax(clock_s() - p->start_s, 1e-9);
    if (!w->fn) return;
    const train_status status = {
        .iteration = s->t.iteration,
        .iterations = s->t.iterations,
        .epoch = (double)s->t.iteration / (double)s->t.per_epoch,
        .images_per_s = rate * (double)s->cfg->train.batch,
        .eta_s = rate > 0 ? (double)(s->t.iterations - s->t.iteration) / rate : (double)NAN,
        .val_accuracy = s->val_accuracy,
        .verdict = s->health.verdict,
        .reason = s->health.reason,
        .rescues = s->t.rescue.count,
    };
    w->fn(w->ctx, &status);
}

void journal_step(session *s, const step_report *did)
{
    char extra[160], losses[120] = "";
    progress *p = &s->progress;
    double done = (double)((s->t.iteration - p->start_done) * s->cfg->train.batch);
    double rate = done / fmax(clock_s() - p->start_s, 1e-9);
    if (s->t.objective->progress) s->t.objective->progress(losses, sizeof losses, did);
    snprintf(extra, sizeof extra, "%s%s  %.0f images/s", verdict_name(s->health.verdict), losses, rate);
    progress_update(p, s->t.iteration, extra);
    if (clock_s() - s->watch_s >= watch_period_s) {
        tell_watch(s);
        run_owner_touch(&s->owner);
        s->watch_s = clock_s();
    }
}

void journal_finish(session *s)
{
    tell_watch(s);
    progress_end(&s->progress, s->t.iteration);
}
