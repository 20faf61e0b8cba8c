/* A network that takes pictures as they are. */
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/try.h"
#include "bench/subject_view.h"
#include "data/pictures/units.h"

typedef struct pixels_ctx {
    shape size;
    bool photographs;
    double own[3]; /* what the network multiplies a channel by before anything else */
    float units[256];
    uint8_t *planar; /* scratch [size] */
    view_changes done;
} pixels_ctx;

static jem_status load(void *ctx, float *x, const stimulus *s, int64_t n)
{
    jem_status st = JEM_OK;
    pixels_ctx *k = ctx;
    const int64_t count = shape_count(k->size);
    image m = IMAGE_INIT;

    for (int64_t i = 0; i < n; i++, x += count) {
        image_clear(&m);
        TRY(view_picture(&m, &k->done, &s[i], k->size, k->photographs));
        image_to_planar(k->planar, &m);
        for (int64_t p = 0; p < count; p++) x[p] = k->units[k->planar[p]];
    }
done:
    image_clear(&m);
    return st;
}

static jem_status importance(void *ctx, double *map, const float *x, const float *grad,
                             const saliency_request *how)
{
    jem_status st;
    const pixels_ctx *k = ctx;
    const int64_t pixels = k->size.h * k->size.w;
    float *own = NULL;
    (void)x;

    TRY(MEM_NEW(own, k->size.c * pixels));
    for (int64_t c = 0; c < k->size.c; c++)
        for (int64_t p = 0; p < pixels; p++) own[c * pixels + p] = (float)(grad[c * pixels + p] / k->own[c % 3]);
    view_reduce(map, own, k->size.c, pixels, how->channel_mean);
done:
    mem_free(own);
    return st;
}

static jem_status show(void *ctx, image *out, const float *x)
{
    const pixels_ctx *k = ctx;
    jem_status st = image_init(out, k->size.h, k->size.w, k->size.c);
    if (st == JEM_OK) image_from_floats(out, x);
    return st;
}

static void describe(const void *ctx, char *text, size_t size)
{
    const pixels_ctx *k = ctx;
    const char *grey = k->done.grey ? "pictures turned to grey" : "";
    snprintf(text, size, "%s", grey);
    if (k->done.resized)
        snprintf(text, size, "%s%spictures resized to %" PRId64 "x%" PRId64, grey, grey[0] ? ", " : "",
                 k->size.w, k->size.h);
}

static void release(void *ctx)
{
    pixels_ctx *k = ctx;
    if (k) mem_free(k->planar);
    mem_free(k);
}

static const view_ops ops = {load, importance, show, describe, release};

/* A network of photographs begins with the values that it was trained on (model/imagenet.h). */
static void own_values(pixels_ctx *k, const model *m)
{
    const graph *g = model_graph(m);
    const op *first = &g->nodes[1].op;
    const bool made = g->node_count > 1 && first->kind == OP_AFFINE && g->nodes[1].src[0] == 0;
    for (int c = 0; c < 3; c++) k->own[c] = made && c < k->size.c ? first->affine[c][0] : 1;
}

jem_status view_of_pixels(view *out, const model *m)
{
    jem_status st;
    const model_spec *spec = model_get_spec(m);
    pixels_ctx *k = NULL;

    TRY(MEM_NEW(k, 1));
    k->size = (shape){spec->channels, spec->height, spec->width};
    k->photographs = spec->network->photographs;
    own_values(k, m);
    units_table(k->units);
    TRY(MEM_NEW(k->planar, shape_count(k->size)));
    *out = (view){spec->height, spec->width, k->size, &ops, k};
    k = NULL;
done:
    release(k);
    return st;
}
