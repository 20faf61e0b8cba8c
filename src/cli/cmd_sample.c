/* jem sample: new chains from a trained run.  The run itself stays as it is. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/captioned.h"
#include "cli/class_labels.h"
#include "cli/cli.h"
#include "cli/run_latents.h"
#include "cli/run_steps.h"
#include "cli/startup.h"
#include "study/latents_of_run.h"
#include "study/pixel_draws.h"
#include "study/run_chains.h"
#include "sweetspot/trend.h"

typedef struct sampling {
    const char *folder, *class_text, *from, *out;
    int64_t n, steps, seed, threads;
    chains_from starts; /* of from */
    latent_flags latent_flags;
    latent_codec codec;
    latent_space space; /* of the run, */
    bool on_latents;    /* if it lives in one and --vae is given */
    cli_list set; /* engine.* for the run */
    char class[CLASS_TEXT]; /* whose logit is climbed, in words; "": log-sum-exp is */
    bool bare;
} sampling;

#define AT(field) offsetof(sampling, field)

static const cli_argument arguments[] = {
    {"RUN", AT(folder), .help = "a trained run"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--n", CLI_INT, AT(n), "N",
     .help = "how many chains", .default_text = "64", .min = 1, .max = 1000000},
    {"--steps", CLI_INT, AT(steps), "S",
     .help = "Langevin steps: the training's number unless given", .max = 1000000},
    {"--class", CLI_TEXT, AT(class_text), "NAME|K",
     .help = "climb the logit of this class instead of log-sum-exp"},
    {"--from", CLI_TEXT, AT(from), "buffer|noise|shared-noise",
     .help = "where chains start: the replay buffer, where there is one, unless given"},
    {"--seed", CLI_INT, AT(seed), "N",
     .help = "seed of starts and noise", .default_text = "0", .max = CLI_UNBOUNDED},
    CLI_SET(sampling, set, "engine.*, or data.path"),
    CLI_ON_DEVICE(sampling, set),
    CLI_THREADS(sampling, threads, RUN_THREADS_MAX),
    LATENT_OPTIONS(sampling, latent_flags),
    {"--bare", CLI_SWITCH, AT(bare), .help = "the picture without its caption"},
    {"-o", CLI_TEXT, AT(out), "GRID.png|X.npy",
     .help = "a picture of all ends, or the array", .other = "--out",
     .required = true},
    {.name = NULL},
};

static jem_status parse_from(chains_from *out, const char *text)
{
    static const char *const names[] = {"buffer", "noise", "shared-noise"};
    *out = CHAINS_USUAL;
    if (!text) return JEM_OK;
    for (int i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) *out = (chains_from)(CHAINS_BUFFER + i);
    if (*out != CHAINS_USUAL) return JEM_OK;
    return jem_error(JEM_EUSAGE, "--from '%s': choose buffer, noise or shared-noise", text);
}

static jem_status parse(sampling *s, int argc, char **argv)
{
    jem_status st;
    TRY(cli_parse(s, &command_sample, argc, argv));
    TRY(parse_from(&s->starts, s->from));
    TRY(run_check_output(s->out, (const char *[]){".png", ".npy", NULL}));
done:
    return st;
}

/* The autoencoder of a run on latents, where pictures are wanted or made. */
static jem_status open_latents(sampling *s, const run *r)
{
    jem_status st;
    const bool shared = s->starts == CHAINS_SHARED;

    TRY(run_latents_open(&s->codec, &s->latent_flags, s->threads, NULL));
    if (s->codec.vae || shared || !run_has_ending(s->out, ".npy"))
        TRY(latents_of_run(&s->space, &s->on_latents, &s->codec, r,
                           shared ? "encoding a picture of noise" : "a picture of samples"));
done:
    return st;
}

/* "energy −3.21 ± 0.4 (mean and spread of 64 chains)", of x [n] as the model sees them. */
static jem_status say_energy(char *text, size_t size, const chains_request *q, const float *x, const run *r)
{
    jem_status st;
    float *lse = NULL, *logits = NULL;
    double mean = 0, square = 0;
    char number[40], spread[40];

    TRY(MEM_NEW(lse, q->n));
    TRY(MEM_NEW(logits, q->n * model_classes(r->m)));
    TRY(model_evaluate(r->m, x, q->n, NULL, logits, lse, NULL));
    for (int64_t i = 0; i < q->n; i++) mean -= (double)lse[i] / (double)q->n;
    for (int64_t i = 0; i < q->n; i++) square += pow(-(double)lse[i] - mean, 2);
    trend_number(number, sizeof number, mean);
    trend_number(spread, sizeof spread, sqrt(square / (double)(q->n - 1)));
    if (q->n > 1)
        snprintf(text, size, "energy %s ± %s (mean and spread)", number, spread);
    else
        snprintf(text, size, "energy %s", number);
done:
    mem_free(lse);
    mem_free(logits);
    return st;
}

/* What the chains were, below the picture of their ends. */
static jem_status add_caption(image *grid, const sampling *s, const chains_request *q, const float *x, const run *r)
{
    caption foot = {{""}};
    const bool buffer = q->from == CHAINS_USUAL ? config_runs_chains(&r->cfg) : q->from == CHAINS_BUFFER;

    snprintf(foot.lines[0], CAPTION_TEXT, "α = %g, %lld chain%s of %lld step%s", r->cfg.alpha, (long long)q->n,
             q->n == 1 ? "" : "s", (long long)q->steps, q->steps == 1 ? "" : "s");
    snprintf(foot.lines[1], CAPTION_TEXT, "from %s, seed %lld", buffer ? "the replay buffer" : q->from == CHAINS_SHARED ?
             "one picture of noise" : "noise", (long long)q->seed);
    jem_status st = say_energy(foot.lines[2], CAPTION_TEXT, q, x, r);
    if (st != JEM_OK) return st;
    if (s->class[0]) snprintf(foot.lines[3], CAPTION_TEXT, "climbing the logit of %s", s->class);
    return caption_add(grid, NULL, 0, &foot);
}

static jem_status save(const sampling *s, const chains_request *q, float *x, const run *r)
{
    jem_status st;
    shape size = {r->info.channels, r->info.height, r->info.width};
    const int64_t columns = (int64_t)ceil(sqrt((double)q->n));
    float *pictures = NULL;
    image grid = IMAGE_INIT;

    if (run_has_ending(s->out, ".npy")) {
        const jem_tensor t = {JEM_F32, 4, {q->n, size.c, size.h, size.w}, x};
        return jem_npy_write(s->out, &t);
    }
    if (q->space) TRY(run_chains_decode(&pictures, &size, q, x, size));
    TRY(run_grid(&grid, pictures ? pictures : x, q->n, size, columns));
    if (!s->bare) TRY(add_caption(&grid, s, q, x, r));
    TRY(image_write_png(&grid, s->out));
done:
    image_clear(&grid);
    mem_free(pictures);
    return st;
}

/* A network without energies draws pixels: what chains are told has no meaning for it. */
static jem_status draw_pixels(const sampling *s, run *r)
{
    jem_status st;
    const shape size = {r->info.channels, r->info.height, r->info.width};
    const int64_t columns = (int64_t)ceil(sqrt((double)s->n));
    float *x = NULL;
    image grid = IMAGE_INIT;
    caption foot = {{""}};

    if (s->class_text || s->from || s->steps != CLI_NONE)
        return jem_error(JEM_EUSAGE, "%s: %s draws pixels and runs no chains: leave out --steps, --class and --from",
                         r->path, r->cfg.model.name);
    TRY(MEM_NEW(x, s->n * shape_count(size)));
    TRY(pixel_draws(x, r, s->n, s->seed));
    if (run_has_ending(s->out, ".npy")) {
        const jem_tensor t = {JEM_F32, 4, {s->n, size.c, size.h, size.w}, x};
        st = jem_npy_write(s->out, &t);
        goto done;
    }
    TRY(run_grid(&grid, x, s->n, size, columns));
    snprintf(foot.lines[0], CAPTION_TEXT, "drawn pixel by pixel, seed %lld", (long long)s->seed);
    snprintf(foot.lines[1], CAPTION_TEXT, "given the codes of the first %lld test pictures", (long long)s->n);
    if (!s->bare) TRY(caption_add(&grid, NULL, 0, &foot));
    TRY(image_write_png(&grid, s->out));
done:
    image_clear(&grid);
    mem_free(x);
    return st;
}

/* *chosen <- of --class, -1 without it; s->class. */
static jem_status choose_class(int64_t *chosen, sampling *s, const run *r)
{
    jem_status st;
    class_labels labels = CLASS_LABELS_INIT;

    *chosen = -1;
    if (!s->class_text) return JEM_OK;
    TRY(class_labels_of(&labels, r->path, r->info.classes, &r->cfg));
    TRY(class_labels_find(chosen, &labels, s->class_text, model_classes(r->m)));
    class_text(s->class, *chosen, labels.names);
    log_info("chains climb the logit of class %s", s->class);
done:
    class_labels_clear(&labels);
    return st;
}

static jem_status sample(const cli_lists *lists, int argc, char **argv)
{
    sampling s = {.on_latents = false};
    char threads[RUN_THREADS];
    run *r = NULL;
    float *x = NULL;
    jem_status st;

    TRY(parse(&s, argc, argv));
    run_threads(&s.set, threads, s.threads);
    const volatile sig_atomic_t *stop = cli_catch_signals();
    TRY(run_open(&r, &lists->settings, s.folder, s.set.values, s.set.count));
    model_set_stop(r->m, stop);
    chains_request q = {.n = s.n, .steps = s.steps, .from = s.starts, .seed = s.seed};
    if (!r->cfg.model.network->logits) {
        TRY(draw_pixels(&s, r));
        puts(s.out);
        goto done;
    }
    if (s.steps == CLI_NONE) q.steps = r->cfg.sampler.steps;
    TRY(choose_class(&q.chosen_class, &s, r));
    TRY(open_latents(&s, r));
    if (s.on_latents) q.space = &s.space;
    TRY(MEM_NEW(x, q.n * model_input_count(r->m)));
    TRY(run_chains(x, &q, r));
    TRY(save(&s, &q, x, r));
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
