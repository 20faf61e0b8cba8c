/* Training a PixelVAE: one step against the same network in double, what is refused, that it learns, the order of
 * its batches, its optimiser and its schedule. */
#include "train/trainer_rig.h"

#include "energy/logistic_mixture.h"
#include "model/pixelvae.h"
#include "train/objective_pixelvae.h"
#include "train/schedule.h"

enum { BATCH = 4, AREA = TINY_SIDE * TINY_SIDE, MIXTURES = 2 };

static rig *vae_rig(int64_t images, const char *const *more)
{
    const char *set[40] = {TINY_PIXELVAE, "train.batch=4"};
    int count = 0, k = 0;
    while (set[count]) count++;
    for (; more && more[k]; k++) set[count + k] = more[k];
    return rig_new(images, set);
}

static double value_of(const step_report *s, const char *column)
{
    for (int i = 0; i < objective_pixelvae.column_count; i++)
        if (objective_pixelvae.columns[i].name && strcmp(objective_pixelvae.columns[i].name, column) == 0)
            return objective_number(&s->own, &objective_pixelvae.columns[i]);
    fail_msg("no column %s", column);
    return NAN;
}

/* Loss and gradient of a batch by the reference in double, pictures one by one; owned. */
static double reference(double **gradient, const rig *r, const float *x, rng_stream noise, bool train)
{
    const graph *g = model_graph(r->m);
    const plan_options o = {.batch = 1, .precision = JEM_F64, .backward_params = true, .train = train};
    double *params = NULL, *sum = NULL, *one = NULL, loss = 0, in[TINY_COUNT];
    double out[10 * MIXTURES * AREA], d[10 * MIXTURES * AREA], l[10 * MIXTURES], dl[10 * MIXTURES];
    plan *p = NULL;
    workspace *w = NULL;

    check_ok(MEM_NEW(params, g->param_elements));
    check_ok(MEM_NEW(sum, g->param_elements));
    check_ok(MEM_NEW(one, g->param_elements));
    for (int64_t k = 0; k < g->param_elements; k++) params[k] = (double)model_params(r->m)[k];
    check_ok(plan_compile(&p, g, &backend_ref, &o));
    check_ok(plan_load(p, params));
    check_ok(workspace_new(&w, p));
    for (int i = 0; i < BATCH; i++) {
        const plan_call call = {.count = 1, .dropout = noise, .image0 = (uint32_t)i};
        for (int k = 0; k < TINY_COUNT; k++) in[k] = (double)x[i * TINY_COUNT + k];
        check_ok(plan_forward(w, &call, in, out));
        for (int q = 0; q < AREA; q++) {
            for (int c = 0; c < 10 * MIXTURES; c++) l[c] = out[c * AREA + q];
            loss += mixture_loss(dl, l, (double[3]){in[q], in[AREA + q], in[2 * AREA + q]}, MIXTURES);
            for (int c = 0; c < 10 * MIXTURES; c++) d[c * AREA + q] = dl[c];
        }
        check_ok(plan_backward(w, &call, d, NULL, one));
        for (int64_t k = 0; k < g->param_elements; k++) sum[k] += one[k];
    }
    workspace_free(w);
    plan_free(p);
    mem_free(params);
    mem_free(one);
    *gradient = sum;
    return loss;
}

static void a_step_is_that_of_the_network_in_double(void **state)
{
    (void)state;
    rig *r = vae_rig(12, NULL);
    const objective *o = r->t.objective;
    const float *x;
    int64_t n;
    step_report s;
    direction d;
    double *want = NULL, apart = 0, size = 0;

    assert_ptr_equal(o, &objective_pixelvae);
    steps(r, 2); /* so that the stream is not the first one's */
    o->begin(&s, &r->t, 0);
    check_ok(o->draw(&x, &n, &r->t));
    assert_int_equal(n, BATCH);
    for (int i = 0; i < BATCH; i++) /* of 12 pictures in their order: the third batch */
        for (int k = 0; k < TINY_COUNT; k++)
            check_near(x[i * TINY_COUNT + k], (r->data.train->pixels[(8 + i) * TINY_COUNT + k] - 127.5) / 127.5, 1e-6, 1);
    const double loss = reference(&want, r, x, (rng_stream){1, RNG_DROPOUT, 2, 0}, true);
    check_ok(o->gradients(&s, &d, &r->t));
    check_near(value_of(&s, "nll"), loss / BATCH, 1e-5, 1);
    check_near(value_of(&s, "bits_dim"), loss / BATCH / (log(2) * TINY_COUNT), 1e-5, 1);
    assert_true(d.h == NULL && d.a == 1);
    for (int64_t k = 0; k < model_params_count(r->m); k++) {
        apart += pow((double)d.g[k] - want[k], 2);
        size += want[k] * want[k];
    }
    if (!(apart <= 1e-8 * size)) fail_msg("gradient %.3g apart", sqrt(apart / size));
    check_near(value_of(&s, "gradient"), sqrt(size), 1e-4, 1);
    mem_free(want);
    rig_free(r);
}

/* In evaluation mode, but with a drawn code, which is the same each time and another for each picture. */
static void validation_draws_a_code_without_dropout(void **state)
{
    (void)state;
    rig *r = vae_rig(12, NULL);
    float x[BATCH * TINY_COUNT];
    double *unused = NULL, loss[BATCH], again[2], all = 0;
    validation v = {0, 0};
    int64_t index[BATCH] = {0, 1, 2, 3};

    steps(r, 3);
    check_ok(dataset_floats(x, r->data.val, index, BATCH));
    check_ok(pixelvae_losses(loss, r->m, x, BATCH, 1, 0));
    const double want = reference(&unused, r, x, (rng_stream){1, RNG_SAMPLE_NOISE, 0, 0}, false);
    check_near(loss[0] + loss[1] + loss[2] + loss[3], want, 1e-5, 1);
    check_ok(pixelvae_losses(again, r->m, x + 2 * TINY_COUNT, 2, 1, 2));
    assert_memory_equal(again, loss + 2, sizeof again);
    check_ok(pixelvae_losses(again, r->m, x + 2 * TINY_COUNT, 2, 1, 0));
    assert_true(again[0] != loss[2]);

    assert_int_equal(r->data.val->n, 6); /* one batch and a rest */
    check_ok(objective_pixelvae.validate(&v, &r->t, r->data.val));
    assert_true(isnan(v.accuracy));
    for (int i = 0; i < BATCH; i++) all += loss[i];
    check_ok(dataset_floats(x, r->data.val, (int64_t[]){4, 5}, 2));
    check_ok(pixelvae_losses(loss, r->m, x, 2, 1, 4));
    check_near(v.nll, (all + loss[0] + loss[1]) / 6, 1e-12, 1);
    mem_free(unused);
    rig_free(r);
}

/* Sums over many pixels have steep gradients where they are well; what diverges is judged by dimension. */
static void verdicts_go_by_dimension(void **state)
{
    (void)state;
    const objective *o = &objective_pixelvae;
    const health_options limits = {.max_loss = 1e4, .max_gradient = 1e7, .patience = 25};
    health_state h = {.last = 0};
    objective_report r = {{0}};
    for (int i = 0; i < o->column_count; i++) {
        const objective_column *c = &o->columns[i];
        const double value = !c->name ? 1e3 : strcmp(c->name, "gradient") == 0 ? 1e9 : 5;
        memcpy((char *)r.values + c->at, &value, sizeof value);
    }
    check_ok(health_step(&h, o->rules, &limits, &r, 1));
    for (int i = 0; i < o->column_count; i++)
        if (!o->columns[i].name) memcpy((char *)r.values + o->columns[i].at, &(double){2e7}, sizeof(double));
    check_fails(health_step(&h, o->rules, &limits, &r, 2), JEM_EDIVERGED, "a dimension is beyond health.max_gradient");
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    rig *a = vae_rig(12, (const char *[]){"engine.threads=1", "engine.chunk=1", NULL});
    rig *b = vae_rig(12, (const char *[]){"engine.threads=3", "engine.chunk=1", NULL});
    steps(a, 3);
    steps(b, 3);
    assert_memory_equal(model_params(a->m), model_params(b->m), (size_t)model_params_count(a->m) * sizeof(float));
    rig_free(a);
    rig_free(b);
}

static void it_learns_few_pictures(void **state)
{
    (void)state;
    rig *r = vae_rig(4, (const char *[]){"train.lr=3e-3", "model.dropout=0", "train.ema=0.9", NULL});
    const step_report first = steps(r, 1), last = steps(r, 120);
    assert_true(value_of(&first, "bits_dim") > 7.5);
    if (!(value_of(&last, "bits_dim") < 7))
        fail_msg("%.3f bits/dim after %.3f", value_of(&last, "bits_dim"), value_of(&first, "bits_dim"));
    rig_free(r);
}

static void refused(const char *setting, const char *words)
{
    config c;
    const char *set[40] = {TINY_PIXELVAE, setting};
    int count = 0;
    while (set[count]) count++;
    check_ok(config_defaults(&c, &config_builtin));
    check_ok(config_assign(&c, set, count));
    check_fails(config_check(&c), JEM_EUSAGE, words);
}

static void settings_that_contradict_it_are_refused(void **state)
{
    (void)state;
    config c;
    refused("alpha=0.5", "train.objective = pixelvae learns no labels: alpha = 0.5 must be 1");
    refused("data.noise_std=0.03", "data.noise_std = 0.03 must be 0");
    refused("train.objective=auto", "model.name = pixelvae gives no logits for train.objective = eq8");
    refused("train.select=accuracy", "no labels are learned");
    refused("train.select=fd-pix", "there are no samples");
    check_ok(config_defaults(&c, &config_builtin));
    check_ok(config_assign(&c, (const char *[]){"train.objective=pixelvae", "alpha=1", "data.noise_std=0"}, 3));
    check_fails(config_check(&c), JEM_EUSAGE, "model.name is wrn-28-10");
    check_ok(config_defaults(&c, &config_builtin));
    check_ok(config_assign(&c, (const char *[]){"train.select=nll"}, 1));
    check_fails(config_check(&c), JEM_EUSAGE, "train.select is nll");
}

static void the_rate_falls_before_every_step(void **state)
{
    (void)state;
    train_options o = {.lr = 1e-3, .schedule = SCHEDULE_EXPONENTIAL, .lr_decay = 0.999995};
    check_near(schedule_lr(&o, 0, 100), 1e-3 * 0.999995, 1e-15, 0);
    check_near(schedule_lr(&o, 599 * 200 - 1, 599 * 200), 5.5e-4, 2e-3, 0);
}

static void eps_stands_inside_the_root(void **state)
{
    (void)state;
    float theta = 1, m = 0, v = 0;
    const float g[2] = {1e-4f, 3e-4f};
    double dm = 0, dv = 0, want = 1;
    for (int t = 1; t <= 2; t++) {
        const adam_update u = {.lr = 1e-3, .beta1 = 0.95, .beta2 = 0.9995, .eps = 1e-8, .step = t, .eps_inside = true};
        backend_ref.adam(&theta, &m, &v, &g[t - 1], NULL, 1, 0, 1, &u);
        dm = 0.95 * dm + 0.05 * (double)g[t - 1];
        dv = 0.9995 * dv + 0.0005 * (double)g[t - 1] * (double)g[t - 1];
        want -= 1e-3 * dm / (1 - pow(0.95, t)) / sqrt(dv / (1 - pow(0.9995, t)) + 1e-8);
        check_near(theta, want, 1e-7, 1);
    }
    assert_true(want < 1 - 1.2e-3 && want > 1 - 2e-3); /* outside it would be two whole rates */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_that_of_the_network_in_double),
        cmocka_unit_test(validation_draws_a_code_without_dropout),
        cmocka_unit_test(verdicts_go_by_dimension),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(it_learns_few_pictures),
        cmocka_unit_test(settings_that_contradict_it_are_refused),
        cmocka_unit_test(the_rate_falls_before_every_step),
        cmocka_unit_test(eps_stands_inside_the_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
