/* jem plan: what a training needs, before anything is spent. */
#include <stdio.h>

#include "base/mem.h"
#include "base/try.h"
#include "cli/alpha_list.h"
#include "cli/cli.h"
#include "cli/estimate_input.h"
#include "cli/plan_report.h"
#include "cli/print.h"

typedef struct plan_request {
    estimate_request of;
    const char *out, *alpha;
    bool json, no_timing;
    double limit_s;
} plan_request;

static const cli_argument arguments[] = {
    {"CONFIG.yaml|RUN", offsetof(plan_request, of.config),
     .help = "settings, or a run, whose settings are taken"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--alpha", CLI_TEXT, offsetof(plan_request, alpha), "0:1:0.1|0,0.5,1",
     .help = "the values of a sweep: FROM:TO:STEP, or some"},
    CLI_SET(plan_request, of.set, "the settings"),
    CLI_ON_DEVICE(plan_request, of.set),
    {"--no-timing", CLI_SWITCH, offsetof(plan_request, no_timing), NULL,
     .help = "say nothing of times, which steps are run for"},
    {"--seconds", CLI_REAL, offsetof(plan_request, limit_s), "S",
     .help = "how long steps are timed", .default_text = "10",
     .min = 0.1, .max = 86400},
    {"--json", CLI_SWITCH, offsetof(plan_request, json), NULL, .help = "print JSON"},
    {"--out", CLI_TEXT, offsetof(plan_request, out), "RUN",
     .help = "the folder meant, whose disk is looked at", .other = "-o"},
    ESTIMATE_OPTIONS(plan_request, of),
    {.name = NULL},
};

static jem_status print_json(const training_plan *p)
{
    json_t *root = plan_json(p);
    if (!root) return jem_error(JEM_ENOMEM, "plan: out of memory");
    json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9) | JSON_ENSURE_ASCII);
    cli_print("\n");
    json_decref(root);
    return JEM_OK;
}

/* Sizes as they are, or as declared. */
static jem_status take_input(training_plan *p, splits *data, const plan_request *q)
{
    jem_status st;
    estimate_input input;
    TRY(estimate_settings(&p->cfg, &q->of));
    TRY(estimate_data(&input, &p->cfg, &q->of));
    *data = input.data;
    p->data = input.facts;
    p->assumed = input.assumed;
done:
    return st;
}

static jem_status estimate(training_plan *p, const plan_request *q)
{
    jem_status st;
    alpha_list *list = NULL;
    const char *folder = q->out ? q->out : ".";

    if (!q->alpha) return training_plan_estimate(p, NULL, 0, folder);
    TRY(MEM_NEW(list, 1));
    TRY(alpha_list_parse(list, q->alpha));
    TRY(training_plan_estimate(p, list->values, list->count, folder));
done:
    mem_free(list);
    return st;
}

static jem_status make_plan(training_plan *p, splits *data, const plan_request *q)
{
    jem_status st;
    TRY(take_input(p, data, q));
    TRY(estimate(p, q));
    if (!q->json) plan_print(p);
    fflush(stdout);
    jem_status fit = training_plan_check(p);
    if (fit == JEM_OK && !q->no_timing) {
        if (p->assumed) TRY(profile_noise(data, &p->cfg, &p->data));
        TRY(training_plan_time(p, data, q->limit_s));
        if (!q->json) plan_print_times(p);
    }
    if (q->json) TRY(print_json(p));
    /* Said again as the last word: printing and timing may have set another message. */
    if (fit != JEM_OK) st = training_plan_check(p);
done:
    return st;
}

static jem_status plan_command(const cli_lists *lists, int argc, char **argv)
{
    jem_status st;
    plan_request q;
    training_plan *p = NULL;
    splits data = {NULL, NULL, NULL};

    TRY(cli_parse(&q, &command_plan, argc, argv));
    q.of.lists = lists;
    TRY(MEM_NEW(p, 1));
    TRY(make_plan(p, &data, &q));
done:
    if (p) training_plan_clear(p);
    mem_free(p);
    splits_free(&data);
    return st;
}

const command command_plan = {
    .name = "plan",
    .about = "what a training needs, before it begins: layers, FLOPs, memory, disk and time",
    .arguments = arguments,
    .options = options,
    .examples = {"plan cifar10.yaml --alpha 0:1:0.1",
                 "plan cifar10.yaml --images 50000 --shape 3x32x32 --classes 10 --no-timing"},
    .run = plan_command,
};
