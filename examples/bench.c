/* A network of one's own on BAPPS: here the mean difference of pixels, which needs no network.
 *
 *   bench BAPPS_FOLDER [OUT]                                                 (jem/bench.h) */
#include <jem/bench.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static jem_status distance(void *ctx, const jem_stimulus *a, const jem_stimulus *b, int64_t n, float *d)
{
    (void)ctx;
    for (int64_t i = 0; i < n; i++) {
        const int64_t count = a[i].height * a[i].width * 3;
        double sum = 0;
        for (int64_t p = 0; p < count; p++) sum += fabs((double)a[i].pixels[p] - b[i].pixels[p]);
        d[i] = (float)(sum / (double)count);
    }
    return JEM_OK;
}

int main(int argc, char **argv)
{
    jem_subject s = JEM_SUBJECT_INIT;
    jem_bench_options o = JEM_BENCH_INIT;
    jem_bench_scores scores = JEM_BENCH_SCORES_INIT;

    if (argc < 2) {
        fprintf(stderr, "usage: bench BAPPS_FOLDER [OUT]\n");
        return JEM_EUSAGE;
    }
    s.name = "pixels";
    s.distance = distance;
    o.data = argv[1];
    o.out = argc > 2 ? argv[2] : NULL;
    jem_status st = jem_bench_subject(&scores, "bapps", &s, &o);
    if (st != JEM_OK) fprintf(stderr, "%s\n", jem_error_message());
    for (int64_t i = 0; i < scores.count; i++)
        if (!strcmp(scores.rows[i].model, "pixels"))
            printf("%s %s: %.4f [%.4f, %.4f]\n", scores.rows[i].metric,
                   scores.rows[i].condition ? scores.rows[i].condition : "", scores.rows[i].value,
                   scores.rows[i].low, scores.rows[i].high);
    jem_bench_scores_clear(&scores);
    return (int)st;
}
