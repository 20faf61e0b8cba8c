/* The models that are compared: what somebody named, and its networks. */
#ifndef COMPARE_MODELS_H
#define COMPARE_MODELS_H

#include "record/study.h"

typedef struct compare_network {
    const char *path;         /* of the run or the answers; borrowed from the model */
    const score_list *scores; /* borrowed from the model */
    double alpha;             /* NaN: none */
    bool rescued;             /* its settings changed on the way */
} compare_network;

typedef struct compare_model {
    const char *given; /* as it was typed; borrowed */
    char *name;        /* "vgg16", "gloss@0.3": the end of its path, all of it where two are alike */
    char *path;
    study *runs;       /* NULL: */
    score_list answers; /* recorded */
    int64_t count;
    compare_network *network;
} compare_model;

typedef struct compare_models {
    int64_t count;
    compare_model *model;
} compare_models;
#define COMPARE_MODELS_INIT                                                                        \
    {                                                                                              \
        0, NULL                                                                                    \
    }

/* Reads RUN, STUDY@ALPHA, STUDY of one alpha, or what `jem bench --answers ... --out` wrote; a folder
 * that has the whole name, "@" included, comes first.  What is broken in a study is logged as a
 * warning.  Borrows the texts.  JEM_EDATA for what is none of these, a study of several alphas without
 * @ALPHA, an alpha without runs, a folder without scores, or a run that is named twice. */
jem_status compare_models_read(compare_models *out, const char *const *given, int count);
void compare_models_clear(compare_models *m); /* COMPARE_MODELS_INIT is fine */

#endif
