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
#include "estimate/speed.h"

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

/* Milliseconds that the products would not have needed at the peak. */
static double gap_ms(const speed_report *r, const speed_row *row)
{
    return 1e3 * (row->seconds - (r->peak > 0 ? row->products / r->peak : 0));
}

/* No share of a peak is above it: then the peak was measured while something else ran. */
static bool possible(double share)
{
    return share <= 1;
}

static const char *share_text(char text[CLI_CELL], double share)
{
    snprintf(text, CLI_CELL, possible(share) ? "%.1f %%" : "?", 100 * share);
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
    cli_print(" %9.3f\n", gap_ms(r, row));
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

/* ---- JSON: seconds, FLOPs, FLOP/s */

static json_t *share_json(double share)
{
    return possible(share) ? json_real(share) : json_null();
}

static json_t *seconds_json(double s)
{
    return isnan(s) ? json_null() : json_real(s);
}

static json_t *row_json(const speed_report *r, const speed_row *row)
{
    return json_pack("{s:s s:s* s:s s:f s:f s:f s:f s:o s:f}", "layer", row->layer, "pass", row->pass,
                     "algorithm", row->algorithm, "seconds", row->seconds, "flops", row->flops,
                     "products", row->products, "transforms", row->transforms, "share_of_peak",
                     share_json(speed_share(r, row->products, row->seconds)), "gap_seconds", 1e-3 * gap_ms(r, row));
}

static json_t *part_json(const speed_report *r, const speed_part *part)
{
    json_t *rows = json_array();
    if (!part->count) {
        json_decref(rows);
        return json_null();
    }
    for (int i = 0; i < part->count; i++) json_array_append_new(rows, row_json(r, &part->rows[i]));
    return json_pack("{s:I s:f s:o s:o s:o}", "images", (json_int_t)part->images, "seconds", part->seconds,
                     "alone_s", seconds_json(part->alone_s), "layers_sum", row_json(r, &part->sum), "layers", rows);
}

static jem_status print_json(const speed_report *r, const config *cfg)
{
    const double step_s = r->step.step_s;
    json_t *root = json_pack(
        "{s:s s:s s:i s:f s:s s:f s:o s:o s:o s:{s:I s:f s:o s:s s:i s:I s:f s:f s:f s:f s:o}}", "network",
        cfg->model.name, "precision", cfg->engine.precision == 1 ? "bf16" : "f32", "threads", r->threads,
        "peak_flops_per_s", r->peak, "peak_algorithm", r->peak_algorithm, "alpha", cfg->alpha,
        "langevin_step", part_json(r, &r->chain), "gradients", part_json(r, &r->gradients), "inference", part_json(r, &r->inference), "step",
        "batch", (json_int_t)cfg->train.batch, "seconds", step_s, "alone_s", seconds_json(r->step.alone_s), "processors",
        processors_state_name(stopwatch_judge(r->step.alone_s, step_s)), "timed", r->step.steps, "timed_batch",
        (json_int_t)r->step.batch, "images_per_s", (double)cfg->train.batch / step_s, "flops", r->flops,
        "products", r->products, "transforms", r->transforms, "share_of_peak",
        share_json(speed_share(r, r->products, step_s)));
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
    estimate_input p = {.data = {NULL, NULL, NULL}};
    speed_report r = SPEED_REPORT_INIT;

    TRY(estimate_settings(cfg, &q->of));
    if (!isnan(q->alpha)) cfg->alpha = q->alpha;
    TRY(estimate_data(&p, cfg, &q->of));
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
