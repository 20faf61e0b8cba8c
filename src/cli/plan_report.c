/* What jem plan prints, as tables for people: see plan_report.h. */
#include "cli/plan_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cli/print.h"
#include "cli/estimate_input.h"
#include "jem/tensor.h"

enum { TEXT = 64 };

static const char *bytes_text(char text[TEXT], int64_t bytes)
{
    double mib = (double)bytes / 1048576.0;
    if (mib >= 10240)
        snprintf(text, TEXT, "%.1f GiB", mib / 1024);
    else if (mib >= 0.1)
        snprintf(text, TEXT, "%.1f MiB", mib);
    else
        snprintf(text, TEXT, "%" PRId64 " B", bytes);
    return text;
}

static const char *time_text(char text[TEXT], double s)
{
    if (s < 1)
        snprintf(text, TEXT, "%.*f ms", s < 0.1 ? 1 : 0, s * 1e3);
    else if (s < 120)
        snprintf(text, TEXT, "%.1f s", s);
    else if (s < 7200)
        snprintf(text, TEXT, "%.1f min", s / 60);
    else if (s < 172800)
        snprintf(text, TEXT, "%.1f h", s / 3600);
    else
        snprintf(text, TEXT, "%.1f days", s / 86400);
    return text;
}

/* ---- network */

static void print_layer(const layer_outline *l, double all_flops)
{
    char out[TEXT];
    snprintf(out, sizeof out, "%" PRId64 "x%" PRId64 "x%" PRId64, l->out.c, l->out.h, l->out.w);
    cli_print("%-22s %-24s %-12s %11" PRId64 " %9.4f %5.1f %%  %-5s %s", l->name, l->kind, out,
              l->params, l->flops / 1e9, all_flops > 0 ? 100 * l->flops / all_flops : 0,
              jem_dtype_name(l->dtype), l->forward);
    if (l->to_input[0]) cli_print(", %s", l->to_input);
    if (l->to_weights[0]) cli_print(", %s", l->to_weights);
    cli_print("\n");
}

static void print_network(const training_plan *r)
{
    const model_outline *o = &r->outline;
    cli_print("Network %s, input %" PRId64 "x%" PRId64 "x%" PRId64 ", %" PRId64 " classes\n\n",
              o->spec.name, o->spec.channels, o->spec.height, o->spec.width, o->spec.classes);
    cli_print("%-22s %-24s %-12s %11s %9s %7s  %-5s %s\n", "layer", "kind", "output", "parameters",
              "GFLOP", "share", "type", "algorithms: forward, to input, to weights");
    for (int i = 0; i < o->layer_count; i++) print_layer(&o->layers[i], o->flops);
    cli_print("\nparameters          %" PRId64 "\nforward pass        %.4f GFLOP per image\n",
              o->trained, o->flops / 1e9);
    cli_print("threads             %d, images per thread and pass: %" PRId64 " in chains, %" PRId64
              " for gradients, %" PRId64 " in validation\n",
              o->threads, o->uses[MODEL_CHAIN].chunk, o->uses[MODEL_TRAIN].chunk,
              o->uses[MODEL_INFER].chunk);
}

static void print_flops(const training_plan *r)
{
    double last = -1;
    cli_print("\nArithmetic of one step, per image of the batch of %" PRId64 "\n\n",
              r->cfg.train.batch);
    cli_print("%-8s %12s %12s %12s %12s %20s %14s\n", "alpha", "chain", "l_G", "l_D",
              "GFLOP", "forward equivalents", "TFLOP per step");
    for (int i = 0; i < r->alpha_count; i++) {
        const step_flops *f = &r->alphas[i].flops;
        if (f->total == last) continue; /* the same for all between 0 and 1 */
        last = f->total;
        cli_print("%-8.4g %12.4f %12.4f %12.4f %12.4f %20.0f %14.4f\n", r->alphas[i].alpha,
                  f->chain / 1e9, f->generative / 1e9, f->discriminative / 1e9, f->total / 1e9,
                  f->forwards, f->total * (double)r->cfg.train.batch / 1e12);
    }
}

/* ---- memory and disk */

static void print_memory(const training_plan *r)
{
    const memory_forecast *m = &r->memory;
    char text[TEXT];
    cli_print("\nMemory at alpha %.4g; the most is needed in: %s\n\n", r->cfg.alpha,
              forecast_phase_name(m->peak));
    for (int i = 0; i < m->count; i++)
        if (m->items[i].phases >> m->peak & 1)
            cli_print("%-44s %12s\n", m->items[i].name, bytes_text(text, m->items[i].bytes));
    cli_print("%-44s %12s\n", "total", bytes_text(text, m->bytes));
    for (int p = 0; p < FORECAST_PHASES; p++)
        if (p != (int)m->peak)
            cli_print("  %-42s %12s\n", forecast_phase_name((forecast_phase)p),
                      bytes_text(text, m->phases[p]));
    cli_print("available now %28s %14s", "", bytes_text(text, r->machine.available));
    cli_print(" of %s%s\n", bytes_text(text, r->machine.total),
              r->machine.of_process ? " that this process may use (ulimit -v, -d)"
              : r->machine.limit    ? " that this control group may use"
                                    : "");
}

static void print_disk(const training_plan *r)
{
    char text[TEXT];
    cli_print("\nDisk of one run\n\n");
    for (int i = 0; i < r->disk.count; i++)
        cli_print("%-48s %12s\n", r->disk.items[i].name, bytes_text(text, r->disk.items[i].bytes));
    cli_print("%-48s %12s\n", "total", bytes_text(text, r->disk.bytes));
    cli_print("free at %-40s %12s\n", r->folder, bytes_text(text, r->room));
}

void plan_print(const training_plan *r)
{
    const data_facts *d = &r->data;
    char text[TEXT];
    print_network(r);
    print_flops(r);
    cli_print("\nData%s: %" PRId64 " training, %" PRId64 " validation, %" PRId64
              " test images; %" PRId64 " iterations per epoch, %" PRId64 " in all\n",
              r->assumed ? " (not there; as declared)" : "", d->train, d->val, d->test,
              forecast_per_epoch(&r->cfg, d), forecast_iterations(&r->cfg, d));
    if (d->file_bytes > 0)
        cli_print("they stay in their files    %12s, read batch by batch\n", bytes_text(text, d->file_bytes));
    print_memory(r);
    print_disk(r);
}

/* ---- times */

/* Alone to as busy as now where the two differ. */
static const char *range_text(char text[TEXT], double alone_s, double run_s)
{
    char least[TEXT], now[TEXT];
    if (stopwatch_judge(alone_s, run_s) == PROCESSORS_BUSY)
        snprintf(text, TEXT, "%.25s to %.25s", time_text(least, alone_s), time_text(now, run_s));
    else
        time_text(text, run_s);
    return text;
}

static void print_alpha(const plan_alpha *a)
{
    char one[TEXT], epoch[TEXT], validation[TEXT], run[TEXT], spread[TEXT];
    const time_forecast *t = &a->time;
    snprintf(spread, sizeof spread, "%.4g-%.4g s (%d)", a->times.low_s, a->times.high_s,
             a->times.steps);
    cli_print("%-7.4g %10s %19s %10.4g %10.4g %11s %11s %11s%s\n", a->alpha,
              time_text(one, t->step_s), spread, t->images_per_s, t->flops_per_s / 1e9,
              time_text(validation, t->validation_s), time_text(epoch, t->epoch_s),
              range_text(run, t->run_alone_s, t->run_s), t->capped ? " (train.max_minutes)" : "");
}

void plan_print_times(const training_plan *r)
{
    char run[TEXT];
    double all_s = 0, alone_s = 0;
    bool fewer = false;
    cli_print("\nTime%s\n\n%-7s %10s %19s %10s %10s %11s %11s %11s\n",
              r->assumed ? " (measured on noise of the data's size)" : "", "alpha", "step",
              "spread", "images/s", "GFLOP/s", "validation", "epoch", "run");
    for (int i = 0; i < r->alpha_count; i++) {
        const plan_alpha *a = &r->alphas[i];
        print_alpha(a);
        all_s += a->time.run_s;
        alone_s += a->time.run_alone_s;
        fewer = fewer || a->times.batch < r->cfg.train.batch;
    }
    if (r->alpha_count > 1)
        cli_print("all %d runs one after another: %s per seed\n", r->alpha_count,
                  range_text(run, alone_s, all_s));
    if (fewer)
        puts("a whole step takes too long to be timed: put together from its parts; --seconds "
             "gives more time");
    estimate_print_processors(stopwatch_judge(alone_s, all_s));
}

/* ---- on a GPU that is not here */

/* "71.5", or with the price of as many hours. */
static const char *hours_text(char text[TEXT], double seconds, double price)
{
    const double hours = seconds / 3600;
    if (isnan(price))
        snprintf(text, TEXT, "%.*f GPU-hours", hours < 10 ? 2 : 0, hours);
    else
        snprintf(text, TEXT, "%.*f GPU-hours, %.*f", hours < 10 ? 2 : 0, hours, hours * price < 10 ? 2 : 0, hours * price);
    return text;
}

void plan_print_gpu(const training_plan *r, double price)
{
    static const double giga = 1e9;
    const gpu_model *m = r->gpu;
    double all_s = 0;
    char text[4][TEXT];

    cli_print("\nOn one %s, by a cost model; %s\n\n%-7s %10s %10s %10s %11s %11s  %s%s\n", m->title,
              m->measured && r->cfg.engine.precision == 1
                  ? "bf16, whose steps measured on one are within 10 % of it"
                  : "fitted in bf16 on an H200 and scaled by what the maker publishes, never compared with this",
              "alpha", "step", "images/s", "TFLOP/s", "epoch", "run", "of one GPU", isnan(price) ? "" : ", and price");
    for (int i = 0; i < r->alpha_count; i++) {
        const time_forecast *t = &r->alphas[i].time;
        cli_print("%-7.4g %10s %10.4g %10.4g %11s %11s  %s%s\n", r->alphas[i].alpha, time_text(text[0], t->step_s),
                  t->images_per_s, t->flops_per_s / 1e12, time_text(text[1], t->epoch_s), time_text(text[2], t->run_s),
                  hours_text(text[3], t->run_s, price), t->capped ? " (train.max_minutes)" : "");
        all_s += t->run_s;
    }
    if (r->alpha_count > 1) cli_print("all %d runs: %s per seed\n", r->alpha_count, hours_text(text[0], all_s, price));
    cli_print("memory there: about %.1f of %.0f GB\n", (double)r->gpu_memory / giga, (double)m->memory / giga);
    if (r->gpu_host_why)
        cli_print("a step there waits for the host because of %s: that is not in these times\n", r->gpu_host_why);
}
