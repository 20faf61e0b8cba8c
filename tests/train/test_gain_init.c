/* First gains and biases from data, against the golden network of an independent program in double. */
#include "support/golden_pixelvae.h"

#include "train/gain_init.h"
#include "train/trainer_rig.h"

typedef struct told {
    double noise[LATENTS][2], eps[IMAGES * LATENTS];
} told;

static void set_noise(void *ctx, int64_t picture)
{
    told *t = ctx;
    for (int d = 0; d < LATENTS; d++) t->noise[d][0] = t->eps[picture * LATENTS + d];
}

static void check_values(const graph *g, const double *params, const char *name, const double *want, int count)
{
    for (int i = 0; i < g->param_count; i++) {
        if (strcmp(g->params[i].name, name) != 0) continue;
        for (int k = 0; k < count; k++) check_near(params[g->params[i].offset + k], want[k], 1e-9, 1);
        return;
    }
    fail_msg("no parameter %s", name);
}

static double squares(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i] * x[i];
    return sum;
}

static void gains_and_biases_are_the_golden_ones(void **state)
{
    static told t;
    static double x[IMAGES * IN], out[IMAGES * OUT], d[OUT];
    const model_spec spec = small_spec(SIDE);
    graph *g = NULL, *fresh = NULL;
    plan *p = NULL;
    workspace *w = NULL;
    double loss = 0;
    (void)state;
    picture(x);
    hash_values(t.eps, IMAGES * LATENTS, "eps");
    check_ok(pixelvae_graph(&g, &spec, (const double(*)[2])t.noise));
    double *params = hash_params(g);
    check_ok(gain_init_from_data(&(gain_init){.g = g, .b = &backend_ref, .dtype = JEM_F64, .params = params, .x = x,
                                              .n = IMAGES, .each = set_noise, .ctx = &t}));
    check_values(g, params, "encoder.conv2d_0.g", (const double[]){1.749147159, 1.79949541, 2.066725066}, 3);
    check_values(g, params, "encoder.conv2d_0.b", (const double[]){0.01516018754, -0.1003463999, 0.1752010424}, 3);
    check_values(g, params, "model.conv2d_0.g", (const double[]){2.114912532, 2.098406749, 2.200100556}, 3);
    check_values(g, params, "model.deconv2d_0.g", (const double[]){2.069956117, 2.66499907}, 2);
    check_ok(pixelvae_graph(&fresh, &spec, (const double(*)[2])t.noise));
    check_ok(plan_compile(&p, fresh, &backend_ref, &(plan_options){.batch = 1, .precision = JEM_F64}));
    check_ok(plan_load(p, params));
    check_ok(workspace_new(&w, p));
    for (int i = 0; i < IMAGES; i++) {
        set_noise(&t, i);
        check_ok(plan_forward(w, &(plan_call){.count = 1}, x + i * IN, out + i * OUT));
        loss += image_loss(d, out + i * OUT, x + i * IN);
    }
    check_near(sqrt(squares(out, IMAGES * OUT)), 101.1928843, 1e-9, 101);
    check_near(loss, 10562.65855, 1e-9, 10562);
    workspace_free(w);
    plan_free(p);
    mem_free(params);
    graph_free(fresh);
    graph_free(g);
}

/* The training's own: as the setting says, in its first step alone, and the averages begin there. */
static void a_training_begins_with_them(void **state)
{
    (void)state;
    static const char *const set[] = {TINY_PIXELVAE, "train.batch=4", "train.ema=0.9", "model.data_init=true", NULL};
    static const char *const without[] = {TINY_PIXELVAE, "train.batch=4", "train.ema=0.9", NULL};
    rig *r = rig_new(12, set), *plain = rig_new(12, without);
    const float *x;
    int64_t n, changed = 0;
    const int64_t count = model_params_count(r->m);
    assert_memory_equal(model_params(r->m), model_params(plain->m), (size_t)count * sizeof *x);
    check_ok(r->t.objective->draw(&x, &n, &r->t));
    for (int64_t k = 0; k < count; k++) changed += model_params(r->m)[k] != model_params(plain->m)[k];
    assert_true(changed > 0 && changed < count / 4); /* gains and biases, no directions */
    assert_memory_equal(r->t.ema, model_params(r->m), (size_t)count * sizeof *x);
    float *before = NULL;
    check_ok(MEM_NEW(before, count));
    steps(r, 1);
    memcpy(before, model_params(r->m), (size_t)count * sizeof *before);
    check_ok(r->t.objective->draw(&x, &n, &r->t));
    assert_memory_equal(before, model_params(r->m), (size_t)count * sizeof *before);
    mem_free(before);
    rig_free(r);
    rig_free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gains_and_biases_are_the_golden_ones),
        cmocka_unit_test(a_training_begins_with_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
