/* Verdicts on a training: see health.h. */
#include "train/health.h"

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

void health_because(char *reason, const char *fmt, ...)
{
    va_list args;
    if (!reason) return;
    va_start(args, fmt);
    vsnprintf(reason, HEALTH_REASON, fmt, args);
    va_end(args);
}

/* ---- rules */

static const health_rule no_rules[] = {{VERDICT_HEALTHY, false, NULL}};

static const health_rule *first_of(const health_rule *rules)
{
    return rules ? rules : no_rules;
}

/* Up with each iteration that shows it and down with each that does not, so that
 * fluctuations hide nothing. */
static int64_t counted(int64_t before, bool now)
{
    return now ? before + 1 : before > 0 ? before - 1 : 0;
}

/* The verdict of the first rule that is broken; `gravest` asks for that verdict alone. */
static verdict judge(char reason[HEALTH_REASON], const health_state *s, const health_rule *rules,
                     const health_options *o, const struct objective_report *r, bool gravest)
{
    int patient = 0;
    for (const health_rule *q = first_of(rules); q->sign; q++) {
        const int64_t times = q->patient ? s->counts[patient++] : 0;
        if (gravest && q->verdict != VERDICT_DIVERGED) continue;
        if (q->patient ? times < o->patience : !q->sign(NULL, r, o, 0)) continue;
        (void)q->sign(reason, r, o, times);
        return q->verdict;
    }
    reason[0] = '\0';
    return VERDICT_HEALTHY;
}

jem_status health_step(health_state *s, const health_rule *rules, const health_options *o,
                       const struct objective_report *r, int64_t iteration)
{
    char reason[HEALTH_REASON];
    int64_t *count = s->counts;
    for (const health_rule *q = first_of(rules); q->sign; q++)
        if (q->patient) *count = counted(*count, q->sign(NULL, r, o, 0)), count++;
    if (judge(reason, s, rules, o, r, true) == VERDICT_HEALTHY) return JEM_OK;
    return jem_error(JEM_EDIVERGED, "training diverged in iteration %lld: %s",
                     (long long)iteration, reason);
}

bool health_in_doubt(const health_state *s, const health_rule *rules)
{
    const int64_t *count = s->counts;
    for (const health_rule *q = first_of(rules); q->sign; q++)
        if (q->patient && *count++ > 0 && q->verdict == VERDICT_DIVERGED) return true;
    return false;
}

void health_assess(health_report *out, health_state *s, const health_rule *rules,
                   const health_options *o, const struct objective_report *mean)
{
    out->verdict = judge(out->reason, s, rules, o, mean, false);
    s->last = out->verdict;
}

/* ---- in a checkpoint */

static int count_patient(const health_rule *rules)
{
    int n = 0;
    for (const health_rule *q = first_of(rules); q->sign; q++) n += q->patient;
    return n;
}

jem_status health_save(const health_state *s, const health_rule *rules, safetensors_writer *w,
                       int64_t room[HEALTH_COUNTS + 1])
{
    const int n = count_patient(rules);
    const int64_t dims[1] = {n + 1};
    memcpy(room, s->counts, (size_t)n * sizeof *room);
    room[n] = s->last;
    return safetensors_writer_add(w, "train.health", JEM_I64, 1, dims, room);
}

jem_status health_restore(health_state *s, const health_rule *rules, const safetensors *f)
{
    const int n = count_patient(rules);
    int64_t values[HEALTH_COUNTS + 1];
    health_state b = {.last = 0};
    int i = safetensors_find(f, "train.health");
    if (i < 0)
        return jem_error(JEM_EDATA, "%s: tensor train.health is missing: not a checkpoint of a "
                         "training", safetensors_path(f));
    jem_tensor t = safetensors_view(f, i);
    if (t.dtype != JEM_I64 || t.ndim != 1 || t.shape[0] != n + 1)
        return jem_error(JEM_EDATA, "%s: train.health must hold %d i64 values",
                         safetensors_path(f), n + 1);
    memcpy(values, t.data, (size_t)(n + 1) * sizeof *values); /* the file's bytes need not be aligned */
    memcpy(b.counts, values, (size_t)n * sizeof *values);
    b.last = values[n];
    bool possible = b.last >= VERDICT_HEALTHY && b.last <= VERDICT_DIVERGED;
    for (int k = 0; k < n; k++) possible = possible && b.counts[k] >= 0;
    if (!possible)
        return jem_error(JEM_EDATA, "%s: train.health holds impossible values",
                         safetensors_path(f));
    *s = b;
    return JEM_OK;
}
