/* jem speed: where a training step's time goes, layer by layer, beside the machine's peak. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/estimate_input.h"
#include "estimate/speed_json.h"

typedef struct speed_request {
    estimate_request of;
    double alpha, seconds;
    bool json;
} speed_request;

static const cli_argument arguments[] = {
    {"CONFIG.yaml|RUN", offsetof(speed_request, of.config),
     .help = "settings, or a run, whose settings are taken; the defaults unless given", .optional = true},
    {.name = NULL},
};

static const cli_option options[] = {
    CLI_SET(speed_request, of.set, "the settings"),
    CLI_ON_DEVICE(speed_request, of.set),
    {"--alpha", CLI_REAL, offsetof(speed_request, alpha), "A",
     .help = "another alpha than the settings'", .max = 1},
    {"--seconds", CLI_REAL, offsetof(speed_request, seconds), "S",
     .help = "how long it measures", .default_text = "10",
     .min = 0.1, .max = 86400},
    {"--json", CLI_SWITCH, offsetof(speed_request, json), NULL, .help = "print JSON"},
    ESTIMATE_OPTIONS(speed_request, of),
    {.name = NULL},
};

/* ---- tables */

static const char *share_text(char text[CLI_CELL], double share)
{
    snprintf(text, CLI_CELL, speed_share_is_possible(share) ? "%.1f %%" : "?", 100 * share);
    return text;
}

static void print_row(const speed_report *r, const speed_part *part, const speed_row *row)
{
    cli_print("%-26s %-10s %-24s %9.3f %6.1f %%", row->layer, row->pass ? row->pass : "",
              row->algorithm, 1e3 * row->seconds, 100 * row->seconds / part->sum.seconds);
    char products[CLI_CELL], all[CLI_CELL];
    if (row->flops > 0)
        cli_print(" %9.1f %10s %10s", 1e-9 * row->flops / row->seconds,
                  share_text(products, speed_share(r, row->products, row->seconds)),
                  share_text(all, speed_share(r, row->products + row->transforms, row->seconds)));
    else
        cli_print(" %9s %10s %10s", "", "", "");
    cli_print(" %9.3f\n", 1e3 * speed_gap_s(r, row));
}

static void print_part(const speed_report *r, const speed_part *part, const char *what)
{
    speed_row sum = part->sum, rest = {.layer = "between them"};
    cli_print("\n%s of %lld images\n\n%-26s %-10s %-24s %9s %8s %9s %10s %10s %9s\n", what,
              (long long)part->images, "layer", "pass", "algorithm", "ms", "share", "GFLOP/s",
              "products", "arithmetic", "gap ms");
    for (int i = 0; i < part->count; i++) print_row(r, part, &part->rows[i]);
    snprintf(sum.layer, sizeof sum.layer, "all layers");
    print_row(r, part, &sum);
    rest.seconds = (isnan(part->alone_s) ? part->seconds : part->alone_s) - sum.seconds;
    print_row(r, part, &rest);
}

enum { RANGE = 2 * CLI_CELL };

/* `work` per second, alone to as busy as now where the two differ. */
static const char *rate_text(char text[RANGE], double work, double alone_s, double now_s)
{
    if (stopwatch_judge(alone_s, now_s) == PROCESSORS_BUSY)
        snprintf(text, RANGE, "%.4g to %.4g", work / alone_s, work / now_s);
    else
        snprintf(text, RANGE, "%.4g", work / now_s);
    return text;
}

static const char *share_range(char text[RANGE], const speed_report *r, double work, double alone_s,
                               double now_s)
{
    char alone[CLI_CELL], now[CLI_CELL];
    share_text(now, speed_share(r, work, now_s));
    if (stopwatch_judge(alone_s, now_s) == PROCESSORS_BUSY)
        snprintf(text, RANGE, "%.25s to %.25s", share_text(alone, speed_share(r, work, alone_s)), now);
    else
        snprintf(text, RANGE, "%s", now);
    return text;
}

static void print_step(const speed_report *r, const config *cfg)
{
    const double batch = (double)cfg->train.batch, alone_s = r->step.alone_s, now_s = r->step.step_s;
    const bool busy = stopwatch_judge(alone_s, now_s) == PROCESSORS_BUSY;
    char time[RANGE], one[RANGE], two[RANGE];
    snprintf(time, sizeof time, busy ? "%.4g to %.4g" : "%.4g", busy ? alone_s : now_s, now_s);
    cli_print("\nTraining step of %lld images at alpha %.4g\n\n%-22s %s s%s\n",
              (long long)cfg->train.batch, cfg->alpha, "time", time,
              r->step.batch < cfg->train.batch ? ", put together from smaller ones" : "");
    cli_print("%-22s %s\n", "images/s", rate_text(one, batch, alone_s, now_s));
    cli_print("%-22s %s as convolutions are defined, %s of the products formed\n", "GFLOP/s",
              rate_text(one, 1e-9 * r->flops, alone_s, now_s),
              rate_text(two, 1e-9 * r->products, alone_s, now_s));
    cli_print("%-22s %s products, %s with the transforms that they need\n", "share of the peak",
              share_range(one, r, r->products, alone_s, now_s),
              share_range(two, r, r->products + r->transforms, alone_s, now_s));
}

static void print_inference(const speed_report *r)
{
    const speed_part *p = &r->inference;
    char rate[RANGE], share[RANGE];
    cli_print("%-22s %s images/s, %s of the peak\n", "inference",
              rate_text(rate, (double)p->images, p->alone_s, p->seconds),
              share_range(share, r, p->sum.products, p->alone_s, p->seconds));
}

static void print_report(const speed_report *r, const config *cfg)
{
    cli_print("Network %s, %s, %d thread%s; matrix products at most %.1f GFLOP/s (%s)\n",
              cfg->model.name, cfg->engine.precision == 1 ? "bf16" : "float32", r->threads,
              r->threads == 1 ? "" : "s", 1e-9 * r->peak, r->peak_algorithm);
    if (r->chain.count) print_part(r, &r->chain, "One Langevin step");
    print_part(r, &r->gradients, "Gradients");
    print_step(r, cfg);
    print_inference(r);
    puts("(a share of ? would be above 100 %: the peak was measured while other programs ran)");
    estimate_print_processors(stopwatch_judge(r->step.alone_s, r->step.step_s));
}

static jem_status print_json(const speed_report *r, const config *cfg)
{
    json_t *root = speed_json(r, cfg);
    if (!root) return jem_error(JEM_ENOMEM, "speed: out of memory");
    json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9) | JSON_ENSURE_ASCII);
    cli_print("\n");
    json_decref(root);
    return JEM_OK;
}

/* ---- the command */

static jem_status measure_speed(const speed_request *q, config *cfg)
{
    jem_status st;
    const training_input_request of = estimate_input_of(&q->of);
    training_input p = {.data = {NULL, NULL, NULL}};
    speed_report r = SPEED_REPORT_INIT;

    TRY(training_input_settings(cfg, &of));
    if (!isnan(q->alpha)) cfg->alpha = q->alpha;
    TRY(training_input_read(&p, cfg, &of));
    if (p.assumed) TRY(profile_noise(&p.data, cfg, &p.facts));
    TRY(speed_measure(&r, cfg, &p.data, &p.facts, q->seconds));
    if (q->json)
        TRY(print_json(&r, cfg));
    else
        print_report(&r, cfg);
done:
    speed_clear(&r);
    splits_free(&p.data);
    return st;
}

static jem_status speed_command(const cli_lists *lists, int argc, char **argv)
{
    jem_status st;
    speed_request q;
    config *cfg = NULL;

    TRY(cli_parse(&q, &command_speed, argc, argv));
    q.of.lists = lists;
    TRY(MEM_NEW(cfg, 1));
    TRY(measure_speed(&q, cfg));
done:
    mem_free(cfg);
    return st;
}

const command command_speed = {
    .name = "speed",
    .about = "where a training step's time goes, layer by layer, beside this machine's peak",
    .arguments = arguments,
    .options = options,
    .examples = {"speed cifar10.yaml --alpha 0.5", "speed runs/a --seconds 30 --json"},
    .run = speed_command,
};
