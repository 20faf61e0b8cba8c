/* Pictures drawn from a PixelVAE: what is drawn pixel by pixel is what one pass over the whole picture says of each. */
#include "train/tiny.h"

#include "energy/logistic_mixture.h"
#include "model/init.h"
#include "model/pixelvae.h"
#include "study/pixel_draws.h"

enum { N = 2, AREA = TINY_SIDE * TINY_SIDE, MIXTURES = 2, LATENTS = 3 };

/* The network's words on picture x, given a code. */
static void say(float *out, const model *m, const float *code, const float *x)
{
    double given[LATENTS][2];
    const plan_options o = {.batch = 1, .precision = JEM_F32};
    const plan_call call = {.count = 1};
    graph *g = NULL;
    plan *p = NULL;
    workspace *w = NULL;
    for (int d = 0; d < LATENTS; d++) {
        given[d][0] = 0;
        given[d][1] = (double)code[d];
    }
    check_ok(pixelvae_decoder(&g, model_get_spec(m), (const double(*)[2])given));
    check_ok(plan_compile(&p, g, model_backend(m), &o));
    check_ok(plan_load(p, model_params((model *)(uintptr_t)m)));
    check_ok(workspace_new(&w, p));
    check_ok(plan_forward(w, &call, x, out));
    workspace_free(w);
    plan_free(p);
    graph_free(g);
}

static void a_pass_over_the_whole_says_what_was_drawn(void **state)
{
    (void)state;
    config cfg;
    model *m = NULL;
    static float x[N * TINY_COUNT], again[N * TINY_COUNT], pictures[N * TINY_COUNT], out[10 * MIXTURES * AREA];
    float codes[N * LATENTS];
    tiny_config(&cfg, (const char *[]){TINY_PIXELVAE, NULL});
    check_ok(model_new(&m, &cfg.model, &cfg.engine));
    params_init(model_params(m), model_graph(m), 5);
    for (int64_t k = 0; k < model_params_count(m); k++) model_params(m)[k] *= 1.5f; /* codes and pixels matter */
    check_ok(model_params_changed(m));
    run r = {.m = m, .data = tiny_splits(4, 2)};
    check_ok(mem_strdup(&r.path, "run"));

    check_ok(pixel_draws(x, &r, N, 7));
    check_ok(pixel_draws(again, &r, N, 7));
    assert_memory_equal(again, x, sizeof x);
    check_ok(pixel_draws(again, &r, N, 8));
    assert_true(memcmp(again, x, sizeof x) != 0);

    check_ok(dataset_floats(pictures, r.data.test, (int64_t[]){0, 1}, N));
    check_ok(model_feature(m, "latents", pictures, N, codes, NULL));
    for (int i = 0; i < N; i++) {
        const rng_stream s = {7, RNG_SAMPLE, (uint32_t)i, 0};
        float *at = x + i * TINY_COUNT;
        say(out, m, codes + i * LATENTS, at);
        for (int p = 0; p < AREA; p++) {
            double l[10 * MIXTURES], u[MIXTURES + 3], pixel[3] = {0, 0, 0};
            for (int c = 0; c < 10 * MIXTURES; c++) l[c] = (double)out[c * AREA + p];
            for (int k = 0; k < MIXTURES + 3; k++)
                u[k] = 1e-5 + (1 - 2e-5) * (double)rng_unit(&s, (uint32_t)p, (uint32_t)k);
            mixture_draw(pixel, l, MIXTURES, u, u + MIXTURES);
            for (int j = 0; j < 3; j++) check_near(at[j * AREA + p], pixel[j], 1e-4, 1);
        }
    }
    check_fails(pixel_draws(x, &r, 4, 7), JEM_EDATA, "has 3 test pictures for the codes of 4 samples");
    splits_free(&r.data);
    mem_free(r.path);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pass_over_the_whole_says_what_was_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
