/* Energies and predictions of images: a JEM's two readings of the same logits.
 *
 *   energy RUN|WEIGHTS IMAGES.npy                                   (jem/model.h)
 *
 * IMAGES.npy holds 8-bit pixels [n, channels, height, width]. */
#include <jem/model.h>
#include <jem/tensor.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void check(jem_status st)
{
    if (st == JEM_OK) return;
    fprintf(stderr, "%s\n", jem_error_message());
    exit((int)st);
}

/* Pixels 0 .. 255 become floats in [-1, 1]. */
static void read_images(jem_tensor *x, const char *path)
{
    check(jem_npy_read(x, path));
    check(jem_tensor_convert(x, JEM_F32));
    float *value = x->data;
    for (int64_t i = 0; i < jem_tensor_count(x); i++) value[i] = value[i] / 127.5f - 1.0f;
}

int main(int argc, char **argv)
{
    jem_model *m = NULL;
    jem_tensor x = JEM_TENSOR_INIT;
    jem_engine_options engine = JEM_ENGINE_INIT;
    jem_evaluation want = JEM_EVALUATION_INIT;

    if (argc != 3) {
        fprintf(stderr, "usage: energy RUN|WEIGHTS IMAGES.npy\n");
        return JEM_EUSAGE;
    }
    engine.threads = 1;
    check(jem_model_open(&m, argv[1], &engine));
    read_images(&x, argv[2]);
    if (x.ndim != 4 || x.shape[1] != jem_model_channels(m) ||
        x.shape[2] != jem_model_height(m) || x.shape[3] != jem_model_width(m)) {
        fprintf(stderr, "%s: not images of the model's size\n", argv[2]);
        return JEM_EDATA;
    }

    int64_t n = x.shape[0], classes = jem_model_classes(m);
    want.logits = calloc((size_t)(n * classes), sizeof(float));
    want.lse = calloc((size_t)n, sizeof(float));
    if (!want.logits || !want.lse) return JEM_ENOMEM;
    check(jem_model_evaluate(m, x.data, n, &want));

    for (int64_t i = 0; i < n && i < 10; i++) {
        const float *f = want.logits + i * classes;
        int64_t best = 0;
        for (int64_t k = 1; k < classes; k++)
            if (f[k] > f[best]) best = k;
        printf("image %lld: E(x) = %.4f, class %lld with p(y|x) = %.3f\n", (long long)i,
               (double)-want.lse[i], (long long)best, exp((double)(f[best] - want.lse[i])));
    }
    free(want.logits);
    free(want.lse);
    jem_tensor_clear(&x);
    jem_model_free(m);
    return 0;
}
