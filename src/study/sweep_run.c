/* One run of a sweep: see sweep_run.h. */
#include "study/sweep_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/plain.h"

const char *sweep_state_name(sweep_state s)
{
    static const char *const names[SWEEP_STATES] = {"waiting",     "running",  "finished",
                                                    "interrupted", "diverged", "failed"};
    return names[s];
}

void sweep_run_name(sweep_run *r)
{
    bool cents = fabs(r->alpha * 100 - round(r->alpha * 100)) < 1e-9;
    snprintf(r->name, SWEEP_NAME, cents ? "alpha-%.2f-seed-%lld" : "alpha-%.6f-seed-%lld", r->alpha,
             (long long)r->seed);
}

/* ---- taking in */

void sweep_run_reason(sweep_run *r, const char *text)
{
    plain_format(r->reason, SWEEP_REASON, "%s", text);
}

void sweep_run_failed(sweep_run *r, jem_status code, const char *why)
{
    r->state = code == JEM_EDIVERGED      ? SWEEP_DIVERGED
               : code == JEM_EINTERRUPTED ? SWEEP_INTERRUPTED
                                          : SWEEP_FAILED;
    r->code = code;
    sweep_run_reason(r, why);
}

void sweep_run_report(sweep_run *r, const train_status *s)
{
    r->now = *s;
    r->now.reason = NULL;
    r->reported = true;
    sweep_run_reason(r, s->reason ? s->reason : "");
    if (isfinite(s->eta_s) && s->iteration < s->iterations)
        r->full_s = s->eta_s * (double)s->iterations / (double)(s->iterations - s->iteration);
}

static void recall_finished(sweep_run *r, const run_info *info)
{
    const bool classified = strcmp(info->selected_by, "val_accuracy") == 0;

    if (!r->reported)
        sweep_run_report(r, &(train_status){.iteration = info->iteration,
                                            .iterations = info->iterations,
                                            .epoch = info->epoch,
                                            .eta_s = NAN,
                                            .val_accuracy = classified ? info->best.score : NAN,
                                            .rescues = info->rescue.count});
    r->state = SWEEP_FINISHED;
    r->code = JEM_OK;
    sweep_run_reason(r, "");
}

jem_status sweep_run_recall(sweep_run *r, const char *folder)
{
    run_info info;
    jem_status st = run_read_info(&info, folder);

    if (st != JEM_OK) return st;
    switch (info.status) {
    case RUN_FINISHED: recall_finished(r, &info); break;
    case RUN_DIVERGED: sweep_run_failed(r, JEM_EDIVERGED, info.message); break;
    case RUN_INTERRUPTED: sweep_run_failed(r, JEM_EINTERRUPTED, ""); break;
    case RUN_RUNNING: sweep_run_failed(r, JEM_EINTERNAL, "ended without a word"); break;
    }
    return JEM_OK;
}

/* ---- how long it takes */

static int kind(const sweep_run *r)
{
    return r->alpha <= 0 ? 0 : r->alpha < 1 ? 1 : 2;
}

/* Mean duration of the runs of a kind, or of all (-1); NaN if none is known. */
static double mean_full_s(const sweep_run *runs, int count, int of_kind)
{
    double sum = 0;
    int known = 0;
    for (int i = 0; i < count; i++)
        if (runs[i].full_s > 0 && (of_kind < 0 || kind(&runs[i]) == of_kind)) {
            sum += runs[i].full_s;
            known++;
        }
    return known ? sum / known : NAN;
}

double sweep_eta_s(const sweep_run *runs, int count, double *load, int slots)
{
    double full_s[3], any = mean_full_s(runs, count, -1), last = 0;
    int busy = 0;

    for (int k = 0; k < 3; k++) {
        full_s[k] = mean_full_s(runs, count, k);
        if (isnan(full_s[k])) full_s[k] = any;
    }
    for (int s = 0; s < slots; s++) load[s] = 0;
    for (int i = 0; i < count && busy < slots; i++)
        if (runs[i].state == SWEEP_RUNNING)
            load[busy++] = runs[i].reported && isfinite(runs[i].now.eta_s) ? runs[i].now.eta_s
                                                                           : full_s[kind(&runs[i])];
    /* Waiting runs begin in order, each where a slot is free first. */
    for (int i = 0; i < count; i++) {
        int next = 0;
        if (runs[i].state != SWEEP_WAITING) continue;
        for (int s = 1; s < slots; s++)
            if (load[s] < load[next]) next = s;
        load[next] += full_s[kind(&runs[i])];
    }
    for (int s = 0; s < slots; s++) {
        if (isnan(load[s])) return NAN;
        if (load[s] > last) last = load[s];
    }
    return last;
}
