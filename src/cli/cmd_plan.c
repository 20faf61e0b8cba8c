/* jem plan: what a training needs, before anything is spent. */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
#include "cli/plan_report.h"
#include "cli/print.h"
#include "cli/estimate_input.h"

typedef struct plan_request {
    estimate_request of;
    const char *out, *alpha;
    bool json, no_timing;
    double limit_s;
} plan_request;

static const cli_argument arguments[] = {
    {"CONFIG.yaml|RUN", offsetof(plan_request, of.config), .help = "settings, or a run, whose settings are taken"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--alpha", CLI_TEXT, offsetof(plan_request, alpha), "0:1:0.1|0,0.5,1",
     .help = "the values of a sweep: FROM:TO:STEP, or some"},
    CLI_SET(plan_request, of.set, "the settings"),
    CLI_ON_DEVICE(plan_request, of.set),
    {"--no-timing", CLI_SWITCH, offsetof(plan_request, no_timing), NULL, .help = "say nothing of times, which steps are run for"},
    {"--seconds", CLI_REAL, offsetof(plan_request, limit_s), "S", .help = "how long steps are timed", .default_text = "10",
     .min = 0.1, .max = 86400},
    {"--json", CLI_SWITCH, offsetof(plan_request, json), NULL, .help = "print JSON"},
    {"--out", CLI_TEXT, offsetof(plan_request, out), "RUN", .help = "the folder meant, whose disk is looked at", .other = "-o"},
    ESTIMATE_OPTIONS(plan_request, of),
    {.name = NULL},
};

/* ---- estimating */

/* Memory of the alpha that needs most; leaves that alpha in r->cfg. */
static void estimate_memory(plan_report *r)
{
    double most_at = r->alphas[0].alpha;
    for (int i = 0; i < r->alpha_count; i++) {
        memory_forecast m;
        r->cfg.alpha = r->alphas[i].alpha;
        forecast_memory(&m, &r->cfg, &r->outline, &r->data);
        r->alphas[i].flops = forecast_flops(&r->cfg, r->outline.flops);
        if (i > 0 && m.bytes <= r->memory.bytes) continue;
        r->memory = m;
        most_at = r->alphas[i].alpha;
    }
    r->cfg.alpha = most_at;
    forecast_disk(&r->disk, &r->cfg, &r->outline, &r->data);
}

static jem_status estimate(plan_report *r, const plan_request *q)
{
    jem_status st;
    alpha_list *list = NULL;

    TRY(MEM_NEW(list, 1));
    list->values[list->count++] = r->cfg.alpha;
    if (q->alpha) TRY(alpha_list_parse(list, q->alpha));
    for (int i = 0; i < list->count; i++) r->alphas[i].alpha = list->values[i];
    r->alpha_count = list->count;
    r->folder = q->out ? q->out : ".";
    TRY(model_outline_init(&r->outline, &r->cfg.model, &r->cfg.engine, r->cfg.train.batch,
                           config_generative_batch(&r->cfg.train)));
    estimate_memory(r);
    TRY(forecast_machine(&r->machine, &r->memory));
    TRY(machine_disk_free(&r->room, r->folder));
    /* What this process holds already is part of what the training will need. */
    if (!r->assumed) r->machine.available += r->data.bytes;
done:
    mem_free(list);
    return st;
}

/* ---- times: 0, 1 and between differ in what they compute */

static int kind_of(double alpha)
{
    return alpha <= 0 ? 0 : alpha >= 1 ? 2 : 1;
}

static jem_status time_alphas(plan_report *r, const splits *data, double seconds)
{
    jem_status st = JEM_OK;
    config *c = &r->cfg;
    double alpha_of_memory = c->alpha;
    int first[3] = {-1, -1, -1}, kinds = 0;

    for (int i = r->alpha_count; i-- > 0;) {
        kinds += first[kind_of(r->alphas[i].alpha)] < 0;
        first[kind_of(r->alphas[i].alpha)] = i;
    }
    for (int i = 0; i < r->alpha_count; i++) {
        plan_alpha *a = &r->alphas[i];
        int like = first[kind_of(a->alpha)];
        c->alpha = a->alpha;
        if (like == i) {
            log_info("timing steps at alpha %.4g", a->alpha);
            TRY(profile_training(&a->times, c, data, &r->data, seconds / kinds));
        }
        a->times = r->alphas[like].times;
        a->time = forecast_time(c, &r->data, &a->flops, &a->times);
    }
done:
    c->alpha = alpha_of_memory;
    return st;
}

static jem_status check_fit(const plan_report *r)
{
    jem_status st;
    TRY(forecast_check_machine(&r->memory, &r->cfg, &r->machine, r->machine.available));
    TRY(forecast_check_disk(&r->disk, r->folder, r->room));
done:
    return st;
}

/* ---- the command */

static jem_status print_json(const plan_report *r)
{
    json_t *root = plan_json(r);
    if (!root) return jem_error(JEM_ENOMEM, "plan: out of memory");
    json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9) | JSON_ENSURE_ASCII);
    cli_print("\n");
    json_decref(root);
    return JEM_OK;
}

static jem_status make_plan(plan_report *r, splits *data, const plan_request *q)
{
    jem_status st;
    estimate_input p;
    TRY(estimate_settings(&r->cfg, &q->of));
    TRY(estimate_data(&p, &r->cfg, &q->of));
    *data = p.data;
    r->data = p.facts;
    r->assumed = p.assumed;
    TRY(estimate(r, q));
    if (!q->json) plan_print(r);
    fflush(stdout);
    jem_status fit = check_fit(r);
    if (fit == JEM_OK && !q->no_timing) {
        if (r->assumed) TRY(profile_noise(data, &r->cfg, &r->data));
        TRY(time_alphas(r, data, q->limit_s));
        if (!q->json) plan_print_times(r);
    }
    if (q->json) TRY(print_json(r));
    /* Said again as the last word: printing and timing may have set another message. */
    if (fit != JEM_OK) st = check_fit(r);
done:
    return st;
}

static jem_status plan_command(const cli_lists *lists, int argc, char **argv)
{
    jem_status st;
    plan_request q;
    plan_report *r = NULL;
    splits data = {NULL, NULL, NULL};

    TRY(cli_parse(&q, &command_plan, argc, argv));
    q.of.lists = lists;
    TRY(MEM_NEW(r, 1));
    TRY(make_plan(r, &data, &q));
done:
    if (r) model_outline_clear(&r->outline);
    mem_free(r);
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
