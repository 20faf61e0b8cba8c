/* The autoencoder against diffusers (scripts/golden_vae.py), its derivatives against each
 * other, and its files. */
#include "model/autoencoder.h"

#include "base/mem.h"
#include "model/autoencoder_graph.h"
#include "model/autoencoder_names.h"
#include "model/init.h"
#include "support/folder.h"
#include "support/gpu.h"
#include "tensor/safetensors.h"

static const autoencoder_spec tiny = {.levels = 3, .channels = {8, 16, 16}, .layers = 2,
                                      .groups = 4, .latent = 4, .image_channels = 3,
                                      .latent_scale = 0.5};
enum { H = 24, W = 16, X = 3 * H * W, Z = 4 * 6 * 4 };
static const autoencoder_batch one_picture = {1, H, W}, one_latent = {1, 6, 4};

static void check_close(const char *what, const float *got, const double *want, int64_t n,
                        double tolerance)
{
    double error = 0, norm = 0;
    for (int64_t i = 0; i < n; i++) {
        error += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
        norm += want[i] * want[i];
    }
    if (!(sqrt(error) <= tolerance * sqrt(norm)))
        fail_msg("%s: relative error %.3g, allowed %.3g", what, sqrt(error / norm), tolerance);
}

static void check_floats(const char *what, const float *got, const float *want, int64_t n)
{
    double *exact = NULL;
    check_ok(MEM_NEW(exact, n));
    for (int64_t i = 0; i < n; i++) exact[i] = (double)want[i];
    check_close(what, got, exact, n, 1e-4);
    mem_free(exact);
}

static const double *golden(const safetensors *f, const char *name, int64_t count)
{
    int i = safetensors_find(f, name);
    if (i < 0) fail_msg("the golden file lacks %s", name);
    jem_tensor t = safetensors_view(f, i);
    assert_int_equal(t.dtype, JEM_F64);
    assert_int_equal(jem_tensor_count(&t), count);
    return t.data;
}

static safetensors *open_golden(void)
{
    const char *source = getenv("JEM_SOURCE"); /* where the program is not run where it was built */
    char path[512];
    safetensors *f = NULL;
    snprintf(path, sizeof path, "%s/tests/golden/autoencoder.safetensors",
             source ? source : JEM_SOURCE_DIR);
    check_ok(safetensors_open(&f, path));
    return f;
}

static void hash_floats(float *v, int64_t n, const char *name)
{
    double *exact = NULL;
    check_ok(MEM_NEW(exact, n));
    hash_values(exact, n, name);
    for (int64_t i = 0; i < n; i++) v[i] = (float)exact[i];
    mem_free(exact);
}

static void to_floats(float *v, const double *exact, int64_t n)
{
    for (int64_t i = 0; i < n; i++) v[i] = (float)exact[i];
}

static autoencoder *open_tiny(const char *backend_name, int precision)
{
    autoencoder *a = NULL;
    engine_spec e = {.threads = 2, .precision = precision};
    snprintf(e.device, sizeof e.device, "%s", backend_name);
    check_ok(autoencoder_new(&a, &tiny, &e));
    check_ok(autoencoder_init(a));
    return a;
}

/* ---- golden values */

/* Its encoder or decoder for an input of this size. */
static void build_half(graph **out, const autoencoder_spec *spec, int half, int64_t height,
                       int64_t width)
{
    model_spec s = autoencoder_half_spec(spec, half);
    model_spec_resize(&s, height, width);
    check_ok(model_spec_build(out, &s));
}

static void graphs_in_double_match_diffusers_to_all_digits(void **state)
{
    (void)state;
    const plan_options o = {.batch = 1, .precision = JEM_F64};
    const plan_call call = {.count = 1};
    safetensors *f = open_golden();
    for (int decode = 0; decode < 2; decode++) {
        graph *g = NULL;
        plan *p = NULL;
        workspace *w = NULL;
        double *params = NULL, in[X], out[X];
        build_half(&g, &tiny, decode, decode ? 6 : H, decode ? 4 : W);
        check_ok(MEM_NEW(params, g->param_elements));
        params_init_hash(params, g, 1.5);
        check_ok(plan_compile(&p, g, &backend_ref, &o));
        check_ok(plan_load(p, params));
        check_ok(workspace_new(&w, p));
        hash_values(in, X, "x");
        if (decode) memcpy(in, golden(f, "moments", 2 * Z), Z * sizeof *in);
        check_ok(plan_forward(w, &call, in, out));
        const double *want = decode ? golden(f, "decode", X) : golden(f, "moments", 2 * Z);
        for (int i = 0; i < (decode ? X : 2 * Z); i++) check_near(out[i], want[i], 1e-10, 1);
        workspace_free(w);
        plan_free(p);
        mem_free(params);
        graph_free(g);
    }
    safetensors_close(f);
}

/* Everything an autoencoder computes, on one backend, within `tolerance`. */
static void compare_with_diffusers(const char *backend_name, int precision, double tolerance)
{
    safetensors *f = open_golden();
    autoencoder *a = open_tiny(backend_name, precision);
    const double *moments = golden(f, "moments", 2 * Z);
    float x[X], y[X], v[Z], w[X], z[Z], mean[Z], logvar[Z], dx[X], dz[Z];
    float down[3][8 * H * W], *maps[] = {down[0], NULL, down[2]};

    hash_floats(x, X, "x");
    hash_floats(v, Z, "v");
    hash_floats(w, X, "w");
    to_floats(z, moments, Z);
    check_ok(autoencoder_encode(a, one_picture, x, mean, logvar));
    check_close("mean", mean, moments, Z, tolerance);
    check_close("log-variance", logvar, moments + Z, Z, tolerance);
    check_ok(autoencoder_features(a, one_picture, x, maps));
    check_close("down0", down[0], golden(f, "down0", 8 * 12 * 8), 8 * 12 * 8, tolerance);
    check_close("down2", down[2], golden(f, "down2", 16 * 6 * 4), 16 * 6 * 4, tolerance);
    check_ok(autoencoder_decode(a, one_latent, z, y));
    check_close("decode", y, golden(f, "decode", X), X, tolerance);
    check_ok(autoencoder_decode_jvp(a, one_latent, z, v, y, dx));
    check_close("decode beside the jvp", y, golden(f, "decode", X), X, tolerance);
    check_close("jvp", dx, golden(f, "jvp", X), X, tolerance);
    check_ok(autoencoder_decode_vjp(a, one_latent, z, w, y, dz));
    check_close("decode before the vjp", y, golden(f, "decode", X), X, tolerance);
    check_close("vjp", dz, golden(f, "vjp", Z), Z, tolerance);
    autoencoder_free(a);
    safetensors_close(f);
}

static void the_reference_matches_diffusers(void **state)
{
    (void)state;
    compare_with_diffusers("ref", 0, 1e-5);
}

static void float32_matches_diffusers(void **state)
{
    (void)state;
    compare_with_diffusers("cpu", 0, 1e-5);
}

static void a_gpu_matches_diffusers(void **state)
{
    const backend *gpu;
    (void)state;
    if (backend_find(&gpu, "cuda") != JEM_OK) skip();
    compare_with_diffusers("cuda", 0, 1e-4);
    compare_with_diffusers("cuda", 1, 5e-2);
}

static void a_gpu_computes_several_pictures_as_it_does_one(void **state)
{
    enum { N = 11 }; /* a batch and a part of one */
    const backend *gpu;
    (void)state;
    if (backend_find(&gpu, "cuda") != JEM_OK) skip();
    autoencoder *all = open_tiny("cuda", 0), *one = open_tiny("cuda", 0);
    static float x[N * X], mean[N * Z], logvar[N * Z], down[N * 8 * H * W], y[N * X], dx[N * X];
    float mean_1[Z], logvar_1[Z], down_1[8 * H * W], y_1[X], dx_1[X];
    float *maps[] = {down, NULL, NULL}, *maps_1[] = {down_1, NULL, NULL};

    hash_floats(x, N * X, "x");
    check_ok(autoencoder_encode(all, (autoencoder_batch){N, H, W}, x, mean, logvar));
    check_ok(autoencoder_features(all, (autoencoder_batch){N, H, W}, x, maps));
    check_ok(autoencoder_decode_jvp(all, (autoencoder_batch){N, one_latent.height, one_latent.width},
                                    mean, logvar, y, dx));
    for (int i = 0; i < N; i++) {
        check_ok(autoencoder_encode(one, one_picture, x + i * X, mean_1, logvar_1));
        check_ok(autoencoder_features(one, one_picture, x + i * X, maps_1));
        check_ok(autoencoder_decode_jvp(one, one_latent, mean_1, logvar_1, y_1, dx_1));
        check_floats("mean", mean + i * Z, mean_1, Z);
        check_floats("log-variance", logvar + i * Z, logvar_1, Z);
        check_floats("down0", down + i * 8 * 12 * 8, down_1, 8 * 12 * 8);
        check_floats("decode", y + i * X, y_1, X);
        check_floats("jvp", dx + i * X, dx_1, X);
    }
    autoencoder_free(all);
    autoencoder_free(one);
}

static void bf16_matches_diffusers_nearly_to_two_digits(void **state)
{
    (void)state;
    if (backend_cpu.supports(JEM_BF16)) skip();
    /* sums over so few channels leave more of the rounding than those of the whole network */
    compare_with_diffusers("cpu", 1, 3e-2);
}

/* ---- properties */

static double dot(const float *a, const float *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

static void both_products_and_central_differences_agree(void **state)
{
    (void)state;
    autoencoder *a = open_tiny("cpu", 0);
    float z[2 * Z], v[2 * Z], w[2 * X], dx[2 * X], dz[2 * Z], difference[2 * X];
    const autoencoder_batch b = {2, 6, 4};

    hash_floats(z, 2 * Z, "z");
    hash_floats(v, 2 * Z, "v");
    hash_floats(w, 2 * X, "w");
    for (int i = Z; i < 2 * Z; i++) v[i] = 0; /* the second latent does not move */
    check_ok(autoencoder_decode_jvp(a, b, z, v, NULL, dx));
    check_ok(autoencoder_decode_vjp(a, b, z, w, NULL, dz));
    check_near(dot(w, dx, X), dot(dz, v, Z), 1e-4, 1);
    check_ok(autoencoder_decode_difference(a, b, z, v, 1e-2, difference));
    double error = 0, norm = 0;
    for (int i = 0; i < 2 * X; i++) {
        error += pow((double)difference[i] - (double)dx[i], 2);
        norm += pow((double)dx[i], 2);
        if (i >= X) assert_true(difference[i] == 0 && dx[i] == 0);
    }
    if (!(sqrt(error / norm) < 1e-3)) fail_msg("central differences: %g", sqrt(error / norm));
    autoencoder_free(a);
}

static void a_batch_is_its_pictures_one_by_one_and_sizes_may_change(void **state)
{
    (void)state;
    autoencoder *a = open_tiny("cpu", 0);
    float x[5 * X], all[5 * Z], one[Z], small[4 * 4];

    hash_floats(x, 5 * X, "pictures");
    check_ok(autoencoder_encode(a, (autoencoder_batch){5, H, W}, x, all, NULL));
    check_ok(autoencoder_encode(a, (autoencoder_batch){1, 8, 8}, x, small, NULL));
    for (int i = 0; i < 5; i++) {
        check_ok(autoencoder_encode(a, one_picture, x + i * X, one, NULL));
        assert_memory_equal(one, all + i * Z, sizeof one);
    }
    check_ok(autoencoder_encode(a, (autoencoder_batch){0, H, W}, x, all, NULL));
    autoencoder_free(a);
}

static void sides_that_are_no_multiples_are_refused(void **state)
{
    (void)state;
    autoencoder *a = open_tiny("cpu", 0);
    float x[X] = {0}, z[Z];

    check_fails(autoencoder_encode(a, (autoencoder_batch){1, 22, 16}, x, z, NULL), JEM_EUSAGE,
                "16x22 pixels does not fit the autoencoder: its sides must be multiples of 4");
    check_fails(autoencoder_encode(a, (autoencoder_batch){1, 0, 16}, x, z, NULL), JEM_EUSAGE,
                "multiples of 4");
    autoencoder_free(a);
}

static void the_published_network_has_its_size(void **state)
{
    (void)state;
    graph *g[2] = {NULL, NULL};
    const int64_t elements[] = {34163664, 49490199};
    const char *const lasts[] = {"quant_conv.bias", "decoder.conv_out.bias"};

    build_half(&g[0], &autoencoder_sd_vae, 0, 256, 256);
    build_half(&g[1], &autoencoder_sd_vae, 1, 32, 32);
    assert_int_equal(g[0]->param_count + g[1]->param_count, 248);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(g[i]->param_elements, elements[i]);
        assert_non_null(graph_param(g[i], lasts[i]));
    }
    check_near(graph_flops(g[0]) / 1e9, 272.7, 1e-3, 0);
    check_near(graph_flops(g[1]) / 1e9, 622.2, 1e-3, 0);
    shape s = autoencoder_feature_shape(&autoencoder_sd_vae, 3, 256, 256);
    assert_true(s.c == 512 && s.h == 32 && s.w == 32);
    s = autoencoder_feature_shape(&autoencoder_sd_vae, 0, 64, 64);
    assert_true(s.c == 128 && s.h == 32 && s.w == 32);
    for (int i = 0; i < 2; i++) graph_free(g[i]);
}

/* ---- files */

static void names_of_all_three_generations_are_known(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"encoder.down_blocks.1.resnets.0.conv_shortcut.weight", NULL,
         "encoder.down.1.block.0.nin_shortcut.weight"},
        {"encoder.down_blocks.2.downsamplers.0.conv.bias", NULL,
         "encoder.down.2.downsample.conv.bias"},
        {"encoder.mid_block.resnets.1.norm2.bias", NULL, "encoder.mid.block_2.norm2.bias"},
        {"decoder.mid_block.attentions.0.group_norm.weight", NULL, "decoder.mid.attn_1.norm.weight"},
        {"decoder.mid_block.attentions.0.to_q.weight",
         "decoder.mid_block.attentions.0.query.weight", "decoder.mid.attn_1.q.weight"},
        {"encoder.mid_block.attentions.0.to_out.0.bias",
         "encoder.mid_block.attentions.0.proj_attn.bias", "encoder.mid.attn_1.proj_out.bias"},
        {"decoder.up_blocks.0.resnets.2.conv1.weight", NULL, "decoder.up.3.block.2.conv1.weight"},
        {"decoder.up_blocks.2.upsamplers.0.conv.weight", NULL, "decoder.up.1.upsample.conv.weight"},
        {"decoder.conv_norm_out.bias", NULL, "decoder.norm_out.bias"},
        {"quant_conv.weight", NULL, "quant_conv.weight"},
    };
    char text[AUTOENCODER_NAME_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        autoencoder_name(text, cases[i][0], NAMING_NOW, 4);
        assert_string_equal(text, cases[i][0]);
        autoencoder_name(text, cases[i][0], NAMING_OLD, 4);
        assert_string_equal(text, cases[i][1] ? cases[i][1] : cases[i][0]);
        autoencoder_name(text, cases[i][0], NAMING_LATENT, 4);
        assert_string_equal(text, cases[i][2]);
    }
}

/* What write_variant changes of the tiny network's file. */
typedef struct variant {
    autoencoder_naming naming;
    const char *without, *misshapen, *nan, *extra; /* names of tensors, or NULL */
    const char *groups;
} variant;

static const char *write_variant(const autoencoder *a, const variant *v)
{
    static char path[128];
    static char names[300][AUTOENCODER_NAME_MAX];
    static const float number = 1;
    safetensors_writer *w = NULL;
    int count = 0;

    snprintf(path, sizeof path, "%s/vae.safetensors", folder);
    check_ok(safetensors_writer_new(&w));
    if (v->groups) check_ok(safetensors_writer_metadata(w, "jem.groups", v->groups));
    for (int i = 0; i < AUTOENCODER_HALVES; i++) {
        const autoencoder_half *h = &autoencoder_halves(a)[i];
        for (int k = 0; k < h->layout->param_count; k++) {
            const param *p = &h->layout->params[k];
            float *data = h->params + p->offset;
            int64_t size[4] = {p->shape[0], p->shape[1], p->shape[2], p->shape[3]};
            int ndim = p->ndim;
            if (v->without && strcmp(v->without, p->name) == 0) continue;
            if (v->misshapen && strcmp(v->misshapen, p->name) == 0) {
                size[0] *= size[1];
                size[1] = 1;
            }
            if (v->nan && strcmp(v->nan, p->name) == 0) data[1] = NAN;
            if (v->naming == NAMING_LATENT && ndim == 2) {
                size[2] = size[3] = 1;
                ndim = 4;
            }
            autoencoder_name(names[count], p->name, v->naming, tiny.levels);
            check_ok(safetensors_writer_add(w, names[count++], JEM_F32, ndim, size, data));
        }
    }
    if (v->extra)
        check_ok(safetensors_writer_add(w, v->extra, JEM_F32, 1, &(int64_t){1}, &number));
    check_ok(safetensors_writer_save(w, path));
    safetensors_writer_free(w);
    return path;
}

static void files_of_all_three_generations_are_the_same_network(void **state)
{
    (void)state;
    autoencoder *a = open_tiny("cpu", 0), *b = NULL;
    char hash[AUTOENCODER_HASH_SIZE], other[AUTOENCODER_HASH_SIZE];

    autoencoder_hash(a, hash);
    assert_int_equal(strlen(hash), 32);
    for (int i = 0; i < AUTOENCODER_NAMINGS; i++) {
        const variant v = {.naming = (autoencoder_naming)i, .groups = "4"};
        const engine_spec e = {.threads = 1, .device = "ref"};
        check_ok(autoencoder_load(&b, write_variant(a, &v), &e));
        const autoencoder_spec *s = autoencoder_get_spec(b);
        assert_int_equal(s->levels, 3);
        assert_memory_equal(s->channels, tiny.channels, 3 * sizeof *s->channels);
        assert_true(s->layers == 2 && s->groups == 4 && s->latent == 4 && s->image_channels == 3);
        assert_true(s->latent_scale == 0.18215);
        autoencoder_hash(b, other);
        assert_string_equal(hash, other);
        autoencoder_free(b);
    }
    autoencoder_halves(a)[1].params[77] += 1;
    autoencoder_hash(a, other);
    assert_string_not_equal(hash, other);
    autoencoder_free(a);
}

static void a_saved_network_comes_back_with_its_settings(void **state)
{
    (void)state;
    autoencoder *a = open_tiny("cpu", 0), *b = NULL;
    const engine_spec e = {.threads = 1, .device = "ref"};
    char path[128];

    snprintf(path, sizeof path, "%s/saved.safetensors", folder);
    check_ok(autoencoder_save(a, path));
    check_ok(autoencoder_load(&b, path, &e));
    assert_memory_equal(autoencoder_get_spec(b), &tiny, sizeof tiny);
    for (int i = 0; i < AUTOENCODER_HALVES; i++)
        assert_memory_equal(
            autoencoder_halves(a)[i].params, autoencoder_halves(b)[i].params,
            (size_t)autoencoder_halves(a)[i].layout->param_elements * sizeof(float));
    autoencoder_free(a);
    autoencoder_free(b);
}

static void files_that_are_not_exactly_the_network_are_refused_by_name(void **state)
{
    (void)state;
    static const char attention[] = "decoder.mid_block.attentions.0.to_k.weight";
    static const struct {
        variant v;
        const char *message;
    } cases[] = {
        {{.without = attention, .groups = "4"}, "no tensor 'decoder.mid_block.attentions.0.to_k"},
        {{.without = "encoder.conv_in.weight", .groups = "4"}, "holds no AutoencoderKL"},
        {{.without = "encoder.down_blocks.1.resnets.0.conv1.weight", .groups = "4"},
         "'encoder.mid_block.resnets.0.norm1.weight' has shape [16], expected [8]"},
        {{.misshapen = "decoder.conv_out.weight", .groups = "4"},
         "tensor 'decoder.conv_out.weight' has shape [24, 1, 3, 3], expected [3, 8, 3, 3]"},
        {{.misshapen = attention, .groups = "4"}, "has shape [256, 1], expected [16, 16]"},
        {{.extra = "loss_logvar", .groups = "4"}, "tensor 'loss_logvar' does not belong"},
        {{.extra = "encoder.mid_block.attentions.0.query.weight", .groups = "4"},
         "tensor 'encoder.mid_block.attentions.0.query.weight' does not belong"},
        {{.groups = "5"}, "its 8 channels at level 0 do not make 5 groups"},
        {{.groups = NULL}, "its 8 channels at level 0 do not make 32 groups: its metadata 'jem.groups'"},
        {{.groups = "many"}, "its metadata jem.groups is 'many'"},
        {{.nan = "quant_conv.weight", .groups = "4"}, "tensor 'quant_conv.weight' holds nan"},
    };
    const engine_spec e = {.threads = 1, .device = "ref"};
    autoencoder *a = open_tiny("ref", 0), *b = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_fails(autoencoder_load(&b, write_variant(a, &cases[i].v), &e), JEM_EDATA,
                    cases[i].message);
        assert_null(b);
    }
    autoencoder_free(a);
}

static void a_few_odd_shapes_do_not_make_a_huge_network(void **state)
{
    (void)state;
    static float zeros[60000];
    static const char *const names[] = {"encoder.conv_in.weight", "post_quant_conv.weight",
                                        "encoder.down_blocks.0.resnets.0.conv1.weight"};
    const int64_t sizes[][4] = {{60000, 1, 1, 1}, {INT64_MAX / 2, 0, 1, 1}};
    const engine_spec e = {.threads = 1, .device = "ref"};
    for (int i = 0; i < 2; i++) {
        char path[128];
        safetensors_writer *w = NULL;
        autoencoder *a = NULL;
        snprintf(path, sizeof path, "%s/odd.safetensors", folder);
        check_ok(safetensors_writer_new(&w));
        for (int k = 0; k < 3; k++)
            check_ok(safetensors_writer_add(w, names[k], JEM_F32, 4, sizes[i], zeros));
        check_ok(safetensors_writer_save(w, path));
        safetensors_writer_free(w);
        check_fails(autoencoder_load(&a, path, &e), JEM_EDATA, i ? "no AutoencoderKL" : "");
    }
}

int main(void)
{
    if (getenv("JEM_TEST_DEVICE")) gpu_backend(); /* asked for on a GPU: all of it, or skipped */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graphs_in_double_match_diffusers_to_all_digits),
        cmocka_unit_test(the_reference_matches_diffusers),
        cmocka_unit_test(float32_matches_diffusers),
        cmocka_unit_test(a_gpu_matches_diffusers),
        cmocka_unit_test(a_gpu_computes_several_pictures_as_it_does_one),
        cmocka_unit_test(bf16_matches_diffusers_nearly_to_two_digits),
        cmocka_unit_test(both_products_and_central_differences_agree),
        cmocka_unit_test(a_batch_is_its_pictures_one_by_one_and_sizes_may_change),
        cmocka_unit_test(sides_that_are_no_multiples_are_refused),
        cmocka_unit_test(the_published_network_has_its_size),
        cmocka_unit_test(names_of_all_three_generations_are_known),
        cmocka_unit_test_setup_teardown(files_of_all_three_generations_are_the_same_network,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_saved_network_comes_back_with_its_settings, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(files_that_are_not_exactly_the_network_are_refused_by_name,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_few_odd_shapes_do_not_make_a_huge_network, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
