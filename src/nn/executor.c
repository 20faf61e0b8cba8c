/* Running plans on threads (executor.h): workspaces on demand, batches in chunks, and the choice
 * between a chunk per thread and all threads on one chunk. */
#include "nn/executor.h"

#include "base/mem.h"
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
        TRY(workspace_new(&w, e->p));
        e->ws[thread] = w;
        if (e->timed) TRY(workspace_time_steps(w));
    }
    *out = w;
done:
    return st;
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
    TRY(x->fn(x->ctx, &c));
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
    execution x = {.e = e, .n = n, .fn = fn, .ctx = ctx};

    if (threads) return pool_run(threads, (int)chunk_count(e, n), run_chunk, &x);
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
