/* What a weight decay is of. */
#include "support/check.h"

#include "base/mem.h"
#include "nn/ops.h"
#include "train/optimizer.h"

enum { WIDE = 70000 }; /* weights that cross from one task into the next */

/* Two convolutions with a norm between them. */
static graph *small_graph(void)
{
    graph *g = NULL;
    check_ok(graph_new(&g, (shape){1, 1, 1}));
    int x = graph_conv2d(g, 0, "a", WIDE, 1, 1, 0);
    x = graph_norm(g, x, "n", NORM_LAYER);
    check_ok(graph_finish(g, graph_conv2d(g, x, "b", 2, 1, 1, 0)));
    return g;
}

static bool is_norm(const graph *g, int64_t k)
{
    for (int i = 0; i < g->param_count; i++) {
        const param *p = &g->params[i];
        if (k >= p->offset && k < p->offset + p->count) return p->role == PARAM_NORM_WEIGHT || p->role == PARAM_NORM_BIAS;
    }
    return false;
}

/* theta <- after a step without any gradient from all ones. */
static void step_once(float *theta, const graph *g, int kind, bool spares, pool *p)
{
    const optimizer_options o = {.kind = kind, .beta1 = 0.9, .beta2 = 0.999, .adam_eps = 1e-8, .momentum = 0.9,
                                 .weight_decay = 0.5};
    optimizer a;
    float *zero = NULL;
    const int64_t n = g->param_elements;
    check_ok(MEM_NEW(zero, n));
    for (int64_t k = 0; k < n; k++) theta[k] = 1;
    check_ok(optimizer_init(&a, &o, n));
    if (spares) optimizer_spare_norms(&a, g);
    check_ok(optimizer_step(&a, &backend_ref, p, theta, &(direction){zero, NULL, 1, 0}, 0.1, 1));
    optimizer_clear(&a);
    mem_free(zero);
}

static void a_decay_of_layers_leaves_norms_as_they_are(void **state)
{
    (void)state;
    graph *g = small_graph();
    pool *p = NULL;
    float *theta = NULL;
    check_ok(MEM_NEW(theta, g->param_elements));
    check_ok(pool_new(&p, 2));
    for (int kind = OPTIMIZER_ADAM; kind <= OPTIMIZER_SGD; kind++)
        for (int spares = 0; spares < 2; spares++) {
            step_once(theta, g, kind, spares, p);
            const double moved = kind == OPTIMIZER_SGD ? 1 - 0.1 * 0.5 : 1 - 0.1; /* Adam's first step is the rate */
            for (int64_t k = 0; k < g->param_elements; k++)
                check_near(theta[k], spares && is_norm(g, k) ? 1 : moved, 1e-6, 1);
        }
    pool_free(p);
    mem_free(theta);
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decay_of_layers_leaves_norms_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
