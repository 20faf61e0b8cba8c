/* Ten training steps with given images and noise, against PyTorch in double
 * precision.  The recipe is in scripts/golden.py. */
#include "support/check.h"
#include "support/gpu.h"

#include "base/mem.h"
#include "model/init.h"
#include "sample/sgld.h"
#include "tensor/safetensors.h"
#include "train/objective.h"
#include "train/schedule.h"

enum { BATCH = 4, STEPS = 10, COLUMNS = 11, SIZE = 3 * 32 * 32 };

static void put_hash(float *x, const char *name, int64_t n)
{
    double *v = NULL;
    check_ok(MEM_NEW(v, n));
    hash_values(v, n, name);
    for (int64_t i = 0; i < n; i++) x[i] = (float)v[i];
    mem_free(v);
}

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
    objective s;
    optimizer a;
    noises z;
    float start[BATCH * SIZE];
    train_options o;
    sampler_options sampler;
} rig;

static rig *rig_new(double alpha, double smoothing, bool share)
{
    rig *r = NULL;
    model_spec spec = {.name = "wrn-10-1", .classes = 10, .channels = 3, .height = 32, .width = 32};
    engine_spec engine = {.threads = 2};
    objective_options oo = {.batch = BATCH, .alpha = alpha, .label_smoothing = smoothing,
                            .share_batch = share};
    double *values = NULL;
    snprintf(engine.device, sizeof engine.device, "%s", test_device());
    check_ok(MEM_NEW(r, 1));
    check_ok(model_new(&r->m, &spec, &engine));
    int64_t n = model_params_count(r->m);
    check_ok(MEM_NEW(values, n));
    params_init_hash(values, model_graph(r->m), 2.0);
    for (int64_t i = 0; i < n; i++) model_params(r->m)[i] = (float)values[i];
    mem_free(values);
    check_ok(model_params_changed(r->m));
    check_ok(objective_init(&r->s, r->m, &oo));
    check_ok(optimizer_init(&r->a, &(optimizer_options){OPTIMIZER_ADAM, 0.9, 0.999, 1e-8, 0, 0}, n));
    r->o = (train_options){.lr = 1e-3, .warmup = 5, .schedule = SCHEDULE_COSINE};
    r->sampler = (sampler_options){.steps = 3, .step_size = 1, .noise_std = 0.01, .clip = true,
                                   .clip_min = -1, .clip_max = 1};
    return r;
}

static void rig_free(rig *r)
{
    optimizer_clear(&r->a);
    objective_clear(&r->s);
    model_free(r->m);
    mem_free(r);
}

static void one_step(rig *r, int it, double row[COLUMNS])
{
    char name[32];
    double v[BATCH];
    objective_result l;
    objective *s = &r->s;
    float *neg = s->x + s->negative * SIZE;
    sgld_call call = {.options = &r->sampler, .step_size = 1, .inject = inject,
                      .inject_ctx = &r->z};

    snprintf(name, sizeof name, "x.%d", it);
    put_hash(s->x + s->labelled * SIZE, name, BATCH * SIZE);
    snprintf(name, sizeof name, "xplus.%d", it);
    if (s->positive != s->labelled) put_hash(s->x + s->positive * SIZE, name, BATCH * SIZE);
    snprintf(name, sizeof name, "y.%d", it);
    hash_values(v, BATCH, name);
    for (int i = 0; i < BATCH; i++) s->y[i] = (int32_t)floor((v[i] + 1) / 2 * 10);
    snprintf(name, sizeof name, "start.%d", it);
    put_hash(neg, name, BATCH * SIZE);
    memcpy(r->start, neg, sizeof r->start);
    for (int k = 0; k < 3; k++) {
        snprintf(name, sizeof name, "noise.%d.%d", it, k);
        put_hash(r->z.z[k], name, BATCH * SIZE);
    }
    check_ok(sgld_chain(r->m, &call, neg, BATCH));
    check_ok(objective_gradients(&l, s, r->m, (rng_stream){1, RNG_DROPOUT, 0, 0}));
    direction d = objective_direction(s, &l);
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

static void read_doubles(double *dst, const safetensors *f, const char *name, int64_t n)
{
    int at = safetensors_find(f, name);
    if (at < 0) fail_msg("golden file lacks %s", name);
    jem_tensor t = safetensors_view(f, at);
    assert_int_equal(jem_tensor_count(&t), n);
    memcpy(dst, t.data, (size_t)n * sizeof *dst);
}

/* Differences are relative to the largest magnitude in a column or tensor, as
 * PyTorch's own float32 deviations in the file's notes are. */
static void compare(const char *file, double alpha, double smoothing, bool share, double allowed)
{
    char path[512], name[200];
    double want[STEPS][COLUMNS], got[STEPS][COLUMNS], digest[6];
    safetensors *f = NULL;
    rig *r = rig_new(alpha, smoothing, share);

    const char *source = getenv("JEM_SOURCE"); /* where the program is not run where it was built */
    snprintf(path, sizeof path, "%s/tests/golden/%s", source ? source : JEM_SOURCE_DIR, file);
    check_ok(safetensors_open(&f, path));
    read_doubles(&want[0][0], f, "steps", STEPS * COLUMNS);
    for (int it = 0; it < STEPS; it++) one_step(r, it, got[it]);
    for (int c = 0; c < COLUMNS; c++) {
        double largest = 0;
        for (int it = 0; it < STEPS; it++) largest = fmax(largest, fabs(want[it][c]));
        for (int it = 0; it < STEPS; it++)
            if (!(fabs(got[it][c] - want[it][c]) <= allowed * largest))
                fail_msg("%s: iteration %d column %d: %.9g, expected %.9g", file, it, c,
                         got[it][c], want[it][c]);
    }
    const graph *g = model_graph(r->m);
    for (int i = 0; i < g->param_count; i++) {
        const param *q = &g->params[i];
        const float *p = model_params(r->m) + q->offset;
        snprintf(name, sizeof name, "final/%s", q->name);
        read_doubles(digest, f, name, 6);
        check_near(sqrt(backend_ref.sum_squares(p, q->count)), digest[0], allowed, 0);
        double largest = 0;
        for (int64_t k = 0; k < q->count; k++) largest = fmax(largest, fabs((double)p[k]));
        for (int k = 0; k < 4 && k < q->count; k++)
            assert_true(fabs((double)p[k] - digest[2 + k]) <= allowed * largest);
    }
    safetensors_close(f);
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
