/* How the runs of a study stand: see sweep_status.h. */
#include "study/sweep_status.h"

#include <math.h>
#include <string.h>

#include "base/csv.h"
#include "base/dir_lock.h"
#include "base/mem.h"
#include "base/try.h"
#include "run/run_owner.h"
#include "study/sweep_study.h"

/* The last number of the column; NaN if there is none. */
static double last_number(const csv *log, const char *name)
{
    double v = NAN;
    const int column = csv_find(log, name);

    for (int64_t i = log->rows; column >= 0 && i-- > 0;) {
        if (!csv_cell(log, i, column)[0] || csv_number(&v, log, i, column) != JEM_OK) continue;
        return v;
    }
    return NAN;
}

static verdict last_verdict(const char **reason, const csv *log)
{
    const int column = csv_find(log, "verdict"), why = csv_find(log, "reason");

    *reason = why >= 0 ? csv_cell(log, log->rows - 1, why) : "";
    for (int v = VERDICT_HEALTHY; column >= 0 && v <= VERDICT_DIVERGED; v++)
        if (strcmp(csv_cell(log, log->rows - 1, column), verdict_name((verdict)v)) == 0) return (verdict)v;
    return VERDICT_HEALTHY;
}

/* A log that is not there, or not whole, says nothing: the run's state stands all the same. */
static void take_log(train_status *s, const char **reason, csv *log, const char *path)
{
    if (!file_exists(path) || csv_read(log, path) != JEM_OK || log->rows == 0) return;
    const double at = last_number(log, "iteration"), wall_s = last_number(log, "wall_s");
    if (!(at > 0)) return;
    s->iteration = (int64_t)at;
    s->epoch = last_number(log, "epoch");
    s->images_per_s = last_number(log, "images_per_s");
    s->val_accuracy = last_number(log, "val_accuracy");
    s->verdict = last_verdict(reason, log);
    s->eta_s = wall_s / at * ((double)s->iterations - at);
}

static jem_status take_progress(sweep_run *r, const run_info *info, const char *folder)
{
    jem_status st;
    csv log = CSV_INIT;
    char *path = NULL;
    train_status now = {.iteration = info->iteration, .iterations = info->iterations, .epoch = info->epoch,
                        .images_per_s = NAN, .eta_s = NAN, .val_accuracy = NAN, .reason = "",
                        .rescues = info->rescue.count};

    TRY(run_path(&path, folder, RUN_METRICS));
    take_log(&now, &now.reason, &log, path);
    sweep_run_report(r, &now);
done:
    csv_clear(&log);
    mem_free(path);
    return st;
}

static bool is_at_work(const char *folder)
{
    char who[RUN_OWNER_TEXT];
    return dir_is_held(folder) || run_owner_is_at_work(who, folder, NULL);
}

static jem_status take_run(sweep_run *r, const char *folder)
{
    jem_status st;
    run_info info;

    TRY(run_read_info(&info, folder));
    TRY(take_progress(r, &info, folder));
    if (info.status == RUN_RUNNING && is_at_work(folder)) {
        r->state = SWEEP_RUNNING;
        goto done;
    }
    r->reported = info.status != RUN_FINISHED; /* which reports its selected weights */
    TRY(sweep_run_recall(r, folder));
    if (info.status == RUN_RUNNING) {
        r->state = SWEEP_INTERRUPTED;
        sweep_run_reason(r, "ended without a word; goes on from its last state");
    }
    r->full_s = info.wall_s;
done:
    return st;
}

jem_status sweep_status_of(sweep_run *r, const char *study)
{
    jem_status st;
    char *folder = NULL, *path = NULL;

    TRY(str_format(&folder, "%s/%s", study, r->name));
    TRY(run_path(&path, folder, RUN_INFO));
    if (!file_exists(path))
        r->state = is_at_work(folder) ? SWEEP_RUNNING : SWEEP_WAITING;
    else if ((st = take_run(r, folder)) == JEM_EDATA)
        sweep_run_failed(r, st, jem_error_message());
    else if (st != JEM_OK)
        goto done;
    st = JEM_OK;
done:
    mem_free(folder);
    mem_free(path);
    return st;
}

jem_status sweep_status_read(sweep_run **runs, int *count, const char *study)
{
    jem_status st;
    sweep_run *read = NULL;
    int n = 0;

    TRY(sweep_study_read(&read, &n, study));
    for (int i = 0; i < n; i++) TRY(sweep_status_of(&read[i], study));
    *runs = read;
    *count = n;
    read = NULL;
done:
    mem_free(read);
    return st;
}
