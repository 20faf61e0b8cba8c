/* jem's training step on a GPU (or whatever JEM_DEVICE says), timed on random images:
 *
 *   gpu_bench STEPS [config=FILE] [KEY=VALUE ...] [channels=3] [side=32] [classes=10] [peak=TFLOP/S bandwidth=TB/S]
 *
 * Keys and files are those of jem train.  One line per step to stderr, then one line of JSON, and per
 * convolution of a Langevin step its algorithm, time and rate.  With a peak and a bandwidth, measured on the
 * same GPU, the JSON has the step's roofline: the time in which no kernel could move its bytes or
 * multiply its numbers faster, and starting kernels took none (0: not asked for).  With GPU_BENCH_PROFILE set, a
 * profiler that was told to wait begins with the last step. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/device.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "estimate/gpu_cost.h"
#include "train/objective_eq8.h"

enum { WARM = 3, IMAGES = 2048, STEPS_MAX = 1000, SETTINGS_MAX = 64 };

typedef struct bench {
    config cfg;
    splits data;
    model *m;
    trainer t;
    const char *config; /* NULL: defaults */
    int64_t channels, side, classes, steps;
    double peak, bandwidth; /* TFLOP/s, TB/s; 0: not told */
    double ms[STEPS_MAX];
} bench;

static jem_status random_images(dataset **out, const bench *b, int64_t n)
{
    const rng_stream s = {1, RNG_TEST, 0, 0};
    dataset *d = NULL;
    jem_status st;
    TRY(MEM_NEW(d, 1));
    d->n = n;
    d->channels = b->channels;
    d->height = d->width = b->side;
    d->classes = b->classes;
    TRY(MEM_NEW(d->pixels, n * dataset_row_size(d)));
    TRY(MEM_NEW(d->labels, n));
    for (int64_t i = 0; i < n; i++) {
        d->labels[i] = (int32_t)(i % b->classes);
        for (int64_t k = 0; k < dataset_row_size(d); k += 4) {
            uint32_t words[4];
            rng_block(words, &s, (uint32_t)i, (uint32_t)(k / 4));
            for (int64_t j = k; j < k + 4 && j < dataset_row_size(d); j++)
                d->pixels[i * dataset_row_size(d) + j] = (uint8_t)words[j - k];
        }
    }
    *out = d;
    d = NULL;
done:
    dataset_free(d);
    return st;
}

/* Is it one of those that are no setting? */
static bool take_own(bench *b, const char *text)
{
    const struct {
        const char *key;
        int64_t *value;
    } own[] = {{"channels=", &b->channels}, {"side=", &b->side}, {"classes=", &b->classes}};
    if (strncmp(text, "config=", 7) == 0) {
        b->config = text + 7;
        return true;
    }
    if (sscanf(text, "peak=%lf", &b->peak) == 1 || sscanf(text, "bandwidth=%lf", &b->bandwidth) == 1) return true;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        size_t n = strlen(own[i].key);
        if (strncmp(text, own[i].key, n) != 0) continue;
        *own[i].value = atoll(text + n);
        return true;
    }
    return false;
}

static jem_status prepare(bench *b, int argc, char **argv)
{
    const char *settings[SETTINGS_MAX];
    int count = 0;
    jem_status st;
    b->channels = 3;
    b->side = 32;
    b->classes = 10;
    b->steps = argc > 1 ? atoll(argv[1]) : 10;
    if (b->steps < 1 || b->steps > STEPS_MAX)
        return jem_error(JEM_EUSAGE, "gpu_bench STEPS [KEY=VALUE ...]: 1 to %d steps", STEPS_MAX);
    for (int i = 2; i < argc && count < SETTINGS_MAX; i++)
        if (!take_own(b, argv[i])) settings[count++] = argv[i];
    TRY(config_load(&b->cfg, &config_builtin, b->config, settings, count));
    TRY(random_images(&b->data.train, b, IMAGES));
    b->cfg.model.channels = b->channels;
    b->cfg.model.height = b->cfg.model.width = b->side;
    b->cfg.model.classes = b->classes;
    TRY(model_new(&b->m, &b->cfg.model, &b->cfg.engine));
    TRY(trainer_init(&b->t, &b->cfg, &b->data, b->m));
done:
    return st;
}

/* For `ncu --profile-from-start off`: only what follows is of interest. */
static void start_profiler(void)
{
    void *driver = dlopen("libcuda.so.1", RTLD_NOW), *symbol = NULL;
    int (*start)(void);
    if (driver) symbol = dlsym(driver, "cuProfilerStart");
    if (!symbol) return;
    memcpy(&start, &symbol, sizeof start);
    start();
}

static jem_status time_steps(bench *b)
{
    jem_status st = JEM_OK;
    step_report s;
    for (int64_t i = -WARM; i < b->steps; i++) {
        if (i == b->steps - 1 && getenv("GPU_BENCH_PROFILE")) start_profiler();
        double began = clock_s();
        TRY(trainer_step(&s, &b->t));
        double ms = (clock_s() - began) * 1e3;
        char said[128] = "";
        if (b->t.objective->progress) b->t.objective->progress(said, sizeof said, &s);
        fprintf(stderr, "step %lld: %.3f ms%s\n", (long long)i, ms, said);
        if (i >= 0) b->ms[i] = ms;
    }
done:
    return st;
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* *ms <- the step on a machine that reaches peak and bandwidth in every kernel. */
static jem_status roofline(double *ms, const bench *b)
{
    static const gpu_constants ideal = {.efficiency = 1, .share = 1};
    const gpu_model here = {.bf16 = b->peak * 1e12, .f32 = b->peak * 1e12, .bandwidth = b->bandwidth * 1e12};
    const data_facts facts = {.channels = b->channels, .height = b->side, .width = b->side, .classes = b->classes};
    gpu_forecast f;
    jem_status st;

    *ms = 0;
    if (b->peak <= 0 || b->bandwidth <= 0) return JEM_OK;
    TRY(gpu_cost(&f, &here, &ideal, &b->cfg, &facts));
    *ms = f.times.step_s * 1e3;
done:
    return st;
}

static void report(const bench *b, double roofline_ms)
{
    const device *d = model_backend(b->m)->device;
    const double flops = forecast_flops(&b->cfg, graph_flops(model_graph(b->m))).total;
    double sorted[STEPS_MAX];
    memcpy(sorted, b->ms, sizeof sorted);
    qsort(sorted, (size_t)b->steps, sizeof *sorted, ascending);
    const double ms = sorted[b->steps / 2], images = (double)b->cfg.train.batch;
    printf("{\"device\": \"%s\", \"model\": \"%s\", \"batch\": %lld, \"alpha\": %g, \"L\": %lld, "
           "\"resident\": %s, \"ms_median\": %.3f, \"ms_best\": %.3f, \"images_per_s\": %.1f, "
           "\"tflops\": %.2f, \"roofline_ms\": %.3f}\n",
           d ? d->describe() : model_backend(b->m)->name, b->cfg.model.name,
           (long long)b->cfg.train.batch, b->cfg.alpha, (long long)b->cfg.sampler.steps,
           b->t.on_device ? "true" : "false", ms, sorted[0], images / ms * 1e3,
           flops * images / ms * 1e-9, roofline_ms);
}

/* Convolutions of one Langevin step: the time of each as measured when it was chosen. */
static jem_status convolutions(const bench *b)
{
    static const char *const kinds[] = {[STEP_FORWARD] = "forward", [STEP_BACKWARD_DATA] = "to input"};
    const int64_t n = b->cfg.train.batch;
    double total_us = 0, total_flops = 0;
    plan *p = NULL;
    jem_status st;

    TRY(model_compile(&p, b->m, MODEL_CHAIN, n));
    printf("%-9s %-24s %-7s %-28s %9s %9s\n", "pass", "from", "kernel", "algorithm", "us", "TFLOP/s");
    for (int i = 0; i < plan_step_count(p); i++) {
        const step *s = plan_step(p, i);
        char text[64], from[64];
        double us = 0;
        plan_step_algorithm(p, i, text, sizeof text);
        if (s->op.kind != OP_CONV2D || s->kind > STEP_BACKWARD_DATA || !kinds[s->kind]) continue;
        const char *space = strrchr(text, 'u');
        for (char *at = text; space && at < space; at++)
            if (*at == ' ' && sscanf(at, " %lf us", &us) == 1) break;
        const double flops = op_flops(&s->op) * (double)n;
        snprintf(from, sizeof from, "%lldx%lldx%lld to %lld", (long long)s->op.src.c,
                 (long long)s->op.src.h, (long long)s->op.src.w, (long long)s->op.dst.c);
        printf("%-9s %-24s %lldx%lld/%lld  %-28s %9.1f %9.1f\n", kinds[s->kind], from,
               (long long)s->op.kernel_h, (long long)s->op.kernel_w, (long long)s->op.stride, text,
               us, us > 0 ? flops / us * 1e-6 : 0);
        total_us += us;
        total_flops += flops;
    }
    printf("convolutions of a Langevin step: %.1f us, %.1f TFLOP/s\n", total_us,
           total_us > 0 ? total_flops / total_us * 1e-6 : 0);
done:
    plan_free(p);
    return st;
}

static void show(log_level level, const char *line)
{
    if (level != LOG_PROGRESS) fprintf(stderr, "%s\n", line);
}

int main(int argc, char **argv)
{
    bench *b = NULL;
    double roofline_ms;
    jem_status st;
    log_set_sink(show);
    TRY(MEM_NEW(b, 1));
    TRY(prepare(b, argc, argv));
    TRY(time_steps(b));
    TRY(roofline(&roofline_ms, b));
    report(b, roofline_ms);
    if (config_runs_chains(&b->cfg) && model_backend(b->m)->device) TRY(convolutions(b));
done:
    if (st) fprintf(stderr, "gpu_bench: %s\n", jem_error_message());
    if (b) {
        trainer_clear(&b->t);
        model_free(b->m);
        splits_free(&b->data);
    }
    mem_free(b);
    return (int)st;
}
