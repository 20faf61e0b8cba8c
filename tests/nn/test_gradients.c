/* Whole graphs against central differences, backward and in forward mode: every op, the
 * shapes that fusing and buffer sharing make delicate, and graphs put together at random. */
#include "nn/gradient_check.h"

typedef int (*build_fn)(graph *g);

/* ---- graphs: each returns the node that a linear layer turns into logits */

static int strided(graph *g)
{
    int h = graph_lrelu(g, graph_conv2d(g, 0, "a", 6, 3, 2, 1), 0.2);
    return graph_lrelu(g, graph_conv2d(g, h, "b", 4, 1, 1, 0), 0.1);
}

static int rectified_input(graph *g)
{
    return graph_lrelu(g, graph_conv2d(g, graph_lrelu(g, 0, 0.3), "a", 5, 3, 1, 1), 0.2);
}

static int sum_with_the_input(graph *g)
{
    return graph_add(g, graph_conv2d(g, graph_lrelu(g, 0, 0.2), "a", 3, 3, 1, 1), 0);
}

static int projected_block(graph *g)
{
    int x = graph_conv2d(g, 0, "in", 4, 3, 1, 1);
    int h = graph_lrelu(g, graph_conv2d(g, graph_lrelu(g, x, 0.2), "a", 6, 3, 1, 1), 0.2);
    return graph_add(g, graph_conv2d(g, h, "b", 6, 3, 2, 1), graph_conv2d(g, x, "s", 6, 1, 2, 0));
}

static int projection_before_the_block(graph *g)
{
    int x = graph_conv2d(g, 0, "in", 4, 3, 1, 1);
    int s = graph_conv2d(g, x, "s", 6, 1, 2, 0);
    int h = graph_lrelu(g, graph_conv2d(g, graph_lrelu(g, x, 0.2), "a", 6, 3, 1, 1), 0.2);
    return graph_lrelu(g, graph_add(g, s, graph_conv2d(g, h, "b", 6, 3, 2, 1)), 0.2);
}

static int blocks_in_a_row(graph *g)
{
    int x = graph_conv2d(g, 0, "in", 4, 3, 1, 1);
    char name[2] = "a";
    for (; name[0] < 'd'; name[0]++) {
        int h = graph_conv2d(g, graph_lrelu(g, x, 0.2), name, 4, 3, 1, 1);
        x = graph_add(g, h, x);
    }
    return graph_lrelu(g, x, 0.2);
}

static int value_used_three_times(graph *g)
{
    int h = graph_conv2d(g, 0, "a", 4, 3, 1, 1);
    int r = graph_lrelu(g, h, 0.2);
    return graph_add(g, graph_add(g, r, h), graph_conv2d(g, h, "b", 4, 3, 1, 1));
}

static int value_added_to_itself(graph *g)
{
    int h = graph_conv2d(g, 0, "a", 4, 3, 1, 1);
    int d = graph_add(g, h, h);
    return graph_add(g, graph_lrelu(g, d, 0.2), d);
}

static int sums_of_sums(graph *g)
{
    int a = graph_conv2d(g, 0, "a", 4, 3, 1, 1), b = graph_conv2d(g, 0, "b", 4, 1, 1, 0);
    int s = graph_add(g, a, b), t = graph_add(g, s, a);
    return graph_add(g, graph_lrelu(g, t, 0.2), graph_add(g, s, graph_lrelu(g, s, 0.2)));
}

/* The second convolution adds onto its summand, which the rectifier still reads. */
static int summand_read_in_between(graph *g)
{
    int a = graph_conv2d(g, 0, "a", 4, 3, 1, 1), c = graph_conv2d(g, 0, "c", 4, 3, 1, 1);
    int r = graph_lrelu(g, a, 0.2);
    return graph_add(g, graph_add(g, c, a), r);
}

/* Sums hand one gradient buffer to several nodes, each of which adds to it. */
static int gradient_shared_by_sums(graph *g)
{
    int a = graph_conv2d(g, 0, "a", 4, 3, 1, 1);
    int d = graph_add(g, a, a), e = graph_add(g, d, a);
    return graph_add(g, graph_lrelu(g, a, 0.2), graph_add(g, e, d));
}

static int rectifiers_in_a_row(graph *g)
{
    int h = graph_conv2d(g, 0, "a", 4, 3, 1, 1);
    return graph_lrelu(g, graph_lrelu(g, graph_lrelu(g, h, 0.5), 0.3), 0.2);
}

static int pooled_elu(graph *g)
{
    int h = graph_pool(g, graph_conv2d(g, 0, "a", 4, 3, 1, 1), 2, 3, 1.0 / 6);
    return graph_linear(g, graph_concat_elu(g, graph_add(g, h, graph_lrelu(g, h, 0.2))), "p", 7);
}

static int linear_after_linear(graph *g)
{
    return graph_lrelu(g, graph_linear(g, graph_linear(g, 0, "a", 6), "b", 5), 0.2);
}

static int dropped(graph *g)
{
    int h = graph_dropout(g, graph_conv2d(g, 0, "a", 6, 3, 1, 1), 0.3);
    return graph_add(g, graph_dropout(g, h, 0.5), h);
}

static int normed(graph *g, norm_kind kind)
{
    int x = graph_conv2d(g, 0, "in", 4, 3, 1, 1);
    int h = graph_lrelu(g, graph_norm(g, x, "n1", kind), 0.2);
    h = graph_lrelu(g, graph_norm(g, graph_conv2d(g, h, "a", 4, 3, 2, 1), "n2", kind), 0.2);
    h = graph_conv2d(g, h, "b", 4, 3, 1, 1);
    return graph_norm(g, graph_add(g, h, graph_conv2d(g, x, "s", 4, 1, 2, 0)), "n3", kind);
}

static int batch_normed(graph *g) { return normed(g, NORM_BATCH); }
static int instance_normed(graph *g) { return normed(g, NORM_INSTANCE); }
static int layer_normed(graph *g) { return normed(g, NORM_LAYER); }
static int act_normed(graph *g) { return normed(g, NORM_ACT); }

/* Without running statistics: images are coupled in evaluation, too. */
static int always_coupled(graph *g)
{
    int h = graph_lrelu(g, graph_batch_norm(g, graph_conv2d(g, 0, "in", 4, 3, 1, 1), "n1", 1e-3), 0.2);
    return graph_batch_norm(g, graph_add(g, graph_conv2d(g, h, "a", 4, 3, 1, 1), h), "n2", 1e-3);
}

static int normed_input(graph *g)
{
    int h = graph_norm(g, 0, "n", NORM_LAYER);
    return graph_add(g, graph_norm(g, h, "m", NORM_INSTANCE), 0);
}

/* ---- the operations of an autoencoder */

static int group_norm_silu(graph *g, int src, const char *name, int64_t groups)
{
    return graph_silu(g, graph_group_norm(g, src, name, groups, 1e-6));
}

static int resnet_block(graph *g)
{
    int x = graph_conv2d(g, 0, "in", 4, 3, 1, 1);
    int h = graph_conv2d(g, group_norm_silu(g, x, "n1", 2), "a", 6, 3, 1, 1);
    h = graph_conv2d(g, group_norm_silu(g, h, "n2", 3), "b", 6, 3, 1, 1);
    return graph_add(g, h, graph_conv2d(g, x, "s", 6, 1, 1, 0));
}

static int norm_read_twice(graph *g)
{
    int n = graph_group_norm(g, graph_conv2d(g, 0, "a", 4, 3, 1, 1), "n", 2, 1e-6);
    return graph_add(g, graph_silu(g, n), n);
}

static int norm_input_read_later(graph *g)
{
    int x = graph_conv2d(g, 0, "a", 4, 3, 1, 1);
    int n = graph_group_norm(g, x, "n", 1, 1e-6);
    int r = graph_lrelu(g, x, 0.2);
    return graph_add(g, graph_silu(g, n), r);
}

static int silu_of_the_input(graph *g)
{
    return graph_silu(g, graph_add(g, graph_silu(g, 0), 0));
}

static int downsampled_at_the_end(graph *g)
{
    int h = graph_conv2d_pad(g, 0, "a", 4, 3, 2, 0, 1);
    return graph_conv2d_pad(g, h, "b", 3, 2, 1, 1, 0);
}

static int upsampled(graph *g)
{
    int h = graph_upsample(g, graph_conv2d(g, 0, "a", 3, 3, 2, 1));
    return graph_add(g, graph_conv2d(g, h, "b", 3, 3, 1, 1), h);
}

static const char *const qkv_names[3] = {"q", "k", "v"};

static int attention_block(graph *g)
{
    int x = graph_conv2d(g, 0, "in", 4, 3, 1, 1);
    int n = graph_group_norm(g, x, "n", 2, 1e-6);
    int o = graph_attention(g, graph_attention_qkv(g, n, qkv_names), 1);
    return graph_add(g, graph_project(g, o, "o", 4), x);
}

static int attention_alone(graph *g)
{
    return graph_silu(g, graph_attention(g, graph_attention_qkv(g, 0, qkv_names), 1));
}

/* A block of ConvNeXt. */
static int convnext_block(graph *g)
{
    int x = graph_norm_eps(g, graph_conv2d(g, 0, "in", 4, 3, 1, 1), "n0", NORM_CHANNELS, 1e-6);
    int y = graph_conv(g, x, "d", &(conv_shape){4, {3, 3}, 1, {1, 1}, {1, 1}, 4, false});
    y = graph_gelu(g, graph_project(g, graph_norm_eps(g, y, "n1", NORM_CHANNELS, 1e-6), "a", 8));
    return graph_add(g, graph_drop_path(g, graph_scale(g, graph_project(g, y, "b", 4), "s", "gamma"), 0.4), x);
}

/* What works in place must not where its input is read again. */
static int scaled_value_read_later(graph *g)
{
    int x = graph_gelu(g, graph_conv2d(g, 0, "a", 4, 3, 1, 1));
    int s = graph_scale(g, x, "s", "gamma"), t = graph_gelu(g, s);
    return graph_add(g, graph_add(g, graph_lrelu(g, s, 0.2), t), graph_norm(g, x, "n", NORM_CHANNELS));
}

/* Sources of many widths, one of them twice and one read elsewhere, too. */
static int concatenated(graph *g)
{
    int a = graph_conv2d(g, 0, "a", 4, 3, 1, 1), r = graph_lrelu(g, a, 0.2);
    int c = graph_concat(g, (int[]){a, 0, r, a, graph_silu(g, r)}, 5);
    return graph_concat(g, (int[]){graph_conv2d(g, c, "b", 2, 3, 1, 1), r}, 2);
}

static int concatenation_of_one(graph *g)
{
    int x = graph_concat(g, (int[]){graph_conv2d(g, 0, "a", 4, 3, 1, 1)}, 1);
    return graph_add(g, graph_lrelu(g, x, 0.2), x);
}

/* ---- the operations of generative networks of pixels */

static int gated_block(graph *g)
{
    const conv_shape before = {.out = 4, .kernel = {2, 3}, .stride = 1, .begin = {1, 1}, .end = {0, 1}};
    const conv_shape after = {.out = 8, .kernel = {2, 2}, .stride = 1, .begin = {1, 1}};
    int z = graph_linear_normed(g, graph_elu(g, graph_conv2d(g, 0, "e", 2, 3, 2, 1)), "mean", 3);
    int x = graph_shift(g, graph_conv2d(g, graph_ones(g, 0), "in", 4, 3, 1, 1), 1, 0);
    int h = graph_conv_normed(g, graph_concat_elu(g, x), "a", &before);
    h = graph_add(g, h, graph_project_normed(g, graph_concat_elu(g, graph_shift(g, x, 0, 1)), "d", 4));
    h = graph_conv_normed(g, graph_dropout(g, graph_concat_elu(g, h), 0.5), "b", &after);
    h = graph_add_vector(g, h, graph_linear_plain(g, z, "c", "hw", 8));
    return graph_add(g, graph_gate(g, h), x);
}

static int down_and_up(graph *g)
{
    int x = graph_conv_normed(g, 0, "a", &(conv_shape){.out = 4, .kernel = {2, 3}, .stride = 2, .begin = {1, 1},
                                               .end = {0, 1}});
    int u = graph_conv_transposed(g, x, "u", &(conv_shape){.out = 3, .kernel = {2, 3}, .stride = 2, .begin = {0, 1}});
    return graph_add(g, u, graph_conv_transposed(g, x, "v", &(conv_shape){.out = 3, .kernel = {2, 2}, .stride = 2}));
}

static int noisy_code(graph *g)
{
    int mean = graph_linear_normed(g, 0, "mean", 5), deviation = graph_sigmoid(g, graph_linear(g, 0, "std", 5), 0.01);
    return graph_add(g, mean, graph_noise(g, deviation));
}

static int vector_read_twice(graph *g)
{
    int v = graph_linear(g, 0, "v", 4), x = graph_add_vector(g, graph_conv2d(g, 0, "a", 4, 3, 1, 1), v);
    return graph_add(g, graph_add_vector(g, graph_elu(g, x), v), x);
}

static const struct {
    const char *name;
    build_fn build;
} graphs[] = {
    {"strided", strided},
    {"rectified input", rectified_input},
    {"sum with the input", sum_with_the_input},
    {"projected block", projected_block},
    {"projection before the block", projection_before_the_block},
    {"blocks in a row", blocks_in_a_row},
    {"value used three times", value_used_three_times},
    {"value added to itself", value_added_to_itself},
    {"sums of sums", sums_of_sums},
    {"summand read in between", summand_read_in_between},
    {"gradient shared by sums", gradient_shared_by_sums},
    {"rectifiers in a row", rectifiers_in_a_row},
    {"pooled elu", pooled_elu},
    {"linear after linear", linear_after_linear},
    {"dropped", dropped},
    {"batch norm", batch_normed},
    {"batch norm without running statistics", always_coupled},
    {"instance norm", instance_normed},
    {"layer norm", layer_normed},
    {"act norm", act_normed},
    {"normed input", normed_input},
    {"resnet block", resnet_block},
    {"norm read twice", norm_read_twice},
    {"norm input read later", norm_input_read_later},
    {"silu of the input", silu_of_the_input},
    {"downsampled at the end", downsampled_at_the_end},
    {"upsampled", upsampled},
    {"attention block", attention_block},
    {"attention alone", attention_alone},
    {"ConvNeXt block", convnext_block},
    {"scaled value read later", scaled_value_read_later},
    {"concatenated", concatenated},
    {"concatenation of one", concatenation_of_one},
    {"gated block", gated_block},
    {"down and up", down_and_up},
    {"noisy code", noisy_code},
    {"vector read twice", vector_read_twice},
};
enum { GRAPHS = sizeof graphs / sizeof *graphs };

static graph *build(build_fn fn)
{
    graph *g = NULL;
    check_ok(graph_new(&g, (shape){3, 7, 5}));
    check_ok(graph_finish(g, graph_linear(g, fn(g), "out", 4)));
    return g;
}

static void every_graph_agrees_with_central_differences(void **state)
{
    (void)state;
    for (int i = 0; i < GRAPHS; i++) {
        graph *g = build(graphs[i].build);
        for (int64_t n = 1; n <= 3; n++)
            for (int train = 0; train < 2; train++) check_gradients(graphs[i].name, g, n, train);
        graph_free(g);
    }
}

static void every_graph_agrees_with_central_differences_in_forward_mode(void **state)
{
    (void)state;
    for (int i = 0; i < GRAPHS; i++) {
        graph *g = build(graphs[i].build);
        for (int64_t n = 1; n <= 3; n++)
            for (int train = 0; train < 2; train++) check_tangents(graphs[i].name, g, n, train);
        graph_free(g);
    }
}

/* The output may be a map as well as logits. */
static void maps_as_outputs_have_gradients_and_tangents(void **state)
{
    (void)state;
    for (int i = 0; i < GRAPHS; i++) {
        graph *g = NULL;
        check_ok(graph_new(&g, (shape){3, 7, 5}));
        check_ok(graph_finish(g, graphs[i].build(g)));
        check_tangents(graphs[i].name, g, 2, false);
        graph_free(g);
    }
}

/* ---- random graphs */

enum { RANDOM_NODES = 12, RANDOM_ROOM = 64 };

static uint32_t draw(uint32_t *state, uint32_t bound)
{
    *state = *state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)(*state >> 8) * bound) >> 24);
}

/* A node with the shape of `like`, not `like` itself unless there is no other. */
static int same_shape(const graph *g, int like, uint32_t *rng)
{
    const shape s = g->nodes[like].op.dst;
    for (int attempt = 0; attempt < 20; attempt++) {
        int i = (int)draw(rng, (uint32_t)g->node_count);
        const shape t = g->nodes[i].op.dst;
        if (i != like && t.c == s.c && t.h == s.h && t.w == s.w) return i;
    }
    return like;
}

static void random_op(graph *g, uint32_t *rng)
{
    char name[16];
    const int last = g->node_count - 1;
    const int x = draw(rng, 10) < 6 ? last : (int)draw(rng, (uint32_t)g->node_count);
    const shape s = g->nodes[x].op.dst;

    snprintf(name, sizeof name, "p%d", g->node_count);
    switch (draw(rng, 35)) {
    case 0: case 1: case 2: graph_conv2d(g, x, name, 3, 3, 1, 1); break;
    case 3: graph_conv2d(g, x, name, 3, 3, s.h > 3 ? 2 : 1, 1); break;
    case 4: case 5: graph_lrelu(g, x, 0.2); break;
    case 6: case 7: case 8: graph_add(g, x, same_shape(g, x, rng)); break;
    case 9: graph_norm(g, x, name, (norm_kind)(NORM_BATCH + draw(rng, 4))); break;
    case 10: graph_dropout(g, x, 0.25); break;
    case 11: graph_silu(g, x); break;
    case 12: graph_group_norm(g, x, name, s.c % 2 ? 1 : 2, 0.1); break;
    case 13: graph_silu(g, graph_group_norm(g, x, name, s.c % 3 ? 1 : 3, 0.1)); break;
    case 14: graph_conv2d_pad(g, x, name, 3, 3, s.h > 3 ? 2 : 1, 0, 2); break;
    case 15: s.h < 4 ? graph_upsample(g, x) : graph_silu(g, x); break;
    case 16: graph_attention(g, graph_conv2d(g, x, name, 9, 1, 1, 0), draw(rng, 2) ? 3 : 1); break;
    case 17: graph_concat(g, (int[]){x, same_shape(g, x, rng), x}, s.c < 7 ? 3 : 1); break;
    case 18: graph_relu6(g, x); break;
    case 19: graph_max_pool(g, x, 3, 1, 1, false); break;
    case 20: graph_mean_pool(g, x, 3, 1, 1); break;
    case 21: graph_conv(g, x, name, &(conv_shape){s.c, {3, 1}, 1, {1, 0}, {1, 0}, s.c, true}); break;
    case 22: graph_adaptive_mean(g, x, s.h, s.w); break;
    case 23: s.c % 2 ? graph_ones(g, x) : graph_gate(g, x); break;
    case 24: graph_elu(g, x); break;
    case 25: graph_sigmoid(g, x, 0.3); break;
    case 26: graph_shift(g, x, draw(rng, 2), draw(rng, 2)); break;
    case 27: graph_noise(g, x); break;
    case 28: graph_add_vector(g, x, graph_linear_normed(g, x, name, s.c)); break;
    case 29: graph_gelu(g, x); break;
    case 30: graph_norm_eps(g, x, name, NORM_CHANNELS, 0.1); break;
    case 31: graph_scale(g, x, name, "gamma"); break;
    case 32: graph_drop_path(g, x, 0.4); break;
    case 33: graph_tokens(g, x, name, name + 1); break; /* two names */
    default: s.c < 7 ? graph_concat_elu(g, x) : graph_lrelu(g, x, 0.4); break;
    }
}

/* Values that nobody used all flow into the logits. */
static graph *random_graph(uint32_t seed)
{
    graph *g = NULL;
    uint32_t rng = seed * 7919u + 17u;
    bool used[RANDOM_ROOM] = {false};
    int logits = -1;
    char name[16];

    check_ok(graph_new(&g, (shape){3, 6, 5}));
    for (int i = 0; i < RANDOM_NODES; i++) random_op(g, &rng);
    const int count = g->node_count;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < g->nodes[i].src_count; k++) used[g->nodes[i].src[k]] = true;
    for (int i = 0; i < count; i++) {
        if (used[i]) continue;
        snprintf(name, sizeof name, "out%d", i);
        int part = graph_linear(g, i, name, 4);
        logits = logits < 0 ? part : graph_add(g, logits, part);
    }
    check_ok(graph_finish(g, logits));
    return g;
}

static void random_graphs_agree_with_central_differences(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 600; seed++) {
        graph *g = random_graph(seed);
        char name[32];
        snprintf(name, sizeof name, "random graph %u", seed);
        check_gradients(name, g, 1 + seed % 3, seed % 2);
        check_tangents(name, g, 1 + seed % 3, seed % 2);
        graph_free(g);
    }
}

/* ---- what a plan is asked for must not change what it computes */

typedef struct outcome {
    double logits[64], dx[1024], dparams[16384];
} outcome;

static void run(outcome *r, const graph *g, const plan_options *o, int64_t count)
{
    checked t;
    checked_open(&t, g, o);
    assert_true(t.n * t.size <= 1024 && g->param_elements <= 16384);
    memset(r, 0, sizeof *r);
    t.call.count = count;
    checked_loss(&t, t.x);
    check_ok(plan_backward(t.w, &t.call, t.cotangent, o->backward_input ? r->dx : NULL,
                           o->backward_params ? r->dparams : NULL));
    memcpy(r->logits, t.logits, (size_t)(count * t.classes) * sizeof *r->logits);
    checked_close(&t);
}

static void plans_for_less_give_the_same_numbers(void **state)
{
    (void)state;
    static outcome both, one;
    for (uint32_t seed = 0; seed < 60; seed++) {
        graph *g = seed < GRAPHS ? build(graphs[seed].build) : random_graph(1000 + seed);
        plan_options o = {.batch = 2, .precision = JEM_F64, .backward_input = true,
                          .backward_params = true, .train = seed % 2};
        run(&both, g, &o, 2);
        o.backward_params = false;
        run(&one, g, &o, 2);
        assert_memory_equal(one.logits, both.logits, sizeof one.logits);
        assert_memory_equal(one.dx, both.dx, sizeof one.dx);
        o.backward_params = true;
        o.backward_input = false;
        run(&one, g, &o, 2);
        assert_memory_equal(one.logits, both.logits, sizeof one.logits);
        assert_memory_equal(one.dparams, both.dparams, sizeof one.dparams);
        graph_free(g);
    }
}

/* But for images that are coupled: those behind the last one would count. */
static void a_partly_filled_batch_equals_a_smaller_one(void **state)
{
    (void)state;
    static outcome part, full;
    for (int i = 0; i < GRAPHS; i++) {
        if (graphs[i].build == always_coupled) continue;
        graph *g = build(graphs[i].build);
        plan_options o = {.batch = 3, .precision = JEM_F64, .backward_input = true,
                          .backward_params = true};
        run(&part, g, &o, 2);
        o.batch = 2;
        run(&full, g, &o, 2);
        assert_memory_equal(part.logits, full.logits, sizeof part.logits);
        assert_memory_equal(part.dx, full.dx, sizeof part.dx);
        for (int64_t k = 0; k < g->param_elements; k++)
            check_near(part.dparams[k], full.dparams[k], 1e-12, 1.0);
        graph_free(g);
    }
}

static void features_are_values_of_the_forward_pass(void **state)
{
    (void)state;
    graph *g = NULL;
    checked t;
    const char *const names[] = {"input", "conv", "sum", NULL};
    const plan_options o = {.batch = 2, .precision = JEM_F64, .backward_input = true,
                            .features = names};
    check_ok(graph_new(&g, (shape){3, 4, 4}));
    int conv = graph_conv2d(g, 0, "a", 3, 1, 1, 0);
    int sum = graph_add(g, graph_conv2d(g, graph_lrelu(g, conv, 0.2), "b", 3, 1, 1, 0), conv);
    graph_name(g, 0, "input");
    graph_name(g, conv, "conv");
    graph_name(g, sum, "sum");
    check_ok(graph_finish(g, graph_linear(g, graph_lrelu(g, sum, 0.2), "out", 4)));
    checked_open(&t, g, &o);
    checked_loss(&t, t.x);
    check_ok(plan_backward(t.w, &t.call, t.cotangent, t.dx, NULL));

    double input[96], hidden[96], total[96], want[3], h[3];
    check_ok(plan_feature(t.w, &t.call, "input", input));
    check_ok(plan_feature(t.w, &t.call, "conv", hidden));
    check_ok(plan_feature(t.w, &t.call, "sum", total));
    assert_memory_equal(input, t.x, sizeof input);
    const double *a = t.params + graph_param(g, "a.weight")->offset;
    const double *a0 = t.params + graph_param(g, "a.bias")->offset;
    const double *b = t.params + graph_param(g, "b.weight")->offset;
    const double *b0 = t.params + graph_param(g, "b.bias")->offset;
    for (int i = 0; i < 32; i++) {
        const int at = i / 16 * 48 + i % 16;
        for (int c = 0; c < 3; c++) {
            want[c] = a0[c];
            for (int k = 0; k < 3; k++) want[c] += a[3 * c + k] * t.x[at + 16 * k];
            h[c] = want[c] > 0 ? want[c] : 0.2 * want[c];
            check_near(hidden[at + 16 * c], want[c], 1e-12, 1.0);
        }
        for (int c = 0; c < 3; c++) {
            want[c] += b0[c];
            for (int k = 0; k < 3; k++) want[c] += b[3 * c + k] * h[k];
            check_near(total[at + 16 * c], want[c], 1e-12, 1.0);
        }
    }
    checked_close(&t);
    graph_free(g);
}

/* Nothing behind them is computed, and they are the same. */
static void plans_for_features_alone_end_with_them(void **state)
{
    (void)state;
    graph *g = NULL;
    double whole[2 * 6 * 7 * 5], alone[2 * 6 * 7 * 5];
    const char *const names[] = {"mid", NULL};
    int steps[2];
    check_ok(graph_new(&g, (shape){3, 7, 5}));
    int x = graph_conv2d(g, graph_lrelu(g, graph_conv2d(g, 0, "a", 4, 3, 1, 1), 0.2), "b", 6, 3, 1, 1);
    graph_name(g, x, "mid");
    x = graph_conv2d(g, graph_lrelu(g, x, 0.2), "c", 4, 3, 1, 1); /* overwrites what it can */
    check_ok(graph_finish(g, graph_linear(g, x, "out", 4)));
    for (int only = 0; only < 2; only++) {
        const plan_options o = {.batch = 2, .precision = JEM_F64, .features = names, .features_only = only};
        checked t;
        checked_open(&t, g, &o);
        check_ok(plan_forward(t.w, &t.call, t.x, NULL));
        check_ok(plan_feature(t.w, &t.call, "mid", only ? alone : whole));
        steps[only] = plan_step_count(t.p);
        checked_close(&t);
    }
    assert_memory_equal(alone, whole, sizeof alone);
    assert_true(steps[1] + 4 <= steps[0]); /* rectifier, convolution, linear layer, output */
    plan *p = NULL;
    const plan_options both = {.batch = 1, .precision = JEM_F64, .backward_input = true, .features_only = true};
    check_fails(plan_compile(&p, g, &backend_ref, &both), JEM_EINTERNAL, "no derivatives");
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_graph_agrees_with_central_differences),
        cmocka_unit_test(every_graph_agrees_with_central_differences_in_forward_mode),
        cmocka_unit_test(maps_as_outputs_have_gradients_and_tangents),
        cmocka_unit_test(random_graphs_agree_with_central_differences),
        cmocka_unit_test(plans_for_less_give_the_same_numbers),
        cmocka_unit_test(a_partly_filled_batch_equals_a_smaller_one),
        cmocka_unit_test(features_are_values_of_the_forward_pass),
        cmocka_unit_test(plans_for_features_alone_end_with_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
