/* jem's side of perf/networks.py: one network of the list with recomputable parameters, timed on demand.
 *
 *   network_bench NAME SIDE THREADS f32|bf16 logits|gradient IN.npy
 *
 * IN: values [n,3,SIDE,SIDE] as the network takes them, float32; gradient: of log-sum-exp to the input.
 * Says "ready"; then each line of standard input is either the name of a file, which the last result is
 * written to as npy, or empty: run once, print the processor seconds of all threads, and the wall's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/try.h"
#include "jem/tensor.h"
#include "model/imagenet.h"
#include "model/init.h"
#include "model/model.h"

typedef struct bench {
    model *m;
    bool gradient;
    jem_tensor in, out;
} bench;

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static jem_status open_bench(bench *b, char **argv)
{
    jem_status st;
    model_spec spec = imagenet_usual;
    engine_spec e = {.threads = atoi(argv[3]), .precision = strcmp(argv[4], "bf16") == 0};

    snprintf(e.device, sizeof e.device, "cpu");
    spec.height = spec.width = atoi(argv[2]);
    TRY(model_spec_name(&spec, network_list, argv[1]));
    ((imagenet_settings *)(void *)&spec.settings)->input = 1; /* own */
    TRY(model_new(&b->m, &spec, &e));
    TRY(params_init_hash_f32(model_params(b->m), model_graph(b->m), 2));
    TRY(model_params_changed(b->m));
    b->gradient = strcmp(argv[5], "gradient") == 0;
    TRY(jem_npy_read(&b->in, argv[6]));
    const int64_t classes[] = {b->in.shape[0], model_classes(b->m)};
    TRY(jem_tensor_init(&b->out, JEM_F32, b->gradient ? 4 : 2, b->gradient ? b->in.shape : classes));
done:
    return st;
}

static jem_status run_once(bench *b)
{
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    float *logits = b->gradient ? NULL : b->out.data, *grad = b->gradient ? b->out.data : NULL;
    const jem_status st = model_evaluate(b->m, b->in.data, b->in.shape[0], NULL, logits, NULL, grad);
    printf("%.6f %.6f\n", seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, seconds(CLOCK_MONOTONIC) - wall);
    fflush(stdout);
    return st;
}

int main(int argc, char **argv)
{
    bench b = {.in = JEM_TENSOR_INIT, .out = JEM_TENSOR_INIT};
    char line[4096];
    jem_status st;

    if (argc != 7) {
        fprintf(stderr, "usage: network_bench NAME SIDE THREADS f32|bf16 logits|gradient IN.npy\n");
        return 2;
    }
    TRY(open_bench(&b, argv));
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0])
            TRY(jem_npy_write(line, &b.out));
        else
            TRY(run_once(&b));
    }
done:
    if (st) fprintf(stderr, "network_bench: %s\n", jem_error_message());
    model_free(b.m);
    jem_tensor_clear(&b.in);
    jem_tensor_clear(&b.out);
    return st;
}
