/* Estimating what a training takes: see forecast.h. */
#include "estimate/forecast.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "record/event_file.h"
#include "stats/blas.h"
#include "stats/pooled_pixels.h"
#include "train/class_gaussian.h"
#include "train/noise_bank.h"
#include "train/validate.h"

/* Measured on Linux x86-64 with Debian 12's libraries (docs/performance.md). */
static const int64_t program_bytes = 26 << 20; /* code, libraries, linear algebra's buffers */
static const int64_t kernel_bytes = 24 << 10;  /* generated code and handles per kernel */
static const int64_t thread_bytes = 256 << 10; /* stack and allocator of a thread */
static const int64_t stack_bytes = 8 << 20;    /* mapped for each; most is never touched */

static const double gib = 1 << 30;
static const unsigned always = (1u << FORECAST_PHASES) - 1;
static const unsigned in_training = 1u << PHASE_TRAIN | 1u << PHASE_VALIDATE |
                                    1u << PHASE_RESTORE;
static const unsigned from_begin = 1u << PHASE_BEGIN | 1u << PHASE_TRAIN | 1u << PHASE_VALIDATE |
                                   1u << PHASE_RESTORE;

const char *forecast_phase_name(forecast_phase p)
{
    static const char *const names[] = {"reading the data", "beginning", "training",
                                        "validation", "going back after a divergence"};
    return names[p];
}

/* ---- the data */

jem_status data_facts_of(data_facts *out, const config *cfg, const splits *s)
{
    const dataset *d = s->train;
    data_facts f = {.train = d->n, .val = s->val->n, .test = s->test->n, .channels = d->channels,
                    .height = d->height, .width = d->width, .classes = d->classes};
    f.file_bytes = dataset_file_bytes(s->train) + dataset_file_bytes(s->val) + dataset_file_bytes(s->test);
    f.bytes = dataset_bytes(s->train) + dataset_bytes(s->val) + dataset_bytes(s->test);
    f.loading_bytes = 2 * f.bytes; /* the parts are copies, made while the whole is there */
    jem_status st = cfg->sampler.start == START_ENCODED_NOISE
                        ? noise_bank_count(&f.noise, &cfg->data) : JEM_OK;
    if (st == JEM_OK) *out = f;
    return st;
}

data_facts data_facts_declared(const data_options *o, int64_t images, int64_t channels,
                               int64_t height, int64_t width, int64_t classes, bool floats)
{
    data_facts f = {.channels = channels, .height = height, .width = width, .classes = classes};
    bool own_test = strcmp(o->kind, "cifar10") == 0;
    const bool latents = strcmp(o->kind, "latents") == 0, in_files = latents || strcmp(o->kind, "packed") == 0;
    const int64_t values = channels * height * width * (floats ? 4 : latents ? 2 : 1);
    const int64_t label = (int64_t)sizeof(int32_t);
    /* In memory of one in a file: row, hash, label in the set and in the shard. */
    const int64_t row = in_files ? 2 * (int64_t)sizeof(int64_t) + 2 * label : values + label;
    int64_t rest = images;
    f.test = own_test ? images / 5 : llround(o->test_fraction * (double)images);
    if (!own_test) rest -= f.test;
    if (o->limit > 0 && o->limit < rest) rest = o->limit;
    f.val = llround(o->val_fraction * (double)rest);
    f.train = rest - f.val;
    f.bytes = (f.train + f.val + f.test) * row;
    if (in_files) f.file_bytes = (f.train + f.val + f.test) * values;
    f.loading_bytes = 2 * (images + (own_test ? f.test : 0)) * row;
    return f;
}

int64_t forecast_per_epoch(const config *cfg, const data_facts *d)
{
    int64_t n = d->train / (config_generative_batch(&cfg->train) * cfg->data.ranks);
    return n > 0 ? n : 1;
}

int64_t forecast_iterations(const config *cfg, const data_facts *d)
{
    const train_options *o = &cfg->train;
    return o->iterations > 0 ? o->iterations : o->epochs * forecast_per_epoch(cfg, d);
}

/* ---- memory */

static void add(memory_forecast *m, const char *name, int64_t bytes, unsigned phases)
{
    if (bytes <= 0) return;
    m->items[m->count++] = (forecast_item){name, bytes, phases};
    for (int p = 0; p < FORECAST_PHASES; p++)
        if (phases >> p & 1) m->phases[p] += bytes;
}

static int64_t input_count(const data_facts *d)
{
    return d->channels * d->height * d->width;
}

static int64_t optimizer_vectors(const config *cfg)
{
    return cfg->train.optimizer.kind == OPTIMIZER_ADAM ? 2 : 1;
}

/* Of encoded noise. */
static int64_t bank_bytes(const config *cfg, const data_facts *d)
{
    const bool used = config_runs_chains(cfg) && cfg->sampler.start == START_ENCODED_NOISE;
    return used ? d->noise * input_count(d) * (int64_t)sizeof(float) : 0;
}

/* Weights, moments, average, replay buffer: what changes in a training. */
static int64_t state_bytes(const config *cfg, const model_outline *o, const data_facts *d)
{
    int64_t vectors = 1 + optimizer_vectors(cfg) + (cfg->train.ema > 0);
    int64_t replay = config_runs_chains(cfg) ? cfg->sampler.buffer_size * (input_count(d) + 1)
                                                : 0;
    return (vectors * o->elements + replay) * (int64_t)sizeof(float);
}

static bool uses(const config *cfg, const model_outline *o, const data_facts *d, int use)
{
    bool in_training_mode = o->couples_images && cfg->sampler.batch_norm == BATCH_NORM_BATCH;
    if (use == MODEL_CHAIN) return config_runs_chains(cfg) && !in_training_mode;
    if (use == MODEL_CHAIN_TRAIN) return config_runs_chains(cfg) && in_training_mode;
    return use == MODEL_TRAIN || d->val > 0;
}

static void add_model(memory_forecast *m, const config *cfg, const model_outline *o,
                      const data_facts *d)
{
    static const char *const names[MODEL_USES] = {"validation's workspaces", "chains' workspaces",
                                                  "chains' workspaces", "gradients' workspaces"};
    int64_t packed = 0, kernels = 0, gradients = 0;
    for (int use = 0; use < MODEL_USES; use++) {
        if (!uses(cfg, o, d, use)) continue;
        const use_outline *u = &o->uses[use];
        add(m, names[use], (int64_t)u->workspaces, in_training);
        bool borrows = use != MODEL_CHAIN && uses(cfg, o, d, MODEL_CHAIN);
        packed += (int64_t)(borrows ? u->packed_beside_chain : u->packed);
        gradients += (int64_t)u->gradients;
        kernels += u->kernels;
    }
    add(m, "weights in the backend's format", packed, in_training);
    add(m, "a layer's gradient, each thread", gradients, in_training);
    add(m, "kernels and threads", kernels * kernel_bytes + o->threads * thread_bytes, in_training);
}

static void add_optimiser(memory_forecast *m, const config *cfg, const model_outline *o)
{
    const int64_t vector = o->elements * (int64_t)sizeof(float);
    int64_t sums = config_learns_labels(cfg) + config_runs_chains(cfg) + config_reads_output(cfg) +
                   (o->couples_images ? 3 : 0);
    add(m, "weights", vector, from_begin);
    add(m, "gradients", sums * vector, from_begin);
    add(m, "optimiser's moments", optimizer_vectors(cfg) * vector, from_begin);
    if (cfg->train.sharpness != SHARPNESS_NONE) add(m, "weights below the sharpness step", vector, from_begin);
    if (cfg->train.ema > 0) add(m, "averaged weights", 2 * vector, from_begin);
}

static void add_images(memory_forecast *m, const config *cfg, const data_facts *d, int threads)
{
    const int64_t row = input_count(d) * (int64_t)sizeof(float), b = cfg->train.batch;
    const int64_t energies = config_generative_batch(&cfg->train);
    bool generative = config_runs_chains(cfg), labelled = config_learns_labels(cfg);
    bool shared = cfg->train.share_batch && labelled && generative;
    int64_t rows = (labelled || config_reads_output(cfg)) * b + ((3 - shared) * generative) * energies; /* and chains' starts */
    add(m, "data", d->bytes, from_begin);
    add(m, "order of the data", 2 * d->train * (int64_t)sizeof(int64_t), from_begin);
    add(m, "batches", rows * row, from_begin);
    if (d->file_bytes > 0) /* x+ that are no labelled images have a thread of their own */
        add(m, "batches read ahead", (labelled * b + (generative && !shared) * energies) * row, in_training);
    if (generative)
        add(m, "replay buffer", cfg->sampler.buffer_size * (row + (int64_t)sizeof(int32_t)),
            from_begin);
    add(m, "bank of encoded noise", bank_bytes(cfg, d), from_begin);
    if (generative && cfg->sampler.start == START_CLASS_GAUSSIAN) {
        add(m, "starts of chains by class", class_gaussian_bytes(d->classes, input_count(d)), from_begin);
        add(m, "covariances of the classes", class_gaussian_fit_bytes(input_count(d), threads),
            1u << PHASE_BEGIN);
    }
    if (d->val > 0)
        add(m, "validation's images", VALIDATE_BATCH * (row + d->classes * (int64_t)sizeof(float)),
            1u << PHASE_VALIDATE);
}

static bool measures_pixels(const config *cfg)
{
    return config_runs_chains(cfg) && cfg->sampler.buffer_size >= 2;
}

/* Features and a centred copy of them while moments are formed; then five matrices. */
static void add_pixel_distance(memory_forecast *m, const config *cfg, const data_facts *d)
{
    if (!measures_pixels(cfg)) return;
    int64_t dim = stats_pooled_pixels_dim(d->channels, d->height, d->width);
    int64_t feature = 2 * dim * (int64_t)sizeof(double), matrix = dim * feature / 2;
    int64_t reference = d->train < REFERENCE_IMAGES ? d->train : REFERENCE_IMAGES;
    int64_t moments = matrix, sampled = cfg->sampler.buffer_size * feature;
    add(m, "FD-pix: moments of the data", moments, from_begin);
    add(m, "FD-pix: features of the data", reference * feature, 1u << PHASE_BEGIN);
    add(m, "FD-pix: features of the buffer", sampled + matrix, 1u << PHASE_VALIDATE);
}

/* ActNorm's first step runs the whole batch at once and keeps every norm's input. */
static void add_norm_init(memory_forecast *m, const config *cfg, const model_outline *o)
{
    int64_t kept = o->norm_inputs + o->norm_largest;
    int64_t images = config_learns_labels(cfg) ? cfg->train.batch
                                                : config_generative_batch(&cfg->train);
    add(m, "first step's norm statistics", kept * images * (int64_t)sizeof(float),
        1u << PHASE_BEGIN);
}

/* Two threads beside those that compute: reading data, writing checkpoints. */
static int64_t untouched_bytes(const config *cfg, int64_t classes, int threads)
{
    int64_t bytes = (threads + 2) * stack_bytes;
    int callers = measures_pixels(cfg);
    if (config_runs_chains(cfg) && cfg->sampler.start == START_CLASS_GAUSSIAN)
        callers = classes < threads ? (int)classes : threads;
    return callers > 0 ? bytes + blas_address_bytes(callers) : bytes;
}

void forecast_memory(memory_forecast *out, const config *cfg, const model_outline *o,
                     const data_facts *d)
{
    memory_forecast m = {.count = 0};
    add(&m, "program and libraries", program_bytes, always);
    add(&m, "data while they are read", d->loading_bytes, 1u << PHASE_LOAD);
    add_images(&m, cfg, d, o->threads);
    add_optimiser(&m, cfg, o);
    add_model(&m, cfg, o, d);
    add_pixel_distance(&m, cfg, d);
    add_norm_init(&m, cfg, o);
    add(&m, "checkpoint as it is checked and read", 2 * (state_bytes(cfg, o, d) + bank_bytes(cfg, d)),
        1u << PHASE_RESTORE);
    for (int p = 0; p < PHASE_RESTORE; p++)
        if (m.phases[p] > m.phases[m.peak]) m.peak = (forecast_phase)p;
    m.bytes = m.phases[m.peak];
    m.untouched = untouched_bytes(cfg, d->classes, o->threads);
    *out = m;
}

static const forecast_item *largest(const memory_forecast *m)
{
    const forecast_item *most = &m->items[0];
    for (int i = 0; i < m->count; i++)
        if (m->items[i].phases >> m->peak & 1 && m->items[i].bytes > most->bytes)
            most = &m->items[i];
    return most;
}

jem_status forecast_machine(machine_memory *out, const memory_forecast *m)
{
    machine_memory have;
    jem_status st = machine_memory_read(&have, "");
    if (st != JEM_OK) return st;
    if (have.of_process) {
        have.total -= m->untouched < have.total ? m->untouched : have.total;
        have.available -= m->untouched < have.available ? m->untouched : have.available;
    }
    *out = have;
    return JEM_OK;
}

enum { SIZE_TEXT = 32 };

static const char *size_text(char text[SIZE_TEXT], int64_t bytes)
{
    if ((double)bytes < gib)
        snprintf(text, SIZE_TEXT, "%" PRId64 " MiB", bytes >> 20);
    else
        snprintf(text, SIZE_TEXT, "%.2f GiB", (double)bytes / gib);
    return text;
}

jem_status forecast_check_memory(const memory_forecast *m, const config *cfg, int64_t most)
{
    const forecast_item *i = largest(m);
    char remedy[200], needs[SIZE_TEXT], there[SIZE_TEXT], largest_text[SIZE_TEXT];
    if (m->bytes <= most) return JEM_OK;
    if (m->peak == PHASE_LOAD)
        snprintf(remedy, sizeof remedy, "fewer or smaller images (data.limit, data.size), or jem data pack and data.kind = packed, "
                 "which leaves them in files");
    else
        snprintf(remedy, sizeof remedy,
                 "a smaller sampler.buffer_size (now %" PRId64 "), train.batch (now %" PRId64
                 "), engine.chunk or model.name, fewer engine.threads%s",
                 cfg->sampler.buffer_size, cfg->train.batch,
                 cfg->train.ema > 0 ? ", train.ema=0" : "");
    return jem_error(JEM_ENOMEM,
                     "this training needs %s of memory and %s are there; the most, %s, goes into: "
                     "%s; use %s", size_text(needs, m->bytes), size_text(there, most),
                     size_text(largest_text, i->bytes), i->name, remedy);
}

jem_status forecast_check_machine(const memory_forecast *m, const config *cfg,
                                  const machine_memory *have, int64_t most)
{
    jem_status st = forecast_check_memory(m, cfg, most);
    if (st == JEM_OK || !have->of_process) return st;
    return jem_error_context(st, "this process may map %" PRId64 " MiB (ulimit -v; h_vmem or pvmem of "
                             "a batch system) and %" PRId64 " go into code, stacks and linear algebra",
                             have->limit >> 20, (have->limit - most) >> 20);
}

/* ---- disk */

static void keep(disk_forecast *f, const char *name, int64_t bytes)
{
    if (bytes <= 0) return;
    f->items[f->count++] = (forecast_item){name, bytes, 0};
    f->bytes += bytes;
}

/* Bytes of one row of metrics.csv and of the same row as events. */
static const int64_t row_bytes = 260, event_bytes = 600;
/* An 8x8 grid of noisy pictures takes about 1.4 bytes per value as PNG, borders included. */
enum { GRID_PICTURES = 64 };
static const double png_bytes = 1.4;

static int64_t validations(const config *cfg, const data_facts *d)
{
    int64_t epochs = forecast_iterations(cfg, d) / forecast_per_epoch(cfg, d);
    int64_t n = epochs / cfg->train.eval_every;
    bool last_is_extra = n * cfg->train.eval_every * forecast_per_epoch(cfg, d) !=
                         forecast_iterations(cfg, d);
    return n + last_is_extra;
}

static int64_t at_most(int64_t n, int64_t most)
{
    return n < most ? n : most;
}

/* Rows and pictures are spaced in long trainings (event_file.h). */
static int64_t event_file_bytes(const config *cfg, const data_facts *d, int64_t rows)
{
    const int64_t checks = validations(cfg, d);
    const double grid = config_runs_chains(cfg)
                            ? png_bytes * GRID_PICTURES * (double)input_count(d) : 0;
    return event_bytes * (at_most(rows - checks, EVENT_ROWS) + at_most(checks, EVENT_VALIDATIONS)) +
           (int64_t)(grid * (double)at_most(checks, EVENT_PICTURES));
}

void forecast_disk(disk_forecast *out, const config *cfg, const model_outline *o,
                   const data_facts *d)
{
    disk_forecast f = {.count = 0};
    int64_t state = state_bytes(cfg, o, d) + bank_bytes(cfg, d), weights = o->elements * (int64_t)sizeof(float);
    int64_t epochs = forecast_iterations(cfg, d) / forecast_per_epoch(cfg, d);
    int64_t rows = forecast_iterations(cfg, d) / cfg->train.log_every + epochs + 1;

    keep(&f, "checkpoints: two scheduled, one at a signal", 3 * state);
    keep(&f, "checkpoint while it is written", state);
    keep(&f, "selected weights: up to three, a copy, one being written", 5 * weights);
    if (config_runs_chains(cfg)) keep(&f, "weights of the first epoch", weights);
    if (config_runs_chains(cfg) && cfg->sampler.start == START_CLASS_GAUSSIAN)
        keep(&f, "starts of chains by class", class_gaussian_bytes(d->classes, input_count(d)));
    keep(&f, "metrics.csv", rows * row_bytes);
    if (cfg->train.event_files) keep(&f, "event files", event_file_bytes(cfg, d, rows));
    *out = f;
}

jem_status forecast_check_disk(const disk_forecast *d, const char *folder, int64_t room)
{
    if (d->bytes <= room) return JEM_OK;
    return jem_error(JEM_EIO,
                     "%s: this training writes up to %.2f GiB and its file system has room for "
                     "%.2f GiB; free some, choose another folder, or use a smaller "
                     "sampler.buffer_size",
                     folder, (double)d->bytes / gib, (double)room / gib);
}

/* ---- before a training */

jem_status forecast_before_training(const config *cfg, const splits *data, const char *folder)
{
    jem_status st;
    model_outline o = MODEL_OUTLINE_INIT;
    memory_forecast m;
    disk_forecast k;
    machine_memory have;
    int64_t room;
    data_facts d;

    TRY(data_facts_of(&d, cfg, data));
    TRY(model_outline_init(&o, &cfg->model, &cfg->engine, cfg->train.batch,
                           config_generative_batch(&cfg->train)));
    forecast_memory(&m, cfg, &o, &d);
    forecast_disk(&k, cfg, &o, &d);
    if (forecast_machine(&have, &m) == JEM_OK) {
        TRY(forecast_check_machine(&m, cfg, &have, have.total));
        if (forecast_check_machine(&m, cfg, &have, have.available) != JEM_OK)
            log_warning("%s", jem_error_message());
    }
    if (machine_disk_free(&room, folder) == JEM_OK &&
        forecast_check_disk(&k, folder, room) != JEM_OK)
        log_warning("%s", jem_error_message());
done:
    model_outline_clear(&o);
    return st;
}

/* ---- arithmetic and time */

step_flops forecast_flops(const config *cfg, double forward_flops)
{
    const double f = forward_flops;
    bool labelled = config_learns_labels(cfg), generative = config_runs_chains(cfg);
    bool shared = cfg->train.share_batch && labelled;
    const double per_image = (double)config_generative_batch(&cfg->train) / (double)cfg->train.batch;
    const double times = cfg->train.sharpness == SHARPNESS_NONE ? 1 : 2;
    step_flops s = {0, 0, 0, 0, 0};
    if (generative) {
        s.chain = per_image * (double)cfg->sampler.steps * 2 * f;
        s.generative = times * per_image * (2 * 3 * f - (shared ? f : 0));
    }
    if (labelled) s.discriminative = times * 3 * f;
    if (config_reads_output(cfg)) s.generative = times * 3 * f;
    s.total = s.chain + s.generative + s.discriminative;
    s.forwards = f > 0 ? s.total / f : 0;
    return s;
}

time_forecast forecast_time(const config *cfg, const data_facts *d, const step_flops *f,
                            const step_times *t)
{
    const double batch = (double)cfg->train.batch, limit = cfg->train.max_minutes * 60;
    time_forecast r = {.alpha = cfg->alpha, .step_s = t->step_s, .validation_s = t->validation_s};
    r.images_per_s = batch / t->step_s;
    r.flops_per_s = f->total * batch / t->step_s;
    r.epoch_s = (double)forecast_per_epoch(cfg, d) * t->step_s + t->validation_s;
    const double steps = (double)forecast_iterations(cfg, d), checks = (double)validations(cfg, d);
    r.run_s = steps * t->step_s + checks * t->validation_s;
    r.run_alone_s = steps * t->alone_s + checks * t->validation_alone_s;
    r.capped = limit > 0 && limit < r.run_s;
    if (r.capped) r.run_s = limit + t->validation_s;
    if (limit > 0 && limit < r.run_alone_s) r.run_alone_s = limit + t->validation_alone_s;
    return r;
}
