/* Writes a tiny data set that the other examples use: images.npy and labels.npy,
 * 60 pictures 3x16x16 of two classes, smooth and striped.
 *
 *   tensor DIR                                                    (jem/tensor.h) */
#include <jem/tensor.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 60, C = 3, SIDE = 16 };

/* Every function that can fail returns a status; its message is kept per thread. */
static void check(jem_status st)
{
    if (st == JEM_OK) return;
    fprintf(stderr, "%s\n", jem_error_message());
    exit((int)st); /* the codes are exit codes */
}

int main(int argc, char **argv)
{
    jem_tensor x = JEM_TENSOR_INIT, y = JEM_TENSOR_INIT;
    char path[1024];

    if (argc != 2) {
        fprintf(stderr, "usage: tensor DIR\n");
        return JEM_EUSAGE;
    }
    const int64_t images[] = {N, C, SIDE, SIDE}, labels[] = {N};
    check(jem_tensor_init(&x, JEM_U8, 4, images));
    check(jem_tensor_init(&y, JEM_I32, 1, labels));

    unsigned char *pixels = x.data;
    unsigned grain = 1;
    for (int i = 0; i < N; i++) {
        ((int *)y.data)[i] = i % 2;
        for (int k = 0; k < C * SIDE * SIDE; k++) {
            grain = grain * 1103515245u + 12345u;
            int stripe = i % 2 == 1 && k % 4 < 2 ? 100 : 0;
            pixels[i * C * SIDE * SIDE + k] = (unsigned char)(60 + stripe + (int)(grain >> 26));
        }
    }

    snprintf(path, sizeof path, "%s/images.npy", argv[1]);
    check(jem_npy_write(path, &x));
    snprintf(path, sizeof path, "%s/labels.npy", argv[1]);
    check(jem_npy_write(path, &y));
    jem_tensor_clear(&x);
    jem_tensor_clear(&y);
    printf("%s\n", argv[1]);
    return 0;
}
