/* LPIPS on the networks of its authors: with hash parameters the values of the package lpips in PyTorch (double),
 * uncalibrated and with its linear weights; files of linear weights; a subject that takes them. */
#include "support/folder.h"
#include "support/hash_fill.h"
#include "support/published_weights.h"

#include "base/mem.h"
#include "bench/bench.h"
#include "bench/perceptual.h"
#include "bench/subject.h"
#include "nn/plan.h"
#include "tensor/safetensors.h"

enum { SIDE = 64, PIXELS = 3 * SIDE * SIDE, STAGES = 7 };

typedef struct golden_stage {
    double norm, sum; /* of the map of x */
    double distance;  /* of x and xq, uncalibrated; with linear weights */
    double linear;
} golden_stage;

typedef struct golden_net {
    const char *name, *file;
    int count;
    golden_stage stages[STAGES];
    double distance, linear;
} golden_net;

static const golden_net alexnet = {"alexnet", "alex.pth", 5,
    {{124.6098571, 8380.249892, 1.289893596, 0.04485504495},
     {143.9683448, 7730.280647, 0.2565536888, 0.02223904457},
     {93.30080381, 3003.897155, 0.09496837944, 0.008448386198},
     {49.22381696, 1322.523798, 0.09867563595, 0.01126388011},
     {33.0616405, 892.4578765, 0.09642716263, 0.007185578512}},
    1.836518463, 0.09399193434};

static const golden_net squeezenet = {"squeezenet1_1", "squeeze.pth", 7,
    {{277.6521192, 39501.94736, 1.282545607, 0.1260941522},
     {221.5709573, 20591.24387, 0.1092757205, 0.001133256536},
     {74.77611762, 4674.712797, 0.04310000412, 0.003052933053},
     {27.06525098, 896.140917, 0.02268283485, 0.004828770011},
     {14.73835314, 463.0977493, 0.03104595362, 0.003139212376},
     {10.48780987, 404.0106068, 0.02191905178, 0.00108098672},
     {6.654541897, 257.610325, 0.01604173978, 0.0005649966409}},
    1.526610912, 0.1398943076};

static const golden_net vgg16 = {"vgg16", "vgg.pth", 5,
    {{494.4513823, 152295.991, 0.9082387931, 0.09250183183},
     {407.9616126, 88128.06213, 0.270620045, 0.02019691598},
     {162.9910953, 24382.73083, 0.124937755, 0.008778080003},
     {68.85777864, 6663.416617, 0.04237807584, 0.004357542476},
     {16.49117357, 829.8438066, 0.01994345346, 0.001886119403}},
    1.366118122, 0.1277204897};

static model_spec spec_of(const golden_net *n)
{
    model_spec spec = {.classes = 1000, .channels = 3, .height = SIDE, .width = SIDE};
    check_ok(model_spec_name(&spec, network_list, n->name));
    return spec;
}

/* The stages of x and xq in double; the network's first operation is LPIPS's scaling layer. */
static void maps_in_double(stage_maps *m, const golden_net *n)
{
    const model_spec spec = spec_of(n);
    const char *const *names = spec.network->stages;
    const plan_options o = {.batch = 2, .precision = JEM_F64, .features = names};
    const plan_call call = {.count = 2};
    shape sizes[STAGES];
    double *params = NULL, *x = NULL, *logits = NULL, *map = NULL;
    graph *g = NULL;
    plan *p = NULL;
    workspace *w = NULL;

    check_ok(model_spec_build(&g, &spec));
    check_ok(MEM_NEW(params, g->param_elements));
    hash_fill(params, g);
    check_ok(plan_compile(&p, g, &backend_ref, &o));
    check_ok(workspace_new(&w, p));
    check_ok(plan_load(p, params));
    check_ok(MEM_NEW(x, 2 * PIXELS));
    check_ok(MEM_NEW(logits, 2 * 1000));
    hash_values(x, PIXELS, "x");
    hash_values(x + PIXELS, PIXELS, "xq");
    check_ok(plan_forward(w, &call, x, logits));
    for (int l = 0; l < n->count; l++) sizes[l] = g->nodes[graph_find(g, names[l])].op.dst;
    assert_null(names[n->count]);
    check_ok(stage_maps_init(m, sizes, n->count, 2));
    for (int l = 0; l < n->count; l++) {
        const int64_t count = shape_count(sizes[l]);
        double squares = 0, sum = 0;
        check_ok(MEM_NEW(map, 2 * count));
        check_ok(plan_feature(w, &call, names[l], map));
        for (int64_t i = 0; i < count; i++) {
            squares += map[i] * map[i];
            sum += map[i];
        }
        check_near(sqrt(squares), n->stages[l].norm, 1e-9, n->stages[l].norm);
        check_near(sum, n->stages[l].sum, 1e-9, n->stages[l].sum);
        for (int64_t i = 0; i < 2 * count; i++) m->maps[l][i] = (float)map[i];
        mem_free(map);
    }
    workspace_free(w);
    plan_free(p);
    graph_free(g);
    mem_free(params);
    mem_free(x);
    mem_free(logits);
}

/* Each stage alone, and all of them.  Distances are single precision, as maps are in them. */
static void check_distances(const stage_maps *m, const golden_net *n, const lpips_linear *linear, double within)
{
    float d;
    stage_maps_distances(&d, m, 1, linear);
    check_near((double)d, linear ? n->linear : n->distance, within, linear ? n->linear : n->distance);
    for (int l = 0; l < n->count; l++) {
        const double want = linear ? n->stages[l].linear : n->stages[l].distance;
        stage_maps one = {.count = 1, .pictures = 2, .sizes = {m->sizes[l]}, .maps = {m->maps[l]}};
        lpips_linear own = {.count = 1};
        if (linear) own.weights[0] = linear->weights[l];
        stage_maps_distances(&d, &one, 1, linear ? &own : NULL);
        check_near((double)d, want, within, want);
    }
}

static void check_net(const golden_net *n)
{
    stage_maps m;
    lpips_linear linear = {.count = 0};
    char path[1024];

    maps_in_double(&m, n);
    check_distances(&m, n, NULL, 1e-6);
    const bool there = published_weights(path, sizeof path, n->file);
    if (there) {
        check_ok(lpips_linear_read(&linear, path));
        check_ok(lpips_linear_check(&linear, m.sizes, m.count, n->name));
        check_distances(&m, n, &linear, 1e-6);
    }
    lpips_linear_clear(&linear);
    stage_maps_clear(&m);
    if (!there) skip();
}

static void alexnet_measures_as_lpips_does(void **state)
{
    (void)state;
    check_net(&alexnet);
}

static void squeezenet_measures_as_lpips_does(void **state)
{
    (void)state;
    check_net(&squeezenet);
}

static void vgg16_measures_as_lpips_does(void **state)
{
    (void)state;
    check_net(&vgg16);
}

/* In single precision, as benchmarks run it. */
static void check_single(const golden_net *n)
{
    const model_spec spec = spec_of(n);
    const engine_spec engine = {.threads = 1, .device = "cpu"};
    double *values = NULL;
    float *x = NULL;
    model *k = NULL;
    shape sizes[STAGES];
    stage_maps m;

    check_ok(model_new(&k, &spec, &engine));
    check_ok(MEM_NEW(values, model_params_count(k)));
    hash_fill(values, model_graph(k));
    for (int64_t i = 0; i < model_params_count(k); i++) model_params(k)[i] = (float)values[i];
    check_ok(model_params_changed(k));
    hash_values(values, PIXELS, "x");
    hash_values(values + PIXELS, PIXELS, "xq");
    check_ok(MEM_NEW(x, 2 * PIXELS));
    for (int i = 0; i < 2 * PIXELS; i++) x[i] = (float)values[i];
    for (int l = 0; l < n->count; l++) check_ok(model_feature(k, model_stages(k)[l], NULL, 0, NULL, &sizes[l]));
    check_ok(stage_maps_init(&m, sizes, n->count, 2));
    check_ok(model_features(k, model_stages(k), x, 2, m.maps));
    check_distances(&m, n, NULL, 1e-3);
    stage_maps_clear(&m);
    model_free(k);
    mem_free(values);
    mem_free(x);
}

static void single_precision_stays_within_a_thousandth(void **state)
{
    (void)state;
    check_single(&alexnet);
    check_single(&squeezenet);
}

/* ---- files of linear weights */

/* DIR/NAME <- `count` stages of these channels, the weight number `odd` of the last one changed. */
static void write_linear(char *path, size_t size, const char *name, const int64_t *channels, int count, float odd)
{
    static float weights[512];
    static char names[STAGES][32];
    safetensors_writer *w = NULL;

    snprintf(path, size, "%s/%s", folder, name);
    check_ok(safetensors_writer_new(&w));
    for (int c = 0; c < 512; c++) weights[c] = 0.25f;
    weights[1] = odd;
    for (int l = 0; l < count; l++) {
        snprintf(names[l], sizeof names[l], "lin%d.model.1.weight", l);
        check_ok(safetensors_writer_add(w, names[l], JEM_F32, 4, (const int64_t[]){1, channels[l], 1, 1}, weights));
    }
    check_ok(safetensors_writer_save(w, path));
    safetensors_writer_free(w);
}

static void what_are_no_linear_weights_is_refused(void **state)
{
    (void)state;
    const int64_t two[] = {64, 128};
    const shape sizes[] = {{64, 15, 15}, {192, 7, 7}};
    char path[256];
    lpips_linear l = {.count = 0};
    float one = 1;
    safetensors_writer *w = NULL;

    write_linear(path, sizeof path, "two.safetensors", two, 2, 1);
    check_ok(lpips_linear_read(&l, path));
    assert_true(l.count == 2 && l.channels[1] == 128 && l.weights[0][0] == 0.25f && l.weights[1][1] == 1);
    assert_string_equal(l.name, "two.safetensors");
    check_fails(lpips_linear_check(&l, sizes, 2, "alexnet"), JEM_EUSAGE,
                "stages of 64, 128 channels, those of alexnet have 64, 192");
    lpips_linear_clear(&l);
    write_linear(path, sizeof path, "minus.safetensors", two, 2, -0.5f);
    check_fails(lpips_linear_read(&l, path), JEM_EDATA, "lin0.model.1.weight: weight 1 is -0.5");
    write_linear(path, sizeof path, "nan.safetensors", two, 2, NAN);
    check_fails(lpips_linear_read(&l, path), JEM_EDATA, "lin0.model.1.weight");
    snprintf(path, sizeof path, "%s/other.safetensors", folder);
    check_ok(safetensors_writer_new(&w));
    check_ok(safetensors_writer_add(w, "conv.weight", JEM_F32, 1, (const int64_t[]){1}, &one));
    check_ok(safetensors_writer_save(w, path));
    safetensors_writer_free(w);
    check_fails(lpips_linear_read(&l, path), JEM_EDATA, "expected tensors lin0.model.1.weight");
    assert_true(l.count == 0);
}

/* ---- a subject */

static void a_subject_calibrates_distances_and_says_so(void **state)
{
    (void)state;
    const model_spec spec = spec_of(&squeezenet);
    const engine_spec engine = {.threads = 1, .device = "cpu"};
    const int64_t channels[] = {64, 128, 256, 384, 384, 512, 512}, few[] = {64, 128};
    image pictures[2] = {IMAGE_INIT, IMAGE_INIT};
    stimulus s[2];
    sampler_options sampler = {.steps = 1};
    double *values = NULL;
    model *m = NULL;
    subject who;
    float plain, calibrated, wider;
    char path[256], text[256];

    check_ok(model_new(&m, &spec, &engine));
    check_ok(MEM_NEW(values, model_params_count(m)));
    hash_fill(values, model_graph(m));
    for (int64_t i = 0; i < model_params_count(m); i++) model_params(m)[i] = (float)values[i];
    mem_free(values);
    check_ok(model_params_changed(m));
    for (int n = 0; n < 2; n++) {
        check_ok(image_init(&pictures[n], SIDE, SIDE, 3));
        for (int i = 0; i < PIXELS; i++) pictures[n].pixels[i] = (uint8_t)((i * 37 + n * 101 + i * i * (n + 3)) % 256);
        s[n] = (stimulus){.name = "p", .place = n, .picture = &pictures[n]};
    }
    check_ok(subject_of_model(&who, &(const model_subject){.m = m, .sampler = &sampler, .step_size = 1}));
    check_ok(who.ops->distance(who.ctx, &s[0], &s[1], 1, &plain));
    write_linear(path, sizeof path, "few.safetensors", few, 2, 1);
    check_fails(who.ops->use_lpips(who.ctx, path), JEM_EUSAGE, "those of squeezenet1_1 have 64, 128, 256");
    write_linear(path, sizeof path, "quarter.safetensors", channels, 7, 0.25f);
    check_ok(who.ops->use_lpips(who.ctx, path));
    check_ok(who.ops->distance(who.ctx, &s[0], &s[1], 1, &calibrated));
    check_near((double)calibrated, (double)plain / 4, 1e-6, (double)plain);
    who.ops->describe(who.ctx, text, sizeof text);
    assert_non_null(strstr(text, "linear weights of LPIPS, quarter.safetensors (SHA-256 "));
    check_ok(who.ops->look_at(who.ctx, 2 * SIDE)); /* patches are brought to it */
    check_ok(who.ops->distance(who.ctx, &s[0], &s[1], 1, &wider));
    assert_true(wider > 0 && (wider > calibrated || wider < calibrated));
    who.ops->describe(who.ctx, text, sizeof text);
    assert_non_null(strstr(text, "pictures resized to 128x128"));
    subject_clear(&who);
    model_free(m);
    for (int n = 0; n < 2; n++) image_clear(&pictures[n]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alexnet_measures_as_lpips_does),
        cmocka_unit_test(squeezenet_measures_as_lpips_does),
        cmocka_unit_test(vgg16_measures_as_lpips_does),
        cmocka_unit_test(single_precision_stays_within_a_thousandth),
        cmocka_unit_test_setup_teardown(what_are_no_linear_weights_is_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_subject_calibrates_distances_and_says_so, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
