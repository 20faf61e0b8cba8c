/* Which network a file of weights is of: see weights_fit.h. */
#include "model/weights_fit.h"

#include <stdio.h>

#include "model/weights.h"

typedef struct fit {
    char name[OPTION_STRING_MAX];
    int there, all; /* parameters by name and shape */
    int either;     /* tensors of the network or the file */
} fit;

static fit fit_of(const model_spec *spec, const safetensors *f)
{
    fit x = {.there = 0};
    graph *g = NULL;

    if (model_spec_build(&g, spec) == JEM_OK)
        for (int i = 0; i < g->param_count; i++) {
            const param *p = &g->params[i];
            const int at = weights_find(f, p->name, spec);
            x.all++;
            if (at >= 0 && safetensors_read_f32(f, safetensors_name(f, at), NULL, p->ndim, p->shape) == JEM_OK)
                x.there++;
        }
    graph_free(g);
    snprintf(x.name, sizeof x.name, "%s", spec->name);
    x.either = x.all + safetensors_count(f) - x.there;
    return x;
}

/* Of what network and file have at all, for the shallow one of two that begin alike not to fit the
 * deep one's weights as well as that does. */
static bool fits_better(const fit *a, const fit *b)
{
    return (int64_t)a->there * b->either > (int64_t)b->there * a->either;
}

static fit best_fit(const safetensors *f, const network *const *list, const model_spec *named)
{
    fit best = fit_of(named, f);
    for (; *list; list++) {
        if (!(*list)->usual) continue;
        const network *const only[] = {*list, NULL};
        const char *const its_name[] = {(*list)->name, NULL};
        for (const char *const *name = (*list)->names ? (*list)->names : its_name; *name; name++) {
            model_spec spec = *(*list)->usual;
            if (model_spec_name(&spec, only, *name) != JEM_OK) continue;
            const fit x = fit_of(&spec, f);
            if (fits_better(&x, &best)) best = x;
        }
    }
    return best;
}

jem_status weights_explain(jem_status st, const char *path, const network *const *list, const model_spec *named)
{
    char reason[1024];
    safetensors *f = NULL;

    snprintf(reason, sizeof reason, "%s", jem_error_message());
    if (weights_open(&f, path) != JEM_OK) return jem_error(st, "%s", reason);
    const char *says = safetensors_metadata(f, "jem.name");
    if (says) {
        jem_error(st, "%s; they are weights of %s with %s classes", reason, says,
                  safetensors_metadata(f, "jem.classes") ? safetensors_metadata(f, "jem.classes") : "?");
        safetensors_close(f);
        return st;
    }
    const fit best = best_fit(f, list, named);
    safetensors_close(f);
    if (best.there == 0) return jem_error(st, "%s", reason);
    return jem_error(st, "%s; of the networks that jem has, %s fits best: %d of its %d tensors are there", reason,
                     best.name, best.there, best.all);
}
