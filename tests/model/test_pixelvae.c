/* The PixelVAE against values of an independent program in double (PyTorch): a small network with deterministic
 * parameters, its values, its loss, gradients and one step of Adam; what a pixel's distribution may depend on. */
#include "nn/gradient_check.h"
#include "support/golden_pixelvae.h"

/* All that a network says of both pictures, each with noise of its own. */
typedef struct outcome {
    double mean[IMAGES][LATENTS], deviation[IMAGES][LATENTS], out[IMAGES * OUT], nll[IMAGES];
    double u0, ul0, u_top, ul_top; /* norms over both */
    double *gradient;              /* [params], of the sum of both losses */
} outcome;

static double squares_of(workspace *w, const plan_call *call, const graph *g, const char *name)
{
    double v[8 * SIDE * SIDE];
    const int64_t n = shape_count(g->nodes[graph_find(g, name)].op.dst);
    check_ok(plan_feature(w, call, name, v));
    return check_dot(v, v, n);
}

static outcome *run(const double *params)
{
    static outcome r;
    static double x[IMAGES * IN], cotangent[OUT];
    static double noise[LATENTS][2], eps[IMAGES * LATENTS];
    const char *const features[] = {"latents", "deviations", "u0", "ul0", "u_top", "ul_top", NULL};
    const plan_options o = {.batch = 1, .precision = JEM_F64, .backward_params = true, .train = true,
                            .features = features};
    const plan_call call = {.count = 1};
    const model_spec spec = small_spec(SIDE);
    double *gradient = NULL;
    graph *g = NULL;
    plan *p = NULL;
    workspace *w = NULL;

    picture(x);
    hash_values(eps, IMAGES * LATENTS, "eps");
    check_ok(pixelvae_graph(&g, &spec, (const double(*)[2])noise));
    check_ok(plan_compile(&p, g, &backend_ref, &o));
    check_ok(plan_load(p, params));
    check_ok(workspace_new(&w, p));
    memset(&r, 0, sizeof r);
    check_ok(MEM_NEW(r.gradient, g->param_elements));
    check_ok(MEM_NEW(gradient, g->param_elements));
    for (int i = 0; i < IMAGES; i++) {
        for (int d = 0; d < LATENTS; d++) noise[d][0] = eps[i * LATENTS + d];
        check_ok(plan_forward(w, &call, x + i * IN, r.out + i * OUT));
        check_ok(plan_feature(w, &call, "latents", r.mean[i]));
        check_ok(plan_feature(w, &call, "deviations", r.deviation[i]));
        r.u0 += squares_of(w, &call, g, "u0");
        r.ul0 += squares_of(w, &call, g, "ul0");
        r.u_top += squares_of(w, &call, g, "u_top");
        r.ul_top += squares_of(w, &call, g, "ul_top");
        r.nll[i] = image_loss(cotangent, r.out + i * OUT, x + i * IN);
        check_ok(plan_backward(w, &call, cotangent, NULL, gradient));
        for (int64_t k = 0; k < g->param_elements; k++) r.gradient[k] += gradient[k];
    }
    mem_free(gradient);
    workspace_free(w);
    plan_free(p);
    graph_free(g);
    return &r;
}

static double norm_of(const double *v, int64_t n)
{
    return sqrt(check_dot(v, v, n));
}

static void values_and_loss_are_the_golden_ones(void **state)
{
    static const double mean[IMAGES][LATENTS] = {{0.09018425024, -0.1603533461, 0.1465789522},
                                                 {0.05225401844, -0.006565393335, 0.09083679999}};
    static const double deviation[IMAGES][LATENTS] = {{0.5187298397, 0.4797782621, 0.4912242551},
                                                      {0.5269369165, 0.50083267, 0.50646724}};
    static const double first[4] = {-0.2320172937, 0.04624837801, 0.1080970302, 0.006821587129};
    static const double last[4] = {-0.4465131003, 0.0371006258, -0.08234700196, 0.1093866796};
    const model_spec spec = small_spec(SIDE);
    graph *g = NULL;
    double sum = 0;
    (void)state;
    check_ok(pixelvae_graph(&g, &spec, NULL));
    double *params = hash_params(g);
    const outcome *r = run(params);
    for (int i = 0; i < IMAGES; i++)
        for (int d = 0; d < LATENTS; d++) {
            check_near(r->mean[i][d], mean[i][d], 1e-9, 1);
            check_near(r->deviation[i][d], deviation[i][d], 1e-9, 1);
        }
    check_near(sqrt(r->u0), 48.34767403, 1e-9, 48);
    check_near(sqrt(r->ul0), 63.84902713, 1e-9, 63);
    check_near(sqrt(r->u_top), 13.38344379, 1e-9, 13);
    check_near(sqrt(r->ul_top), 9.797652582, 1e-9, 9.8);
    for (int i = 0; i < IMAGES * OUT; i++) sum += r->out[i];
    check_near(norm_of(r->out, IMAGES * OUT), 38.3493629, 1e-9, 38);
    check_near(sum, -735.4215985, 1e-9, 735);
    for (int c = 0; c < 4; c++) check_near(r->out[c * SIDE * SIDE], first[c], 1e-9, 1);
    for (int c = 0; c < 4; c++) check_near(r->out[OUT + (17 + c) * SIDE * SIDE - 1], last[c], 1e-9, 1);
    check_near(r->nll[0], 4868.673014, 1e-9, 4868);
    check_near(r->nll[1], 4869.850027, 1e-9, 4869);
    check_near(r->nll[0] + r->nll[1], 9738.52304068, 1e-11, 9738);
    check_near((r->nll[0] + r->nll[1]) / (log(2) * IMAGES * IN), 9.146952406, 1e-9, 9);
    mem_free(r->gradient);
    mem_free(params);
    graph_free(g);
}

/* The norm of what lies under `prefix`. */
static double gradient_norm(const graph *g, const double *gradient, const char *prefix)
{
    double sum = 0;
    for (int i = 0; i < g->param_count; i++)
        if (strncmp(g->params[i].name, prefix, strlen(prefix)) == 0)
            sum += check_dot(gradient + g->params[i].offset, gradient + g->params[i].offset, g->params[i].count);
    return sqrt(sum);
}

static void gradients_and_a_step_are_the_golden_ones(void **state)
{
    static const struct {
        const char *prefix;
        double norm, first[2]; /* NAN: not known */
    } want[] = {
        {"", 850.7756937, {NAN, NAN}},
        {"encoder.", 26.68382306, {NAN, NAN}},
        {"model.", 850.3571335, {NAN, NAN}},
        {"encoder.conv2d_0.V", 2.097722146, {0.1302590667, 0.06791519125}},
        {"encoder.conv2d_0.g", 1.477250179, {NAN, NAN}},
        {"encoder.dense_2.b", 0.6176797432, {NAN, NAN}},
        {"model.conv2d_0.V", 43.60654921, {-0.03659320877, -0.09004021104}},
        {"model.deconv2d_0.V", 10.55996243, {0.1356168379, -0.6536002173}},
        {"model.deconv2d_3.g", 29.56918949, {NAN, NAN}},
        {"model.conditional_weights_0.hw", 10.80504542, {NAN, NAN}},
        {"model.dense_0.V", 43.64559281, {NAN, NAN}},
    };
    const model_spec spec = small_spec(SIDE);
    graph *g = NULL;
    (void)state;
    check_ok(pixelvae_graph(&g, &spec, NULL));
    double *params = hash_params(g);
    const outcome *r = run(params);
    double *gradient = r->gradient;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const param *p = graph_param(g, want[i].prefix);
        check_near(gradient_norm(g, gradient, want[i].prefix), want[i].norm, 2e-9, want[i].norm);
        for (int k = 0; k < 2; k++)
            if (!isnan(want[i].first[k])) check_near(gradient[p->offset + k], want[i].first[k], 2e-9, 1);
    }
    /* Adam's first step with eps inside the root: m and v are the gradient and its square. */
    for (int64_t k = 0; k < g->param_elements; k++)
        params[k] -= 1e-3 * gradient[k] / sqrt(gradient[k] * gradient[k] + 1e-8);
    mem_free(gradient);
    r = run(params);
    check_near(r->nll[0] + r->nll[1], 9708.87305015, 1e-9, 9708);
    mem_free(r->gradient);
    mem_free(params);
    graph_free(g);
}

static void parameters_are_the_published_ones(void **state)
{
    model_spec spec = small_spec(SIDE);
    graph *g = NULL;
    int convs = 0, transposed = 0, denses = 0, conditions = 0, decoder = 0;
    int64_t encoder = 0;
    (void)state;
    check_ok(model_spec_build(&g, &spec));
    assert_int_equal(g->param_elements, 43180);
    assert_int_equal(g->param_count, 205);
    graph_free(g);
    const pixelvae_settings full = {.latents = 10, .filters = 64, .encoder_filters = 64, .blocks = 3, .mixtures = 12,
                                    .dropout = 0.5};
    memcpy(&spec.settings, &full, sizeof full);
    spec.height = spec.width = 128;
    check_ok(model_spec_build(&g, &spec));
    for (int i = 0; i < g->param_count; i++) {
        const char *name = g->params[i].name;
        const bool model = strncmp(name, "model.", 6) == 0;
        const bool first = name[strlen(name) - 1] == 'V';
        decoder += model;
        encoder += model ? 0 : g->params[i].count;
        convs += model && first && strncmp(name, "model.conv2d_", 13) == 0;
        transposed += model && first && strncmp(name, "model.deconv2d_", 15) == 0;
        denses += model && first && strncmp(name, "model.dense_", 12) == 0;
        conditions += model && strstr(name, ".hw") != NULL;
    }
    assert_int_equal(convs, 87);
    assert_int_equal(transposed, 4);
    assert_int_equal(denses, 32);
    assert_int_equal(conditions, 40);
    assert_int_equal(decoder, 409);
    assert_int_equal(encoder, 34225064);
    assert_int_equal(g->param_elements, 39730840);
    check_near(graph_flops(g), 80.5e9, 1e-2, 1);
    graph_free(g);
}

/* Output (r, c) sees the pixels before it, all their channels, and nothing else but the code. */
static void a_pixel_depends_on_those_before_it(void **state)
{
    enum { R = 4, C = 5, S = 8, AREA = S * S };
    static double noise[LATENTS][2], x[3 * AREA], dx[3 * AREA], cotangent[20 * AREA], out[20 * AREA];
    const plan_options o = {.batch = 1, .precision = JEM_F64, .backward_input = true};
    const plan_call call = {.count = 1};
    const model_spec spec = small_spec(S);
    graph *g = NULL;
    plan *p = NULL;
    workspace *w = NULL;
    (void)state;
    check_ok(pixelvae_graph(&g, &spec, (const double(*)[2])noise));
    double *params = NULL;
    check_ok(MEM_NEW(params, g->param_elements));
    check_fill_params(params, g);
    for (int i = 0; i < g->param_count; i++) /* no way through the code: mean and deviation are constant */
        if (strncmp(g->params[i].name, "encoder.dense_0.g", 17) == 0)
            memset(params + g->params[i].offset, 0, (size_t)g->params[i].count * sizeof *params);
    check_ok(plan_compile(&p, g, &backend_ref, &o));
    check_ok(plan_load(p, params));
    check_ok(workspace_new(&w, p));
    hash_values(x, 3 * AREA, "x");
    for (int c = 0; c < 20; c++) cotangent[c * AREA + R * S + C] = 1 + c;
    check_ok(plan_forward(w, &call, x, out));
    check_ok(plan_backward(w, &call, cotangent, dx, NULL));
    int seen = 0;
    for (int i = 0; i < 3 * AREA; i++) {
        const int at = i % AREA;
        if (at >= R * S + C) assert_true(dx[i] == 0);
        seen += dx[i] != 0;
    }
    assert_true(seen > 60); /* of 111 */
    assert_true(dx[R * S + C - 1] != 0 && dx[(R - 1) * S + C + 1] != 0 && dx[2 * AREA + R * S + C - 1] != 0);
    mem_free(params);
    workspace_free(w);
    plan_free(p);
    graph_free(g);
}

static void sizes_that_do_not_fit_are_refused(void **state)
{
    model_spec spec = small_spec(20);
    graph *g = NULL;
    (void)state;
    check_fails(model_spec_build(&g, &spec), JEM_EUSAGE, "sides that 8 divides, not 3x20x20; set data.size");
    spec = small_spec(16);
    spec.channels = 1;
    check_fails(model_spec_build(&g, &spec), JEM_EUSAGE, "3 channels");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_loss_are_the_golden_ones),
        cmocka_unit_test(gradients_and_a_step_are_the_golden_ones),
        cmocka_unit_test(parameters_are_the_published_ones),
        cmocka_unit_test(a_pixel_depends_on_those_before_it),
        cmocka_unit_test(sizes_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
