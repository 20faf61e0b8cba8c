/* The chains of a training: see chains.h. */
#include "train/chains.h"

#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"

/* ---- where they begin */

static jem_status choose_noise(chains *c, const config *cfg, const dataset *d, chain_start *start)
{
    noise_bank *b = &c->bank;
    jem_status st;
    TRY(noise_bank_read(b, &cfg->data));
    if (b->channels != d->channels || b->height != d->height || b->width != d->width)
        return jem_error(JEM_EDATA, "%s: its encoded noise is of another shape than the training's "
                                    "latents", cfg->data.path);
    log_info("starts of chains: %lld pictures of noise, encoded", (long long)b->n);
    *start = noise_bank_start(b);
done:
    return st;
}

static jem_status fit_starts(chains *c, const dataset *d, pool *p)
{
    jem_status st;
    double begin = clock_s();
    TRY(class_gaussian_fit(&c->starts, d, p));
    log_info("starts of chains: a Gaussian for each of %lld classes, fitted to %lld images in %.1f s",
             (long long)d->classes, (long long)d->n, clock_s() - begin);
    c->starts_new = true;
done:
    return st;
}

/* As they were kept, or fitted. */
static jem_status choose_gaussians(chains *c, const dataset *d, pool *p, const char *kept,
                                   chain_start *start)
{
    jem_status st = JEM_EDATA;
    if (kept && file_exists(kept)) {
        st = class_gaussian_load(&c->starts, d, kept);
        if (st == JEM_EDATA) log_warning("%s; fitted anew", jem_error_message());
    }
    if (st == JEM_EDATA) st = fit_starts(c, d, p);
    if (st == JEM_OK) *start = class_gaussian_start(&c->starts);
    return st;
}

static jem_status choose_start(chains *c, const config *cfg, const dataset *d, pool *p,
                               const char *kept, chain_start *start)
{
    switch (cfg->sampler.start) {
    case START_ENCODED_NOISE: return choose_noise(c, cfg, d, start);
    case START_CLASS_GAUSSIAN: return choose_gaussians(c, d, p, kept, start);
    default: *start = chain_start_uniform; return JEM_OK;
    }
}

/* ---- the state */

jem_status chains_init(chains *c, const config *cfg, const dataset *d, pool *p, const char *kept)
{
    shape image = {cfg->model.channels, cfg->model.height, cfg->model.width};
    chain_start start;
    jem_status st;
    c->n = config_generative_batch(&cfg->train);
    TRY(choose_start(c, cfg, d, p, kept, &start));
    TRY((kept ? replay_buffer_init_unfilled : replay_buffer_init)(
        &c->replay, &cfg->sampler, image, cfg->model.classes, &start, (uint64_t)cfg->seed));
    TRY(MEM_NEW(c->start, c->n * shape_count(image)));
    TRY(MEM_NEW(c->index, c->n));
    TRY(MEM_NEW(c->fresh, c->n));
    if (cfg->sampler.class_conditional) TRY(MEM_NEW(c->class, c->n));
done:
    return st;
}

void chains_clear(chains *c)
{
    replay_buffer_clear(&c->replay);
    class_gaussian_clear(&c->starts);
    noise_bank_clear(&c->bank);
    mem_free(c->start);
    mem_free(c->index);
    mem_free(c->fresh);
    mem_free(c->class);
    memset(c, 0, sizeof *c);
}

void chains_reset(chains *c, const config *cfg)
{
    if (c->replay.images) replay_buffer_refill(&c->replay, (uint64_t)cfg->seed);
}

void chains_rescued(chains *c, const config *cfg, const rescue_state *s)
{
    c->sampler = cfg->sampler;
    c->sampler.steps = rescue_steps(s, cfg->sampler.steps);
    c->seed = rescue_seed(s, (uint64_t)cfg->seed);
    c->replay.seed = c->seed;
}

jem_status chains_keep(const chains *c, const dataset *d, const char *path)
{
    return c->starts_new ? class_gaussian_save(&c->starts, d, path) : JEM_OK;
}

/* ---- one step */

jem_status chains_draw(chains *c, sgld_report *r, model *m, int64_t iteration, double step_size,
                       running_trace *trace, float *x)
{
    const sampler_options *o = &c->sampler;
    int64_t size = model_input_count(m);
    uint32_t it = (uint32_t)iteration;
    sgld_call call = {.options = o,
                      .step_size = step_size,
                      .noise = {c->seed, RNG_CHAIN_NOISE, it, 0},
                      .y = c->class,
                      .trace = trace};
    jem_status st;

    if (c->class) {
        rng_stream classes = {c->seed, RNG_REPLAY_INDEX, it, 1};
        for (int64_t i = 0; i < c->n; i++)
            c->class[i] = (int32_t)rng_below(&classes, (uint32_t)i, 0, (uint32_t)c->replay.classes);
    }
    replay_buffer_draw(&c->replay, iteration, c->class, c->n, c->index, x, c->fresh);
    memcpy(c->start, x, (size_t)(c->n * size) * sizeof *x);
    TRY(sgld_chain(m, &call, x, c->n));
    *r = sgld_measure(o, x, c->start, c->n, size);
done:
    return st;
}

void chains_store(chains *c, const float *x)
{
    replay_buffer_store(&c->replay, c->index, x, c->fresh, c->n);
}

/* ---- in a checkpoint */

jem_status chains_save(const chains *c, safetensors_writer *w)
{
    jem_status st = JEM_OK;
    if (c->replay.images) TRY(replay_buffer_save(&c->replay, w));
    if (c->bank.latents) TRY(noise_bank_save(&c->bank, w));
done:
    return st;
}

jem_status chains_restore(chains *c, const safetensors *f)
{
    const noise_bank *own = &c->bank;
    noise_bank bank = NOISE_BANK_INIT;
    jem_status st = JEM_OK;
    if (own->latents) TRY(noise_bank_load(&bank, f, own->channels, own->height, own->width));
    /* Checks itself before it changes anything. */
    if (c->replay.images) TRY(replay_buffer_restore(&c->replay, f));
    if (own->latents) {
        noise_bank_clear(&c->bank);
        c->bank = bank;
        bank = (noise_bank)NOISE_BANK_INIT;
    }
done:
    noise_bank_clear(&bank);
    return st;
}
