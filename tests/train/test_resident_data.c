/* Training images of steps on a device (its host emulation, or a GPU) that stay in files: latents and packed
 * pictures; and chains that begin at encoded noise. */
#include "support/folder.h"
#include "train/latent_folder.h"
#include "train/resident_rig.h"

#include "run/checkpoint.h"
#include "support/gpu.h"
#include "train/resident.h"

enum { IMAGES = 12, SET_MAX = 24 };

/* A training on the folder that `f` describes. */
static rig *open_on(const char *where, const shard_format *f, const char *const *more)
{
    const char *set[SET_MAX] = {where, f->kind == SHARD_PICTURES ? "data.kind=packed" : "data.kind=latents",
                                "train.batch=4", "sampler.steps=2", "sampler.clip=false"};
    char path[128];
    int n = 0;
    rig *r = NULL;
    while (set[n]) n++;
    for (int i = 0; more && more[i]; i++) set[n++] = more[i];
    check_ok(MEM_NEW(r, 1));
    tiny_config(&r->cfg, set);
    snprintf(path, sizeof path, "%s/data", folder);
    snprintf(r->cfg.data.path, sizeof r->cfg.data.path, "%s", path);
    r->cfg.data.val_fraction = 0;
    r->cfg.model.classes = 2;
    r->cfg.model.channels = f->channels;
    r->cfg.model.height = f->height;
    r->cfg.model.width = f->width;
    check_ok(data_load(&r->data, &r->cfg.data, CONFIG_SPLIT_SEED));
    check_ok(model_new(&r->m, &r->cfg.model, &r->cfg.engine));
    check_ok(trainer_init(&r->t, &r->cfg, &r->data, r->m));
    return r;
}

static void write_data(const shard_format *f, int64_t entries, float base)
{
    char path[128];
    snprintf(path, sizeof path, "%s/data", folder);
    latent_folder_write(path, f, IMAGES, entries, base);
}

/* The images that the last step has seen, beside those that the host makes. */
static void compare_batches(rig *there, rig *here)
{
    const resident *r = there->t.on_device;
    const eq8_batch *s = &eq8_state_of(&here->t)->batch;
    const int64_t count = s->negative * model_input_count(here->m);
    float *x = NULL;
    check_ok(MEM_NEW(x, count));
    check_ok(r->d->copy(x, r->x, (size_t)count * sizeof *x));
    assert_memory_equal(x, s->x, (size_t)count * sizeof *x);
    mem_free(x);
}

/* Four steps, over the end of an epoch. */
static void follow(const shard_format *f, const char *const *more, bool stays)
{
    rig *there = open_on("engine.device=cuda", f, more), *here = open_on("engine.device=cpu", f, more);
    assert_non_null(there->t.on_device);
    assert_int_equal(((resident *)there->t.on_device)->images != NULL, stays);
    for (int i = 0; i < 4; i++) {
        const step_report a = steps(there, 1), b = steps(here, 1);
        compare_reports(&a, &b, 2e-3);
        compare_batches(there, here);
    }
    compare_states(there, here, 2e-3);
    rig_free(there);
    rig_free(here);
}

static const shard_format packed = {.kind = SHARD_PICTURES, .picture = 16, .channels = 3, .height = 16,
                                    .width = 16, .dtype = JEM_U8, .resize = IMAGE_BILINEAR};

static void latents_are_in_the_devices_memory(void **state)
{
    static const char *const plain[] = {"data.flip=false", NULL};
    static const char *const zero[] = {"data.pad=zero", "data.noise_std=0.03", NULL};
    static const char *const sharp[] = {"data.augment_generative=false", "train.sharpness=adaptive",
                                        "train.generative_batch=3", NULL};
    shard_format halves = latent_folder_plain;
    (void)state;
    write_data(&latent_folder_plain, 0, 0);
    follow(&latent_folder_plain, plain, true);
    halves.dtype = JEM_F16;
    halves.flip = true;
    write_data(&halves, 0, 0);
    follow(&halves, zero, true);
    follow(&halves, sharp, true);
    follow(&halves, plain, true); /* without what is mirrored */
}

static void packed_pictures_are_in_the_devices_memory(void **state)
{
    (void)state;
    write_data(&packed, 0, 0);
    follow(&packed, NULL, true);
}

static void what_is_too_large_or_too_short_is_read_step_by_step(void **state)
{
    static const char *const plain[] = {"data.flip=false", NULL};
    static const char *const brief[] = {"data.flip=false", "train.iterations=1", NULL};
    (void)state;
    write_data(&latent_folder_plain, 0, 0);
    setenv("JEM_EMULATED_MEMORY", "20000", 1);
    follow(&latent_folder_plain, plain, false);
    unsetenv("JEM_EMULATED_MEMORY");
    follow(&latent_folder_plain, brief, false);
}

static const char *const from_noise[] = {"data.flip=false", "sampler.start=encoded_noise",
                                         "sampler.reinit_prob=0.5", NULL};

static void starts_from_encoded_noise_are_those_of_the_cpu(void **state)
{
    (void)state;
    write_data(&latent_folder_plain, 5, 7);
    follow(&latent_folder_plain, from_noise, true);
}

/* A checkpoint's bank replaces the one that is there, which may be larger; on any device. */
static void a_bank_moves_with_its_checkpoint(void **state)
{
    static const char *const devices[] = {"engine.device=cuda", "engine.device=cpu"};
    checkpoint_state none = {.due = false}, got = none;
    char path[128];
    (void)state;
    snprintf(path, sizeof path, "%s/c.safetensors", folder);
    for (int from = 0; from < 2; from++) {
        write_data(&latent_folder_plain, 5, 7);
        rig *whole = open_on(devices[from], &latent_folder_plain, from_noise);
        steps(whole, 2);
        check_ok(trainer_fetch(&whole->t, TRAINER_ALL));
        check_ok(checkpoint_save(&whole->t, &none, path));
        steps(whole, 2);
        check_ok(trainer_fetch(&whole->t, TRAINER_ALL));
        write_data(&latent_folder_plain, 9, 1);
        rig *second = open_on("engine.device=cuda", &latent_folder_plain, from_noise);
        steps(second, 1); /* of its own bank */
        check_ok(checkpoint_load(&second->t, &got, path));
        steps(second, 2);
        compare_states(second, whole, 2e-3);
        if (from == 0)
            assert_memory_equal(model_params(whole->m), model_params(second->m),
                                (size_t)whole->t.optimizer.n * sizeof(float));
        rig_free(second);
        rig_free(whole);
    }
}

int main(void)
{
    gpu_backend();
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(latents_are_in_the_devices_memory),
        IN_FOLDER(packed_pictures_are_in_the_devices_memory),
        IN_FOLDER(what_is_too_large_or_too_short_is_read_step_by_step),
        IN_FOLDER(starts_from_encoded_noise_are_those_of_the_cpu),
        IN_FOLDER(a_bank_moves_with_its_checkpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
