/* Gaussians per class as starts of chains: see class_gaussian.h. */
#include "train/class_gaussian.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/blas.h"
#include "tensor/safetensors.h"

enum {
    SIZE_MAX_ELEMENTS = 16384,
    ROWS = 256,   /* images centred at a time */
    TOGETHER = 16 /* images drawn in one reading of R */
};
static const double ridge = 1e-4;

/* Elements of a lower triangle. */
static int64_t root_count(int64_t size)
{
    return size * (size + 1) / 2;
}

int64_t class_gaussian_bytes(int64_t classes, int64_t size)
{
    return (classes * (size + root_count(size)) + TOGETHER * size) * (int64_t)sizeof(float);
}

int64_t class_gaussian_fit_bytes(int64_t size, int threads)
{
    return threads * ((size + ROWS) * size * (int64_t)sizeof(double) +
                      size * (int64_t)(sizeof(float) + sizeof(double)));
}

/* ---- fitting */

/* One thread's memory. */
typedef struct scratch {
    double *covariance, *rows, *mean; /* [d][d], [ROWS][d], [d] */
    float *image;                     /* [d] */
} scratch;

typedef struct fit {
    class_gaussian *g;
    const dataset *d;
    const blas *blas;
    scratch *of; /* per worker */
} fit;

static void add_image(double *sum, const float *x, int64_t size)
{
    for (int64_t k = 0; k < size; k++) sum[k] += (double)x[k];
}

static jem_status fit_mean(const fit *f, const scratch *s, int64_t y, int64_t *count)
{
    int64_t size = f->g->size, n = 0;
    jem_status st = JEM_OK;
    memset(s->mean, 0, (size_t)size * sizeof *s->mean);
    for (int64_t i = 0; i < f->d->n; i++) {
        if (f->d->labels[i] != y) continue;
        TRY(dataset_floats(s->image, f->d, &i, 1));
        add_image(s->mean, s->image, size);
        n++;
    }
    if (n == 0) {
        char class[CLASS_TEXT];
        class_text(class, y, f->d->class_names);
        return jem_error(JEM_EDATA,
                         "sampler.start = class_gaussian: no training image has class %s; use "
                         "sampler.start = uniform or more images", class);
    }
    for (int64_t k = 0; k < size; k++) s->mean[k] /= (double)n;
    *count = n;
done:
    return st;
}

/* covariance (lower triangle, by columns) <- mean of the outer products + ridge I. */
static jem_status fit_covariance(const fit *f, const scratch *s, int64_t y, int64_t count)
{
    int64_t size = f->g->size, held = 0;
    jem_status st = JEM_OK;
    memset(s->covariance, 0, (size_t)(size * size) * sizeof *s->covariance);
    for (int64_t i = 0, left = count; left > 0; i++) {
        if (f->d->labels[i] != y) continue;
        double *row = s->rows + held * size;
        TRY(dataset_floats(s->image, f->d, &i, 1));
        for (int64_t k = 0; k < size; k++) row[k] = (double)s->image[k] - s->mean[k];
        left--;
        if (++held < ROWS && left > 0) continue;
        f->blas->dsyrk(CblasColMajor, CblasLower, CblasNoTrans, (blasint)size, (blasint)held,
                       1 / (double)count, s->rows, (blasint)size, 1, s->covariance, (blasint)size);
        held = 0;
    }
    for (int64_t k = 0; k < size; k++) s->covariance[k * size + k] += ridge;
done:
    return st;
}

static jem_status fit_class(void *ctx, int task, int worker)
{
    const fit *f = ctx;
    const scratch *s = &f->of[worker];
    int64_t size = f->g->size, count = 0;
    float *root = f->g->root + (int64_t)task * root_count(size);
    jem_status st;

    TRY(fit_mean(f, s, task, &count));
    TRY(fit_covariance(f, s, task, count));
    if (f->blas->dpotrf(LAPACK_COL_MAJOR, 'L', (lapack_int)size, s->covariance,
                        (lapack_int)size) != 0) {
        char class[CLASS_TEXT];
        class_text(class, task, f->d->class_names);
        return jem_error(JEM_EDATA, "sampler.start = class_gaussian: the covariance of class %s "
                         "has no Cholesky factor; use sampler.start = uniform", class);
    }
    for (int64_t k = 0; k < size; k++) f->g->mean[task * size + k] = (float)s->mean[k];
    for (int64_t j = 0; j < size; j++)
        for (int64_t i = j; i < size; i++) *root++ = (float)s->covariance[j * size + i];
done:
    return st;
}

static void scratch_free(scratch *of, int threads)
{
    for (int i = 0; of && i < threads; i++) {
        mem_free(of[i].covariance);
        mem_free(of[i].rows);
        mem_free(of[i].mean);
        mem_free(of[i].image);
    }
    mem_free(of);
}

static jem_status scratch_new(scratch **out, int threads, int64_t size)
{
    jem_status st;
    scratch *of = NULL;
    TRY(MEM_NEW(of, threads));
    for (int i = 0; i < threads; i++) {
        TRY(MEM_NEW(of[i].covariance, size * size));
        TRY(MEM_NEW(of[i].rows, ROWS * size));
        TRY(MEM_NEW(of[i].mean, size));
        TRY(MEM_NEW(of[i].image, size));
    }
    *out = of;
    of = NULL;
done:
    scratch_free(of, threads);
    return st;
}

/* Room for a fit. */
static jem_status make(class_gaussian *out, const dataset *d)
{
    jem_status st;
    class_gaussian b = {.classes = d->classes, .size = dataset_row_size(d)};

    if (b.size > SIZE_MAX_ELEMENTS)
        return jem_error(JEM_EUSAGE,
                         "sampler.start = class_gaussian: covariances of images of %" PRId64
                         " values are too large (at most %d); use sampler.start = uniform",
                         b.size, SIZE_MAX_ELEMENTS);
    TRY(MEM_NEW(b.z, TOGETHER * b.size));
    TRY(MEM_NEW(b.mean, b.classes * b.size));
    TRY(MEM_NEW(b.root, b.classes * root_count(b.size)));
    *out = b;
    b = (class_gaussian)CLASS_GAUSSIAN_INIT;
done:
    class_gaussian_clear(&b);
    return st;
}

jem_status class_gaussian_fit(class_gaussian *g, const dataset *d, pool *p)
{
    jem_status st;
    class_gaussian b = CLASS_GAUSSIAN_INIT;
    fit f = {&b, d, NULL, NULL};
    const int threads = pool_threads(p), callers = d->classes < threads ? (int)d->classes : threads;

    TRY(make(&b, d));
    TRY(scratch_new(&f.of, threads, b.size));
    TRY(blas_begin(&f.blas, callers));
    TRY(pool_run(p, (int)b.classes, fit_class, &f));
    *g = b;
    b = (class_gaussian)CLASS_GAUSSIAN_INIT;
done:
    if (f.blas) blas_end();
    scratch_free(f.of, threads);
    class_gaussian_clear(&b);
    return st;
}

void class_gaussian_clear(class_gaussian *g)
{
    mem_free(g->mean);
    mem_free(g->root);
    mem_free(g->z);
    *g = (class_gaussian)CLASS_GAUSSIAN_INIT;
}

/* ---- keeping */

static const char key_hash[] = "jem.data_hash";

static void hash_text(char text[17], const dataset *d)
{
    snprintf(text, 17, "%016" PRIx64, d->hash);
}

jem_status class_gaussian_save(const class_gaussian *g, const dataset *d, const char *path)
{
    jem_status st;
    const int64_t mean[2] = {g->classes, g->size}, root[2] = {g->classes, root_count(g->size)};
    char hash[17];
    safetensors_writer *w = NULL;

    hash_text(hash, d);
    TRY(safetensors_writer_new(&w));
    TRY(safetensors_writer_metadata(w, key_hash, hash));
    TRY(safetensors_writer_add(w, "mean", JEM_F32, 2, mean, g->mean));
    TRY(safetensors_writer_add(w, "root", JEM_F32, 2, root, g->root));
    TRY(safetensors_writer_save(w, path));
done:
    safetensors_writer_free(w);
    return st;
}

jem_status class_gaussian_load(class_gaussian *g, const dataset *d, const char *path)
{
    jem_status st;
    class_gaussian b = CLASS_GAUSSIAN_INIT;
    safetensors *f = NULL;
    char hash[17];

    hash_text(hash, d);
    TRY(safetensors_open(&f, path));
    TRY(safetensors_require_checksum(f));
    const char *of = safetensors_metadata(f, key_hash);
    if (!of || strcmp(of, hash) != 0) {
        st = jem_error(JEM_EDATA, "%s: is not of these training images", path);
        goto done;
    }
    TRY(make(&b, d));
    const int64_t mean[2] = {b.classes, b.size}, root[2] = {b.classes, root_count(b.size)};
    TRY(safetensors_read_f32(f, "mean", b.mean, 2, mean));
    TRY(safetensors_read_f32(f, "root", b.root, 2, root));
    *g = b;
    b = (class_gaussian)CLASS_GAUSSIAN_INIT;
done:
    safetensors_close(f);
    class_gaussian_clear(&b);
    return st;
}

/* ---- drawing */

/* x [n][d] <- clamp(mean + R z), z in g->z: every element is a sum over the columns in order, however
 * many images there are. */
static void draw(const class_gaussian *g, float *x, int64_t n, int64_t y)
{
    const int64_t d = g->size;
    const float *root = g->root + y * root_count(d);
    for (int64_t i = 0; i < n; i++) memcpy(x + i * d, g->mean + y * d, (size_t)d * sizeof *x);
    for (int64_t j = 0; j < d; root += d - j, j++)
        for (int64_t i = 0; i < n; i++) {
            float *to = x + i * d + j, factor = g->z[i * d + j];
            for (int64_t k = 0; k < d - j; k++) to[k] += root[k] * factor;
        }
    for (int64_t i = 0; i < n * d; i++) x[i] = x[i] < -1 ? -1 : x[i] > 1 ? 1 : x[i];
}

static void fill(const void *ctx, float *x, int64_t n, int64_t size, int32_t y,
                 const rng_stream *s, uint32_t first)
{
    const class_gaussian *g = ctx;
    /* behind the normal deviates, which come in blocks of four */
    const uint32_t class_element = (uint32_t)((size + 3) / 4 * 4);
    const int64_t most = y < 0 ? 1 : TOGETHER;

    for (int64_t done = 0; done < n; done += most) {
        int64_t count = n - done < most ? n - done : most;
        uint32_t image = first + (uint32_t)done;
        int64_t own = y;
        if (y < 0) own = rng_below(s, image, class_element, (uint32_t)g->classes);
        for (int64_t i = 0; i < count; i++)
            rng_fill_normal(g->z + i * size, size, s, image + (uint32_t)i);
        draw(g, x + done * size, count, own);
    }
}

chain_start class_gaussian_start(const class_gaussian *g)
{
    return (chain_start){fill, g, g->classes};
}
