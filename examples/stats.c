/* Does a model err on the same images as a person?  Error consistency with its interval, from two columns of 0
 * (wrong) and 1 (right); without a file, of an invented pair.
 *
 *   stats [RIGHT.txt]                                                        (jem/stats.h)
 */
#include <jem/stats.h>
#include <stdio.h>

enum { MOST = 100000 };

static uint8_t model[MOST], person[MOST];

static int64_t read_rows(const char *path)
{
    int64_t n = 0;
    unsigned a, b;
    FILE *f = fopen(path, "r");
    if (!f) return 0;
    while (n < MOST && fscanf(f, "%u %u", &a, &b) == 2) {
        model[n] = (uint8_t)a;
        person[n++] = (uint8_t)b;
    }
    fclose(f);
    return n;
}

/* Both are right on even images; each errs on some odd ones, often the same. */
static int64_t invent_rows(void)
{
    int64_t n = 400;
    for (int64_t i = 0; i < n; i++) {
        model[i] = i % 2 == 0 || i % 5 == 1;
        person[i] = i % 2 == 0 || i % 7 == 1;
    }
    return n;
}

int main(int argc, char **argv)
{
    jem_score kappa;
    int64_t n = argc > 1 ? read_rows(argv[1]) : invent_rows();
    jem_status st = jem_stats_consistency(&kappa, model, person, n, NULL);
    if (st != JEM_OK) {
        fprintf(stderr, "%s\n", jem_error_message());
        return (int)st;
    }
    printf("error consistency on %lld images: %.3f [%.3f, %.3f]\n", (long long)n, kappa.value, kappa.low,
           kappa.high);
    return 0;
}
