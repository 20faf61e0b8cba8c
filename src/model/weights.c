/* Weights in and out, exactly: nothing missing, nothing extra, nothing odd. */
#include "model/weights.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/options_table.h"
#include "base/try.h"
#include "model/model.h"
#include "tensor/bytes.h"
#include "tensor/tensor_file.h"

/* What a run takes from its data. */
static const option size_options[] = {
    {"classes", OPTION_INT, offsetof(model_spec, classes), "10", 1, 1e6, NULL, "classes"},
    {"channels", OPTION_INT, offsetof(model_spec, channels), "3", 1, 1e6, NULL, "input channels"},
    {"height", OPTION_INT, offsetof(model_spec, height), "32", 1, 1e5, NULL, "input height"},
    {"width", OPTION_INT, offsetof(model_spec, width), "32", 1, 1e5, NULL, "input width"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

jem_status weights_add(safetensors_writer *w, const graph *g, const float *params,
                       const char *prefix)
{
    jem_status st = JEM_OK;
    char name[256];

    for (int i = 0; i < g->param_count; ++i) {
        const param *p = &g->params[i];
        snprintf(name, sizeof name, "%s%s", prefix, p->name);
        TRY(safetensors_writer_add(w, name, JEM_F32, p->ndim, p->shape, params + p->offset));
    }
done:
    return st;
}

int weights_find(const safetensors *f, const char *name, const model_spec *spec)
{
    return spec->network->find_tensor ? spec->network->find_tensor(f, name, spec)
                                      : safetensors_find(f, name);
}

static jem_status get_one(float *params, const model_spec *spec, const param *p, const safetensors *f)
{
    const int at = weights_find(f, p->name, spec);
    return safetensors_read_f32(f, at < 0 ? p->name : safetensors_name(f, at), params + p->offset, p->ndim, p->shape);
}

jem_status weights_get(float *params, const model_spec *spec, const graph *g, const safetensors *f)
{
    jem_status st = JEM_OK;
    for (int i = 0; i < g->param_count; ++i) TRY(get_one(params, spec, &g->params[i], f));
done:
    return st;
}

/* Is it the parameter p, as safetensors_read_f32 takes one? */
static bool is_parameter(const jem_tensor *t, const param *p)
{
    const bool real = t->dtype == JEM_F32 || t->dtype == JEM_F64 || t->dtype == JEM_BF16 || t->dtype == JEM_F16;
    return real && t->ndim == p->ndim && memcmp(t->shape, p->shape, (size_t)p->ndim * sizeof *p->shape) == 0;
}

void weights_not_finite_clear(weights_not_finite *bad)
{
    mem_free(bad->tensor);
    *bad = (weights_not_finite){.tensor = NULL};
}

/* dst <- t; what is not finite in it is added to *bad under `name`. */
static jem_status take_any(float *dst, weights_not_finite *bad, const jem_tensor *t, const char *name)
{
    jem_status st = JEM_OK;
    const int64_t n = jem_tensor_count(t), before = bad->values;

    for (int64_t i = 0; i < n; i++) {
        dst[i] = (float)number_at(t->dtype, t->data, i);
        if (isfinite(dst[i])) continue;
        if (bad->values++ == 0) bad->value = (double)dst[i];
    }
    if (bad->values > before && bad->tensors++ == 0) TRY(mem_strdup(&bad->tensor, name));
done:
    return st;
}

/* weights_get of model_load_any. */
static jem_status get_any(float *params, weights_not_finite *bad, const model_spec *spec, const graph *g,
                          const safetensors *f)
{
    jem_status st = JEM_OK;

    for (int i = 0; i < g->param_count; ++i) {
        const param *p = &g->params[i];
        const int at = weights_find(f, p->name, spec);
        const jem_tensor t = at < 0 ? (jem_tensor)JEM_TENSOR_INIT : safetensors_view(f, at);
        if (at >= 0 && is_parameter(&t, p))
            TRY(take_any(params + p->offset, bad, &t, safetensors_name(f, at)));
        else
            TRY(get_one(params, spec, p, f)); /* says what is wrong */
    }
done:
    return st;
}

/* The last operator with parameters on the way to the output. */
static const op *head_of(const graph *g)
{
    int i = g->output;
    while (i > 0 && g->nodes[i].op.weight < 0) i = g->nodes[i].src[0];
    return &g->nodes[i].op;
}

static bool belongs_to(const param *p, const op *o)
{
    return p->offset == o->weight || (o->bias >= 0 && p->offset == o->bias);
}

/* Is the tensor there, with another first side alone? */
static bool has_other_classes(const param *p, const model_spec *spec, const safetensors *f)
{
    const int at = weights_find(f, p->name, spec);
    if (at < 0) return false;
    const jem_tensor t = safetensors_view(f, at);
    if (t.ndim != p->ndim || t.ndim < 1 || t.shape[0] == p->shape[0]) return false;
    return memcmp(t.shape + 1, p->shape + 1, (size_t)(t.ndim - 1) * sizeof *t.shape) == 0;
}

jem_status weights_get_begin(float *params, bool *new_head, const model_spec *spec, const graph *g, const safetensors *f)
{
    jem_status st = JEM_OK;
    const op *head = head_of(g);
    bool anew = head->weight >= 0;

    for (int i = 0; i < g->param_count; ++i)
        if (belongs_to(&g->params[i], head)) anew = anew && has_other_classes(&g->params[i], spec, f);
    for (int i = 0; i < g->param_count; ++i)
        if (!anew || !belongs_to(&g->params[i], head)) TRY(get_one(params, spec, &g->params[i], f));
    *new_head = anew;
done:
    return st;
}

jem_status weights_open(safetensors **out, const char *path)
{
    jem_status st;
    safetensors *f = NULL;

    TRY(tensor_file_open(&f, path, NULL));
    TRY(safetensors_unwrap_names(f));
    *out = f;
    f = NULL;
done:
    safetensors_close(f);
    return st;
}

static bool is_ignored(const char *name, const network *n)
{
    static const char *const of_training[] = {"replay_buffer", "noise_bank", "adam.", "sgd.",
                                              "train.", "ema."};
    for (size_t i = 0; i < sizeof of_training / sizeof *of_training; ++i)
        if (strncmp(name, of_training[i], strlen(of_training[i])) == 0) return true;
    return network_ignores(n, name) || str_ends_with(name, ".num_batches_tracked") ||
           str_ends_with(name, ".initialized") || strcmp(name, "n_averaged") == 0; /* AveragedModel counts */
}

jem_status weights_check_names(const model_spec *spec, const graph *g, const safetensors *f)
{
    jem_status st;
    bool *used = NULL;

    TRY(MEM_NEW(used, safetensors_count(f)));
    for (int i = 0; i < g->param_count; ++i) {
        const int at = weights_find(f, g->params[i].name, spec);
        if (at >= 0) used[at] = true;
    }
    for (int i = 0; i < safetensors_count(f); ++i) {
        const char *name = safetensors_name(f, i);
        if (used[i] || is_ignored(name, spec->network)) continue;
        st = jem_error(JEM_EDATA, "%s: tensor '%s' does not belong to this network; check "
                       "its name, its classes and model.proj", safetensors_path(f), name);
        goto done;
    }
done:
    mem_free(used);
    return st;
}

/* ---- the spec as metadata */

/* What comes after the name. */
#define SPEC_GROUPS(spec)                                                                          \
    {                                                                                              \
        {"", network_options((spec)->network), &(spec)->settings}, {"", size_options, (spec)},     \
            {NULL, NULL, NULL}                                                                     \
    }

static bool is_size(const char *key)
{
    for (const option *o = size_options; o->key; ++o)
        if (strcmp(o->key, key) == 0) return true;
    return false;
}

enum { FILE_KEY_MAX = 128 }; /* with room for what keys of files begin with */

/* What a file calls it: the key, or model.KEY where a network's setting has the name of a size. */
static void file_key(char key[FILE_KEY_MAX], const option_place *p)
{
    const bool taken = p->group->options != size_options && is_size(p->option->key);
    snprintf(key, FILE_KEY_MAX, "%s%s", taken ? "model." : "", p->option->key);
}

static jem_status put_key(safetensors_writer *w, const char *name, const char *value)
{
    char key[OPTION_KEY_MAX];
    snprintf(key, sizeof key, "jem.%s", name);
    return safetensors_writer_metadata(w, key, value);
}

jem_status weights_put_spec(safetensors_writer *w, const model_spec *spec)
{
    jem_status st;
    model_spec copy = *spec;
    const option_group groups[] = SPEC_GROUPS(&copy);
    char key[FILE_KEY_MAX], value[OPTION_STRING_MAX];

    TRY(safetensors_writer_metadata(w, "format", "jem"));
    TRY(put_key(w, "name", spec->name));
    for (option_place p = {NULL, NULL, 0}; options_next(groups, &p);) {
        options_value_text(&p, value, sizeof value);
        file_key(key, &p);
        TRY(put_key(w, key, value));
    }
done:
    return st;
}

static jem_status get_key(const char **value, const safetensors *f, const char *name)
{
    char key[OPTION_KEY_MAX];
    snprintf(key, sizeof key, "jem.%s", name);
    *value = safetensors_metadata(f, key);
    if (*value) return JEM_OK;
    return jem_error(JEM_EDATA, "%s: no '%s' in its metadata; say which network they are of",
                     safetensors_path(f), key);
}

jem_status weights_get_spec(model_spec *spec, const network *const *list, const safetensors *f)
{
    jem_status st;
    model_spec s = {.network = NULL};
    char key[FILE_KEY_MAX];
    const char *value;

    TRY(get_key(&value, f, "name"));
    st = model_spec_name(&s, list, value);
    if (st != JEM_OK) {
        jem_error_context(st, "%s", safetensors_path(f));
        goto done;
    }
    const option_group groups[] = SPEC_GROUPS(&s);
    for (option_place p = {NULL, NULL, 0}; options_next(groups, &p);) {
        const option_group own[] = {*p.group, {NULL, NULL, NULL}};
        file_key(key, &p);
        TRY(get_key(&value, f, key));
        TRY(options_set(own, p.option->key, value, safetensors_path(f)));
    }
    *spec = s;
done:
    return st;
}

/* ---- whole models */

jem_status model_save(const model *m, const char *path, const float *params)
{
    jem_status st;
    safetensors_writer *w = NULL;

    TRY(safetensors_writer_new(&w));
    TRY(weights_put_spec(w, model_get_spec(m)));
    TRY(weights_add(w, model_graph(m), params, ""));
    TRY(safetensors_writer_save(w, path));
done:
    safetensors_writer_free(w);
    return st;
}

/* bad NULL: all must be finite. */
static jem_status load(model *m, weights_not_finite *bad, const char *path)
{
    jem_status st;
    safetensors *f = NULL;

    TRY(weights_open(&f, path));
    TRY(weights_check_names(model_get_spec(m), model_graph(m), f));
    if (bad)
        TRY(get_any(model_params(m), bad, model_get_spec(m), model_graph(m), f));
    else
        TRY(weights_get(model_params(m), model_get_spec(m), model_graph(m), f));
    TRY(model_params_changed(m));
done:
    safetensors_close(f);
    return st;
}

jem_status model_load(model *m, const char *path)
{
    return load(m, NULL, path);
}

jem_status model_load_any(model *m, weights_not_finite *bad, const char *path)
{
    return load(m, bad, path);
}

jem_status model_spec_read(model_spec *spec, const network *const *list, const char *path)
{
    jem_status st;
    safetensors *f = NULL;

    TRY(tensor_file_open(&f, path, NULL));
    TRY(weights_get_spec(spec, list, f));
done:
    safetensors_close(f);
    return st;
}
