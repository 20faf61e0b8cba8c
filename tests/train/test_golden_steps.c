/* Ten training steps with given images and noise, against PyTorch in double
 * precision.  The recipe is in scripts/golden.py. */
#include "support/gpu.h"
#include "train/golden_rig.h"

#include "sample/sgld.h"
#include "train/eq8_batch.h"
#include "train/schedule.h"

enum { BATCH = 4, STEPS = 10, COLUMNS = 11, SIZE = 3 * 32 * 32 };

/* The noise tensors of one iteration, one per Langevin step. */
typedef struct noises {
    float z[3][BATCH * SIZE];
} noises;

static void inject(void *ctx, float *noise, int64_t size, int64_t t, int64_t i)
{
    const noises *z = ctx;
    memcpy(noise, z->z[t] + i * size, (size_t)size * sizeof *noise);
}

typedef struct rig {
    model *m;
    eq8_batch s;
    optimizer a;
    noises z;
    float start[BATCH * SIZE];
    train_options o;
    sampler_options sampler;
} rig;

static rig *rig_new(double alpha, double smoothing, bool share)
{
    rig *r = NULL;
    eq8_batch_options oo = {.batch = BATCH, .alpha = alpha, .label_smoothing = smoothing,
                            .share_batch = share};
    check_ok(MEM_NEW(r, 1));
    r->m = golden_model(NORM_NONE, test_device());
    int64_t n = model_params_count(r->m);
    check_ok(eq8_batch_init(&r->s, r->m, &oo));
    check_ok(optimizer_init(&r->a, &(optimizer_options){.kind = OPTIMIZER_ADAM, .beta1 = 0.9, .beta2 = 0.999, .adam_eps = 1e-8}, n));
    r->o = (train_options){.lr = 1e-3, .warmup = 5, .schedule = SCHEDULE_COSINE};
    r->sampler = (sampler_options){.steps = 3, .step_size = 1, .noise_std = 0.01, .clip = true,
                                   .clip_min = -1, .clip_max = 1};
    return r;
}

static void rig_free(rig *r)
{
    optimizer_clear(&r->a);
    eq8_batch_clear(&r->s);
    model_free(r->m);
    mem_free(r);
}

static void one_step(rig *r, int it, double row[COLUMNS])
{
    char name[32];
    eq8_result l;
    eq8_batch *s = &r->s;
    float *neg = s->x + s->negative * SIZE;
    sgld_call call = {.options = &r->sampler, .step_size = 1, .inject = inject,
                      .inject_ctx = &r->z};

    golden_hash(s->x + s->labelled * SIZE, "x", it, BATCH * SIZE);
    if (s->positive != s->labelled)
        golden_hash(s->x + s->positive * SIZE, "xplus", it, BATCH * SIZE);
    golden_labels(s->y, it, BATCH);
    golden_hash(neg, "start", it, BATCH * SIZE);
    memcpy(r->start, neg, sizeof r->start);
    snprintf(name, sizeof name, "noise.%d", it);
    for (int k = 0; k < 3; k++) golden_hash(r->z.z[k], name, k, BATCH * SIZE);
    check_ok(sgld_chain(r->m, &call, neg, BATCH));
    check_ok(eq8_batch_gradients(&l, s, r->m, (rng_stream){1, RNG_DROPOUT, 0, 0}));
    direction d = eq8_batch_direction(s, &l);
    double lr = schedule_lr(&r->o, it, STEPS);
    check_ok(optimizer_step(&r->a, model_backend(r->m), model_pool(r->m), model_params(r->m), &d, lr,
                            it + 1));
    check_ok(model_params_changed(r->m));

    double sum = 0, move = 0;
    for (int i = 0; i < BATCH * SIZE; i++) {
        sum += (double)neg[i];
        move += ((double)neg[i] - (double)r->start[i]) * ((double)neg[i] - (double)r->start[i]);
    }
    const double values[COLUMNS] = {lr, l.loss_d, l.loss_g, l.g_d, l.g_g, l.c, l.cosine,
                                    l.lse_pos, l.lse_neg, sum, sqrt(move)};
    memcpy(row, values, sizeof values);
}

static void compare(const char *file, double alpha, double smoothing, bool share, double allowed)
{
    double got[STEPS][COLUMNS];
    rig *r = rig_new(alpha, smoothing, share);
    for (int it = 0; it < STEPS; it++) one_step(r, it, got[it]);
    golden_compare(file, &got[0][0], STEPS, COLUMNS, r->m, allowed);
    rig_free(r);
}

static void ten_steps_with_a_shared_batch_match_pytorch(void **state)
{
    (void)state;
    compare("steps_shared.safetensors", 0.5, 0, true, 1e-2);
}

static void ten_steps_with_independent_batches_match_pytorch(void **state)
{
    (void)state;
    compare("steps_independent.safetensors", 0.8, 0.05, false, 1e-3);
}

int main(void)
{
    if (strcmp(test_device(), "cuda") == 0) gpu_backend();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_steps_with_a_shared_batch_match_pytorch),
        cmocka_unit_test(ten_steps_with_independent_batches_match_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
