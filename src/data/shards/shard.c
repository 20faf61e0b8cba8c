/* Writing shards of latents, and reading them latent by latent. */
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

static const char key_vae[] = "jem.vae", key_scale[] = "jem.latent_scale",
                  key_picture[] = "jem.picture";

int64_t shard_values(const shard_format *f)
{
    return f->channels * f->height * f->width;
}

/* ---- writing */

static jem_status check_values(const shard_format *f, const shard_rows *r, int64_t per_row,
                               const char *path)
{
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
    jem_status st;
    char text[32];

    TRY(safetensors_writer_metadata(w, key_vae, f->vae));
    snprintf(text, sizeof text, "%.17g", f->scale);
    TRY(safetensors_writer_metadata(w, key_scale, text));
    snprintf(text, sizeof text, "%" PRId64, f->picture);
    TRY(safetensors_writer_metadata(w, key_picture, text));
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

jem_status shard_file_write(const char *path, const shard_format *f, const shard_rows *rows,
                              char checksum[SHARD_CHECKSUM_SIZE])
{
    jem_status st;
    const int64_t shape[] = {rows->n, f->flip ? 2 : 1, f->channels, f->height, f->width};
    const int64_t per_row = shape[1] * shard_values(f), count = rows->n * per_row;
    safetensors_writer *w = NULL;
    uint16_t *halves = NULL;

    TRY(check_values(f, rows, per_row, path));
    TRY(safetensors_writer_new(&w));
    TRY(put_format(w, f));
    if (f->dtype == JEM_F16) {
        TRY(MEM_NEW(halves, count));
        for (int64_t i = 0; i < count; i++) halves[i] = f16_from_float(rows->values[i]);
    }
    TRY(safetensors_writer_add(w, "latents", f->dtype, 5, shape,
                               halves ? (const void *)halves : rows->values));
    TRY(safetensors_writer_add(w, "labels", JEM_I32, 1, shape, rows->labels));
    TRY(safetensors_writer_add(w, "images", JEM_I32, 1, shape, rows->images));
    TRY(safetensors_writer_save(w, path));
    TRY(read_checksum(checksum, path));
done:
    safetensors_writer_free(w);
    mem_free(halves);
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
    const char *vae = safetensors_metadata(file, key_vae);
    const char *scale = safetensors_metadata(file, key_scale);
    const char *picture = safetensors_metadata(file, key_picture);
    char wanted[32];

    if (!vae || strcmp(vae, f->vae) != 0) return other_format(file, key_vae, vae, f->vae);
    snprintf(wanted, sizeof wanted, "%.17g", f->scale);
    if (!scale || strcmp(scale, wanted) != 0) return other_format(file, key_scale, scale, wanted);
    snprintf(wanted, sizeof wanted, "%" PRId64, f->picture);
    if (!picture || strcmp(picture, wanted) != 0)
        return other_format(file, key_picture, picture, wanted);
    return JEM_OK;
}

/* *data <- the tensor `name`, whose type and shape must be these. */
static jem_status view(const void **data, const safetensors *file, const char *name,
                       jem_dtype dtype, int ndim, const int64_t *shape)
{
    int at = safetensors_find(file, name);

    if (at < 0)
        return jem_error(JEM_EDATA, "%s: no tensor '%s': it is no shard of latents",
                         safetensors_path(file), name);
    const jem_tensor t = safetensors_view(file, at);
    if (t.dtype != dtype || t.ndim != ndim ||
        memcmp(t.shape, shape, (size_t)ndim * sizeof *shape) != 0)
        return jem_error(JEM_EDATA,
                         "%s: tensor '%s' has another type or shape than the set's index says "
                         "(%s, %" PRId64 " rows): the shard belongs to another set",
                         safetensors_path(file), name, jem_dtype_name(dtype), shape[0]);
    *data = t.data;
    return JEM_OK;
}

/* Takes over what the verified file holds: labels, and the latents' place and hashes. */
static jem_status take(shard_file *s, const safetensors *file, const shard_format *f)
{
    jem_status st;
    const void *labels = NULL, *images = NULL, *latents = NULL;
    const int at = safetensors_find(file, "labels");
    if (at >= 0 && safetensors_view(file, at).ndim == 1)
        s->n = safetensors_view(file, at).shape[0];
    const int64_t shape[] = {s->n, f->flip ? 2 : 1, f->channels, f->height, f->width};
    const int64_t count = shape[0] * shape[1];

    TRY(view(&labels, file, "labels", JEM_I32, 1, shape));
    TRY(view(&images, file, "images", JEM_I32, 1, shape));
    TRY(view(&latents, file, "latents", f->dtype, 5, shape));
    s->place = safetensors_place(file, safetensors_find(file, "latents"));
    s->bytes = shard_values(f) * (int64_t)jem_dtype_size(f->dtype);
    TRY(MEM_NEW(s->labels, s->n));
    memcpy(s->labels, labels, (size_t)s->n * sizeof *s->labels);
    TRY(MEM_NEW(s->hashes, count));
    for (int64_t i = 0; i < count; i++)
        s->hashes[i] = XXH3_64bits((const char *)latents + i * s->bytes, (size_t)s->bytes);
done:
    return st;
}

jem_status shard_file_open(shard_file *out, const char *path, const shard_format *f,
                             const char *checksum, bool keep)
{
    jem_status st;
    shard_file s = SHARD_FILE_INIT;
    safetensors *file = NULL;

    TRY(mem_strdup(&s.path, path));
    if (keep) s.fd = file_open(path, O_RDONLY | O_NONBLOCK, 0); /* else opened when needed */
    TRY(safetensors_open(&file, path));
    TRY(safetensors_require_checksum(file));
    if (strcmp(safetensors_checksum(file), checksum) != 0) {
        st = jem_error(JEM_EDATA, "%s: its checksum is not the one in the set's index: the shard "
                                  "belongs to another set, or to an earlier one", path);
        goto done;
    }
    TRY(check_format(file, f));
    TRY(take(&s, file, f));
    *out = s;
    s = (shard_file)SHARD_FILE_INIT;
done:
    safetensors_close(file);
    shard_file_clear(&s);
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

/* *got <- bytes read: fewer than the latent's only where the file ends. */
static jem_status read_at(size_t *got, const shard_file *s, int fd, char *dst, int64_t at)
{
    const size_t size = (size_t)s->bytes;

    for (*got = 0; *got < size;) {
        const ssize_t n = pread(fd, dst + *got, size - *got, at + (int64_t)*got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return jem_error(JEM_EIO, "%s: cannot read %zu bytes at byte %" PRId64 ": %s; %s", s->path,
                             size, at, strerror(errno), file_remedy(errno));
        if (n == 0) break;
        *got += (size_t)n;
    }
    return JEM_OK;
}

static const char put_back[] = "the shard was changed while it was in use: put back the file that "
                               "jem data encode wrote, then go on";

jem_status shard_file_read(const shard_file *s, int64_t i, void *dst)
{
    const int64_t at = s->place + i * s->bytes;
    const int fd = s->fd >= 0 ? s->fd : file_open(s->path, O_RDONLY | O_NONBLOCK, 0);
    size_t got = 0;

    if (fd < 0 && file_is_absent(errno))
        return jem_error(JEM_EDATA, "%s: cannot open: %s; %s", s->path, strerror(errno), put_back);
    if (fd < 0) return file_read_failed("open", s->path, errno);
    const jem_status st = read_at(&got, s, fd, dst, at);
    struct stat sb = {.st_size = at + (int64_t)got};
    if (st == JEM_OK && got < (size_t)s->bytes) (void)fstat(fd, &sb);
    if (fd != s->fd) close(fd);
    if (st) return st;
    if (got < (size_t)s->bytes)
        return jem_error(JEM_EDATA, "%s: ends at byte %" PRId64 ", the latent at byte %" PRId64 " has "
                                    "%" PRId64 " bytes; %s", s->path, (int64_t)sb.st_size, at, s->bytes,
                         put_back);
    const uint64_t hash = XXH3_64bits(dst, got);
    if (hash == s->hashes[i]) return JEM_OK;
    return jem_error(JEM_EDATA, "%s: the %" PRId64 " bytes at byte %" PRId64 " have hash %016" PRIx64
                                ", they had %016" PRIx64 " when all shards were verified; %s",
                     s->path, s->bytes, at, hash, s->hashes[i], put_back);
}
