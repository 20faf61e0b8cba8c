/* Training steps on a device (its host emulation, or a GPU) against those of the cpu backend: same
 * batches, chains, losses, updates; and what the host sees of them. */
#include "train/resident_rig.h"

#include "run/checkpoint.h"
#include "support/gpu.h"
#include "train/resident.h"

enum { IMAGES = 12, SET_MAX = 24 };

/* The tiny training with `more` settings; `where` says on which device. */
static rig *open_on(const char *where, const char *const *more)
{
    const char *set[SET_MAX] = {0};
    int n = 0;
    set[n++] = where;
    set[n++] = "train.batch=4";
    set[n++] = "sampler.steps=2";
    for (int i = 0; more && more[i]; i++) set[n++] = more[i];
    return rig_new(IMAGES, set);
}

/* Four steps, over the end of an epoch. */
static void follow(const char *const *more, double allowed)
{
    rig *there = open_on("engine.device=cuda", more), *here = open_on("engine.device=cpu", more);
    assert_non_null(there->t.on_device);
    for (int i = 0; i < 4; i++) {
        step_report a = steps(there, 1), b = steps(here, 1);
        compare_reports(&a, &b, allowed);
    }
    compare_states(there, here, allowed);
    rig_free(there);
    rig_free(here);
}

static void steps_are_those_of_the_cpu(void **state)
{
    static const char *const plain[] = {NULL};
    static const char *const classifier[] = {"alpha=0", "train.label_smoothing=0.1", NULL};
    static const char *const energy[] = {"alpha=1", "train.energy_l2=0.01", "train.ema=0.9", NULL};
    static const char *const shared[] = {"train.share_batch=true", "data.noise_std=0.03",
                                         "sampler.class_conditional=true",
                                         "sampler.buffer_size=39", NULL};
    static const char *const layers[] = {"model.norm=layer", "sampler.update=langevin",
                                         "sampler.step_size=0.01", NULL};
    static const char *const sizes[] = {"train.generative_batch=3", "train.loss=sum",
                                        "data.flip=false", "sampler.clip=false", NULL};
    static const char *const sgd[] = {"train.optimizer=sgd", "train.lr=0.01", "train.weight_decay=5e-4",
                                      "train.ema=0.9", NULL};
    static const char *const decays[] = {"train.weight_decay=0.1", "train.weight_decay_of=layers",
                                         "model.norm=layer", "data.pad=zero", NULL};
    static const char *const clamped[] = {"sampler.update=clamped", "train.loss=sum", NULL};
    const char *const *const all[] = {plain, classifier, energy, shared, layers, sizes, sgd, decays, clamped};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) follow(all[i], 2e-3);
}

/* Norms over four images magnify the last bits of every sum before them. */
static void batch_norms_are_those_of_the_cpu(void **state)
{
    static const char *const running[] = {"model.norm=batch", "train.ema=0.9", "train.weight_decay=0.1", NULL};
    static const char *const batch[] = {"model.norm=batch", "sampler.batch_norm=batch", "train.share_batch=true", NULL};
    static const char *const sada[] = {TINY_SADA, NULL};
    static const char *const jempp[] = {"model.norm=batch", "sampler.batch_norm=batch", "sampler.update=clamped",
                                        "sampler.decay=constant", "sampler.noise_std=0", "sampler.start=class_gaussian",
                                        "sampler.buffer_size=39", "train.loss=sum", "train.optimizer=sgd",
                                        "train.lr=0.05", "train.weight_decay=4e-4", "data.noise_std=0.03", NULL};
    const char *const *const all[] = {running, batch, sada, jempp};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) follow(all[i], 2e-2);
}

static void act_norms_begin_with_the_first_batch(void **state)
{
    static const char *const act[] = {"model.norm=act", NULL};
    (void)state;
    follow(act, 2e-2);
}

static void dropout_draws_anew_in_every_step(void **state)
{
    static const char *const dropout[] = {"train.optimizer=sgd", "model.dropout=0.2", NULL};
    (void)state;
    follow(dropout, 2e-3);
}

static void other_networks_are_resident(void **state)
{
    static const char *const vgg[] = {"model.name=vgg-small", "model.width=6", "model.norm=none", NULL};
    static const char *const resnext[] = {"model.name=resnext-11-4x8d", "model.width=8", "alpha=0", NULL};
    static const char *const convnext[] = {"model.name=convnext-micro", "model.drop_path=0.3", "alpha=0", NULL};
    const char *const *const all[] = {vgg, resnext, convnext};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) follow(all[i], 2e-2);
}

/* A network whose norms take fewer images together than there are chains, or all of them. */
static void norms_over_some_of_the_chains_are_those_of_the_cpu(void **state)
{
    static const char *const parted[] = {"model.name=gloss-resnet", "model.width=4", "model.blocks=1",
                                         "model.together=3", "sampler.class_conditional=true",
                                         "sampler.buffer_size=39", NULL};
    static const char *const whole[] = {"model.name=gloss-resnet", "model.width=4", "model.blocks=1",
                                        "model.together=4", NULL};
    (void)state;
    follow(parted, 2e-2);
    follow(whole, 2e-2);
}

/* There the device runs the network alone. */
static void an_objective_may_leave_its_steps_to_the_host(void **state)
{
    objective own = objective_eq8;
    const objective *const list[] = {&own, NULL};
    rig *r[2] = {NULL, NULL};
    (void)state;
    own.device = NULL;
    for (int i = 0; i < 2; i++) {
        const char *const set[] = {i ? "engine.device=cpu" : "engine.device=cuda", "train.batch=4", NULL};
        check_ok(MEM_NEW(r[i], 1));
        r[i]->data = tiny_splits(IMAGES, 6);
        tiny_config(&r[i]->cfg, set);
        r[i]->cfg.lists.objectives = list;
        check_ok(model_new(&r[i]->m, &r[i]->cfg.model, &r[i]->cfg.engine));
        check_ok(trainer_init(&r[i]->t, &r[i]->cfg, &r[i]->data, r[i]->m));
    }
    assert_non_null(model_backend(r[0]->m)->device);
    assert_null(r[0]->t.on_device);
    const step_report a = steps(r[0], 2), b = steps(r[1], 2);
    compare_reports(&a, &b, 2e-3);
    compare_states(r[0], r[1], 2e-3);
    for (int i = 0; i < 2; i++) rig_free(r[i]);
}

/* Starts with a Gaussian per class, of the chain's own or of any; all fresh in the first step. */
static void gaussian_starts_are_those_of_the_cpu(void **state)
{
    static const char *const any[] = {"sampler.start=class_gaussian", "sampler.buffer_size=39",
                                      "sampler.reinit_prob=0.5", NULL};
    static const char *const own[] = {"sampler.start=class_gaussian", "sampler.buffer_size=39",
                                      "sampler.class_conditional=true", "sampler.reinit_prob=1", NULL};
    const char *const *const all[] = {any, own};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) follow(all[i], 2e-3);
}

static void sharpness_aware_steps_are_those_of_the_cpu(void **state)
{
    static const char *const plain[] = {"train.sharpness=plain", "train.rho=0.05", NULL};
    static const char *const adaptive[] = {"alpha=0", "train.sharpness=adaptive", "train.rho=2", NULL};
    /* SADA-JEM, but for its norm */
    static const char *const sada[] = {TINY_SADA, "model.norm=layer", "train.rho=2", NULL};
    const char *const *const all[] = {plain, adaptive, sada};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) follow(all[i], 2e-3);
}

static void data_that_do_not_fit_are_sent_step_by_step(void **state)
{
    static const char *const more[] = {"data.noise_std=0.03", NULL};
    (void)state;
    setenv("JEM_EMULATED_MEMORY", "100000", 1);
    follow(more, 2e-3);
    unsetenv("JEM_EMULATED_MEMORY");
}

static void a_share_of_each_batch_is_sent_step_by_step(void **state)
{
    static const char *const more[] = {"data.ranks=2", "data.rank=1", "data.noise_std=0.03",
                                       "train.epochs=8", NULL}; /* of one step each */
    (void)state;
    follow(more, 2e-3);
}

static void two_runs_are_the_same_to_the_bit(void **state)
{
    rig *a = open_on("engine.device=cuda", NULL), *b = open_on("engine.device=cuda", NULL);
    (void)state;
    step_report ra = steps(a, 3), rb = steps(b, 3);
    assert_memory_equal(&ra, &rb, sizeof ra);
    check_ok(trainer_fetch(&a->t, TRAINER_ALL));
    check_ok(trainer_fetch(&b->t, TRAINER_ALL));
    assert_memory_equal(model_params(a->m), model_params(b->m), (size_t)a->t.optimizer.n * 4);
    assert_memory_equal(trainer_samples(&a->t)->images, trainer_samples(&b->t)->images,
                        (size_t)(trainer_samples(&a->t)->size * TINY_COUNT) * 4);
    rig_free(a);
    rig_free(b);
}

static void save(rig *r, const checkpoint_state *s, const char *path)
{
    check_ok(trainer_fetch(&r->t, TRAINER_ALL));
    check_ok(checkpoint_save(&r->t, s, path));
}

/* A checkpoint of one device goes on, on the other and on the same, as if nothing had been. */
static void move(const char *const *more, double allowed)
{
    static const char *const devices[] = {"engine.device=cuda", "engine.device=cpu"};
    checkpoint_state none = {.due = false}, got = none;
    char dir[64], path[128];
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/c.safetensors", dir);
    for (int from = 0; from < 2; from++) {
        rig *whole = open_on(devices[from], more);
        steps(whole, 2);
        save(whole, &none, path);
        steps(whole, 2);
        for (int to = 0; to < 2; to++) {
            rig *second = open_on(devices[to], more);
            steps(second, 1); /* a state of its own, to be replaced */
            check_ok(checkpoint_load(&second->t, &got, path));
            steps(second, 2);
            check_ok(trainer_fetch(&whole->t, TRAINER_ALL));
            if (from == to) {
                check_ok(trainer_fetch(&second->t, TRAINER_ALL));
                assert_memory_equal(model_params(whole->m), model_params(second->m),
                                    (size_t)whole->t.optimizer.n * 4);
            } else {
                compare_states(second, whole, allowed);
            }
            rig_free(second);
        }
        rig_free(whole);
    }
    check_tmp_remove(dir);
}

static void checkpoints_move_between_devices(void **state)
{
    static const char *const sada[] = {TINY_SADA, NULL};
    static const char *const batch[] = {"model.norm=batch", "model.dropout=0.2", NULL};
    (void)state;
    move(NULL, 2e-3);
    move(sada, 2e-2);
    move(batch, 2e-2);
}

static void a_reset_begins_again(void **state)
{
    rig *a = open_on("engine.device=cuda", NULL), *b = open_on("engine.device=cuda", NULL);
    (void)state;
    steps(a, 2);
    check_ok(trainer_reset(&a->t));
    step_report ra = steps(a, 2), rb = steps(b, 2);
    assert_memory_equal(&ra, &rb, sizeof ra);
    rig_free(a);
    rig_free(b);
}

static void longer_chains_are_recorded_anew(void **state)
{
    rig *a = open_on("engine.device=cuda", NULL), *b = open_on("engine.device=cpu", NULL);
    (void)state;
    for (int i = 0; i < 2; i++) {
        rig *r = i ? b : a;
        steps(r, 1);
        eq8_state_of(&r->t)->chains.sampler.steps = 4;
    }
    step_report ra = steps(a, 2), rb = steps(b, 2);
    compare_reports(&ra, &rb, 2e-3);
    rig_free(a);
    rig_free(b);
}

/* A step that meets NaN says so and leaves the state as it was. */
static void divergence_changes_nothing(void **state)
{
    static const char *const classifier[] = {"alpha=0", NULL};
    (void)state;
    for (int plain = 0; plain < 2; plain++) {
        rig *r = open_on("engine.device=cuda", plain ? classifier : NULL);
        step_report s;
        steps(r, 1);
        check_ok(trainer_fetch(&r->t, TRAINER_ALL));
        const float before = model_params(r->m)[7];
        const int64_t last = r->t.optimizer.n - 1;
        model_params(r->m)[last] = NAN;
        check_ok(model_params_changed(r->m));
        check_fails(trainer_step(&s, &r->t), JEM_EDIVERGED, plain ? "grad l_D" : "Langevin chain");
        assert_int_equal(r->t.iteration, 1);
        check_ok(trainer_fetch(&r->t, TRAINER_ALL));
        assert_true(model_params(r->m)[7] == before);
        model_params(r->m)[last] = 0;
        check_ok(model_params_changed(r->m));
        steps(r, 1);
        rig_free(r);
    }
}

/* Uphill, too, where only the second gradients are not finite. */
static void divergence_uphill_changes_nothing(void **state)
{
    static const char *const more[] = {"train.sharpness=plain", "train.optimizer=sgd", NULL};
    rig *r = open_on("engine.device=cuda", more), *untouched = open_on("engine.device=cuda", more);
    const size_t bytes = (size_t)r->t.optimizer.n * sizeof(float);
    const int64_t values = trainer_samples(&r->t)->size * TINY_COUNT;
    step_report s;
    (void)state;
    r->t.sharpness.rho = 1e37;
    check_fails(trainer_step(&s, &r->t), JEM_EDIVERGED, "not finite");
    assert_int_equal(r->t.iteration, 0);
    check_ok(trainer_fetch(&r->t, TRAINER_ALL));
    float *theta = NULL; /* as the device has them */
    check_ok(model_resident(r->m, &theta));
    model_resident_changed(r->m);
    check_ok(model_fetch_params(r->m));
    assert_memory_equal(model_params(r->m), model_params(untouched->m), bytes);
    assert_memory_equal(r->t.optimizer.m, untouched->t.optimizer.m, bytes);
    assert_memory_equal(trainer_samples(&r->t)->images, trainer_samples(&untouched->t)->images,
                        (size_t)values * sizeof(float));
    rig_free(r);
    rig_free(untouched);
}

int main(void)
{
    gpu_backend();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_those_of_the_cpu),
        cmocka_unit_test(batch_norms_are_those_of_the_cpu),
        cmocka_unit_test(act_norms_begin_with_the_first_batch),
        cmocka_unit_test(dropout_draws_anew_in_every_step),
        cmocka_unit_test(other_networks_are_resident),
        cmocka_unit_test(norms_over_some_of_the_chains_are_those_of_the_cpu),
        cmocka_unit_test(an_objective_may_leave_its_steps_to_the_host),
        cmocka_unit_test(gaussian_starts_are_those_of_the_cpu),
        cmocka_unit_test(sharpness_aware_steps_are_those_of_the_cpu),
        cmocka_unit_test(data_that_do_not_fit_are_sent_step_by_step),
        cmocka_unit_test(a_share_of_each_batch_is_sent_step_by_step),
        cmocka_unit_test(two_runs_are_the_same_to_the_bit),
        cmocka_unit_test(checkpoints_move_between_devices),
        cmocka_unit_test(a_reset_begins_again),
        cmocka_unit_test(longer_chains_are_recorded_anew),
        cmocka_unit_test(divergence_changes_nothing),
        cmocka_unit_test(divergence_uphill_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
