/* Saving and restoring a training: see checkpoint.h. */
#include "train/checkpoint.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

static bool trained(const param *q)
{
    return q->role != PARAM_RUNNING_MEAN && q->role != PARAM_RUNNING_VAR;
}

/* ---- writing */

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

static jem_status add_number(safetensors_writer *w, const char *key, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.17g", value);
    return safetensors_writer_metadata(w, key, text);
}

jem_status checkpoint_save(const trainer *t, const metrics_window *window, const best_epoch *best,
                           const char *path)
{
    jem_status st;
    const graph *g = model_graph(t->m);
    safetensors_writer *w = NULL;
    double state[METRIC_MEANS + 1];
    int64_t states = METRIC_MEANS + 1;

    memcpy(state, window->sums, sizeof window->sums);
    state[METRIC_MEANS] = (double)window->steps;
    TRY(safetensors_writer_new(&w));
    TRY(add_vector(w, g, "", model_params(t->m), true));
    TRY(add_vector(w, g, "adam.m.", t->adam.m, false));
    TRY(add_vector(w, g, "adam.v.", t->adam.v, false));
    if (t->ema) TRY(add_vector(w, g, "ema.", t->ema, true));
    if (t->replay.images) TRY(replay_buffer_save(&t->replay, w));
    TRY(safetensors_writer_add(w, "train.window", JEM_F64, 1, &states, state));
    TRY(add_number(w, "jem.iteration", (double)t->iteration));
    TRY(add_number(w, "jem.best.epoch", best->epoch));
    TRY(add_number(w, "jem.best.iteration", (double)best->iteration));
    TRY(add_number(w, "jem.best.score", best->score));
    TRY(safetensors_writer_save(w, path));
done:
    safetensors_writer_free(w);
    return st;
}

/* ---- reading */

static jem_status read_vector(const safetensors *f, const graph *g, const char *prefix, float *v,
                              bool all)
{
    jem_status st = JEM_OK;
    char *name = NULL;
    for (int i = 0; i < g->param_count; i++) {
        const param *q = &g->params[i];
        if (!all && !trained(q)) continue;
        TRY(str_format(&name, "%s%s", prefix, q->name));
        TRY(safetensors_read_f32(f, name, v + q->offset, q->ndim, q->shape));
        mem_free(name);
        name = NULL;
    }
done:
    mem_free(name);
    return st;
}

static jem_status read_number(const safetensors *f, const char *key, double *value)
{
    const char *text = safetensors_metadata(f, key);
    char *end;
    if (!text) return jem_error(JEM_EDATA, "%s: %s is missing: not a checkpoint of a training",
                                safetensors_path(f), key);
    double v = strtod(text, &end);
    if (end == text || *end) return jem_error(JEM_EDATA, "%s: %s: '%s' is not a number",
                                              safetensors_path(f), key, text);
    *value = v;
    return JEM_OK;
}

static jem_status read_window(const safetensors *f, metrics_window *w)
{
    int i = safetensors_find(f, "train.window");
    if (i < 0) return jem_error(JEM_EDATA, "%s: train.window is missing", safetensors_path(f));
    jem_tensor t = safetensors_view(f, i);
    if (t.dtype != JEM_F64 || t.ndim != 1 || t.shape[0] != METRIC_MEANS + 1)
        return jem_error(JEM_EDATA, "%s: train.window has the wrong shape", safetensors_path(f));
    /* The file's bytes need not be aligned for doubles. */
    double state[METRIC_MEANS + 1];
    memcpy(state, t.data, sizeof state);
    memcpy(w->sums, state, sizeof w->sums);
    w->steps = (int64_t)state[METRIC_MEANS];
    return JEM_OK;
}

jem_status checkpoint_load(trainer *t, metrics_window *w, best_epoch *best, const char *path)
{
    jem_status st;
    const graph *g = model_graph(t->m);
    safetensors *f = NULL;
    double iteration, best_iteration;

    TRY(safetensors_open(&f, path));
    TRY(read_number(f, "jem.iteration", &iteration));
    if (iteration < 0 || iteration > (double)t->iterations) {
        st = jem_error(JEM_EDATA, "%s: iteration %g lies outside the run's %lld", path, iteration,
                       (long long)t->iterations);
        goto done;
    }
    TRY(read_number(f, "jem.best.epoch", &best->epoch));
    TRY(read_number(f, "jem.best.iteration", &best_iteration));
    TRY(read_number(f, "jem.best.score", &best->score));
    best->iteration = (int64_t)best_iteration;
    TRY(read_window(f, w));
    TRY(read_vector(f, g, "", model_params(t->m), true));
    TRY(read_vector(f, g, "adam.m.", t->adam.m, false));
    TRY(read_vector(f, g, "adam.v.", t->adam.v, false));
    if (t->ema) TRY(read_vector(f, g, "ema.", t->ema, true));
    if (t->replay.images) TRY(replay_buffer_restore(&t->replay, f));
    t->iteration = (int64_t)iteration;
    TRY(model_params_changed(t->m));
done:
    safetensors_close(f);
    return st;
}
