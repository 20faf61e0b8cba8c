/* Published data and the values they must give, for the tests of src/stats. */
#ifndef STATS_PUBLISHED_H
#define STATS_PUBLISHED_H

#include <jansson.h>
#include <stdbool.h>

#include "base/csv.h"
#include "jem/tensor.h"
#include "support/check.h"

/* The numbers to reproduce (free with json_decref); skips the test where they are not. */
static inline json_t *published_open(void)
{
    char path[4096];
    json_error_t error;
    check_data(path, sizeof path, "../reference/metrics.json");
    json_t *root = json_load_file(path, 0, &error);
    if (!root) fail_msg("%s:%d: %s", path, error.line, error.text);
    return root;
}

/* The value under these keys, ended by NULL. */
static inline json_t *published_get(json_t *at, ...)
{
    va_list keys;
    const char *key;
    va_start(keys, at);
    while ((key = va_arg(keys, const char *))) {
        json_t *next = json_object_get(at, key);
        if (!next) fail_msg("no '%s' in the published values", key);
        at = next;
    }
    va_end(keys);
    return at;
}

/* Ten significant digits are given. */
#define check_published(value, at, ...)                                                            \
    do {                                                                                           \
        json_t *published_value = published_get((at), __VA_ARGS__, NULL);                          \
        assert_true(json_is_number(published_value));                                              \
        check_near((value), json_number_value(published_value), 1e-9, 1e-4);                       \
    } while (0)

/* A table of numbers (reference/tables) as doubles [rows][columns]; owned. */
static inline double *published_table(int64_t *rows, int columns, const char *name)
{
    char path[4096];
    csv c = CSV_INIT;
    check_data(path, sizeof path, name);
    check_ok(csv_read(&c, path));
    assert_int_equal(c.columns, columns);
    *rows = c.rows;
    double *x = malloc((size_t)c.rows * (size_t)columns * sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < c.rows; i++)
        for (int j = 0; j < columns; j++) check_ok(csv_number(&x[i * columns + j], &c, i, j));
    csv_clear(&c);
    return x;
}

/* An npy file below the data folder, as it is stored or converted to double. */
static inline jem_tensor published_array(const char *name, bool to_double)
{
    char path[4096];
    jem_tensor t = JEM_TENSOR_INIT;
    check_data(path, sizeof path, name);
    check_ok(jem_npy_read(&t, path));
    if (to_double) check_ok(jem_tensor_convert(&t, JEM_F64));
    return t;
}

#endif
