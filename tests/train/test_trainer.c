/* Training steps: learning, independence from threads and from what happens between. */
#include "train/trainer_rig.h"

#include "train/norm_init.h"

static void same_weights(const rig *a, const rig *b)
{
    assert_memory_equal(model_params(a->m), model_params(b->m),
                        (size_t)model_params_count(a->m) * sizeof(float));
}

static void a_classifier_overfits_one_batch(void **state)
{
    (void)state;
    rig *r = rig_new(8, (const char *[]){"alpha=0", "train.lr=1e-2", "train.iterations=80",
                                         "data.crop=false", "data.flip=false", NULL});
    assert_null(trainer_samples(&r->t));
    const eq8_report s = eq8_steps(r, 80);
    assert_true(s.loss.loss_d < 0.05);
    check_near(s.loss.accuracy, 1, 0, 1);
    assert_true(isnan(s.chain.movement) && isnan(s.loss.loss_g));
    rig_free(r);
}

static void a_hybrid_overfits_one_batch_and_keeps_its_energies_bounded(void **state)
{
    (void)state;
    rig *r = rig_new(8, (const char *[]){"alpha=0.5", "train.lr=3e-3", "train.iterations=80",
                                         "data.crop=false", "data.flip=false", NULL});
    const eq8_report s = eq8_steps(r, 80);
    assert_true(s.loss.loss_d < 0.3);
    assert_true(fabs(s.loss.loss_g) < 100);
    assert_true(s.chain.movement > 0);
    rig_free(r);
}

static void the_first_iteration_has_rate_zero(void **state)
{
    (void)state;
    rig *r = rig_new(24, NULL), *fresh = rig_new(24, NULL);
    step_report s = steps(r, 1);
    check_near(s.lr, 0, 0, 1);
    same_weights(r, fresh);
    steps(r, 1);
    assert_memory_not_equal(model_params(r->m), model_params(fresh->m), 4000);
    rig_free(r);
    rig_free(fresh);
}

static void threads_and_repetition_change_no_bit(void **state)
{
    (void)state;
    rig *a = rig_new(24, (const char *[]){"engine.threads=1", NULL});
    rig *b = rig_new(24, (const char *[]){"engine.threads=2", NULL});
    rig *c = rig_new(24, (const char *[]){"seed=2", NULL});
    step_report sa = steps(a, 4), sb = steps(b, 4);
    steps(c, 4);
    same_weights(a, b);
    assert_memory_equal(&sa, &sb, sizeof sa);
    assert_memory_equal(trainer_samples(&a->t)->images, trainer_samples(&b->t)->images,
                        40 * TINY_COUNT * sizeof(float));
    assert_memory_not_equal(model_params(a->m), model_params(c->m), 4000);
    rig_free(a);
    rig_free(b);
    rig_free(c);
}

static void sada_steps_do_not_depend_on_threads_and_learn(void **state)
{
    (void)state;
    rig *a = rig_new(24, (const char *[]){TINY_SADA, "train.epochs=20", "engine.threads=1", NULL});
    rig *b = rig_new(24, (const char *[]){TINY_SADA, "train.epochs=20", "engine.threads=2", NULL});
    const eq8_report first = eq8_steps(a, 1), sa = eq8_steps(a, 29), sb = eq8_steps(b, 30);
    same_weights(a, b);
    assert_memory_equal(&sa, &sb, sizeof sa);
    assert_memory_equal(trainer_samples(&a->t)->images, trainer_samples(&b->t)->images,
                        39 * TINY_COUNT * sizeof(float));
    assert_int_equal(eq8_state_of(&a->t)->batch.rows, 8 + 6 + 6);
    assert_int_equal(a->t.per_epoch, 4); /* passes over x+ */
    check_near(sa.loss.c, 1, 0, 1);
    assert_true(sa.loss.loss_d < 0.7 * first.loss.loss_d);
    rig_free(a);
    rig_free(b);
}

/* x+ is as it was drawn: whole images of the data, in an order of their own. */
static void generative_images_stay_unaugmented_where_asked(void **state)
{
    (void)state;
    rig *r = rig_new(24, (const char *[]){TINY_SADA, "data.noise_std=0", NULL});
    float *plain = NULL;
    const float *x = eq8_state_of(&r->t)->batch.x;
    int labelled = 0, generative = 0;
    check_ok(MEM_NEW(plain, TINY_COUNT));
    steps(r, 1);
    for (int64_t i = 0; i < 24; i++) {
        check_ok(dataset_floats(plain, r->data.train, &i, 1));
        for (int64_t row = 0; row < 14; row++)
            if (memcmp(plain, x + row * TINY_COUNT, TINY_COUNT * sizeof *x) == 0)
                *(row < 8 ? &labelled : &generative) += 1;
    }
    assert_int_equal(generative, 6);
    assert_true(labelled < 4);
    mem_free(plain);
    rig_free(r);
}

static void evaluating_and_sampling_in_between_change_nothing(void **state)
{
    (void)state;
    rig *a = rig_new(24, NULL), *b = rig_new(24, NULL);
    float *x = NULL, logits[4 * TINY_CLASSES], lse[4];
    check_ok(MEM_NEW(x, 4 * TINY_COUNT));
    for (int i = 0; i < 4; i++) {
        sgld_call call = {.options = &b->cfg.sampler, .step_size = 1,
                          .noise = {1, RNG_SAMPLE_NOISE, 0, 0}};
        steps(a, 1);
        steps(b, 1);
        check_ok(sgld_chain(b->m, &call, x, 4));
        check_ok(model_evaluate(b->m, x, 4, NULL, logits, lse, x));
        check_ok(model_feature(b->m, "layer2", eq8_state_of(&b->t)->batch.x, 1, NULL, NULL));
    }
    same_weights(a, b);
    mem_free(x);
    rig_free(a);
    rig_free(b);
}

static void shared_and_separate_batches_hold_what_they_should(void **state)
{
    (void)state;
    rig *shared = rig_new(24, (const char *[]){"train.share_batch=true", NULL});
    rig *apart = rig_new(24, NULL);
    steps(shared, 1);
    steps(apart, 1);
    assert_int_equal(eq8_state_of(&shared->t)->batch.rows, 16);
    assert_int_equal(eq8_state_of(&apart->t)->batch.rows, 24);
    size_t bytes = 8 * TINY_COUNT * sizeof(float);
    assert_memory_equal(eq8_state_of(&shared->t)->batch.x, eq8_state_of(&apart->t)->batch.x, bytes);
    const float *x = eq8_state_of(&apart->t)->batch.x;
    assert_memory_not_equal(x, x + 8 * TINY_COUNT, bytes);
    rig_free(shared);
    rig_free(apart);
}

static void class_conditional_chains_train(void **state)
{
    (void)state;
    rig *r = rig_new(24, (const char *[]){"sampler.class_conditional=true",
                                          "sampler.buffer_size=39", NULL});
    steps(r, 3);
    for (int i = 0; i < 8; i++)
        assert_int_equal(eq8_state_of(&r->t)->chains.index[i] / 13, eq8_state_of(&r->t)->chains.class[i]);
    rig_free(r);
}

static void averaged_weights_lag_behind(void **state)
{
    (void)state;
    rig *r = rig_new(24, (const char *[]){"train.ema=0.5", NULL});
    const float *p = model_params(r->m);
    steps(r, 2);
    float before = r->t.ema[0], first = p[0];
    assert_true(before != first);
    steps(r, 1);
    check_near(r->t.ema[0], 0.5 * (double)before + 0.5 * (double)p[0], 1e-6, 0);
    rig_free(r);
}

static void a_run_that_explodes_stops_with_its_own_code(void **state)
{
    (void)state;
    rig *r = rig_new(24, (const char *[]){"train.lr=100", "train.warmup=0",
                                          "train.iterations=50", NULL});
    step_report s;
    jem_status st = JEM_OK;
    for (int i = 0; i < 50 && st == JEM_OK; i++) st = trainer_step(&s, &r->t);
    assert_int_equal(st, JEM_EDIVERGED);
    rig_free(r);
}

/* With all weights zero the energy is flat: a chain's movement is its noise. */
static void chain_noise_is_new_in_every_iteration_and_ends_are_stored(void **state)
{
    (void)state;
    rig *r = rig_new(24, (const char *[]){"train.lr=0", "sampler.clip=false", NULL});
    const eq8_batch *s = &eq8_state_of(&r->t)->batch;
    const float *neg = s->x + s->negative * TINY_COUNT;
    float first = 0;
    memset(model_params(r->m), 0, (size_t)model_params_count(r->m) * sizeof(float));
    check_ok(model_params_changed(r->m));
    for (int i = 0; i < 2; i++) {
        steps(r, 1);
        float moved = neg[0] - eq8_state_of(&r->t)->chains.start[0];
        assert_true(fabs((double)(moved - first)) > 1e-4 && fabs((double)moved) < 0.1);
        first = moved;
        int64_t last = eq8_state_of(&r->t)->chains.index[7];
        assert_memory_equal(trainer_samples(&r->t)->images + last * TINY_COUNT, neg + 7 * TINY_COUNT,
                            TINY_COUNT * sizeof(float));
        assert_true(trainer_samples(&r->t)->age[last] > 0);
    }
    rig_free(r);
}

/* What processes that share batches will sum (data.ranks). */
static void gradients_of_the_ranks_average_to_that_of_the_common_batch(void **state)
{
    enum { RANKS = 2 };
    static const char *const set[RANKS][5] = {
        {"alpha=0", "train.batch=4", "data.ranks=2", "data.rank=0", NULL},
        {"alpha=0", "train.batch=4", "data.ranks=2", "data.rank=1", NULL}};
    (void)state;
    rig *one = rig_new(24, (const char *[]){"alpha=0", "train.batch=8", NULL}), *part[RANKS];
    double loss = 0, error = 0, norm = 0;
    const eq8_report s = eq8_steps(one, 1);
    for (int i = 0; i < RANKS; i++) {
        part[i] = rig_new(24, set[i]);
        loss += eq8_steps(part[i], 1).loss.loss_d / RANKS;
    }
    for (int64_t k = 0; k < one->t.optimizer.n; k++) {
        double whole = (double)eq8_state_of(&one->t)->batch.grad_d[k], sum = 0;
        for (int i = 0; i < RANKS; i++) sum += (double)eq8_state_of(&part[i]->t)->batch.grad_d[k];
        error += pow(sum / RANKS - whole, 2);
        norm += whole * whole;
    }
    check_near(loss, s.loss.loss_d, 1e-6, 1e-3);
    assert_true(norm > 0 && sqrt(error / norm) < 1e-5);
    for (int i = 0; i < RANKS; i++) rig_free(part[i]);
    rig_free(one);
}

/* ActNorm undoes any scale and shift of the layer before it. */
static void act_norm_takes_its_first_values_from_data(void **state)
{
    (void)state;
    rig *r = rig_new(24, (const char *[]){"model.norm=act", NULL});
    const param *w = graph_param(model_graph(r->m), "f.layer1.0.conv1.weight");
    const param *b = graph_param(model_graph(r->m), "f.layer1.0.conv1.bias");
    float *x = eq8_state_of(&r->t)->batch.x, first[8 * TINY_CLASSES], second[8 * TINY_CLASSES];
    check_ok(batcher_get(&r->t.labelled, 0, x, eq8_state_of(&r->t)->batch.y));

    check_ok(norm_init_from_data(r->m, x, 8));
    check_ok(model_evaluate(r->m, x, 8, NULL, first, NULL, NULL));
    for (int64_t i = 0; i < w->count; i++) model_params(r->m)[w->offset + i] *= 8;
    for (int64_t i = 0; i < b->count; i++) {
        float *bias = model_params(r->m) + b->offset + i;
        *bias = 8 * *bias + 5;
    }
    check_ok(model_params_changed(r->m));
    check_ok(model_evaluate(r->m, x, 8, NULL, second, NULL, NULL));
    assert_true(fabs((double)second[0] - (double)first[0]) > 1e-2);
    check_ok(norm_init_from_data(r->m, x, 8));
    check_ok(model_evaluate(r->m, x, 8, NULL, second, NULL, NULL));
    for (int i = 0; i < 8 * TINY_CLASSES; i++) check_near(second[i], first[i], 1e-3, 0.1);
    steps(r, 2);
    rig_free(r);
}

static void batch_norm_and_dropout_train(void **state)
{
    (void)state;
    rig *a = rig_new(24, (const char *[]){"model.norm=batch", "model.dropout=0.2",
                                          "engine.threads=1", NULL});
    rig *b = rig_new(24, (const char *[]){"model.norm=batch", "model.dropout=0.2", NULL});
    const param *mean = graph_param(model_graph(a->m), "f.bn1.running_mean");
    steps(a, 3);
    steps(b, 3);
    same_weights(a, b);
    assert_true(model_params(a->m)[mean->offset] != 0.0f);
    rig_free(a);
    rig_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_classifier_overfits_one_batch),
        cmocka_unit_test(a_hybrid_overfits_one_batch_and_keeps_its_energies_bounded),
        cmocka_unit_test(the_first_iteration_has_rate_zero),
        cmocka_unit_test(threads_and_repetition_change_no_bit),
        cmocka_unit_test(sada_steps_do_not_depend_on_threads_and_learn),
        cmocka_unit_test(generative_images_stay_unaugmented_where_asked),
        cmocka_unit_test(evaluating_and_sampling_in_between_change_nothing),
        cmocka_unit_test(shared_and_separate_batches_hold_what_they_should),
        cmocka_unit_test(class_conditional_chains_train),
        cmocka_unit_test(averaged_weights_lag_behind),
        cmocka_unit_test(a_run_that_explodes_stops_with_its_own_code),
        cmocka_unit_test(chain_noise_is_new_in_every_iteration_and_ends_are_stored),
        cmocka_unit_test(gradients_of_the_ranks_average_to_that_of_the_common_batch),
        cmocka_unit_test(act_norm_takes_its_first_values_from_data),
        cmocka_unit_test(batch_norm_and_dropout_train),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
