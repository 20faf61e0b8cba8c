/* The list of networks, and finding one by its name: to add a network, name it here. */
#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "model/autoencoder_graph.h"
#include "model/cifar.h"
#include "model/imagenet.h"
#include "model/init.h"
#include "model/linear.h"
#include "model/pixelvae.h"
#include "model/vit.h"
#include "model/wrn.h"
#include "model/gloss_resnet.h"
#include "model/convnext.h"

const network *const network_list[] = {
    &network_wrn,
    &network_pixelvae,
    &network_vgg,
    &network_vgg_small,
    &network_resnet,
    &network_resnet_preact,
    &network_resnext,
    &network_resnet18,
    &network_resnet50,
    &network_efficientnet_lite0,
    &network_alexnet,
    &network_vgg16,
    &network_squeezenet,
    &network_vit_b_16,
    &network_convnext_tiny,
    &network_convnext_micro,
    &network_vit_micro,
    &network_inception_fid,
    &network_gloss_resnet,
    &network_linear,
    &network_kl_encoder,
    &network_kl_decoder,
    NULL,
};

const option model_options[] = {
    {"name", OPTION_STRING, offsetof(model_spec, name), "wrn-28-10", 0, 0, NULL,
     "network: wrn-DEPTH-WIDTH, depth = 6n + 4, or one that jem list models names"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

const option *network_options(const network *n)
{
    static const option none[] = {{NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL}};
    return n && n->settings ? n->settings : none;
}

const network *network_find(const network *const *list, const char *name)
{
    const network *found = NULL;
    for (; *list; list++) {
        const size_t n = strlen((*list)->name);
        if (strncmp(name, (*list)->name, n) == 0 && (name[n] == '\0' || name[n] == '-') &&
            (!found || n > strlen(found->name)))
            found = *list;
    }
    return found;
}

bool network_ignores(const network *n, const char *name)
{
    for (const char *const *u = n->unused; u && *u; u++)
        if (strncmp(name, *u, strlen(*u)) == 0) return true;
    return false;
}

bool network_is_named(const network *n)
{
    return n->logits || n->trained;
}

static jem_status no_network(const network *const *list, const char *name)
{
    char names[1024] = "";
    size_t used = 0;
    for (; *list && used < sizeof names; list++)
        if (network_is_named(*list))
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? "; or " : "",
                                     (*list)->usage);
    return jem_error(JEM_EUSAGE, "model.name '%.200s': expected %s", name, names);
}

jem_status model_spec_name(model_spec *spec, const network *const *list, const char *name)
{
    jem_status st = JEM_OK;
    const network *n = network_find(list, name);

    if (!n || !network_is_named(n)) return no_network(list, name);
    snprintf(spec->name, sizeof spec->name, "%s", name);
    if (spec->network == n) return JEM_OK;
    memset(&spec->settings, 0, sizeof spec->settings);
    spec->network = n;
    const option_group groups[] = {{"", network_options(n), &spec->settings}, {NULL, NULL, NULL}};
    TRY(options_defaults(groups));
done:
    return st;
}

jem_status model_spec_build(graph **out, const model_spec *spec)
{
    return spec->network->build(out, spec);
}

void model_spec_init(float *params, const graph *g, const model_spec *spec, uint64_t seed)
{
    if (spec->network->init)
        spec->network->init(params, g, spec, seed);
    else
        params_init(params, g, seed);
}

jem_status network_check_name(const model_spec *spec)
{
    if (strcmp(spec->name, spec->network->name) == 0) return JEM_OK;
    return jem_error(JEM_EUSAGE, "model.name '%s': expected %s", spec->name, spec->network->usage);
}

jem_status network_finish(graph **out, graph *g, int logits)
{
    graph_name(g, logits, "logits");
    const jem_status st = graph_finish(g, logits);
    if (st == JEM_OK)
        *out = g;
    else
        graph_free(g);
    return st;
}

void model_spec_resize(model_spec *spec, int64_t height, int64_t width)
{
    spec->height = height;
    spec->width = width;
    if (spec->network->resize) spec->network->resize(spec);
}
