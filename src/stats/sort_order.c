/* Stable order of doubles: a radix sort by the highest 32 bits in which they differ, then of
 * the few that agree in those by the bits below.  An item is those bits above a place in x:
 * eight bytes move per value and pass. */
#include "stats/sort_order.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

enum { DIGIT_BITS = 11, DIGITS = 3, BUCKETS = 1 << DIGIT_BITS, TOP_BITS = 32, FEW = 64 };

int64_t stats_sort_scratch(int64_t n) { return n > FEW ? 2 * n + DIGITS * BUCKETS : n; }

typedef struct sorter {
    const double *x;
    uint64_t *spare;  /* as many items as are sorted */
    uint64_t *counts; /* [DIGITS][BUCKETS] */
} sorter;

/* Unsigned integers in the order of the doubles: negative numbers count downwards. */
static uint64_t key_of(double x)
{
    uint64_t bits;
    x += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static uint64_t key_at(const sorter *s, uint64_t item) { return key_of(s->x[(uint32_t)item]); }

static uint64_t top_of(uint64_t item) { return item >> TOP_BITS; }

static void insertion_sort(uint64_t *item, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        uint64_t moving = item[i];
        int64_t j = i;
        for (; j > 0 && top_of(item[j - 1]) > top_of(moving); j--) item[j] = item[j - 1];
        item[j] = moving;
    }
}

static uint64_t digit_of(uint64_t item, int d)
{
    return top_of(item) >> (d * DIGIT_BITS) & (BUCKETS - 1);
}

static void radix_sort(uint64_t *item, const sorter *s, int64_t n)
{
    uint64_t *from = item, *to = s->spare;

    memset(s->counts, 0, DIGITS * BUCKETS * sizeof *s->counts);
    for (int64_t i = 0; i < n; i++)
        for (int d = 0; d < DIGITS; d++) s->counts[(uint64_t)d * BUCKETS + digit_of(item[i], d)]++;
    for (int d = 0; d < DIGITS; d++) {
        uint64_t *start = s->counts + (int64_t)d * BUCKETS, sum = 0;
        if (start[digit_of(from[0], d)] == (uint64_t)n) continue; /* all agree in this digit */
        for (int b = 0; b < BUCKETS; b++) {
            uint64_t here = start[b];
            start[b] = sum;
            sum += here;
        }
        for (int64_t i = 0; i < n; i++) to[start[digit_of(from[i], d)]++] = from[i];
        uint64_t *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != item) memcpy(item, from, (size_t)n * sizeof *item);
}

/* Sorts items whose keys agree in all bits above the highest in which they differ. */
static void sort_items(uint64_t *item, const sorter *s, int64_t n)
{
    uint64_t first = key_at(s, item[0]), differ = 0;
    for (int64_t i = 1; i < n; i++) differ |= key_at(s, item[i]) ^ first;
    if (!differ) return;
    int highest = 63 - __builtin_clzll(differ);
    int low = highest < TOP_BITS ? 0 : highest + 1 - TOP_BITS;
    for (int64_t i = 0; i < n; i++)
        item[i] = key_at(s, item[i]) >> low << TOP_BITS | (uint32_t)item[i];
    if (n <= FEW)
        insertion_sort(item, n);
    else
        radix_sort(item, s, n);
    if (!(differ & (((uint64_t)1 << low) - 1))) return; /* nothing is left to tell them apart */
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && top_of(item[end]) == top_of(item[i]);) end++;
        if (end - i > 1) sort_items(item + i, s, end - i); /* no deeper: 64 bits are two tops */
    }
}

jem_status stats_sort_items(uint64_t *scratch, const double *x, int64_t n)
{
    const sorter s = {x, scratch + n, scratch + 2 * n};

    if (n > UINT32_MAX)
        return jem_error(JEM_EDATA, "%lld values are too many to sort", (long long)n);
    for (int64_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            return jem_error(JEM_EDATA, "value %lld is NaN and has no rank", (long long)i);
        scratch[i] = (uint64_t)i;
    }
    if (n > 1) sort_items(scratch, &s, n);
    return JEM_OK;
}

jem_status stats_sort_order(int64_t *order, const double *x, int64_t n)
{
    jem_status st;
    uint64_t *scratch = NULL;

    TRY(MEM_NEW(scratch, stats_sort_scratch(n)));
    TRY(stats_sort_items(scratch, x, n));
    for (int64_t i = 0; i < n; i++) order[i] = (uint32_t)scratch[i];
done:
    mem_free(scratch);
    return st;
}
