/* jem plan: what a training needs, before anything is spent. */
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/try.h"
#include "cli/alpha_list.h"
#include "cli/cli.h"
#include "cli/estimate_input.h"
#include "cli/plan_report.h"
#include "cli/plan_seeds.h"
#include "cli/print.h"
#include "study/training_plan_json.h"

typedef struct plan_request {
    estimate_request of;
    const char *out, *alpha;
    bool json, no_timing;
    double limit_s, price;
    const char *gpu;
    seeds_request seeds;
} plan_request;

static const cli_argument arguments[] = {
    {"CONFIG.yaml|RUN", offsetof(plan_request, of.config),
     .help = "settings, or a run, whose settings are taken"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--alpha", CLI_TEXT, offsetof(plan_request, alpha), "0:1:0.1|0,0.5,1",
     .help = "the values of a sweep: FROM:TO:STEP, or some"},
    SEEDS_OPTIONS(plan_request, seeds),
    CLI_SET(plan_request, of.set, "the settings or sweetspot.*"),
    CLI_ON_DEVICE(plan_request, of.set),
    {"--no-timing", CLI_SWITCH, offsetof(plan_request, no_timing), NULL,
     .help = "say nothing of times, which steps are run for"},
    {"--seconds", CLI_REAL, offsetof(plan_request, limit_s), "S",
     .help = "how long steps are timed", .default_text = "10",
     .min = 0.1, .max = 86400},
    {"--device-model", CLI_TEXT, offsetof(plan_request, gpu), "h200|h100|a100|l40s|b200|rtx4090",
     .help = "instead: times on such a GPU, which need not be here"},
    {"--price", CLI_REAL, offsetof(plan_request, price), "P",
     .help = "with it: what an hour of it costs, in any currency", .min = 0, .max = 1e6},
    {"--json", CLI_SWITCH, offsetof(plan_request, json), NULL, .help = "print JSON"},
    {"--out", CLI_TEXT, offsetof(plan_request, out), "RUN",
     .help = "the folder meant, whose disk is looked at", .other = "-o"},
    ESTIMATE_OPTIONS(plan_request, of),
    {.name = NULL},
};

/* What is asked about a training and about a sweep of such. */
typedef struct plan_answer {
    training_plan training;
    seeds_margin margin; /* no alphas: not asked for */
} plan_answer;

static jem_status print_json(const plan_answer *a)
{
    json_t *root = training_plan_json(&a->training);
    if (root && a->margin.alphas && json_object_set_new(root, "sweetspot", seeds_margin_json(&a->margin)) != 0) {
        json_decref(root);
        root = NULL;
    }
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
    training_input input;
    const training_input_request of = estimate_input_of(&q->of);
    TRY(training_input_settings(&p->cfg, &of));
    TRY(training_input_read(&input, &p->cfg, &of));
    *data = input.data;
    p->data = input.facts;
    p->assumed = input.assumed;
done:
    return st;
}

static jem_status make_plan(plan_answer *a, splits *data, const plan_request *q, const alpha_list *alphas)
{
    jem_status st;
    const gpu_model *gpu = NULL;
    training_plan *p = &a->training;
    if (q->gpu) TRY(gpu_model_find(&gpu, q->gpu));
    if (!gpu && !isnan(q->price)) return cli_usage_error(&command_plan, "--price P needs --device-model", "");
    TRY(take_input(p, data, q));
    TRY(training_plan_estimate(p, alphas ? alphas->values : NULL, alphas ? alphas->count : 0,
                               q->out ? q->out : "."));
    if (!q->json) plan_print(p);
    fflush(stdout);
    if (gpu) {
        TRY(training_plan_on_gpu(p, gpu));
        if (!q->json) plan_print_gpu(p, q->price);
    }
    jem_status fit = training_plan_check(p);
    if (fit == JEM_OK && !q->no_timing && !gpu) {
        if (p->assumed) TRY(profile_noise(data, &p->cfg, &p->data));
        TRY(training_plan_time(p, data, q->limit_s));
        if (!q->json) plan_print_times(p);
    }
    if (!q->json && a->margin.alphas) seeds_margin_print(&a->margin);
    if (q->json) TRY(print_json(a));
    /* Said again as the last word: printing and timing may have set another message. */
    if (fit != JEM_OK) st = training_plan_check(p);
done:
    return st;
}

/* With --sweep nothing of a training is asked. */
static jem_status plan_seeds(const cli_lists *lists, const plan_request *q, const alpha_list *alphas,
                             sweetspot_options *o)
{
    if (isnan(q->seeds.margin)) return cli_usage_error(&command_plan, "--sweep STUDY needs --margin M", "");
    if (q->of.config) return cli_usage_error(&command_plan, "--sweep STUDY takes its settings along; leave out", q->of.config);
    if (q->of.set.count)
        return cli_usage_error(&command_plan, "--sweep STUDY: --set is for sweetspot.* alone, not", q->of.set.values[0]);
    return seeds_from_pilot(lists, &q->seeds, alphas, o, q->json);
}

/* The margin, if it is asked for; without --alpha of jem sweep's values. */
static jem_status find_margin(seeds_margin *m, const plan_request *q, const alpha_list *alphas, sweetspot_options *o)
{
    jem_status st = JEM_OK;
    alpha_list *usual = NULL;

    if (!isnan(q->seeds.margin)) return cli_usage_error(&command_plan, "--margin M needs --sweep STUDY", "");
    if (q->seeds.seeds == CLI_NONE && isnan(q->seeds.sd) && q->seeds.seeds_at.count == 0) return JEM_OK;
    if (!alphas) {
        TRY(MEM_NEW(usual, 1));
        TRY(alpha_list_parse(usual, ALPHAS_USUAL));
    }
    TRY(seeds_margin_find(m, &q->seeds, alphas ? alphas : usual, o));
done:
    mem_free(usual);
    return st;
}

static jem_status plan_command(const cli_lists *lists, int argc, char **argv)
{
    jem_status st;
    plan_request q;
    plan_answer *a = NULL;
    alpha_list *alphas = NULL;
    sweetspot_options o = SWEETSPOT_OPTIONS_INIT;
    splits data = {NULL, NULL, NULL};

    TRY(cli_parse(&q, &command_plan, argc, argv));
    q.of.lists = lists;
    TRY(seeds_settings(&o, &q.of.set));
    TRY(MEM_NEW(a, 1));
    if (q.alpha) {
        TRY(MEM_NEW(alphas, 1));
        TRY(alpha_list_parse(alphas, q.alpha));
    }
    if (q.seeds.study) {
        st = plan_seeds(lists, &q, alphas, &o);
        goto done;
    }
    TRY(find_margin(&a->margin, &q, alphas, &o));
    TRY(make_plan(a, &data, &q, alphas));
done:
    if (a) {
        training_plan_clear(&a->training);
        seeds_margin_clear(&a->margin);
    }
    mem_free(a);
    mem_free(alphas);
    splits_free(&data);
    return st;
}

const command command_plan = {
    .name = "plan",
    .about = "what a training needs, before it begins: layers, FLOPs, memory, disk and time",
    .arguments = arguments,
    .options = options,
    .examples = {"plan cifar10.yaml --alpha 0:1:0.1 --device-model h100 --price 2.5",
                 "plan --sweep studies/pilot --margin 0.02"},
    .run = plan_command,
};
