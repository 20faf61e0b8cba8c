/* A speed_report as JSON: see speed_json.h. */
#include "estimate/speed_json.h"

#include <math.h>

#include "base/stopwatch.h"

static json_t *share_json(double share)
{
    return speed_share_is_possible(share) ? json_real(share) : json_null();
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
                     share_json(speed_share(r, row->products, row->seconds)), "gap_seconds", speed_gap_s(r, row));
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

json_t *speed_json(const speed_report *r, const config *cfg)
{
    const double step_s = r->step.step_s;
    return json_pack(
        "{s:s s:s s:i s:f s:s s:f s:o s:o s:o s:{s:I s:f s:o s:s s:i s:I s:f s:f s:f s:f s:o}}", "network",
        cfg->model.name, "precision", cfg->engine.precision == 1 ? "bf16" : "f32", "threads", r->threads,
        "peak_flops_per_s", r->peak, "peak_algorithm", r->peak_algorithm, "alpha", cfg->alpha,
        "langevin_step", part_json(r, &r->chain), "gradients", part_json(r, &r->gradients), "inference", part_json(r, &r->inference), "step",
        "batch", (json_int_t)cfg->train.batch, "seconds", step_s, "alone_s", seconds_json(r->step.alone_s), "processors",
        processors_state_name(stopwatch_judge(r->step.alone_s, step_s)), "timed", r->step.steps, "timed_batch",
        (json_int_t)r->step.batch, "images_per_s", (double)cfg->train.batch / step_s, "flops", r->flops,
        "products", r->products, "transforms", r->transforms, "share_of_peak",
        share_json(speed_share(r, r->products, step_s)));
}
