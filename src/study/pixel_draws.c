/* Storrs et al. 2021; Salimans et al. 2017: see pixel_draws.h. */
#include "study/pixel_draws.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/try.h"
#include "energy/logistic_mixture.h"
#include "model/pixelvae.h"

typedef struct painter {
    run *r;
    int64_t latents, mixtures, area;
    double (*code)[2]; /* [latents]: of the picture that is drawn */
    graph *g;
    plan *p;
    workspace *w;
    float *out;        /* [10 mixtures][area] */
} painter;

static jem_status painter_init(painter *k, run *r)
{
    jem_status st;
    const model_spec *s = model_get_spec(r->m);
    const pixelvae_settings *o = pixelvae_settings_of(s);
    const plan_options options = {.batch = 1, .precision = JEM_F32};

    *k = (painter){.r = r, .latents = o->latents, .mixtures = o->mixtures, .area = s->height * s->width};
    TRY(mem_alloc(&k->code, (size_t)k->latents, sizeof *k->code));
    TRY(MEM_NEW(k->out, MIXTURE_VALUES * k->mixtures * k->area));
    TRY(pixelvae_decoder(&k->g, s, (const double(*)[2])k->code));
    TRY(plan_compile(&k->p, k->g, model_backend(r->m), &options));
    TRY(plan_load(k->p, model_params(r->m)));
    TRY(workspace_new(&k->w, k->p));
done:
    return st;
}

static void painter_clear(painter *k)
{
    workspace_free(k->w);
    plan_free(k->p);
    graph_free(k->g);
    mem_free(k->out);
    mem_free(k->code);
}

/* A number of [1e-5, 1 - 1e-5]. */
static double inner_unit(const rng_stream *s, int64_t pixel, int64_t element)
{
    return 1e-5 + (1 - 2e-5) * (double)rng_unit(s, (uint32_t)pixel, (uint32_t)element);
}

/* Pixel p of x, from what the network says of it. */
static void draw_pixel(const painter *k, float *x, int64_t p, const rng_stream *s)
{
    double l[MIXTURE_VALUES * MIXTURES_MOST], u[MIXTURES_MOST], v[3], pixel[3] = {0, 0, 0};

    for (int64_t c = 0; c < MIXTURE_VALUES * k->mixtures; c++) l[c] = (double)k->out[c * k->area + p];
    for (int64_t i = 0; i < k->mixtures; i++) u[i] = inner_unit(s, p, i);
    for (int j = 0; j < 3; j++) v[j] = inner_unit(s, p, k->mixtures + j);
    mixture_draw(pixel, l, k->mixtures, u, v);
    for (int j = 0; j < 3; j++) x[j * k->area + p] = (float)pixel[j];
}

static jem_status draw_picture(painter *k, float *x, const float *code, const rng_stream *s)
{
    jem_status st = JEM_OK;
    const plan_call call = {.count = 1};

    memset(x, 0, (size_t)(3 * k->area) * sizeof *x);
    for (int64_t d = 0; d < k->latents; d++) k->code[d][1] = (double)code[d];
    for (int64_t p = 0; p < k->area; p++) {
        TRY(model_check_stop(k->r->m, 0));
        TRY(plan_forward(k->w, &call, x, k->out));
        draw_pixel(k, x, p, s);
    }
done:
    return st;
}

jem_status pixel_draws(float *x, run *r, int64_t n, int64_t seed)
{
    jem_status st;
    painter k = {.r = NULL};
    float *codes = NULL;

    if (!r->data.train) TRY(run_load_data(r));
    if (r->data.test->n < n) {
        st = jem_error(JEM_EDATA, "%s: has %lld test pictures for the codes of %lld samples: lower --n", r->path,
                       (long long)r->data.test->n, (long long)n);
        goto done;
    }
    TRY(painter_init(&k, r));
    TRY(MEM_NEW(codes, n * k.latents));
    log_info("%lld pictures, a pass of the network for each of %lld pixels", (long long)n, (long long)k.area);
    for (int64_t i = 0; i < n; i++) TRY(dataset_floats(x + i * 3 * k.area, r->data.test, &i, 1));
    TRY(model_feature(r->m, "latents", x, n, codes, NULL));
    for (int64_t i = 0; i < n; i++) {
        const rng_stream s = {(uint64_t)seed, RNG_SAMPLE, (uint32_t)i, 0};
        TRY(draw_picture(&k, x + i * 3 * k.area, codes + i * k.latents, &s));
    }
done:
    painter_clear(&k);
    mem_free(codes);
    return st;
}
