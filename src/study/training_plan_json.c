/* A training plan as JSON: see training_plan_json.h. */
#include "study/training_plan_json.h"

#include "base/json.h"
#include "jem/tensor.h"

static json_t *network_json(const model_outline *o)
{
    json_t *layers = json_array();
    for (int i = 0; i < o->layer_count; i++) {
        const layer_outline *l = &o->layers[i];
        json_array_append_new(
            layers, json_pack("{s:s s:s s:[I,I,I] s:I s:o s:s s:s s:s s:s}", "name", l->name,
                              "kind", l->kind, "output", (json_int_t)l->out.c,
                              (json_int_t)l->out.h, (json_int_t)l->out.w, "parameters",
                              (json_int_t)l->params, "flops", json_number_or_null(l->flops), "dtype",
                              jem_dtype_name(l->dtype), "forward", l->forward, "to_input",
                              l->to_input, "to_weights", l->to_weights));
    }
    return json_pack("{s:s s:I s:o s:i s:o}", "name", o->spec.name, "parameters",
                     (json_int_t)o->trained, "forward_flops", json_number_or_null(o->flops), "threads",
                     o->threads, "layers", layers);
}

static json_t *memory_json(const training_plan *r)
{
    const memory_forecast *m = &r->memory;
    json_t *items = json_array(), *phases = json_object();
    for (int i = 0; i < m->count; i++) {
        json_t *in = json_array();
        for (int p = 0; p < FORECAST_PHASES; p++)
            if (m->items[i].phases >> p & 1)
                json_array_append_new(in, json_string(forecast_phase_name((forecast_phase)p)));
        json_array_append_new(items, json_pack("{s:s s:I s:o}", "name", m->items[i].name, "bytes",
                                               (json_int_t)m->items[i].bytes, "phases", in));
    }
    for (int p = 0; p < FORECAST_PHASES; p++)
        json_object_set_new(phases, forecast_phase_name((forecast_phase)p),
                            json_integer(m->phases[p]));
    return json_pack("{s:f s:I s:s s:o s:o s:I s:I s:b}", "alpha", r->cfg.alpha, "bytes",
                     (json_int_t)m->bytes, "peak", forecast_phase_name(m->peak), "phases", phases,
                     "items", items, "available", (json_int_t)r->machine.available, "total",
                     (json_int_t)r->machine.total, "fits", m->bytes <= r->machine.available);
}

static json_t *disk_json(const training_plan *r)
{
    json_t *items = json_array();
    for (int i = 0; i < r->disk.count; i++)
        json_array_append_new(items, json_pack("{s:s s:I}", "name", r->disk.items[i].name, "bytes",
                                               (json_int_t)r->disk.items[i].bytes));
    return json_pack("{s:I s:o s:s s:I s:b}", "bytes", (json_int_t)r->disk.bytes, "items", items,
                     "folder", r->folder, "free", (json_int_t)r->room, "fits",
                     r->disk.bytes <= r->room);
}

/* Foretold for a GPU. */
static json_t *gpu_time_json(const plan_alpha *a)
{
    return json_pack("{s:o s:o s:o s:o s:o s:o s:o s:o s:o}", "step_s", json_number_or_null(a->time.step_s), "step_low_s",
                     json_number_or_null(a->times.low_s), "step_high_s", json_number_or_null(a->times.high_s),
                     "images_per_s", json_number_or_null(a->time.images_per_s), "flops_per_s",
                     json_number_or_null(a->time.flops_per_s), "validation_s", json_number_or_null(a->time.validation_s),
                     "epoch_s", json_number_or_null(a->time.epoch_s), "run_s", json_number_or_null(a->time.run_s),
                     "gpu_hours", json_number_or_null(a->time.run_s / 3600));
}

static json_t *gpu_json(const training_plan *r)
{
    if (!r->gpu) return json_null();
    return json_pack("{s:s s:s s:b s:f s:I s:I s:s}", "name", r->gpu->name, "title", r->gpu->title, "measured",
                     r->gpu->measured, "error", gpu_cost_error, "memory_bytes", (json_int_t)r->gpu_memory, "memory_total",
                     (json_int_t)r->gpu->memory, "host_waits_because_of", r->gpu_host_why ? r->gpu_host_why : "");
}

static json_t *alphas_json(const training_plan *r)
{
    json_t *all = json_array();
    for (int i = 0; i < r->alpha_count; i++) {
        const plan_alpha *a = &r->alphas[i];
        json_t *o = json_pack("{s:f s:f s:f}", "alpha", a->alpha, "step_flops_per_image",
                              a->flops.total, "forward_equivalents", a->flops.forwards);
        if (r->gpu)
            json_object_set_new(o, "time", gpu_time_json(a));
        else if (a->times.steps > 0)
            json_object_set_new(
                o, "time",
                json_pack("{s:o s:o s:o s:o s:i s:I s:o s:o s:o s:o s:o s:o s:s}", "step_s",
                          json_number_or_null(a->time.step_s), "step_alone_s", json_number_or_null(a->times.alone_s),
                          "step_low_s", json_number_or_null(a->times.low_s),
                          "step_high_s", json_number_or_null(a->times.high_s), "steps", a->times.steps,
                          "timed_batch", (json_int_t)a->times.batch, "images_per_s",
                          json_number_or_null(a->time.images_per_s), "flops_per_s",
                          json_number_or_null(a->time.flops_per_s), "validation_s",
                          json_number_or_null(a->time.validation_s), "epoch_s", json_number_or_null(a->time.epoch_s),
                          "run_s", json_number_or_null(a->time.run_s), "run_alone_s",
                          json_number_or_null(a->time.run_alone_s), "processors",
                          processors_state_name(
                              stopwatch_judge(a->times.alone_s, a->times.step_s))));
        else
            json_object_set_new(o, "time", json_null());
        json_array_append_new(all, o);
    }
    return all;
}

json_t *training_plan_json(const training_plan *r)
{
    const data_facts *d = &r->data;
    json_t *data = json_pack("{s:I s:I s:I s:I s:b}", "train", (json_int_t)d->train, "val",
                             (json_int_t)d->val, "test", (json_int_t)d->test, "file_bytes",
                             (json_int_t)d->file_bytes, "assumed", r->assumed);
    return json_pack("{s:o s:o s:I s:I s:I s:o s:o s:o s:o}", "network", network_json(&r->outline),
                     "data", data, "batch", (json_int_t)r->cfg.train.batch, "iterations_per_epoch",
                     (json_int_t)forecast_per_epoch(&r->cfg, d), "iterations",
                     (json_int_t)forecast_iterations(&r->cfg, d), "memory", memory_json(r), "disk",
                     disk_json(r), "device_model", gpu_json(r), "alphas", alphas_json(r));
}
