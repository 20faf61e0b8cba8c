/* GFLOP/s of the cpu backend's convolutions, direct ones (in float32 oneDNN's) and those it chooses.
 *
 *   cmake --build build --target conv_kernels && build/conv_kernels f32|bf16 [SHOWN]
 *
 * One thread, the convolutions of wide residual networks, every pass, with the epilogues that a
 * chain has (bias and rectifier forward, derivative of a rectifier to data); products are
 * counted as a direct convolution has them.  Best of many short repetitions.  SHOWN: only
 * layers whose name contains it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/backend.h"
#include "base/mem.h"
#include "base/try.h"

typedef struct layer {
    int64_t in, out, side, kernel, stride, n;
} layer;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static slot make_slot(int64_t *end, shape s, int64_t n, jem_dtype dtype)
{
    slot v = {*end, s, {dtype, s.c}};
    *end += (shape_count(s) * n * (int64_t)jem_dtype_size(dtype) + 63) / 64 * 64;
    return v;
}

static step make_step(const layer *l, step_kind kind, jem_dtype dtype, bool direct, int64_t *arena)
{
    int64_t pad = l->kernel / 2, side = (l->side + 2 * pad - l->kernel) / l->stride + 1;
    shape in = {l->in, l->side, l->side}, out = {l->out, side, side};
    step s = {.kind = kind, .n = l->n, .direct = direct, .src2 = {.offset = -1},
              .dst = {.offset = -1}, .mask_offset = -1};

    s.op = (op){.kind = OP_CONV2D, .src = in, .dst = out, .kernel_h = l->kernel, .kernel_w = l->kernel,
                .stride = l->stride, .pad = pad, .pad_end = pad, .weight = 0,
                .bias = l->in * l->out * l->kernel * l->kernel, .slope = 0.2};
    *arena = 0;
    s.src = make_slot(arena, kind == STEP_FORWARD ? in : out, l->n, dtype);
    if (kind == STEP_BACKWARD_PARAMS)
        s.src2 = make_slot(arena, in, l->n, dtype);
    else
        s.dst = make_slot(arena, kind == STEP_FORWARD ? out : in, l->n, dtype);
    s.lrelu = kind != STEP_BACKWARD_PARAMS && s.dst.s.c % 16 == 0;
    if (kind == STEP_BACKWARD_DATA && !backend_cpu.fuses_backward(&s)) s.lrelu = false;
    if (s.lrelu) {
        s.mask_offset = *arena;
        *arena += (int64_t)backend_cpu.mask_bytes(s.dst.f, s.dst.s, l->n);
    }
    return s;
}

/* GFLOP/s; the algorithm into name. */
static jem_status measure(double *rate, char *name, size_t size, const layer *l, step_kind kind,
                          jem_dtype dtype, bool direct)
{
    jem_status st;
    int64_t arena_bytes;
    step s = make_step(l, kind, dtype, direct, &arena_bytes);
    int64_t params = s.op.bias + l->out;
    double flops = 2.0 * (double)(l->n * s.op.dst.h * s.op.dst.w * s.op.bias), best = 1e9;
    void *kernel = NULL, *bound = NULL;
    char *arena = NULL, *scratch = NULL;
    float *weights = NULL, *gradient = NULL;

    TRY(MEM_NEW(weights, params));
    TRY(MEM_NEW(gradient, params));
    TRY(MEM_NEW(arena, arena_bytes));
    for (int64_t i = 0; i < params; ++i) weights[i] = (float)(i % 7) * 0.01f - 0.03f;
    TRY(backend_cpu.kernel_new(&kernel, &s, NULL));
    TRY(MEM_NEW(scratch, (int64_t)backend_cpu.kernel_scratch(kernel)));
    TRY(backend_cpu.kernel_load(kernel, weights));
    TRY(backend_cpu.bound_new(&bound, kernel, arena, scratch));
    backend_cpu.kernel_describe(kernel, name, size);
    const step_io io = {.params = weights, .dparams = gradient, .count = l->n};
    const int times = (int)(2e8 / flops) + 1, rounds = flops > 1e9 ? 5 : 40;
    for (int r = 0; r < rounds; ++r) {
        double start = seconds();
        for (int i = 0; i < times; ++i)
            for (int phase = 0; backend_cpu.kernel_parts(kernel, phase) > 0; ++phase)
                for (int part = 0; part < backend_cpu.kernel_parts(kernel, phase); ++part)
                    TRY(backend_cpu.run(bound, &io, phase, part));
        double took = (seconds() - start) / times;
        if (took < best) best = took;
    }
    *rate = flops / best * 1e-9;
done:
    if (bound) backend_cpu.bound_free(bound);
    if (kernel) backend_cpu.kernel_free(kernel);
    mem_free(weights);
    mem_free(gradient);
    mem_free(arena);
    mem_free(scratch);
    return st;
}

int main(int argc, char **argv)
{
    const layer layers[] = {
        {3, 16, 32, 3, 1, 4},    {16, 16, 32, 3, 1, 4},   {16, 32, 32, 3, 1, 4},  {32, 32, 16, 3, 1, 4},
        {64, 64, 8, 3, 1, 4},    {32, 32, 32, 3, 1, 4},   {32, 64, 32, 3, 1, 4},  {64, 64, 16, 3, 1, 4},
        {128, 128, 8, 3, 1, 4},  {128, 128, 16, 3, 1, 4}, {256, 256, 8, 3, 1, 4}, {160, 160, 32, 3, 1, 1},
        {320, 320, 16, 3, 1, 1}, {640, 640, 8, 3, 1, 1},  {640, 640, 8, 3, 1, 8}, {160, 160, 128, 3, 1, 1},
        {32, 32, 32, 3, 2, 4},   {64, 64, 16, 3, 2, 4},   {64, 64, 32, 3, 2, 4},  {128, 128, 16, 3, 2, 4},
        {320, 320, 32, 3, 2, 1}, {640, 640, 16, 3, 2, 1}, {16, 32, 32, 1, 1, 4},  {32, 64, 32, 1, 2, 4},
        {320, 640, 16, 1, 2, 1}, {128, 128, 256, 3, 1, 1}, {512, 512, 32, 3, 1, 1}};
    const struct {
        step_kind kind;
        const char *name;
    } passes[] = {{STEP_FORWARD, "forward"}, {STEP_BACKWARD_DATA, "to data"},
                  {STEP_BACKWARD_PARAMS, "to weights"}};

    const jem_dtype dtype = argc > 1 && strcmp(argv[1], "bf16") == 0 ? JEM_BF16 : JEM_F32;

    if (backend_cpu.supports(dtype)) {
        fprintf(stderr, "%s\n", jem_error_message());
        return 1;
    }
    printf("| layer | pass | direct | chosen | ratio | algorithm |\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof layers / sizeof *layers; ++i)
        for (int p = 0; p < 3; ++p) {
            const layer *l = &layers[i];
            double rates[2] = {0};
            char name[96], label[96];
            snprintf(label, sizeof label, "%lld-%lld %lldx%lld k%lld s%lld, %lld images", (long long)l->in,
                     (long long)l->out, (long long)l->side, (long long)l->side, (long long)l->kernel,
                     (long long)l->stride, (long long)l->n);
            if (argc > 2 && !strstr(label, argv[2])) continue;
            for (int chosen = 0; chosen < 2; ++chosen)
                if (measure(&rates[chosen], name, sizeof name, l, passes[p].kind, dtype, !chosen)) {
                    fprintf(stderr, "%s\n", jem_error_message());
                    return 1;
                }
            printf("| %s | %s | %.0f | %.0f | %.2f | %s |\n", label, passes[p].name, rates[0], rates[1],
                   rates[1] / rates[0], name);
            fflush(stdout);
        }
    return 0;
}
