/* Options and chunk size of a model's plans: see engine_plan.h. */
#include "model/engine_plan.h"

#include "base/try.h"

bool engine_whole_batch(const graph *g, int use)
{
    return (use == MODEL_TRAIN || use == MODEL_CHAIN_TRAIN) && graph_couples_images(g);
}

/* As many images as keep a chunk's working memory within a core's own cache, so
 * that layers hand their values on without a trip to memory; but few enough that
 * a batch of 64 feeds sixteen cores (training passes carry x+ and x- together,
 * and weight gradients profit from larger products).  Wide networks want two images
 * for each time that their weights come from memory; maps of large images do not.  Each chunk
 * of a training pass forms and adds up a gradient as long as the weights: where these are
 * larger than a chunk's working memory, more images share that work.  A power of two, so that
 * chunks and threads go evenly into the usual batches. */
static jem_status choose_chunk(int64_t *chunk, const graph *g, const backend *b,
                               const plan_options *o)
{
    jem_status st;
    const size_t cache_bytes = (size_t)2 << 20, pair_bytes = (size_t)16 << 20;
    const int64_t most = o->backward_params ? 8 : 4;
    const int64_t weights = g->param_elements * (int64_t)sizeof(float);
    plan_options one = *o;
    plan *p = NULL;
    size_t bytes;
    int64_t fitting;

    one.batch = 1;
    TRY(plan_compile(&p, g, b, &one));
    bytes = plan_workspace_bytes(p) + 1;
    fitting = (int64_t)(cache_bytes / bytes);
    if (fitting < 2) fitting = bytes <= pair_bytes ? 2 : 1;
    if (o->backward_params && fitting < weights / (int64_t)bytes) fitting = weights / (int64_t)bytes;
    for (*chunk = 1; 2 * *chunk <= fitting && *chunk < most; *chunk *= 2) {}
done:
    plan_free(p);
    return st;
}

int64_t engine_device_chunk(const graph *g, const engine_spec *e, int64_t n)
{
    const shape image = g->nodes[0].op.dst;
    const int64_t positions = (int64_t)512 * 1024; /* of a value: a few GB in all */
    int64_t most = positions / (image.h * image.w);
    if (e->chunk > 0) return e->chunk;
    if (most < 1) most = 1;
    return n < most ? n : most;
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
    else if (b->device)
        o.batch = engine_device_chunk(g, e, n);
    else
        TRY(choose_chunk(&o.batch, g, b, &o));
    TRY(plan_compile(out, g, b, &o));
done:
    return st;
}
