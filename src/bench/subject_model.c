/* A trained JEM as a subject: pictures are brought to the network's size and units, or to
 * its latents (subject_view.h), then asked about in batches. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "bench/label_map.h"
#include "bench/map_prepare.h"
#include "bench/perceptual.h"
#include "bench/subject_view.h"
#include "model/linear.h"

enum { BATCH = 64, IMAGENET_CLASSES = 1000 };

typedef struct model_ctx {
    model_subject p;
    model *m;       /* p.m, or `other` */
    model *other;   /* the same network for pictures of another size; NULL: there is none */
    view v;
    int64_t size;   /* of the network's input */
    float *x;       /* scratch [BATCH][size] */
    label_map *map; /* NULL: decides nothing */
    lpips_linear linear; /* of distances; none: they are uncalibrated */
    int64_t steps;  /* of refinement */
    bool decided;   /* since the subject was made */
} model_ctx;

/* ---- pictures */

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
static jem_status load_batch(model_ctx *k, const stimulus *s, int64_t n)
{
    jem_status st;
    TRY(k->v.ops->load(k->v.ctx, k->x, s, n));
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
        TRY(sgld_chain(k->m, &call, k->x, n));
    }
done:
    return st;
}

static int64_t batch_at(int64_t first, int64_t n) { return n - first < BATCH ? n - first : BATCH; }

/* ---- answers */

static jem_status logits(void *ctx, const stimulus *s, int64_t n, double *out)
{
    jem_status st = JEM_OK;
    model_ctx *k = ctx;
    int64_t classes = model_classes(k->m);
    float *f = NULL;

    TRY(MEM_NEW(f, BATCH * classes));
    for (int64_t first = 0; first < n; first += BATCH) {
        int64_t count = batch_at(first, n);
        TRY(load_batch(k, s + first, count));
        TRY(model_evaluate(k->m, k->x, count, NULL, f, NULL, NULL));
        for (int64_t i = 0; i < count * classes; i++) out[first * classes + i] = (double)f[i];
    }
done:
    mem_free(f);
    return st;
}

static jem_status decide(void *ctx, const stimulus *s, int64_t n, int32_t *category)
{
    jem_status st;
    model_ctx *k = ctx;
    int64_t classes = model_classes(k->m);
    double *f = NULL;

    if (!k->map)
        return jem_error(JEM_EUSAGE, "no class of this network is known to be one of the 16 "
                                     "categories; say which with a mapping");
    TRY(MEM_NEW(f, n * classes));
    TRY(logits(ctx, s, n, f));
    TRY(label_map_decide(k->map, category, f, n, classes, false));
    k->decided = true;
done:
    mem_free(f);
    return st;
}

/* *m <- room for the stages of as many pictures as are looked at together. */
static jem_status stages_of(stage_maps *m, const model_ctx *k)
{
    jem_status st;
    const char *const *names = model_stages(k->m);
    shape sizes[STAGES_MAX];
    int count = 0;

    *m = (stage_maps){.count = 0};
    for (; names[count] && count < STAGES_MAX; count++)
        TRY(model_feature(k->m, names[count], NULL, 0, NULL, &sizes[count]));
    TRY(stage_maps_init(m, sizes, count, BATCH));
done:
    return st;
}

/* m <- the stages of pairs a, b [n], 2 n at most m->pictures. */
static jem_status look_at_pairs(stage_maps *m, model_ctx *k, const stimulus *a, const stimulus *b,
                                int64_t n)
{
    jem_status st;
    stimulus pairs[BATCH];
    for (int64_t i = 0; i < n; i++) {
        pairs[2 * i] = a[i];
        pairs[2 * i + 1] = b[i];
    }
    TRY(load_batch(k, pairs, 2 * n));
    TRY(model_features(k->m, model_stages(k->m), k->x, 2 * n, m->maps));
done:
    return st;
}

static jem_status distance(void *ctx, const stimulus *a, const stimulus *b, int64_t n, float *d)
{
    jem_status st;
    model_ctx *k = ctx;
    stage_maps m;

    TRY(stages_of(&m, k));
    for (int64_t first = 0; first < n; first += m.pictures / 2) {
        int64_t count = n - first < m.pictures / 2 ? n - first : m.pictures / 2;
        TRY(look_at_pairs(&m, k, a + first, b + first, count));
        stage_maps_distances(d + first, &m, count, k->linear.count > 0 ? &k->linear : NULL);
    }
done:
    stage_maps_clear(&m);
    return st;
}

static jem_status use_lpips(void *ctx, const char *path)
{
    jem_status st;
    model_ctx *k = ctx;
    lpips_linear l = {.count = 0};
    stage_maps m;

    TRY(stages_of(&m, k));
    TRY(lpips_linear_read(&l, path));
    TRY(lpips_linear_check(&l, m.sizes, m.count, model_get_spec(k->m)->name));
    lpips_linear_clear(&k->linear);
    k->linear = l;
    l = (lpips_linear){.count = 0};
done:
    stage_maps_clear(&m);
    lpips_linear_clear(&l);
    return st;
}

static jem_status saliency(void *ctx, const stimulus *s, const saliency_request *how, float *map,
                           int64_t height, int64_t width)
{
    jem_status st;
    model_ctx *k = ctx;
    int64_t count = height * width;
    int32_t label = (int32_t)how->y;
    float *grad = NULL;
    double *pixels = NULL, *resized = NULL;

    if (how->y >= model_classes(k->m))
        return jem_error(JEM_EUSAGE,
                         "%s: class %" PRId64 " of a network with %" PRId64 " classes; "
                         "ask for the gradient of log-sum-exp, which needs no class",
                         s->name ? s->name : "stimulus", how->y, model_classes(k->m));
    TRY(MEM_NEW(grad, k->size));
    TRY(MEM_NEW(pixels, k->v.height * k->v.width));
    TRY(MEM_NEW(resized, count));
    TRY(load_batch(k, s, 1));
    TRY(model_evaluate(k->m, k->x, 1, how->y < 0 ? NULL : &label, NULL, NULL, grad));
    TRY(k->v.ops->importance(k->v.ctx, pixels, k->x, grad, how));
    TRY(map_resize(resized, height, width, pixels, k->v.height, k->v.width));
    for (int64_t i = 0; i < count; i++) map[i] = (float)resized[i];
done:
    mem_free(grad);
    mem_free(pixels);
    mem_free(resized);
    return st;
}

static jem_status show(void *ctx, const stimulus *s, image *out)
{
    jem_status st;
    model_ctx *k = ctx;
    TRY(load_batch(k, s, 1));
    TRY(k->v.ops->show(k->v.ctx, out, k->x));
done:
    return st;
}

static jem_status features(void *ctx, const char *layer, const stimulus *s, int64_t n, float *out,
                           int64_t *dim)
{
    jem_status st;
    model_ctx *k = ctx;
    shape size = {0, 0, 0};

    if (!layer) layer = model_last_head(k->m);
    TRY(model_feature(k->m, layer, NULL, 0, NULL, &size));
    *dim = shape_count(size);
    for (int64_t first = 0; out && first < n; first += BATCH) {
        int64_t count = batch_at(first, n);
        TRY(load_batch(k, s + first, count));
        TRY(model_feature(k->m, layer, k->x, count, out + first * *dim, NULL));
    }
done:
    return st;
}

static jem_status refine(void *ctx, int64_t steps)
{
    model_ctx *k = ctx;
    if (steps < 0 || (steps > 0 && !k->p.sampler))
        return jem_error(JEM_EUSAGE, "refinement takes a sampler and 0 or more steps");
    k->steps = steps;
    return JEM_OK;
}

static jem_status use_mapping(void *ctx, struct label_map *map)
{
    model_ctx *k = ctx;
    label_map_free(k->map);
    k->map = map;
    return JEM_OK;
}

/* ---- pictures of another size */

/* The same parameters for inputs of another size. */
static jem_status new_of_size(model **out, const model_ctx *k, shape input)
{
    jem_status st;
    model *m = NULL;
    model_spec spec = *model_get_spec(k->p.m);
    const engine_spec *engine = model_get_engine(k->p.m);

    model_spec_resize(&spec, input.h, input.w);
    TRY(model_new(&m, &spec, engine));
    if (model_params_count(m) != model_params_count(k->p.m)) {
        st = jem_error(JEM_EUSAGE,
                       "%s: its parameters are made for inputs of %" PRId64 "x%" PRId64
                       " and takes no others", spec.name, model_get_spec(k->p.m)->height,
                       model_get_spec(k->p.m)->width);
        goto done;
    }
    memcpy(model_params(m), model_params(k->p.m),
           (size_t)model_params_count(m) * sizeof *model_params(m));
    TRY(model_params_changed(m));
    model_set_stop(m, model_get_stop(k->p.m));
    *out = m;
    m = NULL;
done:
    model_free(m);
    return st;
}

/* *v, *other <- how pictures of this side (0: the network's own) are looked at; *other is NULL where it is
 * the network itself that does. */
static jem_status of_side(view *v, model **other, const model_ctx *k, int64_t side)
{
    jem_status st = JEM_OK;
    const model_spec *own = model_get_spec(k->p.m);
    shape input = {own->channels, side ? side : own->height, side ? side : own->width};

    if (k->p.latents) {
        TRY(view_of_latents(v, k->p.latents, side));
        input = v->input;
    }
    if (input.h != own->height || input.w != own->width) TRY(new_of_size(other, k, input));
    if (!k->p.latents) TRY(view_of_pixels(v, *other ? *other : k->p.m));
done:
    return st;
}

static jem_status look_at(void *ctx, int64_t side)
{
    jem_status st;
    model_ctx *k = ctx;
    view v = {.ops = NULL};
    model *other = NULL;
    float *x = NULL;

    TRY(of_side(&v, &other, k, side));
    TRY(MEM_NEW(x, BATCH * shape_count(v.input)));
    view_clear(&k->v);
    model_free(k->other);
    mem_free(k->x);
    k->v = v;
    k->other = other;
    k->m = other ? other : k->p.m;
    k->x = x;
    k->size = shape_count(v.input);
    return JEM_OK;
done:
    view_clear(&v);
    model_free(other);
    return st;
}

/* ---- the subject */

static void describe(void *ctx, char *text, size_t size)
{
    const model_ctx *k = ctx;
    char kinds[200];

    k->v.ops->describe(k->v.ctx, text, size);
    size_t used = strlen(text);
    if (k->linear.count > 0 && used < size)
        used += (size_t)snprintf(text + used, size - used, "%slinear weights of LPIPS, %s (SHA-256 %.16s)",
                                 used ? "; " : "", k->linear.name, k->linear.sha256);
    if (!k->decided || used >= size) return;
    label_map_describe(k->map, kinds, sizeof kinds);
    if (kinds[0]) snprintf(text + used, size - used, "%s%s", used ? "; " : "", kinds);
}

static void release(void *ctx)
{
    model_ctx *k = ctx;
    if (!k) return;
    label_map_free(k->map);
    lpips_linear_clear(&k->linear);
    view_clear(&k->v);
    model_free(k->other);
    mem_free(k->x);
    mem_free(k);
}

#define CLASSIFIER_OPS                                                                             \
    .logits = logits, .decide = decide, .saliency = saliency, .features = features, .show = show,  \
    .use_mapping = use_mapping, .describe = describe, .free = release
#define COMMON_OPS CLASSIFIER_OPS, .distance = distance, .refine = refine, .use_lpips = use_lpips
static const subject_ops one_size_ops = {COMMON_OPS};
static const subject_ops any_size_ops = {COMMON_OPS, .look_at = look_at};

/* The autoencoder alone has distances of its own (subject_vae.c), and no energy to refine by. */
static const subject_ops probe_ops = {CLASSIFIER_OPS};
const char subject_probe_name[] = "autoencoder-probe";
#define PROBE_NOTE "the autoencoder alone, answering by a linear layer on its latents (jem's choice: the paper does not say how it answers)"

bool subject_is_probe(const model_subject *p)
{
    return p->latents && model_get_spec(p->m)->network == &network_linear;
}

/* What a network without logits or stages answers. */
static const subject_ops features_ops = {
    .features = features, .show = show, .describe = describe, .free = release};

/* Latents are of any size, and so are photographs to most networks; a JEM on pixels is asked about the size that it was
 * trained on. */
static const subject_ops *ops_of(const model_subject *p)
{
    const network *n = model_get_spec(p->m)->network;
    if (!n->logits) return &features_ops;
    if (subject_is_probe(p)) return &probe_ops;
    return p->latents || (n->photographs && !n->one_size) ? &any_size_ops : &one_size_ops;
}

/* The categories of its classes as far as they are known. */
static jem_status find_map(label_map **out, const model_subject *p)
{
    int64_t classes = model_classes(p->m);
    if (p->class_names) return label_map_of_names(out, p->class_names, classes);
    return classes == IMAGENET_CLASSES ? label_map_imagenet(out) : JEM_OK;
}

jem_status subject_of_model(subject *out, const model_subject *p)
{
    jem_status st;
    model_ctx *k = NULL;

    TRY(MEM_NEW(k, 1));
    k->p = *p;
    k->m = p->m;
    if (p->latents)
        TRY(view_of_latents(&k->v, p->latents, 0));
    else
        TRY(view_of_pixels(&k->v, p->m));
    k->size = model_input_count(p->m);
    if (shape_count(k->v.input) != k->size) {
        st = jem_error(JEM_EDATA, "the network takes %" PRId64 " numbers, a latent has %" PRId64
                                  ": it was not trained on latents of this autoencoder",
                       k->size, shape_count(k->v.input));
        goto done;
    }
    TRY(MEM_NEW(k->x, BATCH * k->size));
    TRY(find_map(&k->map, p));
    k->p.class_names = NULL;
    *out = (subject){.alpha = p->alpha,
                     .seed = p->seed,
                     .classes = model_classes(p->m),
                     .logits_known = model_get_spec(p->m)->network->logits,
                     .needs_pictures = true,
                     .ops = ops_of(p),
                     .ctx = k};
    snprintf(out->name, sizeof out->name, "%.63s", subject_is_probe(p) ? subject_probe_name : model_get_spec(p->m)->name);
    if (subject_is_probe(p)) snprintf(out->note, sizeof out->note, "%s", PROBE_NOTE);
    subject_note_together(out, p->m);
    k = NULL;
done:
    release(k);
    return st;
}
