/* Saving and restoring the state of a training: see checkpoint.h. */
#include "run/checkpoint.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

static bool trained(const param *q)
{
    return q->role != PARAM_RUNNING_MEAN && q->role != PARAM_RUNNING_VAR;
}

/* ---- what is saved */

checkpoint_view checkpoint_look(const trainer *t, const checkpoint_state *s)
{
    return (checkpoint_view){.graph = model_graph(t->m),
                             .n = model_params_count(t->m),
                             .params = model_params(t->m),
                             .m = t->optimizer.m,
                             .v = t->optimizer.v,
                             .ema = t->ema,
                             .t = t,
                             .iteration = t->iteration,
                             .seed = t->cfg->seed,
                             .alpha = t->cfg->alpha,
                             .rescue = t->rescue,
                             .state = *s};
}

jem_status checkpoint_check(const checkpoint_view *v)
{
    const struct {
        const char *name;
        const float *x;
        int64_t n;
    } parts[] = {
        {"weights", v->params, v->n},
        {"optimiser's first moments", v->m, v->n},
        {"optimiser's second moments", v->v, v->n},
        {"averaged weights", v->ema, v->n},
    };
    const objective *o = v->t->objective;
    const char *bad = NULL;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !bad; i++)
        if (parts[i].x && !all_finite(parts[i].x, parts[i].n)) bad = parts[i].name;
    if (!bad && o->not_finite) bad = o->not_finite(v->t);
    if (!bad) return JEM_OK;
    return jem_error(JEM_EDIVERGED, "training diverged: after iteration %lld a value of the %s is not "
                     "finite; lower train.lr or sampler.step_size", (long long)v->iteration, bad);
}

/* ---- writing */

/* Of the first moments; `v`: the second ones, which only Adam has. */
static const char *moment_prefix(const float *v)
{
    return v ? "adam.m." : "sgd.m.";
}

static jem_status add_vector(safetensors_writer *w, const graph *g, const char *prefix,
                             const float *v, bool all)
{
    jem_status st = JEM_OK;
    char *name = NULL;
    for (int i = 0; i < g->param_count; i++) {
        const param *q = &g->params[i];
        if (!all && !trained(q)) continue;
        TRY(str_format(&name, "%s%s", prefix, q->name));
        TRY(safetensors_writer_add(w, name, JEM_F32, q->ndim, q->shape, v + q->offset));
        mem_free(name);
        name = NULL;
    }
done:
    mem_free(name);
    return st;
}

static jem_status put_integer(safetensors_writer *w, const char *key, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    return safetensors_writer_metadata(w, key, text);
}

/* "none" where there is no number. */
static jem_status put_real(safetensors_writer *w, const char *key, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.17g", value);
    return safetensors_writer_metadata(w, key, isfinite(value) ? text : "none");
}

/* `health` must live until the writer has saved. */
static jem_status put_metadata(safetensors_writer *w, const checkpoint_view *v,
                               int64_t health[HEALTH_COUNTS + 1])
{
    const checkpoint_state *s = &v->state;
    char hash[32];
    jem_status st;
    snprintf(hash, sizeof hash, "%016" PRIx64, s->data_hash);
    TRY(put_integer(w, "jem.iteration", v->iteration));
    TRY(put_real(w, "jem.alpha", v->alpha));
    TRY(put_integer(w, "jem.seed", v->seed));
    TRY(put_integer(w, "jem.best.iteration", s->best.iteration));
    TRY(put_real(w, "jem.best.epoch", s->best.epoch));
    TRY(put_real(w, "jem.best.score", s->best.score));
    if (s->judge[0]) TRY(safetensors_writer_metadata(w, "jem.best.judge", s->judge));
    TRY(put_integer(w, "jem.due", s->due));
    TRY(put_integer(w, "jem.scheduled", s->scheduled));
    TRY(safetensors_writer_metadata(w, "jem.data_hash", hash));
    TRY(health_save(&s->health, v->t->objective->rules, w, health));
    TRY(rescue_save(&v->rescue, w));
    if (s->identity) TRY(run_identity_put(s->identity, w));
done:
    return st;
}

jem_status checkpoint_write(const checkpoint_view *v, const char *path)
{
    jem_status st;
    safetensors_writer *w = NULL;
    const objective *o = v->t->objective;
    double window[METRICS_WINDOW_DOUBLES];
    int64_t health[HEALTH_COUNTS + 1];
    const int64_t doubles = metrics_window_doubles(o);

    metrics_window_pack(window, o, &v->state.window);
    TRY(safetensors_writer_new(&w));
    TRY(put_metadata(w, v, health));
    TRY(add_vector(w, v->graph, "", v->params, true));
    TRY(add_vector(w, v->graph, moment_prefix(v->v), v->m, false));
    if (v->v) TRY(add_vector(w, v->graph, "adam.v.", v->v, false));
    if (v->ema) TRY(add_vector(w, v->graph, "ema.", v->ema, true));
    if (o->save) TRY(o->save(v->t, w));
    TRY(safetensors_writer_add(w, "train.window", JEM_F64, 1, &doubles, window));
    TRY(safetensors_writer_save(w, path));
done:
    safetensors_writer_free(w);
    return st;
}

jem_status checkpoint_save(const trainer *t, const checkpoint_state *s, const char *path)
{
    checkpoint_view v = checkpoint_look(t, s);
    jem_status st;
    TRY(checkpoint_check(&v));
    TRY(checkpoint_write(&v, path));
done:
    return st;
}

/* ---- reading */

/* v NULL: only checks that all is there, fits and is finite. */
static jem_status read_vector(const safetensors *f, const graph *g, const char *prefix, float *v,
                              bool all)
{
    jem_status st = JEM_OK;
    char *name = NULL;
    for (int i = 0; i < g->param_count; i++) {
        const param *q = &g->params[i];
        if (!all && !trained(q)) continue;
        TRY(str_format(&name, "%s%s", prefix, q->name));
        TRY(safetensors_read_f32(f, name, v ? v + q->offset : NULL, q->ndim, q->shape));
        mem_free(name);
        name = NULL;
    }
done:
    mem_free(name);
    return st;
}

static jem_status get_text(const safetensors *f, const char *key, const char **text)
{
    *text = safetensors_metadata(f, key);
    if (*text) return JEM_OK;
    return jem_error(JEM_EDATA, "%s: %s is missing: not a checkpoint of this version of jem",
                     safetensors_path(f), key);
}

static jem_status bad_number(const safetensors *f, const char *key, const char *text)
{
    return jem_error(JEM_EDATA, "%s: %s: '%.40s' is not such a number", safetensors_path(f), key,
                     text);
}

static jem_status get_integer(const safetensors *f, const char *key, int64_t max, int64_t *value)
{
    const char *text;
    char *end;
    jem_status st;
    TRY(get_text(f, key, &text));
    long long v = strtoll(text, &end, 10);
    if (end == text || *end || v < 0 || v > max) return bad_number(f, key, text);
    *value = v;
done:
    return st;
}

static jem_status get_real(const safetensors *f, const char *key, double *value)
{
    const char *text;
    char *end;
    jem_status st;
    TRY(get_text(f, key, &text));
    if (strcmp(text, "none") == 0) {
        *value = NAN;
        return JEM_OK;
    }
    double v = strtod(text, &end);
    if (end == text || *end || !isfinite(v)) return bad_number(f, key, text);
    *value = v;
done:
    return st;
}

static jem_status get_window(const safetensors *f, const objective *o, metrics_window *w)
{
    double window[METRICS_WINDOW_DOUBLES];
    int i = safetensors_find(f, "train.window");
    if (i < 0) return jem_error(JEM_EDATA, "%s: train.window is missing", safetensors_path(f));
    jem_tensor t = safetensors_view(f, i);
    if (t.dtype != JEM_F64 || t.ndim != 1 || t.shape[0] != metrics_window_doubles(o))
        return jem_error(JEM_EDATA, "%s: train.window has the wrong shape", safetensors_path(f));
    memcpy(window, t.data, (size_t)t.shape[0] * sizeof *window);
    jem_status st = metrics_window_unpack(w, o, window);
    return st == JEM_OK ? st : jem_error_context(st, "%s: train.window", safetensors_path(f));
}

/* Runs of a study differ in alpha and seed alone, so that their files fit each other. */
static jem_status check_run(const safetensors *f, const trainer *t, const run_identity *identity)
{
    jem_status st;
    double alpha;
    int64_t seed;
    TRY(get_real(f, "jem.alpha", &alpha));
    TRY(get_integer(f, "jem.seed", INT64_MAX, &seed));
    if (alpha != t->cfg->alpha || seed != t->cfg->seed)
        st = jem_error(JEM_EUSAGE,
                       "%s: is of another run (alpha %g, seed %lld instead of %g, %lld); put the "
                       "right file there",
                       safetensors_path(f), alpha, (long long)seed, t->cfg->alpha,
                       (long long)t->cfg->seed);
    else
        st = run_identity_check(identity, f, true);
done:
    return st;
}

static jem_status get_state(const safetensors *f, const objective *o, checkpoint_state *s)
{
    checkpoint_state b;
    const char *hash;
    char *end;
    int64_t due = 0, scheduled = 0;
    jem_status st;
    memset(&b, 0, sizeof b);
    TRY(get_integer(f, "jem.best.iteration", INT64_MAX, &b.best.iteration));
    TRY(get_real(f, "jem.best.epoch", &b.best.epoch));
    TRY(get_real(f, "jem.best.score", &b.best.score));
    const char *judge = safetensors_metadata(f, "jem.best.judge");
    snprintf(b.judge, sizeof b.judge, "%s", judge ? judge : "");
    TRY(get_integer(f, "jem.due", 1, &due));
    TRY(get_integer(f, "jem.scheduled", 1, &scheduled));
    TRY(get_text(f, "jem.data_hash", &hash));
    b.data_hash = strtoull(hash, &end, 16);
    if (end == hash || *end) return bad_number(f, "jem.data_hash", hash);
    TRY(get_window(f, o, &b.window));
    TRY(health_restore(&b.health, o->rules, f));
    b.due = due;
    b.scheduled = scheduled;
    *s = b;
done:
    return st;
}

/* With `into` false: would it succeed? */
static jem_status read_vectors(const safetensors *f, trainer *t, bool into)
{
    const graph *g = model_graph(t->m);
    const optimizer *a = &t->optimizer;
    jem_status st;
    TRY(read_vector(f, g, "", into ? model_params(t->m) : NULL, true));
    TRY(read_vector(f, g, moment_prefix(a->v), into ? a->m : NULL, false));
    if (a->v) TRY(read_vector(f, g, "adam.v.", into ? a->v : NULL, false));
    if (t->ema) TRY(read_vector(f, g, "ema.", into ? t->ema : NULL, true));
done:
    return st;
}

jem_status checkpoint_load(trainer *t, checkpoint_state *s, const char *path)
{
    jem_status st;
    safetensors *f = NULL;
    checkpoint_state state;
    rescue_state rescue;
    int64_t iteration;

    TRY(safetensors_open(&f, path));
    TRY(safetensors_require_checksum(f));
    TRY(check_run(f, t, s->identity));
    TRY(get_integer(f, "jem.iteration", t->iterations, &iteration));
    TRY(get_state(f, t->objective, &state));
    TRY(rescue_restore(&rescue, f));
    if (!rescue_follows(&rescue, &t->cfg->rescue, t->cfg)) {
        st = jem_error(JEM_EDATA, "%s: %d rescues by rescue.rules = %s do not give what its jem.rescue "
                       "holds (%lld Langevin steps): damaged, or made by another program", path,
                       rescue.count, t->cfg->rescue.rules,
                       (long long)rescue_steps(&rescue, t->cfg->sampler.steps));
        goto done;
    }
    TRY(read_vectors(f, t, false));
    /* Checks itself before it changes anything; after it no data can be refused. */
    if (t->objective->restore) TRY(t->objective->restore(t, f));
    TRY(read_vectors(f, t, true));
    trainer_changed(t);
    trainer_set_rescue(t, &rescue);
    t->iteration = iteration;
    state.identity = s->identity;
    *s = state;
    TRY(model_params_changed(t->m));
done:
    safetensors_close(f);
    return st;
}
