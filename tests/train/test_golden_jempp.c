/* Training steps of JEM++ and SADA-JEM with given images, against PyTorch in double precision.
 * The recipe is in scripts/golden_jempp.py. */
#include "train/golden_rig.h"

#include "sample/sgld.h"
#include "train/eq8_batch.h"
#include "train/schedule.h"
#include "train/sharpness.h"

enum { GENERATIVE = 4, STEPS = 6, COLUMNS = 8, SIZE = 3 * 32 * 32 };

typedef struct recipe {
    int64_t labelled, langevin;
    double sigma, weight_decay, rho;
    int sharpness;
} recipe;

typedef struct rig {
    const recipe *of;
    model *m;
    eq8_batch s;
    optimizer a;
    sharpness up;
    int it;
} rig;

static void inject(void *ctx, float *noise, int64_t size, int64_t t, int64_t i)
{
    const rig *r = ctx;
    float *all = NULL;
    char name[32];
    snprintf(name, sizeof name, "noise.%d", r->it);
    check_ok(MEM_NEW(all, GENERATIVE * size));
    golden_hash(all, name, (int)t, GENERATIVE * size);
    memcpy(noise, all + i * size, (size_t)size * sizeof *noise);
    mem_free(all);
}

static void run_chain(rig *r, float *x)
{
    const sampler_options o = {.steps = r->of->langevin, .step_size = 1, .decay = DECAY_CONSTANT,
                               .update = UPDATE_CLAMPED, .noise_std = r->of->sigma, .clip = true,
                               .clip_min = -1, .clip_max = 1};
    const sgld_call call = {.options = &o, .step_size = 1, .inject = inject, .inject_ctx = r,
                            .trace = &r->s.chain};
    check_ok(sgld_chain(r->m, &call, x, GENERATIVE));
}

static void one_step(rig *r, double row[COLUMNS])
{
    eq8_batch *s = &r->s;
    const rng_stream dropout = {1, RNG_DROPOUT, 0, 0};
    const train_options o = {.lr = 0.1, .warmup = 2, .schedule = SCHEDULE_MULTISTEP,
                             .milestones = {1, {4.0 / STEPS}}, .milestone_factor = 0.2};
    float *theta = model_params(r->m), *neg = s->x + s->negative * SIZE;
    eq8_result l, uphill;
    double sum = 0;

    golden_hash(s->x + s->labelled * SIZE, "x", r->it, r->of->labelled * SIZE);
    golden_labels(s->y, r->it, r->of->labelled);
    golden_hash(s->x + s->positive * SIZE, "xplus", r->it, GENERATIVE * SIZE);
    golden_hash(neg, "start", r->it, GENERATIVE * SIZE);
    run_chain(r, neg);
    check_ok(eq8_batch_gradients(&l, s, r->m, dropout));
    uphill = l;
    if (r->of->sharpness != SHARPNESS_NONE) {
        direction d = eq8_batch_direction(s, &l);
        sharpness_ascend(&r->up, theta, &d);
        check_ok(model_params_changed(r->m));
        check_ok(eq8_batch_gradients_again(&uphill, s, r->m, dropout));
        sharpness_return(&r->up, theta);
    }
    direction d = eq8_batch_direction(s, &uphill);
    double lr = schedule_lr(&o, r->it, STEPS);
    check_ok(optimizer_step(&r->a, model_backend(r->m), model_pool(r->m), theta, &d, lr, r->it + 1));
    eq8_batch_update_running(s, r->m);
    check_ok(model_params_changed(r->m));
    for (int i = 0; i < GENERATIVE * SIZE; i++) sum += (double)neg[i];
    const double values[COLUMNS] = {lr, l.loss_d, l.loss_g, l.g_d, l.g_g, l.lse_pos, l.lse_neg, sum};
    memcpy(row, values, sizeof values);
}

static void compare(const char *file, const recipe *of, double allowed)
{
    double got[STEPS][COLUMNS];
    rig r = {.of = of, .m = golden_model(NORM_BATCH, "cpu")};
    const eq8_batch_options o = {.batch = of->labelled, .alpha = 0.5, .loss = LOSS_SUM,
                                 .generative_batch = GENERATIVE};
    const optimizer_options sgd = {.kind = OPTIMIZER_SGD, .momentum = 0.9,
                                   .weight_decay = of->weight_decay};
    check_ok(eq8_batch_init(&r.s, r.m, &o));
    check_ok(optimizer_init(&r.a, &sgd, model_params_count(r.m)));
    check_ok(sharpness_init(&r.up, of->sharpness, of->rho, model_params_count(r.m)));
    for (r.it = 0; r.it < STEPS; r.it++) one_step(&r, got[r.it]);
    golden_compare(file, &got[0][0], STEPS, COLUMNS, r.m, allowed);
    sharpness_clear(&r.up);
    optimizer_clear(&r.a);
    eq8_batch_clear(&r.s);
    model_free(r.m);
}

static void six_steps_of_jempp_match_pytorch(void **state)
{
    (void)state;
    compare("steps_jempp.safetensors",
            &(recipe){.labelled = 4, .langevin = 3, .sigma = 0.03, .weight_decay = 4e-4}, 1e-3);
}

static void six_steps_of_sada_jem_match_pytorch(void **state)
{
    (void)state;
    compare("steps_sada.safetensors",
            &(recipe){.labelled = 6, .langevin = 2, .weight_decay = 5e-4, .rho = 2,
                      .sharpness = SHARPNESS_ADAPTIVE}, 1e-2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(six_steps_of_jempp_match_pytorch),
        cmocka_unit_test(six_steps_of_sada_jem_match_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
