/* A PixelVAE through the program: trained on rendered scenes, listed, looked into, sampled, probed, and what has no
 * meaning for it refused by name. */
#include "cli/program.h"

static const char settings[] =
    "--set data.path=%D/scenes --set data.size=16 --set model.filters=6 --set model.encoder_filters=4 "
    "--set model.mixtures=2 --set model.latents=3 --set train.batch=6 --set train.log_every=2 "
    "--set engine.threads=2 --set train.iterations=20 --out %D/run";

static void train(const char *dir)
{
    char args[1024];
    program_works(dir, "data render --n 120 --size 16 --seed 2 -o %D/scenes");
    snprintf(args, sizeof args, "train %s/configs/gloss-pixelvae-small.yaml %s", JEM_SOURCE_DIR, settings);
    program_works(dir, args);
}

static void a_run_is_trained_probed_and_sampled(void **state)
{
    char dir[64];
    (void)state;
    check_tmp(dir, sizeof dir);
    train(dir);
    program_said(dir, "run/metrics.csv", "nll,bits_dim,gradient,verdict");
    program_said(dir, "run/run.json", "val_nll");

    program_works(dir, "apply %D/run --input %D/scenes/rgb/rgb_scene000001.png --want features:latents -o %D/out1");
    assert_true(program_made(dir, "out1/features.latents.npy"));
    program_works(dir, "apply %D/run --input %D/scenes/rgb/rgb_scene000001.png --want features:latents --precision f64 "
                       "-o %D/out2");
    assert_true(program_made(dir, "out2/features.latents.npy"));
    program_works(dir, "sample %D/run --n 2 -o %D/drawn.png");
    assert_true(program_made(dir, "drawn.png"));
    program_works(dir, "bench gloss %D/run --set gloss.scenes=%D/scenes --set bench.rounds=100 --all");
    program_said(dir, "out", "light_accuracy");

    program_fails(dir, "apply %D/run --input %D/scenes/rgb/rgb_scene000001.png --want energy -o %D/no", 2,
                  "pixelvae has no logits, hence no energy: ask for features:latents");
    program_fails(dir, "eval %D/run", 2, "which jem eval asks about; its latents are probed by jem bench gloss");
    program_fails(dir, "sample %D/run --steps 3 -o %D/no.png", 2, "runs no chains: leave out --steps");
    program_fails(dir, "refine %D/run %D/scenes/rgb/rgb_scene000001.png -o %D/no.png", 2, "pixelvae has no logits");
    assert_false(program_made(dir, "no"));
    assert_false(program_made(dir, "no.png"));
    check_tmp_remove(dir);
}

static void it_is_in_the_lists(void **state)
{
    char dir[64];
    (void)state;
    check_tmp(dir, sizeof dir);
    program_works(dir, "list models");
    program_said(dir, "out", "pixelvae         variational autoencoder");
    program_works(dir, "list objectives");
    program_said(dir, "out", "pixelvae         -log p");
    check_tmp_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_trained_probed_and_sampled),
        cmocka_unit_test(it_is_in_the_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
