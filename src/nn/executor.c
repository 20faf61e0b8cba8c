/* Running plans on threads (executor.h): workspaces on demand, batches in chunks of a size chosen
 * here, and the choice between a chunk per thread and all threads on one chunk. */
#include "nn/executor.h"

#include "base/mem.h"
#include "base/signal_hold.h"
#include "base/try.h"

jem_status executor_init(executor *out, plan *p, int threads)
{
    executor e = {.p = p, .threads = threads};
    jem_status st = MEM_NEW(e.ws, threads);
    if (st == JEM_OK)
        *out = e;
    else
        executor_clear(&e);
    return st;
}

jem_status executor_compile(executor *out, const graph *g, const backend *b, const plan_options *o,
                            int threads)
{
    plan *p = NULL;
    jem_status st = plan_compile(&p, g, b, o);
    return st == JEM_OK ? executor_init(out, p, threads) : st;
}

void executor_clear(executor *e)
{
    for (int i = 0; e->ws && i < e->threads; ++i) workspace_free(e->ws[i]);
    mem_free(e->ws);
    plan_free(e->p);
    *e = (executor){.p = NULL};
}

jem_status executor_workspace(workspace **out, executor *e, int thread)
{
    jem_status st = JEM_OK;
    workspace *w = e->ws[thread];

    if (!w) {
        TRY(workspace_new_shared(&w, e->p, e->threads));
        e->ws[thread] = w;
        if (e->timed) TRY(workspace_time_steps(w));
    }
    *out = w;
done:
    return st;
}

/* ---- sizes of chunks */

/* As many images as keep a chunk's working memory within a core's own cache, so
 * that layers hand their values on without a trip to memory; but few enough that
 * a batch of 64 feeds sixteen cores (training passes carry x+ and x- together,
 * and weight gradients profit from larger products).  Wide networks want two images
 * for each time that their weights come from memory; maps of large images do not.  Each chunk
 * of a training pass forms and adds up a gradient as long as the weights: where these are
 * larger than a chunk's working memory, more images share that work.  Each chunk of any pass reads
 * the weights of linear layers from memory, all for one product an image each: where these are larger than
 * an image's working memory (VGG-16, AlexNet), more images share them.  A power of two, so that
 * chunks and threads go evenly into the usual batches. */
static int64_t chunk_for_cache(int64_t image_bytes, int64_t weights_bytes, int64_t linear_bytes, bool for_weights)
{
    const int64_t cache_bytes = (int64_t)2 << 20, pair_bytes = (int64_t)16 << 20;
    const int64_t sharing = linear_bytes / image_bytes, most = for_weights || sharing >= 4 ? 8 : 4;
    int64_t fitting = cache_bytes / image_bytes, chunk = 1;

    if (fitting < 2) fitting = image_bytes <= pair_bytes ? 2 : 1;
    if (for_weights && fitting < weights_bytes / image_bytes) fitting = weights_bytes / image_bytes;
    if (fitting < sharing) fitting = sharing;
    while (2 * chunk <= fitting && chunk < most) chunk *= 2;
    return chunk;
}

int64_t executor_device_chunk(const graph *g, int64_t n)
{
    const shape image = g->nodes[0].op.dst;
    const int64_t positions = (int64_t)512 * 1024; /* of a value: a few GB in all */
    int64_t most = positions / (image.h * image.w);
    if (most < 1) most = 1;
    return n < most ? n : most;
}

/* Of the weights of linear layers. */
static int64_t linear_bytes(const graph *g)
{
    int64_t elements = 0;
    for (int i = 0; i < g->node_count; i++) {
        const op *o = &g->nodes[i].op;
        if (o->kind == OP_LINEAR) elements += o->dst.c * shape_count(o->src);
    }
    return elements * (int64_t)sizeof(float);
}

jem_status executor_choose_chunk(int64_t *chunk, const graph *g, const backend *b,
                                 const plan_options *o, int64_t n)
{
    jem_status st = JEM_OK;
    plan_options one = *o;
    plan *p = NULL;

    if (b->device) {
        *chunk = executor_device_chunk(g, n);
        return JEM_OK;
    }
    one.batch = 1;
    TRY(plan_compile(&p, g, b, &one));
    *chunk = chunk_for_cache((int64_t)plan_workspace_bytes(p) + 1,
                             g->param_elements * (int64_t)sizeof(float), linear_bytes(g), o->backward_params);
done:
    plan_free(p);
    return st;
}

/* Slices of a batch whose images are coupled all live at once, so that only the step at hand may stay in
 * the cache: its value, its source and what a norm makes of it.  Each slice forms and adds up gradients as
 * long as the weights, too: where these are larger than what an image takes, more images share that work,
 * but so few that four threads find something to do. */
int64_t executor_choose_slice(const graph *g, int64_t n)
{
    const int64_t cache_bytes = (int64_t)2 << 20;
    int64_t largest = 1, sum = 1, slice = 1;

    for (int i = 0; i < g->node_count; i++) {
        const int64_t bytes = shape_count(g->nodes[i].op.dst) * (int64_t)sizeof(float);
        sum += bytes;
        if (bytes > largest) largest = bytes;
    }
    const int64_t fitting = cache_bytes / (3 * largest), sharing = 8 * g->param_elements * (int64_t)sizeof(float) / sum;
    const int64_t most = fitting > sharing ? fitting : sharing;
    while (2 * slice <= most && 8 * slice <= n) slice *= 2;
    return slice;
}

/* ---- chunks */

typedef struct execution {
    executor *e;
    pool *helpers; /* share each chunk; NULL: its thread computes it alone */
    int64_t n;
    executor_fn fn;
    void *ctx;
} execution;

static jem_status run_chunk(void *ctx, int task, int thread)
{
    jem_status st;
    const execution *x = ctx;
    const int64_t size = plan_batch(x->e->p), first = task * size;
    executor_chunk c = {.first = first, .count = x->n - first < size ? x->n - first : size,
                        .index = task, .thread = thread};

    TRY(executor_workspace(&c.ws, x->e, thread));
    workspace_set_helpers(c.ws, x->helpers);
    const bool held = signal_hold(); /* not every chunk is a pool's task */
    st = x->fn(x->ctx, &c);
    signal_release(held);
done:
    return st;
}

static int64_t chunk_count(const executor *e, int64_t n)
{
    return (n + plan_batch(e->p) - 1) / plan_batch(e->p);
}

jem_status executor_run(executor *e, pool *threads, int64_t n, executor_fn fn, void *ctx)
{
    jem_status st = JEM_OK;
    const bool slices = plan_slices(e->p) > 1;
    execution x = {.e = e, .helpers = slices ? threads : NULL, .n = n, .fn = fn, .ctx = ctx};

    if (threads && !slices) return pool_run(threads, (int)chunk_count(e, n), run_chunk, &x);
    for (int i = 0; i < chunk_count(e, n); ++i) TRY(run_chunk(&x, i, 0));
done:
    return st;
}

jem_status executor_run_split(executor *e, pool *threads, int64_t n, executor_fn fn, void *ctx)
{
    jem_status st;
    execution x = {.e = e, .n = n, .fn = fn, .ctx = ctx};
    const int64_t chunks = chunk_count(e, n), alone = chunks - chunks % pool_threads(threads);

    TRY(pool_run(threads, (int)alone, run_chunk, &x));
    x.helpers = threads;
    for (int64_t i = alone; i < chunks; ++i) TRY(run_chunk(&x, (int)i, 0));
done:
    return st;
}

/* ---- times */

jem_status executor_time_steps(executor *e)
{
    jem_status st = JEM_OK;
    e->timed = true;
    for (int i = 0; e->ws && i < e->threads; ++i)
        if (e->ws[i]) TRY(workspace_time_steps(e->ws[i]));
done:
    return st;
}

plan_time executor_time(const executor *e, int i)
{
    plan_time sum = {0};
    for (int t = 0; t < e->threads; ++t) {
        const plan_time *one = e->ws[t] ? workspace_times(e->ws[t]) : NULL;
        if (!one) continue;
        sum.seconds += one[i].seconds;
        sum.counted += one[i].counted;
        sum.runs += one[i].runs;
    }
    return sum;
}
