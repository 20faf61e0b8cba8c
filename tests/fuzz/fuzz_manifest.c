/* What a training goes on from.  The first byte says which file follows:
 *   r  run.json with its manifest      c  a checkpoint      h  a checkpoint's header alone
 *
 * A checkpoint is loaded into a real trainer, but its weights, a megabyte that fuzz_safetensors
 * covers, are taken for granted, and so is its checksum: what is left are metadata,
 * counters and the replay buffer. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "run/checkpoint.h"
#include "run/run_info.h"
#include "train/objective_eq8.h"

#define RUN_JSON "run/run.json"
#define CHECKPOINT "run/checkpoints/000000002.safetensors"

jem_status __real_safetensors_read_f32(const safetensors *f, const char *name, float *dst,
                                       int ndim, const int64_t *dims);
jem_status __wrap_safetensors_read_f32(const safetensors *f, const char *name, float *dst,
                                       int ndim, const int64_t *dims);
jem_status __wrap_safetensors_require_checksum(const safetensors *f);
jem_status __wrap_model_params_changed(model *m);

jem_status __wrap_safetensors_read_f32(const safetensors *f, const char *name, float *dst,
                                       int ndim, const int64_t *dims)
{
    if (strcmp(name, "replay_buffer") != 0) return JEM_OK;
    return __real_safetensors_read_f32(f, name, dst, ndim, dims);
}

jem_status __wrap_safetensors_require_checksum(const safetensors *f)
{
    (void)f;
    return JEM_OK;
}

jem_status __wrap_model_params_changed(model *m)
{
    (void)m;
    return JEM_OK;
}

/* One image of 4 x 4 pixels in the replay buffer, ten iterations. */
static trainer *small_trainer(void)
{
    static const char *const set[] = {
        "model.name=wrn-10-1", "model.pool=adaptive", "sampler.steps=1", "sampler.buffer_size=1",
        "train.batch=1", "train.iterations=10", "data.crop=false", "engine.threads=1",
        "engine.chunk=1", "engine.device=ref"};
    static config cfg;
    static splits data;
    static trainer t;
    model *m = NULL;

    fuzz_expect(config_defaults(&cfg, &config_builtin) == JEM_OK);
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        fuzz_expect(options_assign(config_groups(&cfg), set[i]) == JEM_OK);
    cfg.model.classes = 2;
    cfg.model.channels = 3;
    cfg.model.height = cfg.model.width = 4;
    fuzz_expect(dataset_new(&data.train, 2, 3, 4, 4, false) == JEM_OK);
    data.train->classes = 2;
    fuzz_expect(model_new(&m, &cfg.model, &cfg.engine) == JEM_OK);
    fuzz_expect(trainer_init(&t, &cfg, &data, m) == JEM_OK);
    return &t;
}

static void load_checkpoint(void)
{
    static trainer *t; /* lives as long as the process */
    checkpoint_state s = {.identity = NULL};

    if (!t) t = small_trainer();
    if (fuzz_refused(checkpoint_load(t, &s, CHECKPOINT), CHECKPOINT)) return;
    fuzz_expect(t->iteration >= 0 && t->iteration <= t->iterations);
    fuzz_expect(s.best.iteration >= 0);
    fuzz_expect(eq8_state_of(t)->chains.sampler.steps > 0 && trainer_samples(t)->age[0] >= 0);
    for (int i = 0; i < 3 * 4 * 4; i++)
        fuzz_expect(trainer_samples(t)->images[i] - trainer_samples(t)->images[i] == 0); /* finite */
}

static void read_run_info(void)
{
    static run_info info;

    if (fuzz_refused(run_info_read(&info, RUN_JSON), RUN_JSON)) return;
    fuzz_expect(info.status >= RUN_RUNNING && info.status <= RUN_FINISHED);
    fuzz_expect(info.file_count >= 0 && info.file_count <= RUN_INFO_FILES);
    fuzz_expect(memchr(info.message, '\0', sizeof info.message) != NULL);
    for (int i = 0; i < info.file_count; i++)
        fuzz_expect(memchr(info.files[i].name, '\0', sizeof info.files[i].name) != NULL);
}

/* The header alone, and whose file it says it is: of the run, whatever that is called. */
static void read_metadata(void)
{
    static run_identity own;
    static config cfg;
    safetensors *f = NULL;

    if (!own.settings) {
        fuzz_expect(config_defaults(&cfg, &config_builtin) == JEM_OK);
        fuzz_expect(run_identity_init(&own, &cfg) == JEM_OK);
    }
    if (fuzz_refused(safetensors_open_metadata(&f, CHECKPOINT), CHECKPOINT)) return;
    safetensors_metadata(f, "jem.iteration");
    const char *id = safetensors_metadata(f, "jem.run");
    snprintf(own.id, sizeof own.id, "%s", id && run_identity_is(id) ? id : "1");
    (void)fuzz_refused(run_identity_check(&own, f, true), CHECKPOINT);
    safetensors_close(f);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    if (size == 0) return;
    fuzz_file(data[0] == 'r' ? RUN_JSON : CHECKPOINT, data + 1, size - 1);
    switch (data[0]) {
    case 'r':
        read_run_info();
        break;
    case 'c':
        load_checkpoint();
        break;
    case 'h':
        read_metadata();
        break;
    default:
        break;
    }
}
