/* Fits the constants of estimate/gpu_cost.h to the steps that were measured, and says how far off each step is when the
 * others alone are fitted.
 *
 *   gpu_cost_fit      (`make perf` builds it; a new measurement is a row of gpu_steps_measured)
 *
 * What is made small: the sum of squares of the logarithms of model over measurement.  Four steps cannot tell four constants
 * apart by themselves; a weak pull (a tenth of a step's weight) towards a tenth power of two keeps each where kernels were
 * profiled: 0.6 of the peak, 128 channels, 5 us, 0.7 of the bandwidth. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "estimate/gpu_cost.h"

enum { CONSTANTS = 4, NONE_LEFT_OUT = -1, ROUNDS = 400 };

static const double profiled[CONSTANTS] = {0.6, 128, 5e-6, 0.7};
static const double pull = 0.01;

static gpu_constants constants_of(const double *log_of)
{
    return (gpu_constants){exp(log_of[0]), exp(log_of[1]), exp(log_of[2]), exp(log_of[3])};
}

static jem_status settings(config *c, const gpu_step *s)
{
    char text[4][64];
    jem_status st;
    snprintf(text[0], sizeof text[0], "model.name=%s", s->network);
    snprintf(text[1], sizeof text[1], "train.batch=%lld", (long long)s->batch);
    snprintf(text[2], sizeof text[2], "alpha=%g", s->alpha);
    snprintf(text[3], sizeof text[3], "engine.precision=bf16");
    TRY(config_defaults(c, &config_builtin));
    TRY(config_assign(c, (const char *const[]){text[0], text[1], text[2], text[3]}, 4));
    c->model.classes = 10;
    c->model.channels = 3;
    c->model.height = c->model.width = 32;
    c->sampler.steps = 20;
done:
    return st;
}

/* log(model / measurement) of a step. */
static jem_status difference(double *out, const gpu_step *s, const double *log_of)
{
    static config c; /* large */
    const gpu_constants k = constants_of(log_of);
    const data_facts none = {.train = 0};
    gpu_forecast f;
    jem_status st;
    TRY(settings(&c, s));
    TRY(gpu_cost(&f, &gpu_models[0], &k, &c, &none));
    *out = log(f.times.step_s / s->seconds);
done:
    return st;
}

static jem_status badness(double *out, const double *log_of, int left_out)
{
    jem_status st = JEM_OK;
    *out = 0;
    for (int i = 0; i < CONSTANTS; i++) *out += pull * pow(log_of[i] - log(profiled[i]), 2);
    for (int i = 0; gpu_steps_measured[i].network; i++) {
        double d;
        if (i == left_out) continue;
        TRY(difference(&d, &gpu_steps_measured[i], log_of));
        *out += d * d;
    }
done:
    return st;
}

/* Pattern search: each constant up and down, ever smaller. */
static jem_status fit(double *log_of, int left_out)
{
    jem_status st;
    double best, width = 0.3;
    for (int i = 0; i < CONSTANTS; i++) log_of[i] = log(profiled[i]);
    TRY(badness(&best, log_of, left_out));
    for (int round = 0; round < ROUNDS && width > 1e-5; round++) {
        bool better = false;
        for (int i = 0; i < 2 * CONSTANTS; i++) {
            const double was = log_of[i / 2];
            double now;
            log_of[i / 2] += i % 2 ? width : -width;
            TRY(badness(&now, log_of, left_out));
            if (now < best)
                best = now, better = true;
            else
                log_of[i / 2] = was;
        }
        if (!better) width /= 2;
    }
done:
    return st;
}

static jem_status report(void)
{
    jem_status st;
    double all[CONSTANTS], others[CONSTANTS];
    TRY(fit(all, NONE_LEFT_OUT));
    const gpu_constants k = constants_of(all);
    printf("efficiency %.4f, half %.1f channels, launch %.3f us, bandwidth share %.4f\n", k.efficiency, k.half, 1e6 * k.launch_s,
           k.share);
    for (int i = 0; gpu_steps_measured[i].network; i++) {
        const gpu_step *s = &gpu_steps_measured[i];
        double fitted, foretold;
        TRY(fit(others, i));
        TRY(difference(&fitted, s, all));
        TRY(difference(&foretold, s, others));
        printf("%-10s batch %-4lld alpha %-4g measured %7.2f ms, fitted %+5.1f %%, foretold by the others %+5.1f %%\n", s->network,
               (long long)s->batch, s->alpha, 1e3 * s->seconds, 100 * expm1(fitted), 100 * expm1(foretold));
    }
done:
    return st;
}

int main(void)
{
    if (report() == JEM_OK) return 0;
    fprintf(stderr, "gpu_cost_fit: %s\n", jem_error_message());
    return 1;
}
