/* Training: whatever call fails, and in whatever thread, going on afterwards ends with
 * the bits of a training that nothing disturbed. */
#include "base/file.h"
#include "base/mem.h"
#include "run/loop.h"
#include "support/identity.h"
#include "torture/scenario.h"

enum { SIDE = 8, IMAGES = 6 };

/* What the trainings of one attempt share; made without faults. */
static struct {
    config cfg;
    splits data;
} given;

static dataset *images(int64_t n)
{
    dataset *d = NULL;
    check_ok(dataset_new(&d, n, 3, SIDE, SIDE, false));
    check_ok(dataset_name_classes(d, (const char *const[]){"dark", "light"}, 2));
    for (int64_t i = 0; i < n * 3 * SIDE * SIDE; i++)
        d->pixels[i] = (uint8_t)(i * 37 % 100 + i / (3 * SIDE * SIDE) % 2 * 100);
    for (int64_t i = 0; i < n; i++) d->labels[i] = (int32_t)(i % 2);
    dataset_seal(d);
    return d;
}

/* The smallest training that validates, has chains and drops old checkpoints. */
static void give(void)
{
    static const char *const set[] = {
        "model.name=wrn-10-1", "model.pool=adaptive", "sampler.steps=1", "sampler.buffer_size=2",
        "train.batch=2", "train.iterations=3", "train.checkpoint_every=1", "train.log_every=1",
        "data.crop=false", "engine.threads=1", "engine.chunk=2", "engine.device=ref"};
    config *c = &given.cfg;

    check_ok(config_defaults(c, &config_builtin));
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        check_ok(options_assign(config_groups(c), set[i]));
    c->model.classes = 2;
    c->model.channels = 3;
    c->model.height = c->model.width = SIDE;
    given.data = (splits){images(IMAGES), images(2), images(2)};
}

static jem_status train(const char *folder, const volatile sig_atomic_t *stop)
{
    const train_request r = {
        .cfg = &given.cfg, .out = folder, .data = &given.data, .resume = true, .stop = stop};
    return train_run(&r);
}

static jem_status train_all(const char *dir)
{
    return train(in(dir, "run"), NULL);
}

static void not_begun(const char *dir)
{
    (void)dir;
    give();
}

static void begun(const char *dir)
{
    volatile sig_atomic_t stop = 1;
    give();
    jem_status st = train(in(dir, "run"), &stop);
    if (st != JEM_EINTERRUPTED) fail_msg("not interrupted: %d, %s", st, jem_error_message());
}

static char reference[64];
static bool has_reference;

/* What a training that nothing disturbs ends with: made once. */
static const char *undisturbed(void)
{
    if (has_reference) return reference;
    check_tmp(reference, sizeof reference);
    has_reference = true;
    check_ok(train(reference, NULL));
    return reference;
}

void training_scenarios_end(void)
{
    if (has_reference) check_tmp_remove(reference);
}

static void ends_as_undisturbed(const char *dir, bool done)
{
    const char *folder = in(dir, "run"), *wanted = undisturbed();
    run_info info;

    if (done) check_ok(run_info_read(&info, in(folder, "run.json")));
    check_ok(train(folder, NULL));
    identity_same_file(folder, wanted, "best.safetensors");
    identity_same_file(folder, wanted, "checkpoints/000000003.safetensors");
    check_ok(run_info_read(&info, in(folder, "run.json")));
    assert_int_equal(info.status, RUN_FINISHED);
    splits_free(&given.data);
}

const scenario training_scenarios[] = {
    {"a run is trained", not_begun, train_all, ends_as_undisturbed, true},
    {"a run is resumed", begun, train_all, ends_as_undisturbed, true},
    {NULL, NULL, NULL, NULL, false},
};
