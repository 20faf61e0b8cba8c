/* Plans on threads: chunks cover a batch once, threads change no bit, times are summed. */
#include "support/check.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/pool.h"
#include "base/rng.h"
#include "nn/executor.h"
#include "nn/ops.h"

enum { IMAGES = 8, SIDE = 6, INPUT = 2 * SIDE * SIDE, CLASSES = 3, CHUNK = 3, THREADS = 2 };

typedef struct rig {
    graph *g;
    float *params, x[IMAGES * INPUT];
    executor e;
    pool *threads;
} rig;

static void rig_init(rig *r, bool split, int64_t batch)
{
    const rng_stream s = {7, RNG_TEST, 0, 0};
    const plan_options o = {.batch = batch, .precision = JEM_F32, .split = split};
    memset(r, 0, sizeof *r);
    check_ok(graph_new(&r->g, (shape){2, SIDE, SIDE}));
    int v = graph_lrelu(r->g, graph_conv2d(r->g, 0, "a", 4, 3, 1, 1), 0.2);
    check_ok(graph_finish(r->g, graph_linear(r->g, v, "b", CLASSES)));
    check_ok(MEM_NEW(r->params, r->g->param_elements));
    rng_fill_normal(r->params, r->g->param_elements, &s, 0);
    rng_fill_normal(r->x, IMAGES * INPUT, &s, 1);
    check_ok(executor_compile(&r->e, r->g, &backend_ref, &o, THREADS));
    check_ok(plan_load(r->e.p, r->params));
    check_ok(pool_new(&r->threads, THREADS));
}

static void rig_clear(rig *r)
{
    executor_clear(&r->e);
    executor_clear(&r->e); /* fine twice */
    pool_free(r->threads);
    graph_free(r->g);
    mem_free(r->params);
}

typedef struct pass {
    const rig *r;
    float logits[IMAGES * CLASSES];
    int seen[IMAGES], thread[IMAGES], fails_at; /* fails_at: a chunk, or -1 */
    atomic_int *begun; /* the first chunks wait until every thread has one; NULL: they do not */
} pass;

static jem_status meet(atomic_int *begun)
{
    atomic_fetch_add(begun, 1);
    for (int i = 0; i < 30000 && atomic_load(begun) < THREADS; i++) usleep(1000);
    return atomic_load(begun) < THREADS ? jem_error(JEM_EINTERNAL, "nobody came") : JEM_OK;
}

static jem_status compute(void *ctx, const executor_chunk *c)
{
    pass *p = ctx;
    const plan_call call = {.count = c->count};
    if (c->index == p->fails_at) return jem_error(JEM_EDATA, "chunk %d", c->index);
    if (p->begun && c->index < THREADS && meet(p->begun) != JEM_OK) return JEM_EINTERNAL;
    for (int64_t i = c->first; i < c->first + c->count; i++) {
        p->seen[i]++;
        p->thread[i] = c->thread;
    }
    return plan_forward(c->ws, &call, p->r->x + c->first * INPUT, p->logits + c->first * CLASSES);
}

static void threads_compute_each_image_once_and_the_same_bits(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, false, CHUNK);
    pass shared = {.r = &r, .fails_at = -1}, alone = shared;
    check_ok(executor_run(&r.e, NULL, IMAGES, compute, &alone));
    assert_null(r.e.ws[1]); /* nobody asked for it */
    check_ok(executor_run(&r.e, r.threads, IMAGES, compute, &shared));
    for (int i = 0; i < IMAGES; i++) assert_true(alone.seen[i] == 1 && shared.seen[i] == 1);
    assert_memory_equal(alone.logits, shared.logits, sizeof alone.logits);
    shared.fails_at = 1;
    check_fails(executor_run(&r.e, r.threads, IMAGES, compute, &shared), JEM_EDATA, "chunk 1");
    rig_clear(&r);
}

static void what_does_not_fill_the_threads_is_shared_by_them(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, true, 1);
    pass shared = {.r = &r, .fails_at = -1}, alone = shared;
    atomic_int begun = 0;
    shared.begun = &begun; /* the first two at once, the third by both together */
    check_ok(executor_run(&r.e, NULL, 3, compute, &alone));
    check_ok(executor_run_split(&r.e, r.threads, 3, compute, &shared));
    for (int i = 0; i < 3; i++) assert_int_equal(shared.seen[i], 1);
    assert_int_equal(shared.thread[2], 0); /* the caller, with the other's help */
    assert_memory_equal(alone.logits, shared.logits, 3 * CLASSES * sizeof *alone.logits);
    rig_clear(&r);
}

static void times_are_summed_over_the_threads(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, false, CHUNK);
    atomic_int begun = 0;
    pass p = {.r = &r, .fails_at = -1, .begun = &begun}; /* both threads take part */
    check_ok(executor_run(&r.e, r.threads, IMAGES, compute, &p));
    assert_int_equal(executor_time(&r.e, 0).runs, 0);
    check_ok(executor_time_steps(&r.e));
    begun = 0;
    check_ok(executor_run(&r.e, r.threads, IMAGES, compute, &p));
    for (int i = 0; i < plan_step_count(r.e.p); i++) {
        const plan_time t = executor_time(&r.e, i);
        assert_int_equal(t.runs, 3); /* of 3, 3 and 2 images */
        assert_true(t.counted <= t.runs && t.seconds >= 0);
    }
    check_ok(executor_time_steps(&r.e)); /* from 0 again */
    assert_int_equal(executor_time(&r.e, 0).runs, 0);
    rig_clear(&r);
    rig_init(&r, false, CHUNK);
    p.begun = NULL;
    check_ok(executor_time_steps(&r.e)); /* of workspaces that are yet to be made */
    check_ok(executor_run(&r.e, NULL, IMAGES, compute, &p));
    assert_int_equal(executor_time(&r.e, 0).runs, 3);
    rig_clear(&r);
}

static int64_t chunk_of(shape input, int64_t channels, bool backward_params)
{
    graph *g = NULL;
    int64_t chunk = 0;
    const plan_options o = {.precision = JEM_F32, .backward_params = backward_params};
    check_ok(graph_new(&g, input));
    check_ok(graph_finish(g, graph_conv2d(g, 0, "a", channels, 3, 1, 1)));
    check_ok(executor_choose_chunk(&chunk, g, &backend_ref, &o, 64));
    graph_free(g);
    return chunk;
}

static void chunks_follow_from_the_sizes_of_the_network(void **state)
{
    (void)state;
    assert_int_equal(chunk_of((shape){3, 8, 8}, 4, false), 4); /* small: at most so many */
    assert_int_equal(chunk_of((shape){3, 8, 8}, 4, true), 8);
    assert_int_equal(chunk_of((shape){3, 64, 64}, 100, false), 2); /* 1.7 MB: a pair */
    assert_int_equal(chunk_of((shape){3, 256, 256}, 100, false), 1);
    /* five images of 0.4 MB fit, and 9 MB of gradients are added up less often for more */
    assert_int_equal(chunk_of((shape){512, 8, 8}, 512, true), 8);
}

static void a_device_takes_whole_batches_as_far_as_memory_will_do(void **state)
{
    graph *g = NULL;
    (void)state;
    check_ok(graph_new(&g, (shape){3, 32, 32}));
    assert_int_equal(executor_device_chunk(g, 64), 64);
    assert_int_equal(executor_device_chunk(g, 4096), 512);
    graph_free(g);
    check_ok(graph_new(&g, (shape){3, 1024, 1024}));
    assert_int_equal(executor_device_chunk(g, 64), 1);
    graph_free(g);
}

static void slices_leave_work_for_four_threads(void **state)
{
    graph *g = NULL;
    (void)state;
    check_ok(graph_new(&g, (shape){3, 32, 32}));
    int v = graph_norm(g, graph_conv2d(g, 0, "a", 64, 3, 1, 1), "n", NORM_BATCH);
    check_ok(graph_finish(g, graph_linear(g, graph_pool(g, v, 32, 32, 1), "b", CLASSES)));
    const int64_t by_cache = executor_choose_slice(g, 1024);
    assert_int_equal(by_cache, 2); /* three maps of 256 KiB an image in 2 MiB */
    graph_free(g);
    check_ok(graph_new(&g, (shape){3, 32, 32}));
    check_ok(graph_finish(g, graph_linear(g, graph_linear(g, 0, "a", 4096), "b", CLASSES)));
    for (int64_t n = 1; n <= 128; n *= 2) { /* weights by far larger than an image's values */
        const int64_t slice = executor_choose_slice(g, n);
        assert_true(slice >= 1 && (n < 4 || n / slice == 4));
    }
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_compute_each_image_once_and_the_same_bits),
        cmocka_unit_test(what_does_not_fill_the_threads_is_shared_by_them),
        cmocka_unit_test(times_are_summed_over_the_threads),
        cmocka_unit_test(chunks_follow_from_the_sizes_of_the_network),
        cmocka_unit_test(a_device_takes_whole_batches_as_far_as_memory_will_do),
        cmocka_unit_test(slices_leave_work_for_four_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
