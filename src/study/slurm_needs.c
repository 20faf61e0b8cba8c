/* What a task of a study needs, from the forecasts behind jem plan (training_plan.h), with a margin: a job that
 * is ended for a few megabytes costs more than these. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "run/run.h"
#include "study/slurm.h"
#include "study/training_plan.h"

/* What a driver, cuDNN and cuBLAS take of the host's memory is not jem's to plan: gigabytes. */
enum { LINE = 400, MB = 1 << 20, SPARE_MB = 256, SPARE_GPU_MB = 4096, SPARE_MINUTES = 10 };
static const double memory_margin = 1.25, time_margin = 1.5, measure_s = 10;

/* The processors of a task: its training has as many threads. */
static int64_t task_threads(const slurm_job *j)
{
    const char *text = slurm_arg(j->args, j->arg_count, "--cpus-per-task");
    const long n = text ? strtol(text, NULL, 10) : 1;
    return n > 0 && n <= 4096 ? n : 1;
}

static bool says_memory(const slurm_job *j)
{
    return slurm_arg(j->args, j->arg_count, "--mem") || slurm_arg(j->args, j->arg_count, "--mem-per-cpu") ||
           slurm_arg(j->args, j->arg_count, "--mem-per-gpu");
}

/* Will tasks have a GPU?  Login nodes seldom do. */
static bool wants_gpu(const slurm_job *j, const config *cfg)
{
    if (strncmp(cfg->engine.device, "cuda", strlen("cuda")) == 0) return true;
    if (strcmp(cfg->engine.device, "auto") != 0) return false;
    for (int i = 0; i < j->arg_count; i++)
        if (strncmp(j->args[i], "--gpus", strlen("--gpus")) == 0 || strncmp(j->args[i], "--gres=gpu", strlen("--gres=gpu")) == 0)
            return true;
    return false;
}

static jem_status list_alphas(double **alphas, int *count, const launch_batch *b)
{
    jem_status st = MEM_NEW(*alphas, b->count);
    for (int i = 0; st == JEM_OK && i < b->count; i++) {
        int k = 0;
        if (b->runs[i].state != SWEEP_WAITING) continue;
        while (k < *count && (*alphas)[k] != b->runs[i].alpha) k++;
        if (k == *count) (*alphas)[(*count)++] = b->runs[i].alpha;
    }
    return st;
}

static void tell_memory(slurm_job *j, const training_plan *p, bool gpu, const slurm_options *o)
{
    char line[LINE];
    const double mb = (double)p->memory.bytes / MB;
    const int spare = gpu ? SPARE_GPU_MB : SPARE_MB;
    j->memory_mb = (int64_t)ceil(mb * memory_margin) + spare;
    snprintf(line, sizeof line, "memory of a task: %" PRId64 " MB = %.0f MB as jem plan has it%s, a quarter more, and %d MB",
             j->memory_mb, mb, gpu ? " for a CPU, which holds what a GPU would" : "", spare);
    o->tell(o->ctx, line);
}

static void tell_time(slurm_job *j, const training_plan *p, const slurm_options *o)
{
    char line[LINE], text[64], limit[64];
    double most = 0;
    for (int i = 0; i < p->alpha_count; i++) most = fmax(most, p->alphas[i].time.run_s);
    if (!(most > 0)) return;
    j->minutes = (int64_t)ceil(most * time_margin / 60) + SPARE_MINUTES;
    format_duration(text, sizeof text, most);
    format_duration(limit, sizeof limit, (double)j->minutes * 60);
    snprintf(line, sizeof line, "time limit of a task: %s = %s for the longest run as measured here, half more, and %d "
             "minutes; a run that meets it is saved and goes into the queue again (--slurm-arg=--time=... sets another)",
             limit, text, SPARE_MINUTES);
    o->tell(o->ctx, line);
}

static jem_status measure(slurm_job *j, training_plan *p, const splits *data, bool gpu, const slurm_options *o)
{
    jem_status st = JEM_OK;
    if (gpu) {
        o->tell(o->ctx, "time limit of a task: the partition's own, since this machine's times are not those of a GPU "
                        "(--slurm-arg=--time=... sets one; a run that meets it is saved and goes into the queue again)");
        return JEM_OK;
    }
    TRY(training_plan_time(p, data, measure_s));
    tell_time(j, p, o);
done:
    return st;
}

jem_status slurm_needs(slurm_job *j, const launch_batch *b, const slurm_options *o)
{
    jem_status st;
    training_plan *p = NULL;
    splits data = {NULL, NULL, NULL};
    double *alphas = NULL;
    int count = 0;
    const bool memory = !says_memory(j), minutes = !slurm_arg(j->args, j->arg_count, "--time");

    TRY(MEM_NEW(p, 1));
    if (!memory && !minutes) goto done;
    p->cfg = *b->cfg;
    p->cfg.engine.threads = task_threads(j);
    const bool gpu = wants_gpu(j, &p->cfg);
    if (gpu) snprintf(p->cfg.engine.device, sizeof p->cfg.engine.device, "cpu");
    TRY(list_alphas(&alphas, &count, b));
    TRY(data_load(&data, &p->cfg.data, CONFIG_SPLIT_SEED));
    config_take_data(&p->cfg, data.train);
    TRY(data_facts_of(&p->data, &p->cfg, &data));
    TRY(training_plan_estimate(p, alphas, count, b->study));
    if (memory) tell_memory(j, p, gpu, o);
    if (minutes) TRY(measure(j, p, &data, gpu, o));
done:
    if (p) training_plan_clear(p);
    mem_free(p);
    mem_free(alphas);
    splits_free(&data);
    return st;
}
