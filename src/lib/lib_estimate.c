/* jem/estimate.h over study/training_plan.h and estimate/speed.h. */
#include "jem/estimate.h"

#include <math.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/try.h"
#include "estimate/speed_json.h"
#include "lib/lib_call.h"
#include "study/training_input.h"
#include "study/training_plan_json.h"

enum { ALPHAS_MOST = 1001, INDENT = 1, DIGITS = 9 };
static const double usual_s = 10, longest_s = 86400;

static jem_status take(jem_estimate_options *o, const jem_estimate_options *asked, const char *function)
{
    jem_status st;
    TRY(lib_options(o, sizeof *o, asked, function, "JEM_ESTIMATE_INIT"));
    TRY(lib_check_texts(o->set, o->set_count, "o->set", function));
    if (o->images < 0 || o->images > (int64_t)1 << 40 || o->classes < 0 || o->classes > 1 << 24)
        return jem_error(JEM_EUSAGE, "%s: o->images = %lld, o->classes = %lld; choose 1 to 2^40 and 1 to 2^24, or 0 for "
                                     "nothing said", function, (long long)o->images, (long long)o->classes);
    if (!(o->seconds >= 0 && o->seconds <= longest_s))
        return jem_error(JEM_EUSAGE, "%s: o->seconds = %g; choose 0 to %g", function, o->seconds, longest_s);
    if (o->alpha_count < 0 || o->alpha_count > ALPHAS_MOST || (o->alpha_count > 0 && !o->alphas))
        return jem_error(JEM_EUSAGE, "%s: o->alpha_count = %lld, o->alphas is %sNULL; choose up to %d", function,
                         (long long)o->alpha_count, o->alphas ? "not " : "", ALPHAS_MOST);
    for (int64_t i = 0; i < o->alpha_count; i++)
        if (!(o->alphas[i] >= 0 && o->alphas[i] <= 1))
            return jem_error(JEM_EUSAGE, "%s: o->alphas[%lld] = %g; choose 0 to 1", function, (long long)i, o->alphas[i]);
done:
    return st;
}

static training_input_request request_of(const char *config_path, const jem_estimate_options *o)
{
    return (training_input_request){.lists = &config_builtin,
                                    .config = config_path,
                                    .set = o->set,
                                    .set_count = o->set_count,
                                    .images = o->images,
                                    .classes = o->classes,
                                    .shape = o->shape};
}

/* *text <- root, which is released. */
static jem_status take_json(char **text, json_t *root)
{
    const jem_status st = json_text(text, root, JSON_INDENT(INDENT) | JSON_REAL_PRECISION(DIGITS));
    json_decref(root);
    return st;
}

/* ---- plans */

/* What a jem_plan owns. */
typedef struct planned {
    training_plan plan;
    jem_plan_alpha *alphas;
    char *json, *fits;
} planned;

void jem_plan_clear(jem_plan *p)
{
    planned *own = p ? p->owner : NULL;
    if (!p) return;
    if (own) {
        training_plan_clear(&own->plan);
        mem_free(own->alphas);
        mem_free(own->json);
        mem_free(own->fits);
    }
    mem_free(own);
    *p = (jem_plan)JEM_PLAN_INIT;
}

/* times: were there any? */
static jem_plan_alpha alpha_of(const plan_alpha *a, bool times)
{
    jem_plan_alpha row = {a->alpha, a->flops.total, a->flops.forwards, NAN, NAN, NAN, NAN, NAN};
    if (!times) return row;
    row.step_s = a->time.step_s;
    row.images_per_s = a->time.images_per_s;
    row.validation_s = a->time.validation_s;
    row.epoch_s = a->time.epoch_s;
    row.run_s = a->time.run_s;
    return row;
}

/* p->owner has the plan. */
static jem_status fill(jem_plan *p)
{
    jem_status st;
    planned *own = p->owner;
    const training_plan *r = &own->plan;

    TRY(MEM_NEW(own->alphas, r->alpha_count));
    for (int i = 0; i < r->alpha_count; i++) own->alphas[i] = alpha_of(&r->alphas[i], r->gpu || r->alphas[i].times.steps > 0);
    TRY(take_json(&own->json, training_plan_json(r)));
    *p = (jem_plan){.network = r->outline.spec.name,
                    .parameters = r->outline.trained,
                    .forward_flops = r->outline.flops,
                    .train = r->data.train,
                    .val = r->data.val,
                    .test = r->data.test,
                    .assumed = r->assumed,
                    .batch = r->cfg.train.batch,
                    .iterations_per_epoch = forecast_per_epoch(&r->cfg, &r->data),
                    .iterations = forecast_iterations(&r->cfg, &r->data),
                    .memory_bytes = r->memory.bytes,
                    .memory_available = r->machine.available,
                    .disk_bytes = r->disk.bytes,
                    .disk_free = r->room,
                    .fits = own->fits,
                    .alphas = r->alpha_count,
                    .alpha = own->alphas,
                    .json = own->json,
                    .owner = own};
done:
    return st;
}

/* What is known at once, then, if it fits, what is measured. */
static jem_status make_plan(planned *own, splits *data, const char *config_path, const jem_estimate_options *o)
{
    jem_status st;
    training_plan *p = &own->plan;
    training_input input = {.data = {NULL, NULL, NULL}};
    const training_input_request of = request_of(config_path, o);
    const gpu_model *gpu = NULL;

    if (o->device_model) TRY(gpu_model_find(&gpu, o->device_model));
    TRY(training_input_settings(&p->cfg, &of));
    TRY(training_input_read(&input, &p->cfg, &of));
    *data = input.data;
    p->data = input.facts;
    p->assumed = input.assumed;
    TRY(training_plan_estimate(p, o->alpha_count ? o->alphas : NULL, (int)o->alpha_count, o->folder ? o->folder : "."));
    if (gpu) TRY(training_plan_on_gpu(p, gpu));
    const jem_status fit = training_plan_check(p);
    TRY(mem_strdup(&own->fits, fit == JEM_OK ? "" : jem_error_message()));
    if (fit != JEM_OK || o->seconds == 0 || gpu) goto done;
    if (p->assumed) TRY(profile_noise(data, &p->cfg, &p->data));
    TRY(training_plan_time(p, data, o->seconds));
done:
    return st;
}

jem_status jem_plan_training(jem_plan *out, const char *config_path, const jem_estimate_options *asked)
{
    LIB_CALL;
    jem_status st;
    jem_estimate_options o = JEM_ESTIMATE_INIT;
    jem_plan made = JEM_PLAN_INIT;
    splits data = {NULL, NULL, NULL};
    planned *own = NULL;

    HOST_NEED(out);
    TRY(take(&o, asked, __func__));
    TRY(MEM_NEW(own, 1));
    made.owner = own;
    TRY(make_plan(own, &data, config_path, &o));
    TRY(fill(&made));
    *out = made;
    made = (jem_plan)JEM_PLAN_INIT;
done:
    jem_plan_clear(&made);
    splits_free(&data);
    return st;
}

/* ---- speeds */

void jem_speed_clear(jem_speed *s)
{
    if (!s) return;
    mem_free(s->owner);
    *s = (jem_speed)JEM_SPEED_INIT;
}

jem_status jem_speed_measure(jem_speed *out, const char *config_path, const jem_estimate_options *asked)
{
    LIB_CALL;
    jem_status st;
    jem_estimate_options o = JEM_ESTIMATE_INIT;
    training_input input = {.data = {NULL, NULL, NULL}};
    speed_report r = SPEED_REPORT_INIT;
    config *cfg = NULL;
    char *json = NULL;

    HOST_NEED(out);
    TRY(take(&o, asked, __func__));
    const training_input_request of = request_of(config_path, &o);
    TRY(MEM_NEW(cfg, 1));
    TRY(training_input_settings(cfg, &of));
    TRY(training_input_read(&input, cfg, &of));
    if (input.assumed) TRY(profile_noise(&input.data, cfg, &input.facts));
    TRY(speed_measure(&r, cfg, &input.data, &input.facts, o.seconds > 0 ? o.seconds : usual_s));
    TRY(take_json(&json, speed_json(&r, cfg)));
    *out = (jem_speed){.peak_flops_per_s = r.peak,
                       .step_s = r.step.step_s,
                       .images_per_s = (double)cfg->train.batch / r.step.step_s,
                       .inference_per_s = (double)r.inference.images / r.inference.seconds,
                       .json = json,
                       .owner = json};
done:
    speed_clear(&r);
    splits_free(&input.data);
    mem_free(cfg);
    return st;
}
