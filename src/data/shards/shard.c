/* Writing shards, and reading them row by row. */
#include "data/shards/shard.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/file_error.h"
#include "base/mem.h"
#include "base/try.h"
#include "tensor/bytes.h"

static const shard_words words[SHARD_KINDS] = {
    [SHARD_LATENTS] = {"jem latents 1", "latents", "latent", "encode", "encoded", "jem data encode",
                       "latents"},
    [SHARD_PICTURES] = {"jem pictures 1", "pictures", "picture", "pack", "packed", "jem data pack",
                        "packed"},
};

const shard_words *shard_words_of(shard_kind kind)
{
    return &words[kind];
}

int64_t shard_values(const shard_format *f)
{
    return f->channels * f->height * f->width;
}

static int64_t orientations(const shard_format *f)
{
    return f->flip ? 2 : 1;
}

int64_t shard_row_bytes(const shard_format *f)
{
    return shard_values(f) * orientations(f) * (int64_t)jem_dtype_size(f->dtype);
}

/* ---- what the rows are, as metadata */

enum { MARKS = 3, MARK_TEXT = 40, DIGEST_SIZE = 33 };

typedef struct mark {
    const char *key;
    char text[MARK_TEXT];
} mark;

/* Returns their number. */
static int marks_of(mark m[MARKS], const shard_format *f)
{
    int n = 0;

    if (f->kind == SHARD_LATENTS) {
        m[n].key = "jem.vae";
        snprintf(m[n++].text, MARK_TEXT, "%s", f->vae);
        m[n].key = "jem.latent_scale";
        snprintf(m[n++].text, MARK_TEXT, "%.17g", f->scale);
    } else {
        m[n].key = "jem.resize";
        snprintf(m[n++].text, MARK_TEXT, "%s", image_kernel_name(f->resize));
    }
    m[n].key = "jem.picture";
    snprintf(m[n++].text, MARK_TEXT, "%" PRId64, f->picture);
    return n;
}

static const char key_rows[] = "jem.rows";

/* What a shard holds beside its latents or pictures. */
typedef struct columns {
    const int32_t *labels, *images; /* [n] */
    const uint64_t *hashes;         /* [n] */
} columns;

static jem_status digest(char text[DIGEST_SIZE], const columns *c, int64_t n)
{
    XXH3_state_t *state = XXH3_createState();

    if (!state) return jem_error(JEM_ENOMEM, "out of memory for a checksum");
    XXH3_128bits_reset(state);
    XXH3_128bits_update(state, c->labels, (size_t)n * sizeof *c->labels);
    XXH3_128bits_update(state, c->images, (size_t)n * sizeof *c->images);
    XXH3_128bits_update(state, c->hashes, (size_t)n * sizeof *c->hashes);
    const XXH128_hash_t h = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    snprintf(text, DIGEST_SIZE, "%016" PRIx64 "%016" PRIx64, (uint64_t)h.high64, (uint64_t)h.low64);
    return JEM_OK;
}

static void hash_rows(uint64_t *hashes, const void *rows, int64_t count, int64_t bytes)
{
    for (int64_t i = 0; i < count; i++)
        hashes[i] = XXH3_64bits((const char *)rows + i * bytes, (size_t)bytes);
}

/* ---- writing */

static jem_status check_values(const shard_format *f, const shard_rows *r, const char *path)
{
    const int64_t per_row = orientations(f) * shard_values(f);
    const float most = f->dtype == JEM_F16 ? 65504.0f : INFINITY;

    for (int64_t i = 0; i < r->n * per_row; i++) {
        if (isfinite(r->values[i]) && fabsf(r->values[i]) <= most) continue;
        return jem_error(JEM_EDATA, "%s: the latent of picture %" PRId32 " holds %g, which cannot be "
                                    "stored as %s: is the autoencoder's file the right one?",
                         path, r->images[i / per_row], (double)r->values[i],
                         jem_dtype_name(f->dtype));
    }
    return JEM_OK;
}

static jem_status put_format(safetensors_writer *w, const shard_format *f)
{
    jem_status st = JEM_OK;
    mark m[MARKS];
    const int n = marks_of(m, f);

    for (int i = 0; i < n; i++) TRY(safetensors_writer_metadata(w, m[i].key, m[i].text));
done:
    return st;
}

/* What a saved file says its checksum is. */
static jem_status read_checksum(char checksum[SHARD_CHECKSUM_SIZE], const char *path)
{
    jem_status st;
    safetensors *f = NULL;

    TRY(safetensors_open_metadata(&f, path));
    TRY(safetensors_require_checksum(f));
    snprintf(checksum, SHARD_CHECKSUM_SIZE, "%s", safetensors_checksum(f));
done:
    safetensors_close(f);
    return st;
}

/* *halves, owned: what the writer borrows instead of float32. */
static jem_status add_latents(safetensors_writer *w, uint16_t **halves, const shard_format *f,
                              const shard_rows *rows)
{
    jem_status st;
    const int64_t shape[] = {rows->n, orientations(f), f->channels, f->height, f->width};
    const int64_t count = rows->n * shape[1] * shard_values(f);

    if (f->dtype == JEM_F16) {
        TRY(MEM_NEW(*halves, count));
        for (int64_t i = 0; i < count; i++) (*halves)[i] = f16_from_float(rows->values[i]);
    }
    TRY(safetensors_writer_add(w, words[f->kind].rows, f->dtype, 5, shape,
                               *halves ? (const void *)*halves : rows->values));
done:
    return st;
}

/* *hashes, owned: borrowed by the writer. */
static jem_status add_pictures(safetensors_writer *w, uint64_t **hashes, const shard_format *f,
                               const shard_rows *rows)
{
    jem_status st;
    const int64_t shape[] = {rows->n, f->channels, f->height, f->width};
    char text[DIGEST_SIZE];

    TRY(MEM_NEW(*hashes, rows->n));
    hash_rows(*hashes, rows->pixels, rows->n, shard_values(f));
    TRY(digest(text, &(columns){rows->labels, rows->images, *hashes}, rows->n));
    TRY(safetensors_writer_metadata(w, key_rows, text));
    TRY(safetensors_writer_add(w, words[f->kind].rows, f->dtype, 4, shape, rows->pixels));
    TRY(safetensors_writer_add(w, "hashes", JEM_I64, 1, shape, *hashes));
done:
    return st;
}

jem_status shard_file_write(const char *path, const shard_format *f, const shard_rows *rows,
                            char checksum[SHARD_CHECKSUM_SIZE])
{
    jem_status st;
    safetensors_writer *w = NULL;
    uint16_t *halves = NULL;
    uint64_t *hashes = NULL;

    if (f->kind == SHARD_LATENTS) TRY(check_values(f, rows, path));
    TRY(safetensors_writer_new(&w));
    TRY(put_format(w, f));
    TRY(f->kind == SHARD_LATENTS ? add_latents(w, &halves, f, rows) : add_pictures(w, &hashes, f, rows));
    TRY(safetensors_writer_add(w, "labels", JEM_I32, 1, &rows->n, rows->labels));
    TRY(safetensors_writer_add(w, "images", JEM_I32, 1, &rows->n, rows->images));
    TRY(safetensors_writer_save(w, path));
    TRY(read_checksum(checksum, path));
done:
    safetensors_writer_free(w);
    mem_free(halves);
    mem_free(hashes);
    return st;
}

/* ---- opening */

static jem_status other_format(const safetensors *file, const char *key, const char *has,
                               const char *wanted)
{
    return jem_error(JEM_EDATA, "%s: %s is %s, the set's is %s: the shard belongs to another set",
                     safetensors_path(file), key, has ? has : "missing", wanted);
}

static jem_status check_format(const safetensors *file, const shard_format *f)
{
    mark m[MARKS];
    const int n = marks_of(m, f);

    for (int i = 0; i < n; i++) {
        const char *has = safetensors_metadata(file, m[i].key);
        if (!has || strcmp(has, m[i].text) != 0) return other_format(file, m[i].key, has, m[i].text);
    }
    return JEM_OK;
}

static jem_status check_checksum(const safetensors *file, const char *checksum)
{
    jem_status st = safetensors_require_checksum(file);

    if (st || strcmp(safetensors_checksum(file), checksum) == 0) return st;
    return jem_error(JEM_EDATA, "%s: its checksum is not the one in the set's index: the shard "
                                "belongs to another set, or to an earlier one", safetensors_path(file));
}

/* *at <- the tensor `name`, whose type and shape must be these. */
static jem_status find(int *at, const safetensors *file, const char *name, jem_dtype dtype, int ndim,
                       const int64_t *shape)
{
    *at = safetensors_find(file, name);
    if (*at < 0)
        return jem_error(JEM_EDATA, "%s: no tensor '%s': it is no shard of such a set",
                         safetensors_path(file), name);
    const jem_tensor t = safetensors_view(file, *at);
    if (t.dtype != dtype || t.ndim != ndim ||
        memcmp(t.shape, shape, (size_t)ndim * sizeof *shape) != 0)
        return jem_error(JEM_EDATA,
                         "%s: tensor '%s' has another type or shape than the set's index says "
                         "(%s, %" PRId64 " rows): the shard belongs to another set",
                         safetensors_path(file), name, jem_dtype_name(dtype), shape[0]);
    return JEM_OK;
}

/* Of a shard's tensors. */
typedef struct places {
    int rows, labels, images, hashes; /* hashes: -1 in a shard of latents */
} places;

/* *p <- where they are, *n <- rows. */
static jem_status find_all(places *p, int64_t *n, const safetensors *file, const shard_format *f)
{
    jem_status st;
    const int labels = safetensors_find(file, "labels");
    if (labels >= 0 && safetensors_view(file, labels).ndim == 1)
        *n = safetensors_view(file, labels).shape[0];
    const int64_t five[] = {*n, orientations(f), f->channels, f->height, f->width};
    const int64_t four[] = {*n, f->channels, f->height, f->width};
    const bool latents = f->kind == SHARD_LATENTS;

    p->hashes = -1;
    TRY(find(&p->labels, file, "labels", JEM_I32, 1, n));
    TRY(find(&p->images, file, "images", JEM_I32, 1, n));
    TRY(find(&p->rows, file, words[f->kind].rows, f->dtype, latents ? 5 : 4, latents ? five : four));
    if (!latents) TRY(find(&p->hashes, file, "hashes", JEM_I64, 1, n));
done:
    return st;
}

/* What the verified file holds: labels, and the latents' hashes. */
static jem_status take_latents(shard_file *s, const safetensors *file, const places *p, int64_t count)
{
    jem_status st;

    TRY(MEM_NEW(s->labels, s->n));
    memcpy(s->labels, safetensors_view(file, p->labels).data, (size_t)s->n * sizeof *s->labels);
    TRY(MEM_NEW(s->hashes, count));
    hash_rows(s->hashes, safetensors_view(file, p->rows).data, count, s->bytes);
done:
    return st;
}

static jem_status read_column(void *dst, const safetensors *file, int fd, int tensor)
{
    const jem_tensor t = safetensors_view(file, tensor);
    return file_read_at(dst, (size_t)jem_tensor_count(&t) * jem_dtype_size(t.dtype),
                        safetensors_place(file, tensor), fd, safetensors_path(file));
}

/* Labels and hashes, which are what was written if their digest is; the pictures stay unread. */
static jem_status take_pictures(shard_file *s, const safetensors *file, const places *p, int fd)
{
    jem_status st;
    int32_t *images = NULL;
    char text[DIGEST_SIZE];
    const char *written = safetensors_metadata(file, key_rows);

    TRY(MEM_NEW(s->labels, s->n));
    TRY(MEM_NEW(images, s->n));
    TRY(MEM_NEW(s->hashes, s->n));
    TRY(read_column(s->labels, file, fd, p->labels));
    TRY(read_column(images, file, fd, p->images));
    TRY(read_column(s->hashes, file, fd, p->hashes));
    TRY(digest(text, &(columns){s->labels, images, s->hashes}, s->n));
    if (!written || strcmp(text, written) != 0)
        st = jem_error(JEM_EDATA, "%s: labels, images and hashes have checksum %s, the file says %s: it is "
                                  "damaged: put back the file that jem data pack wrote",
                       s->path, text, written ? written : "none");
done:
    mem_free(images);
    return st;
}

/* The file behind a shard, for what is not in memory yet. */
static jem_status open_file(int *fd, const char *path)
{
    *fd = file_open(path, O_RDONLY | O_NONBLOCK, 0);
    return *fd < 0 ? file_read_failed("open", path, errno) : JEM_OK;
}

static jem_status take(shard_file *s, const safetensors *file, const shard_format *f, int fd)
{
    jem_status st;
    places p;

    TRY(check_format(file, f));
    TRY(find_all(&p, &s->n, file, f));
    s->place = safetensors_place(file, p.rows);
    s->bytes = shard_values(f) * (int64_t)jem_dtype_size(f->dtype);
    TRY(f->kind == SHARD_LATENTS ? take_latents(s, file, &p, s->n * orientations(f))
                                 : take_pictures(s, file, &p, fd));
done:
    return st;
}

jem_status shard_file_open(shard_file *out, const char *path, const shard_format *f,
                           const char *checksum, bool keep)
{
    jem_status st;
    shard_file s = SHARD_FILE_INIT;
    safetensors *file = NULL;
    int fd = -1;

    s.kind = f->kind;
    TRY(mem_strdup(&s.path, path));
    TRY(open_file(&fd, path));
    TRY(f->kind == SHARD_LATENTS ? safetensors_open(&file, path) : safetensors_open_header(&file, path));
    TRY(check_checksum(file, checksum));
    TRY(take(&s, file, f, fd));
    if (keep) {
        s.fd = fd;
        fd = -1;
    }
    *out = s;
    s = (shard_file)SHARD_FILE_INIT;
done:
    if (fd >= 0) close(fd);
    safetensors_close(file);
    shard_file_clear(&s);
    return st;
}

jem_status shard_file_verify(const char *path, const char *checksum)
{
    jem_status st;
    safetensors *file = NULL;

    TRY(safetensors_open(&file, path));
    TRY(check_checksum(file, checksum));
done:
    safetensors_close(file);
    return st;
}

void shard_file_clear(shard_file *s)
{
    if (s->fd >= 0) close(s->fd);
    mem_free(s->path);
    mem_free(s->hashes);
    mem_free(s->labels);
    *s = (shard_file)SHARD_FILE_INIT;
}

/* ---- reading */

/* *got <- bytes read: fewer than a row's only where the file ends. */
static jem_status read_at(size_t *got, const shard_file *s, int fd, void *dst, int64_t at)
{
    const size_t size = (size_t)s->bytes;

    for (*got = 0; *got < size;) {
        const ssize_t n = pread(fd, (char *)dst + *got, size - *got, at + (int64_t)*got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return jem_error(JEM_EIO, "%s: cannot read %zu bytes at byte %" PRId64 ": %s; %s", s->path,
                             size, at, strerror(errno), file_remedy(errno));
        if (n == 0) break;
        *got += (size_t)n;
    }
    return JEM_OK;
}

static jem_status put_back(const shard_file *s, const char *what)
{
    return jem_error(JEM_EDATA, "%s: %s: put back the file that %s wrote, then go on", s->path, what,
                     words[s->kind].command);
}

static const char changed[] = "the shard was changed while it was in use";

static jem_status cut_short(const shard_file *s, int64_t at, int64_t end)
{
    char what[200];
    snprintf(what, sizeof what, "ends at byte %" PRId64 ", the %s at byte %" PRId64 " has %" PRId64
                                " bytes; %s", end, words[s->kind].row, at, s->bytes, changed);
    return put_back(s, what);
}

static jem_status other_hash(const shard_file *s, int64_t at, uint64_t hash, uint64_t wanted)
{
    char what[240];
    snprintf(what, sizeof what, "the %" PRId64 " bytes at byte %" PRId64 " have hash %016" PRIx64
                                ", they had %016" PRIx64 " when %s; %s", s->bytes, at, hash, wanted,
             s->kind == SHARD_LATENTS ? "all shards were verified" : "they were written",
             s->kind == SHARD_LATENTS ? changed : "the shard is damaged");
    return put_back(s, what);
}

jem_status shard_file_read(const shard_file *s, int64_t i, void *dst)
{
    const int64_t at = s->place + i * s->bytes;
    const int fd = s->fd >= 0 ? s->fd : file_open(s->path, O_RDONLY | O_NONBLOCK, 0);
    size_t got = 0;

    if (fd < 0 && file_is_absent(errno)) {
        char what[160];
        snprintf(what, sizeof what, "cannot open: %s; %s", strerror(errno), changed);
        return put_back(s, what);
    }
    if (fd < 0) return file_read_failed("open", s->path, errno);
    const jem_status st = read_at(&got, s, fd, dst, at);
    struct stat sb = {.st_size = at + (int64_t)got};
    if (st == JEM_OK && got < (size_t)s->bytes) (void)fstat(fd, &sb);
    if (fd != s->fd) close(fd);
    if (st) return st;
    if (got < (size_t)s->bytes) return cut_short(s, at, sb.st_size);
    const uint64_t hash = XXH3_64bits(dst, got);
    return hash == s->hashes[i] ? JEM_OK : other_hash(s, at, hash, s->hashes[i]);
}
