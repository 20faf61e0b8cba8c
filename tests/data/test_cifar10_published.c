/* The published pictures themselves: hashes, labels and sums of every CIFAR-10 file at hand, and
 * what the loader makes of them. */
#include "base/sha256.h"
#include "data/dataset.h"
#include "stats/published.h"

enum { CLASSES = 10, PLANE = 32 * 32, IMAGE = 3 * PLANE };

static char unpacked[64];

static int set_up(void **state)
{
    (void)state;
    check_tmp(unpacked, sizeof unpacked);
    return 0;
}

static int tear_down(void **state) /* 184 MB go even if the test fails */
{
    (void)state;
    check_tmp_remove(unpacked);
    return 0;
}

/* The array of numbers under `key` is `count` values. */
static void check_counts(json_t *file, const char *key, const int64_t *values, int count)
{
    json_t *list = published_get(file, key, NULL);
    assert_int_equal(json_array_size(list), count);
    for (int i = 0; i < count; i++)
        assert_int_equal(values[i], json_integer_value(json_array_get(list, (size_t)i)));
}

static void check_hash(const char *dir, const char *name, json_t *file)
{
    char path[4200], hash[SHA256_HEX];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(sha256_file(hash, path));
    assert_string_equal(hash, json_string_value(published_get(file, "sha256", NULL)));
}

static void check_per_class(json_t *file, const int32_t *labels)
{
    int64_t per_class[CLASSES] = {0}, n = json_integer_value(published_get(file, "records", NULL));
    for (int64_t i = 0; i < n; i++) per_class[labels[i]]++;
    check_counts(file, "per_class", per_class, CLASSES);
}

/* What `file` says of the images of d from `first` on; sum and square [3] are added to. */
static void check_images(json_t *file, const dataset *d, int64_t first, int64_t *sum,
                         int64_t *square)
{
    int64_t labels[CLASSES], sums[3] = {0}, squares[3] = {0};
    int64_t n = json_integer_value(published_get(file, "records", NULL));
    assert_true(n > 0 && first + n <= d->n);
    check_per_class(file, d->labels + first);
    for (int i = 0; i < CLASSES; i++) labels[i] = d->labels[first + i];
    check_counts(file, "first_labels", labels, CLASSES);
    for (int64_t i = 0; i < n; i++)
        for (int c = 0; c < 3; c++) {
            const uint8_t *p = d->pixels + (first + i) * IMAGE + c * PLANE;
            for (int k = 0; k < PLANE; k++) sums[c] += p[k], squares[c] += p[k] * p[k];
        }
    check_counts(file, "channel_sum", sums, 3);
    check_counts(file, "channel_sum_of_squares", squares, 3);
    for (int c = 0; c < 3; c++) sum[c] += sums[c], square[c] += squares[c];
}

/* Training images in the files' order, nothing held out. */
static splits load_all(const char *dir)
{
    splits s = {NULL, NULL, NULL};
    data_options o = {.sources = NULL};
    const option_group groups[] = {{"data", data_option_table, &o}, {NULL, NULL, NULL}};
    check_ok(options_defaults(groups));
    snprintf(o.kind, sizeof o.kind, "cifar10");
    snprintf(o.path, sizeof o.path, "%s", dir);
    o.val_fraction = 0;
    check_ok(data_load(&s, &o, 1));
    return s;
}

static void the_unpacked_files_have_the_published_hashes_labels_and_moments(void **state)
{
    (void)state;
    char archive[4096], tool[4096], command[9000], name[40];
    int64_t sum[3] = {0}, square[3] = {0}, unused[3] = {0}, first = 0;
    check_data(archive, sizeof archive, "cifar10/cifar10-jpeg.tar.xz");
    check_data(tool, sizeof tool, "../tools/cifar10-unpack");
    json_t *root = published_open(), *files = published_get(root, "files", NULL);
    snprintf(command, sizeof command, "'%s' %s '%s' > %s/log", tool, unpacked, archive, unpacked);
    assert_int_equal(system(command), 0);
    splits s = load_all(unpacked);
    assert_true(s.train->n == 50000 && s.val->n == 0 && s.test->n == 10000);
    for (int k = 1; k <= 5; k++, first += 10000) {
        snprintf(name, sizeof name, "data_batch_%d.bin", k);
        json_t *file = published_get(files, name, NULL);
        check_hash(unpacked, name, file);
        check_images(file, s.train, first, sum, square);
    }
    json_t *test = published_get(files, "test_batch.bin", NULL);
    check_hash(unpacked, "test_batch.bin", test);
    check_images(test, s.test, 0, unused, unused);
    for (int c = 0; c < 3; c++) {
        double n = 50000.0 * PLANE, mean = (double)sum[c] / n;
        double std = sqrt((double)square[c] / n - mean * mean);
        json_t *means = published_get(files, "train_mean_0_1", NULL);
        json_t *stds = published_get(files, "train_std_0_1", NULL);
        check_near(mean / 255, json_number_value(json_array_get(means, (size_t)c)), 1e-9, 1e-4);
        check_near(std / 255, json_number_value(json_array_get(stds, (size_t)c)), 1e-9, 1e-4);
    }
    splits_free(&s);
    json_decref(root);
}

static void the_small_files_have_the_published_hashes_and_labels(void **state)
{
    (void)state;
    char dir[4096];
    check_data(dir, sizeof dir, "cifar10-mini");
    json_t *root = published_open();
    json_t *train = published_get(root, "files", "mini/data_batch_1.bin", NULL);
    json_t *test = published_get(root, "files", "mini/test_batch.bin", NULL);
    splits s = load_all(dir);
    check_hash(dir, "data_batch_1.bin", train);
    check_hash(dir, "test_batch.bin", test);
    assert_int_equal(s.train->n, json_integer_value(published_get(train, "records", NULL)));
    assert_int_equal(s.test->n, json_integer_value(published_get(test, "records", NULL)));
    check_per_class(train, s.train->labels);
    check_per_class(test, s.test->labels);
    splits_free(&s);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_unpacked_files_have_the_published_hashes_labels_and_moments, set_up, tear_down),
        cmocka_unit_test(the_small_files_have_the_published_hashes_and_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
