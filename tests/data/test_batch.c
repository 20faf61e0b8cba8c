/* Batches: coverage of an epoch, augmentation, noise, and that a batch is a
 * function of (seed, iteration) alone. */
#include "share_check.h"

enum { N = 50, BATCH = 8, H = 7, W = 6, SIZE = 3 * H * W };

static data_options plain(void)
{
    data_options o = {.noise_std = 0};
    return o;
}

/* Image i holds level i in its first pixel and a pattern elsewhere; label i. */
static dataset *sample(bool floats)
{
    dataset *d = NULL;
    check_ok(dataset_new(&d, N, 3, H, W, floats));
    for (int64_t i = 0; i < N * SIZE; i++) {
        uint8_t level = (uint8_t)((i % SIZE) * 2 + i / SIZE);
        if (floats)
            d->values[i] = (float)level * 0.37f;
        else
            d->pixels[i] = level;
    }
    for (int i = 0; i < N; i++) d->labels[i] = i;
    return d;
}

static void an_epoch_visits_images_at_most_once_in_an_order_of_its_own(void **state)
{
    dataset *d = sample(false);
    data_options o = plain();
    batcher b;
    float x[BATCH * SIZE];
    int32_t y[BATCH], first[2][BATCH];
    (void)state;
    check_ok(batcher_init(&b, d, &o, BATCH, 1, false));
    assert_int_equal(batcher_per_epoch(&b), N / BATCH);
    for (int64_t epoch = 0; epoch < 2; epoch++) {
        int seen[N] = {0}, total = 0;
        for (int64_t i = 0; i < N / BATCH; i++) {
            check_ok(batcher_get(&b, epoch * (N / BATCH) + i, x, y));
            for (int s = 0; s < BATCH; s++) seen[y[s]]++;
            if (i == 0) memcpy(first[epoch], y, sizeof y);
        }
        for (int i = 0; i < N; i++) {
            assert_true(seen[i] <= 1);
            total += seen[i];
        }
        assert_int_equal(total, N / BATCH * BATCH);
    }
    assert_memory_not_equal(first[0], first[1], sizeof y);
    batcher_clear(&b);
    dataset_free(d);
}

static void without_augmentation_a_batch_is_the_images_in_network_units(void **state)
{
    (void)state;
    for (int floats = 0; floats < 2; floats++) {
        dataset *d = sample(floats);
        data_options o = plain();
        batcher b;
        float x[BATCH * SIZE], expected[BATCH * SIZE];
        int32_t y[BATCH];
        int64_t index[BATCH];
        check_ok(batcher_init(&b, d, &o, BATCH, 3, true));
        check_ok(batcher_get(&b, 4, x, y));
        for (int s = 0; s < BATCH; s++) index[s] = y[s];
        check_ok(dataset_floats(expected, d, index, BATCH));
        assert_memory_equal(x, expected, sizeof x);
        check_ok(batcher_get(&b, 4, x, NULL)); /* labels are optional */
        assert_memory_equal(x, expected, sizeof x);
        batcher_clear(&b);
        dataset_free(d);
    }
}

static void a_batch_depends_on_seed_and_iteration_only(void **state)
{
    dataset *d = sample(false);
    data_options o = {.crop = true, .flip = true, .noise_std = 0.05};
    batcher a, b, other, generative;
    static float x[20][BATCH * SIZE], again[BATCH * SIZE];
    int32_t y[20][BATCH], labels[BATCH];
    (void)state;
    check_ok(batcher_init(&a, d, &o, BATCH, 5, false));
    check_ok(batcher_init(&b, d, &o, BATCH, 5, false));
    check_ok(batcher_init(&other, d, &o, BATCH, 6, false));
    check_ok(batcher_init(&generative, d, &o, BATCH, 5, true));
    for (int64_t i = 0; i < 20; i++) check_ok(batcher_get(&a, i, x[i], y[i]));
    for (int64_t k = 0; k < 20; k++) {
        int64_t i = k * 7 % 20; /* back and forth across epochs */
        check_ok(batcher_get(&b, i, again, labels));
        assert_memory_equal(again, x[i], sizeof again);
        assert_memory_equal(labels, y[i], sizeof labels);
    }
    check_ok(batcher_get(&other, 0, again, labels));
    assert_memory_not_equal(labels, y[0], sizeof labels);
    check_ok(batcher_get(&generative, 0, again, labels));
    assert_memory_not_equal(labels, y[0], sizeof labels);
    assert_memory_not_equal(x[0], x[1], sizeof again);
    batcher_clear(&a);
    batcher_clear(&b);
    batcher_clear(&other);
    batcher_clear(&generative);
    dataset_free(d);
}

static void ranks_read_together_what_one_process_reads(void **state)
{
    /* 50 images: epochs of 6, 5, 4, 1, 7, 1 steps, of which the 2nd and 4th leave nothing over */
    static const int64_t cases[][2] = {{2, 4}, {2, 5}, {3, 4}, {5, 10}, {7, 1}, {3, 16}, {1, 8}};
    const data_options o = {.crop = true, .flip = true, .augment_generative = true, .noise_std = 0.05};
    (void)state;
    for (int floats = 0; floats < 2; floats++) {
        dataset *d = sample(floats);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            for (int generative = 0; generative < 2; generative++)
                check_shares(d, o, cases[i][0], cases[i][1], generative);
        dataset_free(d);
    }
}

/* A 6 x 6 image of values 0..35, mirrored to 14 x 14 by hand along either axis. */
static const int frame[14] = {4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 4, 3, 2, 1};

/* Which crop of the frame x is, flipped or not, as 9 * top + left; -1 if none. */
static int find_crop(const float *x, bool flipped)
{
    for (int code = 0; code < 9 * 9; code++) {
        bool same = true;
        for (int i = 0; i < 6 && same; i++)
            for (int j = 0; j < 6 && same; j++) {
                int row = frame[code / 9 + i], column = frame[code % 9 + (flipped ? 5 - j : j)];
                same = x[i * 6 + j] == (float)(row * 6 + column);
            }
        if (same) return code;
    }
    return -1;
}

static void every_crop_comes_from_the_frame_reflected_by_hand(void **state)
{
    dataset *d = NULL;
    data_options o = {.crop = true};
    batcher b;
    float x[36];
    int tops[9] = {0}, lefts[9] = {0};
    (void)state;
    check_ok(dataset_new(&d, 1, 1, 6, 6, true));
    for (int i = 0; i < 36; i++) d->values[i] = (float)i;
    check_ok(batcher_init(&b, d, &o, 1, 9, false));
    for (int64_t i = 0; i < 3600; i++) {
        check_ok(batcher_get(&b, i, x, NULL));
        int code = find_crop(x, false);
        assert_true(code >= 0);
        tops[code / 9]++;
        lefts[code % 9]++;
    }
    for (int k = 0; k < 9; k++) {
        check_near(tops[k], 400, 0.2, 1.0); /* four standard deviations */
        check_near(lefts[k], 400, 0.2, 1.0);
    }
    b.flip = true; /* same crops, some mirrored */
    for (int64_t i = 0; i < 100; i++) {
        check_ok(batcher_get(&b, i, x, NULL));
        assert_true(find_crop(x, false) >= 0 || find_crop(x, true) >= 0);
    }
    batcher_clear(&b);
    dataset_free(d);
}

/* Every crop of the 6x6 picture with four black pixels around it, and no other. */
static void padding_with_zero_is_black(void **state)
{
    dataset *d = NULL;
    const data_options o = {.crop = true, .pad = PAD_ZERO};
    batcher b;
    float x[36];
    int seen[81] = {0}, kinds = 0;
    (void)state;
    check_ok(dataset_new(&d, 1, 1, 6, 6, false));
    for (int i = 0; i < 36; i++) d->pixels[i] = (uint8_t)(i + 100);
    check_ok(batcher_init(&b, d, &o, 1, 9, false));
    for (int64_t it = 0; it < 1000; it++) {
        check_ok(batcher_get(&b, it, x, NULL));
        int found = -1;
        for (int code = 0; code < 81 && found < 0; code++) {
            bool same = true;
            for (int i = 0; i < 36 && same; i++) {
                const int row = code / 9 - 4 + i / 6, column = code % 9 - 4 + i % 6;
                const bool inside = row >= 0 && row < 6 && column >= 0 && column < 6;
                same = fabs((double)x[i] - (inside ? (row * 6 + column + 100) / 127.5 - 1 : -1)) < 1e-6;
            }
            if (same) found = code;
        }
        assert_true(found >= 0);
        seen[found]++;
    }
    for (int code = 0; code < 81; code++) kinds += seen[code] > 0;
    assert_int_equal(kinds, 81);
    batcher_clear(&b);
    dataset_free(d);
}

static void a_flip_mirrors_half_of_the_images(void **state)
{
    dataset *d = NULL;
    data_options o = {.flip = true};
    batcher b;
    float x[4];
    int flipped = 0;
    (void)state;
    check_ok(dataset_new(&d, 1, 1, 1, 4, true));
    for (int i = 0; i < 4; i++) d->values[i] = (float)i;
    check_ok(batcher_init(&b, d, &o, 1, 2, false));
    for (int64_t i = 0; i < 2000; i++) {
        check_ok(batcher_get(&b, i, x, NULL));
        if (x[0] == 3.0f) {
            assert_true(x[1] == 2.0f && x[2] == 1.0f && x[3] == 0.0f);
            flipped++;
        } else {
            assert_memory_equal(x, d->values, sizeof x);
        }
    }
    check_near(flipped, 1000, 0.07, 1.0); /* three standard deviations */
    batcher_clear(&b);
    dataset_free(d);
}

static void noise_has_the_mean_and_deviation_asked_for(void **state)
{
    enum { SIDE = 64, IMAGES = 16, COUNT = IMAGES * SIDE * SIDE };
    dataset *d = NULL;
    data_options o = {.noise_std = 0.05};
    batcher b;
    float *x = malloc(COUNT * sizeof *x);
    double sum = 0, squares = 0, fourth = 0;
    (void)state;
    assert_non_null(x);
    check_ok(dataset_new(&d, IMAGES, 1, SIDE, SIDE, true)); /* zeros */
    check_ok(batcher_init(&b, d, &o, IMAGES, 4, false));
    check_ok(batcher_get(&b, 0, x, NULL));
    for (int i = 0; i < COUNT; i++) sum += x[i];
    sum /= COUNT;
    for (int i = 0; i < COUNT; i++) {
        double v = (x[i] - sum) * (x[i] - sum);
        squares += v / COUNT;
        fourth += v * v / COUNT;
    }
    assert_true(fabs(sum) < 4 * 0.05 / sqrt(COUNT));
    check_near(sqrt(squares), 0.05, 0.012, 1e-9);
    check_near(fourth / (squares * squares), 3.0, 0.05, 1e-9); /* Gaussian kurtosis */
    assert_memory_not_equal(x, x + SIDE * SIDE, SIDE * SIDE * sizeof *x);
    free(x);
    batcher_clear(&b);
    dataset_free(d);
}

static void what_cannot_make_a_batch_is_refused(void **state)
{
    dataset *d = sample(false), *small = NULL;
    data_options o = {.crop = true};
    batcher b;
    (void)state;
    check_fails(batcher_init(&b, d, &o, N + 1, 1, false), JEM_EDATA, "do not fill a batch of 51");
    check_fails(batcher_init(&b, d, &(data_options){.ranks = 13}, 4, 1, false), JEM_EDATA,
                "50 training images do not fill a batch of 52 for all data.ranks");
    check_ok(dataset_new(&small, 8, 1, 4, 4, false));
    check_fails(batcher_init(&b, small, &o, 8, 1, false), JEM_EDATA, "set data.crop to false");
    check_ok(batcher_init(&b, small, &(data_options){.crop = true, .pad = PAD_ZERO}, 8, 1, false));
    batcher_clear(&b);
    dataset_free(d);
    dataset_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_visits_images_at_most_once_in_an_order_of_its_own),
        cmocka_unit_test(without_augmentation_a_batch_is_the_images_in_network_units),
        cmocka_unit_test(a_batch_depends_on_seed_and_iteration_only),
        cmocka_unit_test(ranks_read_together_what_one_process_reads),
        cmocka_unit_test(every_crop_comes_from_the_frame_reflected_by_hand),
        cmocka_unit_test(padding_with_zero_is_black),
        cmocka_unit_test(a_flip_mirrors_half_of_the_images),
        cmocka_unit_test(noise_has_the_mean_and_deviation_asked_for),
        cmocka_unit_test(what_cannot_make_a_batch_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
