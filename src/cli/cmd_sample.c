/* jem sample: new chains from a trained run.  The run itself stays as it is. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/class_labels.h"
#include "cli/cli.h"
#include "cli/run_latents.h"
#include "cli/run_steps.h"
#include "cli/startup.h"
#include "energy/eq8.h"
#include "sample/init.h"

typedef struct sampling {
    const char *folder, *class_text, *from, *out;
    int64_t n, steps, seed, threads;
    int64_t chosen_class; /* -1: climb log-sum-exp */
    latent_flags latent_flags;
    latent_codec codec;
    latent_space space; /* of the run, */
    bool on_latents;    /* if it lives in one and --vae is given */
    cli_list set; /* engine.* for the run */
} sampling;

#define AT(field) offsetof(sampling, field)

static const cli_argument arguments[] = {
    {"RUN", AT(folder), .help = "a trained run"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--n", CLI_INT, AT(n), "N", .help = "how many chains", .default_text = "64", .min = 1, .max = 1000000},
    {"--steps", CLI_INT, AT(steps), "S", .help = "Langevin steps: the training's number unless given", .max = 1000000},
    {"--class", CLI_TEXT, AT(class_text), "NAME|K", .help = "climb the logit of this class instead of log-sum-exp"},
    {"--from", CLI_TEXT, AT(from), "buffer|noise|shared-noise",
     .help = "where chains start: the replay buffer, where there is one, unless given"},
    {"--seed", CLI_INT, AT(seed), "N", .help = "seed of starts and noise", .default_text = "0", .max = CLI_UNBOUNDED},
    CLI_SET(sampling, set, "engine.*, or data.path"),
    CLI_ON_DEVICE(sampling, set),
    CLI_THREADS(sampling, threads, RUN_THREADS_MAX),
    LATENT_OPTIONS(sampling, latent_flags),
    {"-o", CLI_TEXT, AT(out), "GRID.png|X.npy", .help = "a picture of all ends, or the array", .other = "--out",
     .required = true},
    {.name = NULL},
};

static jem_status parse(sampling *s, int argc, char **argv)
{
    jem_status st;
    TRY(cli_parse(s, &command_sample, argc, argv));
    if (s->from && strcmp(s->from, "buffer") != 0 && strcmp(s->from, "noise") != 0 &&
        strcmp(s->from, "shared-noise") != 0)
        return jem_error(JEM_EUSAGE, "--from '%s': choose buffer, noise or shared-noise", s->from);
    TRY(run_check_output(s->out, (const char *[]){".png", ".npy", NULL}));
done:
    return st;
}

/* The autoencoder of a run on latents, where pictures are wanted or made. */
static jem_status open_latents(sampling *s, const run *r)
{
    jem_status st;
    const bool shared = s->from && strcmp(s->from, "shared-noise") == 0;

    TRY(run_latents_open(&s->codec, &s->latent_flags, s->threads, NULL));
    if (s->codec.vae || shared || !run_has_ending(s->out, ".npy"))
        TRY(run_latents_of(&s->space, &s->on_latents, &s->codec, r,
                           shared ? "encoding a picture of noise" : "a picture of samples"));
done:
    return st;
}

/* One picture of noise that all chains of all runs begin at; of a run on latents, encoded. */
static jem_status fill_shared(float *x, const sampling *s, int64_t size)
{
    jem_status st = JEM_OK;
    const rng_stream stream = {(uint64_t)s->seed, RNG_SAMPLE, 0, 0};

    if (s->on_latents)
        TRY(latent_space_encode_noise(&s->space, x, &stream, 0));
    else
        chain_start_uniform.fill(chain_start_uniform.ctx, x, 1, size, -1, &stream, 0);
    for (int64_t i = 1; i < s->n; i++) memcpy(x + i * size, x, (size_t)size * sizeof *x);
    log_info("%lld chains of %lld steps from one picture of noise", (long long)s->n,
             (long long)s->steps);
done:
    return st;
}

static jem_status fill_from_buffer(float *x, const sampling *s, const run *r, int64_t size)
{
    jem_status st;
    const rng_stream stream = {(uint64_t)s->seed, RNG_SAMPLE, 0, 0};
    float *replay = NULL;
    int64_t count = 0;

    TRY(run_replay(&replay, &count, r));
    for (int64_t i = 0; i < s->n; i++)
        memcpy(x + i * size, replay + rng_below(&stream, (uint32_t)i, 0, (uint32_t)count) * size,
               (size_t)size * sizeof *x);
done:
    mem_free(replay);
    return st;
}

/* Noise as the run's fresh chains have it; a classifier on latents has none kept. */
static jem_status fill_from_noise(float *x, const sampling *s, const run *r, int64_t size)
{
    jem_status st = JEM_OK;
    const rng_stream stream = {(uint64_t)s->seed, RNG_SAMPLE, 0, 0};
    const bool encoded = r->cfg.sampler.start == START_ENCODED_NOISE;
    chain_start start = chain_start_uniform;
    noise_bank bank = NOISE_BANK_INIT;

    if (encoded && !eq8_has_loss_g(r->cfg.alpha)) {
        if (!s->on_latents)
            return jem_error(JEM_EUSAGE, "%s: a run with alpha = 0 has no encoded noise to begin at; "
                                         "--vae FILE encodes some", r->path);
        for (int64_t i = 0; i < s->n && st == JEM_OK; i++)
            st = latent_space_encode_noise(&s->space, x + i * size, &stream, (uint32_t)i);
        return st;
    }
    if (encoded) {
        TRY(run_noise_bank(&bank, r));
        start = noise_bank_start(&bank);
    }
    start.fill(start.ctx, x, s->n, size, -1, &stream, 0);
done:
    noise_bank_clear(&bank);
    return st;
}

/* Starts of the chains. */
static jem_status fill_starts(float *x, const sampling *s, const run *r)
{
    jem_status st;
    const int64_t size = model_input_count(r->m);
    const bool buffer = s->from ? strcmp(s->from, "buffer") == 0 : eq8_has_loss_g(r->cfg.alpha);

    if (s->from && strcmp(s->from, "shared-noise") == 0) return fill_shared(x, s, size);
    TRY(buffer ? fill_from_buffer(x, s, r, size) : fill_from_noise(x, s, r, size));
    log_info("%lld chains of %lld steps from %s, step size %g, noise %g", (long long)s->n,
             (long long)s->steps, buffer ? "the replay buffer" : "noise", run_step_size(r),
             r->cfg.sampler.noise_std);
done:
    return st;
}

static jem_status walk(float *x, const sampling *s, const run *r)
{
    jem_status st = JEM_OK;
    sampler_options o = r->cfg.sampler;
    int32_t *y = NULL;

    if (s->steps == 0) return JEM_OK;
    o.steps = s->steps;
    if (s->chosen_class >= 0) {
        TRY(MEM_NEW(y, s->n));
        for (int64_t i = 0; i < s->n; i++) y[i] = (int32_t)s->chosen_class;
    }
    const sgld_call call = {.options = &o, .step_size = run_step_size(r), .y = y,
                            .noise = {(uint64_t)s->seed, RNG_SAMPLE_NOISE, 0, 0}};
    TRY(sgld_chain(r->m, &call, x, s->n));
done:
    mem_free(y);
    return st;
}

static jem_status save_decoded(const sampling *s, const float *z, shape size, int64_t columns)
{
    jem_status st;
    const shape picture = {3, s->space.picture, s->space.picture};
    float *x = NULL;

    TRY(MEM_NEW(x, s->n * shape_count(picture)));
    TRY(latent_space_decode(&s->space, "decode", x, z, s->n, size));
    TRY(run_save_grid(s->out, x, s->n, picture, columns));
done:
    mem_free(x);
    return st;
}

static jem_status save(const sampling *s, float *x, shape size)
{
    const int64_t columns = (int64_t)ceil(sqrt((double)s->n));
    if (!run_has_ending(s->out, ".npy") && s->on_latents) return save_decoded(s, x, size, columns);
    if (!run_has_ending(s->out, ".npy")) return run_save_grid(s->out, x, s->n, size, columns);
    const jem_tensor t = {JEM_F32, 4, {s->n, size.c, size.h, size.w}, x};
    return jem_npy_write(s->out, &t);
}

static jem_status choose_class(sampling *s, const run *r)
{
    jem_status st;
    class_labels labels = CLASS_LABELS_INIT;
    char class[CLASS_TEXT];

    TRY(class_labels_of(&labels, r->path, r->info.classes, &r->cfg));
    TRY(class_labels_find(&s->chosen_class, &labels, s->class_text, model_classes(r->m)));
    class_text(class, s->chosen_class, labels.names);
    log_info("chains climb the logit of class %s", class);
done:
    class_labels_clear(&labels);
    return st;
}

static jem_status sample(const cli_lists *lists, int argc, char **argv)
{
    sampling s = {.chosen_class = -1};
    char threads[RUN_THREADS];
    run *r = NULL;
    float *x = NULL;
    jem_status st;

    TRY(parse(&s, argc, argv));
    run_threads(&s.set, threads, s.threads);
    const volatile sig_atomic_t *stop = cli_catch_signals();
    TRY(run_open(&r, &lists->settings, s.folder, s.set.values, s.set.count));
    model_set_stop(r->m, stop);
    if (s.steps == CLI_NONE) s.steps = r->cfg.sampler.steps;
    if (s.class_text) TRY(choose_class(&s, r));
    TRY(open_latents(&s, r));
    TRY(MEM_NEW(x, s.n * model_input_count(r->m)));
    TRY(fill_starts(x, &s, r));
    TRY(walk(x, &s, r));
    TRY(save(&s, x, (shape){r->info.channels, r->info.height, r->info.width}));
    puts(s.out);
done:
    if (st == JEM_EINTERRUPTED)
        st = jem_error(st, "stopped; %s was not written", s.out);
    mem_free(x);
    run_close(r);
    latent_codec_clear(&s.codec);
    return st;
}

const command command_sample = {
    .name = "sample",
    .about = "run new Langevin chains and save where they end; the run is left as it is",
    .arguments = arguments,
    .options = options,
    .examples = {"sample runs/a -o samples.png", "sample runs/a --n 100 --class truck --from noise -o trucks.npy"},
    .run = sample,
};
