/* Weights in and out, exactly: nothing missing, nothing extra, nothing odd. */
#include "model/weights.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "model/model.h"

/* model_options and what a run takes from its data. */
static const option spec_options[] = {
    {"name", OPTION_STRING, offsetof(model_spec, name), "", 0, 0, NULL, "network"},
    {"norm", OPTION_CHOICE, offsetof(model_spec, norm), "none", 0, 0,
     "none|batch|instance|layer|act", "normalisation"},
    {"dropout", OPTION_REAL, offsetof(model_spec, dropout), "0", 0, 1, NULL, "dropout rate"},
    {"pool", OPTION_CHOICE, offsetof(model_spec, pool), "fixed", 0, 0, "fixed|adaptive|sum",
     "pooling"},
    {"proj", OPTION_INT, offsetof(model_spec, proj), "0", 0, 100000, NULL, "projection head"},
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

jem_status weights_get(float *params, const graph *g, const safetensors *f, const char *prefix)
{
    jem_status st = JEM_OK;
    char name[256];

    for (int i = 0; i < g->param_count; ++i) {
        const param *p = &g->params[i];
        snprintf(name, sizeof name, "%s%s", prefix, p->name);
        TRY(safetensors_read_f32(f, name, params + p->offset, p->ndim, p->shape));
    }
done:
    return st;
}

jem_status weights_open(safetensors **out, const char *path)
{
    jem_status st;
    safetensors *f = NULL;

    TRY(safetensors_open(&f, path));
    TRY(safetensors_unwrap_names(f));
    *out = f;
    f = NULL;
done:
    safetensors_close(f);
    return st;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), k = strlen(end);
    return n >= k && strcmp(s + n - k, end) == 0;
}

static bool is_ignored(const char *name)
{
    const char *prefixes[] = {"f.linear.", "energy_output.", "replay_buffer", "noise_bank", "adam.",
                              "sgd.", "train.", "ema."};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; ++i)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) return true;
    return ends_with(name, ".num_batches_tracked") || ends_with(name, ".initialized") ||
           strcmp(name, "n_averaged") == 0; /* AveragedModel counts */
}

jem_status weights_check_names(const graph *g, const safetensors *f)
{
    for (int i = 0; i < safetensors_count(f); ++i) {
        const char *name = safetensors_name(f, i);
        if (!graph_param(g, name) && !is_ignored(name))
            return jem_error(JEM_EDATA, "%s: tensor '%s' does not belong to this network; check "
                             "--model, --classes and --proj", safetensors_path(f), name);
    }
    return JEM_OK;
}

jem_status weights_put_spec(safetensors_writer *w, const model_spec *spec)
{
    jem_status st;
    model_spec copy = *spec;
    const option_group groups[] = {{"", spec_options, &copy}, {NULL, NULL, NULL}};
    char key[64], value[OPTION_STRING_MAX];

    TRY(safetensors_writer_metadata(w, "format", "jem"));
    for (const option *o = spec_options; o->key; ++o) {
        snprintf(key, sizeof key, "jem.%s", o->key);
        TRY(options_get(groups, o->key, value, sizeof value));
        TRY(safetensors_writer_metadata(w, key, value));
    }
done:
    return st;
}

jem_status weights_get_spec(model_spec *spec, const safetensors *f)
{
    jem_status st;
    model_spec s = {.classes = 0};
    const option_group groups[] = {{"", spec_options, &s}, {NULL, NULL, NULL}};
    char key[64];

    TRY(options_defaults(groups));
    for (const option *o = spec_options; o->key; ++o) {
        snprintf(key, sizeof key, "jem.%s", o->key);
        const char *value = safetensors_metadata(f, key);
        if (!value) {
            st = jem_error(JEM_EDATA, "%s: no '%s' in its metadata; name the network with --model",
                           safetensors_path(f), key);
            goto done;
        }
        TRY(options_set(groups, o->key, value, safetensors_path(f)));
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

jem_status model_load(model *m, const char *path)
{
    jem_status st;
    safetensors *f = NULL;

    TRY(weights_open(&f, path));
    TRY(weights_check_names(model_graph(m), f));
    TRY(weights_get(model_params(m), model_graph(m), f, ""));
    TRY(model_params_changed(m));
done:
    safetensors_close(f);
    return st;
}

jem_status model_spec_read(model_spec *spec, const char *path)
{
    jem_status st;
    safetensors *f = NULL;

    TRY(safetensors_open(&f, path));
    TRY(weights_get_spec(spec, f));
done:
    safetensors_close(f);
    return st;
}
