/* jem/sampler.h: the caller's chains on an open model, over sample/. */
#include "jem/sampler.h"

#include <math.h>
#include <string.h>

#include "base/try.h"
#include "lib/lib_call.h"
#include "lib/lib_model.h"
#include "sample/replay_buffer.h"
#include "study/run_chains.h"

enum { STEPS_MAX = 100000 }; /* as sampler.steps */

/* The settings of the run that the model came from. */
static void take_settings(jem_sampler *s, const jem_model *m)
{
    const sampler_options *o = &m->r->cfg.sampler;
    s->steps = o->steps;
    s->step_size = run_step_size(m->r);
    s->decay = o->decay == DECAY_LINEAR ? JEM_SAMPLER_LINEAR : JEM_SAMPLER_CONSTANT;
    s->update = o->update == UPDATE_LANGEVIN  ? JEM_SAMPLER_LANGEVIN
                : o->update == UPDATE_CLAMPED ? JEM_SAMPLER_CLAMPED
                                              : JEM_SAMPLER_ALGORITHM1;
    s->noise_std = o->noise_std;
    s->clip = o->clip;
    s->clip_min = o->clip_min;
    s->clip_max = o->clip_max;
}

void jem_sampler_of(jem_sampler *s, const jem_model *m)
{
    jem_sampler found = JEM_SAMPLER_INIT;
    if (!s || s->size < sizeof s->size) return;
    if (m && m->r) take_settings(&found, m);
    if (s->size < found.size) found.size = s->size; /* an older caller's */
    memcpy(s, &found, found.size);
}

jem_status jem_sampler_start(float *x, int64_t n, const jem_model *m, uint64_t seed)
{
    LIB_CALL;
    jem_status st;
    const rng_stream stream = {seed, RNG_SAMPLE, 0, 0};

    HOST_NEED(m);
    if (n > 0) HOST_NEED(x);
    TRY(lib_check_images(n, __func__));
    const int64_t size = model_input_count(m->m);
    chain_start_uniform.fill(chain_start_uniform.ctx, x, n, size, -1, &stream, 0);
done:
    return st;
}

jem_status jem_sampler_start_of(float *x, int64_t n, jem_model *m, jem_chain_start from, uint64_t seed)
{
    LIB_CALL;
    jem_status st;
    LIB_MODEL(m);
    if (n > 0) HOST_NEED(x);
    TRY(lib_check_images(n, __func__));
    if ((unsigned)from > JEM_START_NOISE)
        return jem_error(JEM_EUSAGE, "%s: from = %d is no jem_chain_start", __func__, (int)from);
    if (seed > INT64_MAX)
        return jem_error(JEM_EUSAGE, "%s: seed = %llu; choose 0 to %lld", __func__, (unsigned long long)seed,
                         (long long)INT64_MAX);
    if (!m->r)
        return jem_error(JEM_EUSAGE, "%s: the model is of a file of weights, which has neither replay buffer nor "
                         "settings of chains; open its run", __func__);
    TRY(run_chains_start(x, &(chains_request){.n = n, .chosen_class = -1, .seed = (int64_t)seed,
                                              .from = from == JEM_START_BUFFER ? CHAINS_BUFFER : CHAINS_NOISE},
                         m->r));
done:
    return st;
}

/* ---- states on the way */

static jem_status check_states(const jem_sampler *s)
{
    if (s->at_count < 0 || (s->at_count > 0 && !s->at))
        return jem_error(JEM_EUSAGE, "jem_sampler_run: s->at_count = %lld, s->at is %sNULL", (long long)s->at_count,
                         s->at ? "not " : "");
    for (int64_t i = 0; i < s->at_count; i++)
        if (s->at[i] < 0 || s->at[i] > s->steps || (i > 0 && s->at[i] <= s->at[i - 1]))
            return jem_error(JEM_EUSAGE, "jem_sampler_run: s->at[%lld] = %lld; choose ascending numbers of steps from 0 "
                             "to %lld", (long long)i, (long long)s->at[i], (long long)s->steps);
    return JEM_OK;
}

typedef struct keeper {
    const jem_sampler *s;
    int64_t n, size;
} keeper;

/* Chunks have images of their own: what they write does not overlap. */
static void keep(void *ctx, const float *x, const float *lse, int64_t t, int64_t first, int64_t count)
{
    const keeper *k = ctx;
    const jem_sampler *s = k->s;
    int64_t i = 0;
    while (i < s->at_count && s->at[i] < t) i++;
    if (i == s->at_count || s->at[i] != t) return;
    if (s->states)
        memcpy(s->states + (i * k->n + first) * k->size, x, (size_t)(count * k->size) * sizeof *x);
    for (int64_t j = 0; s->energies && j < count; j++) s->energies[i * k->n + first + j] = -lse[j];
}

static jem_status check(const jem_sampler *s)
{
    if ((unsigned)s->decay > JEM_SAMPLER_CONSTANT || (unsigned)s->update > JEM_SAMPLER_CLAMPED)
        return jem_error(JEM_EUSAGE, "jem_sampler_run: s->decay = %d, s->update = %d: not of their "
                         "kinds", (int)s->decay, (int)s->update);
    if (s->steps < 1 || s->steps > STEPS_MAX)
        return jem_error(JEM_EUSAGE, "jem_sampler_run: s->steps = %lld; choose 1 to %d", (long long)s->steps,
                         STEPS_MAX);
    if (!isfinite(s->step_size) || s->step_size < 0)
        return jem_error(JEM_EUSAGE, "jem_sampler_run: s->step_size = %g; choose 0 or more", s->step_size);
    if (!isfinite(s->noise_std) || s->noise_std < 0)
        return jem_error(JEM_EUSAGE, "jem_sampler_run: s->noise_std = %g; choose 0 or more", s->noise_std);
    if (s->clip && !(s->clip_min < s->clip_max))
        return jem_error(JEM_EUSAGE, "jem_sampler_run: s->clip_min = %g must be below s->clip_max = %g", s->clip_min,
                         s->clip_max);
    return JEM_OK;
}

static sampler_options options_of(const jem_sampler *s)
{
    return (sampler_options){
        .steps = s->steps,
        .step_size = s->step_size,
        .decay = s->decay == JEM_SAMPLER_LINEAR ? DECAY_LINEAR : DECAY_CONSTANT,
        .update = s->update == JEM_SAMPLER_LANGEVIN  ? UPDATE_LANGEVIN
                  : s->update == JEM_SAMPLER_CLAMPED ? UPDATE_CLAMPED
                                                     : UPDATE_ALGORITHM1,
        .noise_std = s->noise_std,
        .clip = s->clip,
        .clip_min = s->clip_min,
        .clip_max = s->clip_max,
    };
}

jem_status jem_sampler_run(const jem_sampler *asked, jem_model *m, float *x, int64_t n)
{
    LIB_CALL;
    jem_status st;
    jem_sampler s = JEM_SAMPLER_INIT;

    if (!asked) return jem_error(JEM_EUSAGE, "%s: s is NULL", __func__);
    LIB_MODEL(m);
    TRY(lib_options(&s, sizeof s, asked, __func__, "JEM_SAMPLER_INIT"));
    if (n > 0) HOST_NEED(x);
    TRY(lib_check_images(n, __func__));
    TRY(check(&s));
    TRY(check_states(&s));
    TRY(lib_check_classes(m, s.y, n, __func__));
    const sampler_options o = options_of(&s);
    keeper k = {&s, n, model_input_count(m->m)};
    const sgld_call call = {.options = &o, .step_size = s.step_size, .y = s.y,
                            .noise = {s.seed, RNG_SAMPLE_NOISE, 0, 0},
                            .visit = s.at_count > 0 ? keep : NULL, .visit_ctx = &k};
    model_set_stop(m->m, s.stop);
    st = sgld_chain(m->m, &call, x, n);
    model_set_stop(m->m, NULL);
done:
    return st;
}
