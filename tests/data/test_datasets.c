/* Loading by kind, splits, settings, and arrays and CIFAR files that are wrong. */
#include "data/dataset.h"
#include "jem/tensor.h"
#include "pictures.h"

enum { RECORD = 3073 };

static char dir[64];

static int set_up(void **state)
{
    (void)state;
    check_tmp(dir, sizeof dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

static data_options options(const char *kind, const char *path)
{
    data_options o = {.sources = NULL};
    const option_group groups[] = {{"data", data_option_table, &o}, {NULL, NULL, NULL}};
    memset(&o, 0, sizeof o);
    check_ok(options_defaults(groups));
    snprintf(o.kind, sizeof o.kind, "%s", kind);
    snprintf(o.path, sizeof o.path, "%s", path);
    return o;
}

static void refuse(const data_options *o, jem_status code, const char *message)
{
    splits s = {NULL, NULL, NULL};
    check_fails(data_load(&s, o, 1), code, message);
    assert_null(s.train);
    assert_null(s.val);
    assert_null(s.test);
}

/* ---- settings */

static void the_defaults_are_the_papers(void **state)
{
    data_options o = options("cifar10", "");
    (void)state;
    assert_true(o.crop && o.flip);
    assert_true(o.noise_std == 0.05 && o.val_fraction == 0.05 && o.test_fraction == 0.1);
    assert_int_equal(o.size, 0);
    assert_int_equal(o.limit, 0);
    assert_string_equal(o.label, "gloss_cat");
    assert_string_equal(o.light, "light");
    assert_string_equal(o.bump, "bump");
}

static void unknown_kinds_and_empty_paths_are_usage_errors(void **state)
{
    data_options o = options("cifar", dir);
    (void)state;
    refuse(&o, JEM_EUSAGE, "'cifar' is unknown; choose one of: cifar10, folder, npy, latents, packed, gloss");
    o = options("folder", "");
    refuse(&o, JEM_EUSAGE, "data.path is empty: set it to a folder with CLASS/*.png");
}

/* ---- CIFAR-10 */

/* Writes `count` records; record i has label i % 10 and level i everywhere. */
static void write_records(const char *name, int count, size_t extra)
{
    size_t size = (size_t)count * RECORD + extra;
    unsigned char *b = calloc(size + 1, 1);
    assert_non_null(b);
    for (int i = 0; i < count; i++) {
        memset(b + (size_t)i * RECORD, i, RECORD);
        b[(size_t)i * RECORD] = (unsigned char)(i % 10);
    }
    write_file(dir, name, b, size);
    free(b);
}

static void any_subset_of_cifar_batches_loads_in_order(void **state)
{
    data_options o = options("cifar10", dir);
    splits s = {NULL, NULL, NULL};
    (void)state;
    o.val_fraction = 0;
    write_records("data_batch_2.bin", 10, 0);
    write_records("data_batch_5.bin", 20, 0);
    write_records("test_batch.bin", 7, 0);
    check_ok(data_load(&s, &o, 1));
    assert_int_equal(s.train->n, 30);
    assert_int_equal(s.val->n, 0);
    assert_int_equal(s.test->n, 7);
    assert_int_equal(s.train->classes, 10);
    assert_string_equal(s.train->class_names[9], "truck"); /* known without a meta file */
    assert_int_equal(s.train->labels[12], 2);
    assert_int_equal(s.train->pixels[12 * 3072], 2);
    assert_int_equal(s.train->pixels[29 * 3072 + 3071], 19);
    splits_free(&s);
    write_text(dir, "batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
    check_ok(data_load(&s, &o, 1));
    assert_string_equal(s.train->class_names[9], "j");
    splits_free(&s);
    write_text(dir, "batches.meta.txt", "a\nb\n");
    refuse(&o, JEM_EDATA, "batches.meta.txt: 2 class names instead of 10");
}

static void truncated_and_oversized_cifar_files_are_refused(void **state)
{
    data_options o = options("cifar10", dir);
    (void)state;
    refuse(&o, JEM_EDATA, "none of data_batch_1.bin");
    write_records("data_batch_1.bin", 2, 3072);
    refuse(&o, JEM_EDATA, "data_batch_1.bin: 9218 bytes; expected a multiple of 3073");
    write_records("data_batch_1.bin", 2, 1);
    refuse(&o, JEM_EDATA, "data_batch_1.bin: 6147 bytes");
    write_records("data_batch_1.bin", 0, 0);
    refuse(&o, JEM_EDATA, "data_batch_1.bin: 0 bytes");
    write_records("data_batch_1.bin", 10001, 0);
    refuse(&o, JEM_EDATA, "at most 10000 records");
    write_records("data_batch_1.bin", 2, 0);
    refuse(&o, JEM_EDATA, "test_batch.bin");
    write_records("test_batch.bin", 2, 5);
    refuse(&o, JEM_EDATA, "test_batch.bin: 6151 bytes");
}

static void a_label_above_nine_names_record_and_offset(void **state)
{
    data_options o = options("cifar10", dir);
    unsigned char b[3 * RECORD] = {0};
    (void)state;
    b[2 * RECORD] = 10;
    write_file(dir, "data_batch_1.bin", b, sizeof b);
    refuse(&o, JEM_EDATA, "record 2 at byte 6146 has label 10");
}

static void published_cifar_records_load(void **state)
{
    /* the published labels of the first ten test images */
    static const int first[] = {3, 8, 8, 0, 6, 6, 1, 6, 3, 1};
    char path[1024];
    splits s = {NULL, NULL, NULL};
    int per_class[10] = {0};
    (void)state;
    check_data(path, sizeof path, "cifar10-mini");
    data_options o = options("cifar10", path);
    check_ok(data_load(&s, &o, 1));
    assert_int_equal(s.train->n, 950);
    assert_int_equal(s.val->n, 50);
    assert_int_equal(s.test->n, 500);
    for (int i = 0; i < 10; i++) assert_int_equal(s.test->labels[i], first[i]);
    for (int64_t i = 0; i < 950; i++) per_class[s.train->labels[i]]++;
    for (int64_t i = 0; i < 50; i++) per_class[s.val->labels[i]]++;
    for (int k = 0; k < 10; k++) assert_int_equal(per_class[k], 100);
    assert_string_equal(s.test->class_names[3], "cat");
    splits_free(&s);
}

/* ---- arrays */

static void write_array(const char *name, jem_dtype dtype, int ndim, const int64_t *shape,
                        const void *data)
{
    char path[256];
    jem_tensor t = JEM_TENSOR_INIT;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(jem_tensor_init(&t, dtype, ndim, shape));
    memcpy(t.data, data, (size_t)jem_tensor_count(&t) * jem_dtype_size(dtype));
    check_ok(jem_npy_write(path, &t));
    jem_tensor_clear(&t);
}

/* Images [n][1][2][2] of 8 bits, image i filled with level i; labels i % 2. */
static void write_levels(const char *images, const char *labels, int64_t n)
{
    uint8_t x[4 * 256];
    int64_t y[256], shape[] = {n, 1, 2, 2};
    for (int64_t i = 0; i < n; i++) {
        memset(x + 4 * i, (int)i, 4);
        y[i] = i % 2;
    }
    write_array(images, JEM_U8, 4, shape, x);
    write_array(labels, JEM_I64, 1, shape, y);
}

static void val_and_test_parts_are_disjoint_random_and_repeatable(void **state)
{
    data_options o = options("npy", dir);
    splits s = {NULL, NULL, NULL}, again = {NULL, NULL, NULL};
    int seen[100] = {0}, last = -1, jumps = 0;
    (void)state;
    write_levels("images.npy", "labels.npy", 100);
    o.test_fraction = 0.2;
    o.val_fraction = 0.06; /* of the 80 left: 4.8 rounds to 5 */
    check_ok(data_load(&s, &o, 3));
    assert_int_equal(s.test->n, 20);
    assert_int_equal(s.val->n, 5);
    assert_int_equal(s.train->n, 75);
    const dataset *parts[] = {s.train, s.val, s.test};
    for (int p = 0; p < 3; p++)
        for (int64_t i = 0; i < parts[p]->n; i++) {
            int level = parts[p]->pixels[4 * i];
            assert_int_equal(seen[level]++, 0);
            assert_int_equal(parts[p]->labels[i], level % 2);
            if (p == 2) jumps += level != last + 1;
            last = level;
        }
    assert_true(jumps > 5); /* not a block of the file */
    check_ok(data_load(&again, &o, 3));
    assert_true(again.train->hash == s.train->hash && again.test->hash == s.test->hash);
    splits_free(&again);
    check_ok(data_load(&again, &o, 4));
    assert_true(again.test->hash != s.test->hash);
    splits_free(&again);
    splits_free(&s);
}

static void a_limit_takes_the_first_training_images(void **state)
{
    data_options o = options("npy", dir);
    splits s = {NULL, NULL, NULL};
    (void)state;
    write_levels("train_x.npy", "train_y.npy", 50);
    write_levels("test_x.npy", "test_y.npy", 8);
    o.limit = 20;
    o.val_fraction = 0.1;
    check_ok(data_load(&s, &o, 1));
    assert_int_equal(s.train->n, 18);
    assert_int_equal(s.val->n, 2);
    assert_int_equal(s.test->n, 8);
    for (int64_t i = 0; i < 18; i++) assert_true(s.train->pixels[4 * i] < 20);
    splits_free(&s);
    o.limit = 1000;
    check_ok(data_load(&s, &o, 1));
    assert_int_equal(s.train->n, 45);
    splits_free(&s);
    o.limit = 1;
    o.val_fraction = 0.9;
    refuse(&o, JEM_EDATA, "no training images are left");
}

static void float_arrays_are_network_units(void **state)
{
    const int64_t shape[] = {2, 4, 1, 3};
    double x[24];
    float narrow[24];
    const uint8_t y[] = {0, 1};
    data_options o = options("npy", dir);
    splits s = {NULL, NULL, NULL};
    (void)state;
    for (int i = 0; i < 24; i++) x[i] = narrow[i] = (float)i * 0.3f - 2.0f;
    o.val_fraction = o.test_fraction = 0;
    write_array("labels.npy", JEM_U8, 1, shape, y);
    write_array("images.npy", JEM_F64, 4, shape, x);
    check_ok(data_load(&s, &o, 1));
    assert_int_equal(s.train->channels, 4);
    assert_memory_equal(s.train->values, narrow, sizeof narrow);
    splits_free(&s);
    o.size = 8;
    refuse(&o, JEM_EUSAGE, "data.size = 8 does not apply to float images");
    o.size = 0;
    narrow[13] = NAN;
    write_array("images.npy", JEM_F32, 4, shape, narrow);
    refuse(&o, JEM_EDATA, "image 1 holds NaN or infinity (element 1)");
}

static void arrays_of_other_shapes_and_types_are_refused(void **state)
{
    data_options o = options("npy", dir);
    const int64_t nhwc[] = {2, 8, 8, 3}, flat[] = {2, 12}, one[] = {2, 3, 2, 2};
    static const uint8_t zeros[8 * 48];
    (void)state;
    refuse(&o, JEM_EDATA, "images.npy");
    write_array("labels.npy", JEM_U8, 1, nhwc, zeros);
    write_array("images.npy", JEM_U8, 4, nhwc, zeros);
    refuse(&o, JEM_EDATA, "looks like [N, H, W, C]");
    write_array("images.npy", JEM_U8, 2, flat, zeros);
    refuse(&o, JEM_EDATA, "2 dimensions; expected 4");
    write_array("images.npy", JEM_I32, 4, one, zeros);
    refuse(&o, JEM_EDATA, "images of type i32");
}

static void labels_must_fit_the_images_and_be_contiguous(void **state)
{
    data_options o = options("npy", dir);
    const int64_t x_shape[] = {3, 1, 1, 1}, shorter[] = {2}, same[] = {3};
    const int32_t gap[] = {0, 2, 2}, negative[] = {0, -1, 1}, good[] = {0, 1, 1};
    const float real[] = {0, 1, 1};
    static const uint8_t zeros[3];
    (void)state;
    write_array("images.npy", JEM_U8, 4, x_shape, zeros);
    write_array("labels.npy", JEM_I32, 1, shorter, good);
    refuse(&o, JEM_EDATA, "labels.npy: 2 labels in 1 dimensions for 3 images");
    write_array("labels.npy", JEM_F32, 1, same, real);
    refuse(&o, JEM_EDATA, "labels of type f32");
    write_array("labels.npy", JEM_I32, 1, same, gap);
    refuse(&o, JEM_EDATA, "label 1 never occurs but 2 does");
    write_array("labels.npy", JEM_I32, 1, same, negative);
    refuse(&o, JEM_EDATA, "label -1 of image 1");
    const int64_t column[] = {3, 1}, table[] = {1, 3};
    splits s = {NULL, NULL, NULL};
    o.val_fraction = o.test_fraction = 0;
    write_array("labels.npy", JEM_I32, 2, column, good); /* Keras */
    check_ok(data_load(&s, &o, 1));
    assert_int_equal(s.train->labels[2], 1);
    splits_free(&s);
    write_array("labels.npy", JEM_I32, 2, table, good);
    refuse(&o, JEM_EDATA, "labels.npy: 3 labels in 2 dimensions for 3 images");
    write_array("train_x.npy", JEM_U8, 4, x_shape, zeros);
    write_array("train_y.npy", JEM_I32, 1, same, good);
    write_array("test_x.npy", JEM_U8, 4, x_shape, zeros);
    write_array("test_y.npy", JEM_I32, 1, same, gap);
    refuse(&o, JEM_EDATA, "test_y.npy: label 2 does not occur among the training labels");
}

static void train_and_test_images_must_have_one_shape(void **state)
{
    data_options o = options("npy", dir);
    const int64_t other[] = {4, 1, 2, 3};
    static const uint8_t zeros[24];
    splits s = {NULL, NULL, NULL};
    (void)state;
    write_levels("train_x.npy", "train_y.npy", 4);
    write_levels("test_x.npy", "test_y.npy", 4);
    write_array("test_x.npy", JEM_U8, 4, other, zeros);
    refuse(&o, JEM_EDATA, "training images are u8 [1, 2, 2], test images u8 [1, 2, 3]");
    o.size = 4; /* resizing makes them agree */
    check_ok(data_load(&s, &o, 1));
    assert_int_equal(s.train->height, 4);
    assert_int_equal(s.test->width, 4);
    assert_int_equal(s.train->pixels[16], s.train->pixels[31]);
    splits_free(&s);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_defaults_are_the_papers),
        CASE(unknown_kinds_and_empty_paths_are_usage_errors),
        CASE(any_subset_of_cifar_batches_loads_in_order),
        CASE(truncated_and_oversized_cifar_files_are_refused),
        CASE(a_label_above_nine_names_record_and_offset),
        CASE(published_cifar_records_load),
        CASE(val_and_test_parts_are_disjoint_random_and_repeatable),
        CASE(a_limit_takes_the_first_training_images),
        CASE(float_arrays_are_network_units),
        CASE(arrays_of_other_shapes_and_types_are_refused),
        CASE(labels_must_fit_the_images_and_be_contiguous),
        CASE(train_and_test_images_must_have_one_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
