/* One linear layer over all values of the input, pictures or latents: see linear.h. */
#include "model/linear.h"

#include <string.h>

#include "base/try.h"

static jem_status build(graph **out, const model_spec *spec)
{
    jem_status st;
    graph *g = NULL;

    if (strcmp(spec->name, network_linear.name) != 0)
        return jem_error(JEM_EUSAGE, "model.name '%s': expected %s", spec->name, network_linear.usage);
    TRY(graph_new(&g, (shape){spec->channels, spec->height, spec->width}));
    st = network_finish(out, g, graph_linear(g, 0, "fc", spec->classes));
done:
    return st;
}

const network network_linear = {
    .name = "linear",
    .usage = "linear",
    .about = "linear           one linear layer: logistic regression, on latents the probe of an autoencoder alone",
    .logits = true,
    .build = build,
    .stages = (const char *const[]){"logits", NULL},
    .heads = (const char *const[]){"logits", NULL},
};
