/* Chains from a run's buffer, or from noise: see run_chains.h. */
#include "study/run_chains.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "sample/replay_buffer.h"

/* One picture of noise that all chains of all runs begin at; of a run on latents, encoded. */
static jem_status fill_shared(float *x, const chains_request *q, int64_t size)
{
    jem_status st = JEM_OK;
    const rng_stream stream = {(uint64_t)q->seed, RNG_SAMPLE, 0, 0};

    if (q->space)
        TRY(latent_space_encode_noise(q->space, x, &stream, 0));
    else
        chain_start_uniform.fill(chain_start_uniform.ctx, x, 1, size, -1, &stream, 0);
    for (int64_t i = 1; i < q->n; i++) memcpy(x + i * size, x, (size_t)size * sizeof *x);
done:
    return st;
}

static jem_status fill_from_buffer(float *x, const chains_request *q, const run *r, int64_t size)
{
    jem_status st;
    const rng_stream stream = {(uint64_t)q->seed, RNG_SAMPLE, 0, 0};
    float *replay = NULL;
    int64_t count = 0;

    TRY(run_replay(&replay, &count, r));
    for (int64_t i = 0; i < q->n; i++)
        memcpy(x + i * size, replay + rng_below(&stream, (uint32_t)i, 0, (uint32_t)count) * size,
               (size_t)size * sizeof *x);
done:
    mem_free(replay);
    return st;
}

/* Noise as the run's fresh chains have it; a classifier on latents has none kept. */
static jem_status fill_from_noise(float *x, const chains_request *q, const run *r, int64_t size)
{
    jem_status st = JEM_OK;
    const rng_stream stream = {(uint64_t)q->seed, RNG_SAMPLE, 0, 0};
    const bool encoded = r->cfg.sampler.start == START_ENCODED_NOISE;
    chain_start start = chain_start_uniform;
    noise_bank bank = NOISE_BANK_INIT;

    if (encoded && !config_runs_chains(&r->cfg)) {
        if (!q->space)
            return jem_error(JEM_EUSAGE, "%s: a run with alpha = 0 has no encoded noise to begin at; "
                                         "its autoencoder encodes some: name the file", r->path);
        for (int64_t i = 0; i < q->n && st == JEM_OK; i++)
            st = latent_space_encode_noise(q->space, x + i * size, &stream, (uint32_t)i);
        return st;
    }
    if (encoded) {
        TRY(run_noise_bank(&bank, r));
        start = noise_bank_start(&bank);
    }
    start.fill(start.ctx, x, q->n, size, -1, &stream, 0);
done:
    noise_bank_clear(&bank);
    return st;
}

static bool from_buffer(const chains_request *q, const run *r)
{
    return q->from == CHAINS_USUAL ? config_runs_chains(&r->cfg) : q->from == CHAINS_BUFFER;
}

jem_status run_chains_start(float *x, const chains_request *q, const run *r)
{
    const int64_t size = model_input_count(r->m);
    if (q->from == CHAINS_SHARED) return fill_shared(x, q, size);
    return from_buffer(q, r) ? fill_from_buffer(x, q, r, size) : fill_from_noise(x, q, r, size);
}

static void tell(const chains_request *q, const run *r)
{
    if (q->from == CHAINS_SHARED)
        log_info("%lld chains of %lld steps from one picture of noise", (long long)q->n, (long long)q->steps);
    else
        log_info("%lld chains of %lld steps from %s, step size %g, noise %g", (long long)q->n,
                 (long long)q->steps, from_buffer(q, r) ? "the replay buffer" : "noise", run_step_size(r),
                 r->cfg.sampler.noise_std);
}

static jem_status walk(float *x, const chains_request *q, const run *r)
{
    jem_status st = JEM_OK;
    sampler_options o = r->cfg.sampler;
    int32_t *y = NULL;

    if (q->steps == 0) return JEM_OK;
    o.steps = q->steps;
    if (q->chosen_class >= 0) {
        TRY(MEM_NEW(y, q->n));
        for (int64_t i = 0; i < q->n; i++) y[i] = (int32_t)q->chosen_class;
    }
    const sgld_call call = {.options = &o, .step_size = run_step_size(r), .y = y,
                            .noise = {(uint64_t)q->seed, RNG_SAMPLE_NOISE, 0, 0}};
    TRY(sgld_chain(r->m, &call, x, q->n));
done:
    mem_free(y);
    return st;
}

jem_status run_chains(float *x, const chains_request *q, const run *r)
{
    jem_status st;
    TRY(run_chains_start(x, q, r));
    tell(q, r);
    TRY(walk(x, q, r));
done:
    return st;
}

jem_status run_chains_decode(float **pictures, shape *each, const chains_request *q, const float *z,
                             shape size)
{
    jem_status st;
    const shape picture = {3, q->space->picture, q->space->picture};
    float *x = NULL;

    TRY(MEM_NEW(x, q->n * shape_count(picture)));
    TRY(latent_space_decode(q->space, "decode", x, z, q->n, size));
    *pictures = x;
    *each = picture;
    x = NULL;
done:
    mem_free(x);
    return st;
}
