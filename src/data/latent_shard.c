/* Writing and mapping shards of latents. */
#include "data/latent_shard.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "tensor/bytes.h"

static const char key_vae[] = "jem.vae", key_scale[] = "jem.latent_scale",
                  key_picture[] = "jem.picture";

int64_t latent_values(const latent_format *f)
{
    return f->channels * f->height * f->width;
}

/* ---- writing */

static jem_status check_values(const latent_format *f, const latent_rows *r, int64_t per_row,
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

static jem_status put_format(safetensors_writer *w, const latent_format *f)
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
static jem_status read_checksum(char checksum[LATENT_CHECKSUM_SIZE], const char *path)
{
    jem_status st;
    safetensors *f = NULL;

    TRY(safetensors_open_metadata(&f, path));
    TRY(safetensors_require_checksum(f));
    snprintf(checksum, LATENT_CHECKSUM_SIZE, "%s", safetensors_checksum(f));
done:
    safetensors_close(f);
    return st;
}

jem_status latent_shard_write(const char *path, const latent_format *f, const latent_rows *rows,
                              char checksum[LATENT_CHECKSUM_SIZE])
{
    jem_status st;
    const int64_t shape[] = {rows->n, f->flip ? 2 : 1, f->channels, f->height, f->width};
    const int64_t per_row = shape[1] * latent_values(f), count = rows->n * per_row;
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

/* ---- mapping */

static jem_status other_format(const safetensors *file, const char *key, const char *has,
                               const char *wanted)
{
    return jem_error(JEM_EDATA, "%s: %s is %s, the set's is %s: the shard belongs to another set",
                     safetensors_path(file), key, has ? has : "missing", wanted);
}

static jem_status check_format(const safetensors *file, const latent_format *f)
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

jem_status latent_shard_map(latent_shard *out, const char *path, const latent_format *f,
                            const char *checksum)
{
    jem_status st;
    latent_shard s = LATENT_SHARD_INIT;
    const void *labels = NULL, *images = NULL;

    TRY(safetensors_map(&s.file, path));
    TRY(safetensors_require_checksum(s.file));
    if (strcmp(safetensors_checksum(s.file), checksum) != 0) {
        st = jem_error(JEM_EDATA, "%s: its checksum is not the one in the set's index: the shard "
                                  "belongs to another set, or to an earlier one", path);
        goto done;
    }
    TRY(check_format(s.file, f));
    int at = safetensors_find(s.file, "labels");
    if (at >= 0 && safetensors_view(s.file, at).ndim == 1)
        s.n = safetensors_view(s.file, at).shape[0];
    const int64_t shape[] = {s.n, f->flip ? 2 : 1, f->channels, f->height, f->width};
    TRY(view(&labels, s.file, "labels", JEM_I32, 1, shape));
    TRY(view(&images, s.file, "images", JEM_I32, 1, shape));
    TRY(view(&s.values, s.file, "latents", f->dtype, 5, shape));
    s.labels = labels;
    s.images = images;
    *out = s;
    s = (latent_shard)LATENT_SHARD_INIT;
done:
    latent_shard_clear(&s);
    return st;
}

void latent_shard_clear(latent_shard *s)
{
    safetensors_close(s->file);
    *s = (latent_shard)LATENT_SHARD_INIT;
}
