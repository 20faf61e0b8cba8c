/* LPIPS over feature maps, and its linear weights: see perceptual.h. */
#include "bench/perceptual.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/sha256.h"
#include "base/try.h"
#include "model/weights.h"
#include "stats/lpips.h"

/* ---- maps */

enum { MAPS_BYTES = 64 << 20 };

jem_status stage_maps_init(stage_maps *m, const shape *sizes, int count, int64_t most)
{
    jem_status st = JEM_OK;
    int64_t bytes = 0;

    *m = (stage_maps){.count = count};
    for (int l = 0; l < count; l++) bytes += shape_count(sizes[l]) * (int64_t)sizeof(float);
    m->pictures = bytes > 0 ? MAPS_BYTES / bytes / 2 * 2 : most;
    if (m->pictures > most) m->pictures = most;
    if (m->pictures < 2) m->pictures = 2;
    for (int l = 0; l < count; l++) {
        m->sizes[l] = sizes[l];
        TRY(MEM_NEW(m->maps[l], m->pictures * shape_count(sizes[l])));
    }
done:
    return st;
}

void stage_maps_clear(stage_maps *m)
{
    for (int l = 0; l < m->count; l++) mem_free(m->maps[l]);
    *m = (stage_maps){.count = 0};
}

void stage_maps_distances(float *d, const stage_maps *m, int64_t pairs, const lpips_linear *linear)
{
    lpips_layer layers[STAGES_MAX];

    for (int64_t i = 0; i < pairs; i++) {
        for (int l = 0; l < m->count; l++) {
            const int64_t size = shape_count(m->sizes[l]);
            layers[l] = (lpips_layer){m->maps[l] + 2 * i * size, m->maps[l] + (2 * i + 1) * size,
                                      m->sizes[l].c, m->sizes[l].h * m->sizes[l].w,
                                      linear ? linear->weights[l] : NULL};
        }
        d[i] = lpips_distance(layers, m->count);
    }
}

/* ---- linear weights */

/* One stage's; *none where the file has no more. */
static jem_status read_stage(lpips_linear *l, const safetensors *f, bool *none)
{
    jem_status st;
    char name[32];
    snprintf(name, sizeof name, "lin%d.model.1.weight", l->count);
    const int at = safetensors_find(f, name);

    *none = at < 0;
    if (*none) return JEM_OK;
    const jem_tensor t = safetensors_view(f, at);
    if (l->count == STAGES_MAX || t.ndim != 4 || t.shape[1] < 1)
        return jem_error(JEM_EDATA, "%s: %s: expected a tensor [1,C,1,1] for each of at most %d stages",
                         safetensors_path(f), name, STAGES_MAX);
    const int64_t channels = t.shape[1];
    float *w = NULL;
    TRY(MEM_NEW(w, channels));
    l->channels[l->count] = channels;
    l->weights[l->count++] = w; /* cleared with l from here on */
    TRY(safetensors_read_f32(f, name, w, 4, (const int64_t[]){1, channels, 1, 1}));
    for (int64_t c = 0; c < channels; c++)
        if (w[c] < 0) {
            st = jem_error(JEM_EDATA, "%s: %s: weight %" PRId64 " is %g; none of LPIPS's is negative, a "
                           "distance would be", safetensors_path(f), name, c, (double)w[c]);
            goto done;
        }
done:
    return st;
}

jem_status lpips_linear_read(lpips_linear *out, const char *path)
{
    jem_status st;
    lpips_linear l = {.count = 0};
    safetensors *f = NULL;
    bool none = false;
    const char *name = strrchr(path, '/');

    TRY(weights_open(&f, path));
    TRY(sha256_file(l.sha256, path));
    snprintf(l.name, sizeof l.name, "%s", name ? name + 1 : path);
    while (!none) TRY(read_stage(&l, f, &none));
    if (l.count == 0) {
        st = jem_error(JEM_EDATA, "%s: no linear weights of LPIPS: expected tensors lin0.model.1.weight, lin1..., "
                       "as in alex.pth, vgg.pth and squeeze.pth of the package lpips; found %s", path,
                       safetensors_count(f) > 0 ? safetensors_name(f, 0) : "no tensor");
        goto done;
    }
    *out = l;
    l = (lpips_linear){.count = 0};
done:
    safetensors_close(f);
    lpips_linear_clear(&l);
    return st;
}

/* "64, 192, 384" */
static void list_channels(char *text, size_t size, const int64_t *channels, int count)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%" PRId64, i ? ", " : "", channels[i]);
}

jem_status lpips_linear_check(const lpips_linear *l, const shape *sizes, int count, const char *who)
{
    int64_t channels[STAGES_MAX] = {0};
    char own[256], there[256];

    for (int i = 0; i < count; i++) channels[i] = sizes[i].c;
    if (l->count == count && memcmp(l->channels, channels, (size_t)count * sizeof *channels) == 0) return JEM_OK;
    list_channels(there, sizeof there, l->channels, l->count);
    list_channels(own, sizeof own, channels, count);
    return jem_error(JEM_EUSAGE, "%s: linear weights for stages of %s channels, those of %s have %s: they are of "
                     "another network", l->name, there, who, own);
}

void lpips_linear_clear(lpips_linear *l)
{
    for (int i = 0; i < l->count; i++) mem_free(l->weights[i]);
    *l = (lpips_linear){.count = 0};
}
