/* Draws samples of one class by Langevin chains from noise, into an npy file.
 *
 *   sample RUN CLASS OUT.npy                                      (jem/sampler.h) */
#include <jem/sampler.h>
#include <jem/tensor.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 8 };

static void check(jem_status st)
{
    if (st == JEM_OK) return;
    fprintf(stderr, "%s\n", jem_error_message());
    exit((int)st);
}

int main(int argc, char **argv)
{
    jem_model *m = NULL;
    jem_sampler chain = JEM_SAMPLER_INIT;
    jem_tensor x = JEM_TENSOR_INIT;
    jem_evaluation want = JEM_EVALUATION_INIT;
    float before[N], after[N];
    int32_t y[N];

    if (argc != 4) {
        fprintf(stderr, "usage: sample RUN CLASS OUT.npy\n");
        return JEM_EUSAGE;
    }
    check(jem_model_open(&m, argv[1], NULL));
    const int64_t shape[] = {N, jem_model_channels(m), jem_model_height(m), jem_model_width(m)};
    check(jem_tensor_init(&x, JEM_F32, 4, shape));

    check(jem_sampler_start(x.data, N, m, 1));
    want.lse = before;
    check(jem_model_evaluate(m, x.data, N, &want));

    jem_sampler_of(&chain, m); /* as in training ... */
    chain.steps = 20;          /* ... but so long, */
    chain.y = y;               /* and uphill on one class's logit */
    for (int i = 0; i < N; i++) y[i] = (int32_t)strtol(argv[2], NULL, 10);
    check(jem_sampler_run(&chain, m, x.data, N));
    want.lse = after;
    check(jem_model_evaluate(m, x.data, N, &want));

    for (int i = 0; i < N; i++)
        printf("chain %d: E(x) from %.4f to %.4f\n", i, (double)-before[i], (double)-after[i]);
    check(jem_npy_write(argv[3], &x));
    jem_tensor_clear(&x);
    jem_model_free(m);
    return 0;
}
