/* One run of a study: see sweep_task.h. */
#include "study/sweep_task.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "study/sweep_config.h"
#include "study/sweep_rescue.h"
#include "study/sweep_study.h"

/* By its name, or else by its number. */
static jem_status find_run(sweep_run *out, const sweep_run *runs, int count, const sweep_task_request *q)
{
    char *end;
    for (int i = 0; i < count; i++)
        if (strcmp(runs[i].name, q->task) == 0) {
            *out = runs[i];
            return JEM_OK;
        }
    const long number = strtol(q->task, &end, 10);
    if (!q->task[0] || *end || number < 0 || number >= count)
        return jem_error(JEM_EUSAGE, "--task %s: %s has the runs 0 (%s) to %d (%s)", q->task, q->study,
                         runs[0].name, count - 1, runs[count - 1].name);
    *out = runs[number];
    return JEM_OK;
}

static jem_status take_settings(config *cfg, const sweep_task_request *q, const sweep_run *r)
{
    jem_status st;
    char *path = NULL;
    sweep_config kept = SWEEP_CONFIG_INIT;

    TRY(str_format(&path, "%s/config.yaml", q->study));
    TRY(config_load(cfg, q->lists, path, q->set, q->set_count));
    TRY(sweep_config_check(&kept, cfg, q->study));
    cfg->alpha = r->alpha;
    cfg->seed = r->seed;
    TRY(config_check(cfg));
done:
    sweep_config_clear(&kept);
    mem_free(path);
    return st;
}

/* Days of training would be set aside by the next sweep. */
static jem_status check_equal(config *cfg, const sweep_task_request *q, const sweep_run *runs, int count)
{
    jem_status st;
    study_rescue rescue = {.path = NULL};
    char *folder = NULL;
    run_info info;

    TRY(study_rescue_look(&rescue, q->study));
    if (rescue.pending) {
        st = jem_error(JEM_EUSAGE, "%s: a change for all runs is half done; the next jem sweep there ends it", rescue.path);
        goto done;
    }
    for (int i = 0; i < count && study_rescue_left(&rescue, cfg); i++) {
        mem_free(folder);
        folder = NULL;
        TRY(str_format(&folder, "%s/%s", q->study, runs[i].name));
        if (run_read_info(&info, folder) != JEM_OK || info.status != RUN_DIVERGED) continue;
        st = jem_error(JEM_EDIVERGED, "%s diverged (%s) and all runs need another setting: the next jem sweep there "
                       "makes that change, and they begin anew", folder, info.message);
        break;
    }
done:
    study_rescue_clear(&rescue);
    mem_free(folder);
    return st;
}

jem_status sweep_task(const sweep_task_request *q)
{
    jem_status st;
    config *cfg = NULL;
    sweep_run *runs = NULL, r;
    char *folder = NULL;
    int count = 0;

    TRY(MEM_NEW(cfg, 1));
    TRY(sweep_study_read(&runs, &count, q->study));
    TRY(find_run(&r, runs, count, q));
    TRY(take_settings(cfg, q, &r));
    TRY(check_equal(cfg, q, runs, count));
    TRY(str_format(&folder, "%s/%s", q->study, r.name));
    TRY(train_run(&(train_request){.cfg = cfg, .out = folder, .resume = true, .stop = q->stop,
                                   .watch = q->watch, .place = q->place}));
done:
    mem_free(folder);
    mem_free(runs);
    mem_free(cfg);
    return st;
}
