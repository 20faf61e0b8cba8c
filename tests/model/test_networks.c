/* What every network of the list promises: the names that others ask it for are in its graph. */
#include "support/wrn_spec.h"
#include "support/check.h"
#include "model/convnext.h"
#include "model/vit.h"

#include "model/gloss_resnet.h"
#include "model/linear.h"
#include "model/pixelvae.h"
#include "model/autoencoder_graph.h"
#include "model/cifar.h"

/* One of each kind, as small as it gets. */
static model_spec smallest(const network *n)
{
    const autoencoder_spec vae = {.levels = 2, .channels = {8, 8}, .layers = 1, .groups = 4,
                                  .latent = 2, .image_channels = 3, .latent_scale = 1};
    if (n == &network_gloss_resnet || n == &network_pixelvae) {
        model_spec spec = {.classes = 2, .channels = 3, .height = 16, .width = 16};
        check_ok(model_spec_name(&spec, network_list, n->name));
        return spec;
    }
    if (n == &network_linear) {
        model_spec spec = {.classes = 3, .channels = 4, .height = 5, .width = 6};
        check_ok(model_spec_name(&spec, network_list, n->name));
        return spec;
    }
    if (n == &network_wrn)
        return wrn_spec((model_spec){.name = "wrn-10-1", .classes = 4, .channels = 3, .height = 16,
                                     .width = 12}, (wrn_settings){.pool = POOL_ADAPTIVE});
    if (n->usual && !n->photographs) {
        model_spec spec = *n->usual;
        check_ok(model_spec_name(&spec, network_list, n->names ? n->names[0] : n->name));
        return spec;
    }
    if (n->usual) {
        model_spec spec = *n->usual;
        spec.height = spec.width = n == &network_vit_b_16 ? 32 : 75; /* inception-fid takes no smaller ones */
        check_ok(model_spec_name(&spec, network_list, n->name));
        return spec;
    }
    if (n == &network_vit_micro) {
        model_spec spec = {.classes = 3, .channels = 2, .height = 8, .width = 12};
        check_ok(model_spec_name(&spec, network_list, n->name));
        return spec;
    }
    if (n == &network_convnext_tiny || n == &network_convnext_micro) {
        model_spec spec = {.classes = 3, .channels = 2, .height = 37, .width = 32};
        check_ok(model_spec_name(&spec, network_list, n->name));
        return spec;
    }
    return autoencoder_half_spec(&vae, n == &network_kl_decoder);
}

static void stages_and_heads_are_values_of_the_graph(void **state)
{
    (void)state;
    for (const network *const *n = network_list; *n; n++) {
        const model_spec spec = smallest(*n);
        graph *g = NULL;
        assert_ptr_equal(spec.network, *n);
        check_ok(model_spec_build(&g, &spec));
        if ((*n)->logits) {
            const shape out = g->nodes[g->output].op.dst;
            assert_int_equal(out.c, spec.classes);
            assert_int_equal(out.h * out.w, 1);
            assert_true(graph_find(g, (*n)->heads[0]) >= 0);
            for (const char *const *s = (*n)->stages; *s; s++) assert_true(graph_find(g, *s) >= 0);
            assert_true((*n)->usage && (*n)->about);
        }
        graph_free(g);
    }
}

static void names_find_their_network(void **state)
{
    (void)state;
    model_spec spec = {.network = NULL};
    assert_ptr_equal(network_find(network_list, "wrn-16-4"), &network_wrn);
    assert_ptr_equal(network_find(network_list, "wrn"), &network_wrn);
    assert_null(network_find(network_list, "wrn2-16-4"));
    assert_null(network_find(network_list, "wr"));
    assert_non_null(network_find(network_list, "resnet50"));
    assert_ptr_equal(network_find(network_list, "resnet-20"), &network_resnet);
    assert_ptr_equal(network_find(network_list, "resnet-preact-20"), &network_resnet_preact);
    assert_null(network_find(network_list, "resnet5"));
    check_ok(model_spec_name(&spec, network_list, "wrn-16-4"));
    assert_int_equal(wrn_settings_of(&spec)->pool, POOL_FIXED);
    wrn_settings_of(&spec)->pool = POOL_SUM; /* stays: the kind is the same */
    check_ok(model_spec_name(&spec, network_list, "wrn-10-1"));
    assert_int_equal(wrn_settings_of(&spec)->pool, POOL_SUM);
    assert_string_equal(spec.name, "wrn-10-1");
    /* gives no logits */
    check_fails(model_spec_name(&spec, network_list, "kl-encoder"), JEM_EUSAGE, "wrn-DEPTH-WIDTH");
    assert_string_equal(spec.name, "wrn-10-1");
}

static void another_size_takes_another_pooling_only_where_it_must(void **state)
{
    (void)state;
    model_spec spec = wrn_spec((model_spec){.name = "wrn-10-1", .classes = 2, .channels = 3,
                                            .height = 32, .width = 32}, (wrn_settings){0});
    graph *g = NULL;
    model_spec_resize(&spec, 20, 24);
    check_ok(model_spec_build(&g, &spec));
    assert_int_equal(g->nodes[0].op.dst.h, 20);
    assert_int_equal(g->nodes[0].op.dst.w, 24);
    assert_int_equal(wrn_settings_of(&spec)->pool, POOL_ADAPTIVE);
    graph_free(g);
    wrn_settings_of(&spec)->pool = POOL_SUM;
    model_spec_resize(&spec, 32, 32);
    assert_int_equal(wrn_settings_of(&spec)->pool, POOL_SUM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_and_heads_are_values_of_the_graph),
        cmocka_unit_test(names_find_their_network),
        cmocka_unit_test(another_size_takes_another_pooling_only_where_it_must),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
