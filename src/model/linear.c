/* One linear layer over all values of the input, pictures or latents: see linear.h. */
#include "model/linear.h"

#include "base/try.h"

static jem_status build(graph **out, const model_spec *spec)
{
    jem_status st;
    graph *g = NULL;

    TRY(network_check_name(spec));
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
