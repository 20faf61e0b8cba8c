/* What a training by Eq. 8 does not show where it is well (health.h): thresholds are the keys health.*,
 * compared with `>` throughout, so that NaN, which marks what does not apply, never exceeds one.  Sources:
 * Grathwohl et al. 2020 (abort at |l| > 1e8), JEM++, the advice of their authors; our own runs for the
 * rest (docs/reliability.md). */
#include <math.h>

#include "train/objective_eq8.h"

#define SIGN(name) \
    static bool name(char reason[HEALTH_REASON], const objective_report *report, \
                     const health_options *o, int64_t times)
#define REPORT const eq8_report r = eq8_report_of(report); (void)times

static double gap(const eq8_report *r)
{
    return r->loss.lse_pos - r->loss.lse_neg;
}

static double largest_energy(const eq8_report *r)
{
    return fmax(fabs(r->lse_min), fabs(r->lse_max));
}

/* ---- diverged */

SIGN(large_loss_g)
{
    REPORT;
    health_because(reason, "l_G = %.6g is beyond health.max_loss = %g", r.loss.loss_g, o->max_loss);
    return fabs(r.loss.loss_g) > o->max_loss;
}

SIGN(large_loss_d)
{
    REPORT;
    health_because(reason, "l_D = %.6g is beyond health.max_loss = %g", r.loss.loss_d, o->max_loss);
    return r.loss.loss_d > o->max_loss;
}

SIGN(large_energy)
{
    REPORT;
    health_because(reason, "energies from %.4g to %.4g are beyond health.max_energy = %g", r.lse_min,
                   r.lse_max, o->max_energy);
    return largest_energy(&r) > o->max_energy;
}

SIGN(large_gradient_d)
{
    REPORT;
    health_because(reason, "|grad l_D| = %.4g is beyond health.max_gradient = %g", r.loss.g_d,
                   o->max_gradient);
    return r.loss.g_d > o->max_gradient;
}

SIGN(large_gradient_g)
{
    REPORT;
    health_because(reason, "|grad l_G| = %.4g is beyond health.max_gradient = %g", r.loss.g_g,
                   o->max_gradient);
    return r.loss.g_g > o->max_gradient;
}

SIGN(wide_gap)
{
    REPORT;
    health_because(reason, "LSE(x+) - LSE(x-) = %.4g is beyond health.gap_limit = %g for %lld iterations",
                   gap(&r), o->gap_limit, (long long)times);
    return fabs(gap(&r)) > o->gap_limit;
}

SIGN(high_loss)
{
    REPORT;
    health_because(reason, "l_D = %.4g is beyond health.loss_limit = %g for %lld iterations",
                   r.loss.loss_d, o->loss_limit, (long long)times);
    return r.loss.loss_d > o->loss_limit;
}

/* ---- collapsed */

SIGN(buffer_is_alike)
{
    REPORT;
    health_because(reason, "buffer diversity = %.3g is below health.diversity = %g", r.buffer_diversity,
                   o->diversity);
    return r.buffer_diversity < o->diversity;
}

/* Chains whose slope and noise are both zero stand still as well, hence <=. */
SIGN(chains_stand_still)
{
    REPORT;
    health_because(reason, "chains stand still for %lld iterations", (long long)times);
    return r.chain.movement <= o->movement * r.diffusion;
}

/* ---- saturating, drifting */

SIGN(samples_are_clipped)
{
    REPORT;
    health_because(reason, "the clipped share of samples = %.3f is beyond health.saturation = %g",
                   r.chain.clipped, o->saturation);
    return r.chain.clipped > o->saturation;
}

SIGN(buffer_spreads)
{
    REPORT;
    health_because(reason, "buffer diversity = %.3g is beyond health.drift_diversity = %g",
                   r.buffer_diversity, o->drift_diversity);
    return r.buffer_diversity > o->drift_diversity;
}

SIGN(gap_drifts)
{
    REPORT;
    health_because(reason, "LSE(x+) - LSE(x-) = %.4g is beyond health.drift_gap = %g", gap(&r),
                   o->drift_gap);
    return fabs(gap(&r)) > o->drift_gap;
}

SIGN(loss_drifts)
{
    REPORT;
    health_because(reason, "l_D = %.4g is beyond health.drift_loss = %g", r.loss.loss_d, o->drift_loss);
    return r.loss.loss_d > o->drift_loss;
}

SIGN(energy_drifts)
{
    REPORT;
    health_because(reason, "energies from %.4g to %.4g are beyond health.drift_energy = %g", r.lse_min,
                   r.lse_max, o->drift_energy);
    return largest_energy(&r) > o->drift_energy;
}

/* The order of the patient ones is that of their counts in checkpoints. */
const health_rule eq8_rules[] = {
    {VERDICT_DIVERGED, false, large_loss_g},
    {VERDICT_DIVERGED, false, large_loss_d},
    {VERDICT_DIVERGED, false, large_energy},
    {VERDICT_DIVERGED, false, large_gradient_d},
    {VERDICT_DIVERGED, false, large_gradient_g},
    {VERDICT_DIVERGED, true, wide_gap},
    {VERDICT_DIVERGED, true, high_loss},
    {VERDICT_COLLAPSED, false, buffer_is_alike},
    {VERDICT_COLLAPSED, true, chains_stand_still},
    {VERDICT_SATURATING, false, samples_are_clipped},
    {VERDICT_DRIFTING, false, buffer_spreads},
    {VERDICT_DRIFTING, false, gap_drifts},
    {VERDICT_DRIFTING, false, loss_drifts},
    {VERDICT_DRIFTING, false, energy_drifts},
    {VERDICT_HEALTHY, false, NULL},
};
