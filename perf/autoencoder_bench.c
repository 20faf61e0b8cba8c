/* jem's side of perf/peer_diffusers.py: one pass of the autoencoder, timed on demand.
 *
 *   autoencoder_bench WEIGHTS THREADS f32|bf16 encode|decode|jvp|vjp IN.npy [DIRECTION.npy]
 *
 * IN: pictures [n,3,h,w] for encode, latents [n,4,h,w] otherwise; DIRECTION: the tangent (like
 * IN) or the cotangent (like the pictures), float32.  "init" as WEIGHTS stands for the
 * recomputable parameters.  Says "ready"; then each line of standard input is either the name
 * of a file, which the last result is written to, or empty: run once, print the seconds.
 * "save FILE" writes the weights.  JEM_DEVICE chooses another device than the cpu. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/try.h"
#include "jem/tensor.h"
#include "model/autoencoder.h"

typedef struct bench {
    autoencoder *a;
    const char *pass;
    jem_tensor in, direction, out;
} bench;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static jem_status open_network(bench *b, char **argv)
{
    jem_status st;
    engine_spec e = {.threads = atoi(argv[2]), .precision = strcmp(argv[3], "bf16") == 0};

    snprintf(e.device, sizeof e.device, "%s", getenv("JEM_DEVICE") ? "auto" : "cpu");

    if (strcmp(argv[1], "init") != 0) {
        TRY(autoencoder_load(&b->a, argv[1], &e));
    } else {
        TRY(autoencoder_new(&b->a, &autoencoder_sd_vae, &e));
        TRY(autoencoder_init(b->a));
    }
done:
    return st;
}

static jem_status open_arrays(bench *b, int argc, char **argv)
{
    jem_status st;
    TRY(jem_npy_read(&b->in, argv[5]));
    if (argc > 6) TRY(jem_npy_read(&b->direction, argv[6]));

    const int64_t f = autoencoder_factor(autoencoder_get_spec(b->a)), *s = b->in.shape;
    const int64_t small[] = {s[0], 4, s[2] / f, s[3] / f}, large[] = {s[0], 3, s[2] * f, s[3] * f};
    b->pass = argv[4];
    if (strcmp(b->pass, "encode") == 0)
        TRY(jem_tensor_init(&b->out, JEM_F32, 4, small));
    else if (strcmp(b->pass, "vjp") == 0)
        TRY(jem_tensor_init(&b->out, JEM_F32, 4, s));
    else
        TRY(jem_tensor_init(&b->out, JEM_F32, 4, large));
done:
    return st;
}

static jem_status run_once(bench *b)
{
    const autoencoder_batch n = {b->in.shape[0], b->in.shape[2], b->in.shape[3]};

    if (strcmp(b->pass, "encode") == 0)
        return autoencoder_encode(b->a, n, b->in.data, b->out.data, NULL);
    if (strcmp(b->pass, "decode") == 0)
        return autoencoder_decode(b->a, n, b->in.data, b->out.data);
    if (strcmp(b->pass, "jvp") == 0)
        return autoencoder_decode_jvp(b->a, n, b->in.data, b->direction.data, NULL, b->out.data);
    return autoencoder_decode_vjp(b->a, n, b->in.data, b->direction.data, NULL, b->out.data);
}

static jem_status serve(bench *b)
{
    jem_status st = JEM_OK;
    char line[4096];

    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "save ", 5) == 0) {
            TRY(autoencoder_save(b->a, line + 5));
            printf("saved\n");
        } else if (line[0]) {
            TRY(jem_npy_write(line, &b->out));
            printf("written\n");
        } else {
            double start = now();
            TRY(run_once(b));
            printf("%.6f\n", now() - start);
        }
        fflush(stdout);
    }
done:
    return st;
}

int main(int argc, char **argv)
{
    jem_status st;
    bench b = {.in = JEM_TENSOR_INIT, .direction = JEM_TENSOR_INIT, .out = JEM_TENSOR_INIT};

    if (argc < 6) {
        fprintf(stderr, "usage: see the head of perf/autoencoder_bench.c\n");
        return 2;
    }
    TRY(open_network(&b, argv));
    TRY(open_arrays(&b, argc, argv));
    TRY(serve(&b));
done:
    if (st) fprintf(stderr, "autoencoder_bench: %s\n", jem_error_message());
    autoencoder_free(b.a);
    jem_tensor_clear(&b.in);
    jem_tensor_clear(&b.direction);
    jem_tensor_clear(&b.out);
    return st ? 1 : 0;
}
