/* What jem plan found, and showing it: as tables for people or as JSON. */
#ifndef CLI_PLAN_REPORT_H
#define CLI_PLAN_REPORT_H

#include <jansson.h>

#include "base/stopwatch.h"
#include "cli/alpha_list.h"
#include "estimate/profile.h"

/* One alpha asked for. */
typedef struct plan_alpha {
    double alpha;
    step_flops flops;
    step_times times;   /* steps 0: not timed */
    time_forecast time;
} plan_alpha;

typedef struct plan_report {
    config cfg;              /* alpha: the one that needs the most memory */
    data_facts data;
    bool assumed;            /* the data are not there: sizes as declared */
    model_outline outline;
    memory_forecast memory;
    disk_forecast disk;      /* of one run */
    machine_memory machine;
    int64_t room;            /* free bytes where the run would go */
    const char *folder;      /* there */
    plan_alpha alphas[ALPHAS_MAX];
    int alpha_count;
} plan_report;

/* On stdout: the network, memory and disk, which are known at once. */
void plan_print(const plan_report *r);
/* Then, once the steps of all alphas are timed: what a step, an epoch and a run take, and what
 * those times are worth. */
void plan_print_times(const plan_report *r);

/* Everything as one object, the caller's; NULL if memory ran out. */
json_t *plan_json(const plan_report *r);

#endif
