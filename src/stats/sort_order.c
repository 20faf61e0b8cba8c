/* Stable radix sort of doubles by their bits, 11 at a time. */
#include "stats/sort_order.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

enum { DIGIT_BITS = 11, DIGITS = 6, BUCKETS = 1 << DIGIT_BITS, FEW = 64 };

typedef struct keyed {
    uint64_t key;
    int64_t index;
} keyed;

/* Unsigned integers in the order of the doubles: negative numbers count downwards. */
static uint64_t key_of(double x)
{
    uint64_t bits;
    x += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static void insertion_sort(keyed *item, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        keyed moving = item[i];
        int64_t j = i;
        for (; j > 0 && item[j - 1].key > moving.key; j--) item[j] = item[j - 1];
        item[j] = moving;
    }
}

static int digit_of(uint64_t key, int d) { return (int)(key >> (d * DIGIT_BITS)) & (BUCKETS - 1); }

/* Leaves the result in *item; swaps it with *spare for every digit moved. */
static void radix_sort(keyed **item, keyed **spare, int64_t *counts, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int d = 0; d < DIGITS; d++) counts[d * BUCKETS + digit_of((*item)[i].key, d)]++;
    for (int d = 0; d < DIGITS; d++) {
        int64_t *place = counts + (int64_t)d * BUCKETS, sum = 0;
        if (place[digit_of((*item)[0].key, d)] == n) continue; /* all agree in this digit */
        for (int b = 0; b < BUCKETS; b++) {
            int64_t here = place[b];
            place[b] = sum;
            sum += here;
        }
        for (int64_t i = 0; i < n; i++) (*spare)[place[digit_of((*item)[i].key, d)]++] = (*item)[i];
        keyed *sorted = *spare;
        *spare = *item;
        *item = sorted;
    }
}

jem_status stats_sort_order(int64_t *order, const double *x, int64_t n)
{
    jem_status st;
    keyed *item = NULL, *spare = NULL;
    int64_t *counts = NULL;

    TRY(MEM_NEW(item, n));
    for (int64_t i = 0; i < n; i++) {
        if (isnan(x[i])) {
            st = jem_error(JEM_EDATA, "value %lld is NaN and has no rank", (long long)i);
            goto done;
        }
        item[i] = (keyed){key_of(x[i]), i};
    }
    if (n <= FEW) {
        insertion_sort(item, n);
    } else {
        TRY(MEM_NEW(spare, n));
        TRY(MEM_NEW(counts, DIGITS * BUCKETS));
        radix_sort(&item, &spare, counts, n);
    }
    for (int64_t i = 0; i < n; i++) order[i] = item[i].index;
done:
    mem_free(counts);
    mem_free(spare);
    mem_free(item);
    return st;
}
