/* jem/sampler.h: the caller's chains on an open model, over sample/. */
#include "jem/sampler.h"

#include <math.h>
#include <string.h>

#include "base/try.h"
#include "lib/lib_call.h"
#include "lib/lib_model.h"
#include "sample/replay_buffer.h"

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
    jem_sampler whole = JEM_SAMPLER_INIT;
    const jem_sampler *s = &whole;

    if (!asked) return jem_error(JEM_EUSAGE, "%s: s is NULL", __func__);
    TRY(lib_options(&whole, sizeof whole, asked, __func__, "JEM_SAMPLER_INIT"));
    HOST_NEED(m);
    if (n > 0) HOST_NEED(x);
    TRY(lib_check_images(n, __func__));
    TRY(check(s));
    TRY(lib_check_classes(m, s->y, n, __func__));
    const sampler_options o = options_of(s);
    const sgld_call call = {.options = &o, .step_size = s->step_size, .y = s->y,
                            .noise = {s->seed, RNG_SAMPLE_NOISE, 0, 0}};
    TRY(sgld_chain(m->m, &call, x, n));
done:
    return st;
}
