/* Subjects that see pictures through an autoencoder: each answer is that of the parts, put
 * together by hand. */
#include "support/folder.h"
#include "support/small_vae.h"
#include "support/wrn_spec.h"

#include <string.h>

#include "base/mem.h"
#include "bench/subject.h"
#include "data/pictures/units.h"
#include "model/init.h"
#include "stats/lpips.h"

enum { SIDE = 32, CLASSES = 10, PIXELS = 3 * SIDE * SIDE, LATENT = 4 * 8 * 8 };

typedef struct seeing {
    latent_codec codec;
    latent_space space;
    model *m;
    sampler_options sampler;
    image picture[2];
    stimulus s[2];
    subject who;
} seeing;

static void see(seeing *k)
{
    const engine_spec engine = {.threads = 1, .device = "cpu"};
    const model_spec spec = wrn_spec(
        (model_spec){.name = "wrn-10-1", .classes = CLASSES, .channels = 4, .height = 8, .width = 8},
        (wrn_settings){.pool = POOL_ADAPTIVE});
    const option_group groups[] = {{"sampler", sampler_option_table, &k->sampler},
                                   {NULL, NULL, NULL}};
    char path[128];

    memset(k, 0, sizeof *k);
    write_small_vae(folder, "vae.safetensors", 8);
    snprintf(path, sizeof path, "%s/vae.safetensors", folder);
    check_ok(latent_codec_open(&k->codec, path, &engine));
    check_ok(latent_space_init(&k->space, &k->codec, k->codec.hash, 0.5, SIDE, "RUN"));
    check_ok(model_new(&k->m, &spec, &engine));
    check_ok(params_init_hash_f32(model_params(k->m), model_graph(k->m), 2.0));
    check_ok(model_params_changed(k->m));
    check_ok(options_defaults(groups));
    k->sampler.clip = false;
    for (int n = 0; n < 2; n++) {
        check_ok(image_init(&k->picture[n], SIDE, SIDE, 3));
        for (int i = 0; i < PIXELS; i++)
            k->picture[n].pixels[i] = (uint8_t)((i * 37 + n * 101 + i * i * (n + 3)) % 256);
        k->s[n] = (stimulus){.name = "p", .place = n, .picture = &k->picture[n]};
    }
    const model_subject p = {.m = k->m, .sampler = &k->sampler, .step_size = 1, .alpha = 0.5,
                             .seed = 3, .latents = &k->space};
    check_ok(subject_of_model(&k->who, &p));
}

static void look_away(seeing *k)
{
    subject_clear(&k->who);
    model_free(k->m);
    latent_codec_clear(&k->codec);
    for (int n = 0; n < 2; n++) image_clear(&k->picture[n]);
}

/* x [3][side][side] in [-1,1]. */
static void floats_of(float *x, const image *m)
{
    float units[256];
    uint8_t *planar = NULL;
    int64_t count = m->height * m->width * 3;
    units_table(units);
    check_ok(MEM_NEW(planar, count));
    image_to_planar(planar, m);
    for (int64_t i = 0; i < count; i++) x[i] = units[planar[i]];
    mem_free(planar);
}

/* z [4][side/4][side/4] as the run sees it. */
static void latent_of(const seeing *k, float *z, const image *m)
{
    float *x = NULL;
    check_ok(MEM_NEW(x, m->height * m->width * 3));
    floats_of(x, m);
    check_ok(autoencoder_encode(k->codec.vae, (autoencoder_batch){1, m->height, m->width}, x, z,
                                NULL));
    for (int64_t i = 0; i < m->height * m->width / 4; i++) z[i] *= 0.5f;
    mem_free(x);
}

static void logits_are_those_of_the_scaled_latent(void **state)
{
    (void)state;
    seeing k;
    float z[LATENT], expected[CLASSES];
    double f[2][CLASSES];
    see(&k);
    check_ok(k.who.ops->logits(k.who.ctx, k.s, 2, &f[0][0]));
    for (int n = 0; n < 2; n++) {
        latent_of(&k, z, &k.picture[n]);
        check_ok(model_evaluate(k.m, z, 1, NULL, expected, NULL, NULL));
        for (int c = 0; c < CLASSES; c++) assert_true(f[n][c] == (double)expected[c]);
    }
    look_away(&k);
}

static void maps_are_gradients_through_the_decoder(void **state)
{
    (void)state;
    seeing k;
    static float z[LATENT], grad[LATENT], moved[PIXELS], map[SIDE * SIDE], other[SIDE * SIDE];
    const int32_t y = 4;
    see(&k);
    latent_of(&k, z, &k.picture[1]);
    check_ok(model_evaluate(k.m, z, 1, &y, NULL, NULL, grad));
    for (int i = 0; i < LATENT; i++) z[i] /= 0.5f;
    check_ok(autoencoder_decode_jvp(k.codec.vae, (autoencoder_batch){1, 8, 8}, z, grad, NULL, moved));
    check_ok(k.who.ops->saliency(k.who.ctx, &k.s[1], &(const saliency_request){.y = 4}, map, SIDE,
                                 SIDE));
    for (int p = 0; p < SIDE * SIDE; p++) {
        const float *v = moved + p;
        float most = fmaxf(fabsf(v[0]), fmaxf(fabsf(v[SIDE * SIDE]), fabsf(v[2 * SIDE * SIDE])));
        assert_true(map[p] == most);
    }
    check_ok(k.who.ops->saliency(k.who.ctx, &k.s[1],
                                 &(const saliency_request){.y = 4, .channel_mean = true}, other,
                                 SIDE, SIDE));
    for (int p = 0; p < SIDE * SIDE; p++) assert_true(other[p] < map[p] * 1.0001f);
    check_ok(k.who.ops->saliency(k.who.ctx, &k.s[1],
                                 &(const saliency_request){.y = 4, .difference = true}, other, SIDE,
                                 SIDE));
    double difference = 0, whole = 0;
    for (int p = 0; p < SIDE * SIDE; p++) {
        difference += (double)((other[p] - map[p]) * (other[p] - map[p]));
        whole += (double)(map[p] * map[p]);
    }
    assert_true(sqrt(difference / whole) < 0.02);
    look_away(&k);
}

/* Refined latents are shown decoded; no steps shows what the autoencoder makes of a picture. */
static void refined_pictures_are_decoded(void **state)
{
    (void)state;
    seeing k;
    image plain = IMAGE_INIT, again = IMAGE_INIT, moved = IMAGE_INIT, expected = IMAGE_INIT;
    static float z[LATENT], x[PIXELS];
    see(&k);
    check_ok(k.who.ops->show(k.who.ctx, &k.s[0], &plain));
    latent_of(&k, z, &k.picture[0]);
    for (int i = 0; i < LATENT; i++) z[i] /= 0.5f;
    check_ok(autoencoder_decode(k.codec.vae, (autoencoder_batch){1, 8, 8}, z, x));
    check_ok(image_init(&expected, SIDE, SIDE, 3));
    image_from_floats(&expected, x);
    assert_memory_equal(plain.pixels, expected.pixels, PIXELS);
    check_ok(k.who.ops->refine(k.who.ctx, 5));
    check_ok(k.who.ops->show(k.who.ctx, &k.s[0], &moved));
    check_ok(k.who.ops->show(k.who.ctx, &k.s[0], &again));
    assert_memory_equal(moved.pixels, again.pixels, PIXELS);
    assert_memory_not_equal(moved.pixels, plain.pixels, PIXELS);
    image_clear(&plain);
    image_clear(&again);
    image_clear(&moved);
    image_clear(&expected);
    look_away(&k);
}

static void distances_are_taken_at_the_size_asked_for(void **state)
{
    (void)state;
    seeing k;
    float at_own[1], large[1], back[1];
    see(&k);
    check_ok(k.who.ops->distance(k.who.ctx, &k.s[0], &k.s[1], 1, at_own));
    check_ok(k.who.ops->look_at(k.who.ctx, 64));
    check_ok(k.who.ops->distance(k.who.ctx, &k.s[0], &k.s[1], 1, large));
    assert_true(large[0] > 0 && large[0] != at_own[0]);
    check_ok(k.who.ops->look_at(k.who.ctx, 0));
    check_ok(k.who.ops->distance(k.who.ctx, &k.s[0], &k.s[1], 1, back));
    assert_true(back[0] == at_own[0]);
    check_fails(k.who.ops->look_at(k.who.ctx, 30), JEM_EUSAGE, "multiples of 4");
    look_away(&k);
}

static void the_autoencoder_alone_compares_its_features(void **state)
{
    (void)state;
    seeing k;
    subject alone;
    float d[1], *maps[2][8] = {{NULL}};
    static float x[PIXELS];
    lpips_layer layers[3];
    see(&k);
    check_ok(subject_of_autoencoder(&alone, &k.codec));
    check_ok(alone.ops->distance(alone.ctx, &k.s[0], &k.s[1], 1, d));
    for (int n = 0; n < 2; n++) {
        floats_of(x, &k.picture[n]);
        for (int l = 0; l < 3; l++) {
            const shape size = autoencoder_feature_shape(&small_vae, l, SIDE, SIDE);
            check_ok(MEM_NEW(maps[n][l], shape_count(size)));
        }
        check_ok(autoencoder_features(k.codec.vae, (autoencoder_batch){1, SIDE, SIDE}, x, maps[n]));
    }
    for (int l = 0; l < 3; l++) {
        const shape size = autoencoder_feature_shape(&small_vae, l, SIDE, SIDE);
        layers[l] = (lpips_layer){maps[0][l], maps[1][l], size.c, size.h * size.w, NULL};
    }
    assert_true(d[0] == lpips_distance(layers, 3));
    assert_null(alone.ops->logits);
    for (int n = 0; n < 2; n++)
        for (int l = 0; l < 3; l++) mem_free(maps[n][l]);
    subject_clear(&alone);
    look_away(&k);
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(logits_are_those_of_the_scaled_latent),
        IN_FOLDER(maps_are_gradients_through_the_decoder),
        IN_FOLDER(refined_pictures_are_decoded),
        IN_FOLDER(distances_are_taken_at_the_size_asked_for),
        IN_FOLDER(the_autoencoder_alone_compares_its_features),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
