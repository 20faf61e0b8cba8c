/* Options of a model's plans: see engine_plan.h. */
#include "model/engine_plan.h"

#include "base/try.h"
#include "nn/executor.h"

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
                      .features = features};
    if (engine_whole_batch(g, use))
        o.batch = n;
    else if (e->chunk > 0)
        o.batch = e->chunk;
    else
        TRY(executor_choose_chunk(&o.batch, g, b, &o, n));
    TRY(plan_compile(out, g, b, &o));
done:
    return st;
}
