/* Verdicts on a training: see health.h.  A threshold is compared with `>` throughout, so
 * that NaN, which marks what does not apply, never exceeds one. */
#include "train/health.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define AT(field) offsetof(health_options, field)
const option health_option_table[] = {
    {"max_loss", OPTION_REAL, AT(max_loss), "1e4", 0, 1e30, NULL,
     "diverged if |l_G| or l_D exceeds this once; JEM aborts at 1e8, SADA-JEM at 1e5"},
    {"max_energy", OPTION_REAL, AT(max_energy), "1e5", 0, 1e30, NULL,
     "diverged if |LSE| of an image exceeds this once: float32 then resolves 0.01 at best"},
    {"max_gradient", OPTION_REAL, AT(max_gradient), "1e7", 0, 1e30, NULL,
     "diverged if |grad l_D| or |grad l_G| exceeds this once; healthy runs stay below 1e3"},
    {"gap_limit", OPTION_REAL, AT(gap_limit), "100", 0, 1e30, NULL,
     "diverged if |LSE(x+) - LSE(x-)| exceeds this for health.patience iterations"},
    {"loss_limit", OPTION_REAL, AT(loss_limit), "20", 0, 1e30, NULL,
     "diverged if l_D (nats) exceeds this for health.patience iterations"},
    {"patience", OPTION_INT, AT(patience), "25", 1, 1000000, NULL,
     "iterations until a wide gap, a high l_D or still chains count; others take one off"},
    {"drift_gap", OPTION_REAL, AT(drift_gap), "10", 0, 1e30, NULL,
     "drifting if |LSE(x+) - LSE(x-)| exceeds this on average since the last row of the log"},
    {"drift_loss", OPTION_REAL, AT(drift_loss), "10", 0, 1e30, NULL,
     "drifting if l_D (nats) exceeds this on average since the last row of the log"},
    {"drift_energy", OPTION_REAL, AT(drift_energy), "300", 0, 1e30, NULL,
     "drifting if |LSE| of an image exceeded this since the last row of the log"},
    {"drift_diversity", OPTION_REAL, AT(drift_diversity), "5", 0, 1e30, NULL,
     "drifting if buffer entries differ this many times as much as fresh starts"},
    {"saturation", OPTION_REAL, AT(saturation), "0.5", 0, 1, NULL,
     "saturating if a larger share of the samples' values lies on a clipping bound"},
    {"movement", OPTION_REAL, AT(movement), "0.5", 0, 1, NULL,
     "collapsed if chains move less than this share of what their noise alone would do"},
    {"diversity", OPTION_REAL, AT(diversity), "0.1", 0, 1, NULL,
     "collapsed if buffer entries differ less than this share of fresh starts' difference"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};
#undef AT

const char *verdict_name(verdict v)
{
    static const char *const names[] = {"healthy", "drifting", "saturating", "collapsed",
                                        "diverged"};
    return names[v];
}

static double gap(const step_report *r)
{
    return r->loss.lse_pos - r->loss.lse_neg;
}

static double largest_energy(const step_report *r)
{
    return fmax(fabs(r->lse_min), fabs(r->lse_max));
}

/* Writes the reason and says that there is one. */
static bool because(char reason[160], const char *fmt, ...) JEM_PRINTF(2, 3);
static bool because(char reason[160], const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(reason, 160, fmt, args);
    va_end(args);
    return true;
}

static bool has_diverged(char reason[160], const health_state *s, const health_options *o,
                         const step_report *r)
{
    const eq8_result *l = &r->loss;
    if (fabs(l->loss_g) > o->max_loss)
        return because(reason, "l_G = %.6g is beyond health.max_loss = %g", l->loss_g, o->max_loss);
    if (l->loss_d > o->max_loss)
        return because(reason, "l_D = %.6g is beyond health.max_loss = %g", l->loss_d, o->max_loss);
    if (largest_energy(r) > o->max_energy)
        return because(reason, "energies from %.4g to %.4g are beyond health.max_energy = %g",
                       r->lse_min, r->lse_max, o->max_energy);
    if (l->g_d > o->max_gradient)
        return because(reason, "|grad l_D| = %.4g is beyond health.max_gradient = %g", l->g_d,
                       o->max_gradient);
    if (l->g_g > o->max_gradient)
        return because(reason, "|grad l_G| = %.4g is beyond health.max_gradient = %g", l->g_g,
                       o->max_gradient);
    if (s->wide_gap >= o->patience)
        return because(reason, "LSE(x+) - LSE(x-) = %.4g is beyond health.gap_limit = %g for "
                       "%lld iterations", gap(r), o->gap_limit, (long long)s->wide_gap);
    if (s->high_loss >= o->patience)
        return because(reason, "l_D = %.4g is beyond health.loss_limit = %g for %lld iterations",
                       l->loss_d, o->loss_limit, (long long)s->high_loss);
    return false;
}

static bool has_collapsed(char reason[160], const health_report *h, const health_state *s,
                          const health_options *o)
{
    if (h->buffer_diversity < o->diversity)
        return because(reason, "buffer diversity = %.3g is below health.diversity = %g",
                       h->buffer_diversity, o->diversity);
    if (s->still >= o->patience)
        return because(reason, "chains stand still for %lld iterations", (long long)s->still);
    return false;
}

static bool saturates(char reason[160], const health_options *o, const step_report *r)
{
    return r->chain.clipped > o->saturation &&
           because(reason, "the clipped share of samples = %.3f is beyond health.saturation = %g",
                   r->chain.clipped, o->saturation);
}

static bool drifts(char reason[160], const health_report *h, const health_options *o,
                   const step_report *r)
{
    if (h->buffer_diversity > o->drift_diversity)
        return because(reason, "buffer diversity = %.3g is beyond health.drift_diversity = %g",
                       h->buffer_diversity, o->drift_diversity);
    if (fabs(gap(r)) > o->drift_gap)
        return because(reason, "LSE(x+) - LSE(x-) = %.4g is beyond health.drift_gap = %g", gap(r),
                       o->drift_gap);
    if (r->loss.loss_d > o->drift_loss)
        return because(reason, "l_D = %.4g is beyond health.drift_loss = %g", r->loss.loss_d,
                       o->drift_loss);
    if (largest_energy(r) > o->drift_energy)
        return because(reason, "energies from %.4g to %.4g are beyond health.drift_energy = %g",
                       r->lse_min, r->lse_max, o->drift_energy);
    return false;
}

/* Chains whose slope and noise are both zero stand still as well, hence <=. */
static bool stands_still(const health_options *o, const step_report *r)
{
    return r->chain.movement <= o->movement * r->diffusion;
}

/* Up with each iteration that shows it and down with each that does not, so that
 * fluctuations hide nothing. */
static int64_t counted(int64_t before, bool now)
{
    return now ? before + 1 : before > 0 ? before - 1 : 0;
}

jem_status health_step(health_state *s, const health_options *o, const step_report *r,
                       int64_t iteration)
{
    char reason[160];
    s->wide_gap = counted(s->wide_gap, fabs(gap(r)) > o->gap_limit);
    s->high_loss = counted(s->high_loss, r->loss.loss_d > o->loss_limit);
    s->still = counted(s->still, stands_still(o, r));
    if (!has_diverged(reason, s, o, r)) return JEM_OK;
    return jem_error(JEM_EDIVERGED, "training diverged in iteration %lld: %s",
                     (long long)iteration, reason);
}

bool health_in_doubt(const health_state *s)
{
    return s->wide_gap > 0 || s->high_loss > 0;
}

void health_assess(health_report *out, health_state *s, const health_options *o,
                   const step_report *mean, const replay_buffer *replay)
{
    health_report h = {.buffer_age = replay_buffer_mean_age(replay),
                       .buffer_diversity = replay_buffer_diversity(replay)};
    h.verdict = has_diverged(h.reason, s, o, mean)       ? VERDICT_DIVERGED
                : has_collapsed(h.reason, &h, s, o)      ? VERDICT_COLLAPSED
                : saturates(h.reason, o, mean)           ? VERDICT_SATURATING
                : drifts(h.reason, &h, o, mean)          ? VERDICT_DRIFTING
                                                         : VERDICT_HEALTHY;
    s->last = h.verdict;
    *out = h;
}

/* ---- in a checkpoint */

enum { STATE_VALUES = 4 };
_Static_assert(sizeof(health_state) == STATE_VALUES * sizeof(int64_t), "one type throughout");

jem_status health_save(const health_state *s, safetensors_writer *w)
{
    int64_t dims[1] = {STATE_VALUES};
    return safetensors_writer_add(w, "train.health", JEM_I64, 1, dims, s);
}

jem_status health_restore(health_state *s, const safetensors *f)
{
    health_state b;
    int i = safetensors_find(f, "train.health");
    if (i < 0)
        return jem_error(JEM_EDATA, "%s: tensor train.health is missing: not a checkpoint of a "
                         "training", safetensors_path(f));
    jem_tensor t = safetensors_view(f, i);
    if (t.dtype != JEM_I64 || t.ndim != 1 || t.shape[0] != STATE_VALUES)
        return jem_error(JEM_EDATA, "%s: train.health must hold %d i64 values",
                         safetensors_path(f), STATE_VALUES);
    memcpy(&b, t.data, sizeof b); /* the file's bytes need not be aligned */
    if (b.wide_gap < 0 || b.high_loss < 0 || b.still < 0 || b.last < VERDICT_HEALTHY ||
        b.last > VERDICT_DIVERGED)
        return jem_error(JEM_EDATA, "%s: train.health holds impossible values",
                         safetensors_path(f));
    *s = b;
    return JEM_OK;
}
