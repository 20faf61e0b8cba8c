/* The table of operators: every kind has a row, and what rows say of shapes, labels, parameters,
 * FLOPs and derivatives is what one finds by hand and by central differences. */
#include "nn/gradient_check.h"

#include <string.h>

/* ---- one of each kind, on a map [6,4,3] */

static int conv(graph *g, int x)
{
    return graph_conv2d(g, x, "op", 8, 3, 2, 1);
}

static int linear(graph *g, int x)
{
    return graph_linear(g, x, "op", 5);
}

static int lrelu(graph *g, int x)
{
    return graph_lrelu(g, x, 0.2);
}

static int add(graph *g, int x)
{
    return graph_add(g, x, graph_conv2d(g, 0, "other", 6, 1, 1, 0));
}

static int pooled(graph *g, int x)
{
    return graph_pool(g, x, 2, 3, 1.0 / 6);
}

static int concat_elu(graph *g, int x)
{
    return graph_concat_elu(g, x);
}

static int concat(graph *g, int x)
{
    const int half = graph_conv2d(g, 0, "half", 3, 1, 1, 0);
    return graph_concat(g, (int[]){x, half, 0, x}, 4);
}

static int norm(graph *g, int x)
{
    return graph_norm(g, x, "op", NORM_INSTANCE);
}

static int dropout(graph *g, int x)
{
    return graph_dropout(g, x, 0.3);
}

static int silu(graph *g, int x)
{
    return graph_silu(g, x);
}

static int gelu(graph *g, int x)
{
    return graph_gelu(g, x);
}

static int scale(graph *g, int x)
{
    return graph_scale(g, x, "op", "gamma");
}

static int upsample(graph *g, int x)
{
    return graph_upsample(g, x);
}

static int attention(graph *g, int x)
{
    return graph_attention(g, x, 1);
}

static int tokens(graph *g, int x)
{
    return graph_tokens(g, x, "token", "positions");
}

static int affine(graph *g, int x)
{
    static const double scales[6][2] = {{2, 1}, {-1, 0.5}, {0.3, -2}, {1, 0}, {0.1, 4}, {-3, 0.2}};
    return graph_affine(g, x, scales);
}

static int max_pool(graph *g, int x)
{
    return graph_max_pool(g, x, 3, 2, 1, false);
}

static int mean_pool(graph *g, int x)
{
    return graph_mean_pool(g, x, 3, 1, 1);
}

static int transposed(graph *g, int x)
{
    return graph_conv_transposed(g, x, "op", &(conv_shape){.out = 5, .kernel = {2, 3}, .stride = 2, .begin = {0, 1}});
}

static int elu(graph *g, int x)
{
    return graph_elu(g, x);
}

static int sigmoid(graph *g, int x)
{
    return graph_sigmoid(g, x, 0.4);
}

static int gate(graph *g, int x)
{
    return graph_gate(g, x);
}

static int noise(graph *g, int x)
{
    return graph_noise(g, x);
}

static int add_vector(graph *g, int x)
{
    return graph_add_vector(g, x, graph_linear(g, 0, "vector", 6));
}

static int shift(graph *g, int x)
{
    return graph_shift(g, x, 1, 2);
}

static int ones(graph *g, int x)
{
    return graph_ones(g, x);
}

static const struct {
    int (*apply)(graph *g, int x);
    shape out;
    const char *label;
    double flops; /* 2 for each product */
    int64_t params;
} cases[OP_KINDS] = {
    [OP_CONV2D] = {conv, {8, 2, 2}, "conv 3x3 /2", 2.0 * 8 * 2 * 2 * 6 * 3 * 3, 8 * 6 * 9 + 8},
    [OP_LINEAR] = {linear, {5, 1, 1}, "linear", 2.0 * 5 * 6 * 4 * 3, 5 * 72 + 5},
    [OP_LRELU] = {lrelu, {6, 4, 3}, "rectifier", 0, 0},
    [OP_ADD] = {add, {6, 4, 3}, "sum", 0, 0},
    [OP_POOL] = {pooled, {6, 2, 1}, "pool 2x3", 0, 0},
    [OP_AFFINE] = {affine, {6, 4, 3}, "scale, shift", 0, 0},
    [OP_MAX_POOL] = {max_pool, {6, 2, 2}, "max 3x3 /2", 0, 0},
    [OP_MEAN_POOL] = {mean_pool, {6, 4, 3}, "mean 3x3 /1", 0, 0},
    [OP_CONCAT] = {concat, {18, 4, 3}, "concatenation", 0, 0},
    [OP_CONCAT_ELU] = {concat_elu, {12, 4, 3}, "concat-ELU", 0, 0},
    [OP_NORM] = {norm, {6, 4, 3}, "instance norm", 0, 6 + 6},
    [OP_DROPOUT] = {dropout, {6, 4, 3}, "dropout", 0, 0},
    [OP_SILU] = {silu, {6, 4, 3}, "SiLU", 0, 0},
    [OP_GELU] = {gelu, {6, 4, 3}, "GELU", 0, 0},
    [OP_SCALE] = {scale, {6, 4, 3}, "scale", 0, 6},
    [OP_UPSAMPLE] = {upsample, {6, 8, 6}, "upsample 2x2", 0, 0},
    /* scores of 12 x 12 positions by 2 channels each, and as many for the weighted sums */
    [OP_ATTENTION] = {attention, {2, 4, 3}, "attention", 2.0 * 2 * 12 * 12 * 2, 0},
    [OP_TOKENS] = {tokens, {6, 1, 13}, "tokens", 0, 13 * 6 + 6},
    [OP_CONV_TRANSPOSED] = {transposed, {5, 8, 6}, "transposed conv 2x3 /2", 2.0 * 4 * 3 * 6 * 5 * 6, 5 * 6 * 6 + 5},
    [OP_ELU] = {elu, {6, 4, 3}, "ELU", 0, 0},
    [OP_SIGMOID] = {sigmoid, {6, 4, 3}, "sigmoid", 0, 0},
    [OP_GATE] = {gate, {3, 4, 3}, "gate", 0, 0},
    [OP_NOISE] = {noise, {6, 4, 3}, "noise", 0, 0},
    [OP_ADD_VECTOR] = {add_vector, {6, 4, 3}, "sum with a vector", 0, 0},
    [OP_SHIFT] = {shift, {6, 4, 3}, "shift", 0, 0},
    [OP_ONES] = {ones, {7, 4, 3}, "ones", 0, 0},
};

/* The kind on a value that depends on the input and on parameters; its node in *at. */
static graph *graph_of(op_kind kind, int *at)
{
    graph *g = NULL;
    check_ok(graph_new(&g, (shape){3, 4, 3}));
    *at = cases[kind].apply(g, graph_conv2d(g, 0, "x", 6, 3, 1, 1));
    return g;
}

static void every_kind_has_a_row_and_a_case_here(void **state)
{
    (void)state;
    for (int kind = 0; kind < OP_KINDS; kind++) {
        const op o = {.kind = (op_kind)kind};
        const op_rule *rule = op_rule_of(&o);
        assert_non_null(rule->name);
        assert_true((kind == OP_INPUT) == (rule->sources == 0));
        assert_true((kind == OP_INPUT) == (rule->derivative == DERIVATIVE_NONE));
        assert_true((kind == OP_INPUT) == (cases[kind].apply == NULL));
    }
}

static void rows_say_what_one_counts_by_hand(void **state)
{
    (void)state;
    for (int kind = OP_INPUT + 1; kind < OP_KINDS; kind++) {
        int at;
        char label[64];
        graph *g = graph_of((op_kind)kind, &at);
        const op *o = &g->nodes[at].op;

        check_ok(graph_finish(g, at));
        assert_int_equal(o->kind, kind);
        assert_int_equal(o->dst.c, cases[kind].out.c);
        assert_int_equal(o->dst.h, cases[kind].out.h);
        assert_int_equal(o->dst.w, cases[kind].out.w);
        op_label(label, sizeof label, o);
        assert_string_equal(label, cases[kind].label);
        assert_true(op_flops(o) == cases[kind].flops);
        assert_int_equal(op_params(o), cases[kind].params);
        if (o->bias >= 0) assert_true(o->bias > o->weight && o->bias < o->weight + op_params(o));
        graph_free(g);
    }
}

static void every_kind_agrees_with_central_differences(void **state)
{
    (void)state;
    for (int kind = OP_INPUT + 1; kind < OP_KINDS; kind++) {
        int at;
        graph *g = graph_of((op_kind)kind, &at);
        check_ok(graph_finish(g, graph_linear(g, at, "out", 4)));
        for (int train = 0; train < 2; train++) {
            check_gradients(cases[kind].label, g, 2, train);
            check_tangents(cases[kind].label, g, 2, train);
        }
        graph_free(g);
    }
}

/* What the table's one case of a kind leaves out. */
static int depthwise(graph *g, int x)
{
    return graph_conv(g, x, "op", &(conv_shape){.out = 12, .kernel = {3, 3}, .stride = 2, .begin = {1, 1},
                                                .end = {0, 1}, .groups = 6, .no_bias = true});
}

static int flat_in_groups(graph *g, int x)
{
    return graph_conv(g, x, "op", &(conv_shape){.out = 4, .kernel = {1, 3}, .stride = 1, .begin = {0, 1},
                                                .end = {0, 1}, .groups = 2});
}

static int capped(graph *g, int x)
{
    const int wide = graph_pool(g, x, 1, 1, 9.0); /* beyond 6, too */
    return graph_relu6(g, wide);
}

static int adaptive(graph *g, int x)
{
    return graph_adaptive_mean(g, x, 3, 5); /* fewer rows than there are, more columns */
}

static int ceiled(graph *g, int x)
{
    return graph_max_pool(g, x, 2, 2, 0, true);
}

static int transposed_square(graph *g, int x)
{
    return graph_conv_transposed_normed(g, x, "op", &(conv_shape){.out = 3, .kernel = {2, 2}, .stride = 2});
}

static int normed_conv(graph *g, int x)
{
    return graph_conv_normed(g, x, "op", &(conv_shape){.out = 5, .kernel = {2, 3}, .stride = 1, .begin = {1, 1},
                                                .end = {0, 1}});
}

static int normed_linear(graph *g, int x)
{
    return graph_linear_normed(g, x, "op", 4);
}

static int normed_projection(graph *g, int x)
{
    return graph_project_normed(g, x, "op", 4);
}

static int plain_linear(graph *g, int x)
{
    return graph_linear_plain(g, x, "op", "hw", 4);
}

static int shifted_out(graph *g, int x)
{
    return graph_add(g, graph_shift(g, x, 0, 9), graph_shift(g, x, 3, 0)); /* the first leaves nothing */
}

static int vector_of_the_map(graph *g, int x)
{
    return graph_add_vector(g, x, graph_adaptive_mean(g, x, 1, 1));
}

static int normed_channels(graph *g, int x)
{
    return graph_norm_eps(g, x, "op", NORM_CHANNELS, 1e-6);
}

static int drop_path(graph *g, int x)
{
    return graph_drop_path(g, x, 0.4);
}

static int three_heads(graph *g, int x)
{
    return graph_attention(g, graph_attention_in(g, x, "op"), 3);
}

static void variants_agree_with_central_differences(void **state)
{
    (void)state;
    static const struct {
        int (*apply)(graph *g, int x);
        shape out;
        const char *label;
        double flops;
        int64_t params;
    } variants[] = {
        {depthwise, {12, 2, 2}, "conv 3x3 /2 depthwise", 2.0 * 12 * 2 * 2 * 9, 12 * 9},
        {flat_in_groups, {4, 4, 3}, "conv 1x3 in 2", 2.0 * 4 * 4 * 3 * 3 * 3, 4 * 3 * 3 + 4},
        {capped, {6, 4, 3}, "ReLU6", 0, 0},
        {adaptive, {6, 3, 5}, "mean to 3x5", 0, 0},
        {ceiled, {6, 2, 2}, "max 2x2 /2", 0, 0},
        {transposed_square, {3, 8, 6}, "transposed conv 2x2 /2", 2.0 * 4 * 3 * 6 * 3 * 4, 3 * 6 * 4 + 3 + 3},
        {normed_conv, {5, 4, 3}, "conv 2x3", 2.0 * 5 * 4 * 3 * 6 * 6, 5 * 6 * 6 + 5 + 5},
        {normed_linear, {4, 1, 1}, "linear", 2.0 * 4 * 72, 4 * 72 + 4 + 4},
        {normed_projection, {4, 4, 3}, "conv 1x1", 2.0 * 4 * 4 * 3 * 6, 4 * 6 + 4 + 4},
        {plain_linear, {4, 1, 1}, "linear", 2.0 * 4 * 72, 4 * 72},
        {shifted_out, {6, 4, 3}, "sum", 0, 0},
        {vector_of_the_map, {6, 4, 3}, "sum with a vector", 0, 0},
        {normed_channels, {6, 4, 3}, "channel norm", 0, 6 + 6},
        {drop_path, {6, 4, 3}, "drop path", 0, 0},
        {three_heads, {6, 4, 3}, "attention", 2.0 * 2 * 12 * 12 * 6, 0},
    };
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        char label[64];
        graph *g = NULL;
        check_ok(graph_new(&g, (shape){3, 4, 3}));
        const int at = variants[i].apply(g, graph_conv2d(g, 0, "x", 6, 3, 1, 1));
        check_ok(graph_finish(g, graph_linear(g, at, "out", 4)));
        const op *o = &g->nodes[at].op;
        assert_int_equal(o->dst.c, variants[i].out.c);
        assert_int_equal(o->dst.h, variants[i].out.h);
        assert_int_equal(o->dst.w, variants[i].out.w);
        op_label(label, sizeof label, o);
        assert_string_equal(label, variants[i].label);
        assert_true(op_flops(o) == variants[i].flops);
        assert_int_equal(op_params(o), variants[i].params);
        for (int train = 0; train < 2; train++) {
            check_gradients(label, g, 2, train);
            check_tangents(label, g, 2, train);
        }
        graph_free(g);
    }
}

static void expect_mistake(graph *g, const char *words)
{
    check_fails(graph_finish(g, 0), JEM_EUSAGE, words);
    graph_free(g);
}

static graph *small(void)
{
    graph *g = NULL;
    check_ok(graph_new(&g, (shape){4, 2, 2}));
    return g;
}

static void mistakes_are_told_by_the_row(void **state)
{
    (void)state;
    graph *g = small();
    graph_add(g, 0, graph_upsample(g, 0));
    expect_mistake(g, "sum of 4x2x2 and 4x4x4");
    g = small();
    graph_attention(g, 0, 1);
    expect_mistake(g, "attention over 4 channels");
    g = small();
    graph_attention(g, graph_attention_in(g, 0, "a"), 3);
    expect_mistake(g, "attention over 4 channels: they do not make 3 heads");
    g = small();
    graph_conv2d(g, 0, "a", 3, 5, 1, 0);
    expect_mistake(g, "node 1 would be 3x0x0: the input is too small");
    g = small();
    graph_concat(g, (int[]){0, graph_upsample(g, 0)}, 2);
    expect_mistake(g, "concatenation of maps of 2x2 and 4x4");
    g = small();
    graph_apply(g, graph_op(g, OP_SILU, 0), (int[]){0, 0}, 2);
    expect_mistake(g, "SiLU of 2 values");
    g = small();
    graph_group_norm(g, 0, "n", 3, 1e-6);
    expect_mistake(g, "group norm 'n': 4 channels do not make 3 groups");
    g = small();
    graph_conv(g, 0, "a", &(conv_shape){.out = 6, .kernel = {1, 1}, .stride = 1, .groups = 4});
    expect_mistake(g, "convolution of 4 to 6 channels: they do not make 4 groups");
    g = small();
    graph_max_pool(g, 0, 2, 2, 2, false);
    expect_mistake(g, "at most half a window may lie outside");
    g = small();
    graph_gate(g, graph_ones(g, 0));
    expect_mistake(g, "gate of 5 channels");
    g = small();
    graph_add_vector(g, 0, 0);
    expect_mistake(g, "sum of a map 4x2x2 and 4x2x2, which is no vector");
}

static void rows_say_what_couples_images(void **state)
{
    (void)state;
    graph *g = small();
    graph_norm(g, graph_norm(g, 0, "n", NORM_LAYER), "m", NORM_INSTANCE);
    assert_false(graph_couples_images(g));
    graph_free(g);
    g = small();
    graph_norm(g, 0, "n", NORM_BATCH);
    assert_true(graph_couples_images(g));
    assert_false(op_always_couples(&g->nodes[1].op));
    graph_free(g);
    g = small();
    assert_true(op_always_couples(&g->nodes[graph_batch_norm(g, 0, "n", 1e-3)].op) && graph_couples_images(g));
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_a_row_and_a_case_here),
        cmocka_unit_test(rows_say_what_one_counts_by_hand),
        cmocka_unit_test(every_kind_agrees_with_central_differences),
        cmocka_unit_test(variants_agree_with_central_differences),
        cmocka_unit_test(mistakes_are_told_by_the_row),
        cmocka_unit_test(rows_say_what_couples_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
