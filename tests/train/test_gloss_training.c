/* The gloss ResNet through the training loop: batch norms without running statistics, SGD that spares norms. */
#include "train/trainer_rig.h"

#include "train/validate.h"

static const char *const recipe[] = {
    "alpha=0", "model.name=gloss-resnet", "model.width=8", "model.blocks=1", "model.proj=4", "model.together=4",
    "data.crop=false", "data.flip=false", "train.warmup=0", "train.optimizer=sgd", "train.lr=0.02",
    "train.weight_decay=2e-4", "train.weight_decay_of=layers", "train.schedule=exponential", "train.lr_decay=0.99", NULL};

static const float *values_of(const rig *r, const char *name)
{
    const param *p = graph_param(model_graph(r->m), name);
    assert_non_null(p);
    return model_params(r->m) + p->offset;
}

static void it_learns_and_its_rate_shrinks(void **state)
{
    (void)state;
    rig *r = rig_new(48, recipe);
    validation before, after;
    check_ok(validate(&before, r->m, r->data.val));
    assert_true(values_of(r, "conv0/gamma")[0] == 1 && values_of(r, "out/fc_bias")[0] == 0);
    const step_report first = steps(r, 1), last = steps(r, 59);
    check_near(first.lr, 0.02 * 0.99, 1e-12, 0);
    check_near(last.lr, 0.02 * pow(0.99, 60), 1e-12, 0);
    assert_true(values_of(r, "conv0/gamma")[0] != 1);
    check_ok(validate(&after, r->m, r->data.val));
    assert_true(after.nll < before.nll / 2);
    assert_true(after.accuracy > 0.9);
    rig_free(r);
}

/* With chains, which take groups of images, too. */
static void it_trains_along_alpha(void **state)
{
    (void)state;
    rig *r = rig_new(48, (const char *const[]){"model.name=gloss-resnet", "model.width=8", "model.blocks=1", "model.proj=4",
                                               "model.together=3", "alpha=0.5", NULL});
    const eq8_report s = eq8_steps(r, 4);
    assert_true(isfinite(s.loss.loss_d) && isfinite(s.loss.loss_g));
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_learns_and_its_rate_shrinks),
        cmocka_unit_test(it_trains_along_alpha),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
