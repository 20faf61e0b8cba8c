/* A trained JEM as a subject: pictures are brought to the network's size and units, then
 * asked about in batches. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "bench/label_map.h"
#include "bench/subject.h"
#include "data/map_prepare.h"
#include "data/units.h"
#include "stats/lpips.h"

enum { BATCH = 64, IMAGENET_CLASSES = 1000, STAGES = 3 };
static const char *const stage_names[STAGES] = {"layer1", "layer2", "layer3"};

typedef struct pixel_ctx {
    pixel_subject p;
    int64_t channels, height, width, size; /* of the network's input */
    float units[256];
    label_map *map;        /* NULL: decides nothing */
    int64_t steps;         /* of refinement */
    bool resized, decided; /* since the subject was made */
    float *x;              /* scratch [BATCH][size] */
    uint8_t *planar;       /* scratch [size] */
} pixel_ctx;

/* ---- pictures */

static const char *name_of(const stimulus *s) { return s->name ? s->name : "stimulus"; }

/* x [size] <- one picture in network units. */
static jem_status load_picture(pixel_ctx *k, float *x, const stimulus *s)
{
    jem_status st = JEM_OK;
    image square = IMAGE_INIT;
    const image *from = s->picture;

    if (!from || from->channels != k->channels)
        return jem_error(JEM_EDATA,
                         "%s: the network looks at pictures of %" PRId64 " channels, "
                         "this one has %" PRId64,
                         name_of(s), k->channels, from ? from->channels : 0);
    if (from->height != k->height || from->width != k->width) {
        if (k->height != k->width)
            return jem_error(JEM_EDATA,
                             "%s: %" PRId64 "x%" PRId64 " pixels; the network takes "
                             "%" PRId64 "x%" PRId64,
                             name_of(s), from->width, from->height, k->width, k->height);
        TRY(image_resize_square(&square, from, k->height));
        from = &square;
        k->resized = true;
    }
    image_to_planar(k->planar, from);
    for (int64_t i = 0; i < k->size; i++) x[i] = k->units[k->planar[i]];
done:
    image_clear(&square);
    return st;
}

typedef struct chain_noise {
    rng_stream stream;
    const stimulus *s;
} chain_noise;

/* The same noise for a stimulus whatever it is asked together with, and for every model. */
static void draw_noise(void *ctx, float *noise, int64_t size, int64_t t, int64_t i)
{
    const chain_noise *c = ctx;
    rng_stream stream = c->stream;
    stream.sub = (uint32_t)t;
    rng_fill_normal(noise, size, &stream, (uint32_t)c->s[i].place);
}

/* k->x <- up to BATCH pictures, refined. */
static jem_status load_batch(pixel_ctx *k, const stimulus *s, int64_t n)
{
    jem_status st;
    for (int64_t i = 0; i < n; i++) TRY(load_picture(k, k->x + i * k->size, &s[i]));
    if (k->steps > 0) {
        sampler_options o = *k->p.sampler;
        chain_noise noise = {{0, RNG_SAMPLE_NOISE, 0, 0}, s};
        o.steps = k->steps;
        o.decay = DECAY_CONSTANT;
        const sgld_call call = {.options = &o,
                                .step_size = k->p.step_size,
                                .noise = noise.stream,
                                .inject = draw_noise,
                                .inject_ctx = &noise};
        TRY(sgld_chain(k->p.m, &call, k->x, n));
    }
done:
    return st;
}

static int64_t batch_at(int64_t first, int64_t n) { return n - first < BATCH ? n - first : BATCH; }

/* ---- answers */

static jem_status logits(void *ctx, const stimulus *s, int64_t n, double *out)
{
    jem_status st = JEM_OK;
    pixel_ctx *k = ctx;
    int64_t classes = model_classes(k->p.m);
    float *f = NULL;

    TRY(MEM_NEW(f, BATCH * classes));
    for (int64_t first = 0; first < n; first += BATCH) {
        int64_t count = batch_at(first, n);
        TRY(load_batch(k, s + first, count));
        TRY(model_evaluate(k->p.m, k->x, count, NULL, f, NULL, NULL));
        for (int64_t i = 0; i < count * classes; i++) out[first * classes + i] = (double)f[i];
    }
done:
    mem_free(f);
    return st;
}

static jem_status decide(void *ctx, const stimulus *s, int64_t n, int32_t *category)
{
    jem_status st;
    pixel_ctx *k = ctx;
    int64_t classes = model_classes(k->p.m);
    double *f = NULL;

    if (!k->map)
        return jem_error(JEM_EUSAGE, "no class of this network is known to be one of the 16 "
                                     "categories; say which with --mapping FILE");
    TRY(MEM_NEW(f, n * classes));
    TRY(logits(ctx, s, n, f));
    TRY(label_map_decide(k->map, category, f, n, classes, false));
    k->decided = true;
done:
    mem_free(f);
    return st;
}

/* Feature maps of the three stages for pairs a, b [n], n at most BATCH / 2; f [STAGES] owned. */
static jem_status stage_maps(pixel_ctx *k, float *f[STAGES], shape sizes[STAGES], const stimulus *a,
                             const stimulus *b, int64_t n)
{
    jem_status st;
    stimulus pairs[BATCH];
    for (int64_t i = 0; i < n; i++) {
        pairs[2 * i] = a[i];
        pairs[2 * i + 1] = b[i];
    }
    TRY(load_batch(k, pairs, 2 * n));
    for (int l = 0; l < STAGES; l++)
        TRY(model_feature(k->p.m, stage_names[l], k->x, 2 * n, f[l], &sizes[l]));
done:
    return st;
}

static jem_status distance(void *ctx, const stimulus *a, const stimulus *b, int64_t n, float *d)
{
    jem_status st;
    pixel_ctx *k = ctx;
    float *f[STAGES] = {NULL, NULL, NULL};
    shape sizes[STAGES];

    for (int l = 0; l < STAGES; l++) {
        TRY(model_feature(k->p.m, stage_names[l], NULL, 0, NULL, &sizes[l]));
        TRY(MEM_NEW(f[l], BATCH * shape_count(sizes[l])));
    }
    for (int64_t first = 0; first < n; first += BATCH / 2) {
        int64_t count = n - first < BATCH / 2 ? n - first : BATCH / 2;
        TRY(stage_maps(k, f, sizes, a + first, b + first, count));
        for (int64_t i = 0; i < count; i++) {
            lpips_layer layers[STAGES];
            for (int l = 0; l < STAGES; l++) {
                int64_t size = shape_count(sizes[l]);
                layers[l] = (lpips_layer){f[l] + 2 * i * size, f[l] + (2 * i + 1) * size,
                                          sizes[l].c, sizes[l].h * sizes[l].w};
            }
            d[first + i] = lpips_distance(layers, STAGES);
        }
    }
done:
    for (int l = 0; l < STAGES; l++) mem_free(f[l]);
    return st;
}

/* pixels [height*width] of the network's own size <- largest |gradient| of the channels. */
static void strongest_channel(double *pixels, const float *grad, int64_t channels, int64_t count)
{
    for (int64_t p = 0; p < count; p++) {
        double most = 0;
        for (int64_t c = 0; c < channels; c++) most = fmax(most, fabs((double)grad[c * count + p]));
        pixels[p] = most;
    }
}

static jem_status saliency(void *ctx, const stimulus *s, int64_t y, float *map, int64_t height,
                           int64_t width)
{
    jem_status st;
    pixel_ctx *k = ctx;
    int64_t own = k->height * k->width, count = height * width;
    int32_t label = (int32_t)y;
    float *grad = NULL;
    double *pixels = NULL, *resized = NULL;

    if (y >= model_classes(k->p.m))
        return jem_error(JEM_EUSAGE,
                         "%s: class %" PRId64 " of a network with %" PRId64 " classes; "
                         "ask for the gradient of log-sum-exp, which needs no class",
                         name_of(s), y, model_classes(k->p.m));
    TRY(MEM_NEW(grad, k->size));
    TRY(MEM_NEW(pixels, own));
    TRY(MEM_NEW(resized, count));
    TRY(load_batch(k, s, 1));
    TRY(model_evaluate(k->p.m, k->x, 1, y < 0 ? NULL : &label, NULL, NULL, grad));
    strongest_channel(pixels, grad, k->channels, own);
    TRY(map_resize(resized, height, width, pixels, k->height, k->width));
    for (int64_t i = 0; i < count; i++) map[i] = (float)resized[i];
done:
    mem_free(grad);
    mem_free(pixels);
    mem_free(resized);
    return st;
}

static jem_status features(void *ctx, const char *layer, const stimulus *s, int64_t n, float *out,
                           int64_t *dim)
{
    jem_status st;
    pixel_ctx *k = ctx;
    shape size = {0, 0, 0};

    TRY(model_feature(k->p.m, layer, NULL, 0, NULL, &size));
    *dim = shape_count(size);
    for (int64_t first = 0; out && first < n; first += BATCH) {
        int64_t count = batch_at(first, n);
        TRY(load_batch(k, s + first, count));
        TRY(model_feature(k->p.m, layer, k->x, count, out + first * *dim, NULL));
    }
done:
    return st;
}

static jem_status refine(void *ctx, int64_t steps)
{
    pixel_ctx *k = ctx;
    if (steps < 0 || (steps > 0 && !k->p.sampler))
        return jem_error(JEM_EUSAGE, "refinement takes a sampler and 0 or more steps");
    k->steps = steps;
    return JEM_OK;
}

static jem_status use_mapping(void *ctx, struct label_map *map)
{
    pixel_ctx *k = ctx;
    label_map_free(k->map);
    k->map = map;
    return JEM_OK;
}

static void describe(void *ctx, char *text, size_t size)
{
    const pixel_ctx *k = ctx;
    size_t used = 0;
    text[0] = '\0';
    if (k->resized)
        used = (size_t)snprintf(text, size, "pictures resized to %" PRId64 "x%" PRId64, k->width,
                                k->height);
    if (!k->decided || used >= size) return;
    char kinds[200];
    label_map_describe(k->map, kinds, sizeof kinds);
    if (kinds[0]) snprintf(text + used, size - used, "%s%s", used ? "; " : "", kinds);
}

static void release(void *ctx)
{
    pixel_ctx *k = ctx;
    if (!k) return;
    label_map_free(k->map);
    mem_free(k->x);
    mem_free(k->planar);
    mem_free(k);
}

static const subject_ops ops = {
    .logits = logits,
    .decide = decide,
    .distance = distance,
    .saliency = saliency,
    .features = features,
    .refine = refine,
    .use_mapping = use_mapping,
    .describe = describe,
    .free = release,
};

/* The categories of its classes as far as they are known. */
static jem_status find_map(label_map **out, const pixel_subject *p)
{
    int64_t classes = model_classes(p->m);
    if (p->class_names) return label_map_of_names(out, p->class_names, classes);
    return classes == IMAGENET_CLASSES ? label_map_imagenet(out) : JEM_OK;
}

jem_status subject_of_model(subject *out, const pixel_subject *p)
{
    jem_status st;
    pixel_ctx *k = NULL;
    const model_spec *spec = model_get_spec(p->m);

    TRY(MEM_NEW(k, 1));
    k->p = *p;
    k->channels = spec->channels;
    k->height = spec->height;
    k->width = spec->width;
    k->size = model_input_count(p->m);
    units_table(k->units);
    TRY(MEM_NEW(k->x, BATCH * k->size));
    TRY(MEM_NEW(k->planar, k->size));
    TRY(find_map(&k->map, p));
    k->p.class_names = NULL;
    *out = (subject){.alpha = p->alpha,
                     .seed = p->seed,
                     .classes = model_classes(p->m),
                     .logits_known = true,
                     .needs_pictures = true,
                     .ops = &ops,
                     .ctx = k};
    snprintf(out->name, sizeof out->name, "%.63s", spec->name);
    k = NULL;
done:
    release(k);
    return st;
}
