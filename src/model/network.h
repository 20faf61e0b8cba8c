/* Kinds of networks, and how one of them is named and set.
 *
 * A kind is one file with a const struct at its foot, as wrn.c, and one line in the list in
 * networks.c; nothing else knows what it is made of.  Every function that finds a network by its
 * name is given the list, so that a program may append kinds of its own. */
#ifndef MODEL_NETWORK_H
#define MODEL_NETWORK_H

#include <stddef.h>

#include "base/options.h"
#include "nn/ops.h"
#include "tensor/safetensors.h"

typedef struct network network;

/* What a kind's build is told beside the sizes: a plain struct of its own. */
enum { NETWORK_SETTINGS = 256 }; /* bytes, at most */
typedef union network_settings {
    max_align_t aligned;
    unsigned char bytes[NETWORK_SETTINGS];
} network_settings;

/* One network: a kind, its settings, the sizes that come from the data.  Plain data. */
typedef struct model_spec {
    char name[OPTION_STRING_MAX]; /* as model.name gives it: "wrn-28-10" */
    const network *network;       /* the kind; borrowed, as its list */
    network_settings settings;    /* of that kind */
    int64_t classes, channels, height, width;
} model_spec;

struct network {
    const char *name;  /* model.name is it, or begins with it and a dash: "wrn" of "wrn-28-10" */
    const char *usage; /* what model.name may be, for the message where it is not */
    const char *about; /* for jem list: lines without the last one's end */
    const char *weights; /* where published ones are had, for people; NULL: there are none */
    /* The sizes that these are for; NULL: there are none. */
    const struct model_spec *usual;

    /* Does its output [classes,1,1] give logits?  Such networks are trained along alpha. */
    bool logits;
    /* Does an objective of its own train it, which reads another output?  model.name finds these
     * and those with logits. */
    bool trained;

    /* The keys model.KEY that it has beside model.name; offsets into its struct in
     * model_spec.settings.  NULL: none. */
    const option *settings;

    /* Whole names for model.name, for lists and for messages about weights of another of them,
     * NULL-terminated; NULL: its name is the only one. */
    const char *const *names;

    /* Is it a network of photographs, which takes them at any size and cropped as its publishers did? */
    bool photographs;
    /* Do its parameters fit pictures of the size that it was trained on alone? */
    bool one_size;

    /* The graph of `spec`; its name is of this kind, its settings are within their ranges, its
     * sizes may be any.  JEM_EUSAGE naming the setting that is to be changed. */
    jem_status (*build)(graph **out, const model_spec *spec);

    /* Makes the settings fit inputs of another size than the parameters were trained on.
     * NULL: there is nothing to change. */
    void (*resize)(model_spec *spec);

    /* params, the flat vector of g, <- what a training begins with.  NULL: params_init (model/init.h). */
    void (*init)(float *params, const graph *g, const model_spec *spec, uint64_t seed);

    /* Do training passes draw random numbers (dropout)?  NULL: never. */
    bool (*draws)(const model_spec *spec);

    /* Named values of the graph, NULL-terminated.  stages: from the input on; how far apart they
     * are for two pictures is a perceptual distance (LPIPS).  heads: one vector per image, the
     * first in every such graph (Frechet distances compare it), those after it only where the
     * settings ask for them; linear probes look at the last that is there. */
    const char *const *stages, *const *heads;

    /* The tensor that holds the parameter `name`, in files of published code that call it
     * otherwise; -1: none.  NULL: parameters have their own names in all files. */
    int (*find_tensor)(const safetensors *f, const char *name, const model_spec *spec);
    /* What else such files hold: beginnings of names, NULL-terminated; ignored. */
    const char *const *unused;
};

/* All kinds that jem has (networks.c); ends with NULL, as every list of them. */
extern const network *const network_list[];

/* May model.name be it?  A network with logits, or one that an objective of its own trains. */
bool network_is_named(const network *n);

/* The kind in `list` that `name` names, the longest of several ("resnet-preact" of
 * "resnet-preact-110"); NULL if there is none. */
const network *network_find(const network *const *list, const char *name);

/* Is it the name of what files of published code hold beside the network (unused)? */
bool network_ignores(const network *n, const char *name);

/* The key model.name, into a model_spec; the other keys of model.* are its network's. */
extern const option model_options[];
/* Those other keys, for a group whose target is spec->settings; never NULL. */
const option *network_options(const network *n);

/* Names the network of `spec`: its kind changes, and its settings become the defaults of that kind
 * where it was another before.  JEM_EUSAGE with the names there are; spec is unchanged then. */
jem_status model_spec_name(model_spec *spec, const network *const *list, const char *name);

/* The graph, owned by the caller.  JEM_EUSAGE as network.build. */
jem_status model_spec_build(graph **out, const model_spec *spec);

/* params, the flat vector of g, <- what the network begins a training with, by `seed`. */
void model_spec_init(float *params, const graph *g, const model_spec *spec, uint64_t seed);

/* How the build of a kind with one name begins: JEM_EUSAGE where model.name goes on behind it. */
jem_status network_check_name(const model_spec *spec);
/* How a build ends: *out <- g, its node `logits` named and its output.  Takes g, also where it fails as
 * graph_finish does. */
jem_status network_finish(graph **out, graph *g, int logits);

/* The same network for inputs of another size. */
void model_spec_resize(model_spec *spec, int64_t height, int64_t width);

#endif
