/* The networks against scripts/golden.py (PyTorch, double): logits, energies, image
 * gradients, both losses' parameter gradients, batch statistics; in double on the
 * reference backend.  What each name in the file means: header of that script.
 * And the gradients of a whole network against central differences. */
#include "support/wrn_spec.h"
#include "model/init.h"
#include "nn/gradient_check.h"
#include "tensor/safetensors.h"

static const double tolerance = 1e-9;

static const double *golden(const safetensors *f, const char *model, const char *what,
                            int64_t count)
{
    char name[128];
    snprintf(name, sizeof name, "%s/%s", model, what);
    int i = safetensors_find(f, name);
    if (i < 0) fail_msg("the golden file lacks %s", name);
    jem_tensor t = safetensors_view(f, i);
    assert_int_equal(t.dtype, JEM_F64);
    assert_int_equal(jem_tensor_count(&t), count);
    return t.data;
}

static void compare(const char *what, const double *got, const double *want, int64_t n)
{
    double scale = 0;
    for (int64_t i = 0; i < n; i++) scale = fmax(scale, fabs(want[i]));
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(got[i] - want[i]) <= tolerance * scale))
            fail_msg("%s[%d] is %.12g instead of %.12g", what, (int)i, got[i], want[i]);
}

/* |v|, its product with the hash vector "probe.NAME", and its first four elements. */
static void compare_digest(const char *name, const double *v, int64_t n, const double *want)
{
    char probe_name[128];
    double *probe = NULL, norm = sqrt(check_dot(v, v, n));

    check_ok(MEM_NEW(probe, n));
    snprintf(probe_name, sizeof probe_name, "probe.%s", name);
    hash_values(probe, n, probe_name);
    const double product = check_dot(v, probe, n), size = sqrt(check_dot(probe, probe, n));
    mem_free(probe);
    /* Biases before a norm have gradient 0 but for rounding: hence a least scale. */
    const double scale = fmax(norm, 1e-4);
    check_near(norm, want[0], tolerance, scale);
    check_near(product, want[1], tolerance, scale * size);
    for (int64_t i = 0; i < 4 && i < n; i++) check_near(v[i], want[2 + i], tolerance, scale);
}

typedef struct golden_case {
    const char *key; /* in the file */
    const char *name;
    norm_kind norm;
    bool train;
    int64_t n, classes, channels, side, proj;
} golden_case;

/* The network of a case with hash parameters; x <- hash("x"). */
static graph *open_case(checked *t, const golden_case *c, bool params)
{
    graph *g = NULL;
    model_spec spec = wrn_spec((model_spec){.classes = c->classes, .channels = c->channels,
                                            .height = c->side, .width = c->side},
                               (wrn_settings){.norm = c->norm, .proj = c->proj});
    const plan_options o = {.batch = c->n, .precision = JEM_F64, .backward_input = true,
                            .backward_params = params, .train = c->train};

    snprintf(spec.name, sizeof spec.name, "%s", c->name);
    check_ok(model_spec_build(&g, &spec));
    checked_open(t, g, &o);
    params_init_hash(t->params, g, 2.0);
    check_ok(plan_load(t->p, t->params));
    hash_values(t->x, t->n * t->size, "x");
    return g;
}

static double row_lse(const double *f, int64_t k)
{
    double sum = 0;
    for (int64_t j = 0; j < k; j++) sum += exp(f[j] - f[0]);
    return f[0] + log(sum);
}

/* Cotangent of sum_i weight LSE(x_i). */
static void lse_cotangent(checked *t, double weight)
{
    for (int64_t i = 0; i < t->n; i++) {
        const double lse = row_lse(t->logits + i * t->classes, t->classes);
        for (int64_t j = i * t->classes; j < (i + 1) * t->classes; j++)
            t->cotangent[j] = weight * exp(t->logits[j] - lse);
    }
}

static void check_forward_and_image_gradient(const safetensors *f, const golden_case *c, checked *t)
{
    double lse[2];
    check_ok(plan_forward(t->w, &t->call, t->x, t->logits));
    for (int64_t i = 0; i < t->n; i++) lse[i] = row_lse(t->logits + i * t->classes, t->classes);
    compare("logits", t->logits, golden(f, c->key, "logits", t->n * t->classes),
            t->n * t->classes);
    compare("lse", lse, golden(f, c->key, "lse", t->n), t->n);
    lse_cotangent(t, 1.0);
    check_ok(plan_backward(t->w, &t->call, t->cotangent, t->dx, NULL));
    if (c->n == 2 && c->norm == NORM_NONE)
        compare("grad", t->dx, golden(f, c->key, "grad", t->n * t->size), t->n * t->size);
    else
        compare_digest("grad", t->dx, t->n * t->size, golden(f, c->key, "grad", 6));
}

/* total <- gradient of l_D (labels 3, 7), for x = hash("x"). */
static double gradient_d(checked *t, double *total)
{
    const int64_t labels[] = {3, 7};
    double loss = 0;

    check_ok(plan_forward(t->w, &t->call, t->x, t->logits));
    lse_cotangent(t, 0.5);
    for (int64_t i = 0; i < 2; i++) {
        const double *row = t->logits + i * t->classes;
        t->cotangent[i * t->classes + labels[i]] -= 0.5;
        loss += (row_lse(row, t->classes) - row[labels[i]]) / 2;
    }
    check_ok(plan_backward(t->w, &t->call, t->cotangent, NULL, total));
    return loss;
}

/* total <- gradient of l_G with x+ = hash("x"), x- = hash("xq"). */
static double gradient_g(checked *t, double *total)
{
    double loss = 0;
    for (int part = 0; part < 2; part++) {
        const double sign = part ? 1 : -1;
        hash_values(t->moved_x, t->n * t->size, part ? "xq" : "x");
        check_ok(plan_forward(t->w, &t->call, t->moved_x, t->logits));
        for (int64_t i = 0; i < 2; i++)
            loss += sign * row_lse(t->logits + i * t->classes, t->classes) / 2;
        lse_cotangent(t, sign / 2);
        check_ok(plan_backward(t->w, &t->call, t->cotangent, NULL, t->dparams));
        for (int64_t i = 0; i < t->g->param_elements; i++)
            total[i] = part ? total[i] + t->dparams[i] : t->dparams[i];
    }
    return loss;
}

static double check_loss_gradient(const safetensors *f, const golden_case *c, const char *which,
                                  const graph *g, const double *total)
{
    double squares = 0;
    char what[128];
    for (int i = 0; i < g->param_count; i++) {
        const param *p = &g->params[i];
        if (!check_trained(g, p->offset)) continue;
        snprintf(what, sizeof what, "%s/%s", which, p->name);
        compare_digest(p->name, total + p->offset, p->count, golden(f, c->key, what, 6));
        squares += check_dot(total + p->offset, total + p->offset, p->count);
    }
    return sqrt(squares);
}

static void check_batch_statistics(const safetensors *f, const golden_case *c, checked *t)
{
    char name[128], what[160];
    t->call.batch_stats = t->moved_params;
    check_ok(plan_forward(t->w, &t->call, t->x, t->logits));
    t->call.batch_stats = NULL;
    for (int i = 0; i < t->g->param_count; i++) {
        const param *p = &t->g->params[i];
        if (p->role != PARAM_RUNNING_MEAN && p->role != PARAM_RUNNING_VAR) continue;
        snprintf(name, sizeof name, "%s", p->name);
        *strrchr(name, '.') = '\0'; /* without .running_mean */
        snprintf(what, sizeof what, "batch_%s/%s", p->role == PARAM_RUNNING_MEAN ? "mean" : "var",
                 name);
        compare(what, t->moved_params + p->offset, golden(f, c->key, what, p->count), p->count);
    }
}

static safetensors *open_values(void)
{
    safetensors *f = NULL;
    check_ok(safetensors_open(&f, JEM_SOURCE_DIR "/tests/golden/values.safetensors"));
    return f;
}

static void small_networks_and_their_losses_match_pytorch(void **state)
{
    (void)state;
    const golden_case cases[] = {
        {"wrn-10-2", "wrn-10-2", NORM_NONE, true, 2, 10, 3, 32, 0},
        {"wrn-10-2-batch", "wrn-10-2", NORM_BATCH, true, 2, 10, 3, 32, 0},
        {"wrn-10-2-batch-eval", "wrn-10-2", NORM_BATCH, false, 2, 10, 3, 32, 0},
        {"wrn-10-2-instance", "wrn-10-2", NORM_INSTANCE, true, 2, 10, 3, 32, 0},
        {"wrn-10-2-layer", "wrn-10-2", NORM_LAYER, true, 2, 10, 3, 32, 0},
        {"wrn-10-2-act", "wrn-10-2", NORM_ACT, true, 2, 10, 3, 32, 0},
    };
    safetensors *f = open_values();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const golden_case *c = &cases[i];
        const double *losses = golden(f, c->key, "losses", 5);
        double *total = NULL;
        checked t;
        graph *g = open_case(&t, c, true);

        check_ok(MEM_NEW(total, g->param_elements));
        check_forward_and_image_gradient(f, c, &t);
        check_near(gradient_d(&t, total), losses[0], tolerance, 0);
        check_near(check_loss_gradient(f, c, "grad_d", g, total), losses[3], tolerance, 0);
        if (c->norm <= NORM_BATCH) {
            check_near(gradient_g(&t, total), losses[2], tolerance, 1);
            check_near(check_loss_gradient(f, c, "grad_g", g, total), losses[4], tolerance, 0);
        }
        if (c->norm == NORM_BATCH && c->train) check_batch_statistics(f, c, &t);
        mem_free(total);
        checked_close(&t);
        graph_free(g);
    }
    safetensors_close(f);
}

static void the_gloss_head_matches_pytorch(void **state)
{
    (void)state;
    const golden_case c = {"wrn-10-2-gloss", "wrn-10-2", NORM_NONE, false, 1, 2, 3, 128, 10};
    safetensors *f = open_values();
    checked t;
    graph *g = open_case(&t, &c, false);
    check_forward_and_image_gradient(f, &c, &t);
    checked_close(&t);
    graph_free(g);
    safetensors_close(f);
}

static void twenty_langevin_steps_match_pytorch(void **state)
{
    (void)state;
    const golden_case c = {"wrn-10-2", "wrn-10-2", NORM_NONE, false, 2, 10, 3, 32, 0};
    safetensors *f = open_values();
    checked t;
    double lse[4];
    graph *g = open_case(&t, &c, false);

    hash_values(t.x, t.n * t.size, "xq");
    for (int k = 0; k <= 20; k++) {
        check_ok(plan_forward(t.w, &t.call, t.x, t.logits));
        for (int i = 0; i < 2 && k % 20 == 0; i++)
            lse[k / 10 + i] = row_lse(t.logits + i * 10, 10);
        lse_cotangent(&t, 1.0);
        check_ok(plan_backward(t.w, &t.call, t.cotangent, t.dx, NULL));
        for (int64_t i = 0; i < t.n * t.size && k < 20; i++)
            t.x[i] = fmin(1, fmax(-1, t.x[i] + (1 - k / 20.0) * t.dx[i]));
    }
    compare("chain_lse", lse, golden(f, "wrn-10-2", "chain_lse", 4), 4);
    checked_close(&t);
    graph_free(g);
    safetensors_close(f);
}

static void whole_networks_agree_with_central_differences(void **state)
{
    (void)state;
    const norm_kind norms[] = {NORM_NONE, NORM_BATCH, NORM_INSTANCE, NORM_LAYER, NORM_ACT};
    for (int i = 0; i < 5; i++) {
        for (int train = 0; train < 2; train++) {
            graph *g = NULL;
            const model_spec spec = wrn_spec(
                (model_spec){.name = "wrn-10-1", .classes = 4, .channels = 3, .height = 13, .width = 11},
                (wrn_settings){.norm = norms[i], .dropout = train ? 0.1 : 0, .pool = POOL_ADAPTIVE,
                               .proj = i == 0 ? 5 : 0});
            check_ok(model_spec_build(&g, &spec));
            check_gradients("wrn-10-1", g, 1 + i % 2, train);
            graph_free(g);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_networks_and_their_losses_match_pytorch),
        cmocka_unit_test(the_gloss_head_matches_pytorch),
        cmocka_unit_test(twenty_langevin_steps_match_pytorch),
        cmocka_unit_test(whole_networks_agree_with_central_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
