/* jem/sampler.h over sample/. */
#include "jem/sampler.h"

#include <math.h>

#include "base/try.h"
#include "lib/lib_model.h"
#include "sample/init.h"

enum { STEPS_MAX = 100000 }; /* as sampler.steps */

void jem_sampler_of(jem_sampler *s, const jem_model *m)
{
    *s = (jem_sampler)JEM_SAMPLER_INIT;
    if (!m->r) return;
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

void jem_sampler_start(float *x, int64_t n, const jem_model *m, uint64_t seed)
{
    const rng_stream stream = {seed, RNG_SAMPLE, 0, 0};
    int64_t size = model_input_count(m->m);
    chain_start_uniform.fill(chain_start_uniform.ctx, x, n, size, -1, &stream, 0);
}

static jem_status check(const jem_sampler *s)
{
    if (s->steps < 1 || s->steps > STEPS_MAX)
        return jem_error(JEM_EUSAGE, "steps = %lld; choose 1 to %d", (long long)s->steps,
                         STEPS_MAX);
    if (!isfinite(s->step_size) || s->step_size < 0)
        return jem_error(JEM_EUSAGE, "step_size = %g; choose 0 or more", s->step_size);
    if (!isfinite(s->noise_std) || s->noise_std < 0)
        return jem_error(JEM_EUSAGE, "noise_std = %g; choose 0 or more", s->noise_std);
    if (s->clip && !(s->clip_min < s->clip_max))
        return jem_error(JEM_EUSAGE, "clip_min = %g must be below clip_max = %g", s->clip_min,
                         s->clip_max);
    return JEM_OK;
}

jem_status jem_sampler_run(const jem_sampler *s, jem_model *m, float *x, int64_t n)
{
    jem_status st;
    const sampler_options o = {
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
    const sgld_call call = {.options = &o, .step_size = s->step_size, .y = s->y,
                            .noise = {s->seed, RNG_SAMPLE_NOISE, 0, 0}};

    TRY(check(s));
    TRY(lib_check_classes(m, s->y, n));
    TRY(sgld_chain(m->m, &call, x, n));
done:
    return st;
}
