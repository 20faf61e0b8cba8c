/* Golden training steps: what scripts/golden.py and golden_jempp.py describe, read and judged. */
#ifndef TRAIN_GOLDEN_RIG_H
#define TRAIN_GOLDEN_RIG_H

#include "support/check.h"
#include "support/wrn_spec.h"

#include "base/mem.h"
#include "model/init.h"
#include "model/model.h"
#include "tensor/safetensors.h"

/* x [n] <- the values of `name`, or of "name.it". */
static inline void golden_hash(float *x, const char *name, int it, int64_t n)
{
    double *v = NULL;
    char text[64];
    snprintf(text, sizeof text, "%s.%d", name, it);
    check_ok(MEM_NEW(v, n));
    hash_values(v, n, text);
    for (int64_t i = 0; i < n; i++) x[i] = (float)v[i];
    mem_free(v);
}

static inline void golden_labels(int32_t *y, int it, int64_t n)
{
    double v[16];
    char text[64];
    assert_true(n <= 16);
    snprintf(text, sizeof text, "y.%d", it);
    hash_values(v, n, text);
    for (int64_t i = 0; i < n; i++) y[i] = (int32_t)floor((v[i] + 1) / 2 * 10);
}

static inline model *golden_model(int norm, const char *place)
{
    model *m = NULL;
    const model_spec spec = wrn_spec(
        (model_spec){.name = "wrn-10-1", .classes = 10, .channels = 3, .height = 32, .width = 32},
        (wrn_settings){.norm = norm});
    engine_spec engine = {.threads = 2};
    double *values = NULL;
    snprintf(engine.device, sizeof engine.device, "%s", place);
    check_ok(model_new(&m, &spec, &engine));
    check_ok(MEM_NEW(values, model_params_count(m)));
    params_init_hash(values, model_graph(m), 2.0);
    for (int64_t i = 0; i < model_params_count(m); i++) model_params(m)[i] = (float)values[i];
    mem_free(values);
    check_ok(model_params_changed(m));
    return m;
}

static inline void golden_read(double *dst, const safetensors *f, const char *name, int64_t n)
{
    int at = safetensors_find(f, name);
    if (at < 0) fail_msg("golden file lacks %s", name);
    jem_tensor t = safetensors_view(f, at);
    assert_int_equal(jem_tensor_count(&t), n);
    memcpy(dst, t.data, (size_t)n * sizeof *dst);
}

/* Rows of numbers and the parameters after them.  Differences are relative to the largest
 * magnitude in a column or tensor, as PyTorch's own float32 deviations in the file's notes are. */
static inline void golden_compare(const char *file, const double *got, int rows, int columns,
                                  model *m, double allowed)
{
    char path[512], name[200];
    double *want = NULL, digest[6];
    safetensors *f = NULL;

    const char *source = getenv("JEM_SOURCE"); /* where the program is not run where it was built */
    snprintf(path, sizeof path, "%s/tests/golden/%s", source ? source : JEM_SOURCE_DIR, file);
    check_ok(safetensors_open(&f, path));
    check_ok(MEM_NEW(want, rows * columns));
    golden_read(want, f, "steps", rows * columns);
    for (int c = 0; c < columns; c++) {
        double largest = 0;
        for (int r = 0; r < rows; r++) largest = fmax(largest, fabs(want[r * columns + c]));
        for (int r = 0; r < rows; r++)
            if (!(fabs(got[r * columns + c] - want[r * columns + c]) <= allowed * largest))
                fail_msg("%s: iteration %d column %d: %.9g, expected %.9g", file, r, c,
                         got[r * columns + c], want[r * columns + c]);
    }
    const graph *g = model_graph(m);
    for (int i = 0; i < g->param_count; i++) {
        const param *q = &g->params[i];
        const float *p = model_params(m) + q->offset;
        double largest = check_largest(p, q->count);
        snprintf(name, sizeof name, "final/%s", q->name);
        golden_read(digest, f, name, 6);
        check_near(sqrt(backend_ref.sum_squares(p, q->count)), digest[0], allowed, 0);
        for (int k = 0; k < 4 && k < q->count; k++)
            if (!(fabs((double)p[k] - digest[2 + k]) <= allowed * largest))
                fail_msg("%s: %s[%d] = %.9g, expected %.9g", file, q->name, k, (double)p[k],
                         digest[2 + k]);
    }
    mem_free(want);
    safetensors_close(f);
}

#endif
