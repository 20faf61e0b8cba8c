/* The program's side of perf/python_overhead.py: the same call without libjem and Python around it.
 *
 *   library_calls WEIGHTS THREADS IN.npy      IN: images [n,channels,height,width], float32
 *
 * Says "ready"; then each line of standard input is a number of images, at most n: their input gradients of
 * log-sum-exp are computed once, and the processor seconds of all threads are printed, and the wall's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/try.h"
#include "jem/tensor.h"
#include "model/model.h"

typedef struct calls {
    model_spec spec;
    model *m;
    jem_tensor in, out;
} calls;

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static jem_status open_calls(calls *c, char **argv)
{
    jem_status st;
    engine_spec engine;
    const option_group groups[] = {{"engine", engine_options, &engine}, {NULL, NULL, NULL}};

    TRY(options_defaults(groups));
    TRY(options_assign(groups, "engine.device=cpu"));
    engine.threads = atoi(argv[2]);
    TRY(model_spec_read(&c->spec, network_list, argv[1]));
    TRY(model_new(&c->m, &c->spec, &engine));
    TRY(model_load(c->m, argv[1]));
    TRY(jem_npy_read(&c->in, argv[3]));
    TRY(jem_tensor_init(&c->out, JEM_F32, c->in.ndim, c->in.shape));
done:
    return st;
}

static jem_status run_once(calls *c, int64_t n)
{
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    const jem_status st = model_evaluate(c->m, c->in.data, n, NULL, NULL, NULL, c->out.data);
    printf("%.9f %.9f\n", seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, seconds(CLOCK_MONOTONIC) - wall);
    fflush(stdout);
    return st;
}

int main(int argc, char **argv)
{
    static calls c = {.in = JEM_TENSOR_INIT, .out = JEM_TENSOR_INIT};
    char line[64];
    jem_status st;

    if (argc != 4) {
        fprintf(stderr, "usage: library_calls WEIGHTS THREADS IN.npy\n");
        return 2;
    }
    TRY(open_calls(&c, argv));
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        const int64_t n = atoi(line);
        if (n < 0 || n > c.in.shape[0]) TRY(jem_error(JEM_EUSAGE, "%lld images", (long long)n));
        TRY(run_once(&c, n));
    }
done:
    if (st) fprintf(stderr, "library_calls: %s\n", jem_error_message());
    model_free(c.m);
    jem_tensor_clear(&c.in);
    jem_tensor_clear(&c.out);
    return st;
}
