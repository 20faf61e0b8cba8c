/* Error consistency from counts of images on which two observers are both right. */
#include "stats/consistency.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

/* Of at least one image. */
static stats_consistency of_counts(int64_t both, int64_t only_a, int64_t only_b, int64_t neither)
{
    int64_t n = both + only_a + only_b + neither;
    double total = (double)n, pa = (double)(both + only_a) / total,
           pb = (double)(both + only_b) / total;
    double observed = (double)(both + neither) / total;
    double expected = pa * pb + (1 - pa) * (1 - pb);
    bool same = both + neither == n;
    double kappa = same ? 1 : (observed - expected) / (1 - expected);
    return (stats_consistency){n, pa, pb, observed, expected, kappa};
}

jem_status stats_consistency_counts(stats_consistency *out, int64_t both, int64_t only_a,
                                    int64_t only_b, int64_t neither)
{
    int64_t n = both + only_a + only_b + neither;
    if (both < 0 || only_a < 0 || only_b < 0 || neither < 0 || n < 1)
        return jem_error(JEM_EDATA, "consistency on %lld images is undefined", (long long)n);
    *out = of_counts(both, only_a, only_b, neither);
    return JEM_OK;
}

jem_status stats_consistency_pair(stats_consistency *out, const uint8_t *a, const uint8_t *b,
                                  int64_t n)
{
    int64_t counts[4] = {0, 0, 0, 0};
    for (int64_t i = 0; i < n; i++) counts[2 * (a[i] != 0) + (b[i] != 0)]++;
    return stats_consistency_counts(out, counts[3], counts[2], counts[1], counts[0]);
}

/* ---- counts */

int64_t stats_joint_pairs(int64_t rows) { return rows * (rows + 1) / 2; }

static int64_t place_of(int64_t rows, int64_t a, int64_t b)
{
    int64_t low = a < b ? a : b, high = a < b ? b : a;
    return low * rows - low * (low - 1) / 2 + high - low;
}

static int64_t count_both(const uint8_t *a, const uint8_t *b, int64_t n)
{
    enum { AT_ONCE = 240 }; /* what a byte can count, in whole vectors */
    int64_t total = 0;
    for (int64_t i = 0; i < n;) {
        int64_t end = n - i < AT_ONCE ? n : i + AT_ONCE;
        uint8_t sum = 0;
        for (; i < end; i++) sum = (uint8_t)(sum + ((a[i] != 0) & (b[i] != 0)));
        total += sum;
    }
    return total;
}

void stats_joint_count(int64_t *both, const uint8_t *const *row, int64_t rows, int64_t first,
                       int64_t n)
{
    for (int64_t a = 0; a < rows; a++)
        for (int64_t b = a; b < rows; b++) *both++ = count_both(row[a] + first, row[b] + first, n);
}

/* Bytes of a word, each a counter of its own; words that are added at once: two vectors. */
enum { LANES = 8, WORDS = 4 };

jem_status stats_joint_table_init(stats_joint_table *t, const uint8_t *const *row, int64_t rows,
                                  int64_t images)
{
    int64_t pairs = stats_joint_pairs(rows), block = WORDS * LANES,
            words = (pairs + block - 1) / block * WORDS;
    uint64_t *lines = NULL;
    jem_status st = MEM_NEW(lines, images * words);
    if (st != JEM_OK) return st;
    for (int64_t i = 0; i < images; i++) {
        uint8_t *line = (uint8_t *)(lines + i * words);
        for (int64_t a = 0; a < rows; a++)
            for (int64_t b = a; b < rows; b++) *line++ = (row[a][i] != 0) & (row[b][i] != 0);
    }
    *t = (stats_joint_table){pairs, words, lines};
    return JEM_OK;
}

void stats_joint_table_clear(stats_joint_table *t)
{
    mem_free(t->lines);
    *t = (stats_joint_table){0, 0, NULL};
}

/* sum [WORDS] <- the words of the lines index[0 .. n-1], which start `words` words apart. */
static void add_lines(uint64_t sum[WORDS], const uint64_t *line, int64_t words,
                      const int64_t *index, int64_t n)
{
    uint64_t own[WORDS] = {0};
    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < WORDS; k++) own[k] += line[index[i] * words + k];
    memcpy(sum, own, sizeof own);
}

void stats_joint_resample(int64_t *both, const stats_joint_table *t, int64_t first,
                          const int64_t *index, int64_t n)
{
    enum { AT_ONCE = 255 }; /* what a byte can count */
    for (int64_t p = 0; p < t->pairs; p++) both[p] = 0;
    for (int64_t w = 0; w < t->words; w += WORDS) {
        const uint64_t *column = t->lines + first * t->words + w;
        int64_t left = t->pairs - w * LANES, counters = left < WORDS * LANES ? left : WORDS * LANES;
        for (int64_t i = 0; i < n; i += AT_ONCE) {
            uint64_t sum[WORDS];
            add_lines(sum, column, t->words, index + i, n - i < AT_ONCE ? n - i : AT_ONCE);
            const uint8_t *counted = (const uint8_t *)sum;
            for (int64_t k = 0; k < counters; k++) both[w * LANES + k] += counted[k];
        }
    }
}

/* ---- agreement */

/* sum <- sum + weight times the means over conditions of rows a and b. */
static void add_pair(stats_agreement *sum, double weight, const stats_joint *j, int64_t a,
                     int64_t b)
{
    int64_t pairs = stats_joint_pairs(j->rows), ab = place_of(j->rows, a, b),
            aa = place_of(j->rows, a, a), bb = place_of(j->rows, b, b);
    stats_agreement mean = {0, 0, 0, 0};
    for (int64_t c = 0; c < j->conditions; c++) {
        const int64_t *both = j->both + c * pairs;
        stats_consistency pair = of_counts(both[ab], both[aa] - both[ab], both[bb] - both[ab],
                                           j->images[c] - both[aa] - both[bb] + both[ab]);
        double gap = pair.accuracy_a - pair.accuracy_b;
        mean.accuracy_difference += gap * gap;
        mean.observed += pair.observed;
        mean.kappa += pair.kappa;
    }
    double share = weight / (double)j->conditions;
    sum->accuracy_difference += share * mean.accuracy_difference;
    sum->observed += share * mean.observed;
    sum->kappa += share * mean.kappa;
}

static double row_accuracy(const stats_joint *j, int64_t row)
{
    int64_t pairs = stats_joint_pairs(j->rows), right = 0, images = 0;
    for (int64_t c = 0; c < j->conditions; c++) {
        right += j->both[c * pairs + place_of(j->rows, row, row)];
        images += j->images[c];
    }
    return (double)right / (double)images;
}

static void divide(stats_agreement *sum, double weight)
{
    double scale = weight > 0 ? 1 / weight : NAN;
    sum->accuracy_difference *= scale;
    sum->observed *= scale;
    sum->kappa *= scale;
}

stats_agreement stats_joint_model(const stats_joint *j, int64_t model, int64_t people,
                                  const double *times)
{
    stats_agreement sum = {0, 0, 0, 0};
    for (int64_t o = 0; o < people; o++)
        if (!times || times[o] > 0) add_pair(&sum, times ? times[o] : 1, j, o, model);
    divide(&sum, (double)people);
    sum.accuracy = row_accuracy(j, model);
    return sum;
}

stats_agreement stats_joint_people(const stats_joint *j, int64_t people, const double *times)
{
    stats_agreement sum = {0, 0, 0, 0};
    double weight = 0;
    for (int64_t a = 0; a < people; a++) {
        double drawn = times ? times[a] : 1;
        sum.accuracy += drawn * row_accuracy(j, a) / (double)people;
        for (int64_t b = a + 1; b < people; b++) {
            double both = times ? drawn * times[b] : 1;
            if (!(both > 0)) continue;
            add_pair(&sum, both, j, a, b);
            weight += both;
        }
    }
    divide(&sum, weight);
    return sum;
}

/* ---- all of it in one call */

static jem_status check_people(const stats_observers *people)
{
    if (people->observers < 1 || people->conditions < 1)
        return jem_error(JEM_EDATA, "consistency with %lld people on %lld conditions is undefined",
                         (long long)people->observers, (long long)people->conditions);
    for (int64_t c = 0; c < people->conditions; c++)
        if (people->start[c + 1] <= people->start[c])
            return jem_error(JEM_EDATA, "condition %lld has no images", (long long)c);
    return JEM_OK;
}

/* The model's agreement with the people, or where there is no model their own. */
static jem_status agree(stats_agreement *out, const uint8_t *model, const stats_observers *people,
                        const stats_draw *draw)
{
    jem_status st;
    stats_joint_table table = {0, 0, NULL};
    const uint8_t **row = NULL;
    int64_t *images = NULL, *both = NULL;
    double *times = NULL;

    TRY(check_people(people));
    const int64_t *start = people->start, count = people->observers, rows = count + (model != NULL),
                  pairs = stats_joint_pairs(rows);
    TRY(MEM_NEW(row, rows));
    TRY(MEM_NEW(images, people->conditions));
    TRY(MEM_NEW(both, people->conditions * pairs));
    TRY(MEM_NEW(times, count));
    for (int64_t o = 0; o < count; o++) {
        row[o] = people->right + o * start[people->conditions];
        times[draw ? draw->index[0][o] : o] += 1;
    }
    if (model) row[count] = model;
    if (draw) TRY(stats_joint_table_init(&table, row, rows, start[people->conditions]));
    for (int64_t c = 0; c < people->conditions; c++) {
        images[c] = start[c + 1] - start[c];
        if (draw)
            stats_joint_resample(both + c * pairs, &table, start[c], draw->index[1 + c], images[c]);
        else
            stats_joint_count(both + c * pairs, row, rows, start[c], images[c]);
    }
    const stats_joint joint = {rows, people->conditions, images, both};
    *out = model ? stats_joint_model(&joint, count, count, times)
                 : stats_joint_people(&joint, count, times);
done:
    stats_joint_table_clear(&table);
    mem_free(times);
    mem_free(both);
    mem_free(images);
    mem_free(row);
    return st;
}

jem_status stats_agreement_model(stats_agreement *out, const uint8_t *model,
                                 const stats_observers *people, const stats_draw *draw)
{
    return agree(out, model, people, draw);
}

jem_status stats_agreement_people(stats_agreement *out, const stats_observers *people,
                                  const stats_draw *draw)
{
    if (!draw && people->observers < 2)
        return jem_error(JEM_EDATA, "agreement between people needs two of them, not %lld",
                         (long long)people->observers);
    return agree(out, NULL, people, draw);
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
