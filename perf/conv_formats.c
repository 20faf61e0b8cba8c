/* Which memory format and precision suits oneDNN's convolutions on this machine?
 *
 *   cc -O2 perf/conv_formats.c -ldnnl -lgomp -o conv_formats && ./conv_formats
 *
 * One thread, 3x3 convolutions as in wide residual networks at 32x32; GFLOP/s of the
 * three passes in float32 (blocked, NHWC, Winograd) and bf16 (blocked, NHWC). */
#include <dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

extern void omp_set_num_threads(int threads);

enum { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS, PASSES };

typedef struct layer {
    int n, channels, side;
} layer;

typedef struct variant {
    const char *name;
    dnnl_data_type_t type;
    dnnl_format_tag_t tag;
    dnnl_alg_kind_t algorithm;
} variant;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static dnnl_status_t describe(dnnl_primitive_desc_t *pd, int pass, const layer *l, const variant *v,
                              dnnl_memory_desc_t md[4], dnnl_engine_t engine)
{
    dnnl_dims_t map = {l->n, l->channels, l->side, l->side}, one = {1, 1};
    dnnl_dims_t kernel = {l->channels, l->channels, 3, 3}, bias = {l->channels};
    dnnl_convolution_desc_t d;
    dnnl_primitive_desc_t hint = NULL;
    dnnl_memory_desc_t weights;

    dnnl_memory_desc_init_by_tag(&md[0], 4, map, v->type, v->tag);
    dnnl_memory_desc_init_by_tag(&md[1], 4, map, v->type, v->tag);
    dnnl_memory_desc_init_by_tag(&weights, 4, kernel, v->type, dnnl_format_tag_any);
    dnnl_memory_desc_init_by_tag(&md[3], 1, bias, dnnl_f32, dnnl_x);
    dnnl_convolution_forward_desc_init(&d, dnnl_forward_training, v->algorithm, &md[0], &weights,
                                       &md[3], &md[1], one, one, one);
    dnnl_status_t st = dnnl_primitive_desc_create(&hint, &d, NULL, engine, NULL);
    if (st != dnnl_success) return st;
    if (pass == BACKWARD_DATA)
        dnnl_convolution_backward_data_desc_init(&d, v->algorithm, &md[0], &weights, &md[1], one,
                                                 one, one);
    if (pass == BACKWARD_WEIGHTS) {
        dnnl_memory_desc_init_by_tag(&weights, 4, kernel, dnnl_f32, dnnl_format_tag_any);
        dnnl_convolution_backward_weights_desc_init(&d, v->algorithm, &md[0], &weights, &md[3],
                                                    &md[1], one, one, one);
    }
    st = dnnl_primitive_desc_create(pd, &d, NULL, engine, pass == FORWARD ? NULL : hint);
    if (st == dnnl_success)
        md[2] = *dnnl_primitive_desc_query_md(
            *pd, pass == BACKWARD_WEIGHTS ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
    dnnl_primitive_desc_destroy(hint);
    return st;
}

/* GFLOP/s, or 0 where oneDNN has no implementation. */
static double measure(int pass, const layer *l, const variant *v)
{
    const int arg[PASSES][4] = {
        {DNNL_ARG_SRC, DNNL_ARG_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS},
        {DNNL_ARG_DIFF_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS},
        {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_BIAS}};
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_t primitive;
    dnnl_memory_desc_t md[4];
    dnnl_exec_arg_t args[4];
    double flops = 2.0 * 9 * l->n * l->channels * l->channels * l->side * l->side, best = 1e9;

    dnnl_engine_create(&engine, dnnl_cpu, 0);
    dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
    if (describe(&pd, pass, l, v, md, engine) != dnnl_success) return 0;
    dnnl_primitive_create(&primitive, pd);
    for (int i = 0; i < 4; ++i) {
        args[i].arg = arg[pass][i];
        dnnl_memory_create(&args[i].memory, &md[i], engine, DNNL_MEMORY_ALLOCATE);
    }
    for (int r = 0; r < 5; ++r) {
        int times = (int)(5e8 / flops) + 1;
        double start = seconds();
        for (int i = 0; i < times; ++i)
            dnnl_primitive_execute(primitive, stream, pass == BACKWARD_DATA ? 3 : 4, args);
        double took = (seconds() - start) / times;
        if (took < best) best = took;
    }
    for (int i = 0; i < 4; ++i) dnnl_memory_destroy(args[i].memory);
    dnnl_primitive_destroy(primitive);
    dnnl_primitive_desc_destroy(pd);
    dnnl_stream_destroy(stream);
    dnnl_engine_destroy(engine);
    return flops / best * 1e-9;
}

int main(void)
{
    const layer layers[] = {{4, 16, 32}, {4, 32, 32}, {4, 32, 16}, {4, 64, 8}, {4, 64, 16},
                            {4, 128, 8}, {1, 160, 32}, {1, 320, 16}, {1, 640, 8}};
    const variant variants[] = {
        {"f32 blocked", dnnl_f32, dnnl_nChw16c, dnnl_convolution_direct},
        {"f32 NHWC", dnnl_f32, dnnl_nhwc, dnnl_convolution_direct},
        {"f32 Winograd", dnnl_f32, dnnl_nChw16c, dnnl_convolution_winograd},
        {"bf16 blocked", dnnl_bf16, dnnl_nChw16c, dnnl_convolution_direct},
        {"bf16 NHWC", dnnl_bf16, dnnl_nhwc, dnnl_convolution_direct},
    };
    const char *passes[] = {"forward", "to data", "to weights"};
    enum { LAYERS = sizeof layers / sizeof *layers, VARIANTS = sizeof variants / sizeof *variants };

    omp_set_num_threads(1);
    printf("| layer | pass |");
    for (int v = 0; v < VARIANTS; ++v) printf(" %s |", variants[v].name);
    printf("\n|---|---|---|---|---|---|---|\n");
    for (int l = 0; l < LAYERS; ++l)
        for (int p = 0; p < PASSES; ++p) {
            printf("| %dx%dx%d, %d images | %s |", layers[l].channels, layers[l].side,
                   layers[l].side, layers[l].n, passes[p]);
            for (int v = 0; v < VARIANTS; ++v) {
                double rate = measure(p, &layers[l], &variants[v]);
                if (rate > 0)
                    printf(" %.0f |", rate);
                else
                    printf(" - |");
            }
            putchar('\n');
            fflush(stdout);
        }
    return 0;
}
