/* Single operators of convolutional networks against PyTorch's values in double (scripts/golden_pieces.py):
 * inputs and weights are hash values of the names given. */
#include "model/init.h"
#include "nn/gradient_check.h"

typedef struct piece {
    const char *input;
    shape in;
    int (*apply)(graph *g, int x);
    double want[4]; /* the first elements */
    double norm;    /* of all of them; 0: not known */
} piece;

static int ceiled(graph *g, int x)
{
    return graph_max_pool(g, x, 3, 2, 0, true);
}

static int floored(graph *g, int x)
{
    return graph_max_pool(g, x, 3, 2, 0, false);
}

static int padded(graph *g, int x)
{
    return graph_max_pool(g, x, 3, 2, 1, false);
}

static int mean(graph *g, int x)
{
    return graph_mean_pool(g, x, 3, 1, 1);
}

static int adaptive(graph *g, int x)
{
    return graph_adaptive_mean(g, x, 3, 3);
}

static int grouped(graph *g, int x)
{
    return graph_conv(g, x, "w", &(conv_shape){6, {3, 3}, 2, {1, 1}, {1, 1}, 2, true});
}

static int depthwise(graph *g, int x)
{
    return graph_conv(g, x, "w", &(conv_shape){4, {7, 7}, 1, {3, 3}, {3, 3}, 4, true});
}

static int row(graph *g, int x)
{
    return graph_conv(g, x, "w", &(conv_shape){3, {1, 7}, 1, {0, 3}, {0, 3}, 1, true});
}

static int column(graph *g, int x)
{
    return graph_conv(g, x, "w", &(conv_shape){3, {7, 1}, 1, {3, 0}, {3, 0}, 1, true});
}

static int transposed(graph *g, int x)
{
    return graph_conv_transposed(g, x, "w", &(conv_shape){.out = 3, .kernel = {2, 3}, .stride = 2, .no_bias = true});
}

/* The columns that stay where the first is dropped. */
static int transposed_cropped(graph *g, int x)
{
    return graph_conv_transposed(g, x, "w", &(conv_shape){.out = 3, .kernel = {2, 3}, .stride = 2, .begin = {0, 1},
                                                          .no_bias = true});
}

static int channel_norm(graph *g, int x)
{
    return graph_norm_eps(g, x, "norm", NORM_CHANNELS, 1e-6);
}

static const piece pieces[] = {
    {"p", {2, 6, 6}, ceiled, {0.4489651853, 0.4155959026, 0.1960734255, 0.9764860487}, 0},
    {"p", {2, 6, 6}, floored, {0.4489651853, 0.4155959026, 0.9764860487, 0.35071581}, 0},
    {"p", {2, 6, 6}, padded, {0.4489651853, 0.4489651853, 0.1960734255, 0.8560332004}, 0},
    {"q", {1, 4, 4}, mean, {0.2296998483, 0.03790934547, -0.2553028935, -0.2016565191}, 0},
    {"a", {1, 5, 5}, adaptive, {-0.2359456983, -0.2700595406, -0.4306790933, -0.5553572357}, 0},
    {"x", {4, 5, 5}, grouped, {-0.8361381929, 0.7205286112, -0.7657236067, 1.142505695}, 7.937998584},
    {"x", {4, 5, 5}, depthwise, {-0.7759620934, 1.010777103, 0.3077875282, NAN}, 15.83463042},
    {"x", {4, 5, 5}, row, {1.32192932, -2.708769393, 2.55447684, NAN}, 12.65539769},
    {"x", {4, 5, 5}, transposed, {-0.3855568564, 0.125739792, -0.1056293157, NAN}, 0},
    {"x", {4, 5, 5}, transposed_cropped, {0.125739792, -0.1056293157, NAN, NAN}, 0},
    {"x", {4, 5, 5}, column, {0.7079110384, 0.8758312333, 0.9656352349, NAN}, 13.2445611},
    {"x", {4, 5, 5}, channel_norm, {0.5897557614, -0.2839213808, -1.500559169, NAN}, 10.01001471},
};

/* Convolutions: v of "w"; norms: 1 + .1 v of "g" and .1 v of "b". */
static void fill_params(checked *t, const graph *g)
{
    for (int i = 0; i < g->param_count; i++) {
        const param *p = &g->params[i];
        double *v = t->params + p->offset;
        const bool weight = p->role == PARAM_NORM_WEIGHT, bias = p->role == PARAM_NORM_BIAS;
        hash_values(v, p->count, weight ? "g" : bias ? "b" : "w");
        for (int64_t k = 0; k < p->count && (weight || bias); k++) v[k] = 0.1 * v[k] + (weight ? 1 : 0);
    }
}

static void operators_have_pytorchs_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        const piece *p = &pieces[i];
        const plan_options o = {.batch = 1, .precision = JEM_F64, .backward_input = true};
        graph *g = NULL;
        checked t;
        check_ok(graph_new(&g, p->in));
        check_ok(graph_finish(g, p->apply(g, 0)));
        checked_open(&t, g, &o);
        fill_params(&t, g);
        check_ok(plan_load(t.p, t.params));
        hash_values(t.x, t.size, p->input);
        check_ok(plan_forward(t.w, &t.call, t.x, t.logits));
        for (int k = 0; k < 4; k++)
            if (!isnan(p->want[k])) check_near(t.logits[k], p->want[k], 1e-9, 1);
        const double norm = sqrt(check_dot(t.logits, t.logits, t.classes));
        if (p->norm > 0) check_near(norm, p->norm, 1e-9, p->norm);
        checked_close(&t);
        graph_free(g);
    }
}

static void depthwise_gradients_have_pytorchs_values(void **state)
{
    (void)state;
    static const double dx[] = {-0.9101362747, 1.362657892, -0.4832076687};
    static const double dw[] = {-0.2431176349, 0.03969387343, 1.789969617};
    const plan_options o = {.batch = 1, .precision = JEM_F64, .backward_input = true,
                            .backward_params = true};
    graph *g = NULL;
    checked t;
    check_ok(graph_new(&g, (shape){4, 5, 5}));
    check_ok(graph_finish(g, depthwise(g, 0)));
    checked_open(&t, g, &o);
    hash_values(t.params, g->param_elements, "w");
    check_ok(plan_load(t.p, t.params));
    hash_values(t.x, t.size, "x");
    hash_values(t.cotangent, t.classes, "y");
    check_ok(plan_forward(t.w, &t.call, t.x, t.logits));
    check_ok(plan_backward(t.w, &t.call, t.cotangent, t.dx, t.dparams));
    for (int k = 0; k < 3; k++) check_near(t.dx[k], dx[k], 1e-9, 1);
    for (int k = 0; k < 3; k++) check_near(t.dparams[k], dw[k], 1e-9, 1);
    check_near(sqrt(check_dot(t.dx, t.dx, t.size)), 12.7725295, 1e-8, 12.7);
    check_near(sqrt(check_dot(t.dparams, t.dparams, g->param_elements)), 16.53447099, 1e-9, 16.5);
    checked_close(&t);
    graph_free(g);
}

/* All of the result, 11 columns wide: what is left of it without the first one, and that. */
static void transposed_convolution_has_pytorchs_norm(void **state)
{
    int (*const apply[])(graph *, int) = {transposed_cropped, transposed};
    double squares = 0;
    (void)state;
    for (int i = 0; i < 2; i++) {
        const plan_options o = {.batch = 1, .precision = JEM_F64, .backward_input = true};
        graph *g = NULL;
        checked t;
        check_ok(graph_new(&g, (shape){4, 5, 5}));
        check_ok(graph_finish(g, apply[i](g, 0)));
        assert_int_equal(g->nodes[1].op.dst.w, 10);
        checked_open(&t, g, &o);
        hash_values(t.params, g->param_elements, "w");
        check_ok(plan_load(t.p, t.params));
        hash_values(t.x, t.size, "x");
        check_ok(plan_forward(t.w, &t.call, t.x, t.logits));
        for (int64_t k = 0; k < t.classes; k += i == 0 ? 1 : 10) squares += t.logits[k] * t.logits[k];
        checked_close(&t);
        graph_free(g);
    }
    check_near(sqrt(squares), 14.7646178, 1e-8, 14.7);
}

static void gelu_has_pytorchs_values_and_slopes(void **state)
{
    (void)state;
    static const double x[] = {-3, -1, -0.5, 0.5, 1, 3};
    static const double y[] = {-0.004049694095, -0.1586552539, -0.1542687694, 0.3457312306, 0.8413447461,
                               2.995950306};
    static const double slope[] = {-0.0119456472, -0.08331547059, 0.1325048753, 0.8674951247, 1.083315471,
                                   1.011945647};
    const plan_options o = {.batch = 1, .precision = JEM_F64, .backward_input = true};
    graph *g = NULL;
    checked t;
    check_ok(graph_new(&g, (shape){6, 1, 1}));
    check_ok(graph_finish(g, graph_gelu(g, 0)));
    checked_open(&t, g, &o);
    check_ok(plan_load(t.p, t.params));
    for (int i = 0; i < 6; i++) t.x[i] = x[i];
    for (int i = 0; i < 6; i++) t.cotangent[i] = 1;
    check_ok(plan_forward(t.w, &t.call, t.x, t.logits));
    check_ok(plan_backward(t.w, &t.call, t.cotangent, t.dx, NULL));
    for (int i = 0; i < 6; i++) check_near(t.logits[i], y[i], 1e-9, 1);
    for (int i = 0; i < 6; i++) check_near(t.dx[i], slope[i], 1e-9, 1);
    checked_close(&t);
    graph_free(g);
}

/* An image's values all survive, divided by 1 - rate, or none does; the passes of a model that does
 * not train leave them as they are. */
static void drop_path_drops_whole_images(void **state)
{
    (void)state;
    enum { N = 400, SIZE = 8 };
    graph *g = NULL;
    check_ok(graph_new(&g, (shape){2, 2, 2}));
    check_ok(graph_finish(g, graph_drop_path(g, 0, 0.25)));
    for (int train = 0; train < 2; train++) {
        const plan_options o = {.batch = N, .precision = JEM_F64, .backward_input = true, .train = train};
        int kept = 0;
        checked t;
        checked_open(&t, g, &o);
        check_ok(plan_load(t.p, t.params));
        for (int64_t i = 0; i < N * SIZE; i++) t.x[i] = 1 + (double)i;
        for (int64_t i = 0; i < N * SIZE; i++) t.cotangent[i] = 1;
        check_ok(plan_forward(t.w, &t.call, t.x, t.logits));
        check_ok(plan_backward(t.w, &t.call, t.cotangent, t.dx, NULL));
        for (int64_t n = 0; n < N; n++) {
            const double factor = t.dx[n * SIZE];
            kept += factor > 0;
            assert_true(factor == (train ? 1 / 0.75 : 1) || (train && factor == 0));
            for (int64_t i = n * SIZE; i < (n + 1) * SIZE; i++) {
                assert_true(t.dx[i] == factor);
                check_near(t.logits[i], factor * t.x[i], 1e-12, t.x[i]);
            }
        }
        assert_in_range(kept, train ? 265 : N, train ? 335 : N); /* 300 +- 4 deviations */
        checked_close(&t);
    }
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_have_pytorchs_values),
        cmocka_unit_test(transposed_convolution_has_pytorchs_norm),
        cmocka_unit_test(depthwise_gradients_have_pytorchs_values),
        cmocka_unit_test(gelu_has_pytorchs_values_and_slopes),
        cmocka_unit_test(drop_path_drops_whole_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
