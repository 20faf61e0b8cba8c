/* Data sets in memory: selection, columns, network units, hash. */
#include "data/dataset.h"
#include "support/check.h"

static dataset *sample(bool floats)
{
    static const char *const names[] = {"a", "b"};
    dataset *d = NULL;
    double *light = NULL;
    check_ok(dataset_new(&d, 3, 2, 1, 2, floats));
    check_ok(dataset_name_classes(d, names, 2));
    check_ok(dataset_add_column(d, "light", &light));
    for (int i = 0; i < 12; i++) {
        if (floats)
            d->values[i] = 0.25f * (float)i - 1.0f;
        else
            d->pixels[i] = (uint8_t)(20 * i);
    }
    for (int i = 0; i < 3; i++) {
        d->labels[i] = i % 2;
        light[i] = 10.0 * i;
    }
    dataset_seal(d);
    return d;
}

static void selected_rows_keep_their_labels_and_columns(void **state)
{
    const int64_t index[] = {2, 0};
    (void)state;
    for (int floats = 0; floats < 2; floats++) {
        dataset *d = sample(floats), *s = NULL;
        check_ok(dataset_select(&s, d, index, 2));
        assert_int_equal(s->n, 2);
        assert_int_equal(s->classes, 2);
        assert_string_equal(s->class_names[1], "b");
        assert_int_equal(s->labels[0], 0);
        assert_true(dataset_column(s, "light")[0] == 20.0);
        assert_true(dataset_column(s, "light")[1] == 0.0);
        assert_null(dataset_column(s, "bump"));
        if (floats)
            assert_memory_equal(s->values, d->values + 8, 4 * sizeof(float));
        else
            assert_memory_equal(s->pixels, d->pixels + 8, 4);
        dataset_free(s);
        dataset_free(d);
    }
}

static void an_empty_selection_is_a_data_set(void **state)
{
    dataset *d = sample(false), *s = NULL;
    (void)state;
    check_ok(dataset_select(&s, d, NULL, 0));
    assert_int_equal(s->n, 0);
    assert_int_equal(s->classes, 2);
    dataset_free(s);
    dataset_free(d);
    dataset_free(NULL);
}

static void the_hash_depends_on_images_labels_and_shape(void **state)
{
    dataset *a = sample(false), *b = sample(false);
    (void)state;
    assert_true(a->hash == b->hash);
    b->pixels[11]++;
    dataset_seal(b);
    assert_true(a->hash != b->hash);
    b->pixels[11]--;
    b->labels[0] = 1;
    dataset_seal(b);
    assert_true(a->hash != b->hash);
    b->labels[0] = 0;
    b->channels = 1;
    b->height = 2;
    dataset_seal(b);
    assert_true(a->hash != b->hash);
    dataset_free(a);
    dataset_free(b);
}

static void levels_become_network_units_exactly(void **state)
{
    dataset *d = NULL;
    float x[256];
    const int64_t index[] = {0};
    (void)state;
    check_ok(dataset_new(&d, 1, 1, 16, 16, false));
    for (int u = 0; u < 256; u++) d->pixels[u] = (uint8_t)u;
    check_ok(dataset_floats(x, d, index, 1));
    assert_true(x[0] == -1.0f && x[255] == 1.0f);
    for (int u = 0; u < 256; u++) {
        assert_true(x[u] == ((float)u / 255.0f - 0.5f) / 0.5f);
        check_near(x[u], (u - 127.5) / 127.5, 1e-6, 1.0);
    }
    dataset_free(d);
}

static void float_values_pass_unchanged(void **state)
{
    dataset *d = sample(true);
    const int64_t index[] = {1, 1, 0};
    float x[12];
    (void)state;
    check_ok(dataset_floats(x, d, index, 3));
    assert_memory_equal(x, d->values + 4, 4 * sizeof(float));
    assert_memory_equal(x + 4, d->values + 4, 4 * sizeof(float));
    assert_memory_equal(x + 8, d->values, 4 * sizeof(float));
    dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selected_rows_keep_their_labels_and_columns),
        cmocka_unit_test(an_empty_selection_is_a_data_set),
        cmocka_unit_test(the_hash_depends_on_images_labels_and_shape),
        cmocka_unit_test(levels_become_network_units_exactly),
        cmocka_unit_test(float_values_pass_unchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
