/* CIFAR-10H of four images (a copy of bench/cifar10h/data.c is compiled for so many).  The
 * first byte says which file is the case: c counts, p shares, t labels. */
#include <string.h>

#include "bench/cifar10h/data.h"
#include "fuzz.h"

#define FOLDER "cifar10h"
enum { N = CIFAR10H_IMAGES, K = CIFAR10H_CLASSES, HEADER = 80 };

/* Arrays of [4][10] bytes and doubles: all people chose class 1. */
static const char u1[] = "\x93NUMPY\1\0\x46\0{'descr': '|u1', 'fortran_order': False, 'shape': "
                         "(4, 10), }         \n";
static const char f8[] = "\x93NUMPY\1\0\x46\0{'descr': '<f8', 'fortran_order': False, 'shape': "
                         "(4, 10), }         \n";
static const char labels[] =
    "index\tlabel\tofficial_name\n0\t1\ta.png\n1\t1\tb\n2\t0\tc\n3\t9\td\n";

void fuzz_one(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {FOLDER "/cifar10h-counts.npy", FOLDER "/cifar10h-probs.npy",
                                        FOLDER "/test-images.tsv"};
    static char counts[HEADER + N * K], shares[HEADER + 8 * N * K];
    const char *place = size ? strchr("cpt", data[0]) : NULL;
    cifar10h_data d = {0};

    if (!place || !data[0]) return;
    memcpy(counts, u1, HEADER);
    memcpy(shares, f8, HEADER);
    for (int i = 0; i < N; i++) {
        counts[HEADER + i * K + 1] = 51;
        memcpy(shares + HEADER + 8 * (i * K + 1), &(double){1.0}, 8);
    }
    fuzz_file(paths[place - "cpt"], data + 1, size - 1);
    fuzz_file(paths[0], counts, sizeof counts);
    fuzz_file(paths[1], shares, sizeof shares);
    fuzz_file(paths[2], labels, sizeof labels - 1);
    if (fuzz_refused(cifar10h_read(&d, FOLDER, ""), FOLDER)) return;
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int k = 0; k < K; k++) sum += d.p[i * K + k];
        fuzz_expect(d.label[i] >= 0 && d.label[i] < K && d.name[i]);
        fuzz_expect(sum > 0.999999 && sum < 1.000001);
    }
    cifar10h_clear(&d);
}
