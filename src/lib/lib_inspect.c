/* jem/inspect.h: what the graph, the parameters and the run of an open model say. */
#include "jem/inspect.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/options_table.h"
#include "base/try.h"
#include "lib/lib_call.h"
#include "lib/lib_model.h"
#include "model/outline.h"
#include "run/import.h"
#include "study/path_facts.h"

_Static_assert((int)JEM_LAYER_TEXT == (int)OUTLINE_TEXT, "a layer's texts are an outline's");

static void shape_to(int64_t out[3], shape s)
{
    out[0] = s.c;
    out[1] = s.h;
    out[2] = s.w;
}

/* The node of layer number `index`, or -1 and how many there are. */
static int layer_node(const graph *g, int64_t index, int64_t *count)
{
    *count = 0;
    for (int i = 0; i < g->node_count; i++)
        if (op_is_layer(&g->nodes[i].op) && (*count)++ == index) return i;
    return -1;
}

/* The same of named values. */
static int value_node(const graph *g, int64_t index, int64_t *count)
{
    *count = 0;
    for (int i = 0; i < g->node_count; i++)
        if (g->nodes[i].name && (*count)++ == index) return i;
    return -1;
}

static jem_status refuse_index(const char *function, int64_t index, const char *what, int64_t count)
{
    return jem_error(JEM_EUSAGE, "%s: index = %lld; the model has %s 0 to %lld", function, (long long)index, what,
                     (long long)count - 1);
}

static bool is_trained(const param *p)
{
    return p->role != PARAM_RUNNING_MEAN && p->role != PARAM_RUNNING_VAR;
}

/* ---- facts */

static void take_run(jem_model_facts *f, const run *r)
{
    f->alpha = r->cfg.alpha;
    f->seed = r->cfg.seed;
    f->iteration = r->info.best.iteration;
    f->epoch = r->info.best.epoch;
    f->selection = r->info.best.score;
    f->selected_by = r->info.selected_by;
}

jem_status jem_model_describe(jem_model_facts *out, const jem_model *m)
{
    LIB_CALL;
    jem_status st;
    HOST_NEED(out);
    HOST_NEED(m);
    const graph *g = model_graph(m->m);
    jem_model_facts f = {.size = sizeof f,
                         .name = model_get_spec(m->m)->name,
                         .device = model_backend(m->m)->name,
                         .precision = model_get_engine(m->m)->precision == 1 ? "bf16" : "f32",
                         .threads = pool_threads(model_pool(m->m)),
                         .parameters = graph_trained_elements(g),
                         .flops = graph_flops(g),
                         .weights = g->param_count,
                         .alpha = NAN,
                         .seed = -1,
                         .iteration = -1,
                         .epoch = NAN,
                         .selection = NAN};
    layer_node(g, -1, &f.layers);
    value_node(g, -1, &f.values);
    if (m->r && !import_made(m->r)) take_run(&f, m->r);
    TRY(lib_hand_out(out, &f, __func__, "JEM_MODEL_FACTS_INIT"));
done:
    return st;
}

/* ---- layers, values, weights */

jem_status jem_model_layer_at(jem_layer *out, const jem_model *m, int64_t index)
{
    LIB_CALL;
    jem_status st;
    jem_layer found = JEM_LAYER_INIT;
    layer_outline l;
    int64_t count;

    HOST_NEED(out);
    HOST_NEED(m);
    const int at = layer_node(model_graph(m->m), index, &count);
    if (at < 0) return refuse_index(__func__, index, "layers", count);
    layer_outline_of(&l, model_graph(m->m), at);
    memcpy(found.name, l.name, sizeof found.name);
    memcpy(found.kind, l.kind, sizeof found.kind);
    shape_to(found.shape, l.out);
    found.parameters = l.params;
    found.flops = l.flops;
    TRY(lib_hand_out(out, &found, __func__, "JEM_LAYER_INIT"));
done:
    return st;
}

static bool is_among(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(name, *list) == 0) return true;
    return false;
}

jem_status jem_model_value_at(jem_value *out, const jem_model *m, int64_t index)
{
    LIB_CALL;
    jem_status st;
    jem_value found = JEM_VALUE_INIT;
    int64_t count;

    HOST_NEED(out);
    HOST_NEED(m);
    const graph *g = model_graph(m->m);
    const int at = value_node(g, index, &count);
    if (at < 0) return refuse_index(__func__, index, "values", count);
    found.name = g->nodes[at].name;
    shape_to(found.shape, g->nodes[at].op.dst);
    found.stage = is_among(found.name, model_stages(m->m));
    found.head = is_among(found.name, model_get_spec(m->m)->network->heads);
    TRY(lib_hand_out(out, &found, __func__, "JEM_VALUE_INIT"));
done:
    return st;
}

jem_status jem_model_weight_at(jem_weight *out, const jem_model *m, int64_t index)
{
    LIB_CALL;
    jem_status st;
    jem_weight found = JEM_WEIGHT_INIT;

    HOST_NEED(out);
    HOST_NEED(m);
    const graph *g = model_graph(m->m);
    if (index < 0 || index >= g->param_count) return refuse_index(__func__, index, "weights", g->param_count);
    const param *p = &g->params[index];
    found.name = p->name;
    found.ndim = p->ndim;
    for (int i = 0; i < p->ndim; i++) found.shape[i] = p->shape[i];
    found.count = p->count;
    found.trained = is_trained(p);
    TRY(lib_hand_out(out, &found, __func__, "JEM_WEIGHT_INIT"));
done:
    return st;
}

/* The name most like this one; there is at least one. */
static const char *nearest(const graph *g, const char *name)
{
    const param *best = &g->params[0];
    for (int i = 1; i < g->param_count; i++)
        if (options_distance(name, g->params[i].name) < options_distance(name, best->name)) best = &g->params[i];
    return best->name;
}

jem_status jem_model_weight_read(float *dst, const jem_model *m, const char *name)
{
    LIB_CALL;
    HOST_NEED(dst);
    HOST_NEED(m);
    HOST_NEED(name);
    const graph *g = model_graph(m->m);
    const param *p = graph_param(g, name);
    if (!p)
        return jem_error(JEM_EUSAGE, "%s: %s has no tensor '%s'; of its %d, '%s' is nearest", __func__,
                         model_get_spec(m->m)->name, name, g->param_count, nearest(g, name));
    memcpy(dst, model_params(m->m) + p->offset, (size_t)p->count * sizeof *dst);
    return JEM_OK;
}

/* ---- what a file or folder is */

enum { INDENT = 2, DIGITS = 17 };

/* What a jem_path_facts owns. */
typedef struct path_found {
    path_facts found;
    char *json;
} path_found;

void jem_path_facts_clear(jem_path_facts *f)
{
    path_found *own = f ? f->owner : NULL;
    if (!f) return;
    if (own) {
        path_facts_clear(&own->found);
        mem_free(own->json);
    }
    mem_free(own);
    *f = (jem_path_facts)JEM_PATH_FACTS_INIT;
}

jem_status jem_info(jem_path_facts *out, const char *path)
{
    LIB_CALL;
    jem_status st;
    jem_path_facts made = JEM_PATH_FACTS_INIT;
    path_found *own = NULL;

    HOST_NEED(out);
    HOST_NEED(path);
    TRY(MEM_NEW(own, 1));
    own->found = (path_facts)PATH_FACTS_INIT;
    made.owner = own;
    TRY(path_facts_read(&own->found, &config_builtin, path));
    TRY(json_text(&own->json, own->found.json, JSON_INDENT(INDENT) | JSON_REAL_PRECISION(DIGITS)));
    *out = (jem_path_facts){.kind = json_string_value(json_object_get(own->found.json, "kind")),
                            .text = own->found.text.data,
                            .json = own->json,
                            .owner = own};
    made = (jem_path_facts)JEM_PATH_FACTS_INIT;
done:
    jem_path_facts_clear(&made);
    return st;
}
