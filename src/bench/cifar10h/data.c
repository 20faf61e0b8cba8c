/* Reading CIFAR-10H: counts and probabilities, checked against each other, labels. */
#include "bench/cifar10h/data.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <strings.h>
#include <xxhash.h>

#include "base/fields.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "data/sources/cifar10.h"
#include "jem/tensor.h"
#include "stats/soft_label.h"

enum { N = CIFAR10H_IMAGES, K = CIFAR10H_CLASSES };

static const char remedy[] = "delete it, 'jem data fetch cifar10h' gets it again";

/* An array of 10000 x 10 numbers, as double. */
static jem_status read_array(jem_tensor *t, const char *path)
{
    if (!file_exists(path))
        return jem_error(JEM_EDATA, "%s: missing: 'jem data fetch cifar10h' gets it", path);
    jem_status st = jem_npy_read(t, path);
    if (st != JEM_OK) return st;
    if (t->ndim != 2 || t->shape[0] != N || t->shape[1] != K)
        return jem_error(
            JEM_EDATA, "%s: %d dimensions, %" PRId64 " rows of %" PRId64 "; expected %d x %d: %s",
            path, t->ndim, t->ndim ? t->shape[0] : 0, t->ndim > 1 ? t->shape[1] : 0, N, K, remedy);
    return jem_tensor_convert(t, JEM_F64);
}

static jem_status read_counts(cifar10h_data *d, const char *path)
{
    jem_status st;
    jem_tensor t = JEM_TENSOR_INIT;

    TRY(read_array(&t, path));
    TRY(MEM_NEW(d->counts, N * K));
    TRY(MEM_NEW(d->p, N * K));
    const double *x = t.data;
    for (int64_t i = 0; i < N * K; i++) {
        if (!(x[i] >= 0 && x[i] <= INT32_MAX) || x[i] != floor(x[i])) {
            st = jem_error(JEM_EDATA,
                           "%s: image %" PRId64 ", class %" PRId64
                           ": %g is not a number of people: %s",
                           path, i / K, i % K, x[i], remedy);
            goto done;
        }
        d->counts[i] = (int64_t)x[i];
    }
    st = stats_label_distribution(d->p, d->counts, N, K);
    if (st != JEM_OK) st = jem_error_context(st, "%s", path);
done:
    jem_tensor_clear(&t);
    return st;
}

/* The published shares must be those of the counts: then rows are in the same order. */
static jem_status check_probs(const cifar10h_data *d, const char *path)
{
    jem_status st;
    jem_tensor t = JEM_TENSOR_INIT;

    TRY(read_array(&t, path));
    const double *x = t.data;
    st = stats_check_distribution(x, N, K);
    if (st != JEM_OK) {
        st = jem_error_context(st, "%s", path);
        goto done;
    }
    for (int64_t i = 0; i < N * K; i++)
        if (!(fabs(x[i] - d->p[i]) <= 1e-6)) {
            st =
                jem_error(JEM_EDATA,
                          "%s: image %" PRId64 ", class %" PRId64 ": %g, but the counts say %g: %s",
                          path, i / K, i % K, x[i], d->p[i], remedy);
            goto done;
        }
done:
    jem_tensor_clear(&t);
    return st;
}

/* ---- labels */

static jem_status find_columns(int64_t column[3], const field_reader *r)
{
    static const char *const wanted[] = {"index", "label", "official_name"};
    for (int c = 0; c < 3; c++) {
        column[c] = -1;
        for (int64_t f = 0; f < r->count; f++)
            if (strcasecmp(r->fields[f], wanted[c]) == 0) column[c] = f;
        if (column[c] < 0)
            return jem_error(JEM_EDATA,
                             "%s:%lld: no column '%s'; expected index, label, "
                             "official_name separated by tabs",
                             r->path, (long long)r->line, wanted[c]);
    }
    return JEM_OK;
}

static jem_status read_label(cifar10h_data *d, const field_reader *r, const int64_t column[3])
{
    jem_status st;
    int64_t index, label;

    TRY(field_reader_integer(&index, r, column[0]));
    TRY(field_reader_integer(&label, r, column[1]));
    if (index < 0 || index >= N || d->name[index])
        return jem_error(JEM_EDATA, "%s:%lld: index %lld, expected each of 0 to %d once", r->path,
                         (long long)r->line, (long long)index, N - 1);
    if (label < 0 || label >= K)
        return jem_error(JEM_EDATA, "%s:%lld: label %lld, expected 0 to 9", r->path,
                         (long long)r->line, (long long)label);
    d->label[index] = (int32_t)label;
    TRY(mem_strdup(&d->name[index], r->fields[column[2]]));
done:
    return st;
}

static jem_status read_labels(cifar10h_data *d, const char *path)
{
    jem_status st;
    field_reader r = FIELD_READER_INIT;
    int64_t column[3], columns, count = 0;
    int more;

    TRY(field_reader_open(&r, path, '\t'));
    TRY(field_reader_next(&r, &more));
    columns = r.count;
    TRY(find_columns(column, &r));
    for (;; count++) {
        TRY(field_reader_next(&r, &more));
        if (!more) break;
        TRY(field_reader_expect(&r, columns));
        TRY(read_label(d, &r, column));
    }
    if (count != N)
        st = jem_error(JEM_EDATA, "%s: %lld labels, expected %d", path, (long long)count, N);
done:
    field_reader_clear(&r);
    return st;
}

static jem_status labels_of_pictures(cifar10h_data *d)
{
    for (int64_t i = 0; i < N; i++) {
        jem_status st = str_format(&d->name[i], "%" PRId64, i);
        if (st != JEM_OK) return st;
        d->label[i] = d->pictures->labels[i];
    }
    return JEM_OK;
}

static jem_status check_pictures(const cifar10h_data *d, const char *folder, bool labelled)
{
    if (d->pictures->n != N)
        return jem_error(JEM_EDATA,
                         "%s/test_batch.bin: %" PRId64 " records, but people labelled %d: set "
                         "cifar10h.images to the whole test set of CIFAR-10",
                         folder, d->pictures->n, N);
    for (int64_t i = 0; labelled && i < N; i++)
        if (d->pictures->labels[i] != d->label[i])
            return jem_error(JEM_EDATA,
                             "%s/test_batch.bin: record %" PRId64
                             " is labelled %d, test-images.tsv says %d: the records must be in "
                             "the original order",
                             folder, i, (int)d->pictures->labels[i], (int)d->label[i]);
    return JEM_OK;
}

/* Labels from test-images.tsv, or else from the pictures' records. */
static jem_status read_images(cifar10h_data *d, const char *tsv, const char *pictures)
{
    jem_status st;
    bool labelled = file_exists(tsv);

    TRY(MEM_NEW(d->label, N));
    TRY(MEM_NEW(d->name, N));
    if (!labelled && !pictures[0])
        return jem_error(JEM_EDATA,
                         "%s: missing; it gives the labels: put it there, or set cifar10h.images "
                         "to the folder with test_batch.bin of CIFAR-10's binary version ('jem "
                         "data fetch cifar10')",
                         tsv);
    if (labelled) TRY(read_labels(d, tsv));
    if (pictures[0]) {
        TRY(cifar10_read_test(&d->pictures, pictures));
        TRY(check_pictures(d, pictures, labelled));
    }
    if (!labelled) TRY(labels_of_pictures(d));
done:
    return st;
}

jem_status cifar10h_read(cifar10h_data *out, const char *folder, const char *pictures)
{
    jem_status st;
    cifar10h_data d = {.class_names = cifar10_class_names};
    char *counts = NULL, *probs = NULL, *tsv = NULL;

    TRY(str_format(&counts, "%s/cifar10h-counts.npy", folder));
    TRY(str_format(&probs, "%s/cifar10h-probs.npy", folder));
    TRY(str_format(&tsv, "%s/test-images.tsv", folder));
    TRY(read_counts(&d, counts));
    if (file_exists(probs)) TRY(check_probs(&d, probs));
    TRY(read_images(&d, tsv, pictures));
    d.hash = XXH64(d.counts, N * K * sizeof *d.counts, 0);
    d.hash = XXH64(d.label, N * sizeof *d.label, d.hash);
    *out = d;
    d = (cifar10h_data){0};
done:
    cifar10h_clear(&d);
    mem_free(counts);
    mem_free(probs);
    mem_free(tsv);
    return st;
}

void cifar10h_clear(cifar10h_data *d)
{
    strings_free(d->name, d->name ? N : 0);
    dataset_free(d->pictures);
    mem_free(d->counts);
    mem_free(d->p);
    mem_free(d->label);
    *d = (cifar10h_data){0};
}
