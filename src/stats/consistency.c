/* Error consistency on rows packed to bits: a pair costs two population counts for
 * 64 images. */
#include "stats/consistency.h"

#include <math.h>
#include <stdbool.h>

#include "base/mem.h"
#include "base/try.h"

jem_status stats_consistency_counts(stats_consistency *out, int64_t both, int64_t only_a,
                                    int64_t only_b, int64_t neither)
{
    int64_t n = both + only_a + only_b + neither;
    if (both < 0 || only_a < 0 || only_b < 0 || neither < 0 || n < 1)
        return jem_error(JEM_EDATA, "consistency on %lld images is undefined", (long long)n);
    double total = (double)n, pa = (double)(both + only_a) / total,
           pb = (double)(both + only_b) / total;
    double observed = (double)(both + neither) / total;
    double expected = pa * pb + (1 - pa) * (1 - pb);
    bool same = both + neither == n;
    double kappa = same ? 1 : (observed - expected) / (1 - expected);
    *out = (stats_consistency){n, pa, pb, observed, expected, kappa};
    return JEM_OK;
}

jem_status stats_consistency_pair(stats_consistency *out, const uint8_t *a, const uint8_t *b,
                                  int64_t n)
{
    int64_t counts[4] = {0, 0, 0, 0};
    for (int64_t i = 0; i < n; i++) counts[2 * (a[i] != 0) + (b[i] != 0)]++;
    return stats_consistency_counts(out, counts[3], counts[2], counts[1], counts[0]);
}

/* ---- packed rows */

/* All rows of a set, each condition padded to whole words. */
typedef struct packed {
    int64_t rows, conditions, words; /* words per row */
    const int64_t *start;            /* of the set */
    uint64_t *bits;                  /* [rows][words] */
} packed;

static int64_t words_for(int64_t images) { return (images + 63) / 64; }

static void pack_row(uint64_t *bits, const packed *p, const uint8_t *right, const stats_draw *draw)
{
    for (int64_t c = 0; c < p->conditions; c++) {
        int64_t n = p->start[c + 1] - p->start[c];
        const uint8_t *here = right + p->start[c];
        const int64_t *index = draw ? draw->index[1 + c] : NULL;
        for (int64_t w = 0; w < words_for(n); w++, bits++) {
            uint64_t word = 0;
            int64_t end = n - 64 * w < 64 ? n - 64 * w : 64;
            for (int64_t i = 0; i < end; i++) {
                int64_t image = index ? index[64 * w + i] : 64 * w + i;
                word |= (uint64_t)(here[image] != 0) << i;
            }
            *bits = word;
        }
    }
}

/* Rows: the model if there is one, then the people.  Borrowed start; free bits. */
static jem_status pack(packed *p, const uint8_t *model, const stats_observers *people,
                       const stats_draw *draw)
{
    if (people->observers < 1 || people->conditions < 1)
        return jem_error(JEM_EDATA, "consistency with %lld people on %lld conditions is undefined",
                         (long long)people->observers, (long long)people->conditions);
    p->conditions = people->conditions;
    p->start = people->start;
    for (int64_t c = 0; c < p->conditions; c++) {
        if (p->start[c + 1] <= p->start[c])
            return jem_error(JEM_EDATA, "condition %lld has no images", (long long)c);
        p->words += words_for(p->start[c + 1] - p->start[c]);
    }
    p->rows = people->observers + (model != NULL);
    jem_status st = MEM_NEW(p->bits, p->rows * p->words);
    if (st != JEM_OK) return st;
    uint64_t *bits = p->bits;
    if (model) {
        pack_row(bits, p, model, draw);
        bits += p->words;
    }
    for (int64_t o = 0; o < people->observers; o++, bits += p->words)
        pack_row(bits, p, people->right + o * p->start[p->conditions], draw);
    return JEM_OK;
}

static int64_t ones(uint64_t word) { return __builtin_popcountll(word); }

/* sum <- sum + weight times the means over conditions of rows a and b. */
static void add_pair(stats_agreement *sum, double weight, const packed *p, int64_t a, int64_t b)
{
    const uint64_t *x = p->bits + a * p->words, *y = p->bits + b * p->words;
    stats_agreement mean = {0, 0, 0, 0};
    for (int64_t c = 0; c < p->conditions; c++) {
        int64_t n = p->start[c + 1] - p->start[c], both = 0, right_a = 0, right_b = 0;
        for (int64_t w = words_for(n); w > 0; w--, x++, y++) {
            both += ones(*x & *y);
            right_a += ones(*x);
            right_b += ones(*y);
        }
        stats_consistency pair;
        /* cannot fail: n >= 1 was checked */
        (void)stats_consistency_counts(&pair, both, right_a - both, right_b - both,
                                       n - right_a - right_b + both);
        double gap = pair.accuracy_a - pair.accuracy_b;
        mean.accuracy_difference += gap * gap;
        mean.observed += pair.observed;
        mean.kappa += pair.kappa;
    }
    double share = weight / (double)p->conditions;
    sum->accuracy_difference += share * mean.accuracy_difference;
    sum->observed += share * mean.observed;
    sum->kappa += share * mean.kappa;
}

static double row_accuracy(const packed *p, int64_t row)
{
    int64_t right = 0;
    for (int64_t w = 0; w < p->words; w++) right += ones(p->bits[row * p->words + w]);
    return (double)right / (double)p->start[p->conditions];
}

/* times [observers] <- how often each person was drawn (once without a draw). */
static jem_status draw_people(double **times, const stats_observers *people, const stats_draw *draw)
{
    double *drawn = NULL;
    jem_status st = MEM_NEW(drawn, people->observers);
    if (st != JEM_OK) return st;
    for (int64_t o = 0; o < people->observers; o++) drawn[draw ? draw->index[0][o] : o] += 1;
    *times = drawn;
    return JEM_OK;
}

static void divide(stats_agreement *sum, double weight)
{
    double scale = weight > 0 ? 1 / weight : NAN;
    sum->accuracy_difference *= scale;
    sum->observed *= scale;
    sum->kappa *= scale;
}

jem_status stats_agreement_model(stats_agreement *out, const uint8_t *model,
                                 const stats_observers *people, const stats_draw *draw)
{
    jem_status st;
    packed p = {0};
    double *times = NULL;
    stats_agreement sum = {0, 0, 0, 0};

    TRY(pack(&p, model, people, draw));
    TRY(draw_people(&times, people, draw));
    for (int64_t o = 0; o < people->observers; o++)
        if (times[o] > 0) add_pair(&sum, times[o], &p, 0, 1 + o);
    divide(&sum, (double)people->observers);
    sum.accuracy = row_accuracy(&p, 0);
    *out = sum;
done:
    mem_free(times);
    mem_free(p.bits);
    return st;
}

jem_status stats_agreement_people(stats_agreement *out, const stats_observers *people,
                                  const stats_draw *draw)
{
    jem_status st;
    packed p = {0};
    double *times = NULL, weight = 0;
    stats_agreement sum = {0, 0, 0, 0};

    if (!draw && people->observers < 2)
        return jem_error(JEM_EDATA, "agreement between people needs two of them, not %lld",
                         (long long)people->observers);
    TRY(pack(&p, NULL, people, draw));
    TRY(draw_people(&times, people, draw));
    for (int64_t a = 0; a < people->observers; a++) {
        sum.accuracy += times[a] * row_accuracy(&p, a) / (double)people->observers;
        for (int64_t b = a + 1; b < people->observers; b++) {
            if (!(times[a] * times[b] > 0)) continue;
            add_pair(&sum, times[a] * times[b], &p, a, b);
            weight += times[a] * times[b];
        }
    }
    divide(&sum, weight);
    *out = sum;
done:
    mem_free(times);
    mem_free(p.bits);
    return st;
}

void stats_agreement_factors(int64_t *sizes, const stats_observers *people)
{
    sizes[0] = people->observers;
    for (int64_t c = 0; c < people->conditions; c++)
        sizes[1 + c] = people->start[c + 1] - people->start[c];
}

jem_status stats_agreement_mean(stats_agreement *out, const stats_agreement *sets, int64_t n)
{
    if (n < 1) return jem_error(JEM_EDATA, "the mean over no data set is undefined");
    stats_agreement sum = {0, 0, 0, 0};
    for (int64_t i = 0; i < n; i++) {
        sum.accuracy += sets[i].accuracy / (double)n;
        sum.accuracy_difference += sets[i].accuracy_difference / (double)n;
        sum.observed += sets[i].observed / (double)n;
        sum.kappa += sets[i].kappa / (double)n;
    }
    *out = sum;
    return JEM_OK;
}
