/* Weights of FID's Inception v3 as golden values have them (hash_fill.h), in a file of 95 MB. */
#ifndef SUPPORT_INCEPTION_WEIGHTS_H
#define SUPPORT_INCEPTION_WEIGHTS_H

#include "base/mem.h"
#include "model/model.h"
#include "support/check.h"
#include "support/hash_fill.h"

static inline void inception_weights_save(const char *path)
{
    model_spec spec = {.classes = 1008, .channels = 3, .height = 299, .width = 299};
    const engine_spec engine = {.device = "cpu", .threads = 1};
    double *params = NULL;
    model *m = NULL;

    check_ok(model_spec_name(&spec, network_list, "inception-fid"));
    check_ok(model_new(&m, &spec, &engine));
    check_ok(MEM_NEW(params, model_params_count(m)));
    hash_fill(params, model_graph(m));
    for (int64_t i = 0; i < model_params_count(m); i++) model_params(m)[i] = (float)params[i];
    check_ok(model_save(m, path, model_params(m)));
    model_free(m);
    mem_free(params);
}

#endif
