/* What several processes read together (data.ranks) against what one process reads. */
#ifndef TESTS_SHARE_CHECK_H
#define TESTS_SHARE_CHECK_H

#include "data/dataset.h"
#include "support/check.h"

/* Two epochs and a step: every rank's images and labels are its part of the common batch, to
 * the bit.  Ranks are begun anew at each step, as one that is resumed there. */
static inline void check_shares(const dataset *d, data_options o, int64_t ranks, int64_t batch,
                                bool generative)
{
    const int64_t size = dataset_row_size(d), images = ranks * batch;
    float *x = malloc((size_t)(images * size) * sizeof *x), *part = malloc((size_t)(batch * size) * sizeof *x);
    int32_t *y = malloc((size_t)images * sizeof *y), *labels = malloc((size_t)batch * sizeof *y);
    batcher one, rank;

    assert_true(x && part && y && labels);
    check_ok(batcher_init(&one, d, &o, images, 5, generative));
    o.ranks = ranks;
    for (int64_t step = 0; step <= 2 * batcher_per_epoch(&one); step++) {
        check_ok(batcher_get(&one, step, x, y));
        for (o.rank = 0; o.rank < ranks; o.rank++) {
            check_ok(batcher_init(&rank, d, &o, batch, 5, generative));
            assert_int_equal(batcher_per_epoch(&rank), d->n / images);
            check_ok(batcher_get(&rank, step, part, labels));
            assert_memory_equal(part, x + o.rank * batch * size, (size_t)(batch * size) * sizeof *x);
            assert_memory_equal(labels, y + o.rank * batch, (size_t)batch * sizeof *y);
            batcher_clear(&rank);
        }
    }
    batcher_clear(&one);
    free(x);
    free(part);
    free(y);
    free(labels);
}

#endif
