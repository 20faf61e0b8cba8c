/* Three steps of Adam with its L2 term on a classifier with batch norms, from hash parameters on two
 * pictures, against PyTorch in double (scripts/golden_networks.py cifar): losses before each step and
 * after the last, through the whole path of a training with alpha = 0. */
#include "support/check.h"

#include "base/mem.h"
#include "model/cifar.h"
#include "model/model.h"
#include "support/hash_fill.h"
#include "train/eq8_batch.h"

enum { BATCH = 2, STEPS = 3 };

typedef struct golden_steps {
    const char *name;
    int64_t width;
    double losses[STEPS + 1];
} golden_steps;

static model *open_model(const golden_steps *of, const char *on)
{
    model *m = NULL;
    model_spec spec = cifar_usual;
    engine_spec engine = {.threads = 2};
    double *v = NULL;

    check_ok(model_spec_name(&spec, network_list, of->name));
    cifar_settings *s = (void *)&spec.settings;
    s->input = 1; /* own */
    if (of->width) s->width = of->width;
    snprintf(engine.device, sizeof engine.device, "%s", on);
    check_ok(model_new(&m, &spec, &engine));
    check_ok(MEM_NEW(v, model_params_count(m)));
    hash_fill(v, model_graph(m));
    for (int64_t i = 0; i < model_params_count(m); i++) model_params(m)[i] = (float)v[i];
    mem_free(v);
    check_ok(model_params_changed(m));
    return m;
}

static void check_steps(const golden_steps *of, const char *on)
{
    const optimizer_options adam = {.kind = OPTIMIZER_ADAM, .beta1 = 0.9, .beta2 = 0.999, .adam_eps = 1e-8,
                                    .weight_decay = 1e-4};
    model *m = open_model(of, on);
    const int64_t size = BATCH * model_input_count(m);
    optimizer a;
    eq8_batch s;
    double *x = NULL;

    check_ok(eq8_batch_init(&s, m, &(eq8_batch_options){.batch = BATCH}));
    check_ok(optimizer_init(&a, &adam, model_params_count(m)));
    check_ok(MEM_NEW(x, size));
    hash_values(x, size, "x");
    for (int64_t i = 0; i < size; i++) s.x[i] = (float)x[i];
    s.y[0] = 3;
    s.y[1] = 7;
    for (int it = 0; it <= STEPS; it++) {
        eq8_result r;
        check_ok(eq8_batch_gradients(&r, &s, m, (rng_stream){1, RNG_DROPOUT, 0, 0}));
        check_near(r.loss_d, of->losses[it], 1e-3, 1);
        const direction d = eq8_batch_direction(&s, &r);
        check_ok(optimizer_step(&a, model_backend(m), model_pool(m), model_params(m), &d, 1e-3, it + 1));
        eq8_batch_update_running(&s, m);
        check_ok(model_params_changed(m));
    }
    mem_free(x);
    eq8_batch_clear(&s);
    optimizer_clear(&a);
    model_free(m);
}

static const golden_steps resnet_20 = {"resnet-20", 0, {2.26785021104, 1.00891353967, 0.433346987031, 0.192825817157}};

static void resnet_20_descends_as_in_pytorch(void **state)
{
    (void)state;
    check_steps(&resnet_20, "cpu");
}

static void resnet_20_descends_so_on_the_reference_backend(void **state)
{
    (void)state;
    check_steps(&resnet_20, "ref");
}

static void grouped_convolutions_descend_as_in_pytorch(void **state)
{
    (void)state;
    check_steps(&(golden_steps){"resnext-11-2x8d", 8, {2.83634820082, 2.37981739588, 1.9859237754, 1.64330858073}}, "cpu");
}

static void vgg_15_descends_as_in_pytorch(void **state)
{
    (void)state;
    check_steps(&(golden_steps){"vgg-15", 0, {3.23610088028, 0.485575542802, 0.00575102422278, 0.00900222010217}}, "cpu");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resnet_20_descends_as_in_pytorch),
        cmocka_unit_test(resnet_20_descends_so_on_the_reference_backend),
        cmocka_unit_test(grouped_convolutions_descend_as_in_pytorch),
        cmocka_unit_test(vgg_15_descends_as_in_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
