/* A picture of a gradient to latents and back, and how far it is from itself then.
 *
 *   autoencoder WEIGHTS.safetensors                             (jem/autoencoder.h) */
#include <jem/autoencoder.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 64, PIXELS = 3 * SIDE * SIDE };

static void check(jem_status st)
{
    if (st == JEM_OK) return;
    fprintf(stderr, "%s\n", jem_error_message());
    exit((int)st);
}

int main(int argc, char **argv)
{
    static float x[PIXELS], back[PIXELS];
    jem_autoencoder *a = NULL;
    double squares = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: autoencoder WEIGHTS.safetensors\n");
        return JEM_EUSAGE;
    }
    check(jem_autoencoder_open(&a, argv[1], NULL));
    const int64_t side = SIDE / jem_autoencoder_factor(a), cells = jem_autoencoder_channels(a) * side * side;
    float *z = malloc((size_t)cells * sizeof *z);
    if (!z) return JEM_ENOMEM;

    for (int i = 0; i < PIXELS; i++) x[i] = (float)(i % SIDE) / (SIDE / 2) - 1;
    check(jem_autoencoder_encode(a, x, 1, SIDE, SIDE, z, NULL));
    check(jem_autoencoder_decode(a, z, 1, SIDE, SIDE, back));
    for (int i = 0; i < PIXELS; i++) squares += (double)(back[i] - x[i]) * (double)(back[i] - x[i]);
    printf("%d numbers in %lld: root mean square difference %.4f\n", PIXELS, (long long)cells, sqrt(squares / PIXELS));
    free(z);
    jem_autoencoder_free(a);
    return 0;
}
