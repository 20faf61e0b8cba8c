/* An engine's settings, and the options of plans that follow from them (engine.h). */
#include "model/engine.h"

#include <stddef.h>

#include "base/try.h"
#include "nn/executor.h"

const option engine_options[] = {
    {"threads", OPTION_INT, offsetof(engine_spec, threads), "0", 0, 4096, NULL,
     "threads; 0 = all processors"},
    {"chunk", OPTION_INT, offsetof(engine_spec, chunk), "0", 0, 4096, NULL,
     "images a thread takes at a time; 0 = as many as its cache holds"},
    {"device", OPTION_STRING, offsetof(engine_spec, device), "auto", 0, 0, NULL,
     "what computes: cpu, cuda (a GPU; cuda:1 the second), ref (plain loops); auto: a GPU if there is one"},
    {"precision", OPTION_CHOICE, offsetof(engine_spec, precision), "f32", 0, 0, "f32|bf16",
     "of the products; sums, weights and losses stay f32"},
    {"convolution", OPTION_CHOICE, offsetof(engine_spec, convolution), "fast", 0, 0, "fast|direct",
     "fast: Winograd's algorithm where it is faster; direct: never (sums round half as much)"},
    {"deterministic", OPTION_BOOL, offsetof(engine_spec, deterministic), "false", 0, 0, NULL,
     "on a GPU: convolution algorithms by rule, so that every such GPU computes the same bits; "
     "false: the fastest, as measured once and remembered"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

bool engine_whole_batch(const graph *g, int use)
{
    return (use == MODEL_TRAIN || use == MODEL_CHAIN_TRAIN) && graph_couples_images(g);
}

jem_status engine_plan(plan **out, const graph *g, const backend *b, const engine_spec *e, int use,
                       int64_t n, const char *const *features)
{
    jem_status st;
    plan_options o = {.precision = e->precision == 1 ? JEM_BF16 : JEM_F32,
                      .direct = e->convolution == 1,
                      .backward_input = use == MODEL_CHAIN || use == MODEL_CHAIN_TRAIN,
                      .backward_params = use == MODEL_TRAIN,
                      .train = use == MODEL_TRAIN || use == MODEL_CHAIN_TRAIN,
                      .features = features,
                      .features_only = features != NULL};
    if (engine_whole_batch(g, use)) {
        o.batch = n;
        o.slice = e->chunk > 0 ? e->chunk : executor_choose_slice(g, n);
    } else if (g->together > 0) {
        o.batch = n < g->together ? n : g->together;
    } else if (e->chunk > 0) {
        o.batch = e->chunk;
    } else {
        TRY(executor_choose_chunk(&o.batch, g, b, &o, n));
    }
    TRY(plan_compile(out, g, b, &o));
done:
    return st;
}
