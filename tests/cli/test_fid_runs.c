/* FID chooses the weights of an energy model, is a score of jem eval, and is what jem fid says of the run. */
#include "cli/program.h"

#include "fid/fid_statistics.h"
#include "support/inception_weights.h"

static char dir[64];

static void works(const char *args) { program_works(dir, args); }
static void said(const char *file, const char *text) { program_said(dir, file, text); }

/* A reference to which every distance is known to be far: independent features. */
static void save_reference(void)
{
    char path[128];
    fid_statistics s = FID_STATISTICS_INIT;

    check_ok(fid_statistics_init(&s));
    for (int64_t i = 0; i < FID_FEATURES; i++) s.covariance[i * FID_FEATURES + i] = 1;
    s.n = 50000;
    snprintf(path, sizeof path, "%s/reference.npz", dir);
    check_ok(fid_statistics_write(&s, path));
    fid_statistics_clear(&s);
}

static void fid_chooses_weights_and_is_a_score(void **state)
{
    (void)state;
    static const char config[] =
        "alpha: 1\n"
        "model: {name: wrn-10-1, pool: adaptive}\n"
        "data: {kind: gloss, size: 16, val_fraction: 0.1, test_fraction: 0.2, crop: false}\n"
        "sampler: {steps: 1, buffer_size: 8}\n"
        "train: {batch: 8, iterations: 2, share_batch: true}\n";
    char path[128];

    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/weights.safetensors", dir);
    inception_weights_save(path);
    save_reference();
    snprintf(path, sizeof path, "%s/c.yaml", dir);
    check_ok(file_write(path, config, sizeof config - 1));
    works("data render --n 40 --size 16 --seed 4 --threads 1 -o %D/set");
    works("train %D/c.yaml --set data.path=%D/set --set train.fid_weights=%D/weights.safetensors "
          "--set train.fid_reference=%D/reference.npz --out %D/run");
    said("err", "FID: replay buffer: 8 pictures: fewer pictures than the 2,048 features");
    said("run/run.json", "\"selected_by\": \"fid\"");
    works("eval %D/run --set eval.fid_weights=%D/weights.safetensors --set eval.fid_reference=%D/reference.npz "
          "--set eval.limit=8 --set eval.samples=4 --set eval.steps=[0]");
    said("out", "fid");
    said("run/scores/scores.json", "8 images of the replay buffer, the statistics in");
    check_tmp_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fid_chooses_weights_and_is_a_score),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
