/* The needs of a training: see training_plan.h. */
#include "study/training_plan.h"

#include "base/log.h"
#include "base/machine.h"
#include "base/mem.h"
#include "base/try.h"

/* Memory of the alpha that needs most; leaves that alpha in p->cfg. */
static void estimate_memory(training_plan *p)
{
    double most_at = p->alphas[0].alpha;
    for (int i = 0; i < p->alpha_count; i++) {
        memory_forecast m;
        p->cfg.alpha = p->alphas[i].alpha;
        forecast_memory(&m, &p->cfg, &p->outline, &p->data);
        p->alphas[i].flops = forecast_flops(&p->cfg, p->outline.flops);
        if (i > 0 && m.bytes <= p->memory.bytes) continue;
        p->memory = m;
        most_at = p->alphas[i].alpha;
    }
    p->cfg.alpha = most_at;
    forecast_disk(&p->disk, &p->cfg, &p->outline, &p->data);
}

jem_status training_plan_estimate(training_plan *p, const double *alphas, int count, const char *folder)
{
    jem_status st;

    if (!alphas) count = 1;
    TRY(MEM_NEW(p->alphas, count));
    for (int i = 0; i < count; i++) p->alphas[i].alpha = alphas ? alphas[i] : p->cfg.alpha;
    p->alpha_count = count;
    p->folder = folder;
    TRY(model_outline_init(&p->outline, &p->cfg.model, &p->cfg.engine, p->cfg.train.batch,
                           config_generative_batch(&p->cfg.train)));
    estimate_memory(p);
    TRY(forecast_machine(&p->machine, &p->memory));
    TRY(machine_disk_free(&p->room, p->folder));
    /* What this process holds already is part of what the training will need. */
    if (!p->assumed) p->machine.available += p->data.bytes;
done:
    return st;
}

void training_plan_clear(training_plan *p)
{
    model_outline_clear(&p->outline);
    mem_free(p->alphas);
    p->alphas = NULL;
}

/* ---- times: 0, 1 and between differ in what they compute */

static int kind_of(double alpha)
{
    return alpha <= 0 ? 0 : alpha >= 1 ? 2 : 1;
}

jem_status training_plan_time(training_plan *p, const splits *data, double seconds)
{
    jem_status st = JEM_OK;
    config *c = &p->cfg;
    double alpha_of_memory = c->alpha;
    int first[3] = {-1, -1, -1}, kinds = 0;

    for (int i = p->alpha_count; i-- > 0;) {
        kinds += first[kind_of(p->alphas[i].alpha)] < 0;
        first[kind_of(p->alphas[i].alpha)] = i;
    }
    for (int i = 0; i < p->alpha_count; i++) {
        plan_alpha *a = &p->alphas[i];
        int like = first[kind_of(a->alpha)];
        c->alpha = a->alpha;
        if (like == i) {
            log_info("timing steps at alpha %.4g", a->alpha);
            TRY(profile_training(&a->times, c, data, &p->data, seconds / kinds));
        }
        a->times = p->alphas[like].times;
        a->time = forecast_time(c, &p->data, &a->flops, &a->times);
    }
done:
    c->alpha = alpha_of_memory;
    return st;
}

jem_status training_plan_on_gpu(training_plan *p, const gpu_model *gpu)
{
    jem_status st = JEM_OK;
    config *c = &p->cfg;
    const double alpha_of_memory = c->alpha;

    p->gpu = gpu;
    for (int i = 0; i < p->alpha_count; i++) {
        plan_alpha *a = &p->alphas[i];
        gpu_forecast f;
        c->alpha = a->alpha;
        TRY(gpu_cost(&f, gpu, &gpu_constants_fitted, c, &p->data));
        a->times = f.times;
        a->time = forecast_time(c, &p->data, &a->flops, &a->times);
        if (f.memory > p->gpu_memory) p->gpu_memory = f.memory;
        p->gpu_host_why = f.host_why;
    }
done:
    c->alpha = alpha_of_memory;
    return st;
}

static jem_status check_gpu(const training_plan *p)
{
    static const double giga = 1e9;
    if (p->gpu_memory <= p->gpu->memory) return JEM_OK;
    return jem_error(JEM_ENOMEM, "this training takes about %.1f GB of a GPU's memory and one %s has %.0f GB; use a smaller "
                                 "train.batch or sampler.buffer_size", (double)p->gpu_memory / giga, p->gpu->title,
                     (double)p->gpu->memory / giga);
}

jem_status training_plan_check(const training_plan *p)
{
    jem_status st;
    if (p->gpu) return check_gpu(p);
    TRY(forecast_check_machine(&p->memory, &p->cfg, &p->machine, p->machine.available));
    TRY(forecast_check_disk(&p->disk, p->folder, p->room));
done:
    return st;
}
